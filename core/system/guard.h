/* core/system/guard.h - calling functions of the program's, which may fail to return.
 *
 * They are to return (trine/team.h). An exception that leaves one ends here, with an error; so does
 * the end of a thread that is not the program's, which others wait for. Where a function is left by
 * longjmp, or the program's own thread ends in it, the frames of the call are gone: whoever comes
 * next finds that out by the stack.
 */
#ifndef TRINE_CORE_GUARD_H
#define TRINE_CORE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trine/error.h>

/* Calls function(argument) and returns its status, or WORKER where an exception left it. ours: the
 * thread is none of the program's, and does not end in it either. */
trine_status trine_guard(trine_status (*function)(void *argument), void *argument, bool ours);

/* The same of body(context, block, worker), a block of a job. */
struct trine_worker;
trine_status trine_guard_run(trine_status (*body)(void *context, size_t block,
                                                  struct trine_worker *worker),
                             void *context, size_t block, struct trine_worker *worker, bool ours);

/* An activation of a function: where its frame ends, and a place in its code. */
typedef struct trine_activation {
    uintptr_t stack;
    char *code;
} trine_activation;

/* Of the function that calls this one. */
trine_activation trine_activation_here(void);

/* In a function that is not inlined: of that which calls it. */
#define TRINE_CALLER                                                                               \
    ((trine_activation){(uintptr_t)__builtin_dwarf_cfa(), __builtin_return_address(0)})

/* Whether that frame of the calling thread has been left without a return. own: of the function
 * that asks, which may lie where the other lay. False where nobody knows. */
bool trine_activation_left(const trine_activation *frame, const trine_activation *own);

/* A number of the calling thread; whether a thread of this process with that number still runs. */
int trine_thread_number(void);
bool trine_thread_runs(int number);

#endif
