#include "report/report_internal.h"

#include "base/json.h"
#include "base/unicode.h"
#include "table/table.h"

#include <stdio.h>

/* The columns of a table of claims; "meaning" says what the range is: bounds, an interval, a guess, or unstated. */
enum { ID, QUANTITY, KIND, DATE, SCOPE, LOW, HIGH, MEANING, DERIVED_FROM, COLUMNS };
static const char *const column_names[COLUMNS] = {"id",  "quantity", "kind",    "date",        "scope",
                                                  "low", "high",     "meaning", "derived_from"};

struct ledger {
    struct estimate_claim *claims;
    char **texts; /* COLUMNS of each */
    size_t count;
};

static void ledger_drop(struct ledger *l)
{
    for (size_t i = 0; l->texts != NULL && i < (size_t)ESTIMATE_CLAIMS_MAX * COLUMNS; i++)
        free(l->texts[i]);
    free(l->texts);
    free(l->claims);
}

static int whole(const char *path, const struct table_row *row, struct bytes x, double *ret, struct err *e)
{
    uint64_t v;
    if (decimal_get(x, &v) != 0 || v > UINT64_C(1000000000000))
        return err_set(e, ERR_REFUSED, "%s, line %llu: \"%.*s\" is no count", path, (unsigned long long)row->line,
                       x.n < 40 ? (int)x.n : 40, (const char *)x.p);
    *ret = (double)v;
    return 0;
}

static int take_claim(struct ledger *l, const char *path, const int *column, const struct table_row *row, struct err *e)
{
    if (l->count == ESTIMATE_CLAIMS_MAX)
        return err_set(e, ERR_REFUSED, "%s: more than %d claims", path, ESTIMATE_CLAIMS_MAX);
    char **text = &l->texts[l->count * COLUMNS];
    struct bytes field[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        field[i] = table_trim(row->fields[column[i]]);
        if (!unicode_valid(field[i]))
            return err_set(e, ERR_REFUSED, "%s, line %llu: not UTF-8", path, (unsigned long long)row->line);
        text[i] = strndup((const char *)field[i].p, field[i].n);
        if (text[i] == NULL)
            return err_memory(e);
    }
    if (field[ID].n == 0)
        return err_set(e, ERR_REFUSED, "%s, line %llu: a claim needs an id", path, (unsigned long long)row->line);
    struct estimate_claim *c = &l->claims[l->count++];
    *c = (struct estimate_claim){.id = text[ID],
                                 .quantity = text[QUANTITY],
                                 .kind = text[KIND],
                                 .date = text[DATE],
                                 .scope = text[SCOPE],
                                 .meaning = text[MEANING],
                                 .derived_from = text[DERIVED_FROM]};
    int rc = whole(path, row, field[LOW], &c->low, e);
    return rc == 0 ? whole(path, row, field[HIGH], &c->high, e) : rc;
}

static int read_claims(const char *path, struct ledger *l, struct err *e)
{
    OWN(table_drop) struct table *t = NULL;
    struct table_row row;
    int column[COLUMNS], rc = table_open(path, NULL, &t, e);
    if (rc != 0)
        return rc;
    for (int i = 0; i < COLUMNS; i++)
        if ((column[i] = table_find(t, column_names[i])) < 0)
            return err_set(e, ERR_USAGE, "%s: there is no column \"%s\"", path, column_names[i]);
    while ((rc = table_next(t, &row, e)) == 1) {
        rc = take_claim(l, path, column, &row, e);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static void say_group(const struct ledger *l, const struct estimate_group *g, const size_t *group_of, size_t index,
                      struct buf *to)
{
    const struct estimate_claim *c = &l->claims[g->first];
    char low[32], high[32];
    buf_printf(to, "%s; %s; %s; %s\n", c->quantity, c->kind, c->date, c->scope);
    for (size_t i = 0; i < l->count; i++)
        if (group_of[i] == index) {
            report_number(low, l->claims[i].low);
            report_number(high, l->claims[i].high);
            buf_printf(to, "  %s: %s - %s (%s)%s%s\n", l->claims[i].id, low, high,
                       l->claims[i].meaning[0] != 0 ? l->claims[i].meaning : text_tr("meaning of the range not stated"),
                       l->claims[i].derived_from[0] != 0 ? " <- " : "", l->claims[i].derived_from);
        }
    buf_printf(to, text_tr("  %d claims from %d independent sources"), (int)g->claims, (int)g->independent);
    report_number(low, g->envelope_low);
    report_number(high, g->envelope_high);
    buf_put_u8(to, '\n');
    buf_printf(to, text_tr("  all within %s to %s"), low, high);
    buf_put_u8(to, '\n');
    report_number(low, g->common_low);
    report_number(high, g->common_high);
    if (g->disjoint)
        buf_put_text(to, text_tr("  they have nothing in common"));
    else
        buf_printf(to, text_tr("  all agree on %s to %s"), low, high);
    buf_put_u8(to, '\n');
}

static void put_group(const struct ledger *l, const struct estimate_group *g, const size_t *group_of, size_t index,
                      struct json_out *j)
{
    const struct estimate_claim *c = &l->claims[g->first];
    json_object_begin(j);
    json_key(j, "claims");
    json_array_begin(j);
    for (size_t i = 0; i < l->count; i++)
        if (group_of[i] == index)
            json_string(j, l->claims[i].id);
    json_array_end(j);
    json_key(j, "common");
    if (g->disjoint)
        json_null(j);
    else {
        json_array_begin(j);
        json_u64(j, (uint64_t)g->common_low);
        json_u64(j, (uint64_t)g->common_high);
        json_array_end(j);
    }
    json_key(j, "date");
    json_string(j, c->date);
    json_key(j, "envelope");
    json_array_begin(j);
    json_u64(j, (uint64_t)g->envelope_low);
    json_u64(j, (uint64_t)g->envelope_high);
    json_array_end(j);
    json_key(j, "independent_sources");
    json_u64(j, g->independent);
    json_key(j, "kind");
    json_string(j, c->kind);
    json_key(j, "quantity");
    json_string(j, c->quantity);
    json_key(j, "scope");
    json_string(j, c->scope);
    json_object_end(j);
}

static int reconcile(const char *path, struct ledger *l, struct buf *words, struct buf *json, struct err *e)
{
    OWN(mem_drop) size_t *group_of = calloc(ESTIMATE_CLAIMS_MAX, sizeof *group_of);
    OWN(mem_drop) struct estimate_group *groups = calloc(ESTIMATE_CLAIMS_MAX, sizeof *groups);
    size_t count = 0;
    l->claims = calloc(ESTIMATE_CLAIMS_MAX, sizeof *l->claims);
    l->texts = calloc((size_t)ESTIMATE_CLAIMS_MAX * COLUMNS, sizeof *l->texts);
    if (group_of == NULL || groups == NULL || l->claims == NULL || l->texts == NULL)
        return err_memory(e);
    int rc = read_claims(path, l, e);
    if (rc == 0)
        rc = estimate_reconcile(l->claims, l->count, group_of, groups, &count, e);
    if (rc != 0)
        return rc;
    struct json_out j = {.to = json};
    json_object_begin(&j);
    json_key(&j, "format");
    json_string(&j, "groundwork/reconciled/v1");
    json_key(&j, "groups");
    json_array_begin(&j);
    for (size_t g = 0; g < count; g++) {
        say_group(l, &groups[g], group_of, g, words);
        put_group(l, &groups[g], group_of, g, &j);
    }
    json_array_end(&j);
    json_object_end(&j);
    buf_put_u8(json, '\n');
    if (count > 1)
        buf_printf(words, "%s\n",
                   text_tr("These differ in quantity, date or scope: they are not in conflict, and no mean of them has "
                           "a meaning."));
    buf_printf(words, "%s\n", text_tr("Published ranges are no estimates of this program; none is joined with one."));
    rc = buf_check(words, e);
    return rc == 0 ? buf_check(json, e) : rc;
}

int report_reconcile(const char *path, struct buf *words, struct buf *json, struct err *e)
{
    struct ledger l = {0};
    int rc = reconcile(path, &l, words, json, e);
    ledger_drop(&l);
    return rc;
}
