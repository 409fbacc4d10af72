/* Packs and parity as the log names them: from the journal's public statements, so that no key is needed. */
#include "store/store_internal.h"

_Static_assert((int)STATEMENT_STRIPE_PACKS_MAX == (int)VAULT_STRIPE_PACKS_MAX &&
                   (int)STATEMENT_PARITY_MAX == (int)VAULT_PARITY_MAX,
               "what can be said of a stripe is what can be made");

void store_packs_release(struct store_packs *p)
{
    free(p->list);
    free(p->stripes);
    free(p->parts);
    *p = (struct store_packs){0};
}

/* The packs of a stripe are of one compartment, and so are ${span} packs from a multiple of it on. */
static bool same_span(uint64_t span, uint64_t a, uint64_t b)
{
    return a / span == b / span;
}

/* A later statement about the same pack replaces the earlier one; packs are begun in the order of their numbers, those
 * of each compartment by themselves. */
static int pack_note(struct store_packs *p, uint64_t span, const struct statement_pack *said, struct err *e)
{
    const struct vault_pack pack = {said->pack, said->sectors, said->sealed, said->root};
    size_t i = p->count;
    while (i > 0 && p->list[i - 1].pack > pack.pack)
        i--;
    if (i > 0 && p->list[i - 1].pack == pack.pack) {
        p->list[i - 1] = pack;
        return 0;
    }
    if (i < p->count && same_span(span, p->list[i].pack, pack.pack))
        return err_set(e, ERR_DAMAGED, "the log names pack %llu out of order", (unsigned long long)pack.pack);
    if (p->count == p->room) {
        size_t room = p->room * 2 + 64;
        struct vault_pack *grown = reallocarray(p->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->list = grown;
        p->room = room;
    }
    memmove(p->list + i + 1, p->list + i, (p->count++ - i) * sizeof *p->list);
    p->list[i] = pack;
    return 0;
}

static int stripe_note(struct store_packs *p, uint64_t span, const struct statement_stripe *said, uint32_t files,
                       struct err *e)
{
    struct vault_stripe stripe = {0};
    int rc = store_stripe_read(said, files, &stripe, e);
    if (rc != 0)
        return rc;
    size_t i = p->stripe_count;
    while (i > 0 && p->stripes[i - 1].stripe > stripe.stripe)
        i--;
    if (i > 0 && p->stripes[i - 1].stripe == stripe.stripe) {
        p->stripes[i - 1] = stripe;
        return 0;
    }
    bool first = i == 0 || !same_span(span, p->stripes[i - 1].stripe, stripe.stripe);
    if ((first ? stripe.stripe % span != 0 : stripe.stripe != p->stripes[i - 1].stripe + 1) ||
        (i < p->stripe_count && same_span(span, p->stripes[i].stripe, stripe.stripe)))
        return err_set(e, ERR_DAMAGED, "the log names stripe %llu out of order", (unsigned long long)stripe.stripe);
    if (p->stripe_count == p->stripe_room) {
        size_t room = p->stripe_room * 2 + 16;
        struct vault_stripe *grown = reallocarray(p->stripes, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->stripes = grown;
        p->stripe_room = room;
    }
    memmove(p->stripes + i + 1, p->stripes + i, (p->stripe_count++ - i) * sizeof *p->stripes);
    p->stripes[i] = stripe;
    return 0;
}

int store_stripe_read(const struct statement_stripe *said, uint32_t files, struct vault_stripe *ret, struct err *e)
{
    if (said->files != files)
        return err_set(e, ERR_DAMAGED, "stripe %llu: the log gives it %u parity files instead of %u",
                       (unsigned long long)said->stripe, said->files, files);
    *ret = (struct vault_stripe){.stripe = said->stripe, .packs = said->packs, .trailer = said->trailer};
    memcpy(ret->roots, said->roots, sizeof ret->roots);
    return 0;
}

/* Behind the last pack of this compartment. */
static uint64_t packs_behind(const struct store_packs *p, const struct vault_span *span)
{
    size_t i = p->count;
    while (i > 0 && p->list[i - 1].pack >= span->end)
        i--;
    return i > 0 && p->list[i - 1].pack >= span->first ? p->list[i - 1].pack + 1 : span->first;
}

static int part_note(struct store_packs *p, const struct vault_span *span, const struct ledger_record *r,
                     struct err *e)
{
    if (p->part_count == p->part_room) {
        size_t room = p->part_room * 2 + 64;
        struct store_part *grown = reallocarray(p->parts, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->parts = grown;
        p->part_room = room;
    }
    p->parts[p->part_count++] = (struct store_part){packs_behind(p, span),
                                                    r->first_leaf + r->hidden_count + r->public_count};
    return 0;
}

int store_packs_take(struct store_packs *p, const struct statement *st, const struct statement_founded *founded,
                     struct err *e)
{
    const struct vault_span first = store_span_of(founded, 0);
    int rc = 0;
    for (size_t i = 0; rc == 0 && st->kind == STATEMENT_PACKS && i < st->packs.count; i++)
        rc = pack_note(p, first.end, &st->packs.packs[i], e);
    for (size_t i = 0; rc == 0 && st->kind == STATEMENT_PARITY && i < st->parity.count; i++)
        rc = stripe_note(p, founded->parity_packs == 0 ? first.end : first.end / founded->parity_packs,
                         &st->parity.stripes[i], founded->parity_files, e);
    return rc;
}

struct loading {
    struct store *s;
    struct store_packs *packs;
};

static int take_record(void *context, const struct ledger_record *r, struct err *e)
{
    const struct loading *l = context;
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = store_public_read(&l->s->history, r->first_leaf + r->hidden_count + i, note, &held, &st, e);
        if (rc == 0)
            rc = store_packs_take(l->packs, &st, &l->s->founded.founded, e);
    }
    return rc == 0 && store_record_ours(l->s, r) ? part_note(l->packs, &l->s->span, r, e) : rc;
}

int store_packs_load(struct store *s, struct store_packs *ret, struct err *e)
{
    struct loading l = {s, ret};
    return ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, take_record, &l, e);
}

/* Where this pack stands or belongs. */
static size_t pack_place(const struct store_packs *p, uint64_t pack)
{
    size_t low = 0, high = p->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->list[middle].pack < pack)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int store_stripe_of(const struct store *s, const struct store_packs *p, size_t i, struct vault_stripe_of *ret,
                    struct err *e)
{
    const struct statement_founded *f = &s->founded.founded;
    const struct vault_stripe *stripe = &p->stripes[i];
    uint64_t first = stripe->stripe * f->parity_packs;
    size_t at = pack_place(p, first);
    bool fits = stripe->packs <= f->parity_packs && stripe->packs <= p->count - at;
    for (uint64_t k = 0; fits && k < stripe->packs; k++)
        fits = p->list[at + k].pack == first + k && p->list[at + k].sealed;
    if (!fits)
        return err_set(e, ERR_DAMAGED, "stripe %llu: the packs that the log puts under it are not sealed on the log",
                       (unsigned long long)stripe->stripe);
    *ret = (struct vault_stripe_of){.root = s->root,
                                    .pack_sectors = f->pack_sectors,
                                    .parity = store_parity(s),
                                    .logged = stripe,
                                    .packs = p->list + at};
    return 0;
}

struct vault_parity store_parity(const struct store *s)
{
    return (struct vault_parity){s->founded.founded.parity_packs, s->founded.founded.parity_files};
}

/* ---- how far they go ---- */

struct ending {
    const struct store *s;
    struct vault_span span;
    uint64_t made; /* the leaf that made the compartment: nothing of it is before */
    struct store_packs_end *end;
    bool packs_known, parity_known;
};

static bool in_span(const struct ending *x, uint64_t pack)
{
    return pack >= x->span.first && pack < x->span.end;
}

static void end_take(struct ending *x, const struct statement *st)
{
    if (st->kind == STATEMENT_PACKS && !x->packs_known && st->packs.count > 0 && in_span(x, st->packs.packs[0].pack)) {
        x->packs_known = true;
        for (size_t i = 0; i < st->packs.count; i++) {
            const struct statement_pack *p = &st->packs.packs[i];
            if (p->pack - x->span.first >= x->end->packs) {
                x->end->packs = p->pack - x->span.first + 1;
                x->end->open = !p->sealed;
            }
        }
    }
    if (st->kind == STATEMENT_PARITY && !x->parity_known && st->parity.count > 0) {
        const struct statement_stripe *last = &st->parity.stripes[st->parity.count - 1];
        const uint64_t first = last->stripe * x->s->founded.founded.parity_packs;
        if (!in_span(x, first))
            return;
        x->parity_known = true;
        x->end->covered = first - x->span.first + last->packs;
    }
}

static int end_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct ending *x = context;
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = store_public_read(&x->s->history, r->first_leaf + r->hidden_count + i, note, &held, &st, e);
        if (rc == 0)
            end_take(x, &st);
    }
    bool no_parity = store_parity(x->s).packs == 0 || (x->packs_known && x->end->packs <= (x->end->open ? 1 : 0));
    bool known = x->packs_known && (x->parity_known || no_parity);
    return rc == 0 && (known || r->first_leaf < x->made) ? ERR_STOPPED : rc; /* far enough */
}

int store_packs_end(struct store *s, size_t at, struct store_packs_end *ret, struct err *e)
{
    struct err mine = {0};
    store_behind_wait(s);
    *ret = (struct store_packs_end){0};
    struct ending x = {.s = s, .end = ret, .span = store_span(s, at), .made = s->history.compartments[at].leaf};
    int rc = ledger_walk_back(s->ledger, end_record, &x, &mine);
    return rc == 0 || rc == ERR_STOPPED ? 0 : err_set(e, rc, "%s", mine.text);
}

static int glance_at(struct store *s, size_t at, struct store_glance *sum, struct err *e)
{
    struct store_packs_end end;
    struct vault_glance here;
    int rc = store_packs_end(s, at, &end, e);
    if (rc != 0)
        return rc;
    vault_glance(&(struct vault_glanced){.root = s->root,
                                         .pack_sectors = s->founded.founded.pack_sectors,
                                         .parity = store_parity(s),
                                         .first = store_span(s, at).first,
                                         .packs = end.packs,
                                         .open = end.open,
                                         .covered = end.covered},
                 &here);
    const uint64_t sealed = end.packs - (end.open ? 1 : 0);
    sum->packs += end.packs;
    sum->packs_here += here.packs_here;
    sum->stripes += here.stripes;
    sum->whole += here.whole;
    sum->bare += store_parity(s).packs != 0 && sealed > end.covered ? sealed - end.covered : 0;
    return 0;
}

int store_glance(struct store *s, struct store_glance *ret, struct err *e)
{
    struct store_glance sum = {0};
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < s->history.compartment_count; at++)
        rc = glance_at(s, at, &sum, e);
    if (rc == 0)
        *ret = sum;
    return rc;
}
