/* isa.c - one chunk scanned by every instruction set of this CPU gives the same bits: all scans,
 * lengths, prefixes, in place and not, past the caches and not. */
#include <stdlib.h>
#include <string.h>

#include <trine/kernel.h>

#include "check.h"
#include "hash_reducer.h"
#include "kernels/registry/isa.h"

typedef struct variant {
    const char *name;
    const scan_entry *scans;
    const trine_reducer *const *families;
} variant;

#define AVX512(table) table##_avx512,
#define AVX2(table) table##_avx2,
#define BASELINE(table) table##_baseline,

static const trine_reducer *const baseline[] = {TRINE_REDUCTION_FAMILIES(BASELINE) NULL};
static variant variants[3] = {{"baseline", trine_scans_baseline, baseline}};
static int variant_count = 1;

static void find_variants(void)
{
#if defined(__x86_64__)
    static const trine_reducer *const avx2[] = {TRINE_REDUCTION_FAMILIES(AVX2) NULL};
    static const trine_reducer *const avx512[] = {TRINE_REDUCTION_FAMILIES(AVX512) NULL};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        variants[variant_count++] = (variant){"avx2", trine_scans_avx2, avx2};
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        variants[variant_count++] = (variant){"avx512", trine_scans_avx512, avx512};
#endif
}

static const trine_reducer *reducer_of(const variant *v, const scan_entry *entry)
{
    for (int f = 0; !entry->reducer && v->families[f]; f++)
        for (const trine_reducer *m = v->families[f]; m->name; m++)
            if (m->in[0] == entry->in && strcmp(m->name, entry->reduction) == 0)
                return m;
    return entry->reducer;
}

enum { SPACE = TRINE_CHUNK * sizeof(double), KINDS = 4 };
static _Alignas(64) unsigned char before[SPACE], data[SPACE + 64], results[3][SPACE + 64];
static _Alignas(64) unsigned char state[1024], work[1 << 18];

/* Any bits for integers; reals of several ranges, and (last) what is none. */
static void fill(unsigned char *to, trine_dtype dtype, uint64_t seed, int kind)
{
    for (uint64_t i = 0; i < TRINE_CHUNK; i++) {
        uint64_t bits = hash_mix(i + 1, seed);
        double real = ((double)(bits >> 11) * 0x1p-53 - (kind > 0) * 0.5) *
                      (double)((uint64_t)1 << (kind > 1 ? bits % 61 : 0));
        if (kind == 3)
            real = i == 700 ? 0.0 / (double)(i - 700) : i < 9 ? -0.0 : real;
        float single = (float)real;
        /* Small enough for sums to fit, of 64 bits or of fewer. */
        bits = bits >> 20 & 0xfffff0fff0ff;
        if (dtype == TRINE_F64)
            memcpy(to + i * sizeof real, &real, sizeof real);
        else if (dtype == TRINE_F32)
            memcpy(to + i * sizeof single, &single, sizeof single);
        else
            memcpy(to + i * sizeof bits, &bits, sizeof bits);
    }
}

static void make_prefix(const trine_reducer *m, size_t n)
{
    trine_chunk chunk = {.n = n, .in = {before}};
    m->init(state, NULL);
    if (n == 0)
        return;
    if (m->work_size)
        m->work_init(work, NULL);
    m->accumulate(m->work_size ? work : state, &chunk, NULL);
    if (m->work_size)
        m->work_flush(state, work, NULL);
}

static const size_t lengths[] = {1, 2, 7, 8, 9, 31, 1000, TRINE_CHUNK - 1, TRINE_CHUNK};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* One scan of one length by one variant, `shift` bytes off alignment. */
static trine_status scan_by(int v, size_t e, size_t n, unsigned flags, size_t shift)
{
    const scan_entry *entry = &variants[v].scans[e];
    make_prefix(reducer_of(&variants[v], entry), n == 7 ? 0 : n % 1000);
    trine_chunk chunk = {.offset = n % 1000, .n = n, .in = {data + shift}};
    chunk.out[0] = results[v] + shift;
    memset(results[v], 0x5a, sizeof results[v]);
    if (flags == 0 && entry->in == entry->out && n % 2) {
        memcpy(results[v], data, sizeof data);
        chunk.in[0] = chunk.out[0];
    }
    return entry->apply(&chunk, state, flags, NULL);
}

static void every_instruction_set_scans_to_the_same_bits(void)
{
    int compared = 0;
    for (size_t e = 0; variants[0].scans[e].name; e++)
        for (int kind = 0; kind < KINDS; kind++) {
            const scan_entry *entry = &variants[0].scans[e];
            fill(before, entry->in, e, kind < 3 ? kind : 2);
            fill(data, entry->in, 100 + e, kind);
            for (int l = 0; l < LENGTHS; l++)
                for (unsigned flags = 0; flags < 4; flags++) {
                    size_t shift = flags == 2 && l % 3 == 0 ? 8 : 0;
                    trine_status expected = scan_by(0, e, lengths[l], flags, shift);
                    for (int v = 1; v < variant_count; v++, compared++) {
                        trine_status got = scan_by(v, e, lengths[l], flags, shift);
                        bool same = got == expected &&
                                    (got || memcmp(results[v], results[0], sizeof results[0]) == 0);
                        if (!same)
                            printf("\n  %s of type %d, %s: n %zu, kind %d, flags %u\n", entry->name,
                                   (int)entry->in, variants[v].name, lengths[l], kind, flags);
                        CU_ASSERT_TRUE(same);
                    }
                }
        }
    printf("%d comparisons on %d instruction sets ... ", compared, variant_count);
}

int main(void)
{
    find_variants();
    CU_TestInfo tests[] = {
        {"every instruction set scans to the same bits",
         every_instruction_set_scans_to_the_same_bits},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("scans by instruction set", tests);
}
