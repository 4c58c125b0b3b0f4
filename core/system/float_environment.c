/* core/system/float_environment.c - the x87 environment of a caller who has changed it. */
#include "core/system/float_environment.h"

#if defined(__x86_64__)

/* FNSTENV masks all exceptions as it stores, so that none that is pending is raised here. */
static void store(uint32_t x87[7])
{
    __asm__ volatile("fnstenv %0" : "=m"(*(uint32_t(*)[7])x87) : : "memory");
}

static void load(const uint32_t x87[7])
{
    __asm__ volatile("fldenv %0" : : "m"(*(const uint32_t(*)[7])x87) : "memory");
}

void trine_x87_enter(trine_float_environment *saved)
{
    uint32_t now[7];
    store(saved->x87);
    for (int i = 0; i < 7; i++)
        now[i] = saved->x87[i];
    now[TRINE_X87_CONTROL] = (now[TRINE_X87_CONTROL] & 0xffff0000) | TRINE_X87_DEFAULT;
    now[TRINE_X87_STATUS] &= ~TRINE_X87_PENDING;
    load(now);
}

void trine_x87_leave(const trine_float_environment *saved)
{
    uint32_t now[7];
    store(now);
    if (saved->control != TRINE_X87_DEFAULT)
        load(saved->x87);
    else {
        now[TRINE_X87_CONTROL] = (now[TRINE_X87_CONTROL] & 0xffff0000) | TRINE_X87_DEFAULT;
        load(now);
    }
}
#else
typedef int trine_no_x87;
#endif
