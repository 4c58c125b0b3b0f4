/* float_environments.h - floating-point environments that callers may have set, set and read to the
 * bit.
 */
#ifndef TRINE_TESTS_FLOAT_ENVIRONMENTS_H
#define TRINE_TESTS_FLOAT_ENVIRONMENTS_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)

/* MXCSR, x87's control word and the exception flags of its status word. */
typedef struct environment {
    const char *name;
    uint32_t mxcsr;
    uint16_t control, flags;
} environment;

static const environment environments[] = {
    {"default", 0x1f80, 0x37f, 0},
    {"flush-to-zero, denormals-are-zero", 0x9fc0, 0x37f, 0},
    {"downward", 0x3f80, 0x77f, 0},
    {"upward", 0x5f80, 0xb7f, 0},
    {"toward zero", 0x7f80, 0xf7f, 0},
    {"all traps", 0x0000, 0x340, 0},
    {"traps on invalid, division, overflow", 0x1900, 0x372, 0},
    {"x87 of 53 bits", 0x1f80, 0x27f, 0},
    {"flags that are set", 0x1fad, 0x37f, 0},
    {"all at once, with flags that are pending", 0xe06a, 0x640, 0x3f},
};

static inline void environment_get(environment *now)
{
    uint16_t x87[14];
    __asm__ volatile("fnstenv %0\n\tfldenv %0\n\tstmxcsr %1"
                     : "+m"(*(uint16_t(*)[14])x87), "=m"(now->mxcsr)
                     :
                     : "memory");
    now->control = x87[0];
    now->flags = x87[2] & 0x3f;
}

/* FNSTENV masks exceptions, so that none that is pending is raised. */
static inline void environment_set(const environment *e)
{
    uint16_t x87[14];
    __asm__ volatile("fnstenv %0" : "=m"(*(uint16_t(*)[14])x87) : : "memory");
    x87[0] = e->control;
    x87[2] = (uint16_t)((x87[2] & ~0x80ff) | e->flags);
    __asm__ volatile("fldenv %0\n\tldmxcsr %1"
                     :
                     : "m"(*(const uint16_t(*)[14])x87), "m"(e->mxcsr)
                     : "memory");
}

static inline bool environment_equal(const environment *a, const environment *b)
{
    return a->mxcsr == b->mxcsr && a->control == b->control && a->flags == b->flags;
}

/* Control without flags, as a kernel finds it. */
static inline uint64_t environment_control(void)
{
    uint32_t mxcsr;
    uint16_t control;
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(control));
    return (uint64_t)control << 32 | (mxcsr & ~UINT32_C(0x3f));
}

#else
#include <fenv.h>

/* traps cannot be asked for in C11. */
typedef struct environment {
    const char *name;
    int rounding, flags;
} environment;

static const environment environments[] = {
    {"default", FE_TONEAREST, 0},
    {"downward", FE_DOWNWARD, 0},
    {"upward", FE_UPWARD, 0},
    {"toward zero", FE_TOWARDZERO, 0},
    {"flags that are set", FE_TONEAREST, FE_INVALID | FE_INEXACT},
};

static inline void environment_get(environment *now)
{
    now->rounding = fegetround();
    now->flags = fetestexcept(FE_ALL_EXCEPT);
}

static inline void environment_set(const environment *e)
{
    fesetenv(FE_DFL_ENV);
    fesetround(e->rounding);
    feraiseexcept(e->flags);
}

static inline bool environment_equal(const environment *a, const environment *b)
{
    return a->rounding == b->rounding && a->flags == b->flags;
}

static inline uint64_t environment_control(void)
{
    return (uint64_t)fegetround();
}
#endif

enum { ENVIRONMENTS = sizeof environments / sizeof *environments };

#endif
