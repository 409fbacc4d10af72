/* Identities: records as text, what seals them, and the statements about them.  FORMAT 20. */
#include "model/identity.h"

#include "base/text.h"
#include "base/unicode.h"

#include <assert.h>
#include <stdio.h>

static const char RECORD_HEAD[] = "groundwork/identity/v1\n";
static const char SHARE_HEAD[] = "groundwork/identity-share/v1\n";
static const char KEY_PURPOSE[] = "groundwork/identity-key/v1";
static const char CHECK_PURPOSE[] = "groundwork/identity-check/v1";
static const char SEALED_HEAD[] = "groundwork/identity-sealed/v1\n";

static const char *const KINDS[] = {"alias", "birth", "legal", "married", "nickname", "other"};
static const char *const ROMANISATIONS[] = {"dprk", "mr", "other", "own", "rr", "yale"};
static const char *const STEPS[] = {
    [STATEMENT_REQUESTED] = "requested", [STATEMENT_SHARE_RETURNED] = "approved",
    [STATEMENT_OPENED] = "opened",       [STATEMENT_SHOWN] = "shown",
};

/* ---- records ---- */

enum line { LINE_NAME, LINE_BIRTH, LINE_CONTACT, LINE_DOCUMENT, LINES };
static const char *const LINE_WORDS[] = {"name", "birth", "contact", "document"};

/* One line: its word, its marks (names alone have some), its text. */
struct said {
    enum line what;
    struct identity_name name;
};

static bool is_one_of(struct bytes x, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal(x, bytes_text(list[i])))
            return true;
    return false;
}

/* Four letters of ISO 15924, as Hang. */
static bool is_script(struct bytes x)
{
    bool good = x.n == 4 && x.p[0] >= 'A' && x.p[0] <= 'Z';
    for (size_t i = 1; good && i < 4; i++)
        good = x.p[i] >= 'a' && x.p[i] <= 'z';
    return good;
}

static struct bytes trim(struct bytes x)
{
    while (x.n > 0 && (x.p[0] == ' ' || x.p[0] == '\t'))
        x = bytes_of(x.p + 1, x.n - 1);
    while (x.n > 0 && (x.p[x.n - 1] == ' ' || x.p[x.n - 1] == '\t' || x.p[x.n - 1] == '\r'))
        x.n--;
    return x;
}

static struct bytes part_next(struct bytes *rest, char end)
{
    const uint8_t *at = rest->n > 0 ? memchr(rest->p, end, rest->n) : NULL;
    size_t n = at == NULL ? rest->n : (size_t)(at - rest->p);
    struct bytes part = {rest->p, n};
    *rest = at == NULL ? bytes_of(NULL, 0) : bytes_of(at + 1, rest->n - n - 1);
    return part;
}

/* kind=, script=, romanisation=, in this order and each at most once: one spelling.  Looser order would be another. */
static bool marks_read(struct bytes marks, struct identity_name *ret)
{
    static const char *const words[] = {"kind", "script", "romanisation"};
    struct bytes *const to[] = {&ret->kind, &ret->script, &ret->romanisation};
    size_t at = 0;
    while (marks.p != NULL) {
        struct bytes value = part_next(&marks, ' '), word = part_next(&value, '=');
        while (at < COUNT(words) && !bytes_equal(word, bytes_text(words[at])))
            at++;
        if (at == COUNT(words) || value.n == 0)
            return false;
        *to[at++] = value;
    }
    return (ret->kind.n == 0 || is_one_of(ret->kind, KINDS, COUNT(KINDS))) &&
           (ret->script.n == 0 || is_script(ret->script)) &&
           (ret->romanisation.n == 0 || is_one_of(ret->romanisation, ROMANISATIONS, COUNT(ROMANISATIONS)));
}

/* What stands before the colon. */
static bool head_read(struct bytes head, struct said *ret)
{
    struct bytes word = part_next(&head, ' ');
    for (unsigned i = 0; i < LINES; i++)
        if (bytes_equal(word, bytes_text(LINE_WORDS[i]))) {
            ret->what = (enum line)i;
            return i == LINE_NAME ? marks_read(head, &ret->name) : head.p == NULL;
        }
    return false;
}

static bool text_good(struct bytes text)
{
    return text.n > 0 && text.n <= IDENTITY_LINE_MAX && unicode_plain(text) && bytes_equal(trim(text), text);
}

static int line_wrong(struct err *e, int code, size_t number)
{
    return err_set(e, code,
                   "rule identity-line: line %zu is not one of: name: TEXT (with kind=, script=, romanisation= before "
                   "the colon), birth: TEXT, contact: TEXT, document: TEXT; a text has 1 to %d bytes, no controls",
                   number, IDENTITY_LINE_MAX);
}

static bool record_take(struct identity_record *r, const struct said *s)
{
    switch (s->what) {
    case LINE_NAME:
        if (r->names == IDENTITY_NAMES_MAX || r->birth.n > 0 || r->contacts > 0 || r->documents > 0)
            return false;
        r->name[r->names++] = s->name;
        return true;
    case LINE_BIRTH:
        if (r->birth.n > 0 || r->contacts > 0 || r->documents > 0)
            return false;
        r->birth = s->name.text;
        return true;
    case LINE_CONTACT:
        if (r->contacts == IDENTITY_LINES_MAX || r->documents > 0)
            return false;
        r->contact[r->contacts++] = s->name.text;
        return true;
    default:
        if (r->documents == IDENTITY_LINES_MAX)
            return false;
        r->document[r->documents++] = s->name.text;
        return true;
    }
}

static bool code_known(struct bytes code)
{
    char text[CONSENT_CODE_MAX + 1];
    if (code.n > CONSENT_CODE_MAX || (code.n > 0 && memchr(code.p, 0, code.n) != NULL))
        return false;
    memcpy(text, code.p, code.n);
    text[code.n] = 0;
    return consent_code_known(text);
}

int identity_record_read(struct bytes text, struct identity_record *ret, struct err *e)
{
    struct cursor c = cursor_of(text);
    struct bytes person[1] = {{0}};
    *ret = (struct identity_record){0};
    if (text.n > IDENTITY_RECORD_MAX)
        return err_set(e, ERR_DAMAGED, "rule identity-record: it is longer than %d bytes", IDENTITY_RECORD_MAX);
    if (!cursor_expect(&c, RECORD_HEAD) || !bytes_words(cursor_line(&c), "person", person, 1) || c.failed ||
        !code_known(person[0]))
        return err_set(e, ERR_DAMAGED, "rule identity-record: it does not begin as a record does");
    ret->person = person[0];
    for (size_t number = 3; c.left > 0; number++) {
        struct said s = {0};
        struct bytes rest = cursor_line(&c), head = part_next(&rest, ':');
        bool good = !c.failed && rest.n > 1 && rest.p[0] == ' ';
        s.name.text = good ? bytes_of(rest.p + 1, rest.n - 1) : rest;
        if (!good || !head_read(head, &s) || !text_good(s.name.text) || !unicode_is_nfc(s.name.text) ||
            !record_take(ret, &s))
            return line_wrong(e, ERR_DAMAGED, number);
    }
    return ret->names > 0 ? 0 : err_set(e, ERR_DAMAGED, "rule identity-record: it has no name");
}

/* ${typed}'s lines of one kind, each as it is kept. */
static int put_lines(struct bytes typed, enum line what, struct buf *to, struct err *e)
{
    size_t number = 0, left = what == LINE_NAME ? IDENTITY_NAMES_MAX : what == LINE_BIRTH ? 1 : IDENTITY_LINES_MAX;
    while (typed.p != NULL) {
        struct said s = {0};
        struct bytes line = trim(part_next(&typed, '\n')), rest = line, head = trim(part_next(&rest, ':'));
        number++;
        if (line.n == 0)
            continue;
        if (rest.p == NULL || !head_read(head, &s) || !text_good(trim(rest)))
            return line_wrong(e, ERR_USAGE, number);
        if (s.what != what)
            continue;
        if (left-- == 0)
            return line_wrong(e, ERR_USAGE, number);
        if (to->n + head.n + 3 + 3 * (size_t)IDENTITY_LINE_MAX > to->room)
            return err_set(e, ERR_USAGE, "rule identity-record: it is longer than %d bytes", IDENTITY_RECORD_MAX);
        buf_put_bytes(to, head);
        buf_put_text(to, ": ");
        if (unicode_nfc(trim(rest), to, NULL) != 0)
            return line_wrong(e, ERR_USAGE, number);
        buf_put_u8(to, '\n');
    }
    return 0;
}

int identity_record_typed(struct bytes typed, const char *person, struct buf *to, struct err *e)
{
    struct identity_record r;
    size_t before = to->n;
    int rc = 0;
    buf_put_text(to, RECORD_HEAD);
    buf_printf(to, "person %s\n", person);
    for (enum line what = LINE_NAME; rc == 0 && what < LINES; what++)
        rc = put_lines(typed, what, to, e);
    if (rc == 0)
        rc = buf_check(to, e);
    if (rc == 0 && identity_record_read(bytes_of(to->p + before, to->n - before), &r, e) != 0)
        rc = ERR_USAGE;
    if (rc == ERR_USAGE && e != NULL)
        e->code = rc;
    return rc;
}

/* ---- sealing ---- */

void identity_key(const struct key *a, const uint8_t b[CRYPT_KEY], struct key *ret)
{
    crypt_derive_salted(a, b, KEY_PURPOSE, ret);
}

void identity_check(const struct key *key, struct hash *ret)
{
    OWN(key_drop) struct key check;
    crypt_derive(key, CHECK_PURPOSE, bytes_of(NULL, 0), &check);
    memcpy(ret->b, check.b, CRYPT_HASH);
}

static void bound_to(const struct hash *pin, const char *person, struct buf *to)
{
    buf_put_text(to, SEALED_HEAD);
    buf_put_hex(to, bytes_of(pin->b, CRYPT_HASH));
    buf_printf(to, "\n%s\n", person);
}

int identity_seal(const struct key *key, const struct hash *pin, const char *person, struct bytes record,
                  struct buf *to, struct err *e)
{
    OWN(buf_drop) struct buf aad = {0};
    size_t padded = (record.n + IDENTITY_PAD - 1) / IDENTITY_PAD * IDENTITY_PAD;
    assert(record.n > 0 && record.n <= IDENTITY_RECORD_MAX);
    bound_to(pin, person, &aad);
    int rc = buf_check(&aad, e);
    uint8_t *out = rc == 0 ? buf_more(to, padded + CRYPT_TAG) : NULL;
    if (out == NULL)
        return rc == 0 ? err_memory(e) : rc;
    /* Encrypted where it lies, so that it has no second copy. */
    memset(out, 0, padded + CRYPT_TAG);
    memcpy(out, record.p, record.n);
    crypt_seal(key, 0, buf_bytes(&aad), bytes_of(out, padded), out);
    return 0;
}

int identity_open(const struct key *key, const struct hash *pin, const char *person, struct bytes sealed,
                  struct buf *to)
{
    OWN(buf_drop) struct buf aad = {0};
    if (sealed.n <= CRYPT_TAG || (sealed.n - CRYPT_TAG) % IDENTITY_PAD != 0 || sealed.n > IDENTITY_SEALED_MAX)
        return ERR_DAMAGED;
    bound_to(pin, person, &aad);
    assert(to->n == 0 && to->room >= sealed.n - CRYPT_TAG);
    if (aad.failed || buf_more(to, sealed.n - CRYPT_TAG) == NULL)
        return ERR_IO;
    if (crypt_open(key, 0, buf_bytes(&aad), sealed, to->p) != 0) {
        to->n = 0;
        return ERR_DAMAGED;
    }
    while (to->n > 0 && to->p[to->n - 1] == 0)
        to->n--;
    return 0;
}

/* ---- shares ---- */

void identity_share_put(const struct identity_share *s, struct buf *to)
{
    buf_printf(to, "%spin ", SHARE_HEAD);
    buf_put_hex(to, bytes_of(s->pin.b, CRYPT_HASH));
    buf_put_text(to, "\nset ");
    buf_put_hex(to, bytes_of(s->set, STATEMENT_ID));
    buf_printf(to, "\nperson %s\nshare %u of %u needed %u\nvalue ", s->person, s->index, s->count, s->needed);
    buf_put_hex(to, bytes_of(s->value.b, CRYPT_KEY));
    buf_put_u8(to, '\n');
}

static bool get_small(struct bytes text, uint8_t *ret)
{
    uint64_t v = 0;
    if (decimal_get(text, &v) != 0 || v < 1 || v > CRYPT_SHARES_MAX)
        return false;
    *ret = (uint8_t)v;
    return true;
}

int identity_share_read(struct bytes text, struct identity_share *ret, struct err *e)
{
    struct cursor c = cursor_of(text);
    struct identity_share s = {0};
    struct bytes w[5] = {{0}};
    bool good = text.n <= IDENTITY_SHARE_MAX && cursor_expect(&c, SHARE_HEAD) &&
                bytes_words(cursor_line(&c), "pin", w, 1) && hex_get(w[0], s.pin.b, CRYPT_HASH) == 0 &&
                bytes_words(cursor_line(&c), "set", w, 1) && hex_get(w[0], s.set, STATEMENT_ID) == 0 &&
                bytes_words(cursor_line(&c), "person", w, 1) && code_known(w[0]);
    if (good)
        memcpy(s.person, w[0].p, w[0].n);
    good = good && bytes_words(cursor_line(&c), "share", w, 5) && get_small(w[0], &s.index) &&
           bytes_equal(w[1], bytes_text("of")) && get_small(w[2], &s.count) &&
           bytes_equal(w[3], bytes_text("needed")) && get_small(w[4], &s.needed) &&
           bytes_words(cursor_line(&c), "value", w, 1) && hex_get(w[0], s.value.b, CRYPT_KEY) == 0 && cursor_done(&c) &&
           s.index <= s.count && s.needed <= s.count;
    if (good)
        *ret = s;
    key_drop(&s.value);
    return good ? 0 : err_set(e, ERR_DAMAGED, "this is no keyholder's share");
}

/* ---- statements ---- */

bool identity_kind(enum statement_kind kind)
{
    return kind >= STATEMENT_IDENTITY && kind <= STATEMENT_IDENTITY_ACCESS;
}

static void put_text(struct json_out *j, const char *key, const char *text)
{
    if (text == NULL)
        return;
    json_key(j, key);
    json_string(j, text);
}

static void put_number(struct json_out *j, const char *key, uint64_t v)
{
    json_key(j, key);
    json_u64(j, v);
}

static void put_base64(struct json_out *j, const char *key, struct bytes x)
{
    json_key(j, key);
    json_base64(j, x);
}

static void put_shares(const struct statement_identity_shares *x, struct json_out *j)
{
    json_key(j, "holders");
    json_array_begin(j);
    for (size_t i = 0; i < x->holder_count; i++) {
        json_object_begin(j);
        put_text(j, "keyholder", x->holders[i].code);
        put_text(j, "recipient", x->holders[i].recipient);
        json_key(j, "sha256");
        json_hex(j, bytes_of(x->holders[i].sha256.b, CRYPT_HASH));
        json_object_end(j);
    }
    json_array_end(j);
    put_number(j, "needed", x->needed);
    put_text(j, "person", x->person);
    if (x->follows)
        put_number(j, "request", x->request);
    put_number(j, "sealed", x->sealed);
    json_key(j, "set");
    json_hex(j, bytes_of(x->set, STATEMENT_ID));
    put_text(j, "why", x->follows ? x->why : NULL);
}

static void put_access(const struct statement_identity_access *x, struct json_out *j)
{
    if (x->step == STATEMENT_REQUESTED)
        put_base64(j, "answer", bytes_of(x->answer.b, CRYPT_KEY));
    put_text(j, "keyholder", x->step == STATEMENT_SHARE_RETURNED ? x->keyholder : NULL);
    put_number(j, "of", x->of);
    put_text(j, "person", x->person);
    put_text(j, "step", STEPS[x->step]);
    put_text(j, "why", x->why);
}

void identity_put(const struct statement *s, struct json_out *j)
{
    json_object_begin(j);
    switch (s->kind) {
    case STATEMENT_IDENTITY:
        put_text(j, "person", s->identity.person);
        put_text(j, "record", s->identity.record);
        break;
    case STATEMENT_KEYHOLDER_SAID:
        put_text(j, "keyholder", s->keyholder.code);
        put_text(j, "name", s->keyholder.name);
        put_text(j, "recipient", s->keyholder.recipient);
        put_text(j, "why", s->keyholder.why);
        break;
    case STATEMENT_IDENTITY_SEALED:
        put_base64(j, "b", bytes_of(s->identity_sealed.b, CRYPT_KEY));
        put_base64(j, "check", bytes_of(s->identity_sealed.check.b, CRYPT_HASH));
        put_text(j, "person", s->identity_sealed.person);
        put_base64(j, "text", s->identity_sealed.text);
        break;
    case STATEMENT_IDENTITY_SHARES:
        put_shares(&s->identity_shares, j);
        break;
    default:
        put_access(&s->identity_access, j);
        break;
    }
    json_object_end(j);
}

/* Exactly these keys, but that those in ${may} need not be there. */
static bool keys_are(const struct json_node *n, const char *const *keys, size_t count, const char *const *may)
{
    const char *wanted[8];
    size_t used = 0;
    assert(count <= COUNT(wanted));
    for (size_t i = 0; i < count; i++) {
        bool skip = false;
        for (size_t k = 0; may[k] != NULL; k++)
            skip = skip || (strcmp(may[k], keys[i]) == 0 && json_get(n, keys[i]) == NULL);
        if (!skip)
            wanted[used++] = keys[i];
    }
    return json_is_object(n) && json_keys_are(n, wanted, used);
}

/* A text that need not be there; false: it is there, and no text. */
static bool get_text(const struct json_node *n, const char *key, const char **ret)
{
    const struct json_node *value = json_get(n, key);
    *ret = json_text(value);
    return (value == NULL) == (*ret == NULL);
}

static bool get_fixed(const struct json_node *n, const char *key, uint8_t *to, size_t bytes, bool hex)
{
    const char *text = json_text(json_get(n, key));
    return text != NULL &&
           (hex ? hex_get(bytes_text(text), to, bytes) : base64_get_exact(bytes_text(text), to, bytes)) == 0;
}

static const char *const NONE[] = {NULL};

static int get_sealed(const struct json_node *n, const struct identity_reading *reading,
                      struct statement_identity_sealed *x, struct err *e)
{
    static const char *const keys[] = {"b", "check", "person", "text"};
    OWN(buf_drop) struct buf decoded = {0};
    const char *text = json_text(json_get(n, "text"));
    if (!keys_are(n, keys, COUNT(keys), NONE) || !get_text(n, "person", &x->person) || text == NULL ||
        !get_fixed(n, "b", x->b, CRYPT_KEY, false) || !get_fixed(n, "check", x->check.b, CRYPT_HASH, false))
        return ERR_DAMAGED;
    int rc = base64_get(bytes_text(text), &decoded);
    if (rc != 0)
        return rc == ERR_IO ? err_memory(e) : ERR_DAMAGED;
    uint8_t *kept = reading->room(reading->context, decoded.n, 1);
    if (kept == NULL)
        return err_memory(e);
    if (decoded.n > 0)
        memcpy(kept, decoded.p, decoded.n);
    x->text = bytes_of(kept, decoded.n);
    return 0;
}

static int get_shares(const struct json_node *n, const struct identity_reading *reading,
                      struct statement_identity_shares *x, struct err *e)
{
    static const char *const keys[] = {"holders", "needed", "person", "request", "sealed", "set", "why"};
    static const char *const may[] = {"request", "why", NULL}, *const holder[] = {"keyholder", "recipient", "sha256"};
    const struct json_node *list = json_get(n, "holders");
    uint64_t needed = 0;
    size_t count = json_count(list);
    if (!keys_are(n, keys, COUNT(keys), may) || !json_is_array(list) || count > CRYPT_SHARES_MAX ||
        !json_get_u64(json_get(n, "needed"), &needed) || needed > UINT32_MAX || !get_text(n, "person", &x->person) ||
        !json_get_u64(json_get(n, "sealed"), &x->sealed) || !get_fixed(n, "set", x->set, STATEMENT_ID, true) ||
        !get_text(n, "why", &x->why) || (x->why == NULL) != (json_get(n, "request") == NULL) ||
        (x->why != NULL && !json_get_u64(json_get(n, "request"), &x->request)))
        return ERR_DAMAGED;
    x->follows = x->why != NULL;
    x->needed = (uint32_t)needed;
    x->holder_count = count;
    x->holders = reading->room(reading->context, count, sizeof *x->holders);
    if (x->holders == NULL)
        return err_memory(e);
    for (size_t i = 0; i < count; i++) {
        const struct json_node *one = json_at(list, i);
        struct statement_share_holder *h = &x->holders[i];
        if (!keys_are(one, holder, COUNT(holder), NONE) || !get_text(one, "keyholder", &h->code) ||
            !get_text(one, "recipient", &h->recipient) || !get_fixed(one, "sha256", h->sha256.b, CRYPT_HASH, true))
            return ERR_DAMAGED;
    }
    return 0;
}

static int get_access(const struct json_node *n, struct statement_identity_access *x)
{
    static const char *const keys[] = {"answer", "keyholder", "of", "person", "step", "why"};
    static const char *const may[] = {"answer", "keyholder", NULL};
    const char *step = json_text(json_get(n, "step"));
    for (int i = 1; step != NULL && i <= STATEMENT_STEP_LAST; i++)
        if (strcmp(step, STEPS[i]) == 0)
            x->step = (enum statement_step)i;
    bool good = x->step != 0 && keys_are(n, keys, COUNT(keys), may) && get_text(n, "person", &x->person) &&
                get_text(n, "why", &x->why) && get_text(n, "keyholder", &x->keyholder) &&
                json_get_u64(json_get(n, "of"), &x->of) &&
                (x->keyholder != NULL) == (x->step == STATEMENT_SHARE_RETURNED) &&
                (json_get(n, "answer") != NULL) == (x->step == STATEMENT_REQUESTED) &&
                (x->step != STATEMENT_REQUESTED || get_fixed(n, "answer", x->answer.b, CRYPT_KEY, false));
    return good ? 0 : ERR_DAMAGED;
}

int identity_get(const struct json_node *n, const struct identity_reading *reading, struct statement *s,
                 struct err *e)
{
    static const char *const identity[] = {"person", "record"};
    static const char *const keyholder[] = {"keyholder", "name", "recipient", "why"};
    static const char *const may[] = {"name", "recipient", "why", NULL};
    switch (s->kind) {
    case STATEMENT_IDENTITY:
        return keys_are(n, identity, COUNT(identity), NONE) && get_text(n, "person", &s->identity.person) &&
                       get_text(n, "record", &s->identity.record)
                   ? 0
                   : ERR_DAMAGED;
    case STATEMENT_KEYHOLDER_SAID:
        return keys_are(n, keyholder, COUNT(keyholder), may) && get_text(n, "keyholder", &s->keyholder.code) &&
                       get_text(n, "name", &s->keyholder.name) &&
                       get_text(n, "recipient", &s->keyholder.recipient) && get_text(n, "why", &s->keyholder.why)
                   ? 0
                   : ERR_DAMAGED;
    case STATEMENT_IDENTITY_SEALED: return get_sealed(n, reading, &s->identity_sealed, e);
    case STATEMENT_IDENTITY_SHARES: return get_shares(n, reading, &s->identity_shares, e);
    default: return get_access(n, &s->identity_access);
    }
}

/* ---- rules ---- */

static int code_rule(const char *code, const char *what, int err_code, struct err *e)
{
    return code != NULL && consent_code_known(code)
               ? 0
               : err_set(e, err_code, "rule identity-code: %s is written like P-0001, and is never a name", what);
}

static int words_rule(const char *text, const char *what, int code, struct err *e)
{
    struct bytes t = bytes_text(text == NULL ? "" : text);
    if (t.n == 0)
        return err_set(e, code, "rule text-length: %s is empty", what);
    if (t.n > STATEMENT_TEXT_MAX)
        return err_set(e, code, "rule text-length: %s is longer than %d bytes: put it in a file and take that in", what,
                       STATEMENT_TEXT_MAX);
    return unicode_is_nfc(t) ? 0 : err_set(e, code, "rule text-form: %s is not UTF-8 text in normal form C", what);
}

static int recipient_rule(const char *recipient, int code, struct err *e)
{
    uint8_t key[CRYPT_PUBLIC];
    return recipient != NULL && crypt_age_recipient(bytes_text(recipient), key, NULL) == 0
               ? 0
               : err_set(e, code, "rule keyholder-recipient: a recipient of age is a word of 62 letters that begins "
                                  "with age1");
}

static int record_rule(const struct statement_identity *x, int code, struct err *e)
{
    struct identity_record r;
    struct err mine = {0};
    int rc = code_rule(x->person, text_tr("the person's code"), code, e);
    if (rc != 0)
        return rc;
    if (x->record == NULL || identity_record_read(bytes_text(x->record), &r, &mine) != 0)
        return err_set(e, code, "%s", x->record == NULL ? "rule identity-record: there is none" : mine.text);
    return bytes_equal(r.person, bytes_text(x->person))
               ? 0
               : err_set(e, code, "rule identity-record: it is of another person than is said");
}

static int keyholder_rule(const struct statement_keyholder *x, int code, struct err *e)
{
    int rc = code_rule(x->code, text_tr("the keyholder's code"), code, e);
    if (rc == 0 && x->recipient != NULL)
        rc = recipient_rule(x->recipient, code, e);
    if (rc == 0 && x->name != NULL)
        rc = words_rule(x->name, "--name", code, e);
    if (rc == 0 && (x->why != NULL || x->recipient == NULL))
        rc = words_rule(x->why, "--why", code, e);
    return rc;
}

static int sealed_rule(const struct statement_identity_sealed *x, int code, struct err *e)
{
    int rc = code_rule(x->person, text_tr("the person's code"), code, e);
    if (rc == 0 && (x->text.n <= CRYPT_TAG || x->text.n > IDENTITY_SEALED_MAX ||
                    (x->text.n - CRYPT_TAG) % IDENTITY_PAD != 0))
        rc = err_set(e, code, "rule identity-sealed: what is sealed has another length than it can have");
    return rc;
}

static int shares_rule(const struct statement_identity_shares *x, int code, struct err *e)
{
    int rc = code_rule(x->person, text_tr("the person's code"), code, e);
    if (rc == 0 && (x->holder_count > CRYPT_SHARES_MAX || x->needed == 0 || x->needed > x->holder_count))
        rc = err_set(e, code, "rule identity-shares: 1 to %d keyholders, of whom 1 to all are needed",
                     CRYPT_SHARES_MAX);
    for (size_t i = 0; rc == 0 && i < x->holder_count; i++) {
        rc = code_rule(x->holders[i].code, text_tr("the keyholder's code"), code, e);
        if (rc == 0)
            rc = recipient_rule(x->holders[i].recipient, code, e);
        for (size_t k = 0; rc == 0 && k < i; k++)
            if (strcmp(x->holders[k].code, x->holders[i].code) == 0 ||
                strcmp(x->holders[k].recipient, x->holders[i].recipient) == 0)
                rc = err_set(e, code, "rule identity-holders: each keyholder, and each recipient, holds one share");
    }
    return rc == 0 && x->follows ? words_rule(x->why, "--why", code, e) : rc;
}

static int access_rule(const struct statement_identity_access *x, int code, struct err *e)
{
    if (x->step < 1 || x->step > STATEMENT_STEP_LAST)
        return err_set(e, code, "rule identity-step: a step is requested, approved, opened or shown");
    int rc = code_rule(x->person, text_tr("the person's code"), code, e);
    if (rc == 0 && x->step == STATEMENT_SHARE_RETURNED)
        rc = code_rule(x->keyholder, text_tr("the keyholder's code"), code, e);
    return rc == 0 ? words_rule(x->why, "--why", code, e) : rc;
}

int identity_rule(const struct statement *s, int code, struct err *e)
{
    switch (s->kind) {
    case STATEMENT_IDENTITY: return record_rule(&s->identity, code, e);
    case STATEMENT_KEYHOLDER_SAID: return keyholder_rule(&s->keyholder, code, e);
    case STATEMENT_IDENTITY_SEALED: return sealed_rule(&s->identity_sealed, code, e);
    case STATEMENT_IDENTITY_SHARES: return shares_rule(&s->identity_shares, code, e);
    default: return access_rule(&s->identity_access, code, e);
    }
}
