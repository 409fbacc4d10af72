/* Shapes, names and trailers: what is taken out of damaged copies is what the roots vouch for. */
#include "fixture.h"

#include "vault/vault_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static void shapes(void **state)
{
    assert_true(vault_parity_known(&(struct vault_parity){0, 0}));
    assert_true(vault_parity_known(&(struct vault_parity){1, 1}));
    assert_true(vault_parity_known(&(struct vault_parity){VAULT_STRIPE_PACKS_MAX, VAULT_PARITY_MAX}));
    assert_false(vault_parity_known(&(struct vault_parity){VAULT_STRIPE_PACKS_MAX + 1, 1}));
    assert_false(vault_parity_known(&(struct vault_parity){1, VAULT_PARITY_MAX + 1}));
    assert_false(vault_parity_known(&(struct vault_parity){0, 1}));
    assert_false(vault_parity_known(&(struct vault_parity){1, 0}));
}

/* FORMAT 4.6: (packs + file) xor pack has the coefficient as its inverse; no two of a column or row are the same. */
static uint8_t slow_times(uint8_t a, uint8_t b)
{
    unsigned product = 0;
    for (unsigned i = 0; i < 8; i++)
        product ^= (b >> i & 1) != 0 ? (unsigned)a << i : 0;
    for (unsigned i = 15; i >= 8; i--)
        product ^= (product >> i & 1) != 0 ? 0x11du << (i - 8) : 0;
    return (uint8_t)product;
}

static void coefficients(void **state)
{
    struct vault_parity p = {VAULT_STRIPE_PACKS_MAX, VAULT_PARITY_MAX};
    for (uint32_t pack = 0; pack < p.packs; pack++)
        for (uint32_t file = 0; file < p.files; file++)
            assert_int_equal(slow_times(vault_parity_coefficient(&p, pack, file), (uint8_t)((p.packs + file) ^ pack)),
                             1);
}

static void lengths_of_trailers(void **state)
{
    static const struct {
        uint32_t pack_sectors, members, pieces, leaves_at, sectors;
    } cases[] = {
        {64, 3, 1, 16384, 2},         /* 96 and 6144 bytes */
        {512, 18, 1, 16384, 19},      {576, 18, 2, 16384, 22}, /* 18 * 576 * 32 = 20.25 sectors */
        {4096, 18, 8, 16384, 145},    {65536, 36, 128, 147456, 4617},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trailer t;
        vault_trailer_shape(cases[i].pack_sectors, cases[i].members, &t);
        assert_int_equal(t.pieces_each, cases[i].pieces);
        assert_int_equal(t.leaves_at, cases[i].leaves_at);
        assert_int_equal(t.sectors, cases[i].sectors);
    }
}

/* ---- sifting ---- */

enum { LEAVES = 1088, COPIES = 3 }; /* two whole pieces and a part of one */

struct sifted {
    struct trailer t;
    struct hash leaves[LEAVES], root, got[LEAVES];
    struct hash pieces_of[COPIES][3], leaves_of[COPIES][LEAVES];
    const struct hash *pieces[COPIES], *said[COPIES];
    bool known[3];
};

static void sift_begin(struct sifted *x)
{
    *x = (struct sifted){0};
    vault_trailer_shape(LEAVES, 1, &x->t);
    OWN(mem_drop) uint8_t *trailer = malloc((size_t)x->t.sectors * VAULT_SECTOR);
    crypt_random(x->leaves, sizeof x->leaves);
    vault_parity_root(x->leaves, LEAVES, &x->root);
    vault_trailer_fill(&x->t, x->leaves, trailer);
    for (size_t c = 0; c < COPIES; c++) {
        memcpy(x->pieces_of[c], trailer + vault_trailer_piece_at(&x->t, 0, 0), sizeof x->pieces_of[c]);
        memcpy(x->leaves_of[c], trailer + vault_trailer_leaf_at(&x->t, 0, 0), sizeof x->leaves_of[c]);
        x->pieces[c] = x->pieces_of[c];
        x->said[c] = x->leaves_of[c];
    }
}

static void sift(struct sifted *x, const char *known)
{
    memset(x->got, 0, sizeof x->got);
    vault_trailer_sift(&x->t, &x->root, x->pieces, x->said, COPIES, x->got, x->known);
    for (uint32_t piece = 0; piece < 3; piece++) {
        size_t from = (size_t)piece * PARITY_PIECE;
        size_t count = piece == 2 ? LEAVES - from : PARITY_PIECE;
        assert_int_equal(x->known[piece], known[piece] == 'y');
        if (x->known[piece])
            assert_memory_equal(&x->got[from], &x->leaves[from], count * sizeof(struct hash));
    }
}

static void pieces_come_from_wherever_they_are_whole(void **state)
{
    struct sifted x;
    sift_begin(&x);
    sift(&x, "yyy");
    x.leaves_of[0][5].b[0] ^= 1; /* each copy is damaged in another piece */
    x.leaves_of[1][600].b[3] ^= 1;
    x.leaves_of[2][1087].b[31] ^= 128;
    sift(&x, "yyy");
    x.pieces[0] = NULL; /* one list of piece roots is enough */
    x.pieces_of[1][2].b[0] ^= 1;
    sift(&x, "yyy");
    x.leaves_of[1][5].b[0] ^= 1;
    x.leaves_of[2][5].b[0] ^= 1;
    sift(&x, "nyy");
    x.said[0] = x.said[1] = NULL;
    sift(&x, "nyn");
    x.pieces_of[2][0].b[0] ^= 1; /* none is left, and no copy of the leaves is whole */
    sift(&x, "nnn");
}

static void whole_leaves_need_no_pieces(void **state)
{
    struct sifted x;
    sift_begin(&x);
    for (size_t c = 0; c < COPIES; c++)
        x.pieces_of[c][1].b[9] ^= 1;
    x.leaves_of[0][0].b[0] ^= 1;
    sift(&x, "yyy");
    x.leaves_of[1][0].b[0] ^= 1;
    x.leaves_of[2][1000].b[0] ^= 1;
    sift(&x, "nnn");
}

/* ---- names ---- */

static void touch(const char *root, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/parity/%s", root, name);
    OWN(fd_drop) int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
}

static bool there(const char *root, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/parity/%s", root, name);
    return file_exists(path);
}

static void what_the_log_does_not_name_is_cut(void **state)
{
    static const char *const kept[] = {"000/000997-16.p0", "000/000998-05.p1", "000/000999-16.p0", "000/notes",
                                       "000/000999-016.p0", "000/000999-16.pp", "000/000999-16.p0.repaired",
                                       "001/001000-03.p3", "other/000999-99.p0"};
    static const char *const cut[] = {"000/000999-15.p0", "000/000999-15.p3", "001/001000-02.p0", "001/001000-04.p0",
                                      "001/001001-01.p0", "002/002000-01.p0"};
    struct fixture f;
    struct err e = {0};
    char path[256];
    struct vault_stripe stripes[] = {{.stripe = 999, .packs = 16}, {.stripe = 1000, .packs = 3}};
    struct vault_parity_end end = {.stripes = stripes, .stripe_count = 2};
    fixture_begin(&f, 1, 1);
    assert_int_equal(vault_parity_cut(f.root, &end, &VAULT_ALL_PACKS, &e), 0); /* no folder yet */
    static const char *const folders[] = {"", "/000", "/001", "/002", "/other"};
    for (size_t i = 0; i < COUNT(folders); i++) {
        (void)snprintf(path, sizeof path, "%s/parity%s", f.root, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    for (size_t i = 0; i < COUNT(kept); i++)
        touch(f.root, kept[i]);
    for (size_t i = 0; i < COUNT(cut); i++)
        touch(f.root, cut[i]);
    assert_int_equal(vault_parity_cut(f.root, &end, &VAULT_ALL_PACKS, &e), 0);
    for (size_t i = 0; i < COUNT(kept); i++)
        assert_true(there(f.root, kept[i]));
    for (size_t i = 0; i < COUNT(cut); i++)
        assert_false(there(f.root, cut[i]));
    end.stripe_count = 0; /* a log that names none */
    assert_int_equal(vault_parity_cut(f.root, &end, &(struct vault_span){1001, 1002}, &e), 0);
    assert_true(there(f.root, kept[0]) && there(f.root, kept[7])); /* of others */
    assert_int_equal(vault_parity_cut(f.root, &end, &VAULT_ALL_PACKS, &e), 0);
    assert_false(there(f.root, kept[0]));
    assert_true(there(f.root, "000/notes"));
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(coefficients),
        cmocka_unit_test(lengths_of_trailers),
        cmocka_unit_test(pieces_come_from_wherever_they_are_whole),
        cmocka_unit_test(whole_leaves_need_no_pieces),
        cmocka_unit_test(what_the_log_does_not_name_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
