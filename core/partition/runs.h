/* core/partition/runs.h - cutting a rank's chunks into the runs of a job. */
#ifndef TRINE_CORE_RUNS_H
#define TRINE_CORE_RUNS_H

#include "core/partition/tree.h"

/* Runs of chunks [first, end), in order. Ordered runs are subtrees of the canonical tree: growing
 * ones at the left edge up to 2^level chunks, whole ones, then (where the range stops before the
 * last chunk of all) shrinking ones. Free runs are equal shares. Plain bytes. */
typedef struct trine_runs {
    uint64_t first, end;
    size_t count;
    bool ordered;
    int level;
    size_t left, whole;
    uint64_t whole_first, right_first;
} trine_runs;

/* One run: chunks [first, first + chunks), which is the subtree `node` when the runs are ordered.
 */
typedef struct trine_run {
    uint64_t first, chunks;
    trine_node node;
} trine_run;

/* Cuts chunks [first, end) of `total` for that many workers. */
trine_runs trine_runs_cut(uint64_t first, uint64_t end, uint64_t total, int workers, bool ordered,
                          bool dynamic);

/* Run i < runs->count. */
trine_run trine_runs_get(const trine_runs *runs, size_t i);

#endif
