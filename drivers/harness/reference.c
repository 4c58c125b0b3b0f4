/* harness/reference.c - an independent sum to judge results by.
 *
 * Real elements go, one after the other, into LANES double-double sums (TwoSum, then FastTwoSum to
 * keep the pair normalised; Dekker 1971): the error of n additions is below n 2^-104 times the sum
 * of absolute values. Nothing of trine's kernels is in it.
 */
#include <math.h>
#include <string.h>

#include "drivers/harness/data.h"

enum { LANES = 8 };

typedef struct sums {
    double high[LANES], low[LANES], magnitude[LANES];
    harness_int128 whole;
    uint64_t n, specials[3];
} sums;

static void add_pair(double *high, double *low, double x)
{
    double sum = *high + x, part = sum - *high;
    double error = (*high - (sum - part)) + (x - part) + *low;
    *high = sum + error;
    *low = error - (*high - sum);
}

static void note_special(sums *s, double x)
{
    s->specials[isnan(x) ? 0 : x > 0 ? 1 : 2]++;
}

static void add_reals(sums *s, const double *x, size_t n)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        double block[LANES];
        bool finite = true;
        for (int j = 0; j < LANES; j++)
            finite = finite && fabs(x[i + (size_t)j]) <= 0x1.fffffffffffffp1023;
        for (int j = 0; j < LANES; j++) {
            block[j] = finite || isfinite(x[i + (size_t)j]) ? x[i + (size_t)j] : 0;
            if (!finite && !isfinite(x[i + (size_t)j]))
                note_special(s, x[i + (size_t)j]);
        }
        for (int j = 0; j < LANES; j++) {
            add_pair(&s->high[j], &s->low[j], block[j]);
            s->magnitude[j] += fabs(block[j]);
        }
    }
    for (; i < n; i++)
        if (isfinite(x[i])) {
            add_pair(&s->high[0], &s->low[0], x[i]);
            s->magnitude[0] += fabs(x[i]);
        } else {
            note_special(s, x[i]);
        }
}

static void add_singles(sums *s, const float *x, size_t n)
{
    double wide[256];
    for (size_t i = 0; i < n; i += 256) {
        size_t some = n - i < 256 ? n - i : 256;
        for (size_t k = 0; k < some; k++)
            wide[k] = x[i + k];
        add_reals(s, wide, some);
    }
}

#define ADD_WHOLES(constant, suffix, type, name)                                                   \
    case constant:                                                                                 \
        for (size_t i = 0; i < n; i++)                                                             \
            s->whole += (harness_int128)((const type *)x)[i];                                      \
        break;

static void add_elements(sums *s, trine_dtype dtype, const void *x, size_t n)
{
    s->n += n;
    if (dtype == TRINE_F64) {
        add_reals(s, x, n);
        return;
    }
    if (dtype == TRINE_F32) {
        add_singles(s, x, n);
        return;
    }
    switch (dtype) {
        TRINE_DTYPES(ADD_WHOLES)
    default:
        break;
    }
}

static void conclude(const sums *s, harness_reference *r)
{
    double high = 0, low = 0, magnitude = 0;
    for (int j = 0; j < LANES; j++) {
        add_pair(&high, &low, s->high[j]);
        add_pair(&high, &low, s->low[j]);
        magnitude += s->magnitude[j];
    }
    *r = (harness_reference){.sum = high,
                             .rest = low,
                             .sum_abs = magnitude,
                             .bound = (double)(s->n + 64) * 0x1p-104 * magnitude,
                             .nan = s->specials[0] > 0,
                             .plus_inf = s->specials[1] > 0,
                             .minus_inf = s->specials[2] > 0,
                             .whole = s->whole,
                             .n = s->n};
}

void harness_reference_range(const harness_reference *r, double *least, double *most)
{
    *least = r->sum + (r->rest - r->bound);
    *most = r->sum + (r->rest + r->bound);
}

trine_status reference_of_generated(const harness_options *o, harness_reference *reference)
{
    static double block[TRINE_CHUNK];
    const double *value = fill_of(o);
    sums s = {.n = 0};
    for (uint64_t first = 0; first < o->n; first += TRINE_CHUNK) {
        size_t n = o->n - first < TRINE_CHUNK ? (size_t)(o->n - first) : TRINE_CHUNK;
        if (value)
            fill_elements(o->dtype, *value, n, block);
        else
            generate_elements(o->dtype, o->seed, first, n, block);
        add_elements(&s, o->dtype, block, n);
    }
    conclude(&s, reference);
    return TRINE_OK;
}

void reference_of_array(const trine_array *array, harness_reference *reference)
{
    sums s = {.n = 0};
    add_elements(&s, trine_array_dtype(array), trine_array_data(array),
                 (size_t)trine_array_local_n(array));
    conclude(&s, reference);
}

/* Reading a file in order needs no kernel: a monoid on the serial team that takes each chunk into
 * the sums. */
static void sums_identity(void *state, const void *param)
{
    (void)param;
    memset(state, 0, sizeof(sums));
}

static void sums_accumulate(void *state, const trine_chunk *chunk, const void *param)
{
    add_elements(state, *(const trine_dtype *)param, chunk->in[0], chunk->n);
}

static void sums_merge(void *left, const void *right, const void *param)
{
    sums *l = left;
    const sums *r = right;
    (void)param;
    for (int j = 0; j < LANES; j++) {
        add_pair(&l->high[j], &l->low[j], r->high[j]);
        add_pair(&l->high[j], &l->low[j], r->low[j]);
        l->magnitude[j] += r->magnitude[j];
    }
    l->whole += r->whole;
    l->n += r->n;
    for (int k = 0; k < 3; k++)
        l->specials[k] += r->specials[k];
}

static trine_status sums_finish(void *result, const void *state, const void *param)
{
    (void)param;
    conclude(state, result);
    return TRINE_OK;
}

trine_status reference_of_file(const char *path, harness_reference *reference)
{
    trine_team *serial = NULL;
    trine_npy *file = NULL;
    trine_status status = trine_team_open("serial", &serial);
    if (!status)
        status = trine_npy_open(serial, path, &file);
    if (!status) {
        trine_dtype dtype = trine_npy_header(file)->dtype;
        const trine_monoid monoid = {.name = "reference",
                                     .nin = 1,
                                     .in = {dtype},
                                     .param_size = sizeof dtype,
                                     .state_size = sizeof(sums),
                                     .result_size = sizeof *reference,
                                     .identity = sums_identity,
                                     .accumulate = sums_accumulate,
                                     .merge = sums_merge,
                                     .finish = sums_finish};
        status = trine_npy_reduce(file, &monoid, &dtype, reference);
    }
    trine_npy_close(file);
    trine_team_close(serial);
    return status;
}
