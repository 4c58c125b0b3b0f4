/* core/lines/non_temporal.h - writing memory that nobody will read soon, past the caches: a line
 * that is written whole need not be read first, and pushes nothing out. */
#ifndef TRINE_CORE_NON_TEMPORAL_H
#define TRINE_CORE_NON_TEMPORAL_H

#include <stdbool.h>
#include <stddef.h>

/* Whether that pays for calls that move so many bytes on this machine. False where the CPU cannot.
 */
bool trine_non_temporal_pays(size_t bytes);

/* The fewest bytes for which it does; 0, as at first, for what the last cache suggests. For
 * tests. */
extern size_t trine_non_temporal_min;

/* Copies bytes; from: aligned to 16 bytes, to: to anything, no overlap. */
void trine_non_temporal(void *to, const void *from, size_t bytes);

/* What was written so is seen by others as after plain writes: once, before a worker says that it
 * is done. */
void trine_non_temporal_end(void);

#endif
