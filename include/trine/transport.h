/* trine/transport.h - how data of the caller's own memory reaches workers that do not share it. */
#ifndef TRINE_TRANSPORT_H
#define TRINE_TRANSPORT_H

#include <trine/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Ways to bring data. Threads and the ranks' own memory need none of them: there the transport is
 * shm, which moves nothing. */
typedef enum trine_transport {
    /** No transport: what is not brought, and what has no such name. */
    TRINE_TRANSPORT_NONE = -1,
    /** "shm", shared memory: a SHARED array is used where it is and nothing moves; other memory is
     * copied once, by the caller. */
    TRINE_TRANSPORT_SHM = 0,
    /** "inherit": workers are forked at the call and have the caller's memory, copied page by page
     * only when somebody writes to it. */
    TRINE_TRANSPORT_INHERIT = 1,
    /** "pipe": written into a pipe by the caller, read from it by each worker. */
    TRINE_TRANSPORT_PIPE = 2,
    /** "file": written into a file by the caller, mapped by each worker. */
    TRINE_TRANSPORT_FILE = 3,
    /** "cma": copied by each worker out of the caller's memory (process_vm_readv). */
    TRINE_TRANSPORT_CMA = 4,
    /** "message": MPI messages from rank 0 to each rank. */
    TRINE_TRANSPORT_MESSAGE = 5,
    /** "window", MPI-3 shared memory: copied once for each machine, read there in place by its
     * ranks. */
    TRINE_TRANSPORT_WINDOW = 6
} trine_transport;

/** The length of a table that is indexed by a transport. */
#define TRINE_TRANSPORT_COUNT 7

/** The name of a transport: "shm"; "none" for what is no transport. Static storage; any thread. */
TRINE_API const char *trine_transport_name(trine_transport transport);

/** The transport of that name ("shm"), TRINE_TRANSPORT_NONE when there is none. name may be NULL.
 * Any thread. */
TRINE_API trine_transport trine_transport_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
