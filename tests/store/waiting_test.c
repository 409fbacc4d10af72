/*
 * What forbids, and waits for the log: heard at once, on the log once, whatever ends in between, and never lost to a
 * fault.
 */
#include "rooms.h"

#include <sys/stat.h>

static const char TODAY[] = "2026-11-27";
static const struct thing things[] = {{"one", 't', 30, 1}};

/* ---- a scene: one item of P-0001, who allows it ---- */

static int first_leaf(void *context, const struct index_item *item, struct err *e)
{
    (void)e;
    *(uint64_t *)context = item->leaf;
    return 0;
}

static struct statement form(const char **code, enum consent_answer answer)
{
    struct statement st = {.kind = STATEMENT_CONSENT,
                           .at_unix_s = 1,
                           .consent = {.persons = {code, 1}, .by = CONSENT_SELF, .date = "2026-11-20",
                                       .language = "ko"}};
    st.consent.answer[CONSENT_STORE] = st.consent.answer[CONSENT_SHARE_UN] = answer;
    return st;
}

static int says(struct fixture *f, struct store *s, enum consent_answer answer)
{
    static const char *she[] = {"P-0001"};
    struct statement st = form(she, answer);
    return fixture_say(s, &st, &f->e);
}

static uint64_t scene(struct fixture *f)
{
    static const char *she[] = {"P-0001"};
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t leaf = 0;
    assert_int_equal(fixture_intake(s, "a giver", things, COUNT(things), &f->e), 0);
    assert_int_equal(index_items(store_index(s), UINT64_MAX, 0, first_leaf, &leaf, &f->e), 0);
    struct statement_range items = {leaf, leaf};
    struct statement link = {.kind = STATEMENT_CONCERNS,
                             .concerns = {CONSENT_LINKED, {she, 1}, &items, 1, "a test says so"}};
    assert_int_equal(fixture_say(s, &link, &f->e), 0);
    assert_int_equal(says(f, s, CONSENT_YES), 0);
    return leaf;
}

static int take_back(struct store *s, struct err *e)
{
    static const char *she[] = {"P-0001"};
    struct statement st = {.kind = STATEMENT_WITHDRAWN,
                           .at_unix_s = 1,
                           .withdrawn = {.persons = {she, 1}, .all = true, .by = CONSENT_SELF, .date = "2026-11-21"}};
    return store_wait(s, &st, e);
}

static void waits(struct fixture *f)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    if (take_back(s, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static const char *folder(struct fixture *f)
{
    static struct file_path path;
    fixture_first(f, "waiting", "", &path);
    return path.s;
}

static const char *file_name(struct fixture *f)
{
    static struct file_path path;
    fixture_first(f, folder(f), "", &path);
    return path.s;
}

/* Without drafts, which what ended leaves. */
static unsigned files(struct fixture *f)
{
    return fixture_there(f, "waiting") && fixture_count(f, "waiting", "") > 0
               ? fixture_count(f, folder(f), "") - fixture_count(f, folder(f), ".")
               : 0;
}

/* ---- asking ---- */

static int asks(struct fixture *f, struct store *s, uint64_t leaf, struct consent_decision *ret)
{
    OWN(store_deciding_drop) struct store_deciding *d = NULL;
    const struct index_item item = {.leaf = leaf};
    int rc = store_deciding_new(s, consent_use_find("accountability", "un"), TODAY, &d, &f->e);
    if (rc == 0)
        rc = store_may_go(d, &item, ret, &f->e);
    ret->person = ret->until = NULL;
    return rc;
}

static void goes_in(struct fixture *f, struct store *s, uint64_t leaf, enum consent_why why, bool waiting)
{
    struct consent_decision got;
    if (asks(f, s, leaf, &got) != 0)
        fail_msg("%s", f->e.text);
    assert_string_equal(consent_why_name(got.why), consent_why_name(why));
    assert_true(got.waiting == waiting && (got.leaf == UINT64_MAX) == (waiting || why == CONSENT_MAY));
}

static void goes(struct fixture *f, uint64_t leaf, enum consent_why why, bool waiting)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    goes_in(f, s, leaf, why, waiting);
}

static void stopped(struct fixture *f, uint64_t leaf, const char *why)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct consent_decision got;
    fixture_says(f, asks(f, s, leaf, &got), ERR_REFUSED, "nothing goes out", why, NULL);
}

static int count_row(void *context, const struct index_statement_row *row, struct err *e)
{
    (void)row, (void)e;
    ++*(uint64_t *)context;
    return 0;
}

/* So many withdrawals are on the log, and all of it is whole. */
static void on_log(struct fixture *f, uint64_t want)
{
    uint64_t n = 0;
    struct store *s = fixture_open(f, STORE_READ);
    assert_int_equal(index_statements(store_index(s), 0, STATEMENT_WITHDRAWN, count_row, &n, &f->e), 0);
    store_close(s);
    assert_int_equal(n, want);
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
    assert_int_equal(f->verified.findings, 0);
}

static int note(struct fixture *f)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    return fixture_note(s, "a note", &f->e);
}

/* ---- heard at once, and on the log by the next writer ---- */

static void test_it_stands_beside_a_writer(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = scene(f), count = 9;
    goes(f, leaf, CONSENT_MAY, false);
    struct store *writer = fixture_open(f, STORE_WRITE);
    struct store *beside = fixture_open(f, STORE_SAY);
    assert_false(store_writes(beside));
    assert_int_equal(take_back(beside, &f->e), 0);
    store_close(beside);
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, true);
    goes_in(f, writer, leaf, CONSENT_WHY_WITHDRAWN, true);
    assert_int_equal(store_waiting_count(writer, &count, &f->e), 0);
    assert_int_equal(count, 1);
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0); /* which does not mind */
    assert_int_equal(fixture_note(writer, "what it was at", &f->e), 0);
    assert_int_equal(store_waiting_count(writer, &count, &f->e), 0);
    assert_int_equal(count, 0);
    goes_in(f, writer, leaf, CONSENT_WHY_WITHDRAWN, false);
    store_close(writer);
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, false);
    fixture_told_nothing(f);
    on_log(f, 1);
    beside = fixture_open(f, STORE_SAY);
    assert_true(store_writes(beside)); /* where nobody else does */
    store_close(beside);
    fixture_whole(f);
}

/* A part of a long intake takes it, and the file goes with the next commit. */
static void test_a_part_takes_it(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = scene(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    struct bytes path = bytes_text("more");
    struct statement st = {.kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = &path, .path_count = 1}};
    waits(f);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_add(s, &st, NULL, NULL, &f->e), 0);
    assert_int_equal(store_commit_part(s, &f->e), 0);
    store_behind_wait(s);
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, false);
    assert_int_equal(files(f), 1);
    waits(f);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    st = (struct statement){.kind = STATEMENT_PART, .at_unix_s = 1,
                            .part = {.deposit = fixture_where(f, STORE_PUBLIC).leaves - 2}};
    assert_int_equal(store_add(s, &st, NULL, NULL, &f->e), 0);
    assert_int_equal(store_commit_part(s, &f->e), 0);
    store_behind_wait(s);
    assert_int_equal(files(f), 1);
    assert_int_equal(fixture_note(s, "the end", &f->e), 0);
    assert_int_equal(files(f), 0);
    store_close(TAKE(s));
    fixture_told_nothing(f);
    on_log(f, 2);
}

/* Opening to write is enough: before anything that this writer says. */
static void test_the_next_writer_begins_with_it(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = scene(f);
    waits(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(files(f), 0);
    goes_in(f, s, leaf, CONSENT_WHY_WITHDRAWN, false);
    fixture_says(f, says(f, s, CONSENT_YES), ERR_REFUSED, "rule consent-since", NULL); /* of the day before */
    store_close(TAKE(s));
    on_log(f, 1);
}

/* Two members, and what each of them was told; a form, too. */
static void test_two_at_once(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    static const char *she[] = {"P-0001"};
    uint64_t leaf = scene(f);
    rooms_joins(f, &second, STATEMENT_INVESTIGATOR);
    OWN(store_drop) struct store *writer = fixture_open(f, STORE_WRITE);
    waits(f);
    rooms_as(f, &second, NULL);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct statement no = form(she, CONSENT_NO), yes = form(she, CONSENT_YES), some = form(she, CONSENT_NO),
                     named = form(she, CONSENT_NO);
    some.consent.answer[CONSENT_TESTIFY] = CONSENT_YES;
    named.consent.has_form = true;
    named.consent.form = leaf;
    fixture_says(f, store_wait(s, &yes, &f->e), ERR_REFUSED, "rule waited", "NOT written down", NULL);
    fixture_says(f, store_wait(s, &some, &f->e), ERR_REFUSED, "rule waited", NULL);
    fixture_says(f, store_wait(s, &named, &f->e), ERR_REFUSED, "rule waited", NULL);
    assert_int_equal(store_wait(s, &no, &f->e), 0);
    assert_int_equal(files(f), 2);
    store_close(TAKE(s));
    f->place.identity = &f->id;
    assert_int_equal(fixture_note(writer, "a note", &f->e), 0);
    store_close(TAKE(writer));
    assert_int_equal(files(f), 0);
    on_log(f, 1);
    struct consent_decision got; /* which of the two came last is by chance */
    s = fixture_open(f, STORE_READ);
    assert_int_equal(asks(f, s, leaf, &got), 0);
    assert_true(got.why == CONSENT_WHY_WITHDRAWN || got.why == CONSENT_WHY_NO);
}

static void test_who_may_not_say_it(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    static const char *she[] = {"P-0001"};
    uint64_t leaf = scene(f);
    rooms_joins(f, &second, STATEMENT_ANALYST);
    rooms_as(f, &second, NULL);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct statement no = form(she, CONSENT_NO);
    fixture_says(f, store_wait(s, &no, &f->e), ERR_REFUSED, "rule signer-role", NULL);
    assert_int_equal(files(f), 0);
    goes(f, leaf, CONSENT_MAY, false);
    assert_int_equal(take_back(s, &f->e), 0); /* which whoever writes may */
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, true);
}

/* ---- it ends in between ---- */

/* While it is written down: it stands, or it was not said to stand. */
static void test_an_end_while_it_is_said(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = scene(f);
    fixture_keep(f, "scene");
    unsigned steps = 0;
    for (unsigned step = 1; steps == 0; step++) {
        fixture_back(f, "scene");
        struct store *s = fixture_open(f, STORE_READ);
        fixture_die_at(step);
        int rc = take_back(s, &f->e);
        steps = fixture_effects() < step ? step : 0;
        fixture_calm();
        store_close(s);
        assert_true(rc == 0 || steps == 0);
        if (files(f) == 1 || rc == 0)
            goes(f, leaf, CONSENT_WHY_WITHDRAWN, true);
        else
            goes(f, leaf, CONSENT_MAY, false);
        unsigned before = files(f);
        assert_int_equal(note(f), 0);
        assert_int_equal(files(f), 0);
        on_log(f, before);
    }
    assert_true(steps > 5);
}

/* While a writer takes it over: whatever stands there then, it is heard, and at last it is on the log once. */
static void test_an_end_while_it_goes_on_the_log(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = scene(f);
    fixture_keep(f, "scene");
    unsigned steps = 0;
    for (unsigned step = 1; steps == 0; step++) {
        fixture_back(f, "scene");
        struct store *s = fixture_open(f, STORE_WRITE);
        waits(f);
        uint64_t index = fixture_size(f, "index/main.db-wal");
        fixture_die_at(step);
        (void)fixture_note(s, "a note", &f->e);
        if (fixture_effects() < step)
            steps = step;
        store_close(s);
        fixture_calm();
        struct consent_decision got;
        bool within = fixture_size(f, "index/main.db-wal") != index && steps == 0; /* a reader waits long for that */
        s = fixture_open(f, within ? STORE_WRITE : STORE_READ);
        assert_int_equal(asks(f, s, leaf, &got), 0);
        assert_int_equal(got.why, CONSENT_WHY_WITHDRAWN);
        store_close(s);
        f->told.n = 0; /* of what the end left */
        assert_int_equal(note(f), 0);
        assert_int_equal(files(f), 0);
        on_log(f, 1);
        goes(f, leaf, CONSENT_WHY_WITHDRAWN, false);
    }
    assert_true(steps > 10);
}

/* A file that is laid back, as a copy of the folder would, takes back nothing that she said since. */
static void test_a_file_that_comes_again(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf old = {0};
    struct file_path name;
    uint64_t leaf = scene(f);
    waits(f);
    (void)snprintf(name.s, sizeof name.s, "%s", file_name(f));
    fixture_get(f, name.s, &old);
    assert_int_equal(note(f), 0);
    struct store *s = fixture_open(f, STORE_WRITE);
    static const char *she[] = {"P-0001"};
    struct statement yes = form(she, CONSENT_YES);
    yes.consent.date = "2026-11-22";
    assert_int_equal(fixture_say(s, &yes, &f->e), 0);
    fixture_put(f, name.s, buf_bytes(&old));
    goes_in(f, s, leaf, CONSENT_MAY, false);
    store_close(s);
    goes(f, leaf, CONSENT_MAY, false);
    fixture_flip(f, name.s, 600); /* what was in it is on the log, whatever becomes of it */
    goes(f, leaf, CONSENT_MAY, false);
    assert_int_equal(note(f), 0);
    assert_int_equal(files(f), 0);
    fixture_told_nothing(f);
    on_log(f, 1);
}

/* Another statement under an id that is on the log already is no copy of it: somebody may have said no there. */
static void test_another_under_the_same_id(void **state)
{
    struct fixture *f = *state;
    static const char *she[] = {"P-0001"};
    OWN(buf_drop) struct buf text = {0}, values = {0}, signed_note = {0}, file = {0};
    OWN(key_drop) struct key key = {0};
    struct store_spool_of of;
    struct file_path name;
    uint64_t leaf = scene(f);
    waits(f);
    (void)snprintf(name.s, sizeof name.s, "%s", file_name(f));
    assert_true(store_spool_named(strrchr(name.s, '/') + 1, &of));
    assert_int_equal(note(f), 0);
    struct store_spool_content content = {.secret = {{9}}};
    struct statement st = form(she, CONSENT_NO);
    st.place.waited = true;
    memcpy(st.place.investigation, of.b + 4, STATEMENT_ID);
    assert_int_equal(statement_make(&st, &content.secret, &text, &values, &f->e), 0);
    assert_int_equal(statement_finish(st.kind, buf_bytes(&text), &f->id.member, &f->id.sign, &signed_note, &f->e), 0);
    content.statement = buf_bytes(&signed_note);
    content.values = buf_bytes(&values);
    struct store *s = fixture_open(f, STORE_READ);
    assert_true(keyring_outside(s->keyring, KEYRING_WAITING, 0, &key));
    store_close(s);
    const struct store_spool_lock lock = {&key, &f->pin, &of};
    store_spool_head(&of, 0, &file);
    assert_int_equal(store_spool_seal(&lock, &content, &file, &f->e), 0);
    fixture_put(f, name.s, buf_bytes(&file));
    stopped(f, leaf, "the id of another statement");
    assert_int_equal(note(f), 0);
    fixture_told(f, "the id of another statement");
    assert_int_equal(files(f), 1);
    on_log(f, 1);
}

/* What was decided is looked at again: a no that came in between is seen. */
static void test_decided_still(void **state)
{
    struct fixture *f = *state;
    (void)scene(f);
    OWN(store_drop) struct store *writer = fixture_open(f, STORE_WRITE);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    OWN(store_deciding_drop) struct store_deciding *d = NULL;
    bool still = false;
    assert_int_equal(store_deciding_new(s, consent_use(0), TODAY, &d, &f->e), 0);
    assert_int_equal(store_decided_still(d, &still, &f->e), 0);
    assert_true(still);
    waits(f);
    assert_int_equal(store_decided_still(d, &still, &f->e), 0);
    assert_false(still);
    assert_int_equal(fixture_note(writer, "W", &f->e), 0); /* its file is gone */
    assert_int_equal(store_decided_still(d, &still, &f->e), 0);
    assert_false(still);
}

/* ---- what cannot be read ---- */

/* Each byte of the head, and some of the frame; shorter, longer, empty, and what is no such file at all. */
static void test_what_is_damaged_stops_everything(void **state)
{
    struct fixture *f = *state;
    uint64_t leaf = scene(f);
    waits(f);
    fixture_keep(f, "waits");
    uint64_t size = fixture_size(f, file_name(f));
    for (uint64_t at = 0; at < size; at += at < 64 || (at >= 512 && at < 580) ? 1 : 41) {
        fixture_flip(f, file_name(f), (int64_t)at);
        stopped(f, leaf, "is damaged: run groundwork repair");
        fixture_flip(f, file_name(f), (int64_t)at);
    }
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, true);
    static const int64_t cuts[] = {1, 512, 1024};
    for (size_t i = 0; i < COUNT(cuts) + 1; i++) {
        fixture_back(f, "waits");
        if (i < COUNT(cuts))
            fixture_cut(f, file_name(f), cuts[i]);
        else
            fixture_append(f, file_name(f), bytes_of((const uint8_t[512]){0}, 512));
        stopped(f, leaf, "is damaged: run groundwork repair");
    }
    fixture_back(f, "waits");
    struct file_path other;
    (void)snprintf(other.s, sizeof other.s, "%s/readme", folder(f));
    fixture_put(f, other.s, bytes_text("somebody's"));
    stopped(f, leaf, "readme");
    (void)snprintf(other.s, sizeof other.s, "%s/.hidden", folder(f)); /* as drafts begin */
    fixture_back(f, "waits");
    fixture_put(f, other.s, bytes_text("a draft's"));
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, true);
}

/* Told by every writer, put aside by repair and by nothing else; what can be read beside it goes on the log. */
static void test_repair_puts_it_aside(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf journal = {0};
    char damaged[STORE_SPOOL_NAME];
    uint64_t leaf = scene(f);
    waits(f);
    (void)snprintf(damaged, sizeof damaged, "%s", strrchr(file_name(f), '/') + 1);
    fixture_flip(f, file_name(f), 600);
    waits(f);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(note(f), 0);
        fixture_told(f, "in waiting/ cannot be read, and may hold a withdrawal");
        assert_int_equal(files(f), 1);
        on_log(f, 1);
        f->told.n = 0;
    }
    stopped(f, leaf, "is damaged");
    assert_int_equal(fixture_repair(f), 0);
    assert_non_null(strstr(buf_text(&f->words), "ask who may have said it, and say it again"));
    f->told.n = 0;
    assert_int_equal(files(f), 0);
    assert_int_equal(fixture_count(f, "quarantine", "damaged-waiting-"), 1);
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, false);
    fixture_get(f, "a/journal", &journal);
    assert_non_null(memmem(journal.p, journal.n, "\"waiting\"", 9));
    assert_null(memmem(journal.p, journal.n, damaged, strlen(damaged)));
    assert_int_equal(fixture_repair(f), 0);
    assert_int_equal(f->words.n, 0);
    fixture_told_nothing(f);
}

static int asks_apart(struct fixture *f)
{
    OWN(store_drop) struct store *s = NULL;
    struct consent_decision got;
    int rc = store_open(&f->place, STORE_WRITE, &s, &f->e);
    if (rc == 0 && strstr(buf_text(&f->told), "cannot be read, and may hold a withdrawal") == NULL)
        return err_set(&f->e, ERR_DAMAGED, "it was not told");
    uint64_t leaf = 0;
    if (rc == 0)
        rc = index_items(store_index(s), UINT64_MAX, 0, first_leaf, &leaf, &f->e);
    if (rc == 0)
        rc = asks(f, s, leaf, &got);
    if (rc != ERR_REFUSED || strstr(f->e.text, "make it readable") == NULL)
        return err_set(&f->e, ERR_DAMAGED, "it was not refused");
    rc = take_back(s, &f->e);
    return rc == ERR_IO && strstr(f->e.text, "it is NOT written down, and stops nothing") != NULL ? 0 : ERR_DAMAGED;
}

/* Neither can it be read, nor another one be written beside it. */
static void test_what_cannot_be_opened(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf command = {0};
    struct file_path path, within;
    uint64_t leaf = scene(f);
    waits(f);
    fixture_path(f, file_name(f), &path);
    fixture_path(f, folder(f), &within);
    assert_int_equal(chmod(path.s, 0), 0);
    assert_int_equal(chmod(within.s, 0500), 0);
    buf_printf(&command, "chown -R 65534:65534 '%s'", f->work.s);
    assert_int_equal(geteuid() == 0 ? system(buf_text(&command)) : 0, 0);
    fixture_apart(asks_apart, f);
    assert_int_equal(chmod(within.s, 0700), 0);
    assert_int_equal(chmod(path.s, 0600), 0);
    assert_int_equal(note(f), 0);
    assert_int_equal(files(f), 0);
    on_log(f, 1);
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, false);
}

/* ---- who signed it has left ---- */

/* A file of another time, where none may have been yet. */
static void lay(struct fixture *f, const char *name, struct bytes content)
{
    struct file_path path;
    fixture_path(f, name, &path);
    *strrchr(path.s, '/') = 0;
    assert_int_equal(file_make_folders(path.s, &f->e), 0);
    fixture_put(f, name, content);
}

static void leaves(struct fixture *f, const struct keyring_identity *who)
{
    struct statement act = {.kind = STATEMENT_REVOKED,
                            .revoked = {.name = who->member.name, .reason = STATEMENT_LEFT}};
    struct store_acted acted;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_act(s, &act, NULL, &acted, &f->e), 0);
}

/* What waited when she was revoked is on the log before that; what is found later stands, and goes nowhere. */
static void test_of_a_member_who_left(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    OWN(buf_drop) struct buf kept = {0};
    struct file_path name;
    uint64_t leaf = scene(f);
    rooms_joins(f, &second, STATEMENT_ANALYST);
    fixture_keep(f, "joined");
    rooms_as(f, &second, NULL);
    waits(f);
    f->place.identity = &f->id;
    (void)snprintf(name.s, sizeof name.s, "%s", file_name(f));
    fixture_get(f, name.s, &kept);
    leaves(f, &second);
    on_log(f, 1);
    fixture_back(f, "joined");
    struct statement act = {.kind = STATEMENT_REVOKED,
                            .revoked = {.name = second.member.name, .reason = STATEMENT_LEFT}};
    struct store_acted acted;
    struct store *writer = fixture_open(f, STORE_WRITE);
    rooms_as(f, &second, NULL);
    waits(f); /* beside who revokes her */
    f->place.identity = &f->id;
    assert_int_equal(store_act(writer, &act, NULL, &acted, &f->e), 0);
    store_close(writer);
    on_log(f, 1);
    fixture_told_nothing(f);
    fixture_back(f, "joined");
    leaves(f, &second);
    lay(f, name.s, buf_bytes(&kept));
    assert_int_equal(note(f), 0);
    fixture_told(f, "is signed by a member who no longer signs, and does not go on the log: it stands");
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, true);
    assert_int_equal(fixture_repair(f), 0);
    assert_int_equal(f->words.n, 0); /* the log does not forbid it yet */
    f->told.n = 0;
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, true);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(says(f, s, CONSENT_NO), 0);
    store_close(s);
    assert_int_equal(fixture_repair(f), 0);
    assert_non_null(strstr(buf_text(&f->words), "the log forbids all that it forbids"));
    f->told.n = 0;
    assert_int_equal(files(f), 0);
    assert_int_equal(fixture_count(f, "quarantine", "unfit-waiting-"), 1);
    goes(f, leaf, CONSENT_WHY_NO, false);
}

/* It was sealed under the keys of then; who stands takes it over under those of now. */
static void test_after_other_keys(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    OWN(buf_drop) struct buf kept = {0};
    struct file_path name;
    uint64_t leaf = scene(f);
    rooms_joins(f, &second, STATEMENT_ANALYST);
    fixture_keep(f, "joined");
    waits(f);
    (void)snprintf(name.s, sizeof name.s, "%s", file_name(f));
    fixture_get(f, name.s, &kept);
    fixture_back(f, "joined");
    leaves(f, &second);
    lay(f, name.s, buf_bytes(&kept));
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, true);
    assert_int_equal(note(f), 0);
    assert_int_equal(files(f), 0);
    on_log(f, 1);
    waits(f); /* under the newest */
    goes(f, leaf, CONSENT_WHY_WITHDRAWN, true);
    assert_int_equal(note(f), 0);
    on_log(f, 2);
}

/* ---- compartments ---- */

/* What she said in one is not laid into another, which she never held, by somebody who holds both. */
static void test_laid_into_another_compartment(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    uint8_t id[STATEMENT_ID];
    char hex[2 * STATEMENT_ID + 1];
    OWN(buf_drop) struct buf file = {0};
    OWN(key_drop) struct key key = {0};
    OWN(store_waiting_release) struct store_waiting w = {0};
    struct file_path name;
    (void)scene(f);
    rooms_makes(f, id);
    rooms_joins(f, &second, STATEMENT_ANALYST);
    rooms_as(f, &second, NULL);
    waits(f);
    rooms_as(f, &f->id, NULL);
    struct store *s = fixture_open(f, STORE_READ);
    assert_int_equal(store_waiting_read(s, &w, &f->e), 0);
    assert_int_equal(w.count, 1);
    assert_int_equal(w.list[0].rc, 0);
    store_close(s);
    rooms_as(f, &f->id, ROOMS_SECOND);
    s = fixture_open(f, STORE_READ);
    assert_true(keyring_outside(s->keyring, KEYRING_WAITING, 0, &key));
    store_close(s);
    const struct store_spool_lock lock = {&key, &f->pin, &w.list[0].of};
    store_spool_head(&w.list[0].of, 0, &file);
    assert_int_equal(store_spool_seal(&lock, &w.list[0].record.content, &file, &f->e), 0);
    hex_put(hex, id, STATEMENT_ID);
    (void)snprintf(name.s, sizeof name.s, "waiting/%s/%s", hex, w.list[0].name);
    lay(f, name.s, buf_bytes(&file));
    assert_int_equal(note(f), 0);
    fixture_told(f, "is not of the member whose it says it is");
    stopped(f, 1, "is damaged");
    on_log(f, 0);
}

/* She held the compartment when she said it; that she holds it no more when it goes on the log undoes nothing. */
static void test_who_holds_it_no_more(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    static const char *she[] = {"P-0001"};
    OWN(buf_drop) struct buf held = {0};
    struct consent_word words[CONSENT_SCOPES];
    uint8_t id[STATEMENT_ID];
    assert_int_equal(note(f), 0);
    rooms_makes(f, id);
    rooms_joins(f, &second, STATEMENT_ANALYST);
    rooms_done(f, rooms_about(STATEMENT_GRANTED, id, second.member.name), NULL);
    rooms_as(f, &f->id, ROOMS_SECOND);
    assert_int_equal(note(f), 0);
    rooms_as(f, &second, ROOMS_SECOND);
    waits(f);
    rooms_as(f, &f->id, NULL);
    rooms_done(f, rooms_about(STATEMENT_UNGRANTED, id, second.member.name), NULL);
    rooms_as(f, &f->id, ROOMS_SECOND);
    struct store *s = fixture_open(f, STORE_READ);
    assert_int_equal(store_words(s, she[0], words, &held, &f->e), 0);
    assert_true(words[CONSENT_STORE].waiting);
    store_close(s);
    assert_int_equal(note(f), 0);
    s = fixture_open(f, STORE_READ);
    assert_int_equal(store_words(s, she[0], words, &held, &f->e), 0);
    assert_true(words[CONSENT_STORE].answer == CONSENT_WITHDRAWN && !words[CONSENT_STORE].waiting);
    store_close(s);
    on_log(f, 1);
}

/* Where an act stands is told, and known from then on, also when somebody says no while it is made. */
static void test_beside_an_act(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement at, act = {.kind = STATEMENT_ROLE, .role = {.role = STATEMENT_INVESTIGATOR}};
    struct store_acted acted;
    struct statement_range one;
    uint64_t leaf = scene(f), request = 0, erased = 0;
    rooms_joins(f, &second, STATEMENT_ANALYST);
    act.role.name = second.member.name;
    struct store *s = fixture_open(f, STORE_WRITE);
    waits(f);
    assert_int_equal(store_act(s, &act, NULL, &acted, &f->e), 0);
    assert_int_equal(store_statement(s, acted.leaf, &held, &at, &f->e), 0);
    assert_int_equal(at.kind, STATEMENT_ROLE);
    one = (struct statement_range){leaf, leaf};
    assert_int_equal(store_erase_ask(s, &one, 1, "a test says so", &request, &f->e), 0);
    waits(f);
    if (store_erase_carry_out(s, request, &erased, &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_held_drop(&held);
    assert_int_equal(store_statement(s, erased, &held, &at, &f->e), 0);
    assert_int_equal(at.kind, STATEMENT_ERASED);
    store_close(s);
    on_log(f, 2);
}

/* Two members under one id, which is in a file's name for all to see: one goes on the log, the other stops all. */
static void test_two_under_one_id(void **state)
{
    struct fixture *f = *state;
    static struct keyring_identity second;
    static const char *she[] = {"P-0001"};
    OWN(buf_drop) struct buf text = {0}, values = {0}, signed_note = {0}, file = {0};
    OWN(key_drop) struct key key = {0};
    OWN(store_waiting_release) struct store_waiting w = {0};
    struct store_spool_of of;
    struct file_path name;
    char hers[STORE_SPOOL_NAME];
    uint64_t leaf = scene(f);
    rooms_joins(f, &second, STATEMENT_INVESTIGATOR);
    waits(f);
    (void)snprintf(name.s, sizeof name.s, "%s", file_name(f));
    assert_true(store_spool_named(strrchr(name.s, '/') + 1, &of));
    memcpy(of.b, second.member.id, 4);
    struct store_spool_content content = {.secret = {{9}}};
    struct statement st = form(she, CONSENT_NO);
    st.place.waited = true;
    memcpy(st.place.investigation, of.b + 4, STATEMENT_ID);
    assert_int_equal(statement_make(&st, &content.secret, &text, &values, &f->e), 0);
    assert_int_equal(statement_finish(st.kind, buf_bytes(&text), &second.member, &second.sign, &signed_note, &f->e), 0);
    content.statement = buf_bytes(&signed_note);
    content.values = buf_bytes(&values);
    struct store *s = fixture_open(f, STORE_READ);
    assert_true(keyring_outside(s->keyring, KEYRING_WAITING, 0, &key));
    store_close(s);
    const struct store_spool_lock lock = {&key, &f->pin, &of};
    store_spool_head(&of, 0, &file);
    assert_int_equal(store_spool_seal(&lock, &content, &file, &f->e), 0);
    store_spool_name(&of, hers);
    (void)snprintf(strrchr(name.s, '/') + 1, sizeof hers, "%s", hers);
    fixture_put(f, name.s, buf_bytes(&file));
    assert_int_equal(files(f), 2);
    s = fixture_open(f, STORE_READ);
    assert_int_equal(store_waiting_read(s, &w, &f->e), 0);
    for (size_t i = 0; i < w.count; i++)
        if (w.list[i].rc != 0)
            fail_msg("%s", w.list[i].why.text);
    store_close(s);
    assert_int_equal(note(f), 0);
    assert_int_equal(files(f), 1);
    f->told.n = 0;
    stopped(f, leaf, "the id of another statement");
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
    assert_int_equal(f->verified.findings, 0);
}

/* A disk that fails while it is said: what is told holds. */
static void test_a_sync_that_fails_while_it_is_said(void **state)
{
    struct fixture *f = *state;
    (void)scene(f);
    fixture_keep(f, "scene");
    unsigned failed = 0;
    for (int rc = -1; rc != 0; failed++) {
        fixture_back(f, "scene");
        OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
        fixture_fail_sync(failed + 1);
        rc = take_back(s, &f->e);
        fixture_calm();
        assert_true(rc == 0 || strstr(f->e.text, "it is NOT written down, and stops nothing") != NULL);
        assert_int_equal(files(f), rc == 0);
    }
    assert_true(failed > 4);
}

/* Only a forger's writer takes one twice. */
static void test_twice_is_found(void **state)
{
    struct fixture *f = *state;
    OWN(store_waiting_release) struct store_waiting w = {0};
    (void)scene(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    waits(f);
    assert_int_equal(store_waiting_read(s, &w, &f->e), 0);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    s->draft.waited = true;
    for (int i = 0; i < 2; i++)
        assert_int_equal(store_draft_fold(s, &w.list[0].record, &f->e), 0);
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(s);
    assert_int_equal(fixture_verify(f, STORE_CHECK), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "what waited for the log is there twice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_it_stands_beside_a_writer),
        FIXTURE_TEST(test_a_part_takes_it),
        FIXTURE_TEST(test_the_next_writer_begins_with_it),
        FIXTURE_TEST(test_two_at_once),
        FIXTURE_TEST(test_who_may_not_say_it),
        FIXTURE_TEST(test_an_end_while_it_is_said),
        FIXTURE_TEST(test_an_end_while_it_goes_on_the_log),
        FIXTURE_TEST(test_a_file_that_comes_again),
        FIXTURE_TEST(test_another_under_the_same_id),
        FIXTURE_TEST(test_decided_still),
        FIXTURE_TEST(test_what_is_damaged_stops_everything),
        FIXTURE_TEST(test_repair_puts_it_aside),
        FIXTURE_TEST(test_what_cannot_be_opened),
        FIXTURE_TEST(test_of_a_member_who_left),
        FIXTURE_TEST(test_after_other_keys),
        FIXTURE_TEST(test_laid_into_another_compartment),
        FIXTURE_TEST(test_who_holds_it_no_more),
        FIXTURE_TEST(test_beside_an_act),
        FIXTURE_TEST(test_two_under_one_id),
        FIXTURE_TEST(test_a_sync_that_fails_while_it_is_said),
        FIXTURE_TEST(test_twice_is_found),
    };
    return FIXTURE_RUN(tests);
}
