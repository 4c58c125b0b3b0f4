/* host.c - chaos_host SEED ROUND KIND TEAM FOLDER [PLANT]: one round. Random operations, on serial
 * in peace and then on the team while the kind of disturbance goes on, and then in peace again.
 * What came out is reported for chaos.py to judge; so is what this process has left. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "round.h"

enum { ENDED = 7 };

chaos_round the_round;

bool is(const char *kind)
{
    return strcmp(the_round.kind, kind) == 0;
}

static bool planted(const char *what)
{
    return strcmp(the_round.plant, what) == 0;
}

trine_status run_one(trine_team *team, int i, chaos_case *c)
{
    *c = (chaos_case){.team = team, .folder = the_round.folder, .crash = is("callbacks")};
    return chaos_run(chaos_operation_of(the_round.number[i]), the_round.seed[i], c);
}

static const char *share_name(chaos_share share)
{
    static const char *const names[] = {"parts", "same", "root"};
    return names[share];
}

static void report_case(const char *when, int i, trine_status status, const chaos_case *c)
{
    chaos_report("%s %d|%s|%s|%s|%016llx|%s", when, i,
                 chaos_operation_of(the_round.number[i])->name, trine_status_name(status),
                 share_name(c->share), (unsigned long long)c->digest,
                 status == TRINE_OK ? "" : trine_error_detail());
    if (c->complaint[0])
        chaos_report("wrong %s: %s", chaos_operation_of(the_round.number[i])->name, c->complaint);
}

/* What a host may do that ends it, by itself. */
static void end_this_process(void)
{
    uint64_t how = chaos_below(&the_round.random, 4);
    bool chosen = !the_round.mpi || trine_team_rank(the_round.team) == (int)(the_round.seed[0] % 2);
    if (!chosen)
        return;
    chaos_report("ends %llu", (unsigned long long)how);
    if (how == 0)
        exit(ENDED);
    if (how == 1)
        _exit(ENDED);
    raise(how == 2 ? SIGKILL : SIGABRT);
}

static bool run_on(trine_team *team, const char *when)
{
    bool usable = true, during = strcmp(when, "during") == 0;
    int times = during ? the_round.passes * the_round.operations : the_round.operations;
    for (int k = 0; k < times && usable; k++) {
        int i = k % the_round.operations;
        chaos_case c;
        if (during && is("host ends") && k == the_round.end_at)
            end_this_process();
        if (during && is("forks"))
            fork_a_copy(i);
        trine_status status = run_one(team, i, &c);
        if (planted("bits") && during)
            c.digest ^= 1;
        if (planted("error") && during && k == 0)
            status = TRINE_E_MEMORY;
        report_case(when, i, status, &c);
        /* After these the ranks no longer stand at the same call. */
        usable = status != TRINE_E_MPI && status != TRINE_E_COLLECTIVE && status != TRINE_E_CLOSED;
    }
    return usable;
}

static void expect(void)
{
    trine_team *serial;
    if (trine_team_open("serial", &serial) != TRINE_OK) {
        chaos_report("wrong serial: %s", trine_error_detail());
        exit(1);
    }
    for (int i = 0; i < the_round.operations; i++) {
        chaos_case c;
        the_round.status[i] = run_one(serial, i, &c);
        the_round.digest[i] = c.digest;
        report_case("expect", i, the_round.status[i], &c);
    }
    trine_team_close(serial);
}

static bool open_team(const char *when)
{
    trine_status status = trine_team_open(the_round.spec, &the_round.team);
    chaos_report("open %s|%s|%d|%d|%s", when, trine_status_name(status),
                 status == TRINE_OK ? trine_team_rank(the_round.team) : 0,
                 status == TRINE_OK ? trine_team_ranks(the_round.team) : 0,
                 status == TRINE_OK ? "" : trine_error_detail());
    return status == TRINE_OK;
}

static void close_team(const char *when)
{
    trine_status status = trine_team_close(the_round.team);
    chaos_report("close %s|%s|%s", when, trine_status_name(status),
                 status == TRINE_OK ? "" : trine_error_detail());
    the_round.team = NULL;
}

static void spoil(void)
{
    if (planted("hang"))
        for (;;)
            pause();
    if (planted("process") && fork() == 0) {
        setsid();
        for (;;)
            pause();
    }
    if (planted("descriptor") && dup(STDERR_FILENO) < 0)
        abort();
    if (planted("crash"))
        raise(SIGSEGV);
    if (planted("file")) {
        FILE *file = fopen("/dev/shm/planted", "we");
        char path[4096];
        snprintf(path, sizeof path, "%s/planted", the_round.folder);
        if (file)
            fclose(file);
        file = fopen(path, "we");
        if (file)
            fclose(file);
    }
}

static void play(void)
{
    if (the_round.early)
        begin_disturbance();
    if (open_team("during")) {
        if (is("threads"))
            begin_thread();
        if (is("descriptors closed"))
            replace_descriptors();
        if (!the_round.early)
            begin_disturbance();
        bool usable = run_on(the_round.team, "during");
        end_disturbance();
        end_thread();
        if (usable && !is("descriptors closed"))
            usable = run_on(the_round.team, "after");
        close_team("during");
        check_canaries();
    } else {
        end_disturbance();
    }
}

/* Twice on teams that have seen nothing of it: the second leaves no more than the first. */
static void play_in_peace(void)
{
    for (int i = 0; i < 2; i++) {
        if (open_team("after")) {
            run_on(the_round.team, "after");
            close_team("after");
        }
        if (i == 1)
            spoil();
        trine_finalize();
        if (i == 0)
            note_what_there_is();
        else
            report_what_is_left();
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts(trine_version()) < 0;
    if (argc < 6) {
        fprintf(stderr, "chaos_host SEED ROUND KIND TEAM FOLDER [PLANT]\n");
        return 2;
    }
    the_round = (chaos_round){
        .kind = argv[3],
        .spec = argv[4],
        .folder = argv[5],
        .plant = argc > 6 ? argv[6] : "",
        .random = {chaos_mix(strtoull(argv[1], NULL, 10)) ^ strtoull(argv[2], NULL, 10)}};
    the_round.pool = strstr(the_round.spec, "pool") != NULL;
    the_round.mpi = strncmp(the_round.spec, "mpi", 3) == 0;
    the_round.early =
        (chaos_below(&the_round.random, 2) && !is("descriptors closed")) || is("root given up");
    the_round.operations = 2 + (int)chaos_below(&the_round.random, OPERATIONS_MOST - 1);
    the_round.passes = 1 + (int)chaos_below(&the_round.random, 3);
    the_round.end_at = (int)chaos_below(&the_round.random, (uint64_t)the_round.operations);
    for (int i = 0; i < the_round.operations; i++) {
        the_round.number[i] = chaos_draw(&the_round.random);
        the_round.seed[i] = chaos_draw(&the_round.random);
    }
    if (!chaos_report_open(the_round.folder)) {
        perror("chaos_host: report");
        return 2;
    }
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    bool init = chaos_below(&the_round.random, 2) || is("threads");
    uint64_t handlers_first = chaos_below(&the_round.random, 2);
    plan_disturber();
    note_what_there_is();
    if (is("signals") && handlers_first)
        handle_signals();
    if (init && trine_init() != TRINE_OK)
        chaos_report("wrong trine_init: %s", trine_error_detail());
    if (is("signals") && !handlers_first)
        handle_signals();
    expect();
    play();
    chaos_disturber_close();
    trine_finalize();
    /* An MPI does what it likes with those of its launcher. */
    if (!the_round.mpi && !is("descriptors closed"))
        check_descriptors();
    if (!the_round.mpi)
        play_in_peace();
    chaos_report("count handled %d", signals_handled());
    chaos_report("done");
    return 0;
}
