/* trine/kernel.h - what a kernel is: code for ONE contiguous chunk, which knows no thread, rank or
 * process.
 *
 * Life of a reduction (a monoid), in steps:
 *   1. identity(state) makes the partial of nothing.
 *   2. accumulate(state, chunk) takes one chunk in.
 *   3. merge(left, right) joins the partials of neighbouring chunk runs; left precedes right.
 *   4. finish(result, state) makes the result from the partial of everything.
 * The partials merge in the binary tree over chunk numbers, so the result's bits depend on the data
 * alone.
 *
 * A kernel may keep a larger worker-local working state (work_size > 0): begin(work) makes it,
 * accumulate(work, chunk) then takes the working state instead of the partial, any number of chunks
 * in turn, and settle(state, work) adds what it holds to the partial and leaves work as begin
 * does. Only TRINE_ORDER_FREE kernels may have one.
 *
 * State and param are plain bytes without pointers: they are copied between processes. State and
 * work are aligned to 64 bytes. Kernels run on several workers at once and share nothing. They see
 * the default floating-point environment (team.h), and leave it as it is.
 */
#ifndef TRINE_KERNEL_H
#define TRINE_KERNEL_H

#include <trine/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All that a kernel sees: elements [first, first + n) of the whole, in[i] and out[i] pointing at
 * element `first` of argument i, aligned to its element type. n is 1 to TRINE_CHUNK. */
typedef struct trine_chunk {
    uint64_t first;
    size_t n;
    const void *in[TRINE_ARGS];
    void *out[TRINE_ARGS];
} trine_chunk;

/* The merge is associative and commutative bit for bit, so partials may meet in any order. */
#define TRINE_ORDER_FREE 1u

/* The kernel does not read chunk->first, so nobody need find it out. */
#define TRINE_POSITION_FREE 2u

/* A reduction. in[0..nin) are its inputs' types; `out` is the type of its result when that is one
 * scalar, else TRINE_DTYPE_NONE with result_size bytes. finish may refuse (TRINE_E_EMPTY,
 * TRINE_E_OVERFLOW), and then leaves the result untouched. */
typedef struct trine_monoid {
    const char *name;
    int nin;
    trine_dtype in[TRINE_ARGS];
    trine_dtype out;
    size_t param_size, state_size, result_size;
    unsigned flags;
    void (*identity)(void *state, const void *param);
    void (*accumulate)(void *state, const trine_chunk *chunk, const void *param);
    void (*merge)(void *left, const void *right, const void *param);
    trine_status (*finish)(void *result, const void *state, const void *param);
    size_t work_size;
    void (*begin)(void *work, const void *param);
    void (*settle)(void *state, void *work, const void *param);
} trine_monoid;

/* Param of the reduction "histogram", whose result is counts[bins + 3] of uint64_t: the bins,
 * elements below, elements above, NaNs. The bins + 1 edges follow it, ascending. scale: bins /
 * (edge[bins] - edge[0]) when the bins are of one width, else 0; guard: how far (x - edge[0]) scale
 * may be off. weights: for "histogram_weighted", whose result is as many sums of in[1], as double,
 * the type of in[1], which the monoid's in[1] must be too. The sizes of a monoid for so many bins:
 * see trine_histogram_monoid. */
typedef struct trine_histogram_param {
    uint64_t bins;
    double scale, guard;
    trine_dtype weights;
} trine_histogram_param;

/* Param of the reductions "weighted_sum" and "weighted_mean": the type of the weights, in[1], which
 * the monoid's in[1] must be too: see trine_weighted_monoid. */
typedef struct trine_weighted_param {
    trine_dtype weights;
} trine_weighted_param;

/* Param of the reduction "gemv_rows", the dot products of rows with a vector: in[0] is the first
 * row, which `more` others follow, `stride` elements apart; in[1] is the vector. State and result
 * are 1 + more doubles; the monoid's sizes are those of one row. */
typedef struct trine_gemv_param {
    uint64_t more, stride;
} trine_gemv_param;

/* An integer of 64 bits: i64 of types with a sign, u64 of others. */
typedef union trine_whole {
    int64_t i64;
    uint64_t u64;
} trine_whole;

/* Result of the reduction "describe": of the elements that are numbers, of which there are n;
 * beside them there are `nan` others. var, and std, its root, have the divisor n. NaN where n is 0.
 * min_whole, max_whole: min and max of integers, unrounded; 0 of reals. */
typedef struct trine_description {
    uint64_t n, nan;
    double mean, var, skewness, kurtosis, min, max, std;
    trine_whole min_whole, max_whole;
} trine_description;

/* Result of the reduction "standardisation", whose param is ddof, and param of the maps
 * "standardised". Of reals: they are scaled by the powers of two up[0] and up[1], and then have the
 * mean `mean` + `rest` and the deviation sd. Of integers: their mean is whole + rest. */
typedef struct trine_standardisation {
    double up[2], mean, rest, sd;
    trine_whole whole;
} trine_standardisation;

/* Param of the reduction "order_digits", whose result is counts[prefixes][TRINE_ORDER_DIGITS] of
 * uint64_t: of the elements whose order key, without its last shift + 11 bits, is prefix[p], how
 * many have which 11 bits next. Prefixes are in ascending order. The order key of an element is a
 * whole number of as many bits, in the order of sorts: -Inf < ... < -0 < +0 < ... < +Inf < NaN,
 * whose key is the last, whatever its bits. */
#define TRINE_ORDER_DIGITS 2048
#define TRINE_ORDER_PREFIXES 128
typedef struct trine_order_param {
    uint32_t shift, prefixes;
    uint64_t prefix[TRINE_ORDER_PREFIXES];
    trine_dtype weights;
} trine_order_param;

/* The reduction "order_weights" of elements and their weights, in[1], which are of the type
 * `weights` of the same param: like "order_digits", but of 8 bits, and sums[prefixes]
 * [TRINE_WEIGHT_DIGITS] are exact sums of the weights instead of counts, of TRINE_WEIGHT_SUM bytes
 * each (kernels/exact/weight_sums.h). NaN among the elements is passed over. */
#define TRINE_WEIGHT_DIGITS 256
#define TRINE_WEIGHT_SUM 576

/* An element and its index; the value of the element's type counts. */
typedef struct trine_indexed {
    uint64_t index;
    union {
#define TRINE_VALUE(constant, suffix, type, name) type suffix;
        TRINE_DTYPES(TRINE_VALUE)
#undef TRINE_VALUE
    } value;
} trine_indexed;

/* Param of the reductions "smallest" and "largest", whose result is a trine_indexed for each of the
 * k first elements in the order of trine_smallest and trine_largest. The monoid's sizes are those
 * for a k of 1; trine_top_monoid makes those for more. Indices are of the whole. finish refuses
 * fewer elements than k: TRINE_E_ARGUMENT. */
typedef struct trine_top_param {
    uint64_t k;
} trine_top_param;

/* A transform: out[j][i] from in[*][i], element by element; `chunk->first` is the global index. An
 * output may be an input (in place). Large outputs that are no input may be made in pieces, smaller
 * than a chunk, beside their place. */
typedef struct trine_map {
    const char *name;
    int nin, nout;
    trine_dtype in[TRINE_ARGS], out[TRINE_ARGS];
    size_t param_size;
    void (*apply)(const trine_chunk *chunk, const void *param);
} trine_map;

/* Rows that a stencil may see above and below. */
#define TRINE_HALO 16

/* All that a stencil sees: columns [column, column + n) of row `row` of the whole. in[-halo] to
 * in[halo] are the rows above, itself and below, from element `column` on; `halo` elements before
 * and after the n may be read too. n is 1 to TRINE_CHUNK. stream: the outputs will not be read
 * again soon, so that stores which pass the caches by may pay. */
typedef struct trine_rows {
    uint64_t row, column;
    size_t n;
    const void *const *in;
    void *out;
    bool stream;
} trine_rows;

/* A stencil: each element of the output from its neighbours in the input, up to `halo` (1 to
 * TRINE_HALO) rows and columns away. */
typedef struct trine_stencil {
    const char *name;
    int halo;
    trine_dtype in, out;
    size_t param_size;
    void (*apply)(const trine_rows *rows, const void *param);
} trine_stencil;

/* A block of elements of `item` bytes (1, 2, 4 or 8) to be transposed: to[c][r] = from[r][c]. Rows
 * of from and of to begin from_row and to_row bytes after each other. stream: as above. */
typedef struct trine_turn {
    const void *from;
    void *to;
    size_t from_row, to_row, rows, columns, item;
    bool stream;
} trine_turn;

/* What the library's own calls on grids are made of, in the variant for this CPU. stencil5 and
 * convolve: of f64, of f32. */
typedef struct trine_grid_kernels {
    void (*turn)(const trine_turn *turn);
    const trine_stencil *stencil5;
    /* Returns the greatest |change|, NaN when one is. f: NULL, or from element `column` on. */
    double (*jacobi)(const trine_rows *rows, const double *f);
    /* out[i] = sum over t of kernel[t] x[i + taps - 1 - t], i < n. */
    void (*convolve[2])(const double *x, const double *kernel, size_t taps, size_t n, void *out,
                        bool stream);
} trine_grid_kernels;

/* NULL when TRINE_ISA names none of this CPU's variants. Any thread; not exported. */
const trine_grid_kernels *trine_grid_kernels_find(void);

/* How a scan is to write. EXCLUSIVE: out[i] is of the elements before i alone. STREAM: out is large
 * and not the input, so stores may bypass the caches. */
#define TRINE_SCAN_EXCLUSIVE 1u
#define TRINE_SCAN_STREAM 2u

/* A scan: out[i] from elements 0 to i, by a monoid of one input. apply writes the chunk's results,
 * of type `out`, to chunk->out[0]; prefix is the monoid's partial of all elements before the chunk
 * (see scan.h for how it was folded). chunk->out[0] may be chunk->in[0].
 * chunk->in[1]: elements that this worker reads next, worth a prefetch; or NULL. flags:
 * TRINE_SCAN_... It may refuse (TRINE_E_OVERFLOW, ...). */
typedef struct trine_scanner {
    const char *name;
    trine_monoid monoid;
    trine_dtype out;
    trine_status (*apply)(const trine_chunk *chunk, const void *prefix, unsigned flags,
                          const void *param);
} trine_scanner;

/* Which elements to keep: test writes one byte an element of the chunk to chunk->out[0], 0 for one
 * that goes. It may run twice on the same elements, and must give the same bytes. */
typedef struct trine_predicate {
    const char *name;
    trine_dtype in;
    size_t param_size;
    void (*test)(const trine_chunk *chunk, const void *param);
} trine_predicate;

/* The built-in reduction of that name for elements of that type, in the variant for this CPU (or
 * the one that TRINE_ISA names: baseline, avx2, avx512). NULL when there is none, and the detail
 * then lists the names. Static storage; any thread. */
TRINE_API const trine_monoid *trine_monoid_find(const char *name, trine_dtype dtype);

/* Name of the i-th built-in reduction, NULL past the last: "sum", "sum_compensated", ... */
TRINE_API const char *trine_monoid_name(size_t i);

/* The built-in scan of that name ("cumsum", ...; trine/list.h has them) for elements of that type,
 * in the variant for this CPU. ARGUMENT when there is none. *scanner is untouched on error. Any
 * thread. */
TRINE_API trine_status trine_scanner_find(const char *name, trine_dtype dtype,
                                          trine_scanner *scanner);

/* The built-in predicate of that name: "nonzero" (NaN is not zero), "not_nan", "between" (param:
 * two elements, low <= x <= high). NULL when there is none. Static storage; any thread. */
TRINE_API const trine_predicate *trine_predicate_find(const char *name, trine_dtype dtype);

/* The built-in maps, found by name. x, y, z: inputs, elements of one type, which is also the
 * output's but for casts. Params are T[k], k constants of the output's type, or a struct.
 *   fill            a                       T[1] {a}
 *   iota            start + i step          T[2] {start, step}
 *   linspace        see trine_linspace
 *   uniform, normal see trine_uniform, trine_normal
 *   add_normal      x + normal              trine_normal
 *   copy, neg, abs  x, -x, |x|
 *   scale           a x                     T[1] {a}
 *   add, sub, mul, div   x + y, x - y, x y, x / y
 *   fma             x y + z, rounded once
 *   axpy, axpby     a x + y, a x + b y      T[1] {a}, T[2] {a, b}; each operation rounds
 *   clip            x, at least lo, at most hi; hi where lo > hi      T[2] {lo, hi}
 *   where           in[0] ? y : z; in[0] is u8, of which 0 is false
 *   sqrt, exp, log, sin, cos, tanh, pow     the last is x to the power of y
 *   standardise     (x - mean) / sd         T[2] {mean, sd}
 *   standardised    the same, of a mean and a deviation known to more bits; of integers in f64
 *                                           trine_standardisation
 *   cast, cast_wrap x in the output's type
 * linspace to add_normal and sqrt to standardise are of f64 and f32, add_normal also of i16, the
 * others of all types.
 *
 * Reals: operations round to nearest. sqrt is correctly rounded; exp to pow are within 1 unit in
 * the last place. The result of an operation on what is not a number is the NaN 0x7ff8000000000000
 * (0x7fc00000), whatever went in, as it is of every reduction, scan, stencil and product; moves
 * (copy, neg, abs, clip, where, fill; sorts, transpositions, compactions) keep its bits.
 * Integers: wrap modulo 2^bits, in two's complement. x / 0 is 0; the least integer / -1 and its neg
 * and abs are itself. Quotients are cut toward zero.
 * Casts to reals round to nearest, ties to even; beyond the range of f32 lies Inf. Casts of reals
 * to integers cut toward zero. `cast` then saturates: the nearest end of the range, and 0 for NaN.
 * `cast_wrap` keeps the lowest bits of the integer, and gives 0 for NaN and Inf.
 *
 * The bits are the same for every team, chunk and instruction set. */

/* linspace: n elements from start to stop, both included: start + i step with step = (stop - start)
 * / (n - 1), in f64, and the last exactly stop; start alone when n is 1. n: elements of the
 * whole. */
typedef struct trine_linspace {
    double start, stop;
    uint64_t n;
} trine_linspace;

/* uniform: real random numbers in [lo, hi), lo + (hi - lo) u: u of 53 bits for f64, 24 for f32.
 * lo where hi is lo; (hi, lo], to rounding, where it is less; NaN when hi - lo is not finite.
 * Element i is made of the words of Random123's philox4x32 (10 rounds) with the key `seed` and the
 * counter (i / k, stream), lower halves first, where k elements share 128 bits: 2 of f64, 4 of f32.
 * i is the global index: equal seed and stream give equal numbers on every team, other ones
 * independent numbers. */
typedef struct trine_uniform {
    double lo, hi;
    uint64_t seed, stream;
} trine_uniform;

/* normal: mean + sd z with z normal, of mean 0 and standard deviation 1; f64 reaches 8.6, f32 6.7
 * standard deviations. Numbered as uniform's. add_normal of i16 is made in f32, with f32's numbers:
 * x + (mean + sd z), then the nearest integer, of two the even one; the nearest end of the range
 * beyond it, 0 for NaN. */
typedef struct trine_normal {
    double mean, sd;
    uint64_t seed, stream;
} trine_normal;

/* The built-in map of that name from elements of type `in` (of the first input; TRINE_DTYPE_NONE
 * when there are no inputs) to elements of type `out`. NULL when there is none, and the detail then
 * lists the names or types that there are, or says what this library was built without. Static
 * storage; any thread. */
TRINE_API const trine_map *trine_map_find(const char *name, trine_dtype in, trine_dtype out);

/* Name of the i-th built-in map, NULL past the last: "fill", "iota", ... */
TRINE_API const char *trine_map_name(size_t i);

/* The instruction set that the built-in kernels use in this process. */
TRINE_API const char *trine_isa(void);

#ifdef __cplusplus
}
#endif
#endif
