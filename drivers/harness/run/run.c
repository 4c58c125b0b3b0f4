/* drivers/harness/run/run.c - timing the methods of a driver on one team. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/run/bandwidth.h"
#include "drivers/harness/data/scatter.h"
#include "drivers/harness/launch/channel.h"
#include "drivers/harness/data/data.h"
#include "drivers/harness/run/failures.h"
#include "drivers/harness/run/rows.h"
#include "drivers/harness/cli/log.h"
#include "drivers/harness/run/task_statistics.h"

bool has_no_value(trine_status status)
{
    return status == TRINE_E_OVERFLOW || status == TRINE_E_EMPTY;
}

harness_row *add_row(harness_run *run)
{
    harness_row *more = realloc(run->row, (size_t)(run->rows + 1) * sizeof *more);
    if (!more) {
        log_line(run->options->driver->name, "out of memory");
        return NULL;
    }
    run->row = more;
    harness_row *row = &run->row[run->rows++];
    *row = (harness_row){.ranks = 1};
    return row;
}

void clear_row(harness_row *row)
{
    clear_statistics(&row->statistics);
    free(row->share);
    free(row->memory);
    free(row->number);
}

void forget_rows(harness_run *run, int first)
{
    while (run->rows > first)
        clear_row(&run->row[--run->rows]);
}

/* The data on one team: arrays, or a file to be read while computing. scattered: each repetition
 * brings the arrays to the ranks, from `whole` on rank 0. */
typedef struct team_data {
    trine_team *team;
    trine_npy *file;
    trine_array *in[TRINE_ARGS];
    void *whole[TRINE_ARGS];
    bool scattered;
    trine_dtype dtype;
    double load;
} team_data;

/* The shape of generated data: --shape's two axes, or one. */
static int shape_of(const harness_options *o, int64_t shape[2])
{
    const harness_extra *extras = o->driver->extras;
    shape[0] = o->n;
    shape[1] = 1;
    for (int i = 0; extras && extras[i].name; i++)
        if (extras[i].kind == KIND_SHAPE && o->setting[i].count == 2) {
            shape[0] = o->setting[i].whole[0];
            shape[1] = o->setting[i].whole[1];
            return 2;
        }
    return 1;
}

/* The inputs after the first: as many elements as that. */
static trine_status make_more(const harness_options *o, team_data *data)
{
    int inputs = o->driver->operation ? o->driver->operation->inputs : 1;
    trine_status status = TRINE_OK;
    for (int i = 1; i < inputs && !status; i++)
        status =
            generate_array(data->team, data->dtype, trine_array_ndim(data->in[0]),
                           trine_array_shape(data->in[0]), o->seed + (uint64_t)i, &data->in[i]);
    return status;
}

/* Puts an array into memory of this rank's own that the workers of a pool do not address. */
static trine_status make_private(trine_array **array)
{
    trine_array *made;
    trine_status status =
        trine_array_create_like(*array, trine_array_dtype(*array), TRINE_PRIVATE, &made);
    if (status)
        return status;
    size_t bytes = trine_array_local_n(*array) * trine_dtype_size(trine_array_dtype(*array));
    if (bytes)
        memcpy(trine_array_data(made), trine_array_data(*array), bytes);
    trine_array_free(*array);
    *array = made;
    return TRINE_OK;
}

static trine_status make_all_private(team_data *data)
{
    trine_status status = TRINE_OK;
    data->scattered = trine_team_ranks(data->team) > 1;
    for (int i = 0; i < TRINE_ARGS && !status; i++)
        if (data->in[i])
            status = data->scattered ? make_whole(data->in[i], &data->whole[i])
                                     : make_private(&data->in[i]);
    return status;
}

static trine_status open_data(harness_run *run, team_data *data)
{
    const harness_options *o = run->options;
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    trine_status status;
    data->dtype = o->dtype;
    run->n = o->n;
    run->dtype = data->dtype;
    if (!has_arrays(o->driver))
        return TRINE_OK;
    if (!o->file) {
        int64_t shape[2];
        int ndim = shape_of(o, shape);
        run->n = shape[0] * shape[1];
        const double *value = fill_of(o);
        status = value ? fill_array(data->team, o->dtype, ndim, shape, *value, &data->in[0])
                       : generate_array(data->team, o->dtype, ndim, shape, o->seed, &data->in[0]);
    } else {
        status = trine_npy_open(data->team, o->file, &data->file);
        if (status)
            return status;
        const trine_npy_info *info = trine_npy_header(data->file);
        data->dtype = info->dtype;
        if (strcmp(info->stored, "bool") == 0 || info->stored_size < trine_dtype_size(info->dtype))
            run->stored = info->stored;
        run->n = info->n;
        if (!o->stream)
            status = trine_npy_load(data->file, &data->in[0]);
        /* What does not fit is read while computing. */
        if (status == TRINE_E_MEMORY && !o->driver->operation)
            status = TRINE_OK;
    }
    if (!status)
        status = make_more(o, data);
    if (!status && stages_arrays(o) && data->in[0])
        status = make_all_private(data);
    trine_team_ledger(data->team, &ledger);
    data->load = data->in[0] ? ledger.wall : 0;
    run->dtype = data->dtype;
    run->bytes = run->n * trine_dtype_size(data->dtype);
    return status;
}

static void close_data(team_data *data)
{
    release_arrays(data->in);
    for (int i = 0; i < TRINE_ARGS; i++)
        free(data->whole[i]);
    trine_npy_close(data->file);
}

/* The reduction; where the arrays are scattered, of what rank 0 has. */
static trine_status compute(const team_data *data, const trine_reducer *reducer,
                            trine_transport transport, harness_row *row, trine_ledger *ledger)
{
    team_data brought = *data;
    trine_ledger moving = {TRINE_INIT(trine_ledger)};
    trine_status status = TRINE_OK;
    if (data->scattered)
        status = scatter_arrays(data->in, data->whole, transport, brought.in, &moving);
    if (!status) {
        const trine_array *in[] = {brought.in[0]};
        row->value.dtype = reducer->out;
        status = in[0] ? trine_reduce(reducer, in, NULL, &row->value.as)
                       : trine_npy_reduce(data->file, reducer, NULL, &row->value.as);
        *ledger = (trine_ledger){TRINE_INIT(trine_ledger)};
        trine_team_ledger(data->team, ledger);
    }
    add_ledger(ledger, &moving);
    if (data->scattered)
        release_arrays(brought.in);
    return status;
}

static int compare_seconds(const void *a, const void *b)
{
    double x = ((const trine_ledger *)a)->wall, y = ((const trine_ledger *)b)->wall;
    return (x > y) - (x < y);
}

/* Repeats the reduction; the repetition of median time is the row's. */
static trine_status time_method(const team_data *data, const trine_reducer *reducer,
                                trine_transport transport, uint64_t repeat, harness_row *row)
{
    trine_ledger *ledgers = calloc((size_t)repeat, sizeof *ledgers);
    if (!ledgers)
        return TRINE_E_MEMORY;
    trine_status status = TRINE_OK;
    for (uint64_t i = 0; i < repeat; i++) {
        status = compute(data, reducer, transport, row, &ledgers[i]);
        if (status && !has_no_value(status))
            break;
    }
    qsort(ledgers, (size_t)repeat, sizeof *ledgers, compare_seconds);
    row->ledger = ledgers[repeat / 2];
    row->seconds = row->ledger.wall;
    row->least = ledgers[0].wall;
    free(ledgers);
    return status;
}

/* The operation; where the arrays are scattered, on what rank 0 has, and the array that it makes is
 * brought back, to `back` there. */
static trine_status run_once(const team_data *data, harness_job *job, void *back,
                             trine_ledger *ledger)
{
    trine_ledger moving = {TRINE_INIT(trine_ledger)};
    trine_status status = TRINE_OK;
    if (data->scattered)
        status = scatter_arrays(data->in, data->whole, job->transport, job->in, &moving);
    if (!status) {
        status = job->options->driver->operation->run(job);
        *ledger = (trine_ledger){TRINE_INIT(trine_ledger)};
        trine_team_ledger(job->team, ledger);
    }
    if (!status && data->scattered && job->out)
        status = gather_whole(job->out, back, &moving);
    add_ledger(ledger, &moving);
    return status;
}

/* The job has the arrays again that nobody brought, by which the result is judged. */
static void release_brought(const team_data *data, harness_job *job)
{
    if (!data->scattered)
        return;
    release_arrays(job->in);
    memcpy(job->in, data->in, sizeof job->in);
}

/* Repeats an operation; the clock is the harness's, the ledger that of the last call in the
 * repetition of median time. */
static trine_status time_operation(const harness_options *o, const team_data *data,
                                   harness_job *job, harness_row *row)
{
    const harness_operation *operation = o->driver->operation;
    trine_ledger *ledgers = calloc((size_t)o->repeat, sizeof *ledgers);
    trine_status status = ledgers ? TRINE_OK : TRINE_E_MEMORY;
    void *back = NULL;
    if (!status && data->scattered && job->out)
        status = make_whole(job->out, &back);
    for (uint64_t i = 0; i < o->repeat && (!status || has_no_value(status)); i++) {
        clear_statistics(&job->statistics);
        status = operation->reset ? operation->reset(job) : TRINE_OK;
        double began = harness_seconds();
        if (!status)
            status = run_once(data, job, back, &ledgers[i]);
        double seconds = harness_seconds() - began;
        release_brought(data, job);
        ledgers[i].other += seconds - ledgers[i].wall;
        ledgers[i].wall = seconds;
    }
    if (ledgers && (!status || has_no_value(status))) {
        qsort(ledgers, (size_t)o->repeat, sizeof *ledgers, compare_seconds);
        row->ledger = ledgers[o->repeat / 2];
        row->seconds = row->ledger.wall;
        row->least = ledgers[0].wall;
    }
    free(back);
    free(ledgers);
    return status;
}

/* What the driver is given. */
static harness_job job_of(const harness_run *run, const team_data *data,
                          const harness_method *method, trine_transport transport)
{
    const harness_options *o = run->options;
    int inputs = o->driver->operation->inputs;
    return (harness_job){.team = data->team,
                         .method = method,
                         .in = {data->in[0], data->in[1], data->in[2], data->in[3]},
                         .setting = o->setting,
                         .dtype = data->dtype,
                         .n = run->n,
                         .seed = o->seed,
                         .generated = !o->file,
                         .bytes = run->bytes * (uint64_t)(inputs ? inputs : 1),
                         .file = o->files,
                         .files = o->file_count,
                         .transport = transport,
                         .options = o};
}

/* What the job found becomes the row's. */
static trine_status take_job(harness_job *job, harness_row *row)
{
    row->value = job->value;
    row->moved = job->bytes;
    row->statistics = job->statistics;
    job->statistics = (task_statistics){.items = 0};
    row->number = calloc((size_t)job->numbers + 1, sizeof *row->number);
    if (!row->number)
        return TRINE_E_MEMORY;
    row->numbers = job->numbers;
    memcpy(row->number, job->number, (size_t)job->numbers * sizeof *row->number);
    return TRINE_OK;
}

/* One method of an operation, from begin to end. */
static trine_status operate(const harness_run *run, const team_data *data,
                            const harness_method *method, trine_transport transport,
                            harness_row *row)
{
    const harness_options *o = run->options;
    const harness_operation *operation = o->driver->operation;
    harness_job job = job_of(run, data, method, transport);
    trine_status status = operation->begin ? operation->begin(&job) : TRINE_OK;
    if (!status)
        status = time_operation(o, data, &job, row);
    row->verdict = VERDICT_UNVERIFIED;
    if (!status && o->verify && operation->check)
        status = operation->check(&job, &row->verdict);
    if (has_no_value(status) && o->verify && operation->check_none) {
        trine_status checked = operation->check_none(&job, status, &row->verdict);
        status = checked ? checked : status;
    }
    if (!status && operation->print && first_rank() && !o->child && o->form == FORM_TABLE)
        operation->print(&job);
    trine_status taken = take_job(&job, row);
    if (operation->end)
        operation->end(&job);
    return status ? status : taken;
}

void harness_add_number(harness_job *job, const char *name, double value)
{
    int i = 0;
    while (i < job->numbers && strncmp(job->number[i].name, name, HARNESS_NAME - 1) != 0)
        i++;
    if (i == HARNESS_NUMBERS)
        return;
    snprintf(job->number[i].name, HARNESS_NAME, "%s", name);
    job->number[i].value = value;
    job->numbers += i == job->numbers;
}

/* What every worker of rank 0 takes, and all workers of all ranks together. */
static void measure_memory(trine_team *team, harness_row *row)
{
    row->memory = calloc((size_t)row->shares + 1, sizeof *row->memory);
    int64_t all[MEMORY_FIGURES] = {0};
    for (int i = 0; i < row->shares && row->memory; i++) {
        trine_memory *m = &row->memory[i];
        (void)trine_team_memory(team, i, m);
        all[0] += m->rss;
        all[1] += m->pss;
        all[2] += m->uss;
    }
    for (int k = 0; k < MEMORY_FIGURES && row->ranks > 1; k++)
        sum_of_ranks(team, &all[k]);
    row->all_memory = (trine_memory){all[0], all[1], all[2]};
}

static void describe(const harness_run *run, const team_data *data, harness_row *row)
{
    trine_team *team = data->team;
    int workers = trine_team_workers(team);
    const char *note = trine_team_note(team);
    /* The transport stands in a column of its own. */
    const char *spec = trine_team_spec(team);
    snprintf(row->team, sizeof row->team, "%.*s", (int)strcspn(spec, ","), spec);
    snprintf(row->note, sizeof row->note, "%s", note ? note : "");
    row->ranks = trine_team_ranks(team);
    row->workers = workers * row->ranks;
    row->n = run->n;
    row->bytes = run->bytes;
    row->load = data->load;
    uint64_t bytes = row->moved ? row->moved : run->bytes;
    row->rate = row->seconds > 0 ? 1e-9 * (double)bytes / row->seconds : 0;
    row->share = calloc((size_t)workers, sizeof *row->share);
    row->shares = row->share ? workers : 0;
    for (int i = 0; i < row->shares; i++)
        trine_team_ledger_worker(team, i, &row->share[i]);
    if (data->scattered)
        sum_of_ranks(team, &row->ledger.moved);
    measure_memory(team, row);
}

/* One row: one method by one transport. */
static int run_method(harness_run *run, const team_data *data, const harness_method *method,
                      trine_transport transport)
{
    const harness_options *o = run->options;
    const char *name = o->driver->name;
    bool operation = o->driver->operation != NULL;
    const trine_reducer *reducer =
        operation ? NULL : trine_reducer_find(method->reducer, data->dtype);
    if (!reducer && !operation) {
        return fail(run, trine_team_spec(data->team), method->mode, TRINE_E_ARGUMENT);
    }
    harness_row *row = add_row(run);
    if (!row) {
        add_failure(run, trine_team_spec(data->team), method->mode, TRINE_E_MEMORY, EXIT_FAILED,
                    NULL);
        return EXIT_FAILED;
    }
    snprintf(row->mode, sizeof row->mode, "%s", method->mode);
    if (transport != TRINE_TRANSPORT_NONE)
        snprintf(row->transport, sizeof row->transport, "%s", trine_transport_name(transport));
    progress(name, "%s on %s", row->mode, trine_team_spec(data->team));
    uint64_t repeat = is_read_once(o->file) && !data->in[0] ? 1 : o->repeat;
    bool staged = stages_arrays(o) && !data->scattered;
    row->status = staged ? trine_team_set_transport(data->team, transport) : TRINE_OK;
    if (!row->status)
        row->status = operation ? operate(run, data, method, transport, row)
                                : time_method(data, reducer, transport, repeat, row);
    describe(run, data, row);
    if (row->status == TRINE_OK || has_no_value(row->status))
        return EXIT_RIGHT;
    trine_status status = row->status;
    bool cannot = status == TRINE_E_ABSENT || status == TRINE_E_THREADS;
    clear_row(&run->row[--run->rows]);
    if (cannot && o->tasks.each_transport) {
        log_line(name, "left out: %s", trine_error_detail());
        return EXIT_RIGHT;
    }
    return fail(run, trine_team_spec(data->team), method->mode, status);
}

bool is_left_out(const harness_run *run, int method)
{
    const harness_options *o = run->options;
    const harness_operation *operation = o->driver->operation;
    const harness_method *asked = o->method[method];
    if (!o->each_method)
        return false;
    if (!operation)
        return !trine_reducer_find(asked->reducer, run->dtype);
    return operation->has && !operation->has(asked, run->dtype);
}

static int run_methods(harness_run *run, const team_data *data, double launch)
{
    const harness_options *o = run->options;
    int result = EXIT_RIGHT, before = run->rows;
    for (int m = 0; m < o->methods && !result; m++)
        for (int t = 0; t < o->tasks.transports && !result && !is_left_out(run, m); t++)
            result = run_method(run, data, o->method[m], o->tasks.transport[t]);
    for (int i = before; i < run->rows; i++)
        run->row[i].open = launch;
    return result;
}

int run_team(harness_run *run, const char *spec)
{
    team_data data = {.team = NULL};
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    trine_status status = trine_team_open(spec, &data.team);
    if (status)
        return fail(run, spec ? spec : "", "", status);
    tell_driver_of_team();
    trine_team_ledger(data.team, &ledger);
    trine_team_set_schedule(data.team, run->options->schedule);
    if (has_arrays(run->options->driver))
        progress(run->options->driver->name, "%s for %s",
                 run->options->file ? "reading" : "generating", trine_team_spec(data.team));
    status = open_data(run, &data);
    int before = run->rows, result = status ? fail(run, trine_team_spec(data.team), "", status)
                                            : run_methods(run, &data, ledger.launch);
    if (!result && trine_launched() > 1 && !run->options->child && data.in[0]) {
        double bound = array_bandwidth(data.in[0]);
        for (int i = before; i < run->rows; i++)
            run->row[i].bound = bound;
    }
    if (!status && is_read_once(run->options->file) && data.in[0] &&
        !run->options->driver->operation) {
        /* What is read once: its array is what the reference is made of. */
        facts_of_memory(&run->reference, FACTS_SUMS, trine_array_dtype(data.in[0]),
                        trine_array_data(data.in[0]), (size_t)trine_array_local_n(data.in[0]));
        run->verified = run->options->verify;
    }
    close_data(&data);
    trine_team_close(data.team);
    return result;
}
