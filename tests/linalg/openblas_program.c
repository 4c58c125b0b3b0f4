/* openblas_program.c - a program that is linked to OpenBLAS itself, and has it use two threads,
 * gets trine's products on one thread and its own number of threads back. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "core/linalg/blas.h"
#include "surroundings.h"

/* OpenBLAS's own; not in every cblas.h. */
char *openblas_get_corename(void);
int openblas_get_num_threads(void);
int openblas_get_parallel(void);
void openblas_set_num_threads(int threads);

enum { SIDE = 256, CALLS = 20, CALLERS = 4, LONG = 1000 };

static const double *factor;
static atomic_int finished, failures;

/* Watches the library's number of threads from within the time that a team's threads call it. */
static void *call_often(void *argument)
{
    double *c = argument;
    for (int i = 0; i < CALLS; i++)
        if (trine_blas_gemm_f64(SIDE, SIDE, SIDE, 1, factor, SIDE, factor, SIDE, 0, c, SIDE))
            failures++;
    finished++;
    return NULL;
}

static void the_program_s_library_is_used_and_told_of(void)
{
    char core[64];
    CU_ASSERT_EQUAL(trine_blas_open(), TRINE_OK);
    snprintf(core, sizeof core, " %s", openblas_get_corename());
    CU_ASSERT_PTR_NOT_NULL_FATAL(trine_blas_name());
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_blas_name(), core));
    CU_ASSERT_PTR_NOT_NULL_FATAL(trine_blas_note());
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_blas_note(), "loaded it, with 2 threads"));
    bool narrow =
        (cpu_has_avx2() && strcmp(core, " Prescott") == 0) ||
        (cpu_has_avx512() && (strcmp(core, " Haswell") == 0 || strcmp(core, " Zen") == 0));
    CU_ASSERT_EQUAL(strstr(trine_blas_note(), "export OPENBLAS_CORETYPE=") != NULL, narrow);
    CU_ASSERT_EQUAL(openblas_get_num_threads(), 2);
}

static void one_caller_gets_one_thread_and_gives_two_back(void)
{
    int threads = threads_of_process();
    double *c = malloc(SIDE * SIDE * sizeof *c);
    call_often(c);
    CU_ASSERT_EQUAL(failures, 0);
    CU_ASSERT_EQUAL(openblas_get_num_threads(), 2);
    CU_ASSERT_TRUE(threads_come_down_to(threads));
    free(c);
}

static void callers_at_once_get_one_thread_each_and_give_two_back(void)
{
    pthread_t team[CALLERS];
    double *c[CALLERS + 1];
    int threads = threads_of_process(), least = 2, most = 0;
    finished = 0;
    for (int i = 0; i <= CALLERS; i++)
        c[i] = malloc(SIDE * SIDE * sizeof *c[i]);
    for (int i = 0; i < CALLERS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&team[i], NULL, call_often, c[i]), 0);
    do {
        int now = openblas_get_num_threads();
        int running = threads_of_process();
        least = now < least ? now : least;
        most = running > most ? running : most;
    } while (finished < CALLERS);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(team[i], NULL);
    /* Made with OpenMP, it has a number for each thread. */
    if (openblas_get_parallel() == 1)
        CU_ASSERT_EQUAL(least, 1);
    CU_ASSERT_TRUE(most <= threads + CALLERS);
    CU_ASSERT_EQUAL(failures, 0);
    CU_ASSERT_EQUAL(openblas_get_num_threads(), 2);
    CU_ASSERT_TRUE(threads_come_down_to(threads));
    openblas_set_num_threads(1);
    call_often(c[CALLERS]);
    CU_ASSERT_EQUAL(openblas_get_num_threads(), 1);
    openblas_set_num_threads(2);
    for (int i = 0; i <= CALLERS; i++) {
        CU_ASSERT_EQUAL(memcmp(c[i], c[CALLERS], SIDE * SIDE * sizeof *c[i]), 0);
    }
    for (int i = 0; i <= CALLERS; i++)
        free(c[i]);
}

/* A product that takes long beside others. */
static void *call_long(void *argument)
{
    double *c = argument;
    if (trine_blas_gemm_f64(LONG, LONG, LONG, 1, c, LONG, c, LONG, 0, c + LONG * LONG, LONG))
        failures++;
    finished++;
    return NULL;
}

static void a_caller_that_leaves_takes_nothing_from_those_who_stay(void)
{
    pthread_t caller;
    double *c = random_doubles(2 * LONG * LONG, 9), small[4] = {1, 2, 3, 4}, product[4];
    finished = 0;
    CU_ASSERT_EQUAL(openblas_get_num_threads(), 2);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&caller, NULL, call_long, c), 0);
    while (!finished && openblas_get_parallel() == 1 && openblas_get_num_threads() != 1)
        sched_yield();
    CU_ASSERT_EQUAL(trine_blas_gemm_f64(2, 2, 2, 1, small, 2, small, 2, 0, product, 2), TRINE_OK);
    int threads = openblas_get_num_threads();
    if (!finished && openblas_get_parallel() == 1)
        CU_ASSERT_EQUAL(threads, 1);
    pthread_join(caller, NULL);
    CU_ASSERT_EQUAL(openblas_get_num_threads(), 2);
    CU_ASSERT_EQUAL(failures, 0);
    free(c);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"the program's library is used and told of", the_program_s_library_is_used_and_told_of},
        {"one caller gets one thread and gives two back",
         one_caller_gets_one_thread_and_gives_two_back},
        {"callers at once get one thread each and give two back",
         callers_at_once_get_one_thread_each_and_give_two_back},
        {"a caller that leaves takes nothing from those who stay",
         a_caller_that_leaves_takes_nothing_from_those_who_stay},
        CU_TEST_INFO_NULL,
    };
    openblas_set_num_threads(2);
    if (openblas_get_num_threads() != 2) {
        fprintf(stderr, "this OpenBLAS has one thread alone\n");
        return 77;
    }
    factor = random_doubles(SIDE * SIDE, 7);
    return trine_check_main("program", tests);
}
