/* core/partition/grid.h - the grid: how a whole is cut into chunks, by its shape alone.
 *
 * One axis: chunks of TRINE_CHUNK elements, the last may be shorter. Two axes: as many whole rows
 * as hold TRINE_CHUNK elements; rows longer than that are cut into chunks of their own.
 */
#ifndef TRINE_CORE_GRID_H
#define TRINE_CORE_GRID_H

#include <trine/types.h>

/* n items, in chunks of `step`, or (pieces > 1) rows of `row` items in `pieces` chunks each. unit:
 * what ranks' blocks are multiples of. Plain bytes. */
typedef struct trine_grid {
    uint64_t n, step, row, pieces, unit;
} trine_grid;

/* The grid of rows x columns elements; columns is 1 for one axis. */
trine_grid trine_grid_of(uint64_t rows, uint64_t columns);

/* The grid of the rows of such an array, each an item. */
trine_grid trine_grid_of_rows(uint64_t rows, uint64_t columns);

/* Chunks in all. */
uint64_t trine_grid_chunks(const trine_grid *grid);

/* The chunk that begins with that item, or would: item is a chunk's first, or n. */
uint64_t trine_grid_chunk_at(const trine_grid *grid, uint64_t item);

/* Items [*first, *first + *n) of that chunk. */
void trine_grid_chunk(const trine_grid *grid, uint64_t chunk, uint64_t *first, size_t *n);

/* Items of the longest chunk. */
size_t trine_grid_longest(const trine_grid *grid);

/* Items [*offset, *offset + *local_n) that rank `rank` of `ranks` holds: equal shares of units. */
void trine_grid_block(const trine_grid *grid, int rank, int ranks, uint64_t *offset,
                      uint64_t *local_n);

#endif
