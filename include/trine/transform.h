/* trine/transform.h - maps over arrays: any map, and the built-in ones by type.
 *
 * All are Collective over the team's ranks, and every rank gets the same status. The elements' bits
 * depend on the inputs' elements and their global index alone: not on the team, the number of
 * workers, the schedule or the instruction set. An output may be an input (in place): the same
 * array, or one over the same elements. What one rank refuses (reduce.h) changes no rank's outputs.
 * Outputs that are no input, of calls that move more than the caches hold, are written past the
 * caches.
 *
 * The built-in maps bear the suffix of their elements' type; the output comes last, and all arrays
 * are of that type where nothing else is said. How each rounds, wraps and treats what is not a
 * number stands in kernel.h, at trine_map_find.
 */
#ifndef TRINE_TRANSFORM_H
#define TRINE_TRANSFORM_H

#include <trine/array.h>
#include <trine/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Runs any map: out[0 .. nout) from in[0 .. nin), arrays of one team, length and place and of the
 * map's types.
 *
 * An output may be an input (in place). param: param_size bytes, NULL when that is 0. out[0] is
 * looked at even when map is NULL.
 *
 * Collective; when one rank's arguments are refused, as in reduce.h. Errors: ARGUMENT (NULL,
 * overlap), DTYPE, LENGTH, TEAM, BUSY, MEMORY, COLLECTIVE, MPI; when a worker dies in the middle of
 * an in-place call, WORKER, and the outputs then hold a mixture. */
TRINE_API trine_status trine_apply(const trine_map *map,
                                   const trine_array *const in[],
                                   const void *param,
                                   trine_array *const out[]);

/** Sets all elements: y = value.
 *
 * Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_fill_f64(double value, trine_array *y);
TRINE_API trine_status trine_fill_f32(float value, trine_array *y);
TRINE_API trine_status trine_fill_i64(int64_t value, trine_array *y);
TRINE_API trine_status trine_fill_i32(int32_t value, trine_array *y);
TRINE_API trine_status trine_fill_u64(uint64_t value, trine_array *y);
TRINE_API trine_status trine_fill_u32(uint32_t value, trine_array *y);
TRINE_API trine_status trine_fill_i16(int16_t value, trine_array *y);
TRINE_API trine_status trine_fill_u16(uint16_t value, trine_array *y);
TRINE_API trine_status trine_fill_i8(int8_t value, trine_array *y);
TRINE_API trine_status trine_fill_u8(uint8_t value, trine_array *y);
/** @} */

/** Counts: y[i] = start + i step, i being the global index.
 *
 * Integers wrap. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_iota_f64(double start, double step, trine_array *y);
TRINE_API trine_status trine_iota_f32(float start, float step, trine_array *y);
TRINE_API trine_status trine_iota_i64(int64_t start, int64_t step, trine_array *y);
TRINE_API trine_status trine_iota_i32(int32_t start, int32_t step, trine_array *y);
TRINE_API trine_status trine_iota_u64(uint64_t start, uint64_t step, trine_array *y);
TRINE_API trine_status trine_iota_u32(uint32_t start, uint32_t step, trine_array *y);
TRINE_API trine_status trine_iota_i16(int16_t start, int16_t step, trine_array *y);
TRINE_API trine_status trine_iota_u16(uint16_t start, uint16_t step, trine_array *y);
TRINE_API trine_status trine_iota_i8(int8_t start, int8_t step, trine_array *y);
TRINE_API trine_status trine_iota_u8(uint8_t start, uint8_t step, trine_array *y);
/** @} */

/** Copies: y = x.
 *
 * Keeps the bits of what is not a number. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_copy_f64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_copy_f32(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_copy_i64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_copy_i32(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_copy_u64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_copy_u32(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_copy_i16(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_copy_u16(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_copy_i8(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_copy_u8(const trine_array *x, trine_array *y);
/** @} */

/** Negates: y = -x.
 *
 * Keeps the bits of what is not a number. Integers wrap: that of the least one is itself.
 * Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_neg_f64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_neg_f32(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_neg_i64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_neg_i32(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_neg_u64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_neg_u32(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_neg_i16(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_neg_u16(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_neg_i8(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_neg_u8(const trine_array *x, trine_array *y);
/** @} */

/** Absolute values: y = |x|.
 *
 * Keeps the bits of what is not a number. Integers wrap: that of the least one is itself.
 * Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_abs_f64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_abs_f32(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_abs_i64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_abs_i32(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_abs_u64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_abs_u32(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_abs_i16(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_abs_u16(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_abs_i8(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_abs_u8(const trine_array *x, trine_array *y);
/** @} */

/** Adds: z = x + y.
 *
 * Integers wrap. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_add_f64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_add_f32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_add_i64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_add_i32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_add_u64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_add_u32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_add_i16(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_add_u16(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_add_i8(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_add_u8(const trine_array *x, const trine_array *y, trine_array *z);
/** @} */

/** Subtracts: z = x - y.
 *
 * Integers wrap. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_sub_f64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_sub_f32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_sub_i64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_sub_i32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_sub_u64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_sub_u32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_sub_i16(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_sub_u16(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_sub_i8(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_sub_u8(const trine_array *x, const trine_array *y, trine_array *z);
/** @} */

/** Multiplies: z = x y.
 *
 * Integers wrap. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_mul_f64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_mul_f32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_mul_i64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_mul_i32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_mul_u64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_mul_u32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_mul_i16(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_mul_u16(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_mul_i8(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_mul_u8(const trine_array *x, const trine_array *y, trine_array *z);
/** @} */

/** Divides: z = x / y.
 *
 * Integers: cut toward zero; x / 0 is 0, and the least one / -1 is itself. Collective. Errors: as
 * trine_apply. @{ */
TRINE_API trine_status trine_div_f64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_div_f32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_div_i64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_div_i32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_div_u64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_div_u32(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_div_i16(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_div_u16(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_div_i8(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_div_u8(const trine_array *x, const trine_array *y, trine_array *z);
/** @} */

/** Multiplies and adds: out = x y + z, rounded once.
 *
 * Integers wrap. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_fma_f64(const trine_array *x,
                                     const trine_array *y,
                                     const trine_array *z,
                                     trine_array *out);
TRINE_API trine_status trine_fma_f32(const trine_array *x,
                                     const trine_array *y,
                                     const trine_array *z,
                                     trine_array *out);
TRINE_API trine_status trine_fma_i64(const trine_array *x,
                                     const trine_array *y,
                                     const trine_array *z,
                                     trine_array *out);
TRINE_API trine_status trine_fma_i32(const trine_array *x,
                                     const trine_array *y,
                                     const trine_array *z,
                                     trine_array *out);
TRINE_API trine_status trine_fma_u64(const trine_array *x,
                                     const trine_array *y,
                                     const trine_array *z,
                                     trine_array *out);
TRINE_API trine_status trine_fma_u32(const trine_array *x,
                                     const trine_array *y,
                                     const trine_array *z,
                                     trine_array *out);
TRINE_API trine_status trine_fma_i16(const trine_array *x,
                                     const trine_array *y,
                                     const trine_array *z,
                                     trine_array *out);
TRINE_API trine_status trine_fma_u16(const trine_array *x,
                                     const trine_array *y,
                                     const trine_array *z,
                                     trine_array *out);
TRINE_API trine_status trine_fma_i8(const trine_array *x,
                                    const trine_array *y,
                                    const trine_array *z,
                                    trine_array *out);
TRINE_API trine_status trine_fma_u8(const trine_array *x,
                                    const trine_array *y,
                                    const trine_array *z,
                                    trine_array *out);
/** @} */

/** Chooses: z = x where mask, of u8, is not 0, else y.
 *
 * Keeps the bits of what is not a number. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_where_f64(const trine_array *mask,
                                       const trine_array *x,
                                       const trine_array *y,
                                       trine_array *z);
TRINE_API trine_status trine_where_f32(const trine_array *mask,
                                       const trine_array *x,
                                       const trine_array *y,
                                       trine_array *z);
TRINE_API trine_status trine_where_i64(const trine_array *mask,
                                       const trine_array *x,
                                       const trine_array *y,
                                       trine_array *z);
TRINE_API trine_status trine_where_i32(const trine_array *mask,
                                       const trine_array *x,
                                       const trine_array *y,
                                       trine_array *z);
TRINE_API trine_status trine_where_u64(const trine_array *mask,
                                       const trine_array *x,
                                       const trine_array *y,
                                       trine_array *z);
TRINE_API trine_status trine_where_u32(const trine_array *mask,
                                       const trine_array *x,
                                       const trine_array *y,
                                       trine_array *z);
TRINE_API trine_status trine_where_i16(const trine_array *mask,
                                       const trine_array *x,
                                       const trine_array *y,
                                       trine_array *z);
TRINE_API trine_status trine_where_u16(const trine_array *mask,
                                       const trine_array *x,
                                       const trine_array *y,
                                       trine_array *z);
TRINE_API trine_status trine_where_i8(const trine_array *mask,
                                      const trine_array *x,
                                      const trine_array *y,
                                      trine_array *z);
TRINE_API trine_status trine_where_u8(const trine_array *mask,
                                      const trine_array *x,
                                      const trine_array *y,
                                      trine_array *z);
/** @} */

/** Scales: y = alpha x.
 *
 * Integers wrap. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_scale_f64(const trine_array *x, double alpha, trine_array *y);
TRINE_API trine_status trine_scale_f32(const trine_array *x, float alpha, trine_array *y);
TRINE_API trine_status trine_scale_i64(const trine_array *x, int64_t alpha, trine_array *y);
TRINE_API trine_status trine_scale_i32(const trine_array *x, int32_t alpha, trine_array *y);
TRINE_API trine_status trine_scale_u64(const trine_array *x, uint64_t alpha, trine_array *y);
TRINE_API trine_status trine_scale_u32(const trine_array *x, uint32_t alpha, trine_array *y);
TRINE_API trine_status trine_scale_i16(const trine_array *x, int16_t alpha, trine_array *y);
TRINE_API trine_status trine_scale_u16(const trine_array *x, uint16_t alpha, trine_array *y);
TRINE_API trine_status trine_scale_i8(const trine_array *x, int8_t alpha, trine_array *y);
TRINE_API trine_status trine_scale_u8(const trine_array *x, uint8_t alpha, trine_array *y);
/** @} */

/** Adds a multiple: y = alpha x + y.
 *
 * Each operation rounds; integers wrap. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_axpy_f64(double alpha, const trine_array *x, trine_array *y);
TRINE_API trine_status trine_axpy_f32(float alpha, const trine_array *x, trine_array *y);
TRINE_API trine_status trine_axpy_i64(int64_t alpha, const trine_array *x, trine_array *y);
TRINE_API trine_status trine_axpy_i32(int32_t alpha, const trine_array *x, trine_array *y);
TRINE_API trine_status trine_axpy_u64(uint64_t alpha, const trine_array *x, trine_array *y);
TRINE_API trine_status trine_axpy_u32(uint32_t alpha, const trine_array *x, trine_array *y);
TRINE_API trine_status trine_axpy_i16(int16_t alpha, const trine_array *x, trine_array *y);
TRINE_API trine_status trine_axpy_u16(uint16_t alpha, const trine_array *x, trine_array *y);
TRINE_API trine_status trine_axpy_i8(int8_t alpha, const trine_array *x, trine_array *y);
TRINE_API trine_status trine_axpy_u8(uint8_t alpha, const trine_array *x, trine_array *y);
/** @} */

/** Adds multiples: y = alpha x + beta y.
 *
 * Each operation rounds; integers wrap. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_axpby_f64(double alpha,
                                       const trine_array *x,
                                       double beta,
                                       trine_array *y);
TRINE_API trine_status trine_axpby_f32(float alpha,
                                       const trine_array *x,
                                       float beta,
                                       trine_array *y);
TRINE_API trine_status trine_axpby_i64(int64_t alpha,
                                       const trine_array *x,
                                       int64_t beta,
                                       trine_array *y);
TRINE_API trine_status trine_axpby_i32(int32_t alpha,
                                       const trine_array *x,
                                       int32_t beta,
                                       trine_array *y);
TRINE_API trine_status trine_axpby_u64(uint64_t alpha,
                                       const trine_array *x,
                                       uint64_t beta,
                                       trine_array *y);
TRINE_API trine_status trine_axpby_u32(uint32_t alpha,
                                       const trine_array *x,
                                       uint32_t beta,
                                       trine_array *y);
TRINE_API trine_status trine_axpby_i16(int16_t alpha,
                                       const trine_array *x,
                                       int16_t beta,
                                       trine_array *y);
TRINE_API trine_status trine_axpby_u16(uint16_t alpha,
                                       const trine_array *x,
                                       uint16_t beta,
                                       trine_array *y);
TRINE_API trine_status trine_axpby_i8(int8_t alpha,
                                      const trine_array *x,
                                      int8_t beta,
                                      trine_array *y);
TRINE_API trine_status trine_axpby_u8(uint8_t alpha,
                                      const trine_array *x,
                                      uint8_t beta,
                                      trine_array *y);
/** @} */

/** Bounds: y = x, at least lo, at most hi; hi where lo is above it.
 *
 * Keeps the bits of what is not a number. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_clip_f64(const trine_array *x, double lo, double hi, trine_array *y);
TRINE_API trine_status trine_clip_f32(const trine_array *x, float lo, float hi, trine_array *y);
TRINE_API trine_status trine_clip_i64(const trine_array *x, int64_t lo, int64_t hi, trine_array *y);
TRINE_API trine_status trine_clip_i32(const trine_array *x, int32_t lo, int32_t hi, trine_array *y);
TRINE_API trine_status trine_clip_u64(const trine_array *x,
                                      uint64_t lo,
                                      uint64_t hi,
                                      trine_array *y);
TRINE_API trine_status trine_clip_u32(const trine_array *x,
                                      uint32_t lo,
                                      uint32_t hi,
                                      trine_array *y);
TRINE_API trine_status trine_clip_i16(const trine_array *x, int16_t lo, int16_t hi, trine_array *y);
TRINE_API trine_status trine_clip_u16(const trine_array *x,
                                      uint16_t lo,
                                      uint16_t hi,
                                      trine_array *y);
TRINE_API trine_status trine_clip_i8(const trine_array *x, int8_t lo, int8_t hi, trine_array *y);
TRINE_API trine_status trine_clip_u8(const trine_array *x, uint8_t lo, uint8_t hi, trine_array *y);
/** @} */

/** Steps: y from start to stop, both included; trine_linspace has the formula.
 *
 * Collective. Errors: as trine_apply; ARGUMENT for blocks that the caller cut on several ranks,
 * whose whole's length is not known here. @{ */
TRINE_API trine_status trine_linspace_f64(double start, double stop, trine_array *y);
TRINE_API trine_status trine_linspace_f32(double start, double stop, trine_array *y);
/** @} */

/** Random numbers in [lo, hi); trine_uniform says which.
 *
 * Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status
trine_uniform_f64(double lo, double hi, uint64_t seed, uint64_t stream, trine_array *y);
TRINE_API trine_status
trine_uniform_f32(double lo, double hi, uint64_t seed, uint64_t stream, trine_array *y);
/** @} */

/** Normal random numbers of that mean and standard deviation; trine_normal says which.
 *
 * Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status
trine_normal_f64(double mean, double sd, uint64_t seed, uint64_t stream, trine_array *y);
TRINE_API trine_status
trine_normal_f32(double mean, double sd, uint64_t seed, uint64_t stream, trine_array *y);
/** @} */

/** Adds noise: y = x + sd times the standard normal numbers of (seed, stream).
 *
 * _i16: made in f32 and rounded to the nearest integer, of two the even one; beyond the range, its
 * end. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_add_normal_f64(const trine_array *x,
                                            double sd,
                                            uint64_t seed,
                                            uint64_t stream,
                                            trine_array *y);
TRINE_API trine_status trine_add_normal_f32(const trine_array *x,
                                            double sd,
                                            uint64_t seed,
                                            uint64_t stream,
                                            trine_array *y);
TRINE_API trine_status trine_add_normal_i16(const trine_array *x,
                                            double sd,
                                            uint64_t seed,
                                            uint64_t stream,
                                            trine_array *y);
/** @} */

/** Scales and shifts: y = (x - mean) / sd.
 *
 * trine_standardise finds mean and sd itself. Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_standardise_f64(const trine_array *x,
                                             double mean,
                                             double sd,
                                             trine_array *y);
TRINE_API trine_status trine_standardise_f32(const trine_array *x,
                                             float mean,
                                             float sd,
                                             trine_array *y);
/** @} */

/** Square roots: y = sqrt(x), correctly rounded.
 *
 * Collective. Errors: as trine_apply. @{ */
TRINE_API trine_status trine_sqrt_f64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_sqrt_f32(const trine_array *x, trine_array *y);
/** @} */

/** Exponentials: y = exp(x).
 *
 * Within 1 unit in the last place. Collective. Errors: as trine_apply, ABSENT in a library that was
 * built without SLEEF. @{ */
TRINE_API trine_status trine_exp_f64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_exp_f32(const trine_array *x, trine_array *y);
/** @} */

/** Natural logarithms: y = log(x).
 *
 * Within 1 unit in the last place. Collective. Errors: as trine_apply, ABSENT in a library that was
 * built without SLEEF. @{ */
TRINE_API trine_status trine_log_f64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_log_f32(const trine_array *x, trine_array *y);
/** @} */

/** Sines: y = sin(x), x in radians.
 *
 * Within 1 unit in the last place. Collective. Errors: as trine_apply, ABSENT in a library that was
 * built without SLEEF. @{ */
TRINE_API trine_status trine_sin_f64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_sin_f32(const trine_array *x, trine_array *y);
/** @} */

/** Cosines: y = cos(x), x in radians.
 *
 * Within 1 unit in the last place. Collective. Errors: as trine_apply, ABSENT in a library that was
 * built without SLEEF. @{ */
TRINE_API trine_status trine_cos_f64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_cos_f32(const trine_array *x, trine_array *y);
/** @} */

/** Hyperbolic tangents: y = tanh(x).
 *
 * Within 1 unit in the last place. Collective. Errors: as trine_apply, ABSENT in a library that was
 * built without SLEEF. @{ */
TRINE_API trine_status trine_tanh_f64(const trine_array *x, trine_array *y);
TRINE_API trine_status trine_tanh_f32(const trine_array *x, trine_array *y);
/** @} */

/** Powers: z = x to the power of y.
 *
 * Within 1 unit in the last place. Collective. Errors: as trine_apply, ABSENT in a library that was
 * built without SLEEF. @{ */
TRINE_API trine_status trine_pow_f64(const trine_array *x, const trine_array *y, trine_array *z);
TRINE_API trine_status trine_pow_f32(const trine_array *x, const trine_array *y, trine_array *z);
/** @} */

/** Standardises x: y = (x - mean) / sd, of its own mean and standard deviation, the latter with the
 * divisor n - ddof.
 *
 * x and y are both f64, or both f32, or x of integers and y of f64. Neither an offset of x, however
 * large, nor over- or underflow on the way costs accuracy. All NaN where an element is not finite,
 * or all are alike. Two readings: the statistics of all of x, then the map.
 *
 * Collective. Errors: as trine_apply; ARGUMENT for ddof below 0; EMPTY when n - ddof is not above
 * 0. */
TRINE_API trine_status trine_standardise(const trine_array *x, double ddof, trine_array *y);

/** Converts: y = x in y's type, saturating.
 *
 * There is a cast between any two types; trine_map_find says how it rounds. Collective. Errors: as
 * trine_apply, never DTYPE. */
TRINE_API trine_status trine_cast(const trine_array *x, trine_array *y);

/** Converts: y = the lowest bits of x, wrapping, in y's type.
 *
 * There is such a cast between any two types; trine_map_find says how it rounds. Collective.
 * Errors: as trine_apply, never DTYPE. */
TRINE_API trine_status trine_cast_wrap(const trine_array *x, trine_array *y);

#ifdef __cplusplus
}
#endif
#endif
