/* Making a mirror: what is copied, what is refused, and every moment at which it may be ended. */
#include "fixture_mirror.h"
#include "../base/thorough.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct thing large[] = {
    {"a.bin", 'r', 400000, 20}, {"b.bin", 'r', 500000, 21}, {"c.bin", 'r', 300000, 22}};
static const struct thing more[] = {{"d.bin", 'r', 900000, 23}, {"e.bin", 'r', 500000, 24}};

static void intake(struct fixture *f, const struct thing *things, size_t count)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, "a giver", things, count, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static void say(struct fixture *f, const char *text)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_note(s, text, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static void fill(struct fixture *f)
{
    fixture_fill(f);
    intake(f, large, COUNT(large));
}

static void test_it_grows_and_never_writes_in_place(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf before = {0};
    OWN(buf_drop) struct buf after = {0};
    struct file_path open;
    fixture_mirror_whole(f); /* of what was founded */
    fill(f);
    fixture_mirror_whole(f);
    assert_int_equal(fixture_count(f, "mirror/vault/000", ""), 1);
    assert_int_equal(fixture_count(f, "mirror/open", "000001-"), 1);
    fixture_first(f, "mirror/open", "000001-", &open);
    fixture_get(f, "mirror/vault/000/000000.pack", &before);
    say(f, "a note");
    fixture_mirror_whole(f);
    assert_int_equal(fixture_last.made.files, 1); /* a piece of the journal */
    assert_int_equal(fixture_count(f, "mirror/commits", ""), 1);
    intake(f, more, COUNT(more));
    fixture_mirror_whole(f);
    assert_false(fixture_there(f, open.s)); /* sealed since */
    assert_int_equal(fixture_count(f, "mirror/vault/000", ""), 2);
    fixture_get(f, "mirror/vault/000/000000.pack", &after);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
    fixture_mirror_whole(f);
    assert_int_equal(fixture_last.made.files, 0);
    assert_int_equal(fixture_last.made.bytes, 0);
}

/* A private key of the key file, and the state outside, are nowhere in it. */
static void test_no_private_keys(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_mirror_whole(f);
    static const char *const allowed[] = {"mirror", "commits", "journal", "keys", "open", "vault"};
    unsigned known = 0;
    for (size_t i = 0; i < COUNT(allowed); i++)
        known += fixture_count(f, "mirror", allowed[i]);
    assert_int_equal(known, COUNT(allowed));
    assert_int_equal(fixture_count(f, "mirror", ""), COUNT(allowed));
    assert_int_equal(fixture_count(f, "mirror/keys/log", "1-"), 1); /* boxed to the member */
}

/* Whatever is the last thing that still worked: the mirror stands as before or as after, and the next run ends it. */
static void test_ended_at_any_effect(void **state)
{
    struct fixture *f = *state;
    fill(f);
    unsigned effects = 0;
    for (unsigned round = 0; round < 2; round++) {
        /* Round 0: the first copy.  Round 1: a later one, beside a whole mirror. */
        for (unsigned n = 1; n == 1 || n <= effects; n += every(1, 2)) {
            fixture_remove(f, "mirror");
            if (round == 1)
                fixture_copy(f, "kept-mirror", "mirror");
            fixture_die_at(n);
            int rc = fixture_mirror(f, false);
            unsigned done = fixture_effects();
            fixture_calm();
            if (n == 1 && effects == 0) { /* how many there are */
                fixture_remove(f, "mirror");
                if (round == 1)
                    fixture_copy(f, "kept-mirror", "mirror");
                fixture_calm();
                assert_int_equal(fixture_mirror(f, false), 0);
                effects = fixture_effects();
                fixture_calm();
                assert_true(effects > 10);
                continue;
            }
            assert_true(rc == 0 || rc == ERR_IO);
            assert_true(done >= n);
            rc = fixture_there(f, "mirror") ? fixture_mirror_verify(f, true) : ERR_ABSENT;
            bool whole = rc == 0;
            assert_true(whole || (round == 0 && (rc == ERR_ABSENT || rc == ERR_DAMAGED)));
            fixture_mirror_whole(f);
            assert_int_equal(fixture_count(f, "mirror/open", ""), 1);
            assert_int_equal(fixture_count(f, "mirror/commits", ""), 1);
        }
        fixture_remove(f, "kept-mirror");
        fixture_copy(f, "mirror", "kept-mirror");
        intake(f, more, COUNT(more));
        effects = 0;
    }
    fixture_remove(f, "kept-mirror");
}

/* A full segment makes a new table; the old one, whose keys the new one holds too, goes once the mirror has that. */
static void test_a_table_that_was_replaced(void **state)
{
    struct fixture *f = *state;
    enum { LINKS = KEYRING_SEGMENT_LEAVES + 10 };
    OWN(mem_drop) struct thing *links = calloc(LINKS, sizeof *links);
    OWN(mem_drop) char *names = malloc((size_t)LINKS * 16);
    char folder[2 * KEYRING_ID + 16] = "mirror/keys/";
    struct file_path before;
    assert_true(links != NULL && names != NULL);
    hex_put(folder + strlen(folder), f->id.holdings[0].compartment, KEYRING_ID);
    fixture_mirror_whole(f);
    fixture_first(f, folder, "table-", &before);
    for (size_t i = 0; i < LINKS; i++) {
        (void)snprintf(names + i * 16, 16, "link %zu", i);
        links[i] = (struct thing){names + i * 16, 'l', 0, 0};
    }
    intake(f, links, LINKS);
    fixture_mirror_whole(f);
    assert_int_equal(fixture_count(f, folder, "table-"), 1);
    assert_false(fixture_there(f, before.s));
    fixture_remove(f, "");
    assert_int_equal(fixture_restore(f), 0);
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
}

/* What is damaged here does not replace what is good there, and does not stop the rest. */
static void test_damage_here_is_not_copied(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_mirror_whole(f);
    intake(f, more, COUNT(more));
    fixture_flip(f, "vault/000/000000.pack", 5000); /* is there already */
    fixture_flip(f, "vault/000/000001.pack", 5000); /* sealed, and not there */
    fixture_says(f, fixture_mirror(f, false), ERR_DAMAGED, "the rest is copied", "damaged here",
                 "run groundwork repair", NULL);
    assert_non_null(strstr(buf_text(&f->lines), "vault/000/000001.pack is not what was logged"));
    assert_int_equal(fixture_last.made.findings, 1);
    assert_int_equal(fixture_mirror_verify(f, true), ERR_DAMAGED); /* it names what it lacks, and only that */
    assert_non_null(strstr(buf_text(&f->lines), "mirror/vault/000/000001.pack is missing"));
    assert_int_equal(fixture_last.verified.findings, 1);
    assert_int_equal(fixture_last.verified.behind, 0);
    assert_int_equal(fixture_last.made.records, fixture_last.verified.records);
    assert_int_equal(fixture_count(f, "mirror/open", "000001-"), 1); /* kept: there is nothing newer of it */
    assert_int_equal(fixture_count(f, "mirror/commits", ""), 1);
    fixture_flip(f, "vault/000/000001.pack", 5000);
    fixture_mirror_whole(f);
    assert_int_equal(fixture_count(f, "mirror/open", "000001-"), 0);
}

/* A pack that is lost for good keeps nothing that comes later out of a mirror that was whole, and what the mirror had
 * of it stays; a repository made out of it has all that is left. */
static void test_lost_for_good(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf was = {0};
    OWN(buf_drop) struct buf is = {0};
    struct file_path open;
    const uint32_t days = 7;
    for (int before = 0; before < 2; before++) { /* a mirror that was whole, or none */
        fixture_remove(f, "mirror");
        fixture_setup(state);
        f = *state;
        fill(f);
        if (before) {
            fixture_mirror_whole(f);
            fixture_first(f, "mirror/open", "000001-", &open);
            fixture_get(f, open.s, &was);
        }
        intake(f, more, COUNT(more));
        fixture_flip(f, "vault/000/000001.pack", 5000);
        for (int i = 0; i < 3; i++) {
            fixture_says(f, fixture_mirror(f, i == 2), ERR_DAMAGED, "the rest is copied", NULL);
            assert_int_equal(fixture_mirror_verify(f, true), ERR_DAMAGED);
            assert_int_equal(fixture_last.verified.findings, 1);
            assert_int_equal(fixture_last.verified.behind, 0);
            say(f, "it goes on");
        }
        fixture_says(f, fixture_mirror(f, false), ERR_DAMAGED, "the mirror goes on without it", NULL);
        OWN(mirror_notes_drop) struct mirror_notes *notes = NULL;
        assert_int_equal(mirror_notes(&f->place, &f->pin, &notes, &f->e), 0);
        assert_int_equal(notes->count, 1);
        assert_int_equal(notes->warn_days, days);
        assert_int_equal(notes->list[0].records, fixture_last.made.records);
        fixture_keep(f, "good");
        fixture_remove(f, "");
        assert_int_equal(fixture_restore(f), 0);
        assert_int_equal(fixture_last.restored.findings, 1);
        assert_int_equal(fixture_last.restored.records, fixture_last.made.records);
        assert_int_equal(fixture_there(f, "vault/000/000001.pack"), before);
        if (before) {
            fixture_get(f, "vault/000/000001.pack", &is);
            assert_true(bytes_equal(buf_bytes(&is), buf_bytes(&was)));
        }
        fixture_back(f, "good");
        fixture_flip(f, "vault/000/000001.pack", 5000);
        fixture_mirror_whole(f);
        assert_int_equal(fixture_count(f, "mirror/open", "000001-"), 0);
    }
}

/* By a commit that lacks a keyring file no repository could be made: the mirror stands by the one before. */
static void test_a_keyring_file_is_lost(void **state)
{
    struct fixture *f = *state;
    struct file_path table;
    char id[2 * KEYRING_ID + 1], folder[64];
    fixture_mirror_whole(f);
    const uint64_t records = fixture_last.made.records;
    fill(f);
    hex_put(id, f->id.holdings[0].compartment, KEYRING_ID);
    for (char copy = 'a'; copy <= 'b'; copy++) {
        (void)snprintf(folder, sizeof folder, "%c/keys/%s", copy, id);
        fixture_first(f, folder, "table-", &table);
        fixture_flip(f, table.s, 100);
    }
    (void)snprintf(folder, sizeof folder, "mirror/keys/%s", id);
    fixture_first(f, folder, "table-", &table);
    fixture_remove(f, table.s);
    fixture_says(f, fixture_mirror(f, false), ERR_DAMAGED, "as before", "a mirror in another folder", NULL);
    assert_int_equal(fixture_last.made.records, records);
    assert_int_equal(fixture_count(f, "mirror/commits", ""), 1);
    fixture_remove(f, "mirror");
    fixture_says(f, fixture_mirror(f, false), ERR_DAMAGED, "the rest is copied", NULL);
    assert_true(fixture_last.made.records > records);
}

static void test_the_good_copy_serves(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_flip(f, "vault/000/000001.pack", 100);
    fixture_says(f, fixture_mirror(f, false), ERR_DAMAGED, "the mirror is whole", NULL);
    assert_int_equal(fixture_last.made.findings, 1);
    assert_int_equal(fixture_mirror_verify(f, true), 0);
}

static void test_damage_there_is_copied_anew(void **state)
{
    struct fixture *f = *state;
    struct file_path key;
    char folder[2 * KEYRING_ID + 16] = "mirror/keys/";
    fill(f);
    fixture_mirror_whole(f);
    say(f, "a second piece");
    fixture_mirror_whole(f);
    hex_put(folder + strlen(folder), f->id.holdings[0].compartment, KEYRING_ID);
    fixture_first(f, folder, "table-", &key);
    struct file_path piece;
    fixture_first(f, "mirror/journal/000", "000000000-", &piece);
    const char *const names[] = {"mirror/vault/000/000000.pack", key.s, piece.s};
    for (size_t i = 0; i < COUNT(names); i++) {
        fixture_flip(f, names[i], i == 2 ? -300 : 700);
        assert_int_equal(fixture_mirror_verify(f, false), ERR_DAMAGED);
        assert_int_equal(fixture_mirror(f, false), 0); /* its size is right: not looked at */
        assert_int_equal(fixture_mirror_verify(f, false), ERR_DAMAGED);
        assert_int_equal(fixture_mirror(f, true), 0);
        assert_int_equal(fixture_last.made.files, 1);
        fixture_mirror_whole(f);
        fixture_cut(f, names[i], 1); /* seen without being asked */
        fixture_mirror_whole(f);
        fixture_remove(f, names[i]);
        fixture_mirror_whole(f);
    }
    fixture_flip(f, "mirror/mirror", 70);
    assert_int_equal(fixture_mirror_verify(f, false), ERR_DAMAGED);
    fixture_mirror_whole(f); /* a new head: whose it is, its journal says */
    fixture_first(f, "mirror/commits", "", &key);
    fixture_flip(f, key.s, 70);
    assert_int_equal(fixture_mirror_verify(f, false), ERR_DAMAGED);
    fixture_mirror_whole(f);
}

/* A piece that the disk does not give is one that is damaged: told, and copied anew; not so where memory is out. */
static void test_a_piece_that_does_not_read(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_mirror_whole(f);
    say(f, "a second piece");
    fixture_mirror_whole(f);
    say(f, "and a third");
    fixture_mirror_whole(f);
    const uint64_t records = fixture_last.made.records;
    char names[3][64] = {"", "", ""};
    const uint64_t firsts[] = {0, records - 2, records - 1};
    for (size_t i = 0; i < COUNT(names); i++) {
        char prefix[32];
        struct file_path piece;
        (void)snprintf(prefix, sizeof prefix, "%09llu-", (unsigned long long)firsts[i]);
        fixture_first(f, "mirror/journal/000", prefix, &piece);
        (void)snprintf(names[i], sizeof names[i], "mirror/journal/000/%.40s", strrchr(piece.s, '/') + 1);
        for (int place = 0; place < 3; place++) {
            const int64_t size = (int64_t)fixture_size(f, names[i]);
            const int64_t at = place == 0 ? 10 : place == 1 ? size / 2 : size - 10;
            fixture_unreadable(f, names[i], at, 4, ENOMEM);
            assert_int_equal(fixture_mirror_verify(f, false), ERR_IO);
            fixture_unreadable(f, names[i], at, 4, EIO);
            assert_int_equal(fixture_mirror_verify(f, false), ERR_DAMAGED);
            assert_non_null(strstr(buf_text(&f->lines), "cannot read journal/000/"));
            assert_int_equal(fixture_mirror(f, true), 0);
            assert_int_equal(fixture_last.made.records, records);
            fixture_mirror_whole(f);
        }
        /* What the mirror is read by is seen without being asked; of the rest only the length. */
        fixture_unreadable(f, names[i], 10, 4, EIO);
        assert_int_equal(fixture_mirror(f, false), 0);
        assert_int_equal(fixture_mirror_verify(f, true), i == 1 ? ERR_DAMAGED : 0);
        fixture_readable();
    }
    fixture_unreadable(f, "mirror/mirror", 0, 4, EIO);
    fixture_mirror_whole(f);
    fixture_readable();
    fixture_remove(f, "mirror/journal/000");
    fixture_put(f, "mirror/journal/000", bytes_text("no folder"));
    assert_int_equal(fixture_mirror_verify(f, false), ERR_DAMAGED);
}

static void test_refusals(void **state)
{
    struct fixture *f = *state;
    struct file_path path;
    fixture_path(f, "mirror", &path);
    assert_int_equal(mkdir(path.s, 0700), 0);
    fixture_put(f, "mirror/.Trash", bytes_text("what a stick has by itself"));
    fixture_put(f, "mirror/mirror.part", bytes_text("groundwork/mir")); /* ended in its first moment */
    fixture_mirror_whole(f);
    assert_false(fixture_there(f, "mirror/mirror.part"));
    fixture_remove(f, "mirror");
    assert_int_equal(mkdir(path.s, 0700), 0);
    fixture_put(f, "mirror/holiday.jpg", bytes_text("somebody's"));
    fixture_says(f, fixture_mirror(f, false), ERR_REFUSED, "holds other files and is no mirror", NULL);
    assert_int_equal(fixture_count(f, "mirror", ""), 1);
    fixture_remove(f, "mirror");
    fixture_mirror_whole(f);
    /* A later format. */
    fixture_put(f, "mirror/mirror", bytes_text("groundwork/mirror/v2\n"));
    fixture_says(f, fixture_mirror(f, false), ERR_NEWER, "use a newer groundwork", NULL);
    /* Another repository's. */
    OWN(buf_drop) struct buf head = {0};
    struct hash other = {{7}};
    uint8_t id[MIRROR_ID] = {0};
    mirror_head(&other, id, &head);
    fixture_put(f, "mirror/mirror", buf_bytes(&head));
    fixture_says(f, fixture_mirror(f, false), ERR_DAMAGED, "names another repository than its journal", NULL);
    fixture_remove(f, "mirror/journal");
    fixture_says(f, fixture_mirror(f, false), ERR_REFUSED, "is a mirror of another repository", NULL);
    fixture_remove(f, "mirror");
    /* No disk there. */
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    struct mirror_wish wish = {.folder = "/nowhere/at/all"};
    struct store_watch watch = {0};
    fixture_says(f, mirror_make(s, &wish, &watch, &fixture_last.made, &f->e), ERR_IO,
                 "/nowhere/at is not there: connect the disk", NULL);
}

static void test_older_and_other_histories(void **state)
{
    struct fixture *f = *state;
    fixture_keep(f, "short");
    say(f, "one history");
    fixture_mirror_whole(f);
    say(f, "and longer");
    fixture_mirror_whole(f);
    struct hash before, after;
    fixture_back(f, "short");
    fixture_print(f, &before);
    fixture_says(f, fixture_mirror(f, false), ERR_REFUSED, "this is an older copy of the repository", NULL);
    fixture_print(f, &after);
    assert_true(hash_equal(&before, &after));
    assert_int_equal(fixture_mirror_verify(f, true), 0);
    assert_int_equal(fixture_last.verified.ahead, 2);
    say(f, "another history"); /* shorter than the mirror's */
    fixture_says(f, fixture_mirror(f, false), ERR_DAMAGED, "two histories", NULL);
    assert_int_equal(fixture_mirror_verify(f, true), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "two histories"));
    assert_int_equal(fixture_last.verified.ahead, 1);
    for (int i = 0; i < 2; i++)
        say(f, "another history");
    fixture_says(f, fixture_mirror(f, false), ERR_DAMAGED, "two histories", NULL);
    assert_int_equal(fixture_mirror_verify(f, true), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "two histories"));
    /* The same without the pieces: its commit alone shows it. */
    struct file_path piece;
    fixture_first(f, "mirror/journal/000", "000000003-", &piece);
    fixture_remove(f, piece.s);
    fixture_says(f, fixture_mirror(f, false), ERR_DAMAGED, "two histories", NULL);
}

/* What only a name says holds nobody up, takes nothing in, and is overwritten or passed over. */
static void test_names_that_claim_too_much(void **state)
{
    struct fixture *f = *state;
    struct file_path commit;
    fill(f);
    fixture_mirror_whole(f);
    const uint64_t records = fixture_last.made.records;
    char name[LEDGER_PIECE_NAME_MAX], forged[3][LEDGER_PIECE_NAME_MAX + 8];
    const struct ledger_piece claims[] = {{records, records + 40}, {0, records + 900}, {records - 1, records}};
    for (size_t i = 0; i < COUNT(claims); i++) {
        ledger_piece_name(&claims[i], name);
        (void)snprintf(forged[i], sizeof forged[i], "mirror/%s", name);
        fixture_put(f, forged[i], bytes_text("nothing of this log"));
    }
    fixture_first(f, "mirror/commits", "", &commit);
    for (uint64_t ahead = 1; ahead < 100; ahead += 49) {
        char to[MIRROR_COMMIT_NAME + 8];
        mirror_commit_name(records + ahead, name);
        (void)snprintf(to, sizeof to, "mirror/%s", name);
        fixture_copy(f, commit.s, to);
    }
    assert_int_equal(fixture_mirror(f, false), 0);
    assert_int_equal(fixture_last.made.files, 0);
    assert_int_equal(fixture_count(f, "mirror/commits", ""), 1);
    for (unsigned i = 0; i < 3; i++)
        say(f, "and on");
    fixture_mirror_whole(f); /* the names that were claimed are now those of real records */
    assert_int_equal(fixture_last.made.records, records + 3);
    fixture_remove(f, "");
    assert_int_equal(fixture_restore(f), 0);
    fixture_whole(f);
}

/* Only what is committed: sectors behind, and a record of which the journal has a beginning, are not. */
static void test_committed_only(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_append(f, "vault/000/000001.pack", bytes_of((uint8_t[VAULT_SECTOR]){1}, VAULT_SECTOR));
    fixture_append(f, "a/journal", bytes_text("GWRECORD"));
    fixture_mirror_whole(f);
}

static int stop_at(void *context, uint64_t done, uint64_t all)
{
    assert_true(done <= all);
    return done > *(uint64_t *)context;
}

static void test_stopped_and_gone_on(void **state)
{
    struct fixture *f = *state;
    struct file_path folder;
    fill(f);
    fixture_path(f, "mirror", &folder);
    for (uint64_t at = 0; at < 3000000; at += 600000) {
        OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
        uint64_t limit = at;
        struct mirror_wish wish = {.folder = folder.s};
        struct store_watch watch = {.progress = stop_at, .context = &limit};
        int rc = mirror_make(s, &wish, &watch, &fixture_last.made, &f->e);
        assert_true(rc == ERR_STOPPED || (rc == 0 && at > 600000));
    }
    fixture_mirror_whole(f);
}

static void test_one_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct file_path head;
    fixture_mirror_whole(f);
    say(f, "something new");
    fixture_path(f, "mirror/mirror", &head);
    OWN(fd_drop) int fd = open(head.s, O_RDWR | O_CLOEXEC);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &whole), 0);
    fixture_says(f, fixture_mirror(f, false), ERR_BUSY, "another groundwork is writing to the mirror", NULL);
    fd_drop(&fd);
    fd = -1;
    fixture_mirror_whole(f);
    /* From before there is a head, too. */
    fixture_remove(f, "mirror");
    fixture_path(f, "mirror", &head);
    assert_int_equal(mkdir(head.s, 0700), 0);
    fd = open(head.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    fixture_says(f, fixture_mirror(f, false), ERR_BUSY, "another groundwork is writing to the mirror", NULL);
    assert_int_equal(fixture_count(f, "mirror", ""), 0);
    fd_drop(&fd);
    fd = -1;
    fixture_mirror_whole(f);
}

/* The place where a stick was is no new mirror, unless that is said. */
static void test_a_stick_that_is_not_there(void **state)
{
    struct fixture *f = *state;
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    fixture_mirror_whole(f);
    assert_true(fixture_last.made.same_disk);
    for (int there = 0; there < 2; there++) {
        OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
        struct mirror_wish wish = {.folder = folder.s};
        struct store_watch watch = {0};
        fixture_remove(f, "mirror");
        if (there)
            assert_int_equal(mkdir(folder.s, 0700), 0);
        fixture_says(f, mirror_make(s, &wish, &watch, &fixture_last.made, &f->e), ERR_REFUSED, "is the disk connected?",
                     "--anew", NULL);
        assert_int_equal(fixture_there(f, "mirror"), there);
        if (there)
            assert_int_equal(fixture_count(f, "mirror", ""), 0);
    }
    fixture_mirror_whole(f); /* anew */
}

/* A link in the mirror would lead what is written and removed to somebody's files, even to the repository's. */
static void test_links_are_not_followed(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"commits", "journal", "vault", "open", "keys", "vault/000", "keys/log"};
    fill(f);
    for (size_t i = 0; i < COUNT(names); i++)
        for (int later = 0; later < 2; later++) {
            struct file_path to, from;
            char name[64];
            fixture_remove(f, "mirror");
            fixture_remove(f, "kept-theirs");
            fixture_path(f, "kept-theirs", &to);
            assert_int_equal(mkdir(to.s, 0700), 0);
            fixture_put(f, "kept-theirs/000000.pack.part", bytes_text("somebody's"));
            fixture_put(f, "kept-theirs/000001-00001.pack", bytes_text("somebody's"));
            (void)snprintf(name, sizeof name, "mirror/%s", names[i]);
            fixture_mirror_whole(f);
            if (later == 0)
                fixture_remove(f, "mirror/mirror"); /* its journal alone says whose it is */
            fixture_remove(f, name);
            fixture_path(f, name, &from);
            assert_int_equal(symlink(to.s, from.s), 0);
            fixture_says(f, fixture_mirror(f, later == 1), ERR_REFUSED, "is a link or no folder", NULL);
            assert_int_equal(fixture_count(f, "kept-theirs", ""), 2);
            assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
        }
    fixture_remove(f, "mirror");
    fixture_remove(f, "kept-theirs");
}

/* The folder that the person names may be reached by a link. */
static void test_dest_may_be_a_link(void **state)
{
    struct fixture *f = *state;
    struct file_path to, from;
    fixture_path(f, "mirror-real", &to);
    fixture_path(f, "mirror", &from);
    assert_int_equal(mkdir(to.s, 0700), 0);
    assert_int_equal(symlink(to.s, from.s), 0);
    fixture_mirror_whole(f);
    assert_int_equal(unlink(from.s), 0);
    fixture_remove(f, "mirror-real");
}

/* What a person puts into a mirror is none of ours, and stays; drafts and what was replaced go. */
static void test_a_persons_files_stay(void **state)
{
    struct fixture *f = *state;
    static const char *const theirs[] = {"keys/0123456789abcdef.key",
                                         "keys/log/notes.0123456789abcdef",
                                         "keys/log/1-0123abcd.0123456789abcde",
                                         "keys/log/1-0123abcd.0123456789ABCDEF",
                                         "open/notes",
                                         "open/000001-00001.pack.old",
                                         "open/1-1.pack",
                                         "vault/film.part",
                                         "vault/000/film.pack.part",
                                         "journal/000/x.part",
                                         "commits/notes.part",
                                         "commits/notes"};
    static const char *const ours[] = {"keys/log/1-0123abcd.0123456789abcdef",
                                       "keys/log/1-0123abcd.0123456789abcdef.part",
                                       "open/000001-00001.pack",
                                       "open/000001-00001.pack.part",
                                       "vault/000/000009.pack.part",
                                       "journal/000/000000000-000000001.part",
                                       "commits/000000001.checkpoint",
                                       "commits/000000001.checkpoint.part"};
    char name[96];
    fill(f);
    fixture_mirror_whole(f);
    for (size_t i = 0; i < COUNT(theirs); i++) {
        (void)snprintf(name, sizeof name, "mirror/%s", theirs[i]);
        fixture_put(f, name, bytes_text("somebody's"));
    }
    for (size_t i = 0; i < COUNT(ours); i++) {
        (void)snprintf(name, sizeof name, "mirror/%s", ours[i]);
        fixture_put(f, name, bytes_text("left"));
    }
    assert_int_equal(fixture_mirror(f, false), 0);
    for (size_t i = 0; i < COUNT(theirs); i++) {
        (void)snprintf(name, sizeof name, "mirror/%s", theirs[i]);
        assert_true(fixture_there(f, name));
    }
    for (size_t i = 0; i < COUNT(ours); i++) {
        (void)snprintf(name, sizeof name, "mirror/%s", ours[i]);
        assert_false(fixture_there(f, name));
    }
    fixture_mirror_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_it_grows_and_never_writes_in_place),
        FIXTURE_TEST(test_no_private_keys),
        FIXTURE_TEST(test_ended_at_any_effect),
        FIXTURE_TEST(test_a_table_that_was_replaced),
        FIXTURE_TEST(test_damage_here_is_not_copied),
        FIXTURE_TEST(test_lost_for_good),
        FIXTURE_TEST(test_a_keyring_file_is_lost),
        FIXTURE_TEST(test_the_good_copy_serves),
        FIXTURE_TEST(test_damage_there_is_copied_anew),
        FIXTURE_TEST(test_a_piece_that_does_not_read),
        FIXTURE_TEST(test_refusals),
        FIXTURE_TEST(test_older_and_other_histories),
        FIXTURE_TEST(test_names_that_claim_too_much),
        FIXTURE_TEST(test_committed_only),
        FIXTURE_TEST(test_stopped_and_gone_on),
        FIXTURE_TEST(test_one_at_a_time),
        FIXTURE_TEST(test_a_stick_that_is_not_there),
        FIXTURE_TEST(test_links_are_not_followed),
        FIXTURE_TEST(test_dest_may_be_a_link),
        FIXTURE_TEST(test_a_persons_files_stay),
    };
    return FIXTURE_RUN(tests);
}
