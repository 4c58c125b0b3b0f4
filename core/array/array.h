/* core/array/array.h - arrays from the inside. */
#ifndef TRINE_CORE_ARRAY_H
#define TRINE_CORE_ARRAY_H

#include <trine/array.h>

#include "core/partition/grid.h"
#include "core/input/source.h"
#include "core/team/team.h"

/* shape[0 .. ndim); beside it what the cut goes by: `columns` elements for each index of the first
 * axis, of which there are `rows` (one of each where there are no axes). This rank's are rows
 * [row_offset, row_offset + local_rows). owner: the executor that `bytes` at data came from; NULL
 * for the caller's memory, and for that of common. read_only: said to be so. writable: the memory
 * was found to be. */
struct trine_array {
    trine_team *team;
    trine_dtype dtype;
    trine_place place;
    int ndim;
    int64_t shape[TRINE_DIMS];
    uint64_t rows, columns, n, offset, local_n, row_offset, local_rows;
    trine_grid grid;
    void *data;
    size_t bytes;
    trine_executor *owner;
    trine_common_memory *common;
    bool read_only;
    atomic_bool writable;
};

/* Byte `offset` of this rank's elements; NULL where it has none. */
static inline char *trine_array_at(const trine_array *array, size_t offset)
{
    return array->data ? (char *)array->data + offset : NULL;
}

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

/* An array's memory: made by its executor, or given by whoever asks for the array, who sets data.
 */
typedef enum trine_array_memory { TRINE_MEMORY_NEW, TRINE_MEMORY_GIVEN } trine_array_memory;

/* Makes every array, without agreeing on it with other ranks. */
trine_status trine_array_make(trine_team *team, trine_dtype dtype, int ndim, const int64_t shape[],
                              trine_place place, trine_array_memory memory, trine_array **made);

/* A number for calls in which all ranks give the same shape: without its first axis where ranks
 * bring blocks of their own. */
uint64_t trine_shape_number(uint64_t seed, int ndim, const int64_t shape[], bool own_blocks);

/* Elements of that shape; 1 for no axes. */
uint64_t trine_shape_elements(int ndim, const int64_t shape[]);

/* Whether elements of that shape have addresses, counting no axis of 0. ARGUMENT. */
trine_status trine_shape_check(trine_dtype dtype, int ndim, const int64_t shape[]);

/* "3 x 4", as a detail shows it; "1" for no axes. */
enum { TRINE_SHAPE_TEXT = 96 };
const char *trine_shape_text(int ndim, const int64_t shape[], char text[TRINE_SHAPE_TEXT]);

/* An axis as numpy counts it, -ndim .. ndim - 1, from the last one back where it is negative:
 * *axis becomes 0 .. ndim - 1. ARGUMENT. */
trine_status trine_axis_check(const char *call, int ndim, int *axis);

#endif
