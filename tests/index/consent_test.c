/* What was said of leaves and of persons is found again: against reading all of it, and without reading all of it. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

enum { STATEMENTS = 300, LEAVES = 6 * INDEX_STRETCH, PERSONS = 5, TEXT = 16 };

static const char *const CODES[PERSONS] = {"P-0001", "P-0002", "P-0003", "S-0001", "S-0002"};

/* What was told, statement by statement; the leaf of each is its number from LEAVES on. */
struct said {
    struct statement s;
    struct statement_range items[3];
    const char *codes[PERSONS];
};
struct scene {
    struct chance chance;
    struct said said[STATEMENTS];
    size_t count;
};

static struct statement_range *ranges(struct scene *c, struct said *to, size_t *ret_count)
{
    uint64_t at = chance_below(&c->chance, LEAVES / 2);
    *ret_count = 1 + chance_below(&c->chance, COUNT(to->items));
    for (size_t i = 0; i < *ret_count; i++) {
        to->items[i].first = at;
        to->items[i].last = at + (chance_below(&c->chance, 3) == 0 ? chance_below(&c->chance, 3 * INDEX_STRETCH)
                                                                    : chance_below(&c->chance, 3));
        at = to->items[i].last + 2 + chance_below(&c->chance, 50);
    }
    return to->items;
}

static void persons(struct scene *c, struct said *to, struct statement_persons *ret)
{
    *ret = (struct statement_persons){.codes = to->codes};
    for (size_t i = 0; i < PERSONS; i++)
        if (chance_below(&c->chance, 2) == 0)
            to->codes[ret->count++] = CODES[i];
    if (ret->count == 0)
        to->codes[ret->count++] = CODES[0];
}

/* By three days and, on two of them, a time: days alone are compared. */
static const char *a_date(struct scene *c)
{
    static const char *const dates[] = {"2026-05-01", "2026-05-02T23:00-14:59", "2026-05-02", "2026-05-03T01:00"};
    return dates[chance_below(&c->chance, COUNT(dates))];
}

/* Whose signer was somebody else. */
static bool is_forged(uint64_t leaf)
{
    return leaf % 3 == 0;
}

static int forged(void *context, uint64_t leaf, bool *ret, struct err *e)
{
    (void)context;
    *ret = is_forged(leaf);
    return 0;
}

static void draw_consent(struct scene *c, struct said *one)
{
    struct statement_consent *x = &one->s.consent;
    persons(c, one, &x->persons);
    for (int i = 0; i < CONSENT_SCOPES; i++)
        x->answer[i] = (enum consent_answer)chance_below(&c->chance, CONSENT_WITHDRAWN);
    x->until = chance_below(&c->chance, 2) == 0 ? NULL : "2031-01-31";
    x->by = (enum consent_by)(1 + chance_below(&c->chance, CONSENT_BY_LAST));
    x->date = a_date(c);
}

static void draw_withdrawn(struct scene *c, struct said *one)
{
    struct statement_withdrawn *x = &one->s.withdrawn;
    persons(c, one, &x->persons);
    x->all = chance_below(&c->chance, 4) == 0;
    x->date = a_date(c);
    x->by = (enum consent_by)(1 + chance_below(&c->chance, CONSENT_BY_LAST));
    for (int i = 0; i < CONSENT_SCOPES; i++)
        x->scope[i] = chance_below(&c->chance, 4) == 0;
}

/* The newest hold that stands, to be released; UINT64_MAX: none. */
static uint64_t a_hold(const struct scene *c)
{
    for (size_t i = c->count; i-- > 0;) {
        bool released = c->said[i].s.kind != STATEMENT_HOLD;
        for (size_t k = i; !released && k < c->count; k++)
            released = c->said[k].s.kind == STATEMENT_RELEASED && c->said[k].s.released.hold == LEAVES + i;
        if (!released)
            return LEAVES + i;
    }
    return UINT64_MAX;
}

static void draw(struct scene *c)
{
    struct said *one = &c->said[c->count];
    enum statement_kind kind = (enum statement_kind)(STATEMENT_CONSENT + chance_below(&c->chance, 7));
    if (kind == STATEMENT_RELEASED && a_hold(c) == UINT64_MAX)
        kind = STATEMENT_HOLD;
    if (kind > STATEMENT_RELEASED)
        kind = chance_below(&c->chance, 2) == 0 ? STATEMENT_SEALED : STATEMENT_ACCESSED;
    one->s = (struct statement){.kind = kind};
    if (kind == STATEMENT_CONSENT)
        draw_consent(c, one);
    else if (kind == STATEMENT_WITHDRAWN)
        draw_withdrawn(c, one);
    else if (kind == STATEMENT_CONCERNS) {
        struct statement_concerns *x = &one->s.concerns;
        x->link = (enum consent_link)(1 + chance_below(&c->chance, 3));
        if (x->link != CONSENT_NOBODY)
            persons(c, one, &x->persons);
        x->items = ranges(c, one, &x->item_count);
    } else if (kind == STATEMENT_PROTECTED) {
        struct statement_protected *x = &one->s.protected;
        x->restriction = (enum consent_restriction)chance_below(&c->chance, 3);
        x->level = (enum consent_level)chance_below(&c->chance, 4);
        x->provider = x->restriction == CONSENT_PROVIDER_CONFIDENTIAL ? "S-0003" : NULL;
        x->items = ranges(c, one, &x->item_count);
    } else if (kind == STATEMENT_HOLD) {
        one->s.hold.ground = (enum consent_ground)(1 + chance_below(&c->chance, 4));
        one->s.hold.items = ranges(c, one, &one->s.hold.item_count);
    } else if (kind == STATEMENT_RELEASED)
        one->s.released.hold = a_hold(c);
    else if (kind == STATEMENT_SEALED) {
        one->s.sealed.use.purpose = "accountability";
        one->s.sealed.items_given = ranges(c, one, &one->s.sealed.items_given_count);
    } else {
        one->s.accessed.use.purpose = chance_below(&c->chance, 2) == 0 ? NULL : "accountability";
        one->s.accessed.items = ranges(c, one, &one->s.accessed.item_count);
    }
    c->count++;
}

static bool covers(const struct statement_range *items, size_t count, uint64_t leaf)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].first <= leaf && leaf <= items[i].last)
            return true;
    return false;
}

/* ---- answers as lines, in one order ---- */

struct lines {
    char line[4 * STATEMENTS * PERSONS][80];
    size_t count;
};

static int by_line(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void same_lines(struct lines *a, struct lines *b)
{
    qsort(a->line, a->count, sizeof a->line[0], by_line);
    qsort(b->line, b->count, sizeof b->line[0], by_line);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_string_equal(a->line[i], b->line[i]);
}

#define LINE(l, ...) snprintf((l)->line[(l)->count++], sizeof(l)->line[0], __VA_ARGS__)

static int concern(void *context, const struct index_concern *row, struct err *e)
{
    LINE((struct lines *)context, "concern %llu %s %d", (unsigned long long)row->leaf, row->person, (int)row->link);
    assert_true(row->first <= row->last && row->first / INDEX_STRETCH == row->last / INDEX_STRETCH);
    return 0;
}

static int measure(void *context, const struct index_measure *row, struct err *e)
{
    LINE((struct lines *)context, "measure %llu %d %s %d", (unsigned long long)row->leaf, (int)row->restriction,
         row->provider == NULL ? "-" : row->provider, (int)row->level);
    return 0;
}

static int hold(void *context, const struct index_hold *row, struct err *e)
{
    LINE((struct lines *)context, "hold %llu %d %d %llu", (unsigned long long)row->leaf, (int)row->ground,
         row->released, (unsigned long long)row->released_leaf);
    return 0;
}

static int handed(void *context, const struct statement_range *range, uint64_t leaf, struct err *e)
{
    assert_true(range->first <= range->last);
    LINE((struct lines *)context, "handed %llu", (unsigned long long)leaf);
    return 0;
}

static void expect_hold(const struct scene *c, size_t i, struct lines *to)
{
    unsigned long long released = 0;
    for (size_t k = i; k < c->count; k++)
        if (c->said[k].s.kind == STATEMENT_RELEASED && c->said[k].s.released.hold == LEAVES + i)
            released = LEAVES + k;
    LINE(to, "hold %llu %d %d %llu", (unsigned long long)(LEAVES + i), (int)c->said[i].s.hold.ground, released != 0,
         released);
}

static void expect(const struct scene *c, uint64_t leaf, struct lines *to)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct statement *s = &c->said[i].s;
        unsigned long long at = LEAVES + i;
        if (s->kind == STATEMENT_CONCERNS && covers(s->concerns.items, s->concerns.item_count, leaf)) {
            for (size_t k = 0; k < s->concerns.persons.count; k++)
                LINE(to, "concern %llu %s %d", at, s->concerns.persons.codes[k], (int)s->concerns.link);
            if (s->concerns.link == CONSENT_NOBODY)
                LINE(to, "concern %llu %s %d", at, "", (int)s->concerns.link);
        }
        if (s->kind == STATEMENT_PROTECTED && covers(s->protected.items, s->protected.item_count, leaf))
            LINE(to, "measure %llu %d %s %d", at, (int)s->protected.restriction,
                 s->protected.provider == NULL ? "-" : s->protected.provider, (int)s->protected.level);
        if (s->kind == STATEMENT_HOLD && covers(s->hold.items, s->hold.item_count, leaf))
            expect_hold(c, i, to);
        if (s->kind == STATEMENT_SEALED && covers(s->sealed.items_given, s->sealed.items_given_count, leaf))
            LINE(to, "handed %llu", at);
        if (s->kind == STATEMENT_ACCESSED && s->accessed.use.purpose != NULL &&
            covers(s->accessed.items, s->accessed.item_count, leaf))
            LINE(to, "handed %llu", at);
    }
}

static void by_leaf(const struct scene *c, struct index *x, uint64_t leaf)
{
    static struct lines got, want;
    got.count = want.count = 0;
    assert_int_equal(index_concerns(x, leaf, leaf, concern, &got, NULL), 0);
    assert_int_equal(index_measures(x, leaf, leaf, measure, &got, NULL), 0);
    assert_int_equal(index_holds(x, leaf, leaf, hold, &got, NULL), 0);
    assert_int_equal(index_handed(x, leaf, leaf, handed, &got, NULL), 0);
    expect(c, leaf, &want);
    same_lines(&got, &want);
}

/* What counts of one scope, told again without the rule: a no is forgotten only by what undoes it. */
struct counted {
    struct consent_word word;
    bool own;      /* her own no stands, or nobody's: then not */
    char day[11];  /* of the no that stands */
};

static void count_word(struct counted *x, const struct consent_word *word, const char *date, bool own, bool doubts)
{
    bool yes = word->answer == CONSENT_YES, no = x->word.answer != CONSENT_UNSAID && x->word.answer != CONSENT_YES;
    bool stays = no && ((x->own && !own) || (yes && strncmp(date, x->day, 10) < 0) ||
                        (yes && doubts && is_forged(word->leaf)));
    if (stays)
        return;
    x->word = *word;
    x->word.doubtful = yes && doubts && is_forged(word->leaf);
    x->own = own;
    if (!no || yes || strncmp(date, x->day, 10) > 0) /* of noes the latest day */
        snprintf(x->day, sizeof x->day, "%.10s", date);
}

static void count_all(const struct scene *c, const char *code, uint64_t end, bool doubts,
                      struct counted want[CONSENT_SCOPES])
{
    memset(want, 0, CONSENT_SCOPES * sizeof *want);
    for (size_t i = 0; i < c->count && LEAVES + i < end; i++) {
        const struct statement *s = &c->said[i].s;
        const struct statement_persons *of = s->kind == STATEMENT_CONSENT ? &s->consent.persons : &s->withdrawn.persons;
        enum consent_by by = s->kind == STATEMENT_CONSENT ? s->consent.by : s->withdrawn.by;
        const char *date = s->kind == STATEMENT_CONSENT ? s->consent.date : s->withdrawn.date;
        bool hers = false;
        for (size_t k = 0; (s->kind == STATEMENT_CONSENT || s->kind == STATEMENT_WITHDRAWN) && k < of->count; k++)
            hers = hers || strcmp(of->codes[k], code) == 0;
        for (int scope = 0; hers && scope < CONSENT_SCOPES; scope++) {
            struct consent_word word = {.leaf = LEAVES + i};
            if (s->kind == STATEMENT_CONSENT) {
                word.answer = s->consent.answer[scope];
                word.until = s->consent.until;
            } else if (s->withdrawn.all || s->withdrawn.scope[scope])
                word.answer = CONSENT_WITHDRAWN;
            if (word.answer != CONSENT_UNSAID)
                count_word(&want[scope], &word, date, by == CONSENT_SELF, doubts);
        }
    }
}

static void same_word(const struct consent_word *got, const struct counted *want)
{
    assert_true(got->answer == want->word.answer && got->leaf == want->word.leaf);
    assert_true(got->doubtful == want->word.doubtful);
    assert_true((got->until == NULL) == (want->word.until == NULL));
    if (got->until != NULL)
        assert_string_equal(got->until, want->word.until);
    if (got->answer == CONSENT_UNSAID)
        return;
    assert_true(got->own == want->own);
    assert_int_equal(strncmp(got->date, want->day, 10), 0);
}

static void by_person(const struct scene *c, struct index *x, const char *code)
{
    OWN(buf_drop) struct buf held = {0};
    struct consent_word words[CONSENT_SCOPES];
    struct counted want[CONSENT_SCOPES];
    for (uint64_t end = LEAVES; end <= LEAVES + c->count; end++)
        for (int doubts = 0; doubts < 2; doubts++) {
            const struct index_hearing how = {end, doubts ? forged : NULL, NULL};
            assert_int_equal(index_words(x, code, &how, words, &held, NULL), 0);
            count_all(c, code, end, doubts, want);
            for (int scope = 0; scope < CONSENT_SCOPES; scope++)
                same_word(&words[scope], &want[scope]);
        }
}

struct everyone {
    const struct scene *c;
    size_t told;
};

static int told_word(void *context, const char *person, enum consent_scope scope, const struct consent_word *word,
                     struct err *e)
{
    struct everyone *x = context;
    struct counted want[CONSENT_SCOPES];
    (void)e;
    count_all(x->c, person, UINT64_MAX, true, want);
    assert_true(word->answer != CONSENT_UNSAID);
    same_word(word, &want[scope]);
    x->told++;
    return 0;
}

/* Each person and scope of which anything counts, once. */
static void by_everyone(const struct scene *c, struct index *x)
{
    const struct index_hearing how = {UINT64_MAX, forged, NULL};
    struct everyone all = {c, 0};
    struct counted want[CONSENT_SCOPES];
    size_t count = 0;
    assert_int_equal(index_words_all(x, &how, told_word, &all, NULL), 0);
    for (size_t i = 0; i < PERSONS; i++) {
        count_all(c, CODES[i], UINT64_MAX, true, want);
        for (int scope = 0; scope < CONSENT_SCOPES; scope++)
            count += want[scope].word.answer != CONSENT_UNSAID;
    }
    assert_int_equal(all.told, count);
}

/* What waited is found by its id, and is no investigation. */
static void what_waited(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    const char *codes[] = {"P-0001"};
    struct statement no = {.kind = STATEMENT_WITHDRAWN,
                           .place = {.investigation = {7}, .waited = true},
                           .withdrawn = {.persons = {codes, 1}, .all = true, .date = "2026-05-01"}};
    struct hash commitment;
    struct statement_place place;
    uint64_t leaf = 0;
    uint8_t id[STATEMENT_ID];
    assert_int_equal(index_waited(x, no.place.investigation, &leaf, &commitment, NULL), ERR_ABSENT);
    assert_int_equal(fixture_say(x, 9001, &no, &f->e), 0);
    assert_int_equal(fixture_say(x, 9002, &no, &f->e), 0);
    assert_int_equal(index_waited(x, no.place.investigation, &leaf, &commitment, NULL), 0);
    assert_int_equal(leaf, 9001);
    assert_int_equal(index_place(x, no.place.investigation, &place, NULL), 0);
    assert_int_equal(place.seq, 0);
    assert_int_equal(index_investigation(x, id, NULL), ERR_ABSENT);
}

static void against_reading_all(void **state)
{
    struct fixture *f = *state;
    static struct scene c;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    c = (struct scene){.chance = {41}};
    for (size_t i = 0; i < STATEMENTS; i++) {
        draw(&c);
        assert_int_equal(fixture_say(x, LEAVES + i, &c.said[i].s, &f->e), 0);
    }
    for (int i = 0; i < 400; i++)
        by_leaf(&c, x, chance_below(&c.chance, LEAVES));
    for (uint64_t leaf = INDEX_STRETCH - 3; leaf < INDEX_STRETCH + 3; leaf++)
        by_leaf(&c, x, leaf);
    for (size_t i = 0; i < PERSONS; i++)
        by_person(&c, x, CODES[i]);
    by_person(&c, x, "P-9999");
    by_everyone(&c, x);
}

static int count_row(void *context, const struct index_concern *row, struct err *e)
{
    assert_string_equal(row->person, "P-0002");
    ++*(size_t *)context;
    return 0;
}

static int count_person(void *context, const char *person, struct err *e)
{
    assert_true(consent_code_known(person));
    ++*(size_t *)context;
    return 0;
}

static int stop(void *context, const struct index_hold *row, struct err *e)
{
    ++*(size_t *)context;
    return ERR_STOPPED;
}

static void persons_and_ends(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    const char *one[] = {"P-0002"}, *both[] = {"P-0001", "P-0002"};
    struct statement_range items[] = {{5, 5}, {2000, 2100}};
    struct statement link = {.kind = STATEMENT_CONCERNS, .concerns = {CONSENT_LINKED, {one, 1}, items, 2, NULL}};
    struct statement form = {.kind = STATEMENT_CONSENT, .consent = {.persons = {both, 2}, .date = "2026-05-01"}};
    struct statement held = {.kind = STATEMENT_HOLD, .hold = {CONSENT_OTHER_GROUND, items, 2, "W"}};
    struct statement release = {.kind = STATEMENT_RELEASED, .released = {9003, "W"}};
    struct index_hold got;
    size_t n = 0;
    form.consent.answer[CONSENT_STORE] = CONSENT_YES;
    assert_int_equal(fixture_say(x, 9000, &link, &f->e), 0);
    assert_int_equal(fixture_say(x, 9001, &form, &f->e), 0);
    assert_int_equal(fixture_say(x, 9002, &held, &f->e), 0);
    assert_int_equal(index_concerns_of(x, "P-0002", count_row, &n, &f->e), 0);
    assert_int_equal(n, 3); /* the second range lies in two stretches */
    n = 0;
    assert_int_equal(index_persons(x, count_person, &n, &f->e), 0);
    assert_int_equal(n, 2);
    n = 0;
    assert_int_equal(index_hold_list(x, stop, &n, &f->e), ERR_STOPPED);
    assert_int_equal(index_holds(x, 0, 9000, stop, &n, &f->e), ERR_STOPPED);
    assert_int_equal(n, 2);
    assert_int_equal(index_hold(x, 9002, &got, &f->e), 0);
    assert_true(!got.released && got.ground == CONSENT_OTHER_GROUND);
    assert_int_equal(index_hold(x, 9001, &got, &f->e), ERR_ABSENT);
    assert_int_equal(fixture_say(x, 9003, &release, &f->e), ERR_DAMAGED);
    release.released.hold = 9002;
    assert_int_equal(fixture_say(x, 9003, &release, &f->e), 0);
    assert_int_equal(index_hold(x, 9002, &got, &f->e), 0);
    assert_true(got.released && got.released_leaf == 9003);
    assert_int_equal(fixture_say(x, 9004, &release, &f->e), ERR_DAMAGED);
    n = 0;
    assert_int_equal(index_holds(x, UINT64_MAX, UINT64_MAX, stop, &n, &f->e), 0);
    assert_int_equal(n, 0);
}

/* All leaves that there can be: those before the statement count, and the rest takes no time. */
static void without_an_end(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    struct statement_range all = {0, UINT64_MAX};
    struct statement held = {.kind = STATEMENT_HOLD, .hold = {CONSENT_OTHER_GROUND, &all, 1, "W"}};
    size_t n = 0;
    assert_int_equal(fixture_say(x, 3000, &held, &f->e), 0);
    assert_int_equal(index_holds(x, 2999, 2999, stop, &n, &f->e), ERR_STOPPED);
    assert_int_equal(index_holds(x, 4096, UINT64_MAX, stop, &n, &f->e), 0);
    assert_int_equal(n, 1);
}

static int steps_of(struct index *x, enum index_sql sql)
{
    assert_non_null(x->kept[sql]);
    return sqlite3_stmt_status(x->kept[sql], SQLITE_STMTSTATUS_VM_STEP, 1);
}

static int none(void *context, const struct index_concern *row, struct err *e)
{
    return 0;
}

/* A hundred thousand leaves, each with its own person: what is asked of one is answered from its stretch alone. */
static void nothing_is_scanned(void **state)
{
    struct fixture *f = *state;
    OWN(index_drop) struct index *x = fixture_open(f, INDEX_WRITE);
    OWN(buf_drop) struct buf held = {0};
    enum { MANY = 100000, STEPS_MAX = 20 * INDEX_STRETCH };
    struct consent_word words[CONSENT_SCOPES];
    const struct index_position now = {.records = 1, .leaves = 3 * MANY};
    const struct index_hearing how = {UINT64_MAX, NULL, NULL};
    assert_int_equal(index_begin(x, &f->e), 0);
    for (uint64_t i = 0; i < MANY; i++) {
        char code[TEXT];
        const char *codes[] = {code};
        struct statement_range item = {i, i};
        struct hash commitment = {{1}};
        struct statement link = {.kind = STATEMENT_CONCERNS, .concerns = {CONSENT_LINKED, {codes, 1}, &item, 1, NULL}};
        struct statement form = {.kind = STATEMENT_CONSENT,
                                 .consent = {.persons = {codes, 1}, .date = "2026-05-01"}};
        snprintf(code, sizeof code, "P-%06llu", (unsigned long long)i);
        form.consent.answer[CONSENT_STORE] = CONSENT_YES;
        assert_int_equal(index_statement(x, MANY + 2 * i, &link, 0, 0, 1, &commitment, &f->e), 0);
        assert_int_equal(index_statement(x, MANY + 2 * i + 1, &form, 0, 0, 1, &commitment, &f->e), 0);
    }
    assert_int_equal(index_end(x, &now, &f->e), 0);
    assert_int_equal(index_concerns(x, 77777, 77777, none, NULL, &f->e), 0);
    assert_in_range(steps_of(x, SQL_CONCERNS), 1, STEPS_MAX);
    assert_int_equal(index_words(x, "P-077777", &how, words, &held, &f->e), 0);
    assert_int_equal(words[CONSENT_STORE].leaf, MANY + 2 * 77777 + 1);
    assert_in_range(steps_of(x, SQL_CONSENT_WORDS), 1, 500);
    assert_int_equal(index_concerns_of(x, "P-077777", none, NULL, &f->e), 0);
    assert_in_range(steps_of(x, SQL_CONCERNS_OF), 1, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(against_reading_all, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(persons_and_ends, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_waited, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(without_an_end, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_scanned, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
