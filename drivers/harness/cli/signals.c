/* drivers/harness/cli/signals.c - signals as this program was started with, whatever libraries did
 * before main.
 *
 * 1. Before any library begins, `ignored` notes what the program was started to ignore: all else is
 *    at its default, since handlers do not survive an exec.
 * 2. Libraries install handlers, over what was ignored, too.
 * 3. At the beginning of main, every signal that has a handler gets back what it had, and SIGCHLD
 * its default.
 */
#include <signal.h>
#include <stdbool.h>

#include "drivers/harness/cli/signals.h"

static sigset_t ignored;

#ifdef TRINE_SANITIZED
/* A sanitizer's functions do not work before it has begun, and it reports by these. */
static bool may_be_handled(int number)
{
    return number == SIGPROF || number == SIGSEGV || number == SIGBUS || number == SIGFPE ||
           number == SIGILL || number == SIGABRT;
}
#else
/* A profiler sets its clock before main. */
static bool may_be_handled(int number)
{
    return number == SIGPROF;
}

static void note_ignored(void)
{
    for (int number = 1; number < SIGRTMIN; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            sigaddset(&ignored, number);
    }
}

/* Of ELF programs: called before the constructors of the libraries. */
typedef void beginning(void);
__attribute__((section(".preinit_array"), used)) static beginning *const first = note_ignored;
#endif

void take_signals_back(void)
{
    for (int number = 1; number < SIGRTMIN; number++) {
        struct sigaction action;
        if (may_be_handled(number) || sigaction(number, NULL, &action) ||
            action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL)
            continue;
        bool was_ignored = sigismember(&ignored, number) == 1;
        action = (struct sigaction){.sa_handler = was_ignored ? SIG_IGN : SIG_DFL};
        sigaction(number, &action, NULL);
    }
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &standard, NULL);
}
