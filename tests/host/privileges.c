/* privileges.c - workers have what the program has when it opens the pool, not what it had when it
 * began; what they cannot have is refused; a set-uid program obeys no variable of its user's. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "backends/executors/pool/pool.h"
#include "child.h"

/* What a task finds in its process. */
typedef struct found {
    uid_t uid[3];
    gid_t gid[3];
    int groups, nice, no_new_privileges, cpus, bounding;
    gid_t group[8];
    mode_t mask;
    rlim_t files;
    ino_t root;
    char directory[256], variable[64];
} found;

static void look(found *f)
{
    struct rlimit limit;
    struct stat root;
    cpu_set_t cpus;
    const char *variable = getenv("TRINE_TEST_VARIABLE");
    memset(f, 0, sizeof *f);
    getresuid(&f->uid[0], &f->uid[1], &f->uid[2]);
    getresgid(&f->gid[0], &f->gid[1], &f->gid[2]);
    f->groups = getgroups(8, f->group);
    f->nice = getpriority(PRIO_PROCESS, 0);
    f->no_new_privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    f->bounding = prctl(PR_CAPBSET_READ, 0, 0, 0, 0);
    sched_getaffinity(0, sizeof cpus, &cpus);
    f->cpus = CPU_COUNT(&cpus);
    f->mask = umask(0);
    umask(f->mask);
    getrlimit(RLIMIT_NOFILE, &limit);
    f->files = limit.rlim_cur;
    f->root = stat("/", &root) == 0 ? root.st_ino : 0;
    if (!getcwd(f->directory, sizeof f->directory))
        strcpy(f->directory, "none");
    snprintf(f->variable, sizeof f->variable, "%s", variable ? variable : "none");
}

static trine_status look_around(trine_task *task)
{
    found *f = trine_task_result(task, sizeof *f);
    if (!f)
        return trine_task_refused(task);
    look(f);
    return TRINE_OK;
}

static const trine_task_kind looking = {
    .name = "looking", .run = look_around, .result_max = sizeof(found)};

enum { ITEMS = 6 };

static trine_status look_in(trine_team *team, found results[ITEMS])
{
    const trine_task_options options = {TRINE_INIT(trine_task_options), .chunk = 1};
    return trine_task_map(team, &looking, NULL, ITEMS, 0, &options, results, NULL, NULL);
}

/* All workers are like this process is now, also one that replaces another. */
static void must_be_like_me(trine_team *team)
{
    found own, results[ITEMS];
    look(&own);
    for (int round = 0; round < 2; round++) {
        memset(results, 0xff, sizeof results);
        MUST(look_in(team, results) == TRINE_OK);
        for (int i = 0; i < ITEMS; i++)
            MUST(memcmp(&results[i], &own, sizeof own) == 0);
        kill((pid_t)trine_team_worker_pid(team, 1), SIGKILL);
    }
}

static void in_a_new_pool_they_must_be_like_me(void)
{
    trine_team *team = open_team("pool:2");
    must_be_like_me(team);
    MUST(trine_team_close(team) == TRINE_OK);
}

static void workers_are_like_the_program_is_at_the_open_body(void)
{
    char directory[] = "/tmp/trine-directory-XXXXXX";
    struct rlimit limit;
    cpu_set_t cpus, one;
    MUST(trine_init() == TRINE_OK);
    in_a_new_pool_they_must_be_like_me();
    MUST(mkdtemp(directory) && chdir(directory) == 0 && rmdir(directory) == 0);
    umask(0027);
    setenv("TRINE_TEST_VARIABLE", "set after trine_init", 1);
    in_a_new_pool_they_must_be_like_me();
    MUST(chdir("/usr") == 0 && nice(3) != -1);
    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = 200;
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &cpus))
            CPU_SET(i, &one);
    MUST(sched_setaffinity(0, sizeof one, &one) == 0);
    in_a_new_pool_they_must_be_like_me();
    clearenv();
    in_a_new_pool_they_must_be_like_me();
}
IN_CHILD(NULL, workers_are_like_the_program_is_at_the_open)

/* Pools that are open stay as they were opened. */
static void each_pool_keeps_its_own_body(void)
{
    found results[ITEMS];
    setenv("TRINE_TEST_VARIABLE", "first", 1);
    MUST(chdir("/usr") == 0);
    trine_team *first = open_team("pool:2");
    setenv("TRINE_TEST_VARIABLE", "second", 1);
    MUST(chdir("/") == 0);
    trine_team *second = open_team("pool:2");
    for (int round = 0; round < 2; round++) {
        MUST(look_in(first, results) == TRINE_OK);
        MUST(!strcmp(results[0].variable, "first") && !strcmp(results[0].directory, "/usr"));
        MUST(look_in(second, results) == TRINE_OK);
        MUST(!strcmp(results[0].variable, "second") && !strcmp(results[0].directory, "/"));
        kill(trine_fork_server_pid(), SIGKILL);
        usleep(20000);
    }
    MUST(trine_team_close(first) == TRINE_OK);
    MUST(trine_team_close(second) == TRINE_OK);
}
IN_CHILD(NULL, each_pool_keeps_its_own)

static void filter_nothing(void)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {.len = 1, .filter = &allow};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0);
}

static void what_they_cannot_have_is_refused_body(void)
{
    trine_team *team = NULL;
    MUST(trine_init() == TRINE_OK);
    filter_nothing();
    MUST(trine_team_open("pool:3", &team) == TRINE_E_WORKER && !team);
    MUST(strstr(trine_error_detail(), "seccomp filters") &&
         strstr(trine_error_detail(), "trine_finalize()"));
    trine_finalize();
    in_a_new_pool_they_must_be_like_me();
}
IN_CHILD(NULL, what_they_cannot_have_is_refused)

/* --- As root alone. */

enum { USER = 12345, GROUP = 23456 };

static bool is_root(void)
{
    if (geteuid() == 0)
        return true;
    printf("(as root only) ");
    return false;
}

static void give_up_root(void)
{
    const gid_t groups[] = {GROUP, GROUP + 1};
    MUST(setgroups(2, groups) == 0);
    MUST(setresgid(GROUP, GROUP, GROUP) == 0);
    MUST(setresuid(USER, USER, USER) == 0);
}

/* The user ids of a process as /proc shows them. */
static void read_ids(pid_t pid, uid_t uid[3])
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    MUST(file != NULL);
    bool there = false;
    while (!there && fgets(line, sizeof line, file))
        there = sscanf(line, "Uid: %u %u %u", &uid[0], &uid[1], &uid[2]) == 3;
    fclose(file);
    MUST(there);
}

static void must_be_users(pid_t pid)
{
    uid_t uid[3];
    read_ids(pid, uid);
    MUST(uid[0] == USER && uid[1] == USER && uid[2] == USER);
}

static void who_gave_up_root_has_no_worker_of_it_body(void)
{
    MUST(trine_init() == TRINE_OK);
    MUST(chdir("/root") == 0 || errno == ENOENT);
    give_up_root();
    trine_team *team = open_team("pool:3");
    must_be_users((pid_t)trine_team_worker_pid(team, 1));
    must_be_users((pid_t)trine_team_worker_pid(team, 2));
    must_be_users(trine_fork_server_pid());
    MUST(trine_team_close(team) == TRINE_OK);
    MUST(chdir("/") == 0);
    in_a_new_pool_they_must_be_like_me();
}

/* A pool of root's, one of a user's who may become root again, and one without a way back. */
static void pools_of_several_users_are_each_right_body(void)
{
    found results[ITEMS];
    trine_team *root = open_team("pool:2");
    MUST(seteuid(USER) == 0);
    trine_team *user = open_team("pool:2");
    must_be_like_me(user);
    MUST(seteuid(0) == 0);
    must_be_like_me(root);
    MUST(look_in(user, results) == TRINE_OK);
    MUST(results[0].uid[0] == 0 && results[0].uid[1] == USER && results[0].uid[2] == 0);
    give_up_root();
    trine_team *last = open_team("pool:2");
    must_be_like_me(last);
    must_be_users(trine_fork_server_pid());
    MUST(look_in(root, results) == TRINE_OK && results[0].uid[0] == 0);
    MUST(trine_team_close(last) == TRINE_OK);
    MUST(trine_team_close(user) == TRINE_OK);
    MUST(trine_team_close(root) == TRINE_OK);
}

/* A worker of root's died after that: no other takes its place. */
static void a_lost_worker_does_not_bring_rights_back_body(void)
{
    double sum;
    trine_array *x;
    trine_team *team = open_team("pool:2");
    MUST(trine_array_create(team, TRINE_F64, 1 << 16, TRINE_SHARED, &x) == TRINE_OK);
    pid_t worker = (pid_t)trine_team_worker_pid(team, 1);
    kill(worker, SIGKILL);
    give_up_root();
    MUST(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "user ids") != NULL);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
    in_a_new_pool_they_must_be_like_me();
}

static char directory[64];

static void capabilities_and_roots_are_followed_body(void)
{
    MUST(trine_init() == TRINE_OK);
    MUST(prctl(PR_CAPBSET_DROP, 0, 0, 0, 0) == 0);
    in_a_new_pool_they_must_be_like_me();
    MUST(chroot(directory) == 0 && chdir("/") == 0);
    in_a_new_pool_they_must_be_like_me();
    MUST(chroot(".") == 0);
    give_up_root();
    in_a_new_pool_they_must_be_like_me();
}

#define AS_ROOT(test)                                                                              \
    static void test(void)                                                                         \
    {                                                                                              \
        if (is_root())                                                                             \
            CU_ASSERT_EQUAL(in_child(NULL, test##_body), 0);                                       \
    }

AS_ROOT(who_gave_up_root_has_no_worker_of_it)
AS_ROOT(pools_of_several_users_are_each_right)
AS_ROOT(a_lost_worker_does_not_bring_rights_back)

/* The child cannot remove its root. */
static void capabilities_and_roots_are_followed(void)
{
    if (!is_root())
        return;
    strcpy(directory, "/tmp/trine-root-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
    CU_ASSERT_EQUAL(in_child(NULL, capabilities_and_roots_are_followed_body), 0);
    rmdir(directory);
}

/* --- A set-uid program, which is this one. */

enum { NOT_SECURE = 7 };

static int be_set_uid(void)
{
    trine_team *team;
    if (!getauxval(AT_SECURE))
        return NOT_SECURE;
    if (trine_team_open(NULL, &team) != TRINE_OK)
        return 1;
    trine_array *x;
    double sum;
    bool right = trine_array_create(team, TRINE_F64, 100, TRINE_SHARED, &x) == TRINE_OK &&
                 trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_OK && sum == 0;
    trine_array_free(x);
    return trine_team_close(team) == TRINE_OK && right ? 0 : 2;
}

static void copy_program(const char *path)
{
    static char piece[1 << 16];
    int from = open("/proc/self/exe", O_RDONLY), to = open(path, O_WRONLY | O_CREAT, 0600);
    MUST(from >= 0 && to >= 0);
    for (ssize_t some; (some = read(from, piece, sizeof piece)) > 0;)
        MUST(write(to, piece, (size_t)some) == some);
    MUST(fchown(to, USER, GROUP) == 0 && fchmod(to, 06755) == 0);
    close(from);
    close(to);
}

static void a_set_uid_program_obeys_no_variables_body(void)
{
    char path[64];
    int status;
    snprintf(path, sizeof path, "/tmp/trine-set-uid-%d", (int)getpid());
    copy_program(path);
    setenv("TRINE_TEAM", "of:nobody's", 1);
    setenv("TRINE_ISA", "nobody's", 1);
    setenv("TRINE_BLAS", "/nobody's", 1);
    pid_t pid = fork();
    if (pid == 0) {
        MUST(setresuid(USER + 1, USER + 1, USER + 1) == 0);
        execl(path, path, "set-uid", NULL);
        _exit(NOT_SECURE);
    }
    MUST(waitpid(pid, &status, 0) == pid);
    unlink(path);
    MUST(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == NOT_SECURE));
}
AS_ROOT(a_set_uid_program_obeys_no_variables)

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "set-uid") == 0)
        _exit(be_set_uid()); /* A search for leaks would follow no such program. */
    CU_TestInfo tests[] = {
        {"workers are like the program is at the open",
         workers_are_like_the_program_is_at_the_open},
        {"each pool keeps its own", each_pool_keeps_its_own},
        {"what they cannot have is refused", what_they_cannot_have_is_refused},
        {"who gave up root has no worker of it", who_gave_up_root_has_no_worker_of_it},
        {"pools of several users are each right", pools_of_several_users_are_each_right},
        {"a lost worker does not bring rights back", a_lost_worker_does_not_bring_rights_back},
        {"capabilities and roots are followed", capabilities_and_roots_are_followed},
        {"a set-uid program obeys no variables", a_set_uid_program_obeys_no_variables},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("privileges", tests);
}
