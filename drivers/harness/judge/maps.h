/* judge/maps.h - whether the elements that a map made are what they must be: arithmetic and moves
 * to the bit, functions within a unit in the last place. */
#ifndef TRINE_HARNESS_JUDGE_MAPS_H
#define TRINE_HARNESS_JUDGE_MAPS_H

#include <trine/trine.h>

/* Of f64 or f32, z being what the map made of x (and y) with the constants. */
bool judge_map(const char *method, trine_dtype dtype, const double constant[2], const void *x,
               const void *y, const void *z, size_t n);

#endif
