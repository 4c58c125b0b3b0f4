/* wrong.c - a driver whose judge finds every second element type wrong: what --verify must not let
 * pass. */
#include "drivers/harness/harness.h"

static harness_verdict judge(const facts *elements, const harness_method *method,
                             trine_status status, const harness_value *value)
{
    (void)elements;
    (void)method;
    (void)status;
    return value->dtype == TRINE_F64 ? VERDICT_WRONG : VERDICT_RIGHT;
}

int main(int argc, char **argv)
{
    const harness_method methods[] = {{"exact", "sum"}, {NULL, NULL}};
    const trine_driver driver = {
        .name = "wrong", .about = "Wrong for f64.", .methods = methods, .judge = judge};
    return trine_driver_main(&driver, argc, argv);
}
