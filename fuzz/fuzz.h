/* What the harnesses share: a broken property ends the program, which libFuzzer reports with the input. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "base/bytes.h"

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(bool what)
{
    if (!what)
        abort();
}

/* All that is left. */
static inline struct bytes cursor_rest(struct cursor *c)
{
    return cursor_take(c, c->left);
}

#endif
