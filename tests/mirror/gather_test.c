/* Of a pack that is whole nowhere comes back what any file of it has, as far as the log bears it out; nothing else. */
#include "fixture_mirror.h"
#include "../base/thorough.h"

enum { INTAKES = 6, OPEN_MAX = 16, ROWS = 64 };

/* What a pack was, and the lengths at which it was mirrored. */
struct grown {
    const char *sealed, *open[OPEN_MAX];
    uint32_t stops[OPEN_MAX];
    size_t open_count;
    struct buf truth;
};

static char open_names[OPEN_MAX][64];

/* Deposits, one by one, and a mirror after each; the files that give way in it are kept, as by runs that were ended. */
static void grow(struct fixture *f, struct grown *ret)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    store_close(s);
    for (unsigned i = 0; i < INTAKES; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%u.bin", i);
        const struct thing one = {name, 'r', 150000 + 20000 * i, 300 + i};
        s = fixture_open(f, STORE_WRITE);
        if (fixture_intake(s, "a giver", &one, 1, &f->e) != 0)
            fail_msg("%s", f->e.text);
        store_close(s);
        if (fixture_there(f, "vault/000/000001.pack"))
            break;
        struct file_path open;
        fixture_mirror_whole(f);
        fixture_first(f, "mirror/open", "000000-", &open);
        (void)snprintf(open_names[ret->open_count], sizeof open_names[0], "mirror/open/%.40s",
                       strrchr(open.s, '/') + 1);
        ret->stops[ret->open_count] = (uint32_t)(fixture_size(f, open.s) / VAULT_SECTOR);
        ret->open[ret->open_count] = open_names[ret->open_count];
        char kept[96];
        (void)snprintf(kept, sizeof kept, "kept-%.60s", strrchr(open.s, '/') + 1);
        fixture_copy(f, open.s, kept);
        ret->open_count++;
    }
    assert_true(ret->open_count > 2);
    fixture_mirror_whole(f);
    for (size_t i = 0; i < ret->open_count; i++) {
        char kept[96];
        (void)snprintf(kept, sizeof kept, "kept-%.60s", strrchr(ret->open[i], '/') + 1);
        fixture_copy(f, kept, ret->open[i]);
        fixture_remove(f, kept);
    }
    ret->sealed = "mirror/vault/000/000000.pack";
    fixture_get(f, "vault/000/000000.pack", &ret->truth);
    assert_int_equal(ret->truth.n, ROWS * VAULT_SECTOR);
    fixture_keep(f, "good");
    fixture_remove(f, "kept-mirror");
    fixture_copy(f, "mirror", "kept-mirror");
}

static bool true_row(const struct grown *g, const struct buf *is, uint32_t row)
{
    return is->n >= (size_t)(row + 1) * VAULT_SECTOR &&
           memcmp(is->p + (size_t)row * VAULT_SECTOR, g->truth.p + (size_t)row * VAULT_SECTOR, VAULT_SECTOR) == 0;
}

/* How many of its first sectors are as they were. */
static uint32_t begins(const struct fixture *f, const struct grown *g, const char *name, struct buf *is)
{
    uint32_t row = 0;
    buf_clear(is);
    if (fixture_there(f, name))
        fixture_get(f, name, is);
    while (row < ROWS && true_row(g, is, row))
        row++;
    return row;
}

static void harm(struct fixture *f, const char *name, bool always)
{
    const int64_t size = (int64_t)fixture_size(f, name);
    switch (chance_below(&f->chance, always ? 4 : 6)) {
    case 0:
        fixture_remove(f, name);
        return;
    case 1:
        fixture_cut(f, name, 1 + (int64_t)chance_below(&f->chance, (size_t)size - 1));
        return;
    case 2:
        fixture_flip(f, name, (int64_t)chance_below(&f->chance, (size_t)size));
        fixture_flip(f, name, (int64_t)chance_below(&f->chance, (size_t)size));
        return;
    case 3:
        fixture_flip(f, name, (int64_t)chance_below(&f->chance, (size_t)size));
        return;
    default:
        return; /* whole */
    }
}

/* Without parity: as long a beginning as one file has to one of the lengths that were logged. */
static uint32_t best_beginning(const struct fixture *f, const struct grown *g)
{
    OWN(buf_drop) struct buf is = {0};
    uint32_t best = 0;
    for (size_t file = 0; file <= g->open_count + 1; file++) {
        const char *name = file == 0   ? "vault/000/000000.pack"
                           : file == 1 ? g->sealed
                                       : g->open[file - 2];
        uint32_t has = begins(f, g, name, &is);
        for (size_t k = 0; k <= g->open_count; k++) {
            uint32_t stop = k < g->open_count ? g->stops[k] : ROWS;
            best = stop <= has && stop > best ? stop : best;
        }
    }
    return best;
}

static bool is_zero(const struct buf *is, uint32_t row)
{
    for (size_t i = 0; i < VAULT_SECTOR; i++)
        if (is->p[(size_t)row * VAULT_SECTOR + i] != 0)
            return false;
    return true;
}

static void test_whatever_any_file_has(void **state)
{
    struct fixture *f = *state;
    struct grown g = {0};
    OWN(buf_drop) struct buf was = {0};
    OWN(buf_drop) struct buf is = {0};
    unsigned whole = 0, part = 0;
    grow(f, &g);
    for (unsigned trial = 0; trial < many(200, 40); trial++) {
        fixture_back(f, "good");
        fixture_copy(f, "kept-mirror", "mirror");
        fixture_remove(f, "parity");
        harm(f, "vault/000/000000.pack", true);
        harm(f, g.sealed, true);
        for (size_t i = 0; i < g.open_count; i++)
            harm(f, g.open[i], false);
        uint32_t best = best_beginning(f, &g), here = begins(f, &g, "vault/000/000000.pack", &was);
        (void)fixture_repair_from_mirror(f);
        uint32_t now = begins(f, &g, "vault/000/000000.pack", &is);
        if (now < best || now < here)
            fail_msg("trial %u: %u sectors, of %u that were to be had, and %u that were here", trial, now, best, here);
        for (uint32_t row = now; (size_t)(row + 1) * VAULT_SECTOR <= is.n; row++)
            assert_true(true_row(&g, &is, row) || is_zero(&is, row) ||
                        (was.n >= (size_t)(row + 1) * VAULT_SECTOR &&
                         memcmp(is.p + (size_t)row * VAULT_SECTOR, was.p + (size_t)row * VAULT_SECTOR,
                                VAULT_SECTOR) == 0));
        whole += now == ROWS;
        part += now > here && now < ROWS;
        /* Once more brings no more, and puts nothing aside. */
        unsigned aside = fixture_count(f, "quarantine", "");
        (void)fixture_repair_from_mirror(f);
        assert_int_equal(fixture_count(f, "quarantine", ""), aside);
    }
    assert_true(whole > 0 && part > 0);
    buf_drop(&g.truth);
}

/* Row by row with parity: of the beginning in the mirror each sector counts, also of a file that is damaged itself. */
static void test_rows_for_parity(void **state)
{
    struct fixture *f = *state;
    struct grown g = {0};
    OWN(buf_drop) struct buf is = {0};
    grow(f, &g);
    const char *last = g.open[g.open_count - 1];
    for (int harmed = 0; harmed < 2; harmed++) {
        fixture_back(f, "good");
        fixture_copy(f, "kept-mirror", "mirror");
        fixture_remove(f, g.sealed);
        for (size_t i = 0; i + 1 < g.open_count; i++)
            fixture_remove(f, g.open[i]);
        if (harmed)
            fixture_flip(f, last, 10);
        /* The parity file has its trailer, and of its rows only those behind the beginning. */
        fixture_remove(f, "vault/000/000000.pack");
        for (uint32_t row = 1; row < g.stops[g.open_count - 1]; row++)
            fixture_flip(f, "parity/000/000000-01.p0", (int64_t)row * VAULT_SECTOR + 3);
        if (fixture_repair_from_mirror(f) != 0)
            fail_msg("%s %s", f->e.text, buf_text(&f->lines));
        const char *words = harmed ? "pack 0 healed by parity and the mirror: " : "pack 0 healed from the mirror";
        if (strstr(buf_text(&f->words), words) == NULL)
            fail_msg("%s", buf_text(&f->words));
        assert_int_equal(begins(f, &g, "vault/000/000000.pack", &is), ROWS);
        fixture_whole(f);
    }
    buf_drop(&g.truth);
}

/* What is open and longer here than in the mirror. */
static void test_an_open_pack(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf was = {0};
    OWN(buf_drop) struct buf is = {0};
    static const struct thing one = {"a.bin", 'r', 200000, 70}, two = {"b.bin", 'r', 300000, 71};
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "a giver", &one, 1, &f->e), 0);
    store_close(s);
    fixture_mirror_whole(f);
    struct file_path open;
    fixture_first(f, "mirror/open", "000000-", &open);
    fixture_get(f, open.s, &was);
    s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "a giver", &two, 1, &f->e), 0);
    store_close(s);
    fixture_keep(f, "good");
    for (int how = 0; how < 3; how++) {
        static const char *const copies[] = {"vault/000/000000.pack", "b/open/000000.pack"};
        fixture_back(f, "good");
        for (size_t i = 0; i < COUNT(copies); i++)
            if (how == 0)
                fixture_remove(f, copies[i]);
            else
                fixture_flip(f, copies[i], how == 1 ? 20 : -20);
        int rc = fixture_repair_from_mirror(f);
        for (size_t i = 0; i < COUNT(copies); i++) {
            fixture_get(f, copies[i], &is);
            assert_true(is.n >= was.n && memcmp(is.p, was.p, was.n) == 0);
        }
        if (how == 1) { /* the beginning there and the rest here are all of it */
            assert_int_equal(rc, 0);
            fixture_whole(f);
            continue;
        }
        assert_int_equal(rc, ERR_DAMAGED);
        assert_null(strstr(buf_text(&f->lines), "a.bin"));
        assert_non_null(strstr(buf_text(&f->lines), "b.bin"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_whatever_any_file_has),
        FIXTURE_TEST(test_rows_for_parity),
        FIXTURE_TEST(test_an_open_pack),
    };
    return FIXTURE_RUN(tests);
}
