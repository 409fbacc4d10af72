/* Compression: zstd level 1, or nothing where a glance says that it would not pay. */
#include "vault/vault_internal.h"

#include <zstd.h>

enum {
    LEVEL = 1,
    SAMPLE = 1024,       /* bytes looked at in each of three places */
    SQUEEZE_MIN = 64,    /* shorter frames are left as they are */
    SAVING = 32,         /* one part in as many must be saved */
};

struct squeezer {
    ZSTD_CCtx *in;
    ZSTD_DCtx *out;
};

struct squeezer *vault_squeezer_new(void)
{
    struct squeezer *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->in = ZSTD_createCCtx();
    s->out = ZSTD_createDCtx();
    if (s->in == NULL || s->out == NULL) {
        vault_squeezer_free(s);
        return NULL;
    }
    return s;
}

void vault_squeezer_free(struct squeezer *s)
{
    if (s == NULL)
        return;
    (void)ZSTD_freeCCtx(s->in);
    (void)ZSTD_freeDCtx(s->out);
    free(s);
}

/* In turns into two histograms, so that equal neighbours do not wait for each other. */
static void count(struct bytes x, uint32_t histogram[2][256])
{
    size_t i = 0;
    for (; i + 2 <= x.n; i += 2) {
        histogram[0][x.p[i]]++;
        histogram[1][x.p[i + 1]]++;
    }
    if (i < x.n)
        histogram[0][x.p[i]]++;
}

/*
 * The sum of squares of n uniform draws from 256 values is about n + n*n/256, with a deviation far below a tenth of
 * that; text lies at several times as much.
 */
bool vault_looks_random(struct bytes x)
{
    uint32_t histogram[2][256] = {{0}};
    uint64_t n = x.n;
    if (x.n <= 3 * SAMPLE) {
        count(x, histogram);
    } else {
        count(bytes_of(x.p, SAMPLE), histogram);
        count(bytes_of(x.p + (x.n - SAMPLE) / 2, SAMPLE), histogram);
        count(bytes_of(x.p + x.n - SAMPLE, SAMPLE), histogram);
        n = 3 * SAMPLE;
    }
    uint64_t sum = 0;
    for (unsigned i = 0; i < 256; i++) {
        uint64_t both = (uint64_t)histogram[0][i] + histogram[1][i];
        sum += both * both;
    }
    uint64_t uniform = n + n * n / 256;
    return sum <= uniform + uniform / 8;
}

int vault_squeeze(struct squeezer *s, struct bytes plain, uint8_t *to, uint8_t *check, size_t *ret_n, struct err *e)
{
    *ret_n = 0;
    if (plain.n < SQUEEZE_MIN || vault_looks_random(plain))
        return 0;
    size_t n = ZSTD_compressCCtx(s->in, to, plain.n - plain.n / SAVING, plain.p, plain.n, LEVEL);
    if (ZSTD_isError(n))
        return 0; /* it did not fit: no saving */
    if (vault_unsqueeze(s, bytes_of(to, n), check, plain.n) != 0 || memcmp(check, plain.p, plain.n) != 0)
        return err_set(e, ERR_IO, "a compressed frame did not come back as it was: memory or processor is faulty: "
                                  "take in on another machine");
    *ret_n = n;
    return 0;
}

int vault_unsqueeze(struct squeezer *s, struct bytes squeezed, uint8_t *to, size_t n)
{
    size_t got = ZSTD_decompressDCtx(s->out, to, n, squeezed.p, squeezed.n);
    return ZSTD_isError(got) || got != n ? ERR_DAMAGED : 0;
}
