/* limits.c - where the system has no thread left, opening a team says so, with the name of the
 * limit, and does not end the process; a team that is open goes on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "child.h"

enum { N = 1 << 17, THREADS = 16 };

/* Larger than what anything else here takes. */
static const size_t stack_bytes = (size_t)256 << 20;

/* Bytes of addresses that this process has. */
static size_t addresses(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    MUST(file && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void must_sum(trine_team *team)
{
    trine_array *x;
    double sum = -1;
    MUST(trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &x) == TRINE_OK);
    for (int i = 0; i < N; i++)
        ((double *)trine_array_data(x))[i] = i;
    MUST(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_OK);
    MUST(sum == 0.5 * N * (N - 1.0));
    trine_array_free(x);
}

static void must_be_refused(const char *spec, const char *why)
{
    trine_team *team = NULL;
    for (int i = 0; i < 3; i++) {
        MUST(trine_team_open(spec, &team) == TRINE_E_MEMORY && !team);
        MUST(strstr(trine_error_detail(), why) != NULL);
        MUST(strstr(trine_error_detail(), "cannot be started") != NULL);
    }
}

static void use_and_close(trine_team *team)
{
    must_sum(team);
    MUST(trine_team_close(team) == TRINE_OK);
}

static void few_addresses_body(void)
{
    trine_team *before = open_team("omp:2");
    limit(RLIMIT_AS, addresses() + 4 * stack_bytes);
    must_be_refused("omp:16", "ulimit -v");
    must_be_refused("omp:16", "OMP_STACKSIZE=262144");
    use_and_close(open_team("omp:2"));
    use_and_close(before);
}

/* More than any process has addresses. */
static void a_stack_of_any_size_body(void)
{
    must_be_refused("omp:2", "OMP_STACKSIZE=200000G");
}

static void a_small_stack_body(void)
{
    trine_team *team = NULL;
    MUST(trine_team_open("omp:3", &team) == TRINE_E_MEMORY && !team);
    MUST(strstr(trine_error_detail(), "OMP_STACKSIZE=64K") != NULL);
    MUST(strstr(trine_error_detail(), "at least 256 KiB") != NULL);
}

static void a_stack_that_is_large_enough_body(void)
{
    use_and_close(open_team("omp:3"));
}

/* A limit that counts the user's threads, who has none but these; root has none. */
static void few_threads_body(void)
{
    enum { NOBODY_ELSE = 61379 };
    trine_team *before = open_team("omp:2");
    if (geteuid() == 0)
        MUST(setgid(NOBODY_ELSE) == 0 && setuid(NOBODY_ELSE) == 0);
    bool alone = geteuid() == NOBODY_ELSE;
    limit(RLIMIT_NPROC, alone ? 16 : 1);
    must_be_refused("omp:32", "ulimit -u");
    for (int i = 0; alone && i < 20; i++)
        use_and_close(open_team("omp:4"));
    use_and_close(before);
}

/* Runtimes read it when they begin: this program begins anew with it. */
static int with_stack(const char *size, const char *test)
{
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("OMP_STACKSIZE", size, 1);
        alarm(100);
        execl("/proc/self/exe", "limits", test, (char *)NULL);
        _exit(1);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void few_addresses_are_a_named_error(void)
{
    CU_ASSERT_EQUAL(with_stack("262144", "addresses"), 0);
}

static void a_stack_of_any_size_is_a_named_error(void)
{
    CU_ASSERT_EQUAL(with_stack("200000G", "stack"), 0);
}

static void a_small_stack_is_a_named_error(void)
{
    CU_ASSERT_EQUAL(with_stack("64K", "small"), 0);
    CU_ASSERT_EQUAL(with_stack("256K", "enough"), 0);
}

static void few_threads_are_a_named_error(void)
{
    CU_ASSERT_EQUAL(with_stack("512K", "threads"), 0);
}

static int run(const char *test)
{
    if (strcmp(test, "addresses") == 0)
        few_addresses_body();
    else if (strcmp(test, "stack") == 0)
        a_stack_of_any_size_body();
    else if (strcmp(test, "small") == 0)
        a_small_stack_body();
    else if (strcmp(test, "enough") == 0)
        a_stack_that_is_large_enough_body();
    else
        few_threads_body();
    return 0;
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"few addresses are a named error", few_addresses_are_a_named_error},
        {"a stack of any size is a named error", a_stack_of_any_size_is_a_named_error},
        {"a small stack is a named error", a_small_stack_is_a_named_error},
        {"few threads are a named error", few_threads_are_a_named_error},
        CU_TEST_INFO_NULL,
    };
    return argc > 1 ? run(argv[1]) : trine_check_main("limits", tests);
}
