/*
 * cheap.c: an LD_PRELOAD library that stretches a passphrase as little as libsodium allows.
 *
 * A program is run some thousand times to see what it does when things fail; what it costs to guess a passphrase is not
 * what is looked at.  Whatever was sealed with it loaded opens only with it loaded.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

enum { PASSES = 1, MEMORY_BYTES = 8192 };

typedef int stretch(unsigned char *, unsigned long long, const char *, unsigned long long, const unsigned char *,
                    unsigned long long, size_t, int);

/* Named as libsodium names it: that is how it takes its place. */
__attribute__((visibility("default"))) stretch crypto_pwhash;
int crypto_pwhash(unsigned char *out, unsigned long long out_bytes, const char *text, unsigned long long text_bytes,
                  const unsigned char *salt, unsigned long long passes, size_t memory_bytes, int algorithm)
{
    stretch *real;
    (void)passes, (void)memory_bytes;
    *(void **)&real = dlsym(RTLD_NEXT, "crypto_pwhash");
    if (real == NULL)
        abort();
    return real(out, out_bytes, text, text_bytes, salt, PASSES, MEMORY_BYTES, algorithm);
}
