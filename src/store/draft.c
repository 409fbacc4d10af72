/* The draft of a record: what is to be said, as it will be committed. */
#include "store/store_internal.h"

#include "base/clock.h"
#include "model/terms.h"

#include <assert.h>

/* ---- copies of what statements borrow ---- */

static struct keep *keep_new(struct draft *d, size_t room)
{
    struct keep *k = malloc(sizeof *k + room);
    if (k == NULL)
        return NULL;
    *k = (struct keep){.next = d->keeps, .room = room};
    d->keeps = k;
    return k;
}

/* What is used of a hidden statement; the rest of it is room for those of public kinds, which nobody drafts. */
static size_t statement_bytes(enum statement_kind kind)
{
#define UP_TO(member) (offsetof(struct statement, member) + sizeof((struct statement){0}.member))
    switch (kind) {
    case STATEMENT_INVESTIGATION: return UP_TO(investigation);
    case STATEMENT_DEPOSIT: return UP_TO(deposit);
    case STATEMENT_RECEIVED: return UP_TO(received);
    case STATEMENT_PART: return UP_TO(part);
    case STATEMENT_RECEIPT: return UP_TO(receipt);
    case STATEMENT_NOTE: return UP_TO(note);
    case STATEMENT_SET_ASIDE: return UP_TO(set_aside);
    case STATEMENT_NAMED: return UP_TO(named);
    case STATEMENT_CUSTODY: return UP_TO(custody);
    case STATEMENT_ACCESSED: return UP_TO(accessed);
    case STATEMENT_SEALED: return UP_TO(sealed);
    case STATEMENT_CONSENT: return UP_TO(consent);
    case STATEMENT_WITHDRAWN: return UP_TO(withdrawn);
    case STATEMENT_CONCERNS: return UP_TO(concerns);
    case STATEMENT_PROTECTED: return UP_TO(protected);
    case STATEMENT_HOLD: return UP_TO(hold);
    case STATEMENT_RELEASED: return UP_TO(released);
    case STATEMENT_ERASING: return UP_TO(erasing);
    case STATEMENT_ANSWERED: return UP_TO(answered);
    case STATEMENT_IDENTITY: return UP_TO(identity);
    case STATEMENT_KEYHOLDER_SAID: return UP_TO(keyholder);
    case STATEMENT_IDENTITY_SEALED: return UP_TO(identity_sealed);
    case STATEMENT_IDENTITY_SHARES: return UP_TO(identity_shares);
    case STATEMENT_IDENTITY_ACCESS: return UP_TO(identity_access);
    case STATEMENT_FOUNDED:
    case STATEMENT_KEYRING:
    case STATEMENT_PACKS:
    case STATEMENT_COVER:
    case STATEMENT_REPAIRED:
    case STATEMENT_PARITY:
    case STATEMENT_RECOVERY:
    case STATEMENT_MEMBER:
    case STATEMENT_AUDITED:
    case STATEMENT_COSIGNERS:
    case STATEMENT_COSIGNED:
    case STATEMENT_TIMESTAMPED:
    case STATEMENT_ADDED:
    case STATEMENT_ROLE:
    case STATEMENT_REVOKED:
    case STATEMENT_PROPOSED:
    case STATEMENT_APPROVED:
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED:
    case STATEMENT_ERASED:
        break;
    }
#undef UP_TO
    abort();
}

/* With a zero byte behind, which ends a text. */
static void *keep(struct draft *d, const void *p, size_t n)
{
    enum { KEEP_ROOM = 32 << 10, KEEP_STEP = _Alignof(max_align_t) };
    size_t taken = (n + 1 + KEEP_STEP - 1) / KEEP_STEP * KEEP_STEP;
    struct keep *k = d->keeps;
    if (k == NULL || k->room - k->used < taken)
        k = keep_new(d, taken < KEEP_ROOM ? KEEP_ROOM : taken);
    if (k == NULL)
        return NULL;
    uint8_t *to = k->bytes + k->used;
    k->used += taken;
    d->keep_bytes += n;
    if (n > 0)
        memcpy(to, p, n);
    to[n] = 0;
    return to;
}

static bool keep_bytes(struct draft *d, struct bytes *x)
{
    if (x->p == NULL)
        return true;
    x->p = keep(d, x->p, x->n);
    return x->p != NULL;
}

static bool keep_text(struct draft *d, const char **text)
{
    if (*text == NULL)
        return true;
    *text = keep(d, *text, strlen(*text));
    return *text != NULL;
}

static bool keep_ranges(struct draft *d, struct statement_range **list, size_t count)
{
    *list = keep(d, *list, count * sizeof **list);
    return *list != NULL;
}

static bool keep_persons(struct draft *d, struct statement_persons *persons)
{
    persons->codes = keep(d, persons->codes, persons->count * sizeof *persons->codes);
    bool good = persons->codes != NULL;
    for (size_t i = 0; good && i < persons->count; i++)
        good = keep_text(d, &persons->codes[i]);
    return good;
}

/* Of consent and protection, and of what went out. */
static bool keep_terms(struct draft *d, struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_CONSENT:
        return keep_persons(d, &s->consent.persons) && keep_text(d, &s->consent.date) &&
               keep_text(d, &s->consent.until) && keep_text(d, &s->consent.language) &&
               keep_text(d, &s->consent.interpreter);
    case STATEMENT_WITHDRAWN:
        return keep_persons(d, &s->withdrawn.persons) && keep_text(d, &s->withdrawn.date) &&
               keep_text(d, &s->withdrawn.why);
    case STATEMENT_CONCERNS:
        return keep_persons(d, &s->concerns.persons) && keep_ranges(d, &s->concerns.items, s->concerns.item_count) &&
               keep_text(d, &s->concerns.why);
    case STATEMENT_PROTECTED:
        return keep_text(d, &s->protected.provider) &&
               keep_ranges(d, &s->protected.items, s->protected.item_count) && keep_text(d, &s->protected.why);
    case STATEMENT_HOLD:
        return keep_ranges(d, &s->hold.items, s->hold.item_count) && keep_text(d, &s->hold.why);
    case STATEMENT_RELEASED:
        return keep_text(d, &s->released.why);
    case STATEMENT_SEALED:
        return keep_ranges(d, &s->sealed.items_given, s->sealed.items_given_count);
    case STATEMENT_ACCESSED:
        return keep_text(d, &s->accessed.use.purpose) &&
               keep_ranges(d, &s->accessed.items, s->accessed.item_count);
    default:
        return true;
    }
}

/* Only what the index will be told again after the commit, and what rules ask of the draft. */
static bool keep_statement(struct draft *d, struct statement *s)
{
    bool good = true;
    switch (s->kind) {
    case STATEMENT_RECEIVED:
        return keep_bytes(d, &s->received.path) && keep_bytes(d, &s->received.target);
    case STATEMENT_INVESTIGATION:
        return keep_text(d, &s->investigation.name);
    case STATEMENT_DEPOSIT:
        s->deposit.paths = keep(d, s->deposit.paths, s->deposit.path_count * sizeof *s->deposit.paths);
        good = s->deposit.paths != NULL && keep_text(d, &s->deposit.giver) && keep_text(d, &s->deposit.note);
        for (size_t i = 0; good && i < s->deposit.path_count; i++)
            good = keep_bytes(d, &s->deposit.paths[i]);
        return good;
    case STATEMENT_PART:
        s->part.refused = keep(d, s->part.refused, s->part.refused_count * sizeof *s->part.refused);
        s->part.already = keep(d, s->part.already, s->part.already_count * sizeof *s->part.already);
        good = s->part.refused != NULL && s->part.already != NULL;
        for (size_t i = 0; good && i < s->part.refused_count; i++)
            good = keep_bytes(d, &s->part.refused[i].path) && keep_text(d, &s->part.refused[i].reason);
        return good;
    case STATEMENT_NOTE:
        return keep_text(d, &s->note.text);
    case STATEMENT_SET_ASIDE:
        return keep_text(d, &s->set_aside.reason);
    case STATEMENT_NAMED:
        return keep_text(d, &s->named.member) && keep_text(d, &s->named.text);
    case STATEMENT_IDENTITY_SEALED:
        return keep_text(d, &s->identity_sealed.person);
    default:
        return keep_terms(d, s);
    }
}

/* ---- digests of this draft: open addressing, at most half full ---- */

static size_t digest_place(const struct digest_set *set, const struct hash *digest)
{
    static const struct hash none;
    size_t i = (size_t)u64_get(digest->b) & (set->room - 1);
    while (!hash_equal(&set->slot[i], &none) && !hash_equal(&set->slot[i], digest))
        i = (i + 1) & (set->room - 1);
    return i;
}

static bool digest_seen(const struct digest_set *set, const struct hash *digest)
{
    return set->room > 0 && hash_equal(&set->slot[digest_place(set, digest)], digest);
}

static int digest_room(struct digest_set *set, struct err *e)
{
    static const struct hash none;
    if (set->used * 2 < set->room)
        return 0;
    struct digest_set bigger = {.room = set->room == 0 ? 1024 : set->room * 2, .used = set->used};
    bigger.slot = calloc(bigger.room, sizeof *bigger.slot);
    if (bigger.slot == NULL)
        return err_memory(e);
    for (size_t i = 0; i < set->room; i++)
        if (!hash_equal(&set->slot[i], &none))
            bigger.slot[digest_place(&bigger, &set->slot[i])] = set->slot[i];
    free(set->slot);
    *set = bigger;
    return 0;
}

static void digest_note(struct digest_set *set, const struct hash *digest)
{
    size_t i = digest_place(set, digest);
    set->used += !hash_equal(&set->slot[i], digest);
    set->slot[i] = *digest;
}

static int is_duplicate(struct store *s, const struct statement_received *r, bool *ret, struct err *e)
{
    struct index_twin twin;
    const struct draft *behind = store_behind_draft(s);
    *ret = digest_seen(&s->draft.digests, &r->sha256) || (behind != NULL && digest_seen(&behind->digests, &r->sha256));
    if (*ret)
        return 0;
    int rc = index_duplicate(store_asked(s), &r->sha256, &twin, e);
    *ret = rc == 0;
    return rc != 0 && rc != ERR_ABSENT ? rc : 0;
}

/* ---- the draft ---- */

void store_draft_forget(struct draft *d)
{
    store_sealer_free(d);
    if (d->leaves != NULL)
        crypt_wipe(d->leaves, (d->count < d->room ? d->count + 1 : d->count) * sizeof *d->leaves); /* one was at work */
    free(TAKE(d->leaves));
    crypt_secret_free(TAKE(d->secrets));
    buf_wipe(&d->arena);
    buf_wipe(&d->text);
    buf_wipe(&d->values);
    buf_wipe(&d->note);
    buf_wipe(&d->fields);
    while (d->keeps != NULL) {
        struct keep *next = d->keeps->next;
        crypt_wipe(d->keeps->bytes, d->keeps->used);
        free(d->keeps);
        d->keeps = next;
    }
    crypt_wipe(d->salt, sizeof d->salt);
    d->room = 0;
    d->drawn = 0;
}

/* Drafts of a kind follow each other, and ask for as much. */
enum { SPARE_LEAVES_MAX = 1 << 14, SPARE_BYTES_MAX = 16 << 20 };

static void buf_spare(struct buf *from, struct buf *to)
{
    if (from->room > SPARE_BYTES_MAX || from->failed)
        return;
    *to = *from;
    *from = (struct buf){0};
    buf_clear(to);
}

void store_draft_spare(struct draft *d, struct buf *hidden, struct store_spare *to)
{
    store_sealer_free(d);
    if (d->leaves != NULL && d->room <= SPARE_LEAVES_MAX) {
        size_t used = d->count < d->room ? d->count + 1 : d->count;
        crypt_wipe(d->leaves, used * sizeof *d->leaves);
        crypt_wipe(d->secrets, (used < d->drawn ? d->drawn : used) * sizeof *d->secrets);
        to->leaves = TAKE(d->leaves);
        to->secrets = TAKE(d->secrets);
        to->room = d->room;
    }
    crypt_wipe(d->arena.p, d->arena.n);
    buf_spare(&d->arena, &to->arena);
    buf_spare(hidden, &to->hidden);
    store_draft_forget(d);
}

void store_spare_release(struct store_spare *x)
{
    free(x->leaves);
    crypt_secret_free(x->secrets);
    buf_drop(&x->arena);
    buf_drop(&x->hidden);
    *x = (struct store_spare){0};
}

void store_spare_give(struct store_spare *from, struct store_spare *to)
{
    store_spare_release(to);
    *to = *from;
    *from = (struct store_spare){0};
}

void store_draft_release(struct draft *d)
{
    store_draft_forget(d);
    free(d->digests.slot);
    *d = (struct draft){0};
}

/* Objects that were kept for this draft would come with the next commit: the writer that holds them goes too. */
void store_draft_drop(struct store *s)
{
    bool objects = false;
    for (size_t i = 0; i < s->draft.count && !objects; i++)
        objects = store_has_object(s->draft.leaves[i].statement);
    store_draft_release(&s->draft);
    if (!objects)
        return;
    vault_writer_close(s->writer);
    s->writer = NULL;
}

int store_writable(const struct store *s, struct err *e)
{
    if (s->failed)
        return store_behind_failed(s, e);
    assert(s->manner == STORE_WRITE);
    return 0;
}

int store_draft_begin(struct store *s, struct err *e)
{
    int rc = store_writable(s, e);
    if (rc != 0)
        return rc;
    store_draft_drop(s);
    store_folds_release(&s->folds); /* what was folded into a draft that is given up */
    s->draft.begun = true;
    s->draft.first_leaf = store_leaves_end(s);
    const struct draft *behind = store_behind_draft(s);
    if (behind != NULL) { /* what the index will say of it */
        s->draft.placed = behind->placed;
        s->draft.place = behind->place;
        s->draft.open_known = behind->open_known;
        s->draft.open_deposit = behind->open_deposit;
    }
    return 0;
}

/* A founding that was cut off before its second commit left no line of inquiry: the first statement brings one. */
static int investigation_need(struct store *s, enum statement_kind kind, struct err *e)
{
    uint8_t investigation[STATEMENT_ID];
    if (s->draft.placed || kind == STATEMENT_INVESTIGATION)
        return 0;
    int rc = index_investigation(store_index(s), investigation, NULL);
    if (rc != ERR_ABSENT)
        return rc == 0 ? 0 : index_investigation(store_index(s), investigation, e);
    struct statement st = {
        .kind = STATEMENT_INVESTIGATION, .at_unix_s = time_now_unix_s(), .investigation = {.name = "main"}};
    return store_add(s, &st, NULL, NULL, e);
}

uint64_t store_draft_leaves(const struct store *s)
{
    return s->draft.count;
}

uint64_t store_draft_bytes(const struct store *s)
{
    return s->draft.arena.n + s->draft.keep_bytes + s->draft.count * sizeof *s->draft.leaves;
}

/* One record goes on with one numbering: what follows a crash is then never half of two. */
static int place_next(struct store *s, struct statement *st, struct err *e)
{
    struct draft *d = &s->draft;
    struct statement_place place = {.seq = 0};
    int rc = 0;
    if (st->kind == STATEMENT_INVESTIGATION)
        crypt_random(place.investigation, STATEMENT_ID);
    else
        rc = store_investigation_of(s, st, place.investigation, e);
    if (rc == 0 && d->placed && memcmp(place.investigation, d->place.investigation, STATEMENT_ID) != 0)
        return err_set(e, ERR_REFUSED, "rule investigation: one commit is of one investigation");
    if (rc == 0 && !d->placed && st->kind != STATEMENT_INVESTIGATION) {
        uint8_t wanted[STATEMENT_ID];
        memcpy(wanted, place.investigation, STATEMENT_ID);
        rc = index_place(store_index(s), wanted, &place, e);
    }
    if (rc != 0)
        return err_add(e, rc, "the investigation's numbering");
    if (!d->placed)
        d->place = place;
    d->placed = true;
    st->place = d->place;
    return 0;
}

/* Drafts of a kind follow each other: what grows is copied, and wiped behind. */
static size_t room_next(const struct store *s)
{
    enum { ROOM_FIRST = 256, ROOM_KNOWN_MAX = SPARE_LEAVES_MAX };
    const struct draft *d = &s->draft;
    size_t last = s->last_leaves < ROOM_KNOWN_MAX ? s->last_leaves + s->last_leaves / 8 : ROOM_KNOWN_MAX;
    return d->room != 0 ? d->room * 2 : last > ROOM_FIRST ? last : ROOM_FIRST;
}

static int leaf_room(struct store *s, struct err *e)
{
    struct draft *d = &s->draft;
    if (d->count < d->room)
        return 0;
    if (d->room == 0 && s->spare.room > 0) {
        d->leaves = TAKE(s->spare.leaves);
        d->secrets = TAKE(s->spare.secrets);
        d->room = s->spare.room;
        s->spare.room = 0;
        return 0;
    }
    size_t room = room_next(s);
    struct draft_leaf *grown = malloc(room * sizeof *grown); /* each is written whole when it is taken */
    bytes_large(grown, room * sizeof *grown);
    struct key *secrets = grown == NULL ? NULL : crypt_secret_new(room * sizeof *secrets);
    if (secrets == NULL) {
        free(grown);
        return err_memory(e);
    }
    store_sealer_hold(d);
    if (d->leaves != NULL) {
        memcpy(grown, d->leaves, d->count * sizeof *grown);
        memcpy(secrets, d->secrets, d->drawn * sizeof *secrets);
        crypt_wipe(d->leaves, d->count * sizeof *grown);
    }
    free(d->leaves);
    crypt_secret_free(d->secrets);
    d->leaves = grown;
    d->secrets = secrets;
    d->room = room;
    store_sealer_go_on(d);
    return 0;
}

/* Set up with the first statement: an intake of a million items signs a handful. */
const struct crypt_signer *store_signs_by(struct store *s)
{
    if (!s->signs)
        crypt_signer_make(&s->identity.sign, &s->signer);
    s->signs = true;
    return &s->signer;
}

/* Room in the arena: where it lies changes with it. */
static int arena_room(struct store *s, size_t n, struct err *e)
{
    struct draft *d = &s->draft;
    size_t known = d->arena.room == 0 && n < s->last_arena_bytes ? s->last_arena_bytes : n;
    if (d->arena.room == 0) {
        d->arena = s->spare.arena;
        s->spare.arena = (struct buf){0};
    }
    if (!d->arena.failed && d->arena.room - d->arena.n >= n)
        return 0;
    store_sealer_hold(d);
    if (buf_more(&d->arena, known) != NULL)
        d->arena.n -= known;
    store_sealer_go_on(d);
    return buf_check(&d->arena, e);
}

/* Or all but that, for the sealer to do: the entry then holds the salt that it is made with. */
static int leaf_sign(struct store *s, struct draft_leaf *leaf, const uint8_t *salt, struct err *e)
{
    struct draft *d = &s->draft;
    const struct bytes text = buf_bytes(&d->text);
    const struct note_key *member = &s->identity.member;
    const struct crypt_signer *signer = store_signs_by(s);
    if (leaf->statement->kind != STATEMENT_RECEIVED && d->sealer != NULL) {
        leaf->entry[0] = DRAFT_UNSIGNED;
        memcpy(leaf->entry + 1, salt, CRYPT_SALT);
        return note_sign_later(text, member, signer, &d->note, e);
    }
    int rc = statement_finish_by(leaf->statement->kind, text, member, signer, &d->note, e);
    if (rc == 0)
        leaf_entry_opened(salt, buf_bytes(&d->note), leaf->entry);
    return rc;
}

/* Into the arena, what will be stored: the statement as it will be committed and its claim values, or its fields. */
static int leaf_write(struct store *s, struct draft_leaf *leaf, const struct key *secret, const uint8_t *salt,
                      struct err *e)
{
    struct draft *d = &s->draft;
    buf_clear(&d->text);
    buf_clear(&d->values);
    buf_clear(&d->note);
    int rc = statement_make(leaf->statement, secret, &d->text, &d->values, e);
    if (rc == 0)
        rc = leaf_sign(s, leaf, salt, e);
    if (rc != 0)
        return rc;
    buf_clear(&d->fields);
    bool compact = statement_compact(leaf->statement, buf_bytes(&d->values), &d->fields);
    rc = buf_check(&d->fields, e);
    if (rc == 0)
        rc = arena_room(s, compact ? d->fields.n : d->note.n + d->values.n, e);
    if (rc != 0)
        return rc;
    size_t at = d->arena.n;
    if (compact) {
        buf_put_bytes(&d->arena, buf_bytes(&d->fields));
        leaf->fields_at = at;
        leaf->fields_bytes = d->fields.n;
    } else {
        buf_put_bytes(&d->arena, buf_bytes(&d->note));
        buf_put_bytes(&d->arena, buf_bytes(&d->values));
        leaf->text_at = at;
        leaf->text_bytes = d->note.n;
        leaf->values_at = at + d->note.n;
        leaf->values_bytes = d->values.n;
    }
    return 0;
}

bool store_has_object(const struct statement *st)
{
    return st->kind == STATEMENT_RECEIVED && !st->received.further_name && st->received.type == STATEMENT_FILE;
}

static int add_prepare(struct store *s, struct statement *statement, bool *ret_duplicate, struct err *e)
{
    struct draft *d = &s->draft;
    int rc = store_may_sign(s, statement->kind == STATEMENT_RECEIVED ? STATEMENT_COVER : statement->kind, e);
    if (rc == 0)
        rc = leaf_room(s, e);
    if (rc == 0 && statement->kind == STATEMENT_INVESTIGATION)
        rc = store_investigation_fresh(s, statement->investigation.name, e);
    if (rc == 0 && statement->kind != STATEMENT_RECEIVED)
        rc = place_next(s, statement, e);
    if (rc == 0 && store_has_object(statement))
        rc = digest_room(&d->digests, e);
    if (rc == 0 && store_has_object(statement))
        rc = is_duplicate(s, &statement->received, ret_duplicate, e);
    return rc;
}

/* Of this leaf, and of some to come, as far as there is room; their salts stand at the end of theirs. */
static void secrets_draw(struct draft *d)
{
    if (d->drawn > d->count)
        return;
    size_t n = d->room - d->count < DRAFT_AHEAD ? d->room - d->count : DRAFT_AHEAD;
    for (size_t i = 0; i < n; i++)
        crypt_random_fast(d->secrets[d->count + i].b, CRYPT_KEY);
    leaf_salts(d->secrets + d->count, n, d->salt + DRAFT_AHEAD - n);
    d->drawn = d->count + n;
}

/* A refused statement leaves nothing in the draft. */
static int add_leaf(struct store *s, const struct statement *statement, struct err *e)
{
    struct draft *d = &s->draft;
    struct draft_leaf *leaf = &d->leaves[d->count];
    size_t before = d->arena.n;
    *leaf = (struct draft_leaf){.statement = keep(d, statement, statement_bytes(statement->kind))};
    secrets_draw(d);
    const struct key *secret = &d->secrets[d->count];
    const uint8_t *salt = d->salt[DRAFT_AHEAD - (d->drawn - d->count)];
    bool kept = leaf->statement != NULL && keep_statement(d, leaf->statement);
    int rc = kept ? leaf_write(s, leaf, secret, salt, e) : err_memory(e);
    if (rc == 0)
        rc = store_rules_check(s, statement, e);
    if (rc != 0 && d->arena.n > before) {
        crypt_wipe(d->arena.p + before, d->arena.n - before);
        d->arena.n = before;
    }
    return rc;
}

/* The object just put is kept with its leaf, or forgotten without. */
static int object_resolve(struct store *s, int rc, const struct statement *statement, uint64_t number, struct err *e)
{
    struct draft *d = &s->draft;
    OWN(key_drop) struct key key = {0};
    if (rc != 0) {
        vault_forget(s->writer);
        return rc;
    }
    leaf_manifest_key(&d->secrets[d->count], &key);
    rc = vault_keep(s->writer, &key, number, e);
    if (rc == 0)
        digest_note(&d->digests, &statement->received.sha256);
    return rc;
}

int store_draft_fold(struct store *s, const struct store_record *r, struct err *e)
{
    struct draft *d = &s->draft;
    int rc = leaf_room(s, e);
    if (rc == 0)
        rc = arena_room(s, r->content.statement.n + r->content.values.n, e);
    if (rc != 0)
        return rc;
    struct draft_leaf *leaf = &d->leaves[d->count];
    assert(r->st.kind == STATEMENT_ACCESSED || terms_words(&r->st) != NULL);
    *leaf = (struct draft_leaf){.statement = keep(d, &r->st, statement_bytes(r->st.kind)),
                                .text_at = d->arena.n,
                                .text_bytes = r->content.statement.n,
                                .values_at = d->arena.n + r->content.statement.n,
                                .values_bytes = r->content.values.n};
    if (leaf->statement == NULL)
        return err_memory(e);
    if (r->st.kind == STATEMENT_ACCESSED)
        leaf->statement->accessed = (struct statement_accessed){.items = r->st.accessed.items,
                                                                .item_count = r->st.accessed.item_count,
                                                                .use = {.purpose = r->st.accessed.use.purpose}};
    if (!keep_terms(d, leaf->statement))
        return err_memory(e);
    memcpy(leaf->entry, r->entry, LEAF_ENTRY);
    buf_put_bytes(&d->arena, r->content.statement);
    buf_put_bytes(&d->arena, r->content.values);
    d->secrets[d->count++] = r->content.secret; /* instead of one that may have been drawn for it */
    d->drawn = d->drawn > d->count ? d->drawn : d->count;
    return 0;
}

int store_add(struct store *s, struct statement *statement, uint64_t *ret_leaf, bool *ret_duplicate, struct err *e)
{
    struct draft *d = &s->draft;
    bool duplicate = false, placed = d->placed;
    int rc = store_writable(s, e);
    assert(rc != 0 || (d->begun && statement_kind_hidden(statement->kind)));
    if (rc == 0 && statement->kind != STATEMENT_RECEIVED)
        rc = investigation_need(s, statement->kind, e);
    if (rc == 0) {
        placed = d->placed;
        rc = add_prepare(s, statement, &duplicate, e);
    }
    if (rc == 0)
        rc = add_leaf(s, statement, e);
    uint64_t number = d->first_leaf + d->count;
    if (store_has_object(statement))
        rc = object_resolve(s, rc, statement, number, e);
    if (rc != 0) {
        d->placed = placed;
        return rc;
    }
    if (statement->kind != STATEMENT_RECEIVED) {
        d->place.seq++;
        if (d->sealer == NULL) /* else it tells in the end; until then any will do */
            memcpy(d->place.prev.b, d->leaves[d->count].entry + 1, CRYPT_HASH);
    }
    d->open_known = d->open_known && statement->kind != STATEMENT_RECEIPT;
    d->count++;
    d->objects += store_has_object(statement);
    store_sealer_more(s);
    if (ret_leaf != NULL)
        *ret_leaf = number;
    if (ret_duplicate != NULL)
        *ret_duplicate = duplicate;
    return 0;
}
