/* ranks.c CASE - a host program as strangers write them, on the ranks of an mpirun; hosts.py says
 * what must become of it. Exit status 0: what the case promises came true on this rank. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <trine/mpi.h>
#include <trine/trine.h>

#include "kinds.h"

/* Other than what mpirun and libraries exit with. */
enum { BROKEN = 41, EARLY = 42 };

static int rank, size;
static trine_team *team;

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "FAILED: rank %d, line %d: %s (%s)\n", rank, __LINE__, #condition,     \
                    trine_error_detail());                                                         \
            _exit(BROKEN);                                                                         \
        }                                                                                          \
    } while (0)

static bool detail_says(const char *words)
{
    return strstr(trine_error_detail(), words) != NULL;
}

static void open_team(void)
{
    MUST(trine_team_open("mpi", &team) == TRINE_OK);
    rank = trine_team_rank(team);
    size = trine_team_ranks(team);
}

static trine_array *ones(uint64_t n)
{
    trine_array *x;
    MUST(trine_array_create(team, TRINE_F64, n, TRINE_DISTRIBUTED, &x) == TRINE_OK);
    for (int64_t i = 0; i < trine_array_local_n(x); i++)
        ((double *)trine_array_data(x))[i] = 1;
    return x;
}

static trine_status sum_ones(const trine_array *x)
{
    double sum = 0;
    trine_status status = trine_sum_f64(x, TRINE_EXACT, &sum);
    MUST(status || sum == (double)trine_array_n(x));
    return status;
}

static trine_status sum_one_array(void)
{
    trine_array *x = ones(1000);
    trine_status status = sum_ones(x);
    trine_array_free(x);
    return status;
}

/* ---- ranks that end early ---- */

static void one_exits_while_others_sum(void)
{
    open_team();
    trine_array *x = ones(100000);
    MUST(sum_ones(x) == TRINE_OK);
    if (rank == size - 1)
        exit(EARLY);
    for (;;)
        (void)sum_ones(x);
}

/* Nothing of trine runs in it any more: mpirun ends the others. */
static void one_vanishes_while_others_sum(void)
{
    open_team();
    trine_array *x = ones(100000);
    MUST(sum_ones(x) == TRINE_OK);
    if (rank == size - 1)
        _exit(EARLY);
    for (;;)
        (void)sum_ones(x);
}

static void *exit_in_a_thread(void *data)
{
    usleep(200000);
    exit(EARLY);
    return data;
}

static void a_thread_exits_while_all_sum(void)
{
    pthread_t thread;
    open_team();
    trine_array *x = ones(100000);
    MUST(rank != size - 1 || pthread_create(&thread, NULL, exit_in_a_thread, NULL) == 0);
    for (;;)
        (void)sum_ones(x);
}

static void one_returns_while_others_close(void)
{
    open_team();
    if (rank != size - 1)
        (void)trine_team_close(team);
}

static void exit_there(void *state, const trine_chunk *chunk, const void *param)
{
    (void)state, (void)chunk, (void)param;
    if (rank == size - 1)
        exit(EARLY);
}

static void start_state(void *state, const void *param)
{
    (void)param;
    *(double *)state = 0;
}

static void join_states(void *left, const void *right, const void *param)
{
    (void)left, (void)right, (void)param;
}

static trine_status finish_state(void *result, const void *state, const void *param)
{
    (void)param;
    memcpy(result, state, sizeof(double));
    return TRINE_OK;
}

static void one_exits_in_a_callback(void)
{
    const trine_reducer exiting = {TRINE_INIT(trine_reducer),
                                   .name = "exiting",
                                   .nin = 1,
                                   .in = {TRINE_F64},
                                   .state_size = sizeof(double),
                                   .result_size = sizeof(double),
                                   .init = start_state,
                                   .accumulate = exit_there,
                                   .merge = join_states,
                                   .finish = finish_state};
    double result;
    open_team();
    const trine_array *in[] = {ones(100000)};
    (void)trine_reduce(&exiting, in, NULL, &result);
}

static void one_exits_while_others_wait_for_its_tasks(void)
{
    trine_task_queue *queue;
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    open_team();
    MUST(trine_task_open(team, &words_kind, NULL, &queue) == TRINE_OK);
    if (rank == size - 1)
        exit(EARLY);
    if (rank > 0)
        (void)trine_task_next(queue, &outcome);
    (void)trine_task_close(queue);
}

/* The last ends the program between two teams; the others are told, as often as they ask. */
static void one_exits_while_others_open(void)
{
    open_team();
    MUST(trine_team_close(team) == TRINE_OK);
    if (rank == size - 1)
        return;
    for (int i = 0; i < 3; i++) {
        team = NULL;
        MUST(trine_team_open("mpi", &team) == TRINE_E_LAUNCH && !team);
        MUST(detail_says("end"));
    }
}

static void all_return_without_closing(void)
{
    open_team();
    MUST(sum_one_array() == TRINE_OK);
    if (rank == 0)
        sleep(2);
}

/* ---- what is no team ---- */

static void an_intercommunicator_is_refused(void)
{
    MPI_Comm half, between, copy, freed;
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - rank % 2, 7, &between);
    MUST(trine_team_open_comm(between, "mpi", &team) == TRINE_E_ARGUMENT);
    MUST(detail_says("intercommunicator"));
    MUST(trine_team_open_comm(MPI_COMM_NULL, NULL, &team) == TRINE_E_ARGUMENT);
    MUST(detail_says("MPI_COMM_NULL"));
    MUST(trine_team_open_comm(between, "serial", &team) == TRINE_E_ARGUMENT);
    MPI_Comm_dup(half, &copy);
    freed = copy;
    MPI_Comm_free(&copy);
    MUST(trine_team_open_comm(freed, "mpi", &team) == TRINE_E_ARGUMENT);
    MUST(detail_says("freed"));
    MUST(trine_team_open_comm(half, "mpi", &team) == TRINE_OK);
    MUST(trine_team_close(team) == TRINE_OK);
    MPI_Comm_free(&between);
    MPI_Comm_free(&half);
    MPI_Finalize();
}

static int errors_seen;

static void count_error(MPI_Comm *comm, int *error, ...)
{
    (void)comm, (void)error;
    errors_seen++;
}

static void the_hosts_handlers_stay(void)
{
    MPI_Errhandler own, found;
    MPI_Comm comm;
    const MPI_Comm all[] = {MPI_COMM_WORLD, MPI_COMM_SELF};
    MPI_Init(NULL, NULL);
    MPI_Comm_create_errhandler(count_error, &own);
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, own);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, own);
    for (int i = 0; i < 3; i++) {
        MUST(trine_team_open_comm(comm, "mpi", &team) == TRINE_OK);
        MUST(sum_one_array() == TRINE_OK);
        MUST(trine_team_close(team) == TRINE_OK);
        MUST(trine_team_open_comm(MPI_COMM_NULL, "mpi", &team) == TRINE_E_ARGUMENT);
    }
    MPI_Comm_get_errhandler(comm, &found);
    MUST(found == own);
    for (int i = 0; i < 2; i++) {
        MPI_Comm_get_errhandler(all[i], &found);
        MUST(found == (i == 0 ? MPI_ERRORS_ARE_FATAL : own));
    }
    MUST(errors_seen == 0);
    MPI_Finalize();
}

static void calls_after_finalize_are_errors(void)
{
    trine_array *x, *y = NULL, *parts = NULL;
    trine_counter *counter, *other = NULL;
    trine_task_queue *queue = NULL, *late = NULL;
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    trine_team *second = NULL, *working;
    double data[64] = {0}, sum;
    int64_t before;
    MPI_Init(NULL, NULL);
    open_team();
    x = ones(100000);
    MUST(trine_counter_open(team, 5, &counter) == TRINE_OK);
    MUST(trine_array_scatter(team, TRINE_F64, data, 64, 0, TRINE_TRANSPORT_WINDOW, &parts) ==
         TRINE_OK);
    MUST(trine_team_open("mpi", &working) == TRINE_OK);
    MUST(trine_task_open(working, &words_kind, NULL, &queue) == TRINE_OK);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    if (rank == 0) {
        uint64_t item = 1;
        int64_t ticket;
        (void)trine_task_submit(queue, &item, sizeof item, &ticket);
    }
    MUST(trine_task_next(queue, &outcome) != TRINE_OK);
    (void)trine_task_close(queue);
    MUST(trine_team_close(working) == TRINE_OK);
    MUST(trine_sum_f64(x, TRINE_EXACT, &sum) == TRINE_E_CLOSED && detail_says("MPI was finalised"));
    MUST(trine_array_create(team, TRINE_F64, 100, TRINE_DISTRIBUTED, &y) == TRINE_E_CLOSED && !y);
    MUST(trine_array_create(NULL, TRINE_F64, 100, TRINE_DISTRIBUTED, &y) != TRINE_OK);
    MUST(trine_array_gather(parts, 0, data) == TRINE_E_CLOSED);
    MUST(trine_counter_add(counter, 1, &before) == TRINE_E_CLOSED);
    MUST(trine_counter_open(team, 5, &other) == TRINE_E_CLOSED && !other);
    MUST(trine_task_open(team, &words_kind, NULL, &late) == TRINE_E_CLOSED && !late);
    (void)trine_counter_close(counter);
    trine_array_free(parts);
    trine_array_free(x);
    MUST(trine_team_open("mpi", &second) == TRINE_E_CLOSED && !second);
    MUST(trine_team_open_comm(MPI_COMM_WORLD, "mpi", &second) == TRINE_E_CLOSED);
    MUST(trine_team_close(team) == TRINE_OK);
    MUST(trine_team_open("serial", &second) == TRINE_OK);
    MUST(trine_team_close(second) == TRINE_OK);
    trine_finalize();
}

/* ---- shortages ---- */

/* Takes all of /dev/shm, which must be small and this test's own, or gives it back. */
static void fill(bool full)
{
    static const char name[] = "/dev/shm/filled";
    struct statvfs about;
    if (rank == 0 && !full)
        unlink(name);
    if (rank == 0 && full) {
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        MUST(fd >= 0 && statvfs("/dev/shm", &about) == 0 &&
             about.f_blocks * about.f_frsize < 1 << 26);
        MUST(posix_fallocate(fd, 0, (off_t)(about.f_bavail * about.f_frsize)) == 0);
        close(fd);
    }
    MUST(sum_one_array() == TRINE_OK);
}

static void a_full_memory_of_ranks_is_an_error(void)
{
    trine_counter *counter = NULL;
    trine_task_queue *queue = NULL;
    trine_array *parts = NULL;
    double data[64] = {0};
    open_team();
    fill(true);
    for (int i = 0; i < 2; i++) {
        MUST(trine_counter_open(team, 5, &counter) == TRINE_E_MEMORY && !counter);
        MUST(detail_says("/dev/shm"));
        MUST(trine_task_open(team, &words_kind, NULL, &queue) == TRINE_E_MEMORY && !queue);
        MUST(trine_array_scatter(team, TRINE_F64, data, 64, 0, TRINE_TRANSPORT_WINDOW, &parts) ==
             TRINE_E_MEMORY);
    }
    MUST(trine_array_scatter(team, TRINE_F64, data, 64, 0, TRINE_TRANSPORT_MESSAGE, &parts) ==
         TRINE_OK);
    fill(false);
    MUST(trine_counter_open(team, 5, &counter) == TRINE_OK);
    MUST(trine_counter_close(counter) == TRINE_OK);
    MUST(trine_task_open(team, &words_kind, NULL, &queue) == TRINE_OK);
    MUST(trine_task_close(queue) == TRINE_OK);
}

/* In a control group of 416 MiB: each rank's part alone has space there, and those of all do not.
 */
static void ranks_of_a_machine_share_its_memory(void)
{
    const uint64_t mib = 1 << 20, too_much = 240 * mib, enough = 60 * mib;
    const trine_place places[] = {TRINE_PRIVATE, TRINE_SHARED, TRINE_DISTRIBUTED};
    open_team();
    for (int i = 0; i < 6; i++) {
        trine_place place = places[i % 3];
        uint64_t parts = place == TRINE_DISTRIBUTED ? (uint64_t)size : 1;
        trine_array *x = NULL;
        MUST(trine_array_create(team, TRINE_U8, parts * too_much, place, &x) == TRINE_E_MEMORY);
        MUST(!x && detail_says("MiB of memory are available"));
        MUST(trine_array_create(team, TRINE_U8, parts * enough, place, &x) == TRINE_OK);
        trine_array_free(x);
        /* Nobody makes another while a part of this one is still there. */
        MUST(sum_one_array() == TRINE_OK);
    }
    MUST(trine_team_close(team) == TRINE_OK);
}

typedef struct host_case {
    const char *name;
    void (*run)(void);
} host_case;

#define CASE(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }
static const host_case cases[] = {
    CASE(one_exits_while_others_sum),
    CASE(one_vanishes_while_others_sum),
    CASE(a_thread_exits_while_all_sum),
    CASE(one_returns_while_others_close),
    CASE(one_exits_in_a_callback),
    CASE(one_exits_while_others_wait_for_its_tasks),
    CASE(one_exits_while_others_open),
    CASE(all_return_without_closing),
    CASE(an_intercommunicator_is_refused),
    CASE(the_hosts_handlers_stay),
    CASE(calls_after_finalize_are_errors),
    CASE(a_full_memory_of_ranks_is_an_error),
    CASE(ranks_of_a_machine_share_its_memory),
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (argc == 2 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return EXIT_SUCCESS;
        }
    fprintf(stderr, "ranks.c: no such case\n");
    return BROKEN;
}
