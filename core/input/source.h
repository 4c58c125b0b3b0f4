/* core/input/source.h - where a reduction's elements come from: memory, or a file that is read as
 * it goes.
 */
#ifndef TRINE_CORE_SOURCE_H
#define TRINE_CORE_SOURCE_H

#include <trine/types.h>

/* A source is plain bytes that any worker of the rank can use from its own process.
 *
 * fetch makes items [first, first + n) readable at *data: in place, or in buffer, which holds n
 * items and is aligned to 64 bytes. Items are elements, or parts of rows: item bytes, stride bytes
 * apart in the source, the first of them `skip` bytes behind where it would be. It is called from
 * many workers at once. context: for fetch; addressed by every worker. copies: fetch moves data
 * into the buffer (and takes time worth measuring). sequential: fetch wants to be called by the
 * process that opened the source, in order, in large pieces: a pipe gives each element once, and a
 * file in Fortran order is read by columns. prefetch: NULL, or to be told before items [first,
 * first + n) are fetched in order, in pieces. counts: what is moved is counted where it is moved,
 * not by the caller of fetch. */
typedef struct trine_source {
    trine_status (*fetch)(const struct trine_source *source, uint64_t first, size_t n, void *buffer,
                          const void **data);
    trine_status (*prefetch)(const struct trine_source *source, uint64_t first, size_t n);
    const void *context;
    uint64_t offset;
    size_t item, stride, skip;
    bool copies, sequential, counts;
} trine_source;

/* The elements at data, of which the first is number `first`. */
trine_source trine_memory_source(const void *data, uint64_t first, size_t item);

/* Whether it is such a source. */
bool trine_source_in_memory(const trine_source *source);

/* Tells the source what will be fetched next, if it wants to know; adds the seconds to *transfer.
 */
trine_status trine_source_prefetch(const trine_source *source, uint64_t first, size_t n,
                                   double *transfer);

/* Elements [first, first + n) of each row of `columns` elements of such a source, as a source of
 * rows. *row: bytes from one row to the next where fetch puts them. */
trine_source trine_rows_source(const trine_source *elements, uint64_t columns, uint64_t first,
                               size_t n, size_t *row);

#endif
