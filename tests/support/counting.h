/* counting.h - a reducer of the tests' own that counts the elements of f64; what it does besides is
 * in their accumulate and finish. */
#ifndef TRINE_TESTS_COUNTING_H
#define TRINE_TESTS_COUNTING_H

#include <string.h>

#include <trine/trine.h>

static inline void counting_init(void *state, const void *param)
{
    (void)param;
    *(uint64_t *)state = 0;
}

static inline void counting_merge(void *left, const void *right, const void *param)
{
    (void)param;
    *(uint64_t *)left += *(const uint64_t *)right;
}

static inline trine_status counting_finish(void *result, const void *state, const void *param)
{
    (void)param;
    memcpy(result, state, sizeof(uint64_t));
    return TRINE_OK;
}

#define COUNTING(ACCUMULATE, FINISH)                                                               \
    {                                                                                              \
        TRINE_INIT(trine_reducer), .name = "counting", .nin = 1, .in = {TRINE_F64},                \
                                   .out = TRINE_U64, .state_size = sizeof(uint64_t),               \
                                   .result_size = sizeof(uint64_t), .init = counting_init,         \
                                   .accumulate = ACCUMULATE, .merge = counting_merge,              \
                                   .finish = FINISH                                                \
    }

#endif
