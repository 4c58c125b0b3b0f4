/* shared.h - many small steps of all workers of a team over one page that they share. */
#ifndef TRINE_TESTS_SYNC_SHARED_H
#define TRINE_TESTS_SYNC_SHARED_H

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <trine/trine.h>

#include "check.h"

/* Steps of a chunk: enough for workers to meet at those that take nanoseconds. */
enum { STEPS = 500, QUICK_STEPS = 200000, CHUNKS = 48 };

/* In an array of the team. wrong: what broke a promise, counted by any worker. */
typedef struct shared_page {
    trine_lock *lock;
    pid_t caller;
    volatile int64_t count, inside, deaths_left;
    int64_t i64, wrong, recovered;
    uint64_t u64, workers, arrived;
    double f64;
    uint8_t seen[QUICK_STEPS * CHUNKS];
} shared_page;

typedef struct shared_param {
    shared_page *page;
    void (*step)(shared_page *page);
    int steps;
} shared_param;

static inline void shared_init(void *state, const void *param)
{
    (void)param;
    *(uint64_t *)state = 0;
}

/* Waits until every worker is at a chunk, so that they step at once; at most a second. */
static inline void meet(shared_page *page)
{
    trine_atomic_add_u64(&page->arrived, 1);
    for (int i = 0; i < 20000 && trine_atomic_add_u64(&page->arrived, 0) < page->workers; i++)
        usleep(50);
}

static inline void shared_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const shared_param *p = param;
    (void)chunk;
    meet(p->page);
    for (int i = 0; i < p->steps; i++)
        p->step(p->page);
    ++*(uint64_t *)state;
}

static inline void shared_merge(void *left, const void *right, const void *param)
{
    (void)param;
    *(uint64_t *)left += *(const uint64_t *)right;
}

static inline trine_status shared_finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(uint64_t *)result = *(const uint64_t *)state;
    return TRINE_OK;
}

/* CHUNKS times so many steps by all workers. */
static inline void make_steps(trine_team *team, shared_page *page, void (*step)(shared_page *page),
                              int steps)
{
    static const trine_reducer reducer = {TRINE_INIT(trine_reducer),
                                          .name = "steps",
                                          .nin = 1,
                                          .in = {TRINE_U8},
                                          .out = TRINE_U64,
                                          .param_size = sizeof(shared_param),
                                          .state_size = sizeof(uint64_t),
                                          .result_size = sizeof(uint64_t),
                                          .init = shared_init,
                                          .accumulate = shared_accumulate,
                                          .merge = shared_merge,
                                          .finish = shared_finish};
    const shared_param param = {page, step, steps};
    trine_array *x;
    uint64_t chunks = 0;
    CU_ASSERT_EQUAL_FATAL(
        trine_array_create(team, TRINE_U8, CHUNKS * TRINE_CHUNK, TRINE_SHARED, &x), TRINE_OK);
    trine_team_set_schedule(team, TRINE_DYNAMIC);
    CU_ASSERT_EQUAL(trine_reduce(&reducer, (const trine_array *[]){x}, &param, &chunks), TRINE_OK);
    CU_ASSERT_EQUAL(chunks, CHUNKS);
    trine_array_free(x);
}

static inline trine_team *open_page(const char *spec, trine_array **array, shared_page **page)
{
    trine_team *team;
    CU_ASSERT_EQUAL_FATAL(trine_team_open(spec, &team), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(
        trine_array_create(team, TRINE_U8, sizeof(shared_page), TRINE_SHARED, array), TRINE_OK);
    *page = trine_array_data(*array);
    CU_ASSERT_EQUAL_FATAL(trine_lock_create(team, &(*page)->lock), TRINE_OK);
    (*page)->caller = getpid();
    (*page)->workers = (uint64_t)trine_team_workers(team);
    return team;
}

static inline void close_page(trine_team *team, trine_array *array, shared_page *page)
{
    trine_lock_free(page->lock);
    trine_array_free(array);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

#endif
