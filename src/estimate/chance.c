#include "estimate/estimate_internal.h"

#include <assert.h>
#include <math.h>

/* Philox 4x32, ten rounds (Salmon, Moraes, Dror, Shaw 2011): block ${counter} of the stream, under ${key}. */
static void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)c0 * 0xd2511f53U, b = (uint64_t)c2 * 0xcd9e8d57U;
        uint32_t next0 = (uint32_t)(b >> 32) ^ c1 ^ k0, next2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)b;
        c3 = (uint32_t)a;
        c0 = next0;
        c2 = next2;
        k0 += 0x9e3779b9U;
        k1 += 0xbb67ae85U;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* Spreads the bits, so that neighbouring seeds share no key (Steele, Lea, Flood 2014: splitmix64). */
static uint64_t spread(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

void estimate_chance_init(struct estimate_chance *c, uint64_t seed, uint64_t table_key, uint32_t purpose,
                          uint32_t index)
{
    uint64_t key = spread(spread(seed) ^ table_key);
    *c = (struct estimate_chance){
        .key = {(uint32_t)key, (uint32_t)(key >> 32)},
        .counter = {0, 0, index, purpose},
    };
}

uint64_t estimate_bits(struct estimate_chance *c)
{
    if (c->left == 0) {
        philox(c->counter, c->key, c->out);
        c->counter[0]++;
        c->counter[1] += c->counter[0] == 0;
        c->left = 2;
    }
    c->left--;
    return (uint64_t)c->out[2 * c->left] << 32 | c->out[2 * c->left + 1];
}

double estimate_uniform(struct estimate_chance *c)
{
    return ((double)(estimate_bits(c) >> 12) + 0.5) * 0x1p-52;
}

/* Marsaglia's polar method; the second of each pair is kept. */
double estimate_normal(struct estimate_chance *c)
{
    if (c->has_normal) {
        c->has_normal = false;
        return c->normal;
    }
    double x, y, square;
    do {
        uint64_t bits = estimate_bits(c);
        x = ((double)(bits >> 32) + 0.5) * 0x1p-31 - 1;
        y = ((double)(bits & 0xffffffffU) + 0.5) * 0x1p-31 - 1;
        square = x * x + y * y;
    } while (square >= 1 || square == 0);
    double factor = sqrt(-2 * estimate_log(square) / square);
    c->normal = y * factor;
    c->has_normal = true;
    return x * factor;
}

/* Marsaglia and Tsang 2000; a shape below one by the power of a uniform, in logarithms so that none becomes zero. */
double estimate_log_gamma_variate(struct estimate_chance *c, double shape)
{
    assert(shape > 0);
    double boost = shape < 1 ? estimate_log(estimate_uniform(c)) / shape : 0;
    double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, k = 1 / sqrt(9 * d);
    for (;;) {
        double x = estimate_normal(c), v = 1 + k * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (estimate_log(estimate_uniform(c)) < 0.5 * x * x + d - d * v + d * estimate_log(v))
            return estimate_log(d * v) + boost;
    }
}

/* Small means by inversion from zero; large ones halved by the gamma-Poisson relation (Ahrens and Dieter 1974). */
double estimate_poisson(struct estimate_chance *c, double mean)
{
    double whole = 0;
    while (mean > 30) {
        double m = floor(mean * 7 / 8), waiting = estimate_exp(estimate_log_gamma_variate(c, m));
        if (waiting > mean)
            return whole + estimate_binomial(c, m - 1, mean / waiting);
        whole += m;
        mean -= waiting;
    }
    double left = estimate_uniform(c), term = estimate_exp(-mean);
    for (unsigned k = 1; left > term && k <= 1000; k++) {
        left -= term;
        term *= mean / k;
        whole++;
    }
    return whole;
}

/* Large numbers are halved at their median order statistic, a beta variate; small ones are inverted. */
double estimate_binomial(struct estimate_chance *c, double n, double p)
{
    double whole = 0;
    while (n > 25) {
        double i = floor(n / 2) + 1;
        double g = estimate_log_gamma_variate(c, i), h = estimate_log_gamma_variate(c, n + 1 - i);
        double middle = 1 / (1 + estimate_exp(h - g));
        if (middle <= p) {
            whole += i;
            n -= i;
            p = (p - middle) / (1 - middle);
        } else {
            n = i - 1;
            p = p / middle;
        }
    }
    for (unsigned left = (unsigned)n; left > 0; left--)
        whole += estimate_uniform(c) < p;
    return whole;
}
