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

/* A later statement about the same pack replaces the earlier one; packs are begun in the order of their numbers. */
static int pack_note(struct store_packs *p, const struct statement_pack *said, struct err *e)
{
    const struct vault_pack pack = {said->pack, said->sectors, said->sealed, said->root};
    size_t i = p->count;
    while (i > 0 && p->list[i - 1].pack > pack.pack)
        i--;
    if (i > 0 && p->list[i - 1].pack == pack.pack) {
        p->list[i - 1] = pack;
        return 0;
    }
    if (i < p->count)
        return err_set(e, ERR_DAMAGED, "the log names pack %llu out of order", (unsigned long long)pack.pack);
    if (p->count == p->room) {
        size_t room = p->room * 2 + 64;
        struct vault_pack *grown = reallocarray(p->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->list = grown;
        p->room = room;
    }
    p->list[p->count++] = pack;
    return 0;
}

static int stripe_note(struct store_packs *p, const struct statement_stripe *said, uint32_t files, struct err *e)
{
    struct vault_stripe stripe;
    int rc = store_stripe_read(said, files, &stripe, e);
    if (rc != 0)
        return rc;
    if (p->stripe_count > 0 && p->stripes[p->stripe_count - 1].stripe == stripe.stripe) {
        p->stripes[p->stripe_count - 1] = stripe;
        return 0;
    }
    if (stripe.stripe != p->stripe_count)
        return err_set(e, ERR_DAMAGED, "the log names stripe %llu out of order", (unsigned long long)stripe.stripe);
    if (p->stripe_count == p->stripe_room) {
        size_t room = p->stripe_room * 2 + 16;
        struct vault_stripe *grown = reallocarray(p->stripes, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->stripes = grown;
        p->stripe_room = room;
    }
    p->stripes[p->stripe_count++] = stripe;
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

static int part_note(struct store_packs *p, const struct ledger_record *r, struct err *e)
{
    if (p->part_count == p->part_room) {
        size_t room = p->part_room * 2 + 64;
        struct store_part *grown = reallocarray(p->parts, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->parts = grown;
        p->part_room = room;
    }
    p->parts[p->part_count++] = (struct store_part){p->count > 0 ? p->list[p->count - 1].pack + 1 : 0,
                                                    r->first_leaf + r->hidden_count + r->public_count};
    return 0;
}

int store_packs_take(struct store_packs *p, const struct statement *st, uint32_t parity_files, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && st->kind == STATEMENT_PACKS && i < st->packs.count; i++)
        rc = pack_note(p, &st->packs.packs[i], e);
    for (size_t i = 0; rc == 0 && st->kind == STATEMENT_PARITY && i < st->parity.count; i++)
        rc = stripe_note(p, &st->parity.stripes[i], parity_files, e);
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
            rc = store_packs_take(l->packs, &st, l->s->founded.founded.parity_files, e);
    }
    return rc == 0 && r->hidden_count > 0 ? part_note(l->packs, r, e) : rc;
}

int store_packs_load(struct store *s, struct store_packs *ret, struct err *e)
{
    struct loading l = {s, ret};
    return ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, take_record, &l, e);
}

int store_stripe_of(const struct store *s, const struct store_packs *p, size_t i, struct vault_stripe_of *ret,
                    struct err *e)
{
    const struct statement_founded *f = &s->founded.founded;
    const struct vault_stripe *stripe = &p->stripes[i];
    uint64_t first = stripe->stripe * f->parity_packs;
    bool fits = stripe->packs <= f->parity_packs && first <= p->count && stripe->packs <= p->count - first;
    for (uint64_t k = 0; fits && k < stripe->packs; k++)
        fits = p->list[first + k].pack == first + k && p->list[first + k].sealed;
    if (!fits)
        return err_set(e, ERR_DAMAGED, "stripe %llu: the packs that the log puts under it are not sealed on the log",
                       (unsigned long long)stripe->stripe);
    *ret = (struct vault_stripe_of){.root = s->root,
                                    .pack_sectors = f->pack_sectors,
                                    .parity = store_parity(s),
                                    .logged = stripe,
                                    .packs = p->list + first};
    return 0;
}

struct vault_parity store_parity(const struct store *s)
{
    return (struct vault_parity){s->founded.founded.parity_packs, s->founded.founded.parity_files};
}

/* ---- how far they go ---- */

struct ending {
    const struct store *s;
    struct store_packs_end *end;
    bool packs_known, parity_known;
};

static void end_take(struct ending *x, const struct statement *st)
{
    if (st->kind == STATEMENT_PACKS && !x->packs_known) {
        x->packs_known = true;
        for (size_t i = 0; i < st->packs.count; i++) {
            const struct statement_pack *p = &st->packs.packs[i];
            if (p->pack >= x->end->packs) {
                x->end->packs = p->pack + 1;
                x->end->open = !p->sealed;
            }
        }
    }
    if (st->kind == STATEMENT_PARITY && !x->parity_known && st->parity.count > 0) {
        const struct statement_stripe *last = &st->parity.stripes[st->parity.count - 1];
        x->parity_known = true;
        x->end->covered = last->stripe * x->s->founded.founded.parity_packs + last->packs;
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
    return rc == 0 && x->packs_known && (x->parity_known || no_parity) ? ERR_STOPPED : rc; /* far enough */
}

int store_packs_end(struct store *s, struct store_packs_end *ret, struct err *e)
{
    struct err mine = {0};
    *ret = (struct store_packs_end){0};
    struct ending x = {.s = s, .end = ret};
    int rc = ledger_walk_back(s->ledger, end_record, &x, &mine);
    return rc == 0 || rc == ERR_STOPPED ? 0 : err_set(e, rc, "%s", mine.text);
}

int store_glance(struct store *s, struct store_glance *ret, struct err *e)
{
    struct store_packs_end end;
    struct vault_glance here;
    int rc = store_packs_end(s, &end, e);
    if (rc != 0)
        return rc;
    vault_glance(&(struct vault_glanced){.root = s->root,
                                         .pack_sectors = s->founded.founded.pack_sectors,
                                         .parity = store_parity(s),
                                         .packs = end.packs,
                                         .open = end.open,
                                         .covered = end.covered},
                 &here);
    const uint64_t sealed = end.packs - (end.open ? 1 : 0);
    *ret = (struct store_glance){end.packs, here.packs_here, here.stripes, here.whole,
                                 store_parity(s).packs != 0 && sealed > end.covered ? sealed - end.covered : 0};
    return 0;
}
