/* disturber.c - sends signals to the host and to what it forked, at moments that the plan's random
 * numbers choose. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chaos.h"

enum { PROCESSES = 256 };

/* What the host and the disturber share: what the host wants, and whether the other is at it. */
typedef struct disturber_page {
    atomic_bool wanted, leave, busy;
    atomic_uint kills, stops, signals;
} disturber_page;

static disturber_page *page;
static chaos_disturber_plan plan;
static pid_t disturber, host;

static void pause_for(unsigned microseconds)
{
    struct timespec t = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        continue;
}

/* The children of a process, those of all its threads; how many. */
static int children_of(pid_t pid, pid_t *child, int most)
{
    char path[64];
    int n = 0, one;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *file = fopen(path, "re");
    while (file && n < most && fscanf(file, "%d", &one) == 1)
        if (one != getpid())
            child[n++] = one;
    if (file)
        fclose(file);
    return n;
}

/* Whether the plan is about it, by the name that trine gives its processes. */
static bool is_victim(pid_t pid)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && !fgets(name, sizeof name, file))
        name[0] = '\0';
    if (file)
        fclose(file);
    return (plan.fork_server && strncmp(name, "trine-fork server", 12) == 0) ||
           (plan.workers && strncmp(name, "trine-worker", 12) == 0);
}

/* One of the processes that the plan is about; 0 when there is none now. The host's children are
 * fork servers, or workers forked for one call; theirs are workers. */
static pid_t find_victim(chaos_random *random)
{
    pid_t family[PROCESSES], found[PROCESSES];
    int n = 0, children = children_of(host, family, PROCESSES / 2), all = children;
    for (int i = 0; i < children; i++)
        all += children_of(family[i], family + all, PROCESSES - all);
    for (int i = 0; i < all; i++)
        if (is_victim(family[i]))
            found[n++] = family[i];
    return n ? found[chaos_below(random, (uint64_t)n)] : 0;
}

static void disturb_once(chaos_random *random)
{
    static const int deaths[] = {SIGKILL, SIGKILL, SIGKILL, SIGTERM, SIGSEGV, SIGABRT};
    static const int interruptions[] = {SIGUSR1, SIGALRM, SIGCHLD, SIGWINCH, SIGURG};
    if (plan.host) {
        int number = plan.fatal ? plan.fatal : interruptions[chaos_below(random, 5)];
        page->signals += kill(host, number) == 0;
        return;
    }
    uint64_t which = chaos_draw(random), how = chaos_draw(random);
    chaos_random choice = {which};
    pid_t victim = find_victim(&choice);
    if (victim == 0)
        return;
    if (plan.stops && (!plan.kills || how % 3 == 0)) {
        if (kill(victim, SIGSTOP) != 0)
            return;
        page->stops++;
        if (!plan.forever) {
            pause_for((unsigned)(1000 + how / 3 % 40000));
            kill(victim, SIGCONT);
        }
    } else {
        page->kills += kill(victim, deaths[how % 6]) == 0;
    }
}

static _Noreturn void disturb(void)
{
    chaos_random random = {plan.seed};
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (!page->leave && getppid() == host) {
        page->busy = true;
        bool wanted = page->wanted;
        if (wanted && plan.fatal)
            pause_for(1 + (unsigned)chaos_below(&random, 2ull * plan.pause));
        if (wanted)
            disturb_once(&random);
        page->busy = false;
        pause_for(wanted ? 1 + (unsigned)chaos_below(&random, 2ull * plan.pause) : 200);
    }
    _exit(0);
}

bool chaos_disturber_open(const chaos_disturber_plan *given)
{
    plan = *given;
    host = getpid();
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return false;
    disturber = fork();
    if (disturber == 0)
        disturb();
    return disturber > 0;
}

void chaos_disturber_begin(void)
{
    if (page)
        page->wanted = true;
}

void chaos_disturber_end(void)
{
    if (!page)
        return;
    page->wanted = false;
    while (page->busy)
        pause_for(100);
    /* Who was killed last is gone then, and begins nothing. */
    pause_for(2000);
}

void chaos_disturber_close(void)
{
    if (!page)
        return;
    page->leave = true;
    /* A handler of the host's for SIGCHLD may have taken its status. */
    while (waitpid(disturber, NULL, 0) != disturber && errno == EINTR)
        continue;
    chaos_report("count kills %u", page->kills);
    chaos_report("count stops %u", page->stops);
    chaos_report("count signals %u", page->signals);
    munmap(page, sizeof *page);
    page = NULL;
}

int chaos_disturber_pid(void)
{
    return disturber;
}
