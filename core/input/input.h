/* core/input/input.h - running kernels over sources; what reduce.h, transform.h and io.h are made
 * of. */
#ifndef TRINE_CORE_INPUT_H
#define TRINE_CORE_INPUT_H

#include <trine/array.h>

#include "core/partition/grid.h"
#include "core/input/source.h"
#include "core/team/team.h"

/* This rank's part of a whole: items [offset, offset + local_n) of the grid, from as many sources
 * as the kernel has inputs, to be read by that executor, whose workers address the sources'
 * contexts. own_blocks: the callers' own blocks make the whole; this rank's is then on a grid of
 * its own, with offset 0 and all of the grid's items. columns: of each item where items are rows,
 * which all ranks must have alike; else 0. */
typedef struct trine_input {
    trine_source source[TRINE_ARGS];
    int sources;
    trine_grid grid;
    uint64_t offset, local_n, columns;
    bool own_blocks;
    trine_executor *executor;
} trine_input;

/* The block of a whole on that grid that this rank holds. */
void trine_block_of_rank(const trine_team *team, const trine_grid *grid, uint64_t *offset,
                         uint64_t *local_n);

/* Runs a map; out: this rank's elements of each output, addressed by the input's executor.
 * in_place: an output is an input, so that no block can be done twice. Collective. */
trine_status trine_input_apply(trine_team *team, const trine_map *map, const void *param,
                               const trine_input *input, void *const out[], bool in_place);

/* Reads a whole of that shape into a new DISTRIBUTED array, each rank its block. Collective. */
trine_status trine_input_load(trine_team *team, trine_dtype dtype, const trine_source *source,
                              int ndim, const int64_t shape[], trine_array **loaded);

#endif
