/*
 * Hostile tiles, bundles, and names of files in a public log.  The first byte chooses; the second is a width.
 *
 * Held: a tile passes for one width only; a name that parses is the one form of itself.
 */
#include "fuzz.h"
#include "ledger/ledger_internal.h"

enum { NAME_TRIED_MAX = 200 };

static void tile(int level, unsigned width, struct bytes content)
{
    if (ledger_tile_check(level, width, content, NULL) != 0)
        return;
    if (content.n != ledger_tile_bytes(level, width) || ledger_tile_check(level, width + 1, content, NULL) == 0)
        abort();
}

static void name(struct bytes text)
{
    char s[NAME_TRIED_MAX + 1], again[TREE_TILE_PATH_MAX];
    int level;
    uint64_t n;
    unsigned width;
    size_t length = text.n < NAME_TRIED_MAX ? text.n : NAME_TRIED_MAX;
    if (length > 0)
        memcpy(s, text.p, length);
    s[length] = 0;
    if (!ledger_tile_name_parse(s, &level, &n, &width))
        return;
    tree_tile_path(level, n, width, again);
    if (strcmp(s, again) != 0 || width < 1 || width > TREE_TILE_WIDTH || level < LEDGER_TILE_ENTRIES ||
        level >= LEDGER_LEVELS)
        abort();
    (void)ledger_tile_width(level, n, UINT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct bytes rest = {data + 2, size - 2};
    unsigned width = data[1] + 1u;
    if (data[0] % 3 == 0)
        tile(LEDGER_TILE_ENTRIES, width, rest);
    else if (data[0] % 3 == 1)
        tile(0, width, rest);
    else
        name(rest);
    return 0;
}
