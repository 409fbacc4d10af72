/*
 * Consent, asked for many items: what the index says of a stretch of leaves is held while it is asked about that
 * stretch, and what a person said for as long as it is asked at all.
 */
#include "store/store_internal.h"

#include "model/terms.h"

#include <stdlib.h>

struct person {
    char code[CONSENT_CODE_MAX + 1];
    struct consent_person words; /* code and until borrow from here */
    struct buf held;
    bool loaded;
    uint64_t asked; /* number of the question in which it was met last, */
    bool linked;    /* and then: is the item hers? */
    bool firm;      /* said by a word that is not doubtful */
};

/* One row of the index, with what it says of persons. */
struct concern {
    uint64_t first, last, leaf;
    struct person *person; /* NULL: nobody */
    enum consent_link link;
    bool doubtful; /* of LINKED alone: it counts as far as it forbids */
};
struct measure {
    uint64_t first, last, leaf;
    enum consent_restriction restriction;
    struct person *provider;
    enum consent_level level;
    bool doubtful; /* it counts as far as it forbids */
};

struct store_deciding {
    struct store *store;
    const struct consent_use *use;
    const char *today;
    struct store_waiting waiting; /* words of persons borrow from it */
    struct person **table; /* by code, open addressing; room is a power of two */
    size_t persons, room;
    bool known; /* the stretch at hand: */
    uint64_t stretch;
    struct concern *concern;
    size_t concerns, concern_room;
    struct measure *measure;
    size_t measures, measure_room;
    uint64_t question;
    const struct consent_person **linked; /* of the last question */
    size_t linked_room;
    struct consent_facts facts;
};

static void person_free(struct person *p)
{
    if (p == NULL)
        return;
    buf_drop(&p->held);
    free(p);
}

void store_deciding_drop(struct store_deciding **d)
{
    struct store_deciding *x = *d;
    if (x == NULL)
        return;
    for (size_t i = 0; i < x->room; i++)
        person_free(x->table[i]);
    free(x->table);
    free(x->concern);
    free(x->measure);
    free(x->linked);
    store_waiting_release(&x->waiting);
    free(x);
    *d = NULL;
}

static int waiting_load(struct store *s, struct store_waiting *ret, struct err *e)
{
    int rc = store_waiting_read(s, ret, e);
    return rc == 0 ? store_waiting_mark(s, ret, e) : rc;
}

int store_deciding_new(struct store *s, const struct consent_use *use, const char *today, struct store_deciding **ret,
                       struct err *e)
{
    OWN(store_deciding_drop) struct store_deciding *d = calloc(1, sizeof *d);
    if (d == NULL)
        return err_memory(e);
    *d = (struct store_deciding){.store = s, .use = use, .today = today};
    int rc = waiting_load(s, &d->waiting, e);
    if (rc == 0)
        *ret = TAKE(d);
    return rc;
}

/* A no that cannot be read may be anybody's. */
static int all_heard(const struct store_deciding *d, struct err *e)
{
    for (size_t i = 0; i < d->waiting.count; i++) {
        const struct store_waiting_one *one = &d->waiting.list[i];
        if (one->logged || one->rc == 0)
            continue;
        if (one->rc == ERR_DAMAGED)
            return err_set(e, ERR_REFUSED,
                           "nothing goes out: %s in waiting/ may hold a withdrawal, and is damaged: run groundwork "
                           "repair, then ask who may have said it: %s",
                           one->name, one->why.text);
        return err_set(e, ERR_REFUSED,
                       "nothing goes out: %s in waiting/ may hold a withdrawal, and cannot be read now: make it "
                       "readable: %s",
                       one->name, one->why.text);
    }
    return 0;
}

/* Without a lock, what was written since may be a no; what waited and is on the log by now was written since, too. */
int store_decided_still(struct store_deciding *d, bool *ret, struct err *e)
{
    struct store *s = d->store;
    if (s->manner != STORE_WRITE && (!store_index_current(s) || ledger_outrun(s->ledger))) {
        *ret = false;
        return 0;
    }
    return store_waiting_same(s, &d->waiting, ret, e);
}

/* One more of ${list}, whose members have ${size} bytes. */
static int room_for(void *list, size_t count, size_t *room, size_t size, struct err *e)
{
    void **p = list;
    if (count < *room)
        return 0;
    size_t more = *room * 2 + 16;
    void *grown = reallocarray(*p, more, size);
    if (grown == NULL)
        return err_memory(e);
    *p = grown;
    *room = more;
    return 0;
}

/* ---- persons ---- */

/* Source: G. Fowler, L. C. Noll, K.-P. Vo: FNV-1a, 64 bits. */
static uint64_t code_hash(const char *code)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *code != 0; code++)
        h = (h ^ (uint8_t)*code) * UINT64_C(0x100000001b3);
    return h;
}

/* Where it is, or would be. */
static struct person **slot_of(struct person **table, size_t room, const char *code)
{
    size_t at = (size_t)code_hash(code) & (room - 1);
    while (table[at] != NULL && strcmp(table[at]->code, code) != 0)
        at = (at + 1) & (room - 1);
    return &table[at];
}

static int table_grow(struct store_deciding *d, struct err *e)
{
    size_t room = d->room == 0 ? 64 : d->room * 2;
    struct person **grown = calloc(room, sizeof(struct person *));
    if (grown == NULL)
        return err_memory(e);
    for (size_t i = 0; i < d->room; i++)
        if (d->table[i] != NULL)
            *slot_of(grown, room, d->table[i]->code) = d->table[i];
    free(d->table);
    d->table = grown;
    d->room = room;
    return 0;
}

static int person_of(struct store_deciding *d, const char *code, struct person **ret, struct err *e)
{
    int rc = d->persons * 2 >= d->room ? table_grow(d, e) : 0;
    if (rc != 0)
        return rc;
    struct person **slot = slot_of(d->table, d->room, code);
    if (*slot == NULL) {
        struct person *p = calloc(1, sizeof *p);
        size_t n = strlen(code);
        if (p == NULL)
            return err_memory(e);
        if (n > CONSENT_CODE_MAX) {
            free(p);
            return err_set(e, ERR_DAMAGED, "the index holds what is no code of a person: run groundwork reindex");
        }
        memcpy(p->code, code, n + 1);
        p->words.code = p->code;
        *slot = p;
        d->persons++;
    }
    *ret = *slot;
    return 0;
}

/* Is there anybody whose signature may be somebody else's? */
static bool any_doubts(const struct store *s)
{
    for (size_t i = 0; i < s->history.count; i++)
        if (s->history.members[i].doubted)
            return true;
    return false;
}

static int is_doubtful(struct store *s, uint64_t leaf, bool *ret, struct err *e)
{
    *ret = false;
    return any_doubts(s) ? store_doubtful_at(s, leaf, ret, e) : 0;
}

static int yes_doubtful(void *context, uint64_t leaf, bool *ret, struct err *e)
{
    return is_doubtful(context, leaf, ret, e);
}

int store_words_before(struct store *s, const char *person, uint64_t end, struct consent_word words[CONSENT_SCOPES],
                       struct buf *held, struct err *e)
{
    const struct index_hearing how = {end, yes_doubtful, s};
    return index_words(store_index(s), person, &how, words, held, e);
}

/* What waits for the log is heard behind all that is on it. */
static void waiting_hear(const struct store_waiting *w, const char *person, struct consent_word words[CONSENT_SCOPES])
{
    for (size_t i = 0; i < w->count; i++) {
        const struct store_waiting_one *one = &w->list[i];
        if (one->logged || one->rc != 0)
            continue;
        const struct statement_persons *of = terms_words(&one->record.st);
        struct consent_word word;
        for (size_t k = 0; k < of->count; k++)
            for (int scope = 0; strcmp(of->codes[k], person) == 0 && scope < CONSENT_SCOPES; scope++)
                if (terms_word(&one->record.st, (enum consent_scope)scope, UINT64_MAX, &word)) {
                    word.waiting = true;
                    (void)consent_hear(&words[scope], &word);
                }
    }
}

int store_words(struct store *s, const char *person, struct consent_word words[CONSENT_SCOPES], struct buf *held,
                struct err *e)
{
    OWN(store_waiting_release) struct store_waiting w = {0};
    int rc = store_words_before(s, person, UINT64_MAX, words, held, e);
    if (rc == 0)
        rc = waiting_load(s, &w, e);
    if (rc != 0)
        return rc;
    waiting_hear(&w, person, words);
    for (int i = 0; i < CONSENT_SCOPES; i++)
        if (words[i].waiting)
            words[i].until = words[i].date = NULL; /* they go with the list */
    for (size_t i = 0; i < w.count; i++)
        if (!w.list[i].logged && w.list[i].rc != 0)
            store_tell(s, w.list[i].why.text);
    return 0;
}

int store_words_all(struct store *s, index_word_each *each, void *context, struct err *e)
{
    const struct index_hearing how = {UINT64_MAX, yes_doubtful, s};
    return index_words_all(store_index(s), &how, each, context, e);
}

/* What she said, once. */
static int person_load(struct store_deciding *d, struct person *p, struct err *e)
{
    if (p->loaded)
        return 0;
    int rc = store_words_before(d->store, p->code, UINT64_MAX, p->words.word, &p->held, e);
    if (rc == 0)
        waiting_hear(&d->waiting, p->code, p->words.word);
    p->loaded = rc == 0;
    return rc;
}

/* ---- the stretch at hand ---- */

static int concern_add(void *context, const struct index_concern *row, struct err *e)
{
    struct store_deciding *d = context;
    struct concern c = {.first = row->first, .last = row->last, .leaf = row->leaf, .link = row->link};
    int rc = row->person[0] == 0 ? 0 : person_of(d, row->person, &c.person, e);
    if (rc == 0)
        rc = room_for(&d->concern, d->concerns, &d->concern_room, sizeof *d->concern, e);
    if (rc == 0)
        d->concern[d->concerns++] = c;
    return rc;
}

static int measure_add(void *context, const struct index_measure *row, struct err *e)
{
    struct store_deciding *d = context;
    struct measure m = {.first = row->first, .last = row->last, .leaf = row->leaf, .restriction = row->restriction,
                        .level = row->level};
    int rc = row->provider == NULL ? 0 : person_of(d, row->provider, &m.provider, e);
    if (rc == 0)
        rc = room_for(&d->measure, d->measures, &d->measure_room, sizeof *d->measure, e);
    if (rc == 0)
        d->measure[d->measures++] = m;
    return rc;
}

static int by_concern(const void *a, const void *b)
{
    uint64_t x = ((const struct concern *)a)->leaf, y = ((const struct concern *)b)->leaf;
    return (x > y) - (x < y);
}

static int by_measure(const void *a, const void *b)
{
    uint64_t x = ((const struct measure *)a)->leaf, y = ((const struct measure *)b)->leaf;
    return (x > y) - (x < y);
}

/* What allows, and is doubtful, is left out: what it undoes stands.  A link allows only by being the only one. */
static int doubts_sift(struct store_deciding *d, struct err *e)
{
    size_t kept = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < d->concerns; i++) {
        struct concern c = d->concern[i];
        rc = is_doubtful(d->store, c.leaf, &c.doubtful, e);
        if (!c.doubtful || c.link == CONSENT_LINKED)
            d->concern[kept++] = c;
    }
    d->concerns = kept;
    for (size_t i = 0; rc == 0 && i < d->measures; i++)
        rc = is_doubtful(d->store, d->measure[i].leaf, &d->measure[i].doubtful, e);
    return rc;
}

/* In the order in which it was said. */
static int stretch_load(struct store_deciding *d, uint64_t leaf, struct err *e)
{
    uint64_t stretch = leaf / INDEX_STRETCH, first = stretch * INDEX_STRETCH, last = first + (INDEX_STRETCH - 1);
    struct index *x = store_index(d->store);
    if (d->known && d->stretch == stretch)
        return 0;
    d->known = false;
    d->concerns = d->measures = 0;
    int rc = index_concerns(x, first, last, concern_add, d, e);
    if (rc == 0)
        rc = index_measures(x, first, last, measure_add, d, e);
    if (rc == 0)
        rc = doubts_sift(d, e);
    if (rc != 0)
        return rc;
    if (d->concerns > 1)
        qsort(d->concern, d->concerns, sizeof *d->concern, by_concern);
    if (d->measures > 1)
        qsort(d->measure, d->measures, sizeof *d->measure, by_measure);
    d->stretch = stretch;
    d->known = true;
    return 0;
}

/* ---- one leaf ---- */

/* Persons met for the first time in this question are listed; who is linked is said at the end. */
static int concern_apply(struct store_deciding *d, const struct concern *c, size_t *met, struct err *e)
{
    struct person *p = c->person;
    if (p == NULL) {
        d->facts.nobody = c->link == CONSENT_NOBODY;
        return 0;
    }
    if (p->asked != d->question) {
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): they are pointers. */
        int rc = room_for(&d->linked, *met, &d->linked_room, sizeof *d->linked, e);
        if (rc != 0)
            return rc;
        d->linked[(*met)++] = &p->words;
        p->asked = d->question;
        p->linked = p->firm = false;
    }
    p->firm = c->link == CONSENT_LINKED && (p->firm || !c->doubtful);
    p->linked = c->link == CONSENT_LINKED;
    return 0;
}

static struct person *person_at(const struct consent_person *words)
{
    return (struct person *)((uintptr_t)words - offsetof(struct person, words));
}

static void measure_apply(struct store_deciding *d, const struct measure *m, struct person **provider)
{
    struct consent_facts *f = &d->facts;
    if (m->level != CONSENT_LEVEL_UNSAID && (!m->doubtful || m->level > f->level))
        f->level = m->level;
    if (m->restriction == CONSENT_RESTRICTION_UNSAID || (m->doubtful && m->restriction < f->restriction))
        return;
    if (!m->doubtful || f->restriction != CONSENT_PROVIDER_CONFIDENTIAL)
        *provider = m->provider;
    f->restriction = m->restriction;
}

static int facts_of(struct store_deciding *d, uint64_t leaf, struct err *e)
{
    struct person *provider = NULL;
    size_t met = 0, kept = 0;
    bool firm = false;
    int rc = stretch_load(d, leaf, e);
    d->question++;
    d->facts = (struct consent_facts){.nobody = false};
    for (size_t i = 0; rc == 0 && i < d->concerns; i++)
        if (d->concern[i].first <= leaf && leaf <= d->concern[i].last)
            rc = concern_apply(d, &d->concern[i], &met, e);
    for (size_t i = 0; rc == 0 && i < d->measures; i++)
        if (d->measure[i].first <= leaf && leaf <= d->measure[i].last)
            measure_apply(d, &d->measure[i], &provider);
    for (size_t i = 0; rc == 0 && i < met; i++)
        if (person_at(d->linked[i])->linked) {
            rc = person_load(d, person_at(d->linked[i]), e);
            firm = firm || person_at(d->linked[i])->firm;
            d->linked[kept++] = d->linked[i];
        }
    if (rc == 0 && provider != NULL)
        rc = person_load(d, provider, e);
    d->facts.persons = d->linked;
    d->facts.person_count = kept;
    d->facts.doubtful = kept > 0 && !firm;
    d->facts.provider = provider == NULL ? NULL : &provider->words;
    return rc;
}

int store_persons_at(struct store_deciding *d, uint64_t leaf, const struct consent_facts **ret, struct err *e)
{
    int rc = facts_of(d, leaf, e);
    if (rc == 0)
        *ret = &d->facts;
    return rc;
}

int store_may_go(struct store_deciding *d, const struct index_item *item, struct consent_decision *ret, struct err *e)
{
    int rc = all_heard(d, e);
    if (rc == 0)
        rc = facts_of(d, item->leaf, e);
    if (rc != 0)
        return rc;
    consent_decide(&d->facts, d->use, d->today, ret);
    if (!item->further_name || (ret->why != CONSENT_MAY && ret->why != CONSENT_WHY_NOT_SAID))
        return 0;
    rc = facts_of(d, item->of, e);
    if (rc == 0)
        consent_decide(&d->facts, d->use, d->today, ret);
    return rc;
}

/* ---- whose ---- */

struct of_person {
    struct store *store;
    int (*each)(void *context, const struct statement_range *run, struct err *e);
    void *context;
    uint64_t stretch;
    bool any; /* a stretch is at hand */
    bool hers[INDEX_STRETCH];
    struct statement_range run; /* not told yet; first above last: none */
};

static int run_tell(struct of_person *o, struct err *e)
{
    const struct statement_range run = {o->run.first, o->run.last};
    o->run = (struct statement_range){1, 0};
    return run.first > run.last ? 0 : o->each(o->context, &run, e);
}

static int stretch_tell(struct of_person *o, struct err *e)
{
    int rc = 0;
    for (uint64_t i = 0; rc == 0 && o->any && i < INDEX_STRETCH; i++) {
        uint64_t leaf = o->stretch * INDEX_STRETCH + i;
        if (!o->hers[i])
            continue;
        if (o->run.first <= o->run.last && o->run.last + 1 == leaf)
            o->run.last = leaf;
        else {
            rc = run_tell(o, e);
            o->run = (struct statement_range){leaf, leaf};
        }
    }
    return rc;
}

static int of_row(void *context, const struct index_concern *row, struct err *e)
{
    struct of_person *o = context;
    uint64_t stretch = row->first / INDEX_STRETCH;
    if (!o->any || o->stretch != stretch) {
        int rc = stretch_tell(o, e);
        if (rc != 0)
            return rc;
        memset(o->hers, 0, sizeof o->hers);
        o->stretch = stretch;
        o->any = true;
    }
    if (row->last < row->first || row->last / INDEX_STRETCH != stretch)
        return err_set(e, ERR_DAMAGED, "the index holds a row that is longer than a stretch: run groundwork reindex");
    bool doubtful = false;
    int rc = row->link == CONSENT_LINKED ? 0 : is_doubtful(o->store, row->leaf, &doubtful, e);
    if (rc != 0 || doubtful) /* what it undoes stands */
        return rc;
    for (uint64_t leaf = row->first; leaf <= row->last; leaf++)
        o->hers[leaf % INDEX_STRETCH] = row->link == CONSENT_LINKED;
    return 0;
}

int store_items_of(struct store *s, const char *person,
                   int (*each)(void *context, const struct statement_range *run, struct err *e), void *context,
                   struct err *e)
{
    struct of_person o = {.store = s, .each = each, .context = context, .run = {1, 0}};
    int rc = index_concerns_of(store_index(s), person, of_row, &o, e);
    if (rc == 0)
        rc = stretch_tell(&o, e);
    return rc == 0 ? run_tell(&o, e) : rc;
}

/* ---- holds ---- */

struct holding {
    struct store *store;
    index_hold_each *each;
    void *context;
};

static int hold_look(void *context, const struct index_hold *row, struct err *e)
{
    const struct holding *h = context;
    bool doubtful = true; /* what was not released is as good as released in doubt */
    int rc = row->released ? is_doubtful(h->store, row->released_leaf, &doubtful, e) : 0;
    return rc == 0 && doubtful ? h->each(h->context, row, e) : rc;
}

int store_holds(struct store *s, uint64_t first, uint64_t last, index_hold_each *each, void *context, struct err *e)
{
    struct holding h = {s, each, context};
    return index_holds(store_index(s), first, last, hold_look, &h, e);
}

static int hold_first(void *context, const struct index_hold *row, struct err *e)
{
    (void)e;
    *(uint64_t *)context = row->leaf;
    return ERR_STOPPED;
}

int store_hold_stands(struct store *s, uint64_t first, uint64_t last, bool *ret, uint64_t *ret_leaf, struct err *e)
{
    int rc = store_holds(s, first, last, hold_first, ret_leaf, e);
    if (rc != 0 && rc != ERR_STOPPED)
        return rc;
    *ret = rc == ERR_STOPPED;
    return 0;
}
