/* trine/array.h - arrays and where they live. */
#ifndef TRINE_ARRAY_H
#define TRINE_ARRAY_H

#include <trine/team.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Elements of one type on a team: memory of the library's, or the caller's own, wrapped. Used by
 * one thread at a time where one of them writes it. */
typedef struct trine_array trine_array;

/** Axes that an array may have. */
#define TRINE_DIMS 32

/** Where an array's elements are. On a team of several ranks the PRIVATE or SHARED arrays of the
 * ranks are, in rank order, the blocks of one whole that the caller cut where it liked. */
typedef enum trine_place {
    TRINE_PRIVATE = 0, /**< In this rank's own memory. */
    TRINE_SHARED = 1,  /**< Where every worker of the rank addresses them. */
    /** Each rank holds a block of whole chunks, which its workers address. */
    TRINE_DISTRIBUTED = 2
} trine_place;

/** Makes a zeroed array of one axis.
 *
 * n: elements of this rank for PRIVATE and SHARED, of the whole for DISTRIBUTED (the same on all
 * ranks); may be 0. The workers that will use the memory touch it first. `*array` is untouched on
 * error.
 *
 * MEMORY comes before the system or a control group would end the process: the pages are made at
 * once, after a look at what is available (less what other ranks of the machine are about to take);
 * arrays below 4 MiB are looked at together.
 *
 * Collective: what one rank refuses all do, as in reduce.h. Errors: ARGUMENT (NULL, no such place,
 * too many elements), DTYPE, MEMORY, BUSY, WORKER, COLLECTIVE, MPI. */
TRINE_API trine_status trine_array_create(trine_team *team,
                                          trine_dtype dtype,
                                          int64_t n,
                                          trine_place place,
                                          trine_array **array);

/** Makes a zeroed array of `ndim` axes, 0 to TRINE_DIMS, of shape[0 .. ndim) elements.
 *
 * C order: the last axis varies fastest. Any axis may be of 0 elements; no axes are one element.
 * The array is cut along its first axis alone: shape is this rank's for PRIVATE and SHARED, which
 * are blocks of a whole that lie one behind the other along that axis; a DISTRIBUTED one's is the
 * whole's, the same on all ranks. Otherwise, Collective and errors: as trine_array_create. */
TRINE_API trine_status trine_array_create_nd(trine_team *team,
                                             trine_dtype dtype,
                                             int ndim,
                                             const int64_t shape[],
                                             trine_place place,
                                             trine_array **array);

/** Makes a zeroed array of two axes: rows x columns elements, row after row. Collective and errors:
 * as trine_array_create_nd. */
TRINE_API trine_status trine_array_create_2d(trine_team *team,
                                             trine_dtype dtype,
                                             int64_t rows,
                                             int64_t columns,
                                             trine_place place,
                                             trine_array **array);

/** Makes a zeroed array of the shape of x, on its team; of this rank's block of it where x is
 * DISTRIBUTED and the new array is not. Collective. Errors: as trine_array_create, ARGUMENT where x
 * is NULL. */
TRINE_API trine_status trine_array_create_like(const trine_array *x,
                                               trine_dtype dtype,
                                               trine_place place,
                                               trine_array **array);

/** Makes a PRIVATE array of the caller's n elements at data; nothing is copied.
 *
 * data must outlive the array; it may be NULL when n is 0. Functions that write the array write
 * data; const data is wrapped by trine_array_wrap_const. Where data lies in memory without write
 * permission all the same (a file mapped for reading), they answer ARGUMENT. The first and the last
 * byte are looked at, once, when the array is first to be written; a hole between them or a later
 * mprotect is not seen.
 *
 * Not collective. Errors: ARGUMENT (also for misaligned data), DTYPE, MEMORY. */
TRINE_API trine_status
trine_array_wrap(trine_team *team, trine_dtype dtype, void *data, int64_t n, trine_array **array);

/** Wraps the caller's elements as trine_array_wrap does, with `ndim` axes of shape[0 .. ndim)
 * elements. Not collective. Errors: as trine_array_wrap. */
TRINE_API trine_status trine_array_wrap_nd(trine_team *team,
                                           trine_dtype dtype,
                                           void *data,
                                           int ndim,
                                           const int64_t shape[],
                                           trine_array **array);

/** Wraps the caller's rows x columns elements, row after row, as trine_array_wrap does. Not
 * collective. Errors: as trine_array_wrap. */
TRINE_API trine_status trine_array_wrap_2d(trine_team *team,
                                           trine_dtype dtype,
                                           void *data,
                                           int64_t rows,
                                           int64_t columns,
                                           trine_array **array);

/** Wraps the caller's n elements as input alone: a function that would write the array answers
 * ARGUMENT, which names the argument. What trine_array_data gives must not be written either. Not
 * collective. Errors: as trine_array_wrap. */
TRINE_API trine_status trine_array_wrap_const(trine_team *team,
                                              trine_dtype dtype,
                                              const void *data,
                                              int64_t n,
                                              trine_array **array);

/** Wraps the caller's elements as input alone, as trine_array_wrap_const does, with `ndim` axes of
 * shape[0 .. ndim) elements. Not collective. Errors: as trine_array_wrap. */
TRINE_API trine_status trine_array_wrap_const_nd(trine_team *team,
                                                 trine_dtype dtype,
                                                 const void *data,
                                                 int ndim,
                                                 const int64_t shape[],
                                                 trine_array **array);

/** Wraps the caller's rows x columns elements as input alone, as trine_array_wrap_const does. Not
 * collective. Errors: as trine_array_wrap. */
TRINE_API trine_status trine_array_wrap_const_2d(trine_team *team,
                                                 trine_dtype dtype,
                                                 const void *data,
                                                 int64_t rows,
                                                 int64_t columns,
                                                 trine_array **array);

/** Makes a DISTRIBUTED array of the n elements at data on rank `root`, of which each rank gets its
 * block.
 *
 * What transport brings them:
 *
 *     message  each rank's block is sent to it
 *     window   each rank's block lies in memory that the ranks of its machine share (MPI-3)
 *
 * By window the root itself writes the blocks of its machine's ranks; between machines only the
 * blocks of the other ranks move, each once and straight to its place. On one rank, or for no
 * elements, nothing is shared and it is the same as message. mpi+pool has no such window: its
 * processes, forked before, would not address it (ABSENT). dtype, n, root and transport are the
 * same on all ranks; data matters on root alone, and may be NULL there when n is 0. `*array` is
 * untouched on error. The ledger's moved is what this rank got, and by window what it wrote for
 * others: all ranks' together is what the whole array is long.
 *
 * Freeing the array is as for any other, at any time and by each rank for itself. The memory of a
 * window is given back once all ranks of a machine have freed the array: at the next scatter by
 * window, which uses it again for blocks of the same sizes, or when the team closes, which all
 * ranks do.
 *
 * Collective. Errors: ARGUMENT, DTYPE, MEMORY (also when /dev/shm is too small for a window), BUSY,
 * COLLECTIVE, MPI; ABSENT for the other transports, which move data within one rank. */
TRINE_API trine_status trine_array_scatter(trine_team *team,
                                           trine_dtype dtype,
                                           const void *data,
                                           int64_t n,
                                           int root,
                                           trine_transport transport,
                                           trine_array **array);

/** Scatters as trine_array_scatter does, with `ndim` axes of shape[0 .. ndim) elements, of which
 * the first is cut. Collective and errors: as trine_array_scatter. */
TRINE_API trine_status trine_array_scatter_nd(trine_team *team,
                                              trine_dtype dtype,
                                              const void *data,
                                              int ndim,
                                              const int64_t shape[],
                                              int root,
                                              trine_transport transport,
                                              trine_array **array);

/** Scatters rows x columns elements as trine_array_scatter does; rows are not cut. Collective and
 * errors: as trine_array_scatter. */
TRINE_API trine_status trine_array_scatter_2d(trine_team *team,
                                              trine_dtype dtype,
                                              const void *data,
                                              int64_t rows,
                                              int64_t columns,
                                              int root,
                                              trine_transport transport,
                                              trine_array **array);

/** Copies all elements of a DISTRIBUTED array, in order, to data[n] on rank `root`, by message.
 *
 * data is not looked at on other ranks; it is untouched on error. The ledger's moved is what this
 * rank got. Collective; what one rank refuses all do, as in reduce.h. Errors: ARGUMENT, BUSY,
 * MEMORY, COLLECTIVE, MPI. */
TRINE_API trine_status trine_array_gather(const trine_array *array, int root, void *data);

/** Releases the array; a wrapped one's data stays the caller's. NULL does nothing. Not collective.
 */
TRINE_API void trine_array_free(trine_array *array);

/** This rank's elements: data[0 .. local_n) of trine_array_local_n. NULL for a NULL array. */
TRINE_API void *trine_array_data(const trine_array *array);

/** How many elements this rank has; 0 for a NULL array. */
TRINE_API int64_t trine_array_local_n(const trine_array *array);

/** Index in the whole of this rank's first element of a DISTRIBUTED array: it has elements [offset,
 * offset + local_n). 0 for the other places, and for a NULL array. */
TRINE_API int64_t trine_array_offset(const trine_array *array);

/** The first index along the first axis that this rank has of a DISTRIBUTED array. 0 for the other
 * places, and for a NULL array. */
TRINE_API int64_t trine_array_row_offset(const trine_array *array);

/** How many indices of the first axis this rank has, from trine_array_row_offset on; 0 for a NULL
 * array. */
TRINE_API int64_t trine_array_local_rows(const trine_array *array);

/** How many elements the array has, as given at creation: of this rank for PRIVATE and SHARED, of
 * the whole for DISTRIBUTED. 0 for a NULL array. */
TRINE_API int64_t trine_array_n(const trine_array *array);

/** How many axes it has; 0 for a NULL array. */
TRINE_API int trine_array_ndim(const trine_array *array);

/** Its shape[0 .. ndim) as given at creation. Valid while the array is there. NULL for a NULL
 * array. */
TRINE_API const int64_t *trine_array_shape(const trine_array *array);

/** Indices of its first axis; 1 for no axes, 0 for a NULL array. */
TRINE_API int64_t trine_array_rows(const trine_array *array);

/** Elements for each index of its first axis; 0 for a NULL array. */
TRINE_API int64_t trine_array_columns(const trine_array *array);

/** The type of its elements; TRINE_DTYPE_NONE for a NULL array. */
TRINE_API trine_dtype trine_array_dtype(const trine_array *array);

/** Its place; TRINE_PRIVATE for a NULL array. */
TRINE_API trine_place trine_array_place(const trine_array *array);

/** Its team; NULL for a NULL array. */
TRINE_API trine_team *trine_array_team(const trine_array *array);

#ifdef __cplusplus
}
#endif
#endif
