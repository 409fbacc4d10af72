/*
 * A hostile kept linkage.
 *
 * Held: what was believed is written again as the same bytes, takes one more record, and gives a result.
 */
#include "match/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN(match_linkage_drop) struct match_linkage *l = NULL;
    OWN(match_frame_drop) struct match_frame *f = NULL;
    OWN(buf_drop) struct buf again = {0};
    const struct match_field *fields;
    struct bytes values[MATCH_FIELDS_MAX];
    struct match_result r;
    if (match_linkage_get(bytes_of(data, size), &l, &f, NULL) != 0)
        return 0;
    match_linkage_put(l, f, &again);
    if (!bytes_equal(buf_bytes(&again), bytes_of(data, size)))
        abort();
    size_t count = match_frame_fields(f, &fields);
    for (size_t i = 0; i < count; i++)
        values[i] = bytes_text(i % 2 == 0 ? "Vera 1970-01-02" : "");
    const struct match_options o = {.across = match_linkage_across(l)};
    if (match_frame_add(f, values, match_linkage_across(l), NULL) != 0 || match_linkage_add(l, f, 1, NULL) != 0)
        return 0;
    if (match_linkage_result(l, f, &o, &r, NULL) == 0)
        match_result_release(&r);
    return 0;
}
