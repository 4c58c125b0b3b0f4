/* trine/matrix.h - products of matrices and vectors.
 *
 * A matrix is an array of rows x columns, row after row (trine_array_create_2d); an array of one
 * axis is a matrix of one column. All arrays of a call belong to one team. On a team of several
 * ranks they are DISTRIBUTED; on one rank they live anywhere, but a pool works with more than the
 * calling thread only when its workers address them (SHARED or DISTRIBUTED).
 *
 * Collective: all ranks get the same status. A rank whose arguments are refused tells the others,
 * as in reduce.h. The bits of a result depend on the matrices, alpha and beta alone: not on the
 * team, the number of workers or the schedule; those of gemm also on the BLAS and its core type.
 *
 * The BLAS is OpenBLAS, loaded when the first product is made, on one thread a worker. Environment:
 *
 *     TRINE_BLAS         its file; libopenblas.so.0 without it
 *     OPENBLAS_CORETYPE  the CPU whose kernels it runs; without it, what trine finds this CPU to be
 *                        (an OpenBLAS older than the CPU takes kernels several times slower)
 *
 * An OpenBLAS that the program has loaded itself is used as it is; trine_gemm_note then tells when
 * it runs another CPU's kernels.
 */
#ifndef TRINE_MATRIX_H
#define TRINE_MATRIX_H

#include <trine/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/** c = alpha a b + beta c, with a of m x k, b of k x n, c of m x n elements.
 *
 * c is none of the other two's memory. It is not read when beta is 0; a and b are not read when
 * alpha is 0. Rounding: |error| <= gamma_(k+2) (|alpha| |a| |b| + |beta| |c|), element by element.
 * No rank ever holds all of b: 1024 rows of it at a time travel to all ranks, of at most 6144
 * columns.
 *
 * Collective. Errors: ARGUMENT (NULL, overlap, a place other than DISTRIBUTED on several ranks),
 * DTYPE, LENGTH (shapes that do not fit), TEAM, BUSY, COLLECTIVE (other factors or shapes on
 * another rank), ABSENT (no BLAS; the detail says what provides it), MEMORY: c is untouched. WORKER
 * when a worker of a pool died and beta is not 0, or k is more than 1024 on several ranks; MPI, and
 * then c holds a mixture. @{ */
TRINE_API trine_status trine_gemm_f64(double alpha,
                                      const trine_array *a,
                                      const trine_array *b,
                                      double beta,
                                      trine_array *c);
TRINE_API trine_status
trine_gemm_f32(float alpha, const trine_array *a, const trine_array *b, float beta, trine_array *c);
/** @} */

/** y = alpha a x + beta y, with a of m x k, x of k and y of m elements.
 *
 * y is none of the other two's memory. It is not read when beta is 0; a and x are not read when
 * alpha is 0. Each row's dot product is summed in double by 32 lanes, then in the binary tree over
 * chunks of the row; no BLAS is needed. Each rank holds all of x meanwhile. On one rank, x and y in
 * any place keep all workers at work.
 *
 * Collective. Errors: ARGUMENT, DTYPE, LENGTH, TEAM, BUSY, COLLECTIVE, MEMORY, WORKER, MPI; y is
 * untouched. @{ */
TRINE_API trine_status trine_gemv_f64(double alpha,
                                      const trine_array *a,
                                      const trine_array *x,
                                      double beta,
                                      trine_array *y);
TRINE_API trine_status
trine_gemv_f32(float alpha, const trine_array *a, const trine_array *x, float beta, trine_array *y);
/** @} */

/** The BLAS of this process: "OpenBLAS 0.3.21 SkylakeX"; NULL when there is none. Loads it, so no
 * thread may change the environment meanwhile. Not collective. */
TRINE_API const char *trine_gemm_library(void);

/** What makes that BLAS slower than it could be, and what mends it; NULL when there is nothing to
 * say. Loads it as well. Not collective. */
TRINE_API const char *trine_gemm_note(void);

#ifdef __cplusplus
}
#endif
#endif
