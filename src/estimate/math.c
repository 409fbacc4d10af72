#include "estimate/estimate_internal.h"

#include <assert.h>
#include <float.h>
#include <math.h>

/* Library functions other than the exactly rounded (sqrt, fabs, floor) are not used in this room. */

double estimate_exp(double x)
{
    if (x < -700)
        return 0;
    return estimate_exp2((estimate_v2){x, 0})[0];
}

double estimate_log(double x)
{
    if (!(x > 0))
        return -(double)INFINITY;
    if (x < DBL_MIN)
        return estimate_log2((estimate_v2){x * 0x1p54, 1})[0] - 54 * (ESTIMATE_LN2_HIGH + ESTIMATE_LN2_LOW);
    return isinf(x) ? x : estimate_log2((estimate_v2){x, 1})[0];
}

/* Stirling's series from 10 on, where seven terms are exact to a double; below, the argument is raised first. */
double estimate_lgamma(double x)
{
    static const double term[] = {1.0 / 156,  -691.0 / 360360, 1.0 / 1188, -1.0 / 1680,
                                  1.0 / 1260, -1.0 / 360,      1.0 / 12};
    assert(x > 0);
    double product = 1;
    while (x < 10) {
        product *= x;
        x += 1;
    }
    double z = 1 / (x * x), sum = term[0];
    for (size_t i = 1; i < COUNT(term); i++)
        sum = sum * z + term[i];
    double whole = (x - 0.5) * estimate_log(x) - x + 0.91893853320467274178 + sum / x;
    return product == 1 ? whole : whole - estimate_log(product);
}

/* The lower tail: a series near the middle (Abramowitz and Stegun 26.2.11), a continued fraction outside (26.2.14). */
double estimate_normal_below(double z)
{
    double a = fabs(z);
    double density = 0.39894228040143267794 * estimate_exp(-a * a / 2);
    if (a < 3.5) {
        double term = a, sum = a;
        for (int i = 3; term > sum * 1e-17; i += 2) {
            term *= a * a / i;
            sum += term;
        }
        return z < 0 ? 0.5 - density * sum : 0.5 + density * sum;
    }
    double fraction = a;
    for (int i = 60; i >= 1; i--)
        fraction = a + i / fraction;
    return z < 0 ? density / fraction : 1 - density / fraction;
}

/* Acklam's rational approximation, one step of Halley's rule behind it. */
double estimate_normal_quantile(double p)
{
    static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                               1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
    static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                               6.680131188771972e+01,  -1.328068155288572e+01, 1};
    static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                               -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
    static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                               3.754408661907416e+00, 1};
    assert(p > 0 && p < 1);
    double tail = p < 0.5 ? p : 1 - p, x, above, below;
    if (tail < 0.02425) {
        double q = sqrt(-2 * estimate_log(tail));
        above = ((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5];
        below = (((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + d[4];
        x = above / below;
    } else {
        double q = tail - 0.5, r = q * q;
        above = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q;
        below = ((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + b[5];
        x = above / below;
    }
    double miss = (estimate_normal_below(x) - tail) * 2.50662827463100050242 * estimate_exp(x * x / 2);
    x -= miss / (1 + x * miss / 2);
    return p < 0.5 ? x : -x;
}

/* The incomplete beta function by its continued fraction (Numerical methods: Lentz), for Student's tail. */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), h = d;
    for (int m = 1; m < 500; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / (1 + even * d);
        c = 1 + even / c;
        h *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / (1 + odd * d);
        c = 1 + odd / c;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return h;
}

static double beta_below(double a, double b, double x)
{
    double front = estimate_lgamma(a + b) - estimate_lgamma(a) - estimate_lgamma(b) + a * estimate_log(x) +
                   b * estimate_log(1 - x);
    if (x < (a + 1) / (a + b + 2))
        return estimate_exp(front) * beta_fraction(a, b, x) / a;
    return 1 - estimate_exp(front) * beta_fraction(b, a, 1 - x) / b;
}

/* By halving: the tail falls in t, and sixty halvings of [0, 10^6] are finer than a double near any quantile used. */
double estimate_student_quantile(double p, double freedom)
{
    assert(p > 0.5 && p < 1 && freedom > 0);
    if (freedom > 1e6)
        return estimate_normal_quantile(p);
    double low = 0, high = 1e6;
    for (int i = 0; i < 80; i++) {
        double t = (low + high) / 2, above = beta_below(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2;
        if (above > 1 - p)
            low = t;
        else
            high = t;
    }
    return low;
}

double estimate_above_chi2_1(double x)
{
    return x <= 0 ? 1 : 2 * estimate_normal_below(-sqrt(x));
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void estimate_sort(double *x, size_t n)
{
    qsort(x, n, sizeof *x, compare);
}

double estimate_quantile(const double *sorted, size_t n, double p)
{
    assert(n > 0);
    double at = p * (double)(n - 1);
    size_t below = (size_t)at;
    if (below + 1 >= n)
        return sorted[n - 1];
    return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}
