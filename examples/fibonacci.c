/* fibonacci.c - a linear recurrence as a scan: the Fibonacci numbers modulo 2^64, on every team.
 *
 * (F[i + 1], F[i]) is the matrix (1 1; 1 0) times (F[i], F[i - 1]). Matrices multiply
 * associatively, so the product of any run of them can be made anywhere: they are a reducer, and a
 * scan of n elements gives the first n numbers. Element i is the upper row's left entry of matrix
 * i, so any recurrence F[i + 1] = a[i] F[i] + F[i - 1] goes the same way; here all are 1. */
#include <stdio.h>
#include <trine/trine.h>

/* (a b; c d) */
typedef struct matrix {
    uint64_t a, b, c, d;
} matrix;

static void init(void *state, const void *param)
{
    (void)param;
    *(matrix *)state = (matrix){1, 0, 0, 1};
}

/* What comes later is applied later: it stands on the left of the product. */
static void merge(void *left, const void *right, const void *param)
{
    const matrix e = *(const matrix *)left, l = *(const matrix *)right;
    (void)param;
    *(matrix *)left = (matrix){l.a * e.a + l.b * e.c, l.a * e.b + l.b * e.d, l.c * e.a + l.d * e.c,
                               l.c * e.b + l.d * e.d};
}

static void accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    const uint64_t *x = chunk->in[0];
    for (int64_t i = 0; i < chunk->n; i++) {
        const matrix step = {x[i], 1, 1, 0};
        merge(state, &step, param);
    }
}

static trine_status finish(void *result, const void *state, const void *param)
{
    (void)param;
    *(uint64_t *)result = ((const matrix *)state)->c;
    return TRINE_OK;
}

int main(void)
{
    static const trine_reducer fibonacci = {TRINE_INIT(trine_reducer),
                                            .name = "fibonacci",
                                            .nin = 1,
                                            .in = {TRINE_U64},
                                            .out = TRINE_U64,
                                            .state_size = sizeof(matrix),
                                            .result_size = sizeof(uint64_t),
                                            .flags = TRINE_POSITION_FREE,
                                            .init = init,
                                            .accumulate = accumulate,
                                            .merge = merge,
                                            .finish = finish};
    const char *const specs[] = {"serial", "omp:3", "pool:3"};
    const uint64_t n = 100000;
    trine_init();
    for (int i = 0; i < 3; i++) {
        trine_team *team;
        trine_array *x;
        if (trine_team_open(specs[i], &team) ||
            trine_array_create(team, TRINE_U64, n, TRINE_SHARED, &x))
            return fprintf(stderr, "%s\n", trine_error_detail()), 1;
        uint64_t *data = trine_array_data(x), before = 0, now = 1;
        for (uint64_t k = 0; k < n; k++)
            data[k] = 1;
        if (trine_scan_reducer(&fibonacci, x, NULL, false, x))
            return fprintf(stderr, "%s\n", trine_error_detail()), 1;
        printf("%s: F(10) = %llu, F(%llu) mod 2^64 = %llu\n", specs[i], (unsigned long long)data[9],
               (unsigned long long)n, (unsigned long long)data[n - 1]);
        for (uint64_t k = 0; k < n; k++) {
            uint64_t next = before + now;
            if (data[k] != now)
                return 1;
            before = now;
            now = next;
        }
        trine_array_free(x);
        trine_team_close(team);
    }
    trine_finalize();
    return 0;
}
