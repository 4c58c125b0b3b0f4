/* drivers/harness/run/rows_bytes.c - see rows_bytes.h. The ranks run the same program as the
 * driver, so structs pass as they lie in memory; what they point to follows each of them. */
#include "drivers/harness/run/rows_bytes.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/harness/run/failures.h"

/* One pass over a run does all three: counts its bytes, writes them, reads them. came: items that
 * the last pointer led to. */
typedef struct pass_state {
    enum { COUNT, WRITE, READ } way;
    char *at;
    size_t done, size;
    uint64_t came;
    bool failed;
} pass_state;

static void pass(pass_state *w, void *data, size_t size)
{
    if (w->failed || size == 0)
        return;
    if (w->way != COUNT && size > w->size - w->done) {
        w->failed = true;
        return;
    }
    if (w->way == WRITE)
        memcpy(w->at + w->done, data, size);
    else if (w->way == READ)
        memcpy(data, w->at + w->done, size);
    w->done += size;
}

/* What a pointer of a struct leads to: `count` items, none for NULL. Read, it is malloc'ed. */
static void pass_items(pass_state *w, void **items, uint64_t count, size_t item)
{
    uint64_t present = *items ? count : 0;
    pass(w, &present, sizeof present);
    if (w->way == READ) {
        w->failed = w->failed || present > (w->size - w->done) / item;
        *items = present && !w->failed ? malloc((size_t)present * item) : NULL;
        w->failed = w->failed || (present && !*items);
    }
    if (*items)
        pass(w, *items, (size_t)present * item);
    w->came = present;
}

#define PASS_ITEMS(w, pointer, count)                                                              \
    do {                                                                                           \
        void *items = (w)->way == READ ? NULL : (void *)(pointer);                                 \
        pass_items(w, &items, (uint64_t)(count), sizeof *(pointer));                               \
        (pointer) = items;                                                                         \
    } while (0)

/* The same where all have to come: whoever reads them counts by `count` alone. */
#define PASS_ALL_ITEMS(w, pointer, count)                                                          \
    do {                                                                                           \
        PASS_ITEMS(w, pointer, count);                                                             \
        (w)->failed = (w)->failed || ((w)->way == READ && (w)->came != (uint64_t)(count));         \
    } while (0)

static bool has_end(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

static bool is_status(trine_status status)
{
    return (unsigned)status < TRINE_STATUS_COUNT;
}

static bool is_mode_of(const harness_options *o, const char *mode)
{
    int i = 0;
    while (i < o->methods && strcmp(o->method[i]->mode, mode) != 0)
        i++;
    return i < o->methods;
}

/* Whether a row that was read can be judged and shown. */
static bool is_sound(const harness_options *o, const harness_row *row)
{
    bool sound = has_end(row->team, sizeof row->team) && has_end(row->mode, sizeof row->mode) &&
                 has_end(row->note, sizeof row->note) &&
                 has_end(row->transport, sizeof row->transport) && is_mode_of(o, row->mode) &&
                 is_status(row->status) && (unsigned)row->verdict < VERDICTS &&
                 (unsigned)row->value.dtype < TRINE_DTYPE_COUNT;
    for (int i = 0; i < row->numbers && sound; i++)
        sound = has_end(row->number[i].name, sizeof row->number[i].name);
    for (uint64_t i = 0; i < row->statistics.records && sound; i++)
        sound = is_status(row->statistics.record[i].status);
    return sound;
}

static void pass_row(pass_state *w, const harness_options *o, harness_row *row)
{
    pass(w, row, sizeof *row);
    if (w->failed)
        *row = (harness_row){.ranks = 1};
    PASS_ALL_ITEMS(w, row->share, row->shares);
    PASS_ITEMS(w, row->memory, row->shares);
    /* There may be none of it. */
    w->failed = w->failed || (w->way == READ && w->came && w->came != (uint64_t)row->shares);
    PASS_ALL_ITEMS(w, row->number, row->numbers);
    PASS_ALL_ITEMS(w, row->statistics.slot, row->statistics.slots);
    PASS_ALL_ITEMS(w, row->statistics.record, row->statistics.records);
    w->failed = w->failed || (w->way == READ && !is_sound(o, row));
}

static bool is_sound_failure(const harness_failure *failure, uint64_t length)
{
    return has_end(failure->team, sizeof failure->team) &&
           has_end(failure->mode, sizeof failure->mode) && is_status(failure->status) &&
           failure->exit_status >= EXIT_RIGHT && failure->exit_status <= EXIT_FAILED &&
           (!failure->message || has_end(failure->message, (size_t)length));
}

static void pass_failure(pass_state *w, harness_failure *failure)
{
    uint64_t length = w->way != READ && failure->message ? strlen(failure->message) + 1 : 0;
    pass(w, failure, sizeof *failure);
    if (w->failed)
        *failure = (harness_failure){.status = TRINE_OK};
    PASS_ITEMS(w, failure->message, length);
    w->failed = w->failed || (w->way == READ && !is_sound_failure(failure, w->came));
}

/* Layouts by which two programs would differ. */
static void pass_head(pass_state *w)
{
    const uint64_t own[] = {SCHEMA,
                            sizeof(harness_row),
                            sizeof(harness_failure),
                            sizeof(harness_named),
                            sizeof(trine_ledger_worker),
                            sizeof(trine_memory),
                            sizeof(trine_task_slot),
                            sizeof(trine_task_record)};
    uint64_t head[sizeof own / sizeof *own];
    memcpy(head, own, sizeof own);
    pass(w, head, sizeof head);
    w->failed = w->failed || memcmp(head, own, sizeof own) != 0;
}

/* Of a run that is read, only what the data is; its rows and failures are added. */
static void pass_run(pass_state *w, harness_run *run)
{
    uint64_t rows = (uint64_t)run->rows, failures = (uint64_t)run->failures;
    uint64_t data[] = {run->n, run->bytes, (uint64_t)run->dtype};
    pass_head(w);
    pass(w, &rows, sizeof rows);
    pass(w, &failures, sizeof failures);
    pass(w, data, sizeof data);
    w->failed = w->failed || (w->way == READ && data[2] >= TRINE_DTYPE_COUNT);
    if (w->way == READ && rows > 0 && !w->failed) {
        run->n = data[0];
        run->bytes = data[1];
        run->dtype = (trine_dtype)data[2];
    }
    for (uint64_t i = 0; i < rows && !w->failed; i++) {
        harness_row *row = w->way == READ ? add_row(run) : &run->row[i];
        w->failed = !row;
        if (row)
            pass_row(w, run->options, row);
    }
    for (uint64_t i = 0; i < failures && !w->failed; i++) {
        harness_failure read = {.message = NULL};
        pass_failure(w, w->way == READ ? &read : &run->failure[i]);
        if (w->way == READ && !w->failed)
            add_failure(run, read.team, read.mode, read.status, read.exit_status,
                        read.message ? read.message : "");
        free(read.message);
    }
}

void *run_to_bytes(const harness_run *run, size_t *size)
{
    /* Nothing of it changes on the way out. */
    harness_run *same = (harness_run *)run;
    pass_state w = {.way = COUNT};
    pass_run(&w, same);
    *size = w.done;
    w = (pass_state){.way = WRITE, .at = malloc(w.done), .size = w.done};
    if (w.at)
        pass_run(&w, same);
    return w.at;
}

bool run_from_bytes(harness_run *run, const void *bytes, size_t size)
{
    const harness_run before = *run;
    pass_state w = {.way = READ, .at = (char *)bytes, .size = size};
    pass_run(&w, run);
    if (!w.failed && w.done == size)
        return true;
    forget_rows(run, before.rows);
    forget_failures(run, before.failures);
    run->n = before.n;
    run->bytes = before.bytes;
    run->dtype = before.dtype;
    return false;
}
