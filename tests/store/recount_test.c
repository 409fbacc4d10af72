/* A receipt must say what its deposit holds, whoever signed it. */
#include "fixture.h"

static const struct thing things[] = {{"papers", 'd', 0, 0},
                                      {"papers/one", 't', 300, 1},
                                      {"papers/one again", 't', 300, 1},
                                      {"papers/two", 'r', 7000, 2},
                                      {"papers/way", 'l', 0, 0}};

static void add(struct store *s, struct statement *st, uint64_t *ret_leaf)
{
    struct err e = {0};
    if (store_add(s, st, ret_leaf, NULL, &e) != 0)
        fail_msg("%s", e.text);
}

/* The deposit of the things above, further names of the second, refusals, and earlier items seen again. */
struct told {
    struct statement_totals totals;
    uint64_t items_from, parts, skipped;
    struct statement_range again;
};

static void tell(struct fixture *f, const struct told *t)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    struct bytes path = bytes_text("papers");
    struct statement st = {.kind = STATEMENT_DEPOSIT, .deposit = {.paths = &path, .path_count = 1}};
    struct statement_refused refused[2] = {{bytes_text("papers/pipe"), "fifo", 0},
                                           {bytes_text("papers/film"), "changed", 5000}};
    struct statement_range again = t->again;
    uint64_t deposit = 0, seq = t->items_from;
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    add(s, &st, &deposit);
    for (size_t i = 0; i < COUNT(things); i++)
        if (fixture_receive(s, &things[i], deposit, seq++, NULL, &f->e) != 0)
            fail_msg("%s", f->e.text);
    st = (struct statement){.kind = STATEMENT_RECEIVED,
                            .received = {.deposit = deposit,
                                         .seq = seq + t->skipped,
                                         .further_name = true,
                                         .of = deposit + 2,
                                         .path = bytes_text("papers/one too")}};
    add(s, &st, NULL);
    st = (struct statement){.kind = STATEMENT_PART,
                            .part = {.deposit = deposit,
                                     .part = t->parts,
                                     .refused = refused,
                                     .refused_count = 2,
                                     .already = &again,
                                     .already_count = again.last > 0}};
    add(s, &st, NULL);
    struct index_sums sums;
    assert_int_equal(index_sums(store_index(s), &sums, &f->e), 0);
    st = (struct statement){
        .kind = STATEMENT_RECEIPT,
        .receipt = {.deposit = deposit, .number = sums.next_receipt, .parts = 1, .totals = t->totals}};
    add(s, &st, NULL);
    if (store_commit(s, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static const struct statement_totals right = {.seen = {7, 12900},
                                              .taken = {4, 7600},
                                              .duplicate = {1, 300},
                                              .refused = {2, 5000},
                                              .names = {1, 300},
                                              .folders_taken = 1};

static bool lies(struct fixture *f, const struct told *t, const char *words)
{
    fixture_back(f, "founded");
    tell(f, t);
    assert_int_equal(fixture_verify(f, STORE_PUBLIC), 0); /* sums are not the public's to see */
    int rc = fixture_verify(f, STORE_READ);
    bool found = words != NULL && f->lines.n > 0 && strstr(buf_text(&f->lines), words) != NULL;
    if (words == NULL ? rc != 0 : rc != ERR_DAMAGED || !found)
        fail_msg("%d, not \"%s\": %s", rc, words, buf_text(&f->lines));
    return true;
}

static void test_right_sums(void **state)
{
    struct fixture *f = *state;
    struct told t = {.totals = right};
    assert_true(lies(f, &t, NULL));
    fixture_whole(f);
}

static void test_each_wrong_sum(void **state)
{
    struct fixture *f = *state;
    struct told t;
    t = (struct told){.totals = right}; /* one file less, and none of its bytes */
    t.totals.taken.files--, t.totals.seen.files--;
    lies(f, &t, "the receipt does not agree with the items of its deposit");
    t = (struct told){.totals = right};
    t.totals.taken.bytes++, t.totals.seen.bytes++;
    lies(f, &t, "the receipt does not agree with the items of its deposit");
    t = (struct told){.totals = right};
    t.totals.folders_taken++;
    lies(f, &t, "the receipt does not agree with the items of its deposit");
    t = (struct told){.totals = right};
    t.totals.names.bytes++;
    lies(f, &t, "the receipt does not agree with the further names of its deposit");
    t = (struct told){.totals = right};
    t.totals.refused.bytes--, t.totals.seen.bytes--;
    lies(f, &t, "the receipt does not agree with what its deposit refused");
    t = (struct told){.totals = right};
    t.totals.already.files++, t.totals.seen.files++;
    lies(f, &t, "the receipt does not agree with what its deposit saw again");
    t = (struct told){.totals = right};
    t.totals.folders_already++;
    lies(f, &t, "the receipt does not agree with what its deposit saw again");
    t = (struct told){.totals = right}; /* the same sum, by another division */
    t.totals.taken.bytes += 300, t.totals.taken.files++;
    t.totals.duplicate = (struct statement_sum){0};
    lies(f, &t, "the receipt does not agree with the duplicates of its deposit");
}

static void test_gaps(void **state)
{
    struct fixture *f = *state;
    struct told t = {.totals = right, .skipped = 1};
    lies(f, &t, "its number does not follow in its deposit");
    t = (struct told){.totals = right, .items_from = 1};
    lies(f, &t, "its number does not follow in its deposit");
    t = (struct told){.totals = right, .again = {1, 1}}; /* the keyring's leaf */
    lies(f, &t, "it names a leaf that is no item as seen again");
}

static int keep_leaf(void *context, const struct index_item *item, struct err *e)
{
    *(uint64_t *)context = item->leaf;
    return 0;
}

static void test_seen_again(void **state)
{
    struct fixture *f = *state;
    struct told first = {.totals = right};
    uint64_t papers = UINT64_MAX;
    fixture_back(f, "founded");
    tell(f, &first);
    struct store *s = fixture_open(f, STORE_READ);
    assert_int_equal(index_item_by_path(store_index(s), bytes_text("papers"), keep_leaf, &papers, NULL), 0);
    store_close(s);
    assert_true(papers != UINT64_MAX);
    struct told again = {.totals = right, .again = {papers, papers + 5}};
    again.totals.already = (struct statement_sum){5, 300 + 300 + 7000 + 0 + 300};
    again.totals.folders_already = 1;
    again.totals.seen.files += 5, again.totals.seen.bytes += 7900;
    again.totals.taken = (struct statement_sum){2, 300}; /* link and further name; three files are here already */
    again.totals.duplicate = (struct statement_sum){3, 7600};
    tell(f, &again);
    if (fixture_verify(f, STORE_READ) != 0)
        fail_msg("%s", buf_text(&f->lines));
    again.totals.already.bytes--, again.totals.seen.bytes--;
    tell(f, &again);
    assert_int_equal(fixture_verify(f, STORE_READ), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "what its deposit saw again"));
}

static void count_line(void *context, const char *line)
{
    (void)line;
    ++*(unsigned *)context;
}

static unsigned told_of(struct store_recount *c, unsigned *lines, struct statement *st)
{
    *lines = 0;
    assert_int_equal(store_recount_add(c, 20, st, NULL), 0);
    return *lines;
}

/* A record of an access may name more than was accessed, a mark of custody what it is about and nothing else. */
static void test_what_is_named(void **state)
{
    static struct {
        struct statement_range range;
        bool accessed, custody;
    } named[] = {{{2, 3}, true, true},   {{2, 2}, true, true},    {{2, 6}, true, false},  {{1, 2}, true, false},
                 {{3, 4}, true, false},  {{4, 5}, false, false},  {{0, 1}, false, false}, {{7, 19}, false, false},
                 {{6, 19}, true, false}, {{6, 20}, false, false}, {{0, 19}, true, false}, {{2, UINT64_MAX}, false,
                                                                                           false}};
    (void)state;
    unsigned lines = 0;
    struct store_recount c = {.finding = count_line, .context = &lines};
    struct statement st = {.kind = STATEMENT_DEPOSIT};
    assert_int_equal(store_recount_add(&c, 1, &st, NULL), 0);
    static const uint64_t leaf[] = {2, 3, 6};
    for (size_t i = 0; i < COUNT(leaf); i++) {
        st = (struct statement){.kind = STATEMENT_RECEIVED, .received = {.deposit = 1, .seq = i}};
        assert_int_equal(store_recount_add(&c, leaf[i], &st, NULL), 0);
    }
    assert_int_equal(lines, 0);
    for (size_t i = 0; i < COUNT(named); i++) {
        st = (struct statement){.kind = STATEMENT_ACCESSED,
                                .accessed = {.items = &named[i].range, .item_count = 1}};
        assert_int_equal(told_of(&c, &lines, &st), named[i].accessed ? 0 : 1);
        st = (struct statement){.kind = STATEMENT_CUSTODY, .custody = {.items = &named[i].range, .item_count = 1}};
        assert_int_equal(told_of(&c, &lines, &st), named[i].custody ? 0 : 1);
    }
    store_recount_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_right_sums),
        FIXTURE_TEST(test_each_wrong_sum),
        FIXTURE_TEST(test_gaps),
        FIXTURE_TEST(test_seen_again),
        cmocka_unit_test(test_what_is_named),
    };
    return FIXTURE_RUN(tests);
}
