/* drivers/harness/judge/products.c - see products.h. */
#include "drivers/harness/judge/products.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "drivers/harness/judge/blocks.h"
#include "drivers/harness/judge/truth.h"

/* Columns of a row's product, of which sums and sums of sizes are made. */
typedef struct tile {
    trine_dtype dtype;
    size_t n, column, some;
    const void *a, *b;
    long double sum[BLOCK];
    double near[BLOCK], size[BLOCK];
} tile;

/* Products that are added before their sum is, so that none goes through more than PART + n / PART
 * additions. */
enum { PART = 32 };

/* In doubles: sums that are off by less than results may be. */
static void sum_nearly(tile *t)
{
    memset(t->near, 0, sizeof t->near);
    memset(t->size, 0, sizeof t->size);
    for (size_t first = 0; first < t->n; first += PART) {
        double part[BLOCK] = {0}, left, right[BLOCK];
        for (size_t k = first; k < t->n && k < first + PART; k++) {
            read_reals(t->dtype, t->a, k, 1, &left);
            read_reals(t->dtype, t->b, k * t->n + t->column, t->some, right);
            for (size_t j = 0; j < t->some; j++) {
                part[j] += left * right[j];
                t->size[j] += fabs(left * right[j]);
            }
        }
        for (size_t j = 0; j < t->some; j++)
            t->near[j] += part[j];
    }
}

static void sum_longer(tile *t)
{
    for (size_t j = 0; j < t->some; j++)
        t->sum[j] = 0;
    for (size_t k = 0; k < t->n; k++) {
        double left, right[BLOCK];
        read_reals(t->dtype, t->a, k, 1, &left);
        read_reals(t->dtype, t->b, k * t->n + t->column, t->some, right);
        for (size_t j = 0; j < t->some; j++)
            t->sum[j] += (long double)left * (long double)right[j];
    }
}

/* size is a sum of doubles, and so a little off itself. */
static long double bound_of(const tile *t, size_t j)
{
    bool single = t->dtype == TRINE_F32;
    long double u = single ? 0x1p-24L : 0x1p-53L, least = single ? 0x1p-150L : 0x1p-1075L,
                n = (long double)t->n, k = (n + 2) * u;
    return k / (1 - k) * (long double)t->size[j] * (1 + n * 0x1p-52L) + n * least;
}

/* Whether an element is right whatever the sums in doubles have lost. */
static bool is_plainly_right(const tile *t, size_t j, double got)
{
    long double additions = PART + (long double)t->n / PART + 2,
                lost =
                    additions * 0x1p-52L * (long double)t->size[j] + (long double)t->n * 0x1p-1074L;
    return fabsl((long double)got - (long double)t->near[j]) + lost <= bound_of(t, j);
}

static truth truth_of(const tile *t, size_t j)
{
    long double sum = t->sum[j], bound = bound_of(t, j),
                most = t->dtype == TRINE_F32 ? (long double)FLT_MAX : (long double)DBL_MAX;
    truth right = truth_near(t->dtype, sum, isfinite(sum) && isfinite(bound) ? bound : 0);
    right.loose = isfinite(sum) && !((long double)t->size[j] + bound <= most);
    return right;
}

bool judge_product_row(trine_dtype dtype, size_t n, const void *a, const void *b, const void *c)
{
    tile t = {.dtype = dtype, .n = n, .a = a, .b = b};
    bool right = true;
    for (t.column = 0; t.column < n && right; t.column += BLOCK) {
        double got[BLOCK];
        bool plainly = true;
        t.some = n - t.column < BLOCK ? n - t.column : BLOCK;
        read_reals(dtype, c, t.column, t.some, got);
        sum_nearly(&t);
        for (size_t j = 0; j < t.some; j++)
            plainly = plainly && is_plainly_right(&t, j, got[j]);
        if (plainly)
            continue;
        sum_longer(&t);
        for (size_t j = 0; j < t.some; j++) {
            truth held = truth_of(&t, j);
            right =
                right && truth_holds(&held, TRINE_OK,
                                     (const char *)c + (t.column + j) * trine_dtype_size(dtype));
        }
    }
    return right;
}
