#include "cli/cli_internal.h"

enum { WORD_MAX = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau's distance in its restricted form: three rows of the table are enough. */
size_t cli_distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    if (na > WORD_MAX || nb > WORD_MAX)
        return na > nb ? na : nb;
    size_t rows[3][WORD_MAX + 1] = {{0}};
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *above_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t exchanged = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(exchanged, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], above_that[j - 2] + 1);
        }
    }
    return rows[na % 3][nb];
}

/* How wrong a word of this length may be and still be meant: one slip, and one more for every three letters. */
static size_t slips_allowed(const char *word)
{
    return 1 + strlen(word) / 3;
}

const char *cli_nearest(const char *word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t best_distance = slips_allowed(word) + 1;
    for (size_t i = 0; i < count; i++) {
        /* A beginning is meant whatever its length: "pass" for "passphrase". */
        size_t n = strlen(word);
        size_t distance = n >= 3 && strncmp(names[i], word, n) == 0 ? 1 : cli_distance(word, names[i]);
        if (distance < best_distance && distance < strlen(names[i])) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
