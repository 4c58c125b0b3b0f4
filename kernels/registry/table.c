/* kernels/registry/table.c - finding built-in kernels, in the variant for this CPU. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system/error.h"
#include "kernels/registry/params.h"
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
        .transpose_block = trine_transpose_block_##variant, .stencil5 = trine_stencils_##variant,  \
        .jacobi = trine_jacobi_row_##variant,                                                      \
        .convolve = {trine_convolve_f64_##variant, trine_convolve_f32_##variant},                  \
    }

/* Best first. */
static const struct {
    const char *name;
    bool (*supported)(void);
    const trine_reducer *reductions[REDUCTION_FAMILIES];
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

/* MAX_NAMES: more than there are. */
enum { ISAS = sizeof isas / sizeof *isas, MAX_NAMES = 1024 };

/* Steps through the reductions of an instruction set's families: NULL, and then again NULL, past
 * the last. *at starts as {0}. */
typedef struct position {
    int family;
    size_t i;
} position;

static const trine_reducer *next_reduction(int isa, position *at)
{
    for (; at->family < REDUCTION_FAMILIES; at->family++, at->i = 0) {
        const trine_reducer *m = &isas[isa].reductions[at->family][at->i];
        if (m->name) {
            at->i++;
            return m;
        }
    }
    return NULL;
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

/* --- The index: whatever has a name, by that and its types, in a hash table that is filled with
 * the choice of the instruction set and only read from then on. */

enum { REDUCTION, MAP, SCAN, PREDICATE, REDUCTION_NAME, MAP_NAME };

typedef struct key {
    int kind;
    const char *name;
    trine_dtype in, out;
} key;

typedef struct slot {
    key key;
    const void *kernel;
} slot;

/* SLOTS: a power of two, of which half are left free. */
enum { SLOTS = 4096 };
static slot slots[SLOTS];
static size_t slots_taken;

/* The slot of that key, or the free one where it would be. By FNV-1a. */
static slot *slot_of(const key *k)
{
    uint32_t hash = 2166136261u ^ (uint32_t)k->kind ^ (uint32_t)k->in << 8 ^ (uint32_t)k->out << 16;
    for (const char *c = k->name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    for (hash ^= hash >> 15;; hash++) {
        slot *s = &slots[hash % SLOTS];
        const key *held = &s->key;
        if (!held->name || (held->kind == k->kind && held->in == k->in && held->out == k->out &&
                            strcmp(held->name, k->name) == 0))
            return s;
    }
}

/* NULL when there is none of that name, or name is NULL. */
static const void *look_up(int kind, const char *name, trine_dtype in, trine_dtype out)
{
    const key k = {kind, name, in, out};
    return name ? slot_of(&k)->kernel : NULL;
}

/* Of two of the same key the first counts. Whether this one did. */
static bool enter(int kind, const char *name, trine_dtype in, trine_dtype out, const void *kernel)
{
    const key k = {kind, name, in, out};
    slot *s = slot_of(&k);
    if (s->key.name || slots_taken == SLOTS / 2)
        return false;
    *s = (slot){k, kernel};
    slots_taken++;
    return true;
}

/* The names of all families, in the list's order, each once. */
static const char *names[MAX_NAMES], *map_names[MAX_NAMES];
static size_t name_count, map_name_count;

static trine_dtype input_of(const trine_map *m)
{
    return m->nin > 0 ? m->in[0] : TRINE_DTYPE_NONE;
}

static void enter_names(void)
{
    const trine_reducer *m;
    position at = {0};
    while ((m = next_reduction(ISAS - 1, &at)) && name_count < MAX_NAMES)
        if (enter(REDUCTION_NAME, m->name, TRINE_DTYPE_NONE, TRINE_DTYPE_NONE, m))
            names[name_count++] = m->name;
    for (int f = 0; f < MAP_FAMILIES; f++)
        for (const trine_map *map = isas[ISAS - 1].maps[f]; map->name; map++)
            if (map_name_count < MAX_NAMES && !lacks(map->name) &&
                enter(MAP_NAME, map->name, TRINE_DTYPE_NONE, TRINE_DTYPE_NONE, map))
                map_names[map_name_count++] = map->name;
}

static void enter_kernels(int isa)
{
    const trine_reducer *m;
    position at = {0};
    while ((m = next_reduction(isa, &at)))
        if (!lacks(m->name))
            enter(REDUCTION, m->name, m->in[0], TRINE_DTYPE_NONE, m);
    for (int f = 0; f < MAP_FAMILIES; f++)
        for (const trine_map *map = isas[isa].maps[f]; map->name; map++)
            if (!lacks(map->name))
                enter(MAP, map->name, input_of(map), map->out[0], map);
    for (const scan_entry *scan = isas[isa].scans; scan->name; scan++)
        enter(SCAN, scan->name, scan->in, TRINE_DTYPE_NONE, scan);
    for (const trine_predicate *p = isas[isa].predicates; p->name; p++)
        enter(PREDICATE, p->name, p->in, TRINE_DTYPE_NONE, p);
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
    enter_names();
    if (chosen >= 0)
        enter_kernels(chosen);
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

const char *trine_reducer_name(int64_t i)
{
    pthread_once(&once, choose);
    return i >= 0 && i < (int64_t)name_count ? names[i] : NULL;
}

const char *trine_map_name(int64_t i)
{
    pthread_once(&once, choose);
    return i >= 0 && i < (int64_t)map_name_count ? map_names[i] : NULL;
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

static void list_names(const char *(*name_at)(int64_t), char *text, size_t size)
{
    size_t used = 0;
    const char *name;
    for (int64_t i = 0; (name = name_at(i)) && used < size; i++)
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
    const trine_reducer *m;
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
        list_names(trine_reducer_name, known + used, sizeof known - used);
    }
    trine_fail(TRINE_E_ARGUMENT, "no reduction '%.40s' of %s; %s", name, trine_dtype_name(dtype),
               known);
}

const trine_reducer *trine_reducer_find(const char *name, trine_dtype dtype)
{
    if (!can_choose())
        return NULL;
    const trine_reducer *m = look_up(REDUCTION, name, dtype, TRINE_DTYPE_NONE);
    if (!m)
        fail_reduction(name ? name : "(NULL)", dtype);
    return m;
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

trine_status trine_scan_operator_find(const char *name, trine_dtype dtype, trine_scan_operator *op)
{
    char known[400];
    if (!op)
        return trine_fail(TRINE_E_ARGUMENT, "trine_scan_operator_find: op is NULL");
    if (trine_size_check("trine_scan_operator_find", "trine_scan_operator", op->size, sizeof *op) ||
        !can_choose())
        return TRINE_E_ARGUMENT;
    const scan_entry *entry = look_up(SCAN, name, dtype, TRINE_DTYPE_NONE);
    if (!entry) {
        list_scans(known, sizeof known);
        return trine_fail(TRINE_E_ARGUMENT, "no scan '%.40s' of %s; there are %s",
                          name ? name : "(NULL)", trine_dtype_name(dtype), known);
    }
    const trine_reducer *reducer =
        entry->reducer ? entry->reducer : trine_reducer_find(entry->reduction, dtype);
    *op = (trine_scan_operator){TRINE_INIT(trine_scan_operator), .name = entry->name,
                                .reducer = *reducer, .out = entry->out, .apply = entry->apply};
    return TRINE_OK;
}

const trine_predicate *trine_predicate_find(const char *name, trine_dtype dtype)
{
    if (!can_choose())
        return NULL;
    const trine_predicate *predicate = look_up(PREDICATE, name, dtype, TRINE_DTYPE_NONE);
    if (!predicate)
        trine_fail(TRINE_E_ARGUMENT,
                   "no predicate '%.40s' of %s; there are nonzero, not_nan, between",
                   name ? name : "(NULL)", trine_dtype_name(dtype));
    return predicate;
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
                                         used ? ", " : "it is of ", trine_dtype_name(input_of(m)),
                                         trine_dtype_name(m->out[0]));
    if (used == 0) {
        used = (size_t)snprintf(known, sizeof known, "there are ");
        list_names(trine_map_name, known + used, sizeof known - used);
    }
    trine_fail(TRINE_E_ARGUMENT, "no map '%.40s' of %s to %s; %s", name, trine_dtype_name(in),
               trine_dtype_name(out), known);
}

bool trine_map_is_built_in(const trine_map *map)
{
    pthread_once(&once, choose);
    return look_up(MAP, map->name, input_of(map), map->out[0]) == map;
}

const trine_map *trine_map_find(const char *name, trine_dtype in, trine_dtype out)
{
    if (!can_choose())
        return NULL;
    const trine_map *m = look_up(MAP, name, in, out);
    if (!m)
        fail_map(name ? name : "(NULL)", in, out);
    return m;
}
