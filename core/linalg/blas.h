/* core/linalg/blas.h - matrix products by the BLAS that this machine has, each on the calling
 * thread alone.
 *
 *   1. trine_blas_open loads the library at its first call. trine is never linked to it, since a
 *      BLAS starts threads when it is loaded and a process with threads cannot fork a pool.
 *   2. A product runs on one thread, however many the library or the program is set to: the workers
 *      of a team are the parallelism.
 *   3. trine_blas_name says what computed, trine_blas_note what makes it slower than it could be.
 *
 * $TRINE_BLAS names the library's file; without it Debian's libopenblas0-serial, which has no
 * threads, or else libopenblas.so.0. A library that the program has loaded before is used as it is.
 * Each process of a pool loads its own.
 *
 * Bits: the same call on the same core type gives the same bits, wherever the matrices lie and
 * whatever their leading dimensions; and a row of c has bits that depend on a's row, b, m, n, k,
 * and the row's number, not on the other rows. But m and the row's number do count: the library
 * takes other kernels for small products and for what is left over beside its blocks. Who wants
 * bits that hang on the matrices alone cuts rows into panels by their shapes alone, and fills up a
 * panel that is not all there.
 */
#ifndef TRINE_CORE_BLAS_H
#define TRINE_CORE_BLAS_H

#include <trine/types.h>

/* Loads the library for this process, once; any thread, but none may change the environment
 * meanwhile. Later calls repeat the first one's answer. Errors: ABSENT, when there is none or it is
 * no OpenBLAS with 32-bit integers; MEMORY. */
trine_status trine_blas_open(void);

/* c[m x n] = alpha a[m x k] b[k x n] + beta c, row-major. lda, ldb, ldc: the elements from one row
 * to the next, at least as many as a row has. c is not read when beta is 0, and only scaled when k
 * is 0. Any thread, any number at once, on different c. Opens the library when nobody has.
 * Errors: ARGUMENT (a NULL matrix that has elements, a leading dimension too small), and those of
 * trine_blas_open; c is then untouched. */
trine_status trine_blas_gemm_f64(size_t m, size_t n, size_t k, double alpha, const double *a,
                                 size_t lda, const double *b, size_t ldb, double beta, double *c,
                                 size_t ldc);
trine_status trine_blas_gemm_f32(size_t m, size_t n, size_t k, float alpha, const float *a,
                                 size_t lda, const float *b, size_t ldb, float beta, float *c,
                                 size_t ldc);

/* Library, version and core type, "OpenBLAS 0.3.21 SkylakeX"; NULL until it is open. */
const char *trine_blas_name(void);

/* What its user should know (kernels of another CPU's, threads of the program's own) and what to do
 * about it; NULL when there is nothing. */
const char *trine_blas_note(void);

/* Most rows, columns or elements from row to row that one call of the library is given; larger
 * products go in pieces. At most INT_MAX. Tests lower it. */
extern size_t trine_blas_max;

#endif
