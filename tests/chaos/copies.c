/* copies.c - others who run the round's operations beside the host: forked copies of it, and
 * threads with teams of their own. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "round.h"

enum { CHILD_SECONDS = 20 };

/* ---- forked copies ---- */

static void compare_in_copy(trine_team *team, int i, const char *whose)
{
    chaos_case c;
    trine_status status = run_one(team, i, &c);
    if (status == TRINE_OK && the_round.status[i] == TRINE_OK && c.digest != the_round.digest[i])
        chaos_report("wrong %s in a forked copy on %s: other bits",
                     chaos_operation_of(the_round.number[i])->name, whose);
    if (status != TRINE_OK && trine_error_detail()[0] == '\0')
        chaos_report("wrong %s in a forked copy on %s: %s without a detail",
                     chaos_operation_of(the_round.number[i])->name, whose,
                     trine_status_name(status));
    if (c.complaint[0])
        chaos_report("wrong in a forked copy on %s: %s", whose, c.complaint);
}

static _Noreturn void be_a_copy(int i, uint64_t what)
{
    trine_team *other = NULL;
    alarm(CHILD_SECONDS);
    if (what & 1)
        compare_in_copy(the_round.team, i, "the old team");
    if (what & 2 &&
        trine_team_open(the_round.mpi ? "serial" : the_round.spec, &other) == TRINE_OK) {
        compare_in_copy(other, i, "a new team");
        trine_team_close(other);
    }
    if (what & 4)
        trine_team_close(the_round.team);
    if (what & 8)
        trine_finalize();
    if (what & 16)
        exit(0);
    _exit(0);
}

void fork_a_copy(int i)
{
    int status;
    uint64_t what = chaos_draw(&the_round.random);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        be_a_copy(i, what);
    chaos_report("count forks 1");
    while (waitpid(pid, &status, 0) != pid)
        if (errno != EINTR)
            return;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        chaos_report("wrong a forked copy that did %d ended with %s %d", (int)(what & 31),
                     WIFSIGNALED(status) ? "signal" : "status",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* ---- threads of the host's with teams of their own ---- */

static volatile bool threads_go_on;
static pthread_t thread;
static bool started;

static void *use_another_team(void *data)
{
    const char *spec = data;
    trine_team *team;
    if (trine_team_open(spec, &team) != TRINE_OK) {
        chaos_report("wrong a thread's %s: %s", spec, trine_error_detail());
        return NULL;
    }
    for (int i = 0; threads_go_on; i = (i + 1) % the_round.operations) {
        chaos_case c;
        /* Both threads would write one file. */
        if (strcmp(chaos_operation_of(the_round.number[i])->name, "file") == 0)
            continue;
        trine_status status = run_one(team, i, &c);
        if (status != the_round.status[i] && status != TRINE_E_THREADS)
            chaos_report("wrong %s on a thread's %s: %s %s",
                         chaos_operation_of(the_round.number[i])->name, spec,
                         trine_status_name(status), trine_error_detail());
        else if (status == TRINE_OK && c.digest != the_round.digest[i])
            chaos_report("wrong %s on a thread's %s: other bits",
                         chaos_operation_of(the_round.number[i])->name, spec);
    }
    trine_team_close(team);
    return NULL;
}

void begin_thread(void)
{
    threads_go_on = true;
    started = pthread_create(&thread, NULL, use_another_team,
                             chaos_below(&the_round.random, 2) ? "pool:2" : "serial") == 0;
}

void end_thread(void)
{
    threads_go_on = false;
    if (started)
        pthread_join(thread, NULL);
    started = false;
}
