/*
 * Hostile names: two of them, apart by a zero byte.
 *
 * Held: tokens stay within their bounds, a name is itself, the score is the same from both sides, and the sieve lets a
 * name pass when it is asked for the very score that it reaches.
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

static void check_sieve(struct bytes a, struct bytes b, enum match_kind kind)
{
    struct match_sieve *s = NULL;
    uint64_t may[1];
    if (match_sieve_new(&s, NULL) != 0 || match_sieve_add(s, b, kind, NULL) != 0 || match_sieve_ready(s, NULL) != 0 ||
        match_sieve_find(s, a, match_text_score(a, b, kind), may, NULL) != 0 || (may[0] & 1) == 0)
        abort();
    match_sieve_free(s);
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
        check_sieve(bytes_of(data, n), bytes_of(data + n, size - n), (enum match_kind)kind);
    }
    return 0;
}
