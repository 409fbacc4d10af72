/*
 * Header and records as bytes (FORMAT 3.1 to 3.3): made, parsed, verified.  No files.
 */
#include "ledger/ledger_internal.h"

#include "model/leaf.h"

#include <assert.h>

_Static_assert((int)LEDGER_ENTRY == (int)LEAF_ENTRY && (int)LEDGER_HIDDEN == (int)LEAF_HIDDEN &&
                   (int)LEDGER_PUBLIC == (int)LEAF_PUBLIC,
               "the door repeats the model's leaves so that it can be read alone");

#define HEADER_MAGIC "GWJOURN\n"
#define RECORD_MAGIC "GWRECORD"
#define RECORD_END "GWRECEND"
enum { HEADER_HASHED = 32, MAGIC = 8 };

void ledger_header_make(unsigned copy, uint8_t to[LEDGER_HEADER])
{
    assert(copy < 2);
    memset(to, 0, LEDGER_HEADER);
    memcpy(to, HEADER_MAGIC, MAGIC);
    u32_put(to + 8, LEDGER_VERSION);
    u32_put(to + 20, copy);
    struct hash h;
    crypt_sha256(bytes_of(to, HEADER_HASHED), &h);
    memcpy(to + HEADER_HASHED, h.b, CRYPT_HASH);
}

int ledger_header_check(const uint8_t from[LEDGER_HEADER], unsigned copy, struct err *e)
{
    struct hash h;
    crypt_sha256(bytes_of(from, HEADER_HASHED), &h);
    if (memcmp(from, HEADER_MAGIC, MAGIC) != 0 || memcmp(from + HEADER_HASHED, h.b, CRYPT_HASH) != 0)
        return err_set(e, ERR_DAMAGED, "the journal's header is damaged");
    uint32_t version = u32_get(from + 8);
    if (version > LEDGER_VERSION || u32_get(from + 16) != 0)
        return err_set(e, ERR_NEWER, "the journal has format %u, which this program does not know: use a newer "
                                     "groundwork", version);
    /* What remains is fixed for this version, so it is compared as a whole: 12 to 16 may differ and be ignored. */
    uint8_t expect[LEDGER_HEADER];
    ledger_header_make(copy, expect);
    if (version != LEDGER_VERSION || memcmp(from + 20, expect + 20, HEADER_HASHED - 20) != 0)
        return err_set(e, ERR_DAMAGED, "the journal's header is not that of this copy");
    return 0;
}

bool ledger_head_parse(const uint8_t from[LEDGER_HEAD], struct ledger_head *ret)
{
    struct cursor c = cursor_of(bytes_of(from, LEDGER_HEAD));
    bool named = cursor_expect(&c, RECORD_MAGIC);
    ret->bytes = cursor_u64(&c);
    ret->number = cursor_u64(&c);
    ret->first_leaf = cursor_u64(&c);
    ret->hidden_count = cursor_u32(&c);
    ret->public_count = cursor_u32(&c);
    cursor_copy(&c, ret->previous.b, CRYPT_HASH);
    uint64_t count = (uint64_t)ret->hidden_count + ret->public_count;
    return named && cursor_done(&c) && ret->bytes >= LEDGER_RECORD_MIN && ret->bytes <= LEDGER_RECORD_MAX &&
           count >= 1 && count <= LEDGER_LEAVES_MAX && ret->first_leaf <= LEDGER_LEAF_MAX - count;
}

uint64_t ledger_trailer_parse(const uint8_t from[LEDGER_TRAILER])
{
    uint64_t total = u64_get(from);
    bool whole = memcmp(from + 8, RECORD_END, MAGIC) == 0 && total >= LEDGER_RECORD_MIN && total <= LEDGER_RECORD_MAX;
    return whole ? total : 0;
}

uint64_t ledger_hidden_at(const struct ledger_record *record)
{
    uint64_t leaves = (uint64_t)record->hidden_count + record->public_count;
    return record->at + LEDGER_HEAD + LEDGER_SECTION_HEAD + leaves * LEDGER_ENTRY + LEDGER_SECTION_HEAD;
}

uint64_t ledger_open_at(const struct ledger_record *record)
{
    return ledger_hidden_at(record) + record->hidden.n + LEDGER_SECTION_HEAD;
}

int ledger_statement_next(struct cursor *c, struct bytes *ret_statement, struct err *e)
{
    uint32_t n = cursor_u32(c);
    if (c->failed || n > LEDGER_STATEMENT_MAX)
        return err_set(e, ERR_DAMAGED, "a statement's length is outside its limits");
    *ret_statement = cursor_take(c, n);
    if (c->failed)
        return err_set(e, ERR_DAMAGED, "a statement ends too early");
    return 0;
}

/* Does a section hold exactly ${count} statements? */
static bool statements_fit(struct bytes section, uint32_t count)
{
    struct cursor c = cursor_of(section);
    for (uint32_t i = 0; i < count; i++) {
        struct bytes statement;
        if (ledger_statement_next(&c, &statement, NULL) != 0)
            return false;
    }
    return cursor_done(&c);
}

/* A public leaf has no salt: that its entry is its statement's can be seen by anyone. */
static bool open_fits(struct bytes open, const uint8_t *entry, uint32_t count)
{
    struct cursor c = cursor_of(open);
    for (uint32_t i = 0; i < count; i++, entry += LEDGER_ENTRY) {
        struct bytes statement;
        uint8_t expect[LEAF_ENTRY];
        if (ledger_statement_next(&c, &statement, NULL) != 0)
            return false;
        leaf_entry_public(statement, expect);
        if (memcmp(entry, expect, LEAF_ENTRY) != 0)
            return false;
    }
    return true;
}

static bool entries_fit(struct bytes entries, uint32_t hidden, uint64_t count)
{
    if (entries.n != count * LEDGER_ENTRY)
        return false;
    for (uint64_t i = 0; i < count; i++)
        if (entries.p[i * LEDGER_ENTRY] != (i < hidden ? LEDGER_HIDDEN : LEDGER_PUBLIC))
            return false;
    return true;
}

int ledger_record_check(const struct ledger_record *r, int code, struct err *e)
{
    uint64_t count = (uint64_t)r->hidden_count + r->public_count;
    if (count < 1 || count > LEDGER_LEAVES_MAX || r->first_leaf > LEDGER_LEAF_MAX - count)
        return err_set(e, code, "a record must have 1 to %d leaves", (int)LEDGER_LEAVES_MAX);
    if (!entries_fit(r->entries, r->hidden_count, count))
        return err_set(e, code, "the record's entries do not fit its leaves");
    if (!statements_fit(r->hidden, r->hidden_count) || !statements_fit(r->open, r->public_count))
        return err_set(e, code, "the record's statements do not fit its leaves");
    if (!open_fits(r->open, r->entries.p + (size_t)r->hidden_count * LEDGER_ENTRY, r->public_count))
        return err_set(e, code, "a public leaf of the record is not that of its statement");
    return 0;
}

static struct bytes *section(struct ledger_record *r, unsigned type)
{
    struct bytes *const all[LEDGER_SECTIONS] = {&r->entries, &r->hidden,  &r->open,
                                                &r->secrets, &r->extents, &r->checkpoint};
    return all[type - 1];
}

int ledger_record_parse(struct bytes all, struct ledger_parsed *ret, struct err *e)
{
    struct ledger_head head;
    if (all.n < LEDGER_RECORD_MIN || !ledger_head_parse(all.p, &head) || head.bytes != all.n ||
        ledger_trailer_parse(all.p + all.n - LEDGER_TRAILER) != all.n)
        return err_set(e, ERR_DAMAGED, "the record is not whole");
    *ret = (struct ledger_parsed){.previous = head.previous, .all = all};
    struct ledger_record *r = &ret->record;
    r->number = head.number;
    r->first_leaf = head.first_leaf;
    r->hidden_count = head.hidden_count;
    r->public_count = head.public_count;
    r->bytes = all.n;
    r->all = all;
    struct cursor c = cursor_of(bytes_of(all.p + LEDGER_HEAD, all.n - LEDGER_HEAD - LEDGER_SIGNED_END));
    for (uint32_t type = 1; type <= LEDGER_SECTIONS; type++) {
        bool expected = cursor_u32(&c) == type;
        expected &= cursor_u32(&c) == 0;
        uint64_t n = cursor_u64(&c);
        if (!expected || c.failed || n > c.left)
            return err_set(e, ERR_DAMAGED, "the record's section %u is damaged", type);
        *section(r, type) = cursor_take(&c, (size_t)n);
    }
    if (!cursor_done(&c))
        return err_set(e, ERR_DAMAGED, "the record has bytes behind its last section");
    return ledger_record_check(r, ERR_DAMAGED, e);
}

/* Under a new log key both sign, the first time; what the record itself says of it may not be known here yet. */
static int checkpoint_by(struct bytes note, const struct note_key *before, const struct note_key *after,
                         struct checkpoint *ret, struct err *e)
{
    OWN(note_drop) struct note n = {0};
    int rc = note_parse(note, &n, e);
    if (rc == 0 && before != after)
        rc = history_turned(note, before, after, e);
    if (rc != 0)
        return rc;
    bool may_turn = before != after || n.lines == 2;
    return checkpoint_read(note, before, may_turn ? NOTE_FOREIGN : NOTE_STRICT, ret, e);
}

int ledger_record_verify(struct ledger_parsed *p, const struct history_logs *logs, struct err *e)
{
    struct ledger_record *r = &p->record;
    uint64_t end = r->first_leaf + r->hidden_count + r->public_count;
    const struct note_key *key = history_log(logs, r->first_leaf);
    struct hash h;
    const size_t n = p->all.n - LEDGER_SIGNED_END;
    const uint8_t *signature = p->all.p + n;
    OWN(crypt_sha256_drop) struct crypt_sha256 *hashing = crypt_sha256_new();
    if (hashing == NULL)
        return err_memory(e);
    crypt_sha256_begin(hashing);
    crypt_sha256_add(hashing, bytes_of(p->all.p, n));
    crypt_sha256_so_far(hashing, &h);
    if (!crypt_verify(key->public_key, LEDGER_PURPOSE, bytes_of(h.b, CRYPT_HASH), signature))
        return err_set(e, ERR_DAMAGED, "the record is not signed by the log key of %s", key->name);
    struct checkpoint c;
    int rc = checkpoint_by(r->checkpoint, key, history_log(logs, end), &c, e);
    if (rc != 0)
        return err_add(e, rc, "the record's checkpoint");
    if (strcmp(c.origin, key->name) != 0 || c.size != end)
        return err_set(e, ERR_DAMAGED, "the record's checkpoint is for another log or size");
    p->root = c.root;
    crypt_sha256_add(hashing, bytes_of(signature, LEDGER_SIGNED_END));
    crypt_sha256_end(hashing, &r->hash);
    return 0;
}

int ledger_record_follows(const struct ledger_parsed *p, const struct ledger_position *before, struct err *e)
{
    const struct ledger_record *r = &p->record;
    if (r->number != before->records || r->first_leaf != before->leaves || !hash_equal(&p->previous, &before->last))
        return err_set(e, ERR_DAMAGED, "the record does not follow the one before it");
    return 0;
}

int ledger_record_length(const struct ledger_record *draft, uint64_t *ret_bytes, struct err *e)
{
    struct ledger_record r = *draft;
    uint64_t total = LEDGER_HEAD + LEDGER_SECTIONS * LEDGER_SECTION_HEAD + LEDGER_SIGNED_END;
    for (uint32_t type = 1; type <= LEDGER_SECTIONS; type++) {
        if (section(&r, type)->n > LEDGER_RECORD_MAX - total)
            return err_set(e, ERR_USAGE, "a record must have at most %d bytes", (int)LEDGER_RECORD_MAX);
        total += section(&r, type)->n;
    }
    *ret_bytes = total;
    return 0;
}

/* Up to the signature. */
static void put_signed(const struct ledger_record *r, const struct hash *previous, uint64_t total, struct buf *to)
{
    struct ledger_record whole = *r;
    assert(to->n == 0);
    (void)buf_more(to, (size_t)total); /* one allocation of the right size */
    buf_clear(to);
    buf_put_text(to, RECORD_MAGIC);
    buf_put_u64(to, total);
    buf_put_u64(to, r->number);
    buf_put_u64(to, r->first_leaf);
    buf_put_u32(to, r->hidden_count);
    buf_put_u32(to, r->public_count);
    buf_put(to, previous->b, CRYPT_HASH);
    for (uint32_t type = 1; type <= LEDGER_SECTIONS; type++) {
        buf_put_u32(to, type);
        buf_put_u32(to, 0);
        buf_put_u64(to, section(&whole, type)->n);
        buf_put_bytes(to, *section(&whole, type));
    }
}

int ledger_record_build(const struct ledger_record *draft, const struct hash *previous, const struct key *seed,
                        struct ledger_built *ret, struct err *e)
{
    OWN(crypt_sha256_drop) struct crypt_sha256 *hashing = crypt_sha256_new();
    struct buf *to = &ret->bytes;
    uint64_t total;
    int rc = hashing == NULL ? err_memory(e) : ledger_record_length(draft, &total, e);
    if (rc != 0)
        return rc;
    put_signed(draft, previous, total, to);
    rc = buf_check(to, e);
    if (rc != 0)
        return rc;
    struct hash h;
    uint8_t signature[CRYPT_SIGNATURE];
    crypt_sha256_begin(hashing);
    crypt_sha256_add(hashing, buf_bytes(to));
    crypt_sha256_so_far(hashing, &h);
    rc = crypt_sign(seed, LEDGER_PURPOSE, bytes_of(h.b, CRYPT_HASH), signature, e);
    if (rc != 0)
        return rc;
    size_t behind = to->n;
    buf_put(to, signature, sizeof(signature));
    buf_put_u64(to, total);
    buf_put_text(to, RECORD_END);
    rc = buf_check(to, e);
    if (rc != 0)
        return rc;
    assert(to->n == total);
    crypt_sha256_add(hashing, bytes_of(to->p + behind, to->n - behind));
    crypt_sha256_end(hashing, &ret->hash);
    return 0;
}

void ledger_position_begin(struct ledger_position *ret)
{
    *ret = (struct ledger_position){.bytes = LEDGER_HEADER};
    tree_root(NULL, 0, &ret->root);
}

void ledger_position_after(const struct ledger_parsed *p, uint64_t at, struct ledger_position *ret)
{
    const struct ledger_record *r = &p->record;
    *ret = (struct ledger_position){
        .records = r->number + 1,
        .bytes = at + r->bytes,
        .last = r->hash,
        .leaves = r->first_leaf + r->hidden_count + r->public_count,
        .root = p->root,
    };
}
