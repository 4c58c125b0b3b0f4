/* descriptors.c - a program that closes all descriptors and gets their numbers for files of its own
 * keeps these as they are, and is told what it took away; a pool whose processes were stopped ends.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/system/clock.h"
#include "backends/executors/pool/pool.h"
#include "child.h"

enum { MAX_FD = 300, BYTES = 1 << 20, N = 1 << 16 };

static char precious[BYTES];

/* A file of the program's, full of ones. */
static int make_precious(void)
{
    char path[] = "/tmp/trine-precious-XXXXXX";
    int fd = mkstemp(path);
    MUST(fd >= 0 && unlink(path) == 0);
    memset(precious, 1, sizeof precious);
    MUST(write(fd, precious, sizeof precious) == (ssize_t)sizeof precious);
    return fd;
}

/* The same file has every number above the standard streams'. */
static void take_all_numbers(int fd)
{
    for (int number = STDERR_FILENO + 1; number < MAX_FD; number++)
        if (number != fd)
            MUST(dup2(fd, number) == number);
}

static void must_be_untouched(int fd)
{
    static char found[BYTES];
    struct stat about;
    MUST(fstat(fd, &about) == 0 && about.st_size == BYTES && about.st_blocks >= BYTES / 512);
    MUST(pread(fd, found, sizeof found, 0) == (ssize_t)sizeof found);
    MUST(memcmp(found, precious, sizeof found) == 0);
    for (int number = STDERR_FILENO + 1; number < MAX_FD; number++)
        MUST(fcntl(number, F_GETFD) >= 0);
}

static trine_array *ones(trine_team *team, uint64_t n)
{
    trine_array *x;
    MUST(trine_array_create(team, TRINE_F64, n, TRINE_SHARED, &x) == TRINE_OK);
    for (uint64_t i = 0; i < n; i++)
        ((double *)trine_array_data(x))[i] = 1;
    return x;
}

static void must_work(void)
{
    trine_team *team = open_team("pool:3");
    trine_array *x = ones(team, N);
    double sum;
    MUST(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_OK && sum == N);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}

/* Right, or told. */
static void must_be_right_or_told(trine_status status, double sum, double right)
{
    MUST(status == TRINE_OK
             ? sum == right
             : status == TRINE_E_WORKER && strstr(trine_error_detail(), "descriptor") &&
                   strstr(trine_error_detail(), "closed or replaced"));
}

static void a_pool_leaves_what_took_its_descriptors_alone_body(void)
{
    int fd = make_precious();
    trine_team *team = open_team("pool:3");
    trine_array *x = ones(team, N), *y = ones(team, 1 << 20), *none = NULL;
    double sum = 0;
    take_all_numbers(fd);
    MUST(trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &none) == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "the pool's shared memory") != NULL);
    MUST(trine_array_create(team, TRINE_F64, 1 << 20, TRINE_SHARED, &none) == TRINE_E_WORKER);
    trine_array_free(y);
    must_be_untouched(fd);
    for (int i = 0; i < 3; i++)
        must_be_right_or_told(trine_sum_f64(x, TRINE_EXACT, &sum), sum, N);
    must_be_untouched(fd);
    trine_team *other = NULL;
    MUST(trine_team_open("pool:2", &other) == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "closed or replaced") != NULL);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
    must_be_untouched(fd);
    must_work();
    trine_finalize();
    must_be_untouched(fd);
}
IN_CHILD(NULL, a_pool_leaves_what_took_its_descriptors_alone)

static void closed_ones_are_told_body(void)
{
    trine_team *team = open_team("pool:3");
    trine_array *x = ones(team, N), *none = NULL;
    double sum = 0;
    for (int fd = STDERR_FILENO + 1; fd < MAX_FD; fd++)
        close(fd);
    MUST(trine_array_create(team, TRINE_F64, N, TRINE_SHARED, &none) == TRINE_E_WORKER);
    for (int i = 0; i < 3; i++)
        must_be_right_or_told(trine_sum_f64(x, TRINE_EXACT, &sum), sum, N);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
    must_work();
}
IN_CHILD(NULL, closed_ones_are_told)

/* Another socket where the pool's was: nothing is sent to it, and it is not shut down. */
static void a_socket_in_their_place_stays_open_body(void)
{
    int ends[2];
    char byte = 0;
    trine_team *team = open_team("pool:3");
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    MUST(dup2(ends[0], MAX_FD) == MAX_FD && dup2(ends[1], MAX_FD + 1) == MAX_FD + 1);
    for (int fd = STDERR_FILENO + 1; fd < MAX_FD; fd++)
        MUST(dup2(MAX_FD, fd) == fd);
    kill((pid_t)trine_team_worker_pid(team, 1), SIGKILL);
    MUST(trine_team_close(team) == TRINE_OK);
    trine_finalize();
    MUST(recv(MAX_FD + 1, &byte, 1, MSG_DONTWAIT) < 0);
    MUST(send(MAX_FD, "x", 1, 0) == 1 && recv(MAX_FD + 1, &byte, 1, 0) == 1 && byte == 'x');
}
IN_CHILD(NULL, a_socket_in_their_place_stays_open)

/* --- Tasks: the journal, and what transports keep. */

static trine_status length_of(trine_task *task)
{
    uint64_t *size = trine_task_result(task, sizeof *size);
    if (!size)
        return trine_task_refused(task);
    *size = task->data_size + task->index;
    return TRINE_OK;
}

static const trine_task_kind lengths = {
    .name = "lengths", .run = length_of, .item_max = 8, .result_max = sizeof(uint64_t)};

/* Submits and collects until something is told, at most a few times. */
static bool is_told(trine_task_queue *queue)
{
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    for (int i = 0; i < 20; i++) {
        trine_status status = trine_task_submit(queue, NULL, 0, NULL);
        if (!status)
            status = trine_task_next(queue, &outcome);
        if (!status)
            status = outcome.status;
        if (status)
            return true;
    }
    return false;
}

static void a_journal_writes_into_no_other_file_body(void)
{
    char path[64];
    int fd = make_precious();
    snprintf(path, sizeof path, "/tmp/trine-journal-%d", (int)getpid());
    trine_team *team = open_team("serial");
    trine_task_queue *queue;
    const trine_task_options options = {TRINE_INIT(trine_task_options), .journal = path};
    MUST(trine_task_open(team, &lengths, &options, &queue) == TRINE_OK);
    take_all_numbers(fd);
    unlink(path);
    MUST(is_told(queue));
    MUST(strstr(trine_error_detail(), path) && strstr(trine_error_detail(), "closed or replaced"));
    MUST(trine_task_close(queue) == TRINE_E_WORKER);
    must_be_untouched(fd);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, a_journal_writes_into_no_other_file)

static void transports_leave_what_took_their_descriptors_alone_body(void)
{
    static const trine_transport by[] = {TRINE_TRANSPORT_PIPE, TRINE_TRANSPORT_FILE};
    static const char data[1 << 16] = "data";
    for (int i = 0; i < 2; i++) {
        int fd = make_precious();
        trine_team *team = open_team("pool:2");
        trine_task_queue *queue;
        const trine_task_options options = {TRINE_INIT(trine_task_options),
                                            .data = data,
                                            .data_size = sizeof data,
                                            .data_each = true,
                                            .attempts = 1,
                                            .transport = by[i]};
        trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
        MUST(trine_task_open(team, &lengths, &options, &queue) == TRINE_OK);
        MUST(trine_task_submit(queue, NULL, 0, NULL) == TRINE_OK);
        MUST(trine_task_next(queue, &outcome) == TRINE_OK && outcome.status == TRINE_OK);
        take_all_numbers(fd);
        MUST(is_told(queue));
        (void)trine_task_close(queue);
        MUST(trine_team_close(team) == TRINE_OK);
        must_be_untouched(fd);
        for (int number = STDERR_FILENO + 1; number < MAX_FD; number++)
            close(number);
    }
}
IN_CHILD(NULL, transports_leave_what_took_their_descriptors_alone)

static void an_open_file_is_not_read_from_another_body(void)
{
    char path[64];
    trine_array *loaded = NULL;
    snprintf(path, sizeof path, "/tmp/trine-ones-%d.npy", (int)getpid());
    trine_team *team = open_team("serial");
    trine_array *x = ones(team, N);
    trine_npy *file;
    MUST(trine_npy_save(x, path) == TRINE_OK);
    int fd = make_precious();
    MUST(trine_npy_open(team, path, &file) == TRINE_OK);
    unlink(path);
    take_all_numbers(fd);
    MUST(trine_npy_load(file, &loaded) == TRINE_E_WORKER);
    MUST(strstr(trine_error_detail(), "closed or replaced") != NULL);
    trine_npy_close(file);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
    must_be_untouched(fd);
}
IN_CHILD(NULL, an_open_file_is_not_read_from_another)

/* With no standard stream open, none of trine's becomes one. */
static void no_descriptor_becomes_a_standard_stream_body(void)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/trine-standard-%d", (int)getpid());
    int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, MAX_FD);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        close(fd);
    trine_team *team = open_team("pool:3");
    trine_array *x = ones(team, N);
    trine_npy *file;
    trine_task_queue *queue;
    const trine_task_options options = {TRINE_INIT(trine_task_options), .data = path,
                                        .data_size = sizeof path, .journal = path,
                                        .transport = TRINE_TRANSPORT_PIPE};
    bool free_numbers = true,
         opened = trine_task_open(team, &lengths, &options, &queue) == TRINE_OK;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        free_numbers = free_numbers && fcntl(fd, F_GETFD) == -1;
    opened = opened && trine_task_close(queue) == TRINE_OK;
    unlink(path);
    opened = opened && trine_npy_save(x, path) == TRINE_OK &&
             trine_npy_open(team, path, &file) == TRINE_OK;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        free_numbers = free_numbers && fcntl(fd, F_GETFD) == -1;
    unlink(path);
    dup2(kept, STDERR_FILENO);
    MUST(opened && free_numbers);
    trine_npy_close(file);
    trine_array_free(x);
    MUST(trine_team_close(team) == TRINE_OK);
}
IN_CHILD(NULL, no_descriptor_becomes_a_standard_stream)

/* --- Processes that were stopped. */

static void stop(pid_t pid)
{
    kill(pid, SIGSTOP);
    usleep(1000);
}

static void a_stopped_fork_server_holds_up_nothing_body(void)
{
    alarm(60);
    trine_team *team = open_team("pool:3"), *other;
    stop(trine_fork_server_pid());
    other = open_team("pool:2");
    stop(trine_fork_server_pid());
    MUST(trine_team_close(team) == TRINE_OK);
    stop(trine_fork_server_pid());
    MUST(trine_team_close(other) == TRINE_OK);
    stop(trine_fork_server_pid());
    must_work();
    stop(trine_fork_server_pid());
    trine_finalize();
    must_work();
    stop(trine_fork_server_pid());
    exit(0);
}
IN_CHILD(NULL, a_stopped_fork_server_holds_up_nothing)

/* Each of them once cost a second. */
static void stopped_workers_end_at_once_body(void)
{
    enum { WORKERS = 17 };
    trine_team *team = open_team("pool:17");
    for (int i = 1; i < WORKERS; i++)
        stop((pid_t)trine_team_worker_pid(team, i));
    double began = trine_seconds();
    MUST(trine_team_close(team) == TRINE_OK);
    MUST(trine_seconds() - began < WORKERS / 2.0);
}
IN_CHILD(NULL, stopped_workers_end_at_once)

int main(void)
{
    CU_TestInfo tests[] = {
        {"a pool leaves what took its descriptors alone",
         a_pool_leaves_what_took_its_descriptors_alone},
        {"closed ones are told", closed_ones_are_told},
        {"a socket in their place stays open", a_socket_in_their_place_stays_open},
        {"a journal writes into no other file", a_journal_writes_into_no_other_file},
        {"transports leave what took their descriptors alone",
         transports_leave_what_took_their_descriptors_alone},
        {"an open file is not read from another", an_open_file_is_not_read_from_another},
        {"no descriptor becomes a standard stream", no_descriptor_becomes_a_standard_stream},
        {"a stopped fork server holds up nothing", a_stopped_fork_server_holds_up_nothing},
        {"stopped workers end at once", stopped_workers_end_at_once},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("descriptors", tests);
}
