/* drivers/harness/judge/bounds.c - see bounds.h. */
#include "drivers/harness/judge/bounds.h"

#include <math.h>
#include <string.h>
#include <trine/types.h>

sum_mode mode_of(const char *method, int *length)
{
    static const char *const endings[SUM_MODES] = {"", "_compensated", "_fast"};
    size_t n = strlen(method);
    for (int mode = SUM_MODES - 1; mode > 0; mode--) {
        size_t ending = strlen(endings[mode]);
        if (n > ending && strcmp(method + n - ending, endings[mode]) == 0) {
            *length = (int)(n - ending);
            return (sum_mode)mode;
        }
    }
    *length = (int)n;
    return MODE_EXACT;
}

/* n elements are n - 1 additions, however they meet. */
static long double at_most(long double depth, uint64_t n)
{
    long double additions = n ? (long double)(n - 1) : 0;
    return depth < additions ? depth : additions;
}

long double sum_depth(uint64_t n)
{
    const int in_chunk = TRINE_CHUNK / 32 + 5;
    return at_most(in_chunk + ceill(log2l((long double)n / TRINE_CHUNK + 2)), n);
}

long double scan_depth(uint64_t n)
{
    const int groups = TRINE_CHUNK / 8 + 3;
    return at_most(groups + sum_depth(n) + ceill(log2l((long double)n / TRINE_CHUNK + 2)), n);
}

long double sum_error(sum_mode mode, long double depth)
{
    long double k = depth * ROUNDOFF;
    return mode == MODE_EXACT ? 0 : mode == MODE_FAST ? k / (1 - k) : 2 * k * k;
}
