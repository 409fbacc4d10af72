/* Consent and protection: what statements leave in the tables, and the questions by leaf and by person. */
#include "index/index_internal.h"

#include "model/terms.h"

#include <assert.h>
#include <stdio.h>

/* ---- taking over ---- */

/* One that writes gives no row. */
static int do_it(struct index_query *q, struct err *e)
{
    int rc = index_row(q, e);
    assert(rc <= 0);
    return rc;
}

/* The part of ${range} that lies in the stretch where ${at} lies. */
static struct statement_range cut(const struct statement_range *range, uint64_t at)
{
    uint64_t last = at | (INDEX_STRETCH - 1);
    return (struct statement_range){at, last < range->last ? last : range->last};
}

/* ${put}, for each range cut where stretches end.  What is not there before the statement is no item: one that names
 * all the leaves that there can be, which only a forged one does, would never come to an end. */
struct cutting {
    struct index *x;
    uint64_t leaf;
    const struct statement *s;
    int (*put)(struct cutting *c, const struct statement_range *piece, struct err *e);
};

static int cut_all(struct cutting *c, const struct statement_range *items, size_t count, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        for (uint64_t at = items[i].first; rc == 0 && at <= items[i].last && at < c->leaf;) {
            struct statement_range piece = cut(&items[i], at);
            rc = c->put(c, &piece, e);
            at = piece.last + 1;
        }
    return rc;
}

static int consent_add(struct index *x, const char *person, int scope, const struct consent_word *word, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_CONSENT_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_text(&q, person);
    index_put_u64(&q, (uint64_t)scope);
    index_put_u64(&q, word->leaf);
    index_put_u64(&q, word->answer);
    index_put_text(&q, word->until);
    index_put_u64(&q, word->own);
    index_put_text(&q, word->date);
    return do_it(&q, e);
}

static int take_words(struct index *x, uint64_t leaf, const struct statement *s, struct err *e)
{
    const struct statement_persons *persons = terms_words(s);
    struct consent_word word;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < persons->count; i++)
        for (int scope = 0; rc == 0 && scope < CONSENT_SCOPES; scope++)
            if (terms_word(s, (enum consent_scope)scope, leaf, &word))
                rc = consent_add(x, persons->codes[i], scope, &word, e);
    return rc;
}

static int concern_put(struct cutting *c, const struct statement_range *piece, struct err *e)
{
    const struct statement_concerns *says = &c->s->concerns;
    size_t persons = says->link == CONSENT_NOBODY ? 1 : says->persons.count;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < persons; i++) {
        OWN(index_query_drop) struct index_query q = {0};
        rc = index_ask(c->x, SQL_CONCERN_ADD, &q, e);
        if (rc != 0)
            return rc;
        index_put_u64(&q, piece->first);
        index_put_u64(&q, c->leaf);
        index_put_u64(&q, i);
        index_put_u64(&q, piece->last);
        index_put_text(&q, says->link == CONSENT_NOBODY ? "" : says->persons.codes[i]);
        index_put_u64(&q, says->link);
        rc = do_it(&q, e);
    }
    return rc;
}

static int measure_put(struct cutting *c, const struct statement_range *piece, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    const struct statement_protected *says = &c->s->protected;
    int rc = index_ask(c->x, SQL_MEASURE_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, piece->first);
    index_put_u64(&q, c->leaf);
    index_put_u64(&q, piece->last);
    index_put_u64(&q, says->restriction);
    index_put_text(&q, says->provider);
    index_put_u64(&q, says->level);
    return do_it(&q, e);
}

static int span_put(struct cutting *c, enum index_sql sql, const struct statement_range *piece, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(c->x, sql, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, piece->first);
    index_put_u64(&q, c->leaf);
    index_put_u64(&q, piece->last);
    return do_it(&q, e);
}

static int hold_put(struct cutting *c, const struct statement_range *piece, struct err *e)
{
    return span_put(c, SQL_HOLD_COVER, piece, e);
}

static int handed_put(struct cutting *c, const struct statement_range *piece, struct err *e)
{
    return span_put(c, SQL_HANDED_ADD, piece, e);
}

static int take_hold(struct cutting *c, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(c->x, SQL_HOLD_ADD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, c->leaf);
    index_put_u64(&q, c->s->hold.ground);
    rc = do_it(&q, e);
    c->put = hold_put;
    return rc == 0 ? cut_all(c, c->s->hold.items, c->s->hold.item_count, e) : rc;
}

static int take_released(struct index *x, uint64_t leaf, uint64_t hold, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_HOLD_RELEASE, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, leaf);
    index_put_u64(&q, hold);
    rc = do_it(&q, e);
    if (rc == 0 && sqlite3_changes(x->db) == 0)
        rc = err_set(e, ERR_DAMAGED, "leaf %llu releases a hold that does not stand", (unsigned long long)leaf);
    return rc;
}

int index_take_terms(struct index *x, uint64_t leaf, const struct statement *s, struct err *e)
{
    struct cutting c = {.x = x, .leaf = leaf, .s = s};
    switch (s->kind) {
    case STATEMENT_CONSENT:
    case STATEMENT_WITHDRAWN:
        return take_words(x, leaf, s, e);
    case STATEMENT_CONCERNS:
        c.put = concern_put;
        return cut_all(&c, s->concerns.items, s->concerns.item_count, e);
    case STATEMENT_PROTECTED:
        c.put = measure_put;
        return cut_all(&c, s->protected.items, s->protected.item_count, e);
    case STATEMENT_HOLD:
        return take_hold(&c, e);
    case STATEMENT_RELEASED:
        return take_released(x, leaf, s->released.hold, e);
    case STATEMENT_SEALED:
        c.put = handed_put;
        return cut_all(&c, s->sealed.items_given, s->sealed.items_given_count, e);
    case STATEMENT_ACCESSED:
        c.put = handed_put;
        return s->accessed.use.purpose == NULL ? 0 : cut_all(&c, s->accessed.items, s->accessed.item_count, e);
    default:
        break;
    }
    assert(false);
    return 0;
}

/* ---- by person ---- */

/* The texts of a word that counts: its row is gone with the next one. */
enum { DAY = 16, DATE = 48 };
struct texts {
    char until[DAY], date[DATE];
};

static int word_read(struct index *x, const struct index_query *q, int at, struct consent_word *ret, struct err *e)
{
    uint64_t answer = index_u64(q, at + 1);
    *ret = (struct consent_word){.answer = (enum consent_answer)answer,
                                 .leaf = index_u64(q, at),
                                 .until = index_text(q, at + 2),
                                 .own = index_u64(q, at + 3) != 0,
                                 .date = index_text(q, at + 4)};
    bool good = answer != CONSENT_UNSAID && answer <= CONSENT_ANSWER_LAST && ret->date != NULL &&
                strlen(ret->date) < DATE && (ret->until == NULL || strlen(ret->until) < DAY);
    return good ? 0 : index_failed(x, SQLITE_CORRUPT, e);
}

/* One row more of a scope, by the one rule; *standing borrows from ${texts} alone. */
static int word_hear(const struct index_hearing *how, struct consent_word *said, struct consent_word *standing,
                     struct texts *texts, struct err *e)
{
    int rc = said->answer == CONSENT_YES && how->doubtful != NULL
                 ? how->doubtful(how->context, said->leaf, &said->doubtful, e)
                 : 0;
    if (rc != 0 || consent_hear(standing, said) != CONSENT_HEARD)
        return rc;
    if (standing->date != texts->date) /* of two noes the later day is kept, which may be in its place already */
        (void)snprintf(texts->date, sizeof texts->date, "%s", standing->date);
    standing->date = texts->date;
    if (said->until == NULL)
        return 0;
    (void)snprintf(texts->until, sizeof texts->until, "%s", said->until);
    standing->until = texts->until;
    return 0;
}

int index_words(struct index *x, const char *person, const struct index_hearing *how,
                struct consent_word words[CONSENT_SCOPES], struct buf *held, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_CONSENT_WORDS, &q, e);
    if (rc != 0)
        return rc;
    memset(words, 0, CONSENT_SCOPES * sizeof *words);
    buf_clear(held);
    struct texts *texts = (struct texts *)buf_more(held, CONSENT_SCOPES * sizeof *texts);
    if (texts == NULL)
        return err_memory(e);
    index_put_text(&q, person);
    index_put_u64(&q, how->end > INT64_MAX ? INT64_MAX : how->end);
    while ((rc = index_row(&q, e)) == 1) {
        struct consent_word said;
        uint64_t scope = index_u64(&q, 0);
        rc = scope < CONSENT_SCOPES ? word_read(x, &q, 1, &said, e) : index_failed(x, SQLITE_CORRUPT, e);
        if (rc == 0)
            rc = word_hear(how, &said, &words[scope], &texts[scope], e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int index_persons(struct index *x, int (*each)(void *context, const char *person, struct err *e), void *context,
                  struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_CONSENT_PERSONS, &q, e);
    if (rc != 0)
        return rc;
    while ((rc = index_row(&q, e)) == 1) {
        rc = each(context, index_text(&q, 0), e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

/* A person and a scope, and what counts of it so far. */
struct heard {
    char person[CONSENT_CODE_MAX + 1];
    uint64_t scope;
    struct consent_word standing;
    struct texts texts;
};

static int heard_tell(const struct heard *h, index_word_each *each, void *context, struct err *e)
{
    return h->standing.answer == CONSENT_UNSAID
               ? 0
               : each(context, h->person, (enum consent_scope)h->scope, &h->standing, e);
}

int index_words_all(struct index *x, const struct index_hearing *how, index_word_each *each, void *context,
                    struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    struct heard h = {.scope = 0};
    int rc = index_ask(x, SQL_CONSENT_ALL, &q, e);
    if (rc != 0)
        return rc;
    while ((rc = index_row(&q, e)) == 1) {
        struct consent_word said;
        const char *person = index_text(&q, 0);
        uint64_t scope = index_u64(&q, 1);
        if (person == NULL || strlen(person) > CONSENT_CODE_MAX || scope >= CONSENT_SCOPES)
            return index_failed(x, SQLITE_CORRUPT, e);
        rc = 0;
        if (strcmp(person, h.person) != 0 || scope != h.scope) {
            rc = heard_tell(&h, each, context, e);
            h = (struct heard){.scope = scope};
            (void)snprintf(h.person, sizeof h.person, "%s", person);
        }
        if (rc == 0)
            rc = word_read(x, &q, 2, &said, e);
        if (rc == 0)
            rc = word_hear(how, &said, &h.standing, &h.texts, e);
        if (rc != 0)
            return rc;
    }
    return rc == 0 ? heard_tell(&h, each, context, e) : rc;
}

/* ---- by leaf ---- */

/* Leaves are small: what is larger is no leaf, and found nowhere. */
static bool overlap_put(struct index_query *q, uint64_t first, uint64_t last)
{
    if (first > INT64_MAX)
        return false;
    index_put_u64(q, first);
    index_put_u64(q, last > INT64_MAX ? INT64_MAX : last);
    return true;
}

static int concerns_tell(struct index_query *q, index_concern_each *each, void *context, struct err *e)
{
    int rc;
    while ((rc = index_row(q, e)) == 1) {
        const struct index_concern row = {index_u64(q, 0), index_u64(q, 1), index_u64(q, 2), index_text(q, 3),
                                          (enum consent_link)index_u64(q, 4)};
        rc = each(context, &row, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int index_concerns(struct index *x, uint64_t first, uint64_t last, index_concern_each *each, void *context,
                   struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_CONCERNS, &q, e);
    return rc == 0 && overlap_put(&q, first, last) ? concerns_tell(&q, each, context, e) : rc;
}

int index_concerns_of(struct index *x, const char *person, index_concern_each *each, void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_CONCERNS_OF, &q, e);
    if (rc != 0)
        return rc;
    index_put_text(&q, person);
    return concerns_tell(&q, each, context, e);
}

int index_measures(struct index *x, uint64_t first, uint64_t last,
                   int (*each)(void *context, const struct index_measure *row, struct err *e), void *context,
                   struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_MEASURES, &q, e);
    if (rc != 0 || !overlap_put(&q, first, last))
        return rc;
    while ((rc = index_row(&q, e)) == 1) {
        const struct index_measure row = {index_u64(&q, 0), index_u64(&q, 1), index_u64(&q, 2),
                                          (enum consent_restriction)index_u64(&q, 3), index_text(&q, 4),
                                          (enum consent_level)index_u64(&q, 5)};
        rc = each(context, &row, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static void hold_read(const struct index_query *q, struct index_hold *ret)
{
    *ret = (struct index_hold){index_u64(q, 0), index_u64(q, 1), index_u64(q, 2), (enum consent_ground)index_u64(q, 3),
                               !index_null(q, 4), index_u64(q, 4)};
}

static int holds_tell(struct index_query *q, index_hold_each *each, void *context, struct err *e)
{
    int rc;
    while ((rc = index_row(q, e)) == 1) {
        struct index_hold row;
        hold_read(q, &row);
        rc = each(context, &row, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

int index_holds(struct index *x, uint64_t first, uint64_t last, index_hold_each *each, void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_HOLDS, &q, e);
    return rc == 0 && overlap_put(&q, first, last) ? holds_tell(&q, each, context, e) : rc;
}

int index_hold(struct index *x, uint64_t leaf, struct index_hold *ret, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_HOLD, &q, e);
    if (rc != 0)
        return rc;
    index_put_u64(&q, leaf);
    rc = index_row(&q, e);
    if (rc == 0)
        return err_set(e, ERR_ABSENT, "leaf %llu is no hold", (unsigned long long)leaf);
    if (rc < 0)
        return rc;
    hold_read(&q, ret);
    return 0;
}

int index_hold_list(struct index *x, index_hold_each *each, void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_HOLD_LIST, &q, e);
    return rc == 0 ? holds_tell(&q, each, context, e) : rc;
}

int index_handed(struct index *x, uint64_t first, uint64_t last,
                 int (*each)(void *context, const struct statement_range *range, uint64_t leaf, struct err *e),
                 void *context, struct err *e)
{
    OWN(index_query_drop) struct index_query q = {0};
    int rc = index_ask(x, SQL_HANDED, &q, e);
    if (rc != 0 || !overlap_put(&q, first, last))
        return rc;
    while ((rc = index_row(&q, e)) == 1) {
        const struct statement_range range = {index_u64(&q, 0), index_u64(&q, 1)};
        rc = each(context, &range, index_u64(&q, 2), e);
        if (rc != 0)
            return rc;
    }
    return rc;
}
