/* kernels/reduce/modes.h - what the families of sums share: the partials of their modes, the
 * functions that take a chunk in, and the lines of their tables.
 *
 * A partial KIND has KIND_state_size, KIND_work_size, KIND_flags, KIND_init, KIND_merge,
 * KIND_work_init and KIND_work_flush; those of fast and compensated sums are here.
 */
#ifndef TRINE_KERNELS_MODES_H
#define TRINE_KERNELS_MODES_H

#include "kernels/exact/exact_body.h"
#include "kernels/reduce/lane_sums.h"

enum {
    fast_state_size = sizeof(fast_state),
    compensated_state_size = sizeof(compensated_state),
    fast_work_size = 0,
    compensated_work_size = 0,
    exact_work_size = sizeof(exact_work),
    fast_flags = TRINE_POSITION_FREE,
    compensated_flags = TRINE_POSITION_FREE,
    exact_flags = TRINE_ORDER_FREE | TRINE_POSITION_FREE,
    f64_size = sizeof(double),
    f32_size = sizeof(float),
    i64_size = sizeof(int64_t),
    u64_size = sizeof(uint64_t)
};

#define fast_work_init NULL
#define fast_work_flush NULL
#define compensated_work_init NULL
#define compensated_work_flush NULL

static inline void fast_init(void *state, const void *param)
{
    (void)param;
    *(fast_state *)state = (fast_state){-0.0, 0};
}

static inline void fast_merge(void *left, const void *right, const void *param)
{
    (void)param;
    fast_add(left, *(const fast_state *)right);
}

static inline void compensated_init(void *state, const void *param)
{
    (void)param;
    *(compensated_state *)state = (compensated_state){-0.0, 0, 0, 0};
}

static inline void compensated_merge(void *left, const void *right, const void *param)
{
    (void)param;
    compensated_add(left, *(const compensated_state *)right);
}

static inline void exact_work_init(void *work, const void *param)
{
    (void)param;
    exact_work_clear(work);
}

/* MODE_operation_f64 and MODE_operation_f32, which take in the terms of that form. */
#define TRINE_ACCUMULATE(mode, operation, suffix, action)                                          \
    static void mode##_##operation##_##suffix(void *state, const trine_chunk *chunk,               \
                                              const void *param)                                   \
    {                                                                                              \
        (void)param;                                                                               \
        action;                                                                                    \
    }

#define TRINE_ACCUMULATE_FAST(operation, suffix, single, form)                                     \
    TRINE_ACCUMULATE(fast, operation, suffix,                                                      \
                     fast_add(state, fast_sum(elements_of(chunk, single, form))))

#define TRINE_ACCUMULATE_COMPENSATED(operation, suffix, single, form)                              \
    TRINE_ACCUMULATE(compensated, operation, suffix,                                               \
                     compensated_add(state, compensated_chunk(elements_of(chunk, single, form))))

#define TRINE_ACCUMULATE_EXACT(operation, suffix, single, form)                                    \
    TRINE_ACCUMULATE(exact, operation, suffix,                                                     \
                     exact_work_add(state, elements_of(chunk, single, form)))

#define TRINE_ACCUMULATE_MODES(operation, form)                                                    \
    TRINE_ACCUMULATE_FAST(operation, f64, false, form)                                             \
    TRINE_ACCUMULATE_FAST(operation, f32, true, form)                                              \
    TRINE_ACCUMULATE_COMPENSATED(operation, f64, false, form)                                      \
    TRINE_ACCUMULATE_COMPENSATED(operation, f32, true, form)                                       \
    TRINE_ACCUMULATE_EXACT(operation, f64, false, form)                                            \
    TRINE_ACCUMULATE_EXACT(operation, f32, true, form)

/* A finish in float, of one that gives the double `value`. */
#define TRINE_FINISH_F32(name, finish)                                                             \
    static trine_status name(void *result, const void *state, const void *param)                   \
    {                                                                                              \
        double value = 0;                                                                          \
        (void)param;                                                                               \
        trine_status status = finish;                                                              \
        if (!status)                                                                               \
            *(float *)result = (float)value;                                                       \
        return status;                                                                             \
    }

/* One line of a family's table. */
#define TRINE_REDUCER(NAME, KIND, ACCUMULATE, FINISH, NIN, IN, OUT, out_suffix)                    \
    {TRINE_INIT(trine_reducer),                                                                    \
     .name = NAME,                                                                                 \
     .nin = NIN,                                                                                   \
     .in = {IN, (NIN) > 1 ? IN : TRINE_DTYPE_NONE},                                                \
     .out = OUT,                                                                                   \
     .state_size = KIND##_state_size,                                                              \
     .result_size = out_suffix##_size,                                                             \
     .flags = KIND##_flags,                                                                        \
     .init = KIND##_init,                                                                          \
     .accumulate = ACCUMULATE,                                                                     \
     .merge = KIND##_merge,                                                                        \
     .finish = FINISH,                                                                             \
     .work_size = KIND##_work_size,                                                                \
     .work_init = KIND##_work_init,                                                                \
     .work_flush = KIND##_work_flush},

#endif
