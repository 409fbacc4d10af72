/*
 * Hostile names: two of them, apart by a zero byte.
 *
 * Held: tokens stay within their bounds, a name is itself, and the score is the same from both sides.
 */
#include "match/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct match_name *name)
{
    if (name->count > MATCH_TOKENS_MAX)
        abort();
    for (unsigned i = 0; i < name->count; i++) {
        const struct match_token *t = &name->t[i];
        if (t->n > MATCH_TOKEN_BYTES || t->syllables > 6)
            abort();
        for (unsigned k = 0; k < t->n; k++)
            if (!((t->s[k] >= 'a' && t->s[k] <= 'z') || (t->s[k] >= '0' && t->s[k] <= '9')))
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size == 0 ? NULL : memchr(data, 0, size);
    size_t n = zero == NULL ? size : (size_t)(zero - data);
    struct match_name a, b;
    (void)match_name_read(bytes_of(data, n), MATCH_READ_KOREAN, &a);
    (void)match_name_read(bytes_of(data + n, size - n), MATCH_READ_MANDARIN, &b);
    check(&a);
    check(&b);
    for (int kind = 0; kind < 3; kind++) {
        unsigned one = match_name_score(&a, &b, (enum match_kind)kind, NULL);
        if (one > MATCH_SCORE_ONE || one != match_name_score(&b, &a, (enum match_kind)kind, NULL))
            abort();
    }
    return 0;
}
