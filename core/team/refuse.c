/* core/team/refuse.c - the one door out of a call that a rank refuses: whom it tells.
 *
 * The other ranks make the call, and wait in its first function of the communicator. The rank that
 * refuses enters one agreement, which meets that function and brings its status. So what it has to
 * know is the team. Usually an argument names it. Where none does (all are NULL), or several do, it
 * is the one of several ranks that this process called last.
 */
#include <pthread.h>
#include <stdio.h>

#include "core/team/team.h"
#include "core/system/error.h"
#include "core/system/process.h"

/* Teams of several ranks that are open in that process. calls: made on any of them so far. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static trine_team *open_teams;
static uint32_t process;
static atomic_uint_fast64_t calls;

static void take(void)
{
    pthread_mutex_lock(&lock);
    if (process != trine_process())
        open_teams = NULL;
    process = trine_process();
}

static void give(void)
{
    pthread_mutex_unlock(&lock);
}

/* No thread holds the lock in a forked process. */
__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(take, give, give);
}

void trine_refuse_know(trine_team *team)
{
    if (team->communicator.size == 1)
        return;
    take();
    team->called = atomic_fetch_add(&calls, 1) + 1;
    team->next = open_teams;
    open_teams = team;
    give();
}

void trine_refuse_forget(trine_team *team)
{
    take();
    trine_team **at = &open_teams;
    while (*at && *at != team)
        at = &(*at)->next;
    if (*at)
        *at = team->next;
    give();
}

void trine_refuse_count(trine_team *team)
{
    if (team->communicator.size > 1)
        team->called = atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed) + 1;
}

static trine_team *called_last(void)
{
    take();
    trine_team *last = open_teams;
    for (trine_team *team = last; team; team = team->next)
        last = team->called > last->called ? team : last;
    give();
    return last;
}

trine_team *trine_refuse_likelier(trine_team *a, trine_team *b)
{
    if (!a || !b)
        return a ? a : b;
    return b->called > a->called ? b : a;
}

/* No argument names the team: whether any can be told is this rank's guess alone, so that what it
 * returns is its own refusal. */
static trine_status refuse_unnamed(trine_status status)
{
    trine_team *team = called_last();
    if (!team || atomic_flag_test_and_set_explicit(&team->busy, memory_order_acquire))
        return status;
    status = trine_team_settle(team, trine_team_agree(team, 0, status));
    atomic_flag_clear_explicit(&team->busy, memory_order_release);
    return status;
}

trine_status trine_call_refuse(trine_team *team, trine_status status)
{
    if (!team)
        return refuse_unnamed(status);
    trine_status begun = trine_call_begin(team);
    return begun ? begun : trine_call_end(team, NULL, trine_team_agree(team, 0, status));
}
