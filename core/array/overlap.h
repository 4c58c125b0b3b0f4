/* core/array/overlap.h - the memory that a call writes: the one test of outputs. */
#ifndef TRINE_CORE_OVERLAP_H
#define TRINE_CORE_OVERLAP_H

#include "core/array/array.h"

/* An argument by its name in details: "x", or "in[2]"; index -1: the name alone. */
typedef struct trine_argument {
    const char *name;
    int index;
    const trine_array *array;
} trine_argument;

/* ARGUMENT when the output is read-only: said to be so, or memory without write permission. */
trine_status trine_output_check(const char *call, trine_argument out);

/* ARGUMENT when this rank's elements of out and of in, which is read meanwhile, share memory. When
 * they are the same elements, and in_place is not NULL, *in_place becomes true instead. Blocks of
 * nothing overlap nothing. */
trine_status trine_overlap_check(const char *call, trine_argument out, trine_argument in,
                                 bool *in_place);

/* Both, of functions whose only input is x and whose only output is out. */
trine_status trine_out_check(const char *call, const trine_array *x, const trine_array *out,
                             bool *in_place);

#endif
