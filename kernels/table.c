/* kernels/table.c - finding built-in kernels, in the variant for this CPU. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "kernels/isa.h"

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}
#endif

#define AVX512(family) family##_avx512,
#define AVX2(family) family##_avx2,
#define BASELINE(family) family##_baseline,
#define COUNT(family) +1

enum { REDUCTION_FAMILIES = TRINE_REDUCTION_FAMILIES(COUNT) };

/* Best first. */
static const struct {
    const char *name;
    bool (*supported)(void);
    const trine_monoid *reductions[REDUCTION_FAMILIES];
} isas[] = {
#if defined(__x86_64__)
    {"avx512", has_avx512, {TRINE_REDUCTION_FAMILIES(AVX512)}},
    {"avx2", has_avx2, {TRINE_REDUCTION_FAMILIES(AVX2)}},
#endif
    {"baseline", always, {TRINE_REDUCTION_FAMILIES(BASELINE)}},
};

/* MOST_NAMES: more than there are. */
enum { ISAS = sizeof isas / sizeof *isas, MOST_NAMES = 1024 };

/* Steps through the reductions of an instruction set's families: NULL, and then again NULL, past
 * the last. *at starts as {0}. */
typedef struct position {
    int family;
    size_t i;
} position;

static const trine_monoid *next_reduction(int isa, position *at)
{
    for (; at->family < REDUCTION_FAMILIES; at->family++, at->i = 0) {
        const trine_monoid *m = &isas[isa].reductions[at->family][at->i];
        if (m->name) {
            at->i++;
            return m;
        }
    }
    return NULL;
}

/* The names of all families, in the list's order, each once; found out with the instruction set. */
static const char *names[MOST_NAMES];
static size_t name_count;

static void collect_names(void)
{
    const trine_monoid *m;
    position at = {0};
    while ((m = next_reduction(ISAS - 1, &at)) && name_count < MOST_NAMES) {
        size_t i = 0;
        while (i < name_count && strcmp(names[i], m->name) != 0)
            i++;
        if (i == name_count)
            names[name_count++] = m->name;
    }
}

/* Chosen once; -1 when TRINE_ISA names none of this CPU's. */
static int chosen = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
    const char *wanted = getenv("TRINE_ISA");
    for (int i = ISAS - 1; i >= 0; i--)
        if (isas[i].supported() && (!wanted || !*wanted || strcmp(wanted, isas[i].name) == 0))
            chosen = i;
    collect_names();
}

static void list_isas(char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < ISAS; i++)
        if (isas[i].supported() && used < size)
            used +=
                (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", isas[i].name);
}

const char *trine_isa(void)
{
    pthread_once(&once, choose);
    return chosen >= 0 ? isas[chosen].name : "none";
}

const char *trine_monoid_name(size_t i)
{
    pthread_once(&once, choose);
    return i < name_count ? names[i] : NULL;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Names of the default mode and of the elements' type; the others are made from them. */
static void list_names(char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < name_count && used < size; i++)
        if (!ends_with(names[i], "_fast") && !ends_with(names[i], "_compensated") &&
            !ends_with(names[i], "_f64"))
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", names[i]);
}

const trine_monoid *trine_monoid_find(const char *name, trine_dtype dtype)
{
    char known[400];
    const trine_monoid *m;
    pthread_once(&once, choose);
    if (chosen < 0) {
        list_isas(known, sizeof known);
        trine_fail(TRINE_E_ARGUMENT, "TRINE_ISA is '%.40s'; this CPU has %s", getenv("TRINE_ISA"),
                   known);
        return NULL;
    }
    position at = {0};
    while (name && (m = next_reduction(chosen, &at)))
        if (m->in[0] == dtype && strcmp(m->name, name) == 0)
            return m;
    list_names(known, sizeof known);
    trine_fail(TRINE_E_ARGUMENT,
               "no reduction '%.40s' of %s; there are %s, and those names with "
               "_compensated or _fast, and then _f64",
               name ? name : "(NULL)", trine_dtype_name(dtype), known);
    return NULL;
}
