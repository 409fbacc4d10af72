#include "fixture.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

/* ---- what is not there, not ours, or not for us ---- */

static void test_no_repository(void **state)
{
    struct fixture *f = *state;
    struct file_path nowhere;
    assert_int_equal(file_path(&nowhere, NULL, "%s/nowhere", f->work.s), 0);
    f->place.root = nowhere.s;
    for (int manner = STORE_PUBLIC; manner <= STORE_WRITE; manner++)
        fixture_says(f, fixture_try(f, (enum store_manner)manner), ERR_ABSENT, nowhere.s, "groundwork init", "-R",
                     NULL);
    assert_false(file_exists(nowhere.s));
}

static int give(void *context, const char *key_path, struct buf *ret, struct err *e)
{
    buf_put_text(ret, context);
    return 0;
}

static void test_passphrase_and_key_file(void **state)
{
    struct fixture *f = *state;
    struct file_path other;
    static char right[] = FIXTURE_PASSPHRASE, wrong[] = "a passphrase of seven words for nests";
    f->place.identity = NULL;
    f->place.passphrase = give;
    f->place.context = wrong;
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, "passphrase does not open", f->key.s, NULL);
    f->place.context = right;
    assert_int_equal(fixture_try(f, STORE_READ), 0);
    assert_int_equal(file_path(&other, NULL, "%s/elsewhere.key", f->work.s), 0);
    f->place.key_path = other.s;
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, "no key file at", other.s, "--key", NULL);
    assert_int_equal(fixture_try(f, STORE_PUBLIC), 0);
}

/* A key file of another repository is refused before anybody is asked for a passphrase. */
static void test_foreign_key_file(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf text = {0};
    struct file_path other;
    char hex[2 * CRYPT_HASH + 1];
    assert_int_equal(file_read_all(f->key.s, 1 << 16, &text, NULL), 0);
    hex_put(hex, f->pin.b, CRYPT_HASH);
    const char *at = strstr(buf_text(&text), hex);
    assert_non_null(at);
    uint8_t *digit = text.p + (at - (const char *)text.p) + 5;
    *digit = *digit == '0' ? '1' : '0';
    assert_int_equal(file_path(&other, NULL, "%s/other.key", f->work.s), 0);
    assert_int_equal(file_replace(other.s, buf_bytes(&text), 0600, NULL), 0);
    f->place.identity = NULL;
    f->place.key_path = other.s;
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, "of another repository than", other.s, f->root.s, "--key",
                 NULL);
    struct keyring_identity id = f->id;
    id.pin.b[0] ^= 1;
    f->place.identity = &id;
    fixture_says(f, fixture_try(f, STORE_READ), ERR_KEY, "of another repository than", NULL);
}

static void test_keys_that_open_nothing(void **state)
{
    struct fixture *f = *state;
    struct keyring_identity id = f->id;
    id.holdings[0].seeds[0].seed.b[0] ^= 1;
    id.holdings[0].seeds[1].seed.b[0] ^= 1;
    f->place.identity = &id;
    assert_int_equal(fixture_try(f, STORE_READ), ERR_KEY);
    assert_int_equal(fixture_try(f, STORE_WRITE), ERR_KEY);
}

static void set_header(struct fixture *f, const char *name, size_t at, uint32_t value)
{
    OWN(buf_drop) struct buf b = {0};
    struct hash h;
    fixture_get(f, name, &b);
    u32_put(b.p + at, value);
    crypt_sha256(bytes_of(b.p, 32), &h);
    memcpy(b.p + 32, h.b, CRYPT_HASH);
    fixture_put(f, name, buf_bytes(&b));
}

static void test_newer_formats(void **state)
{
    struct fixture *f = *state;
    for (int what = 0; what < 2; what++)
        for (int manner = STORE_PUBLIC; manner <= STORE_WRITE; manner++) {
            fixture_back(f, "founded");
            set_header(f, "a/journal", what == 0 ? 8 : 16, 2);
            set_header(f, "b/journal", what == 0 ? 8 : 16, 2);
            fixture_says(f, fixture_try(f, (enum store_manner)manner), ERR_NEWER, "newer groundwork", NULL);
        }
    fixture_back(f, "founded");
    set_header(f, "a/journal", 12, 4); /* a feature that a reader may ignore */
    assert_int_equal(fixture_try(f, STORE_PUBLIC), 0);
}

/* A founding statement of a format that this program does not know, otherwise all in order. */
static void test_newer_founding(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf text = {0};
    OWN(buf_drop) struct buf note = {0};
    OWN(buf_drop) struct buf open = {0};
    OWN(ledger_drop) struct ledger *l = NULL;
    struct store *s = fixture_open(f, STORE_WRITE);
    struct statement st = s->founded;
    struct key seed = *keyring_log_seed(s->keyring);
    struct ledger_setup setup = {.root = f->root.s, .log_key = st.founded.log, .seed = &seed};
    struct ledger_opening opening;
    struct ledger_position at;
    uint8_t entry[LEAF_ENTRY];
    st.founded.format = 2;
    assert_int_equal(statement_make(&st, NULL, &text, NULL, &f->e), 0);
    assert_int_equal(
        statement_finish(st.kind, buf_bytes(&text), &st.founded.member, &f->id.sign, &note, &f->e), 0);
    store_close(s);
    fixture_remove(f, "a/journal");
    fixture_remove(f, "b/journal");
    leaf_entry_public(buf_bytes(&note), entry);
    buf_put_u32(&open, (uint32_t)note.n);
    buf_put_bytes(&open, buf_bytes(&note));
    uint8_t extents[4] = {0};
    struct ledger_record r = {.public_count = 1,
                              .entries = bytes_of(entry, sizeof entry),
                              .open = buf_bytes(&open),
                              .extents = bytes_of(extents, sizeof extents)};
    assert_int_equal(ledger_found(f->root.s, &f->e), 0);
    assert_int_equal(ledger_open(&setup, NULL, NULL, &l, &opening, &f->e), 0);
    assert_int_equal(ledger_prepare(l, &r, &at, &f->e), 0);
    assert_int_equal(ledger_commit(l, &f->e), 0);
    fixture_says(f, fixture_try(f, STORE_READ), ERR_NEWER, "format 2", "newer groundwork", NULL);
}

/* ---- one writer ---- */

static void test_second_writer(void **state)
{
    struct fixture *f = *state;
    char who[64];
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    (void)snprintf(who, sizeof who, "process %d on ", (int)getpid());
    fixture_says(f, fixture_try(f, STORE_WRITE), ERR_BUSY, "another writer is at work", who, " since 20", "--wait",
                 NULL);
    f->place.wait_ms = 150;
    assert_int_equal(fixture_try(f, STORE_WRITE), ERR_BUSY);
    assert_int_equal(fixture_try(f, STORE_READ), 0); /* readers take no lock */
    assert_int_equal(fixture_try(f, STORE_PUBLIC), 0);
    assert_int_equal(fixture_repair(f), ERR_BUSY);
    struct store_adopted a;
    assert_int_equal(store_adopt(&f->place, bytes_of(NULL, 0), false, &a, &f->e), ERR_BUSY);
    store_close(TAKE(s));
    assert_int_equal(fixture_try(f, STORE_WRITE), 0);
}

/* Nobody may take it away under a writer: a person does that. */
static void test_lock_that_is_no_file(void **state)
{
    struct fixture *f = *state;
    struct file_path lock;
    fixture_path(f, "lock", &lock);
    for (int link = 0; link < 2; link++) {
        fixture_remove(f, "lock");
        assert_int_equal(link ? symlink("elsewhere", lock.s) : mkdir(lock.s, 0700), 0);
        fixture_says(f, fixture_try(f, STORE_WRITE), ERR_DAMAGED, lock.s, "move it away", NULL);
        assert_int_equal(fixture_try(f, STORE_CHECK), 0);
    }
    fixture_remove(f, "lock");
    assert_int_equal(fixture_try(f, STORE_WRITE), 0);
}

/* The words in the lock are only words; whoever holds it can have written anything there. */
static void test_words_of_the_lock(void **state)
{
    struct fixture *f = *state;
    static const char hostile[] = "process \x1b[2J\n second line";
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    fixture_put(f, "lock", bytes_text(hostile));
    fixture_says(f, fixture_try(f, STORE_WRITE), ERR_BUSY, "process \\x1b[2J)", NULL);
    fixture_put(f, "lock", bytes_text(""));
    assert_int_equal(fixture_try(f, STORE_WRITE), ERR_BUSY);
}

static void test_readers_beside_a_writer(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    OWN(store_drop) struct store *w = fixture_open(f, STORE_WRITE);
    OWN(store_drop) struct store *early = fixture_open(f, STORE_READ);
    struct index_sums sums;
    assert_int_equal(fixture_note(w, "while others read", &f->e), 0);
    assert_int_equal(index_sums(store_index(early), &sums, &f->e), 0);
    assert_int_equal(sums.notes, 2); /* one state, that of its opening */
    assert_int_equal(fixture_sums(f).notes, 3);
    /* The index behind, and the writer at work: served as of the record where it stands. */
    store_close(TAKE(w));
    fixture_copy(f, "index", "kept-founded/index");
    w = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(w, "still", &f->e), 0);
    fixture_copy(f, "kept-founded/index", "index");
    assert_int_equal(fixture_sums(f).notes, 3);
    assert_int_equal(fixture_verify(f, STORE_READ), 0);
    fixture_remove(f, "index");
    fixture_says(f, fixture_try(f, STORE_READ), ERR_BUSY, "index must be brought up to date first", "another writer",
                 NULL);
}

/* A reader that brought the index up lets writers write. */
static void test_reader_gives_the_lock_back(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    fixture_remove(f, "index");
    OWN(store_drop) struct store *r = fixture_open(f, STORE_READ);
    OWN(store_drop) struct store *w = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(w, "beside a reader", &f->e), 0);
    struct index_sums sums;
    assert_int_equal(index_sums(store_index(r), &sums, &f->e), 0);
    assert_int_equal(sums.notes, 2);
}

/* ---- a disk that cannot be written ---- */

static int read_only(struct fixture *f)
{
    int rc = fixture_try(f, STORE_READ);
    if (rc == 0)
        rc = fixture_verify(f, STORE_READ);
    if (rc == 0)
        rc = fixture_audit(f, true);
    if (rc == 0)
        rc = fixture_try(f, STORE_PUBLIC);
    if (rc != 0)
        return rc;
    return fixture_try(f, STORE_WRITE) == ERR_IO && strstr(f->e.text, "use the account") != NULL ? 0 : 77;
}

static void mode_all(const char *path, mode_t folders, mode_t files)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(chmod(path, S_ISDIR(st.st_mode) ? folders : files), 0);
    OWN(dir_drop) DIR *dir = S_ISDIR(st.st_mode) ? opendir(path) : NULL;
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
        struct file_path inner;
        assert_int_equal(file_path(&inner, NULL, "%s/%s", path, d->d_name), 0);
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            mode_all(inner.s, folders, files);
    }
}

static void test_read_only_repository(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    fixture_fill(f);
    mode_all(f->root.s, 0555, 0444);
    mode_all(f->state.s, 0555, 0444);
    fixture_print(f, &before);
    fixture_apart(read_only, f);
    fixture_print(f, &after);
    mode_all(f->root.s, 0700, 0600);
    mode_all(f->state.s, 0700, 0600);
    assert_true(hash_equal(&before, &after));
}

static int read_only_behind(struct fixture *f)
{
    int rc = fixture_try(f, STORE_READ);
    return rc == ERR_IO && strstr(f->e.text, "that cannot be done") != NULL ? 0 : 77;
}

static void test_read_only_without_index(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    fixture_remove(f, "index");
    mode_all(f->root.s, 0555, 0444);
    mode_all(f->state.s, 0555, 0444);
    fixture_apart(read_only_behind, f);
    mode_all(f->root.s, 0700, 0600);
    mode_all(f->state.s, 0700, 0600);
}

/* ---- the outside state ---- */

static void adopt(struct fixture *f)
{
    struct store_adopted a;
    if (store_adopt(&f->place, bytes_of(NULL, 0), false, &a, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static void test_unknown_computer(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    fixture_fill(f);
    fixture_remove(f, "state");
    assert_int_equal(mkdir(f->state.s, 0700), 0);
    fixture_print(f, &before);
    fixture_says(f, fixture_try(f, STORE_WRITE), ERR_REFUSED, "not seen this repository before", "groundwork adopt",
                 NULL);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct store_facts facts;
    store_facts(s, &facts);
    assert_false(facts.state_known);
    store_close(TAKE(s));
    fixture_print(f, &after);
    assert_true(hash_equal(&before, &after));
    adopt(f);
    s = fixture_open(f, STORE_WRITE);
    store_facts(s, &facts);
    assert_true(facts.state_known);
    store_close(TAKE(s));
    fixture_whole(f);
}

static void test_damaged_or_foreign_state(void **state)
{
    struct fixture *f = *state;
    struct store_state st = {.known = true, .committed = fixture_where(f, STORE_PUBLIC)};
    const struct key other = {{5}};
    assert_int_equal(store_state_write(f->state_file.s, &f->pin, &other, &st, NULL), 0);
    fixture_says(f, fixture_try(f, STORE_READ), ERR_DAMAGED, f->state_file.s, "groundwork adopt", NULL);
    assert_int_equal(fixture_try(f, STORE_WRITE), ERR_DAMAGED);
    assert_int_equal(fixture_try(f, STORE_PUBLIC), 0); /* without a key the MAC means nothing */
    fixture_remove(f, "state"); /* as the line says: adopt does not write over it */
    adopt(f);
    assert_int_equal(fixture_try(f, STORE_WRITE), 0);
}

/* An older copy of the whole folder, byte for byte: nothing in it is wrong, but that it is older. */
static void test_older_copy_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    fixture_copy(f, "state", "kept-founded/newer");
    fixture_back(f, "founded");
    fixture_copy(f, "kept-founded/newer", "state");
    for (int manner = STORE_PUBLIC; manner <= STORE_WRITE; manner++)
        fixture_says(f, fixture_try(f, (enum store_manner)manner), ERR_DAMAGED, "older copy of the repository", NULL);
    assert_int_equal(fixture_repair(f), ERR_DAMAGED);
    /* Also where no state is, when the key file has seen more. */
    fixture_remove(f, "state");
    assert_int_equal(mkdir(f->state.s, 0700), 0);
    assert_int_equal(fixture_try(f, STORE_READ), 0);
    struct keyring_identity id = f->id;
    id.checkpoint_size = 1000;
    f->place.identity = &id;
    fixture_says(f, fixture_try(f, STORE_READ), ERR_DAMAGED, "your key file saw 1000", "older copy", NULL);
    struct store_adopted a;
    assert_int_equal(store_adopt(&f->place, bytes_of(NULL, 0), false, &a, &f->e), ERR_REFUSED);
}

/* The same computer, a state older than the journal: it was carried elsewhere and written there. */
static void test_state_behind_the_journal(void **state)
{
    struct fixture *f = *state;
    fixture_copy(f, "state", "kept-founded/older");
    fixture_fill(f);
    struct ledger_position now = fixture_where(f, STORE_PUBLIC);
    fixture_copy(f, "kept-founded/older", "state");
    assert_int_equal(fixture_where(f, STORE_READ).records, now.records);
    assert_int_equal(fixture_where(f, STORE_WRITE).records, now.records);
    struct store_state st;
    assert_int_equal(store_state_read(f->state_file.s, &f->pin, &f->id.state, &st, NULL), 0);
    assert_memory_equal(&st.committed, &now, sizeof now);
    fixture_whole(f);
}

/* Two copies of one repository, both written: neither passes for the other. */
static void test_forked_copy_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "here", &f->e), 0);
    store_close(s);
    fixture_copy(f, "state", "kept-founded/here");
    fixture_back(f, "founded");
    s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "elsewhere, and longer", &f->e), 0);
    assert_int_equal(fixture_note(s, "more", &f->e), 0);
    store_close(s);
    fixture_copy(f, "kept-founded/here", "state");
    fixture_says(f, fixture_try(f, STORE_WRITE), ERR_DAMAGED, "history was changed", NULL);
}

/* ---- the tail rule, through the store's door ---- */

static struct ledger_position last; /* of the story below */

/* Committed records, of which the last can be taken for uncommitted: kept-tail has the state before it. */
static void tail_setup(struct fixture *f)
{
    fixture_fill(f);
    fixture_copy(f, "state", "kept-founded/before");
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "the last record", &f->e), 0);
    store_close(s);
    last = fixture_where(f, STORE_PUBLIC);
    fixture_keep(f, "tail");
}

static void again(struct fixture *f, bool committed)
{
    fixture_back(f, "tail");
    if (!committed)
        fixture_copy(f, "kept-founded/before", "state");
    buf_clear(&f->told);
}

static void test_tail_bad_in_one_copy(void **state)
{
    struct fixture *f = *state;
    static const char *const copies[] = {"a/journal", "b/journal"};
    tail_setup(f);
    for (int copy = 0; copy < 2; copy++)
        for (int cut = 0; cut < 2; cut++)
            for (int committed = 0; committed < 2; committed++) {
                again(f, committed);
                if (cut)
                    fixture_cut(f, copies[copy], 50);
                else
                    fixture_flip(f, copies[copy], -200);
                assert_int_equal(fixture_where(f, STORE_READ).records, last.records);
                fixture_told_nothing(f); /* a reader heals nothing */
                assert_int_equal(fixture_where(f, STORE_WRITE).records, last.records);
                fixture_told(f, copy == 0 ? "journal a" : "journal b");
                fixture_whole(f);
            }
}

static void test_tail_bad_in_both_copies(void **state)
{
    struct fixture *f = *state;
    tail_setup(f);
    for (int cut = 0; cut < 2; cut++)
        for (int committed = 0; committed < 2; committed++) {
            again(f, committed);
            for (int copy = 0; copy < 2; copy++)
                if (cut)
                    fixture_cut(f, copy == 0 ? "a/journal" : "b/journal", 50 + copy);
                else
                    fixture_flip(f, copy == 0 ? "a/journal" : "b/journal", -200 - copy);
            if (committed) {
                assert_int_equal(fixture_try(f, STORE_READ), ERR_DAMAGED);
                assert_int_equal(fixture_try(f, STORE_WRITE), ERR_DAMAGED);
                assert_int_equal(fixture_repair(f), ERR_DAMAGED);
                assert_int_equal(fixture_count(f, "quarantine", ""), 0);
                continue;
            }
            assert_int_equal(fixture_where(f, STORE_WRITE).records, last.records - 1);
            fixture_told(f, "quarantine/journal-tail-");
            assert_int_equal(fixture_count(f, "quarantine", "journal-tail-"), 2);
            /* No crash takes a record from both copies once its secrets lie in the segments: that is damage. */
            assert_int_equal(fixture_verify(f, STORE_READ), ERR_DAMAGED);
            assert_int_equal(fixture_repair(f), 0);
            fixture_whole(f);
        }
}

/* Bad in both, and a whole record behind it: no crash leaves that, whatever the state remembers. */
static void test_bad_with_something_following(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    fixture_copy(f, "state", "kept-founded/before");
    struct ledger_position before = fixture_where(f, STORE_PUBLIC);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "one", &f->e), 0);
    assert_int_equal(fixture_note(s, "and one that follows", &f->e), 0);
    store_close(s);
    fixture_copy(f, "kept-founded/before", "state");
    fixture_flip(f, "a/journal", (int64_t)before.bytes + 100);
    fixture_flip(f, "b/journal", (int64_t)before.bytes + 101);
    for (int manner = STORE_PUBLIC; manner <= STORE_WRITE; manner++)
        assert_int_equal(fixture_try(f, (enum store_manner)manner), ERR_DAMAGED);
    assert_int_equal(fixture_count(f, "quarantine", ""), 0);
}

/* ---- crash states of FORMAT 7.3 that a hand can make ---- */

static void test_rubbish_behind_the_end(void **state)
{
    struct fixture *f = *state;
    uint8_t rubbish[300];
    tail_setup(f);
    chance_fill(&f->chance, rubbish, sizeof rubbish);
    fixture_append(f, "a/journal", bytes_of(rubbish, sizeof rubbish));
    assert_int_equal(fixture_where(f, STORE_WRITE).records, last.records);
    fixture_told(f, "no write was known to be under way");
    fixture_whole(f);
    fixture_append(f, "a/journal", bytes_of("GWRECORD", 8));
    struct store_state st = {.known = true, .committed = last, .has_pending = true};
    assert_int_equal(store_state_write(f->state_file.s, &f->pin, &f->id.state, &st, NULL), 0);
    assert_int_equal(fixture_where(f, STORE_WRITE).records, last.records);
    fixture_told(f, "the rest of an interrupted write");
    fixture_whole(f);
}

/* "pending" of a record that is nowhere is cleared by a writer, and by nobody else. */
static void test_pending_is_cleared(void **state)
{
    struct fixture *f = *state;
    struct store_state st = {.known = true, .committed = fixture_where(f, STORE_PUBLIC), .has_pending = true}, now;
    chance_fill(&f->chance, st.pending.b, CRYPT_HASH);
    assert_int_equal(store_state_write(f->state_file.s, &f->pin, &f->id.state, &st, NULL), 0);
    assert_int_equal(fixture_try(f, STORE_READ), 0);
    assert_int_equal(store_state_read(f->state_file.s, &f->pin, &f->id.state, &now, NULL), 0);
    assert_true(now.has_pending);
    assert_int_equal(fixture_try(f, STORE_WRITE), 0);
    assert_int_equal(store_state_read(f->state_file.s, &f->pin, &f->id.state, &now, NULL), 0);
    assert_false(now.has_pending);
    assert_memory_equal(&now.committed, &st.committed, sizeof st.committed);
}

/* Each thing behind the commit, taken back by itself to where it was before the last record. */
static void test_what_follows_a_commit_is_made_up_for(void **state)
{
    struct fixture *f = *state;
    static const char *const behind[] = {"state", "index", "log", "a/keys", "b/keys"};
    OWN(buf_drop) struct buf dump = {0};
    OWN(buf_drop) struct buf again_dump = {0};
    fixture_fill(f);
    fixture_keep(f, "older");
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "the record that a crash followed", &f->e), 0);
    fixture_dump(s, &dump);
    store_close(s);
    fixture_keep(f, "newer");
    for (unsigned set = 1; set < 1u << COUNT(behind); set++) {
        /* Segments go with the index or with the public log, which tell that they are behind. */
        if ((set & 0x18) != 0 && (set & 6) == 0)
            continue;
        fixture_back(f, "newer");
        for (unsigned i = 0; i < COUNT(behind); i++) {
            struct file_path from;
            if ((set >> i & 1) == 0)
                continue;
            assert_int_equal(file_path(&from, NULL, "kept-older/%s%s", i == 0 ? "" : "repo/", behind[i]), 0);
            fixture_copy(f, from.s, behind[i]);
        }
        s = fixture_open(f, STORE_WRITE);
        fixture_dump(s, &again_dump);
        assert_string_equal(buf_text(&dump), buf_text(&again_dump));
        store_close(s);
        if (set % 5 == 0)
            fixture_whole(f);
    }
}

static void test_sectors_that_no_record_names(void **state)
{
    struct fixture *f = *state;
    static uint8_t sectors[3 * VAULT_SECTOR];
    fixture_fill(f);
    fixture_keep(f, "good");
    for (int fresh = 0; fresh < 2; fresh++) {
        fixture_back(f, "good");
        if (fresh) {
            fixture_put(f, "vault/000/000001.pack", bytes_of(sectors, sizeof sectors));
            fixture_put(f, "b/open/000001.pack", bytes_of(sectors, sizeof sectors));
        } else
            fixture_append(f, "vault/000/000000.pack", bytes_of(sectors, sizeof sectors));
        assert_int_equal(fixture_audit(f, true), 0);
        OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
        struct vault_writer *w;
        assert_int_equal(store_writer(s, &w, &f->e), 0);
        fixture_told(f, "an unfinished intake had left");
        assert_false(fixture_there(f, "vault/000/000001.pack"));
    }
    fixture_whole(f);
}

/* A table that no statement names: the logged one counts, and the next writer sweeps the other away. */
static void test_table_that_nobody_named(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_drop) struct keyring *k = NULL;
    OWN(buf_drop) struct buf blocks = {0};
    static struct key secrets[KEYRING_SEGMENT_LEAVES + 1];
    struct file_path folder;
    char comp[2 * KEYRING_ID + 1];
    fixture_fill(f);
    hex_put(comp, f->id.holdings[0].compartment, KEYRING_ID);
    assert_int_equal(file_path(&folder, NULL, "a/keys/%s", comp), 0);
    unsigned tables = fixture_count(f, folder.s, "table-");
    assert_int_equal(keyring_open(f->root.s, &f->id, UINT64_MAX, &k, &f->e), 0);
    assert_int_equal(keyring_seal(k, 1000, secrets, COUNT(secrets), &blocks, &f->e), 0);
    assert_int_equal(fixture_count(f, folder.s, "table-"), tables + 1);
    assert_int_equal(fixture_try(f, STORE_READ), 0);
    assert_int_equal(fixture_verify(f, STORE_READ), 0);
    assert_non_null(strstr(buf_text(&f->lines), "is named by no commit"));
    assert_int_equal(fixture_count(f, folder.s, "table-"), tables + 1);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_count(f, folder.s, "table-"), tables);
    assert_int_equal(fixture_note(s, "under the logged table", &f->e), 0);
    store_close(s);
    fixture_whole(f);
}

static void test_both_copies_of_the_newest_table(void **state)
{
    struct fixture *f = *state;
    struct file_path folder, name;
    char comp[2 * KEYRING_ID + 1];
    hex_put(comp, f->id.holdings[0].compartment, KEYRING_ID);
    for (int copy = 'a'; copy <= 'b'; copy++) {
        assert_int_equal(file_path(&folder, NULL, "%c/keys/%s", copy, comp), 0);
        fixture_first(f, folder.s, "table-", &name);
        fixture_flip(f, name.s, 70);
        assert_int_equal(fixture_try(f, STORE_WRITE), copy == 'a' ? 0 : ERR_DAMAGED);
        assert_int_equal(fixture_try(f, STORE_READ), copy == 'a' ? 0 : ERR_DAMAGED);
    }
}

/* Leaf 0 damaged in one copy: the other says whose repository this is. */
static void test_founding_damaged_in_one_copy(void **state)
{
    struct fixture *f = *state;
    for (int copy = 0; copy < 2; copy++) {
        fixture_back(f, "founded");
        fixture_flip(f, copy == 0 ? "a/journal" : "b/journal", 400);
        assert_int_equal(fixture_try(f, STORE_PUBLIC), 0);
        assert_int_equal(fixture_try(f, STORE_READ), 0);
        fixture_remove(f, copy == 0 ? "a/journal" : "b/journal");
        assert_int_equal(fixture_try(f, STORE_READ), 0);
        assert_int_equal(fixture_try(f, STORE_WRITE), 0);
        fixture_told(f, "written anew from the other copy");
        fixture_whole(f);
    }
    fixture_flip(f, "a/journal", 400);
    fixture_flip(f, "b/journal", 400);
    fixture_says(f, fixture_try(f, STORE_READ), ERR_DAMAGED, f->root.s, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_no_repository),
        FIXTURE_TEST(test_passphrase_and_key_file),
        FIXTURE_TEST(test_foreign_key_file),
        FIXTURE_TEST(test_keys_that_open_nothing),
        FIXTURE_TEST(test_newer_formats),
        FIXTURE_TEST(test_newer_founding),
        FIXTURE_TEST(test_second_writer),
        FIXTURE_TEST(test_lock_that_is_no_file),
        FIXTURE_TEST(test_words_of_the_lock),
        FIXTURE_TEST(test_readers_beside_a_writer),
        FIXTURE_TEST(test_reader_gives_the_lock_back),
        FIXTURE_TEST(test_read_only_repository),
        FIXTURE_TEST(test_read_only_without_index),
        FIXTURE_TEST(test_unknown_computer),
        FIXTURE_TEST(test_damaged_or_foreign_state),
        FIXTURE_TEST(test_older_copy_is_refused),
        FIXTURE_TEST(test_state_behind_the_journal),
        FIXTURE_TEST(test_forked_copy_is_refused),
        FIXTURE_TEST(test_tail_bad_in_one_copy),
        FIXTURE_TEST(test_tail_bad_in_both_copies),
        FIXTURE_TEST(test_bad_with_something_following),
        FIXTURE_TEST(test_rubbish_behind_the_end),
        FIXTURE_TEST(test_pending_is_cleared),
        FIXTURE_TEST(test_what_follows_a_commit_is_made_up_for),
        FIXTURE_TEST(test_sectors_that_no_record_names),
        FIXTURE_TEST(test_table_that_nobody_named),
        FIXTURE_TEST(test_both_copies_of_the_newest_table),
        FIXTURE_TEST(test_founding_damaged_in_one_copy),
    };
    return FIXTURE_RUN(tests);
}
