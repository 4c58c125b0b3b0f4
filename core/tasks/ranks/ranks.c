/* core/tasks/ranks/ranks.c - a queue on several ranks: opening and closing.
 *
 * Opening, in steps, each of which all ranks leave together:
 *   1. They agree that kind and window are the same, and get rank 0's settings and its clock.
 *   2. The data comes: as a message into memory of each rank that its workers address, or once for
 *      each machine into a shared window; with data_each, it is read anew for each item.
 *   3. Each starts its scheduler. The shared window opens, or all learn whose `begin` failed.
 * Closing: rank 0 takes what nobody has, says on the shared window that it is closed, and reads
 * messages until all others have left; their schedulers finish what runs.
 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "core/tasks/ranks/task_window.h"
#include "core/system/util.h"

/* Rank 0's, for all. */
typedef struct settings {
    uint64_t window, chunk, total, data_size;
    double deadline, opened;
    int32_t attempts, transport, each, reserved;
} settings;

/* ---- resting ---- */

/* Where others get on only while rank 0 is in a call, it never rests for long. */
static const double first_rest = 20e-6, longest_rest = 1e-3, longest_of_server = 50e-6;

void trine_pause_begin(trine_pause *pause)
{
    *pause = (trine_pause){.spun = 0, .seconds = first_rest};
}

double trine_pause_next(const trine_ranks *ranks, trine_pause *pause, double most)
{
    if (pause->spun < ranks->spins) {
        pause->spun++;
        sched_yield();
        return 0;
    }
    bool serves = ranks->rank == 0 && !ranks->window->passive;
    double seconds = pause->seconds;
    pause->seconds = fmin(2 * seconds, serves ? longest_of_server : longest_rest);
    return fmin(seconds, most);
}

void trine_pause_sleep(trine_ranks *ranks, double seconds)
{
    if (seconds <= 0)
        return;
    nanosleep(&(struct timespec){.tv_nsec = (long)(seconds * 1e9)}, NULL);
    ranks->waited += seconds;
}

/* ---- opening ---- */

static uint64_t call_number(const trine_task_kind *kind, uint64_t asked)
{
    uint64_t sizes[] = {kind->param_size, kind->state_size, kind->item_max, kind->result_max,
                        asked};
    uint64_t call = trine_call_number(1, "task_open", 9);
    call =
        trine_call_number(call, kind->name ? kind->name : "", kind->name ? strlen(kind->name) : 0);
    return trine_call_number(call, sizes, sizeof sizes);
}

/* How far this rank's clock is ahead of rank 0's; 0 on the same machine. What a message takes is
 * counted as if it were the clocks', so the least of a few is taken. */
static trine_status compare_clocks(trine_team *team, uint64_t call, double *offset)
{
    const trine_communicator_ops *ops = team->communicator.ops;
    const double same = 5e-3;
    double least = INFINITY;
    for (int i = 0; i < 3; i++) {
        double there = trine_seconds();
        trine_status status =
            ops->broadcast(&team->communicator, &there, sizeof there, 0, call, TRINE_OK);
        if (status)
            return status;
        least = fmin(least, trine_seconds() - there);
    }
    *offset = team->communicator.rank == 0 || fabs(least) < same ? 0 : least;
    return TRINE_OK;
}

static trine_status count_worker_slots(trine_ranks *ranks, uint64_t call)
{
    trine_communicator *communicator = &ranks->team->communicator;
    uint64_t workers = (uint64_t)ranks->workers;
    uint64_t *all = calloc((size_t)ranks->size, sizeof *all);
    ranks->first_worker_slot = calloc((size_t)ranks->size + 1, sizeof *ranks->first_worker_slot);
    trine_status status = TRINE_OK;
    if (!all || !ranks->first_worker_slot)
        status = trine_fail(TRINE_E_MEMORY, "task queue: no memory for %d ranks", ranks->size);
    status = communicator->ops->gather(communicator, &workers, 1, all, call, status);
    for (int r = 0; r < ranks->size && !status && all && ranks->first_worker_slot; r++)
        ranks->first_worker_slot[r + 1] = ranks->first_worker_slot[r] + (int)all[r];
    if (!status && ranks->first_worker_slot)
        ranks->all_workers = ranks->first_worker_slot[ranks->size];
    free(all);
    return status;
}

static trine_status check_transport(const trine_ranks *ranks, const settings *s)
{
    trine_transport transport = (trine_transport)s->transport;
    bool known = transport == TRINE_TRANSPORT_SHM || transport == TRINE_TRANSPORT_MESSAGE ||
                 transport == TRINE_TRANSPORT_WINDOW;
    if (s->data_size == 0)
        return TRINE_OK;
    if (!known)
        return trine_fail(TRINE_E_ABSENT,
                          "trine_task_open: transport %s does not reach other ranks of team %s; "
                          "expected message or window",
                          trine_transport_name(transport), ranks->team->spec);
    if (transport != TRINE_TRANSPORT_WINDOW)
        return TRINE_OK;
    if (s->each)
        return trine_fail(TRINE_E_ABSENT, "trine_task_open: a window is read in place: nothing "
                                          "moves for each item; expected transport message");
    const char probe = 0;
    if (!ranks->team->executor.ops.addresses(&ranks->team->executor, &probe, 1))
        return trine_fail(TRINE_E_ABSENT,
                          "trine_task_open: an MPI window is not in the memory of workers forked "
                          "before it, as those of team %s; expected transport message",
                          ranks->team->spec);
    return TRINE_OK;
}

/* Space for the data where this rank's workers address it; rank 0's own where it is, if they do. */
static trine_status place_data(trine_ranks *ranks, const settings *s, const void *given)
{
    trine_executor *executor = &ranks->team->executor;
    if (ranks->rank == 0 && executor->ops.addresses(executor, given, s->data_size)) {
        ranks->setup.data = given;
        return TRINE_OK;
    }
    trine_status status = executor->ops.alloc(executor, s->data_size, &ranks->data);
    if (!status && ranks->rank == 0 && given)
        memcpy(ranks->data, given, s->data_size);
    ranks->setup.data = ranks->data;
    return status;
}

/* The shared window that each item's data is read from. */
static trine_status open_source(trine_ranks *ranks, uint64_t call)
{
    trine_communicator *communicator = &ranks->team->communicator;
    size_t bytes = (ranks->setup.data_size + 7) / 8 * 8;
    trine_status status = TRINE_OK;
    ranks->again = malloc(ranks->setup.data_size);
    if (!ranks->again)
        status = trine_fail(TRINE_E_MEMORY, "task queue: no memory for %zu bytes of data",
                            ranks->setup.data_size);
    status = communicator->ops->window(communicator, bytes, &ranks->source, call, status);
    if (status)
        return status;
    if (ranks->rank == 0)
        status =
            ranks->source->ops->put(ranks->source, 0, ranks->setup.data, ranks->setup.data_size);
    return trine_team_agree(ranks->team, call, status);
}

static trine_status bring_data(trine_ranks *ranks, const settings *s, const void *given,
                               uint64_t call)
{
    trine_team *team = ranks->team;
    trine_communicator *communicator = &team->communicator;
    trine_status status = check_transport(ranks, s);
    if (s->data_size == 0)
        return status;
    bool window = s->transport == TRINE_TRANSPORT_WINDOW;
    size_t moved = ranks->rank > 0 ? s->data_size : 0;
    ranks->setup.data_size = s->data_size;
    trine_call_mark(team, NULL);
    if (window) {
        status = communicator->ops->replicate(communicator, given, s->data_size, &ranks->common,
                                              call, status);
        if (!status) {
            ranks->setup.data = ranks->common->memory;
            moved = ranks->common->moved;
        }
    } else {
        if (!status)
            status = place_data(ranks, s, given);
        status = communicator->ops->broadcast(communicator, (void *)ranks->setup.data, s->data_size,
                                              0, call, status);
        if (!status && s->each)
            status = open_source(ranks, call);
    }
    team->ledger.moved += (int64_t)moved;
    team->ledger.bytes += (int64_t)s->data_size;
    trine_call_mark(team, &team->ledger.transfer_in);
    return status;
}

/* What this rank does alone: its memory and its scheduler. */
static trine_status start(trine_ranks *ranks, const settings *s)
{
    const trine_task_kind *kind = ranks->setup.kind;
    trine_executor *executor = &ranks->team->executor;
    ranks->fetched = malloc(TRINE_FETCH_BYTES);
    ranks->holders = malloc(TRINE_FETCH_BYTES / sizeof(trine_place_head) * sizeof(uint64_t));
    if (!ranks->fetched || !ranks->holders)
        return trine_fail(TRINE_E_MEMORY, "task queue: no memory");
    trine_status status = ranks->rank == 0 ? trine_coordinator_open(ranks, s->window) : TRINE_OK;
    if (status)
        return status;
    trine_scheduler_setup own = ranks->setup;
    own.lost = trine_rank_worker_lost;
    own.lost_context = ranks;
    own.total = 0;
    if (ranks->serial)
        own.chunk = 1;
    if (ranks->rank > 0)
        own.window = trine_min(s->window, trine_scheduler_window(kind, ranks->workers));
    ranks->setup.window = own.window;
    return trine_scheduler_open(executor, &own, &ranks->scheduler);
}

/* Ranks that all have a CPU look again at once, a few times, before they sleep. */
static unsigned choose_spins(const trine_team *team)
{
    enum { SPINS = 100 };
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int workers = team->executor.ops.serve ? team->executor.workers + 1 : 1;
    return (long)team->communicator.neighbours * workers <= cpus ? SPINS : 0;
}

static void take_settings(trine_ranks *ranks, const settings *s, double offset)
{
    trine_scheduler_setup *setup = &ranks->setup;
    setup->window = s->window;
    setup->chunk = s->chunk;
    setup->total = s->total;
    setup->deadline = s->deadline;
    setup->attempts = s->attempts;
    setup->opened = s->opened + offset;
    setup->data = NULL;
    setup->data_size = 0;
    setup->data_each = false;
    ranks->stride = trine_whole_lines(sizeof(trine_place_head) + setup->kind->item_max);
    ranks->ring = trine_coordinator_ring(s->window, ranks->stride);
    ranks->cells = trine_whole_lines(TRINE_WINDOW_HOLDERS + ranks->ring * sizeof(uint64_t));
}

static trine_status open_ranks(trine_ranks *ranks, const trine_task_options *options, uint64_t call,
                               trine_status status)
{
    trine_communicator *communicator = &ranks->team->communicator;
    const trine_scheduler_setup *setup = &ranks->setup;
    settings s = {.window = setup->window,
                  .chunk = setup->chunk,
                  .total = setup->total,
                  .data_size = options->data ? options->data_size : 0,
                  .deadline = setup->deadline,
                  .opened = setup->opened,
                  .attempts = setup->attempts,
                  .transport = (int32_t)options->transport,
                  .each = options->data_each};
    double offset;
    status = communicator->ops->broadcast(communicator, &s, sizeof s, 0, call, status);
    if (!status)
        status = count_worker_slots(ranks, call);
    if (!status)
        status = compare_clocks(ranks->team, call, &offset);
    if (status)
        return status;
    take_settings(ranks, &s, offset);
    status = bring_data(ranks, &s, options->data, call);
    if (status)
        return status;
    status = start(ranks, &s);
    size_t bytes = ranks->cells + ranks->ring * ranks->stride;
    status = communicator->ops->window(communicator, bytes, &ranks->window, call, status);
    if (status)
        return status;
    ranks->only_offers = ranks->rank == 0 && ranks->serial && !ranks->window->passive;
    if (ranks->rank > 0)
        status = trine_message_worker_slots(ranks);
    return trine_team_agree(ranks->team, call, status);
}

static void release(trine_ranks *ranks)
{
    trine_executor *executor = &ranks->team->executor;
    if (ranks->window)
        ranks->window->ops->close(ranks->window);
    if (ranks->source)
        ranks->source->ops->close(ranks->source);
    if (ranks->common)
        ranks->common->close(ranks->common);
    if (ranks->data)
        executor->ops.free(executor, ranks->data, ranks->setup.data_size);
    trine_coordinator_close(ranks);
    free(ranks->first_worker_slot);
    free(ranks->fetched);
    free(ranks->holders);
    free(ranks->again);
    free(ranks->message);
    free(ranks);
}

trine_status trine_ranks_open(trine_team *team, const trine_scheduler_setup *setup,
                              const trine_task_options *options, uint64_t asked,
                              trine_status status, trine_ranks **opened)
{
    uint64_t call = call_number(setup->kind, asked);
    trine_ranks *ranks = calloc(1, sizeof *ranks);
    if (!ranks)
        return trine_team_agree(team, call, trine_fail(TRINE_E_MEMORY, "task queue: no memory"));
    ranks->team = team;
    ranks->setup = *setup;
    ranks->rank = team->communicator.rank;
    ranks->size = team->communicator.size;
    ranks->serial = !team->executor.ops.serve;
    ranks->workers = ranks->serial ? 1 : team->executor.workers;
    ranks->spins = choose_spins(team);
    ranks->chunk = setup->chunk ? setup->chunk : 1;
    status = open_ranks(ranks, options, call, status);
    if (!status) {
        *opened = ranks;
        return TRINE_OK;
    }
    char why[TRINE_DETAIL_SIZE];
    snprintf(why, sizeof why, "%s", trine_error_detail());
    if (ranks->scheduler)
        trine_scheduler_close(ranks->scheduler);
    release(ranks);
    return trine_fail(status, "%s", why);
}

/* ---- closing ---- */

trine_status trine_ranks_close(trine_ranks *ranks, trine_status failed)
{
    trine_status status = TRINE_OK;
    if (ranks->rank == 0)
        status = trine_coordinator_end(ranks, failed);
    else
        (void)trine_ranks_serve(ranks);
    char why[TRINE_DETAIL_SIZE];
    snprintf(why, sizeof why, "%s", trine_error_detail());
    /* What is wrong with a scheduler has been told already. */
    (void)trine_scheduler_close(ranks->scheduler);
    if (status)
        trine_fail(status, "%s", why);
    else if (ranks->rank == 0)
        status = trine_coordinator_wait(ranks);
    status = trine_team_agree(ranks->team, trine_call_number(1, "task_close", 10), status);
    release(ranks);
    return status;
}
