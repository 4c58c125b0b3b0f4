/* kernels/registry/table.c - finding built-in kernels, in the variant for this CPU. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/error.h"
#include "kernels/registry/isa.h"
#include "kernels/registry/list.h"
#include "core/system/environment.h"

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)
static bool has_fma(void)
{
    return __builtin_cpu_supports("fma");
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && has_fma();
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}
#else
#define has_fma always
#endif

#define AVX512(family) family##_avx512,
#define AVX2(family) family##_avx2,
#define BASELINE(family) family##_baseline,
#define COUNT(family) +1

enum {
    REDUCTION_FAMILIES = TRINE_REDUCTION_FAMILIES(COUNT),
    MAP_FAMILIES = TRINE_MAP_FAMILIES(COUNT)
};

#define GRID_KERNELS(variant)                                                                      \
    {                                                                                              \
        .turn = trine_turn_##variant, .stencil5 = trine_stencils_##variant,                        \
        .jacobi = trine_jacobi_row_##variant,                                                      \
        .convolve = {trine_convolve_f64_##variant, trine_convolve_f32_##variant},                  \
    }

/* Best first. */
static const struct {
    const char *name;
    bool (*supported)(void);
    const trine_monoid *reductions[REDUCTION_FAMILIES];
    const trine_map *maps[MAP_FAMILIES];
    trine_grid_kernels grids;
    const scan_entry *scans;
    const trine_predicate *predicates;
} isas[] = {
#if defined(__x86_64__)
    {"avx512",
     has_avx512,
     {TRINE_REDUCTION_FAMILIES(AVX512)},
     {TRINE_MAP_FAMILIES(AVX512)},
     GRID_KERNELS(avx512),
     trine_scans_avx512,
     trine_predicates_avx512},
    {"avx2",
     has_avx2,
     {TRINE_REDUCTION_FAMILIES(AVX2)},
     {TRINE_MAP_FAMILIES(AVX2)},
     GRID_KERNELS(avx2),
     trine_scans_avx2,
     trine_predicates_avx2},
#endif
    {"baseline",
     always,
     {TRINE_REDUCTION_FAMILIES(BASELINE)},
     {TRINE_MAP_FAMILIES(BASELINE)},
     GRID_KERNELS(baseline),
     trine_scans_baseline,
     trine_predicates_baseline},
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
    const char *wanted = trine_environment("TRINE_ISA");
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

#define IS_NAMED(kind, inputs, params, name) || strcmp(name, #kind) == 0

/* NULL, or why this process has no map of that name, though others have. */
static const char *lacks(const char *name)
{
    if (!(false TRINE_FUNCTIONS(IS_NAMED, name)) && strcmp(name, "logsumexp") != 0)
        return NULL;
#if TRINE_SLEEF
    return has_fma() ? NULL : "this CPU lacks the FMA instructions that SLEEF's functions need";
#else
    return "this library was built without SLEEF; libsleef-dev, and a build with TRINE_SLEEF=ON, "
           "would provide it";
#endif
}

/* The maps' names in the families' order, each once; NULL behind the last. */
enum { MAP_NAMES = 64 };
static const char *map_names[MAP_NAMES + 1];
static pthread_once_t map_names_once = PTHREAD_ONCE_INIT;

static void list_map_names(void)
{
    size_t count = 0;
    for (int f = 0; f < MAP_FAMILIES; f++)
        for (const trine_map *m = isas[ISAS - 1].maps[f]; m->name; m++) {
            size_t i = 0;
            while (i < count && strcmp(map_names[i], m->name) != 0)
                i++;
            if (i == count && count < MAP_NAMES && !lacks(m->name))
                map_names[count++] = m->name;
        }
}

const char *trine_map_name(size_t i)
{
    pthread_once(&map_names_once, list_map_names);
    return i < MAP_NAMES ? map_names[i] : NULL;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Names of the default mode and of the elements' type; the others are made from them. */
static bool is_plain(const char *name)
{
    return !ends_with(name, "_fast") && !ends_with(name, "_compensated") &&
           !ends_with(name, "_f64");
}

static void list_names(const char *(*name_at)(size_t), char *text, size_t size)
{
    size_t used = 0;
    const char *name;
    for (size_t i = 0; (name = name_at(i)) && used < size; i++)
        if (is_plain(name))
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
}

/* Whether there are kernels to choose from; else the detail says why not. */
static bool can_choose(void)
{
    char known[100];
    pthread_once(&once, choose);
    if (chosen >= 0)
        return true;
    list_isas(known, sizeof known);
    trine_fail(TRINE_E_ARGUMENT, "TRINE_ISA is '%.40s'; this CPU has %s",
               trine_environment("TRINE_ISA"), known);
    return false;
}

const trine_grid_kernels *trine_grid_kernels_find(void)
{
    return can_choose() ? &isas[chosen].grids : NULL;
}

/* The detail for what is not there: an unknown name, or a known one of other types. */
static void fail_reduction(const char *name, trine_dtype dtype)
{
    char known[400];
    const trine_monoid *m;
    size_t used = 0;
    if (lacks(name)) {
        trine_fail(TRINE_E_ABSENT, "reduction '%s': %s", name, lacks(name));
        return;
    }
    position at = {0};
    while ((m = next_reduction(chosen, &at)) && used < sizeof known)
        if (strcmp(m->name, name) == 0)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
                                     used ? ", " : "it is of ", trine_dtype_name(m->in[0]));
    if (used == 0) {
        used = (size_t)snprintf(known, sizeof known,
                                "sums also with _compensated or _fast, and then _f64; there are ");
        list_names(trine_monoid_name, known + used, sizeof known - used);
    }
    trine_fail(TRINE_E_ARGUMENT, "no reduction '%.40s' of %s; %s", name, trine_dtype_name(dtype),
               known);
}

const trine_monoid *trine_monoid_find(const char *name, trine_dtype dtype)
{
    const trine_monoid *m;
    if (!can_choose())
        return NULL;
    position at = {0};
    while (name && (m = next_reduction(chosen, &at)))
        if (m->in[0] == dtype && strcmp(m->name, name) == 0 && !lacks(name))
            return m;
    fail_reduction(name ? name : "(NULL)", dtype);
    return NULL;
}

/* Names of the scans, each once: entries of one name stand together. */
static void list_scans(char *text, size_t size)
{
    const char *before = "";
    size_t used = 0;
    for (const scan_entry *entry = isas[chosen].scans; entry->name && used < size; entry++) {
        if (strcmp(entry->name, before) != 0)
            used +=
                (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", entry->name);
        before = entry->name;
    }
}

trine_status trine_scanner_find(const char *name, trine_dtype dtype, trine_scanner *scanner)
{
    char known[400];
    if (!scanner)
        return trine_fail(TRINE_E_ARGUMENT, "trine_scanner_find: scanner is NULL");
    if (!can_choose())
        return TRINE_E_ARGUMENT;
    const scan_entry *entry = isas[chosen].scans;
    while (entry->name && !(name && entry->in == dtype && strcmp(entry->name, name) == 0))
        entry++;
    if (!entry->name) {
        list_scans(known, sizeof known);
        return trine_fail(TRINE_E_ARGUMENT, "no scan '%.40s' of %s; there are %s",
                          name ? name : "(NULL)", trine_dtype_name(dtype), known);
    }
    const trine_monoid *monoid =
        entry->monoid ? entry->monoid : trine_monoid_find(entry->reduction, dtype);
    *scanner = (trine_scanner){
        .name = entry->name, .monoid = *monoid, .out = entry->out, .apply = entry->apply};
    return TRINE_OK;
}

const trine_predicate *trine_predicate_find(const char *name, trine_dtype dtype)
{
    if (!can_choose())
        return NULL;
    for (const trine_predicate *p = isas[chosen].predicates; p->name && name; p++)
        if (p->in == dtype && strcmp(p->name, name) == 0)
            return p;
    trine_fail(TRINE_E_ARGUMENT, "no predicate '%.40s' of %s; there are nonzero, not_nan, between",
               name ? name : "(NULL)", trine_dtype_name(dtype));
    return NULL;
}

static bool is_of(const trine_map *m, trine_dtype in, trine_dtype out)
{
    return m->out[0] == out && (m->nin > 0 ? m->in[0] : TRINE_DTYPE_NONE) == in;
}

/* The detail for what is not there: an unknown name, or a known one of other types. */
static void fail_map(const char *name, trine_dtype in, trine_dtype out)
{
    char known[400];
    size_t used = 0;
    if (lacks(name)) {
        trine_fail(TRINE_E_ABSENT, "map '%s': %s", name, lacks(name));
        return;
    }
    for (int f = 0; f < MAP_FAMILIES; f++)
        for (const trine_map *m = isas[chosen].maps[f]; m->name && used < sizeof known; m++)
            if (strcmp(m->name, name) == 0)
                used += (size_t)snprintf(known + used, sizeof known - used, "%s%s to %s",
                                         used ? ", " : "it is of ",
                                         trine_dtype_name(m->nin ? m->in[0] : TRINE_DTYPE_NONE),
                                         trine_dtype_name(m->out[0]));
    if (used == 0) {
        used = (size_t)snprintf(known, sizeof known, "there are ");
        list_names(trine_map_name, known + used, sizeof known - used);
    }
    trine_fail(TRINE_E_ARGUMENT, "no map '%.40s' of %s to %s; %s", name, trine_dtype_name(in),
               trine_dtype_name(out), known);
}

const trine_map *trine_map_find(const char *name, trine_dtype in, trine_dtype out)
{
    if (!can_choose())
        return NULL;
    for (int f = 0; name && f < MAP_FAMILIES; f++)
        for (const trine_map *m = isas[chosen].maps[f]; m->name; m++)
            if (is_of(m, in, out) && strcmp(m->name, name) == 0 && !lacks(name))
                return m;
    fail_map(name ? name : "(NULL)", in, out);
    return NULL;
}
