/* Who signed what, read from beside the journal, from the journal, and when one of the two is not as it was. */
#include "fixture.h"

static void sheets(struct fixture *f)
{
    struct store_sheets x;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_sheets_make(s, 2, 3, &x, &f->e), 0);
    assert_int_equal(store_sheets_commit(s, &x, &f->e), 0);
    store_sheets_release(&x);
    store_close(s);
}

static void the_same_both_ways(void **state)
{
    struct fixture *f = *state;
    OWN(history_release) struct history walked = {0};
    sheets(f);
    fixture_fill(f);
    sheets(f);
    struct store *s = fixture_open(f, STORE_READ);
    assert_int_equal(store_history_walk(s, &walked, &f->e), 0);
    assert_int_equal(walked.events, 2);
    assert_int_equal(s->history.events, 2);
    assert_memory_equal(&walked.last, &s->history.last, sizeof walked.last);
    assert_memory_equal(&walked.sheets, &s->history.sheets, sizeof walked.sheets);
    assert_int_equal(store_history_current(s, &f->e), 0);
    store_close(s);
}

/* One copy is damaged: the other serves, verify tells, repair heals.  Both are: the journal serves. */
static void damaged_beside_the_journal(void **state)
{
    struct fixture *f = *state;
    struct store_facts facts;
    sheets(f);
    fixture_flip(f, "a/keys/history/1", 100);
    struct store *s = fixture_open(f, STORE_PUBLIC);
    store_facts(s, &facts);
    assert_non_null(facts.sheets);
    store_close(s);
    assert_int_equal(fixture_verify(f, STORE_PUBLIC), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "history/1 is damaged"));
    assert_int_equal(fixture_repair(f), 0);
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
    fixture_flip(f, "a/keys/history/1", 100);
    fixture_flip(f, "b/keys/history/1", 101);
    s = fixture_open(f, STORE_READ);
    store_facts(s, &facts);
    assert_non_null(facts.sheets);
    store_close(s);
}

static void missing_beside_the_journal(void **state)
{
    struct fixture *f = *state;
    sheets(f);
    fixture_remove(f, "a/keys/history");
    fixture_remove(f, "b/keys/history");
    assert_int_equal(fixture_verify(f, STORE_PUBLIC), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "history/1 is missing"));
    struct store_facts facts;
    struct store *s = fixture_open(f, STORE_PUBLIC);
    store_facts(s, &facts);
    assert_non_null(facts.sheets); /* they are boxed for: the journal is asked */
    store_close(s);
    assert_int_equal(fixture_repair(f), 0);
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
    assert_int_equal(fixture_count(f, "b/keys/history", ""), 1);
    fixture_whole(f);
}

/* An event of another log, or one that nobody committed, is passed over, and swept by the next writer. */
static void an_event_that_no_commit_names(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf event = {0};
    fixture_keep(f, "without");
    sheets(f);
    fixture_get(f, "a/keys/history/1", &event);
    fixture_back(f, "without");
    for (int i = 0; i < 2; i++) {
        struct file_path folder;
        fixture_path(f, i == 0 ? "a/keys/history" : "b/keys/history", &folder);
        assert_int_equal(file_make_folder(folder.s, NULL), 0);
        fixture_put(f, i == 0 ? "a/keys/history/1" : "b/keys/history/1", buf_bytes(&event));
    }
    for (int i = 0; i < 3; i++) {
        struct store *s = fixture_open(f, i < 2 ? STORE_READ : STORE_WRITE);
        assert_int_equal(s->history.events, 0);
        store_close(s);
    }
    assert_false(fixture_there(f, "a/keys/history/1"));
    fixture_fill(f);
    sheets(f);
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(the_same_both_ways), FIXTURE_TEST(damaged_beside_the_journal),
        FIXTURE_TEST(missing_beside_the_journal), FIXTURE_TEST(an_event_that_no_commit_names),
    };
    return FIXTURE_RUN(tests);
}
