/* kernels/exact_body.h - the exact sum of doubles: compiled once for each instruction set.
 *
 * Life of a working state:
 *   1. begin: nothing yet. The first block of elements chooses the anchors.
 *   2. A block, one chunk, is tried in registers: CHAINS vectors of running sums on each of 1 to 3
 * levels. The sum S of a level starts at its anchor A = 1.5 * 2^k and stays in A's binade, so that
 * it moves in steps of u = 2^(k-52). For each x, level by level (FastTwoSum into the running sum):
 * t = S + x;  q = t - S;  x = x - q;  S = t |S| >= |x|, so q is what S took of x, and x - q, at
 * most u/2, is exact: it goes to the next level, whose anchor is 2^-40 of this one.
 *   3. The block is committed only if it was exact: the last level left nothing of any x (the bits
 *      of x and q are compared, signs of zeros aside), max|x| < 2^(k-13), and every S is still in
 * its anchor's binade (which catches NaN and Inf).
 *   4. Otherwise nothing was committed. The block is tried with anchors that fit it, then with more
 *      levels, and last goes through the bins (kernels/bins.h), which take anything.
 *   5. After 4096 additions a lane could leave its binade: the lanes are flushed. bits(S) - bits(A)
 *      is S - A as a multiple of u, an integer; the lanes' integers add up to one number a level,
 *      which goes into the accumulator.
 *   6. settle flushes lanes and bins, and merges the accumulator into the partial.
 *
 * Two levels hold elements whose bits lie within 79 of each other, counted from the anchor's limit;
 * three 119. Lanes number as the vectors do: the result is exact, so it does not depend on that.
 *
 * Sources: Demmel and Nguyen, Parallel reproducible summation, IEEE TC 64 (2015); Rump, Ogita and
 * Oishi, Accurate floating-point summation, SISC 31 (2008); Dekker, Numer. Math. 18 (1971).
 */
#include "kernels/accumulator.h"
#include "kernels/bins.h"
#include "kernels/simd.h"

enum {
    CHAINS = 4,
    LEVELS = 3,
    GROUP = CHAINS * WIDTH,
    BLOCK = TRINE_CHUNK,
    /* Additions a lane can take, and what 2^13 of the limit are made for. */
    LANE_ADDITIONS = 4096,
    HEADROOM = 13,
    LEVEL_BITS = 40,
    /* Bits of room that a new anchor leaves above the block's largest element. */
    SLACK = 2,
    /* The anchors of all three levels are normal numbers, and no sum overflows. */
    LOWEST_ANCHOR = -1022 + (LEVELS - 1) * LEVEL_BITS,
    HIGHEST_ANCHOR = 1022,
    /* Blocks for which a step to more levels, or to the bins, holds before fewer are tried. */
    LEAST_HOLD = 32,
    MOST_HOLD = 8192,
    /* Bytes after which the data are taken to come from memory, and are prefetched. */
    CACHED = 1 << 18,
    AHEAD = 8192,
    /* Elements that the number of levels is guessed from. */
    SAMPLE = 8
};

/* levels: 0 until there is an anchor; exponent: k of the first level. hold: blocks before fewer
 * levels are tried; next_hold: the next such number. binning: the blocks go to the bins meanwhile.
 */
typedef struct exact_work {
    vec sum[LEVELS][CHAINS];
    accumulator total;
    int exponent, levels, additions, hold, next_hold;
    bool binning, bins_ready;
    uint64_t bytes;
    bins bins;
} exact_work;

static double anchor(const exact_work *w, int level)
{
    return 1.5 * power_of_two(w->exponent - level * LEVEL_BITS);
}

static void reset_lanes(exact_work *w)
{
    for (int l = 0; l < w->levels; l++)
        for (int c = 0; c < CHAINS; c++)
            w->sum[l][c] = anchor(w, l) - (vec){0};
    w->additions = 0;
}

static void flush_lanes(exact_work *w)
{
    if (w->additions == 0)
        return;
    for (int l = 0; l < w->levels; l++) {
        ivec base = vec_bits(anchor(w, l) - (vec){0}), steps = {0};
        for (int c = 0; c < CHAINS; c++)
            steps += vec_bits(w->sum[l][c]) - base;
        int bit = w->exponent - l * LEVEL_BITS - 52 + 1074;
        accumulator_add(&w->total, vec_add_lanes(steps), bit);
    }
    reset_lanes(w);
}

static void set_anchor(exact_work *w, int exponent, int levels)
{
    flush_lanes(w);
    w->exponent = exponent;
    w->levels = levels;
    reset_lanes(w);
}

/* A GROUP made of the last elements and zeros, which add nothing. */
TRINE_INLINE void load_tail(const void *x, size_t first, size_t n, bool single, double tail[GROUP])
{
    for (size_t i = 0; i < GROUP; i++)
        tail[i] = first + i >= n ? 0
                  : single       ? (double)((const float *)x)[first + i]
                                 : ((const double *)x)[first + i];
}

/* max|x|; NaN is passed over. */
TRINE_INLINE double block_max(const void *x, size_t n, bool single)
{
    vec most[CHAINS] = {{0}};
    double tail[GROUP];
    size_t i = 0;
    for (; i + GROUP <= n; i += GROUP)
#pragma GCC unroll 4
        for (int c = 0; c < CHAINS; c++)
            most[c] = vec_max_abs(most[c], load_at(x, i + (size_t)c * WIDTH, single));
    if (i < n) {
        load_tail(x, i, n, single, tail);
        for (int c = 0; c < CHAINS; c++)
            most[c] = vec_max_abs(most[c], vec_load(tail + c * WIDTH));
    }
    for (int c = 1; c < CHAINS; c++)
        most[0] = vec_max_abs(most[0], most[c]);
    return vec_max_lanes(most[0]);
}

/* The exponent of the first anchor for elements up to `most`; above HIGHEST_ANCHOR there is none.
 */
static int anchor_for(double most)
{
    uint64_t bits;
    memcpy(&bits, &most, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023 + 1 + HEADROOM + SLACK;
    return exponent < LOWEST_ANCHOR ? LOWEST_ANCHOR : exponent;
}

/* Takes one vector into the sums of chain c; what is left of it is ORed into `left`. */
TRINE_INLINE void take(vec sum[][CHAINS], int c, vec v, int levels, vec *most, ivec *left)
{
    *most = vec_max_abs(*most, v);
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

/* Tries a block of n <= BLOCK elements on `levels` levels; true when it was exact and committed. */
TRINE_INLINE bool try_block(exact_work *w, const void *x, size_t n, bool single, int levels,
                            bool prefetch)
{
    vec sum[LEVELS][CHAINS], most[2] = {{0}};
    ivec left = {0}, moved = {0};
    double tail[GROUP];
    size_t i = 0, item = single ? sizeof(float) : sizeof(double);
#pragma GCC unroll 3
    for (int l = 0; l < levels; l++)
#pragma GCC unroll 4
        for (int c = 0; c < CHAINS; c++)
            sum[l][c] = w->sum[l][c];
    for (; i + GROUP <= n; i += GROUP) {
        if (prefetch)
#pragma GCC unroll 4
            for (size_t b = 0; b < GROUP * item; b += 64)
                __builtin_prefetch((const char *)x + i * item + AHEAD + b, 0, 1);
#pragma GCC unroll 4
        for (int c = 0; c < CHAINS; c++)
            take(sum, c, load_at(x, i + (size_t)c * WIDTH, single), levels, &most[c % 2], &left);
    }
    if (i < n) {
        load_tail(x, i, n, single, tail);
#pragma GCC unroll 4
        for (int c = 0; c < CHAINS; c++)
            take(sum, c, vec_load(tail + c * WIDTH), levels, &most[c % 2], &left);
    }
#pragma GCC unroll 3
    for (int l = 0; l < levels; l++) {
        ivec base = vec_bits(anchor(w, l) - (vec){0});
#pragma GCC unroll 4
        for (int c = 0; c < CHAINS; c++)
            moved = vec_or_difference(moved, vec_bits(sum[l][c]), base);
    }
    double largest = vec_max_lanes(vec_max_abs(most[0], most[1]));
    bool nothing_left = (vec_or_lanes(left) & INT64_MAX) == 0;
    bool in_binade = (uint64_t)vec_or_lanes(moved) >> 52 == 0;
    if (!nothing_left || !in_binade || !(largest < power_of_two(w->exponent - HEADROOM)))
        return false;
#pragma GCC unroll 3
    for (int l = 0; l < levels; l++)
#pragma GCC unroll 4
        for (int c = 0; c < CHAINS; c++)
            w->sum[l][c] = sum[l][c];
    w->additions += BLOCK / GROUP;
    if (largest > 0)
        w->total.seen |= SEEN_OTHER;
    return true;
}

/* One instance for each number of levels, so that the sums stay in registers. */
TRINE_INLINE bool try_levels(exact_work *w, const void *x, size_t n, bool single, bool prefetch)
{
    switch (w->levels) {
    case 1:
        return try_block(w, x, n, single, 1, prefetch);
    case 2:
        return try_block(w, x, n, single, 2, prefetch);
    default:
        return try_block(w, x, n, single, 3, prefetch);
    }
}

static __attribute__((noinline)) void put_in_bins(exact_work *w, const void *x, size_t n,
                                                  bool single)
{
    if (!w->bins_ready)
        bins_clear(&w->bins);
    w->bins_ready = true;
    w->total.seen |= bins_add(&w->bins, x, n, single);
}

static void hold(exact_work *w)
{
    w->hold = w->next_hold;
    w->next_hold = w->next_hold < MOST_HOLD ? 2 * w->next_hold : MOST_HOLD;
}

/* Levels that the first elements of a block call for, from the anchor's limit down to their lowest
 * bit; more than LEVELS when there are not enough. A guess, which try_block checks. */
TRINE_INLINE int guess_levels(const void *x, size_t n, bool single, int exponent)
{
    int lowest = exponent;
    for (size_t i = 0; i < n && i < SAMPLE; i++) {
        double value = single ? (double)((const float *)x)[i] : ((const double *)x)[i];
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        uint64_t field = bits << 1 >> 53, significand = bits << 12 >> 12 | (uint64_t)(field > 0)
                                                                               << 52;
        if (significand == 0)
            continue;
        int bit = (field ? (int)field : 1) - 1075 + __builtin_ctzll(significand);
        lowest = bit < lowest ? bit : lowest;
    }
    int span = exponent - HEADROOM - lowest, first = 52 - HEADROOM;
    return span <= first ? 1 : 1 + (span - first + LEVEL_BITS - 1) / LEVEL_BITS;
}

/* A block that did not fit as things stand. */
TRINE_INLINE void take_hard_block(exact_work *w, const void *x, size_t n, bool single)
{
    int fitting = anchor_for(block_max(x, n, single));
    int levels = guess_levels(x, n, single, fitting);
    /* What has just failed need not be tried again. */
    if (fitting == w->exponent && levels <= w->levels)
        levels = w->levels + 1;
    for (; fitting <= HIGHEST_ANCHOR && levels <= LEVELS; levels++) {
        if (w->levels > 0 && levels > w->levels)
            hold(w);
        set_anchor(w, fitting, levels);
        if (try_levels(w, x, n, single, false))
            return;
    }
    put_in_bins(w, x, n, single);
    w->binning = true;
    hold(w);
}

/* Zeros alone: is there one that is not -0? */
TRINE_INLINE uint32_t see_zeros(const void *x, size_t n, bool single)
{
    for (size_t i = 0; i < n; i++) {
        double value = single ? (double)((const float *)x)[i] : ((const double *)x)[i];
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        if (bits != (uint64_t)1 << 63)
            return SEEN_OTHER;
    }
    return 0;
}

TRINE_INLINE void take_block(exact_work *w, const void *x, size_t n, bool single)
{
    if (w->hold > 0 && --w->hold == 0) {
        /* Give fewer levels, or levels at all, another chance. */
        if (w->binning)
            w->binning = false;
        else if (w->levels > 1)
            set_anchor(w, w->exponent, w->levels - 1);
    }
    if (w->additions + BLOCK / GROUP > LANE_ADDITIONS)
        flush_lanes(w);
    bool prefetch = w->bytes > CACHED;
    if (w->binning)
        put_in_bins(w, x, n, single);
    else if (!w->levels || !try_levels(w, x, n, single, prefetch))
        take_hard_block(w, x, n, single);
    if (!(w->total.seen & SEEN_OTHER))
        w->total.seen |= see_zeros(x, n, single);
}

static void reset_course(exact_work *w)
{
    w->exponent = w->levels = w->additions = w->hold = 0;
    w->next_hold = LEAST_HOLD;
    w->binning = false;
    w->bytes = 0;
}

static void exact_begin(void *work, const void *param)
{
    exact_work *w = work;
    (void)param;
    accumulator_clear(&w->total);
    w->bins_ready = false;
    reset_course(w);
}

TRINE_INLINE void exact_accumulate(exact_work *w, const trine_chunk *chunk, bool single)
{
    w->total.seen |= SEEN_ANY;
    take_block(w, chunk->in[0], chunk->n, single);
    w->bytes += chunk->n * (single ? sizeof(float) : sizeof(double));
}

static void exact_accumulate_f64(void *work, const trine_chunk *chunk, const void *param)
{
    (void)param;
    exact_accumulate(work, chunk, false);
}

static void exact_accumulate_f32(void *work, const trine_chunk *chunk, const void *param)
{
    (void)param;
    exact_accumulate(work, chunk, true);
}

static void exact_settle(void *state, void *work, const void *param)
{
    exact_work *w = work;
    (void)param;
    flush_lanes(w);
    if (w->bins_ready)
        bins_flush(&w->bins, &w->total);
    accumulator_merge(state, &w->total);
    accumulator_reset(&w->total);
    reset_course(w);
}
