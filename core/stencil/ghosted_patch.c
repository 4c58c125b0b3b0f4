/* core/stencil/ghosted_patch.c - rows with neighbours. */
#include "core/stencil/ghosted_patch.h"

#include "core/system/error.h"

/* Columns of a panel are a multiple of this. */
enum { COLUMN_UNIT = 512 };

trine_patch trine_patch_of(const trine_array *array, const trine_ownership *blocks,
                           const trine_halo *halo, uint64_t border)
{
    int own = array->team->communicator.rank;
    size_t item = trine_dtype_size(array->dtype);
    return (trine_patch){.data = array->data,
                         .above = halo->above,
                         .below = halo->below,
                         .rows = blocks->at[blocks->ranks],
                         .columns = array->columns,
                         .row_offset = blocks->at[own],
                         .local_rows = blocks->at[own + 1] - blocks->at[own],
                         .before = halo->before,
                         .border = border,
                         .row_bytes = (size_t)array->columns * item,
                         .item = item};
}

void trine_patch_inside(const trine_patch *patch, uint64_t row, uint64_t column, uint64_t n,
                        uint64_t *first, uint64_t *end)
{
    uint64_t border = patch->border;
    *first = *end = column;
    if (row < border || patch->rows - row <= border || patch->columns <= 2 * border)
        return;
    uint64_t last = patch->columns - border;
    uint64_t begin = column > border ? column : border,
             stop = column + n < last ? column + n : last;
    if (begin >= stop)
        return;
    *first = begin;
    *end = stop;
}

trine_tiles trine_patch_tiles(const trine_patch *patch, const trine_team *team,
                              const trine_executor *executor)
{
    return trine_tiles_cut(patch->local_rows, patch->columns, 1, COLUMN_UNIT, TRINE_CHUNK,
                           executor->workers, team->schedule == TRINE_DYNAMIC);
}
