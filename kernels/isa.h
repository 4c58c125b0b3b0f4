/* kernels/isa.h - the tables of built-in reductions, one an instruction set, with the same entries
 * in the same order; an entry without a name ends each. */
#ifndef TRINE_KERNELS_ISA_H
#define TRINE_KERNELS_ISA_H

#include <trine/kernel.h>

extern const trine_monoid trine_monoids_baseline[], trine_monoids_avx2[], trine_monoids_avx512[];

#endif
