/* drivers/harness/data/transport_bench.h - data of rank 0 brought to the workers of a team by a
 * transport, for drivers whose subject that is.
 *
 * A transport bench is one queue on a team. Its items ask a worker for some bytes of the data, or
 * for a look: every worker at the same time reads all that it was brought and says which bits they
 * are and what memory it has then.
 */
#ifndef TRINE_HARNESS_TRANSPORT_BENCH_H
#define TRINE_HARNESS_TRANSPORT_BENCH_H

#include "drivers/harness/harness.h"

enum { TRANSPORT_BENCH_SLOTS = 64 };

/* What one worker says. digest: of the bits that it was brought. Memory in bytes: resident, its
 * share of what is resident, what it has alone. */
typedef struct transport_bench_look {
    uint64_t digest;
    double rss, pss, uss;
    int64_t pid;
    int32_t rank, worker;
} transport_bench_look;

/* The data, on rank 0 only: `size` bytes at `data`, words of 64 bits. array: what holds them.
 * meeting: where workers wait for each other; NULL on several ranks. each_item: the data are
 * brought with each item. most: the longest result, in bytes. */
typedef struct transport_bench {
    trine_team *team;
    trine_transport transport;
    trine_array *array, *meeting;
    unsigned char *data;
    size_t size, most;
    bool each_item;
} transport_bench;

/* Makes an array of so many elements of that type, generated from the seed, on rank 0: in shared
 * memory or the caller's own. Collective. */
trine_status transport_bench_begin(transport_bench *j, harness_job *job, trine_dtype dtype,
                                   uint64_t n, bool shared);

void transport_bench_end(transport_bench *j);

/* A queue that brings the data. chunk: items of one dispatch, 0: chosen. Collective. */
trine_status transport_bench_open(const transport_bench *j, harness_job *job, uint64_t chunk,
                                  trine_task_queue **queue);

/* Items i < n, each of which asks for bytes[2 i + 1] bytes from byte bytes[2 i] on; every result is
 * compared with the data, bit by bit, and *wrong counts those that differ. Rank 0 only. */
trine_status transport_bench_items(const transport_bench *j, trine_task_queue *queue,
                                   const uint64_t bytes[], uint64_t n, uint64_t *wrong);

/* Every worker reads all its data and says what it has, after it has written zeros to the first
 * `zeroed` bytes (0: none). look: by slot, *looks of them. The queue's chunk is 1. Rank 0 only. */
trine_status transport_bench_look_at(const transport_bench *j, trine_task_queue *queue,
                                     uint64_t zeroed,
                                     transport_bench_look look[TRANSPORT_BENCH_SLOTS], int *looks);

/* The sum of each rank's number, on all ranks. Collective. */
trine_status transport_bench_sum(trine_team *team, uint64_t *number);

/* The digest of the words at data, the first `zeroed` bytes taken as zeros. */
uint64_t transport_bench_digest(const void *data, size_t size, size_t zeroed);

#endif
