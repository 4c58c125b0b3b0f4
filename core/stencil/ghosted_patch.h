/* core/stencil/ghosted_patch.h - this rank's rows of a whole and the rows next to them, as stencils
 * see them. */
#ifndef TRINE_CORE_GHOSTED_PATCH_H
#define TRINE_CORE_GHOSTED_PATCH_H

#include "core/array/array.h"
#include "core/array/halo.h"
#include "core/partition/tiles.h"

/* Rows [row_offset, row_offset + local_rows) at data, `before` rows above them at above, those
 * below at below. row_bytes: from one row to the next. border: outermost rows and columns without
 * all neighbours. Plain bytes. */
typedef struct trine_patch {
    const char *data, *above, *below;
    uint64_t rows, columns, row_offset, local_rows, before, border;
    size_t row_bytes, item;
} trine_patch;

/* The patch of an array whose blocks of rows and halo are those; its data may be set later. */
trine_patch trine_patch_of(const trine_array *array, const trine_ownership *blocks,
                           const trine_halo *halo, uint64_t border);

/* Element `column` of a row that this rank has. */
static inline const char *trine_patch_at(const trine_patch *patch, uint64_t row, uint64_t column)
{
    const char *begin =
        row < patch->row_offset
            ? patch->above + (row + patch->before - patch->row_offset) * patch->row_bytes
        : row < patch->row_offset + patch->local_rows
            ? patch->data + (row - patch->row_offset) * patch->row_bytes
            : patch->below + (row - patch->row_offset - patch->local_rows) * patch->row_bytes;
    return begin + column * patch->item;
}

/* The part [*first, *end) of columns [column, column + n) of that row that is inside the border;
 * empty, at column, when there is none. */
void trine_patch_inside(const trine_patch *patch, uint64_t row, uint64_t column, uint64_t n,
                        uint64_t *first, uint64_t *end);

/* This rank's rows as tiles for workers: bands of rows in panels of at most TRINE_CHUNK columns,
 * whose rows above and below stay in cache. */
trine_tiles trine_patch_tiles(const trine_patch *patch, const trine_team *team,
                              const trine_executor *executor);

#endif
