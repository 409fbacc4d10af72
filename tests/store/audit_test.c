#include "fixture.h"

#include "base/clock.h"

static const struct thing large[] = {{"a.bin", 'r', 400000, 20}, {"b.bin", 'r', 500000, 21},
                                     {"c.bin", 'r', 300000, 22}};

/* Two packs: one sealed, with one copy, and the open one, with two. */
static void fill(struct fixture *f)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, "a giver", large, COUNT(large), &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
    assert_int_equal(fixture_count(f, "vault/000", ""), 2);
    assert_int_equal(fixture_count(f, "b/open", ""), 1);
}

static void test_whole(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    fill(f);
    fixture_print(f, &before);
    for (int full = 0; full < 2; full++) {
        assert_int_equal(fixture_audit(f, full), 0);
        assert_string_equal(buf_text(&f->lines), "");
        assert_int_equal(f->audited.packs, 2);
        assert_int_equal(f->audited.bytes,
                         fixture_size(f, "vault/000/000000.pack") + fixture_size(f, "vault/000/000001.pack") +
                             fixture_size(f, "parity/000/000000-01.p0"));
        assert_int_equal(f->audited.parity_files, 1);
        assert_int_equal(f->audited.items, full ? 3 : 0);
        assert_int_equal(f->audited.item_bytes, full ? 1200000 : 0);
    }
    fixture_print(f, &after);
    assert_true(hash_equal(&before, &after));
}

/* Any bit, a byte too few or too many, or the file: told with pack and copy, nothing written, no key needed. */
static void test_damage_of_any_one_copy(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"vault/000/000000.pack", "parity/000/000000-01.p0", "vault/000/000001.pack",
                                        "b/open/000001.pack"};
    static const char *const words[] = {"pack 0, copy a:", "stripe 0, parity file 0:", "pack 1, copy a:",
                                        "pack 1, copy b:"};
    struct hash before, after;
    fill(f);
    fixture_keep(f, "good");
    for (size_t i = 0; i < COUNT(names); i++)
        for (int how = 0; how < 6; how++) {
            fixture_back(f, "good");
            if (how < 3)
                fixture_flip(f, names[i], (int64_t)chance_below(&f->chance, fixture_size(f, names[i])));
            else if (how == 3)
                fixture_cut(f, names[i], 1);
            else if (how == 4)
                fixture_remove(f, names[i]);
            else if (i < 2)
                fixture_append(f, names[i], bytes_of("x", 1));
            else
                continue; /* what lies behind the committed sectors of an open pack is no damage */
            fixture_print(f, &before);
            /* A second copy that ends early is what a part of an intake leaves: told, and no damage. */
            bool behind = i == 3 && how >= 3;
            if (behind)
                assert_int_equal(fixture_audit(f, false), 0);
            else
                fixture_says(f, fixture_audit(f, false), ERR_DAMAGED, "1 findings: run groundwork repair", NULL);
            assert_non_null(strstr(buf_text(&f->lines), words[i]));
            assert_int_equal(f->audited.findings, !behind);
            /* With keys it is known that no intake was cut off. */
            assert_int_equal(fixture_audit(f, true), ERR_DAMAGED);
            assert_non_null(strstr(buf_text(&f->lines), words[i]));
            fixture_print(f, &after);
            assert_true(hash_equal(&before, &after));
        }
}

/* What is found is told by pack, whichever of them was done first, and by whoever. */
static void test_any_number_of_threads(void **state)
{
    struct fixture *f = *state;
    static const struct thing more[] = {
        {"d.bin", 'r', 900000, 23}, {"e.bin", 'r', 900000, 24}, {"f.bin", 'r', 900000, 25}};
    OWN(buf_drop) struct buf first = {0};
    fill(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, NULL, more, COUNT(more), &f->e), 0);
    store_close(s);
    unsigned packs = fixture_count(f, "vault/000", "");
    assert_true(packs >= 4);
    for (unsigned i = 0; i < packs; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "vault/000/%06u.pack", i);
        fixture_flip(f, name, (int64_t)(fixture_size(f, name) - 9));
    }
    for (f->threads = 1; f->threads <= 5; f->threads++) {
        fixture_says(f, fixture_audit(f, false), ERR_DAMAGED, "findings: run groundwork repair", NULL);
        assert_int_equal(f->audited.findings, packs);
        assert_int_equal(f->audited.packs, packs);
        if (f->threads == 1)
            buf_put_bytes(&first, buf_bytes(&f->lines));
        assert_string_equal(buf_text(&f->lines), buf_text(&first));
    }
    const char *at = buf_text(&first);
    for (unsigned i = 0; i < packs; i++) {
        char words[32];
        (void)snprintf(words, sizeof words, "pack %u, copy a:", i);
        at = strstr(at, words);
        assert_non_null(at);
    }
}

struct watching {
    struct fixture *f;
    unsigned left;
    uint64_t last;
};

static void keep_line(void *context, const char *text)
{
    struct watching *w = context;
    buf_printf(&w->f->lines, "%s\n", text);
}

static int stop_then(void *context, uint64_t done, uint64_t all)
{
    struct watching *w = context;
    assert_true(done <= all && done >= w->last);
    w->last = done;
    return w->left-- == 0;
}

/* Several deposits, so that there are several stretches. */
static void fill_more(struct fixture *f)
{
    static const struct thing more[3][2] = {{{"d.bin", 'r', 900000, 23}, {"a.bin", 'r', 400000, 20}},
                                            {{"e.bin", 'r', 900000, 24}, {"t.txt", 't', 90000, 5}},
                                            {{"f.bin", 'r', 900000, 25}, {"e2.bin", 'r', 900000, 24}}};
    fill(f);
    for (size_t i = 0; i < COUNT(more); i++) {
        OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
        assert_int_equal(fixture_intake(s, NULL, more[i], COUNT(more[i]), &f->e), 0);
    }
}

/* Stopped anywhere, gone on from the pack that the line names: together they have seen every pack and every item. */
static void test_stopped_and_gone_on(void **state)
{
    struct fixture *f = *state;
    unsigned stopped = 0, named = 0;
    fill_more(f);
    for (int full = 0; full < 2; full++) {
        OWN(store_drop) struct store *s = fixture_open(f, STORE_CHECK);
        struct watching all = {f, UINT32_MAX, 0};
        struct store_watch watch_all = {keep_line, stop_then, &all};
        struct store_audited whole, begun, rest;
        s->audit_stretch_bytes = 1500000;
        s->audit_step_bytes = 1;
        assert_int_equal(store_audit(s, full, 0, &watch_all, &whole, &f->e), 0);
        for (unsigned at = 0; at < 300; at++) {
            struct watching w = {f, at, 0}, on = {f, UINT32_MAX, 0};
            struct store_watch watch = {keep_line, stop_then, &w}, go_on = {keep_line, stop_then, &on};
            int rc = store_audit(s, full, 0, &watch, &begun, &f->e);
            if (rc == 0)
                break;
            assert_int_equal(rc, ERR_STOPPED);
            stopped++;
            const char *from = strstr(f->e.text, "--from-pack ");
            if (from == NULL) {
                assert_non_null(strstr(f->e.text, "nothing was changed"));
                continue;
            }
            uint64_t pack = strtoull(from + 12, NULL, 10);
            named++;
            assert_true(pack <= begun.packs);
            assert_int_equal(store_audit(s, full, pack, &go_on, &rest, &f->e), 0);
            assert_int_equal(pack + rest.packs, whole.packs);
            assert_true(begun.items + rest.items >= whole.items);
        }
    }
    assert_true(stopped > 6 && named > 3);
}

/* However long the stretches and their steps are: the same is counted, the same is found. */
static void test_stretches(void **state)
{
    struct fixture *f = *state;
    static const uint64_t lengths[][2] = {{0, 0}, {1, 0}, {1500000, 0}, {0, 1}, {1500000, 1}, {0, 2500000}};
    struct store_audited whole = {0}, damaged = {0};
    fill_more(f);
    for (int bad = 0; bad < 2; bad++) {
        if (bad)
            fixture_flip(f, "vault/000/000001.pack", 20 * VAULT_SECTOR + 77);
        for (size_t i = 0; i < COUNT(lengths); i++) {
            OWN(store_drop) struct store *s = fixture_open(f, STORE_CHECK);
            struct watching w = {f, UINT32_MAX, 0};
            struct store_watch watch = {keep_line, stop_then, &w};
            struct store_audited *first = bad ? &damaged : &whole, got;
            s->audit_stretch_bytes = lengths[i][0];
            s->audit_step_bytes = lengths[i][1];
            assert_int_equal(store_audit(s, true, 0, &watch, &got, &f->e), bad ? ERR_DAMAGED : 0);
            if (i == 0)
                *first = got;
            assert_memory_equal(&got, first, sizeof got);
        }
    }
    assert_int_equal(whole.items, 9);
    assert_true(damaged.findings >= 2 && damaged.items == whole.items);
}

/* A limit is kept, up to the first tenth of a second; and a stop is heard while a thread waits. */
static void test_no_faster_than_allowed(void **state)
{
    struct fixture *f = *state;
    fill(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_CHECK);
    struct watching w = {f, UINT32_MAX, 0}, at_once = {f, 1, 0};
    struct store_watch watch = {keep_line, stop_then, &w}, stopping = {keep_line, stop_then, &at_once};
    store_audit_limit(s, 20000000);
    uint64_t begin_ms = time_monotonic_ms();
    assert_int_equal(store_audit(s, false, 0, &watch, &f->audited, &f->e), 0);
    assert_true(time_monotonic_ms() - begin_ms + 10 >= (f->audited.bytes - VAULT_SECTOR * 64) * 1000 / 20000000);
    store_audit_limit(s, 1000);
    begin_ms = time_monotonic_ms();
    assert_int_equal(store_audit(s, true, 0, &stopping, &f->audited, &f->e), ERR_STOPPED);
    assert_true(time_monotonic_ms() - begin_ms < 60000); /* not the twenty minutes that it would take */
}

/* The open pack grows, is sealed, and loses its second copy while we look: no damage. */
static void test_outrun_by_a_writer(void **state)
{
    struct fixture *f = *state;
    static const struct thing more[] = {{"d.bin", 'r', 700000, 23}, {"e.bin", 'r', 500000, 24}};
    fill(f);
    OWN(store_drop) struct store *r = fixture_open(f, STORE_READ);
    OWN(store_drop) struct store *w = fixture_open(f, STORE_WRITE);
    struct watching watching = {f, UINT32_MAX, 0};
    struct store_watch watch = {keep_line, stop_then, &watching};
    assert_int_equal(fixture_intake(w, NULL, more, COUNT(more), &f->e), 0);
    assert_int_equal(fixture_count(f, "b/open", "000001"), 0);
    buf_clear(&f->lines);
    fixture_says(f, store_audit(r, false, 0, &watch, &f->audited, &f->e), ERR_BUSY, "check again", NULL);
    assert_string_equal(buf_text(&f->lines), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_whole),
        FIXTURE_TEST(test_damage_of_any_one_copy),
        FIXTURE_TEST(test_any_number_of_threads),
        FIXTURE_TEST(test_stopped_and_gone_on),
        FIXTURE_TEST(test_stretches),
        FIXTURE_TEST(test_no_faster_than_allowed),
        FIXTURE_TEST(test_outrun_by_a_writer),
    };
    return FIXTURE_RUN(tests);
}
