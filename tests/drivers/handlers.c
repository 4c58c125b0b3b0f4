/* handlers.c - a library that, when it is loaded, takes signals from the program, as UCX does: it
 * survives SIGHUP and SIGTERM, and prints when the program's process crashes. At the program's end
 * it says whether it still has them. */
#include <signal.h>
#include <unistd.h>

static void say(int number)
{
    static const char text[] = "a library handled a signal\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    if (number != SIGHUP && number != SIGTERM)
        _exit(0);
}

__attribute__((constructor)) static void take_signals(void)
{
    static const int numbers[] = {SIGHUP, SIGTERM, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    struct sigaction saying = {.sa_handler = say};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &saying, NULL);
}

__attribute__((destructor)) static void tell(void)
{
    static const char text[] = "a library still handles SIGHUP\n";
    struct sigaction action;
    if (sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == say)
        (void)!write(STDERR_FILENO, text, sizeof text - 1);
}
