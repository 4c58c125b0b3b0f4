/* drivers/harness/judge/reductions.h - what reductions of one array must be. */
#ifndef TRINE_HARNESS_JUDGE_REDUCTIONS_H
#define TRINE_HARNESS_JUDGE_REDUCTIONS_H

#include "drivers/harness/judge/facts.h"

/* What has to be found for it; 0 when no such reduction is known. */
unsigned reduction_needs(const char *method);

/* out: the type of the result. ddof: of var and std. */
truth reduction_truth(const char *method, trine_dtype out, double ddof, const facts *f);

/* Whether it is what the elements' description must be. */
bool description_holds(const trine_description *d, const facts *f);

#endif
