/*
 * Clusters: who is one person, given what each pair weighs and what people have said.
 *
 * Not the connected components: one wrong pair would join two families.  Inside each component the two groups whose
 * pairs weigh most on average are joined while that average is above the threshold; a pair that was not even compared
 * counts against.  "Different" keeps groups apart for good, "same" joins them first.
 */
#include "match/match_internal.h"

enum {
    NOT_COMPARED = -3 * MATCH_WEIGHT_ONE, /* relative to the threshold */
    MATRIX_MAX = 600,                     /* records of a component that are held pair by pair */
    SAME = 1 << 24,
    APART = -(1 << 24),
    WEIGHT_MAX = 12 * MATCH_WEIGHT_ONE,
    WEIGHT_MIN = -12 * MATCH_WEIGHT_ONE
};

static uint32_t root_of(uint32_t *parent, uint32_t x)
{
    while (parent[x] != x) {
        parent[x] = parent[parent[x]];
        x = parent[x];
    }
    return x;
}

static void unite(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

struct edge {
    uint32_t component, a, b;
    int32_t weight; /* above the threshold; SAME, APART: said by a person */
};

static int by_component(const void *x, const void *y)
{
    const struct edge *p = x, *q = y;
    if (p->component != q->component)
        return p->component < q->component ? -1 : 1;
    if (p->a != q->a)
        return p->a < q->a ? -1 : 1;
    return p->b < q->b ? -1 : p->b > q->b;
}

struct group_room {
    uint32_t *member; /* records of the component, ascending */
    unsigned count;
    int64_t *sum;   /* of the weights between two groups */
    uint16_t *size; /* 0: joined to another */
    uint16_t *home; /* the group of each member */
};

static unsigned place_of(const struct group_room *g, uint32_t record)
{
    unsigned low = 0, high = g->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (g->member[middle] < record)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void join_groups(struct group_room *g, unsigned a, unsigned b)
{
    unsigned n = g->count;
    for (unsigned k = 0; k < n; k++) {
        g->sum[a * n + k] += g->sum[b * n + k];
        g->sum[k * n + a] = g->sum[a * n + k];
    }
    g->size[a] = (uint16_t)(g->size[a] + g->size[b]);
    g->size[b] = 0;
    for (unsigned k = 0; k < n; k++)
        g->home[k] = g->home[k] == b ? (uint16_t)a : g->home[k];
}

/* Join the two groups with the highest mean while it is above nothing. */
static void agglomerate(struct group_room *g)
{
    unsigned n = g->count;
    for (;;) {
        int64_t best = 0;
        unsigned at_a = 0, at_b = 0;
        for (unsigned a = 0; a < n; a++)
            for (unsigned b = a + 1; g->size[a] != 0 && b < n; b++) {
                if (g->size[b] == 0 || g->sum[a * n + b] <= 0)
                    continue;
                int64_t mean = g->sum[a * n + b] / ((int64_t)g->size[a] * g->size[b]);
                if (mean > best) {
                    best = mean;
                    at_a = a;
                    at_b = b;
                }
            }
        if (best == 0)
            return;
        join_groups(g, at_a, at_b);
    }
}

static int cluster_component(const struct edge *edges, size_t count, struct group_room *g, struct match_result *r)
{
    unsigned n = 0;
    for (size_t i = 0; i < count; i++) {
        g->member[n++] = edges[i].a;
        g->member[n++] = edges[i].b;
    }
    /* Few and nearly sorted: edges come by their first record. */
    for (unsigned i = 1; i < n; i++)
        for (unsigned k = i; k > 0 && g->member[k - 1] > g->member[k]; k--) {
            uint32_t turn = g->member[k];
            g->member[k] = g->member[k - 1];
            g->member[k - 1] = turn;
        }
    g->count = 0;
    for (unsigned i = 0; i < n; i++)
        if (g->count == 0 || g->member[g->count - 1] != g->member[i])
            g->member[g->count++] = g->member[i];
    n = g->count;
    for (unsigned a = 0; a < n; a++) {
        g->size[a] = 1;
        g->home[a] = (uint16_t)a;
        for (unsigned b = 0; b < n; b++)
            g->sum[a * n + b] = NOT_COMPARED;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned a = place_of(g, edges[i].a), b = place_of(g, edges[i].b);
        int64_t w = edges[i].weight;
        if (w != SAME && w != APART)
            w = w > WEIGHT_MAX ? WEIGHT_MAX : w < WEIGHT_MIN ? WEIGHT_MIN : w;
        else
            w *= 1024;
        g->sum[a * n + b] = g->sum[b * n + a] = w;
    }
    agglomerate(g);
    for (unsigned i = 0; i < n; i++) {
        unsigned first = 0;
        while (g->home[first] != g->home[i])
            first++;
        r->cluster[g->member[i]] = g->member[first];
    }
    return 0;
}

/* A component too large to be held pair by pair: its pairs are taken above a higher and higher threshold. */
static int cluster_large(struct edge *edges, size_t count, int32_t above, uint32_t *parent, struct group_room *g,
                         struct match_result *r);

static size_t members_of(const struct edge *edges, size_t count, uint32_t *parent)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        parent[edges[i].a] = edges[i].a;
        parent[edges[i].b] = edges[i].b;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t ends[2] = {edges[i].a, edges[i].b};
        for (unsigned k = 0; k < 2; k++)
            if (parent[ends[k]] == ends[k]) {
                parent[ends[k]] = UINT32_MAX;
                n++;
            }
    }
    for (size_t i = 0; i < count; i++) {
        parent[edges[i].a] = edges[i].a;
        parent[edges[i].b] = edges[i].b;
    }
    return n;
}

static int cluster_edges(struct edge *edges, size_t count, int32_t above, uint32_t *parent, struct group_room *g,
                         struct match_result *r)
{
    if (count * 2 <= MATRIX_MAX || members_of(edges, count, parent) <= MATRIX_MAX)
        return count * 2 <= (size_t)MATRIX_MAX * MATRIX_MAX ? cluster_component(edges, count, g, r) : 0;
    return cluster_large(edges, count, above + MATCH_WEIGHT_ONE, parent, g, r);
}

static int cluster_large(struct edge *edges, size_t count, int32_t above, uint32_t *parent, struct group_room *g,
                         struct match_result *r)
{
    size_t kept = 0;
    if (above > 64 * MATCH_WEIGHT_ONE)
        return 0;
    (void)members_of(edges, count, parent);
    for (size_t i = 0; i < count; i++)
        if (edges[i].weight >= above)
            unite(parent, edges[i].a, edges[i].b);
    for (size_t i = 0; i < count; i++) {
        uint32_t a = root_of(parent, edges[i].a), b = root_of(parent, edges[i].b);
        edges[i].component = a == b ? a : UINT32_MAX;
    }
    for (size_t i = 0; i < count; i++)
        if (edges[i].component != UINT32_MAX)
            edges[kept++] = edges[i];
    qsort(edges, kept, sizeof *edges, by_component);
    for (size_t i = 0, end; i < kept; i = end) {
        for (end = i + 1; end < kept && edges[end].component == edges[i].component; end++)
            continue;
        int rc = cluster_edges(edges + i, end - i, above, parent, g, r);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int group_room_new(struct group_room *g)
{
    g->member = malloc(((size_t)MATRIX_MAX * MATRIX_MAX + 2) * sizeof *g->member);
    g->sum = malloc((size_t)MATRIX_MAX * MATRIX_MAX * sizeof *g->sum);
    g->size = malloc(MATRIX_MAX * sizeof *g->size);
    g->home = malloc(MATRIX_MAX * sizeof *g->home);
    return g->member == NULL || g->sum == NULL || g->size == NULL || g->home == NULL ? -1 : 0;
}

static void group_room_drop(struct group_room *g)
{
    free(g->member);
    free(g->sum);
    free(g->size);
    free(g->home);
}

static int check_decisions(const struct match_options *o, const uint32_t *cluster, struct err *e)
{
    for (size_t i = 0; i < o->decisions_count; i++) {
        const struct match_decision *d = &o->decisions[i];
        bool together = cluster[d->a] == cluster[d->b];
        if ((d->says == MATCH_SAME && !together) || (d->says == MATCH_DIFFERENT && together))
            return err_set(e, ERR_REFUSED, "the decisions contradict one another at records %lu and %lu",
                           (unsigned long)d->a + 1, (unsigned long)d->b + 1);
    }
    return 0;
}

static void count_up(const struct match_pair *pairs, size_t count, int32_t threshold, struct match_result *r,
                     uint32_t *sizes)
{
    memset(sizes, 0, r->records * sizeof *sizes);
    for (size_t i = 0; i < r->records; i++)
        if (++sizes[r->cluster[i]] > r->largest)
            r->largest = sizes[r->cluster[i]];
    for (size_t i = 0; i < count; i++)
        r->broken += pairs[i].weight >= threshold && r->cluster[pairs[i].a] != r->cluster[pairs[i].b];
}

int match_cluster(const struct match_pair *pairs, size_t count, const struct match_options *o, int32_t threshold,
                  struct match_result *r, struct err *e)
{
    struct group_room g __attribute__((cleanup(group_room_drop))) = {0};
    OWN(mem_drop) uint32_t *parent = malloc((r->records + 1) * sizeof *parent);
    OWN(mem_drop) struct edge *edges = malloc((count + o->decisions_count + 1) * sizeof *edges);
    r->cluster = malloc((r->records + 1) * sizeof *r->cluster);
    if (parent == NULL || edges == NULL || r->cluster == NULL || group_room_new(&g) != 0)
        return err_memory(e);
    for (uint32_t i = 0; i < r->records; i++)
        parent[i] = r->cluster[i] = i;
    for (size_t i = 0; i < count; i++)
        if (pairs[i].weight > threshold)
            unite(parent, pairs[i].a, pairs[i].b);
    for (size_t i = 0; i < o->decisions_count; i++)
        if (o->decisions[i].says == MATCH_SAME)
            unite(parent, o->decisions[i].a, o->decisions[i].b);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (root_of(parent, pairs[i].a) == root_of(parent, pairs[i].b))
            edges[n++] =
                (struct edge){root_of(parent, pairs[i].a), pairs[i].a, pairs[i].b, pairs[i].weight - threshold};
    for (size_t i = 0; i < o->decisions_count; i++) {
        const struct match_decision *d = &o->decisions[i];
        uint32_t a = d->a < d->b ? d->a : d->b, b = d->a ^ d->b ^ a;
        if (d->says != MATCH_CANNOT_TELL && a != b && root_of(parent, a) == root_of(parent, b))
            edges[n++] = (struct edge){root_of(parent, a), a, b, d->says == MATCH_SAME ? SAME : APART};
    }
    qsort(edges, n, sizeof *edges, by_component);
    int rc = 0;
    for (size_t i = 0, end; rc == 0 && i < n; i = end) {
        for (end = i + 1; end < n && edges[end].component == edges[i].component; end++)
            continue;
        rc = cluster_edges(edges + i, end - i, 0, parent, &g, r);
    }
    if (rc == 0)
        rc = check_decisions(o, r->cluster, e);
    if (rc == 0)
        count_up(pairs, count, threshold, r, parent);
    return rc;
}
