/* ranks.h - what the tests of tasks over several ranks share. */
#ifndef TRINE_TESTS_TASKS_RANKS_H
#define TRINE_TESTS_TASKS_RANKS_H

#include <trine/trine.h>

#include "check.h"
#include "expect.h"
#include "kinds.h"

/* between_machines: not all ranks share memory, or as if so. */
extern trine_team *team;
extern int rank, size;
extern bool has_pool, between_machines;

void nap(double seconds);

trine_task_queue *open_queue(const trine_task_kind *kind, const trine_task_options *options);

/* Other ranks: work to the end, which is what it should be. */
void serve(trine_task_queue *queue, trine_status status, const char *says);

/* What words_kind gives of an item. */
void plain_words(uint64_t item, uint64_t *out, size_t *bytes);

/* A map of n items of words_kind, on all ranks, against a plain loop. */
void map_and_compare(uint64_t n, uint64_t chunk, uint64_t window);

/* Sleeps as many microseconds as its item says, and gives it back. */
extern const trine_task_kind nap_kind;

/* --- the tests */

void maps_equal_a_plain_loop(void);
void streams_give_each_item_once(void);
void every_worker_of_every_rank_works(void);
void long_items_side_by_side_come_to_several_ranks(void);
void tickets_can_be_waited_for(void);
void what_waits_can_be_cancelled(void);
void a_queue_closes_with_items_uncollected(void);
void one_failure_never_loses_other_results(void);
void a_begin_that_fails_on_one_rank_fails_everywhere(void);
void a_rank_that_cannot_go_on_fails_the_queue(void);
void tasks_of_all_ranks_can_count_together(void);
void other_kinds_or_windows_are_an_error_on_all_ranks(void);
void large_items_and_results_come_whole(void);
void all_ranks_read_the_data(void);
void the_item_of_a_dead_worker_is_run_again(void);
void deadlines_hold_on_all_ranks(void);
void many_empty_items_are_done_promptly(void);

#endif
