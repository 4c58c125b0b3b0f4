/* jacobi.c - Laplace's equation on a rectangle by Jacobi's iteration. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/say.h"

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
    say("jacobi", "elements of %s; this driver takes f64", trine_dtype_name(job->dtype));
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

/* The same sweeps by plain loops over the whole, which this process generates again. */
static trine_status sweep_plainly(const harness_job *job, uint64_t sweeps, double **grid)
{
    uint64_t rows = trine_array_rows(job->in[0]), columns = trine_array_columns(job->in[0]);
    double *u = malloc(job->n * sizeof *u), *v = malloc(job->n * sizeof *v);
    if (!u || !v) {
        free(u);
        free(v);
        return TRINE_E_MEMORY;
    }
    for (uint64_t i = 0; i < job->n; i++)
        u[i] = v[i] = harness_element(TRINE_F64, job->seed, i);
    for (uint64_t s = 0; s < sweeps; s++) {
        for (uint64_t r = 1; r + 1 < rows; r++)
            for (uint64_t c = 1; c + 1 < columns; c++) {
                const double *at = &u[r * columns + c];
                v[r * columns + c] = ((at[-(int64_t)columns] + at[columns]) + (at[-1] + at[1])) / 4;
            }
        double *swap = u;
        u = v;
        v = swap;
    }
    free(v);
    *grid = u;
    return TRINE_OK;
}

/* Sweeps and elements up to which it is done again. */
enum { MOST_ELEMENTS = 1 << 24, MOST_WORK = 1 << 30 };

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const solution *s = job->own;
    double *grid = NULL;
    bool possible =
        job->generated && job->n <= MOST_ELEMENTS && job->n * s->result.sweeps <= MOST_WORK;
    trine_status status = possible ? sweep_plainly(job, s->result.sweeps, &grid) : TRINE_OK;
    if (!status && possible) {
        const double *u = trine_array_data(s->u);
        uint64_t first = trine_array_first(s->u), n = trine_array_local_n(s->u), wrong = 0;
        for (uint64_t i = 0; i < n; i++)
            wrong += u[i] != grid[first + i];
        trine_array *counted;
        uint64_t all = 0;
        status = trine_array_wrap(job->team, TRINE_U64, &wrong, 1, &counted);
        if (!status)
            status = trine_sum_u64(counted, TRINE_EXACT, &all);
        if (!status)
            trine_array_free(counted);
        *verdict = all == 0 ? VERDICT_RIGHT : VERDICT_WRONG;
    }
    free(grid);
    job->value.dtype = TRINE_U64;
    return status ? status : harness_digest(s->u, &job->value.as.u64);
}

static void print(const harness_job *job)
{
    const solution *s = job->own;
    printf("%" PRIu64 " sweeps, residual %.6g\n\n", s->result.sweeps, s->result.residual);
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
        [SHAPE] = {"shape", "RxC", "Rows and columns of the mesh (default 2Kx2K)", KIND_SHAPE,
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
