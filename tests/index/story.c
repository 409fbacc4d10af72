#include "story.h"

#include <stdio.h>

enum { DIGESTS = 12, MODES = 2, TIMES = 3, TARGETS = 2 };

const char *const story_givers[3] = {NULL, "Witness 7", "국제 단체"};
const char *const story_paths[8] = {"a", "b", "a/b", "a/c.jpg", "\xff\xfe not text", "사진/1.jpg", "z", "long/er"};
static const char *const targets[TARGETS] = {"a", "../elsewhere"};
static const char *const names[4] = {"table-1", "table-2", "wrap/1", "identity"};

struct hash story_digest(size_t number)
{
    struct hash h;
    memset(h.b, (int)(number / 2 * 37 + (number < 6 ? 0x80 : 1)), CRYPT_HASH);
    h.b[31] = (uint8_t)number;
    h.b[20] = (uint8_t)(number * 16);
    return h;
}

/* ---- making it up ---- */

struct making {
    struct story *s;
    struct chance c;
    uint64_t deposit[64], receipt[64], seq[64], part[64]; /* receipt 0: open */
    size_t deposits;
    uint64_t receipts, place_seq, manifests, packs;
    struct hash prev;
    uint8_t investigation[STATEMENT_ID];
};

static size_t below(struct making *m, size_t n)
{
    return chance_below(&m->c, n);
}

static void *kept(struct making *m, size_t n, size_t bytes)
{
    assert_true(m->s->kept_count < COUNT(m->s->kept));
    void *p = calloc(n + 1, bytes);
    assert_non_null(p);
    m->s->kept[m->s->kept_count++] = p;
    return p;
}

static struct told *next(struct making *m, enum statement_kind kind)
{
    struct story *s = m->s;
    if (s->count == s->room) {
        s->room = s->room == 0 ? 256 : s->room * 2;
        s->told = realloc(s->told, s->room * sizeof *s->told);
        assert_non_null(s->told);
    }
    struct told *t = &s->told[s->count++];
    *t = (struct told){.record = s->records, .leaf = s->leaves++, .manifest = LEAF_NO_MANIFEST};
    t->s.kind = kind;
    t->at = t->leaf * 1000 + 17;
    t->bytes = 500 + (uint32_t)below(m, 100);
    chance_fill(&m->c, t->commitment.b, CRYPT_HASH);
    if (kind != STATEMENT_RECEIVED)
        t->s.at_unix_s = (int64_t)below(m, 1000) - 500;
    if (kind != STATEMENT_RECEIVED && statement_kind_hidden(kind)) {
        memcpy(t->s.place.investigation, m->investigation, STATEMENT_ID);
        t->s.place.seq = m->place_seq++;
        t->s.place.prev = m->prev;
        m->prev = t->commitment;
    }
    return t;
}

static void make_item(struct making *m, size_t d)
{
    struct told *t = next(m, STATEMENT_RECEIVED);
    struct statement_received *r = &t->s.received;
    *r = (struct statement_received){.deposit = m->deposit[d], .seq = m->seq[d]++,
                                     .type = (enum statement_type)(below(m, 5) % 3),
                                     .path = bytes_text(story_paths[below(m, COUNT(story_paths))]),
                                     .mode = below(m, MODES) == 0 ? 0644 : 07777,
                                     .mtime = {.s = (int64_t)below(m, TIMES) - 1, .ns = (uint32_t)below(m, 2)}};
    if (r->type == STATEMENT_LINK)
        r->target = bytes_text(targets[below(m, TARGETS)]);
    if (r->type != STATEMENT_FILE)
        return;
    size_t digest = below(m, DIGESTS);
    r->sha256 = story_digest(digest);
    r->bytes = digest * 1000;
    t->manifest = m->manifests++;
    t->frames = (uint32_t)below(m, COUNT(t->frame) + 1);
    for (uint32_t i = 0; i < t->frames; i++)
        t->frame[i] = story_digest(below(m, DIGESTS));
}

/* A further name of an earlier file; other members hold what must not be looked at. */
static void make_name(struct making *m, size_t d)
{
    const struct story *s = m->s;
    size_t i = below(m, s->count);
    while (i < s->count && (s->told[i].s.kind != STATEMENT_RECEIVED || s->told[i].s.received.further_name ||
                            s->told[i].s.received.type != STATEMENT_FILE))
        i++;
    if (i == s->count)
        return;
    uint64_t of = s->told[i].leaf;
    struct told *t = next(m, STATEMENT_RECEIVED);
    t->s.received = (struct statement_received){.deposit = m->deposit[d], .seq = m->seq[d]++, .further_name = true,
                                                .of = of, .type = STATEMENT_LINK, .mode = 0600, .bytes = 99,
                                                .path = bytes_text(story_paths[below(m, COUNT(story_paths))])};
}

static void make_part(struct making *m, size_t d)
{
    struct told *t = next(m, STATEMENT_PART);
    struct statement_part *p = &t->s.part;
    *p = (struct statement_part){.deposit = m->deposit[d], .part = m->part[d]++, .refused_count = below(m, 3),
                                 .already_count = below(m, 3)};
    p->refused = kept(m, p->refused_count, sizeof *p->refused);
    p->already = kept(m, p->already_count, sizeof *p->already);
    for (size_t i = 0; i < p->refused_count; i++)
        p->refused[i] = (struct statement_refused){bytes_text(story_paths[below(m, COUNT(story_paths))]),
                                                   below(m, 2) == 0 ? "unreadable" : "socket", below(m, 1000)};
    for (size_t i = 0; i < p->already_count; i++)
        p->already[i].last = (p->already[i].first = below(m, 100)) + below(m, 5);
}

static void make_receipt(struct making *m, size_t d)
{
    struct told *t = next(m, STATEMENT_RECEIPT);
    uint64_t sums[sizeof t->s.receipt.totals / sizeof(uint64_t)];
    for (size_t i = 0; i < COUNT(sums); i++)
        sums[i] = chance_u64(&m->c) >> (below(m, 64));
    t->s.receipt.deposit = m->deposit[d];
    t->s.receipt.number = m->receipt[d] = ++m->receipts;
    t->s.receipt.parts = m->part[d];
    memcpy(&t->s.receipt.totals, sums, sizeof sums);
}

static void make_keyring(struct making *m)
{
    struct told *t = next(m, STATEMENT_KEYRING);
    size_t n = 1 + below(m, 2), first = below(m, COUNT(names) - 1);
    struct statement_file_hash *files = kept(m, n, sizeof *files);
    for (size_t i = 0; i < n; i++)
        files[i] = (struct statement_file_hash){names[first + i], below(m, 9000), story_digest(below(m, DIGESTS)),
                                                below(m, 4) == 0};
    t->s.keyring.files = files;
    t->s.keyring.count = n;
}

static void make_packs(struct making *m)
{
    struct story *s = m->s;
    struct told *t = next(m, STATEMENT_PACKS);
    size_t n = 1 + below(m, 2);
    struct statement_pack *packs = kept(m, n, sizeof *packs);
    for (size_t i = 0; i < n; i++)
        packs[i] = (struct statement_pack){m->packs + i, 1 + (uint32_t)below(m, 4000), i + 1 < n,
                                           story_digest(below(m, DIGESTS))};
    m->packs += n - 1;
    t->s.packs.packs = packs;
    t->s.packs.count = n;
    s->runs = realloc(s->runs, (s->run_count + 1) * sizeof *s->runs);
    assert_non_null(s->runs);
    s->runs[s->run_count++] =
        (struct story_run){s->records, m->packs, m->manifests, (uint32_t)below(m, 100), 1 + (uint32_t)below(m, 9), 4};
}

static void make_rest(struct making *m)
{
    struct told *t;
    switch (below(m, 6)) {
    case 0:
        t = next(m, STATEMENT_NOTE);
        t->s.note.text = "a remark";
        break;
    case 1:
        if (m->receipts > 0) {
            t = next(m, STATEMENT_SET_ASIDE);
            t->s.set_aside.receipt = 1 + below(m, m->receipts);
            t->s.set_aside.reason = below(m, 2) == 0 ? "the wrong stick" : "taken in twice";
        }
        break;
    case 2:
        t = next(m, below(m, 2) == 0 ? STATEMENT_REPAIRED : below(m, 2) == 0 ? STATEMENT_RECOVERY : STATEMENT_MEMBER);
        break;
    case 3:
        if (below(m, 4) == 0) { /* another line of inquiry, numbered from 0 again */
            chance_fill(&m->c, m->investigation, STATEMENT_ID);
            m->place_seq = 0;
            memset(&m->prev, 0, sizeof m->prev);
            t = next(m, STATEMENT_INVESTIGATION);
            t->s.investigation.name = "another";
        }
        break;
    default:
        make_keyring(m);
    }
}

static void make_record(struct making *m)
{
    bool opens = m->deposits == 0 || (below(m, 3) == 0 && m->deposits < COUNT(m->deposit));
    if (opens) {
        struct told *t = next(m, STATEMENT_DEPOSIT);
        t->s.deposit.giver = story_givers[below(m, COUNT(story_givers))];
        t->s.deposit.note = below(m, 2) == 0 ? NULL : "as \"given\"\n";
        m->deposit[m->deposits] = t->leaf;
        m->deposits++;
    }
    size_t d = below(m, m->deposits);
    if (m->receipt[d] == 0) {
        for (size_t n = below(m, 8); n > 0; n--) {
            if (below(m, 6) == 0)
                make_name(m, d);
            else
                make_item(m, d);
        }
        if (below(m, 2) == 0)
            make_part(m, d);
        if (below(m, 3) == 0)
            make_receipt(m, d);
        make_packs(m);
    }
    make_rest(m);
    m->s->records++;
}

void story_make(struct story *s, uint64_t seed, uint64_t records)
{
    struct making m = {.s = s, .c = {seed}};
    *s = (struct story){0};
    (void)next(&m, STATEMENT_FOUNDED);
    chance_fill(&m.c, m.investigation, STATEMENT_ID);
    (void)next(&m, STATEMENT_INVESTIGATION);
    s->records = 1;
    while (s->records < records)
        make_record(&m);
}

void story_drop(struct story *s)
{
    for (size_t i = 0; i < s->kept_count; i++)
        free(s->kept[i]);
    free(s->told);
    free(s->runs);
}

/* ---- telling it ---- */

static void tell_record(struct index *x, const struct story *s, uint64_t record, struct index_position *now)
{
    struct err e = {0};
    assert_int_equal(index_begin(x, &e), 0);
    for (size_t i = 0; i < s->run_count; i++)
        if (s->runs[i].record == record)
            assert_int_equal(index_run(x, s->runs[i].pack, s->runs[i].first_sector, s->runs[i].sectors,
                                       s->runs[i].first_record, s->runs[i].records, &e),
                             0);
    for (size_t i = 0; i < s->count; i++) {
        const struct told *t = &s->told[i];
        if (t->record != record)
            continue;
        int rc = index_statement(x, t->leaf, &t->s, t->manifest, t->at, t->bytes,
                                 statement_kind_hidden(t->s.kind) ? &t->commitment : NULL, &e);
        if (rc != 0)
            fail_msg("%s", e.text);
        for (uint32_t n = 0; n < t->frames; n++)
            assert_int_equal(index_frame(x, &t->frame[n], t->leaf, n, &e), 0);
        now->leaves = t->leaf + 1;
        now->bytes = t->at + t->bytes;
        now->last = t->commitment;
    }
    now->records = record + 1;
    assert_int_equal(index_end(x, now, &e), 0);
}

void story_tell(struct index *x, const struct story *s, uint64_t from, uint64_t to)
{
    struct index_position now;
    assert_int_equal(index_where(x, &now, NULL), 0);
    assert_int_equal(now.records, from);
    for (uint64_t record = from; record < to; record++)
        tell_record(x, s, record, &now);
}

/* ---- what must be answered: each found by reading the whole story ---- */

struct asked {
    const struct story *s;
    size_t count; /* statements told so far */
    size_t at;    /* of a walk */
    uint64_t filter;
    const struct told *want;
    uint64_t seen;
};

static const struct told *find(const struct asked *a, uint64_t leaf)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->s->told[i].leaf == leaf)
            return &a->s->told[i];
    return NULL;
}

static const struct told *receipt_of(const struct asked *a, uint64_t deposit)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->s->told[i].s.kind == STATEMENT_RECEIPT && a->s->told[i].s.receipt.deposit == deposit)
            return &a->s->told[i];
    return NULL;
}

/* The statement that set the deposit aside first, if it stands before ${end}. */
static const struct told *aside_of(const struct asked *a, uint64_t deposit, uint64_t end)
{
    const struct told *receipt = receipt_of(a, deposit);
    for (size_t i = 0; receipt != NULL && i < a->count && a->s->told[i].leaf < end; i++)
        if (a->s->told[i].s.kind == STATEMENT_SET_ASIDE &&
            a->s->told[i].s.set_aside.receipt == receipt->s.receipt.number)
            return &a->s->told[i];
    return NULL;
}

static bool is_item(const struct told *t)
{
    return t->s.kind == STATEMENT_RECEIVED;
}

static bool is_file(const struct told *t)
{
    return is_item(t) && !t->s.received.further_name && t->s.received.type == STATEMENT_FILE;
}

static uint64_t number_of_receipt(const struct asked *a, uint64_t deposit)
{
    const struct told *receipt = receipt_of(a, deposit);
    return receipt == NULL ? 0 : receipt->s.receipt.number;
}

/* The earliest item with these bytes before ${end}, living then. */
static uint64_t earliest(const struct asked *a, const struct hash *sha256, uint64_t end)
{
    for (size_t i = 0; i < a->count && a->s->told[i].leaf < end; i++) {
        const struct told *t = &a->s->told[i];
        if (is_file(t) && hash_equal(&t->s.received.sha256, sha256) &&
            aside_of(a, t->s.received.deposit, end) == NULL)
            return t->leaf;
    }
    return UINT64_MAX;
}

static void same_item(const struct asked *a, const struct index_item *item)
{
    const struct told *t = find(a, item->leaf);
    assert_non_null(t);
    const struct statement_received *r = &t->s.received;
    assert_true(is_item(t));
    assert_int_equal(item->deposit, r->deposit);
    assert_int_equal(item->seq, r->seq);
    assert_int_equal(item->receipt, number_of_receipt(a, r->deposit));
    assert_int_equal(item->set_aside, aside_of(a, r->deposit, UINT64_MAX) != NULL);
    assert_int_equal(item->further_name, r->further_name);
    assert_true(bytes_equal(item->path, r->path));
    assert_int_equal(item->manifest_record, t->manifest);
    assert_int_equal(item->duplicate_of, is_file(t) ? earliest(a, &r->sha256, t->leaf) : UINT64_MAX);
    if (r->further_name) {
        assert_int_equal(item->of, r->of);
        assert_int_equal(item->mode, 0);
        assert_int_equal(item->bytes, 0);
        return;
    }
    assert_int_equal(item->type, r->type);
    assert_int_equal(item->mode, r->mode);
    assert_int_equal(item->mtime.s, r->mtime.s);
    assert_int_equal(item->mtime.ns, r->mtime.ns);
    assert_int_equal(item->bytes, r->bytes);
    assert_true(hash_equal(&item->sha256, &r->sha256));
    assert_true(bytes_equal(item->target, r->target));
}

/* The next item of the walk: of deposit ${filter}, or any. */
static int walk_item(void *context, const struct index_item *item, struct err *e)
{
    struct asked *a = context;
    while (a->at < a->count && (!is_item(&a->s->told[a->at]) ||
                                (a->filter != UINT64_MAX && a->s->told[a->at].s.received.deposit != a->filter)))
        a->at++;
    assert_true(a->at < a->count);
    assert_int_equal(item->leaf, a->s->told[a->at].leaf);
    same_item(a, item);
    a->at++;
    a->seen++;
    return 0;
}

static int note_item(void *context, const struct index_item *item, struct err *e)
{
    struct asked *a = context;
    assert_true(a->seen == 0 || item->leaf > a->filter);
    a->filter = item->leaf;
    same_item(a, item);
    a->seen++;
    return 0;
}

static void check_items(struct index *x, struct asked *a)
{
    struct err e = {0};
    uint64_t items = 0;
    for (size_t i = 0; i < a->count; i++) {
        const struct told *t = &a->s->told[i];
        items += is_item(t);
        struct asked one = {.s = a->s, .count = a->count};
        assert_int_equal(index_item(x, t->leaf, note_item, &one, &e), is_item(t) ? 0 : ERR_ABSENT);
        assert_int_equal(one.seen, is_item(t));
        uint64_t record = 0;
        assert_int_equal(index_manifest(x, t->leaf, &record, &e), is_file(t) ? 0 : ERR_ABSENT);
        assert_true(!is_file(t) || record == t->manifest);
        if (t->s.kind != STATEMENT_DEPOSIT)
            continue;
        uint64_t of = 0, late = 0;
        for (size_t n = 0; n < a->count; n++) {
            bool mine = is_item(&a->s->told[n]) && a->s->told[n].s.received.deposit == t->leaf;
            of += mine;
            late += mine && a->s->told[n].leaf >= t->leaf + 9;
        }
        struct asked walk = {.s = a->s, .count = a->count, .filter = t->leaf};
        assert_int_equal(index_items(x, t->leaf, 0, walk_item, &walk, &e), 0);
        assert_int_equal(walk.seen, of);
        walk.at = i + 9 < a->count ? i + 9 : a->count;
        walk.seen = 0;
        assert_int_equal(index_items(x, t->leaf, t->leaf + 9, walk_item, &walk, &e), 0);
        assert_int_equal(walk.seen, late);
    }
    struct asked walk = {.s = a->s, .count = a->count, .filter = UINT64_MAX};
    assert_int_equal(index_items(x, UINT64_MAX, 0, walk_item, &walk, &e), 0);
    assert_int_equal(walk.seen, items);
}

static void check_found(struct index *x, struct asked *a)
{
    struct err e = {0};
    for (size_t p = 0; p < COUNT(story_paths); p++) {
        struct asked found = {.s = a->s, .count = a->count};
        uint64_t want = 0;
        for (size_t i = 0; i < a->count; i++)
            want += is_item(&a->s->told[i]) && bytes_equal(a->s->told[i].s.received.path, bytes_text(story_paths[p]));
        assert_int_equal(index_item_by_path(x, bytes_text(story_paths[p]), note_item, &found, &e), 0);
        assert_int_equal(found.seen, want);
    }
    for (size_t d = 0; d < DIGESTS; d++) {
        struct hash digest = story_digest(d);
        char hex[2 * CRYPT_HASH + 1];
        hex_put(hex, digest.b, CRYPT_HASH);
        static const size_t lengths[] = {8, 9, 16, 17, 40, 41, 63, 64};
        for (size_t n = 0; n < COUNT(lengths); n++) {
            struct asked found = {.s = a->s, .count = a->count};
            uint64_t want = 0;
            hex_put(hex, digest.b, CRYPT_HASH);
            for (size_t i = 0; i < a->count; i++) {
                char other[2 * CRYPT_HASH + 1];
                hex_put(other, a->s->told[i].s.received.sha256.b, CRYPT_HASH);
                want += is_file(&a->s->told[i]) && memcmp(hex, other, lengths[n]) == 0;
            }
            hex[lengths[n]] = 0;
            assert_int_equal(index_item_by_digest(x, hex, note_item, &found, &e), 0);
            assert_int_equal(found.seen, want);
        }
        struct index_twin twin;
        uint64_t first = earliest(a, &digest, UINT64_MAX);
        assert_int_equal(index_duplicate(x, &digest, &twin, &e), first == UINT64_MAX ? ERR_ABSENT : 0);
        if (first != UINT64_MAX) {
            const struct statement_received *r = &find(a, first)->s.received;
            assert_int_equal(twin.leaf, first);
            assert_int_equal(twin.receipt, number_of_receipt(a, r->deposit));
            assert_int_equal(twin.bytes, r->bytes);
            assert_true(hash_equal(&twin.sha256, &digest));
        }
    }
}

static void check_frames(struct index *x, struct asked *a)
{
    for (size_t d = 0; d < DIGESTS; d++) {
        struct hash digest = story_digest(d);
        const struct told *want = NULL;
        uint32_t number = 0;
        for (size_t i = 0; want == NULL && i < a->count; i++)
            for (uint32_t n = 0; want == NULL && n < a->s->told[i].frames; n++)
                if (memcmp(a->s->told[i].frame[n].b, digest.b, sizeof(uint64_t)) == 0) {
                    want = &a->s->told[i];
                    number = n;
                }
        uint64_t leaf = 0;
        uint32_t frame = 0;
        assert_int_equal(index_find_frame(x, &digest, &leaf, &frame, NULL), want == NULL ? ERR_ABSENT : 0);
        if (want != NULL) {
            assert_int_equal(leaf, want->leaf);
            assert_int_equal(frame, number);
        }
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The newest living item that is the same in all that can be seen without reading it. */
static const struct told *already(const struct asked *a, const char *giver, const struct statement_received *r)
{
    for (size_t i = a->count; i-- > 0;) {
        const struct told *t = &a->s->told[i];
        const struct statement_received *o = &t->s.received;
        if (!is_item(t) || o->further_name != r->further_name || !bytes_equal(o->path, r->path) ||
            !same_text(find(a, o->deposit)->s.deposit.giver, giver) || aside_of(a, o->deposit, UINT64_MAX) != NULL)
            continue;
        if (r->further_name && o->of == r->of &&
            aside_of(a, find(a, o->of)->s.received.deposit, UINT64_MAX) == NULL)
            return t;
        if (!r->further_name && o->type == r->type && o->mode == r->mode && o->mtime.s == r->mtime.s &&
            o->mtime.ns == r->mtime.ns && (r->type != STATEMENT_LINK || bytes_equal(o->target, r->target)))
            return t;
    }
    return NULL;
}

static void check_already(struct index *x, struct asked *a)
{
    for (size_t i = 0; i < a->count; i++) {
        for (size_t g = 0; is_item(&a->s->told[i]) && g < COUNT(story_givers); g++) {
            struct statement_received r = a->s->told[i].s.received;
            struct index_twin twin;
            struct err e = {0};
            if (i % 3 == 1)
                r.mtime.ns ^= 1;
            const struct told *want = already(a, story_givers[g], &r);
            assert_int_equal(index_already(x, story_givers[g], &r, &twin, &e), want == NULL ? ERR_ABSENT : 0);
            if (want == NULL)
                continue;
            const struct told *item = r.further_name ? find(a, want->s.received.of) : want;
            assert_int_equal(twin.leaf, want->leaf);
            assert_int_equal(twin.receipt, number_of_receipt(a, want->s.received.deposit));
            assert_int_equal(twin.bytes, item->s.received.bytes);
            assert_true(hash_equal(&twin.sha256, &item->s.received.sha256));
        }
    }
}

static int walk_refused(void *context, const struct statement_refused *refused, struct err *e)
{
    struct asked *a = context;
    for (size_t n = a->at++, i = 0; i < a->count; i++) {
        const struct statement_part *p = &a->s->told[i].s.part;
        if (a->s->told[i].s.kind != STATEMENT_PART || p->deposit != a->filter)
            continue;
        if (n < p->refused_count) {
            assert_true(bytes_equal(p->refused[n].path, refused->path));
            assert_string_equal(p->refused[n].reason, refused->reason);
            assert_int_equal(p->refused[n].bytes, refused->bytes);
            return 0;
        }
        n -= p->refused_count;
    }
    fail();
    return 0;
}

static int walk_already(void *context, const struct statement_range *range, struct err *e)
{
    struct asked *a = context;
    for (size_t n = a->at++, i = 0; i < a->count; i++) {
        const struct statement_part *p = &a->s->told[i].s.part;
        if (a->s->told[i].s.kind != STATEMENT_PART || p->deposit != a->filter)
            continue;
        if (n < p->already_count) {
            assert_int_equal(p->already[n].first, range->first);
            assert_int_equal(p->already[n].last, range->last);
            return 0;
        }
        n -= p->already_count;
    }
    fail();
    return 0;
}

static int same_deposit(void *context, const struct index_deposit *d, struct err *e)
{
    struct asked *a = context;
    const struct told *t = find(a, d->leaf), *receipt = receipt_of(a, d->leaf),
                      *aside = aside_of(a, d->leaf, UINT64_MAX);
    static const struct statement_totals none;
    uint64_t parts = 0;
    assert_non_null(t);
    assert_int_equal(t->s.kind, STATEMENT_DEPOSIT);
    assert_true(a->seen == 0 || d->leaf > a->want->leaf);
    assert_true(same_text(d->giver, t->s.deposit.giver));
    assert_true(same_text(d->note, t->s.deposit.note));
    assert_int_equal(d->opened_unix_s, t->s.at_unix_s);
    assert_int_equal(d->receipt, receipt == NULL ? 0 : receipt->s.receipt.number);
    assert_int_equal(d->receipt_leaf, receipt == NULL ? 0 : receipt->leaf);
    assert_int_equal(d->closed_unix_s, receipt == NULL ? 0 : receipt->s.at_unix_s);
    assert_memory_equal(&d->totals, receipt == NULL ? &none : &receipt->s.receipt.totals, sizeof d->totals);
    assert_int_equal(d->set_aside, aside != NULL);
    assert_true(same_text(d->set_aside_reason, aside == NULL ? NULL : aside->s.set_aside.reason));
    for (size_t i = 0; i < a->count; i++)
        parts += a->s->told[i].s.kind == STATEMENT_PART && a->s->told[i].s.part.deposit == d->leaf;
    assert_int_equal(d->parts, parts);
    a->want = t;
    a->seen++;
    return 0;
}

static void check_deposits(struct index *x, struct asked *a)
{
    struct index_sums sums, want = {.next_receipt = 1};
    struct asked walk = {.s = a->s, .count = a->count};
    for (size_t i = 0; i < a->count; i++) {
        const struct told *t = &a->s->told[i];
        bool first = is_file(t);
        for (size_t n = 0; n < i; n++)
            first = first && !(is_file(&a->s->told[n]) &&
                               hash_equal(&a->s->told[n].s.received.sha256, &t->s.received.sha256));
        want.names += is_item(t) && t->s.received.further_name;
        want.folders += is_item(t) && !t->s.received.further_name && t->s.received.type == STATEMENT_FOLDER;
        want.items += is_item(t) && !t->s.received.further_name && t->s.received.type != STATEMENT_FOLDER;
        want.bytes += is_file(t) ? t->s.received.bytes : 0;
        want.distinct_bytes += first ? t->s.received.bytes : 0;
        want.notes += t->s.kind == STATEMENT_NOTE;
        want.deposits += t->s.kind == STATEMENT_DEPOSIT;
        want.receipts += t->s.kind == STATEMENT_RECEIPT;
        if (t->s.kind == STATEMENT_RECEIPT) {
            struct asked one = {.s = a->s, .count = a->count};
            want.next_receipt = t->s.receipt.number + 1;
            assert_int_equal(index_deposit_by_receipt(x, t->s.receipt.number, same_deposit, &one, NULL), 0);
            assert_int_equal(one.seen, 1);
        }
        size_t refused = 0, ranges = 0;
        for (size_t n = 0; t->s.kind == STATEMENT_DEPOSIT && n < a->count; n++)
            if (a->s->told[n].s.kind == STATEMENT_PART && a->s->told[n].s.part.deposit == t->leaf) {
                refused += a->s->told[n].s.part.refused_count;
                ranges += a->s->told[n].s.part.already_count;
            }
        struct asked list = {.s = a->s, .count = a->count, .filter = t->leaf};
        assert_int_equal(index_refused(x, t->leaf, walk_refused, &list, NULL), 0);
        assert_int_equal(list.at, refused);
        list.at = 0;
        assert_int_equal(index_already_of(x, t->leaf, walk_already, &list, NULL), 0);
        assert_int_equal(list.at, ranges);
    }
    want.open_deposits = want.deposits - want.receipts;
    assert_int_equal(index_sums(x, &sums, NULL), 0);
    assert_memory_equal(&sums, &want, sizeof sums);
    assert_int_equal(index_deposits(x, same_deposit, &walk, NULL), 0);
    assert_int_equal(walk.seen, want.deposits);
    assert_int_equal(index_deposit_by_receipt(x, want.next_receipt, same_deposit, &walk, NULL), ERR_ABSENT);
}

struct listed {
    struct index *x;
    size_t count;
    uint64_t last;
};

static int list_row(void *context, const struct index_investigation_row *row, struct err *e)
{
    struct listed *l = context;
    struct statement_place place;
    (void)e;
    assert_true(l->count == 0 || row->leaf > l->last);
    assert_int_equal(index_place(l->x, row->next.investigation, &place, NULL), 0);
    assert_true(place.seq == row->next.seq && hash_equal(&place.prev, &row->next.prev));
    l->count++;
    l->last = row->leaf;
    return 0;
}

static void check_places(struct index *x, struct asked *a)
{
    uint8_t first[STATEMENT_ID];
    struct statement_place place;
    bool any = false;
    for (size_t i = 0; i < a->count; i++) {
        const struct told *t = &a->s->told[i], *last = NULL;
        if (is_item(t) || !statement_kind_hidden(t->s.kind))
            continue;
        for (size_t n = 0; n < a->count; n++)
            if (!is_item(&a->s->told[n]) && statement_kind_hidden(a->s->told[n].s.kind) &&
                memcmp(a->s->told[n].s.place.investigation, t->s.place.investigation, STATEMENT_ID) == 0)
                last = &a->s->told[n];
        uint64_t from = UINT64_MAX;
        assert_int_equal(index_place_first(x, t->s.place.investigation, &from, NULL), 0);
        assert_true(from <= t->leaf);
        assert_int_equal(index_place(x, t->s.place.investigation, &place, NULL), 0);
        assert_memory_equal(place.investigation, t->s.place.investigation, STATEMENT_ID);
        assert_int_equal(place.seq, last->s.place.seq + 1);
        assert_true(hash_equal(&place.prev, &last->commitment));
        if (!any) {
            assert_int_equal(index_investigation(x, first, NULL), 0);
            assert_memory_equal(first, t->s.place.investigation, STATEMENT_ID);
        }
        any = true;
    }
    assert_true(any);
    struct listed l = {.x = x};
    assert_int_equal(index_investigations(x, list_row, &l, NULL), 0);
    assert_true(l.count > 0);
}

static int walk_row(void *context, const struct index_statement_row *row, struct err *e)
{
    struct asked *a = context;
    while (a->at < a->count && a->filter != 0 && a->s->told[a->at].s.kind != a->filter)
        a->at++;
    assert_true(a->at < a->count);
    const struct told *t = &a->s->told[a->at++];
    assert_int_equal(row->leaf, t->leaf);
    assert_int_equal(row->kind, t->s.kind);
    assert_int_equal(row->journal_at, t->at);
    assert_int_equal(row->journal_bytes, t->bytes);
    a->seen++;
    return 0;
}

static void check_rows(struct index *x, struct asked *a)
{
    for (int kind = 0; kind <= STATEMENT_KIND_LAST; kind++) {
        for (uint64_t from = 0; from <= a->count; from += 1 + a->count / 3) {
            struct asked walk = {.s = a->s, .count = a->count, .filter = (uint64_t)kind, .at = from};
            uint64_t want = 0;
            for (size_t i = from; i < a->count; i++)
                want += kind == 0 || (int)a->s->told[i].s.kind == kind;
            assert_int_equal(index_statements(x, from, kind, walk_row, &walk, NULL), 0);
            assert_int_equal(walk.seen, want);
        }
    }
    for (size_t i = 0; i < a->count; i++) {
        struct index_statement_row row;
        struct asked walk = {.s = a->s, .count = a->count, .at = i};
        assert_int_equal(index_statement_row(x, a->s->told[i].leaf, &row, NULL), 0);
        (void)walk_row(&walk, &row, NULL);
    }
    struct index_statement_row row;
    assert_int_equal(index_statement_row(x, a->count, &row, NULL), ERR_ABSENT);
}

static int walk_run(void *context, uint64_t pack, uint32_t first_sector, uint32_t sectors, uint64_t first_record,
                    uint32_t records, struct err *e)
{
    struct asked *a = context;
    const struct story_run *r = &a->s->runs[a->seen++];
    assert_int_equal(pack, r->pack);
    assert_int_equal(first_sector, r->first_sector);
    assert_int_equal(sectors, r->sectors);
    assert_int_equal(first_record, r->first_record);
    assert_int_equal(records, r->records);
    return 0;
}

static int walk_pack(void *context, const struct statement_pack *pack, struct err *e)
{
    struct asked *a = context;
    const struct statement_pack *want = NULL;
    assert_true(a->seen == 0 || pack->pack > a->filter);
    for (size_t i = 0; i < a->count; i++)
        for (size_t n = 0; a->s->told[i].s.kind == STATEMENT_PACKS && n < a->s->told[i].s.packs.count; n++)
            if (a->s->told[i].s.packs.packs[n].pack == pack->pack)
                want = &a->s->told[i].s.packs.packs[n];
    assert_non_null(want);
    assert_int_equal(pack->sectors, want->sectors);
    assert_int_equal(pack->sealed, want->sealed);
    assert_true(hash_equal(&pack->root, &want->root));
    a->filter = pack->pack;
    a->seen++;
    return 0;
}

static const struct statement_file_hash *file_of(const struct asked *a, const char *name)
{
    const struct statement_file_hash *want = NULL;
    for (size_t i = 0; i < a->count; i++)
        for (size_t n = 0; a->s->told[i].s.kind == STATEMENT_KEYRING && n < a->s->told[i].s.keyring.count; n++)
            if (strcmp(a->s->told[i].s.keyring.files[n].name, name) == 0)
                want = &a->s->told[i].s.keyring.files[n];
    return want == NULL || want->removed ? NULL : want;
}

static int walk_file(void *context, const struct statement_file_hash *f, struct err *e)
{
    struct asked *a = context;
    const struct statement_file_hash *want = file_of(a, f->name);
    assert_non_null(want);
    assert_false(f->removed);
    assert_int_equal(f->bytes, want->bytes);
    assert_true(hash_equal(&f->sha256, &want->sha256));
    a->seen++;
    return 0;
}

static void check_lists(struct index *x, struct asked *a, uint64_t records)
{
    uint64_t want = 0, packs = 0;
    struct asked walk = {.s = a->s, .count = a->count};
    for (size_t i = 0; i < a->s->run_count; i++)
        want += a->s->runs[i].record < records;
    assert_int_equal(index_runs(x, walk_run, &walk, NULL), 0);
    assert_int_equal(walk.seen, want);
    for (size_t i = 0; i < a->count; i++)
        for (size_t n = 0; a->s->told[i].s.kind == STATEMENT_PACKS && n < a->s->told[i].s.packs.count; n++)
            packs = a->s->told[i].s.packs.packs[n].pack + 1;
    walk.seen = 0;
    assert_int_equal(index_packs(x, walk_pack, &walk, NULL), 0);
    assert_int_equal(walk.seen, packs);
    walk.seen = want = 0;
    for (size_t i = 0; i < COUNT(names); i++)
        want += file_of(a, names[i]) != NULL;
    assert_int_equal(index_keyring_files(x, walk_file, &walk, NULL), 0);
    assert_int_equal(walk.seen, want);
}

void story_check(struct index *x, const struct story *s, uint64_t records)
{
    struct asked a = {.s = s};
    struct index_position at;
    while (a.count < s->count && s->told[a.count].record < records)
        a.count++;
    assert_int_equal(index_where(x, &at, NULL), 0);
    assert_int_equal(at.records, records);
    assert_int_equal(at.leaves, a.count);
    assert_int_equal(at.bytes, s->told[a.count - 1].at + s->told[a.count - 1].bytes);
    assert_true(hash_equal(&at.last, &s->told[a.count - 1].commitment));
    check_items(x, &a);
    check_found(x, &a);
    check_frames(x, &a);
    check_already(x, &a);
    check_deposits(x, &a);
    check_places(x, &a);
    check_rows(x, &a);
    check_lists(x, &a, records);
}
