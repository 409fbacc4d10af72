/* One file from disk to disk: held to its digest, whole or not at all. */
#include "fixture_mirror.h"

#include <unistd.h>

static void bytes_make(struct fixture *f, size_t n, struct buf *to)
{
    buf_clear(to);
    uint8_t *p = buf_more(to, n);
    assert_non_null(p);
    chance_fill(&f->chance, p, n);
}

static void root_of(struct bytes all, struct hash *ret)
{
    struct tree_edge edge;
    tree_edge_begin(&edge);
    for (size_t i = 0; i < all.n; i += VAULT_SECTOR) {
        struct hash leaf;
        crypt_leaf_hash(bytes_of(all.p + i, VAULT_SECTOR), &leaf);
        tree_edge_add(&edge, &leaf);
    }
    tree_edge_root(&edge, ret);
}

static int carry(struct fixture *f, const struct store_bound_file *bound, bool grows)
{
    struct store_bound_file b = *bound;
    b.grows = grows;
    struct file_path from, to;
    struct mirror_carrying c = {.passes = 2, .all = b.bytes};
    fixture_path(f, "mirror-from", &from);
    fixture_path(f, "mirror/deep/er/to", &to);
    f->e = (struct err){0};
    int rc = mirror_carry(&c, from.s, to.s, &b, &f->e);
    assert_false(fixture_there(f, "mirror/deep/er/to.part"));
    if (rc == 0)
        assert_int_equal(c.done, 2 * b.bytes);
    return rc;
}

static void test_lengths(void **state)
{
    struct fixture *f = *state;
    static const size_t lengths[] = {
        0, 1, VAULT_SECTOR, 63 * VAULT_SECTOR, 64 * VAULT_SECTOR, 65 * VAULT_SECTOR, 200 * VAULT_SECTOR};
    OWN(buf_drop) struct buf was = {0};
    OWN(buf_drop) struct buf is = {0};
    for (size_t i = 0; i < COUNT(lengths); i++)
        for (int sectors = 0; sectors < 2; sectors++) {
            struct store_bound_file b = {.bytes = lengths[i], .sectors = sectors};
            if (sectors && lengths[i] % VAULT_SECTOR != 0)
                continue;
            bytes_make(f, lengths[i], &was);
            if (sectors)
                root_of(buf_bytes(&was), &b.digest);
            else
                crypt_sha256(buf_bytes(&was), &b.digest);
            fixture_put(f, "mirror-from", buf_bytes(&was));
            fixture_remove(f, "mirror");
            assert_int_equal(file_make_folders(f->work.s, NULL), 0);
            assert_int_equal(carry(f, &b, false), 0);
            buf_clear(&is);
            fixture_get(f, "mirror/deep/er/to", &is);
            assert_true(bytes_equal(buf_bytes(&was), buf_bytes(&is)));
            /* Longer: only where the log names a beginning. */
            fixture_append(f, "mirror-from", bytes_of("x", 1));
            fixture_says(f, carry(f, &b, false), ERR_DAMAGED, "is longer than logged", NULL);
            assert_int_equal(carry(f, &b, true), 0);
            fixture_put(f, "mirror-from", buf_bytes(&was));
            if (lengths[i] == 0)
                continue;
            fixture_remove(f, "mirror");
            fixture_cut(f, "mirror-from", 1);
            fixture_says(f, carry(f, &b, true), ERR_DAMAGED, "is shorter than logged", NULL);
            fixture_put(f, "mirror-from", buf_bytes(&was));
            fixture_flip(f, "mirror-from", (int64_t)chance_below(&f->chance, lengths[i]));
            fixture_says(f, carry(f, &b, false), ERR_DAMAGED, "is not what was logged", NULL);
            assert_false(fixture_there(f, "mirror/deep/er/to"));
        }
    fixture_remove(f, "mirror-from");
    struct store_bound_file b = {.bytes = 1};
    fixture_says(f, carry(f, &b, false), ERR_ABSENT, "is missing", NULL);
}

/* A sync that fails leaves nothing under the name. */
static void test_a_failing_disk(void **state)
{
    struct fixture *f = *state;
    struct file_path to;
    fixture_path(f, "mirror/file", &to);
    for (unsigned n = 1; n <= 3; n++) {
        struct mirror_carrying c = {.passes = 2};
        fixture_remove(f, "mirror");
        fixture_fail_sync(n); /* of the folder above, the file, its folder */
        int rc = mirror_carry_bytes(&c, bytes_text("content"), to.s, &f->e);
        fixture_calm();
        assert_int_equal(rc, ERR_IO);
        assert_int_equal(fixture_there(f, "mirror/file"), n == 3);
        assert_false(fixture_there(f, "mirror/file.part"));
    }
}

/* Neither a folder on the way nor a draft that lies there leads what is written to another place. */
static void test_links(void **state)
{
    struct fixture *f = *state;
    struct file_path within, to, link, theirs;
    OWN(buf_drop) struct buf is = {0};
    fixture_path(f, "mirror", &within);
    fixture_path(f, "mirror/deep/file", &to);
    fixture_path(f, "kept-theirs", &theirs);
    struct mirror_carrying c = {.within = within.s, .passes = 2};
    assert_int_equal(mirror_carry_bytes(&c, bytes_text("content"), to.s, &f->e), 0);
    fixture_put(f, "kept-theirs", bytes_text("somebody's"));
    fixture_path(f, "mirror/deep/file.part", &link);
    assert_int_equal(symlink(theirs.s, link.s), 0);
    assert_int_equal(mirror_carry_bytes(&c, bytes_text("content"), to.s, &f->e), 0);
    fixture_get(f, "kept-theirs", &is);
    assert_true(bytes_equal(buf_bytes(&is), bytes_text("somebody's")));
    fixture_remove(f, "mirror/deep");
    fixture_path(f, "mirror/deep", &link);
    assert_int_equal(symlink(f->work.s, link.s), 0);
    fixture_says(f, mirror_carry_bytes(&c, bytes_text("content"), to.s, &f->e), ERR_REFUSED, "is a link or no folder",
                 NULL);
    assert_int_equal(unlink(link.s), 0);
    fixture_remove(f, "kept-theirs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_lengths), FIXTURE_TEST(test_a_failing_disk),
                                       FIXTURE_TEST(test_links)};
    return FIXTURE_RUN(tests);
}
