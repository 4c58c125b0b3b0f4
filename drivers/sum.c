/* sum.c - the sum of an array, on any team. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "drivers/harness/harness.h"

static const harness_method methods[] = {
    {"exact", "sum"}, {"compensated", "sum_compensated"}, {"fast", "sum_fast"}, {NULL, NULL}};

/* Additions that an element goes through: a lane's, the fold of 32, the tree over chunks. */
static double depth(uint64_t n)
{
    int in_chunk = TRINE_CHUNK / 32 + 5;
    return in_chunk + ceil(log2((double)n / TRINE_CHUNK + 2));
}

/* How far the sum may be from the true one (Higham, Accuracy and Stability of Numerical Algorithms,
 * 2nd ed., sections 4.2 and 4.3): u is half the distance from 1 to the next double. */
static double tolerance(const harness_reference *r, const char *mode)
{
    double u = DBL_EPSILON / 2, k = depth(r->n) * u;
    if (strcmp(mode, "fast") == 0)
        return k / (1 - k) * r->sum_abs;
    if (strcmp(mode, "compensated") == 0)
        return u * fabs(r->sum) + 2 * k * k * r->sum_abs;
    return 0;
}

static harness_verdict judge(const harness_reference *r, const harness_method *method,
                             trine_status status, const harness_value *value)
{
    if (value->dtype == TRINE_I64 || value->dtype == TRINE_U64) {
        bool i64 = value->dtype == TRINE_I64;
        bool fits = i64 ? r->whole >= INT64_MIN && r->whole <= INT64_MAX
                        : r->whole >= 0 && r->whole <= UINT64_MAX;
        bool same = i64 ? value->as.i64 == r->whole : value->as.u64 == (uint64_t)r->whole;
        return (fits ? status == TRINE_OK && same : status == TRINE_E_OVERFLOW) ? VERDICT_RIGHT
                                                                                : VERDICT_WRONG;
    }
    bool single = value->dtype == TRINE_F32;
    double got = single ? (double)value->as.f32 : value->as.f64, least, most;
    if (r->nan || (r->plus_inf && r->minus_inf))
        return isnan(got) ? VERDICT_RIGHT : VERDICT_WRONG;
    if (r->plus_inf || r->minus_inf)
        return got == (r->plus_inf ? INFINITY : -INFINITY) ? VERDICT_RIGHT : VERDICT_WRONG;
    if (!isfinite(r->sum_abs))
        return VERDICT_UNVERIFIED;
    harness_reference_range(r, &least, &most);
    least -= tolerance(r, method->mode);
    most += tolerance(r, method->mode);
    if (single && !tolerance(r, method->mode))
        return got >= (float)least && got <= (float)most ? VERDICT_RIGHT : VERDICT_WRONG;
    double half_step = single ? fabs(got) * FLT_EPSILON : 0;
    return got >= least - half_step && got <= most + half_step ? VERDICT_RIGHT : VERDICT_WRONG;
}

int main(int argc, char **argv)
{
    static const harness_extra extras[] = {
        {"fill", "X", "Generate elements that all are X, instead of random ones", KIND_FILL, NULL,
         -0x1p53, 0x1p53},
        {.name = NULL}};
    static const char *const examples[] = {"drivers/sum --n 64M --team serial,omp,pool",
                                           "drivers/sum FILE.npy --mode each",
                                           "mpirun -n 2 drivers/sum FILE.npy", NULL};
    const trine_driver driver = {.name = "sum",
                                 .examples = examples,
                                 .about =
                                     "The sum of an array, on any team: the same bits on each.",
                                 .methods = methods,
                                 .judge = judge,
                                 .transports = true,
                                 .extras = extras};
    return trine_driver_main(&driver, argc, argv);
}
