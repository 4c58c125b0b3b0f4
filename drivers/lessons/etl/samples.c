/* drivers/lessons/etl/samples.c - samples passed: one thread reads the files and writes them, and
 * items and results carry blocks of samples.
 *
 *   1. The source reads the next block of the file that it is at, and opens the next file when that
 *      has ended. A file's output is created with it.
 *   2. A block that comes back is written where it belongs, in whatever order they come.
 *   3. A file whose blocks have all been read and have all come back is committed; one of which any
 *      failed, in reading, computing or writing, is dropped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/lessons/etl/work.h"

/* Blocks between reading and writing, at most: each may be of another file, which is open. */
enum { WINDOW = 64, WINDOW_MOST = 256 };

/* Head of an item, whose n samples follow it: from sample `first` of that file. */
typedef struct block_head {
    uint64_t file, first, n;
    double full;
    trine_dtype dtype;
} block_head;

/* Items have no alignment; block_item has the size of the largest. */
typedef struct block_item {
    block_head head;
    unsigned char samples[BLOCK_BYTES];
} block_item;

/* An output that is being written. waiting: blocks on their way. next: the sample at which it
 * stands. read: there will be no more blocks. */
typedef struct output {
    sound out;
    uint64_t waiting, next;
    bool read;
} output;

/* file: the one that is being read, `first` its next sample. out: one for each file, NULL for those
 * that are not being written. block: those on their way, by their item's number modulo WINDOW_MOST.
 */
typedef struct stream {
    etl_work *work;
    sound in;
    size_t file;
    uint64_t first, blocks;
    bool reading;
    output **out;
    block_head block[WINDOW_MOST];
} stream;

static trine_status run(trine_task *task)
{
    const etl_param *param = task->param;
    block_head head;
    memcpy(&head, task->item, sizeof head);
    size_t size = task->item_size - offsetof(block_item, samples);
    void *samples = trine_task_result(task, size);
    if (!samples)
        return trine_task_refused(task);
    memcpy(samples, (const char *)task->item + offsetof(block_item, samples), size);
    if (noise_add(&param->noise, head.file, head.dtype, head.full, head.first, samples,
                  (size_t)head.n))
        return TRINE_OK;
    return trine_task_fail(task, TRINE_E_ABSENT, "this library has no kernel for such samples");
}

/* When all of a file has been read, and has come back. */
static void settle(stream *s, size_t file)
{
    output *o = s->out[file];
    sound_error error;
    if (!o->read || o->waiting > 0)
        return;
    if (!s->work->list.file[file].failed && !sound_commit(&o->out, s->work->param.sync, &error))
        work_fail(s->work, file, TRINE_E_IO, error.text);
    sound_close(&o->out);
    free(o);
    s->out[file] = NULL;
}

static void begin_file(stream *s)
{
    const etl_file *file = &s->work->list.file[s->file];
    sound_error error = {"no memory for a file that is written"};
    output *o = calloc(1, sizeof *o);
    s->out[s->file] = o;
    s->first = 0;
    s->reading = o != NULL;
    if (o)
        o->out = SOUND_NONE;
    if (!o || !sound_open(&s->in, file->in, &error) ||
        !sound_create(&o->out, file->out, &s->in.format, &error))
        work_fail(s->work, s->file, o ? TRINE_E_IO : TRINE_E_MEMORY, error.text);
}

static void end_file(stream *s)
{
    output *o = s->out[s->file];
    sound_close(&s->in);
    s->reading = false;
    if (o) {
        o->read = true;
        settle(s, s->file);
    }
    s->file++;
}

/* A block of the file that is being read; false when that has ended, or failed. */
static bool read_block(stream *s, block_item *item, size_t *size)
{
    const sound_format *f = &s->in.format;
    etl_file *file = &s->work->list.file[s->file];
    sound_error error;
    if (file->failed)
        return false;
    size_t width = trine_dtype_size(f->dtype);
    int64_t got = sound_read(&s->in, item->samples, sound_block(f, BLOCK_BYTES), &error);
    if (got < 0 || (got == 0 && !sound_was_whole(&s->in, s->first, &error)))
        work_fail(s->work, s->file, TRINE_E_IO, error.text);
    if (got <= 0)
        return false;
    item->head = (block_head){s->file, s->first, (uint64_t)got, f->full, f->dtype};
    *size = offsetof(block_item, samples) + (size_t)got * width;
    s->first += (uint64_t)got;
    s->out[s->file]->waiting++;
    s->block[s->blocks++ % WINDOW_MOST] = item->head;
    return true;
}

static bool next_block(void *context, void *item, size_t *size)
{
    stream *s = context;
    while (s->file < s->work->list.count) {
        if (!s->reading)
            begin_file(s);
        if (s->reading && read_block(s, item, size))
            return true;
        end_file(s);
    }
    return false;
}

static bool write_block(output *o, const block_head *head, const void *samples, sound_error *error)
{
    uint64_t channels = (uint64_t)o->out.format.channels;
    if (o->next != head->first && !sound_seek(&o->out, head->first / channels, error))
        return false;
    o->next = head->first + head->n;
    return sound_write(&o->out, samples, (size_t)head->n, error);
}

static trine_status collect(harness_job *job, const trine_task_outcome *outcome)
{
    stream *s = job->own;
    const block_head head = s->block[outcome->index % WINDOW_MOST];
    const etl_file *file = &s->work->list.file[head.file];
    output *o = s->out[head.file];
    sound_error error;
    o->waiting--;
    if (outcome->status) {
        snprintf(error.text, sizeof error.text, "%s: sample %llu and those after it: %s", file->in,
                 (unsigned long long)head.first, outcome->detail);
        work_fail(s->work, (size_t)head.file, outcome->status, error.text);
    } else if (!file->failed && !write_block(o, &head, outcome->result, &error)) {
        work_fail(s->work, (size_t)head.file, TRINE_E_IO, error.text);
    }
    settle(s, (size_t)head.file);
    return TRINE_OK;
}

/* What a run that failed as a whole left. */
static void drop(stream *s)
{
    sound_close(&s->in);
    for (size_t i = 0; i < s->work->list.count; i++)
        if (s->out[i]) {
            sound_close(&s->out[i]->out);
            free(s->out[i]);
        }
    free(s->out);
}

trine_status work_by_samples(harness_job *job, etl_work *work)
{
    static const trine_task_kind kind = {.name = "etl_samples",
                                         .run = run,
                                         .param_size = sizeof(etl_param),
                                         .item_max = sizeof(block_item),
                                         .result_max = BLOCK_BYTES};
    stream *s = calloc(1, sizeof *s);
    output **out = calloc(work->list.count + 1, sizeof(output *));
    trine_task_options options = harness_task_options(job);
    if (!s || !out) {
        free(s);
        free(out);
        return TRINE_E_MEMORY;
    }
    s->work = work;
    s->out = out;
    s->in = SOUND_NONE;
    options.param = &work->param;
    options.source = next_block;
    options.source_context = s;
    options.window = options.window == 0            ? WINDOW
                     : options.window < WINDOW_MOST ? options.window
                                                    : WINDOW_MOST;
    job->own = s;
    trine_status status = harness_run_tasks(job, &kind, &options, collect);
    job->own = work;
    drop(s);
    free(s);
    return status;
}
