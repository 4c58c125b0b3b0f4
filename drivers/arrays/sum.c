/* drivers/arrays/sum.c - the sum of an array, on any team. */
#include "drivers/harness/harness.h"
#include "drivers/harness/judge/reductions.h"

static const harness_method methods[] = {
    {"exact", "sum"}, {"compensated", "sum_compensated"}, {"fast", "sum_fast"}, {NULL, NULL}};

static harness_verdict judge(const facts *elements, const harness_method *method,
                             trine_status status, const harness_value *value)
{
    truth right = reduction_truth(method->reducer, value->dtype, 0, elements);
    return truth_holds(&right, status, &value->as) ? VERDICT_RIGHT : VERDICT_WRONG;
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
