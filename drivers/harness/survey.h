/* harness/survey.h - what an array holds, found element by element in plain long double arithmetic:
 * what reductions are judged by. */
#ifndef TRINE_HARNESS_SURVEY_H
#define TRINE_HARNESS_SURVEY_H

#include "drivers/harness/harness.h"

/* Of the elements that are numbers: how many, the least and greatest (-0 < +0) and where they are
 * first, sums of powers of x and, when a first survey is given, of powers of x - mean. log2_abs,
 * negative: of the product. exp_sum: of exp(x - max), when a first survey is given. first_nan:
 * where the first NaN is. */
typedef struct harness_survey {
    uint64_t n, nan, nonzero, infinite, negative, argmin, argmax, first_nan;
    long double min, max, sum, sum_abs, sum_squares, power[5], log2_abs, exp_sum;
} harness_survey;

/* Collective. first: NULL, or what another survey has found. */
trine_status harness_survey_array(const trine_array *x, const harness_survey *first,
                                  harness_survey *survey);

/* The same with the powers about the mean, in two readings. Collective. */
trine_status harness_survey_moments(const trine_array *x, harness_survey *survey);

#endif
