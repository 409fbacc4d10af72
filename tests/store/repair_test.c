#include "fixture.h"
#include "../base/thorough.h"

#include <sys/stat.h>

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
}

struct naming {
    struct store *s;
    unsigned statements, names;
    const char *wanted;
};

static int look_at(void *context, const struct index_statement_row *row, struct err *e)
{
    struct naming *n = context;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    int rc = store_statement(n->s, row->leaf, &held, &st, e);
    n->statements++;
    for (size_t i = 0; rc == 0 && i < st.repaired.count; i++)
        n->names += strstr(st.repaired.files[i], n->wanted) != NULL;
    return rc;
}

/* The log says once what was healed. */
static void logged(struct fixture *f, const char *name)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct naming n = {.s = s, .wanted = name};
    assert_int_equal(index_statements(store_index(s), 0, STATEMENT_REPAIRED, look_at, &n, &f->e), 0);
    assert_int_equal(n.statements, 1);
    assert_true(n.names > 0);
}

static void mended(struct fixture *f, const char *word, const char *name)
{
    if (fixture_repair(f) != 0)
        fail_msg("%s %s", f->e.text, buf_text(&f->lines));
    if (strstr(buf_text(&f->words), word) == NULL)
        fail_msg("no \"%s\" in: %s", word, buf_text(&f->words));
    assert_string_equal(buf_text(&f->lines), "");
    fixture_whole(f);
    assert_int_equal(fixture_repair(f), 0); /* nothing is left to be healed */
    assert_string_equal(buf_text(&f->words), "");
    logged(f, name);
}

static void keys_folder(struct fixture *f, int copy, struct file_path *to)
{
    char comp[2 * KEYRING_ID + 1];
    hex_put(comp, f->id.holdings[0].compartment, KEYRING_ID);
    assert_int_equal(file_path(to, NULL, "%c/keys/%s", copy, comp), 0);
}

static void test_nothing_to_heal(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    fill(f);
    fixture_print(f, &before);
    assert_int_equal(fixture_repair(f), 0);
    assert_string_equal(buf_text(&f->words), "");
    fixture_print(f, &after);
    assert_true(hash_equal(&before, &after));
}

/* One copy, flipped at random places, cut, or gone: healed, told, and the damaged file kept. */
static void test_one_copy_of_anything(void **state)
{
    struct fixture *f = *state;
    static const char *const kinds[] = {"table-", "wrap-", "segment-"};
    fill(f);
    for (int what = 0; what < 6; what++)
        for (int copy = 'a'; copy <= 'b'; copy++)
            for (int how = 0; how < 3; how++) {
                struct file_path folder, name;
                char word[32];
                fixture_back(f, "good");
                (void)snprintf(word, sizeof word, "%c/keys/", copy);
                if (what < 3) {
                    keys_folder(f, copy, &folder);
                    fixture_first(f, folder.s, kinds[what], &name);
                } else if (what == 3) {
                    assert_int_equal(file_path(&folder, NULL, "%c/keys/log", copy), 0);
                    fixture_first(f, folder.s, "1-", &name);
                } else if (what == 4) {
                    (void)snprintf(word, sizeof word, "journal %c", copy);
                    assert_int_equal(file_path(&name, NULL, "%c/journal", copy), 0);
                } else {
                    (void)snprintf(word, sizeof word, "pack 1 healed");
                    assert_int_equal(
                        file_path(&name, NULL, copy == 'a' ? "vault/000/000001.pack" : "b/open/000001.pack"), 0);
                }
                if (how == 0)
                    fixture_remove(f, name.s);
                else if (how == 1)
                    fixture_flip(f, name.s, (int64_t)chance_below(&f->chance, fixture_size(f, name.s)));
                else
                    fixture_cut(f, name.s, 20);
                mended(f, word, what == 5 ? "pack 1" : what == 4 ? "/journal" : word);
                bool kept = what < 4 ? how != 0 : what == 4 && how == 1;
                assert_true(!kept || fixture_count(f, "quarantine", "") > 0);
            }
}

/* A writer that was killed owed segments, tiles and state: that is done, and not called damage on the log. */
static void test_what_was_owed_is_no_damage(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    for (int part = 0; part < 5; part++) {
        struct statement st = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {"one of a part"}};
        assert_int_equal(store_draft_begin(s, &f->e), 0);
        assert_int_equal(store_add(s, &st, NULL, NULL, &f->e), 0);
        assert_int_equal(store_commit_part(s, &f->e), 0);
    }
    store_behind_wait(s);
    assert_int_equal(s->owed, 5);
    fixture_keep(f, "owed");
    store_close(s);
    fixture_back(f, "owed");
    const uint64_t records = fixture_where(f, STORE_PUBLIC).records;
    assert_int_equal(fixture_repair(f), 0);
    assert_null(strstr(buf_text(&f->words), "segment-"));
    assert_int_equal(fixture_where(f, STORE_PUBLIC).records, records);
    buf_clear(&f->told);
    fixture_whole(f);
}

/* Both copies of a segment: its blocks lie in the journal. */
static void test_segments_from_the_journal(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (int how = 0; how < 3; how++) {
        fixture_back(f, "good");
        for (int copy = 'a'; copy <= 'b'; copy++) {
            struct file_path folder, name;
            keys_folder(f, copy, &folder);
            fixture_first(f, folder.s, "segment-", &name);
            if (how == 0)
                fixture_remove(f, name.s);
            else if (how == 1)
                fixture_flip(f, name.s, 200 + copy);
            else
                fixture_append(f, name.s, bytes_of("more", 4));
        }
        mended(f, "segment-", "segment-");
        assert_int_equal(fixture_count(f, "quarantine", "keys-"), how == 0 ? 0 : 2);
    }
}

/* Many at once: something of everything, now in one copy, now in the other. */
static void test_many_at_once(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (int round = 0; round < 4; round++) {
        fixture_back(f, "good");
        static const char *const kinds[] = {"table-", "wrap-", "segment-"};
        for (size_t i = 0; i < COUNT(kinds); i++) {
            struct file_path folder, name;
            keys_folder(f, chance_below(&f->chance, 2) == 0 ? 'a' : 'b', &folder);
            fixture_first(f, folder.s, kinds[i], &name);
            fixture_flip(f, name.s, (int64_t)chance_below(&f->chance, fixture_size(f, name.s)));
        }
        /* Different records of the two journals: each has what the other lacks. */
        fixture_flip(f, "a/journal", (int64_t)fixture_size(f, "a/journal") / 4);
        fixture_flip(f, "b/journal", (int64_t)fixture_size(f, "b/journal") / 4 * 3);
        fixture_flip(f, round % 2 == 0 ? "vault/000/000001.pack" : "b/open/000001.pack", 5000);
        fixture_remove(f, round % 2 == 0 ? "index" : "log");
        mended(f, "journal a", "a/journal");
    }
}

/* ---- what cannot be healed here is said, and everything else is healed ---- */

static void test_sealed_packs_and_parity_heal_each_other(void **state)
{
    struct fixture *f = *state;
    static const char pack[] = "vault/000/000000.pack", parity[] = "parity/000/000000-01.p0";
    fill(f);
    fixture_flip(f, pack, 70000);
    mended(f, "pack 0 healed by parity: 1 sectors came back", "pack 0");
    assert_true(fixture_there(f, "quarantine/000000.pack"));
    fixture_back(f, "good");
    fixture_remove(f, pack);
    mended(f, "pack 0 healed by parity: 64 sectors came back", "pack 0");
    for (int how = 0; how < 4; how++) {
        fixture_back(f, "good");
        if (how == 0)
            fixture_remove(f, parity);
        else if (how == 1)
            fixture_cut(f, parity, 1);
        else if (how == 2)
            fixture_flip(f, parity, -20000); /* its trailer */
        else
            fixture_remove(f, "parity");
        mended(f, "parity/000/000000-01.p0 made anew from the packs under it", parity);
    }
    fixture_back(f, "good"); /* nobody has a damaged index rebuilt out of what is not healed yet */
    fixture_flip(f, pack, 70000);
    fixture_remove(f, "index/main.db");
    mended(f, "pack 0 healed by parity: 1 sectors came back", "pack 0");
}

static void test_more_than_parity_brings_back(void **state)
{
    struct fixture *f = *state;
    struct file_path folder, name;
    fill(f);
    fixture_flip(f, "vault/000/000000.pack", 70000);
    fixture_flip(f, "vault/000/000000.pack", 200000);
    fixture_flip(f, "parity/000/000000-01.p0", 70000);
    keys_folder(f, 'b', &folder);
    fixture_first(f, folder.s, "wrap-", &name);
    fixture_remove(f, name.s);
    fixture_flip(f, "b/open/000001.pack", 70);
    fixture_says(f, fixture_repair(f), ERR_DAMAGED, "needs a mirror (repair --from) or another copy of the repository",
                 NULL);
    assert_non_null(strstr(buf_text(&f->words), "pack 0 healed in part: 1 sectors came back"));
    assert_non_null(strstr(buf_text(&f->lines), "pack 0: 1 sectors are lost"));
    assert_non_null(strstr(buf_text(&f->lines), "parity/000/000000-01.p0 cannot be made anew"));
    assert_non_null(strstr(buf_text(&f->lines), " are lost: "));
    assert_non_null(strstr(buf_text(&f->lines), "item "));
    assert_non_null(strstr(buf_text(&f->words), "pack 1 healed"));
    assert_true(fixture_there(f, name.s));
    assert_int_equal(fixture_audit(f, false), ERR_DAMAGED);
    assert_int_equal(f->audited.findings, 2);
}

static void test_wrap_bad_in_both_copies(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (int copy = 'a'; copy <= 'b'; copy++) {
        struct file_path folder, name;
        keys_folder(f, copy, &folder);
        fixture_first(f, folder.s, "wrap-", &name);
        fixture_flip(f, name.s, 80);
    }
    assert_int_not_equal(fixture_repair(f), 0);
    assert_int_equal(fixture_verify(f, STORE_PUBLIC), ERR_DAMAGED);
}

static void test_record_bad_in_both_copies(void **state)
{
    struct fixture *f = *state;
    fill(f);
    int64_t at = (int64_t)fixture_size(f, "a/journal") / 2;
    fixture_flip(f, "a/journal", at);
    fixture_flip(f, "b/journal", at + 1);
    fixture_says(f, fixture_repair(f), ERR_DAMAGED, "bad in both copies", NULL);
}

/* Repair itself is ended anywhere: what is left can be repaired. */
static void test_repair_ends_anywhere(void **state)
{
    struct fixture *f = *state;
    struct file_path folder, name;
    fill(f);
    fixture_flip(f, "a/journal", 3000);
    fixture_flip(f, "vault/000/000001.pack", 5000);
    keys_folder(f, 'a', &folder);
    fixture_first(f, folder.s, "segment-", &name);
    fixture_flip(f, name.s, 100);
    fixture_keep(f, "bad");
    for (unsigned at = 1;; at += every(3, 11)) {
        fixture_back(f, "bad");
        fixture_die_at(at);
        int rc = fixture_repair(f);
        bool ended = fixture_effects() >= at;
        fixture_calm();
        assert_true(rc == 0 || ended);
        if (!ended)
            break;
        assert_int_equal(fixture_repair(f), 0);
        fixture_whole(f);
    }
}

/* ---- reindex ---- */

static void test_reindex_takes_the_lock(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    OWN(store_drop) struct store *r = fixture_open(f, STORE_READ);
    OWN(store_drop) struct store *w = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_reindex(r, NULL, &f->e), ERR_BUSY);
    store_close(TAKE(w));
    assert_int_equal(store_reindex(r, NULL, &f->e), 0);
    assert_int_equal(fixture_try(f, STORE_WRITE), ERR_BUSY);
}

/* ---- the passphrase ---- */

static int give(void *context, const char *key_path, struct buf *ret, struct err *e)
{
    buf_put_text(ret, context);
    return 0;
}

/* A source that holds one line, like a passphrase file. */
static int give_once(void *context, const char *key_path, struct buf *ret, struct err *e)
{
    unsigned *asked = context;
    if ((*asked)++ > 0)
        return err_set(e, ERR_IO, "asked again");
    buf_put_text(ret, FIXTURE_PASSPHRASE);
    return 0;
}

static void test_repair_asks_once(void **state)
{
    struct fixture *f = *state;
    fill(f);
    for (int damaged = 0; damaged < 2; damaged++) {
        unsigned asked = 0;
        if (damaged == 1)
            fixture_flip(f, "b/journal", 3000);
        f->place.identity = NULL;
        f->place.passphrase = give_once;
        f->place.context = &asked;
        if (fixture_repair(f) != 0)
            fail_msg("%s", f->e.text);
        assert_int_equal(asked, 1);
        assert_int_equal(f->words.n > 0, damaged);
        f->place.identity = &f->id;
        fixture_whole(f);
    }
}

static int give_fresh(void *context, struct buf *ret, struct err *e)
{
    if (context == NULL)
        return err_set(e, ERR_STOPPED, "not now");
    buf_put_text(ret, context);
    return 0;
}

static void test_passphrase_is_changed(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0};
    static char old[] = FIXTURE_PASSPHRASE, new[] = "quite another passphrase", poor[] = "short";
    struct ledger_position now;
    fixture_fill(f);
    now = fixture_where(f, STORE_PUBLIC);
    assert_int_equal(file_read_all(f->key.s, 1 << 16, &before, NULL), 0);
    fixture_says(f, store_passphrase(&f->place, give_fresh, poor, &f->e), ERR_REFUSED, "", NULL);
    fixture_says(f, store_passphrase(&f->place, give_fresh, NULL, &f->e), ERR_STOPPED, "not now", NULL);
    assert_int_equal(store_passphrase(&f->place, give_fresh, new, &f->e), 0);
    struct store_place place = f->place;
    OWN(store_drop) struct store *s = NULL;
    place.identity = NULL;
    place.passphrase = give;
    place.context = old;
    assert_int_equal(store_open(&place, STORE_READ, &s, &f->e), ERR_KEY);
    place.context = new;
    assert_int_equal(store_open(&place, STORE_READ, &s, &f->e), 0);
    assert_int_equal(s->identity.checkpoint_size, now.leaves); /* the newest that was seen */
    assert_memory_equal(&s->identity.checkpoint_root, &now.root, sizeof now.root);
    assert_int_equal(file_replace(f->key.s, buf_bytes(&before), 0600, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_nothing_to_heal),
        FIXTURE_TEST(test_one_copy_of_anything),
        FIXTURE_TEST(test_what_was_owed_is_no_damage),
        FIXTURE_TEST(test_segments_from_the_journal),
        FIXTURE_TEST(test_many_at_once),
        FIXTURE_TEST(test_sealed_packs_and_parity_heal_each_other),
        FIXTURE_TEST(test_more_than_parity_brings_back),
        FIXTURE_TEST(test_wrap_bad_in_both_copies),
        FIXTURE_TEST(test_record_bad_in_both_copies),
        FIXTURE_TEST(test_repair_ends_anywhere),
        FIXTURE_TEST(test_reindex_takes_the_lock),
        FIXTURE_TEST(test_repair_asks_once),
        FIXTURE_TEST(test_passphrase_is_changed),
    };
    return FIXTURE_RUN(tests);
}
