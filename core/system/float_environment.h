/* core/system/float_environment.h - the floating-point environment in which the library computes.
 *
 * Rounding mode, flush-to-zero, denormals-are-zero, traps and x87 precision belong to a thread and
 * are its owner's: an -ffast-math library sets them, Fortran codes do. The library computes in the
 * default one (IEEE 754, section 4.3.3: to nearest, gradual underflow, no traps) and gives the
 * thread's back, with its exception flags, when it returns.
 *
 * It is entered in three places: by public functions (the life of a call, or TRINE_FLOAT_SCOPE
 * where a function computes outside of one), by each OpenMP thread for its part of a job, and anew
 * before each job and each task, so that what user code has set ends with it. Forked workers have
 * it from their parent, which forks inside of a call.
 *
 * Reading and writing MXCSR takes 5 ns on an x86, fegetenv 70; reading x87's flags would double
 * them, so these are kept only for a caller whose x87 environment differs: the library itself has
 * no x87 instructions.
 */
#ifndef TRINE_CORE_FLOAT_ENVIRONMENT_H
#define TRINE_CORE_FLOAT_ENVIRONMENT_H

#include <stdint.h>

#if defined(__x86_64__)

/* Intel 64 Architectures Software Developer's Manual, volume 1, 10.2.3 and 8.1.5: exceptions
 * masked, to nearest; x87 with 64 bits of precision. The low six bits of MXCSR are exception flags.
 */
#define TRINE_MXCSR_DEFAULT UINT32_C(0x1f80)
#define TRINE_MXCSR_FLAGS UINT32_C(0x3f)
#define TRINE_X87_DEFAULT 0x037f

/* Of x87's status: six exception flags, stack fault, and the summary that says that an unmasked one
 * is pending. */
#define TRINE_X87_PENDING UINT32_C(0x80ff)

/* Of what FNSTENV stores: words of 32 bits, of which control and status are the low halves. */
enum { TRINE_X87_CONTROL, TRINE_X87_STATUS };

/* x87: what FNSTENV stores; only where control differs from the default. */
typedef struct trine_float_environment {
    uint32_t mxcsr;
    uint16_t control;
    uint32_t x87[7];
} trine_float_environment;

/* x87's environment is saved and becomes the default; is given back. Out of line: it is rare. */
void trine_x87_enter(trine_float_environment *saved);
void trine_x87_leave(const trine_float_environment *saved);

static inline void trine_float_enter(trine_float_environment *saved)
{
    const uint32_t mxcsr = TRINE_MXCSR_DEFAULT;
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1"
                     : "=m"(saved->mxcsr), "=m"(saved->control)
                     :
                     : "memory");
    if ((saved->mxcsr & ~TRINE_MXCSR_FLAGS) != mxcsr)
        __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr) : "memory");
    if (saved->control != TRINE_X87_DEFAULT)
        trine_x87_enter(saved);
}

static inline void trine_float_leave(const trine_float_environment *saved)
{
    uint16_t control;
    __asm__ volatile("ldmxcsr %1\n\tfnstcw %0" : "=m"(control) : "m"(saved->mxcsr) : "memory");
    if (control != saved->control || control != TRINE_X87_DEFAULT)
        trine_x87_leave(saved);
}

/* The default, whatever was set; flags are cleared. */
static inline void trine_float_default(void)
{
    const uint32_t mxcsr = TRINE_MXCSR_DEFAULT;
    trine_float_environment now;
    __asm__ volatile("ldmxcsr %1\n\tfnstcw %0" : "=m"(now.control) : "m"(mxcsr) : "memory");
    if (now.control != TRINE_X87_DEFAULT)
        trine_x87_enter(&now);
}

#else
#include <fenv.h>

typedef struct trine_float_environment {
    fenv_t all;
} trine_float_environment;

static inline void trine_float_enter(trine_float_environment *saved)
{
    fegetenv(&saved->all);
    fesetenv(FE_DFL_ENV);
}

static inline void trine_float_leave(const trine_float_environment *saved)
{
    fesetenv(&saved->all);
}

static inline void trine_float_default(void)
{
    fesetenv(FE_DFL_ENV);
}
#endif

/* First in a function: the default environment until it returns, wherever that is. */
#define TRINE_FLOAT_SCOPE                                                                          \
    __attribute__((cleanup(trine_float_scope_end))) trine_float_environment callers_environment;   \
    trine_float_enter(&callers_environment)

static inline void trine_float_scope_end(trine_float_environment *saved)
{
    trine_float_leave(saved);
}

#endif
