/* trine/transform.h - maps over arrays: any map, and the built-in ones by type.
 *
 * All are Collective over the team's ranks, and every rank gets the same status. The elements' bits
 * depend on the inputs' elements and their global index alone: not on the team, the number of
 * workers, the schedule or the instruction set. An output may be an input (in place): the same
 * array, or one over the same elements. What one rank refuses (reduce.h) changes no rank's outputs.
 * Outputs that are no input, of calls that move more than the caches hold, are written past the
 * caches.
 */
#ifndef TRINE_TRANSFORM_H
#define TRINE_TRANSFORM_H

#include <trine/array.h>
#include <trine/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Runs a map: out[0 .. nout) from in[0 .. nin), arrays of one team, length and place and of the
 * map's types. An output may be an input (in place). param: param_size bytes, NULL when that is 0.
 * out[0] is looked at even when map is NULL. Collective; when one rank's arguments are refused, as
 * in reduce.h. Errors: as trine_reduce; when a worker dies in the middle of an in-place call,
 * WORKER, and the outputs then hold a mixture. */
TRINE_API trine_status trine_apply(const trine_map *map, const void *param,
                                   const trine_array *const in[], trine_array *const out[]);

/* The built-in maps. What each computes, how it rounds, wraps and treats what is not a number
 * stands in kernel.h, with the maps' names; `_f64` stands for every type that it is there of. The
 * output comes last. Errors: as trine_apply, and ABSENT for exp to pow in a library that was built
 * without SLEEF; ARGUMENT for NULL arrays.
 *
 *   trine_fill_f64        y = value
 *   trine_iota_f64        y = start + i step, i being the global index
 *   trine_copy_f64        y = x                      trine_scale_f64   y = alpha x
 *   trine_neg_f64         y = -x                     trine_abs_f64     y = |x|
 *   trine_add_f64, trine_sub_f64, trine_mul_f64, trine_div_f64         z = x + y, x - y, x y, x / y
 *   trine_fma_f64         out = x y + z
 *   trine_axpy_f64        y = alpha x + y            trine_axpby_f64   y = alpha x + beta y
 *   trine_clip_f64        y = x, at least lo, at most hi
 *   trine_where_f64       z = mask ? x : y, mask of u8 */
#define TRINE_DECLARE_MAPS(constant, s, type, name)                                                \
    TRINE_API trine_status trine_fill_##s(type value, trine_array *y);                             \
    TRINE_API trine_status trine_iota_##s(type start, type step, trine_array *y);                  \
    TRINE_API trine_status trine_copy_##s(const trine_array *x, trine_array *y);                   \
    TRINE_API trine_status trine_neg_##s(const trine_array *x, trine_array *y);                    \
    TRINE_API trine_status trine_abs_##s(const trine_array *x, trine_array *y);                    \
    TRINE_API trine_status trine_add_##s(const trine_array *x, const trine_array *y,               \
                                         trine_array *z);                                          \
    TRINE_API trine_status trine_sub_##s(const trine_array *x, const trine_array *y,               \
                                         trine_array *z);                                          \
    TRINE_API trine_status trine_mul_##s(const trine_array *x, const trine_array *y,               \
                                         trine_array *z);                                          \
    TRINE_API trine_status trine_div_##s(const trine_array *x, const trine_array *y,               \
                                         trine_array *z);                                          \
    TRINE_API trine_status trine_fma_##s(const trine_array *x, const trine_array *y,               \
                                         const trine_array *z, trine_array *out);                  \
    TRINE_API trine_status trine_where_##s(const trine_array *mask, const trine_array *x,          \
                                           const trine_array *y, trine_array *z);                  \
    TRINE_API trine_status trine_scale_##s(type alpha, const trine_array *x, trine_array *y);      \
    TRINE_API trine_status trine_axpy_##s(type alpha, const trine_array *x, trine_array *y);       \
    TRINE_API trine_status trine_axpby_##s(type alpha, const trine_array *x, type beta,            \
                                           trine_array *y);                                        \
    TRINE_API trine_status trine_clip_##s(type lo, type hi, const trine_array *x, trine_array *y);
TRINE_DTYPES(TRINE_DECLARE_MAPS)
#undef TRINE_DECLARE_MAPS

/* Of f64 and f32:
 *   trine_linspace_f64    y from start to stop, both included. ARGUMENT for blocks that the caller
 *                         cut on several ranks: their whole's length is not known here
 *   trine_uniform_f64     y = random numbers in [lo, hi)
 *   trine_normal_f64      y = normal random numbers
 *   trine_add_normal_f64  y = x + sd times the standard normal numbers of (seed, stream)
 *   trine_standardise_f64 y = (x - mean) / sd
 *   trine_sqrt_f64, trine_exp_f64, trine_log_f64, trine_sin_f64, trine_cos_f64, trine_tanh_f64
 *   trine_pow_f64         z = x to the power of y */
#define TRINE_DECLARE_REAL_MAPS(constant, s, type, name)                                           \
    TRINE_API trine_status trine_linspace_##s(double start, double stop, trine_array *y);          \
    TRINE_API trine_status trine_uniform_##s(double lo, double hi, uint64_t seed, uint64_t stream, \
                                             trine_array *y);                                      \
    TRINE_API trine_status trine_normal_##s(double mean, double sd, uint64_t seed,                 \
                                            uint64_t stream, trine_array *y);                      \
    TRINE_API trine_status trine_add_normal_##s(double sd, uint64_t seed, uint64_t stream,         \
                                                const trine_array *x, trine_array *y);             \
    TRINE_API trine_status trine_standardise_##s(type mean, type sd, const trine_array *x,         \
                                                 trine_array *y);                                  \
    TRINE_API trine_status trine_sqrt_##s(const trine_array *x, trine_array *y);                   \
    TRINE_API trine_status trine_exp_##s(const trine_array *x, trine_array *y);                    \
    TRINE_API trine_status trine_log_##s(const trine_array *x, trine_array *y);                    \
    TRINE_API trine_status trine_sin_##s(const trine_array *x, trine_array *y);                    \
    TRINE_API trine_status trine_cos_##s(const trine_array *x, trine_array *y);                    \
    TRINE_API trine_status trine_tanh_##s(const trine_array *x, trine_array *y);                   \
    TRINE_API trine_status trine_pow_##s(const trine_array *x, const trine_array *y,               \
                                         trine_array *z);
TRINE_REAL_DTYPES(TRINE_DECLARE_REAL_MAPS)
#undef TRINE_DECLARE_REAL_MAPS

/* y = x + sd times the standard normal numbers of (seed, stream), made in f32 and rounded to the
 * nearest integer, of two the even one; beyond the range, its end. */
TRINE_API trine_status trine_add_normal_i16(double sd, uint64_t seed, uint64_t stream,
                                            const trine_array *x, trine_array *y);

/* y = (x - mean) / sd in two phases: mean and standard deviation, with the divisor n - ddof, of all
 * of x, then the map. x and y both f64, or both f32, or x of integers and y of f64. Neither an
 * offset of x, however large, nor over- or underflow on the way costs accuracy. EMPTY when n - ddof
 * is not above 0. All NaN where an element is not finite, or all are alike. */
TRINE_API trine_status trine_standardise(const trine_array *x, double ddof, trine_array *y);

/* y = x in y's type, saturating. DTYPE never: there is a cast between any two types. */
TRINE_API trine_status trine_cast(const trine_array *x, trine_array *y);

/* y = the lowest bits of x, wrapping, in y's type. */
TRINE_API trine_status trine_cast_wrap(const trine_array *x, trine_array *y);

#ifdef __cplusplus
}
#endif
#endif
