/*
 * Hostile lists, of whatever format they claim to be.
 *
 * Held: what was read can be indexed and asked, and every hit names an entry that is there.
 */
#include "screen/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN(screen_drop) struct screen *s = NULL;
    struct screen_hit hits[SCREEN_HITS_MAX];
    size_t count = 0;
    uint64_t compared = 0;
    if (screen_new(&s, NULL) != 0 || screen_add(s, bytes_of(data, size), "fuzz", NULL) != 0)
        return 0;
    if (screen_index(s, NULL) != 0)
        return 0;
    const struct screen_query q = {.name = bytes_text("Kim Jong"), .threshold = 1, .exhaustive = true};
    screen_find(s, &q, hits, &count, &compared);
    if (compared != screen_names(s))
        abort();
    for (size_t i = 0; i < count; i++)
        if (hits[i].entry >= screen_entries(s) || hits[i].score > MATCH_SCORE_ONE)
            abort();
    return 0;
}
