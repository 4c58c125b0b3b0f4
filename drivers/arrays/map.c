/* drivers/arrays/map.c - any built-in map from arrays to an array, on any team. */
#include <math.h>

#include "drivers/harness/harness.h"
#include "drivers/harness/judge/maps.h"
#include "drivers/harness/judge/ranks.h"
#include "drivers/harness/cli/log.h"

/* Constants of the maps that take some: alpha (and lo), beta (and hi). */
enum { ALPHA, BETA, CONSTANTS };

static const harness_method methods[] = {{"copy", "y = x"},
                                         {"scale", "y = a x"},
                                         {"add", "z = x + y"},
                                         {"sub", "z = x - y"},
                                         {"mul", "z = x y"},
                                         {"div", "z = x / y"},
                                         {"axpy", "z = a x + y"},
                                         {"axpby", "z = a x + b y"},
                                         {"clip", "y = x, from a to b"},
                                         {"abs", "y = |x|"},
                                         {"neg", "y = -x"},
                                         {"sqrt", "y = sqrt(x)"},
                                         {"exp", "y = exp(x)"},
                                         {"log", "y = log(x)"},
                                         {"sin", "y = sin(x)"},
                                         {"cos", "y = cos(x)"},
                                         {"tanh", "y = tanh(x)"},
                                         {"pow", "z = x to the power of y"},
                                         {NULL, NULL}};

static trine_status begin(harness_job *job)
{
    const trine_array *x = job->in[0];
    trine_array *out = NULL;
    const trine_map *map = trine_map_find(job->method->mode, job->dtype, job->dtype);
    if (!map) {
        log_line("map", "there is no %s of %s", job->method->mode, trine_dtype_name(job->dtype));
        return TRINE_E_DTYPE;
    }
    trine_status status = trine_array_create_like(x, job->dtype, trine_array_place(x), &out);
    job->own = job->out = out;
    job->bytes = job->n * trine_dtype_size(job->dtype) * (uint64_t)(map->nin + 1);
    return status;
}

static void end(harness_job *job)
{
    trine_array_free(job->own);
}

/* Constants in the type of the elements; of whole numbers, cut to what that has. */
static double constant_of(const harness_job *job, int i)
{
    double c = job->setting[i].real[0];
    bool real = job->dtype == TRINE_F64 || job->dtype == TRINE_F32;
    return real || harness_holds(job->dtype, truncl((long double)c)) ? c : 0;
}

#define SET(constant, suffix, type, name)                                                          \
    case constant:                                                                                 \
        for (int i = 0; i < CONSTANTS; i++)                                                        \
            ((type *)constants)[i] = (type)constant_of(job, i);                                    \
        break;

static void set_constants(const harness_job *job, void *constants)
{
    switch (job->dtype) {
        TRINE_DTYPES(SET)
    default:
        break;
    }
}

static bool has(const harness_method *method, trine_dtype dtype)
{
    return trine_map_find(method->mode, dtype, dtype) != NULL;
}

static trine_status run(harness_job *job)
{
    const trine_map *map = trine_map_find(job->method->mode, job->dtype, job->dtype);
    const trine_array *in[] = {job->in[0], job->in[1]};
    trine_array *const out[] = {job->own};
    _Alignas(double) char constants[CONSTANTS * sizeof(double)];
    set_constants(job, constants);
    return trine_apply(map, in, map->param_size ? constants : NULL, out);
}

static trine_status check(harness_job *job, harness_verdict *verdict)
{
    const double constant[CONSTANTS] = {constant_of(job, ALPHA), constant_of(job, BETA)};
    bool right = judge_map(job->method->mode, job->dtype, constant, trine_array_data(job->in[0]),
                           trine_array_data(job->in[1]), trine_array_data(job->own),
                           (size_t)trine_array_local_n(job->own));
    trine_status status = agree_on_verdict(job->team, right, verdict);
    job->value.dtype = TRINE_U64;
    return status ? status : harness_digest(job->own, &job->value.as.u64);
}

int main(int argc, char **argv)
{
    static const harness_extra extras[] = {
        [ALPHA] = {"alpha", "A",
                   "a of scale, axpy, axpby, clip (default 0.25), cut for whole numbers", KIND_REAL,
                   "0.25", -1e300, 1e300},
        [BETA] = {"beta", "B", "b of axpby, clip (default 0.75), cut for whole numbers", KIND_REAL,
                  "0.75", -1e300, 1e300},
        {"shape", "RxC", "Generate so many rows and columns instead of --n", KIND_SHAPE, NULL, 1,
         1e15},
        {.name = NULL}};
    static const harness_operation operation = {
        .inputs = 2, .has = has, .begin = begin, .run = run, .check = check, .end = end};
    static const char *const examples[] = {"drivers/map --n 1M --mode exp",
                                           "drivers/map FILE.npy --mode sqrt --team serial,pool:2",
                                           "drivers/map --n 256K --mode each --csv", NULL};
    static const trine_driver driver = {.name = "map",
                                        .examples = examples,
                                        .about = "Any built-in map of one or two arrays, on any "
                                                 "team. The result shown is a digest of the "
                                                 "output's bits.",
                                        .methods = methods,
                                        .operation = &operation,
                                        .extras = extras,
                                        .transports = true};
    return trine_driver_main(&driver, argc, argv);
}
