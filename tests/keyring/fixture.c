#include "fixture.h"

#include <ftw.h>
#include <sys/stat.h>

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    return remove(path);
}

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(crypt_start(NULL), 0);
    f->chance.state = 20260317;
    /* In memory where there is such a folder: these tests sync thousands of times. */
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    assert_int_equal(file_path(&f->root, NULL, "%s/keyring-test-XXXXXX", where), 0);
    assert_non_null(mkdtemp(f->root.s));
    assert_int_equal(keyring_identity_make("example.org", &f->id, NULL), 0);
    crypt_random(f->id.pin.b, CRYPT_HASH);
    crypt_random(f->log_seed.b, CRYPT_KEY);
    assert_int_equal(keyring_found(f->root.s, &f->id, &f->log_seed, &f->keyring, NULL), 0);
    fixture_log(f, bytes_of(NULL, 0));
    assert_int_equal(keyring_committed(f->keyring, bytes_of(NULL, 0), NULL), 0);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    keyring_close(f->keyring);
    (void)nftw(f->root.s, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    buf_drop(&f->journal);
    buf_drop(&f->lines);
    free(f->expected);
    free(f->leaves);
    free(f);
    return 0;
}

void fixture_reopen(struct fixture *f, uint64_t table_max)
{
    struct err e = {0};
    keyring_close(f->keyring);
    f->keyring = NULL;
    if (keyring_open(f->root.s, &f->id, table_max, &f->keyring, &e) != 0)
        fail_msg("%s", e.text);
}

void fixture_seal(struct fixture *f, size_t count, uint64_t gap, struct buf *ret_blocks)
{
    OWN(mem_drop) struct key *secrets = calloc(count, sizeof *secrets);
    assert_non_null(secrets);
    f->next_leaf += gap;
    if (f->leaf_count + count > f->leaf_room) {
        f->leaf_room = (f->leaf_count + count) * 2;
        f->leaves = reallocarray(f->leaves, f->leaf_room, sizeof *f->leaves);
        assert_non_null(f->leaves);
    }
    for (size_t i = 0; i < count; i++) {
        chance_fill(&f->chance, secrets[i].b, CRYPT_KEY);
        f->leaves[f->leaf_count++] = (struct hidden_leaf){f->next_leaf + i, secrets[i]};
    }
    struct err e = {0};
    if (keyring_seal(f->keyring, f->next_leaf, secrets, count, ret_blocks, &e) != 0)
        fail_msg("%s", e.text);
    f->next_leaf += count;
}

static struct keyring_file *expected_file(struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->expected[i].name, name) == 0)
            return &f->expected[i];
    if (f->count == f->room) {
        f->room = f->room * 2 + 8;
        f->expected = reallocarray(f->expected, f->room, sizeof *f->expected);
        assert_non_null(f->expected);
    }
    f->expected[f->count] = (struct keyring_file){0};
    strcpy(f->expected[f->count].name, name);
    return &f->expected[f->count++];
}

/* A segment's file is its header and its blocks in the order of the journal. */
static void expect_segment(struct fixture *f, const char *name)
{
    OWN(buf_drop) struct buf content = {0};
    struct cursor c = cursor_of(buf_bytes(&f->journal));
    struct keyring_block b;
    while (c.left > 0) {
        assert_int_equal(keyring_block_next(&c, &b, NULL), 0);
        if (strcmp(b.segment, name) != 0)
            continue;
        if (content.n == 0)
            buf_put(&content, b.header, b.header_bytes);
        buf_put_bytes(&content, b.block);
    }
    struct keyring_file *file = expected_file(f, name);
    file->bytes = content.n;
    crypt_sha256(buf_bytes(&content), &file->sha256);
}

void fixture_log(struct fixture *f, struct bytes blocks)
{
    const struct keyring_file *changes;
    size_t count;
    keyring_changes(f->keyring, &changes, &count);
    for (size_t i = 0; i < count; i++)
        *expected_file(f, changes[i].name) = changes[i];
    buf_put_bytes(&f->journal, blocks);
    char last[KEYRING_NAME_MAX] = "";
    struct cursor c = cursor_of(blocks);
    while (c.left > 0) {
        struct keyring_block b;
        assert_int_equal(keyring_block_next(&c, &b, NULL), 0);
        if (strcmp(last, b.segment) != 0)
            expect_segment(f, b.segment);
        strcpy(last, b.segment);
    }
}

void fixture_commit(struct fixture *f, size_t count, uint64_t gap)
{
    OWN(buf_drop) struct buf blocks = {0};
    struct err e = {0};
    fixture_seal(f, count, gap, &blocks);
    fixture_log(f, buf_bytes(&blocks));
    if (keyring_committed(f->keyring, buf_bytes(&blocks), &e) != 0)
        fail_msg("%s", e.text);
}

void fixture_forget(struct fixture *f, uint64_t next)
{
    while (f->leaf_count > 0 && f->leaves[f->leaf_count - 1].leaf >= next)
        f->leaf_count--;
    f->next_leaf = next;
}

static void keep_line(void *context, const char *line)
{
    struct fixture *f = context;
    buf_printf(&f->lines, "%s\n", line);
}

int fixture_check(struct fixture *f, struct err *e)
{
    buf_clear(&f->lines);
    return keyring_check(f->root.s, f->expected, f->count, keep_line, f, e);
}

int fixture_strays(struct fixture *f)
{
    buf_clear(&f->lines);
    return keyring_strays(f->root.s, f->expected, f->count, keep_line, f, NULL);
}

static int leaf_order(const void *a, const void *b)
{
    const struct hidden_leaf *x = a, *y = b;
    return (x->leaf > y->leaf) - (x->leaf < y->leaf);
}

void fixture_find_all(struct fixture *f)
{
    for (size_t i = f->leaf_count; i > 1; i--) {
        size_t other = chance_below(&f->chance, i);
        struct hidden_leaf swapped = f->leaves[i - 1];
        f->leaves[i - 1] = f->leaves[other];
        f->leaves[other] = swapped;
    }
    /* Each random place decrypts a block: some are asked for so, the rest one after another. */
    for (size_t i = 0; i < f->leaf_count && i < 300; i++) {
        struct key found;
        assert_int_equal(keyring_secret(f->keyring, f->leaves[i].leaf, &found, NULL), 0);
        assert_memory_equal(found.b, f->leaves[i].secret.b, CRYPT_KEY);
    }
    qsort(f->leaves, f->leaf_count, sizeof *f->leaves, leaf_order);
    for (size_t i = 0; i < f->leaf_count; i++) {
        struct key found;
        assert_int_equal(keyring_secret(f->keyring, f->leaves[i].leaf, &found, NULL), 0);
        assert_memory_equal(found.b, f->leaves[i].secret.b, CRYPT_KEY);
    }
}

void fixture_path(const struct fixture *f, char copy, const char *name, struct file_path *to)
{
    assert_int_equal(file_path(to, NULL, "%s/%c/keys/%s", f->root.s, copy, name), 0);
}

void fixture_get(const struct fixture *f, char copy, const char *name, struct buf *to)
{
    struct file_path path;
    fixture_path(f, copy, name, &path);
    assert_int_equal(file_read_all(path.s, KEYRING_FILE_MAX, to, NULL), 0);
}

void fixture_put(const struct fixture *f, char copy, const char *name, struct bytes content)
{
    struct file_path path;
    fixture_path(f, copy, name, &path);
    FILE *file = fopen(path.s, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content.p, 1, content.n, file), content.n);
    assert_int_equal(fclose(file), 0);
}

void fixture_remove(const struct fixture *f, char copy, const char *name)
{
    struct file_path path;
    fixture_path(f, copy, name, &path);
    assert_int_equal(remove(path.s), 0);
}

bool fixture_there(const struct fixture *f, char copy, const char *name)
{
    struct file_path path;
    fixture_path(f, copy, name, &path);
    return file_exists(path.s);
}

const char *fixture_name(const struct fixture *f, const char *prefix)
{
    for (size_t i = 0; i < f->count; i++) {
        const char *last = strchr(f->expected[i].name, '/') + 1;
        if (!f->expected[i].removed && strncmp(last, prefix, strlen(prefix)) == 0)
            return f->expected[i].name;
    }
    fail_msg("no file %s… is expected", prefix);
    return NULL;
}

static void no_key_in(const char *line, const struct key *key)
{
    OWN(buf_drop) struct buf text = {0};
    char hex[2 * CRYPT_KEY + 1];
    /* Any eight bytes of it give a key away. */
    for (size_t at = 0; at + 8 <= CRYPT_KEY; at++) {
        hex_put(hex, key->b + at, 8);
        assert_null(strstr(line, hex));
        assert_null(memmem(line, strlen(line), key->b + at, 8));
    }
    buf_put_base64(&text, bytes_of(key->b, CRYPT_KEY));
    assert_null(strstr(line, buf_text(&text)));
}

void fixture_no_secret_in(const struct fixture *f, const char *line)
{
    const struct key *const keys[] = {&f->id.sign, &f->id.box, &f->id.state, &f->id.holdings[0].seeds[0].seed,
                                      &f->id.holdings[0].seeds[1].seed, &f->log_seed};
    for (size_t i = 0; i < COUNT(keys); i++)
        no_key_in(line, keys[i]);
    for (size_t i = 0; i < f->leaf_count && i < 50; i++)
        no_key_in(line, &f->leaves[i].secret);
}
