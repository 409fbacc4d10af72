#include "fixture.h"

static struct store *begin(struct fixture *f)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    return s;
}

static struct statement note(const char *text)
{
    return (struct statement){.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {.text = text}};
}

static void added(struct fixture *f, struct store *s, struct statement *st)
{
    if (store_add(s, st, NULL, NULL, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

/* ---- numbering ---- */

static void test_leaves_and_places_go_on(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement_place expected = {.seq = 1};
    struct store_facts facts;
    uint64_t noted[12];
    store_facts(s, &facts);
    uint64_t next = facts.position.leaves;
    for (unsigned i = 0; i < COUNT(noted); i++) {
        struct statement st = note("one of several");
        if (i % 3 == 0)
            assert_int_equal(store_draft_begin(s, &f->e), 0);
        assert_int_equal(store_draft_leaves(s), i % 3);
        assert_int_equal(store_add(s, &st, &noted[i], NULL, &f->e), 0);
        assert_int_equal(noted[i], next++);
        assert_int_equal(st.place.seq, 1 + i);
        if (i % 3 == 2)
            assert_int_equal(store_commit(s, &f->e), 0);
    }
    for (unsigned i = 0; i < COUNT(noted); i++) {
        struct statement st;
        uint8_t entry[LEDGER_ENTRY];
        assert_int_equal(store_statement(s, noted[i], &held, &st, &f->e), 0);
        assert_int_equal(st.kind, STATEMENT_NOTE);
        assert_string_equal(st.note.text, "one of several");
        assert_int_equal(st.place.seq, expected.seq++);
        if (i > 0)
            assert_memory_equal(&st.place.prev, &expected.prev, sizeof expected.prev);
        assert_int_equal(ledger_entry(store_ledger(s), noted[i], entry, &f->e), 0);
        memcpy(expected.prev.b, entry + 1, CRYPT_HASH);
    }
}

static void test_empty_draft_commits_nothing(void **state)
{
    struct fixture *f = *state;
    struct ledger_position before = fixture_where(f, STORE_PUBLIC);
    struct store *s = begin(f);
    fixture_calm();
    assert_int_equal(store_commit(s, &f->e), 0);
    assert_int_equal(fixture_effects(), 0);
    assert_int_equal(fixture_note(s, "and it goes on", &f->e), 0);
    store_close(s);
    assert_int_equal(fixture_where(f, STORE_PUBLIC).records, before.records + 1);
}

/* ---- refusals ---- */

struct bad {
    const char *word; /* of the line */
    struct statement st;
};
static char long_text[STATEMENT_TEXT_MAX + 2];

static void refuse_each(struct fixture *f, struct store *s, const struct bad *bad, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct statement st = bad[i].st;
        uint64_t leaves = store_draft_leaves(s), bytes = s->draft.arena.n;
        st.at_unix_s = 1;
        fixture_says(f, store_add(s, &st, NULL, NULL, &f->e), ERR_REFUSED, bad[i].word, NULL);
        assert_int_equal(store_draft_leaves(s), leaves);
        assert_int_equal(s->draft.arena.n, bytes);
    }
}

static void test_what_breaks_a_rule_never_enters(void **state)
{
    struct fixture *f = *state;
    static struct statement_refused reasons[] = {{{(const uint8_t *)"a", 1}, "dislike", 0}};
    static struct statement_range ranges[] = {{5, 4}};
    const struct bytes up = bytes_text("../up"), whole = bytes_text("/root"), none = bytes_text(""),
                       link = bytes_text("link");
    struct statement_totals uneven = {.seen = {2, 10}, .taken = {1, 10}};
    struct statement_totals uneven_bytes = {.seen = {1, 11}, .taken = {1, 10}};
    memset(long_text, 'x', sizeof long_text - 1);
    const struct bad bad[] = {
        {"text-length", {.kind = STATEMENT_NOTE, .note = {.text = ""}}},
        {"text-length", {.kind = STATEMENT_NOTE, .note = {.text = long_text}}},
        {"text-form", {.kind = STATEMENT_NOTE, .note = {.text = "\xff\xfe"}}},
        {"text-length", {.kind = STATEMENT_SET_ASIDE, .set_aside = {1, ""}}},
        {"refusal-reason", {.kind = STATEMENT_PART, .part = {.refused = reasons, .refused_count = 1}}},
        {"range-order", {.kind = STATEMENT_PART, .part = {.already = ranges, .already_count = 1}}},
        {"receipt-sums", {.kind = STATEMENT_RECEIPT, .receipt = {.number = 1, .parts = 1, .totals = uneven}}},
        {"receipt-sums", {.kind = STATEMENT_RECEIPT, .receipt = {.number = 1, .parts = 1, .totals = uneven_bytes}}},
        {"path-form", {.kind = STATEMENT_RECEIVED, .received = {.type = STATEMENT_FOLDER, .path = up}}},
        {"path-form", {.kind = STATEMENT_RECEIVED, .received = {.type = STATEMENT_FOLDER, .path = whole}}},
        {"path-length", {.kind = STATEMENT_RECEIVED, .received = {.type = STATEMENT_FOLDER, .path = none}}},
        {"link-target", {.kind = STATEMENT_RECEIVED, .received = {.type = STATEMENT_LINK, .path = link}}},
        {"rule investigation", {.kind = STATEMENT_INVESTIGATION, .investigation = {.name = "main"}}},
    };
    struct statement good = note("good");
    struct store *s = begin(f);
    refuse_each(f, s, bad, COUNT(bad));
    added(f, s, &good);
    refuse_each(f, s, bad, COUNT(bad));
    long_text[STATEMENT_TEXT_MAX] = 0; /* the longest that may be said */
    good = note(long_text);
    added(f, s, &good);
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(s);
    assert_int_equal(fixture_sums(f).notes, 2);
    fixture_whole(f);
}

/* A file whose statement is refused leaves neither bytes nor the memory of them. */
static void test_refused_file_is_forgotten(void **state)
{
    struct fixture *f = *state;
    const struct thing bad = {"/absolute", 't', 3000, 7}, good = {"relative", 't', 3000, 7};
    struct bytes paths[1] = {bytes_text("papers")};
    struct statement deposit = {
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = paths, .path_count = 1}};
    struct store *s = begin(f);
    uint64_t leaf;
    bool duplicate = true;
    assert_int_equal(store_add(s, &deposit, &leaf, NULL, &f->e), 0);
    fixture_says(f, fixture_receive(s, &bad, leaf, 0, NULL, &f->e), ERR_REFUSED, "path-form", NULL);
    assert_int_equal(fixture_receive(s, &good, leaf, 0, &duplicate, &f->e), 0);
    assert_false(duplicate);
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(s);
    assert_int_equal(fixture_sums(f).items, 1);
    fixture_whole(f);
}

static void test_refused_investigation_takes_no_place(void **state)
{
    struct fixture *f = *state;
    struct statement st = {.kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.giver = "\xff"}};
    struct statement good = note("good");
    struct store *s = begin(f);
    assert_int_equal(store_add(s, &st, NULL, NULL, &f->e), ERR_REFUSED);
    assert_false(s->draft.placed);
    added(f, s, &good);
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(s);
    fixture_whole(f);
}

/* ---- duplicates ---- */

static void take_one(struct fixture *f, struct store *s, const struct thing *t, bool expected)
{
    struct bytes paths[1] = {bytes_text("papers")};
    struct statement deposit = {
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = paths, .path_count = 1}};
    uint64_t leaf;
    bool duplicate = !expected;
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(store_add(s, &deposit, &leaf, NULL, &f->e), 0);
    assert_int_equal(fixture_receive(s, t, leaf, 0, &duplicate, &f->e), 0);
    assert_int_equal(duplicate, expected);
}

static void test_duplicates_of_the_living(void **state)
{
    struct fixture *f = *state;
    const struct thing one[] = {{"one", 't', 500, 1}}, other = {"other", 't', 500, 2}, same = {"same", 't', 500, 1};
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "a giver", one, 1, &f->e), 0);
    take_one(f, s, &same, true);
    take_one(f, s, &other, false);
    bool duplicate = false;
    assert_int_equal(fixture_receive(s, &other, s->draft.first_leaf, 1, &duplicate, &f->e), 0);
    assert_true(duplicate); /* of the same draft */
    store_draft_drop(s);
    assert_int_equal(fixture_set_aside(s, 1, &f->e), 0);
    take_one(f, s, &same, false);
}

/* ---- what is borrowed, and what is dropped ---- */

/* The index after the commit is made from the draft's own copies: it must be what a walk over the journal makes. */
static void test_borrowed_is_copied(void **state)
{
    struct fixture *f = *state;
    char text[32] = "a remark", giver[32] = "a giver", path[32] = "papers", reason[8] = "fifo", name[16] = "pipe";
    struct bytes paths[1] = {bytes_text(path)};
    struct statement_refused refused[1] = {{bytes_text(name), reason, 3}};
    struct statement_range already[1] = {{0, 0}};
    struct statement deposit = {.kind = STATEMENT_DEPOSIT,
                                .at_unix_s = 1,
                                .deposit = {.giver = giver, .note = text, .paths = paths, .path_count = 1}};
    struct statement part = {.kind = STATEMENT_PART,
                             .at_unix_s = 1,
                             .part = {.refused = refused, .refused_count = 1, .already = already, .already_count = 1}};
    struct statement link = {.kind = STATEMENT_RECEIVED,
                             .received = {
                                 .type = STATEMENT_LINK, .path = bytes_text(path), .target = bytes_text(name)}};
    struct statement remark = note(text);
    struct store *s = begin(f);
    assert_int_equal(store_add(s, &deposit, &part.part.deposit, NULL, &f->e), 0);
    link.received.deposit = part.part.deposit;
    assert_int_equal(store_add(s, &link, &already[0].first, NULL, &f->e), 0);
    already[0].last = already[0].first;
    added(f, s, &part);
    added(f, s, &remark);
    memset(text, 'X', sizeof text), memset(giver, 'X', sizeof giver), memset(path, 'X', sizeof path);
    memset(reason, 'X', sizeof reason), memset(name, 'X', sizeof name);
    memset(paths, 0x58, sizeof paths), memset(refused, 0x58, sizeof refused), memset(already, 0x58, sizeof already);
    assert_int_equal(store_commit(s, &f->e), 0);
    store_close(s);
    fixture_whole(f);
}

static void test_dropped_draft_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    const struct thing lost[] = {{"lost.bin", 'r', 60000, 30}, {"lost.txt", 't', 9000, 31}};
    const struct thing kept[] = {{"kept.bin", 'r', 60000, 30}, {"kept.txt", 't', 200, 32}};
    struct store *s = fixture_open(f, STORE_WRITE);
    for (int round = 0; round < 3; round++) {
        take_one(f, s, &lost[0], round > 0);
        assert_int_equal(fixture_receive(s, &lost[1], s->draft.first_leaf, 1, NULL, &f->e), 0);
        if (round != 2)
            store_draft_drop(s);
        if (round == 1)
            assert_int_equal(fixture_note(s, "between", &f->e), 0);
        if (round == 0)
            assert_int_equal(fixture_intake(s, NULL, kept, COUNT(kept), &f->e), 0);
    }
    assert_int_equal(fixture_note(s, "a new draft drops the old one", &f->e), 0);
    store_close(s);
    assert_int_equal(fixture_sums(f).items, 2);
    fixture_whole(f);
}

static void test_draft_grows(void **state)
{
    struct fixture *f = *state;
    enum { FILES = 1100 };
    struct bytes paths[1] = {bytes_text("many")};
    struct statement deposit = {
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = paths, .path_count = 1}};
    struct store *s = begin(f);
    uint64_t leaf, bytes = store_draft_bytes(s);
    assert_int_equal(store_add(s, &deposit, &leaf, NULL, &f->e), 0);
    for (unsigned i = 0; i < FILES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "many/%u", i);
        struct thing t = {name, 't', 20, i % (FILES / 2)};
        bool duplicate;
        assert_int_equal(fixture_receive(s, &t, leaf, i, &duplicate, &f->e), 0);
        assert_int_equal(duplicate, i >= FILES / 2);
        assert_true(store_draft_bytes(s) > bytes);
        bytes = store_draft_bytes(s);
    }
    assert_int_equal(store_draft_leaves(s), FILES + 1);
    assert_int_equal(store_commit(s, &f->e), 0);
    assert_int_equal(store_draft_leaves(s), 0);
    store_close(s);
    assert_int_equal(fixture_sums(f).items, FILES);
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_leaves_and_places_go_on),
        FIXTURE_TEST(test_empty_draft_commits_nothing),
        FIXTURE_TEST(test_what_breaks_a_rule_never_enters),
        FIXTURE_TEST(test_refused_file_is_forgotten),
        FIXTURE_TEST(test_refused_investigation_takes_no_place),
        FIXTURE_TEST(test_duplicates_of_the_living),
        FIXTURE_TEST(test_borrowed_is_copied),
        FIXTURE_TEST(test_dropped_draft_leaves_nothing),
        FIXTURE_TEST(test_draft_grows),
    };
    return FIXTURE_RUN(tests);
}
