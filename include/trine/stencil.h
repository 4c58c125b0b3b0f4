/* trine/stencil.h - stencils, Jacobi's iteration and convolution: elements from their neighbours.
 *
 * All are Collective over the team's ranks; when one rank's arguments are refused, as in reduce.h.
 * Arrays share no memory, and are alike in place and, on every rank, in shape. Between ranks only
 * the rows (of a convolution: elements) next to a block travel, as far as the stencil reaches;
 * blocks of PRIVATE and SHARED arrays make one whole, as in array.h. The results' bits depend on
 * the elements alone: not on the team, the blocks or the instruction set. Errors of all: ARGUMENT
 * (NULL, overlap), DTYPE, LENGTH, TEAM, BUSY, MEMORY, WORKER, COLLECTIVE, MPI.
 */
#ifndef TRINE_STENCIL_H
#define TRINE_STENCIL_H

#include <trine/array.h>
#include <trine/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Runs a stencil from x to out, arrays of rows x columns of the stencil's types.
 *
 * param: param_size bytes, the same on all ranks, NULL when that is 0. The outermost `halo` rows
 * and columns, whose neighbours are not all there, are copied from x; they become zeros where the
 * types differ. Collective. Errors: those above; ARGUMENT for an incomplete stencil, too. */
TRINE_API trine_status trine_apply_stencil(const trine_stencil *stencil,
                                           const trine_array *x,
                                           const void *param,
                                           trine_array *out);

/** Runs the stencil of five points.
 *
 * out[r][c] = weight[0] x[r][c] + weight[1] x[r-1][c] + weight[2] x[r+1][c] + weight[3] x[r][c-1] +
 * weight[4] x[r][c+1]: centre, north, south, west, east, added in this order, in double (f32:
 * rounded at the end). The outermost rows and columns are copied. x and out both f64, or both f32.
 * Collective. Errors: those above. */
TRINE_API trine_status trine_stencil5(const trine_array *x,
                                      const double weight[5],
                                      trine_array *out);

/** What trine_jacobi came to. */
typedef struct trine_jacobi_result {
    int64_t sweeps;  /**< How many were made. */
    double residual; /**< Greatest |change| in the last; NaN when one was; infinity for no sweep. */
} trine_jacobi_result;

/** Solves -Laplace u = f on a square grid by Jacobi's iteration, in place.
 *
 * u, f64, begins as the first guess inside and keeps its outermost rows and columns, the boundary
 * values. f, f64, is the right-hand side times h^2, h being the distance of neighbours; its
 * outermost rows and columns are not read; NULL stands for zeros. A sweep sets every inner element
 * to
 *
 *     ((north + south) + (west + east) + f) / 4
 *
 * of the last sweep's elements. Sweeps end when the residual is at most `tolerance` (0 or more), or
 * after most_sweeps. A second array like u is made for the call. result may be NULL. The same
 * sweeps and residual on every team.
 *
 * Collective. Errors: those above; on WORKER and MPI, u holds a mixture of sweeps. */
TRINE_API trine_status trine_jacobi(trine_array *u,
                                    const trine_array *f,
                                    double tolerance,
                                    int64_t most_sweeps,
                                    trine_jacobi_result *result);

/** Convolves x with a kernel.
 *
 * out[i] = sum over t < taps of kernel[t] x[i + (taps - 1) / 2 - t], x being 0 beyond its ends:
 * numpy.convolve(x, kernel, "same") for taps <= n, of even numbers of taps also. n elements to n
 * elements, also for fewer than taps. Added from 0 in the order of t, in double (f32: rounded at
 * the end). taps: 1 to TRINE_CHUNK. x and out have one axis; kernel is the same on all ranks.
 * Collective. Errors: those above. @{ */
TRINE_API trine_status trine_convolve_f64(const trine_array *x,
                                          const double kernel[],
                                          int64_t taps,
                                          trine_array *out);
TRINE_API trine_status trine_convolve_f32(const trine_array *x,
                                          const double kernel[],
                                          int64_t taps,
                                          trine_array *out);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
