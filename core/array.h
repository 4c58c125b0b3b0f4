/* core/array.h - arrays from the inside. */
#ifndef TRINE_CORE_ARRAY_H
#define TRINE_CORE_ARRAY_H

#include <trine/array.h>

#include "core/grid.h"
#include "core/source.h"
#include "core/team.h"

/* rows x columns elements, n in all; columns is 1 for one axis. owner: the executor that `bytes` at
 * data came from; NULL for the caller's memory, and for that of share. read_only: said to be so.
 * writable: the memory was found to be. */
struct trine_array {
    trine_team *team;
    trine_dtype dtype;
    trine_place place;
    uint64_t rows, columns, n, first, local;
    trine_grid grid;
    void *data;
    size_t bytes;
    trine_executor *owner;
    trine_share *share;
    bool read_only;
    atomic_bool writable;
};

/* The arrays of a call's arguments: `count` of them, of those types, alike in team, place and
 * length. call and role ("in", "out") are for the detail. *like, when it is not NULL yet, is one
 * more that they must be alike to; it becomes the first of them. */
trine_status trine_arrays_check(const char *call, const char *role,
                                const trine_array *const arrays[], const trine_dtype dtypes[],
                                int count, const trine_array **like);

/* The team of `count` arrays, any of which may be NULL, as may all: NULL. Where they are of
 * several teams, the one on which other ranks are likely to wait. */
trine_team *trine_arrays_team(const trine_array *const arrays[], int count);

/* What of the array must be the same on all ranks, for the number of a call: its length when it is
 * DISTRIBUTED. */
uint64_t trine_array_common(const trine_array *array);

/* The executor whose workers address all these arrays: the team's, or the calling thread alone. */
trine_executor *trine_arrays_executor(trine_team *team, const trine_array *const arrays[],
                                      int count);

/* A new DISTRIBUTED or other array inside a call that has begun, without agreeing on it. */
trine_status trine_array_new(trine_team *team, trine_dtype dtype, uint64_t rows, uint64_t columns,
                             trine_place place, trine_array **made);

/* A DISTRIBUTED one that has no memory yet. */
trine_status trine_array_describe(trine_team *team, trine_dtype dtype, uint64_t rows,
                                  uint64_t columns, trine_array **made);

#endif
