/* core/array/redistribute.c - who sends whom what: what two cuts have in common. */
#include "core/array/redistribute.h"

#include <stdlib.h>

#include "core/system/error.h"
#include "core/partition/share.h"

enum { HELD_FIRST, HELD_N, WANTED_FIRST, WANTED_N, NUMBERS };

/* The part of a piece that lies in [first, first + n). */
static trine_part common(trine_piece piece, uint64_t first, uint64_t n, size_t item)
{
    trine_range both = trine_range_common((trine_range){piece.offset, piece.offset + piece.n},
                                          (trine_range){first, first + n});
    size_t bytes = (size_t)(both.end - both.first) * item;
    return (trine_part){bytes ? (char *)piece.data + (both.first - piece.offset) * item : NULL,
                        bytes};
}

trine_status trine_redistribute(trine_team *team, size_t item, trine_piece held, trine_piece wanted,
                                uint64_t call, trine_status status)
{
    trine_communicator *communicator = &team->communicator;
    size_t size = (size_t)communicator->size;
    const uint64_t own[NUMBERS] = {held.offset, held.n, wanted.offset, wanted.n};
    uint64_t *all = calloc(size * NUMBERS, sizeof *all);
    trine_part *parts = calloc(2 * size, sizeof *parts);
    if (!status && (!all || !parts))
        status = trine_fail(TRINE_E_MEMORY, "no memory for the pieces of %zu ranks", size);
    status = communicator->ops->gather(communicator, own, NUMBERS, all, call, status);
    if (!status && all && parts) {
        for (size_t r = 0; r < size; r++) {
            const uint64_t *theirs = all + r * NUMBERS;
            parts[r] = common(held, theirs[WANTED_FIRST], theirs[WANTED_N], item);
            parts[size + r] = common(wanted, theirs[HELD_FIRST], theirs[HELD_N], item);
        }
        status = communicator->ops->exchange(communicator, parts, parts + size, call, status);
    }
    free(all);
    free(parts);
    return status;
}
