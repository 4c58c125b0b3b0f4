/* trine/io.h - NumPy's .npy files (format versions 1.0, 2.0 and 3.0).
 *
 * Source of the format: NEP 1, numpy/lib/format.py. Any real dtype of trine, bool and float16, both
 * byte orders, C and Fortran order, 0 to TRINE_DIMS dimensions. What the header says is checked
 * against the file before it is believed. Bytes behind the last element are ignored, as numpy does.
 *
 * Elements are numbered in C order, whatever their order in the file: numpy's flat index. A file in
 * Fortran order is read by columns, and turned: the order that a call needs costs reading in many
 * small parts where there are many columns, and never more memory than is said below. What does not
 * depend on any order (a reduction that is TRINE_ORDER_FREE and TRINE_POSITION_FREE) reads the file
 * as it lies.
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

/** An open .npy file, of a team. */
typedef struct trine_npy trine_npy;

/** What a file's header says. */
typedef struct trine_npy_info {
    size_t size; /**< Bytes of this struct, which trine sets. */
    int major;   /**< Format version, before the point. */
    int minor;   /**< And after it. */
    /** The type that elements are computed in, of which each is exactly one: f64 for float16, u8
     * for bool (0, or 1 for any other byte), else the type in the file. */
    trine_dtype dtype;
    const char *stored;        /**< Their type in the file, in numpy's words: "float16", "bool". */
    size_t stored_size;        /**< Bytes of one in the file. */
    bool swapped;              /**< The byte order is not this machine's. */
    bool fortran_order;        /**< They lie column by column. */
    int ndim;                  /**< Axes. */
    int64_t shape[TRINE_DIMS]; /**< Of which the first ndim count. */
    int64_t n;                 /**< Elements, the product of the shape: 1 for 0 axes. */
    int64_t data_offset;       /**< Bytes before the first element. */
} trine_npy_info;

/** Opens a file and reads its header.
 *
 * path "-" is standard input, and a pipe may be named (anything that is not a regular file; the
 * writer of a named pipe is waited for 30 seconds, then IO); both are read once, in order, and on
 * teams of one rank only: ARGUMENT otherwise, without waiting. The workers of a pool open a regular
 * file again by its absolute path, so it must keep its name while it is open: IO when another file
 * has taken its place. `*file` is untouched on error.
 *
 * Collective: when one rank cannot open the file, or ranks see different headers, all get the
 * error. Errors: ARGUMENT, IO, FORMAT (naming file, byte and what is wrong; complex numbers,
 * strings, dates and their like, archives and other formats by name), BUSY, MEMORY,
 * COLLECTIVE, WORKER, MPI. */
TRINE_API trine_status trine_npy_open(trine_team *team, const char *path, trine_npy **file);

/** Closes a file, before its team is closed. NULL does nothing. Not collective. */
TRINE_API void trine_npy_close(trine_npy *file);

/** What the file's header says; valid while the file is open. NULL for NULL. */
TRINE_API const trine_npy_info *trine_npy_header(const trine_npy *file);

/** Reads the elements into a new DISTRIBUTED array of the file's shape, each rank its own block.
 *
 * A pipe in Fortran order is held twice meanwhile. `*array` is untouched on error. Collective.
 * Errors: ARGUMENT (NULL, or a pipe that has been read), IO, FORMAT (the file ends early), BUSY,
 * COLLECTIVE, MEMORY, WORKER, MPI. */
TRINE_API trine_status trine_npy_load(trine_npy *file, trine_array **array);

/** Runs a reducer of one input over the file's elements without loading it.
 *
 * Each worker reads and reduces chunk by chunk, in bounded memory; where a pipe in Fortran order
 * must be turned, it is loaded. The bits are those of load and reduce. result is untouched on
 * error. Collective. Errors: as trine_reduce and trine_npy_load; ARGUMENT for a reducer of several
 * inputs, DTYPE for one of another type than the file's. */
TRINE_API trine_status trine_npy_reduce(trine_npy *file,
                                        const trine_reducer *reducer,
                                        const void *param,
                                        void *result);

/** Runs a reducer over a file along an axis, with the results of trine_reduce_axis of the loaded
 * array: the same bits, on the same ranks.
 *
 * Memory: along the first axis, of more columns than a tile of partials has, the file is read once
 * for each tile (and a pipe is loaded); along another, 64 MiB or a row where the file is a pipe or
 * in Fortran order. Collective. Errors: as trine_npy_reduce, ARGUMENT for an axis that the file has
 * not. */
TRINE_API trine_status trine_npy_reduce_axis(trine_npy *file,
                                             const trine_reducer *reducer,
                                             const void *param,
                                             int axis,
                                             void *result);

/** Tells which rows of the file, indices of its first axis, are this rank's: those of the array
 * that trine_npy_load would make.
 *
 * They are [row_offset, row_offset + rows), of `columns` elements each. Any of the three may be
 * NULL. Not collective. */
TRINE_API void
trine_npy_block(const trine_npy *file, int64_t *row_offset, int64_t *rows, int64_t *columns);

/** Writes x as a version 1.0 file of its shape, in C order, in this machine's byte order.
 *
 * Each rank writes its own part: a DISTRIBUTED array's blocks, or the ranks' own arrays in rank
 * order (PRIVATE and SHARED blocks of several ranks: the file has the rows of all together). It is
 * written beside `path` under the name `.NAME.trine-part`, synced, and renamed to `path` when all
 * is written: `path` is always the old file or the new one, and nothing stays after an error.
 *
 * A symbolic link stays, and what it leads to is written, or made. The file keeps its permissions
 * and access list, and its owner where the process may give files away; a new one has the
 * permissions of the umask. Of several hard links the named one gets the new file.
 *
 * The next save to that path removes what a killed process left. Whoever writes the same path at
 * the same time has a temporary of its own (`-1` behind its name, up to 31), and the last rename
 * stays. The folder must be the same one on all ranks, and allow the temporary.
 *
 * Anything but a regular file (a named pipe, a device, /dev/stdout, /dev/fd/3) gets the bytes as a
 * stream, from teams of one rank: ARGUMENT otherwise; it is never replaced. A pipe without a reader
 * is waited for 5 seconds, one whose reader takes nothing for 30; then IO. A directory and a socket
 * are IO. `path` "-" is standard output, to which the bytes go at once, past stdio's buffer; on
 * teams of one rank only: ARGUMENT otherwise. A limit on the size of files (SIGXFSZ) and a closed
 * pipe (SIGPIPE) are IO, and no signal, whatever the process does with those.
 *
 * Collective. Errors: ARGUMENT, BUSY, IO, MEMORY, COLLECTIVE, MPI. */
TRINE_API trine_status trine_npy_save(const trine_array *x, const char *path);

#ifdef __cplusplus
}
#endif
#endif
