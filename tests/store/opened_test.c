/* The hidden statements of a record: the same is told, in the same order, by one thread and by several. */
#include "fixture.h"

enum { NOTES = 1000 };

struct told {
    struct hash digest;
    size_t count, failed, other;
    uint64_t last;
    size_t stop_at; /* 0: never */
};

static int tell(void *context, const struct store_opened *one, struct err *e)
{
    struct told *t = context;
    assert_true(t->count == 0 || one->leaf == t->last + 1);
    t->last = one->leaf;
    t->count++;
    t->failed += one->rc != 0;
    t->other += one->rc == 0 && !one->committed;
    OWN(buf_drop) struct buf all = {0};
    buf_put(&all, t->digest.b, CRYPT_HASH);
    if (one->rc == 0 && one->statement.kind == STATEMENT_NOTE)
        buf_put_text(&all, one->statement.note.text);
    if (one->rc != 0)
        buf_put_text(&all, one->why.text);
    crypt_sha256(buf_bytes(&all), &t->digest);
    return t->stop_at != 0 && t->count == t->stop_at ? err_set(e, ERR_STOPPED, "enough") : 0;
}

struct walk {
    struct store *s;
    struct told *t;
    unsigned bend; /* 0: nothing; 1: a bit of a sealed statement; 2: a bit of an entry; 3: cut */
    int rc;
};

/* The record of many notes; what it is given as is bent in memory. */
static int walk_one(void *context, const struct ledger_record *r, struct err *e)
{
    struct walk *w = context;
    if (r->hidden_count < NOTES)
        return 0;
    OWN(buf_drop) struct buf hidden = {0}, entries = {0};
    struct ledger_record bent = *r;
    buf_put_bytes(&hidden, r->hidden);
    buf_put_bytes(&entries, r->entries);
    if (w->bend == 1)
        hidden.p[hidden.n / 2] ^= 1;
    if (w->bend == 2)
        entries.p[LEDGER_ENTRY * 700 + 9] ^= 1;
    bent.hidden = w->bend == 3 ? bytes_of(hidden.p, hidden.n - 3) : buf_bytes(&hidden);
    bent.entries = buf_bytes(&entries);
    w->rc = store_opened_all(w->s, &bent, tell, w->t, e);
    return 0;
}

static struct told walked(struct fixture *f, unsigned threads, unsigned bend, size_t stop_at, int expect)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_CHECK);
    struct told t = {.stop_at = stop_at};
    struct walk w = {.s = s, .t = &t, .bend = bend};
    s->threads = threads;
    assert_int_equal(ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, walk_one, &w, &f->e), 0);
    assert_int_equal(w.rc, expect);
    return t;
}

static void test_threads_change_nothing(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    for (int i = 0; i < NOTES; i++) {
        char text[32];
        snprintf(text, sizeof text, "note %d", i);
        struct statement st = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {text}};
        assert_int_equal(store_add(s, &st, NULL, NULL, &f->e), 0);
    }
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(s);
    static const struct {
        unsigned bend;
        size_t stop_at;
        int rc;
    } cases[] = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {0, 333, ERR_STOPPED}, {0, 1, ERR_STOPPED}, {3, 0, ERR_DAMAGED}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct told one = walked(f, 1, cases[i].bend, cases[i].stop_at, cases[i].rc);
        for (unsigned threads = 2; threads <= 5; threads++) {
            struct told many = walked(f, threads, cases[i].bend, cases[i].stop_at, cases[i].rc);
            if (cases[i].bend == 3) /* a batch that is cut is not told at all */
                continue;
            assert_int_equal(many.count, one.count);
            assert_true(hash_equal(&many.digest, &one.digest));
            assert_int_equal(many.failed, cases[i].bend == 1);
            assert_int_equal(many.other, cases[i].bend == 2);
        }
    }
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_threads_change_nothing)};
    return FIXTURE_RUN(tests);
}
