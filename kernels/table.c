/* kernels/table.c - finding built-in kernels, in the variant for this CPU. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "kernels/isa.h"
#include "kernels/order.h"

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
    const scan_entry *scans;
    const trine_predicate *predicates;
} isas[] = {
#if defined(__x86_64__)
    {"avx512",
     has_avx512,
     {TRINE_REDUCTION_FAMILIES(AVX512)},
     trine_scans_avx512,
     trine_predicates_avx512},
    {"avx2", has_avx2, {TRINE_REDUCTION_FAMILIES(AVX2)}, trine_scans_avx2, trine_predicates_avx2},
#endif
    {"baseline",
     always,
     {TRINE_REDUCTION_FAMILIES(BASELINE)},
     trine_scans_baseline,
     trine_predicates_baseline},
};

enum { ISAS = sizeof isas / sizeof *isas };

/* Chosen once; -1 when TRINE_ISA names none of this CPU's. */
static int chosen = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
    const char *wanted = getenv("TRINE_ISA");
    for (int i = ISAS - 1; i >= 0; i--)
        if (isas[i].supported() && (!wanted || !*wanted || strcmp(wanted, isas[i].name) == 0))
            chosen = i;
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

/* The i-th reduction of that instruction set's families, NULL past the last. */
static const trine_monoid *reduction(int isa, size_t i)
{
    for (int f = 0; f < REDUCTION_FAMILIES; f++)
        for (const trine_monoid *m = isas[isa].reductions[f]; m->name; m++)
            if (i-- == 0)
                return m;
    return NULL;
}

/* Names in the list's order, each once. */
const char *trine_monoid_name(size_t wanted)
{
    const trine_monoid *m, *other;
    for (size_t i = 0; (m = reduction(ISAS - 1, i)); i++) {
        size_t earlier = 0;
        while ((other = reduction(ISAS - 1, earlier)) && strcmp(other->name, m->name) != 0)
            earlier++;
        if (earlier == i && wanted-- == 0)
            return m->name;
    }
    return NULL;
}

static void list_names(char *text, size_t size)
{
    size_t used = 0;
    const char *name;
    for (size_t i = 0; (name = trine_monoid_name(i)) && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
}

/* ARGUMENT when TRINE_ISA asks for what this CPU has not. */
static trine_status choose_once(void)
{
    char known[80];
    pthread_once(&once, choose);
    if (chosen >= 0)
        return TRINE_OK;
    list_isas(known, sizeof known);
    return trine_fail(TRINE_E_ARGUMENT, "TRINE_ISA is '%.40s'; this CPU has %s",
                      getenv("TRINE_ISA"), known);
}

const trine_monoid *trine_monoid_find(const char *name, trine_dtype dtype)
{
    char known[400];
    const trine_monoid *m;
    if (choose_once())
        return NULL;
    for (size_t i = 0; name && (m = reduction(chosen, i)); i++)
        if (m->in[0] == dtype && strcmp(m->name, name) == 0)
            return m;
    list_names(known, sizeof known);
    trine_fail(TRINE_E_ARGUMENT, "no reduction '%.40s' of %s; there are %s", name ? name : "(NULL)",
               trine_dtype_name(dtype), known);
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
    trine_status status = choose_once();
    if (status)
        return status;
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
    if (choose_once())
        return NULL;
    for (const trine_predicate *p = isas[chosen].predicates; p->name && name; p++)
        if (p->in == dtype && strcmp(p->name, name) == 0)
            return p;
    trine_fail(TRINE_E_ARGUMENT, "no predicate '%.40s' of %s; there are nonzero, not_nan, between",
               name ? name : "(NULL)", trine_dtype_name(dtype));
    return NULL;
}

#define VALUE(constant, suffix, type, offset)                                                      \
    case constant:                                                                                 \
        return (double)value_##suffix((int64_t)(key + (uint64_t)(offset)));

double trine_order_value(trine_dtype dtype, uint64_t key)
{
    switch (dtype) {
        VALUE(TRINE_F64, f64, double, INT64_MIN)
        VALUE(TRINE_F32, f32, float, -((int64_t)1 << 31))
        VALUE(TRINE_I64, i64, int64_t, INT64_MIN)
        VALUE(TRINE_I32, i32, int32_t, -((int64_t)1 << 31))
        VALUE(TRINE_U64, u64, uint64_t, INT64_MIN)
        VALUE(TRINE_U32, u32, uint32_t, -((int64_t)1 << 31))
        VALUE(TRINE_I16, i16, int16_t, -((int64_t)1 << 15))
        VALUE(TRINE_U16, u16, uint16_t, 0)
        VALUE(TRINE_I8, i8, int8_t, -((int64_t)1 << 7))
        VALUE(TRINE_U8, u8, uint8_t, 0)
    default:
        return 0;
    }
}
