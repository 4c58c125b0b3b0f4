/* core/system/wait.c - spinning, and sleeping on a futex. */
#include "core/system/wait.h"

#include <time.h>
#include <unistd.h>

#include "core/system/clock.h"

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>

void trine_futex_wait(atomic_uint *word, unsigned value, double seconds)
{
    struct timespec timeout = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
    syscall(SYS_futex, word, FUTEX_WAIT, value, &timeout, NULL, 0);
}

void trine_futex_wake(atomic_uint *word, int sleepers)
{
    syscall(SYS_futex, word, FUTEX_WAKE, sleepers, NULL, NULL, 0);
}
#else
/* Without futexes: looks every tenth of a millisecond. */
static const double look_seconds = 1e-4;

void trine_futex_wait(atomic_uint *word, unsigned value, double seconds)
{
    double began = trine_seconds();
    while (atomic_load(word) == value && trine_seconds() - began < seconds)
        nanosleep(&(struct timespec){.tv_nsec = (long)(1e9 * look_seconds)}, NULL);
}

void trine_futex_wake(atomic_uint *word, int sleepers)
{
    (void)word;
    (void)sleepers;
}
#endif

static void pause_cpu(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Looks between two looks at the clock. */
enum { SPINS = 32 };

bool trine_spin(const atomic_uint *word, unsigned value, double seconds)
{
    double began = 0;
    do {
        for (int i = 0; i < SPINS; i++) {
            if (atomic_load_explicit(word, memory_order_acquire) != value)
                return true;
            pause_cpu();
        }
        double now = trine_seconds();
        if (began == 0)
            began = now;
        else if (now - began > seconds)
            return false;
    } while (seconds > 0);
    return false;
}
