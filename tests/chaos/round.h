/* round.h - the round that chaos_host plays, and what goes on in it. */
#ifndef TRINE_TESTS_CHAOS_ROUND_H
#define TRINE_TESTS_CHAOS_ROUND_H

#include "chaos.h"

enum { OPERATIONS_MOST = 6 };

/* early: the disturbance begins before the team opens. digest, status: what serial gave. */
typedef struct chaos_round {
    const char *kind, *spec, *folder, *plant;
    chaos_random random;
    bool pool, mpi, early;
    int operations, passes, end_at;
    uint64_t number[OPERATIONS_MOST], seed[OPERATIONS_MOST], digest[OPERATIONS_MOST];
    trine_status status[OPERATIONS_MOST];
    trine_team *team;
} chaos_round;

extern chaos_round the_round;

/* Whether the round is of that kind. */
bool is(const char *kind);

/* Operation i of the round on a team. */
trine_status run_one(trine_team *team, int i, chaos_case *c);

/* --- descriptors.c */

void note_what_there_is(void);
int descriptors_before(void);
void check_descriptors(void);
void report_what_is_left(void);
void replace_descriptors(void);
void check_canaries(void);

/* --- disturbances.c */

void handle_signals(void);
int signals_handled(void);
void plan_disturber(void);
void begin_disturbance(void);
void end_disturbance(void);

/* --- copies.c */

void fork_a_copy(int i);

/* A thread that runs the operations on a team of its own until it is ended. */
void begin_thread(void);
void end_thread(void);

#endif
