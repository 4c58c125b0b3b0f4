/* short_memory.h - an allocation of the library that is refused. The program is linked with
 * --wrap for the functions that allocate, so that MPI's own allocations are left alone. */
#ifndef TRINE_TESTS_REFUSALS_SHORT_MEMORY_H
#define TRINE_TESTS_REFUSALS_SHORT_MEMORY_H

#include <stdbool.h>

/* From now on the k-th allocation fails, counted from 1; 0: none. */
void refuse_allocation(int k);

/* Whether it came to that. */
bool allocation_refused(void);

#endif
