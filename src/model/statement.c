#include "model/statement.h"

#include "base/json.h"
#include "base/text.h"
#include "base/unicode.h"
#include "model/checkpoint.h"
#include "model/identity.h"
#include "model/policy.h"
#include "model/terms.h"

#include <assert.h>

static const char HEAD[] = "groundwork/statement/v1\n";

/* Text and values, leaving room for the envelope's head and a signature. */
enum { STATEMENT_MADE_MAX = LEAF_STATEMENT_MAX - 4096 };

static const char *const KIND_NAMES[] = {
    [STATEMENT_FOUNDED] = "founded",   [STATEMENT_KEYRING] = "keyring",
    [STATEMENT_PACKS] = "packs",       [STATEMENT_COVER] = "cover",
    [STATEMENT_INVESTIGATION] = "investigation",
    [STATEMENT_DEPOSIT] = "deposit",   [STATEMENT_RECEIVED] = "received",
    [STATEMENT_PART] = "part",         [STATEMENT_RECEIPT] = "receipt",
    [STATEMENT_NOTE] = "note",         [STATEMENT_SET_ASIDE] = "set-aside",
    [STATEMENT_REPAIRED] = "repaired", [STATEMENT_PARITY] = "parity", [STATEMENT_RECOVERY] = "recovery",
    [STATEMENT_MEMBER] = "member",     [STATEMENT_AUDITED] = "audited",
    [STATEMENT_COSIGNERS] = "cosigners", [STATEMENT_COSIGNED] = "cosigned",
    [STATEMENT_TIMESTAMPED] = "timestamped",
    [STATEMENT_ADDED] = "added",       [STATEMENT_ROLE] = "role",
    [STATEMENT_REVOKED] = "revoked",   [STATEMENT_PROPOSED] = "proposed",
    [STATEMENT_APPROVED] = "approved", [STATEMENT_NAMED] = "named",
    [STATEMENT_CUSTODY] = "custody",   [STATEMENT_ACCESSED] = "accessed",
    [STATEMENT_SEALED] = "sealed",
    [STATEMENT_ERASED] = "erased",     [STATEMENT_ERASING] = "erasing",
    [STATEMENT_ANSWERED] = "answered",
    [STATEMENT_COMPARTMENT] = "compartment", [STATEMENT_GRANTED] = "granted",
    [STATEMENT_UNGRANTED] = "ungranted",
    [STATEMENT_CONSENT] = "consent",   [STATEMENT_WITHDRAWN] = "withdrawn", [STATEMENT_CONCERNS] = "concerns",
    [STATEMENT_PROTECTED] = "protected", [STATEMENT_HOLD] = "hold", [STATEMENT_RELEASED] = "released",
    [STATEMENT_IDENTITY] = "identity", [STATEMENT_KEYHOLDER_SAID] = "keyholder",
    [STATEMENT_IDENTITY_SEALED] = "identity-sealed", [STATEMENT_IDENTITY_SHARES] = "identity-shares",
    [STATEMENT_IDENTITY_ACCESS] = "identity-access",
};
static const char *const ROLE_NAMES[] = {
    [STATEMENT_ADMINISTRATOR] = "administrator", [STATEMENT_INVESTIGATOR] = "investigator",
    [STATEMENT_ANALYST] = "analyst", [STATEMENT_KEYHOLDER] = "keyholder", [STATEMENT_AUDITOR] = "auditor",
};
static const char *const LEAVING_NAMES[] = {
    [STATEMENT_LEFT] = "left", [STATEMENT_LOST] = "lost", [STATEMENT_ARRESTED] = "arrested",
    [STATEMENT_STOLEN] = "stolen", [STATEMENT_OTHERWISE] = "other",
};
static const char *const TYPE_NAMES[] = {"file", "folder", "link"};
static const char *const REASONS[] = {"changed", "device", "fifo",       "io",      "large",
                                      "loop",    "socket", "unreadable", "vanished"};

bool statement_kind_known(enum statement_kind kind)
{
    return kind >= 1 && kind <= STATEMENT_KIND_LAST && KIND_NAMES[kind] != NULL;
}

const char *statement_kind_name(enum statement_kind kind)
{
    return statement_kind_known(kind) ? KIND_NAMES[kind] : "?";
}

bool statement_kind_hidden(enum statement_kind kind)
{
    return (kind >= STATEMENT_INVESTIGATION && kind <= STATEMENT_SET_ASIDE) || kind == STATEMENT_NAMED ||
           kind == STATEMENT_CUSTODY || kind == STATEMENT_ACCESSED || kind == STATEMENT_SEALED ||
           kind == STATEMENT_ERASING || kind == STATEMENT_ANSWERED || terms_kind(kind) || identity_kind(kind);
}

const char *statement_role_name(enum statement_role role)
{
    return role >= 1 && role <= STATEMENT_ROLE_LAST ? ROLE_NAMES[role] : "?";
}

bool statement_role_find(const char *name, enum statement_role *ret)
{
    for (int i = 1; name != NULL && i <= STATEMENT_ROLE_LAST; i++)
        if (strcmp(name, ROLE_NAMES[i]) == 0) {
            *ret = (enum statement_role)i;
            return true;
        }
    return false;
}

bool statement_role_writes(enum statement_role role)
{
    return role == STATEMENT_ADMINISTRATOR || role == STATEMENT_INVESTIGATOR || role == STATEMENT_ANALYST;
}

/* Each kind by name, so that a new one cannot be forgotten. */
bool statement_role_may(enum statement_role role, enum statement_kind kind)
{
    bool takes_in = role == STATEMENT_ADMINISTRATOR || role == STATEMENT_INVESTIGATOR;
    switch (kind) {
    case STATEMENT_FOUNDED:
    case STATEMENT_MEMBER:
    case STATEMENT_RECEIVED:
        return false;
    case STATEMENT_RECOVERY:
    case STATEMENT_COSIGNERS:
    case STATEMENT_ADDED:
    case STATEMENT_ROLE:
    case STATEMENT_REVOKED:
    case STATEMENT_PROPOSED:
    case STATEMENT_APPROVED:
    case STATEMENT_NAMED:
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED:
    case STATEMENT_RELEASED:
    case STATEMENT_KEYHOLDER_SAID:
        return role == STATEMENT_ADMINISTRATOR;
    case STATEMENT_IDENTITY:
    case STATEMENT_IDENTITY_SEALED:
    case STATEMENT_IDENTITY_SHARES:
    case STATEMENT_IDENTITY_ACCESS:
    case STATEMENT_COVER:
    case STATEMENT_INVESTIGATION:
    case STATEMENT_DEPOSIT:
    case STATEMENT_PART:
    case STATEMENT_RECEIPT:
    case STATEMENT_SET_ASIDE:
    case STATEMENT_SEALED:
    case STATEMENT_ERASED:
    case STATEMENT_ERASING:
    case STATEMENT_ANSWERED:
    case STATEMENT_CONSENT:
    case STATEMENT_CONCERNS:
    case STATEMENT_PROTECTED:
        return takes_in;
    case STATEMENT_KEYRING:
    case STATEMENT_PACKS:
    case STATEMENT_NOTE:
    case STATEMENT_REPAIRED:
    case STATEMENT_PARITY:
    case STATEMENT_AUDITED:
    case STATEMENT_COSIGNED:
    case STATEMENT_TIMESTAMPED:
    case STATEMENT_CUSTODY:
    case STATEMENT_ACCESSED:
    case STATEMENT_WITHDRAWN:
    case STATEMENT_HOLD:
        return statement_role_writes(role);
    }
    return false;
}

const char *statement_leaving_name(enum statement_leaving reason)
{
    return reason >= 1 && reason <= STATEMENT_LEAVING_LAST ? LEAVING_NAMES[reason] : "?";
}

bool statement_leaving_find(const char *name, enum statement_leaving *ret)
{
    for (int i = 1; name != NULL && i <= STATEMENT_LEAVING_LAST; i++)
        if (strcmp(name, LEAVING_NAMES[i]) == 0) {
            *ret = (enum statement_leaving)i;
            return true;
        }
    return false;
}

const char *statement_type_name(enum statement_type type)
{
    return TYPE_NAMES[type];
}

bool statement_reason_known(const char *reason)
{
    for (size_t i = 0; i < COUNT(REASONS); i++)
        if (strcmp(REASONS[i], reason) == 0)
            return true;
    return false;
}

struct statement_event *statement_event(struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_RECOVERY: return &s->recovery.event;
    case STATEMENT_MEMBER: return &s->member.event;
    case STATEMENT_COSIGNERS: return &s->cosigners.event;
    case STATEMENT_ADDED: return &s->added.event;
    case STATEMENT_ROLE: return &s->role.event;
    case STATEMENT_REVOKED: return &s->revoked.event;
    case STATEMENT_PROPOSED: return &s->proposed.event;
    case STATEMENT_APPROVED: return &s->approved.event;
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED: return &s->compartment.event;
    default: return NULL;
    }
}

bool statement_event_get(const struct statement *s, struct statement_event *ret)
{
    struct statement copy = *s;
    const struct statement_event *v = statement_event(&copy);
    if (v != NULL)
        *ret = *v;
    return v != NULL;
}

bool statement_is_act(enum statement_kind kind)
{
    return kind == STATEMENT_ADDED || kind == STATEMENT_ROLE || kind == STATEMENT_REVOKED ||
           kind == STATEMENT_COSIGNERS || kind == STATEMENT_RECOVERY || statement_is_compartment(kind);
}

bool statement_is_compartment(enum statement_kind kind)
{
    return kind == STATEMENT_COMPARTMENT || kind == STATEMENT_GRANTED || kind == STATEMENT_UNGRANTED;
}

/* ---- making ---- */

/* The claims of a statement being made: values as JSON, digests to be sorted. */
enum { CLAIMS_MAX = 8 };
struct claims {
    const struct key *secret;
    struct hash digest[CLAIMS_MAX];
    size_t count;
    struct buf *values;
    size_t value_at; /* where the claim being written begins */
    const char *name;
    struct json_out json;
};

static bool is_plain(struct bytes name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < 0x20 || name.p[i] > 0x7e)
            return false;
    return true;
}

/*
 * Can ${name} be written as the text that it is?  Otherwise ${shown} holds its display form.  Printable ASCII can; of
 * everything else what is displayed as it is, without a backslash, which the display form doubles.  ${shown} has failed
 * when memory is out: then there is no answer.
 */
static bool shown_as_is(struct bytes name, struct buf *shown)
{
    if (is_plain(name))
        return true;
    unicode_display(name, shown);
    return !shown->failed && memchr(name.p, '\\', name.n) == NULL && bytes_equal(buf_bytes(shown), name);
}

/* A name: {"text":...} when the text is the bytes, else {"bytes":base64,"text":display}. */
static void json_name(struct json_out *j, struct bytes name)
{
    OWN(buf_drop) struct buf shown = {0};
    json_object_begin(j);
    if (shown_as_is(name, &shown)) {
        json_key(j, "text");
        json_string_bytes(j, name);
    } else {
        json_key(j, "bytes");
        json_base64(j, name);
        json_key(j, "text");
        json_string_bytes(j, shown.failed ? bytes_of("", 0) : buf_bytes(&shown));
    }
    json_object_end(j);
    j->to->failed = j->to->failed || shown.failed;
}

static struct json_out *claim_begin(struct claims *c, const char *name)
{
    assert(c->count < CLAIMS_MAX);
    buf_put_u8(c->values, c->count == 0 ? '[' : ',');
    c->value_at = c->values->n;
    c->name = name;
    c->json = (struct json_out){.to = c->values};
    json_array_begin(&c->json);
    json_string(&c->json, name);
    return &c->json;
}

static void claim_end(struct claims *c)
{
    json_array_end(&c->json);
    if (c->values->failed)
        return;
    uint8_t salt[LEAF_CLAIM_SALT];
    leaf_claim_salt(c->secret, c->name, salt);
    leaf_claim_digest(salt, bytes_of(c->values->p + c->value_at, c->values->n - c->value_at), &c->digest[c->count++]);
}

static void claim_text(struct claims *c, const char *name, const char *text)
{
    if (text == NULL)
        return;
    json_string(claim_begin(c, name), text);
    claim_end(c);
}

static int digest_order(const void *a, const void *b)
{
    return memcmp(a, b, CRYPT_HASH);
}

static void claims_write(struct claims *c, struct json_out *j)
{
    if (c->count > 0)
        buf_put_u8(c->values, ']');
    qsort(c->digest, c->count, sizeof c->digest[0], digest_order);
    json_key(j, "claims");
    json_array_begin(j);
    for (size_t i = 0; i < c->count; i++)
        json_base64(j, bytes_of(c->digest[i].b, CRYPT_HASH));
    json_array_end(j);
}

static void put_number(struct json_out *j, const char *key, uint64_t v)
{
    json_key(j, key);
    json_u64(j, v);
}

static void put_hash(struct json_out *j, const char *key, const struct hash *h)
{
    json_key(j, key);
    json_base64(j, bytes_of(h->b, CRYPT_HASH));
}

static void put_kind(struct json_out *j, enum statement_kind kind)
{
    json_key(j, "kind");
    json_string(j, KIND_NAMES[kind]);
}

static void put_id(struct json_out *j, const char *key, const uint8_t id[STATEMENT_ID])
{
    json_key(j, key);
    json_hex(j, bytes_of(id, STATEMENT_ID));
}

static void put_time(struct json_out *j, const struct statement *s)
{
    json_key(j, "time");
    json_i64(j, s->at_unix_s);
}

static void put_sum(struct json_out *j, const char *key, const struct statement_sum *sum)
{
    json_key(j, key);
    json_object_begin(j);
    put_number(j, "bytes", sum->bytes);
    put_number(j, "files", sum->files);
    json_object_end(j);
}

static void put_vkey(struct json_out *j, const char *key, const struct note_key *k)
{
    char vkey[NOTE_VKEY_MAX];
    note_key_text(k, vkey);
    json_key(j, key);
    json_string(j, vkey);
}

static void put_public(struct json_out *j, const char *key, const uint8_t public_key[CRYPT_PUBLIC])
{
    json_key(j, key);
    json_base64(j, bytes_of(public_key, CRYPT_PUBLIC));
}

static void put_receiving(struct json_out *j, const struct statement_receiving list[2])
{
    json_key(j, "receiving");
    json_array_begin(j);
    for (size_t i = 0; i < 2; i++) {
        json_object_begin(j);
        put_number(j, "epoch", list[i].epoch);
        put_public(j, "key", list[i].key);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_roles(struct json_out *j)
{
    json_key(j, "roles");
    json_array_begin(j);
    json_string(j, "administrator");
    json_string(j, "investigator");
    json_array_end(j);
}

static void make_founded(const struct statement *s, struct json_out *j)
{
    const struct statement_founded *f = &s->founded;
    put_id(j, "compartment", f->compartment);
    put_number(j, "format", f->format);
    put_kind(j, s->kind);
    put_vkey(j, "log", &f->log);
    json_key(j, "member");
    json_object_begin(j);
    put_public(j, "box", f->member_box);
    put_vkey(j, "key", &f->member);
    put_receiving(j, f->receiving);
    put_roles(j);
    json_object_end(j);
    json_key(j, "origin");
    json_string(j, f->origin);
    put_number(j, "pack_sectors", f->pack_sectors);
    if (f->parity_packs != 0) {
        json_key(j, "parity");
        json_object_begin(j);
        put_number(j, "files", f->parity_files);
        put_number(j, "packs", f->parity_packs);
        json_object_end(j);
    }
    json_key(j, "policy");
    json_object_begin(j);
    put_number(j, "administrators", f->administrators > 0 ? f->administrators : 1);
    if (f->erase_persons > 1 || f->erase_days > 0) {
        json_key(j, "erase");
        json_object_begin(j);
        put_number(j, "days", f->erase_days);
        put_number(j, "persons", f->erase_persons > 0 ? f->erase_persons : 1);
        json_object_end(j);
    }
    put_number(j, "of", 1);
    json_object_end(j);
    put_number(j, "sector_bytes", f->sector_bytes);
    put_time(j, s);
}

static void make_keyring(const struct statement *s, struct json_out *j)
{
    json_key(j, "files");
    json_array_begin(j);
    for (size_t i = 0; i < s->keyring.count; i++) {
        const struct statement_file_hash *f = &s->keyring.files[i];
        json_object_begin(j);
        if (!f->removed)
            put_number(j, "bytes", f->bytes);
        json_key(j, "name");
        json_string(j, f->name);
        if (f->removed) {
            json_key(j, "removed");
            json_bool(j, true);
        } else {
            json_key(j, "sha256");
            json_hex(j, bytes_of(f->sha256.b, CRYPT_HASH));
        }
        json_object_end(j);
    }
    json_array_end(j);
    put_kind(j, s->kind);
    put_time(j, s);
}

static void make_packs(const struct statement *s, struct json_out *j)
{
    put_kind(j, s->kind);
    json_key(j, "packs");
    json_array_begin(j);
    for (size_t i = 0; i < s->packs.count; i++) {
        const struct statement_pack *p = &s->packs.packs[i];
        json_object_begin(j);
        put_number(j, "pack", p->pack);
        put_hash(j, "root", &p->root);
        json_key(j, "sealed");
        json_bool(j, p->sealed);
        put_number(j, "sectors", p->sectors);
        json_object_end(j);
    }
    json_array_end(j);
    put_time(j, s);
}

static void make_parity(const struct statement *s, struct json_out *j)
{
    put_kind(j, s->kind);
    json_key(j, "stripes");
    json_array_begin(j);
    for (size_t i = 0; i < s->parity.count; i++) {
        const struct statement_stripe *p = &s->parity.stripes[i];
        json_object_begin(j);
        put_number(j, "packs", p->packs);
        json_key(j, "roots");
        json_array_begin(j);
        for (uint32_t k = 0; k < p->files; k++)
            json_base64(j, bytes_of(p->roots[k].b, CRYPT_HASH));
        json_array_end(j);
        put_number(j, "stripe", p->stripe);
        put_hash(j, "trailer", &p->trailer);
        json_object_end(j);
    }
    json_array_end(j);
    put_time(j, s);
}

static void make_cover(const struct statement *s, struct json_out *j)
{
    put_number(j, "count", s->cover.count);
    put_number(j, "deposit", s->cover.deposit);
    put_number(j, "first", s->cover.first);
    put_kind(j, s->kind);
    put_number(j, "part", s->cover.part);
    put_hash(j, "root", &s->cover.root);
    put_time(j, s);
}

static void make_repaired(const struct statement *s, struct json_out *j)
{
    json_key(j, "files");
    json_array_begin(j);
    for (size_t i = 0; i < s->repaired.count; i++)
        json_string(j, s->repaired.files[i]);
    json_array_end(j);
    put_kind(j, s->kind);
    put_time(j, s);
}

static void put_event(struct json_out *j, const struct statement_event *v)
{
    put_number(j, "number", v->number);
    put_hash(j, "prev", &v->prev);
}

/* Key events may stand inside a proposal, without place, time and all that follows from acting. */
struct act {
    struct json_out *j;
    bool proposed;
};

static void put_by(struct json_out *j, const struct statement_by *by)
{
    json_key(j, "by");
    json_object_begin(j);
    json_key(j, "approvals");
    json_array_begin(j);
    for (size_t i = 0; i < by->count; i++)
        json_u64(j, by->approvals[i]);
    json_array_end(j);
    put_number(j, "proposal", by->proposal);
    json_object_end(j);
}

static void act_by(const struct act *a, const struct statement_event *v)
{
    if (!a->proposed && v->by.said)
        put_by(a->j, &v->by);
}

static void act_number(const struct act *a, const struct statement_event *v)
{
    if (!a->proposed)
        put_number(a->j, "number", v->number);
}

static void act_prev(const struct act *a, const struct statement_event *v)
{
    if (!a->proposed)
        put_hash(a->j, "prev", &v->prev);
}

static void act_time(const struct act *a, const struct statement *s)
{
    if (!a->proposed)
        put_time(a->j, s);
}

static void put_role(struct json_out *j, enum statement_role role)
{
    json_key(j, "role");
    json_string(j, ROLE_NAMES[role]);
}

static void act_recovery(const struct statement *s, const struct act *a)
{
    struct json_out *j = a->j;
    const struct statement_recovery *r = &s->recovery;
    act_by(a, &r->event);
    put_id(j, "compartment", r->compartment);
    put_number(j, "epoch", r->epoch);
    put_vkey(j, "key", &r->key);
    put_kind(j, s->kind);
    put_number(j, "leaves", r->leaves);
    put_number(j, "needed", r->needed);
    act_number(a, &r->event);
    act_prev(a, &r->event);
    put_public(j, "receiving", r->receiving);
    put_hash(j, "root", &r->root);
    put_id(j, "set", r->set);
    json_key(j, "shares");
    json_array_begin(j);
    for (size_t i = 0; i < r->share_count; i++)
        json_base64(j, bytes_of(r->shares[i].b, CRYPT_HASH));
    json_array_end(j);
    act_time(a, s);
}

static void make_member(const struct statement *s, struct json_out *j)
{
    const struct statement_member *m = &s->member;
    put_public(j, "box", m->box);
    put_vkey(j, "key", &m->key);
    put_kind(j, s->kind);
    put_event(j, &m->event);
    put_receiving(j, m->receiving);
    if (m->replaces != NULL) {
        json_key(j, "replaces");
        json_string(j, m->replaces);
    }
    put_roles(j);
    put_id(j, "set", m->set);
    put_time(j, s);
}

static void act_added(const struct statement *s, const struct act *a)
{
    const struct statement_added *x = &s->added;
    put_public(a->j, "box", x->box);
    act_by(a, &x->event);
    put_vkey(a->j, "key", &x->key);
    put_kind(a->j, s->kind);
    act_number(a, &x->event);
    act_prev(a, &x->event);
    put_receiving(a->j, x->receiving);
    put_role(a->j, x->role);
    act_time(a, s);
}

static void act_log(const struct act *a, bool known, const struct note_key *log)
{
    if (known && !a->proposed)
        put_vkey(a->j, "log", log);
}

static void act_role(const struct statement *s, const struct act *a)
{
    const struct statement_role_said *x = &s->role;
    act_by(a, &x->event);
    put_kind(a->j, s->kind);
    act_log(a, x->log_known, &x->log);
    json_key(a->j, "name");
    json_string(a->j, x->name);
    act_number(a, &x->event);
    act_prev(a, &x->event);
    put_role(a->j, x->role);
    act_time(a, s);
}

static void act_revoked(const struct statement *s, const struct act *a)
{
    const struct statement_revoked *x = &s->revoked;
    act_by(a, &x->event);
    if (x->doubted)
        put_number(a->j, "doubtful", x->doubtful_from);
    put_kind(a->j, s->kind);
    act_log(a, x->log_known, &x->log);
    json_key(a->j, "name");
    json_string(a->j, x->name);
    act_number(a, &x->event);
    act_prev(a, &x->event);
    json_key(a->j, "reason");
    json_string(a->j, LEAVING_NAMES[x->reason]);
    act_time(a, s);
}

static void act_cosigners(const struct statement *s, const struct act *a)
{
    act_by(a, &s->cosigners.event);
    put_kind(a->j, s->kind);
    act_number(a, &s->cosigners.event);
    json_key(a->j, "policy");
    json_string(a->j, s->cosigners.policy);
    act_prev(a, &s->cosigners.event);
    act_time(a, s);
}

static void act_compartment(const struct statement *s, const struct act *a)
{
    const struct statement_compartment *x = &s->compartment;
    act_by(a, &x->event);
    put_id(a->j, "compartment", x->compartment);
    if (s->kind == STATEMENT_UNGRANTED) {
        json_key(a->j, "from");
        json_string(a->j, x->name);
    }
    put_kind(a->j, s->kind);
    act_number(a, &x->event);
    act_prev(a, &x->event);
    act_time(a, s);
    if (s->kind == STATEMENT_GRANTED) {
        json_key(a->j, "to");
        json_string(a->j, x->name);
    }
}

static void make_act(const struct statement *s, const struct act *a)
{
    switch (s->kind) {
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED: act_compartment(s, a); break;
    case STATEMENT_ADDED: act_added(s, a); break;
    case STATEMENT_ROLE: act_role(s, a); break;
    case STATEMENT_REVOKED: act_revoked(s, a); break;
    case STATEMENT_COSIGNERS: act_cosigners(s, a); break;
    default: act_recovery(s, a); break;
    }
}

static void make_proposed(const struct statement *s, struct json_out *j)
{
    json_key(j, "act");
    json_object_begin(j);
    make_act(s->proposed.act, &(struct act){j, true});
    json_object_end(j);
    put_kind(j, s->kind);
    put_event(j, &s->proposed.event);
    put_time(j, s);
}

static void make_approved(const struct statement *s, struct json_out *j)
{
    put_hash(j, "commitment", &s->approved.commitment);
    put_kind(j, s->kind);
    put_event(j, &s->approved.event);
    put_number(j, "proposal", s->approved.proposal);
    put_time(j, s);
}

int statement_act_hash(const struct statement *s, struct hash *ret, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct json_out j = {.to = &text};
    assert(statement_is_act(s->kind));
    json_object_begin(&j);
    make_act(s, &(struct act){&j, true});
    json_object_end(&j);
    int rc = buf_check(&text, e);
    if (rc == 0)
        crypt_sha256(buf_bytes(&text), ret);
    return rc;
}

static void make_audited(const struct statement *s, struct json_out *j)
{
    json_key(j, "audits");
    json_array_begin(j);
    for (size_t i = 0; i < s->audited.count; i++) {
        const struct statement_audit *a = &s->audited.audits[i];
        json_object_begin(j);
        put_number(j, "at", a->at_unix_s);
        put_number(j, "findings", a->findings);
        put_number(j, "first", a->first);
        json_key(j, "grade");
        json_string(j, a->full ? "full" : "keyless");
        put_number(j, "last", a->last);
        put_number(j, "leaves", a->leaves);
        json_object_end(j);
    }
    json_array_end(j);
    put_kind(j, s->kind);
    put_time(j, s);
}

static void make_cosigned(const struct statement *s, struct json_out *j)
{
    json_key(j, "checkpoint");
    json_string(j, s->cosigned.checkpoint);
    put_kind(j, s->kind);
    put_time(j, s);
}

static void put_hex_hash(struct json_out *j, const char *key, const struct hash *h)
{
    json_key(j, key);
    json_hex(j, bytes_of(h->b, CRYPT_HASH));
}

static void make_timestamped(const struct statement *s, struct json_out *j)
{
    const struct statement_timestamped *t = &s->timestamped;
    put_number(j, "accuracy", t->accuracy_us);
    put_hex_hash(j, "authority", &t->authority);
    json_key(j, "chain");
    json_string(j, t->chain);
    json_key(j, "checkpoint");
    json_string(j, t->checkpoint);
    put_kind(j, s->kind);
    put_number(j, "leaves", t->leaves);
    put_hex_hash(j, "pinned", &t->pinned);
    json_key(j, "policy");
    json_string(j, t->policy);
    json_key(j, "response");
    json_base64(j, t->response);
    put_hash(j, "root", &t->root);
    put_hex_hash(j, "sha256", &t->sha256);
    json_key(j, "stamped");
    json_i64(j, t->stamped_unix_s);
    put_time(j, s);
}

static void json_ranges(struct json_out *j, const struct statement_range *list, size_t count)
{
    json_array_begin(j);
    for (size_t i = 0; i < count; i++) {
        json_array_begin(j);
        json_u64(j, list[i].first);
        json_u64(j, list[i].last);
        json_array_end(j);
    }
    json_array_end(j);
}

static void make_erased(const struct statement *s, struct json_out *j)
{
    const struct statement_erased *x = &s->erased;
    put_by(j, &x->by);
    put_id(j, "compartment", x->compartment);
    put_number(j, "epoch", x->epoch);
    put_kind(j, s->kind);
    json_key(j, "leaves");
    json_ranges(j, x->leaves, x->count);
    put_time(j, s);
}

static void claim_received(const struct statement_received *r, struct claims *c)
{
    struct json_out *j;
    if (!r->further_name) {
        j = claim_begin(c, "file");
        json_object_begin(j);
        put_number(j, "mode", r->mode);
        json_key(j, "mtime");
        json_array_begin(j);
        json_i64(j, r->mtime.s);
        json_u64(j, r->mtime.ns);
        json_array_end(j);
        if (r->type == STATEMENT_LINK) {
            json_key(j, "target");
            json_name(j, r->target);
        }
        json_key(j, "type");
        json_string(j, TYPE_NAMES[r->type]);
        json_object_end(j);
        claim_end(c);
    }
    json_name(claim_begin(c, "name"), r->path);
    claim_end(c);
    if (!r->further_name && r->type == STATEMENT_FILE) {
        j = claim_begin(c, "object");
        json_object_begin(j);
        put_number(j, "bytes", r->bytes);
        json_key(j, "sha256");
        json_hex(j, bytes_of(r->sha256.b, CRYPT_HASH));
        json_object_end(j);
        claim_end(c);
    }
}

static void claim_part(const struct statement_part *p, struct claims *c)
{
    struct json_out *j = claim_begin(c, "already");
    json_ranges(j, p->already, p->already_count);
    claim_end(c);
    j = claim_begin(c, "refused");
    json_array_begin(j);
    for (size_t i = 0; i < p->refused_count; i++) {
        json_object_begin(j);
        put_number(j, "bytes", p->refused[i].bytes);
        json_key(j, "name");
        json_name(j, p->refused[i].path);
        json_key(j, "reason");
        json_string(j, p->refused[i].reason);
        json_object_end(j);
    }
    json_array_end(j);
    claim_end(c);
}

static void claim_receipt(const struct statement_totals *t, struct claims *c)
{
    struct json_out *j = claim_begin(c, "totals");
    json_object_begin(j);
    put_sum(j, "already", &t->already);
    put_sum(j, "duplicate", &t->duplicate);
    put_number(j, "folders_already", t->folders_already);
    put_number(j, "folders_taken", t->folders_taken);
    put_sum(j, "names", &t->names);
    put_sum(j, "refused", &t->refused);
    put_sum(j, "seen", &t->seen);
    put_sum(j, "taken", &t->taken);
    json_object_end(j);
    claim_end(c);
}

static void claim_deposit(const struct statement *s, struct claims *c)
{
    claim_text(c, "giver", s->deposit.giver);
    claim_text(c, "note", s->deposit.note);
    struct json_out *j = claim_begin(c, "paths");
    json_array_begin(j);
    for (size_t i = 0; i < s->deposit.path_count; i++)
        json_name(j, s->deposit.paths[i]);
    json_array_end(j);
    claim_end(c);
}

static void claim_custody(const struct statement_custody *x, struct claims *c)
{
    claim_text(c, "act", x->act);
    claim_text(c, "date", x->date);
    claim_text(c, "from", x->from);
    claim_text(c, "place", x->place);
    claim_text(c, "to", x->to);
    claim_text(c, "why", x->why);
}

static void claim_sealed(const struct statement_sealed *p, struct claims *c)
{
    claim_text(c, "for", p->use.purpose);
    if (p->use.purpose != NULL) {
        json_ranges(claim_begin(c, "items"), p->items_given, p->items_given_count);
        claim_end(c);
    }
    struct json_out *j = claim_begin(c, "package");
    json_object_begin(j);
    json_key(j, "checkpoint");
    json_object_begin(j);
    put_number(j, "leaves", p->leaves);
    put_hash(j, "root", &p->root);
    json_object_end(j);
    json_key(j, "deposits");
    json_array_begin(j);
    for (size_t i = 0; i < p->deposit_count; i++) {
        json_object_begin(j);
        put_number(j, "count", p->deposits[i].count);
        put_number(j, "deposit", p->deposits[i].deposit);
        put_hash(j, "head", &p->deposits[i].head);
        json_object_end(j);
    }
    json_array_end(j);
    json_key(j, "events");
    json_object_begin(j);
    put_hash(j, "head", &p->event);
    put_number(j, "number", p->events);
    json_object_end(j);
    put_number(j, "items", p->items);
    put_hex_hash(j, "tagmanifest", &p->tagmanifest);
    json_key(j, "verifiers");
    json_array_begin(j);
    for (size_t i = 0; i < p->verifier_count; i++) {
        json_object_begin(j);
        json_key(j, "name");
        json_string(j, p->verifiers[i].name);
        put_hex_hash(j, "sha256", &p->verifiers[i].sha256);
        json_object_end(j);
    }
    json_array_end(j);
    put_number(j, "withheld", p->withheld);
    json_object_end(j);
    claim_end(c);
    claim_text(c, "to", p->use.to);
    claim_text(c, "whom", p->use.whom);
}

static void make_claims(const struct statement *s, struct claims *c)
{
    switch (s->kind) {
    case STATEMENT_RECEIVED: claim_received(&s->received, c); break;
    case STATEMENT_DEPOSIT: claim_deposit(s, c); break;
    case STATEMENT_PART: claim_part(&s->part, c); break;
    case STATEMENT_RECEIPT: claim_receipt(&s->receipt.totals, c); break;
    case STATEMENT_INVESTIGATION: claim_text(c, "name", s->investigation.name); break;
    case STATEMENT_NOTE: claim_text(c, "text", s->note.text); break;
    case STATEMENT_SET_ASIDE: claim_text(c, "reason", s->set_aside.reason); break;
    case STATEMENT_NAMED:
        claim_text(c, "member", s->named.member);
        claim_text(c, "text", s->named.text);
        break;
    case STATEMENT_CUSTODY: claim_custody(&s->custody, c); break;
    case STATEMENT_ACCESSED:
        claim_text(c, "act", s->accessed.act);
        claim_text(c, "for", s->accessed.use.purpose);
        claim_text(c, "to", s->accessed.use.to);
        claim_text(c, "whom", s->accessed.use.whom);
        claim_text(c, "why", s->accessed.why);
        break;
    case STATEMENT_SEALED: claim_sealed(&s->sealed, c); break;
    case STATEMENT_ERASING: claim_text(c, "why", s->erasing.why); break;
    case STATEMENT_ANSWERED:
        claim_text(c, "answer", s->answered.answer);
        claim_text(c, "why", s->answered.why);
        break;
    case STATEMENT_CONSENT:
    case STATEMENT_WITHDRAWN:
    case STATEMENT_CONCERNS:
    case STATEMENT_PROTECTED:
    case STATEMENT_HOLD:
    case STATEMENT_RELEASED:
        terms_put(s, claim_begin(c, KIND_NAMES[s->kind]));
        claim_end(c);
        break;
    case STATEMENT_IDENTITY:
    case STATEMENT_KEYHOLDER_SAID:
    case STATEMENT_IDENTITY_SEALED:
    case STATEMENT_IDENTITY_SHARES:
    case STATEMENT_IDENTITY_ACCESS:
        identity_put(s, claim_begin(c, KIND_NAMES[s->kind]));
        claim_end(c);
        break;
    default: assert(false);
    }
}

static void put_items(struct json_out *j, const struct statement_range *list, size_t count)
{
    json_key(j, "items");
    json_ranges(j, list, count);
}

static void put_refers(struct json_out *j, const struct statement_custody *x)
{
    json_key(j, "refers");
    json_object_begin(j);
    put_hash(j, "commitment", &x->refers_commitment);
    put_number(j, "leaf", x->refers_leaf);
    json_object_end(j);
}

static void put_request(struct json_out *j, const struct statement_answered *x)
{
    json_key(j, "request");
    json_object_begin(j);
    put_hash(j, "commitment", &x->commitment);
    put_number(j, "leaf", x->request);
    json_object_end(j);
}

/* Keys ascend: claims, deposit, device, investigation, items, kind, leaves, number, of, part, parts, prev, receipt,
 * refers, request, seq, time, waited. */
static void make_hidden(const struct statement *s, struct claims *c, struct json_out *j)
{
    make_claims(s, c);
    claims_write(c, j);
    if (s->kind == STATEMENT_RECEIVED) {
        put_number(j, "deposit", s->received.deposit);
        put_kind(j, s->kind);
        if (s->received.further_name)
            put_number(j, "of", s->received.of);
        put_number(j, "seq", s->received.seq);
        return;
    }
    if (s->kind == STATEMENT_PART)
        put_number(j, "deposit", s->part.deposit);
    if (s->kind == STATEMENT_RECEIPT)
        put_number(j, "deposit", s->receipt.deposit);
    if (s->place.waited) {
        put_kind(j, s->kind);
        put_time(j, s);
        put_id(j, "waited", s->place.investigation);
        return;
    }
    put_id(j, s->kind == STATEMENT_ACCESSED ? "device" : "investigation", s->place.investigation);
    if (s->kind == STATEMENT_CUSTODY && s->custody.receipt == 0)
        put_items(j, s->custody.items, s->custody.item_count);
    if (s->kind == STATEMENT_ACCESSED)
        put_items(j, s->accessed.items, s->accessed.item_count);
    put_kind(j, s->kind);
    if (s->kind == STATEMENT_ERASING) {
        json_key(j, "leaves");
        json_ranges(j, s->erasing.leaves, s->erasing.count);
    }
    if (s->kind == STATEMENT_RECEIPT)
        put_number(j, "number", s->receipt.number);
    if (s->kind == STATEMENT_PART)
        put_number(j, "part", s->part.part);
    if (s->kind == STATEMENT_RECEIPT)
        put_number(j, "parts", s->receipt.parts);
    put_hash(j, "prev", &s->place.prev);
    if (s->kind == STATEMENT_SET_ASIDE)
        put_number(j, "receipt", s->set_aside.receipt);
    if (s->kind == STATEMENT_CUSTODY && s->custody.receipt != 0)
        put_number(j, "receipt", s->custody.receipt);
    if (s->kind == STATEMENT_CUSTODY && s->custody.refers)
        put_refers(j, &s->custody);
    if (s->kind == STATEMENT_ANSWERED)
        put_request(j, &s->answered);
    put_number(j, "seq", s->place.seq);
    put_time(j, s);
}

/* ---- rules of content; form is held by the writer and the reader themselves ---- */

static int text_rule(const char *text, const char *what, int code, struct err *e)
{
    struct bytes t = bytes_text(text == NULL ? "" : text);
    if (t.n == 0)
        return err_set(e, code, "rule text-length: %s is empty", what);
    if (t.n > STATEMENT_TEXT_MAX)
        return err_set(e, code, "rule text-length: %s is longer than %d bytes: put it in a file and take that in", what,
                       STATEMENT_TEXT_MAX);
    if (!unicode_is_nfc(t))
        return err_set(e, code, "rule text-form: %s is not UTF-8 text in normal form C", what);
    return 0;
}

static int bytes_rule(struct bytes name, int code, struct err *e)
{
    if (name.n == 0 || name.n > STATEMENT_PATH_MAX)
        return err_set(e, code, "rule path-length: a path must have 1 to %d bytes", STATEMENT_PATH_MAX);
    if (memchr(name.p, 0, name.n) != NULL)
        return err_set(e, code, "rule path-form: a path has no zero byte");
    return 0;
}

/* A path that is restored below a folder must not lead out of it.  "." alone was named and could not be read. */
static int path_rule(struct bytes path, int code, struct err *e)
{
    int rc = bytes_rule(path, code, e);
    if (rc != 0 || bytes_equal(path, bytes_text(".")))
        return rc;
    for (size_t from = 0; from <= path.n;) {
        const uint8_t *slash = from < path.n ? memchr(path.p + from, '/', path.n - from) : NULL;
        size_t n = (slash == NULL ? path.n : (size_t)(slash - path.p)) - from;
        struct bytes part = bytes_of(path.p + from, n);
        if (n == 0 || bytes_equal(part, bytes_text(".")) || bytes_equal(part, bytes_text("..")))
            return err_set(e, code, "rule path-form: a path has no empty part, and none that is \".\" or \"..\"");
        from += n + 1;
    }
    return 0;
}

static int received_rule(const struct statement_received *r, int code, struct err *e)
{
    int rc = path_rule(r->path, code, e);
    if (rc != 0 || r->further_name)
        return rc;
    if (r->type > STATEMENT_LINK || r->mode > 07777 || r->mtime.ns > 999999999)
        return err_set(e, code, "rule file-claim: type, mode or time is out of range");
    if (r->type == STATEMENT_LINK && bytes_rule(r->target, code, NULL) != 0)
        return err_set(e, code, "rule link-target: a link must have a target of 1 to %d bytes", STATEMENT_PATH_MAX);
    return 0;
}

static int deposit_rule(const struct statement *s, int code, struct err *e)
{
    int rc = s->deposit.giver != NULL ? text_rule(s->deposit.giver, text_tr("the giver"), code, e) : 0;
    if (rc == 0 && s->deposit.note != NULL)
        rc = text_rule(s->deposit.note, text_tr("the note"), code, e);
    if (rc == 0 && s->deposit.path_count > STATEMENT_LIST_MAX)
        rc = err_set(e, code, "rule list-length: a list has at most %d members", STATEMENT_LIST_MAX);
    for (size_t i = 0; rc == 0 && i < s->deposit.path_count; i++)
        rc = bytes_rule(s->deposit.paths[i], code, e);
    return rc;
}

static int part_rule(const struct statement_part *p, int code, struct err *e)
{
    if (p->refused_count > STATEMENT_LIST_MAX || p->already_count > STATEMENT_LIST_MAX)
        return err_set(e, code, "rule list-length: a list has at most %d members", STATEMENT_LIST_MAX);
    for (size_t i = 0; i < p->refused_count; i++) {
        int rc = path_rule(p->refused[i].path, code, e);
        if (rc != 0)
            return rc;
        if (!statement_reason_known(p->refused[i].reason))
            return err_set(e, code, "rule refusal-reason: \"%s\" is no reason", p->refused[i].reason);
    }
    for (size_t i = 0; i < p->already_count; i++)
        if (p->already[i].first > p->already[i].last)
            return err_set(e, code, "rule range-order: a range of leaves runs backwards");
    return 0;
}

static bool sum_of(const uint64_t *parts, size_t count, uint64_t whole)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        if (__builtin_add_overflow(sum, parts[i], &sum))
            return false;
    return sum == whole;
}

static int receipt_rule(const struct statement_totals *t, int code, struct err *e)
{
    const uint64_t files[] = {t->taken.files, t->duplicate.files, t->already.files, t->refused.files};
    const uint64_t bytes[] = {t->taken.bytes, t->duplicate.bytes, t->already.bytes, t->refused.bytes};
    if (sum_of(files, COUNT(files), t->seen.files) && sum_of(bytes, COUNT(bytes), t->seen.bytes))
        return 0;
    return err_set(e, code, "rule receipt-sums: what was seen is not the sum of its parts");
}

static int founded_rule(const struct statement_founded *f, int code, struct err *e)
{
    if (f->origin == NULL || strcmp(f->log.name, f->origin) != 0)
        return err_set(e, code, "rule founded-origin: the origin is not the name of the log's key");
    bool parity = f->parity_packs >= 1 && f->parity_packs <= STATEMENT_STRIPE_PACKS_MAX && f->parity_files >= 1 &&
                  f->parity_files <= STATEMENT_PARITY_MAX;
    if (!parity && (f->parity_packs != 0 || f->parity_files != 0))
        return err_set(e, code, "rule founded-parity: a stripe has 1 to %d packs and 1 to %d parity files",
                       STATEMENT_STRIPE_PACKS_MAX, STATEMENT_PARITY_MAX);
    if (f->administrators > STATEMENT_ADMINISTRATORS_MAX)
        return err_set(e, code, "rule founded-policy: at most %d administrators can be needed",
                       STATEMENT_ADMINISTRATORS_MAX);
    if (f->erase_persons > STATEMENT_ADMINISTRATORS_MAX || f->erase_days > STATEMENT_ERASE_DAYS_MAX)
        return err_set(e, code, "rule founded-erase: at most %d persons, who wait for %d days",
                       STATEMENT_ADMINISTRATORS_MAX, STATEMENT_ERASE_DAYS_MAX);
    return 0;
}

/* A name below keys/: parts of small letters, digits and dashes, so that it leads nowhere else. */
static bool is_keyring_name(const char *name)
{
    size_t n = name == NULL ? 0 : strlen(name);
    if (n == 0 || n > STATEMENT_FILE_NAME_MAX || name[0] == '/' || name[n - 1] == '/' || strstr(name, "//") != NULL)
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-/") == n;
}

static int keyring_rule(const struct statement *s, int code, struct err *e)
{
    if (s->keyring.count > STATEMENT_LIST_MAX)
        return err_set(e, code, "rule list-length: a list has at most %d members", STATEMENT_LIST_MAX);
    for (size_t i = 0; i < s->keyring.count; i++)
        if (!is_keyring_name(s->keyring.files[i].name))
            return err_set(e, code, "rule keyring-name: a file of the keyring has another name than such files have");
    return 0;
}

static int parity_rule(const struct statement *s, int code, struct err *e)
{
    if (s->parity.count > STATEMENT_LIST_MAX)
        return err_set(e, code, "rule list-length: a list has at most %d members", STATEMENT_LIST_MAX);
    for (size_t i = 0; i < s->parity.count; i++) {
        const struct statement_stripe *p = &s->parity.stripes[i];
        if (p->packs < 1 || p->packs > STATEMENT_STRIPE_PACKS_MAX || p->files < 1 || p->files > STATEMENT_PARITY_MAX)
            return err_set(e, code, "rule parity-stripe: a stripe has 1 to %d packs and 1 to %d parity files",
                           STATEMENT_STRIPE_PACKS_MAX, STATEMENT_PARITY_MAX);
        if (i > 0 && p->stripe <= p[-1].stripe)
            return err_set(e, code, "rule parity-order: the stripes do not ascend");
    }
    return 0;
}

static int repaired_rule(const struct statement *s, int code, struct err *e)
{
    if (s->repaired.count > STATEMENT_LIST_MAX)
        return err_set(e, code, "rule list-length: a list has at most %d members", STATEMENT_LIST_MAX);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->repaired.count; i++)
        rc = text_rule(s->repaired.files[i], text_tr("the name of a repaired file"), code, e);
    return rc;
}

static int recovery_rule(const struct statement_recovery *r, int code, struct err *e)
{
    if (r->share_count > CRYPT_SHARES_MAX || r->needed == 0 || r->needed > r->share_count)
        return err_set(e, code, "rule recovery-shares: 1 to %d sheets, of which 1 to all are needed", CRYPT_SHARES_MAX);
    return 0;
}

static int audited_rule(const struct statement *s, int code, struct err *e)
{
    if (s->audited.count == 0 || s->audited.count > STATEMENT_AUDITS_MAX)
        return err_set(e, code, "rule list-length: a list has at most %d members", STATEMENT_AUDITS_MAX);
    for (size_t i = 0; i < s->audited.count; i++)
        if (s->audited.audits[i].first > s->audited.audits[i].last)
            return err_set(e, code, "rule audited-packs: an audit ends before it begins");
    return 0;
}

/* What it says is held to the response by who can read that (store/stamps.c). */
static int timestamped_rule(const struct statement_timestamped *t, int code, struct err *e)
{
    struct hash made;
    if (t->response.n == 0 || t->response.n > CRYPT_STAMP_BYTES_MAX || strlen(t->chain) > CRYPT_STAMP_CHAIN_MAX ||
        strlen(t->checkpoint) > STATEMENT_CHECKPOINT_MAX || strlen(t->policy) >= CRYPT_STAMP_POLICY_MAX)
        return err_set(e, code, "rule timestamped-size: response, chain, checkpoint or policy is too long");
    crypt_sha256(t->response, &made);
    if (!hash_equal(&made, &t->sha256))
        return err_set(e, code, "rule timestamped-response: the response has another SHA-256 than is said");
    return 0;
}

/* One log, so that its checkpoints are meant and no others; the one form, so that one policy has one spelling. */
static int cosigners_rule(const struct statement *s, int code, struct err *e)
{
    OWN(mem_drop) struct policy *p = calloc(1, sizeof *p);
    OWN(buf_drop) struct buf again = {0};
    struct err mine = {0};
    if (p == NULL)
        return err_memory(e);
    int rc = text_rule(s->cosigners.policy, text_tr("the policy"), code, e);
    if (rc != 0)
        return rc;
    if (policy_parse(bytes_text(s->cosigners.policy), p, &mine) != 0)
        return mine.code == ERR_IO ? err_memory(e) : err_set(e, code, "rule cosigners-policy: %s", mine.text);
    if (p->cosigners > STATEMENT_COSIGNERS_MAX)
        return err_set(e, code, "rule cosigners-count: a policy has at most %d cosigners", STATEMENT_COSIGNERS_MAX);
    policy_text(p, &again);
    rc = buf_check(&again, e);
    if (rc == 0 && (p->logs != 1 || !bytes_equal(buf_bytes(&again), bytes_text(s->cosigners.policy))))
        rc = err_set(e, code, "rule cosigners-policy: it is not of one log, or not written in the one form");
    return rc;
}

/* Each administrator once, in the order in which they spoke. */
static int by_rule(const struct statement_by *by, int code, struct err *e)
{
    if (by->count > STATEMENT_ADMINISTRATORS_MAX)
        return err_set(e, code, "rule by-order: more approvals than administrators can be");
    for (size_t i = 0; i < by->count; i++)
        if (by->approvals[i] <= (i == 0 ? by->proposal : by->approvals[i - 1]))
            return err_set(e, code, "rule by-order: the approvals do not ascend behind their proposal");
    return 0;
}

static int act_rule(const struct statement *s, int code, struct err *e);

static int proposed_rule(const struct statement *s, int code, struct err *e)
{
    const struct statement *act = s->proposed.act;
    return statement_is_act(act->kind) ? act_rule(act, code, e)
                                       : err_set(e, code, "rule proposed-act: this is not proposed, but done");
}

static int named_rule(const struct statement *s, int code, struct err *e)
{
    if (note_name_check(s->named.member, NULL) != 0)
        return err_set(e, code, "rule named-member: this is no name of a key");
    return text_rule(s->named.text, text_tr("the member's name"), code, e);
}

/* What its lines are worth is told by the keys, which whoever knows the policy has: here its form alone. */
static int cosigned_rule(const struct statement *s, int code, struct err *e)
{
    OWN(note_drop) struct note n = {0};
    struct err mine = {0};
    if (text_rule(s->cosigned.checkpoint, text_tr("the checkpoint"), code, e) != 0)
        return code;
    int rc = note_parse(bytes_text(s->cosigned.checkpoint), &n, &mine);
    if (rc == ERR_IO)
        return err_memory(e);
    if (rc != 0 || n.lines < 2)
        return err_set(e, code, "rule cosigned-note: it is no note with the signatures of a log and of others");
    return 0;
}

static int ranges_rule(const struct statement_range *items, size_t count, int code, struct err *e)
{
    return statement_ranges_good(items, count)
               ? 0
               : err_set(e, code, "rule range-order: ranges of leaves ascend, do not touch, and are at most %d",
                         STATEMENT_RANGES_MAX);
}

static int use_rule(const struct statement_use *u, int code, struct err *e)
{
    if ((u->purpose == NULL) != (u->to == NULL) || (u->purpose == NULL && u->whom != NULL))
        return err_set(e, code, "rule use: purpose and recipient are said together");
    if (u->purpose != NULL && consent_use_find(u->purpose, u->to) == NULL)
        return err_set(e, code, "rule use: there is no \"%s\" for \"%s\"", u->purpose, u->to);
    return u->whom == NULL ? 0 : text_rule(u->whom, "--whom", code, e);
}

static int accessed_rule(const struct statement_accessed *x, int code, struct err *e)
{
    if (x->act == NULL || !statement_access_known(x->act))
        return err_set(e, code, "rule accessed-act: \"%s\" is none of shown, read, restored, exported",
                       x->act == NULL ? "" : x->act);
    if (x->item_count == 0)
        return err_set(e, code, "rule accessed-items: no item was accessed");
    int rc = ranges_rule(x->items, x->item_count, code, e);
    if (rc == 0)
        rc = use_rule(&x->use, code, e);
    return rc == 0 && x->why != NULL ? text_rule(x->why, "--why", code, e) : rc;
}

static int act_rule(const struct statement *s, int code, struct err *e)
{
    switch (s->kind) {
    case STATEMENT_RECOVERY: return recovery_rule(&s->recovery, code, e);
    case STATEMENT_COSIGNERS: return cosigners_rule(s, code, e);
    default: return 0; /* its form is all there is to it; its place is the history's */
    }
}

static int event_rule(const struct statement *s, int code, struct err *e)
{
    struct statement_event v = {0};
    (void)statement_event_get(s, &v);
    int rc = by_rule(&v.by, code, e);
    return rc == 0 ? act_rule(s, code, e) : rc;
}

static int custody_rule(const struct statement_custody *x, int code, struct err *e)
{
    const struct {
        const char *text, *what;
    } texts[] = {{x->from, "--from"}, {x->place, "--place"}, {x->to, "--to"}, {x->why, "--why"}};
    if (x->act == NULL || !statement_act_known(x->act))
        return err_set(e, code,
                       "rule custody-act: \"%s\" is no act of custody: collected, received, transferred, viewed, "
                       "exported, returned, destroyed",
                       x->act == NULL ? "" : x->act);
    if ((x->receipt == 0) == (x->item_count == 0))
        return err_set(e, code, "rule custody-items: it is about items or about one receipt");
    int rc = ranges_rule(x->items, x->item_count, code, e);
    if (rc != 0)
        return rc;
    if (x->date != NULL && !statement_date_known(x->date))
        return err_set(e, code, "rule custody-date: a date is written 2026-11-20, a time 2026-11-20T14:05 or with Z "
                                "or an offset like +09:00 behind");
    for (size_t i = 0; rc == 0 && i < COUNT(texts); i++)
        if (texts[i].text != NULL)
            rc = text_rule(texts[i].text, texts[i].what, code, e);
    return rc;
}

bool statement_answer_known(const char *answer)
{
    return answer != NULL &&
           (strcmp(answer, "approved") == 0 || strcmp(answer, "withdrawn") == 0 || strcmp(answer, "held") == 0);
}

static int leaves_rule(const struct statement_range *leaves, size_t count, int code, struct err *e)
{
    if (count == 0)
        return err_set(e, code, "rule erased-leaves: nothing is to be erased");
    int rc = ranges_rule(leaves, count, code, e);
    return rc == 0 && leaves[0].first == 0
               ? err_set(e, code, "rule erased-leaves: leaf 0 is the repository itself")
               : rc;
}

static int erasing_rule(const struct statement_erasing *x, int code, struct err *e)
{
    int rc = leaves_rule(x->leaves, x->count, code, e);
    return rc == 0 ? text_rule(x->why, "--why", code, e) : rc;
}

static int answered_rule(const struct statement_answered *x, int code, struct err *e)
{
    if (!statement_answer_known(x->answer))
        return err_set(e, code, "rule answered-answer: \"%s\" is none of approved, withdrawn, held",
                       x->answer == NULL ? "" : x->answer);
    return x->why != NULL ? text_rule(x->why, "--why", code, e) : 0;
}

/* Whoever asked for it did so before, and every leaf lies before that. */
static int erased_rule(const struct statement_erased *x, int code, struct err *e)
{
    int rc = leaves_rule(x->leaves, x->count, code, e);
    if (rc == 0)
        rc = by_rule(&x->by, code, e);
    if (rc == 0 && x->leaves[x->count - 1].last >= x->by.proposal)
        rc = err_set(e, code, "rule erased-leaves: leaves from behind the request");
    return rc == 0 && x->epoch < 2 ? err_set(e, code, "rule erased-epoch: an epoch follows another") : rc;
}

static int sealed_rule(const struct statement_sealed *p, int code, struct err *e)
{
    if (p->deposit_count == 0 || p->deposit_count > STATEMENT_DEPOSITS_MAX)
        return err_set(e, code, "rule sealed-deposits: a package draws on 1 to %d deposits", STATEMENT_DEPOSITS_MAX);
    if (p->verifier_count > STATEMENT_VERIFIERS_MAX)
        return err_set(e, code, "rule list-length: a list has at most %d members", STATEMENT_VERIFIERS_MAX);
    if (p->items == 0)
        return err_set(e, code, "rule sealed-items: a package holds at least one item");
    int rc = use_rule(&p->use, code, e);
    if (rc == 0 && (p->use.purpose == NULL) != (p->items_given_count == 0))
        rc = err_set(e, code, "rule sealed-given: with what for and to whom it is said which items went out");
    if (rc == 0)
        rc = ranges_rule(p->items_given, p->items_given_count, code, e);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < p->deposit_count; i++)
        if (p->deposits[i].count == 0 || (i > 0 && p->deposits[i].deposit <= p->deposits[i - 1].deposit))
            return err_set(e, code, "rule sealed-deposits: they ascend, and none is empty");
    for (size_t i = 0; i < p->verifier_count; i++) {
        rc = text_rule(p->verifiers[i].name, text_tr("the name of a verifier"), code, e);
        if (rc == 0 && i > 0 && strcmp(p->verifiers[i - 1].name, p->verifiers[i].name) >= 0)
            rc = err_set(e, code, "rule sealed-verifiers: they ascend by name");
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* ${code}: ERR_REFUSED when a statement is made, ERR_DAMAGED when one is read. */
static int rules(const struct statement *s, int code, struct err *e)
{
    switch (s->kind) {
    case STATEMENT_FOUNDED: return founded_rule(&s->founded, code, e);
    case STATEMENT_KEYRING: return keyring_rule(s, code, e);
    case STATEMENT_PACKS:
        return s->packs.count <= STATEMENT_LIST_MAX
                   ? 0
                   : err_set(e, code, "rule list-length: a list has at most %d members", STATEMENT_LIST_MAX);
    case STATEMENT_COVER:
        return s->cover.count > 0 ? 0 : err_set(e, code, "rule cover-count: a cover covers nothing");
    case STATEMENT_INVESTIGATION:
        return text_rule(s->investigation.name, text_tr("the investigation's name"), code, e);
    case STATEMENT_DEPOSIT: return deposit_rule(s, code, e);
    case STATEMENT_RECEIVED: return received_rule(&s->received, code, e);
    case STATEMENT_PART: return part_rule(&s->part, code, e);
    case STATEMENT_RECEIPT: return receipt_rule(&s->receipt.totals, code, e);
    case STATEMENT_NOTE: return text_rule(s->note.text, text_tr("the note"), code, e);
    case STATEMENT_SET_ASIDE: return text_rule(s->set_aside.reason, text_tr("the reason"), code, e);
    case STATEMENT_CUSTODY: return custody_rule(&s->custody, code, e);
    case STATEMENT_ACCESSED: return accessed_rule(&s->accessed, code, e);
    case STATEMENT_REPAIRED: return repaired_rule(s, code, e);
    case STATEMENT_PARITY: return parity_rule(s, code, e);
    case STATEMENT_MEMBER:
    case STATEMENT_APPROVED: return 0; /* its form is all there is to it; its place is the history's */
    case STATEMENT_RECOVERY:
    case STATEMENT_ADDED:
    case STATEMENT_ROLE:
    case STATEMENT_REVOKED:
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED:
    case STATEMENT_COSIGNERS: return event_rule(s, code, e);
    case STATEMENT_PROPOSED: return proposed_rule(s, code, e);
    case STATEMENT_NAMED: return named_rule(s, code, e);
    case STATEMENT_AUDITED: return audited_rule(s, code, e);
    case STATEMENT_COSIGNED: return cosigned_rule(s, code, e);
    case STATEMENT_TIMESTAMPED: return timestamped_rule(&s->timestamped, code, e);
    case STATEMENT_SEALED: return sealed_rule(&s->sealed, code, e);
    case STATEMENT_ERASED: return erased_rule(&s->erased, code, e);
    case STATEMENT_ERASING: return erasing_rule(&s->erasing, code, e);
    case STATEMENT_ANSWERED: return answered_rule(&s->answered, code, e);
    case STATEMENT_CONSENT:
    case STATEMENT_WITHDRAWN:
    case STATEMENT_CONCERNS:
    case STATEMENT_PROTECTED:
    case STATEMENT_HOLD:
    case STATEMENT_RELEASED: return terms_rule(s, code, e);
    case STATEMENT_IDENTITY:
    case STATEMENT_KEYHOLDER_SAID:
    case STATEMENT_IDENTITY_SEALED:
    case STATEMENT_IDENTITY_SHARES:
    case STATEMENT_IDENTITY_ACCESS: return identity_rule(s, code, e);
    }
    assert(false);
    return code;
}

int statement_make(const struct statement *s, const struct key *secret, struct buf *ret_text, struct buf *ret_values,
                   struct err *e)
{
    assert(statement_kind_known(s->kind));
    assert(statement_kind_hidden(s->kind) == (secret != NULL));
    int rc = rules(s, ERR_REFUSED, e);
    if (rc != 0)
        return err_add(e, rc, "statement \"%s\"", KIND_NAMES[s->kind]);
    buf_put_text(ret_text, HEAD);
    struct json_out j = {.to = ret_text};
    struct claims c = {.secret = secret, .values = ret_values};
    json_object_begin(&j);
    switch (s->kind) {
    case STATEMENT_FOUNDED: make_founded(s, &j); break;
    case STATEMENT_KEYRING: make_keyring(s, &j); break;
    case STATEMENT_PACKS: make_packs(s, &j); break;
    case STATEMENT_COVER: make_cover(s, &j); break;
    case STATEMENT_REPAIRED: make_repaired(s, &j); break;
    case STATEMENT_PARITY: make_parity(s, &j); break;
    case STATEMENT_MEMBER: make_member(s, &j); break;
    case STATEMENT_AUDITED: make_audited(s, &j); break;
    case STATEMENT_ADDED:
    case STATEMENT_ROLE:
    case STATEMENT_REVOKED:
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED:
    case STATEMENT_COSIGNERS:
    case STATEMENT_RECOVERY: make_act(s, &(struct act){&j, false}); break;
    case STATEMENT_PROPOSED: make_proposed(s, &j); break;
    case STATEMENT_APPROVED: make_approved(s, &j); break;
    case STATEMENT_COSIGNED: make_cosigned(s, &j); break;
    case STATEMENT_TIMESTAMPED: make_timestamped(s, &j); break;
    case STATEMENT_ERASED: make_erased(s, &j); break;
    default: make_hidden(s, &c, &j); break;
    }
    json_object_end(&j);
    buf_put_u8(ret_text, '\n');
    rc = buf_check(ret_text, e);
    if (rc == 0 && ret_values != NULL)
        rc = buf_check(ret_values, e);
    if (rc == 0 && ret_text->n + (ret_values != NULL ? ret_values->n : 0) > STATEMENT_MADE_MAX)
        return err_set(e, ERR_REFUSED, "statement \"%s\": rule statement-length: longer than %d bytes",
                       KIND_NAMES[s->kind], STATEMENT_MADE_MAX);
    return rc;
}

/* What it says in words is in its claims, of which the text has digests: no other place looks like this one. */
enum { PREV_BASE64 = (CRYPT_HASH + 2) / 3 * 4 };

void statement_follow(uint8_t *text, size_t n, const struct hash *prev)
{
    static const char key[] = "\"prev\":\"";
    uint8_t *at = memmem(text, n, key, sizeof key - 1);
    assert(at != NULL && n - (size_t)(at - text) >= sizeof key - 1 + PREV_BASE64);
    base64_put(at + sizeof key - 1, bytes_of(prev->b, CRYPT_HASH));
}

/* What a cover signs has no signature of its own. */
static int finish_unsigned(struct bytes text, struct buf *to, struct err *e)
{
    buf_put_bytes(to, text);
    buf_put_u8(to, '\n');
    return buf_check(to, e);
}

int statement_finish_by(enum statement_kind kind, struct bytes text, const struct note_key *member,
                        const struct crypt_signer *signer, struct buf *to, struct err *e)
{
    return kind == STATEMENT_RECEIVED ? finish_unsigned(text, to, e) : note_sign_by(text, member, signer, to, e);
}

int statement_finish(enum statement_kind kind, struct bytes text, const struct note_key *member,
                     const struct key *seed, struct buf *to, struct err *e)
{
    return kind == STATEMENT_RECEIVED ? finish_unsigned(text, to, e) : note_sign(text, member, seed, to, e);
}

/* ---- reading ---- */

struct statement_held {
    struct json *json, *values;
    struct buf names;      /* decoded base64 names */
    void *list[3];         /* arrays handed out */
    size_t lists;
};

static void lists_free(struct statement_held *h)
{
    while (h->lists > 0)
        free(h->list[--h->lists]);
}

void statement_held_drop(struct statement_held **held)
{
    struct statement_held *h = *held;
    if (h == NULL)
        return;
    json_free(h->json);
    json_free(h->values);
    buf_drop(&h->names);
    lists_free(h);
    free(h);
    *held = NULL;
}

/* For another statement: its memory is used again, unless that is much; false: memory is out. */
static bool held_again(struct statement_held **held)
{
    enum { KEPT_MAX = 16 << 10 };
    if (*held != NULL && (*held)->names.room > KEPT_MAX)
        statement_held_drop(held);
    if (*held == NULL)
        return (*held = calloc(1, sizeof **held)) != NULL;
    buf_clear(&(*held)->names);
    lists_free(*held);
    return true;
}

struct reading {
    struct statement_held *held;
    const struct json_node *root;
    const struct json_node *values;
    struct statement *s;
    bool proposed;  /* root is the act of a proposal */
    bool no_memory; /* a rule could not be decided */
    struct err *e;
};

static int broken(const struct reading *r, const char *rule)
{
    return r->no_memory ? err_memory(r->e) : err_set(r->e, ERR_DAMAGED, "rule %s is broken", rule);
}

static void *list_new(struct reading *r, size_t count, size_t size)
{
    assert(r->held->lists < COUNT(r->held->list));
    void *p = calloc(count > 0 ? count : 1, size);
    if (p != NULL)
        r->held->list[r->held->lists++] = p;
    return p;
}

static bool get_number(const struct reading *r, const char *key, uint64_t *ret)
{
    return json_get_u64(json_get(r->root, key), ret);
}

static bool get_fixed(const struct json_node *node, uint8_t *to, size_t n, bool hex)
{
    const char *text = json_text(node);
    if (text == NULL)
        return false;
    return (hex ? hex_get(bytes_text(text), to, n) : base64_get_exact(bytes_text(text), to, n)) == 0;
}

static bool get_hash(const struct json_node *node, struct hash *to)
{
    return get_fixed(node, to->b, CRYPT_HASH, false);
}

/*
 * Decoded names go one after another into held->names, whose size is bounded beforehand (a name is never longer than
 * its base64), so that the borrowed pointers stay where they are.
 */
static bool get_name(struct reading *r, const struct json_node *node, struct bytes *ret)
{
    static const char *const both[] = {"bytes", "text"}, *const one[] = {"text"};
    OWN(buf_drop) struct buf shown = {0};
    const char *text = json_text(json_get(node, "text"));
    bool good = false;
    if (text == NULL)
        return false;
    if (json_keys_are(node, one, 1)) {
        *ret = bytes_text(text);
        good = ret->n > 0 && shown_as_is(*ret, &shown);
    } else if (json_keys_are(node, both, 2)) {
        const char *encoded = json_text(json_get(node, "bytes"));
        size_t at = r->held->names.n, room = r->held->names.room;
        if (encoded == NULL || base64_get(bytes_text(encoded), &r->held->names) != 0)
            return false;
        assert(r->held->names.room == room);
        *ret = bytes_of(r->held->names.p + at, r->held->names.n - at);
        good = ret->n > 0 && !shown_as_is(*ret, &shown) && bytes_equal(buf_bytes(&shown), bytes_text(text));
    }
    r->no_memory = r->no_memory || shown.failed;
    return good && !shown.failed;
}

static bool get_sum(const struct json_node *totals, const char *key, struct statement_sum *ret)
{
    static const char *const keys[] = {"bytes", "files"};
    const struct json_node *n = json_get(totals, key);
    return json_keys_are(n, keys, 2) && json_get_u64(json_get(n, "bytes"), &ret->bytes) &&
           json_get_u64(json_get(n, "files"), &ret->files);
}

/* The value of the claim ${name}, or NULL. */
static const struct json_node *claim_value(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < json_count(r->values); i++) {
        const struct json_node *pair = json_at(r->values, i);
        const char *found = json_text(json_at(pair, 0));
        if (found != NULL && strcmp(found, name) == 0)
            return json_at(pair, 1);
    }
    return NULL;
}

static int keys_rule(const struct reading *r, const char *const *keys, size_t count)
{
    return json_keys_are(r->root, keys, count) ? 0 : broken(r, "fields");
}

static bool get_vkey(const struct json_node *node, struct note_key *ret)
{
    const char *text = json_text(node);
    return text != NULL && note_key_parse(bytes_text(text), ret, NULL) == 0;
}

/* Is the value just this canonical text? */
static bool is_written(const struct json_node *node, const char *canonical)
{
    OWN(buf_drop) struct buf text = {0};
    return node != NULL && json_write(node, &text) && bytes_equal(buf_bytes(&text), bytes_text(canonical));
}

static bool read_receiving(const struct json_node *list, struct statement_receiving to[2])
{
    static const char *const keys[] = {"epoch", "key"};
    if (!json_is_array(list) || json_count(list) != 2)
        return false;
    for (size_t i = 0; i < 2; i++) {
        const struct json_node *n = json_at(list, i);
        if (!json_keys_are(n, keys, 2) || !json_get_u64(json_get(n, "epoch"), &to[i].epoch) ||
            !get_fixed(json_get(n, "key"), to[i].key, CRYPT_PUBLIC, false))
            return false;
    }
    return true;
}

/* Absent in a repository without parity. */
static bool read_founded_parity(const struct json_node *n, struct statement_founded *f)
{
    static const char *const keys[] = {"files", "packs"};
    uint64_t files = 0, packs = 0;
    if (n == NULL)
        return true;
    if (!json_keys_are(n, keys, COUNT(keys)) || !json_get_u64(json_get(n, "files"), &files) ||
        !json_get_u64(json_get(n, "packs"), &packs) || files == 0 || files > UINT32_MAX || packs > UINT32_MAX)
        return false;
    f->parity_files = (uint32_t)files;
    f->parity_packs = (uint32_t)packs;
    return true;
}

static bool read_roles(const struct json_node *node)
{
    return is_written(node, "[\"administrator\",\"investigator\"]");
}

/* Left out where one is enough and nobody waits. */
static bool read_erase_policy(const struct json_node *n, struct statement_founded *f)
{
    static const char *const keys[] = {"days", "persons"};
    uint64_t days = 0, persons = 0;
    if (!json_keys_are(n, keys, COUNT(keys)) || !json_get_u64(json_get(n, "days"), &days) ||
        !json_get_u64(json_get(n, "persons"), &persons) || persons == 0 || persons > STATEMENT_ADMINISTRATORS_MAX ||
        days > STATEMENT_ERASE_DAYS_MAX || (persons == 1 && days == 0))
        return false;
    f->erase_persons = (uint32_t)persons;
    f->erase_days = (uint32_t)days;
    return true;
}

/* How many administrators must agree, of the one there is: others come later. */
static bool read_policy(const struct json_node *n, struct statement_founded *f)
{
    static const char *const keys[] = {"administrators", "of"}, *const with_erase[] = {"administrators", "erase", "of"};
    uint64_t needed = 0;
    bool erase = json_get(n, "erase") != NULL;
    if (!json_keys_are(n, erase ? with_erase : keys, erase ? COUNT(with_erase) : COUNT(keys)) ||
        (erase && !read_erase_policy(json_get(n, "erase"), f)) ||
        !json_get_u64(json_get(n, "administrators"), &needed) ||
        needed == 0 || needed > STATEMENT_ADMINISTRATORS_MAX || !is_written(json_get(n, "of"), "1"))
        return false;
    f->administrators = (uint32_t)needed;
    return true;
}

static int read_founded(struct reading *r)
{
    static const char *const plain[] = {"compartment", "format", "kind", "log", "member", "origin", "pack_sectors",
                                        "policy", "sector_bytes", "time"};
    static const char *const with_parity[] = {"compartment", "format", "kind", "log", "member", "origin",
                                              "pack_sectors", "parity", "policy", "sector_bytes", "time"};
    static const char *const member_keys[] = {"box", "key", "receiving", "roles"};
    struct statement_founded *f = &r->s->founded;
    bool parity = json_get(r->root, "parity") != NULL;
    int rc = keys_rule(r, parity ? with_parity : plain, parity ? COUNT(with_parity) : COUNT(plain));
    if (rc != 0)
        return rc;
    const struct json_node *member = json_get(r->root, "member");
    uint64_t pack = 0, sector = 0, format = 0;
    f->origin = json_text(json_get(r->root, "origin"));
    bool good = f->origin != NULL && json_keys_are(member, member_keys, COUNT(member_keys)) &&
                get_vkey(json_get(r->root, "log"), &f->log) && get_vkey(json_get(member, "key"), &f->member) &&
                get_fixed(json_get(member, "box"), f->member_box, CRYPT_PUBLIC, false) &&
                get_fixed(json_get(r->root, "compartment"), f->compartment, STATEMENT_ID, true) &&
                read_receiving(json_get(member, "receiving"), f->receiving) && get_number(r, "pack_sectors", &pack) &&
                get_number(r, "sector_bytes", &sector) && get_number(r, "format", &format) && pack <= UINT32_MAX &&
                sector <= UINT32_MAX && format <= UINT32_MAX && read_founded_parity(json_get(r->root, "parity"), f) &&
                read_roles(json_get(member, "roles")) && read_policy(json_get(r->root, "policy"), f);
    f->pack_sectors = (uint32_t)pack;
    f->sector_bytes = (uint32_t)sector;
    f->format = (uint32_t)format;
    return good ? 0 : broken(r, "founded-fields");
}

static bool read_file_hash(const struct json_node *n, struct statement_file_hash *f)
{
    static const char *const kept[] = {"bytes", "name", "sha256"}, *const gone[] = {"name", "removed"};
    f->name = json_text(json_get(n, "name"));
    f->removed = json_keys_are(n, gone, COUNT(gone)) && is_written(json_get(n, "removed"), "true");
    if (f->name == NULL)
        return false;
    return f->removed || (json_keys_are(n, kept, COUNT(kept)) && json_get_u64(json_get(n, "bytes"), &f->bytes) &&
                          get_fixed(json_get(n, "sha256"), f->sha256.b, CRYPT_HASH, true));
}

static int read_keyring(struct reading *r)
{
    static const char *const keys[] = {"files", "kind", "time"};
    const struct json_node *list = json_get(r->root, "files");
    int rc = keys_rule(r, keys, COUNT(keys));
    if (rc != 0 || !json_is_array(list) || json_count(list) > STATEMENT_LIST_MAX)
        return rc != 0 ? rc : broken(r, "keyring-files");
    size_t count = json_count(list);
    struct statement_file_hash *files = list_new(r, count, sizeof *files);
    if (files == NULL)
        return err_memory(r->e);
    for (size_t i = 0; i < count; i++)
        if (!read_file_hash(json_at(list, i), &files[i]))
            return broken(r, "keyring-files");
    r->s->keyring.files = files;
    r->s->keyring.count = count;
    return 0;
}

static bool get_bool(const struct json_node *node, bool *ret)
{
    *ret = is_written(node, "true");
    return *ret || is_written(node, "false");
}

static int read_packs(struct reading *r)
{
    static const char *const keys[] = {"kind", "packs", "time"};
    static const char *const pack_keys[] = {"pack", "root", "sealed", "sectors"};
    const struct json_node *list = json_get(r->root, "packs");
    int rc = keys_rule(r, keys, COUNT(keys));
    if (rc != 0 || !json_is_array(list) || json_count(list) > STATEMENT_LIST_MAX)
        return rc != 0 ? rc : broken(r, "packs");
    size_t count = json_count(list);
    struct statement_pack *packs = list_new(r, count, sizeof *packs);
    if (packs == NULL)
        return err_memory(r->e);
    for (size_t i = 0; i < count; i++) {
        const struct json_node *n = json_at(list, i);
        uint64_t sectors = 0;
        if (!json_keys_are(n, pack_keys, COUNT(pack_keys)) || !json_get_u64(json_get(n, "pack"), &packs[i].pack) ||
            !get_hash(json_get(n, "root"), &packs[i].root) || !get_bool(json_get(n, "sealed"), &packs[i].sealed) ||
            !json_get_u64(json_get(n, "sectors"), &sectors) || sectors > UINT32_MAX)
            return broken(r, "packs");
        packs[i].sectors = (uint32_t)sectors;
    }
    r->s->packs.packs = packs;
    r->s->packs.count = count;
    return 0;
}

static bool read_stripe(const struct json_node *n, struct statement_stripe *p)
{
    static const char *const keys[] = {"packs", "roots", "stripe", "trailer"};
    const struct json_node *roots = json_get(n, "roots");
    uint64_t packs = 0;
    if (!json_keys_are(n, keys, COUNT(keys)) || !json_get_u64(json_get(n, "packs"), &packs) || packs > UINT32_MAX ||
        !json_is_array(roots) || json_count(roots) > STATEMENT_PARITY_MAX ||
        !json_get_u64(json_get(n, "stripe"), &p->stripe) || !get_hash(json_get(n, "trailer"), &p->trailer))
        return false;
    p->packs = (uint32_t)packs;
    p->files = (uint32_t)json_count(roots);
    for (uint32_t i = 0; i < p->files; i++)
        if (!get_hash(json_at(roots, i), &p->roots[i]))
            return false;
    return true;
}

static int read_parity(struct reading *r)
{
    static const char *const keys[] = {"kind", "stripes", "time"};
    const struct json_node *list = json_get(r->root, "stripes");
    int rc = keys_rule(r, keys, COUNT(keys));
    if (rc != 0 || !json_is_array(list) || json_count(list) > STATEMENT_LIST_MAX)
        return rc != 0 ? rc : broken(r, "parity");
    size_t count = json_count(list);
    struct statement_stripe *stripes = list_new(r, count, sizeof *stripes);
    if (stripes == NULL)
        return err_memory(r->e);
    for (size_t i = 0; i < count; i++)
        if (!read_stripe(json_at(list, i), &stripes[i]))
            return broken(r, "parity");
    r->s->parity.stripes = stripes;
    r->s->parity.count = count;
    return 0;
}

static int read_cover(struct reading *r)
{
    static const char *const keys[] = {"count", "deposit", "first", "kind", "part", "root", "time"};
    struct statement_cover *c = &r->s->cover;
    int rc = keys_rule(r, keys, COUNT(keys));
    if (rc != 0)
        return rc;
    bool good = get_number(r, "count", &c->count) && get_number(r, "deposit", &c->deposit) &&
                get_number(r, "first", &c->first) && get_number(r, "part", &c->part) &&
                get_hash(json_get(r->root, "root"), &c->root);
    return good ? 0 : broken(r, "cover-fields");
}

static bool read_audit(const struct json_node *n, struct statement_audit *a)
{
    static const char *const keys[] = {"at", "findings", "first", "grade", "last", "leaves"};
    const char *grade = json_text(json_get(n, "grade"));
    a->full = grade != NULL && strcmp(grade, "full") == 0;
    return json_keys_are(n, keys, COUNT(keys)) && grade != NULL && (a->full || strcmp(grade, "keyless") == 0) &&
           json_get_u64(json_get(n, "at"), &a->at_unix_s) && json_get_u64(json_get(n, "findings"), &a->findings) &&
           json_get_u64(json_get(n, "first"), &a->first) && json_get_u64(json_get(n, "last"), &a->last) &&
           json_get_u64(json_get(n, "leaves"), &a->leaves);
}

static int read_audited(struct reading *r)
{
    static const char *const keys[] = {"audits", "kind", "time"};
    const struct json_node *list = json_get(r->root, "audits");
    int rc = keys_rule(r, keys, COUNT(keys));
    if (rc != 0 || !json_is_array(list) || json_count(list) > STATEMENT_AUDITS_MAX)
        return rc != 0 ? rc : broken(r, "audited-audits");
    size_t count = json_count(list);
    struct statement_audit *audits = list_new(r, count, sizeof *audits);
    if (audits == NULL)
        return err_memory(r->e);
    for (size_t i = 0; i < count; i++)
        if (!read_audit(json_at(list, i), &audits[i]))
            return broken(r, "audited-audits");
    r->s->audited.audits = audits;
    r->s->audited.count = count;
    return 0;
}

/* Bytes in base64, kept as the decoded names are (get_name). */
static bool get_base64(struct reading *r, const struct json_node *node, struct bytes *ret)
{
    const char *text = json_text(node);
    size_t at = r->held->names.n, room = r->held->names.room;
    if (text == NULL || base64_get(bytes_text(text), &r->held->names) != 0)
        return false;
    assert(r->held->names.room == room);
    *ret = bytes_of(r->held->names.p + at, r->held->names.n - at);
    return true;
}

static bool get_hex_hash(const struct json_node *node, struct hash *to)
{
    return get_fixed(node, to->b, CRYPT_HASH, true);
}

static int read_timestamped(struct reading *r)
{
    static const char *const keys[] = {"accuracy", "authority", "chain", "checkpoint", "kind", "leaves", "pinned",
                                       "policy", "response", "root", "sha256", "stamped", "time"};
    struct statement_timestamped *t = &r->s->timestamped;
    int rc = keys_rule(r, keys, COUNT(keys));
    if (rc != 0)
        return rc;
    t->chain = json_text(json_get(r->root, "chain"));
    t->checkpoint = json_text(json_get(r->root, "checkpoint"));
    t->policy = json_text(json_get(r->root, "policy"));
    bool good = t->chain != NULL && t->checkpoint != NULL && t->policy != NULL &&
                get_number(r, "accuracy", &t->accuracy_us) &&
                get_hex_hash(json_get(r->root, "authority"), &t->authority) && get_number(r, "leaves", &t->leaves) &&
                get_hex_hash(json_get(r->root, "pinned"), &t->pinned) &&
                get_base64(r, json_get(r->root, "response"), &t->response) &&
                get_hash(json_get(r->root, "root"), &t->root) &&
                get_hex_hash(json_get(r->root, "sha256"), &t->sha256) &&
                json_get_i64(json_get(r->root, "stamped"), &t->stamped_unix_s);
    return good ? 0 : broken(r, "timestamped-fields");
}

static int read_repaired(struct reading *r)
{
    static const char *const keys[] = {"files", "kind", "time"};
    const struct json_node *list = json_get(r->root, "files");
    int rc = keys_rule(r, keys, COUNT(keys));
    if (rc != 0 || !json_is_array(list) || json_count(list) > STATEMENT_LIST_MAX)
        return rc != 0 ? rc : broken(r, "repaired-files");
    size_t count = json_count(list);
    const char **files = list_new(r, count, sizeof *files);
    if (files == NULL)
        return err_memory(r->e);
    for (size_t i = 0; i < count; i++)
        if ((files[i] = json_text(json_at(list, i))) == NULL)
            return broken(r, "repaired-files");
    r->s->repaired.files = files;
    r->s->repaired.count = count;
    return 0;
}

static bool read_by(const struct json_node *n, struct statement_by *by)
{
    static const char *const keys[] = {"approvals", "proposal"};
    const struct json_node *list = json_get(n, "approvals");
    by->said = n != NULL;
    if (n == NULL)
        return true;
    if (!json_keys_are(n, keys, COUNT(keys)) || !json_get_u64(json_get(n, "proposal"), &by->proposal) ||
        !json_is_array(list) || json_count(list) > STATEMENT_ADMINISTRATORS_MAX)
        return false;
    by->count = json_count(list);
    for (size_t i = 0; i < by->count; i++)
        if (!json_get_u64(json_at(list, i), &by->approvals[i]))
            return false;
    return true;
}

/* A proposed act has no place yet. */
static bool read_event(const struct reading *r, struct statement_event *v)
{
    return r->proposed || (get_number(r, "number", &v->number) && get_hash(json_get(r->root, "prev"), &v->prev) &&
                           read_by(json_get(r->root, "by"), &v->by));
}

/* Fields of a key event: inside a proposal without those of its place; those in ${may} only where they are said. */
static int event_keys_rule(const struct reading *r, const char *const *keys, size_t count, const char *const *may)
{
    static const char *const of_place[] = {"by", "log", "number", "prev", "time"};
    const char *wanted[20];
    size_t n = 0;
    assert(count <= COUNT(wanted));
    for (size_t i = 0; i < count; i++) {
        bool skip = false;
        for (size_t k = 0; r->proposed && k < COUNT(of_place); k++)
            skip = skip || strcmp(keys[i], of_place[k]) == 0;
        for (size_t k = 0; may[k] != NULL; k++)
            skip = skip || (strcmp(keys[i], may[k]) == 0 && json_get(r->root, may[k]) == NULL);
        if (!skip)
            wanted[n++] = keys[i];
    }
    return keys_rule(r, wanted, n);
}

static const char *const MAY_BY[] = {"by", NULL};

static int read_recovery(struct reading *r)
{
    static const char *const keys[] = {"by", "compartment", "epoch", "key", "kind", "leaves", "needed", "number",
                                       "prev", "receiving", "root", "set", "shares", "time"};
    struct statement_recovery *x = &r->s->recovery;
    const struct json_node *list = json_get(r->root, "shares");
    uint64_t needed = 0;
    int rc = event_keys_rule(r, keys, COUNT(keys), MAY_BY);
    if (rc != 0)
        return rc;
    bool good = get_fixed(json_get(r->root, "compartment"), x->compartment, STATEMENT_ID, true) &&
                get_number(r, "epoch", &x->epoch) && get_vkey(json_get(r->root, "key"), &x->key) &&
                get_number(r, "leaves", &x->leaves) && get_number(r, "needed", &needed) && needed <= UINT32_MAX &&
                read_event(r, &x->event) &&
                get_fixed(json_get(r->root, "receiving"), x->receiving, CRYPT_PUBLIC, false) &&
                get_hash(json_get(r->root, "root"), &x->root) &&
                get_fixed(json_get(r->root, "set"), x->set, STATEMENT_ID, true) && json_is_array(list) &&
                json_count(list) <= CRYPT_SHARES_MAX;
    if (!good)
        return broken(r, "recovery-fields");
    x->needed = (uint32_t)needed;
    x->share_count = json_count(list);
    struct hash *shares = list_new(r, x->share_count, sizeof *shares);
    if (shares == NULL)
        return err_memory(r->e);
    for (size_t i = 0; i < x->share_count; i++)
        if (!get_hash(json_at(list, i), &shares[i]))
            return broken(r, "recovery-shares");
    x->shares = shares;
    return 0;
}

static int read_member(struct reading *r)
{
    static const char *const keys[] = {"box", "key", "kind", "number", "prev", "receiving", "replaces", "roles", "set",
                                       "time"};
    static const char *const may[] = {"replaces", NULL};
    struct statement_member *m = &r->s->member;
    int rc = event_keys_rule(r, keys, COUNT(keys), may);
    if (rc != 0)
        return rc;
    const struct json_node *replaces = json_get(r->root, "replaces");
    m->replaces = json_text(replaces);
    bool good = get_fixed(json_get(r->root, "box"), m->box, CRYPT_PUBLIC, false) &&
                get_vkey(json_get(r->root, "key"), &m->key) && read_event(r, &m->event) &&
                read_receiving(json_get(r->root, "receiving"), m->receiving) &&
                read_roles(json_get(r->root, "roles")) && (replaces == NULL) == (m->replaces == NULL) &&
                get_fixed(json_get(r->root, "set"), m->set, STATEMENT_ID, true);
    return good ? 0 : broken(r, "member-fields");
}

static int read_added(struct reading *r)
{
    static const char *const keys[] = {"box", "by", "key", "kind", "number", "prev", "receiving", "role", "time"};
    struct statement_added *x = &r->s->added;
    int rc = event_keys_rule(r, keys, COUNT(keys), MAY_BY);
    if (rc != 0)
        return rc;
    bool good = get_fixed(json_get(r->root, "box"), x->box, CRYPT_PUBLIC, false) &&
                get_vkey(json_get(r->root, "key"), &x->key) && read_event(r, &x->event) &&
                read_receiving(json_get(r->root, "receiving"), x->receiving) &&
                statement_role_find(json_text(json_get(r->root, "role")), &x->role);
    return good ? 0 : broken(r, "added-fields");
}

static bool read_log(const struct reading *r, bool *ret_known, struct note_key *ret)
{
    const struct json_node *n = json_get(r->root, "log");
    *ret_known = n != NULL;
    return n == NULL || get_vkey(n, ret);
}

static int read_role(struct reading *r)
{
    static const char *const keys[] = {"by", "kind", "log", "name", "number", "prev", "role", "time"};
    static const char *const may[] = {"by", "log", NULL};
    struct statement_role_said *x = &r->s->role;
    int rc = event_keys_rule(r, keys, COUNT(keys), may);
    if (rc != 0)
        return rc;
    x->name = json_text(json_get(r->root, "name"));
    bool good = x->name != NULL && read_event(r, &x->event) && read_log(r, &x->log_known, &x->log) &&
                statement_role_find(json_text(json_get(r->root, "role")), &x->role);
    return good ? 0 : broken(r, "role-fields");
}

static int read_revoked(struct reading *r)
{
    static const char *const keys[] = {"by",   "doubtful", "kind",   "log", "name", "number",
                                       "prev", "reason",   "time"};
    static const char *const may[] = {"by", "doubtful", "log", NULL};
    struct statement_revoked *x = &r->s->revoked;
    int rc = event_keys_rule(r, keys, COUNT(keys), may);
    if (rc != 0)
        return rc;
    x->name = json_text(json_get(r->root, "name"));
    x->doubted = json_get(r->root, "doubtful") != NULL;
    bool good = x->name != NULL && read_event(r, &x->event) && read_log(r, &x->log_known, &x->log) &&
                (!x->doubted || get_number(r, "doubtful", &x->doubtful_from)) &&
                statement_leaving_find(json_text(json_get(r->root, "reason")), &x->reason);
    return good ? 0 : broken(r, "revoked-fields");
}

static int read_cosigners(struct reading *r)
{
    static const char *const keys[] = {"by", "kind", "number", "policy", "prev", "time"};
    struct statement_cosigners *c = &r->s->cosigners;
    int rc = event_keys_rule(r, keys, COUNT(keys), MAY_BY);
    if (rc != 0)
        return rc;
    c->policy = json_text(json_get(r->root, "policy"));
    return c->policy != NULL && read_event(r, &c->event) ? 0 : broken(r, "cosigners-fields");
}

static int read_compartment(struct reading *r)
{
    static const char *const made[] = {"by", "compartment", "kind", "number", "prev", "time"};
    static const char *const granted[] = {"by", "compartment", "kind", "number", "prev", "time", "to"};
    static const char *const ungranted[] = {"by", "compartment", "from", "kind", "number", "prev", "time"};
    struct statement_compartment *x = &r->s->compartment;
    bool is_new = r->s->kind == STATEMENT_COMPARTMENT;
    int rc = is_new                              ? event_keys_rule(r, made, COUNT(made), MAY_BY)
             : r->s->kind == STATEMENT_GRANTED ? event_keys_rule(r, granted, COUNT(granted), MAY_BY)
                                               : event_keys_rule(r, ungranted, COUNT(ungranted), MAY_BY);
    if (rc != 0)
        return rc;
    x->name = json_text(json_get(r->root, r->s->kind == STATEMENT_GRANTED ? "to" : "from"));
    bool good = get_fixed(json_get(r->root, "compartment"), x->compartment, STATEMENT_ID, true) &&
                read_event(r, &x->event) && is_new == (x->name == NULL);
    return good ? 0 : broken(r, "compartment-fields");
}

static int read_act(struct reading *r)
{
    switch (r->s->kind) {
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED: return read_compartment(r);
    case STATEMENT_ADDED: return read_added(r);
    case STATEMENT_ROLE: return read_role(r);
    case STATEMENT_REVOKED: return read_revoked(r);
    case STATEMENT_COSIGNERS: return read_cosigners(r);
    case STATEMENT_RECOVERY: return read_recovery(r);
    default: return broken(r, "proposed-act");
    }
}

static int kind_of(struct reading *r);

static int read_proposed(struct reading *r)
{
    static const char *const keys[] = {"act", "kind", "number", "prev", "time"};
    int rc = keys_rule(r, keys, COUNT(keys));
    if (rc != 0)
        return rc;
    if (!read_event(r, &r->s->proposed.event) || r->s->proposed.event.by.said)
        return broken(r, "proposed-fields");
    struct statement *act = list_new(r, 1, sizeof *act);
    if (act == NULL)
        return err_memory(r->e);
    r->s->proposed.act = act;
    struct reading inner = *r;
    inner.root = json_get(r->root, "act");
    inner.s = act;
    inner.proposed = true;
    return json_is_object(inner.root) && kind_of(&inner) == 0 ? read_act(&inner) : broken(r, "proposed-act");
}

static int read_approved(struct reading *r)
{
    static const char *const keys[] = {"commitment", "kind", "number", "prev", "proposal", "time"};
    struct statement_approved *x = &r->s->approved;
    int rc = keys_rule(r, keys, COUNT(keys));
    if (rc != 0)
        return rc;
    bool good = get_hash(json_get(r->root, "commitment"), &x->commitment) && read_event(r, &x->event) &&
                get_number(r, "proposal", &x->proposal);
    return good ? 0 : broken(r, "approved-fields");
}

static int read_cosigned(struct reading *r)
{
    static const char *const keys[] = {"checkpoint", "kind", "time"};
    int rc = keys_rule(r, keys, COUNT(keys));
    if (rc != 0)
        return rc;
    r->s->cosigned.checkpoint = json_text(json_get(r->root, "checkpoint"));
    return r->s->cosigned.checkpoint != NULL ? 0 : broken(r, "cosigned-fields");
}

static bool read_mtime(const struct json_node *n, struct statement_time *t)
{
    uint64_t ns = 0;
    if (!json_is_array(n) || json_count(n) != 2 || !json_get_i64(json_at(n, 0), &t->s) ||
        !json_get_u64(json_at(n, 1), &ns) || ns > 999999999)
        return false;
    t->ns = (uint32_t)ns;
    return true;
}

static bool read_file_claim(struct reading *r, const struct json_node *n)
{
    static const char *const plain[] = {"mode", "mtime", "type"}, *const link[] = {"mode", "mtime", "target", "type"};
    struct statement_received *x = &r->s->received;
    uint64_t mode = 0;
    const char *type = json_text(json_get(n, "type"));
    if (type == NULL || !json_get_u64(json_get(n, "mode"), &mode) || mode > 07777 ||
        !read_mtime(json_get(n, "mtime"), &x->mtime))
        return false;
    x->mode = (uint32_t)mode;
    for (unsigned i = 0; i < COUNT(TYPE_NAMES); i++)
        if (strcmp(type, TYPE_NAMES[i]) == 0) {
            x->type = (enum statement_type)i;
            return x->type == STATEMENT_LINK
                       ? json_keys_are(n, link, COUNT(link)) && get_name(r, json_get(n, "target"), &x->target)
                       : json_keys_are(n, plain, COUNT(plain));
        }
    return false;
}

static int read_received(struct reading *r)
{
    static const char *const item[] = {"claims", "deposit", "kind", "seq"};
    static const char *const name[] = {"claims", "deposit", "kind", "of", "seq"};
    static const char *const object_keys[] = {"bytes", "sha256"};
    struct statement_received *x = &r->s->received;
    x->further_name = json_keys_are(r->root, name, COUNT(name));
    if (!x->further_name && !json_keys_are(r->root, item, COUNT(item)))
        return broken(r, "fields");
    bool good = get_number(r, "deposit", &x->deposit) && get_number(r, "seq", &x->seq) &&
                get_name(r, claim_value(r, "name"), &x->path);
    if (good && x->further_name)
        good = get_number(r, "of", &x->of) && json_count(r->values) == 1;
    else if (good) {
        good = read_file_claim(r, claim_value(r, "file"));
        const struct json_node *object = claim_value(r, "object");
        if (good && x->type == STATEMENT_FILE)
            good = json_keys_are(object, object_keys, 2) && json_get_u64(json_get(object, "bytes"), &x->bytes) &&
                   get_fixed(json_get(object, "sha256"), x->sha256.b, CRYPT_HASH, true);
        good = good && json_count(r->values) == (x->type == STATEMENT_FILE ? 3 : 2);
    }
    return good ? 0 : broken(r, "received-claims");
}

static bool get_ranges(const struct json_node *n, struct statement_range *to)
{
    for (size_t i = 0; i < json_count(n); i++) {
        const struct json_node *pair = json_at(n, i);
        if (!json_is_array(pair) || json_count(pair) != 2 || !json_get_u64(json_at(pair, 0), &to[i].first) ||
            !json_get_u64(json_at(pair, 1), &to[i].last))
            return false;
    }
    return true;
}

static int read_part(struct reading *r)
{
    static const char *const refused_keys[] = {"bytes", "name", "reason"};
    struct statement_part *p = &r->s->part;
    const struct json_node *already = claim_value(r, "already"), *refused = claim_value(r, "refused");
    if (!get_number(r, "deposit", &p->deposit) || !get_number(r, "part", &p->part) || !json_is_array(already) ||
        !json_is_array(refused) || json_count(already) > STATEMENT_LIST_MAX ||
        json_count(refused) > STATEMENT_LIST_MAX || json_count(r->values) != 2)
        return broken(r, "part-claims");
    p->already_count = json_count(already);
    p->refused_count = json_count(refused);
    p->already = list_new(r, p->already_count, sizeof *p->already);
    p->refused = list_new(r, p->refused_count, sizeof *p->refused);
    if (p->already == NULL || p->refused == NULL)
        return err_memory(r->e);
    if (!get_ranges(already, p->already))
        return broken(r, "part-already");
    for (size_t i = 0; i < p->refused_count; i++) {
        const struct json_node *n = json_at(refused, i);
        p->refused[i].reason = json_text(json_get(n, "reason"));
        if (!json_keys_are(n, refused_keys, COUNT(refused_keys)) || p->refused[i].reason == NULL ||
            !json_get_u64(json_get(n, "bytes"), &p->refused[i].bytes) ||
            !get_name(r, json_get(n, "name"), &p->refused[i].path))
            return broken(r, "part-refused");
    }
    return 0;
}

static int read_receipt(struct reading *r)
{
    static const char *const keys[] = {"already", "duplicate", "folders_already", "folders_taken",
                                       "names",   "refused",   "seen",            "taken"};
    struct statement_receipt *x = &r->s->receipt;
    struct statement_totals *t = &x->totals;
    const struct json_node *n = claim_value(r, "totals");
    bool good = json_keys_are(n, keys, COUNT(keys)) && get_number(r, "deposit", &x->deposit) &&
                get_number(r, "number", &x->number) && get_number(r, "parts", &x->parts) &&
                get_sum(n, "already", &t->already) && get_sum(n, "duplicate", &t->duplicate) &&
                get_sum(n, "names", &t->names) && get_sum(n, "refused", &t->refused) && get_sum(n, "seen", &t->seen) &&
                get_sum(n, "taken", &t->taken) && json_get_u64(json_get(n, "folders_taken"), &t->folders_taken) &&
                json_get_u64(json_get(n, "folders_already"), &t->folders_already) && json_count(r->values) == 1;
    return good ? 0 : broken(r, "receipt-claims");
}

static bool read_sealed_deposit(const struct json_node *n, struct statement_sealed_deposit *d)
{
    static const char *const keys[] = {"count", "deposit", "head"};
    return json_keys_are(n, keys, COUNT(keys)) && json_get_u64(json_get(n, "count"), &d->count) &&
           json_get_u64(json_get(n, "deposit"), &d->deposit) && get_hash(json_get(n, "head"), &d->head);
}

static bool read_verifier(const struct json_node *n, struct statement_verifier *v)
{
    static const char *const keys[] = {"name", "sha256"};
    v->name = json_text(json_get(n, "name"));
    return v->name != NULL && json_keys_are(n, keys, COUNT(keys)) && get_hex_hash(json_get(n, "sha256"), &v->sha256);
}

static int read_sealed_lists(struct reading *r, const struct json_node *deposits, const struct json_node *verifiers)
{
    struct statement_sealed *p = &r->s->sealed;
    if (!json_is_array(deposits) || json_count(deposits) > STATEMENT_DEPOSITS_MAX || !json_is_array(verifiers) ||
        json_count(verifiers) > STATEMENT_VERIFIERS_MAX)
        return broken(r, "sealed-lists");
    p->deposit_count = json_count(deposits);
    p->verifier_count = json_count(verifiers);
    p->deposits = list_new(r, p->deposit_count, sizeof *p->deposits);
    p->verifiers = list_new(r, p->verifier_count, sizeof *p->verifiers);
    if (p->deposits == NULL || p->verifiers == NULL)
        return err_memory(r->e);
    for (size_t i = 0; i < p->deposit_count; i++)
        if (!read_sealed_deposit(json_at(deposits, i), &p->deposits[i]))
            return broken(r, "sealed-deposits");
    for (size_t i = 0; i < p->verifier_count; i++)
        if (!read_verifier(json_at(verifiers, i), &p->verifiers[i]))
            return broken(r, "sealed-verifiers");
    return 0;
}

static int read_deposit(struct reading *r)
{
    const struct json_node *giver = claim_value(r, "giver"), *note = claim_value(r, "note");
    const struct json_node *paths = claim_value(r, "paths");
    size_t claims = 1u + (giver != NULL) + (note != NULL);
    r->s->deposit.giver = json_text(giver);
    r->s->deposit.note = json_text(note);
    if ((giver != NULL && r->s->deposit.giver == NULL) || (note != NULL && r->s->deposit.note == NULL) ||
        !json_is_array(paths) || json_count(paths) > STATEMENT_LIST_MAX || json_count(r->values) != claims)
        return broken(r, "deposit-claims");
    size_t count = json_count(paths);
    struct bytes *list = list_new(r, count, sizeof *list);
    if (list == NULL)
        return err_memory(r->e);
    for (size_t i = 0; i < count; i++)
        if (!get_name(r, json_at(paths, i), &list[i]))
            return broken(r, "deposit-paths");
    r->s->deposit.paths = list;
    r->s->deposit.path_count = count;
    return 0;
}

static int read_ranges(struct reading *r, const struct json_node *n, struct statement_range **ret, size_t *ret_count)
{
    size_t count = json_count(n);
    if (!json_is_array(n) || count == 0 || count > STATEMENT_RANGES_MAX)
        return broken(r, "items");
    struct statement_range *list = list_new(r, count, sizeof *list);
    if (list == NULL)
        return err_memory(r->e);
    if (!get_ranges(n, list))
        return broken(r, "items");
    *ret = list;
    *ret_count = count;
    return 0;
}

static int read_items(struct reading *r, struct statement_range **ret, size_t *ret_count)
{
    return read_ranges(r, json_get(r->root, "items"), ret, ret_count);
}

static int read_erased(struct reading *r)
{
    static const char *const keys[] = {"by", "compartment", "epoch", "kind", "leaves", "time"};
    struct statement_erased *x = &r->s->erased;
    int rc = keys_rule(r, keys, COUNT(keys));
    if (rc != 0)
        return rc;
    bool good = read_by(json_get(r->root, "by"), &x->by) &&
                get_fixed(json_get(r->root, "compartment"), x->compartment, STATEMENT_ID, true) &&
                get_number(r, "epoch", &x->epoch);
    return good ? read_ranges(r, json_get(r->root, "leaves"), &x->leaves, &x->count) : broken(r, "erased-fields");
}

static int read_erasing(struct reading *r)
{
    struct statement_erasing *x = &r->s->erasing;
    x->why = json_text(claim_value(r, "why"));
    if (x->why == NULL || json_count(r->values) != 1)
        return broken(r, "erasing-claims");
    return read_ranges(r, json_get(r->root, "leaves"), &x->leaves, &x->count);
}

/* A claim that need not be there; *count grows when it is.  false: it is there, and no text. */
static bool get_claim_text(struct reading *r, const char *claim, const char **ret, size_t *count)
{
    const struct json_node *n = claim_value(r, claim);
    *ret = json_text(n);
    *count += n != NULL;
    return (n == NULL) == (*ret == NULL);
}

static bool get_use(struct reading *r, struct statement_use *u, size_t *count)
{
    return get_claim_text(r, "for", &u->purpose, count) && get_claim_text(r, "to", &u->to, count) &&
           get_claim_text(r, "whom", &u->whom, count);
}

static bool read_refers(struct reading *r, struct statement_custody *x)
{
    static const char *const keys[] = {"commitment", "leaf"};
    const struct json_node *n = json_get(r->root, "refers");
    x->refers = n != NULL;
    return n == NULL || (json_keys_are(n, keys, COUNT(keys)) && json_get_u64(json_get(n, "leaf"), &x->refers_leaf) &&
                         get_hash(json_get(n, "commitment"), &x->refers_commitment));
}

static int read_custody(struct reading *r)
{
    struct statement_custody *x = &r->s->custody;
    size_t count = 0;
    bool good = get_claim_text(r, "act", &x->act, &count) && get_claim_text(r, "date", &x->date, &count) &&
                get_claim_text(r, "from", &x->from, &count) && get_claim_text(r, "place", &x->place, &count) &&
                get_claim_text(r, "to", &x->to, &count) && get_claim_text(r, "why", &x->why, &count) &&
                json_count(r->values) == count && read_refers(r, x);
    if (!good)
        return broken(r, "custody-claims");
    if (json_get(r->root, "receipt") == NULL)
        return read_items(r, &x->items, &x->item_count);
    return get_number(r, "receipt", &x->receipt) ? 0 : broken(r, "custody-receipt");
}

static int read_accessed(struct reading *r)
{
    struct statement_accessed *x = &r->s->accessed;
    size_t count = 0;
    bool good = get_claim_text(r, "act", &x->act, &count) && get_use(r, &x->use, &count) &&
                get_claim_text(r, "why", &x->why, &count) && json_count(r->values) == count;
    return good ? read_items(r, &x->items, &x->item_count) : broken(r, "accessed-claims");
}

static int read_answered(struct reading *r)
{
    static const char *const keys[] = {"commitment", "leaf"};
    struct statement_answered *x = &r->s->answered;
    const struct json_node *n = json_get(r->root, "request");
    size_t count = 0;
    bool good = get_claim_text(r, "answer", &x->answer, &count) && get_claim_text(r, "why", &x->why, &count) &&
                json_count(r->values) == count;
    if (!good)
        return broken(r, "answered-claims");
    good = json_keys_are(n, keys, COUNT(keys)) && json_get_u64(json_get(n, "leaf"), &x->request) &&
           get_hash(json_get(n, "commitment"), &x->commitment);
    return good ? 0 : broken(r, "answered-request");
}

static int read_sealed(struct reading *r)
{
    static const char *const keys[] = {"checkpoint", "deposits",    "events",    "items",
                                       "tagmanifest", "verifiers", "withheld"};
    static const char *const checkpoint_keys[] = {"leaves", "root"}, *const event_keys[] = {"head", "number"};
    struct statement_sealed *p = &r->s->sealed;
    const struct json_node *n = claim_value(r, "package"), *given = claim_value(r, "items");
    size_t count = 1u + (given != NULL);
    const struct json_node *checkpoint = json_get(n, "checkpoint"), *events = json_get(n, "events");
    bool good = json_keys_are(n, keys, COUNT(keys)) && get_use(r, &p->use, &count) &&
                json_count(r->values) == count && json_keys_are(checkpoint, checkpoint_keys, 2) &&
                json_keys_are(events, event_keys, 2) &&
                json_get_u64(json_get(checkpoint, "leaves"), &p->leaves) &&
                get_hash(json_get(checkpoint, "root"), &p->root) &&
                json_get_u64(json_get(events, "number"), &p->events) && get_hash(json_get(events, "head"), &p->event) &&
                json_get_u64(json_get(n, "items"), &p->items) && json_get_u64(json_get(n, "withheld"), &p->withheld) &&
                get_hex_hash(json_get(n, "tagmanifest"), &p->tagmanifest);
    if (!good)
        return broken(r, "sealed-claim");
    int rc = read_sealed_lists(r, json_get(n, "deposits"), json_get(n, "verifiers"));
    return rc == 0 && given != NULL ? read_ranges(r, given, &p->items_given, &p->items_given_count) : rc;
}

static int read_claim_text(struct reading *r, const char *claim, const char **ret)
{
    *ret = json_text(claim_value(r, claim));
    return *ret != NULL && json_count(r->values) == 1 ? 0 : broken(r, claim);
}

static int read_named(struct reading *r)
{
    r->s->named.member = json_text(claim_value(r, "member"));
    r->s->named.text = json_text(claim_value(r, "text"));
    bool good = r->s->named.member != NULL && r->s->named.text != NULL && json_count(r->values) == 2;
    return good ? 0 : broken(r, "named-claims");
}

static void *list_room(void *context, size_t count, size_t size)
{
    return list_new(context, count, size);
}

static int read_terms(struct reading *r)
{
    const struct json_node *value = claim_value(r, KIND_NAMES[r->s->kind]);
    if (value == NULL || json_count(r->values) != 1)
        return broken(r, "terms-claims");
    int rc = terms_get(value, &(struct terms_reading){list_room, r}, r->s, r->e);
    return rc == ERR_DAMAGED ? broken(r, "terms-form") : rc;
}

static int read_identity(struct reading *r)
{
    const struct json_node *value = claim_value(r, KIND_NAMES[r->s->kind]);
    if (value == NULL || json_count(r->values) != 1)
        return broken(r, "identity-claims");
    int rc = identity_get(value, &(struct identity_reading){list_room, r}, r->s, r->e);
    return rc == ERR_DAMAGED ? broken(r, "identity-form") : rc;
}

static int custody_fields(struct reading *r)
{
    const char *keys[8] = {"claims", "investigation"};
    size_t n = 2;
    bool receipt = json_get(r->root, "receipt") != NULL;
    if (!receipt)
        keys[n++] = "items";
    keys[n++] = "kind";
    keys[n++] = "prev";
    if (receipt)
        keys[n++] = "receipt";
    if (json_get(r->root, "refers") != NULL)
        keys[n++] = "refers";
    keys[n++] = "seq";
    keys[n++] = "time";
    return keys_rule(r, keys, n);
}

/* What waited stood alone: it is numbered nowhere. */
static int waited_fields(struct reading *r)
{
    static const char *const waited[] = {"claims", "kind", "time", "waited"};
    struct statement_place *place = &r->s->place;
    int rc = keys_rule(r, waited, COUNT(waited));
    if (rc != 0)
        return rc;
    *place = (struct statement_place){.waited = true};
    return get_fixed(json_get(r->root, "waited"), place->investigation, STATEMENT_ID, true) ? 0 : broken(r, "place");
}

static int hidden_fields(struct reading *r)
{
    static const char *const part[] = {"claims", "deposit", "investigation", "kind", "part", "prev", "seq", "time"};
    static const char *const receipt[] = {"claims", "deposit", "investigation", "kind", "number",
                                          "parts",  "prev",    "seq",           "time"};
    static const char *const aside[] = {"claims", "investigation", "kind", "prev", "receipt", "seq", "time"};
    static const char *const plain[] = {"claims", "investigation", "kind", "prev", "seq", "time"};
    static const char *const accessed[] = {"claims", "device", "items", "kind", "prev", "seq", "time"};
    static const char *const erasing[] = {"claims", "investigation", "kind", "leaves", "prev", "seq", "time"};
    static const char *const answered[] = {"claims", "investigation", "kind", "prev", "request", "seq", "time"};
    struct statement *s = r->s;
    if (terms_words(s) != NULL && json_get(r->root, "waited") != NULL)
        return waited_fields(r);
    int rc = s->kind == STATEMENT_PART        ? keys_rule(r, part, COUNT(part))
             : s->kind == STATEMENT_RECEIPT   ? keys_rule(r, receipt, COUNT(receipt))
             : s->kind == STATEMENT_SET_ASIDE ? keys_rule(r, aside, COUNT(aside))
             : s->kind == STATEMENT_CUSTODY   ? custody_fields(r)
             : s->kind == STATEMENT_ACCESSED  ? keys_rule(r, accessed, COUNT(accessed))
             : s->kind == STATEMENT_ERASING   ? keys_rule(r, erasing, COUNT(erasing))
             : s->kind == STATEMENT_ANSWERED  ? keys_rule(r, answered, COUNT(answered))
                                              : keys_rule(r, plain, COUNT(plain));
    if (rc != 0)
        return rc;
    const char *chain = s->kind == STATEMENT_ACCESSED ? "device" : "investigation";
    bool good = get_fixed(json_get(r->root, chain), s->place.investigation, STATEMENT_ID, true) &&
                get_number(r, "seq", &s->place.seq) && get_hash(json_get(r->root, "prev"), &s->place.prev);
    return good ? 0 : broken(r, "place");
}

static int read_kind(struct reading *r)
{
    struct statement *s = r->s;
    if (s->kind != STATEMENT_RECEIVED && !json_get_i64(json_get(r->root, "time"), &s->at_unix_s))
        return broken(r, "time");
    if (statement_kind_hidden(s->kind) && s->kind != STATEMENT_RECEIVED) {
        int rc = hidden_fields(r);
        if (rc != 0)
            return rc;
    }
    switch (s->kind) {
    case STATEMENT_FOUNDED: return read_founded(r);
    case STATEMENT_KEYRING: return read_keyring(r);
    case STATEMENT_PACKS: return read_packs(r);
    case STATEMENT_COVER: return read_cover(r);
    case STATEMENT_REPAIRED: return read_repaired(r);
    case STATEMENT_PARITY: return read_parity(r);
    case STATEMENT_MEMBER: return read_member(r);
    case STATEMENT_AUDITED: return read_audited(r);
    case STATEMENT_RECOVERY:
    case STATEMENT_ADDED:
    case STATEMENT_ROLE:
    case STATEMENT_REVOKED:
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED:
    case STATEMENT_COSIGNERS: return read_act(r);
    case STATEMENT_PROPOSED: return read_proposed(r);
    case STATEMENT_APPROVED: return read_approved(r);
    case STATEMENT_NAMED: return read_named(r);
    case STATEMENT_COSIGNED: return read_cosigned(r);
    case STATEMENT_TIMESTAMPED: return read_timestamped(r);
    case STATEMENT_RECEIVED: return read_received(r);
    case STATEMENT_PART: return read_part(r);
    case STATEMENT_RECEIPT: return read_receipt(r);
    case STATEMENT_DEPOSIT: return read_deposit(r);
    case STATEMENT_INVESTIGATION: return read_claim_text(r, "name", &s->investigation.name);
    case STATEMENT_NOTE: return read_claim_text(r, "text", &s->note.text);
    case STATEMENT_CUSTODY: return read_custody(r);
    case STATEMENT_ACCESSED: return read_accessed(r);
    case STATEMENT_SET_ASIDE:
        if (!get_number(r, "receipt", &s->set_aside.receipt))
            return broken(r, "set-aside-receipt");
        return read_claim_text(r, "reason", &s->set_aside.reason);
    case STATEMENT_SEALED: return read_sealed(r);
    case STATEMENT_ERASED: return read_erased(r);
    case STATEMENT_ERASING: return read_erasing(r);
    case STATEMENT_ANSWERED: return read_answered(r);
    case STATEMENT_CONSENT:
    case STATEMENT_WITHDRAWN:
    case STATEMENT_CONCERNS:
    case STATEMENT_PROTECTED:
    case STATEMENT_HOLD:
    case STATEMENT_RELEASED: return read_terms(r);
    case STATEMENT_IDENTITY:
    case STATEMENT_KEYHOLDER_SAID:
    case STATEMENT_IDENTITY_SEALED:
    case STATEMENT_IDENTITY_SHARES:
    case STATEMENT_IDENTITY_ACCESS: return read_identity(r);
    }
    return broken(r, "kind");
}

/* The values must be exactly the digested claims: each opens one digest, and none is left closed. */
static int check_claims(struct reading *r, const struct statement_parsed *p)
{
    const struct json_node *claims = json_get(r->root, "claims");
    size_t count = json_count(claims);
    if (!json_is_array(claims) || count == 0 || count > CLAIMS_MAX)
        return broken(r, "claims");
    int rc = json_parse_again(p->values, &r->held->values, r->e);
    if (rc == ERR_IO)
        return rc;
    if (rc != 0 || !json_is_canonical(r->held->values))
        return broken(r, "claim-values");
    r->values = json_root(r->held->values);
    if (!json_is_array(r->values) || json_count(r->values) != count || (p->salts != NULL && p->salts->count != count))
        return broken(r, "claim-values");
    struct hash made[CLAIMS_MAX];
    const char *last = "";
    for (size_t i = 0; i < count; i++) {
        const struct json_node *pair = json_at(r->values, i);
        const char *name = json_text(json_at(pair, 0));
        if (name == NULL || json_count(pair) != 2)
            return broken(r, "claim-values");
        if (strcmp(last, name) >= 0)
            return broken(r, "claim-order");
        last = name;
        uint8_t salt[LEAF_CLAIM_SALT];
        if (p->salts != NULL)
            memcpy(salt, p->salts->salt[i], sizeof salt);
        else
            leaf_claim_salt(p->secret, name, salt);
        leaf_claim_digest(salt, json_span(pair), &made[i]); /* the text is canonical, so is its part */
    }
    qsort(made, count, sizeof made[0], digest_order);
    for (size_t i = 0; i < count; i++) {
        struct hash digest;
        if (!get_hash(json_at(claims, i), &digest) || !hash_equal(&digest, &made[i]))
            return broken(r, "claim-digests");
    }
    return 0;
}

static int kind_of(struct reading *r)
{
    const char *kind = json_text(json_get(r->root, "kind"));
    for (enum statement_kind i = 1; kind != NULL && i <= STATEMENT_KIND_LAST; i++)
        if (statement_kind_known(i) && kind[0] == KIND_NAMES[i][0] && strcmp(kind, KIND_NAMES[i]) == 0) {
            r->s->kind = i;
            return 0;
        }
    return broken(r, "kind");
}

/* The founding statement is signed by the member key that it names itself; it is trusted by its pin alone. */
static int check_signature(struct reading *r, const struct statement_parsed *p, const struct note_key *keys,
                           size_t count)
{
    static const struct note unsigned_note;
    const struct note *note = p->note;
    if (p->owed != NULL)
        return r->s->kind == STATEMENT_ACCESSED && note != NULL && count > 0
                   ? note_check_later(note, keys, p->owed, r->e)
                   : broken(r, "signature-owed");
    if (r->s->kind == STATEMENT_RECEIVED)
        return note == NULL ? 0 : broken(r, "received-unsigned");
    if (note == NULL)
        note = &unsigned_note;
    if (r->s->kind == STATEMENT_FOUNDED)
        return note_check(note, &r->s->founded.member, 1, NOTE_STRICT, r->e);
    if (r->s->kind != STATEMENT_MEMBER)
        return note_check(note, keys, count > 0, NOTE_STRICT, r->e);
    return count > 1 ? note_check(note, keys + 1, 1, NOTE_STRICT, r->e) : broken(r, "member-signer");
}

static int read_text(struct reading *r, struct bytes text)
{
    struct cursor c = cursor_of(text);
    if (!cursor_expect(&c, HEAD))
        return broken(r, "head");
    struct bytes line = cursor_line(&c);
    if (!cursor_done(&c))
        return broken(r, "two-lines");
    int rc = json_parse_again(line, &r->held->json, r->e);
    if (rc != 0)
        return rc;
    if (!json_is_canonical(r->held->json))
        return broken(r, "canonical");
    r->root = json_root(r->held->json);
    return json_is_object(r->root) ? kind_of(r) : broken(r, "object");
}

/* A received statement is text and an empty line without signatures, which no signed note is. */
bool statement_is_unsigned(struct bytes bytes)
{
    return bytes.n >= 2 && bytes.p[bytes.n - 1] == '\n' && bytes.p[bytes.n - 2] == '\n';
}

/* Without secret and salts: of a public kind. */
int statement_read_parsed(const struct statement_parsed *p, const struct note_key *keys, size_t key_count,
                          struct statement_held **held, struct statement *ret, struct err *e)
{
    bool hidden = p->secret != NULL || p->salts != NULL;
    if (!held_again(held))
        return err_memory(e);
    *ret = (struct statement){0};
    struct reading r = {.held = *held, .s = ret, .e = e};
    if (p->bytes.n > LEAF_STATEMENT_MAX || p->values.n > LEAF_STATEMENT_MAX - p->bytes.n)
        return err_add(e, broken(&r, "statement-length"), "statement");
    /* Room for every name at once, so that names never move. */
    if (buf_more(&r.held->names, p->bytes.n + p->values.n + 64) == NULL)
        return err_memory(e);
    buf_clear(&r.held->names);
    assert(p->note != NULL || statement_is_unsigned(p->bytes));
    int rc = read_text(&r, p->note != NULL ? p->note->text : bytes_of(p->bytes.p, p->bytes.n - 1));
    if (rc == 0 && statement_kind_hidden(ret->kind) != hidden)
        rc = broken(&r, "hidden-or-public");
    if (rc == 0 && !hidden && p->values.n > 0)
        rc = broken(&r, "public-values");
    if (rc == 0 && hidden)
        rc = check_claims(&r, p);
    if (rc == 0)
        rc = read_kind(&r);
    bool later = p->salts != NULL && keys == NULL && ret->kind != STATEMENT_RECEIVED;
    if (rc == 0 && !later)
        rc = check_signature(&r, p, keys, key_count);
    if (rc == 0)
        rc = rules(ret, ERR_DAMAGED, e);
    return rc == 0 ? 0 : err_add(e, rc, "statement");
}

static int parse_and_read(struct statement_parsed *p, const struct note_key *keys, size_t key_count,
                          struct statement_held **held, struct statement *ret, struct err *e)
{
    OWN(note_drop) struct note note = {0};
    bool is_note = !statement_is_unsigned(p->bytes) && p->bytes.n <= LEAF_STATEMENT_MAX;
    int rc = is_note ? note_parse(p->bytes, &note, e) : 0;
    if (rc != 0)
        return err_add(e, rc, "statement");
    p->note = is_note ? &note : NULL;
    return statement_read_parsed(p, keys, key_count, held, ret, e);
}

int statement_read(struct bytes bytes, struct bytes values, const struct key *secret, const struct note_key *keys,
                   size_t key_count, struct statement_held **held, struct statement *ret, struct err *e)
{
    return parse_and_read(&(struct statement_parsed){.bytes = bytes, .values = values, .secret = secret}, keys,
                          key_count, held, ret, e);
}

int statement_read_opened(struct bytes bytes, struct bytes values, const struct statement_salts *salts,
                          const struct note_key *keys, size_t key_count, struct statement_held **held,
                          struct statement *ret, struct err *e)
{
    return parse_and_read(&(struct statement_parsed){.bytes = bytes, .values = values, .salts = salts}, keys, key_count,
                          held, ret, e);
}

bool statement_ranges_have(const struct statement_range *list, size_t count, uint64_t leaf)
{
    size_t low = 0, high = count; /* the first range that does not end before it */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list[middle].last < leaf)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && list[low].first <= leaf;
}
