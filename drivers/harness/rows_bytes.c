/* harness/rows_bytes.c - see rows_bytes.h. The ranks run the same program as the driver, so structs
 * pass as they lie in memory; what they point to follows each of them. */
#include "drivers/harness/rows_bytes.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/harness/failures.h"

/* One walk over a run does all three: counts its bytes, writes them, reads them. */
typedef struct walk {
    enum { COUNT, WRITE, READ } way;
    char *at;
    size_t done, size;
    bool failed;
} walk;

static void pass(walk *w, void *data, size_t size)
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
static void pass_items(walk *w, void **items, uint64_t count, size_t item)
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
}

#define PASS_ITEMS(w, pointer, count)                                                              \
    do {                                                                                           \
        void *items = (w)->way == READ ? NULL : (void *)(pointer);                                 \
        pass_items(w, &items, (uint64_t)(count), sizeof *(pointer));                               \
        (pointer) = items;                                                                         \
    } while (0)

static void pass_row(walk *w, harness_row *row)
{
    pass(w, row, sizeof *row);
    if (w->failed)
        *row = (harness_row){.ranks = 1};
    PASS_ITEMS(w, row->share, row->shares);
    PASS_ITEMS(w, row->memory, row->shares);
    PASS_ITEMS(w, row->number, row->numbers);
    PASS_ITEMS(w, row->tally.lane, row->tally.lanes);
    PASS_ITEMS(w, row->tally.record, row->tally.records);
}

static void pass_failure(walk *w, harness_failure *failure)
{
    uint64_t length = w->way != READ && failure->message ? strlen(failure->message) + 1 : 0;
    pass(w, failure, sizeof *failure);
    if (w->failed)
        *failure = (harness_failure){.status = TRINE_OK};
    PASS_ITEMS(w, failure->message, length);
}

/* Layouts by which two programs would differ. */
static void pass_head(walk *w)
{
    const uint64_t own[] = {SCHEMA,
                            sizeof(harness_row),
                            sizeof(harness_failure),
                            sizeof(harness_named),
                            sizeof(trine_ledger_worker),
                            sizeof(trine_memory),
                            sizeof(trine_task_lane),
                            sizeof(trine_task_record)};
    uint64_t head[sizeof own / sizeof *own];
    memcpy(head, own, sizeof own);
    pass(w, head, sizeof head);
    w->failed = w->failed || memcmp(head, own, sizeof own) != 0;
}

/* Of a run that is read, only what the data is; its rows and failures are added. */
static void pass_run(walk *w, harness_run *run)
{
    uint64_t rows = (uint64_t)run->rows, failures = (uint64_t)run->failures;
    uint64_t data[] = {run->n, run->bytes, (uint64_t)run->dtype};
    pass_head(w);
    pass(w, &rows, sizeof rows);
    pass(w, &failures, sizeof failures);
    pass(w, data, sizeof data);
    if (w->way == READ && rows > 0 && !w->failed) {
        run->n = data[0];
        run->bytes = data[1];
        run->dtype = (trine_dtype)data[2];
    }
    for (uint64_t i = 0; i < rows && !w->failed; i++) {
        harness_row *row = w->way == READ ? add_row(run) : &run->row[i];
        w->failed = !row;
        if (row)
            pass_row(w, row);
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
    walk w = {.way = COUNT};
    pass_run(&w, same);
    *size = w.done;
    w = (walk){.way = WRITE, .at = malloc(w.done), .size = w.done};
    if (w.at)
        pass_run(&w, same);
    return w.at;
}

bool run_from_bytes(harness_run *run, const void *bytes, size_t size)
{
    const harness_run before = *run;
    walk w = {.way = READ, .at = (char *)bytes, .size = size};
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
