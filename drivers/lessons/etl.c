/* drivers/lessons/etl.c - many sound files are read, noise is added, and they are written: what a
 * pool of workers is asked for most. Extract, transform, load. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "drivers/lessons/etl/check.h"
#include "drivers/lessons/etl/sines.h"
#include "drivers/lessons/etl/work.h"
#include "drivers/harness/run/rows.h"
#include "drivers/harness/cli/log.h"

static const char name[] = "etl";

/* The figure of a row: files that could not be read or written. */
static const char file_errors[] = "file_errors";

/* The driver's own options, in their order. */
enum { OPTION_OUT, OPTION_NOISE, OPTION_SYNC, OPTION_MAKE, OPTION_SECONDS };

static const harness_extra extras[] = {
    [OPTION_OUT] = {"out", "FOLDER", "Where outputs are written; made when it is not there",
                    KIND_TEXT, NULL, 0, 0},
    [OPTION_NOISE] = {"noise", "SD",
                      "Standard deviation of the noise, as a part of full scale (default 0.01)",
                      KIND_REAL, "0.01", 0, 1000},
    [OPTION_SYNC] = {"sync", "", "Each output is on the disk before it takes its name", KIND_FLAG,
                     NULL, 0, 0},
    [OPTION_MAKE] = {"make", "N",
                     "Make N files in the folder that FILE names, unless they are there: 44.1 kHz, "
                     "16 bits, mono, a sine each",
                     KIND_WHOLE, NULL, 1, 10000},
    [OPTION_SECONDS] = {"seconds", "S", "Seconds of each file that --make makes (default 240)",
                        KIND_REAL, "240", 0, 86400},
    {NULL, NULL, NULL, KIND_WHOLE, NULL, 0, 0}};

void work_fail(etl_work *work, size_t file, trine_status status, const char *text)
{
    if (work->list.file[file].failed)
        return;
    work->list.file[file].failed = true;
    work->failed++;
    work->errors += status == TRINE_E_IO;
    log_line(name, "%s", text);
}

static void leave_out(const char *text)
{
    log_line(name, "%s", text);
}

static trine_status refuse(const char *text)
{
    log_line(name, "%s", text);
    return TRINE_E_ARGUMENT;
}

/* What is read, and where to: rank 0's. */
static trine_status prepare(harness_job *job, etl_work *work)
{
    const harness_setting *set = job->setting;
    sound_error error;
    const char *out = set[OPTION_OUT].text;
    bool make = set[OPTION_MAKE].count > 0;
    if (!out)
        return refuse("--out is missing: expected the folder that outputs are written to");
    if (job->files == 0 || (make && job->files != 1))
        return refuse(make ? "--make: expected one FILE, the folder to make files in"
                           : "no FILE: expected sound files, or folders of them");
    if (make && !sines_make(job->file[0], (unsigned)set[OPTION_MAKE].whole[0],
                            set[OPTION_SECONDS].real[0], &error))
        return refuse(error.text);
    struct stat found;
    if ((mkdir(out, 0777) && errno != EEXIST) || stat(out, &found)) {
        snprintf(error.text, sizeof error.text, "--out %s: %s", out, strerror(errno));
        return refuse(error.text);
    }
    if (!S_ISDIR(found.st_mode)) {
        snprintf(error.text, sizeof error.text, "--out %s: is a file; expected a folder", out);
        return refuse(error.text);
    }
    if (!list_files(&work->list, job->file, job->files, out, leave_out, &error))
        return refuse(error.text);
    if (work->list.count + work->list.refused == 0) {
        snprintf(error.text, sizeof error.text, "%s: no file in it", job->file[0]);
        return refuse(error.text);
    }
    trine_output_sweep(out);
    return TRINE_OK;
}

/* The status that rank 0 came to, on every rank. Collective. */
static trine_status from_rank_0(const harness_job *job, trine_status status)
{
    uint64_t own = (uint64_t)status, worst = own;
    trine_array *x = NULL;
    if (trine_team_ranks(job->team) == 1)
        return status;
    trine_status failed = trine_array_wrap(job->team, TRINE_U64, &own, 1, &x);
    if (!failed)
        failed = trine_max_u64(x, &worst);
    trine_array_free(x);
    return status ? status : failed ? failed : (trine_status)worst;
}

static trine_status begin(harness_job *job)
{
    etl_work *work = calloc(1, sizeof *work);
    bool samples = strcmp(job->method->mode, "samples") == 0;
    trine_status status = work ? TRINE_OK : TRINE_E_MEMORY;
    job->own = work;
    if (status)
        return status;
    work->param.noise = (noise_settings){job->setting[OPTION_NOISE].real[0], job->seed};
    work->param.sync = job->setting[OPTION_SYNC].count > 0;
    if (samples && harness_task_options(job).journal)
        status = TRINE_E_ARGUMENT;
    if (status && trine_team_rank(job->team) == 0)
        status = refuse("--journal: it would hold all samples; expected --mode path with it");
    else if (!status && trine_team_rank(job->team) == 0)
        status = prepare(job, work);
    return from_rank_0(job, status);
}

/* Outputs of an earlier repetition or row of this run stay until new ones take their places. */
static trine_status reset(harness_job *job)
{
    etl_work *work = job->own;
    for (size_t i = 0; i < work->list.count; i++)
        work->list.file[i].failed = false;
    work->failed = work->errors = 0;
    return TRINE_OK;
}

/* What went into a pipe or a device cannot be read back. */
static bool is_stream(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && !S_ISREG(found.st_mode);
}

static uint64_t bytes_of(const char *path)
{
    struct stat found;
    return stat(path, &found) ? 0 : (uint64_t)found.st_size;
}

static trine_status run(harness_job *job)
{
    etl_work *work = job->own;
    bool samples = strcmp(job->method->mode, "samples") == 0;
    trine_status status = samples ? work_by_samples(job, work) : work_by_path(job, work);
    job->bytes = 0;
    for (size_t i = 0; i < work->list.count; i++)
        if (!work->list.file[i].failed)
            job->bytes += bytes_of(work->list.file[i].in) + bytes_of(work->list.file[i].out);
    job->statistics.failed = work->failed + work->list.refused;
    harness_add_number(job, file_errors, (double)(work->errors + work->list.refused));
    return status;
}

/* Every output that there is, and the digest of all. */
static trine_status check(harness_job *job, harness_verdict *verdict)
{
    etl_work *work = job->own;
    check_result found = {.samples = 0};
    sound_error error;
    bool right = true;
    uint64_t streams = 0;
    for (size_t i = 0; i < work->list.count; i++) {
        const etl_file *file = &work->list.file[i];
        progress(name, "checking %zu of %zu", i + 1, work->list.count);
        if (!file->failed && is_stream(file->out)) {
            streams++;
            continue;
        }
        if (file->failed || check_file(file->in, file->out, i, &work->param.noise, &found, &error))
            continue;
        log_line(name, "%s", error.text);
        right = false;
    }
    progress(name, NULL);
    double n = found.counted ? (double)found.counted : 1, mean = found.sum / n;
    double variance = found.squares / n - mean * mean;
    harness_add_number(job, "files", (double)(work->list.count - work->failed));
    harness_add_number(job, "failed_files", (double)(work->failed + work->list.refused));
    harness_add_number(job, "samples", (double)found.samples);
    harness_add_number(job, "noise_mean", mean);
    harness_add_number(job, "noise_sd", sqrt(variance > 0 ? variance : 0));
    job->value.dtype = TRINE_U64;
    job->value.as.u64 = found.digest;
    *verdict = !right                                      ? VERDICT_WRONG
               : work->failed + streams < work->list.count ? VERDICT_RIGHT
                                                           : VERDICT_UNVERIFIED;
    return TRINE_OK;
}

static void print(const harness_job *job)
{
    const etl_work *work = job->own;
    const harness_named *number = job->number;
    printf("%s on %s: %zu files written, %llu failed", job->method->mode,
           trine_team_spec(job->team), work->list.count - (size_t)work->failed,
           (unsigned long long)(work->failed + work->list.refused));
    if (job->numbers == 6)
        printf("; noise in %.0f samples: mean %.3g, standard deviation %.6g of full scale",
               number[3].value, number[4].value, number[5].value);
    printf("\n");
}

/* Whether all files that failed in a row could not be read or written. */
static bool only_file_errors(const harness_row *row)
{
    for (int i = 0; i < row->numbers; i++)
        if (strcmp(row->number[i].name, file_errors) == 0)
            return row->number[i].value >= (double)row->statistics.failed;
    return row->statistics.failed == 0;
}

/* A file that cannot be read or written is the user's to mend, where nothing else went wrong. */
static int conclude(const harness_run *run)
{
    uint64_t failed = 0;
    for (int i = 0; i < run->rows; i++) {
        const harness_row *row = &run->row[i];
        if (row->status || !row->agrees || row->verdict == VERDICT_WRONG || !only_file_errors(row))
            return EXIT_RIGHT;
        failed += row->statistics.failed;
    }
    return failed ? EXIT_USAGE : EXIT_RIGHT;
}

static void end(harness_job *job)
{
    etl_work *work = job->own;
    const char *out = job->setting[OPTION_OUT].text;
    if (!work)
        return;
    if (out && work->list.count > 0)
        trine_output_sweep(out);
    list_free(&work->list);
    free(work);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"path", NULL}, {"samples", NULL}, {NULL, NULL}};
    static const harness_operation operation = {.tasks = true,
                                                .files = true,
                                                .whole = true,
                                                .standard_n = 1,
                                                .standard_repeat = 1,
                                                .begin = begin,
                                                .reset = reset,
                                                .run = run,
                                                .check = check,
                                                .print = print,
                                                .end = end};
    static const char *const examples[] = {"drivers/etl --make 4 --seconds 2 sounds --out noisy",
                                           "drivers/etl sounds --out noisy --team serial,pool:2",
                                           "drivers/etl sounds --out noisy --noise 0.1 --mode each",
                                           NULL};
    static const trine_driver driver = {
        .name = name,
        .examples = examples,
        .about = "Reads sound files of any format that libsndfile knows, adds normal noise, writes "
                 "WAV files. FILE may be a folder of them. --mode path: items are paths, and the "
                 "workers read and write. --mode samples: items are samples, and one thread reads "
                 "and writes. The result shown is a digest of all bytes that were written.",
        .methods = methods,
        .operation = &operation,
        .extras = extras,
        .conclude = conclude};
    /* A file that may not grow is an error of writing, not the end of the process. */
    signal(SIGXFSZ, SIG_IGN);
    return trine_driver_main(&driver, argc, argv);
}
