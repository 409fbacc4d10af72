/*
 * leak_windows.c: sixteen bytes in common.
 *
 * All windows of the sources set bits in a filter; the few windows of the repository that the filter lets through are
 * kept with their bytes; the sources are read again and compared with those.  So the search is exact, and memory is a
 * filter of two to four bytes per byte of source and a short list.
 */
#include "leak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Beyond this, most of the list are leaks; the first ones tell the story. */
enum { SUSPECTS_MAX = 1 << 22 };

/* A filter is an array of cache lines: a key marks three bits of one, so that asking costs one access to memory. */
enum { LINE_WORDS = 8, LINE_BITS = 512, FILTER_BITS_PER_WINDOW = 16, PAGE_BYTES = 1 << 21 };

struct filter {
    uint64_t (*lines)[LINE_WORDS];
    uint64_t n_lines;
};

struct window {
    uint64_t a;
    uint64_t b;
};

struct place {
    const char *where;
    bool is_name;
    uint64_t offset;
};

struct suspect {
    struct window window;
    struct place at;
    struct place from; /* from.where is NULL until it is confirmed */
};

struct leak_windows {
    struct filter of_sources;
    struct filter of_suspects;
    uint64_t n_windows;
    struct suspect *suspects;
    size_t n_suspects;
    size_t suspects_room;
    bool is_full;
    bool is_sorted;
};

static struct filter filter_new(uint64_t n_keys)
{
    struct filter filter = {.n_lines = n_keys * FILTER_BITS_PER_WINDOW / LINE_BITS + 1};
    size_t bytes = (size_t)filter.n_lines * sizeof(*filter.lines);
    bytes = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    filter.lines = aligned_alloc(PAGE_BYTES, bytes);
    if (filter.lines == NULL)
        die(PLAIN_ENVIRONMENT, "no memory for %zu bytes", bytes);
    madvise(filter.lines, bytes, MADV_HUGEPAGE); /* faster where the machine has them; nothing else depends on it */
    memset(filter.lines, 0, bytes);
    return filter;
}

static uint64_t *filter_line(const struct filter *filter, uint64_t key)
{
    return filter->lines[(uint64_t)(((unsigned __int128)key * filter->n_lines) >> 64)];
}

/* The low bits of the key choose within the line; its high bits chose the line. */
static bool filter_has(const struct filter *filter, uint64_t key)
{
    const uint64_t *line = filter_line(filter, key);
    bool has = true;
    for (unsigned i = 0; i < 3; i++, key >>= 9)
        has = has && (line[key % LINE_BITS / 64] >> (key % 64) & 1) != 0;
    return has;
}

static void filter_add(struct filter *filter, uint64_t key)
{
    uint64_t *line = filter_line(filter, key);
    for (unsigned i = 0; i < 3; i++, key >>= 9)
        line[key % LINE_BITS / 64] |= UINT64_C(1) << (key % 64);
}

struct leak_windows *leak_windows_new(uint64_t source_bytes)
{
    struct leak_windows *w = plain_alloc(sizeof(*w));
    w->of_sources = filter_new(source_bytes);
    return w;
}

void leak_windows_free(struct leak_windows *w)
{
    if (w == NULL)
        return;
    free(w->of_sources.lines);
    free(w->of_suspects.lines);
    free(w->suspects);
    free(w);
}

uint64_t leak_windows_count(const struct leak_windows *w)
{
    return w->n_windows;
}

static struct window window_at(const uint8_t *bytes)
{
    struct window window;
    memcpy(&window.a, bytes, sizeof(window.a));
    memcpy(&window.b, bytes + sizeof(window.a), sizeof(window.b));
    return window;
}

static uint64_t mixed(struct window window)
{
    return plain_mix(window.a ^ plain_mix(window.b));
}

/* How many values the bytes from ${at} on hold, kept up to date while ${at} moves. */
struct values {
    uint32_t counts[256];
    unsigned n_different;
};

static void values_add(struct values *v, uint8_t value)
{
    v->n_different += v->counts[value]++ == 0;
}

static void values_remove(struct values *v, uint8_t value)
{
    v->n_different -= --v->counts[value] == 0;
}

typedef void window_taker(struct leak_windows *w, const struct text *text, uint64_t at, struct window window);

static void each_window(struct leak_windows *w, const struct text *text, window_taker *taker)
{
    struct values values = {0};
    for (uint64_t end = 0; end < text->size_bytes; end++) {
        values_add(&values, text->bytes[end]);
        if (end + 1 < LEAK_WINDOW_BYTES)
            continue;
        uint64_t at = end + 1 - LEAK_WINDOW_BYTES;
        if (values.n_different >= LEAK_WINDOW_VALUES_MIN)
            taker(w, text, at, window_at(text->bytes + at));
        values_remove(&values, text->bytes[at]);
    }
}

static void take_source(struct leak_windows *w, const struct text *text, uint64_t at, struct window window)
{
    (void)text;
    (void)at;
    filter_add(&w->of_sources, mixed(window));
    w->n_windows++;
}

void leak_windows_source(struct leak_windows *w, const struct text *text)
{
    each_window(w, text, take_source);
}

static void take_suspect(struct leak_windows *w, const struct text *text, uint64_t at, struct window window)
{
    if (!filter_has(&w->of_sources, mixed(window)))
        return;
    w->is_full = w->n_suspects == SUSPECTS_MAX;
    if (w->is_full)
        return;
    w->suspects = plain_grow(w->suspects, w->n_suspects, &w->suspects_room, sizeof(*w->suspects));
    w->suspects[w->n_suspects++] =
        (struct suspect){.window = window, .at = {.where = text->where, .is_name = text->is_name, .offset = at}};
}

void leak_windows_suspect(struct leak_windows *w, const struct text *text)
{
    each_window(w, text, take_suspect);
}

static int compare_windows(struct window x, struct window y)
{
    if (x.a != y.a)
        return x.a < y.a ? -1 : 1;
    return (x.b > y.b) - (x.b < y.b);
}

static int by_window(const void *a, const void *b)
{
    return compare_windows(((const struct suspect *)a)->window, ((const struct suspect *)b)->window);
}

static void sort_suspects(struct leak_windows *w)
{
    w->of_suspects = filter_new(w->n_suspects);
    for (size_t i = 0; i < w->n_suspects; i++)
        filter_add(&w->of_suspects, mixed(w->suspects[i].window));
    if (w->n_suspects > 0)
        qsort(w->suspects, w->n_suspects, sizeof(*w->suspects), by_window);
    w->is_sorted = true;
}

static void take_confirm(struct leak_windows *w, const struct text *text, uint64_t at, struct window window)
{
    if (!filter_has(&w->of_suspects, mixed(window)))
        return;
    size_t low = 0;
    size_t high = w->n_suspects;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_windows(w->suspects[middle].window, window) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == w->n_suspects || w->suspects[low].from.where != NULL)
        return; /* all of the same window are confirmed together */
    for (; low < w->n_suspects && compare_windows(w->suspects[low].window, window) == 0; low++)
        w->suspects[low].from = (struct place){.where = text->where, .is_name = text->is_name, .offset = at};
}

void leak_windows_confirm(struct leak_windows *w, const struct text *text)
{
    if (!w->is_sorted)
        sort_suspects(w);
    if (w->n_suspects > 0)
        each_window(w, text, take_confirm);
}

static int by_place(const void *a, const void *b)
{
    const struct suspect *x = a;
    const struct suspect *y = b;
    int order = strcmp(x->at.where, y->at.where);
    if (order != 0)
        return order;
    if (x->at.is_name != y->at.is_name)
        return x->at.is_name ? -1 : 1;
    return (x->at.offset > y->at.offset) - (x->at.offset < y->at.offset);
}

static bool goes_on(const struct suspect *before, const struct suspect *after)
{
    return before->at.is_name == after->at.is_name && strcmp(before->at.where, after->at.where) == 0 &&
           before->at.offset + 1 == after->at.offset;
}

static void print_run(const struct suspect *first, const struct suspect *last)
{
    printf("%s%s, byte %llu: %llu bytes as in %s%s, byte %llu\n", first->at.is_name ? "the name of " : "",
           first->at.where, (unsigned long long)first->at.offset,
           (unsigned long long)(last->at.offset - first->at.offset + LEAK_WINDOW_BYTES),
           first->from.is_name ? "the name of " : "", first->from.where, (unsigned long long)first->from.offset);
}

uint64_t leak_windows_report(struct leak_windows *w)
{
    size_t kept = 0;
    uint64_t n_runs = 0;
    for (size_t i = 0; i < w->n_suspects; i++)
        if (w->suspects[i].from.where != NULL)
            w->suspects[kept++] = w->suspects[i];
    if (kept == 0 && w->is_full)
        die(PLAIN_ENVIRONMENT, "too many windows look alike to tell");
    if (kept > 0)
        qsort(w->suspects, kept, sizeof(*w->suspects), by_place);
    for (size_t i = 0, first = 0; i < kept; i++) {
        if (i + 1 < kept && goes_on(&w->suspects[i], &w->suspects[i + 1]))
            continue;
        if (n_runs++ < LEAKS_PRINTED_MAX)
            print_run(&w->suspects[first], &w->suspects[i]);
        first = i + 1;
    }
    return n_runs;
}
