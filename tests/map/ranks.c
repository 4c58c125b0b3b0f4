/* ranks.c SPEC - what becomes of a map on one rank all ranks are told: a map of the program's that
 * throws there.
 *
 * What is thrown is what C++ throws, without C++: the unwinder's own exception.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

#include <trine/trine.h>

#include "check.h"
#include "expect.h"

enum { PATIENCE = 30, N = 5 * TRINE_CHUNK };

static trine_team *team;

static void end_exception(_Unwind_Reason_Code reason, struct _Unwind_Exception *exception)
{
    (void)reason;
    free(exception);
}

/* param: whether this rank's throws. */
static void double_or_throw(const trine_chunk *chunk, const void *param)
{
    const double *x = chunk->in[0];
    double *y = chunk->out[0];
    if (*(const bool *)param) {
        struct _Unwind_Exception *exception = calloc(1, sizeof *exception);
        exception->exception_class = UINT64_C(0x54524e5454455354);
        exception->exception_cleanup = end_exception;
        _Unwind_RaiseException(exception);
        abort();
    }
    for (int64_t i = 0; i < chunk->n; i++)
        y[i] = 2 * x[i];
}

static const trine_map doubling = {TRINE_INIT(trine_map),
                                   .name = "doubling",
                                   .nin = 1,
                                   .nout = 1,
                                   .in = {TRINE_F64},
                                   .out = {TRINE_F64},
                                   .param_size = sizeof(bool),
                                   .apply = double_or_throw};

static void a_throw_on_one_rank_is_told_all(void)
{
    int rank = trine_team_rank(team), last = trine_team_ranks(team) - 1;
    trine_array *x, *y;
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_F64, N, TRINE_DISTRIBUTED, &x), TRINE_OK);
    CU_ASSERT_EQUAL_FATAL(trine_array_create(team, TRINE_F64, N, TRINE_DISTRIBUTED, &y), TRINE_OK);
    for (int in_place = 0; in_place < 2; in_place++) {
        const trine_array *in[] = {x};
        trine_array *out[] = {in_place ? x : y};
        bool throws = rank == last;
        alarm(PATIENCE);
        expect(trine_apply(&doubling, in, &throws, out), TRINE_E_WORKER, "");
        throws = false;
        CU_ASSERT_EQUAL(trine_apply(&doubling, in, &throws, out), TRINE_OK);
        CU_ASSERT_EQUAL(trine_copy_f64(x, y), TRINE_OK);
    }
    trine_array_free(x);
    trine_array_free(y);
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"a throw on one rank is told all", a_throw_on_one_rank_is_told_all},
        CU_TEST_INFO_NULL,
    };
    trine_init();
    if (trine_team_open(argc > 1 ? argv[1] : "mpi", &team))
        return 1;
    int status = trine_check_main("ranks", tests);
    return trine_team_close(team) || status;
}
