/* core/backend/shared_window.h - what ranks do without waiting for one another: memory on rank 0
 * that all read and write, and messages to rank 0.
 *
 * Life of a shared window: opened by the communicator (Collective), any number of functions on any
 * rank, none of them collective, closed (Collective). Only the thread that opened the team calls
 * them.
 *
 * The memory is zeroed. A word is 8 bytes at an offset that is a multiple of 8; the functions on
 * words are each one step, whoever else is at the same word. get and put move bytes, and nothing
 * keeps others out. All of them have happened when they return.
 */
#ifndef TRINE_CORE_SHARED_WINDOW_H
#define TRINE_CORE_SHARED_WINDOW_H

#include <trine/types.h>

typedef struct trine_shared_window trine_shared_window;

typedef struct trine_shared_window_ops {
    /* Word += value (wrapping), word = value, word = value where it is `expected`; *before: what
     * was there. */
    trine_status (*add)(trine_shared_window *window, size_t at, uint64_t value, uint64_t *before);
    trine_status (*swap)(trine_shared_window *window, size_t at, uint64_t value, uint64_t *before);
    trine_status (*compare)(trine_shared_window *window, size_t at, uint64_t expected,
                            uint64_t value, uint64_t *before);
    trine_status (*load)(trine_shared_window *window, size_t at, uint64_t *value);
    trine_status (*get)(trine_shared_window *window, size_t at, void *to, size_t bytes);
    trine_status (*put)(trine_shared_window *window, size_t at, const void *from, size_t bytes);
    /* Sends rank 0 a message from malloc, which becomes the shared window's; messages of one rank
     * arrive in order. Waits for nobody. Also on rank 0. MEMORY, MPI: the message is freed. */
    trine_status (*send)(trine_shared_window *window, void *message, size_t bytes);
    /* Moves on what could not be sent at once; *waiting: the messages that are not through. What
     * keeps nothing moving but calls of the library needs this from time to time on rank 0 too. */
    trine_status (*advance)(trine_shared_window *window, size_t *waiting);
    /* The next message that has come whole, in memory that the caller frees; *message is NULL when
     * there is none. MEMORY: a message of rank *from had to be dropped. Rank 0 only. */
    trine_status (*receive)(trine_shared_window *window, int *from, void **message, size_t *bytes);
    /* What was not sent is dropped. Collective. */
    void (*close)(trine_shared_window *window);
} trine_shared_window_ops;

/* The backends' shared windows begin with this. passive: the others reach the memory whether or not
 * rank 0 ever calls the library; else they get on when it does. */
struct trine_shared_window {
    const trine_shared_window_ops *ops;
    size_t bytes;
    bool passive;
};

#endif
