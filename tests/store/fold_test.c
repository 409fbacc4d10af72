/* What waits in spools comes onto the log once, whatever ends in between. */
#include "fixture.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A disk that cannot be read from this byte of a spool on; 0: all of it can. */
static _Atomic long unread_from;

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    char link[64], path[4096] = "";
    long from = unread_from;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    bool reaches = from > 0 && at + (off_t)n > from;
    if (reaches && readlink(link, path, sizeof path - 1) > 0 && strstr(path, "/spool/") != NULL) {
        if (at >= from) {
            errno = EIO;
            return -1;
        }
        n = (size_t)(from - at);
    }
    return syscall(SYS_pread64, fd, to, n, at);
}

static const struct thing things[] = {{"one", 't', 30, 1}, {"two", 't', 40, 2}};

static int first_item(void *context, const struct index_item *item, struct err *e)
{
    uint64_t *leaf = context;
    (void)e;
    if (*leaf == 0)
        *leaf = item->leaf;
    return 0;
}

static uint64_t filled(struct fixture *f)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t leaf = 0;
    assert_int_equal(fixture_intake(s, "a giver", things, 2, &f->e), 0);
    assert_int_equal(index_items(store_index(s), UINT64_MAX, 0, first_item, &leaf, &f->e), 0);
    return leaf;
}

static void view(struct fixture *f, uint64_t leaf)
{
    const struct statement_range one = {leaf, leaf};
    struct store_accessing a = {.act = "shown", .items = &one, .count = 1, .must_log = true};
    struct err unlogged;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    if (store_access(s, &a, &unlogged, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static int note(struct fixture *f)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    return fixture_note(s, "a note", &f->e);
}

static void on_log(struct fixture *f, uint64_t accesses, uint64_t gaps)
{
    fixture_whole(f);
    assert_int_equal(f->verified.accesses, accesses);
    assert_int_equal(f->verified.gaps, gaps);
}

static const char *spool_name(struct fixture *f)
{
    static struct file_path path;
    fixture_first(f, "spool", "", &path);
    return path.s;
}

/* The newest frame stays, so that who reads on knows the number; with it the file is as small as it gets. */
static void test_a_spool_is_shortened(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    for (int i = 0; i < 3; i++)
        view(f, leaf);
    assert_true(fixture_size(f, spool_name(f)) == 512 + 3 * 1024 || fixture_size(f, spool_name(f)) == 512 + 3 * 2048);
    uint64_t frame = (fixture_size(f, spool_name(f)) - 512) / 3;
    assert_int_equal(note(f), 0);
    assert_int_equal(fixture_size(f, spool_name(f)), 512 + frame);
    on_log(f, 3, 0);
    assert_int_equal(note(f), 0);
    on_log(f, 3, 0);
    view(f, leaf);
    assert_int_equal(note(f), 0);
    on_log(f, 4, 0);
    assert_int_equal(fixture_count(f, "spool", ""), 1);
    assert_int_equal(fixture_audit(f, true), 0);
}

/* The commit ended before the spool was shortened, at every step: each record is there once. */
static void test_an_end_at_every_step(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    view(f, leaf);
    view(f, leaf + 1);
    fixture_keep(f, "viewed");
    unsigned last = 0;
    for (unsigned step = 1; last == 0; step++) {
        fixture_back(f, "viewed");
        struct store *s = fixture_open(f, STORE_WRITE);
        fixture_die_at(step);
        (void)fixture_note(s, "a note", &f->e);
        if (fixture_effects() < step)
            last = step;
        store_close(s);
        fixture_calm();
        assert_int_equal(note(f), 0);
        on_log(f, 2, 0);
        view(f, leaf);
        assert_int_equal(note(f), 0);
        on_log(f, 3, 0);
    }
    assert_true(last > 10);
}

/* A copy of a spool that is laid back is known by its numbers; one of another history is told of, and left. */
static void test_frames_that_come_again(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf old = {0};
    uint64_t leaf = filled(f);
    view(f, leaf);
    view(f, leaf);
    fixture_get(f, spool_name(f), &old);
    assert_int_equal(note(f), 0);
    fixture_put(f, spool_name(f), buf_bytes(&old));
    assert_int_equal(note(f), 0);
    on_log(f, 2, 0);
    view(f, leaf);
    assert_int_equal(note(f), 0);
    on_log(f, 3, 0);
    fixture_put(f, spool_name(f), buf_bytes(&old)); /* older than the log: all of it is known */
    fixture_told_nothing(f);
    assert_int_equal(note(f), 0);
    on_log(f, 3, 0);
}

/* A middle frame that is damaged costs itself alone: told by every writer, put aside by repair, named by verify. */
static void test_damage_is_told_and_put_aside(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    for (int i = 0; i < 3; i++)
        view(f, leaf);
    uint64_t frame = (fixture_size(f, spool_name(f)) - 512) / 3;
    fixture_flip(f, spool_name(f), (int64_t)(512 + frame + 100));
    assert_int_equal(note(f), 0);
    fixture_told(f, "is damaged: records of accesses may be lost there; run groundwork repair");
    on_log(f, 2, 1);
    assert_int_equal(f->verified.gap[0].first, 1);
    assert_int_equal(f->verified.gap[0].last, 1);
    assert_int_equal(fixture_size(f, spool_name(f)), 512 + 3 * frame);
    assert_int_equal(fixture_repair(f), 0);
    assert_non_null(strstr(buf_text(&f->words), "was damaged: the accesses in it that could be read are on the log"));
    fixture_told(f, "is damaged");
    assert_int_equal(fixture_count(f, "spool", ""), 0);
    assert_int_equal(fixture_count(f, "quarantine", "damaged-spool-"), 1);
    assert_int_equal(fixture_repair(f), 0);
    assert_int_equal(f->words.n, 0);
    view(f, leaf);
    assert_int_equal(note(f), 0);
    fixture_told_nothing(f);
    on_log(f, 3, 1);
}

static void test_other_names_are_left_alone(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    view(f, leaf);
    fixture_put(f, "spool/readme", bytes_text("somebody's"));
    assert_int_equal(note(f), 0);
    fixture_told_nothing(f);
    assert_true(fixture_there(f, "spool/readme"));
    on_log(f, 1, 0);
}

/* With many frames a commit takes what fits, and the next one goes on. */
static void test_parts_of_a_deposit_leave_it_to_the_last(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    view(f, leaf);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    struct bytes path = bytes_text("more");
    struct statement st = {.kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = &path, .path_count = 1}};
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_add(s, &st, NULL, NULL, &f->e), 0);
    assert_int_equal(store_commit_part(s, &f->e), 0);
    uint64_t waiting = 0;
    assert_int_equal(store_accesses_waiting(s, &waiting, &f->e), 0);
    assert_int_equal(waiting, 1);
    assert_int_equal(fixture_note(s, "the end", &f->e), 0);
    assert_int_equal(store_accesses_waiting(s, &waiting, &f->e), 0);
    assert_int_equal(waiting, 0);
}

static int look(struct fixture *f, struct statement_range range)
{
    struct store_accessing a = {.act = "shown", .items = &range, .count = 1, .must_log = true};
    struct err unlogged;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    return store_access(s, &a, &unlogged, &f->e);
}

/* As where ranges were joined: also leaves that are no items. */
static void test_more_than_was_accessed(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    assert_int_equal(look(f, (struct statement_range){1, leaf + 2}), 0);
    assert_int_equal(note(f), 0);
    fixture_told_nothing(f);
    on_log(f, 1, 0);
}

/* What names items that came after this copy was made cannot be on its log; what it says of others can. */
static void test_a_spool_of_another_copy(void **state)
{
    struct fixture *f = *state;
    static const struct thing later[] = {{"later", 't', 50, 3}};
    uint64_t leaf = filled(f), newer = 0;
    struct file_path name, folder;
    fixture_keep(f, "older");
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    newer = fixture_where(f, STORE_PUBLIC).leaves + 1;
    assert_int_equal(fixture_intake(s, "a giver", later, 1, &f->e), 0);
    store_close(TAKE(s));
    view(f, newer);
    view(f, leaf);
    OWN(buf_drop) struct buf spool = {0};
    fixture_first(f, "spool", "", &name);
    fixture_get(f, name.s, &spool);
    fixture_back(f, "older");
    fixture_path(f, "spool", &folder);
    assert_int_equal(mkdir(folder.s, 0700), 0);
    fixture_put(f, name.s, buf_bytes(&spool));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(note(f), 0);
        fixture_told(f, "is of another copy of this repository");
        on_log(f, 1, 1);
        assert_int_equal(fixture_size(f, name.s), spool.n);
    }
    assert_int_equal(fixture_repair(f), 0);
    assert_non_null(strstr(buf_text(&f->words), "names items that are not in this copy"));
    fixture_told(f, "is of another copy");
    assert_int_equal(fixture_count(f, "quarantine", "unfit-spool-"), 1);
    assert_int_equal(note(f), 0);
    fixture_told_nothing(f);
    on_log(f, 1, 1);
}

static int note_apart(struct fixture *f)
{
    OWN(store_drop) struct store *s = NULL;
    int rc = store_open(&f->place, STORE_WRITE, &s, &f->e);
    if (rc == 0)
        rc = fixture_note(s, "what is written does not wait", &f->e);
    if (rc == 0 && strstr(buf_text(&f->told), "records of accesses wait where they cannot be read") == NULL)
        return err_set(&f->e, ERR_DAMAGED, "it was not told");
    uint64_t waiting = 99;
    f->told.n = 0;
    if (rc == 0)
        rc = store_accesses_waiting(s, &waiting, &f->e); /* as status asks */
    if (rc == 0 && (waiting != 0 || strstr(buf_text(&f->told), "wait where they cannot be read") == NULL))
        return err_set(&f->e, ERR_DAMAGED, "status does not tell it");
    return rc;
}

static void test_a_spool_that_cannot_be_opened(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf command = {0};
    struct file_path path;
    uint64_t leaf = filled(f);
    view(f, leaf);
    fixture_path(f, spool_name(f), &path);
    assert_int_equal(chmod(path.s, 0), 0);
    buf_printf(&command, "chown -R 65534:65534 '%s'", f->work.s);
    assert_int_equal(geteuid() == 0 ? system(buf_text(&command)) : 0, 0);
    fixture_apart(note_apart, f);
    assert_int_equal(chmod(path.s, 0600), 0);
    assert_int_equal(note(f), 0);
    fixture_told_nothing(f);
    on_log(f, 1, 0);
}

/* The statement that it was put aside is public: it does not say whose it was. */
static void test_repair_names_nobody(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf journal = {0};
    char name[STORE_SPOOL_NAME];
    uint64_t leaf = filled(f);
    view(f, leaf);
    (void)snprintf(name, sizeof name, "%s", strchr(spool_name(f), '/') + 1);
    fixture_flip(f, spool_name(f), 520);
    assert_int_equal(fixture_repair(f), 0);
    assert_non_null(strstr(buf_text(&f->words), "none of the accesses in it could be put on the log"));
    fixture_get(f, "a/journal", &journal);
    assert_non_null(memmem(journal.p, journal.n, "\"spool\"", 7));
    assert_null(memmem(journal.p, journal.n, name + 9, strlen(name + 9))); /* the device */
    assert_null(memmem(journal.p, journal.n, name, strlen(name)));
}

/* A commit takes so much, the next one goes on; or all of it at once, by as many commits as it needs. */
static void test_more_than_one_commit_takes(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    for (int i = 0; i < 4; i++)
        view(f, leaf);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    s->fold_bytes = 1;
    assert_int_equal(fixture_note(s, "takes one", &f->e), 0);
    uint64_t waiting = 0;
    assert_int_equal(store_accesses_waiting(s, &waiting, &f->e), 0);
    assert_int_equal(waiting, 3);
    assert_int_equal(store_fold_all(s, &f->e), 0);
    assert_int_equal(store_accesses_waiting(s, &waiting, &f->e), 0);
    assert_int_equal(waiting, 0);
    assert_int_equal(fixture_note(s, "none", &f->e), 0);
    store_close(TAKE(s));
    fixture_told_nothing(f);
    on_log(f, 4, 0);
}

/* As long as a spool may be, and longer: what is whole in it is taken all the same. */
static void test_a_spool_without_an_end(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    struct file_path path;
    view(f, leaf);
    fixture_keep(f, "viewed");
    for (int more = 0; more < 2; more++) {
        fixture_back(f, "viewed");
        fixture_path(f, spool_name(f), &path);
        assert_int_equal(truncate(path.s, STORE_SPOOL_BYTES_MAX + more), 0);
        assert_int_equal(note(f), 0);
        if (more)
            fixture_told(f, "is damaged");
        fixture_told_nothing(f);
        on_log(f, 1, 0);
    }
    assert_int_equal(fixture_repair(f), 0);
    fixture_told(f, "is damaged");
    assert_int_equal(note(f), 0);
    fixture_told_nothing(f);
}

/* What this computer remembers of the member who opened it: a device with this id, which wrote nothing. */
static void device_is(struct fixture *f, const uint8_t id[STATEMENT_ID])
{
    OWN(buf_drop) struct buf text = {0};
    struct store_device d = {.any = false};
    struct file_path path;
    char hex[9], ending[32];
    memcpy(d.id, id, STATEMENT_ID);
    store_device_put(&d, &f->pin, &text);
    hex_put(hex, f->place.identity->member.id, 4);
    (void)snprintf(ending, sizeof ending, "%s.device", hex);
    assert_int_equal(store_outside(&f->place, &f->pin, ending, &path, &f->e), 0);
    assert_int_equal(file_replace(path.s, buf_bytes(&text), 0600, &f->e), 0);
}

static void verify_finds(struct fixture *f, const char *words)
{
    assert_int_equal(fixture_verify(f, STORE_READ), ERR_DAMAGED);
    if (strstr(buf_text(&f->lines), words) == NULL)
        fail_msg("%s", buf_text(&f->lines));
}

/* The id of an investigation is no device: not by the writer, and not by who checks what another writer wrote. */
static void test_a_device_that_is_an_investigation(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    uint8_t id[STATEMENT_ID];
    struct store *s = fixture_open(f, STORE_READ);
    assert_int_equal(index_investigation(store_index(s), id, &f->e), 0);
    store_close(s);
    device_is(f, id);
    view(f, leaf);
    assert_int_equal(note(f), 0);
    fixture_told(f, "is damaged");
    on_log(f, 0, 0);
    fixture_force_access(f, spool_name(f));
    verify_finds(f, "a device of accesses has the id of an investigation");
}

/* ---- many records ---- */

enum { MANY = 200, FORGED = 137 };

/* One of them is not as it was signed: a letter of its signature is another one. */
static void bend(struct buf *note)
{
    uint8_t *letter = &note->p[note->n - 40];
    *letter = *letter == 'A' ? 'B' : 'A';
}

struct forging {
    struct store *s;
    struct store_spool_of of;
    struct statement_place place;
    struct statement_range one; /* that the record is about */
    struct buf statement, values;
    struct store_record record; /* but for what it holds */
};

static void forging_release(struct forging *g)
{
    buf_drop(&g->statement);
    buf_drop(&g->values);
    key_drop(&g->record.content.secret);
}

static void forge(struct forging *g, uint64_t leaf, bool bent, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    g->one = (struct statement_range){leaf, leaf};
    struct statement st = {
        .kind = STATEMENT_ACCESSED, .at_unix_s = 1, .place = g->place, .accessed = {"shown", &g->one, 1, NULL}};
    struct store_spool_content *c = &g->record.content;
    buf_clear(&g->statement), buf_clear(&g->values);
    crypt_random(c->secret.b, CRYPT_KEY);
    assert_int_equal(statement_make(&st, &c->secret, &text, &g->values, e), 0);
    assert_int_equal(statement_finish(st.kind, buf_bytes(&text), &g->s->identity.member, &g->s->identity.sign,
                                      &g->statement, e), 0);
    if (bent)
        bend(&g->statement);
    c->statement = buf_bytes(&g->statement);
    c->values = buf_bytes(&g->values);
    g->record.st = st;
    leaf_entry_hidden(&c->secret, c->statement, g->record.entry);
    g->place.seq++;
    memcpy(g->place.prev.b, g->record.entry + 1, CRYPT_HASH);
}

static void forging_begin(struct forging *g, struct store *s)
{
    *g = (struct forging){.s = s};
    memcpy(g->of.b, s->identity.member.id, 4);
    memset(g->of.b + 4, 7, STATEMENT_ID);
    memcpy(g->place.investigation, g->of.b + 4, STATEMENT_ID);
}

/* A spool of so many records, of which one has a bad signature, if there are as many; its name. */
static void spool_but(struct fixture *f, uint64_t leaf, size_t count, size_t forged, struct file_path *ret)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    OWN(forging_release) struct forging g;
    OWN(key_drop) struct key key = {0};
    OWN(buf_drop) struct buf file = {0};
    struct file_path folder;
    char name[STORE_SPOOL_NAME];
    forging_begin(&g, s);
    const struct store_spool_lock lock = store_spool_lock(s, KEYRING_SPOOL, &g.of, &key);
    store_spool_head(&g.of, 0, &file);
    for (size_t i = 0; i < count; i++) {
        forge(&g, leaf, i == forged, &f->e);
        assert_int_equal(store_spool_seal(&lock, &g.record.content, &file, &f->e), 0);
    }
    store_spool_name(&g.of, name);
    assert_int_equal(file_path(ret, &f->e, "spool/%s", name), 0);
    fixture_path(f, "spool", &folder);
    assert_int_equal(mkdir(folder.s, 0700), 0);
    fixture_put(f, ret->s, buf_bytes(&file));
}

static void spool_of_many(struct fixture *f, uint64_t leaf, struct file_path *ret)
{
    spool_but(f, leaf, MANY, FORGED, ret);
}

/* What is then on the log, in its order. */
static struct hash folded_by(struct fixture *f, unsigned threads)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(buf_drop) struct buf all = {0};
    struct ledger_position before;
    struct hash one;
    ledger_where(store_ledger(s), &before);
    s->threads = threads;
    assert_int_equal(fixture_note(s, "takes them", &f->e), 0);
    for (uint64_t i = 1; i < MANY; i++) { /* behind the note; one is lacking */
        assert_int_equal(store_commitment(s, before.leaves + i, &one, &f->e), 0);
        buf_put(&all, one.b, CRYPT_HASH);
    }
    crypt_sha256(buf_bytes(&all), &one);
    return one;
}

/* Each is checked by itself, whichever thread does: one bad signature costs its record and is told of. */
static void test_any_number_of_threads(void **state)
{
    struct fixture *f = *state;
    struct file_path spool;
    struct hash alone = {{0}};
    uint64_t leaf = filled(f);
    spool_of_many(f, leaf, &spool);
    uint64_t size = fixture_size(f, spool.s);
    fixture_keep(f, "forged");
    for (unsigned threads = 1; threads <= 3; threads++) {
        fixture_back(f, "forged");
        struct hash digest = folded_by(f, threads);
        fixture_told(f, "is damaged: records of accesses may be lost there; run groundwork repair");
        fixture_told_nothing(f);
        assert_true(threads == 1 || hash_equal(&digest, &alone));
        alone = digest;
        on_log(f, MANY - 1, 1);
        assert_int_equal(f->verified.gap[0].first, FORGED);
        assert_int_equal(f->verified.gap[0].last, FORGED);
        assert_int_equal(fixture_size(f, spool.s), size);
    }
}

/* A commit that is full stops at the same record, however many were read ahead. */
static void test_a_full_commit_by_several_threads(void **state)
{
    struct fixture *f = *state;
    struct file_path spool;
    spool_of_many(f, filled(f), &spool);
    fixture_keep(f, "forged");
    for (unsigned threads = 1; threads <= 3; threads++) {
        fixture_back(f, "forged");
        OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
        struct ledger_position before, now;
        ledger_where(store_ledger(s), &before);
        s->threads = threads;
        s->fold_bytes = 50 * 1024;
        assert_int_equal(fixture_note(s, "takes fifty", &f->e), 0);
        ledger_where(store_ledger(s), &now);
        assert_int_equal(now.leaves - before.leaves, 1 + 50);
    }
}

/* Commits are made while the threads look at what follows: each record is there once, in its order, but the bad one. */
static void test_commits_beside_the_looking(void **state)
{
    struct fixture *f = *state;
    struct file_path spool;
    spool_of_many(f, filled(f), &spool);
    uint64_t size = fixture_size(f, spool.s);
    fixture_keep(f, "forged");
    for (unsigned threads = 1; threads <= 3; threads++) {
        fixture_back(f, "forged");
        OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
        struct ledger_position before, now;
        ledger_where(store_ledger(s), &before);
        s->threads = threads;
        s->fold_bytes = 10 * 1024;
        assert_int_equal(store_fold_all(s, &f->e), 0);
        ledger_where(store_ledger(s), &now);
        assert_int_equal(now.leaves - before.leaves, MANY - 1);
        assert_int_equal(now.records - before.records, MANY / 10);
        assert_int_equal(fixture_note(s, "and it goes on", &f->e), 0);
        store_close(TAKE(s));
        fixture_told(f, "is damaged: records of accesses may be lost there; run groundwork repair");
        on_log(f, MANY - 1, 1);
        assert_int_equal(f->verified.gap[0].first, FORGED);
        assert_int_equal(fixture_size(f, spool.s), size);
    }
}

/* It ends at every step of commits that follow each other: each record is there once, and none waits for ever. */
static void test_an_end_between_commits(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = filled(f);
    for (int i = 0; i < 3; i++)
        view(f, leaf);
    fixture_keep(f, "viewed");
    unsigned last = 0;
    for (unsigned step = 1; last == 0; step++) {
        fixture_back(f, "viewed");
        struct store *s = fixture_open(f, STORE_WRITE);
        s->fold_bytes = 1;
        fixture_die_at(step);
        (void)store_fold_all(s, &f->e);
        if (fixture_effects() < step)
            last = step;
        store_close(s);
        fixture_calm();
        assert_int_equal(note(f), 0);
        on_log(f, 3, 0);
        view(f, leaf);
        assert_int_equal(note(f), 0);
        on_log(f, 4, 0);
    }
    assert_true(last > 20);
}

/* A failed sync ends it, and is told where it was asked for: nothing after it is written. */
static void test_a_sync_that_fails_between_commits(void **state)
{
    struct fixture *f = *state;
    struct file_path spool;
    spool_of_many(f, filled(f), &spool);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    struct ledger_position before, now;
    ledger_where(store_ledger(s), &before);
    s->threads = 2;
    s->fold_bytes = 10 * 1024;
    fixture_fail_sync(12);
    assert_int_not_equal(store_fold_all(s, &f->e), 0);
    fixture_calm();
    ledger_where(store_ledger(s), &now);
    assert_true(now.leaves - before.leaves < MANY - 1);
    assert_int_equal(fixture_note(s, "no more", &f->e), ERR_IO);
    store_close(TAKE(s));
    assert_int_equal(note(f), 0);
    on_log(f, MANY - 1, 1);
}

/* Whichever sync fails, alone: no record is shortened away that is not on the log.  By one commit, and by two. */
static void test_each_sync_fails_once(void **state)
{
    struct fixture *f = *state;
    struct file_path spool;
    spool_but(f, filled(f), MANY, MANY, &spool);
    fixture_keep(f, "whole");
    for (size_t bytes = 0; bytes <= 100 * 1024; bytes += 100 * 1024) {
        bool failed = true;
        for (unsigned sync = 1; failed; sync++) {
            struct store *s = fixture_open(f, STORE_WRITE);
            s->threads = 2;
            s->fold_bytes = bytes;
            fixture_calm();
            fixture_fail_sync(sync);
            (void)store_fold_all(s, &f->e);
            failed = fixture_syncs() >= sync;
            store_close(s);
            fixture_calm();
            buf_clear(&f->told);
            assert_int_equal(note(f), 0);
            on_log(f, MANY, 0);
            buf_clear(&f->told);
            fixture_back(f, "whole");
            assert_true(failed || sync > 4);
        }
    }
}

/* Where a writer let one onto the log, verify names it: each statement is checked by itself. */
static void test_verify_names_one_bad_signature_of_many(void **state)
{
    struct fixture *f = *state;
    struct ledger_position before;
    char words[64];
    uint64_t leaf = filled(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(forging_release) struct forging g;
    forging_begin(&g, s);
    ledger_where(store_ledger(s), &before);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    s->draft.folded = true;
    for (size_t i = 0; i < MANY; i++) {
        forge(&g, leaf, i == FORGED, &f->e);
        assert_int_equal(store_draft_fold(s, &g.record, &f->e), 0);
    }
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(TAKE(s));
    (void)snprintf(words, sizeof words, "leaf %llu: statement: the signature by",
                   (unsigned long long)before.leaves + FORGED);
    verify_finds(f, words);
    assert_int_equal(f->verified.findings, 1);
}

/* A disk that fails half way: what is in the pieces before goes on the log, at once; the rest when it can be read. */
static void test_a_spool_that_is_read_half_way(void **state)
{
    struct fixture *f = *state;
    enum { FRAME = 1024, PIECE = 256 << 10, LONG = 700 };
    struct file_path spool;
    uint64_t leaf = filled(f);
    spool_but(f, leaf, LONG, LONG, &spool);
    assert_true(fixture_size(f, spool.s) > 2 * PIECE);
    fixture_keep(f, "half");
    for (int all = 0; all < 3; all++)
        for (long from = 100; from < LONG * FRAME; from += PIECE + 5 * FRAME) {
            struct store *s = fixture_open(f, STORE_WRITE);
            s->threads = all == 2 ? 2 : 1;
            unread_from = from;
            assert_int_equal(all > 0 ? store_fold_all(s, &f->e) : fixture_note(s, "takes them", &f->e), 0);
            unread_from = 0;
            store_close(s);
            assert_non_null(strstr(buf_text(&f->told), "cannot be read"));
            buf_clear(&f->told);
            assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
            uint64_t pieces = (uint64_t)from / PIECE * PIECE;
            assert_int_equal(f->verified.accesses, pieces == 0 ? 0 : (pieces - STORE_SPOOL_SECTOR) / FRAME);
            assert_int_equal(note(f), 0);
            on_log(f, LONG, 0);
            fixture_told_nothing(f);
            fixture_back(f, "half");
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_a_spool_that_is_read_half_way),
        FIXTURE_TEST(test_each_sync_fails_once),
        FIXTURE_TEST(test_a_spool_is_shortened),
        FIXTURE_TEST(test_an_end_at_every_step),
        FIXTURE_TEST(test_frames_that_come_again),
        FIXTURE_TEST(test_damage_is_told_and_put_aside),
        FIXTURE_TEST(test_other_names_are_left_alone),
        FIXTURE_TEST(test_parts_of_a_deposit_leave_it_to_the_last),
        FIXTURE_TEST(test_more_than_was_accessed),
        FIXTURE_TEST(test_a_spool_of_another_copy),
        FIXTURE_TEST(test_a_spool_that_cannot_be_opened),
        FIXTURE_TEST(test_repair_names_nobody),
        FIXTURE_TEST(test_more_than_one_commit_takes),
        FIXTURE_TEST(test_a_spool_without_an_end),
        FIXTURE_TEST(test_a_device_that_is_an_investigation),
        FIXTURE_TEST(test_any_number_of_threads),
        FIXTURE_TEST(test_a_full_commit_by_several_threads),
        FIXTURE_TEST(test_commits_beside_the_looking),
        FIXTURE_TEST(test_an_end_between_commits),
        FIXTURE_TEST(test_a_sync_that_fails_between_commits),
        FIXTURE_TEST(test_verify_names_one_bad_signature_of_many),
    };
    return FIXTURE_RUN(tests);
}
