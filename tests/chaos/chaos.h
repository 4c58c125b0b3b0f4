/* chaos.h - what the parts of chaos_host share: its random numbers, its report, its operations. */
#ifndef TRINE_TESTS_CHAOS_H
#define TRINE_TESTS_CHAOS_H

#include <trine/trine.h>

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t chaos_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

typedef struct chaos_random {
    uint64_t state;
} chaos_random;

static inline uint64_t chaos_draw(chaos_random *random)
{
    return chaos_mix(random->state += 0x9e3779b97f4a7c15u);
}

/* 0 .. below - 1. */
static inline uint64_t chaos_below(chaos_random *random, uint64_t below)
{
    return chaos_draw(random) % below;
}

/* --- report.c: lines that chaos.py reads. They lie in a mapped file, so that they outlive the
 * process, its descriptors and its limits; forked children write into the same. */

/* The file folder/report.PID; false and errno. */
bool chaos_report_open(const char *folder);

__attribute__((format(printf, 1, 2))) void chaos_report(const char *format, ...);

/* --- operations.c */

/* Whose digests make that of the whole: the sum over ranks of what each has; what every rank has;
 * what rank 0 has. */
typedef enum chaos_share { CHAOS_PARTS, CHAOS_SAME, CHAOS_ROOT } chaos_share;

/* One operation on one team. crash: tasks of a pool may end their workers. complaint: "" or what is
 * wrong, whatever the status is. */
typedef struct chaos_case {
    trine_team *team;
    chaos_random random;
    const char *folder;
    bool crash;
    uint64_t digest;
    chaos_share share;
    char complaint[256];
    trine_array *x[4];
} chaos_case;

typedef struct chaos_operation {
    const char *name;
    trine_status (*run)(chaos_case *c);
} chaos_operation;

/* `number` is any; the operation it stands for. */
const chaos_operation *chaos_operation_of(uint64_t number);

/* Runs it with the random numbers of that seed, and frees its arrays. */
trine_status chaos_run(const chaos_operation *operation, uint64_t seed, chaos_case *c);

/* --- disturber.c: a process beside the host that sends signals to it and to its workers. */

/* What it sends to whom, and how often: a mean pause in microseconds. */
typedef struct chaos_disturber_plan {
    bool workers, fork_server, host;
    bool kills, stops, forever, signals;
    int fatal;
    unsigned pause;
    uint64_t seed;
} chaos_disturber_plan;

/* Forks it; it does nothing before it is begun. Once, while there is one thread. */
bool chaos_disturber_open(const chaos_disturber_plan *plan);
void chaos_disturber_begin(void);

/* It has sent its last, and nothing is left stopped that is not to stay so. */
void chaos_disturber_end(void);

/* Ends it, and reports what it sent. */
void chaos_disturber_close(void);
int chaos_disturber_pid(void);

#endif
