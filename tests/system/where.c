/* where.c - where SPEC...: opens each team, lets all its workers work, and prints a line of JSON on
 * how many they were, on which CPUs they may run, and the team's note. */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <trine/trine.h>

/* May, of all workers together; the CPUs of the worker that has most. Both as bits. */
typedef struct places {
    uint64_t together, most;
} places;

static uint64_t mask_of(pid_t pid)
{
    cpu_set_t set;
    uint64_t mask = 0;
    CPU_ZERO(&set);
    sched_getaffinity(pid, sizeof set, &set);
    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)(CPU_ISSET(i, &set) != 0) << i;
    return mask;
}

static void nowhere(void *state, const void *param)
{
    (void)param;
    *(places *)state = (places){0, 0};
}

static void merge(void *left, const void *right, const void *param)
{
    places *l = left;
    const places *r = right;
    (void)param;
    l->together |= r->together;
    if (__builtin_popcountll(r->most) > __builtin_popcountll(l->most))
        l->most = r->most;
}

static void here(void *state, const trine_chunk *chunk, const void *param)
{
    uint64_t mask = mask_of(0);
    places own = {mask, mask};
    (void)chunk;
    merge(state, &own, param);
}

static trine_status finish(void *result, const void *state, const void *param)
{
    (void)param;
    memcpy(result, state, sizeof(places));
    return TRINE_OK;
}

static const trine_reducer all_places = {TRINE_INIT(trine_reducer),
                                         .name = "places",
                                         .nin = 1,
                                         .in = {TRINE_F64},
                                         .state_size = sizeof(places),
                                         .result_size = sizeof(places),
                                         .init = nowhere,
                                         .accumulate = here,
                                         .merge = merge,
                                         .finish = finish};

enum { ELEMENTS = 1 << 20 };

static trine_status look(const char *spec, uint64_t caller)
{
    trine_team *team;
    trine_array *x;
    places found;
    trine_status status = trine_team_open(spec, &team);
    if (status)
        return status;
    bool staged = trine_team_transport(team) != TRINE_TRANSPORT_NONE;
    status =
        trine_array_create(team, TRINE_F64, ELEMENTS, staged ? TRINE_PRIVATE : TRINE_SHARED, &x);
    if (status)
        return status;
    status = trine_reduce(&all_places, (const trine_array *[]){x}, NULL, &found);
    int worked = 0, workers = trine_team_workers(team);
    for (trine_ledger_worker w; trine_team_ledger_worker(team, worked, &w) == TRINE_OK && w.blocks;)
        worked++;
    pid_t last = (pid_t)trine_team_worker_pid(team, workers - 1);
    uint64_t forked = last != getpid() ? mask_of(last) : 0;
    const char *note = trine_team_note(team);
    printf("{\"spec\": \"%s\", \"cpus\": %d, \"workers\": %d, \"worked\": %d, \"caller\": %llu, "
           "\"forked\": %llu, \"together\": %llu, \"most\": %llu, \"note\": \"%s\"}\n",
           trine_team_spec(team), trine_cpus(), workers, worked, (unsigned long long)caller,
           (unsigned long long)forked, (unsigned long long)found.together,
           (unsigned long long)found.most, note ? note : "");
    trine_array_free(x);
    trine_status closed = trine_team_close(team);
    return status ? status : closed;
}

int main(int argc, char **argv)
{
    uint64_t caller = mask_of(0);
    trine_status status = trine_init();
    for (int i = 1; i < argc && !status; i++)
        status = look(argv[i], caller);
    if (status)
        fprintf(stderr, "%s: %s\n", argv[0], trine_error_detail());
    return status != TRINE_OK;
}
