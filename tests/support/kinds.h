/* kinds.h - the tasks that the tests run. */
#ifndef TRINE_TESTS_KINDS_H
#define TRINE_TESTS_KINDS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <trine/trine.h>

#include "mix.h"

/* A build without OpenMP has no threads to test. */
static inline bool is_built(const char *spec)
{
    return strncmp(spec, "omp", 3) != 0 || strstr(trine_version(), ", omp");
}

enum { WORDS_MOST = 32 };

/* A result of as many words as the item says: mix of (item, position). */
static inline trine_status words_run(trine_task *task)
{
    uint64_t item;
    memcpy(&item, task->item, sizeof item);
    size_t words = mix(item) % (WORDS_MOST + 1);
    uint64_t *out = trine_task_result(task, words * sizeof *out);
    if (!out)
        return trine_task_refused(task);
    for (size_t i = 0; i < words; i++)
        out[i] = mix(item ^ (i << 32));
    return TRINE_OK;
}

static const trine_task_kind words_kind = {.name = "words",
                                           .run = words_run,
                                           .item_max = sizeof(uint64_t),
                                           .result_max = WORDS_MOST * sizeof(uint64_t)};

/* Gives its item back. */
static inline trine_status echo_run(trine_task *task)
{
    void *out = trine_task_result(task, task->item_size);
    if (!out)
        return trine_task_refused(task);
    memcpy(out, task->item, task->item_size);
    return TRINE_OK;
}

static const trine_task_kind echo_kind = {
    .name = "echo", .run = echo_run, .item_max = sizeof(uint64_t), .result_max = sizeof(uint64_t)};

/* A source of the numbers from 0 to n. */
typedef struct numbers {
    uint64_t next, n;
} numbers;

static inline bool next_number(void *context, void *item, size_t *size)
{
    numbers *numbers = context;
    if (numbers->next == numbers->n)
        return false;
    memcpy(item, &numbers->next, sizeof numbers->next);
    numbers->next++;
    *size = sizeof numbers->next;
    return true;
}

#endif
