/* without_proc.c - pools in a process that has no /proc: they open where there is one thread, and
 * are refused beside others, also where a sandbox lets nobody find out. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "backends/executors/pool/pool.h"
#include "child.h"

/* Mounts an empty folder over it, for this process and those that it starts. */
static bool hide_proc(void)
{
    return (unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", "/proc", "tmpfs", 0, NULL) == 0;
}

/* unshare() fails from here on. */
static void forbid_unshare(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void must_work(const char *spec)
{
    trine_team *team = open_team(spec);
    trine_array *x;
    double sum;
    MUST(trine_array_create(team, TRINE_F64, 1000, TRINE_SHARED, &x) == TRINE_OK);
    MUST(trine_iota_f64(0, 1, x) == TRINE_OK);
    MUST(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_OK);
    MUST(sum == 999 * 500);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}

static void *sleep_long(void *data)
{
    sleep(1000);
    return data;
}

static void *end_at_once(void *data)
{
    return data;
}

static void begin_thread(void)
{
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, sleep_long, NULL) == 0);
}

static void must_be_refused(const char *words)
{
    trine_team *team = NULL;
    MUST(trine_team_open("pool:2", &team) == TRINE_E_THREADS);
    MUST(strstr(trine_error_detail(), words) != NULL);
    MUST(team == NULL);
}

static void a_pool_opens_in_one_thread_body(void)
{
    must_work("pool:2");
}
IN_CHILD(NULL, a_pool_opens_in_one_thread)

static void a_thread_that_was_joined_is_none_body(void)
{
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, end_at_once, NULL) == 0);
        pthread_join(thread, NULL);
        must_work("pool:2");
        trine_finalize();
    }
}
IN_CHILD(NULL, a_thread_that_was_joined_is_none)

static void a_pool_beside_a_thread_is_refused_body(void)
{
    begin_thread();
    must_be_refused("at least 2 threads");
    MUST(strstr(trine_error_detail(), "trine_init() first thing in main") != NULL);
}
IN_CHILD(NULL, a_pool_beside_a_thread_is_refused)

static void a_fork_server_makes_it_possible_body(void)
{
    MUST(trine_init() == TRINE_OK);
    begin_thread();
    must_work("pool:2");
}
IN_CHILD(NULL, a_fork_server_makes_it_possible)

/* Who did call trine_init() is not told to. */
static void a_fork_server_that_has_ended_is_told_of_body(void)
{
    MUST(trine_init() == TRINE_OK);
    begin_thread();
    MUST(kill(trine_fork_server_pid(), SIGKILL) == 0);
    usleep(20000);
    must_be_refused("was there and has ended");
    MUST(strstr(trine_error_detail(), "trine_init()") == NULL);
}
IN_CHILD(NULL, a_fork_server_that_has_ended_is_told_of)

static void what_nobody_can_tell_is_refused_body(void)
{
    forbid_unshare();
    must_be_refused("is /proc mounted?");
    begin_thread();
    must_be_refused("cannot be told whether this process runs threads");
}
IN_CHILD(NULL, what_nobody_can_tell_is_refused)

int main(void)
{
    CU_TestInfo tests[] = {
        {"a pool opens in one thread", a_pool_opens_in_one_thread},
        {"a thread that was joined is none", a_thread_that_was_joined_is_none},
        {"a pool beside a thread is refused", a_pool_beside_a_thread_is_refused},
        {"a fork server makes it possible", a_fork_server_makes_it_possible},
        {"a fork server that has ended is told of", a_fork_server_that_has_ended_is_told_of},
        {"what nobody can tell is refused", what_nobody_can_tell_is_refused},
        CU_TEST_INFO_NULL,
    };
    if (!hide_proc()) {
        printf("skipped: namespaces cannot be made here: %s\n", strerror(errno));
        return 77;
    }
    return trine_check_main("without_proc", tests);
}
