/* Kept time-stamps: what they prove, for how long, and what is told of files and of statements that lie. */
#include "stamps.h"

static struct authority *east, *west, *brief;

static int begin(void **state)
{
    int rc = fixture_group_setup(state);
    east = authority_new(&(struct authority_wish){.name = "East"});
    west = authority_new(&(struct authority_wish){.name = "West", .between = 1});
    brief = authority_new(
        &(struct authority_wish){.name = "Brief", .from_unix_s = IN_2001, .until_unix_s = IN_2002});
    return rc;
}

static int end(void **state)
{
    authority_drop(&east);
    authority_drop(&west);
    authority_drop(&brief);
    return fixture_group_teardown(state);
}

static void look(struct fixture *f, struct store_stamps *ret)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    store_stamps_release(ret);
    if (store_stamps(s, ret, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static void verifies(struct fixture *f, uint64_t stamps)
{
    for (enum store_manner m = STORE_PUBLIC; m <= STORE_CHECK; m++) {
        if (fixture_verify(f, m) != 0)
            fail_msg("%s %s", f->e.text, buf_text(&f->lines));
        assert_int_equal(f->verified.stamps, stamps);
    }
}

static void two_authorities(void **state)
{
    struct fixture *f = *state;
    OWN(question_drop) struct question a = {0}, b = {0};
    OWN(store_stamps_release) struct store_stamps x = {0};
    struct store_stamp first, second;
    uint64_t leaves = 0;
    look(f, &x);
    assert_true(x.count == 0 && x.asked == 0 && store_stamps_newest(&x, &leaves) == 0 && leaves == 0);
    question_ask(f, &a);
    question_ask(f, &b);
    look(f, &x);
    assert_int_equal(x.asked, 2);
    says(f, "the log grows meanwhile");
    question_answer(&a, east, IN_2026);
    question_answer(&b, west, IN_2026 + 60);
    assert_int_equal(question_take(f, &a, &first), 0);
    look(f, &x);
    assert_int_equal(store_stamps_newest(&x, &leaves), 1);
    assert_int_equal(question_take(f, &b, &second), 0);
    assert_int_equal(first.leaves, second.leaves);
    assert_int_equal(first.leaf + 1, second.leaf);
    assert_int_equal(first.by_unix_s, IN_2026 + 1); /* with the accuracy that is claimed */
    look(f, &x);
    assert_true(x.count == 2 && x.asked == 0);
    assert_memory_equal(&x.list[0].response, &first.response, sizeof first.response);
    assert_int_equal(x.list[0].leaf, first.leaf);
    assert_int_equal(x.list[1].leaf, second.leaf);
    assert_int_equal(store_stamps_newest(&x, &leaves), 2);
    assert_int_equal(leaves, first.leaves);
    assert_int_equal(fixture_count(f, "stamps", "0"), 2 * STORE_STAMP_PIECES);
    verifies(f, 2);
    fixture_whole(f);
    /* The same authority over a later checkpoint is one. */
    (void)stamped(f, east, IN_2026 + 100);
    look(f, &x);
    assert_int_equal(store_stamps_newest(&x, &leaves), 1);
    assert_true(leaves > second.leaf);
}

static void after_the_certificate(void **state)
{
    struct fixture *f = *state;
    OWN(store_stamps_release) struct store_stamps x = {0};
    struct store_stamp old = stamped(f, brief, IN_2001 + 5);
    assert_int_equal(old.until_unix_s, IN_2002);
    verifies(f, 1); /* it expired long ago */
    look(f, &x);
    assert_false(store_stamp_renewed(&x, &x.list[0]));
    (void)stamped(f, east, IN_2026); /* too late to say what was there before it expired */
    look(f, &x);
    assert_false(store_stamp_renewed(&x, &x.list[0]));
    struct store_stamp again = stamped(f, east, IN_2002 - 1); /* with the second that it may have been later */
    look(f, &x);
    assert_true(store_stamp_renewed(&x, &x.list[0]) && again.leaves > old.leaf);
    assert_false(store_stamp_renewed(&x, &x.list[2]));
    assert_true(store_stamp_renewed(&x, &x.list[1]));
    verifies(f, 3);
}

/* By a checkpoint that does not hold its statement nothing is renewed. */
static void not_renewed_by_the_same(void **state)
{
    struct fixture *f = *state;
    OWN(question_drop) struct question a = {0}, b = {0};
    OWN(store_stamps_release) struct store_stamps x = {0};
    struct store_stamp stamp;
    question_ask(f, &a);
    question_ask(f, &b);
    question_answer(&a, brief, IN_2001 + 5);
    question_answer(&b, east, IN_2001 + 6);
    assert_int_equal(question_take(f, &a, &stamp), 0);
    assert_int_equal(question_take(f, &b, &stamp), 0);
    look(f, &x);
    assert_false(store_stamp_renewed(&x, &x.list[0]));
}

/* ---- files ---- */

static void files_that_rot(void **state)
{
    static const char *const pieces[] = {"statement", "tsr", "pem", "checkpoint"};
    struct fixture *f = *state;
    OWN(store_stamps_release) struct store_stamps x = {0};
    struct store_stamp stamp = stamped(f, west, IN_2026);
    fixture_keep(f, "good");
    for (size_t i = 0; i < COUNT(pieces); i++)
        for (int how = 0; how < 4; how++) {
            struct file_path name;
            OWN(buf_drop) struct buf before = {0}, after = {0};
            fixture_back(f, "good");
            assert_int_equal(
                file_path(&name, NULL, "stamps/%09llu.%s", (unsigned long long)stamp.leaf, pieces[i]), 0);
            fixture_get(f, name.s, &before);
            if (how == 0)
                fixture_flip(f, name.s, (int64_t)(before.n / 2));
            else if (how == 1)
                fixture_cut(f, name.s, 1);
            else if (how == 2)
                fixture_append(f, name.s, bytes_text("\n"));
            else
                fixture_remove(f, name.s);
            assert_int_equal(fixture_verify(f, STORE_PUBLIC), ERR_DAMAGED);
            assert_non_null(strstr(buf_text(&f->lines), name.s));
            assert_int_equal(f->verified.findings, 1);
            look(f, &x);
            assert_int_equal(x.count, i > 0); /* the statement's alone is asked */
            if (how != 0)
                continue;
            assert_int_equal(fixture_repair(f), 0);
            assert_non_null(strstr(buf_text(&f->words), name.s));
            fixture_get(f, name.s, &after);
            assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
            verifies(f, 1);
        }
}

/* What no leaf of the log holds is no stamp, and no damage. */
static void strays(void **state)
{
    static const char *const others[] = {"000000001", "000000003", "000999999", "9", "0000000001", "00000000x"};
    struct fixture *f = *state;
    OWN(store_stamps_release) struct store_stamps x = {0};
    OWN(buf_drop) struct buf note = {0};
    struct store_stamp stamp = stamped(f, east, IN_2026);
    struct file_path name;
    assert_int_equal(file_path(&name, NULL, "stamps/%09llu.statement", (unsigned long long)stamp.leaf), 0);
    fixture_get(f, name.s, &note);
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_int_equal(file_path(&name, NULL, "stamps/%s.statement", others[i]), 0);
        fixture_put(f, name.s, buf_bytes(&note));
    }
    look(f, &x);
    assert_int_equal(x.count, 1);
    verifies(f, 1);
}

/* A repository out of its records alone, as a mirror gives them. */
static void made_again(void **state)
{
    struct fixture *f = *state;
    OWN(store_stamps_release) struct store_stamps x = {0};
    (void)stamped(f, east, IN_2026);
    fixture_remove(f, "stamps");
    look(f, &x);
    assert_int_equal(x.count, 0);
    assert_int_equal(fixture_verify(f, STORE_PUBLIC), ERR_DAMAGED);
    assert_int_equal(fixture_repair(f), 0);
    look(f, &x);
    assert_int_equal(x.count, 1);
    verifies(f, 1);
}

/* ---- statements that lie; whoever holds the member's keys can sign them ---- */

static void lies(struct fixture *f, struct store *s, uint64_t leaf, const struct statement_timestamped *t,
                 const char *words)
{
    struct store_stamp got;
    struct err e = {0};
    assert_int_equal(store_stamp_check(s, leaf, t, &got, &e), ERR_DAMAGED);
    if (strstr(e.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e.text, words);
}

static void what_it_says(void **state)
{
    static const char other[] = "something else";
    struct fixture *f = *state;
    OWN(buf_drop) struct buf note = {0}, longer = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct store_stamp stamp = stamped(f, east, IN_2026), got;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    struct statement st;
    struct file_path name;
    assert_int_equal(file_path(&name, NULL, "stamps/%09llu.statement", (unsigned long long)stamp.leaf), 0);
    fixture_get(f, name.s, &note);
    assert_int_equal(store_public_read(&s->history, stamp.leaf, buf_bytes(&note), &held, &st, NULL), 0);
    const struct statement_timestamped good = st.timestamped;
    struct statement_timestamped t = good;
    assert_int_equal(store_stamp_check(s, stamp.leaf, &t, &got, NULL), 0);
    assert_int_equal(store_stamp_check(s, t.leaves, &t, &got, NULL), 0);
    lies(f, s, t.leaves - 1, &t, "not the earlier one"); /* it holds itself */
    t.authority.b[0] ^= 1;
    lies(f, s, stamp.leaf, &t, "something else than the statement says");
    t = good;
    t.pinned.b[31] ^= 1;
    lies(f, s, stamp.leaf, &t, "something else than the statement says");
    t = good;
    t.stamped_unix_s--;
    lies(f, s, stamp.leaf, &t, "something else than the statement says");
    t = good;
    t.accuracy_us++;
    lies(f, s, stamp.leaf, &t, "something else than the statement says");
    t = good;
    t.policy = "1.2.3";
    lies(f, s, stamp.leaf, &t, "something else than the statement says");
    t = good;
    t.checkpoint = other;
    lies(f, s, stamp.leaf, &t, "over something else than the checkpoint");
    t = good;
    t.leaves++;
    lies(f, s, stamp.leaf, &t, "not the earlier one");
    t = good;
    t.root.b[5] ^= 1;
    lies(f, s, stamp.leaf, &t, "not the earlier one");
    t = good;
    buf_put_text(&longer, good.chain);
    authority_chain(west, &longer);
    t.chain = buf_text(&longer);
    lies(f, s, stamp.leaf, &t, "something else than the statement says");
    t.chain = other;
    lies(f, s, stamp.leaf, &t, "the root must be among them");
}

/* On the log, under the member's signature, and told all the same. */
static void on_the_log(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf note = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct store_stamp stamp = stamped(f, east, IN_2026);
    OWN(store_stamps_release) struct store_stamps x = {0};
    struct statement st;
    struct file_path name;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(file_path(&name, NULL, "stamps/%09llu.statement", (unsigned long long)stamp.leaf), 0);
    fixture_get(f, name.s, &note);
    assert_int_equal(store_public_read(&s->history, stamp.leaf, buf_bytes(&note), &held, &st, NULL), 0);
    st.timestamped.stamped_unix_s -= 1000;
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    s->draft.stamped = &st.timestamped;
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(s);
    fixture_says(f, fixture_verify(f, STORE_PUBLIC), ERR_DAMAGED, "1 findings", NULL);
    assert_non_null(strstr(buf_text(&f->lines), "time-stamp: the time-stamp says something else than the statement"));
    look(f, &x);
    assert_int_equal(x.count, 1); /* and it counts for nothing */
}

/* ---- a crash at every third effect of taking it to the log ---- */

static void killed(void **state)
{
    struct fixture *f = *state;
    OWN(question_drop) struct question q = {0};
    struct store_stamp stamp;
    question_ask(f, &q);
    question_answer(&q, east, IN_2026);
    fixture_keep(f, "asked");
    unsigned effects = 0, before = 0, after = 0;
    for (unsigned at = 0; at <= effects; at += 3) { /* at first nothing fails */
        OWN(store_stamps_release) struct store_stamps x = {0};
        fixture_back(f, "asked");
        struct store *s = fixture_open(f, STORE_WRITE);
        OWN(buf_drop) struct buf name = {0};
        fixture_calm();
        if (at > 0)
            fixture_die_at(at);
        (void)store_stamp_take(s, buf_bytes(&q.response), buf_bytes(&q.chain), &stamp, &name, NULL);
        effects = at == 0 ? fixture_effects() : effects;
        fixture_calm();
        store_close(s);
        says(f, "what was interrupted is finished");
        look(f, &x);
        verifies(f, x.count);
        before += x.count == 0;
        after += x.count == 1;
        if (x.count == 0) {
            assert_int_equal(question_take(f, &q, &stamp), 0); /* it waits still */
            verifies(f, 1);
        }
    }
    assert_true(before > 3 && after > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(two_authorities),
        FIXTURE_TEST(after_the_certificate),
        FIXTURE_TEST(not_renewed_by_the_same),
        FIXTURE_TEST(files_that_rot),
        FIXTURE_TEST(strays),
        FIXTURE_TEST(made_again),
        FIXTURE_TEST(what_it_says),
        FIXTURE_TEST(on_the_log),
        FIXTURE_TEST(killed),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
