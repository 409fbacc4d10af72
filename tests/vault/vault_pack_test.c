/* Names of packs, and the cutting of what no commit names. */
#include "fixture.h"

#include "vault/vault_internal.h"

#define CUT(root, open_pack, next) ((struct vault_cut){(root), VAULT_ALL_PACKS, (open_pack), (next)})

static void paths_are_as_written(void **state)
{
    struct file_path p;
    struct err e = {0};
    assert_int_equal(vault_pack_path("/r", 0, 'a', &p, &e), 0);
    assert_string_equal(p.s, "/r/vault/000/000000.pack");
    assert_int_equal(vault_pack_path("/r", 123456, 'a', &p, &e), 0);
    assert_string_equal(p.s, "/r/vault/123/123456.pack");
    assert_int_equal(vault_pack_path("/r", 12345678, 'a', &p, &e), 0);
    assert_string_equal(p.s, "/r/vault/12345/12345678.pack");
    assert_int_equal(vault_pack_path("/r", 7, 'b', &p, &e), 0);
    assert_string_equal(p.s, "/r/b/open/000007.pack");
}

static void file_make(const char *root, const char *name, size_t bytes)
{
    struct file_path p;
    struct err e = {0};
    OWN(mem_drop) uint8_t *x = calloc(bytes + 1, 1);
    assert_int_equal(file_path(&p, &e, "%s/%s", root, name), 0);
    assert_int_equal(file_create(p.s, bytes_of(x, bytes), 0600, &e), 0);
}

static int64_t file_bytes(const char *root, const char *name)
{
    struct file_path p;
    struct err e = {0};
    OWN(fd_drop) int fd = -1;
    uint64_t bytes = 0;
    assert_int_equal(file_path(&p, &e, "%s/%s", root, name), 0);
    if (file_open_read(p.s, &fd, &e) != 0)
        return -1;
    assert_int_equal(file_size(fd, &bytes, p.s, &e), 0);
    return (int64_t)bytes;
}

static void cutting_removes_exactly_the_uncommitted(void **state)
{
    struct fixture f;
    struct file_path p;
    struct err e = {0};
    uint64_t cut = 0;
    struct vault_pack open_pack = {.pack = 999, .sectors = 2};
    fixture_begin(&f, 1, 1);
    fixture_close(&f);
    const char *root = f.root;
    static const char *const folders[] = {"vault/000", "vault/001", "vault/002", "b/open"};
    for (size_t i = 0; i < COUNT(folders); i++) {
        assert_int_equal(file_path(&p, &e, "%s/%s", root, folders[i]), 0);
        assert_int_equal(file_make_folders(p.s, &e), 0);
    }
    file_make(root, "vault/000/000998.pack", 50000);
    file_make(root, "vault/000/000999.pack", 40000);
    file_make(root, "vault/001/001000.pack", 300);
    file_make(root, "vault/001/note.txt", 5);
    file_make(root, "vault/002/002000.pack", 70);
    file_make(root, "b/open/000999.pack", 33000);
    file_make(root, "b/open/000998.pack", 9);
    file_make(root, "b/open/001000.pack", 9);
    assert_int_equal(vault_pack_cut(&CUT(root, &open_pack, 1000), &cut, &e), 0);
    assert_int_equal(cut, 40000 - 32768 + 300 + 70);
    assert_int_equal(file_bytes(root, "vault/000/000998.pack"), 50000);
    assert_int_equal(file_bytes(root, "vault/000/000999.pack"), 32768);
    assert_int_equal(file_bytes(root, "vault/001/001000.pack"), -1);
    assert_int_equal(file_bytes(root, "vault/001/note.txt"), 5);
    assert_int_equal(file_bytes(root, "vault/002/002000.pack"), -1);
    assert_int_equal(file_bytes(root, "b/open/000999.pack"), 32768);
    assert_int_equal(file_bytes(root, "b/open/000998.pack"), -1);
    assert_int_equal(file_bytes(root, "b/open/001000.pack"), -1);
    assert_int_equal(vault_pack_cut(&CUT(root, &open_pack, 1000), &cut, &e), 0);
    assert_int_equal(cut, 0);
    assert_int_equal(vault_pack_cut(&CUT(root, NULL, 0), &cut, &e), 0);
    assert_int_equal(cut, 50000 + 32768);
    fixture_end(&f);
}

/* What lies outside is another compartment's. */
static void cuts_within_its_range(void **state)
{
    static const char *const kept[] = {"vault/000/000999.pack", "vault/001/001500.pack", "vault/002/002000.pack",
                                       "vault/003/003000.pack", "b/open/000999.pack", "b/open/000998.pack.new",
                                       "b/open/002000.pack"};
    static const char *const cut_now[] = {"vault/001/001501.pack", "vault/001/001999.pack", "b/open/001000.pack",
                                          "b/open/001999.pack.new"};
    struct fixture f;
    struct err e = {0};
    struct file_path p;
    uint64_t cut = 0;
    fixture_begin(&f, 1, 1);
    static const char *const folders[] = {"vault/000", "vault/001", "vault/002", "vault/003", "b/open"};
    for (size_t i = 0; i < COUNT(folders); i++) {
        assert_int_equal(file_path(&p, &e, "%s/%s", f.root, folders[i]), 0);
        assert_int_equal(file_make_folders(p.s, &e), 0);
    }
    for (size_t i = 0; i < COUNT(kept); i++)
        file_make(f.root, kept[i], 100);
    for (size_t i = 0; i < COUNT(cut_now); i++)
        file_make(f.root, cut_now[i], 100);
    const struct vault_cut c = {.root = f.root, .span = {1000, 2000}, .next_pack = 1501};
    assert_int_equal(vault_pack_cut(&c, &cut, &e), 0);
    assert_int_equal(cut, 200);
    for (size_t i = 0; i < COUNT(kept); i++)
        assert_int_equal(file_bytes(f.root, kept[i]), 100);
    for (size_t i = 0; i < COUNT(cut_now); i++)
        assert_int_equal(file_bytes(f.root, cut_now[i]), -1);
    fixture_end(&f);
}

static void an_empty_folder_is_nothing_to_cut(void **state)
{
    struct err e = {0};
    uint64_t cut = 1;
    assert_int_equal(vault_pack_cut(&CUT("/nonexistent-folder", NULL, 0), &cut, &e), 0);
    assert_int_equal(cut, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_as_written),
        cmocka_unit_test(cutting_removes_exactly_the_uncommitted),
        cmocka_unit_test(cuts_within_its_range),
        cmocka_unit_test(an_empty_folder_is_nothing_to_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
