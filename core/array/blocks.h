/* core/array/blocks.h - where the ranks' blocks of a whole lie, whoever cut them. */
#ifndef TRINE_CORE_BLOCKS_H
#define TRINE_CORE_BLOCKS_H

#include "core/array/array.h"

/* Bytes that a rank sends at a time in trine_transpose. Tests lower it. */
extern uint64_t trine_panel_bytes;

/* Rank r holds items [at[r], at[r + 1]) of at[ranks] in all. */
typedef struct trine_blocks {
    int ranks;
    uint64_t *at;
} trine_blocks;

/* The blocks of `count` arrays (at most TRINE_GATHER_MAX), of which this rank holds local[i] items;
 * what was gathered is freed by trine_blocks_free, also after an error. Collective: brings status,
 * as the communicator's functions do. */
trine_status trine_blocks_gather(trine_team *team, const uint64_t local[], int count, uint64_t call,
                                 trine_status status, trine_blocks blocks[]);

void trine_blocks_free(trine_blocks blocks[], int count);

/* How a rectangle of rows x columns is handed out: run i of `bands * panels` is the rows and
 * columns that trine_tiles_get says. Bands of rows first, so that a worker writes a contiguous
 * part; panels of columns at most `widest` wide. Plain bytes. */
typedef struct trine_tiles {
    uint64_t rows, columns, row_unit, column_unit;
    uint64_t bands, panels;
} trine_tiles;

typedef struct trine_tile {
    uint64_t row, rows, column, columns;
} trine_tile;

/* Bands are whole row_units, panels whole column_units (but for the last). */
trine_tiles trine_tiles_cut(uint64_t rows, uint64_t columns, uint64_t row_unit,
                            uint64_t column_unit, uint64_t widest, int workers, bool dynamic);

trine_tile trine_tiles_get(const trine_tiles *tiles, size_t run);

#endif
