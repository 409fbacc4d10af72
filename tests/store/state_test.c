#include "fixture.h"

#include <sys/stat.h>

static const struct key key = {{1, 2, 3}};

static struct store_state sample(struct fixture *f, bool pending)
{
    struct store_state s = {.known = true, .has_pending = pending};
    s.committed.records = chance_u64(&f->chance) >> 20;
    s.committed.bytes = chance_u64(&f->chance) >> 10;
    s.committed.leaves = chance_u64(&f->chance) >> 12;
    chance_fill(&f->chance, s.committed.last.b, CRYPT_HASH);
    chance_fill(&f->chance, s.committed.root.b, CRYPT_HASH);
    if (pending)
        chance_fill(&f->chance, s.pending.b, CRYPT_HASH);
    return s;
}

static int read_it(struct fixture *f, const struct key *k, struct store_state *ret)
{
    f->e = (struct err){0};
    return store_state_read(f->state_file.s, &f->pin, k, ret, &f->e);
}

static void same(const struct store_state *a, const struct store_state *b)
{
    assert_true(a->known && b->known);
    assert_memory_equal(&a->committed, &b->committed, sizeof a->committed);
    assert_int_equal(a->has_pending, b->has_pending);
    assert_memory_equal(&a->pending, &b->pending, sizeof a->pending);
}

/* The file as FORMAT 7.1 gives it, written a second time here. */
static void as_format_says(const struct fixture *f, const struct store_state *s, struct buf *to)
{
    struct key mac;
    char hex[2 * CRYPT_HASH + 1];
    hex_put(hex, f->pin.b, CRYPT_HASH);
    buf_printf(to, "groundwork/state/v1\npin %s\n", hex);
    hex_put(hex, s->committed.last.b, CRYPT_HASH);
    buf_printf(to, "committed %llu %llu %s ", (unsigned long long)s->committed.records,
               (unsigned long long)s->committed.bytes, hex);
    hex_put(hex, s->committed.root.b, CRYPT_HASH);
    buf_printf(to, "%llu %s\n", (unsigned long long)s->committed.leaves, hex);
    hex_put(hex, s->pending.b, CRYPT_HASH);
    buf_printf(to, "pending %s\n", s->has_pending ? hex : "none");
    crypt_derive(&key, "groundwork/state/v1", buf_bytes(to), &mac);
    hex_put(hex, mac.b, CRYPT_KEY);
    buf_printf(to, "mac %s\n", hex);
}

static void test_what_is_written_is_read(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 50; i++) {
        OWN(buf_drop) struct buf file = {0};
        OWN(buf_drop) struct buf expected = {0};
        struct store_state s = sample(f, i % 2 == 0), back;
        struct stat st;
        assert_int_equal(store_state_write(f->state_file.s, &f->pin, &key, &s, &f->e), 0);
        assert_int_equal(read_it(f, &key, &back), 0);
        same(&s, &back);
        assert_int_equal(read_it(f, NULL, &back), 0);
        same(&s, &back);
        as_format_says(f, &s, &expected);
        assert_int_equal(file_read_all(f->state_file.s, 4096, &file, NULL), 0);
        assert_string_equal(buf_text(&file), buf_text(&expected));
        assert_int_equal(stat(f->state_file.s, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
}

static void test_path_is_named_by_the_pin(void **state)
{
    struct fixture *f = *state;
    char hex[17];
    hex_put(hex, f->pin.b, 8);
    assert_non_null(strstr(f->state_file.s, hex));
    assert_string_equal(f->state_file.s + strlen(f->state_file.s) - 6, ".state");
}

static void test_missing_is_not_known(void **state)
{
    struct fixture *f = *state;
    struct store_state s = {.known = true};
    assert_int_equal(unlink(f->state_file.s), 0);
    assert_int_equal(read_it(f, &key, &s), 0);
    assert_false(s.known);
}

static void refused(struct fixture *f, struct bytes content, const struct key *k)
{
    struct store_state s;
    struct file_path path = f->state_file;
    FILE *file = fopen(path.s, "wb");
    assert_int_equal(fwrite(content.p, 1, content.n, file), content.n);
    assert_int_equal(fclose(file), 0);
    fixture_says(f, read_it(f, k, &s), ERR_DAMAGED, path.s, "groundwork adopt", NULL);
    assert_false(s.known);
}

static void test_every_bit_counts(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0};
    struct store_state s = sample(f, true);
    as_format_says(f, &s, &good);
    for (size_t i = 0; i < good.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            good.p[i] ^= (uint8_t)(1 << bit);
            refused(f, buf_bytes(&good), &key);
            good.p[i] ^= (uint8_t)(1 << bit);
        }
    for (size_t n = 0; n < good.n; n++)
        refused(f, bytes_of(good.p, n), &key);
    buf_put_u8(&good, '\n');
    refused(f, buf_bytes(&good), &key);
}

static void test_foreign_key_and_pin(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0};
    const struct key other = {{1, 2, 4}};
    struct store_state s = sample(f, false);
    as_format_says(f, &s, &good);
    refused(f, buf_bytes(&good), &other);
    struct hash pin = f->pin;
    f->pin.b[31] ^= 1;
    refused(f, buf_bytes(&good), &key);
    refused(f, buf_bytes(&good), NULL);
    f->pin = pin;
}

/* Without the key the form is still held to the one spelling. */
static void test_other_spellings(void **state)
{
    struct fixture *f = *state;
    static const char *const from[] = {"pin ", "committed ", "pending none", "mac ", "state/v1", "pending none\n"};
    static const char *const to[] = {"pin  ", "committed 0", "pending NONE", "mac  ", "state/v2", ""};
    struct store_state s = sample(f, false);
    for (size_t i = 0; i < COUNT(from); i++) {
        OWN(buf_drop) struct buf good = {0};
        OWN(buf_drop) struct buf bad = {0};
        as_format_says(f, &s, &good);
        const char *at = strstr(buf_text(&good), from[i]);
        assert_non_null(at);
        buf_put(&bad, good.p, (size_t)(at - (const char *)good.p));
        buf_put_text(&bad, to[i]);
        buf_put_text(&bad, at + strlen(from[i]));
        refused(f, buf_bytes(&bad), NULL);
    }
    OWN(buf_drop) struct buf large = {0};
    while (large.n <= 4096)
        buf_put_text(&large, "groundwork/state/v1\n");
    struct store_state ret;
    fixture_put(f, "state/large", buf_bytes(&large));
    struct file_path path;
    fixture_path(f, "state/large", &path);
    assert_int_equal(store_state_read(path.s, &f->pin, &key, &ret, &f->e), ERR_DAMAGED);
    assert_non_null(strstr(f->e.text, path.s));
}

static void test_old_or_new_at_any_end(void **state)
{
    struct fixture *f = *state;
    struct store_state old = sample(f, false), new = sample(f, true), back;
    for (unsigned at = 1;; at++) {
        assert_int_equal(store_state_write(f->state_file.s, &f->pin, &key, &old, NULL), 0);
        fixture_die_at(at);
        int rc = store_state_write(f->state_file.s, &f->pin, &key, &new, NULL);
        fixture_calm();
        assert_int_equal(read_it(f, &key, &back), 0);
        if (rc == 0) {
            same(&back, &new);
            break;
        }
        same(&back, hash_equal(&back.committed.last, &new.committed.last) ? &new : &old);
        assert_true(at < 20);
    }
}

/* Beside the state lie others, each by its ending; the key file is where the place says, or by the pin too. */
static void test_files_outside(void **state)
{
    struct fixture *f = *state;
    struct store_place place = {.state_folder = "seen", .config_folder = "keys"};
    struct hash pin = {{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff}};
    struct file_path path;
    assert_int_equal(store_outside(&place, &pin, "mirrors", &path, &f->e), 0);
    assert_string_equal(path.s, "seen/0123456789abcdef.mirrors");
    assert_int_equal(store_key_path(&place, &pin, &path, &f->e), 0);
    assert_string_equal(path.s, "keys/0123456789abcdef.key");
    place.key_path = "elsewhere/my.key";
    assert_int_equal(store_key_path(&place, &pin, &path, &f->e), 0);
    assert_string_equal(path.s, "elsewhere/my.key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_what_is_written_is_read), FIXTURE_TEST(test_path_is_named_by_the_pin),
        FIXTURE_TEST(test_missing_is_not_known),    FIXTURE_TEST(test_every_bit_counts),
        FIXTURE_TEST(test_foreign_key_and_pin),     FIXTURE_TEST(test_other_spellings),
        FIXTURE_TEST(test_old_or_new_at_any_end),   FIXTURE_TEST(test_files_outside),
    };
    return FIXTURE_RUN(tests);
}
