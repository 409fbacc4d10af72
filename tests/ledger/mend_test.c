/* What mending does to each crash state is tried in open_test, what repair heals in check_test; here: what is kept,
 * what is said, and what stops it. */
#include "fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const struct copy_name {
    const char *name;
} copies[] = {{"a/journal"}, {"b/journal"}};

static void append(const struct fixture *f, const char *name, const char *text)
{
    OWN(buf_drop) struct buf b = {0};
    file_get(f, name, &b);
    buf_put_text(&b, text);
    file_put(f, name, buf_bytes(&b));
}

static int mend(struct fixture *f, const struct ledger_position *at, const struct hash *pending)
{
    struct err e;
    struct ledger_opening opening;
    OWN(ledger_drop) struct ledger *l = NULL;
    const struct ledger_setup setup = fixture_setup_of(f, true);
    buf_clear(&f->words);
    assert_int_equal(ledger_open(&setup, at, pending, &l, &opening, &e), 0);
    int rc = ledger_mend(l, &f->words, &e);
    if (rc != 0)
        buf_put_text(&f->words, e.text);
    return rc;
}

static void nothing_to_do_says_nothing(void **state)
{
    struct fixture *f = *state;
    struct ledger_position at = fixture_fill(f, 2, 1, 1);
    assert_int_equal(mend(f, &at, NULL), 0);
    assert_int_equal(f->words.n, 0);
    assert_false(file_there(f, "quarantine"));
}

static void tails_get_names_of_their_own(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf kept = {0};
    char name[80];
    const char *const tails[] = {"first", "the second", "a third tail"};
    const char *const suffix[] = {"", "-2", "-3"};
    struct ledger_position at = fixture_fill(f, 2, 1, 1);
    for (size_t i = 0; i < COUNT(tails); i++) {
        append(f, "b/journal", tails[i]);
        assert_int_equal(mend(f, &at, NULL), 0);
        assert_non_null(strstr(buf_text(&f->words), "journal b"));
        assert_non_null(strstr(buf_text(&f->words), "quarantine/journal-tail-b-"));
    }
    for (size_t i = 0; i < COUNT(tails); i++) {
        (void)snprintf(name, sizeof(name), "quarantine/journal-tail-b-%llu%s", LLU(at.bytes), suffix[i]);
        file_get(f, name, &kept);
        assert_true(bytes_equal(buf_bytes(&kept), bytes_text(tails[i])));
    }
    assert_int_equal(fixture_check(f, &at), 0);
}

static void the_words_say_whether_a_write_explains_a_tail(void **state)
{
    struct fixture *f = *state;
    const struct hash pending = {{9}};
    struct ledger_position at = fixture_fill(f, 2, 1, 1);
    append(f, "a/journal", "GWRECORD");
    assert_int_equal(mend(f, &at, &pending), 0);
    assert_non_null(strstr(buf_text(&f->words), "interrupted write"));
    append(f, "a/journal", "GWRECORD");
    assert_int_equal(mend(f, &at, NULL), 0);
    assert_non_null(strstr(buf_text(&f->words), "no write was known"));
}

static void a_long_tail_is_kept_whole(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf b = {0}, kept = {0};
    char name[80];
    struct ledger_position at = fixture_fill(f, 1, 1, 1);
    file_get(f, "a/journal", &b);
    for (uint32_t i = 0; i < 3u << 20; i++)
        buf_put_u8(&b, (uint8_t)(i ^ i >> 7));
    /* A magic across the edge of a block of the search, and one with a head that promises too much. */
    memcpy(b.p + at.bytes + LEDGER_COPY_BLOCK - 3, "GWRECORD", 8);
    memcpy(b.p + at.bytes + 2 * LEDGER_COPY_BLOCK + 5, b.p + LEDGER_HEADER, LEDGER_HEAD);
    file_put(f, "a/journal", buf_bytes(&b));
    assert_int_equal(mend(f, &at, NULL), 0);
    (void)snprintf(name, sizeof(name), "quarantine/journal-tail-a-%llu", LLU(at.bytes));
    file_get(f, name, &kept);
    assert_int_equal(kept.n, b.n - at.bytes);
    assert_memory_equal(kept.p, b.p + at.bytes, kept.n);
    assert_int_equal(fixture_check(f, &at), 0);
}

static void a_damaged_copy_is_kept_beside_the_new_one(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0}, bad = {0}, now = {0};
    struct ledger_position at = fixture_fill(f, 3, 1, 1);
    for (unsigned copy = 0; copy < 2; copy++) {
        char kept[] = "quarantine/journal-damaged-a";
        kept[sizeof(kept) - 2] = (char)('a' + copy);
        file_get(f, copies[copy].name, &good);
        buf_clear(&bad);
        buf_put_bytes(&bad, buf_bytes(&good));
        bad.p[3] ^= 1; /* the header */
        file_put(f, copies[copy].name, buf_bytes(&bad));
        assert_int_equal(mend(f, &at, NULL), 0);
        file_get(f, copies[copy].name, &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&good)));
        file_get(f, kept, &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&bad)));
    }
}

static void a_missing_folder_is_made(void **state)
{
    struct fixture *f = *state;
    struct file_path path;
    struct ledger_position at = fixture_fill(f, 3, 1, 1);
    file_delete(f, "b/journal");
    path_in(f, "b", &path);
    assert_int_equal(rmdir(path.s), 0);
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
    assert_int_equal(mend(f, &at, NULL), 0);
    assert_non_null(strstr(buf_text(&f->words), "was not there"));
    assert_int_equal(fixture_check(f, &at), 0);
}

/* A disk that is full while mending leaves what there was, and mending succeeds once there is room. */
static void a_full_disk_stops_mending_and_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct rlimit r;
    struct ledger_position at = fixture_fill(f, 12, 9, 1);
    OWN(buf_drop) struct buf bad = {0}, good = {0}, now = {0};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
    file_get(f, "b/journal", &good);
    buf_put_bytes(&bad, buf_bytes(&good));
    bad.p[10] ^= 1;
    unsigned healed = 0;
    for (rlim_t room = 0; room < good.n; room += 331) {
        struct rlimit tight = {room, r.rlim_max};
        file_put(f, "b/journal", buf_bytes(&bad));
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
        int rc = mend(f, &at, NULL);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
        assert_int_equal(rc, ERR_IO);
        assert_non_null(strstr(buf_text(&f->words), "journal"));
        file_get(f, "b/journal", &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&bad)));
        assert_false(file_there(f, "b/journal.new"));
        assert_int_equal(aside_count(f, "journal"), healed);
        assert_int_equal(mend(f, &at, NULL), 0);
        healed++;
        file_get(f, "b/journal", &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&good)));
    }
    assert_int_equal(fixture_check(f, &at), 0);
}

/* What cannot be kept is not given up either: no stump in quarantine, no half-made copy, the journal as it was. */
static void what_cannot_be_kept_stays(void **state)
{
    struct fixture *f = *state;
    struct rlimit r;
    OWN(buf_drop) struct buf bad = {0}, now = {0};
    struct ledger_position at = fixture_fill(f, 2, 1, 1);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
    for (int bad_header = 0; bad_header < 2; bad_header++) {
        file_get(f, "a/journal", &bad);
        bad.p[10] ^= (uint8_t)bad_header;
        while (bad.n < 20000)
            buf_put_u8(&bad, 'x');
        file_put(f, "a/journal", buf_bytes(&bad));
        struct rlimit tight = {10000, r.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
        int rc = mend(f, &at, NULL);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
        assert_int_equal(rc, ERR_IO);
        file_get(f, "a/journal", &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&bad)));
        assert_int_equal(aside_count(f, "journal"), (unsigned)bad_header);
        assert_false(file_there(f, "a/journal.new"));
        assert_int_equal(mend(f, &at, NULL), 0);
        assert_int_equal(aside_count(f, "journal"), (unsigned)bad_header + 1);
        assert_int_equal(fixture_check(f, &at), 0);
    }
}

static void mending_twice_is_mending_once(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf b = {0};
    struct ledger_position at = fixture_fill(f, 4, 2, 1);
    file_get(f, "b/journal", &b);
    for (size_t n = LEDGER_HEADER; n < b.n; n += 177) {
        file_put(f, "b/journal", bytes_of(b.p, n));
        assert_int_equal(mend(f, &at, NULL), 0);
        assert_true(f->words.n > 0);
        assert_int_equal(mend(f, &at, NULL), 0);
        assert_int_equal(f->words.n, 0);
        assert_int_equal(fixture_check(f, &at), 0);
    }
    assert_false(file_there(f, "quarantine")); /* a mere beginning of the other copy is nothing to keep */
}

#define LEDGER_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_CASE(nothing_to_do_says_nothing),
        LEDGER_CASE(tails_get_names_of_their_own),
        LEDGER_CASE(the_words_say_whether_a_write_explains_a_tail),
        LEDGER_CASE(a_long_tail_is_kept_whole),
        LEDGER_CASE(a_damaged_copy_is_kept_beside_the_new_one),
        LEDGER_CASE(a_missing_folder_is_made),
        LEDGER_CASE(a_full_disk_stops_mending_and_loses_nothing),
        LEDGER_CASE(what_cannot_be_kept_stays),
        LEDGER_CASE(mending_twice_is_mending_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
