/* core/system/process.h - telling a process from the one that it was forked from. */
#ifndef TRINE_CORE_PROCESS_H
#define TRINE_CORE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* A number that is this process's: 1 in the one that loaded the library, another in each process
 * forked from it, however it was forked. Costs a load; any thread. Never 0. */
uint32_t trine_process(void);

/* Whether libraries were not told of the fork that made this process: it was a clone that passed
 * pthread_atfork by. */
bool trine_process_is_bare(void);

#endif
