/*
 * Completeness: the statements of each investigation are numbered without gaps, and each names the one before.  What a
 * walk of the journal opens is taken in order; what is missing, doubled or out of order is found, and kept as ranges.
 */
#include "store/store_internal.h"

void store_numbering_release(struct store_numbering *n)
{
    for (size_t i = 0; i < n->count; i++) {
        free(n->list[i].name);
        free(n->list[i].gap);
    }
    free(n->list);
    free(n->erased);
    *n = (struct store_numbering){0};
}

#define FOUND(n, ...)                                                                                                  \
    do {                                                                                                               \
        struct err found_line = {0};                                                                                   \
        (void)err_set(&found_line, ERR_DAMAGED, __VA_ARGS__);                                                          \
        (n)->finding((n)->context, found_line.text);                                                                   \
    } while (0)

static struct store_numbering_one *one_of(struct store_numbering *n, const uint8_t id[STATEMENT_ID])
{
    for (size_t i = 0; i < n->count; i++)
        if (memcmp(n->list[i].next.investigation, id, STATEMENT_ID) == 0)
            return &n->list[i];
    return NULL;
}

static int one_begin(struct store_numbering *n, const struct statement *st, struct store_numbering_one **ret,
                     struct err *e)
{
    if (n->count == n->room) {
        size_t room = n->room * 2 + 4;
        struct store_numbering_one *grown = reallocarray(n->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        n->list = grown;
        n->room = room;
    }
    const char *name = st->kind == STATEMENT_INVESTIGATION ? st->investigation.name : "?";
    struct store_numbering_one *one = &n->list[n->count];
    *one = (struct store_numbering_one){.name = strdup(name)};
    if (one->name == NULL)
        return err_memory(e);
    memcpy(one->next.investigation, st->place.investigation, STATEMENT_ID);
    n->count++;
    *ret = one;
    return 0;
}

static int gap_add(struct store_numbering_one *one, uint64_t first, uint64_t last, struct err *e)
{
    if (one->gaps == one->gap_room) {
        size_t room = one->gap_room * 2 + 4;
        struct statement_range *grown = reallocarray(one->gap, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        one->gap = grown;
        one->gap_room = room;
    }
    one->gap[one->gaps++] = (struct statement_range){first, last};
    one->missing += last - first + 1;
    return 0;
}

int store_numbering_erased(struct store_numbering *n, const uint8_t entry[LEAF_ENTRY], struct err *e)
{
    if (n->erased_count == n->erased_room) {
        size_t room = n->erased_room * 2 + 16;
        struct hash *grown = reallocarray(n->erased, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        n->erased = grown;
        n->erased_room = room;
    }
    memcpy(n->erased[n->erased_count++].b, entry + 1, CRYPT_HASH);
    return 0;
}

/* What stood before it, by the commitment that it names, is erased; and no more is left out than was erased. */
static bool erased_before(struct store_numbering *n, const struct statement *st, uint64_t missing)
{
    size_t i = n->erased_count;
    while (i > 0 && !hash_equal(&n->erased[i - 1], &st->place.prev))
        i--;
    if (i == 0 || missing > n->erased_count - n->erased_told)
        return false;
    n->erased_told += missing;
    return true;
}

/* Numbers for people begin with 1. */
static int follows(struct store_numbering *n, struct store_numbering_one *one, uint64_t leaf,
                   const struct statement *st, struct err *e)
{
    uint64_t seq = st->place.seq, expected = one->next.seq;
    int rc = 0;
    if (seq > expected && erased_before(n, st, seq - expected))
        return 0;
    if (seq > expected) {
        FOUND(n, "leaf %llu: it is number %llu of investigation \"%s\", and %llu to %llu are not there",
              (unsigned long long)leaf, (unsigned long long)seq + 1, one->name, (unsigned long long)expected + 1,
              (unsigned long long)seq);
        rc = gap_add(one, expected + 1, seq, e);
    } else if (seq < expected)
        FOUND(n, "leaf %llu: number %llu of investigation \"%s\" is there twice, or out of order",
              (unsigned long long)leaf, (unsigned long long)seq + 1, one->name);
    else if (!hash_equal(&st->place.prev, &one->next.prev))
        FOUND(n, "leaf %llu: number %llu of investigation \"%s\" names another one before it than there is",
              (unsigned long long)leaf, (unsigned long long)seq + 1, one->name);
    return rc;
}

int store_numbering_take(struct store_numbering *n, uint64_t leaf, const struct statement *st,
                         const uint8_t entry[LEAF_ENTRY], struct err *e)
{
    struct store_numbering_one *one = one_of(n, st->place.investigation);
    int rc = one == NULL ? one_begin(n, st, &one, e) : 0;
    if (one == NULL)
        return rc;
    if ((st->kind == STATEMENT_INVESTIGATION) != (st->place.seq == 0))
        FOUND(n, "leaf %llu: an investigation is named by its first statement and by no other",
              (unsigned long long)leaf);
    rc = follows(n, one, leaf, st, e);
    if (st->place.seq >= one->next.seq)
        one->next.seq = st->place.seq + 1;
    memcpy(one->next.prev.b, entry + 1, CRYPT_HASH);
    return rc;
}

void store_numbering_tell(const struct store_numbering *n, const struct store_watch *watch)
{
    for (size_t i = 0; watch->numbered != NULL && i < n->count; i++) {
        const struct store_numbering_one *one = &n->list[i];
        struct store_numbered said = {.name = one->name,
                                      .last = one->next.seq,
                                      .missing = one->missing,
                                      .gap = one->gap,
                                      .gaps = one->gaps};
        memcpy(said.id, one->next.investigation, STATEMENT_ID);
        watch->numbered(watch->context, &said);
    }
}
