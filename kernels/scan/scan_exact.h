/* kernels/scan/scan_exact.h - running sums of which each is the true one, rounded once.
 *
 * 1. The prefix of the chunk is known exactly (kernels/exact/accumulator.h). k is such that the
 *    prefix and all sums of the chunk stay below 2^k.
 * 2. Elements and prefix are split by anchors A = 1.5 * 2^j, j = k, k - 40, k - 80: q = (x + A) - A
 *    is x to the nearest multiple of u = 2^(j-52), x - q goes on. The parts of one level are
 *    multiples of u whose sums stay within 53 bits: they add up exactly, in any order.
 * 3. Two levels: most often they leave nothing of any element, and each result is one addition of
 *    two exact numbers, rounded once.
 * 4. Three levels: the sum of the three is rounded once by rounding to odd (Boldo and Melquiond,
 *    Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd, IEEE
 *    TC 57 (2008)). When they leave something, what they leave has a bound: a result is certain if
 *    the sum less the bound and the sum with the bound round alike. The others are made in the long
 *    integer.
 * 5. A chunk with infinities or NaNs, or near the end of the range, goes through the long integer,
 *    element by element.
 * Levels after Demmel and Nguyen, Parallel reproducible summation, IEEE TC 64 (2015).
 */
#include "kernels/simd/groups.h"
#include "kernels/reduce/states.h"

enum {
    SCAN_LEVELS = 3,
    SCAN_LEVEL_BITS = 40,
    /* u of the last level is at least the least denormal; nothing overflows. */
    MIN_EXPONENT = -1074 + 52 + (SCAN_LEVELS - 1) * SCAN_LEVEL_BITS,
    MAX_EXPONENT = 1021
};

/* What one chunk's scan keeps. rest: the levels do not hold all of the prefix. */
typedef struct exact_scan {
    const void *x, *next;
    void *out;
    size_t n;
    const accumulator *prefix;
    double anchor[SCAN_LEVELS], part[SCAN_LEVELS], bound;
    bool rest[SCAN_LEVELS + 1];
    bool exclusive, single, narrow;
    uint16_t *uncertain;
    size_t count;
} exact_scan;

/* Takes one element into the long integer. */
static void accumulator_take(accumulator *a, double x)
{
    uint64_t bits, sign_bit = (uint64_t)1 << 63;
    memcpy(&bits, &x, sizeof bits);
    int field = (int)(bits << 1 >> 53);
    uint64_t fraction = bits << 12 >> 12;
    a->seen |= SEEN_ANY | (bits != sign_bit ? SEEN_OTHER : 0);
    if (field == 2047) {
        a->seen |= fraction ? SEEN_NAN : bits & sign_bit ? SEEN_MINUS_INF : SEEN_PLUS_INF;
        return;
    }
    int128 significand = (int128)(fraction | (uint64_t)(field > 0) << 52);
    trine_accumulator_add(a, bits & sign_bit ? -significand : significand,
                          field > 0 ? field - 1 : 0);
}

static void put_result(const exact_scan *s, size_t i, const accumulator *a)
{
    if (s->narrow)
        ((float *)s->out)[i] = (float)canonical(trine_accumulator_round(a, true));
    else
        ((double *)s->out)[i] = canonical(trine_accumulator_round(a, false));
}

/* Results by the long integer: all, or (some) the uncertain ones. */
static __attribute__((noinline)) void scan_slowly(const exact_scan *s, bool some)
{
    accumulator a = *s->prefix;
    size_t taken = 0, results = some ? s->count : s->n;
    for (size_t k = 0; k < results; k++) {
        size_t i = some ? s->uncertain[k] : k, end = s->exclusive ? i : i + 1;
        for (; taken < end; taken++)
            accumulator_take(&a, element_at(s->x, taken, s->single));
        put_result(s, i, &a);
    }
}

/* The greatest magnitude; *special: there is what is no finite number. */
static double greatest_of(const exact_scan *s, bool *special)
{
    vec most = vec_of(0), group[PARTS];
    ivec odd = {0};
    for (size_t i = 0; i < s->n; i += OCTET) {
        group_load(group, s->x, i, s->n, s->single, 0);
#pragma GCC unroll 4
        for (int k = 0; k < PARTS; k++) {
            most = vec_max_abs(most, group[k]);
            odd |= vec_bits(group[k] * vec_of(0));
        }
    }
    *special = (vec_or_lanes(odd) & INT64_MAX) != 0;
    return vec_max_lanes(most);
}

/* Splits the prefix by the anchors. */
static void split_prefix(exact_scan *s)
{
    accumulator a = *s->prefix;
    for (int l = 0; l < SCAN_LEVELS; l++) {
        double rounded = trine_accumulator_round(&a, false);
        s->rest[l] = rounded != 0;
        s->part[l] = 0;
        if (rounded != 0) {
            s->part[l] = (rounded + s->anchor[l]) - s->anchor[l];
            accumulator_take(&a, -s->part[l]);
        }
    }
    s->rest[SCAN_LEVELS] = trine_accumulator_round(&a, false) != 0;
}

/* Chooses the anchors; false when the chunk is none for them. */
static bool set_anchors(exact_scan *s)
{
    bool special;
    double greatest = greatest_of(s, &special);
    double before = fabs(trine_accumulator_round(s->prefix, false));
    double most = before / TRINE_CHUNK + greatest;
    if (special || !isfinite(most))
        return false;
    /* The prefix and 2^13 elements are below 2^k; 2 is for roundings. */
    int k = most > 0 ? ilogb(most) + 13 + 2 : MIN_EXPONENT;
    k = k < MIN_EXPONENT ? MIN_EXPONENT : k;
    if (k > MAX_EXPONENT)
        return false;
    for (int l = 0; l < SCAN_LEVELS; l++)
        s->anchor[l] = 1.5 * power_of_two(k - l * SCAN_LEVEL_BITS);
    /* 2^13 times the last level's u is more than all that can be left. */
    s->bound = power_of_two(k - (SCAN_LEVELS - 1) * SCAN_LEVEL_BITS - 52 + 13);
    split_prefix(s);
    return true;
}

TRINE_INLINE void two_sums(vec a, vec b, vec *sum, vec *error)
{
    vec t = a + b, y = t - a;
    *error = (a - (t - y)) + (b - y);
    *sum = t;
}

/* a + b rounded to odd: towards the neighbour whose last bit is 1, unless it is exact. */
TRINE_INLINE vec add_to_odd(vec a, vec b)
{
    vec sum, error;
    two_sums(a, b, &sum, &error);
    ivec bits = vec_bits(sum), away = ((bits ^ vec_bits(error)) >> 63) | 1;
    return (vec)(bits + (away & (error != vec_of(0)) & ((bits & 1) == 0)));
}

/* One running sum of a group, on one level; the sums are exact. */
TRINE_INLINE void level_group(vec group[PARTS], vec *carry, bool exclusive)
{
    const vec none = vec_of(0);
    vec next[PARTS];
#pragma GCC unroll 3
    for (int by = 1; by < OCTET; by *= 2) {
#pragma GCC unroll 4
        for (int k = 0; k < PARTS; k++)
            next[k] = behind(group, k, by, none) + group[k];
        memcpy(group, next, sizeof next);
    }
    vec total = last_of(group);
#pragma GCC unroll 4
    for (int k = 0; k < PARTS; k++)
        next[k] = *carry + (exclusive ? behind(group, k, 1, none) : group[k]);
    memcpy(group, next, sizeof next);
    *carry += total;
}

/* The part of a group that the anchor's level takes; what it leaves stays in left. */
TRINE_INLINE void split_group(vec left[PARTS], vec part[PARTS], vec anchor)
{
#pragma GCC unroll 4
    for (int k = 0; k < PARTS; k++) {
        part[k] = (left[k] + anchor) - anchor;
        left[k] -= part[k];
    }
}

/* Whether two levels held all; else the results are to be made again. */
TRINE_INLINE bool two_levels(const exact_scan *s, bool exclusive, bool single, bool narrow,
                             bool non_temporal)
{
    vec high = vec_of(s->part[0]), low = vec_of(s->part[1]), left[PARTS], a[PARTS], b[PARTS];
    const vec first = vec_of(s->anchor[0]), second = vec_of(s->anchor[1]);
    ivec unheld = {0};
    for (size_t i = 0; i < s->n; i += OCTET) {
        group_ahead(s->next, i, single);
        group_load(left, s->x, i, s->n, single, 0);
        split_group(left, a, first);
        split_group(left, b, second);
        level_group(a, &high, exclusive);
        level_group(b, &low, exclusive);
#pragma GCC unroll 4
        for (int k = 0; k < PARTS; k++) {
            unheld |= vec_bits(left[k]);
            a[k] = narrow ? add_to_odd(a[k], b[k]) : a[k] + b[k];
        }
        group_store(a, s->out, i, s->n, narrow, non_temporal);
    }
    if (non_temporal)
        nt_store_fence();
    return (vec_or_lanes(unheld) & INT64_MAX) == 0;
}

/* The result of x + y, rounded once. */
TRINE_INLINE vec round_pair(vec x, vec y, bool narrow)
{
    if (!narrow)
        return x + y;
    fvec floats = __builtin_convertvector(add_to_odd(x, y), fvec);
    return __builtin_convertvector(floats, vec);
}

/* a + b + c rounded once; which lanes are not certain to be the right ones, within the bound. */
TRINE_INLINE vec round_three(vec a, vec b, vec c, vec bound, bool narrow, ivec *uncertain)
{
    vec upper, lower, top, rest;
    two_sums(b, c, &upper, &lower);
    two_sums(a, upper, &top, &rest);
    vec tail = add_to_odd(rest, lower);
    vec width = bound + bound + (vec)(vec_bits(tail) & INT64_MAX) * 0x1p-51;
    vec most = round_pair(top, tail + width, narrow), least = round_pair(top, tail - width, narrow);
    *uncertain = (bound != vec_of(0)) & (most != least);
    return round_pair(top, tail, narrow);
}

TRINE_INLINE void three_levels(exact_scan *s, double bound, bool exclusive, bool single,
                               bool narrow)
{
    vec carry[SCAN_LEVELS], left[PARTS], part[SCAN_LEVELS][PARTS];
    ivec uncertain[PARTS];
    s->count = 0;
    for (int l = 0; l < SCAN_LEVELS; l++)
        carry[l] = vec_of(s->part[l]);
    for (size_t i = 0; i < s->n; i += OCTET) {
        ivec any = {0};
        group_load(left, s->x, i, s->n, single, 0);
#pragma GCC unroll 3
        for (int l = 0; l < SCAN_LEVELS; l++) {
            split_group(left, part[l], vec_of(s->anchor[l]));
            level_group(part[l], &carry[l], exclusive);
        }
#pragma GCC unroll 4
        for (int k = 0; k < PARTS; k++) {
            left[k] = round_three(part[0][k], part[1][k], part[2][k], vec_of(bound), narrow,
                                  &uncertain[k]);
            any |= uncertain[k];
        }
        group_store(left, s->out, i, s->n, narrow, false);
        for (size_t k = 0; vec_or_lanes(any) && k < OCTET && i + k < s->n; k++)
            if (uncertain[k / WIDTH][k % WIDTH])
                s->uncertain[s->count++] = (uint16_t)(i + k);
    }
}

/* Whether the third level, too, leaves something of an element. */
static bool three_hold(const exact_scan *s)
{
    vec left[PARTS], part[PARTS];
    ivec unheld = {0};
    for (size_t i = 0; i < s->n; i += OCTET) {
        group_load(left, s->x, i, s->n, s->single, 0);
        for (int l = 0; l < SCAN_LEVELS; l++)
            split_group(left, part, vec_of(s->anchor[l]));
        for (int k = 0; k < PARTS; k++)
            unheld |= vec_bits(left[k]);
    }
    return (vec_or_lanes(unheld) & INT64_MAX) == 0;
}

/* The sum of -0 alone is -0. */
static void put_negative_zeros(const exact_scan *s)
{
    size_t zeros = 0, i = s->exclusive && !(s->prefix->seen & SEEN_ANY);
    while (zeros < s->n) {
        double x = element_at(s->x, zeros, s->single);
        if (x != 0 || !signbit(x))
            break;
        zeros++;
    }
    size_t end = s->exclusive && zeros < s->n ? zeros + 1 : zeros;
    for (; i < end; i++)
        if (s->narrow)
            ((float *)s->out)[i] = -0.0F;
        else
            ((double *)s->out)[i] = -0.0;
}

TRINE_INLINE void exact_chunk(exact_scan *s, bool exclusive, bool single, bool narrow,
                              bool non_temporal)
{
    if (!set_anchors(s)) {
        scan_slowly(s, false);
        return;
    }
    if (s->rest[2] || !two_levels(s, exclusive, single, narrow, non_temporal)) {
        bool all = !s->rest[SCAN_LEVELS] && three_hold(s);
        three_levels(s, all ? 0 : s->bound, exclusive, single, narrow);
        scan_slowly(s, true);
    }
    if (!(s->prefix->seen & SEEN_OTHER))
        put_negative_zeros(s);
}

/* In place, the elements are copied: a chunk may have to be done again. */
#define EXACT_SCAN(suffix, type, single_, narrow_)                                                 \
    static trine_status exact_scan_##suffix(const trine_chunk *chunk, const void *prefix,          \
                                            unsigned flags, const void *param)                     \
    {                                                                                              \
        uint16_t uncertain[TRINE_CHUNK];                                                           \
        type copy[TRINE_CHUNK];                                                                    \
        exact_scan s = {.x = chunk->in[0],                                                         \
                        .next = chunk->in[1],                                                      \
                        .out = chunk->out[0],                                                      \
                        .n = chunk->n,                                                             \
                        .prefix = prefix,                                                          \
                        .exclusive = flags & TRINE_SCAN_EXCLUSIVE,                                 \
                        .single = single_,                                                         \
                        .narrow = narrow_,                                                         \
                        .uncertain = uncertain};                                                   \
        (void)param;                                                                               \
        if (chunk->in[0] == chunk->out[0])                                                         \
            s.x = memcpy(copy, chunk->in[0], chunk->n * sizeof(type));                             \
        if (s.exclusive)                                                                           \
            exact_chunk(&s, true, single_, narrow_, false);                                        \
        else if (may_store_non_temporal(chunk, flags))                                             \
            exact_chunk(&s, false, single_, narrow_, true);                                        \
        else                                                                                       \
            exact_chunk(&s, false, single_, narrow_, false);                                       \
        return TRINE_OK;                                                                           \
    }
EXACT_SCAN(f64, double, false, false)
EXACT_SCAN(f32, float, true, true)
EXACT_SCAN(f32_f64, float, true, false)
