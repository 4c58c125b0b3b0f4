/* kernels/simd/halves.h - elements of any type as doubles, exactly: one for each, and what is left
 * over of 64-bit integers beyond 2^53; exact sums of them, and of their products.
 */
#ifndef TRINE_KERNELS_HALVES_H
#define TRINE_KERNELS_HALVES_H

#include "kernels/exact/exact_body.h"

/* HALVES: elements that are taken at a time. */
enum { HALVES = 1024, LOW_BITS = 2047 };

#define EXACT_WHOLES ((uint64_t)1 << 53)

/* Element i is high[i] + low[i]; not split: high[i]. Where low[i] is not 0, nor is high[i]. */
typedef struct halves {
    double high[HALVES], low[HALVES];
    bool split;
} halves;

/* Only integers beyond 2^53 are split: an infinity times a high half of 0 would be NaN. */
#define DEFINE_SPLIT(suffix, type, is_beyond)                                                      \
    static void halves_split_##suffix(halves *h, const type *x, size_t n)                          \
    {                                                                                              \
        int beyond = 0;                                                                            \
        for (size_t i = 0; i < n; i++)                                                             \
            beyond |= is_beyond(x[i]);                                                             \
        h->split = beyond;                                                                         \
        for (size_t i = 0; i < n && beyond; i++) {                                                 \
            type low = is_beyond(x[i]) ? x[i] & LOW_BITS : 0;                                      \
            h->high[i] = (double)(x[i] - low);                                                     \
            h->low[i] = (double)low;                                                               \
        }                                                                                          \
    }
#define BEYOND_SIGNED(x) ((uint64_t)(x) + EXACT_WHOLES > 2 * EXACT_WHOLES)
#define BEYOND_UNSIGNED(x) ((x) > EXACT_WHOLES)
DEFINE_SPLIT(i64, int64_t, BEYOND_SIGNED)
DEFINE_SPLIT(u64, uint64_t, BEYOND_UNSIGNED)
#undef BEYOND_SIGNED
#undef BEYOND_UNSIGNED
#undef DEFINE_SPLIT

/* Elements [first, first + n), n <= HALVES, of those at data. */
static void halves_read(halves *h, trine_dtype dtype, const void *data, size_t first, size_t n)
{
    h->split = false;
    switch (dtype) {
    case TRINE_I64:
        halves_split_i64(h, (const int64_t *)data + first, n);
        break;
    case TRINE_U64:
        halves_split_u64(h, (const uint64_t *)data + first, n);
        break;
    default:
        break;
    }
    if (h->split)
        return;
    switch (dtype) {
#define WIDEN(constant, suffix, type, name)                                                        \
    case constant:                                                                                 \
        for (size_t i = 0; i < n; i++)                                                             \
            h->high[i] = (double)((const type *)data)[first + i];                                  \
        break;
        TRINE_DTYPES(WIDEN)
#undef WIDEN
    default:
        break;
    }
}

static void add_products(exact_work *w, const double x[], const double y[], size_t n)
{
    exact_work_add(w, (elements){x, y, n, false, PRODUCTS});
}

/* The products of numbers other than 0: the others' are those of their high halves. */
static void add_left_over(exact_work *w, const double x[], const double y[], size_t n)
{
    double a[HALVES], b[HALVES];
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        a[kept] = x[i];
        b[kept] = y[i];
        kept += x[i] != 0 && y[i] != 0 && isfinite(x[i]) && isfinite(y[i]);
    }
    if (kept > 0)
        add_products(w, a, b, kept);
}

/* w: of high halves; rest: of those with low ones, which are much smaller. */
static void halves_add_products(exact_work *w, exact_work *rest, const halves *x, const halves *y,
                                size_t n)
{
    add_products(w, x->high, y->high, n);
    if (x->split)
        add_left_over(rest, x->low, y->high, n);
    if (y->split)
        add_left_over(rest, x->high, y->low, n);
    if (x->split && y->split)
        add_left_over(rest, x->low, y->low, n);
}

static void halves_add(exact_work *w, exact_work *rest, const halves *x, size_t n)
{
    exact_work_add(w, (elements){x->high, x->high, n, false, PLAIN});
    if (x->split)
        exact_work_add(rest, (elements){x->low, x->low, n, false, PLAIN});
}

#endif
