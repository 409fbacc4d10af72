#include "fixture.h"

#include "base/file.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { CHUNK_ROOM = 1 << 19, FTW_FILES = 16 };

static void must(int rc, const struct err *e)
{
    if (rc != 0)
        fail_msg("%d: %s", rc, e->text);
}

/* ---- the caller's memory ---- */

static struct fixture_chunk *chunk_place(struct fixture *f, const struct hash *digest)
{
    size_t i = u64_get(digest->b) % f->chunk_room;
    while (f->chunks[i].size_bytes != 0 && !hash_equal(&f->chunks[i].digest, digest))
        i = (i + 1) % f->chunk_room;
    return &f->chunks[i];
}

static int memory_find(void *context, const struct hash *digest, uint32_t size_bytes, struct vault_known *ret,
                       struct err *e)
{
    struct fixture *f = context;
    const struct fixture_chunk *c = chunk_place(f, digest);
    f->finds++;
    if (c->size_bytes != size_bytes)
        return err_set(e, ERR_ABSENT, "no such chunk");
    f->found++;
    *ret = c->at;
    return 0;
}

static int memory_holder(void *context, uint64_t leaf, struct key *ret_key, uint64_t *ret_record, struct err *e)
{
    struct fixture *f = context;
    struct fixture_leaf found = {.erased = true};
    (void)pthread_mutex_lock(&f->leaves_lock);
    if (leaf < f->leaf_count)
        found = f->leaves[leaf];
    (void)pthread_mutex_unlock(&f->leaves_lock);
    if (found.erased)
        return err_set(e, ERR_ABSENT, "no such leaf");
    *ret_key = found.key;
    *ret_record = found.record;
    return 0;
}

/* ---- beginning and end ---- */

void fixture_open(struct fixture *f)
{
    struct err e = {0};
    must(vault_open(&f->setup, &f->v, &e), &e);
    for (size_t i = 0; i < f->run_count; i++)
        must(vault_run_add(f->v, &f->runs[i], &e), &e);
}

const struct vault_pack *fixture_open_pack(const struct fixture *f)
{
    const struct vault_pack *last = f->pack_count == 0 ? NULL : &f->packs[f->pack_count - 1];
    return last == NULL || last->sealed ? NULL : last;
}

int fixture_write(struct fixture *f, uint64_t *ret_cut_bytes, struct err *e)
{
    struct vault_memory memory = {memory_find, memory_holder, f};
    int rc = vault_writer_open(f->v, fixture_open_pack(f), f->next_pack, f->next_record, &memory, &f->w,
                               ret_cut_bytes, e);
    if (rc != 0 || f->setup.parity.packs == 0)
        return rc;
    struct vault_parity_end end = {.stripes = f->stripes + f->stripe_count - f->last_stripes,
                                   .stripe_count = f->last_stripes};
    size_t first = f->stripe_count == 0 ? 0 : (f->stripe_count - 1) * f->setup.parity.packs;
    if (f->packs != NULL) {
        end.packs = f->packs + first;
        end.pack_count = fixture_sealed(f) - first;
    }
    return vault_writer_stripes(f->w, &end, e);
}

void fixture_begin(struct fixture *f, unsigned pack_mib, unsigned threads)
{
    fixture_begin_with(f, pack_mib, threads, (struct vault_parity){0});
}

void fixture_begin_with(struct fixture *f, unsigned pack_mib, unsigned threads, struct vault_parity parity)
{
    struct err e = {0};
    uint64_t cut = 1;
    *f = (struct fixture){0};
    (void)pthread_mutex_init(&f->leaves_lock, NULL);
    must(crypt_start(&e), &e);
    const char *folder = getenv("TMPDIR");
    (void)snprintf(f->root, sizeof(f->root), "%s/vault-test-XXXXXX", folder != NULL ? folder : "/tmp");
    assert_non_null(mkdtemp(f->root));
    memset(f->keys.compartment, 7, sizeof(f->keys.compartment));
    memset(f->keys.pack.b, 1, sizeof(f->keys.pack.b));
    memset(f->keys.chunk.b, 2, sizeof(f->keys.chunk.b));
    f->setup = (struct vault_setup){
        .root = f->root,
        .pack_sectors = pack_mib * ((1 << 20) / VAULT_SECTOR),
        .parity = parity,
        .keys = &f->keys,
        .threads = threads,
    };
    memset(f->setup.pin.b, 9, sizeof(f->setup.pin.b));
    f->chunk_room = CHUNK_ROOM;
    f->chunks = calloc(f->chunk_room, sizeof(*f->chunks));
    assert_non_null(f->chunks);
    fixture_open(f);
    must(fixture_write(f, &cut, &e), &e);
    assert_int_equal(cut, 0);
}

void fixture_close(struct fixture *f)
{
    vault_writer_close(f->w);
    f->w = NULL;
    vault_close(f->v);
    f->v = NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void fixture_end(struct fixture *f)
{
    fixture_close(f);
    (void)pthread_mutex_destroy(&f->leaves_lock);
    (void)nftw(f->root, remove_one, FTW_FILES, FTW_DEPTH | FTW_PHYS);
    free(f->leaves);
    free(f->chunks);
    free(f->runs);
    free(f->packs);
    free(f->stripes);
}

/* ---- writing ---- */

static int source_read(void *context, void *to, size_t n, size_t *ret_n, struct err *e)
{
    struct fixture_source *s = context;
    size_t left = s->bytes.n - s->at;
    if (s->fail_at != 0 && s->at >= s->fail_at)
        return err_set(e, ERR_IO, "the source failed");
    if (s->step != 0 && n > s->step)
        n = s->step;
    if (n > left)
        n = left;
    if (n != 0)
        memcpy(to, s->bytes.p + s->at, n);
    s->at += n;
    *ret_n = n;
    return 0;
}

struct vault_source fixture_source(struct fixture_source *s)
{
    return (struct vault_source){source_read, s};
}

static void leaf_add(struct fixture *f, const struct fixture_leaf *leaf)
{
    (void)pthread_mutex_lock(&f->leaves_lock);
    if (f->leaf_count == f->leaf_room) {
        f->leaf_room = f->leaf_room == 0 ? 1024 : f->leaf_room * 2;
        f->leaves = reallocarray(f->leaves, f->leaf_room, sizeof(*f->leaves));
        assert_non_null(f->leaves);
    }
    f->leaves[f->leaf_count++] = *leaf;
    (void)pthread_mutex_unlock(&f->leaves_lock);
}

uint64_t fixture_keep(struct fixture *f)
{
    struct err e = {0};
    struct fixture_leaf leaf = {.record = UINT64_MAX};
    crypt_random_fast(leaf.key.b, sizeof(leaf.key.b));
    must(vault_keep(f->w, &leaf.key, f->leaf_count, &e), &e);
    leaf_add(f, &leaf);
    return f->leaf_count - 1;
}

uint64_t fixture_put(struct fixture *f, struct bytes x)
{
    struct err e = {0};
    struct fixture_source s = {.bytes = x};
    struct vault_source source = fixture_source(&s);
    struct vault_digest digest;
    struct hash expected;
    must(vault_put(f->w, &source, &digest, &e), &e);
    crypt_sha256(x, &expected);
    assert_int_equal(digest.bytes, x.n);
    assert_memory_equal(digest.sha256.b, expected.b, sizeof(expected.b));
    return fixture_keep(f);
}

static void enter_pack(struct fixture *f, const struct vault_pack *p)
{
    if (f->pack_count != 0 && f->packs[f->pack_count - 1].pack == p->pack) {
        f->packs[f->pack_count - 1] = *p;
        return;
    }
    f->packs = reallocarray(f->packs, f->pack_count + 1, sizeof(*f->packs));
    assert_non_null(f->packs);
    f->packs[f->pack_count++] = *p;
}

void fixture_enter(struct fixture *f, const struct vault_flushed *x)
{
    for (size_t i = 0; i < x->object_count; i++) {
        assert_true(x->objects[i].cookie < f->leaf_count);
        assert_true(i == 0 || x->objects[i].cookie > x->objects[i - 1].cookie);
        f->leaves[x->objects[i].cookie].record = x->objects[i].manifest_record;
    }
    for (size_t i = 0; i < x->frame_count; i++) {
        struct fixture_chunk *c = chunk_place(f, &x->frames[i].digest);
        assert_true(++f->chunk_count < f->chunk_room / 2);
        *c = (struct fixture_chunk){x->frames[i].digest, x->frames[i].size_bytes,
                                    {x->frames[i].cookie, x->frames[i].frame}};
    }
    for (size_t i = 0; i < x->pack_count; i++)
        enter_pack(f, &x->packs[i]);
    for (size_t i = 0; i < x->stripe_count; i++) {
        assert_in_range(x->stripes[i].stripe, f->stripe_count == 0 ? 0 : f->stripe_count - 1, f->stripe_count);
        if (x->stripes[i].stripe == f->stripe_count) {
            f->stripes = reallocarray(f->stripes, f->stripe_count + 1, sizeof(*f->stripes));
            assert_non_null(f->stripes);
            f->stripe_count++;
        }
        f->stripes[x->stripes[i].stripe] = x->stripes[i];
    }
    if (x->stripe_count != 0)
        f->last_stripes = x->stripe_count;
    f->runs = reallocarray(f->runs, f->run_count + x->run_count + 1, sizeof(*f->runs));
    assert_non_null(f->runs);
    for (size_t i = 0; i < x->run_count; i++)
        f->runs[f->run_count++] = x->runs[i];
    f->next_pack = x->next_pack;
    f->next_record = x->next_record;
}

void fixture_commit(struct fixture *f, struct vault_flushed *ret)
{
    struct err e = {0};
    struct vault_flushed x = {0};
    must(vault_flush(f->w, &x, &e), &e);
    fixture_enter(f, &x);
    must(vault_committed(f->w, &x, &e), &e);
    if (ret != NULL)
        *ret = x;
    else
        vault_flushed_release(&x);
}

/* ---- reading ---- */

static int sink_write(void *context, struct bytes piece, struct err *e)
{
    buf_put_bytes(context, piece);
    return buf_check(context, e);
}

int fixture_get(struct fixture *f, uint64_t leaf, struct buf *to, struct err *e)
{
    assert_true(leaf < f->leaf_count);
    struct vault_sink sink = {sink_write, to};
    return vault_get(f->v, &f->leaves[leaf].key, f->leaves[leaf].record, &sink, NULL, e);
}

void fixture_same(struct fixture *f, uint64_t leaf, struct bytes x)
{
    struct err e = {0};
    OWN(buf_drop) struct buf got = {0};
    must(fixture_get(f, leaf, &got, &e), &e);
    assert_int_equal(got.n, x.n);
    if (x.n != 0)
        assert_memory_equal(got.p, x.p, x.n);
}

void fixture_audit(struct fixture *f)
{
    for (size_t i = 0; i < f->pack_count; i++) {
        struct err e = {0};
        must(vault_audit_pack(f->root, f->setup.pack_sectors, &f->packs[i], NULL, &e), &e);
    }
}

/* ---- stripes ---- */

size_t fixture_sealed(const struct fixture *f)
{
    return f->pack_count - (fixture_open_pack(f) != NULL);
}

void fixture_fill(struct fixture *f, size_t sealed, size_t object_bytes)
{
    while (fixture_sealed(f) < sealed) {
        OWN(mem_drop) uint8_t *x = fixture_bytes('r', object_bytes, f->leaf_count + 1000);
        (void)fixture_put(f, bytes_of(x, object_bytes));
        fixture_commit(f, NULL);
    }
}

struct vault_stripe_of fixture_stripe(const struct fixture *f, size_t stripe)
{
    assert_true(stripe < f->stripe_count);
    return (struct vault_stripe_of){.root = f->root,
                                    .pack_sectors = f->setup.pack_sectors,
                                    .parity = f->setup.parity,
                                    .logged = &f->stripes[stripe],
                                    .packs = f->packs + stripe * f->setup.parity.packs};
}

void fixture_member_path(const struct fixture *f, size_t stripe, unsigned member, char to[256])
{
    char name[VAULT_PARITY_NAME_MAX];
    if (member < f->stripes[stripe].packs) {
        fixture_pack_path(f, stripe * f->setup.parity.packs + member, 'a', to);
        return;
    }
    vault_parity_name(&f->stripes[stripe], member - f->stripes[stripe].packs, name);
    (void)snprintf(to, 256, "%s/%s", f->root, name);
}

/* ---- bytes ---- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void text_fill(uint8_t *p, size_t n, uint64_t *state)
{
    static const char words[] = "the witness said that in the spring of that year the guards came to the house ";
    for (size_t i = 0; i < n;) {
        uint64_t r = next_random(state);
        size_t length = 3 + r % 9;
        size_t from = r / 16 % (sizeof(words) - 13);
        for (size_t k = 0; k < length && i < n; k++)
            p[i++] = (uint8_t)words[from + k];
    }
}

uint8_t *fixture_bytes(char kind, size_t n, uint64_t seed)
{
    uint8_t *p = calloc(n + 8, 1);
    uint64_t state = seed * 0x2545f4914f6cdd1du + (uint64_t)kind;
    assert_non_null(p);
    if (kind == 'r')
        for (size_t i = 0; i < n; i += 8)
            u64_put(p + i, next_random(&state));
    else if (kind == 't')
        text_fill(p, n, &state);
    else if (kind == 'm')
        for (size_t i = 0; i < n; i += 100000) {
            size_t some = n - i < 100000 ? n - i : 100000;
            char part_kind = "rtz"[next_random(&state) % 3];
            OWN(mem_drop) uint8_t *part = fixture_bytes(part_kind, some, next_random(&state));
            memcpy(p + i, part, some);
        }
    return p;
}

void fixture_pack_path(const struct fixture *f, uint64_t pack, char copy, char to[256])
{
    if (copy == 'a')
        (void)snprintf(to, 256, "%s/vault/%03u/%06u.pack", f->root, (unsigned)(pack / 1000), (unsigned)pack);
    else
        (void)snprintf(to, 256, "%s/b/open/%06u.pack", f->root, (unsigned)pack);
}
