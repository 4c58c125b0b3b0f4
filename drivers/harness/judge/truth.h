/* drivers/harness/judge/truth.h - what a result must be, in its own type, and whether it is. */
#ifndef TRINE_HARNESS_JUDGE_TRUTH_H
#define TRINE_HARNESS_JUDGE_TRUTH_H

#include <trine/trine.h>

#include "drivers/harness/judge/exact.h"

/* VALUE: from least to most, both in the type and alike where the result is exact; loose: a partial
 * result may leave the range, so that what is not finite is right, too. WHOLE: that number, or
 * TRINE_E_OVERFLOW where the type does not hold it. NAN: the one with the bits of C's NAN.
 * EMPTY: TRINE_E_EMPTY. OPEN: nothing is promised. */
typedef enum truth_kind { TRUTH_VALUE, TRUTH_WHOLE, TRUTH_NAN, TRUTH_EMPTY, TRUTH_OPEN } truth_kind;

typedef struct truth {
    truth_kind kind;
    trine_dtype dtype;
    double least, most;
    bool loose;
    harness_int128 whole;
} truth;

truth truth_nan(trine_dtype dtype);
truth truth_empty(void);
truth truth_whole(trine_dtype dtype, harness_int128 whole);

/* That double, or float, to the bit. */
truth truth_real(trine_dtype dtype, double x);

/* What lies within bound of value, rounded once to the type. via_double: to a double before. */
truth truth_near_exact(trine_dtype dtype, const exact_number *value, long double bound,
                       bool via_double);
/* What lies between two doubles, rounded to the type. */
truth truth_between(trine_dtype dtype, double least, double most);
truth truth_near(trine_dtype dtype, long double value, long double bound);

/* got: the element of the type that came with TRINE_OK; or, of a whole number, in any other. */
bool truth_holds(const truth *t, trine_status status, const void *got);
bool truth_holds_whole(const truth *t, trine_status status, harness_int128 got);

/* Whether x and y have the same bits. */
bool same_double(double x, double y);

/* Whether a type holds a whole number. */
bool type_holds(trine_dtype dtype, harness_int128 whole);

#endif
