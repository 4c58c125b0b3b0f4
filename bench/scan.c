/* scan.c [MIB [ROUNDS [SPEC]]] - running sums, differences, reversal and compaction of so many MiB
 * of f64, out of place, against a copy by stores past the caches with as many threads. Bytes are
 * those that a perfect one moves: the copy's for all but the compaction. Rounds of all are
 * interleaved. Prints one JSON object. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "measure.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { LINE = 64 };

static void copy_lines(char *to, const char *from, size_t bytes)
{
#if defined(__SSE2__)
    for (size_t i = 0; i + LINE <= bytes; i += LINE)
        for (size_t k = 0; k < LINE; k += sizeof(__m128i))
            _mm_stream_si128((__m128i *)(void *)(to + i + k),
                             _mm_loadu_si128((const __m128i *)(const void *)(from + i + k)));
    _mm_sfence();
#else
    memcpy(to, from, bytes);
#endif
}

/* bytes are a multiple of LINE times the threads. */
static void copy(const trine_array *x, trine_array *out, int threads)
{
    size_t bytes = trine_array_n(x) * sizeof(double) / (size_t)threads;
    char *to = trine_array_data(out);
    const char *from = trine_array_data(x);
#pragma omp parallel num_threads(threads)
    {
        size_t first = (size_t)omp_get_thread_num() * bytes;
        copy_lines(to + first, from + first, bytes);
    }
}

enum { COPY, FAST, COMPENSATED, EXACT, IN_PLACE, DIFFERENCE, REVERSE, COMPACT, KINDS };

static const char *const names[KINDS] = {"copy",
                                         "cumsum_fast",
                                         "cumsum_compensated",
                                         "cumsum_exact",
                                         "cumsum_fast_in_place",
                                         "difference",
                                         "reverse",
                                         "compact"};

static double timed(int kind, const trine_array *x, trine_array *out, int threads)
{
    const trine_predicate *between = trine_predicate_find("between", TRINE_F64);
    static const double half[] = {0.5, 2};
    trine_array *kept = NULL;
    double began = seconds_now();
    if (kind == COPY)
        copy(x, out, threads);
    else if (kind <= EXACT)
        need(trine_cumsum_f64(x,
                              kind == FAST          ? TRINE_FAST
                              : kind == COMPENSATED ? TRINE_COMPENSATED
                                                    : TRINE_EXACT,
                              out));
    else if (kind == IN_PLACE)
        need(trine_cumsum_f64(out, TRINE_FAST, out));
    else if (kind == DIFFERENCE)
        need(trine_difference(x, out));
    else if (kind == REVERSE)
        need(trine_reverse(x, out));
    else
        need(trine_compact(between, x, half, &kept));
    double took = seconds_now() - began;
    trine_array_free(kept);
    return took;
}

int main(int argc, char **argv)
{
    uint64_t mib = argc > 1 ? strtoull(argv[1], NULL, 10) : 1024, n = mib << 17;
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 5;
    const char *spec = argc > 3 ? argv[3] : "omp:2";
    trine_team *team;
    trine_array *x, *out;
    series seconds[KINDS] = {{0}};
    trine_init();
    need(trine_team_open(spec, &team));
    int threads = trine_team_workers(team);
    need(trine_array_create(team, TRINE_F64, n, TRINE_SHARED, &x));
    need(trine_array_create(team, TRINE_F64, n, TRINE_SHARED, &out));
    double *data = trine_array_data(x);
    for (uint64_t i = 0; i < n; i++)
        data[i] = (double)((i * 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
    for (int round = 0; round <= rounds; round++)
        for (int kind = 0; kind < KINDS; kind++) {
            double took = timed(kind, x, out, threads);
            if (round > 0)
                series_add(&seconds[kind], took);
        }
    printf("{\"team\": \"%s\", \"isa\": \"%s\", \"mib\": %llu, \"copy_gb_s\": %.2f",
           trine_team_spec(team), trine_isa(), (unsigned long long)mib,
           2e-9 * (double)n * sizeof(double) / series_median(&seconds[COPY]));
    for (int kind = FAST; kind < KINDS; kind++)
        printf(", \"%s_s\": %.4f, \"%s_over_copy\": %.3f", names[kind],
               series_median(&seconds[kind]), names[kind],
               series_ratio(&seconds[COPY], &seconds[kind]));
    printf("}\n");
    trine_array_free(x);
    trine_array_free(out);
    need(trine_team_close(team));
    return 0;
}
