/* core/system/wait.h - waiting for a word that another thread, or a process that shares the memory,
 * changes: spin first, then sleep. */
#ifndef TRINE_CORE_WAIT_H
#define TRINE_CORE_WAIT_H

#include <stdatomic.h>
#include <stdbool.h>

/* Sleeps while *word is `value`, at most `seconds`. May return early for no reason. */
void trine_futex_wait(atomic_uint *word, unsigned value, double seconds);

/* Wakes at most `sleepers` of those who sleep on the word; INT_MAX for all. */
void trine_futex_wake(atomic_uint *word, int sleepers);

/* Spins until *word is not `value`, at most `seconds`. True when it changed. */
bool trine_spin(const atomic_uint *word, unsigned value, double seconds);

#endif
