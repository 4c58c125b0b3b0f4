/* harness/harness.h - what a driver is: a name, the methods it compares, and how its result is
 * judged.
 *
 * trine_driver_main does the rest: options, data, teams (starting mpirun where a team needs it),
 * timing, the ledger, verification, tables, JSON and CSV, exit statuses:
 * 0 right, 1 a wrong result, 2 usage or bad input, 3 the run failed.
 */
#ifndef TRINE_HARNESS_HARNESS_H
#define TRINE_HARNESS_HARNESS_H

#include <trine/trine.h>

enum { EXIT_RIGHT = 0, EXIT_WRONG = 1, EXIT_USAGE = 2, EXIT_FAILED = 3 };

/* A result of one scalar: its type and its bytes, from the first on. */
typedef struct harness_value {
    trine_dtype dtype;
    union {
        double f64;
        float f32;
        int64_t i64;
        uint64_t u64;
    } as;
} harness_value;

__extension__ typedef __int128 harness_int128;

/* An independent sum of the data: (sum + rest) within `bound` of the true value for real types,
 * with sum_abs the sum of absolute values; whole for integers. specials: there was a NaN, +Inf,
 * -Inf. */
typedef struct harness_reference {
    double sum, rest, sum_abs, bound;
    bool nan, plus_inf, minus_inf;
    harness_int128 whole;
    uint64_t n;
} harness_reference;

/* One way to compute the result: what --mode calls it, and the monoid. */
typedef struct harness_method {
    const char *mode, *monoid;
} harness_method;

/* What a judge says. */
typedef enum harness_verdict { VERDICT_RIGHT, VERDICT_WRONG, VERDICT_UNVERIFIED } harness_verdict;

/* methods end with a mode of NULL; the first is the default. judge: whether a result that came with
 * `status` is right. */
typedef struct trine_driver {
    const char *name, *about;
    const harness_method *methods;
    harness_verdict (*judge)(const harness_reference *reference, const harness_method *method,
                             trine_status status, const harness_value *value);
} trine_driver;

int trine_driver_main(const trine_driver *driver, int argc, char **argv);

/* The smallest and largest double that the true sum may round to. */
void harness_reference_range(const harness_reference *reference, double *least, double *most);

#endif
