/* core/partition/blocks.c - blocks of ranks, and tiles of workers. */
#include "core/partition/blocks.h"

#include <stdlib.h>

#include "core/system/error.h"
#include "core/partition/share.h"

/* Runs for each worker when they are handed out dynamically. */
enum { DYNAMIC_RUNS = 4 };

uint64_t trine_panel_bytes = (uint64_t)32 << 20;

trine_status trine_blocks_gather(trine_team *team, const uint64_t local[], int count, uint64_t call,
                                 trine_status status, trine_blocks blocks[])
{
    size_t ranks = (size_t)team->communicator.size, values = (size_t)count;
    uint64_t *all = calloc(ranks * values, sizeof *all);
    bool there = all != NULL;
    for (int i = 0; i < count; i++) {
        blocks[i] = (trine_blocks){(int)ranks, calloc(ranks + 1, sizeof(uint64_t))};
        there = there && blocks[i].at;
    }
    if (!there && !status)
        status = trine_fail(TRINE_E_MEMORY, "no memory for the blocks of %zu ranks", ranks);
    status = team->communicator.ops->gather(&team->communicator, local, values, all, call, status);
    for (size_t i = 0; i < values && there && !status; i++)
        for (size_t r = 0; r < ranks; r++)
            blocks[i].at[r + 1] = blocks[i].at[r] + all[r * values + i];
    free(all);
    return status;
}

void trine_blocks_free(trine_blocks blocks[], int count)
{
    for (int i = 0; i < count; i++)
        free(blocks[i].at);
}

trine_tiles trine_tiles_cut(uint64_t rows, uint64_t columns, uint64_t row_unit,
                            uint64_t column_unit, uint64_t widest, int workers, bool dynamic)
{
    trine_tiles t = {
        .rows = rows, .columns = columns, .row_unit = row_unit, .column_unit = column_unit};
    uint64_t wanted = (uint64_t)workers * (dynamic ? DYNAMIC_RUNS : 1);
    uint64_t row_units = trine_divide_up(rows, row_unit),
             column_units = trine_divide_up(columns, column_unit);
    if (row_units == 0 || column_units == 0)
        return t;
    t.bands = trine_min(row_units, wanted);
    t.panels = trine_divide_up(columns, widest);
    if (t.bands * t.panels < wanted)
        t.panels = trine_divide_up(wanted, t.bands);
    t.panels = trine_min(t.panels, column_units);
    return t;
}

trine_tile trine_tiles_get(const trine_tiles *t, size_t run)
{
    trine_range rows = trine_fair_share_of_units(t->rows, t->row_unit, t->bands, run / t->panels);
    trine_range columns =
        trine_fair_share_of_units(t->columns, t->column_unit, t->panels, run % t->panels);
    return (trine_tile){.row = rows.first,
                        .rows = rows.end - rows.first,
                        .column = columns.first,
                        .columns = columns.end - columns.first};
}
