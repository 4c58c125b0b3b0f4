/* core/array/row_ownership.c - moving rows from one ownership to another: what lies apart is
 * packed, exchanged, and unpacked.
 */
#include "core/array/row_ownership.h"

#include <stdlib.h>
#include <string.h>

#include "core/system/error.h"
#include "core/partition/share.h"

void trine_row_ownership_of_array(const trine_array *array, uint64_t *first)
{
    int ranks = array->team->communicator.size;
    uint64_t local;
    trine_grid rows = trine_grid_of_rows(array->rows, array->columns);
    for (int r = 0; r < ranks; r++)
        trine_grid_block(&rows, r, ranks, &first[r], &local);
    first[ranks] = array->rows;
}

bool trine_row_ownership_alike(const trine_team *team, const uint64_t *first, const uint64_t *other)
{
    return memcmp(first, other, ((size_t)team->communicator.size + 1) * sizeof *first) == 0;
}

void trine_row_ownership_copy(void *to, size_t to_stride, const void *from, size_t from_stride,
                              uint64_t rows, size_t row_bytes)
{
    if (to_stride == row_bytes && from_stride == row_bytes) {
        if (rows > 0)
            memcpy(to, from, (size_t)rows * row_bytes);
        return;
    }
    for (uint64_t i = 0; i < rows; i++)
        memcpy((char *)to + i * to_stride, (const char *)from + i * from_stride, row_bytes);
}

/* The rows that both [first[0], first[1]) and [other[0], other[1]) have; data is row first[0]. */
static trine_part common(const uint64_t *first, const uint64_t *other, char *data, size_t row_bytes)
{
    trine_range rows =
        trine_range_common((trine_range){first[0], first[1]}, (trine_range){other[0], other[1]});
    size_t bytes = (size_t)(rows.end - rows.first) * row_bytes;
    return (trine_part){bytes ? data + (rows.first - first[0]) * row_bytes : NULL, bytes};
}

/* Where this rank's rows are, or will be, without gaps: their own memory, or new memory, which
 * comes to *made. NULL when there is none, or no rows. */
static char *without_gaps(const trine_row_ownership *rows, uint64_t count, size_t row_bytes,
                          char **made)
{
    *made = NULL;
    if (rows->stride == row_bytes || count == 0)
        return rows->data;
    return *made = malloc((size_t)count * row_bytes);
}

trine_status trine_row_ownership_move(trine_team *team, const trine_row_ownership *from,
                                      const trine_row_ownership *to, size_t row_bytes,
                                      uint64_t call, trine_status status)
{
    trine_communicator *communicator = &team->communicator;
    int ranks = communicator->size, own = communicator->rank;
    uint64_t leaving = from->first[own + 1] - from->first[own];
    uint64_t coming = to->first[own + 1] - to->first[own];
    char *packed, *arrived;
    char *source = without_gaps(from, leaving, row_bytes, &packed);
    char *target = without_gaps(to, coming, row_bytes, &arrived);
    trine_part *parts = calloc(2 * (size_t)ranks, sizeof *parts);
    if (!status && (!parts || (leaving && !source) || (coming && !target)))
        status = trine_fail(TRINE_E_MEMORY, "no memory to move %llu rows of %zu bytes to %llu",
                            (unsigned long long)leaving, row_bytes, (unsigned long long)coming);
    if (!status && packed)
        trine_row_ownership_copy(packed, row_bytes, from->data, from->stride, leaving, row_bytes);
    for (int r = 0; r < ranks && parts && !status; r++) {
        parts[r] = common(from->first + own, to->first + r, source, row_bytes);
        parts[ranks + r] = common(to->first + own, from->first + r, target, row_bytes);
    }
    status = communicator->ops->exchange(communicator, parts, parts ? parts + ranks : NULL, call,
                                         status);
    if (!status && arrived)
        trine_row_ownership_copy(to->data, to->stride, arrived, row_bytes, coming, row_bytes);
    if (!status)
        team->ledger.moved += (int64_t)(leaving * row_bytes);
    free(parts);
    free(packed);
    free(arrived);
    return status;
}
