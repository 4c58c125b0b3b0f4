/* drivers/arrays/jacobi.c - Laplace's equation on a rectangle by Jacobi's iteration. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/ranks.h"
#include "drivers/harness/cli/log.h"

enum { SHAPE, SWEEPS, TOLERANCE };

typedef struct solution {
    trine_array *u;
    trine_jacobi_result result;
} solution;

static trine_status begin(harness_job *job)
{
    const trine_array *x = job->in[0];
    solution *s = calloc(1, sizeof *s);
    job->own = s;
    if (!s)
        return TRINE_E_MEMORY;
    return trine_array_create_2d(job->team, TRINE_F64, trine_array_rows(x), trine_array_columns(x),
                                 TRINE_DISTRIBUTED, &s->u);
}

/* The first guess and the boundary values are the generated elements. */
static trine_status reset(harness_job *job)
{
    const solution *s = job->own;
    if (job->dtype == TRINE_F64)
        return trine_copy_f64(job->in[0], s->u);
    log_line("jacobi", "elements of %s; this driver takes f64", trine_dtype_name(job->dtype));
    return TRINE_E_DTYPE;
}

static trine_status run(harness_job *job)
{
    solution *s = job->own;
    trine_status status = trine_jacobi(s->u, NULL, job->setting[TOLERANCE].real[0],
                                       job->setting[SWEEPS].whole[0], &s->result);
    job->bytes = 2 * s->result.sweeps * job->n * sizeof(double);
    return status;
}

/* One sweep by plain loops, from u to v: the greatest change, NaN when one is. */
static double sweep_plainly(const double *u, double *v, uint64_t rows, uint64_t columns)
{
    double greatest = 0;
    for (uint64_t r = 1; r + 1 < rows; r++)
        for (uint64_t c = 1; c + 1 < columns; c++) {
            const double *at = &u[r * columns + c];
            double mean = ((at[-(int64_t)columns] + at[columns]) + (at[-1] + at[1])) / 4;
            double change = fabs(mean - *at);
            v[r * columns + c] = isnan(mean) ? (double)NAN : mean;
            greatest = isnan(change) || change > greatest ? change : greatest;
        }
    return greatest;
}

/* All sweeps of the whole, from the elements in u, which end there. v: as large. */
static double sweep_again(double **u, uint64_t rows, uint64_t columns, uint64_t sweeps)
{
    size_t n = (size_t)(rows * columns);
    double greatest = (double)INFINITY, *v = malloc((n + 1) * sizeof *v);
    if (!v) {
        free(*u);
        *u = NULL;
        return greatest;
    }
    memcpy(v, *u, n * sizeof *v);
    for (uint64_t s = 0; s < sweeps; s++) {
        greatest = sweep_plainly(*u, v, rows, columns);
        double *swap = *u;
        *u = v;
        v = swap;
    }
    free(v);
    return greatest;
}

/* Whether sweeps ended when they had to. */
static bool ended_in_time(const harness_job *job, double greatest)
{
    const solution *s = job->own;
    int64_t most = (int64_t)job->setting[SWEEPS].whole[0];
    double tolerance = job->setting[TOLERANCE].real[0];
    bool enough = s->result.sweeps > 0 && s->result.residual <= tolerance;
    return same_double(isnan(greatest) ? (double)NAN : greatest, s->result.residual) &&
           (s->result.sweeps == most || (s->result.sweeps < most && enough));
}

/* Sweeps and elements up to which it is done again. */
enum { MAX_ELEMENTS = 1 << 24, MAX_WORK = 1 << 30 };

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const solution *s = job->own;
    const trine_array *u = s->u;
    void *grid = NULL;
    job->value.dtype = TRINE_U64;
    if (job->n > MAX_ELEMENTS || job->n * s->result.sweeps > MAX_WORK)
        return harness_digest(u, &job->value.as.u64);
    trine_status status = gather_array(job->in[0], &grid);
    if (status)
        return status;
    double *again = grid, greatest = sweep_again(&again, trine_array_rows(u),
                                                 trine_array_columns(u), s->result.sweeps);
    size_t bytes = (size_t)trine_array_local_n(u) * sizeof(double);
    bool same =
        again && ended_in_time(job, greatest) &&
        (bytes == 0 || memcmp(again + trine_array_offset(u), trine_array_data(u), bytes) == 0);
    free(again);
    status = agree_on_verdict(job->team, same, verdict);
    return status ? status : harness_digest(u, &job->value.as.u64);
}

static void print(const harness_job *job)
{
    const solution *s = job->own;
    printf("%" PRId64 " sweeps, residual %.6g\n\n", s->result.sweeps, s->result.residual);
}

static void end(harness_job *job)
{
    solution *s = job->own;
    if (s)
        trine_array_free(s->u);
    free(s);
}

int main(int argc, char **argv)
{
    static const harness_method methods[] = {{"jacobi", "jacobi"}, {NULL, NULL}};
    static const harness_extra extras[] = {
        [SHAPE] = {"shape", "RxC", "Rows and columns of the grid (default 2Kx2K)", KIND_SHAPE,
                   "2Kx2K", 1, 1e15},
        [SWEEPS] = {"sweeps", "N", "Most sweeps (default 50)", KIND_WHOLE, "50", 0, 1e15},
        [TOLERANCE] = {"tolerance", "T", "Residual at which to stop (default 0: never)", KIND_REAL,
                       "0", 0, 1e300},
        {.name = NULL}};
    static const harness_operation operation = {.inputs = 1,
                                                .begin = begin,
                                                .reset = reset,
                                                .run = run,
                                                .check = check,
                                                .print = print,
                                                .end = end};
    static const char *const examples[] = {"drivers/jacobi --shape 500x500 --sweeps 20",
                                           "drivers/jacobi --shape 200x300 --team serial,pool:2",
                                           "mpirun -n 2 drivers/jacobi --shape 500x500", NULL};
    static const trine_driver driver = {
        .name = "jacobi",
        .examples = examples,
        .about =
            "Laplace's equation on a rectangle by Jacobi's iteration, from random values. The "
            "result shown is a digest of its bits; GB/s counts each element once read and once "
            "written in a sweep.",
        .methods = methods,
        .operation = &operation,
        .extras = extras};
    return trine_driver_main(&driver, argc, argv);
}
