/* Numbers without gaps: random histories of several investigations, with statements left out, doubled and exchanged. */
#include "store/store_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/chance.h"

enum { LINES = 3, STATEMENTS = 120 };

struct heard {
    unsigned findings;
    unsigned told;
    uint64_t last[LINES], missing[LINES], gaps[LINES];
};

static void finding(void *context, const char *line)
{
    struct heard *h = context;
    (void)line;
    h->findings++;
}

static void numbered(void *context, const struct store_numbered *n)
{
    struct heard *h = context;
    uint64_t missing = 0;
    unsigned which = n->id[0];
    assert_in_range(which, 0, LINES - 1);
    h->told++;
    h->last[which] = n->last;
    h->missing[which] = n->missing;
    h->gaps[which] = n->gaps;
    for (size_t i = 0; i < n->gaps; i++) {
        assert_true(n->gap[i].first <= n->gap[i].last && n->gap[i].last < n->last);
        assert_true(i == 0 || n->gap[i].first > n->gap[i - 1].last);
        missing += n->gap[i].last - n->gap[i].first + 1;
    }
    assert_true(missing == n->missing);
}

struct said {
    struct statement st;
    uint8_t entry[LEAF_ENTRY];
    unsigned which;
};

static void history(struct chance *c, struct said said[STATEMENTS])
{
    struct statement_place next[LINES] = {{.seq = 0}};
    for (size_t i = 0; i < STATEMENTS; i++) {
        unsigned w = i < LINES ? (unsigned)i : (unsigned)chance_below(c, LINES);
        next[w].investigation[0] = (uint8_t)w;
        said[i] = (struct said){.which = w, .st = {.kind = STATEMENT_NOTE, .place = next[w], .note = {.text = "x"}}};
        if (next[w].seq == 0) {
            said[i].st.kind = STATEMENT_INVESTIGATION;
            said[i].st.investigation.name = "one";
        }
        chance_fill(c, said[i].entry, LEAF_ENTRY);
        next[w].seq++;
        memcpy(next[w].prev.b, said[i].entry + 1, CRYPT_HASH);
    }
}

static struct heard walk(const struct said *said, size_t count, const bool *left_out)
{
    struct heard h = {0};
    struct store_numbering n = {.finding = finding, .context = &h};
    const struct store_watch watch = {.numbered = numbered, .context = &h};
    for (size_t i = 0; i < count; i++)
        if (left_out == NULL || !left_out[i])
            assert_int_equal(store_numbering_take(&n, i, &said[i].st, said[i].entry, NULL), 0);
    store_numbering_tell(&n, &watch);
    store_numbering_release(&n);
    return h;
}

/* What is left out, but at the very end of its investigation, is missing to the number. */
static void left_out_is_missing(void **state)
{
    (void)state;
    struct chance c = {77};
    static struct said said[STATEMENTS];
    for (int round = 0; round < 300; round++) {
        bool out[STATEMENTS] = {false};
        uint64_t expect[LINES] = {0}, last[LINES] = {0};
        history(&c, said);
        assert_int_equal(walk(said, STATEMENTS, NULL).findings, 0);
        for (size_t i = LINES; i < STATEMENTS; i++)
            out[i] = chance_below(&c, 8) == 0;
        for (size_t i = 0; i < STATEMENTS; i++)
            if (!out[i])
                last[said[i].which] = said[i].st.place.seq + 1;
        for (size_t i = 0; i < STATEMENTS; i++)
            expect[said[i].which] += out[i] && said[i].st.place.seq < last[said[i].which];
        struct heard h = walk(said, STATEMENTS, out);
        assert_int_equal(h.told, LINES);
        unsigned gaps = 0;
        for (unsigned w = 0; w < LINES; w++) {
            assert_true(h.last[w] == last[w] && h.missing[w] == expect[w]);
            gaps += (unsigned)h.gaps[w];
        }
        assert_int_equal(h.findings, gaps);
    }
}

/* One said twice, two exchanged, another one before it, a line that nobody named. */
static void what_is_out_of_order_is_found(void **state)
{
    (void)state;
    struct chance c = {78};
    static struct said said[STATEMENTS], bent[STATEMENTS + 1];
    for (int round = 0; round < 300; round++) {
        size_t at = LINES + chance_below(&c, STATEMENTS - LINES), other = LINES + chance_below(&c, STATEMENTS - LINES);
        size_t count = STATEMENTS;
        history(&c, said);
        memcpy(bent, said, sizeof said);
        switch (round % 4) {
        case 0:
            bent[count++] = said[at];
            break;
        case 1:
            if (said[at].which != said[other].which || at == other)
                continue;
            bent[at] = said[other];
            bent[other] = said[at];
            break;
        case 2:
            bent[at].st.place.prev.b[chance_below(&c, CRYPT_HASH)] ^= 1;
            break;
        default:
            bent[at].st.kind = STATEMENT_INVESTIGATION;
            bent[at].st.investigation.name = "again";
        }
        assert_int_not_equal(walk(bent, count, NULL).findings, 0);
    }
}

/* Left out by an erasure: the next one names what is erased, and no more is left out than was erased. */
static void what_is_erased_is_no_gap(void **state)
{
    struct heard h = {0};
    struct store_numbering n = {.finding = finding, .context = &h};
    uint8_t first[LEAF_ENTRY] = {1, 1}, gone[LEAF_ENTRY] = {1, 2}, last[LEAF_ENTRY] = {1, 3};
    struct statement st = {.kind = STATEMENT_INVESTIGATION, .investigation = {.name = "one"}};
    (void)state;
    assert_int_equal(store_numbering_take(&n, 1, &st, first, NULL), 0);
    assert_int_equal(store_numbering_erased(&n, gone, NULL), 0);
    st = (struct statement){.kind = STATEMENT_NOTE, .place = {.seq = 2}, .note = {.text = "x"}};
    memcpy(st.place.prev.b, gone + 1, CRYPT_HASH);
    assert_int_equal(store_numbering_take(&n, 3, &st, last, NULL), 0);
    assert_int_equal(h.findings, 0);
    st.place.seq = 4; /* one was erased, and is accounted for */
    assert_int_equal(store_numbering_take(&n, 5, &st, last, NULL), 0);
    assert_int_equal(h.findings, 1);
    assert_int_equal(store_numbering_erased(&n, first, NULL), 0);
    st.place.seq = 6; /* names another one before it */
    memset(st.place.prev.b, 9, CRYPT_HASH);
    assert_int_equal(store_numbering_take(&n, 7, &st, last, NULL), 0);
    assert_int_equal(h.findings, 2);
    store_numbering_release(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(left_out_is_missing),
                                       cmocka_unit_test(what_is_out_of_order_is_found),
                                       cmocka_unit_test(what_is_erased_is_no_gap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
