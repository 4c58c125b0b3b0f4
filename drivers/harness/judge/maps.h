/* drivers/harness/judge/maps.h - whether the elements that a map made are what they must be:
 * arithmetic and moves to the bit, functions within a unit in the last place. */
#ifndef TRINE_HARNESS_JUDGE_MAPS_H
#define TRINE_HARNESS_JUDGE_MAPS_H

#include <trine/trine.h>

/* z is what the map made of x (and y), all of that type, with the constants, which are numbers of
 * the type, or cut to such. */
bool judge_map(const char *method, trine_dtype dtype, const double constant[2], const void *x,
               const void *y, const void *z, size_t n);

#endif
