/* What mending does to each crash state is tried in open_test, what repair heals in check_test; here: what is kept,
 * what is said, and what stops it. */
#include "fixture.h"

#include "../base/bad_disk.h"

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

/* ---- a copy that the disk does not give ---- */

enum { SECTOR = 512 };
static bool other_disk; /* quarantine/ lies on another one than what cannot be opened */

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned how)
{
    int (*real)(int, const char *, int, const char *, unsigned);
    *(void **)&real = dlsym(RTLD_NEXT, "renameat2");
    if (other_disk && strstr(to, "/quarantine/") != NULL) {
        errno = EXDEV;
        return -1;
    }
    return real(from_folder, from, to_folder, to, how);
}

static int count_record(void *context, const struct ledger_record *record, struct err *e)
{
    (void)record, (void)e;
    ++*(unsigned *)context;
    return 0;
}

/* What can be read of the journal is all of it, and every look at it says which copy is bad. */
static void is_read_around(struct fixture *f, const struct ledger_position *committed, unsigned records, int copy)
{
    struct err e = {0};
    struct ledger_opening opening;
    OWN(ledger_drop) struct ledger *l = NULL;
    const struct ledger_setup setup = fixture_setup_of(f, false);
    char named[] = "journal a", other[] = "journal a, ", path[] = "a/journal";
    unsigned count = 0, back = 0;
    named[8] = path[0] = (char)('a' + copy);
    if (ledger_open(&setup, committed, NULL, &l, &opening, &e) != 0 ||
        ledger_walk(l, -1, LEDGER_HEADER, 0, count_record, &count, &e) != 0 ||
        ledger_walk_back(l, count_record, &back, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(count, records);
    assert_int_equal(back, records);
    assert_int_equal(opening.position.records, records);
    assert_int_equal(fixture_check(f, committed), ERR_DAMAGED);
    assert_true(strstr(buf_text(&f->lines), named) != NULL || strstr(buf_text(&f->lines), path) != NULL);
    other[8] = (char)('b' - copy);
    if (strstr(buf_text(&f->lines), other) != NULL)
        fail_msg("of the other copy: %s", buf_text(&f->lines));
}

static void is_kept_but_for(const struct fixture *f, int copy, struct bytes good, size_t from, size_t n)
{
    OWN(buf_drop) struct buf kept = {0}, want = {0};
    char name[] = "quarantine/journal-damaged-a";
    name[sizeof name - 2] = (char)('a' + copy);
    file_get(f, name, &kept);
    buf_put_bytes(&want, good);
    memset(want.p + from, 0, n);
    assert_true(bytes_equal(buf_bytes(&kept), buf_bytes(&want)));
    file_delete(f, name);
}

static void every_sector_of_either_copy_is_healed(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0}, now = {0};
    struct file_path path;
    struct ledger_position before = fixture_fill(f, 5, 3, 1), at = fixture_fill(f, 4, 3, 1);
    for (int copy = 0; copy < 2; copy++) {
        file_get(f, copies[copy].name, &good);
        path_in(f, copies[copy].name, &path);
        for (size_t from = 0; from < good.n; from += SECTOR) {
            size_t n = good.n - from < SECTOR ? good.n - from : SECTOR;
            bad_disk_read(path.s, (off_t)from, (off_t)n, EIO);
            is_read_around(f, NULL, 9, copy);
            is_read_around(f, &before, 9, copy);
            is_read_around(f, &at, 9, copy);
            assert_int_equal(fixture_repair(f, from / SECTOR % 2 == 0 ? &at : NULL), 0);
            assert_non_null(strstr(buf_text(&f->words), "cannot be read"));
            bad_disk_end();
            file_get(f, copies[copy].name, &now);
            assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&good)));
            is_kept_but_for(f, copy, buf_bytes(&good), from, n);
            assert_int_equal(aside_count(f, "journal"), 0);
            assert_int_equal(fixture_check(f, &at), 0);
        }
    }
}

static void a_copy_without_a_readable_byte_is_healed(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0};
    struct file_path path;
    struct ledger_position at = fixture_fill(f, 3, 1, 1);
    for (int copy = 0; copy < 2; copy++) {
        file_get(f, copies[copy].name, &good);
        path_in(f, copies[copy].name, &path);
        bad_disk_read(path.s, 0, (off_t)good.n, EIO);
        is_read_around(f, &at, 3, copy);
        assert_int_equal(mend(f, &at, NULL), 0);
        bad_disk_end();
        is_kept_but_for(f, copy, buf_bytes(&good), 0, good.n);
        assert_int_equal(fixture_check(f, &at), 0);
    }
}

/* It may be whole, and nobody can copy it: it is moved as it is. */
static void a_copy_that_cannot_be_opened_is_moved_and_made_anew(void **state)
{
    static const int numbers[] = {EIO, EACCES, EUCLEAN};
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0}, now = {0};
    struct file_path path;
    struct ledger_position at = fixture_fill(f, 3, 1, 1);
    for (size_t i = 0; i < 2 * 2 * COUNT(numbers); i++) {
        int copy = (int)(i % 2);
        char kept[] = "quarantine/journal-damaged-a", beside[] = "a/unreadable-journal";
        kept[sizeof kept - 2] = beside[0] = (char)('a' + copy);
        other_disk = i / 2 % 2 == 1;
        file_get(f, copies[copy].name, &good);
        path_in(f, copies[copy].name, &path);
        bad_disk_open(path.s, numbers[i / 4]);
        is_read_around(f, NULL, 3, copy);
        is_read_around(f, &at, 3, copy);
        assert_int_equal(i == 0 ? mend(f, &at, NULL) : fixture_repair(f, &at), 0);
        assert_non_null(strstr(buf_text(&f->words), other_disk ? beside : kept));
        bad_disk_end();
        file_get(f, copies[copy].name, &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&good)));
        file_get(f, other_disk ? beside : kept, &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&good)));
        assert_int_equal(fixture_check(f, &at), 0);
        file_delete(f, other_disk ? beside : kept);
        other_disk = false;
    }
}

/* Each copy has what the other lacks. */
static void both_copies_are_healed_where_they_fail_at_different_places(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0}, flipped = {0}, now = {0};
    struct file_path path;
    struct ledger_position at = fixture_fill(f, 9, 3, 1);
    file_get(f, "a/journal", &good);
    file_get(f, "b/journal", &flipped);
    flipped.p[LEDGER_HEADER + 100] ^= 1;
    file_put(f, "b/journal", buf_bytes(&flipped));
    path_in(f, "a/journal", &path);
    bad_disk_read(path.s, (off_t)good.n - SECTOR, SECTOR, EIO);
    assert_int_equal(fixture_repair(f, &at), 0);
    bad_disk_end();
    file_get(f, "a/journal", &now);
    assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&good)));
    assert_int_equal(fixture_check(f, &at), 0);
}

/* Where neither has it, the line says what the disk says, and both files stay as they are. */
static void what_neither_copy_gives_is_told_and_left_alone(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf a = {0}, b = {0}, now = {0};
    struct file_path path;
    struct ledger_position at = fixture_fill(f, 9, 3, 1);
    file_get(f, "a/journal", &a);
    file_get(f, "b/journal", &b);
    b.p[SECTOR * 2 + 7] ^= 1;
    file_put(f, "b/journal", buf_bytes(&b));
    path_in(f, "a/journal", &path);
    bad_disk_read(path.s, 2 * SECTOR, SECTOR, EIO);
    assert_int_equal(fixture_check(f, &at), ERR_DAMAGED);
    assert_int_equal(fixture_repair(f, &at), ERR_IO);
    assert_non_null(strstr(buf_text(&f->words), "Input/output error"));
    assert_non_null(strstr(buf_text(&f->words), "bad in both copies"));
    bad_disk_end();
    assert_false(file_there(f, "a/journal.new"));
    assert_int_equal(aside_count(f, "journal"), 0);
    for (int copy = 0; copy < 2; copy++) {
        file_get(f, copies[copy].name, &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(copy == 0 ? &a : &b)));
    }
    /* One that cannot be opened, and the other is older than what was committed, or is not there. */
    for (int there = 1; there >= 0; there--) {
        if (there)
            file_put(f, "b/journal", bytes_of(a.p, 2 * SECTOR));
        else
            file_delete(f, "b/journal");
        bad_disk_open(path.s, EACCES);
        assert_int_equal(fixture_check(f, &at), ERR_IO);
        assert_non_null(strstr(buf_text(&f->lines), "cannot open"));
        assert_int_equal(fixture_repair(f, &at), ERR_IO);
        bad_disk_end();
        assert_int_equal(aside_count(f, "journal"), 0);
    }
}

/* Of a tail that nobody can read what reads is kept; and where the other copy may lack it, nobody decides. */
static void a_tail_that_cannot_be_read_gives_way_to_a_whole_copy_alone(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0}, bad = {0}, now = {0};
    struct file_path path;
    struct err e;
    struct ledger_opening opening;
    struct ledger_position at = fixture_fill(f, 4, 1, 1);
    for (int copy = 0; copy < 2; copy++) {
        file_get(f, copies[copy].name, &good);
        buf_clear(&bad);
        buf_put_bytes(&bad, buf_bytes(&good));
        size_t from = (bad.n / SECTOR + 2) * SECTOR;
        while (bad.n < from + 3 * SECTOR)
            buf_put_u8(&bad, 'x');
        file_put(f, copies[copy].name, buf_bytes(&bad));
        path_in(f, copies[copy].name, &path);
        bad_disk_read(path.s, (off_t)from, SECTOR, EIO);
        is_read_around(f, &at, 4, copy);
        assert_int_equal(mend(f, &at, NULL), 0);
        bad_disk_end();
        is_kept_but_for(f, copy, buf_bytes(&bad), from, SECTOR);
        file_get(f, copies[copy].name, &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&good)));
        assert_int_equal(fixture_check(f, &at), 0);

        /* The other copy ends elsewhere. */
        OWN(ledger_drop) struct ledger *l = NULL;
        const struct ledger_setup setup = fixture_setup_of(f, false);
        file_put(f, copies[copy].name, buf_bytes(&bad));
        file_get(f, copies[1 - copy].name, &now);
        buf_put_text(&now, "GWRECORD");
        file_put(f, copies[1 - copy].name, buf_bytes(&now));
        bad_disk_read(path.s, (off_t)from, SECTOR, EIO);
        assert_int_equal(ledger_open(&setup, &at, NULL, &l, &opening, &e), ERR_IO);
        bad_disk_end();
        now.n -= 8;
        file_put(f, copies[1 - copy].name, buf_bytes(&now));
        file_put(f, copies[copy].name, buf_bytes(&good));
    }
}

/* It says nothing of a file that there was no memory or no descriptor to read it. */
static void what_is_scarce_stops_all_and_touches_nothing(void **state)
{
    static const int numbers[] = {EMFILE, ENFILE, ENOMEM};
    struct fixture *f = *state;
    OWN(buf_drop) struct buf good = {0}, now = {0};
    struct file_path path;
    struct ledger_position at = fixture_fill(f, 9, 3, 1);
    for (size_t i = 0; i < 2 * COUNT(numbers); i++) {
        file_get(f, copies[i % 2].name, &good);
        path_in(f, copies[i % 2].name, &path);
        bad_disk_open(path.s, numbers[i / 2]);
        assert_int_equal(fixture_check(f, &at), ERR_IO);
        assert_int_equal(fixture_repair(f, &at), ERR_IO);
        for (size_t from = 0; from < good.n - SECTOR; from += SECTOR) {
            bad_disk_read(path.s, (off_t)from, SECTOR, numbers[i / 2]);
            assert_int_equal(fixture_repair(f, &at), ERR_IO);
            assert_int_equal(fixture_check(f, &at), ERR_IO);
        }
        bad_disk_end();
        file_get(f, copies[i % 2].name, &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&good)));
    }
    assert_false(file_there(f, "quarantine"));
    assert_int_equal(fixture_check(f, &at), 0);
}

static void a_stray_that_cannot_be_read_is_set_aside(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf kept = {0};
    struct file_path path;
    struct ledger_position at = fixture_fill(f, 2, 1, 1);
    for (int opens = 0; opens < 2; opens++) {
        file_put(f, "b/journal.new", bytes_text("a stray"));
        path_in(f, "b/journal.new", &path);
        if (opens)
            bad_disk_read(path.s, 0, 7, EIO);
        else
            bad_disk_open(path.s, EACCES);
        assert_int_equal(fixture_repair(f, &at), 0);
        bad_disk_end();
        assert_false(file_there(f, "b/journal.new"));
        file_get(f, "quarantine/stray-journal.new", &kept);
        assert_true(bytes_equal(buf_bytes(&kept), opens ? bytes_of("\0\0\0\0\0\0\0", 7) : bytes_text("a stray")));
        file_delete(f, "quarantine/stray-journal.new");
    }
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
        LEDGER_CASE(every_sector_of_either_copy_is_healed),
        LEDGER_CASE(a_copy_without_a_readable_byte_is_healed),
        LEDGER_CASE(a_copy_that_cannot_be_opened_is_moved_and_made_anew),
        LEDGER_CASE(both_copies_are_healed_where_they_fail_at_different_places),
        LEDGER_CASE(what_neither_copy_gives_is_told_and_left_alone),
        LEDGER_CASE(a_tail_that_cannot_be_read_gives_way_to_a_whole_copy_alone),
        LEDGER_CASE(what_is_scarce_stops_all_and_touches_nothing),
        LEDGER_CASE(a_stray_that_cannot_be_read_is_set_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
