/*
 * Reading the journal: every record in order, and single places.
 */
#include "ledger/ledger_internal.h"


static int next_record(const struct ledger *l, int copy, const struct ledger_position *at, bool chained,
                       struct buf *bytes, struct ledger_parsed *ret, struct err *e)
{
    if (copy < 0)
        return ledger_record_good(l, at->bytes, at->records, chained ? at : NULL, bytes, ret, e);
    int rc = ledger_record_load(l, copy, at->bytes, bytes, ret, e);
    if (rc == 0 && chained)
        rc = ledger_record_follows(ret, at, e);
    if (rc == 0 && ret->record.number != at->records)
        rc = err_set(e, ERR_DAMAGED, "record %llu lies where another must be", LLU(ret->record.number));
    return rc == 0 ? 0 : err_add(e, rc, "journal %c, record %llu", ledger_copy_letter(copy), LLU(at->records));
}

int ledger_walk(struct ledger *l, int copy, uint64_t from_at, uint64_t from_number,
                int (*each)(void *context, const struct ledger_record *record, struct err *e), void *context,
                struct err *e)
{
    OWN(buf_drop) struct buf bytes = {0};
    struct ledger_position at;
    ledger_position_begin(&at);
    /* What came before a later beginning is not known here; the chain is held to the journal's end instead. */
    bool chained = from_at == LEDGER_HEADER && from_number == 0;
    at.bytes = from_at;
    at.records = from_number;
    while (at.bytes < l->position.bytes) {
        struct ledger_parsed p;
        int rc = next_record(l, copy, &at, chained, &bytes, &p, e);
        if (rc == 0)
            rc = each(context, &p.record, e);
        if (rc != 0)
            return rc;
        ledger_position_after(&p, at.bytes, &at);
        chained = true;
    }
    bool whole = at.bytes == l->position.bytes && at.records == l->position.records;
    if (!whole || (chained && !hash_equal(&at.last, &l->position.last)))
        return err_set(e, ERR_DAMAGED, "the journal's records from byte %llu on do not lead to its last one",
                       LLU(from_at));
    return 0;
}

int ledger_walk_back(struct ledger *l, int (*each)(void *context, const struct ledger_record *record, struct err *e),
                     void *context, struct err *e)
{
    OWN(buf_drop) struct buf bytes = {0};
    struct ledger_mark m = {l->position.bytes, l->position.records, l->position.leaves};
    int rc = 0;
    while (rc == 0 && m.records > 0) {
        struct ledger_parsed p;
        if (!ledger_mark_back(l, &m))
            return err_set(e, ERR_DAMAGED, "record %llu is bad in both copies", LLU(m.records - 1));
        rc = ledger_record_good(l, m.at, m.records, NULL, &bytes, &p, e);
        if (rc == 0)
            rc = each(context, &p.record, e);
    }
    return rc;
}

/* Which copy's record covers ${at}?  Frames lead there from the beginning: only asked when the copies differ. */
static int from_the_valid_one(const struct ledger *l, uint64_t at, void *to, size_t n, struct err *e)
{
    OWN(buf_drop) struct buf bytes = {0};
    struct ledger_parsed p;
    struct ledger_position place;
    ledger_position_begin(&place);
    while (place.bytes < l->position.bytes) {
        int rc = ledger_record_good(l, place.bytes, place.records, &place, &bytes, &p, e);
        if (rc != 0)
            return rc;
        uint64_t end = place.bytes + p.record.bytes;
        if (at < end) {
            if (n > end - at)
                break;
            memcpy(to, bytes.p + (at - place.bytes), n);
            return 0;
        }
        ledger_position_after(&p, place.bytes, &place);
    }
    return err_set(e, ERR_DAMAGED, "no record holds the %zu bytes at byte %llu of the journal", n, LLU(at));
}

int ledger_read_at(struct ledger *l, uint64_t at, void *to, size_t n, struct err *e)
{
    if (at < LEDGER_HEADER || at > l->position.bytes || n > l->position.bytes - at)
        return err_set(e, ERR_DAMAGED, "the journal ends before byte %llu", LLU(at));
    int first = ledger_prefer(l);
    if (file_read_at(l->copy[first].fd, to, n, at, "journal", NULL) != 0)
        return from_the_valid_one(l, at, to, n, e);
    if (l->copy[1 - first].state != LEDGER_COPY_GOOD)
        return 0;
    /* The two copies vouch for each other: one of them may have been damaged inside since opening. */
    OWN(mem_drop) uint8_t *other = malloc(n == 0 ? 1 : n);
    if (other == NULL)
        return err_memory(e);
    if (file_read_at(l->copy[1 - first].fd, other, n, at, "journal", NULL) == 0 && memcmp(other, to, n) == 0)
        return 0;
    return from_the_valid_one(l, at, to, n, e);
}
