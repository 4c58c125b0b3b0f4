/* core/partition/tiles.h - how a rectangle is handed out to workers. */
#ifndef TRINE_CORE_TILES_H
#define TRINE_CORE_TILES_H

#include <trine/types.h>

/* How a rectangle of rows x columns is handed out: block i of `bands * panels` is the rows and
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

trine_tile trine_tiles_get(const trine_tiles *tiles, size_t block);

#endif
