/* core/system/guard.c - see guard.h.
 *
 * C has no way to catch: what C++ compiles to is used by hand. The frame of `trine_guard_run` names
 * its own personality routine, which tells the unwinder that every exception is handled there, and
 * then jumps there itself (Itanium C++ ABI, Exception Handling, level 1).
 */
#include "core/system/guard.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include "core/system/error.h"

#if defined(__ELF__) && (defined(__x86_64__) || defined(__aarch64__))
#define CATCHES 1
#else
#define CATCHES 0
#endif

/* What a guard was left by. */
enum { NOTHING, AN_EXCEPTION, THE_ENDS_OF_THREADS };

/* type: of the exception, known after the jump alone. */
typedef struct guard {
    jmp_buf environment;
    bool ours;
    const char *volatile type;
} guard;

/* Of this thread, from the outermost on; those that were jumped over are behind the others. */
enum { DEEPEST = 32 };
static _Thread_local guard *guards[DEEPEST];
static _Thread_local int depth;

#if CATCHES

/* Of libstdc++ or libc++abi, where the program has one. */
extern void *__cxa_begin_catch(void *exception) __attribute__((weak));
extern void __cxa_end_catch(void) __attribute__((weak));
extern const void *__cxa_current_exception_type(void) __attribute__((weak));

/* "GNUCC++" and "CLNGC++", and a number that tells what is thrown from what is thrown again. */
static bool is_of_cpp(_Unwind_Exception_Class class)
{
    static const char language[] = "C++";
    char name[8];
    for (int i = 0; i < 8; i++)
        name[i] = (char)(class >> (8 * (7 - i)));
    return memcmp(name + 4, language, 3) == 0;
}

/* Ends the exception as a catch does. Its type's name, as it is mangled, stays; NULL where that is
 * not known. */
static const char *end_exception(_Unwind_Exception_Class class, struct _Unwind_Exception *exception)
{
    if (!is_of_cpp(class) || !__cxa_begin_catch || !__cxa_end_catch) {
        _Unwind_DeleteException(exception);
        return NULL;
    }
    __cxa_begin_catch(exception);
    /* A std::type_info is a pointer to its functions, and its name. */
    const void *type = __cxa_current_exception_type ? __cxa_current_exception_type() : NULL;
    const char *name = type ? ((const char *const *)type)[1] : NULL;
    __cxa_end_catch();
    return name;
}

/* The guard in that frame, which ends at `stack`: the next one above. */
static guard *find_guard(uintptr_t stack)
{
    for (int i = depth; i-- > 0;)
        if ((uintptr_t)guards[i] >= stack)
            return guards[i];
    return NULL;
}

/* Called by the unwinder, which the assembler tells of it: nobody else sees it. */
_Unwind_Reason_Code trine_guard_personality(int version, _Unwind_Action actions,
                                            _Unwind_Exception_Class class,
                                            struct _Unwind_Exception *exception,
                                            struct _Unwind_Context *context);

__attribute__((used, visibility("hidden"))) _Unwind_Reason_Code
trine_guard_personality(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
                        struct _Unwind_Exception *exception, struct _Unwind_Context *context)
{
    (void)version;
    guard *g = find_guard(_Unwind_GetCFA(context));
    if (actions & _UA_SEARCH_PHASE)
        return g ? _URC_HANDLER_FOUND : _URC_CONTINUE_UNWIND;
    if (!g || (actions & _UA_FORCE_UNWIND && !g->ours))
        return _URC_CONTINUE_UNWIND;
    if (!(actions & _UA_FORCE_UNWIND))
        g->type = end_exception(class, exception);
    _longjmp(g->environment, actions & _UA_FORCE_UNWIND ? THE_ENDS_OF_THREADS : AN_EXCEPTION);
}

#define HAS_PERSONALITY __asm__ volatile(".cfi_personality 0x1b, trine_guard_personality")
#else
#define HAS_PERSONALITY (void)0
#endif

static trine_status tell(int why, const char *type)
{
    if (why == AN_EXCEPTION)
        return trine_fail(TRINE_E_WORKER,
                          "a function of the program's threw an exception%s%s; it is to return",
                          type ? " of type " : "", type ? type : "");
    return trine_fail(TRINE_E_WORKER, "a function of the program's ended its thread (pthread_exit, "
                                      "pthread_cancel); it is to return");
}

__attribute__((noinline)) trine_status
trine_guard_run(trine_status (*body)(void *context, size_t block, struct trine_worker *worker),
                void *context, size_t block, struct trine_worker *worker, bool ours)
{
    HAS_PERSONALITY;
    guard own;
    while (depth > 0 && (uintptr_t)guards[depth - 1] <= (uintptr_t)&own)
        depth--;
    if (depth == DEEPEST)
        return body(context, block, worker);
    const volatile int at = depth;
    own.ours = ours;
    own.type = NULL;
    guards[depth++] = &own;
    int why = _setjmp(own.environment);
    trine_status status = why ? tell(why, own.type) : body(context, block, worker);
    depth = at;
    return status;
}

typedef struct plain_call {
    trine_status (*function)(void *argument);
    void *argument;
} plain_call;

static trine_status call_plainly(void *context, size_t block, struct trine_worker *worker)
{
    const plain_call *call = context;
    (void)block;
    (void)worker;
    return call->function(call->argument);
}

trine_status trine_guard(trine_status (*function)(void *argument), void *argument, bool ours)
{
    plain_call call = {function, argument};
    return trine_guard_run(call_plainly, &call, 0, NULL, ours);
}

/* --- Frames. */

__attribute__((noinline)) trine_activation trine_activation_here(void)
{
    return TRINE_CALLER;
}

/* function: of the frame that is looked for. stack, region: of the one seen last. beyond: older
 * frames than that were seen. */
typedef struct stack_search {
    const trine_activation *frame, *own;
    uintptr_t function, stack, region;
    bool beyond, there;
} stack_search;

/* Each frame reaches from its own end to that of its caller. */
static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *data)
{
    stack_search *w = data;
    uintptr_t stack = _Unwind_GetCFA(context), looked = w->frame->stack;
    w->there =
        w->there || (w->stack && w->stack <= looked && looked < stack && w->region == w->function);
    if (stack <= w->own->stack)
        return _URC_NO_REASON;
    w->beyond = w->beyond || stack > looked;
    w->stack = stack;
    w->region = _Unwind_GetRegionStart(context);
    /* A call from inside of a function of the program's. */
    w->there = w->there || w->region == (uintptr_t)&trine_guard_run;
    return _URC_NO_REASON;
}

bool trine_activation_left(const trine_activation *frame, const trine_activation *own)
{
    stack_search w = {.frame = frame,
                      .own = own,
                      .function = (uintptr_t)_Unwind_FindEnclosingFunction(frame->code - 1)};
    (void)_Unwind_Backtrace(look, &w);
    return w.beyond && !w.there;
}

/* --- Threads. */

#if defined(__linux__)
static _Thread_local int number;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The thread that goes on in a copy of the process has another number. */
static void forget(void)
{
    number = 0;
}

static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, forget);
}

int trine_thread_number(void)
{
    if (number == 0) {
        pthread_once(&once, watch_forks);
        number = (int)syscall(SYS_gettid);
    }
    return number;
}

static bool is_listed(int thread)
{
    return syscall(SYS_tgkill, getpid(), thread, 0) == 0 || errno != ESRCH;
}

/* One that was joined may be listed still. Its flags are the seventh field behind its name. */
static bool is_exiting(int thread)
{
    enum { FLAGS = 7, PF_EXITING = 4 };
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
    FILE *about = fopen(path, "re");
    if (!about)
        return false;
    const char *behind = fgets(line, sizeof line, about) ? strrchr(line, ')') : NULL;
    for (int field = 0; field < FLAGS && behind; field++)
        behind = strchr(behind + 1, ' ');
    fclose(about);
    return behind && strtoul(behind, NULL, 10) & PF_EXITING;
}

bool trine_thread_runs(int thread)
{
    return is_listed(thread) && !is_exiting(thread) && is_listed(thread);
}
#else
int trine_thread_number(void)
{
    static atomic_int threads;
    static _Thread_local int own;
    if (own == 0)
        own = atomic_fetch_add(&threads, 1) + 1;
    return own;
}

bool trine_thread_runs(int thread)
{
    (void)thread;
    return true;
}
#endif
