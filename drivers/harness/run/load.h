/* drivers/harness/run/load.h - the pure-load loop: what bounds every kernel that reads memory. */
#ifndef TRINE_HARNESS_LOAD_H
#define TRINE_HARNESS_LOAD_H

#include <stddef.h>

/* Reads bytes [p, p + n) with the widest loads of this CPU and does nothing with them. prefetch:
 * bytes to prefetch ahead, 0 for none. */
void load_memory(const void *p, size_t n, size_t prefetch);

#endif
