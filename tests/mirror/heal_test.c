/* What is bad in every copy here comes from a mirror; nothing of the mirror is believed before it is held to the log.
 */
#include "fixture_mirror.h"
#include "../base/thorough.h"

#include <errno.h>

static const struct thing large[] = {
    {"a.bin", 'r', 400000, 20}, {"b.bin", 'r', 500000, 21}, {"c.bin", 'r', 300000, 22}};

static void fill(struct fixture *f)
{
    fixture_fill(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, "a giver", large, COUNT(large), &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
    fixture_keep(f, "good");
    fixture_mirror_whole(f);
}

static void keys_folder(struct fixture *f, int copy, struct file_path *to)
{
    char comp[2 * KEYRING_ID + 1];
    hex_put(comp, f->id.holdings[0].compartment, KEYRING_ID);
    assert_int_equal(file_path(to, NULL, "%c/keys/%s", copy, comp), 0);
}

static void mended(struct fixture *f, const char *words)
{
    if (fixture_repair_from_mirror(f) != 0)
        fail_msg("%s %s", f->e.text, buf_text(&f->lines));
    if (strstr(buf_text(&f->words), words) == NULL)
        fail_msg("no \"%s\" in: %s", words, buf_text(&f->words));
    assert_string_equal(buf_text(&f->lines), "");
    fixture_whole(f);
}

static void test_packs(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (int how = 0; how < 3; how++) {
        fixture_back(f, "good");
        fixture_remove(f, "parity");  /* which would heal it here */
        for (int i = 0; i < 2; i++) { /* the sealed one, and both copies of the open one */
            const char *name = i == 0 ? "vault/000/000000.pack" : "vault/000/000001.pack";
            if (how == 0)
                fixture_remove(f, name);
            else if (how == 1)
                fixture_flip(f, name, 20000);
            else
                fixture_cut(f, name, 20);
        }
        if (how == 2) /* where the other one ends, too: together they would be enough */
            fixture_cut(f, "b/open/000001.pack", 20);
        else
            fixture_flip(f, "b/open/000001.pack", 40);
        fixture_remove(f, "parity/000/000000-01.p0");
        assert_int_equal(fixture_repair(f), ERR_DAMAGED);
        mended(f, "pack 0 healed from the mirror");
        assert_non_null(strstr(buf_text(&f->words), "pack 1 healed from the mirror"));
        assert_non_null(strstr(buf_text(&f->words), ".p0 made anew from the packs under it"));
        assert_true(fixture_count(f, "quarantine", "pack-") >= (how == 0 ? 1 : 3));
    }
}

static void test_keys(void **state)
{
    struct fixture *f = *state;
    static const char *const kinds[] = {"table-", "wrap-", "1-"};
    fill(f);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        fixture_back(f, "good");
        for (int copy = 'a'; copy <= 'b'; copy++) {
            struct file_path folder, name;
            keys_folder(f, copy, &folder);
            if (i == 2)
                assert_int_equal(file_path(&folder, NULL, "%c/keys/log", copy), 0);
            fixture_first(f, folder.s, kinds[i], &name);
            if (copy == 'a')
                fixture_remove(f, name.s);
            else
                fixture_flip(f, name.s, 100);
        }
        assert_true(fixture_repair(f) != 0);
        mended(f, kinds[i]);
        assert_int_equal(fixture_count(f, "quarantine", "keys-b-"), 1);
    }
}

/* One bit in the same record of both copies, at every third of the journal; then both copies gone to their headers. */
static void test_journal(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (int i = 1; i <= 4; i++) {
        fixture_back(f, "good");
        int64_t at = (int64_t)fixture_size(f, "a/journal") * i / 4 - 200;
        for (int copy = 'a'; copy <= 'b'; copy++) {
            char name[16];
            (void)snprintf(name, sizeof name, "%c/journal", copy);
            fixture_flip(f, name, at);
        }
        assert_true(fixture_repair(f) != 0);
        mended(f, "taken from the mirror");
        assert_true(fixture_count(f, "quarantine", "journal-") > 0);
    }
    /* Whose this was, only the key file tells. */
    fixture_back(f, "good");
    fixture_remove(f, "a/journal");
    fixture_remove(f, "b/journal");
    mended(f, "taken from the mirror");
    fixture_back(f, "good");
    fixture_put(f, "a/journal", bytes_text("nothing that was a journal"));
    fixture_remove(f, "b/journal");
    mended(f, "taken from the mirror");
}

/* Behind the mirror's end lies more that is good: then nothing is cut off for the sake of one record. */
static void test_a_mirror_that_is_behind(void **state)
{
    struct fixture *f = *state;
    fill(f);
    uint64_t end = fixture_size(f, "a/journal");
    for (int i = 0; i < 2; i++) {
        OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
        assert_int_equal(fixture_note(s, "later", &f->e), 0);
    }
    fixture_flip(f, "a/journal", (int64_t)end + 300);
    fixture_flip(f, "b/journal", (int64_t)end + 300);
    fixture_says(f, fixture_repair_from_mirror(f), ERR_DAMAGED,
                 "is bad in both copies, and the mirror does not have it", NULL);
    assert_int_equal(fixture_count(f, "quarantine", "journal-"), 0);
    fixture_flip(f, "a/journal", (int64_t)end + 300);
    mended(f, "journal b");
}

static void test_a_bad_mirror_is_not_believed(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_remove(f, "vault/000/000000.pack");
    fixture_remove(f, "parity/000/000000-01.p0");
    fixture_flip(f, "mirror/vault/000/000000.pack", 30000);
    assert_int_equal(fixture_repair_from_mirror(f), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "is not what was logged"));
    assert_false(fixture_there(f, "vault/000/000000.pack"));
    assert_int_equal(fixture_count(f, "vault/000", ""), 1); /* no draft is left */
    fixture_remove(f, "mirror/vault");
    assert_int_equal(fixture_repair_from_mirror(f), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "the mirror does not have pack 0 as it was logged"));
    fixture_remove(f, "mirror");
    fixture_says(f, fixture_repair_from_mirror(f), ERR_ABSENT, "is no mirror", NULL);
}

/* What can be read of a mirror serves, whichever piece of its journal cannot. */
static void test_a_piece_that_does_not_read(void **state)
{
    struct fixture *f = *state;
    struct file_path piece;
    fill(f);
    const int64_t last = (int64_t)fixture_size(f, "a/journal") - 200;
    fixture_first(f, "mirror/journal/000", "000000000-", &piece);
    const char *name = strstr(piece.s, "mirror/journal");
    for (int64_t at = 0; at < 3; at++) {
        fixture_back(f, "good");
        fixture_remove(f, "parity");
        fixture_remove(f, "vault/000/000000.pack");
        fixture_unreadable(f, name, 1000 * at, 100, EIO);
        mended(f, "pack 0 healed from the mirror");
        /* A record behind the bad place, which is bad in both copies here. */
        fixture_back(f, "good");
        fixture_flip(f, "a/journal", last);
        fixture_flip(f, "b/journal", last);
        if (at > 0)
            mended(f, "taken from the mirror");
        fixture_readable();
    }
}

/* A pack that is damaged here and there in different sectors is healed by both, as the parity's trailers say. */
static void test_damaged_here_and_there(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_flip(f, "vault/000/000000.pack", 30 * VAULT_SECTOR + 7);
    fixture_flip(f, "parity/000/000000-01.p0", 30 * VAULT_SECTOR + 7);
    fixture_flip(f, "mirror/vault/000/000000.pack", 40 * VAULT_SECTOR);
    fixture_cut(f, "mirror/vault/000/000000.pack", 100);
    assert_int_equal(fixture_repair(f), ERR_DAMAGED);
    mended(f, "pack 0 healed by parity and the mirror: 1 sectors came back");
    /* In the same sector nothing is made up. */
    fixture_flip(f, "vault/000/000000.pack", 40 * VAULT_SECTOR);
    fixture_flip(f, "parity/000/000000-01.p0", 40 * VAULT_SECTOR);
    assert_int_equal(fixture_repair_from_mirror(f), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "pack 0: 1 sectors are lost"));
    assert_non_null(strstr(buf_text(&f->lines), "is shorter than logged"));
}

static void test_another_repositorys(void **state)
{
    struct fixture *f = *state;
    struct store_place other = f->place;
    struct file_path root, key;
    struct hash pin;
    OWN(buf_drop) struct buf key_path = {0};
    fill(f);
    fixture_remove(f, "mirror");
    fixture_path(f, "mirror-of", &root);
    fixture_path(f, "mirror-key", &key);
    other.root = root.s;
    other.key_path = key.s;
    other.identity = NULL;
    struct store_founding founding = {.origin = "other.example/log",
                                      .pack_mib = 1,
                                      .passphrase = bytes_text(FIXTURE_PASSPHRASE),
                                      .investigation = "main"};
    if (store_found(&other, &founding, &pin, &key_path, &f->e) != 0)
        fail_msg("%s", f->e.text);
    struct store *s = NULL;
    assert_int_equal(store_open(&other, STORE_PUBLIC, &s, &f->e), 0);
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    struct mirror_wish wish = {.folder = folder.s};
    struct store_watch watch = {0};
    assert_int_equal(mirror_make(s, &wish, &watch, &fixture_last.made, &f->e), 0);
    store_close(s);
    fixture_says(f, fixture_repair_from_mirror(f), ERR_REFUSED, "is not known to be a mirror of", NULL);
    fixture_says(f, fixture_mirror(f, false), ERR_REFUSED, "is a mirror of another repository", NULL);
    fixture_says(f, fixture_mirror_verify(f, true), ERR_REFUSED, "another repository than", NULL);
    fixture_remove(f, "mirror-of");
    fixture_remove(f, "mirror-key");
}

/* Ended at any effect: the next repair ends it. */
static void test_ended_at_any_effect(void **state)
{
    struct fixture *f = *state;
    fill(f);
    int64_t at = (int64_t)fixture_size(f, "a/journal") / 2;
    for (unsigned n = 1;; n += n < 60 ? every(1, 2) : 7) {
        fixture_back(f, "good");
        fixture_flip(f, "a/journal", at);
        fixture_flip(f, "b/journal", at);
        fixture_remove(f, "vault/000/000000.pack");
        fixture_remove(f, "parity");
        fixture_die_at(n);
        int rc = fixture_repair_from_mirror(f);
        fixture_calm();
        if (rc == 0)
            break;
        if (fixture_repair_from_mirror(f) != 0)
            fail_msg("%u: %s %s", n, f->e.text, buf_text(&f->lines));
        assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
        assert_int_equal(fixture_audit(f, false), 0);
    }
}

/* A mirror that is ahead and of another history heals nothing, and this is not called whole. */
static void test_another_history_ahead(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (int i = 0; i < 4; i++) {
        if (i == 3) {
            fixture_mirror_whole(f);
            fixture_back(f, "good");
        }
        OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
        assert_int_equal(fixture_note(s, i == 3 ? "another" : "one", &f->e), 0);
    }
    fixture_says(f, fixture_repair_from_mirror(f), ERR_DAMAGED, "two histories", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_another_history_ahead),
        FIXTURE_TEST(test_packs),
        FIXTURE_TEST(test_keys),
        FIXTURE_TEST(test_journal),
        FIXTURE_TEST(test_a_mirror_that_is_behind),
        FIXTURE_TEST(test_a_bad_mirror_is_not_believed),
        FIXTURE_TEST(test_a_piece_that_does_not_read),
        FIXTURE_TEST(test_damaged_here_and_there),
        FIXTURE_TEST(test_another_repositorys),
        FIXTURE_TEST(test_ended_at_any_effect),
    };
    return FIXTURE_RUN(tests);
}
