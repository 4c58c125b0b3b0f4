/* kernels/exact/exact_body.h - the exact sum of a chunk's terms: compiled once for each instruction
 * set.
 *
 * Life of a working state:
 *   1. work_init: nothing yet. The first block of terms chooses the anchors.
 *   2. A block, one chunk, is tried in registers: chains of vectors of running sums on each of 1 to
 *      3 levels. The sum S of a level starts at its anchor A = 1.5 * 2^k and stays in A's binade,
 *      so that it moves in steps of u = 2^(k-52). For each x, level by level (FastTwoSum into the
 *      running sum): t = S + x;  q = t - S;  x = x - q;  S = t
 *      |S| >= |x|, so q is what S took of x, and x - q, at most u/2, is exact: it goes to the next
 *      level, whose anchor is 2^-40 of this one. The rounding errors of products, at most 2^-53 of
 *      them, go to a second series of levels, whose anchors are 2^-53 of those of the first.
 *   3. The block is committed only if it was exact: the last levels left nothing of any x (the bits
 *      of x and q are compared, signs of zeros aside), max|x| < 2^(k-13), every S is still in its
 *      anchor's binade (which catches NaN and Inf), and no product is too small for its error.
 *   4. Otherwise nothing was committed. The block is tried with anchors that fit it, then with more
 *      levels, and last goes through the bins (kernels/exact/exponent_bins.h), which take anything.
 *      Products that over- or underflow go into a wide accumulator, one by one.
 *   5. After 4096 additions a lane could leave its binade: the lanes are flushed. bits(S) - bits(A)
 *      is S - A as a multiple of u, an integer; the lanes' integers add up to one number a level,
 *      which goes into the accumulator.
 *   6. work_flush flushes lanes and bins, and merges the accumulators into the partial.
 *
 * Two levels hold elements whose bits lie within 79 of each other, counted from the anchor's limit;
 * three 119. Of products of full precision, two levels hold those down to 2^-24 of the largest,
 * three 2^-64. Lanes number as the vectors do: the result is exact, so it does not depend on that.
 *
 * Sources: Demmel and Nguyen, Parallel reproducible summation, IEEE TC 64 (2015); Rump, Ogita and
 * Oishi, Accurate floating-point summation, SISC 31 (2008); Dekker, Numer. Math. 18 (1971).
 */
#ifndef TRINE_KERNELS_EXACT_BODY_H
#define TRINE_KERNELS_EXACT_BODY_H

#include <float.h>

#include "kernels/exact/accumulator.h"
#include "kernels/exact/exponent_bins.h"
#include "kernels/simd/elements.h"

enum {
    SERIES = 2,
    LEVELS = 3,
    CHAINS = 4,
    /* Chains that are used when there are errors, which make a chain's work longer. */
    PAIRED_CHAINS = 2,
    MAX_GROUP = CHAINS * WIDTH,
    BLOCK = TRINE_CHUNK,
    /* Additions a lane can take, and what 2^13 of the limit are made for. */
    LANE_ADDITIONS = 4096,
    HEADROOM = 13,
    LEVEL_BITS = 40,
    SERIES_BITS = 53,
    /* Bits of headroom that a new anchor leaves above the block's largest element. */
    SLACK = 2,
    /* The anchors of all three levels of a series are normal numbers, and no sum overflows. */
    LOWEST_ANCHOR = -1022 + (LEVELS - 1) * LEVEL_BITS,
    HIGHEST_ANCHOR = 1022,
    /* Blocks for which a step to more levels, or to the bins, holds before fewer are tried. */
    MIN_HOLD = 32,
    MAX_HOLD = 8192,
    /* Bytes after which the data are taken to come from memory, and are prefetched. */
    CACHED = 1 << 18,
    AHEAD = 8192,
    /* Elements that the number of levels is guessed from. */
    SAMPLE = 8
};

/* Products from here up have errors that are doubles. */
#define SMALLEST_PRODUCT 0x1p-968

/* levels: 0 until there is an anchor; exponent: k of the first level. hold: blocks before fewer
 * levels are tried; next_hold: the next such number. binning: the blocks go to the bins meanwhile.
 * far: products out of range. count: the terms, NaN apart where those are skipped. */
typedef struct exact_work {
    vec sum[SERIES][LEVELS][CHAINS];
    accumulator total;
    wide_accumulator far;
    int all_series, exponent, levels, additions, hold, next_hold;
    bool binning, bins_ready, far_ready;
    uint64_t bytes, count;
    bins bins;
} exact_work;

static inline int anchor_exponent(const exact_work *w, int series, int level)
{
    return w->exponent - series * SERIES_BITS - level * LEVEL_BITS;
}

static inline double anchor(const exact_work *w, int series, int level)
{
    return 1.5 * power_of_two(anchor_exponent(w, series, level));
}

static inline void reset_lanes(exact_work *w)
{
    for (int s = 0; s < w->all_series; s++)
        for (int l = 0; l < w->levels; l++)
            for (int c = 0; c < CHAINS; c++)
                w->sum[s][l][c] = anchor(w, s, l) - (vec){0};
    w->additions = 0;
}

static inline void flush_lanes(exact_work *w)
{
    if (w->additions == 0)
        return;
    for (int s = 0; s < w->all_series; s++)
        for (int l = 0; l < w->levels; l++) {
            ivec base = vec_bits(anchor(w, s, l) - (vec){0}), steps = {0};
            for (int c = 0; c < CHAINS; c++)
                steps += vec_bits(w->sum[s][l][c]) - base;
            int bit = anchor_exponent(w, s, l) - 52 + 1074;
            trine_accumulator_add(&w->total, vec_add_lanes(steps), bit);
        }
    reset_lanes(w);
}

static inline void set_anchor(exact_work *w, int exponent, int levels)
{
    flush_lanes(w);
    w->exponent = exponent;
    w->levels = levels;
    reset_lanes(w);
}

TRINE_INLINE int chains_of(elements e)
{
    return has_errors(e) ? PAIRED_CHAINS : CHAINS;
}

/* A group made of the last terms and zeros, which add nothing, and the same of their errors. */
TRINE_INLINE void load_tail(elements e, size_t first, double tail[MAX_GROUP],
                            double errors[MAX_GROUP])
{
    for (size_t i = 0; i < MAX_GROUP; i++) {
        tail[i] = first + i < e.n ? term(e, first + i) : 0;
        errors[i] = has_errors(e) && first + i < e.n ? term_error(e, first + i, tail[i]) : 0;
    }
}

/* max|x|; NaN is passed over. */
TRINE_INLINE double block_max(elements e)
{
    vec most[CHAINS] = {{0}};
    ivec numbers;
    double tail[MAX_GROUP], errors[MAX_GROUP];
    size_t i = 0;
    for (; i + MAX_GROUP <= e.n; i += MAX_GROUP)
#pragma GCC unroll 4
        for (int c = 0; c < CHAINS; c++)
            most[c] = vec_max_abs(most[c], vec_term(e, i + (size_t)c * WIDTH, &numbers));
    if (i < e.n) {
        load_tail(e, i, tail, errors);
        for (int c = 0; c < CHAINS; c++)
            most[c] = vec_max_abs(most[c], vec_load(tail + c * WIDTH));
    }
    for (int c = 1; c < CHAINS; c++)
        most[0] = vec_max_abs(most[0], most[c]);
    return vec_max_lanes(most[0]);
}

/* The exponent of the first anchor for terms up to `most`; above HIGHEST_ANCHOR there is none. */
TRINE_INLINE int anchor_for(double most, elements e)
{
    uint64_t bits;
    memcpy(&bits, &most, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023 + 1 + HEADROOM + SLACK;
    int lowest = LOWEST_ANCHOR + (has_errors(e) ? SERIES_BITS : 0);
    return exponent < lowest ? lowest : exponent;
}

/* Takes one vector into the sums of chain c; what is left of it is ORed into `left`. */
TRINE_INLINE void take(vec sum[][CHAINS], int c, vec v, int levels, ivec *left)
{
#pragma GCC unroll 3
    for (int l = 0; l < levels; l++) {
        vec t = sum[l][c] + v, q = t - sum[l][c];
        sum[l][c] = t;
        if (l + 1 < levels)
            v = v - q;
        else
            *left = vec_or_difference(*left, vec_bits(v), vec_bits(q));
    }
}

TRINE_INLINE void prefetch_group(elements e, size_t i, size_t group)
{
#pragma GCC unroll 4
    for (size_t b = 0; b < group * item_size(e); b += 64) {
        __builtin_prefetch((const char *)e.x + i * item_size(e) + AHEAD + b, 0, 1);
        if (e.form == PRODUCTS)
            __builtin_prefetch((const char *)e.y + i * item_size(e) + AHEAD + b, 0, 1);
    }
}

/* Whether every product whose error may be inexact, or lost, is a product with 0. */
TRINE_INLINE bool small_products_are_zeros(elements e)
{
    int small = 0;
    for (size_t i = 0; i < e.n; i++) {
        double x = element_at(e.x, i, e.single), y = element_at(e.y, i, e.single);
        small |= (fabs(x * y) < SMALLEST_PRODUCT) & (x != 0) & (y != 0);
    }
    return !small;
}

/* Tries a block of at most BLOCK terms on `levels` levels; true when it was exact and committed. */
TRINE_INLINE bool try_block(exact_work *w, elements e, int levels, bool prefetch)
{
    const int all_series = has_errors(e) ? SERIES : 1, chains = chains_of(e);
    const size_t group = (size_t)chains * WIDTH;
    vec sum[SERIES][LEVELS][CHAINS], most[2] = {{0}}, least[2] = {INFINITY - (vec){0}};
    ivec left = {0}, moved = {0}, numbers = {0};
    double tail[MAX_GROUP], errors[MAX_GROUP];
    size_t i = 0;
    least[1] = least[0];
#pragma GCC unroll 2
    for (int s = 0; s < all_series; s++)
#pragma GCC unroll 3
        for (int l = 0; l < levels; l++)
#pragma GCC unroll 4
            for (int c = 0; c < chains; c++)
                sum[s][l][c] = w->sum[s][l][c];
    for (; i + group <= e.n; i += group) {
        if (prefetch)
            prefetch_group(e, i, group);
#pragma GCC unroll 4
        for (int c = 0; c < chains; c++) {
            vec v = vec_term(e, i + (size_t)c * WIDTH, &numbers);
            most[c % 2] = vec_max_abs(most[c % 2], v);
            take(sum[0], c, v, levels, &left);
            if (all_series > 1) {
                least[c % 2] = vec_min_abs(least[c % 2], v);
                take(sum[1], c, vec_term_error(e, i + (size_t)c * WIDTH, v), levels, &left);
            }
        }
    }
    if (i < e.n) {
        load_tail(e, i, tail, errors);
#pragma GCC unroll 4
        for (int c = 0; c < chains; c++) {
            vec v = vec_load(tail + c * WIDTH);
            most[c % 2] = vec_max_abs(most[c % 2], v);
            least[c % 2] = vec_min_abs(least[c % 2], v);
            take(sum[0], c, v, levels, &left);
            if (all_series > 1)
                take(sum[1], c, vec_load(errors + c * WIDTH), levels, &left);
        }
    }
#pragma GCC unroll 2
    for (int s = 0; s < all_series; s++)
#pragma GCC unroll 3
        for (int l = 0; l < levels; l++) {
            ivec base = vec_bits(anchor(w, s, l) - (vec){0});
#pragma GCC unroll 4
            for (int c = 0; c < chains; c++)
                moved = vec_or_difference(moved, vec_bits(sum[s][l][c]), base);
        }
    double largest = vec_max_lanes(vec_max_abs(most[0], most[1]));
    bool nothing_left = (vec_or_lanes(left) & INT64_MAX) == 0;
    bool in_binade = (uint64_t)vec_or_lanes(moved) >> 52 == 0;
    if (!nothing_left || !in_binade || !(largest < power_of_two(w->exponent - HEADROOM)))
        return false;
    if (all_series > 1 && !(vec_min_lanes(vec_min_abs(least[0], least[1])) >= SMALLEST_PRODUCT) &&
        !small_products_are_zeros(e))
        return false;
#pragma GCC unroll 2
    for (int s = 0; s < all_series; s++)
#pragma GCC unroll 3
        for (int l = 0; l < levels; l++)
#pragma GCC unroll 4
            for (int c = 0; c < chains; c++)
                w->sum[s][l][c] = sum[s][l][c];
    w->additions += BLOCK / (int)group;
    w->count +=
        e.form == NUMBERS ? (uint64_t)vec_add_lanes(numbers) + count_tail_numbers(e, i) : e.n;
    if (largest > 0)
        w->total.seen |= SEEN_OTHER;
    return true;
}

/* One instance for each number of levels, so that the sums stay in registers. */
TRINE_INLINE bool try_levels(exact_work *w, elements e, bool prefetch)
{
    switch (w->levels) {
    case 1:
        return try_block(w, e, 1, prefetch);
    case 2:
        return try_block(w, e, 2, prefetch);
    default:
        return try_block(w, e, 3, prefetch);
    }
}

/* A product and its error, for the bins; one that they could not hold exactly goes to `far`, and
 * leaves nothing. */
static inline void take_product(exact_work *w, elements e, size_t i, double *product, double *error)
{
    double x = element_at(e.x, i, false), y = element_at(e.y, i, false), p = x * y;
    bool finite = isfinite(x) && isfinite(y), zero = x == 0 || y == 0;
    bool near = isfinite(p) && fabs(p) >= SMALLEST_PRODUCT;
    *product = p;
    *error = near ? fma(x, y, -p) : 0;
    if (near || zero || !finite)
        return;
    if (!w->far_ready)
        trine_wide_clear(&w->far);
    w->far_ready = true;
    trine_wide_add_product(&w->far, x, y);
    w->total.seen |= SEEN_OTHER;
    *product = -0.0;
}

/* Up to SUBBLOCK terms from the i-th, and their errors, if they have any. */
TRINE_INLINE void terms_for_bins(exact_work *w, elements e, size_t i, size_t n, double terms[],
                                 double errors[])
{
    int odd = 0;
    for (size_t k = 0; k < n; k++) {
        terms[k] = term(e, i + k);
        if (has_errors(e)) {
            errors[k] = term_error(e, i + k, terms[k]);
            odd |= !(fabs(terms[k]) >= SMALLEST_PRODUCT && fabs(terms[k]) <= DBL_MAX);
        }
        w->count += is_number(e, i + k);
    }
    for (size_t k = 0; odd && k < n; k++)
        take_product(w, e, i + k, &terms[k], &errors[k]);
}

/* An error that is not zero belongs to a product that is not, so that errors tell nothing of what
 * was seen. */
TRINE_INLINE void put_in_bins(exact_work *w, elements e)
{
    double terms[SUBBLOCK], errors[SUBBLOCK];
    if (!w->bins_ready)
        bins_clear(&w->bins);
    w->bins_ready = true;
    for (size_t i = 0; i < e.n; i += SUBBLOCK) {
        size_t some = e.n - i < SUBBLOCK ? e.n - i : SUBBLOCK;
        terms_for_bins(w, e, i, some, terms, errors);
        w->total.seen |= bins_add(&w->bins, terms, some);
        if (has_errors(e))
            bins_add(&w->bins, errors, some);
    }
}

static inline void hold(exact_work *w)
{
    w->hold = w->next_hold;
    w->next_hold = w->next_hold < MAX_HOLD ? 2 * w->next_hold : MAX_HOLD;
}

/* Levels from an anchor's limit down to the lowest bit of x. */
TRINE_INLINE int levels_to(double x, int exponent)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint64_t field = bits << 1 >> 53, significand = bits << 12 >> 12 | (uint64_t)(field > 0) << 52;
    if (significand == 0)
        return 1;
    int lowest = (field ? (int)field : 1) - 1075 + __builtin_ctzll(significand);
    int span = exponent - HEADROOM - lowest, first = 52 - HEADROOM;
    return span <= first ? 1 : 1 + (span - first + LEVEL_BITS - 1) / LEVEL_BITS;
}

/* Levels that the first terms of a block call for; more than LEVELS when there are not enough. A
 * guess, which try_block checks. */
TRINE_INLINE int guess_levels(elements e, int exponent)
{
    int most = 1;
    for (size_t i = 0; i < e.n && i < SAMPLE; i++) {
        double x = term(e, i);
        int levels = levels_to(x, exponent);
        int more = has_errors(e) ? levels_to(term_error(e, i, x), exponent - SERIES_BITS) : 1;
        levels = more > levels ? more : levels;
        most = levels > most ? levels : most;
    }
    return most;
}

/* Tries a block as things stand, then with anchors that fit it, on more and more levels; last it is
 * left to the bins. */
TRINE_INLINE void fit_block(exact_work *w, elements e)
{
    bool prefetch = w->bytes > CACHED;
    int fitting = 0, levels = 0;
    while (w->levels == 0 || !try_levels(w, e, prefetch)) {
        if (levels > 0) {
            levels++;
        } else {
            fitting = anchor_for(block_max(e), e);
            levels = guess_levels(e, fitting);
            /* What has just failed need not be tried again. */
            if (fitting == w->exponent && levels <= w->levels)
                levels = w->levels + 1;
        }
        if (fitting > HIGHEST_ANCHOR || levels > LEVELS) {
            w->binning = true;
            hold(w);
            return;
        }
        if (w->levels > 0 && levels > w->levels)
            hold(w);
        set_anchor(w, fitting, levels);
        prefetch = false;
    }
}

/* Zeros alone: is there one that is not -0? */
TRINE_INLINE uint32_t see_zeros(elements e)
{
    for (size_t i = 0; i < e.n; i++) {
        double value = term(e, i);
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        if (bits != (uint64_t)1 << 63)
            return SEEN_OTHER;
    }
    return 0;
}

TRINE_INLINE void take_block(exact_work *w, elements e)
{
    if (w->hold > 0 && --w->hold == 0) {
        /* Give fewer levels, or levels at all, another chance. */
        if (w->binning)
            w->binning = false;
        else if (w->levels > 1)
            set_anchor(w, w->exponent, w->levels - 1);
    }
    if (w->additions + BLOCK / (chains_of(e) * WIDTH) > LANE_ADDITIONS)
        flush_lanes(w);
    if (!w->binning)
        fit_block(w, e);
    if (w->binning)
        put_in_bins(w, e);
    if (!(w->total.seen & SEEN_OTHER))
        w->total.seen |= see_zeros(e);
}

static inline void reset_course(exact_work *w)
{
    w->all_series = 1;
    w->exponent = w->levels = w->additions = w->hold = 0;
    w->next_hold = MIN_HOLD;
    w->binning = false;
    w->bytes = w->count = 0;
}

static inline void exact_work_clear(exact_work *w)
{
    trine_accumulator_clear(&w->total);
    w->bins_ready = w->far_ready = false;
    reset_course(w);
}

TRINE_INLINE void exact_work_add(exact_work *w, elements e)
{
    w->all_series = has_errors(e) ? SERIES : 1;
    take_block(w, e);
    if (w->count > 0)
        w->total.seen |= SEEN_ANY;
    w->bytes += e.n * item_size(e) * (e.form == PRODUCTS ? 2 : 1);
}

/* Moves all but `far` into the total. */
static inline void exact_work_gather(exact_work *w)
{
    flush_lanes(w);
    if (w->bins_ready)
        bins_flush(&w->bins, &w->total);
}

/* Leaves w as it began. */
static inline void exact_work_reset(exact_work *w)
{
    trine_accumulator_reset(&w->total);
    if (w->far_ready)
        trine_wide_reset(&w->far);
    reset_course(w);
}

/* work_flush where the partial is a wide accumulator. */
static inline void exact_work_flush_wide(wide_accumulator *sum, exact_work *w)
{
    exact_work_gather(w);
    trine_wide_merge_accumulator(sum, &w->total);
    if (w->far_ready)
        trine_wide_merge(sum, &w->far);
    exact_work_reset(w);
}

#endif
