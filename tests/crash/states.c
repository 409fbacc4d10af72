/* states.c: see states.h. */
#include "states.h"

#include <stdio.h>
#include <stdlib.h>

struct walk {
    const struct plan *plan;
    state_taker *taker;
    void *context;
    struct tree *tree;
    size_t prefix;
    uint64_t n_printed_bytes;
    struct counts counts;
    struct digest *seen; /* open addressing; {0, 0} is free */
    size_t seen_room;
    bool is_over;
};

static void add_node(void *context, const struct node *node)
{
    struct digest *d = context;
    uint64_t plain[2] = {node->type, node->mode};
    digest_add(d, node->path, strlen(node->path));
    digest_add(d, plain, sizeof(plain));
    if (node->type == NODE_FILE)
        digest_add(d, &node->digest, sizeof(node->digest));
    if (node->type == NODE_SYMLINK)
        digest_add(d, node->target, strlen(node->target));
}

struct digest states_digest(struct tree *tree, const struct choice *choice)
{
    struct digest d = {0};
    tree_visit(tree, choice, add_node, &d);
    return d;
}

static bool insert(struct digest *seen, size_t room, struct digest d)
{
    for (size_t i = (size_t)d.a % room;; i = (i + 1) % room) {
        if (seen[i].a == d.a && seen[i].b == d.b)
            return false;
        if (seen[i].a == 0 && seen[i].b == 0) {
            seen[i] = d;
            return true;
        }
    }
}

static bool is_new(struct walk *w, struct digest d)
{
    if (w->counts.distinct * 2 >= w->seen_room) {
        size_t room = w->seen_room == 0 ? 1024 : w->seen_room * 2;
        struct digest *grown = plain_alloc(room * sizeof(*grown));
        for (size_t i = 0; i < w->seen_room; i++)
            if (w->seen[i].a != 0 || w->seen[i].b != 0)
                insert(grown, room, w->seen[i]);
        free(w->seen);
        w->seen = grown;
        w->seen_room = room;
    }
    return insert(w->seen, w->seen_room, d);
}

/* What was printed belongs to the state: the more was promised, the more must be there. */
static void offer(struct walk *w, enum model model, uint64_t seed, uint64_t lost, const char *name)
{
    if (w->is_over)
        return;
    struct state state = {.prefix = w->prefix, .tree = w->tree};
    state.choice = (struct choice){.model = model, .seed = seed, .last = w->prefix, .lost = lost};
    struct digest d = states_digest(w->tree, &state.choice);
    digest_add(&d, &w->n_printed_bytes, sizeof(w->n_printed_bytes));
    w->counts.states++;
    if (!is_new(w, d))
        return;
    state.ordinal = w->counts.distinct++;
    if (model == MODEL_LOST_ONE || model == MODEL_RANDOM)
        snprintf(state.model, sizeof(state.model), "%s-%llu", name,
                 (unsigned long long)(model == MODEL_RANDOM ? seed : lost));
    else
        snprintf(state.model, sizeof(state.model), "%s", name);
    w->is_over = !w->taker(w->context, &state);
}

/* Losing one change is tried where most changes wait: before something becomes durable, is promised, or ends. */
static bool is_turning_point(const struct walk *w)
{
    if (w->prefix == w->plan->log->n_items)
        return true;
    uint32_t next = w->plan->log->items[w->prefix].record.op;
    return next == REC_FSYNC || next == REC_FDATASYNC || next == REC_SYNC_ALL || next == REC_PRINTED;
}

static void offer_lost_ones(struct walk *w)
{
    uint64_t *numbers;
    size_t count;
    tree_pending(w->tree, &numbers, &count);
    for (size_t i = 0; i < count; i++)
        offer(w, MODEL_LOST_ONE, 0, numbers[i], "lost");
    free(numbers);
}

static void offer_prefix(struct walk *w)
{
    const struct plan *plan = w->plan;
    uint64_t base = plain_mix(plan->seed ^ plain_mix(w->prefix));
    offer(w, MODEL_STRICT, 0, 0, "strict");
    offer(w, MODEL_KEPT, 0, 0, "kept");
    offer(w, MODEL_NAMES_SHORT, 0, 0, "names-short");
    offer(w, MODEL_NAMES_ZERO, 0, 0, "names-zero");
    offer(w, MODEL_BYTES, 0, 0, "bytes");
    if (w->prefix > 0 && plan->log->items[w->prefix - 1].record.op == REC_WRITE) {
        offer(w, MODEL_KEPT_TORN, base, 0, "kept-torn");
        offer(w, MODEL_STRICT_TORN, base, 0, "strict-torn");
    }
    for (unsigned i = 0; i < plan->n_random; i++)
        offer(w, MODEL_RANDOM, plain_mix(base + i), 0, "random");
}

static struct tree *first_tree(const struct plan *plan)
{
    struct tree *tree = tree_new(plan->log->skip);
    for (size_t i = 0; i < plan->n_starts; i++)
        tree_add_root(tree, plan->starts[i].name, plan->starts[i].path, plan->starts[i].snapshot);
    return tree;
}

static void apply(struct tree *tree, const struct log *log, size_t i)
{
    const struct item *item = &log->items[i];
    tree_apply(tree, i + 1, &item->record, item->path, item->path2, item->data);
}

struct tree *states_tree(const struct plan *plan, size_t n_records)
{
    struct tree *tree = first_tree(plan);
    for (size_t i = 0; i < n_records; i++)
        apply(tree, plan->log, i);
    return tree;
}

struct counts states_each(const struct plan *plan, state_taker *taker, void *context)
{
    struct walk w = {.plan = plan, .taker = taker, .context = context, .tree = first_tree(plan)};
    offer_prefix(&w);
    while (w.prefix < plan->log->n_items && !w.is_over) {
        const struct record *r = &plan->log->items[w.prefix].record;
        apply(w.tree, plan->log, w.prefix++);
        if (r->op == REC_PRINTED)
            w.n_printed_bytes += r->data_bytes;
        if (r->op != REC_OPEN && r->op != REC_CLOSE && r->op != REC_START && r->op != REC_SYNC_RANGE)
            offer_prefix(&w);
        if (is_turning_point(&w))
            offer_lost_ones(&w);
    }
    tree_free(w.tree);
    free(w.seen);
    return w.counts;
}
