#include "estimate/estimate_internal.h"

#include <assert.h>

/*
 * A graph is chordal when its vertices can be taken away one by one, each with its remaining neighbours all joined to
 * one another.  Those neighbourhoods, with the vertex, that are in no other are the cliques; each neighbourhood left
 * behind, where it is no clique itself, is a separator.
 */
struct peeled {
    unsigned sets;
    uint8_t with[ESTIMATE_GRAPHS_LISTS_MAX], without[ESTIMATE_GRAPHS_LISTS_MAX];
};

static bool all_joined(const uint8_t *neighbours, uint8_t set)
{
    for (unsigned v = 0; v < ESTIMATE_GRAPHS_LISTS_MAX; v++)
        if ((set >> v & 1) != 0 && (set & ~neighbours[v] & ~(1U << v)) != 0)
            return false;
    return true;
}

static bool peel(const uint8_t *neighbours, unsigned lists, struct peeled *ret)
{
    uint8_t left = (uint8_t)((1U << lists) - 1);
    ret->sets = 0;
    while (left != 0) {
        unsigned v = 0;
        while (v < lists && ((left >> v & 1) == 0 || !all_joined(neighbours, neighbours[v] & left)))
            v++;
        if (v == lists)
            return false;
        ret->without[ret->sets] = neighbours[v] & left;
        ret->with[ret->sets++] = (uint8_t)((neighbours[v] & left) | 1U << v);
        left = (uint8_t)(left & ~(1U << v));
    }
    return true;
}

static void count_sets(const struct peeled *p, struct estimate_graph *ret)
{
    memset(ret->times, 0, sizeof ret->times);
    /* The probability is the product of `with` over `without`; what is above and below the line goes out. */
    for (unsigned i = 0; i < p->sets; i++) {
        ret->times[p->with[i]]++;
        ret->times[p->without[i]]--;
    }
    ret->times[0] = 0;
}

static void join(unsigned lists, uint32_t edges, uint8_t *neighbours)
{
    memset(neighbours, 0, ESTIMATE_GRAPHS_LISTS_MAX);
    unsigned edge = 0;
    for (unsigned a = 0; a < lists; a++)
        for (unsigned b = a + 1; b < lists; b++, edge++)
            if ((edges >> edge & 1) != 0) {
                neighbours[a] |= (uint8_t)(1U << b);
                neighbours[b] |= (uint8_t)(1U << a);
            }
}

int estimate_graphs(unsigned lists, struct estimate_graph **ret, size_t *ret_count, struct err *e)
{
    static const size_t number[] = {[3] = 8, [4] = 61, [5] = 822, [6] = 18154};
    assert(lists >= 3 && lists <= ESTIMATE_GRAPHS_LISTS_MAX);
    struct estimate_graph *graphs = calloc(number[lists], sizeof *graphs);
    if (graphs == NULL)
        return err_memory(e);
    size_t count = 0;
    for (uint32_t edges = 0; edges < 1U << (lists * (lists - 1) / 2); edges++) {
        uint8_t neighbours[ESTIMATE_GRAPHS_LISTS_MAX];
        struct peeled peeled;
        join(lists, edges, neighbours);
        if (!peel(neighbours, lists, &peeled))
            continue;
        assert(count < number[lists]);
        graphs[count].edges = edges;
        count_sets(&peeled, &graphs[count++]);
    }
    *ret = graphs;
    *ret_count = count;
    return 0;
}

void estimate_graph_name(uint32_t edges, unsigned lists, char to[ESTIMATE_MODEL_NAME_MAX])
{
    uint8_t neighbours[ESTIMATE_GRAPHS_LISTS_MAX];
    struct estimate_model m;
    join(lists, edges, neighbours);
    estimate_model_independence(lists, &m);
    for (unsigned set = 1; set < 1U << lists; set++) {
        bool clique = __builtin_popcount(set) > 1 && all_joined(neighbours, (uint8_t)set);
        for (unsigned v = 0; clique && v < lists; v++)
            clique = (set >> v & 1) != 0 || (set & ~neighbours[v]) != 0;
        if (clique)
            m.term[m.count++] = (uint16_t)set;
    }
    estimate_model_name(&m, lists, to);
}
