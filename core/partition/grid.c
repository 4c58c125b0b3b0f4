/* core/partition/grid.c - chunks of elements and of rows. */
#include "core/partition/grid.h"
#include "core/partition/share.h"

static uint64_t rows_of_chunk(uint64_t columns)
{
    return columns > TRINE_CHUNK ? 1 : columns > 0 ? TRINE_CHUNK / columns : TRINE_CHUNK;
}

trine_grid trine_grid_of(uint64_t rows, uint64_t columns)
{
    uint64_t step = rows_of_chunk(columns) * (columns > 0 ? columns : 1);
    return (trine_grid){.n = rows * columns,
                        .step = step,
                        .row = columns,
                        .pieces = columns > TRINE_CHUNK ? trine_divide_up(columns, TRINE_CHUNK) : 1,
                        .unit = step};
}

trine_grid trine_grid_of_rows(uint64_t rows, uint64_t columns)
{
    uint64_t step = rows_of_chunk(columns);
    return (trine_grid){.n = rows, .step = step, .pieces = 1, .unit = step};
}

uint64_t trine_grid_chunks(const trine_grid *grid)
{
    return trine_grid_chunk_at(grid, grid->n);
}

uint64_t trine_grid_chunk_at(const trine_grid *grid, uint64_t item)
{
    if (grid->pieces == 1)
        return trine_divide_up(item, grid->step);
    return item / grid->row * grid->pieces + trine_divide_up(item % grid->row, TRINE_CHUNK);
}

void trine_grid_chunk(const trine_grid *grid, uint64_t chunk, uint64_t *first, size_t *n)
{
    if (grid->pieces == 1) {
        *first = chunk * grid->step;
        *n = (size_t)trine_min(grid->n - *first, grid->step);
        return;
    }
    uint64_t within = chunk % grid->pieces * TRINE_CHUNK;
    *first = chunk / grid->pieces * grid->row + within;
    *n = (size_t)trine_min(grid->row - within, TRINE_CHUNK);
}

size_t trine_grid_longest(const trine_grid *grid)
{
    return grid->pieces == 1 ? (size_t)grid->step : TRINE_CHUNK;
}

void trine_grid_block(const trine_grid *grid, int rank, int ranks, uint64_t *offset,
                      uint64_t *local_n)
{
    trine_range block =
        trine_fair_share_of_units(grid->n, grid->unit, (uint64_t)ranks, (uint64_t)rank);
    *offset = block.first;
    *local_n = block.end - block.first;
}
