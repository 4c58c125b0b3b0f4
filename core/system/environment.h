/* core/system/environment.h - what the environment says to a program that has no more rights than
 * who started it: a set-uid program is not to load, open or obey what its user names. */
#ifndef TRINE_CORE_ENVIRONMENT_H
#define TRINE_CORE_ENVIRONMENT_H

#include <stdlib.h>
#if !defined(__linux__)
#include <unistd.h>
#endif

static inline const char *trine_environment(const char *name)
{
#if defined(__linux__)
    return secure_getenv(name);
#else
    return issetugid() ? NULL : getenv(name);
#endif
}

#endif
