/* own_reducer.c - a reduction of one's own: the longest run of rising elements, on every team.
 *
 * A partial knows the run that it begins with, the one that it ends with and the longest; two
 * neighbours join in order. That is all it takes to run on threads, processes and ranks. */
#include <math.h>
#include <stdio.h>
#include <trine/trine.h>

typedef struct rising {
    double first, last;
    uint64_t n, head, tail, longest;
} rising;

static void init(void *state, const void *param)
{
    (void)param;
    *(rising *)state = (rising){.n = 0};
}

static void merge(void *left, const void *right, const void *param)
{
    rising *l = left;
    const rising *r = right;
    (void)param;
    if (l->n == 0 || r->n == 0) {
        if (l->n == 0)
            *l = *r;
        return;
    }
    uint64_t joined = l->last < r->first ? l->tail + r->head : 0;
    uint64_t longest = l->longest > r->longest ? l->longest : r->longest;
    l->longest = joined > longest ? joined : longest;
    if (joined && l->head == l->n)
        l->head += r->head;
    l->tail = joined && r->tail == r->n ? l->tail + r->tail : r->tail;
    l->last = r->last;
    l->n += r->n;
}

static void accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const double *x = chunk->in[0];
    for (int64_t i = 0; i < chunk->n; i++) {
        const rising one = {x[i], x[i], 1, 1, 1, 1};
        merge(state, &one, param);
    }
}

static trine_status finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(uint64_t *)result = ((const rising *)state)->longest;
    return TRINE_OK;
}

/* Before it is used: a sample, as nasty as the data may be, shows whether it keeps the laws. */
static trine_status test(const trine_reducer *reducer)
{
    static double sample[3 * TRINE_CHUNK + 5];
    const void *const in[] = {sample};
    const int64_t n = sizeof sample / sizeof *sample;
    for (int64_t i = 0; i < n; i++)
        sample[i] = i % 1000 == 999 ? (double)NAN : (double)(i * i % 40009);
    return trine_reducer_test(reducer, in, n, NULL);
}

int main(void)
{
    static const trine_reducer longest_rise = {TRINE_INIT(trine_reducer),
                                               .name = "longest_rise",
                                               .nin = 1,
                                               .in = {TRINE_F64},
                                               .out = TRINE_U64,
                                               .state_size = sizeof(rising),
                                               .result_size = sizeof(uint64_t),
                                               .init = init,
                                               .accumulate = accumulate,
                                               .merge = merge,
                                               .finish = finish};
    const char *const specs[] = {"serial", "omp:3", "pool:3"};
    const uint64_t n = 100000, start = 8000, end = 90000;
    trine_init();
    if (test(&longest_rise))
        return fprintf(stderr, "%s\n", trine_error_detail()), 1;
    for (int i = 0; i < 3; i++) {
        trine_team *team;
        trine_array *x;
        uint64_t longest = 0;
        if (trine_team_open(specs[i], &team) ||
            trine_array_create(team, TRINE_F64, n, TRINE_SHARED, &x))
            return fprintf(stderr, "%s\n", trine_error_detail()), 1;
        double *data = trine_array_data(x);
        for (uint64_t k = 0; k < n; k++)
            data[k] = k >= start && k < end ? (double)k : 0;
        const trine_array *in[] = {x};
        if (trine_reduce(&longest_rise, in, NULL, &longest))
            return fprintf(stderr, "%s\n", trine_error_detail()), 1;
        printf("%s: %llu\n", specs[i], (unsigned long long)longest);
        if (longest != end - start + 1)
            return 1;
        trine_array_free(x);
        trine_team_close(team);
    }
    trine_finalize();
    return 0;
}
