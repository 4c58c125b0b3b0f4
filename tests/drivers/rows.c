/* rows.c - rows and failures come over from rank 0 as they were, or not at all. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "drivers/harness/run/failures.h"
#include "drivers/harness/run/rows_bytes.h"

static const trine_driver driver = {.name = "rows"};
static const harness_method exact = {"exact", "sum"};
static const harness_options options = {.driver = &driver, .method = {&exact}, .methods = 1};

static void *copy_of(const void *items, size_t size)
{
    void *copy = malloc(size);
    if (copy)
        memcpy(copy, items, size);
    return copy;
}

static void fill(harness_run *run)
{
    *run = (harness_run){.options = &options, .n = 10, .bytes = 80, .dtype = TRINE_F64};
    harness_row *plain = add_row(run), *full = add_row(run);
    CU_ASSERT_PTR_NOT_NULL_FATAL(full);
    plain = &run->row[0];
    snprintf(plain->team, sizeof plain->team, "mpi:2");
    snprintf(plain->mode, sizeof plain->mode, "exact");
    snprintf(full->mode, sizeof full->mode, "exact");
    plain->value.as.f64 = 0.1;
    snprintf(full->note, sizeof full->note, "a note");
    full->shares = 2;
    full->share =
        copy_of((trine_ledger_worker[]){{.pid = 7}, {.wait = 0.5}}, 2 * sizeof *full->share);
    full->memory = copy_of((trine_memory[]){{1, 2, 3}, {4, 5, 6}}, 2 * sizeof *full->memory);
    full->numbers = 1;
    full->number = copy_of(&(harness_named){"lost", 3}, sizeof *full->number);
    full->statistics = (task_statistics){.items = 3, .slots = 1, .records = 2};
    full->statistics.slot =
        copy_of(&(trine_task_slot){.rank = 1, .items = 3}, sizeof *full->statistics.slot);
    full->statistics.record = copy_of((trine_task_record[]){{.index = 1}, {.index = 2, .ended = 9}},
                                      2 * sizeof *full->statistics.record);
    add_failure(run, "mpi:2", "exact", TRINE_E_MEMORY, 3, "no memory");
    add_failure(run, "mpi:2", "", TRINE_E_ARGUMENT, 2, "");
}

static void empty(harness_run *run)
{
    forget_rows(run, 0);
    forget_failures(run, 0);
    free(run->row);
    free(run->failure);
}

static void all_comes_over(void)
{
    harness_run from, to = {.options = &options};
    size_t size;
    fill(&from);
    void *bytes = run_to_bytes(&from, &size);
    CU_ASSERT_TRUE_FATAL(run_from_bytes(&to, bytes, size));
    CU_ASSERT_TRUE_FATAL(to.rows == 2 && to.failures == 2 && to.n == 10 && to.bytes == 80);
    const harness_row *full = &to.row[1];
    CU_ASSERT_STRING_EQUAL(to.row[0].team, "mpi:2");
    CU_ASSERT_EQUAL(to.row[0].value.as.f64, 0.1);
    CU_ASSERT_PTR_NULL(to.row[0].share);
    CU_ASSERT_STRING_EQUAL(full->note, "a note");
    CU_ASSERT_TRUE(full->share[0].pid == 7 && full->share[1].wait == 0.5);
    CU_ASSERT_TRUE(full->memory[1].rss == 4 && full->memory[1].uss == 6);
    CU_ASSERT_TRUE(strcmp(full->number[0].name, "lost") == 0 && full->number[0].value == 3);
    CU_ASSERT_TRUE(full->statistics.slot[0].rank == 1 && full->statistics.record[1].ended == 9);
    CU_ASSERT_STRING_EQUAL(to.failure[0].message, "no memory");
    CU_ASSERT_TRUE(to.failure[1].status == TRINE_E_ARGUMENT && to.failure[1].exit_status == 2);
    free(bytes);
    empty(&from);
    empty(&to);
}

static void what_is_cut_adds_nothing(void)
{
    harness_run from, to;
    size_t size;
    fill(&from);
    fill(&to);
    char *bytes = run_to_bytes(&from, &size);
    for (size_t cut = 0; cut < size; cut++)
        CU_ASSERT_FALSE(run_from_bytes(&to, bytes, cut));
    bytes[0] ^= 1;
    CU_ASSERT_FALSE(run_from_bytes(&to, bytes, size));
    CU_ASSERT_TRUE(to.rows == 2 && to.failures == 2 && to.row[1].statistics.record[1].ended == 9);
    free(bytes);
    empty(&from);
    empty(&to);
}

/* Ways to spoil a run. */
static void spoil(harness_run *run, int way)
{
    harness_row *row = &run->row[1];
    switch (way) {
    case 0:
        snprintf(row->mode, sizeof row->mode, "exacter");
        break;
    case 1:
        memset(row->note, 'x', sizeof row->note);
        break;
    case 2:
        row->verdict = VERDICTS;
        break;
    case 3:
        row->status = (trine_status)TRINE_STATUS_COUNT;
        break;
    case 4:
        row->value.dtype = (trine_dtype)TRINE_DTYPE_COUNT;
        break;
    case 5:
        memset(row->number[0].name, 'x', sizeof row->number[0].name);
        break;
    case 6:
        run->failure[0].exit_status = 77;
        break;
    case 7:
        run->failure[0].status = (trine_status)TRINE_STATUS_COUNT;
        break;
    case 8:
        run->dtype = TRINE_DTYPE_COUNT;
        break;
    case 9:
        free(row->number);
        row->number = NULL;
        break;
    case 10:
        free(row->share);
        row->share = NULL;
        break;
    case 11:
        free(row->statistics.slot);
        row->statistics.slot = NULL;
        break;
    default:
        free(row->statistics.record);
        row->statistics.record = NULL;
        break;
    }
}

static void what_cannot_be_shown_adds_nothing(void)
{
    enum { WAYS = 13 };
    for (int way = 0; way < WAYS; way++) {
        harness_run from, to = {.options = &options};
        size_t size;
        fill(&from);
        spoil(&from, way);
        void *bytes = run_to_bytes(&from, &size);
        bool taken = run_from_bytes(&to, bytes, size);
        if (taken)
            printf("\nway %d is taken\n", way);
        CU_ASSERT_TRUE(!taken && to.rows == 0 && to.failures == 0);
        free(bytes);
        empty(&from);
        empty(&to);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"all comes over", all_comes_over},
                           {"what is cut adds nothing", what_is_cut_adds_nothing},
                           {"what cannot be shown adds nothing", what_cannot_be_shown_adds_nothing},
                           CU_TEST_INFO_NULL};
    return trine_check_main("rows", tests);
}
