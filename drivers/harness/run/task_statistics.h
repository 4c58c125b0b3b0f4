/* drivers/harness/run/task_statistics.h - what tasks came to, kept after their queue is closed. */
#ifndef TRINE_HARNESS_TASK_STATISTICS_H
#define TRINE_HARNESS_TASK_STATISTICS_H

#include "drivers/harness/run/rows.h"

/* Releases what it points to; then it is empty. */
void clear_statistics(task_statistics *statistics);

/* For people: the table of rows of tasks, and which worker ran which item. */
void print_task_table(const harness_run *run);
void print_who(const harness_run *run);

/* Draws each row's timeline, where one was asked for. EXIT_RIGHT or EXIT_FAILED. */
int draw_timelines(const harness_run *run);

#endif
