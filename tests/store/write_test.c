#include "fixture.h"

/* ---- what ends at any moment ---- */

static const struct thing bundle[] = {{"bundle", 'd', 0, 0},
                                      {"bundle/a.txt", 't', 5000, 10},
                                      {"bundle/b.bin", 'r', 70000, 11},
                                      {"bundle/a again.txt", 't', 5000, 10},
                                      {"bundle/link", 'l', 0, 0}};
static const struct thing filling[] = {{"full/1.bin", 'r', 400000, 20}, {"full/2.bin", 'r', 500000, 21},
                                       {"full/3.bin", 'r', 300000, 22}};

static int act_note(struct store *s, struct err *e)
{
    return fixture_note(s, "what the witness said", e);
}

static int act_intake(struct store *s, struct err *e)
{
    return fixture_intake(s, "a giver", bundle, COUNT(bundle), e);
}

/* Seals a pack: copy b of it is removed, and the next one begins. */
static int act_seal(struct store *s, struct err *e)
{
    return fixture_intake(s, NULL, filling, COUNT(filling), e);
}

static int act_set_aside(struct store *s, struct err *e)
{
    return fixture_set_aside(s, 1, e);
}

/*
 * The process ends at each of the effects of an act, from its opening on.  What the next opening finds is the record or
 * its absence, never less than what was promised; everything verifies; and the act can be done again.
 */
static void end_anywhere(struct fixture *f, int (*act)(struct store *s, struct err *e), unsigned step, unsigned *ret)
{
    fixture_keep(f, "before");
    struct ledger_position before = fixture_where(f, STORE_PUBLIC);
    unsigned done = 0, lost = 0, at = 1;
    for (int rc = -1; rc != 0; at += step) {
        fixture_back(f, "before");
        struct store *s = fixture_open(f, STORE_WRITE);
        fixture_die_at(at);
        rc = act(s, &f->e);
        if (rc != 0) /* nothing further is written by this process, on whatever grounds */
            assert_int_equal(fixture_note(s, "later", &f->e), ERR_IO);
        bool ended = fixture_effects() >= at;
        store_close(s);
        fixture_calm();
        struct ledger_position after = fixture_where(f, STORE_WRITE);
        if (after.records == before.records)
            lost++;
        else
            assert_int_equal(after.records, before.records + 1);
        assert_true(rc != 0 || after.records == before.records + 1);
        done += rc == 0 && ended; /* committed, and what follows from it was cut off */
        fixture_whole(f);
        if (rc == 0 && !ended)
            break;
        rc = -1;
        if (after.records == before.records) {
            s = fixture_open(f, STORE_WRITE);
            if (act(s, &f->e) != 0)
                fail_msg("%s", f->e.text);
            store_close(s);
        }
        assert_int_equal(fixture_where(f, STORE_READ).records, before.records + 1);
    }
    assert_true(lost > 0 && done > 0);
    *ret = at;
}

static void test_note_ends_anywhere(void **state)
{
    unsigned effects;
    fixture_fill(*state);
    end_anywhere(*state, act_note, 1, &effects);
    assert_true(effects > 20);
}

static void test_intake_ends_anywhere(void **state)
{
    unsigned effects;
    end_anywhere(*state, act_intake, 2, &effects);
}

static void test_sealing_ends_anywhere(void **state)
{
    unsigned effects;
    fixture_fill(*state);
    end_anywhere(*state, act_seal, 5, &effects);
}

static void test_set_aside_ends_anywhere(void **state)
{
    unsigned effects;
    fixture_fill(*state);
    end_anywhere(*state, act_set_aside, 3, &effects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_note_ends_anywhere),
        FIXTURE_TEST(test_intake_ends_anywhere),
        FIXTURE_TEST(test_sealing_ends_anywhere),
        FIXTURE_TEST(test_set_aside_ends_anywhere),
    };
    return FIXTURE_RUN(tests);
}
