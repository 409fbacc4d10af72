/* The walk ahead of its visitor: it tells what the walk alone tells, whatever the visitor does with it. */
#include "intake/intake_internal.h"

#include "../base/chance.h"
#include "../base/scratch.h"
#include "../base/thorough.h"

#include <dlfcn.h>
#include <errno.h>

/* ---- a disk that fails, or changes, while it is read ahead ---- */

static _Atomic unsigned until_failure; /* reads ahead until one fails; 0: none does */
static const char *_Atomic grows;      /* the file that is written to when the next one is read ahead */

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    ssize_t (*real)(int, void *, size_t, off_t);
    *(void **)&real = dlsym(RTLD_NEXT, "pread64");
    unsigned left = atomic_load(&until_failure);
    if (left > 0 && atomic_fetch_sub(&until_failure, 1) == 1) {
        errno = EIO;
        return -1;
    }
    ssize_t got = real(fd, to, n, at);
    const char *path = atomic_exchange(&grows, NULL);
    if (path != NULL) {
        OWN(fd_drop) int more = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(write(more, "more", 4), 4);
    }
    return got;
}

/* ---- what was told, as text ---- */

enum wish { WISH_BYTES, WISH_DIGEST, WISH_BOTH, WISH_NOTHING, WISH_CHANCE };

struct told {
    struct buf text;
    enum wish wish;
    struct chance chance;
    uint64_t count, stop_at;
    uint64_t digests; /* that were found out ahead */
    uint64_t held;    /* files that lay in memory with their digest */
    void (*meanwhile)(const struct intake_entry *entry);
};

static void read_all(struct intake_open *open, struct hash *ret, uint64_t *ret_bytes)
{
    static uint8_t piece[70000];
    struct err e = {0};
    OWN(crypt_sha256_drop) struct crypt_sha256 *hash = crypt_sha256_new();
    crypt_sha256_begin(hash);
    *ret_bytes = 0;
    for (size_t n = 1; n > 0; *ret_bytes += n) {
        if (intake_read(open, piece, sizeof piece, &n, &e) != 0)
            fail_msg("%s", e.text);
        crypt_sha256_add(hash, bytes_of(piece, n));
    }
    crypt_sha256_end(hash, ret);
}

/* The same digest, whichever way it is come by. */
static void told_file(struct told *t, struct intake_open *open)
{
    struct hash hash = {0}, again;
    uint64_t bytes = 0, bytes_again;
    enum wish wish = t->wish == WISH_CHANCE ? (enum wish)chance_below(&t->chance, WISH_CHANCE) : t->wish;
    bool ahead = (wish == WISH_DIGEST || wish == WISH_BOTH) && intake_digest(open, &hash, &bytes);
    const struct hash *held = intake_held_digest(open);
    t->digests += ahead;
    t->held += held != NULL;
    if (wish == WISH_NOTHING)
        return;
    if (!ahead)
        read_all(open, &hash, &bytes);
    assert_true(intake_unchanged(open));
    assert_true(held == NULL || hash_equal(held, &hash));
    if (wish == WISH_BOTH) {
        assert_int_equal(intake_again(open, NULL), 0);
        read_all(open, &again, &bytes_again);
        assert_true(intake_unchanged(open));
        assert_int_equal(bytes_again, bytes);
        assert_true(hash_equal(&hash, &again));
    }
    if (t->wish != WISH_CHANCE)
        buf_printf(&t->text, " %llu", (unsigned long long)bytes);
    for (size_t i = 0; t->wish != WISH_CHANCE && i < CRYPT_HASH; i++)
        buf_printf(&t->text, "%02x", hash.b[i]);
}

static int tell(void *context, struct intake_entry *entry, struct err *e)
{
    struct told *t = context;
    assert_int_equal(entry->cookie, UINT64_MAX);
    buf_put_bytes(&t->text, entry->path);
    buf_printf(&t->text, " %s %d %o %lld.%u %llu %lld ", entry->refused == NULL ? "-" : entry->refused,
               (int)entry->type, entry->mode, (long long)entry->mtime.s, entry->mtime.ns,
               (unsigned long long)entry->bytes, (long long)entry->first_cookie);
    buf_put_bytes(&t->text, entry->target);
    if (t->meanwhile != NULL)
        t->meanwhile(entry);
    if (entry->open != NULL && entry->first_cookie == UINT64_MAX)
        told_file(t, entry->open);
    buf_put_u8(&t->text, '\n');
    entry->cookie = t->count++;
    return t->count == t->stop_at ? err_set(e, ERR_STOPPED, "interrupted") : 0;
}

static void told_release(struct told *t)
{
    buf_drop(&t->text);
}

static int walk(struct told *t, const char *argument, bool ahead)
{
    struct err e = {0};
    struct intake_visitor visitor = {tell, t, ahead};
    t->chance = (struct chance){99};
    return intake_walk(&argument, 1, &visitor, &e);
}

static size_t descriptors(void)
{
    size_t n = 0;
    OWN(dir_drop) DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        n++;
    return n;
}

/* ---- trees ---- */

static void random_file(struct chance *c, const char *name)
{
    static uint8_t text[1300000];
    static const size_t about[] = {0, 1, 100, 5000, 70000, 300000, (1 << 20) - 1, 1 << 20, 1200000};
    size_t n = about[chance_below(c, COUNT(about))];
    for (size_t i = 0; i < n; i += 97)
        text[i] = (uint8_t)chance_u64(c);
    scratch_file(name, text, n);
}

static void grow_tree(struct chance *c, const char *path, int depth)
{
    for (size_t i = 3 + chance_below(c, 50), n = 0; n < i; n++) {
        char below[PATH_MAX], other[PATH_MAX];
        (void)snprintf(below, sizeof below, "%s/%zu", path, n);
        (void)snprintf(other, sizeof other, "%s/%zu", path, n / 2);
        switch (chance_below(c, 16)) {
        case 0:
            assert_int_equal(symlink("nowhere", below), 0);
            break;
        case 1:
            assert_int_equal(mkfifo(below, 0600), 0);
            break;
        case 2:
            if (n == 0 || link(other, below) != 0)
                scratch_text(below, "alone");
            break;
        case 3:
            if (depth > 0) {
                scratch_mkdir(below);
                grow_tree(c, below, depth - 1);
            }
            break;
        default:
            random_file(c, below);
        }
    }
}

static void whatever_is_asked_the_same_is_told(void **state)
{
    size_t open_before = descriptors();
    for (uint64_t seed = 1; seed <= many(6, 4); seed++) {
        struct chance chance = {seed * 31};
        scratch_mkdir("tree");
        grow_tree(&chance, "tree", 2);
        for (int wish = WISH_BYTES; wish <= WISH_CHANCE; wish++) {
            OWN(told_release) struct told alone = {.wish = (enum wish)wish};
            OWN(told_release) struct told ahead = {.wish = (enum wish)wish};
            assert_int_equal(walk(&alone, "tree", false), 0);
            assert_int_equal(walk(&ahead, "tree", true), 0);
            assert_int_equal(alone.digests, 0);
            assert_string_equal(buf_text(&alone.text), buf_text(&ahead.text));
        }
        scratch_remove("tree");
    }
    assert_int_equal(descriptors(), open_before);
}

static void digests_are_found_out_ahead_for_who_asks(void **state)
{
    OWN(told_release) struct told t = {.wish = WISH_DIGEST};
    OWN(told_release) struct told none = {.wish = WISH_BYTES};
    scratch_mkdir("tree");
    for (unsigned i = 0; i < 2000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "tree/%u", i);
        scratch_text(name, name);
    }
    assert_int_equal(walk(&t, "tree", true), 0);
    assert_true(t.digests >= 2000 - 6 * 32 - 2 * 32); /* what lay ready before the first was asked for has none */
    assert_int_equal(walk(&none, "tree", true), 0);
    assert_int_equal(none.digests, 0);
    assert_true(t.held == 2000 && none.held == 2000);
    scratch_remove("tree");
}

static void wherever_the_visitor_ends_it_nothing_stays_open(void **state)
{
    struct chance chance = {5};
    size_t open_before = descriptors();
    scratch_mkdir("tree");
    grow_tree(&chance, "tree", 2);
    OWN(told_release) struct told all = {.wish = WISH_CHANCE};
    assert_int_equal(walk(&all, "tree", true), 0);
    for (uint64_t at = 1; at <= all.count; at += 1 + at / 8) {
        OWN(told_release) struct told t = {.wish = WISH_CHANCE, .stop_at = at};
        assert_int_equal(walk(&t, "tree", true), ERR_STOPPED);
        assert_int_equal(t.count, at);
        assert_int_equal(descriptors(), open_before);
    }
    scratch_remove("tree");
}

static void an_argument_that_is_not_there_is_told(void **state)
{
    OWN(told_release) struct told t = {.wish = WISH_BYTES};
    assert_int_equal(walk(&t, "nowhere", true), 0);
    assert_string_equal(buf_text(&t.text), "nowhere vanished 0 0 0.0 0 -1 \n");
}

/* ---- large files ---- */

static void large_files_are_hashed_ahead_up_to_a_size(void **state)
{
    static const off_t sizes[] = {(1 << 20) - 1, 1 << 20, (64 << 20) - 1, 64 << 20, (64 << 20) + 1};
    OWN(told_release) struct told alone = {.wish = WISH_DIGEST};
    OWN(told_release) struct told ahead = {.wish = WISH_DIGEST};
    scratch_mkdir("large");
    for (unsigned i = 0; i < COUNT(sizes); i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "large/%u", i);
        scratch_text(name, "");
        assert_int_equal(truncate(name, sizes[i]), 0);
    }
    assert_int_equal(walk(&alone, "large", false), 0);
    assert_int_equal(walk(&ahead, "large", true), 0);
    assert_string_equal(buf_text(&alone.text), buf_text(&ahead.text));
    assert_true(ahead.held == 1 && alone.held == 0);
    assert_true(ahead.digests < COUNT(sizes)); /* the largest, at least, is the visitor's */
    scratch_remove("large");
}

/* ---- a disk that does not hold still ---- */

static void change_what_comes(const struct intake_entry *entry)
{
    if (bytes_equal(entry->path, bytes_text("m/a")))
        scratch_text("m/b", "shorter than it was when it was opened");
}

static void what_changed_before_it_was_read_is_told_as_it_is(void **state)
{
    OWN(told_release) struct told t = {.wish = WISH_BYTES, .meanwhile = change_what_comes};
    scratch_mkdir("m");
    scratch_text("m/a", "first");
    scratch_text("m/b", "");
    assert_int_equal(truncate("m/b", 3 << 20), 0); /* too large to be read ahead while nobody asks for digests */
    assert_int_equal(walk(&t, "m", true), 0);
    assert_non_null(strstr(buf_text(&t.text), " 38 -1  38"));
    scratch_remove("m");
}

static void what_cannot_be_read_ahead_is_read_by_the_visitor(void **state)
{
    for (int wish = WISH_BYTES; wish <= WISH_BOTH; wish++)
        for (unsigned n = 1; n <= 40; n += every(1, 2)) {
            OWN(told_release) struct told alone = {.wish = (enum wish)wish};
            OWN(told_release) struct told ahead = {.wish = (enum wish)wish};
            scratch_mkdir("t");
            for (unsigned i = 0; i < 36; i++) {
                char name[32];
                (void)snprintf(name, sizeof name, "t/%u", i);
                scratch_text(name, name);
                if (i % 9 == 8)
                    assert_int_equal(truncate(name, 2 << 20), 0);
            }
            assert_int_equal(walk(&alone, "t", false), 0);
            atomic_store(&until_failure, n);
            assert_int_equal(walk(&ahead, "t", true), 0);
            atomic_store(&until_failure, 0);
            assert_string_equal(buf_text(&alone.text), buf_text(&ahead.text));
            scratch_remove("t");
        }
}

static void what_grows_while_it_is_read_ahead_is_not_held(void **state)
{
    OWN(told_release) struct told t = {.wish = WISH_BYTES};
    scratch_mkdir("g");
    scratch_text("g/a", "grows");
    (void)usleep(20000); /* the file system's clock must be seen to go on */
    atomic_store(&grows, "g/a");
    assert_int_equal(walk(&t, "g", true), 0);
    assert_non_null(strstr(buf_text(&t.text), " 9 -1  9")); /* as it was when it was read in the end */
    scratch_remove("g");
}

static int setup(void **state)
{
    scratch_begin_quick();
    return 0;
}

static int teardown(void **state)
{
    scratch_end();
    return 0;
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(whatever_is_asked_the_same_is_told),
        IN_SCRATCH(digests_are_found_out_ahead_for_who_asks),
        IN_SCRATCH(wherever_the_visitor_ends_it_nothing_stays_open),
        IN_SCRATCH(an_argument_that_is_not_there_is_told),
        IN_SCRATCH(large_files_are_hashed_ahead_up_to_a_size),
        IN_SCRATCH(what_changed_before_it_was_read_is_told_as_it_is),
        IN_SCRATCH(what_cannot_be_read_ahead_is_read_by_the_visitor),
        IN_SCRATCH(what_grows_while_it_is_read_ahead_is_not_held),
    };
    return crypt_start(NULL) != 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
