/* trine/transport.h - how data of the caller's own memory reaches workers that do not share it.
 *
 *   shm      through shared memory: a SHARED array is used where it is and nothing moves; other
 *            memory is copied once, by the caller
 *   inherit  workers are forked at the call and have the caller's memory, copied page by page only
 *            when somebody writes to it
 *   pipe     written into a pipe by the caller, read from it by each worker
 *   file     written into a file by the caller, mapped by each worker
 *   cma      copied by each worker out of the caller's memory (process_vm_readv)
 *   message  MPI messages from rank 0 to each rank
 *   window   MPI-3 shared memory: copied once for each machine, read there in place by its ranks
 *
 * Threads and the ranks' own memory need none of them: there the transport is shm, which moves
 * nothing.
 */
#ifndef TRINE_TRANSPORT_H
#define TRINE_TRANSPORT_H

#include <trine/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(constant, name), in the order of the constants' values, from 0. */
#define TRINE_TRANSPORTS(X)                                                                        \
    X(TRINE_TRANSPORT_SHM, "shm")                                                                  \
    X(TRINE_TRANSPORT_INHERIT, "inherit")                                                          \
    X(TRINE_TRANSPORT_PIPE, "pipe")                                                                \
    X(TRINE_TRANSPORT_FILE, "file")                                                                \
    X(TRINE_TRANSPORT_CMA, "cma")                                                                  \
    X(TRINE_TRANSPORT_MESSAGE, "message")                                                          \
    X(TRINE_TRANSPORT_WINDOW, "window")

typedef enum trine_transport {
#define TRINE_TRANSPORT_CONSTANT(constant, name) constant,
    TRINE_TRANSPORTS(TRINE_TRANSPORT_CONSTANT)
#undef TRINE_TRANSPORT_CONSTANT
        TRINE_TRANSPORT_COUNT
} trine_transport;

/* "shm"; "none" for what is no transport. Any thread. */
TRINE_API const char *trine_transport_name(trine_transport transport);

/* The transport of that name, TRINE_TRANSPORT_COUNT when there is none. name may be NULL. Any
 * thread. */
TRINE_API trine_transport trine_transport_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
