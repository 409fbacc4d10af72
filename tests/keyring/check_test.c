/* Every flipped bit of every file is found and healed; what is bad in both copies is named. */
#include "fixture.h"
#include "../base/bad_disk.h"
#include "../base/thorough.h"

#include <dirent.h>
#include <sys/stat.h>

static void fill(struct fixture *f)
{
    fixture_commit(f, 3, 0);
    fixture_commit(f, 2, 1);
    /* A second segment, so that there are two of them and a replaced table. */
    f->keyring->in_last = KEYRING_SEGMENT_LEAVES;
    fixture_commit(f, 4, 0);
}

static const char *next_file(const struct fixture *f, size_t *at)
{
    while (*at < f->count && f->expected[*at].removed)
        ++*at;
    return *at < f->count ? f->expected[(*at)++].name : NULL;
}

static unsigned lines_of(struct fixture *f)
{
    unsigned count = 0;
    for (const char *p = buf_text(&f->lines); (p = strchr(p, '\n')) != NULL; p++)
        count++;
    return count;
}

static void assert_named(struct fixture *f, char copy, const char *name, const char *words)
{
    struct file_path path;
    char line[2 * FILE_PATH_MAX];
    fixture_path(f, copy, name, &path);
    snprintf(line, sizeof line, "%s%s", path.s, words);
    assert_non_null(strstr(buf_text(&f->lines), line));
}

static void good_is_silent(void **state)
{
    struct fixture *f = *state;
    fill(f);
    assert_int_equal(fixture_check(f, NULL), 0);
    assert_int_equal(f->lines.n, 0);
}

/* Found, told by its name, healed to the byte, and the bad one kept aside; nothing else is touched meanwhile. */
static void heal(struct fixture *f, char copy, const char *name, struct bytes good, const char *words)
{
    OWN(buf_drop) struct buf healed = {0};
    OWN(buf_drop) struct buf told = {0};
    struct err e = {0};
    assert_int_equal(fixture_check(f, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "run groundwork repair"));
    assert_int_equal(lines_of(f), 1);
    assert_named(f, copy, name, words);
    fixture_no_secret_in(f, buf_text(&f->lines));
    if (keyring_repair(f->root.s, f->expected, f->count, &told, &e) != 0)
        fail_msg("%s", e.text);
    char line[KEYRING_NAME_MAX + 16];
    snprintf(line, sizeof line, "%c/keys/%s\n", copy, name);
    assert_string_equal(buf_text(&told), line);
    fixture_get(f, copy, name, &healed);
    assert_true(bytes_equal(buf_bytes(&healed), good));
    assert_int_equal(fixture_check(f, &e), 0);
}

static unsigned aside(const struct fixture *f)
{
    struct file_path path;
    unsigned count = 0;
    assert_int_equal(file_path(&path, NULL, "%s/quarantine", f->root.s), 0);
    OWN(dir_drop) DIR *dir = opendir(path.s);
    for (const struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
        count += strncmp(d->d_name, "keys-", 5) == 0;
    return count;
}

static void every_flipped_bit(void **state)
{
    struct fixture *f = *state;
    fill(f);
    unsigned healed = 0;
    for (int copy = 0; copy < COPIES; copy++) {
        size_t at = 0;
        for (const char *name; (name = next_file(f, &at)) != NULL;) {
            OWN(buf_drop) struct buf content = {0};
            OWN(buf_drop) struct buf bad = {0};
            fixture_get(f, COPY_NAME(copy), name, &content);
            buf_put_bytes(&bad, buf_bytes(&content));
            for (size_t bit = 0; bit < content.n * 8; bit += every(1, 3)) {
                bad.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
                fixture_put(f, COPY_NAME(copy), name, buf_bytes(&bad));
                if (bit % 997 == 0) {
                    heal(f, COPY_NAME(copy), name, buf_bytes(&content), " is damaged");
                    healed++;
                } else {
                    assert_int_equal(fixture_check(f, NULL), ERR_DAMAGED);
                    assert_int_equal(lines_of(f), 1);
                }
                bad.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
            fixture_put(f, COPY_NAME(copy), name, buf_bytes(&content));
        }
    }
    assert_int_equal(aside(f), healed);
    fixture_find_all(f);
}

/* Whatever bit of one copy is flipped, the keyring opens and serves from the other. */
static void every_byte_served(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (int copy = 0; copy < COPIES; copy++) {
        size_t at = 0;
        for (const char *name; (name = next_file(f, &at)) != NULL;) {
            OWN(buf_drop) struct buf content = {0};
            fixture_get(f, COPY_NAME(copy), name, &content);
            for (size_t i = 0; i < content.n; i++) {
                uint8_t mask = (uint8_t)(1u << chance_below(&f->chance, 8));
                content.p[i] ^= mask;
                fixture_put(f, COPY_NAME(copy), name, buf_bytes(&content));
                content.p[i] ^= mask;
                fixture_reopen(f, UINT64_MAX);
                struct key found;
                const struct hidden_leaf *leaf = &f->leaves[chance_below(&f->chance, f->leaf_count)];
                assert_int_equal(keyring_secret(f->keyring, leaf->leaf, &found, NULL), 0);
                assert_memory_equal(found.b, leaf->secret.b, CRYPT_KEY);
            }
            fixture_put(f, COPY_NAME(copy), name, buf_bytes(&content));
        }
    }
}

static void other_damage(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (int copy = 0; copy < COPIES; copy++) {
        char c = COPY_NAME(copy);
        size_t at = 0;
        for (const char *name; (name = next_file(f, &at)) != NULL;) {
            OWN(buf_drop) struct buf content = {0};
            OWN(buf_drop) struct buf longer = {0};
            struct file_path path;
            fixture_path(f, c, name, &path);
            fixture_get(f, c, name, &content);

            fixture_remove(f, c, name);
            heal(f, c, name, buf_bytes(&content), " is missing");

            for (size_t n = 0; n < content.n; n += 1 + content.n / 7) {
                fixture_put(f, c, name, bytes_of(content.p, n));
                heal(f, c, name, buf_bytes(&content), " is damaged");
            }
            buf_put_bytes(&longer, buf_bytes(&content));
            buf_put_u8(&longer, 0);
            fixture_put(f, c, name, buf_bytes(&longer));
            heal(f, c, name, buf_bytes(&content), " is damaged");

            /* Not a file at all. */
            fixture_remove(f, c, name);
            assert_int_equal(mkdir(path.s, 0700), 0);
            heal(f, c, name, buf_bytes(&content), " is damaged");
            fixture_remove(f, c, name);
            assert_int_equal(symlink("/etc/passwd", path.s), 0);
            heal(f, c, name, buf_bytes(&content), " is damaged");
        }
    }
    fixture_find_all(f);
}

static void folder_lost(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf words = {0};
    struct file_path from, to;
    fill(f);
    assert_int_equal(file_path(&from, NULL, "%s/b/keys", f->root.s), 0);
    assert_int_equal(file_path(&to, NULL, "%s/elsewhere", f->root.s), 0);
    assert_int_equal(rename(from.s, to.s), 0);
    fixture_reopen(f, UINT64_MAX);
    fixture_find_all(f);
    assert_int_equal(fixture_check(f, NULL), ERR_DAMAGED);
    assert_int_equal(lines_of(f), 5);
    assert_int_equal(keyring_repair(f->root.s, f->expected, f->count, &words, NULL), 0);
    assert_int_equal(fixture_check(f, NULL), 0);
}

/* What is bad in both copies is named; everything else is healed all the same. */
static void bad_in_both(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf words = {0};
    OWN(buf_drop) struct buf content = {0};
    struct err e = {0};
    fill(f);
    const char *wrap = fixture_name(f, "wrap-"), *table = fixture_name(f, "table-");
    const char *last = fixture_name(f, "segment-2");
    fixture_put(f, 'a', wrap, bytes_text("a"));
    fixture_put(f, 'b', wrap, bytes_text("b"));
    fixture_remove(f, 'a', table);
    fixture_remove(f, 'b', table);
    fixture_get(f, 'a', last, &content);
    fixture_put(f, 'a', last, bytes_text("c"));
    assert_int_equal(fixture_check(f, &e), ERR_DAMAGED);
    assert_int_equal(lines_of(f), 5);
    assert_int_equal(keyring_repair(f->root.s, f->expected, f->count, &words, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, wrap));
    assert_non_null(strstr(e.text, table));
    assert_non_null(strstr(e.text, "bad in both copies"));
    assert_non_null(strstr(buf_text(&words), last));
    OWN(buf_drop) struct buf healed = {0};
    fixture_get(f, 'a', last, &healed);
    assert_true(bytes_equal(buf_bytes(&healed), buf_bytes(&content)));
    /* What lies there stays: a mirror may show which one is right. */
    buf_clear(&content);
    fixture_get(f, 'a', wrap, &content);
    assert_true(bytes_equal(buf_bytes(&content), bytes_text("a")));
}

/* A copy that was exchanged for an older one, good in itself, is not what the log names. */
static void older_copy(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf older = {0};
    OWN(buf_drop) struct buf newer = {0};
    fixture_commit(f, 3, 0);
    const char *name = fixture_name(f, "segment-");
    fixture_get(f, 'a', name, &older);
    fixture_commit(f, 3, 0);
    fixture_get(f, 'a', name, &newer);
    fixture_put(f, 'a', name, buf_bytes(&older));
    fixture_reopen(f, UINT64_MAX);
    fixture_find_all(f);
    heal(f, 'a', name, buf_bytes(&newer), " is damaged");
}

/* Damaged once more while the first one is still kept aside. */
static void nothing_aside_is_lost(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf content = {0};
    const char *name = fixture_name(f, "wrap-");
    fixture_get(f, 'a', name, &content);
    for (unsigned i = 1; i <= 3; i++) {
        fixture_put(f, 'a', name, bytes_text("bad"));
        heal(f, 'a', name, buf_bytes(&content), " is damaged");
        assert_int_equal(aside(f), i);
    }
}

static void removed_files_are_not_missed(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < f->count; i++)
        if (f->expected[i].removed)
            assert_false(fixture_there(f, 'a', f->expected[i].name));
    assert_int_equal(fixture_check(f, NULL), 0);
}

/* What is known to be right goes where it is not, in both copies if need be. */
static void right_content_is_restored(void **state)
{
    struct fixture *f = *state;
    fill(f);
    const char *name = fixture_name(f, "segment-");
    const struct keyring_file *file = NULL;
    for (size_t i = 0; i < f->count; i++)
        file = strcmp(f->expected[i].name, name) == 0 ? &f->expected[i] : file;
    OWN(buf_drop) struct buf good = {0};
    fixture_get(f, 'a', name, &good);
    for (int bad = 0; bad < 4; bad++) {
        OWN(buf_drop) struct buf words = {0};
        if (bad & 1)
            fixture_put(f, 'a', name, bytes_of(good.p, good.n - 1));
        if (bad & 2)
            fixture_remove(f, 'b', name);
        unsigned before = aside(f);
        assert_int_equal(keyring_restore(f->root.s, file, buf_bytes(&good), &words, NULL), 0);
        assert_int_equal(aside(f), before + (bad & 1));
        assert_int_equal(strstr(buf_text(&words), "a/keys/") != NULL, bad & 1);
        assert_int_equal(strstr(buf_text(&words), "b/keys/") != NULL, bad >> 1);
        assert_int_equal(fixture_check(f, NULL), 0);
    }
}

/* A copy as the last record found it is good only where a commit may have been cut off; anything else never is. */
static void as_before_the_last_record(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0};
    OWN(buf_drop) struct buf after = {0};
    fixture_commit(f, 5, 0);
    const char *name = fixture_name(f, "segment-");
    fixture_get(f, 'a', name, &before);
    fixture_commit(f, 3, 0);
    fixture_get(f, 'a', name, &after);
    struct keyring_file *file = NULL;
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->expected[i].name, name) == 0)
            file = &f->expected[i];
    assert_non_null(file);
    for (int unfinished = 0; unfinished < 2; unfinished++)
        for (int was_there = 0; was_there < 2; was_there++) {
            file->unfinished = unfinished != 0;
            file->before_bytes = was_there ? before.n : 0;
            crypt_sha256(buf_bytes(&before), &file->before_sha256);
            fixture_put(f, 'b', name, buf_bytes(&after));
            assert_int_equal(fixture_check(f, NULL), 0);
            fixture_put(f, 'b', name, buf_bytes(&before));
            assert_int_equal(fixture_check(f, NULL), unfinished && was_there ? 0 : ERR_DAMAGED);
            fixture_remove(f, 'b', name);
            assert_int_equal(fixture_check(f, NULL), unfinished && !was_there ? 0 : ERR_DAMAGED);
            before.p[before.n - 1] ^= 1;
            fixture_put(f, 'b', name, buf_bytes(&before));
            assert_int_equal(fixture_check(f, NULL), ERR_DAMAGED);
            before.p[before.n - 1] ^= 1;
        }
}

/* ---- a copy that the disk does not give ---- */

enum { SECTOR = 512 };
static bool other_disk; /* quarantine/ lies on another one than the copy */

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);
    *(void **)&real = dlsym(RTLD_NEXT, "rename");
    if (other_disk && strstr(to, "/quarantine/") != NULL) {
        errno = EXDEV;
        return -1;
    }
    return real(from, to);
}

/* The one file of ${folder} whose name begins so, which is removed. */
static void take_only(const char *folder, const char *prefix, struct buf *ret)
{
    struct file_path path;
    unsigned count = 0;
    OWN(dir_drop) DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *d; (d = readdir(dir)) != NULL;)
        if (strncmp(d->d_name, prefix, strlen(prefix)) == 0) {
            count++;
            assert_int_equal(file_path(&path, NULL, "%s/%s", folder, d->d_name), 0);
        }
    assert_int_equal(count, 1);
    assert_int_equal(file_read_all(path.s, KEYRING_FILE_MAX, ret, NULL), 0);
    assert_int_equal(unlink(path.s), 0);
}

/* One file of one copy is on a bad disk, some way: all is served, it is told and healed, and no byte is lost. */
static void heal_from_bad_disk(struct fixture *f, char copy, const char *name, size_t from, int open_number)
{
    struct file_path path, kept_in;
    OWN(buf_drop) struct buf good = {0};
    OWN(buf_drop) struct buf kept = {0};
    fixture_get(f, copy, name, &good);
    fixture_path(f, copy, name, &path);
    assert_int_equal(file_path(&kept_in, NULL, "%s/quarantine", f->root.s), 0);
    if (open_number != 0)
        bad_disk_open(path.s, open_number);
    else
        bad_disk_read(path.s, (off_t)from, SECTOR, EIO);
    fixture_reopen(f, UINT64_MAX);
    fixture_find_all(f);
    heal(f, copy, name, buf_bytes(&good), ": cannot ");
    bad_disk_end();
    if (other_disk && open_number != 0) {
        *strrchr(path.s, '/') = 0;
        take_only(path.s, "unreadable-", &kept);
    } else
        take_only(kept_in.s, "keys-", &kept);
    size_t lost = good.n - from < SECTOR ? good.n - from : SECTOR;
    if (other_disk && open_number == 0)
        memset(good.p + from, 0, lost);
    assert_true(bytes_equal(buf_bytes(&kept), buf_bytes(&good)));
}

static void every_file_on_a_bad_disk(void **state)
{
    static const int numbers[] = {EIO, EACCES, EUCLEAN};
    struct fixture *f = *state;
    fill(f);
    for (int i = 0; i < 2 * COPIES; i++) {
        size_t at = 0;
        other_disk = i >= COPIES;
        for (const char *name; (name = next_file(f, &at)) != NULL;) {
            OWN(buf_drop) struct buf good = {0};
            fixture_get(f, COPY_NAME(i % COPIES), name, &good);
            for (size_t from = 0; from < good.n; from += SECTOR)
                heal_from_bad_disk(f, COPY_NAME(i % COPIES), name, from, 0);
            for (size_t n = 0; n < COUNT(numbers); n++)
                heal_from_bad_disk(f, COPY_NAME(i % COPIES), name, 0, numbers[n]);
        }
    }
    other_disk = false;
    assert_int_equal(fixture_strays(f), 0);
}

/* It says nothing of a file that there was no memory or no descriptor to read it. */
static void what_is_scarce_is_no_damage(void **state)
{
    static const int numbers[] = {ENOMEM, EMFILE, ENFILE};
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < COUNT(numbers) * COPIES; i++) {
        size_t at = 0;
        for (const char *name; (name = next_file(f, &at)) != NULL;) {
            OWN(buf_drop) struct buf told = {0};
            struct file_path path;
            fixture_path(f, COPY_NAME(i % COPIES), name, &path);
            bad_disk_open(path.s, numbers[i / COPIES]);
            assert_int_equal(fixture_check(f, NULL), ERR_IO);
            assert_int_equal(f->lines.n, 0);
            assert_int_equal(keyring_repair(f->root.s, f->expected, f->count, &told, NULL), ERR_IO);
            assert_int_equal(told.n, 0);
            bad_disk_end();
        }
    }
    assert_int_equal(aside(f), 0);
    assert_int_equal(fixture_check(f, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_is_silent, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_flipped_bit, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_byte_served, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(other_damage, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(as_before_the_last_record, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(folder_lost, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(bad_in_both, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(older_copy, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(nothing_aside_is_lost, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(removed_files_are_not_missed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(right_content_is_restored, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_file_on_a_bad_disk, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_scarce_is_no_damage, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
