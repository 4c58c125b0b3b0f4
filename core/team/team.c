/* core/team/team.c - opening and closing teams, and the life of a call on one. */
#include "core/team/team.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "core/system/error.h"
#include "core/system/launch.h"
#include "core/system/memory_usage.h"
#include "core/team/placement.h"
#include "core/system/process.h"
#include "core/system/util.h"
#include "core/team/spec.h"
#include "core/system/environment.h"

static _Thread_local double last_teardown;

trine_status trine_init(void)
{
    TRINE_FLOAT_SCOPE;
    for (int i = 0; trine_executors[i]; i++)
        if (!trine_executors[i]->absent && trine_executors[i]->init) {
            trine_status status = trine_executors[i]->init();
            if (status)
                return status;
        }
    return TRINE_OK;
}

void trine_finalize(void)
{
    TRINE_FLOAT_SCOPE;
    for (int i = 0; trine_executors[i]; i++)
        if (!trine_executors[i]->absent && trine_executors[i]->finalize)
            trine_executors[i]->finalize();
    if (!trine_ranks_communicator->absent && trine_ranks_communicator->finalize)
        trine_ranks_communicator->finalize();
}

static const char *default_spec(void)
{
    const char *spec = trine_environment("TRINE_TEAM");
    if (spec && *spec)
        return spec;
    if (trine_launch_size(NULL) > 0)
        return "mpi";
    /* Threads where there are any: what a program expects that said nothing. */
    for (int i = 1; trine_executors[i]; i++)
        if (!trine_executors[i]->alone && !trine_executors[i]->separate_memory &&
            !trine_executors[i]->absent)
            return trine_executors[i]->name;
    return trine_executors[0]->name;
}

/* The spec with its counts filled in, or why it cannot be. */
static trine_status resolve(const char *text, bool own_communicator, trine_spec *spec)
{
    trine_status status = trine_spec_parse(text               ? text
                                           : own_communicator ? "mpi"
                                                              : default_spec(),
                                           spec);
    if (status)
        return status;
    if (own_communicator && spec->communicator != trine_ranks_communicator)
        return trine_fail(TRINE_E_SPEC,
                          "team spec '%.100s' on a communicator: expected mpi or mpi+...", text);
    if (spec->executor->absent)
        return trine_fail(TRINE_E_ABSENT, "%s: %s", spec->executor->name, spec->executor->absent);
    if (spec->communicator->absent)
        return trine_fail(TRINE_E_ABSENT, "%s: %s", spec->communicator->name,
                          spec->communicator->absent);
    if (spec->executor->alone)
        spec->options.workers = 1;
    if (spec->options.workers == 0)
        spec->options.workers = trine_placement_workers(spec->executor, &spec->asked_by);
    return TRINE_OK;
}

/* What core/input/stage.c has made to bring arrays to the workers. */
static void release_staged(trine_team *team)
{
    for (int i = 0; i < TRINE_ARGS; i++) {
        trine_channel_release(team->channels[i]);
        team->channels[i] = NULL;
        if (team->outputs[i].memory)
            team->executor.ops.free(&team->executor, team->outputs[i].memory,
                                    team->outputs[i].bytes);
        team->outputs[i] = (trine_output_memory){NULL, 0};
    }
    trine_executor_close(&team->forking);
}

/* What a call has left behind whose frames are gone. */
static trine_status recover(trine_team *team)
{
    trine_executor *executor = &team->executor, *forking = &team->forking;
    trine_status status = executor->ops.recover ? executor->ops.recover(executor) : TRINE_OK;
    if (forking->workers && forking->ops.recover && !status)
        status = forking->ops.recover(forking);
    release_staged(team);
    return status;
}

/* Whether the call that has the team will never end it: a function of the program's has left it by
 * longjmp, or ended the thread. */
static bool is_left(trine_team *team, int thread, const trine_activation *own)
{
    if (atomic_load(&team->claim.kept))
        return false;
    return thread == trine_thread_number() ? trine_activation_left(&team->claim.call, own)
                                           : thread && !trine_thread_runs(thread);
}

/* Makes the team this call's; BUSY while another one has it. */
static trine_status claim(trine_team *team, const trine_activation *own, const char *how)
{
    int thread = 0;
    trine_status status = TRINE_OK;
    if (atomic_flag_test_and_set_explicit(&team->busy, memory_order_acquire)) {
        thread = atomic_load(&team->claim.thread);
        if (!is_left(team, thread, own) ||
            !atomic_compare_exchange_strong(&team->claim.thread, &thread, trine_thread_number()))
            return trine_fail(TRINE_E_BUSY, "team %s is at work %s", team->spec, how);
        status = recover(team);
    }
    team->claim.call = *own;
    atomic_store(&team->claim.kept, false);
    atomic_store(&team->claim.thread, trine_thread_number());
    return status;
}

static void give_back(trine_team *team)
{
    atomic_store(&team->claim.thread, 0);
    atomic_flag_clear_explicit(&team->busy, memory_order_release);
}

void trine_call_keep(trine_team *team)
{
    atomic_store(&team->claim.kept, true);
}

__attribute__((noinline)) void trine_call_resume(trine_team *team)
{
    team->claim.call = TRINE_CALLER;
    atomic_store(&team->claim.thread, trine_thread_number());
    atomic_store(&team->claim.kept, false);
}

static trine_status join(trine_team *team, const trine_spec *spec, const void *handle)
{
    team->communicator.ops = spec->communicator;
    trine_status status = spec->communicator->open(&team->communicator, handle);
    if (status) {
        team->communicator.ops = NULL;
        return status;
    }
    if (spec->ranks && spec->ranks != team->communicator.size)
        return trine_fail(TRINE_E_LAUNCH,
                          "team spec asks for mpi:%d, but %d rank%s started: use mpirun -n %d",
                          spec->ranks, team->communicator.size,
                          team->communicator.size == 1 ? "" : "s", spec->ranks);
    return TRINE_OK;
}

bool trine_team_inherited(const trine_team *team)
{
    return team->process != trine_process() &&
           !(team->executor.ops.alone && team->communicator.ops != trine_ranks_communicator);
}

trine_status trine_team_check(const trine_team *team)
{
    if (!trine_team_inherited(team))
        return TRINE_OK;
    return trine_fail(TRINE_E_WORKER,
                      "team %s belongs to the process that this one (pid %d) was forked from, as "
                      "do its workers; open another one here, or close it there",
                      team->spec, (int)getpid());
}

/* Of an inherited team what is this process's own goes. */
static void dissolve(trine_team *team)
{
    bool inherited = trine_team_inherited(team);
    if (inherited) {
        trine_executor_close(&team->forking);
    } else {
        trine_refuse_forget(team);
        release_staged(team);
    }
    if (team->arena)
        team->executor.ops.free(&team->executor, team->arena, team->arena_size);
    trine_executor_close(&team->executor);
    trine_executor_close(&team->alone);
    if (team->communicator.ops && !inherited)
        team->communicator.ops->close(&team->communicator);
    free(team->shares);
    free(team);
}

/* Whether the spec, which was refused, is of an executor alone. */
static bool names_executor(const char *spec)
{
    for (int i = 0; trine_executors[i]; i++) {
        size_t n = strlen(trine_executors[i]->name);
        if (strncmp(spec, trine_executors[i]->name, n) == 0 && !isalpha((unsigned char)spec[n]))
            return true;
    }
    return false;
}

/* Whether other ranks would wait for one that refuses. spec: NULL when it was refused. */
static bool others_wait(const char *text, const void *handle, const trine_spec *spec)
{
    if (trine_ranks_communicator->absent)
        return false;
    if (spec || handle)
        return handle || spec->communicator == trine_ranks_communicator;
    return trine_launch_size(NULL) > 1 && !names_executor(text ? text : default_spec());
}

static uint64_t open_number(void)
{
    return trine_call_number(1, "open", 4);
}

/* A rank that refuses still joins the others, so that they learn of it. */
static trine_status refuse_open(const void *handle, trine_status status)
{
    const trine_spec spec = {.communicator = trine_ranks_communicator};
    trine_team team = {.ledger = {.wall = 0}};
    char why[TRINE_DETAIL_SIZE];
    snprintf(why, sizeof why, "%s", trine_error_detail());
    (void)join(&team, &spec, handle);
    trine_fail(status, "%s", why);
    if (!team.communicator.ops)
        return status;
    status = trine_team_agree(&team, open_number(), status);
    team.communicator.ops->close(&team.communicator);
    return status;
}

static trine_status assemble(trine_team *team, const trine_spec *spec, const void *handle)
{
    /* Workers are forked before MPI starts its threads. */
    const trine_executor_options one = {.workers = 1};
    trine_status status = trine_executor_open(&team->executor, spec->executor, &spec->options);
    if (!status)
        status = trine_executor_open(&team->alone, trine_executors[0], &one);
    team->shares = calloc((size_t)spec->options.workers, sizeof *team->shares);
    if (!status && !team->shares)
        status = trine_fail(TRINE_E_MEMORY, "no memory for %d workers", spec->options.workers);
    char why[TRINE_DETAIL_SIZE];
    snprintf(why, sizeof why, "%s", trine_error_detail());
    trine_status joined = join(team, spec, handle);
    if (!team->communicator.ops && !status)
        return joined;
    if (status)
        trine_fail(status, "%s", why);
    if (!team->communicator.ops)
        return status;
    status = trine_team_agree(team, open_number(), status ? status : joined);
    return trine_team_settle(team, status);
}

static void name_team(trine_team *team, trine_spec *spec)
{
    spec->ranks = team->communicator.size;
    team->transport = spec->transport;
    trine_spec_print(spec, team->spec, sizeof team->spec);
    team->asked_by = spec->asked_by;
    trine_placement_note(team);
    team->ledger.workers = team->executor.working;
    team->ledger.reproducible = true;
}

trine_status trine_team_open_on(const void *handle, const char *text, trine_team **opened)
{
    TRINE_FLOAT_SCOPE;
    double began = trine_seconds();
    trine_spec spec;
    trine_status refused = resolve(text, handle != NULL, &spec), status = refused;
    trine_team *team = status ? NULL : calloc(1, sizeof *team);
    if (!status && !team)
        status = trine_fail(TRINE_E_MEMORY, "no memory for a team");
    if (!status && !opened)
        status =
            trine_fail(TRINE_E_ARGUMENT, "trine_team_open: team is NULL; expected where to put it");
    if (status || !team || !opened) {
        free(team);
        return others_wait(text, handle, refused ? NULL : &spec) ? refuse_open(handle, status)
                                                                 : status;
    }
    atomic_flag_clear(&team->busy);
    team->process = trine_process();
    team->transport = TRINE_TRANSPORT_NONE;
    status = assemble(team, &spec, handle);
    if (status) {
        char why[TRINE_DETAIL_SIZE];
        snprintf(why, sizeof why, "%s", trine_error_detail());
        dissolve(team);
        return trine_fail(status, "%s", why);
    }
    name_team(team, &spec);
    trine_refuse_know(team);
    team->ledger.launch = trine_seconds() - began;
    *opened = team;
    return TRINE_OK;
}

trine_status trine_team_open(const char *spec, trine_team **team)
{
    return trine_team_open_on(NULL, spec, team);
}

/* What keeps this rank's team open. */
static trine_status check_close(trine_team *team)
{
    int arrays = atomic_load(&team->arrays);
    return arrays == 0
               ? TRINE_OK
               : trine_fail(TRINE_E_BUSY,
                            "team %s still has %d array%s, lock%s, counter%s or open "
                            "file%s: free them first",
                            team->spec, arrays, arrays == 1 ? "" : "s", arrays == 1 ? "" : "s",
                            arrays == 1 ? "" : "s", arrays == 1 ? "" : "s");
}

/* A failure of MPI that other ranks still have to tell comes first. What MPI says then keeps no
 * team open. */
static trine_status agree_to_close(trine_team *team, trine_status own)
{
    trine_status status = TRINE_E_MPI;
    for (int i = 0; i < 2 && status == TRINE_E_MPI; i++) {
        status = trine_team_agree(team, trine_call_number(1, "close", 5), own);
        status = trine_team_settle(team, status);
    }
    return status;
}

__attribute__((noinline)) trine_status trine_team_close(trine_team *team)
{
    TRINE_FLOAT_SCOPE;
    if (!team)
        return TRINE_OK;
    double began = trine_seconds();
    /* The thread that was at work on a team that is inherited is not in this process. */
    bool inherited = trine_team_inherited(team);
    const trine_activation own = TRINE_CALLER;
    trine_status status = inherited ? TRINE_OK : claim(team, &own, "in another thread");
    if (status == TRINE_E_BUSY)
        return status;
    status = check_close(team);
    /* Where MPI has ended, nobody can wait any more. */
    if (!inherited && (!team->communicator.ops->ended || !team->communicator.ops->ended()))
        status = agree_to_close(team, status);
    if (status && status != TRINE_E_MPI) {
        give_back(team);
        return status;
    }
    dissolve(team);
    last_teardown = trine_seconds() - began;
    return status;
}

__attribute__((noinline)) trine_status trine_call_begin(trine_team *team)
{
    const trine_activation own = TRINE_CALLER;
    trine_status status = trine_team_check(team);
    if (status)
        return status;
    status = claim(team, &own, "on another call; open a team a thread");
    if (status == TRINE_E_BUSY)
        return status;
    if (status) {
        give_back(team);
        return status;
    }
    trine_float_enter(&team->callers_environment);
    double launch = team->ledger.launch;
    team->ledger = (trine_ledger){TRINE_INIT(trine_ledger), .launch = launch,
                                  .workers = team->executor.working, .reproducible = true};
    memset(team->shares, 0, (size_t)team->executor.workers * sizeof *team->shares);
    trine_refuse_count(team);
    team->began = team->marked = trine_seconds();
    return TRINE_OK;
}

void trine_call_mark(trine_team *team, double *field)
{
    double now = trine_seconds();
    if (field)
        *field += now - team->marked;
    team->marked = now;
}

trine_status trine_team_settle(trine_team *team, trine_status status)
{
    trine_communicator *communicator = &team->communicator;
    uint64_t knowing = 0, size = (uint64_t)communicator->size;
    if (status != TRINE_E_MPI || size == 1)
        return status;
    char why[TRINE_DETAIL_SIZE];
    snprintf(why, sizeof why, "%s", trine_error_detail());
    /* The first may meet other ranks' next function, which brings another sum and from which they
     * learn; the second, theirs. */
    for (int i = 0; i < 2 && knowing != size; i++) {
        knowing = 1;
        (void)communicator->ops->agree(communicator, 0, &knowing, status);
    }
    return trine_fail(status, "%s", why);
}

trine_status trine_call_end(trine_team *team, double *field, trine_status status)
{
    trine_ledger *l = &team->ledger;
    status = trine_team_settle(team, status);
    trine_call_mark(team, field);
    for (int i = 0; i < team->executor.workers; i++) {
        l->user += team->shares[i].user;
        l->sys += team->shares[i].sys;
    }
    l->wall = team->marked - team->began;
    l->other = l->wall - l->transfer_in - l->dispatch - l->compute - l->wait - l->combine -
               l->transfer_out;
    if (team->executor.working != team->noted) {
        l->workers = team->executor.working;
        trine_placement_note(team);
    }
    trine_float_leave(&team->callers_environment);
    give_back(team);
    return status;
}

static void add_share(trine_ledger_worker *share, const trine_ledger_worker *entry)
{
    share->dispatch += entry->dispatch;
    share->transfer += entry->transfer;
    share->compute += entry->compute;
    share->wait += entry->wait;
    share->user += entry->user;
    share->sys += entry->sys;
    share->blocks += entry->blocks;
    share->pid = entry->pid;
}

trine_status trine_team_run(trine_team *team, trine_executor *executor, trine_job *job)
{
    /* What was done since the last mark was making the work ready: dispatch. */
    double began = team->marked;
    job->schedule = team->schedule;
    executor->replaced = 0;
    executor->published = began;
    trine_status status = executor->ops.run(executor, job);
    double ended = executor->ended;
    const trine_ledger_worker *own = &executor->ledger[0];
    double busy = own->dispatch + own->transfer + own->compute;
    for (int i = 0; i < executor->workers; i++) {
        trine_ledger_worker *entry = &executor->ledger[i];
        double end = entry->dispatch + entry->transfer + entry->compute;
        entry->wait = ended - began > end ? ended - began - end : 0;
        add_share(&team->shares[i], entry);
    }
    team->ledger.dispatch += own->dispatch;
    team->ledger.transfer_in += own->transfer;
    team->ledger.compute += own->compute;
    team->ledger.wait += ended - began - busy;
    team->ledger.replaced += executor->replaced;
    team->marked = ended;
    return status;
}

trine_status trine_team_arena(trine_team *team, size_t bytes, void **memory)
{
    if (bytes >= TRINE_NO_MEMORY) {
        trine_fail(TRINE_E_MEMORY, "team %s: no memory for a job of %zu bytes", team->spec, bytes);
        return TRINE_E_MEMORY;
    }
    if (bytes > team->arena_size) {
        if (team->arena)
            team->executor.ops.free(&team->executor, team->arena, team->arena_size);
        team->arena = NULL;
        team->arena_size = 0;
        /* Doubling keeps the number of growths small. */
        size_t size = 1 << 16;
        while (size < bytes)
            size *= 2;
        trine_status status = team->executor.ops.alloc(&team->executor, size, &team->arena);
        if (status)
            return status;
        team->arena_size = size;
    }
    *memory = team->arena;
    return TRINE_OK;
}

static trine_status do_nothing(void *context, size_t block, trine_worker *worker)
{
    (void)context;
    (void)block;
    (void)worker;
    return TRINE_OK;
}

trine_status trine_team_ready(trine_team *team, trine_executor *executor, size_t bytes,
                              size_t scratch)
{
    void *memory;
    if (team->communicator.size == 1)
        return TRINE_OK;
    trine_status status = trine_team_arena(team, bytes, &memory);
    if (status || scratch == 0)
        return status;
    trine_job none = {.body = do_nothing, .context = memory, .scratch_size = scratch};
    return trine_team_run(team, executor, &none);
}

trine_status trine_team_agree(trine_team *team, uint64_t call, trine_status status)
{
    return team->communicator.ops->agree(&team->communicator, call, NULL, status);
}

uint64_t trine_call_number(uint64_t seed, const void *bytes, size_t n)
{
    uint64_t hash = 14695981039346656037u ^ seed;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
    return hash;
}

const char *trine_team_spec(const trine_team *team)
{
    return team ? team->spec : NULL;
}

int trine_team_workers(const trine_team *team)
{
    return team ? team->executor.working : 0;
}

int trine_team_ranks(const trine_team *team)
{
    return team ? team->communicator.size : 0;
}

int trine_team_rank(const trine_team *team)
{
    return team ? team->communicator.rank : 0;
}

int64_t trine_team_worker_pid(const trine_team *team, int worker)
{
    if (!team || worker < 0 || worker >= team->executor.workers)
        return -1;
    return team->executor.ops.worker_pid(&team->executor, worker);
}

const char *trine_team_note(const trine_team *team)
{
    return team && *team->note ? team->note : NULL;
}

trine_status trine_team_set_schedule(trine_team *team, trine_schedule schedule)
{
    if (!team)
        return trine_fail(TRINE_E_ARGUMENT, "trine_team_set_schedule: team is NULL");
    trine_status status = trine_team_check(team);
    if (status)
        return status;
    if (schedule != TRINE_STATIC && schedule != TRINE_DYNAMIC)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_team_set_schedule: %d; expected TRINE_STATIC or TRINE_DYNAMIC",
                          (int)schedule);
    team->schedule = schedule;
    return TRINE_OK;
}

trine_status trine_team_memory(trine_team *team, int worker, trine_memory *memory)
{
    TRINE_FLOAT_SCOPE;
    if (!team || !memory)
        return trine_fail(TRINE_E_ARGUMENT, "trine_team_memory: %s is NULL",
                          team ? "memory" : "team");
    if (worker < 0 || worker >= team->executor.workers)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_team_memory: worker %d; expected 0 to %d of team %s", worker,
                          team->executor.workers - 1, team->spec);
    trine_status status = trine_team_check(team);
    if (status)
        return status;
    pid_t last = (pid_t)team->shares[worker].pid;
    if (last > 0 && trine_memory_usage(last, memory) == TRINE_OK)
        return TRINE_OK;
    const trine_executor *executor = &team->executor;
    return last > 0 && team->forking.workers
               ? team->forking.ops.memory(&team->forking, worker, memory)
               : trine_memory_usage(executor->ops.worker_pid(executor, worker), memory);
}

trine_status trine_team_set_transport(trine_team *team, trine_transport transport)
{
    TRINE_FLOAT_SCOPE;
    if (!team)
        return trine_fail(TRINE_E_ARGUMENT, "trine_team_set_transport: team is NULL");
    trine_status status = trine_team_check(team);
    if (!status && transport != TRINE_TRANSPORT_NONE)
        status = trine_channel_check(&team->executor, transport);
    if (status)
        return status;
    if (atomic_flag_test_and_set_explicit(&team->busy, memory_order_acquire))
        return trine_fail(TRINE_E_BUSY, "trine_team_set_transport: team %s is at work", team->spec);
    release_staged(team);
    team->transport = transport;
    trine_spec_set_transport(team->spec, sizeof team->spec, &team->executor.ops, transport);
    atomic_flag_clear_explicit(&team->busy, memory_order_release);
    return TRINE_OK;
}

trine_transport trine_team_transport(const trine_team *team)
{
    return team ? team->transport : TRINE_TRANSPORT_NONE;
}

trine_status trine_team_ledger(const trine_team *team, trine_ledger *ledger)
{
    if (!team || !ledger)
        return trine_fail(TRINE_E_ARGUMENT, "trine_team_ledger: %s is NULL",
                          team ? "ledger" : "team");
    trine_status status =
        trine_size_check("trine_team_ledger", "trine_ledger", ledger->size, sizeof *ledger);
    if (status)
        return status;
    *ledger = team->ledger;
    ledger->size = sizeof *ledger;
    ledger->teardown = last_teardown;
    return TRINE_OK;
}

trine_status trine_team_ledger_worker(const trine_team *team, int worker,
                                      trine_ledger_worker *entry)
{
    if (!team || !entry)
        return trine_fail(TRINE_E_ARGUMENT, "trine_team_ledger_worker: %s is NULL",
                          team ? "entry" : "team");
    if (worker < 0 || worker >= team->executor.workers)
        return trine_fail(TRINE_E_ARGUMENT,
                          "trine_team_ledger_worker: worker %d; expected 0 to %d of team %s",
                          worker, team->executor.workers - 1, team->spec);
    *entry = team->shares[worker];
    return TRINE_OK;
}
