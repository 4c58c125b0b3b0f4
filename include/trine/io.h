/* trine/io.h - NumPy's .npy files (format versions 1.0, 2.0 and 3.0).
 *
 * Source of the format: NEP 1, numpy/lib/format.py. Any real dtype of trine, both byte orders, C
 * and Fortran order, 0 to TRINE_NPY_DIMS dimensions. What the header says is checked against the
 * file before it is believed. Bytes behind the last element are ignored, as numpy does.
 *
 * What one rank refuses all do, as in reduce.h.
 */
#ifndef TRINE_IO_H
#define TRINE_IO_H

#include <trine/array.h>
#include <trine/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRINE_NPY_DIMS 32

typedef struct trine_npy trine_npy;

/* What a header says. n is the product of the shape: 1 for 0 dimensions. swapped: the elements'
 * byte order is not this machine's. data_offset: bytes before the first element. */
typedef struct trine_npy_info {
    int major, minor;
    trine_dtype dtype;
    bool swapped, fortran_order;
    int ndim;
    uint64_t shape[TRINE_NPY_DIMS];
    uint64_t n, data_offset;
} trine_npy_info;

/* Opens a file and reads its header. path "-" is standard input, and a pipe may be named (anything
 * that is not a regular file; opening a named pipe waits for its writer); both are read once, in
 * order, and on teams of one rank only: ARGUMENT otherwise, without waiting. The workers of a pool
 * open a regular file again by its absolute path, so it must keep its name while it is open: IO
 * when another file has taken its place. Collective: when one rank cannot open the file, or ranks
 * see different headers, all get the error. *file is untouched on error. Errors: ARGUMENT, IO,
 * FORMAT (naming file, byte and what is wrong; complex and float16, archives and other formats by
 * name), MEMORY, COLLECTIVE. */
TRINE_API trine_status trine_npy_open(trine_team *team, const char *path, trine_npy **file);

/* Before the team is closed. Not collective. NULL does nothing. */
TRINE_API void trine_npy_close(trine_npy *file);

/* Valid while the file is open. NULL for NULL. */
TRINE_API const trine_npy_info *trine_npy_header(const trine_npy *file);

/* Reads the elements, in the file's order, into a new array: DISTRIBUTED, each rank reading only
 * its block. A file of two dimensions gives two axes: its own in C order, swapped in Fortran order.
 * *array is untouched on error. Collective. Errors: ARGUMENT (NULL, or a pipe that has been read),
 * IO, FORMAT (the file ends early), MEMORY. */
TRINE_API trine_status trine_npy_load(trine_npy *file, trine_array **array);

/* Runs a monoid of one input over the file's elements without loading it: each worker reads and
 * reduces chunk by chunk, in bounded memory. The bits are those of load and reduce. Collective.
 * result is untouched on error. Errors: as trine_reduce and trine_npy_load; ARGUMENT for a monoid
 * of several inputs, DTYPE for one of another type than the file's. */
TRINE_API trine_status trine_npy_reduce(trine_npy *file, const trine_monoid *monoid,
                                        const void *param, void *result);

/* The same along an axis of a file of two dimensions (of fewer: of one column), as
 * trine_reduce_axis does of the loaded array; columns of a Fortran-order file are its rows on disk.
 * axis 0: one result for each column, on all ranks. axis 1: one for each of this rank's rows, which
 * are those that trine_npy_load would give it. Rows of more columns than a tile of partials has are
 * read in parts, once for each tile. A pipe can be reduced along axis 0 when one tile holds all
 * columns. */
TRINE_API trine_status trine_npy_reduce_axis(trine_npy *file, const trine_monoid *monoid,
                                             const void *param, int axis, void *result);

/* Rows [*first, *first + *rows) of the file that are this rank's, and its columns, as
 * trine_npy_reduce_axis counts them. Any may be NULL. Not collective. */
TRINE_API void trine_npy_block(const trine_npy *file, uint64_t *first, uint64_t *rows,
                               uint64_t *columns);

/* Writes x as a version 1.0 file of one dimension (two when x has two axes) in this machine's byte
 * order, each rank its own part: a DISTRIBUTED array's blocks, or the ranks' own arrays in rank
 * order. It is written beside `path` under a name of its own, synced, and renamed to `path` when
 * all is written: `path` is always the old file or the new one, and nothing stays after an error. A
 * symbolic link is replaced; what is there and no regular file is refused. Permissions as the umask
 * has them. The folder must be the same one on all ranks. `path` "-" is standard output, to which
 * the bytes go at once, past stdio's buffer; on teams of one rank only: ARGUMENT otherwise.
 * Collective. Errors: ARGUMENT, IO, MEMORY, COLLECTIVE. */
TRINE_API trine_status trine_npy_save(const char *path, const trine_array *x);

#ifdef __cplusplus
}
#endif
#endif
