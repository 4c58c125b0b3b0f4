/* drivers/lessons/etl/path.c - paths passed: an item is a file's number and its two paths. Who runs
 * it reads, computes and writes, block by block, so that nothing large travels, and one worker's
 * disk waits while another computes. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "drivers/lessons/etl/work.h"

/* Both paths with their zeros; only what they take is passed. */
typedef struct path_item {
    uint64_t file;
    char text[2 * PATH_MAX];
} path_item;

typedef struct path_result {
    uint64_t samples, bytes;
} path_result;

static bool process(const etl_param *param, uint64_t file, sound *in, sound *out, void *samples,
                    path_result *result, sound_error *error)
{
    const sound_format *f = &in->format;
    size_t most = sound_block(f, BLOCK_BYTES);
    for (;;) {
        int64_t got = sound_read(in, samples, most, error);
        if (got <= 0)
            return got == 0 && sound_was_whole(in, result->samples, error);
        if (!noise_add(&param->noise, file, f->dtype, f->full, result->samples, samples,
                       (size_t)got) ||
            !sound_write(out, samples, (size_t)got, error))
            return false;
        result->samples += (uint64_t)got;
    }
}

static bool process_file(const etl_param *param, const path_item *item, void *samples,
                         path_result *result, sound_error *error)
{
    sound in = SOUND_NONE, out = SOUND_NONE;
    bool written = sound_open(&in, item->text, error) &&
                   sound_create(&out, strchr(item->text, 0) + 1, &in.format, error) &&
                   process(param, item->file, &in, &out, samples, result, error) &&
                   sound_commit(&out, param->sync, error);
    result->bytes = out.bytes;
    sound_close(&out);
    sound_close(&in);
    return written;
}

static trine_status run(trine_task *task)
{
    sound_error error = {"this library has no kernel for such samples"};
    path_result found = {0, 0}, *result = trine_task_result(task, sizeof *result);
    path_item item;
    if (!result)
        return trine_task_refused(task);
    memcpy(&item, task->item, task->item_size);
    if (!process_file(task->param, &item, task->state, &found, &error))
        return trine_task_fail(task, TRINE_E_IO, error.text);
    *result = found;
    return TRINE_OK;
}

/* The files of a list, in turn. */
typedef struct path_source {
    const etl_list *list;
    size_t next;
} path_source;

static bool next_item(void *context, void *item, size_t *size)
{
    path_source *source = context;
    path_item *to = item;
    if (source->next == source->list->count)
        return false;
    const etl_file *file = &source->list->file[source->next];
    size_t in = strlen(file->in) + 1, out = strlen(file->out) + 1;
    to->file = source->next++;
    memcpy(to->text, file->in, in);
    memcpy(to->text + in, file->out, out);
    *size = offsetof(path_item, text) + in + out;
    return true;
}

/* What a journal says was written must still be there. */
static bool is_there(const char *path, const path_result *result)
{
    struct stat found;
    return stat(path, &found) == 0 && (uint64_t)found.st_size == result->bytes;
}

static trine_status collect(harness_job *job, const trine_task_outcome *outcome)
{
    etl_work *work = job->own;
    const etl_file *file = &work->list.file[outcome->index];
    char text[sizeof(sound_error) + PATH_MAX];
    path_result result = {0, 0};
    if (outcome->status) {
        bool named = strstr(outcome->detail, file->in) || strstr(outcome->detail, file->out);
        snprintf(text, sizeof text, "%s%s%s", named ? "" : file->in, named ? "" : ": ",
                 outcome->detail);
        work_fail(work, (size_t)outcome->index, outcome->status, text);
        return TRINE_OK;
    }
    memcpy(&result, outcome->result, sizeof result);
    if (!outcome->resumed || is_there(file->out, &result))
        return TRINE_OK;
    snprintf(text, sizeof text,
             "%s: the journal says that it was written with %llu bytes, and it is not there so",
             file->out, (unsigned long long)result.bytes);
    work_fail(work, (size_t)outcome->index, TRINE_E_IO, text);
    return TRINE_OK;
}

trine_status work_by_path(harness_job *job, etl_work *work)
{
    static const trine_task_kind kind = {.name = "etl_path",
                                         .run = run,
                                         .param_size = sizeof(etl_param),
                                         .state_size = BLOCK_BYTES,
                                         .item_max = sizeof(path_item),
                                         .result_max = sizeof(path_result)};
    path_source source = {&work->list, 0};
    trine_task_options options = harness_task_options(job);
    options.param = &work->param;
    options.source = next_item;
    options.source_context = &source;
    options.total = work->list.count;
    return harness_run_tasks(job, &kind, &options, collect);
}
