#include "sheet/records.h"

static int decision_of(struct bytes word, struct match_decision *d)
{
    static const char *const words[] = {"same", "different", "cannot tell"};
    for (unsigned i = 0; i < COUNT(words); i++)
        if (bytes_equal(word, bytes_text(words[i]))) {
            d->says = i;
            return 1;
        }
    return word.n == 0 ? 0 : -1;
}

int sheet_decisions_read(const char *path, bool across, struct sheet_ids *ids, struct sheet_decisions *to,
                         struct err *e)
{
    OWN(table_drop) struct table *t = NULL;
    struct table_row row;
    int rc = table_open(path, NULL, &t, e);
    if (rc != 0)
        return rc;
    int a = table_find(t, "id_a"), b = table_find(t, "id_b"), says = table_find(t, "decision"),
        drawn = table_find(t, "drawn");
    if (a < 0 || b < 0 || says < 0)
        return err_set(e, ERR_USAGE, "%s: the columns id_a, id_b and decision are wanted", path);
    rc = sheet_ids_sort(ids, e);
    if (rc != 0)
        return rc;
    while ((rc = table_next(t, &row, e)) == 1) {
        struct match_decision d = {0};
        int word = decision_of(table_trim(row.fields[says]), &d);
        if (word == 0)
            continue;
        if (word < 0)
            return err_set(e, ERR_USAGE, "%s, line %lu: a decision is same, different or cannot tell", path,
                           (unsigned long)row.line);
        if (!sheet_ids_find(ids, table_trim(row.fields[a]), across ? 0 : 2, &d.a) ||
            !sheet_ids_find(ids, table_trim(row.fields[b]), across ? 1 : 2, &d.b) || d.a == d.b)
            return err_set(e, ERR_USAGE, "%s, line %lu: no two records have these ids", path, (unsigned long)row.line);
        if ((to->count & (to->count - 1)) == 0) {
            size_t room = to->count == 0 ? 1 : to->count * 2;
            struct match_decision *grown = realloc(to->made, room * sizeof *grown);
            bool *by_lot = realloc(to->by_lot, room * sizeof *by_lot);
            to->made = grown != NULL ? grown : to->made;
            to->by_lot = by_lot != NULL ? by_lot : to->by_lot;
            if (grown == NULL || by_lot == NULL)
                return err_memory(e);
        }
        to->by_lot[to->count] = drawn >= 0 && bytes_equal(table_trim(row.fields[drawn]), bytes_text("by lot"));
        to->made[to->count++] = d;
        ids->version = (ids->version ^ ((uint64_t)d.a << 32 | d.b) ^ (uint64_t)d.says) * 0x9E3779B97F4A7C15u;
    }
    return rc;
}

void sheet_decisions_drop(struct sheet_decisions *d)
{
    free(d->made);
    free(d->by_lot);
}
