#include "fixture.h"

#include <sys/stat.h>

/* A place of its own for one founding. */
struct site {
    struct file_path root, state, config;
    struct store_place place;
    struct store_founding founding;
    struct hash pin;
    struct buf key_path;
};

static void site_drop(struct site *t)
{
    buf_drop(&t->key_path);
}

static void site_init(struct fixture *f, struct site *t)
{
    fixture_remove(f, "kept-site");
    struct file_path base;
    fixture_path(f, "kept-site", &base);
    assert_int_equal(mkdir(base.s, 0700), 0);
    assert_int_equal(file_path(&t->config, NULL, "%s/xdg", base.s), 0);
    assert_int_equal(mkdir(t->config.s, 0700), 0);
    assert_int_equal(file_path(&t->root, NULL, "%s/repo", base.s), 0);
    assert_int_equal(file_path(&t->state, NULL, "%s/xdg/state", base.s), 0);
    assert_int_equal(file_path(&t->config, NULL, "%s/xdg/config", base.s), 0);
    t->place = (struct store_place){.root = t->root.s, .state_folder = t->state.s, .config_folder = t->config.s};
    t->founding = (struct store_founding){.origin = "centre.example/log",
                                          .pack_mib = VAULT_PACK_MIB_MIN,
                                          .passphrase = bytes_text(FIXTURE_PASSPHRASE),
                                          .investigation = "Investigation of the camps"};
}

static int found_it(struct fixture *f, struct site *t)
{
    f->e = (struct err){0};
    buf_clear(&t->key_path);
    return store_found(&t->place, &t->founding, &t->pin, &t->key_path, &f->e);
}

static unsigned in_site(struct fixture *f)
{
    return fixture_count(f, "kept-site", "");
}

static int give(void *context, const char *key_path, struct buf *ret, struct err *e)
{
    buf_put_text(ret, FIXTURE_PASSPHRASE);
    return 0;
}

static void modes(const char *path, unsigned *folders, unsigned *files)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    if (strstr(path, "/log/") != NULL && !S_ISDIR(st.st_mode))
        assert_int_equal(st.st_mode & 07133, 0); /* for outsiders, once the folder lets them */
    else
        assert_int_equal(st.st_mode & 07777, S_ISDIR(st.st_mode) ? 0700 : 0600);
    *(S_ISDIR(st.st_mode) ? folders : files) += 1;
    OWN(dir_drop) DIR *dir = S_ISDIR(st.st_mode) ? opendir(path) : NULL;
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
        struct file_path inner;
        assert_int_equal(file_path(&inner, NULL, "%s/%s", path, d->d_name), 0);
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            modes(inner.s, folders, files);
    }
}

static void test_founded_whole(void **state)
{
    struct fixture *f = *state;
    OWN(site_drop) struct site t = {0};
    OWN(store_drop) struct store *s = NULL;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct store_facts facts;
    struct statement st;
    struct stat status;
    char hex[17];
    unsigned folders = 0, files = 0;
    site_init(f, &t);
    assert_int_equal(mkdir(t.root.s, 0700), 0); /* an empty folder is taken */
    if (found_it(f, &t) != 0)
        fail_msg("%s", f->e.text);
    modes(t.root.s, &folders, &files);
    assert_true(folders >= 7 && files >= 10);
    hex_put(hex, t.pin.b, 8);
    assert_non_null(strstr(buf_text(&t.key_path), hex));
    assert_non_null(strstr(buf_text(&t.key_path), t.config.s));
    assert_int_equal(stat(buf_text(&t.key_path), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(in_site(f), 2); /* the repository and what lies outside; no draft */
    t.place.passphrase = give;
    assert_int_equal(store_open(&t.place, STORE_READ, &s, &f->e), 0);
    store_facts(s, &facts);
    assert_string_equal(facts.origin, "centre.example/log");
    assert_string_equal(facts.log_key.name, "centre.example/log");
    assert_memory_equal(&facts.pin, &t.pin, sizeof t.pin);
    assert_int_equal(facts.pack_sectors, 64 * VAULT_PACK_MIB_MIN);
    assert_true(facts.state_known);
    assert_int_equal(facts.position.records, 2);
    assert_int_equal(store_statement(s, 2, &held, &st, &f->e), 0);
    assert_int_equal(st.kind, STATEMENT_INVESTIGATION);
    assert_string_equal(st.investigation.name, "Investigation of the camps");
    assert_int_equal(st.place.seq, 0);
}

static void refused(struct fixture *f, struct site *t, int code, const char *word)
{
    unsigned before = in_site(f);
    fixture_says(f, found_it(f, t), code, word, NULL);
    assert_int_equal(in_site(f), before);
    assert_int_equal(t->key_path.n, 0);
}

static void test_refusals_leave_nothing(void **state)
{
    struct fixture *f = *state;
    OWN(site_drop) struct site t = {0};
    struct file_path inner;
    char longest[202];
    site_init(f, &t);
    t.founding.pack_mib = VAULT_PACK_MIB_MIN - 1;
    refused(f, &t, ERR_USAGE, "MiB");
    t.founding.pack_mib = VAULT_PACK_MIB_MAX + 1;
    refused(f, &t, ERR_USAGE, "MiB");
    t.founding.pack_mib = VAULT_PACK_MIB_MIN;
    memset(longest, 'a', sizeof longest - 1);
    longest[201] = 0;
    const char *const origins[] = {"", "two words", "a+b", "groundwork/log", longest, "\xff"};
    for (size_t i = 0; i < COUNT(origins); i++) {
        t.founding.origin = origins[i];
        refused(f, &t, ERR_USAGE, "--origin");
    }
    t.founding.origin = "centre.example/log";
    t.founding.passphrase = bytes_text("short");
    refused(f, &t, ERR_REFUSED, "");
    t.founding.passphrase = bytes_text(FIXTURE_PASSPHRASE);
    assert_int_equal(mkdir(t.root.s, 0700), 0);
    assert_int_equal(file_path(&inner, NULL, "%s/something", t.root.s), 0);
    assert_int_equal(file_replace(inner.s, bytes_text("theirs"), 0600, NULL), 0);
    refused(f, &t, ERR_REFUSED, "is not empty");
    assert_true(file_exists(inner.s));
    t.place.root = inner.s;
    refused(f, &t, ERR_REFUSED, "is no folder");
    assert_int_equal(file_path(&inner, NULL, "%s/link", t.root.s), 0);
    assert_int_equal(symlink("/tmp", inner.s), 0);
    refused(f, &t, ERR_REFUSED, "is no folder");
}

static void test_key_file_is_never_replaced(void **state)
{
    struct fixture *f = *state;
    OWN(site_drop) struct site t = {0};
    OWN(buf_drop) struct buf after = {0};
    struct file_path key;
    site_init(f, &t);
    assert_int_equal(file_path(&key, NULL, "%s.key", t.root.s), 0);
    assert_int_equal(file_replace(key.s, bytes_text("another's"), 0600, NULL), 0);
    t.place.key_path = key.s;
    refused(f, &t, ERR_REFUSED, "move it away, or name another with --key");
    assert_int_equal(file_read_all(key.s, 100, &after, NULL), 0);
    assert_string_equal(buf_text(&after), "another's");
}

/*
 * The disk fails once, at each sync: no repository and no key file, or, from the rename on, the whole of it.  What ends
 * altogether leaves at most a draft beside, and the same command founds again.
 */
static void test_failing_disk_leaves_nothing_or_all(void **state)
{
    struct fixture *f = *state;
    OWN(site_drop) struct site t = {0};
    unsigned nothing = 0, all = 0;
    for (unsigned sync = 1;; sync += 5) {
        site_init(f, &t);
        fixture_fail_sync(sync);
        int rc = found_it(f, &t);
        bool failed = fixture_syncs() >= sync;
        fixture_calm();
        if (!failed)
            break;
        if (!file_exists(t.root.s)) {
            assert_int_equal(rc, ERR_IO);
            nothing++;
            assert_int_equal(fixture_count(f, "kept-site", "repo"), 0);
            if (file_exists(t.config.s))
                assert_int_equal(fixture_count(f, "kept-site/xdg/config", ""), 0);
            if (file_exists(t.state.s))
                assert_int_equal(fixture_count(f, "kept-site/xdg/state", ""), 0);
            continue;
        }
        OWN(store_drop) struct store *s = NULL;
        all++;
        t.place.passphrase = give;
        if (store_open(&t.place, STORE_WRITE, &s, &f->e) != 0)
            fail_msg("sync %u: %s", sync, f->e.text);
        assert_int_equal(fixture_note(s, "and it goes on", &f->e), 0);
    }
    assert_true(nothing > 3 && all > 1);
}

/* Where only record 0 is there, the first statement brings a line of inquiry. */
static bool goes_on(struct fixture *f, struct site *t)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct store_facts facts;
    struct statement st;
    t->place.passphrase = give;
    if (store_open(&t->place, STORE_WRITE, &s, &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_facts(s, &facts);
    bool bare = facts.position.records == 1;
    assert_true(bare || facts.position.records == 2);
    assert_int_equal(fixture_note(s, "the first thing said", &f->e), 0);
    assert_int_equal(store_statement(s, 2, &held, &st, &f->e), 0);
    assert_int_equal(st.kind, STATEMENT_INVESTIGATION);
    assert_string_equal(st.investigation.name, bare ? "main" : "Investigation of the camps");
    return bare;
}

static void test_ended_anywhere_and_founded_again(void **state)
{
    struct fixture *f = *state;
    OWN(site_drop) struct site t = {0};
    unsigned again = 0, bare = 0;
    for (unsigned at = 1;; at += 19) {
        site_init(f, &t);
        fixture_die_at(at);
        int rc = found_it(f, &t);
        bool ended = fixture_effects() >= at;
        fixture_calm();
        if (!ended)
            break;
        if (!file_exists(t.root.s)) {
            assert_int_not_equal(rc, 0);
            again++;
            if (found_it(f, &t) != 0)
                fail_msg("effect %u: %s", at, f->e.text);
        }
        bare += goes_on(f, &t);
    }
    assert_true(again > 2 && bare > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_founded_whole),
        FIXTURE_TEST(test_refusals_leave_nothing),
        FIXTURE_TEST(test_key_file_is_never_replaced),
        FIXTURE_TEST(test_failing_disk_leaves_nothing_or_all),
        FIXTURE_TEST(test_ended_anywhere_and_founded_again),
    };
    return FIXTURE_RUN(tests);
}
