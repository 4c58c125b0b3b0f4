/* special.c - a thousand arrays of special values, of every element type: what the library makes of
 * them by every method is right by what drivers judge by. A number of arrays may be given. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "drivers/harness/judge/blocks.h"
#include "drivers/harness/judge/maps.h"
#include "drivers/harness/judge/orders.h"
#include "drivers/harness/judge/pairs.h"
#include "drivers/harness/judge/quantiles.h"
#include "drivers/harness/judge/reductions.h"
#include "drivers/harness/judge/scans.h"
#include "xorshift.h"

enum { ARRAYS = 1000, MOST = 9000 };

/* One array, or two, and what goes wrong with them. */
typedef struct specimen {
    trine_team *team;
    trine_dtype dtype;
    size_t n;
    int number;
    union {
        double f64[MOST];
        float f32[MOST];
        uint64_t bits[MOST];
    } x, y, out;
    trine_array *in[2];
} specimen;

static long judged, wrong;

static void see(const specimen *s, const char *method, bool right)
{
    judged++;
    wrong += !right;
    if (!right && wrong <= 1000)
        printf("array %d, %zu of %s: %s is wrong\n", s->number, s->n, trine_dtype_name(s->dtype),
               method);
}

static uint64_t random_bits(void)
{
    static uint64_t state = 1;
    return xorshift(&state);
}

static int one_of(int n)
{
    return (int)(random_bits() >> 33) % n;
}

static double special_double(void)
{
    const double values[] = {(double)INFINITY,
                             -(double)INFINITY,
                             0.0,
                             -0.0,
                             0x1p-1074,
                             -0x1p-1074,
                             1e-310,
                             DBL_MAX,
                             -DBL_MAX,
                             DBL_MIN,
                             1e200,
                             -1e200,
                             1e-200,
                             1,
                             -1,
                             1 + DBL_EPSILON,
                             0x1p53,
                             -0x1p53};
    const uint64_t nans[] = {0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000123,
                             0x7fffffffffffffff};
    double x;
    if (one_of(8))
        return values[one_of(sizeof values / sizeof *values)];
    memcpy(&x, &nans[one_of(4)], sizeof x);
    return x;
}

static float special_float(void)
{
    const float values[] = {INFINITY, -INFINITY, 0.0F,     -0.0F, 0x1p-149F, -0x1p-149F,
                            1e-40F,   FLT_MAX,   -FLT_MAX, 1,     -1,        0x1p24F};
    const uint32_t nans[] = {0x7fc00000, 0xffc00000, 0x7f800123, 0x7fffffff};
    float x;
    if (one_of(8))
        return values[one_of(sizeof values / sizeof *values)];
    memcpy(&x, &nans[one_of(4)], sizeof x);
    return x;
}

/* A number of the family that the array is made of: ordinary ones, finite ones of any size, and
 * special ones among them. */
static double real_of_family(int family, bool single)
{
    double ordinary = (double)(random_bits() >> 11) * 0x1p-53 - 0.25;
    if (family == 0 || (family == 1 && one_of(10)))
        return ordinary;
    if (family == 2)
        return ldexp(ordinary, one_of(single ? 250 : 2040) - (single ? 140 : 1060));
    if (family == 3)
        return 1e8 + ordinary;
    return single ? (double)special_float() : special_double();
}

static uint64_t whole_of_family(int family, size_t item)
{
    const uint64_t top = (uint64_t)1 << (8 * item - 1);
    const uint64_t values[] = {0, 1, top, top - 1, UINT64_MAX, top + 1, 2};
    return family == 0   ? random_bits()
           : family == 1 ? random_bits() >> 60
                         : values[one_of(sizeof values / sizeof *values)];
}

static void fill(const specimen *s, void *x)
{
    size_t item = trine_dtype_size(s->dtype);
    int family = one_of(5);
    for (size_t i = 0; i < s->n; i++) {
        double real = real_of_family(family, s->dtype == TRINE_F32);
        float single = (float)real;
        uint64_t whole = whole_of_family(family % 3, item);
        const void *from = s->dtype == TRINE_F64   ? (void *)&real
                           : s->dtype == TRINE_F32 ? (void *)&single
                                                   : (void *)&whole;
        /* Payloads of NaN do not outlive conversions. */
        if (s->dtype == TRINE_F32 && isnan(real))
            single = special_float();
        memcpy((char *)x + i * item, from, item);
    }
}

#define NAME(name, text) #name,
#define NAMES(name, text) #name, #name "_compensated", #name "_fast",
static const char *const reductions[] = {
    TRINE_MODE_REDUCTIONS(NAMES) TRINE_REAL_REDUCTIONS(NAME) TRINE_ELEMENT_REDUCTIONS(NAME)
        TRINE_INDEX_REDUCTIONS(NAME) TRINE_COUNT_REDUCTIONS(NAME) "prod",
    TRINE_MOMENT_REDUCTIONS(NAME) NULL};
static const char *const pairs[] = {TRINE_PAIRED_MODE_REDUCTIONS(NAMES) TRINE_JOINT_REDUCTIONS(NAME)
                                        NULL};
static const char *const scans[] = {TRINE_WIDE_SCANS(NAME) TRINE_ELEMENT_SCANS(NAME) NULL};
static const char *const maps[] = {"copy",  "scale", "add",  "sub", "mul",  "div", "axpy",
                                   "axpby", "clip",  "abs",  "neg", "sqrt", "exp", "log",
                                   "sin",   "cos",   "tanh", "pow", NULL};

static void judge_reductions(const specimen *s)
{
    const unsigned all = FACTS_SUMS | FACTS_SQUARES | FACTS_EXTREMES | FACTS_PRODUCT |
                         FACTS_MOMENTS | FACTS_EXPONENTIALS;
    const trine_array *in[] = {s->in[0]};
    const double ddof = one_of(2);
    facts f;
    facts_of_memory(&f, all, s->dtype, &s->x, s->n);
    for (int m = 0; reductions[m]; m++) {
        const trine_reducer *reducer = trine_reducer_find(reductions[m], s->dtype);
        uint64_t result = 0;
        if (!reducer || !reduction_needs(reductions[m]))
            continue;
        trine_status status = trine_reduce(reducer, in, &ddof, &result);
        truth right = reduction_truth(reductions[m], reducer->out, ddof, &f);
        see(s, reductions[m], truth_holds(&right, status, &result));
    }
    trine_description description;
    const trine_reducer *describe = trine_reducer_find("describe", s->dtype);
    trine_status status = trine_reduce(describe, in, NULL, &description);
    see(s, "describe", !status && description_holds(&description, &f));
}

static void judge_pairs(const specimen *s)
{
    const trine_array *in[] = {s->in[0], s->in[1]};
    const double ddof = one_of(2);
    static pair_facts p;
    pair_facts_of_memory(&p, s->dtype, &s->x, &s->y, s->n);
    for (int m = 0; pairs[m]; m++) {
        const trine_reducer *reducer = trine_reducer_find(pairs[m], s->dtype);
        uint64_t result = 0;
        if (!reducer)
            continue;
        trine_status status = trine_reduce(reducer, in, &ddof, &result);
        truth right = pair_truth(pairs[m], reducer->out, ddof, &p);
        see(s, pairs[m], truth_holds(&right, status, &result));
    }
}

static void judge_scans(specimen *s)
{
    facts none;
    facts_begin(&none, s->dtype);
    for (int m = 0; scans[m]; m++) {
        trine_scan_operator op = {TRINE_INIT(trine_scan_operator)};
        trine_array *out;
        if (trine_scan_operator_find(scans[m], s->dtype, &op) ||
            trine_array_wrap(s->team, op.out, &s->out, s->n, &out))
            continue;
        trine_status status = trine_scan(&op, s->in[0], NULL, false, out);
        scan_verdict v = judge_scan(scans[m], &none, NULL, &s->x, op.out, &s->out, s->n);
        see(s, scans[m], status == TRINE_E_OVERFLOW ? !v.fits : !status && v.right && v.fits);
        trine_array_free(out);
    }
}

static void judge_maps(specimen *s)
{
    double constant[] = {special_double(), special_double()};
    uint64_t constants[2] = {(uint64_t)one_of(100), (uint64_t)one_of(100)};
    float single[] = {(float)constant[0], (float)constant[1]};
    size_t item = trine_dtype_size(s->dtype);
    const trine_array *in[] = {s->in[0], s->in[1]};
    trine_array *out;
    if (trine_array_wrap(s->team, s->dtype, &s->out, s->n, &out))
        return;
    /* Two whole numbers of the type, side by side. */
    if (!is_real(s->dtype)) {
        constant[0] = (double)constants[0];
        constant[1] = (double)constants[1];
        constants[0] |= item < sizeof(uint64_t) ? constants[1] << (8 * item) : 0;
    }
    for (int m = 0; maps[m]; m++) {
        const trine_map *map = trine_map_find(maps[m], s->dtype, s->dtype);
        if (!map)
            continue;
        trine_array *const to[] = {out};
        const void *param = s->dtype == TRINE_F64   ? (const void *)constant
                            : s->dtype == TRINE_F32 ? (const void *)single
                                                    : (const void *)constants;
        param = map->param_size ? param : NULL;
        trine_status status = trine_apply(map, in, param, to);
        see(s, maps[m],
            !status && judge_map(maps[m], s->dtype, constant, &s->x, &s->y, &s->out, s->n));
    }
    trine_array_free(out);
}

static void judge_orders(specimen *s)
{
    enum { COUNT = 7 };
    const double q[COUNT] = {0, 0.1, 0.25, 0.5, 1 / 3.0, 0.999, 1};
    double quantile[COUNT] = {0};
    trine_status status = trine_quantile(s->in[0], COUNT, q, quantile);
    ranked r;
    bool right = true;
    ranked_begin(&r, s->dtype, COUNT, quantile);
    ranked_take(&r, &s->x, s->n);
    for (int k = 0; k < COUNT; k++) {
        truth t;
        right =
            right && ranked_truth(&r, "linear", q[k], &t) && truth_holds(&t, status, &quantile[k]);
    }
    see(s, "quantile", right);
    ordered before = {.n = 0}, after = {.n = 0};
    trine_array *sorted;
    memcpy(&s->out, &s->x, sizeof s->x);
    if (trine_array_wrap(s->team, s->dtype, &s->out, s->n, &sorted))
        return;
    status = trine_sort(sorted);
    ordered_take(&before, s->dtype, &s->x, s->n);
    ordered_take(&after, s->dtype, &s->out, s->n);
    see(s, "sort", !status && ordered_holds(&before, &after));
    trine_array_free(sorted);
}

static void judge_specimen(specimen *s)
{
    for (int k = 0; k < 2; k++) {
        fill(s, k ? &s->y : &s->x);
        if (trine_array_wrap(s->team, s->dtype, k ? &s->y : &s->x, s->n, &s->in[k]))
            exit(EXIT_FAILURE);
    }
    judge_reductions(s);
    judge_pairs(s);
    judge_scans(s);
    judge_maps(s);
    judge_orders(s);
    for (int k = 0; k < 2; k++)
        trine_array_free(s->in[k]);
}

int main(int argc, char **argv)
{
    static specimen s;
    const size_t lengths[] = {0, 1, 1, 2, 3, 7, 31, 33, 64, 100, 1000};
    int arrays = argc > 1 ? atoi(argv[1]) : ARRAYS;
    if (trine_team_open("serial", &s.team))
        return EXIT_FAILURE;
    for (s.number = 0; s.number < arrays; s.number++) {
        s.dtype = s.number % 3 == 0   ? TRINE_F64
                  : s.number % 3 == 1 ? TRINE_F32
                                      : (trine_dtype)(TRINE_I64 + one_of(8));
        s.n = s.number % 100 == 0 ? MOST : lengths[one_of(sizeof lengths / sizeof *lengths)];
        judge_specimen(&s);
    }
    trine_team_close(s.team);
    printf("%ld results, %ld wrong\n", judged, wrong);
    return wrong || !judged ? EXIT_FAILURE : EXIT_SUCCESS;
}
