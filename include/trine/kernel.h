/* trine/kernel.h - what a kernel is: code for ONE contiguous chunk, which knows no thread, rank or
 * process.
 *
 * Life of a reduction (a reducer), in steps:
 *
 *   1. init(state) makes the partial of nothing.
 *   2. accumulate(state, chunk) takes one chunk in.
 *   3. merge(left, right) joins the partials of neighbouring blocks of chunks; left precedes right.
 *   4. finish(result, state) makes the result from the partial of everything.
 *
 * The partials merge in the binary tree over chunk numbers, so the result's bits depend on the data
 * alone.
 *
 * A kernel may keep a larger worker-local working state (work_size > 0): work_init(work) makes it,
 * accumulate(work, chunk) then takes the working state instead of the partial, any number of chunks
 * in turn, and work_flush(state, work) adds what it holds to the partial and leaves work as
 * work_init does. Only TRINE_ORDER_FREE kernels may have one.
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

/** All that a kernel sees: elements [offset, offset + n) of the whole. */
typedef struct trine_chunk {
    int64_t offset;             /**< Index of the first element. */
    int64_t n;                  /**< 1 to TRINE_CHUNK elements. */
    const void *in[TRINE_ARGS]; /**< Input i at element `offset`, aligned to its element type. */
    void *out[TRINE_ARGS];      /**< Output i, likewise. */
} trine_chunk;

/** The merge is associative and commutative bit for bit, so partials may meet in any order. */
#define TRINE_ORDER_FREE 1u

/** The kernel does not read chunk->offset, so nobody need find it out. */
#define TRINE_POSITION_FREE 2u

/** A reduction; the life of one stands above. */
typedef struct trine_reducer {
    size_t size;                /**< TRINE_INIT(trine_reducer) sets it. */
    const char *name;           /**< For messages. */
    int nin;                    /**< Inputs, 1 to TRINE_ARGS. */
    trine_dtype in[TRINE_ARGS]; /**< Their types. */
    /** Type of the result when that is one scalar, else TRINE_DTYPE_NONE. */
    trine_dtype out;
    size_t param_size;  /**< Bytes of param; 0: there is none. */
    size_t state_size;  /**< Bytes of a partial. */
    size_t result_size; /**< Bytes of the result. */
    unsigned flags;     /**< TRINE_ORDER_FREE, TRINE_POSITION_FREE, TRINE_EMPTY_FAILS. */
    /** Makes the partial of nothing. */
    void (*init)(void *state, const void *param);
    /** Takes one chunk in: into the partial, or the working state where there is one. */
    void (*accumulate)(void *state, const trine_chunk *chunk, const void *param);
    /** Joins the partials of neighbours; left precedes right. */
    void (*merge)(void *left, const void *right, const void *param);
    /** Makes the result. May refuse (TRINE_E_EMPTY, TRINE_E_OVERFLOW), and then leaves it
     * untouched. */
    trine_status (*finish)(void *result, const void *state, const void *param);
    size_t work_size; /**< Bytes of a worker's working state; 0: there is none. */
    /** Makes the working state; NULL where there is none. */
    void (*work_init)(void *work, const void *param);
    /** Adds what work holds to the partial, and leaves work as work_init does; NULL likewise. */
    void (*work_flush)(void *state, void *work, const void *param);
} trine_reducer;

/** Param of the reductions "weighted_sum" and "weighted_mean"; trine_weighted_reducer makes it. */
typedef struct trine_weighted_param {
    trine_dtype weights; /**< The type of in[1], which the reducer's in[1] must be too. */
} trine_weighted_param;

/** An integer of 64 bits. */
typedef union trine_integer {
    int64_t i64;  /**< Of types with a sign. */
    uint64_t u64; /**< Of the others. */
} trine_integer;

/** Result of the reduction "describe", of the elements that are numbers. The doubles are NaN where
 * there are none. */
typedef struct trine_description {
    int64_t n;                 /**< How many are numbers. */
    int64_t nan;               /**< How many are not. */
    double mean;               /**< Arithmetic mean. */
    double var;                /**< Variance, of the divisor n. */
    double skewness;           /**< m3 / m2^1.5. */
    double kurtosis;           /**< m4 / m2^2 - 3. */
    double min;                /**< The least. */
    double max;                /**< The greatest. */
    double std;                /**< The root of var. */
    trine_integer min_integer; /**< The least of integers, unrounded; 0 of reals. */
    trine_integer max_integer; /**< The greatest, likewise. */
} trine_description;

/** Result of the reduction "standardisation", whose param is ddof, and param of the maps
 * "standardised". */
typedef struct trine_standardisation {
    double up[2];          /**< Powers of two by which reals are scaled, one after the other. */
    double mean;           /**< Of reals, scaled: their mean is mean + rest. */
    double rest;           /**< Of integers: their mean is integer + rest. */
    double sd;             /**< The deviation; of reals, scaled. */
    trine_integer integer; /**< Of integers. */
} trine_standardisation;

/** An element and its index. */
typedef struct trine_indexed {
    int64_t index; /**< In the whole. */
    /** The element; the member of its type counts. */
    union {
        double f64;   /**< Of TRINE_F64. */
        float f32;    /**< Of TRINE_F32. */
        int64_t i64;  /**< Of TRINE_I64. */
        int32_t i32;  /**< Of TRINE_I32. */
        uint64_t u64; /**< Of TRINE_U64. */
        uint32_t u32; /**< Of TRINE_U32. */
        int16_t i16;  /**< Of TRINE_I16. */
        uint16_t u16; /**< Of TRINE_U16. */
        int8_t i8;    /**< Of TRINE_I8. */
        uint8_t u8;   /**< Of TRINE_U8. */
    } value;
} trine_indexed;

/** Param of the reductions "smallest" and "largest".
 *
 * Their result is a trine_indexed for each of the k first elements in the order of trine_smallest
 * and trine_largest. The reducer's sizes are those for a k of 1; trine_top_reducer makes those for
 * more. Indices are of the whole. finish refuses fewer elements than k: TRINE_E_ARGUMENT. */
typedef struct trine_top_param {
    int64_t k; /**< 1 to TRINE_TOP. */
} trine_top_param;

/** A transform: outputs from inputs, element by element.
 *
 * An output may be an input (in place). Large outputs that are no input may be made in pieces,
 * smaller than a chunk, beside their place. */
typedef struct trine_map {
    size_t size;                 /**< TRINE_INIT(trine_map) sets it. */
    const char *name;            /**< For messages. */
    int nin;                     /**< Inputs, 0 to TRINE_ARGS. */
    int nout;                    /**< Outputs, 1 to TRINE_ARGS. */
    trine_dtype in[TRINE_ARGS];  /**< Their types. */
    trine_dtype out[TRINE_ARGS]; /**< Likewise. */
    size_t param_size;           /**< Bytes of param; 0: there is none. */
    /** Writes the chunk's elements of all outputs; chunk->offset is the global index. */
    void (*apply)(const trine_chunk *chunk, const void *param);
} trine_map;

/** Rows that a stencil may see above and below. */
#define TRINE_HALO 16

/** All that a stencil sees: columns [column, column + n) of row `row` of the whole. */
typedef struct trine_stencil_row {
    int64_t row;    /**< Of the whole. */
    int64_t column; /**< The first. */
    int64_t n;      /**< 1 to TRINE_CHUNK columns. */
    /** in[-halo] to in[halo] are the rows above, itself and below, from element `column` on; `halo`
     * elements before and after the n may be read too. */
    const void *const *in;
    void *out; /**< The n elements to write. */
    /** They will not be read again soon, so that stores which pass the caches by may pay. */
    bool non_temporal;
} trine_stencil_row;

/** A stencil: each element of the output from its neighbours in the input. */
typedef struct trine_stencil {
    const char *name;  /**< For messages. */
    int halo;          /**< How many rows and columns away they may be: 1 to TRINE_HALO. */
    trine_dtype in;    /**< Type of the input. */
    trine_dtype out;   /**< Type of the output. */
    size_t param_size; /**< Bytes of param; 0: there is none. */
    /** Writes the n elements. */
    void (*apply)(const trine_stencil_row *rows, const void *param);
} trine_stencil;

/** How a scan is to write: out[i] is of the elements before i alone. */
#define TRINE_SCAN_EXCLUSIVE 1u

/** How a scan may write: out is large and not the input, so stores may bypass the caches. */
#define TRINE_SCAN_NON_TEMPORAL 2u

/** A scan: out[i] from elements 0 to i, by a reducer of one input. */
typedef struct trine_scan_operator {
    size_t size;      /**< TRINE_INIT(trine_scan_operator) sets it. */
    const char *name; /**< For messages. */
    trine_dtype out;  /**< Type of the results. */
    /** Writes the chunk's results to chunk->out[0], which may be chunk->in[0]. prefix is the
     * reducer's partial of all elements before the chunk (scan.h says how it was folded). flags:
     * TRINE_SCAN_EXCLUSIVE, TRINE_SCAN_NON_TEMPORAL. chunk->in[1]: elements that this worker reads
     * next, worth a prefetch; or NULL. It may refuse (TRINE_E_OVERFLOW, ...). */
    trine_status (*apply)(const trine_chunk *chunk,
                          const void *prefix,
                          unsigned flags,
                          const void *param);
    trine_reducer reducer; /**< Makes the exclusive prefix. Last, since it may grow. */
} trine_scan_operator;

/** Which elements to keep. */
typedef struct trine_predicate {
    const char *name;  /**< For messages. */
    trine_dtype in;    /**< Type of the elements. */
    size_t param_size; /**< Bytes of param; 0: there is none. */
    /** Writes one byte an element of the chunk to chunk->out[0], 0 for one that goes. It may run
     * twice on the same elements, and must give the same bytes. */
    void (*test)(const trine_chunk *chunk, const void *param);
} trine_predicate;

/** The built-in reduction of that name for elements of that type.
 *
 * In the variant for this CPU, or the one that TRINE_ISA names: baseline, avx2, avx512. NULL when
 * there is none, or for a NULL name, and the detail then lists the names. Static storage; any
 * thread. */
TRINE_API const trine_reducer *trine_reducer_find(const char *name, trine_dtype dtype);

/** Name of the i-th built-in reduction, NULL past the last: "sum", "sum_compensated", ... Static
 * storage; any thread. */
TRINE_API const char *trine_reducer_name(int64_t i);

/** Finds the built-in scan of that name ("cumsum", ...; trine/list.h has them) for elements of that
 * type, in the variant for this CPU. `*op`, which is {TRINE_INIT(trine_scan_operator)}, is
 * untouched on error. Any thread. Errors: ARGUMENT when there is none, for NULL or an op of another
 * size. */
TRINE_API trine_status trine_scan_operator_find(const char *name,
                                                trine_dtype dtype,
                                                trine_scan_operator *op);

/** The built-in predicate of that name: "nonzero" (NaN is not zero), "not_nan", "between" (param:
 * two elements, low <= x <= high). NULL when there is none, or for a NULL name. Static storage; any
 * thread. */
TRINE_API const trine_predicate *trine_predicate_find(const char *name, trine_dtype dtype);

/** Param of the maps "linspace": start + i step with step = (stop - start) / (n - 1), in f64, and
 * the last exactly stop; start alone when n is 1. */
typedef struct trine_linspace {
    double start; /**< The first element. */
    double stop;  /**< The last. */
    int64_t n;    /**< Elements of the whole. */
} trine_linspace;

/** Param of the maps "uniform": real random numbers in [lo, hi).
 *
 * They are lo + (hi - lo) u, with u of 53 bits for f64, 24 for f32: lo where hi is lo; in (hi, lo],
 * to rounding, where hi is less; NaN when hi - lo is not finite. Element i is made of the words of
 * Random123's philox4x32 (10 rounds) with the key `seed` and the counter (i / k, stream), lower
 * halves first, where k elements share 128 bits: 2 of f64, 4 of f32. i is the global index: equal
 * seed and stream give equal numbers on every team, other ones independent numbers. */
typedef struct trine_uniform {
    double lo;       /**< The least. */
    double hi;       /**< What they stay below. */
    uint64_t seed;   /**< Key of the generator. */
    uint64_t stream; /**< Upper half of its counter. */
} trine_uniform;

/** Param of the maps "normal" and "add_normal": mean + sd z with z normal, of mean 0 and standard
 * deviation 1.
 *
 * f64 reaches 8.6, f32 6.7 standard deviations. Numbered as uniform's. add_normal of i16 is made in
 * f32, with f32's numbers: x + (mean + sd z), then the nearest integer, of two the even one; the
 * nearest end of the range beyond it, 0 for NaN. */
typedef struct trine_normal {
    double mean;     /**< The mean. */
    double sd;       /**< The standard deviation. */
    uint64_t seed;   /**< Key of the generator. */
    uint64_t stream; /**< Upper half of its counter. */
} trine_normal;

/** The built-in map of that name from elements of type `in` to elements of type `out`.
 *
 * The maps and their params:
 *
 * x, y, z: inputs, elements of one type, which is also the output's but for casts. Params are T[k],
 * k constants of the output's type, or a struct.
 *
 *     fill            a                       T[1] {a}
 *     iota            start + i step          T[2] {start, step}
 *     linspace        see trine_linspace
 *     uniform, normal see trine_uniform, trine_normal
 *     add_normal      x + normal              trine_normal
 *     copy, neg, abs  x, -x, |x|
 *     scale           a x                     T[1] {a}
 *     add, sub, mul, div   x + y, x - y, x y, x / y
 *     fma             x y + z, rounded once
 *     axpy, axpby     a x + y, a x + b y      T[1] {a}, T[2] {a, b}; each operation rounds
 *     clip            x, at least lo, at most hi; hi where lo > hi      T[2] {lo, hi}
 *     where           in[0] ? y : z; in[0] is u8, of which 0 is false
 *     sqrt, exp, log, sin, cos, tanh, pow     the last is x to the power of y
 *     standardise     (x - mean) / sd         T[2] {mean, sd}
 *     standardised    the same, of a mean and a deviation known to more bits; of integers in f64
 *                                             trine_standardisation
 *     cast, cast_wrap x in the output's type
 *
 * linspace to add_normal and sqrt to standardise are of f64 and f32, add_normal also of i16, the
 * others of all types.
 *
 * Reals: operations round to nearest. sqrt is correctly rounded; exp to pow are within 1 unit in
 * the last place. The result of an operation on what is not a number is the NaN 0x7ff8000000000000
 * (0x7fc00000), whatever went in, as it is of every reduction, scan, stencil and product; moves
 * (copy, neg, abs, clip, where, fill; sorts, transpositions, compactions) keep its bits.
 *
 * Integers: wrap modulo 2^bits, in two's complement. x / 0 is 0; the least integer / -1 and its neg
 * and abs are itself. Quotients are cut toward zero.
 *
 * Casts to reals round to nearest, ties to even; beyond the range of f32 lies Inf. Casts of reals
 * to integers cut toward zero. `cast` then saturates: the nearest end of the range, and 0 for NaN.
 * `cast_wrap` keeps the lowest bits of the integer, and gives 0 for NaN and Inf.
 *
 * The bits are the same for every team, chunk and instruction set.
 *
 * in: of the first input; TRINE_DTYPE_NONE when there are no inputs. NULL when there is none, or
 * for a NULL name, and the detail then lists the names or types that there are, or says what this
 * library was built without. Static storage; any thread. */
TRINE_API const trine_map *trine_map_find(const char *name, trine_dtype in, trine_dtype out);

/** Name of the i-th built-in map, NULL past the last: "fill", "iota", ... Static storage; any
 * thread. */
TRINE_API const char *trine_map_name(int64_t i);

/** The instruction set that the built-in kernels use in this process: "baseline", "avx2", "avx512";
 * "none" where TRINE_ISA names none of this CPU's. Static storage; any thread. */
TRINE_API const char *trine_isa(void);

#ifdef __cplusplus
}
#endif
#endif
