/* core/sync/atomics.c - additions that no other worker can come between, of threads and processes
 * alike.
 *
 * The compiler's atomics: on types that the processor adds to in one step they need no lock, so
 * that they work between processes, and a worker that dies leaves nothing locked. Sequentially
 * consistent, which on x86-64 costs what any order does.
 */
#include <stdatomic.h>
#include <trine/sync.h>

#include "core/system/float_environment.h"

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
               "an atomic addition behind a lock of this process does not keep others out");

int64_t trine_atomic_add_i64(int64_t *at, int64_t value)
{
    return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);
}

uint64_t trine_atomic_add_u64(uint64_t *at, uint64_t value)
{
    return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);
}

/* No processor adds doubles in memory: read, add, and write if nobody came between. The bits are
 * compared, so that NaN and -0 end the loop, too. */
double trine_atomic_add_f64(double *at, double value)
{
    TRINE_FLOAT_SCOPE;
    double before, after;
    __atomic_load(at, &before, __ATOMIC_RELAXED);
    do {
        after = before + value;
    } while (
        !__atomic_compare_exchange(at, &before, &after, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    return before;
}
