/* Lists of what was refused, and what earlier receipts refused already: the same refusal again is no news. */
#include "verbs/verbs_internal.h"

void verbs_refusals_release(struct verbs_refusals *r)
{
    free(r->list);
    buf_drop(&r->names);
    *r = (struct verbs_refusals){0};
}

int verbs_refusals_add(struct verbs_refusals *r, struct bytes path, const char *reason, uint64_t bytes, struct err *e)
{
    if (r->count == r->room) {
        size_t room = r->room * 2 + 16;
        struct statement_refused *grown = reallocarray(r->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        r->list = grown;
        r->room = room;
    }
    r->list[r->count++] = (struct statement_refused){.path = {NULL, path.n}, .reason = reason, .bytes = bytes};
    buf_put_bytes(&r->names, path);
    return buf_check(&r->names, e);
}

/* Paths lie in the list's order, so each begins where the one before ends. */
void verbs_refusals_settle(struct verbs_refusals *r)
{
    size_t at = 0;
    for (size_t i = 0; i < r->count; i++) {
        r->list[i].path.p = r->names.p + at;
        at += r->list[i].path.n;
    }
}

/* {"bytes":...,"name":{...},"reason":"..."}; a byte of a name is at most \\xNN escaped once more, and base64. */
uint64_t verbs_refusals_bytes(const struct verbs_refusals *r)
{
    enum { ENTRY = 128, NAME_BYTE = 7 };
    return (uint64_t)r->count * ENTRY + (uint64_t)r->names.n * NAME_BYTE;
}

/* ---- what earlier receipts say ---- */

struct reading {
    struct index *index;
    struct verbs_refusals *to;
};

/* The same code, as a text that outlives the query. */
static const char *reason_kept(const char *reason)
{
    static const char *const codes[] = {"changed", "device", "fifo",       "io",      "large",
                                        "loop",    "socket", "unreadable", "vanished"};
    for (size_t i = 0; i < COUNT(codes); i++)
        if (strcmp(codes[i], reason) == 0)
            return codes[i];
    return "io";
}

static int take_refused(void *context, const struct statement_refused *r, struct err *e)
{
    struct reading *x = context;
    return verbs_refusals_add(x->to, r->path, reason_kept(r->reason), r->bytes, e);
}

static int take_deposit(void *context, const struct index_deposit *d, struct err *e)
{
    struct reading *x = context;
    return d->set_aside ? 0 : index_refused(x->index, d->leaf, take_refused, x, e);
}

static int refused_order(const void *a, const void *b)
{
    const struct statement_refused *x = a, *y = b;
    size_t n = x->path.n < y->path.n ? x->path.n : y->path.n;
    int order = memcmp(x->path.p, y->path.p, n);
    if (order != 0)
        return order;
    if (x->path.n != y->path.n)
        return x->path.n < y->path.n ? -1 : 1;
    return strcmp(x->reason, y->reason);
}

int verbs_refusals_earlier(struct index *x, struct verbs_refusals *ret, struct err *e)
{
    struct reading r = {x, ret};
    int rc = index_deposits(x, take_deposit, &r, e);
    if (rc != 0)
        return rc;
    verbs_refusals_settle(ret);
    if (ret->count > 1)
        qsort(ret->list, ret->count, sizeof *ret->list, refused_order);
    return 0;
}

bool verbs_refusals_have(const struct verbs_refusals *earlier, struct bytes path, const char *reason)
{
    struct statement_refused wanted = {.path = path, .reason = reason};
    return earlier->count > 0 &&
           bsearch(&wanted, earlier->list, earlier->count, sizeof *earlier->list, refused_order) != NULL;
}
