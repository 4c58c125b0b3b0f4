/* core/partition/tiles.c - tiles of workers: whole units, in equal shares. */
#include "core/partition/tiles.h"

#include "core/partition/share.h"

/* Blocks for each worker when they are handed out dynamically. */
enum { DYNAMIC_BLOCKS = 4 };

trine_tiles trine_tiles_cut(uint64_t rows, uint64_t columns, uint64_t row_unit,
                            uint64_t column_unit, uint64_t widest, int workers, bool dynamic)
{
    trine_tiles t = {
        .rows = rows, .columns = columns, .row_unit = row_unit, .column_unit = column_unit};
    uint64_t wanted = (uint64_t)workers * (dynamic ? DYNAMIC_BLOCKS : 1);
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

trine_tile trine_tiles_get(const trine_tiles *t, size_t block)
{
    trine_range rows = trine_fair_share_of_units(t->rows, t->row_unit, t->bands, block / t->panels);
    trine_range columns =
        trine_fair_share_of_units(t->columns, t->column_unit, t->panels, block % t->panels);
    return (trine_tile){.row = rows.first,
                        .rows = rows.end - rows.first,
                        .column = columns.first,
                        .columns = columns.end - columns.first};
}
