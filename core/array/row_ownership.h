/* core/array/row_ownership.h - which rank holds which rows of a matrix, and moving rows from one
 * such ownership to another. */
#ifndef TRINE_CORE_ROW_OWNERSHIP_H
#define TRINE_CORE_ROW_OWNERSHIP_H

#include "core/array/array.h"

/* Rows of a matrix as the ranks hold them: rank r those of numbers [first[r], first[r + 1]). data:
 * this rank's rows, `stride` bytes from one to the next. */
typedef struct trine_row_ownership {
    uint64_t *first;
    char *data;
    size_t stride;
} trine_row_ownership;

/* The ownership ranges of an array: first[ranks + 1] is filled in. One that is not DISTRIBUTED lies
 * on one rank. */
void trine_row_ownership_of_array(const trine_array *array, uint64_t *first);

/* Whether two ownerships are the same on all ranks. */
bool trine_row_ownership_alike(const trine_team *team, const uint64_t *first,
                               const uint64_t *other);

/* Moves row_bytes of each row from one rank to another; the memories do not overlap. call and
 * status as in core/backend/communicator.h. Collective. */
trine_status trine_row_ownership_move(trine_team *team, const trine_row_ownership *from,
                                      const trine_row_ownership *to, size_t row_bytes,
                                      uint64_t call, trine_status status);

/* Copies rows from one memory to another that does not overlap it. */
void trine_row_ownership_copy(void *to, size_t to_stride, const void *from, size_t from_stride,
                              uint64_t rows, size_t row_bytes);

#endif
