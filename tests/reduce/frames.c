/* frames.c - how deep a kernel is called: at most so many functions from the public one on, on the
 * thread that calls it. Functions that are inlined do not count, so the bound holds of every build.
 */
#include <stdint.h>
#include <unwind.h>

#include <trine/trine.h>

#include "check.h"

/* From the public function to that which calls the kernel. */
enum { MAX_FUNCTIONS = 8 };

/* Of the thread that calls: where the frame of the caller of the public function ends, and the most
 * frames seen below that. Other threads count nothing. */
static _Thread_local uintptr_t end;
static _Thread_local int most;

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *count)
{
    if ((uintptr_t)_Unwind_GetCFA(context) >= end)
        return _URC_END_OF_STACK;
    ++*(int *)count;
    return _URC_NO_REASON;
}

static void clear(void *state, const void *param)
{
    (void)param;
    *(int64_t *)state = 0;
}

static void accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    int frames = 0;
    (void)param;
    (void)_Unwind_Backtrace(count_frame, &frames);
    /* Neither this function nor the one that calls the public one. */
    most = frames - 2 > most ? frames - 2 : most;
    *(int64_t *)state += chunk->n;
}

static void merge(void *left, const void *right, const void *param)
{
    (void)param;
    *(int64_t *)left += *(const int64_t *)right;
}

static trine_status finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(int64_t *)result = *(const int64_t *)state;
    return TRINE_OK;
}

static __attribute__((noinline)) trine_status call(const trine_reducer *reducer,
                                                   const trine_array *x, int64_t *n)
{
    const trine_array *in[] = {x};
    end = (uintptr_t)__builtin_dwarf_cfa();
    most = 0;
    trine_status status = trine_reduce(reducer, in, NULL, n);
    return status ? status : *n == trine_array_n(x) ? TRINE_OK : TRINE_E_ARGUMENT;
}

static void count_on(const char *spec, unsigned flags)
{
    enum { N = 20 * TRINE_CHUNK };
    const trine_reducer reducer = {TRINE_INIT(trine_reducer),
                                   .name = "frames",
                                   .nin = 1,
                                   .in = {TRINE_F64},
                                   .out = TRINE_U64,
                                   .state_size = sizeof(int64_t),
                                   .result_size = sizeof(int64_t),
                                   .flags = flags,
                                   .init = clear,
                                   .accumulate = accumulate,
                                   .merge = merge,
                                   .finish = finish};
    trine_team *team;
    trine_array *x;
    int64_t n = 0;
    trine_status status = trine_team_open(spec, &team);
    if (status == TRINE_E_ABSENT)
        return;
    CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &x), TRINE_OK);
    CU_ASSERT_EQUAL(call(&reducer, x, &n), TRINE_OK);
    CU_ASSERT_TRUE(most > 0 && most <= MAX_FUNCTIONS);
    trine_array_free(x);
    CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
}

static void a_kernel_is_called_through_few_functions(void)
{
    static const char *const specs[] = {"serial", "omp:2", "pool:2"};
    for (int i = 0; i < 3; i++) {
        count_on(specs[i], 0);
        count_on(specs[i], TRINE_ORDER_FREE | TRINE_POSITION_FREE);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"a kernel is called through few functions", a_kernel_is_called_through_few_functions},
        CU_TEST_INFO_NULL,
    };
    if (trine_init())
        return 1;
    return trine_check_main("frames", tests);
}
