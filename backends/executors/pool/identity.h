/* backends/executors/pool/identity.h - what a worker has of the process that opened its pool, as it
 * was at that moment: credentials, limits, directories, environment.
 *
 * Workers are forked from a process that was forked long before: what the caller has given up, left
 * or changed since then must not come back in them. A worker takes over all of it before it does
 * anything else, looks whether it has it, and if not, says what is missing and ends.
 */
#ifndef TRINE_BACKENDS_IDENTITY_H
#define TRINE_BACKENDS_IDENTITY_H

#include "core/system/descriptor.h"

typedef struct pool_identity pool_identity;

/* In the heap, with `bytes`; root and directory: for the workers, -1 where none could be opened. */
typedef struct pool_caller {
    pool_identity *identity;
    size_t bytes;
    trine_descriptor root, directory;
} pool_caller;

/* The calling thread's; releasing one that was not made does nothing. */
trine_status trine_caller_make(pool_caller *caller);
void trine_caller_release(pool_caller *caller);

/* WORKER when the program has closed a descriptor of it. */
trine_status trine_caller_check(const pool_caller *caller);

/* Makes this process, which has one thread, like that; false: why it cannot be. */
bool trine_identity_assume(const pool_identity *wanted, int root, int directory, char *why,
                           size_t size);

/* When the parent of this process, whose identity that is, can never again have more rights than a
 * user without any, neither can this one from now on. True when that took something from it. */
bool trine_identity_give_up(const pool_identity *parents, int root, int directory);

#endif
