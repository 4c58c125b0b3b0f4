/* drivers/lessons/etl/work.h - the two ways to have the files processed by tasks: their paths
 * passed, or their samples. */
#ifndef TRINE_ETL_WORK_H
#define TRINE_ETL_WORK_H

#include "drivers/lessons/etl/list.h"
#include "drivers/lessons/etl/noise.h"
#include "drivers/harness/harness.h"

/* Bytes of samples that are read, computed and written in one go: they stay in a core's cache. */
enum { BLOCK_BYTES = 1 << 18 };

/* What all items share. */
typedef struct etl_param {
    noise_settings noise;
    bool sync;
} etl_param;

/* One run over all files, of rank 0's; the others have an empty list. failed: files; errors:
 * those of them that could not be read or written. */
typedef struct etl_work {
    etl_list list;
    etl_param param;
    uint64_t failed, errors;
} etl_work;

/* Says so, once for each file, and counts it. status: TRINE_E_IO when the file could not be read or
 * written. */
void work_fail(etl_work *work, size_t file, trine_status status, const char *text);

/* Processes the list's files; those that cannot be are counted and said, the others are written.
 * The status is of the run as a whole. Collective. */
trine_status work_by_path(harness_job *job, etl_work *work);
trine_status work_by_samples(harness_job *job, etl_work *work);

#endif
