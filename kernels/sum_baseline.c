/* kernels/sum_baseline.c - the sums for this instruction set (flags: kernels/CMakeLists.txt). */
#define TRINE_ISA_MONOIDS trine_monoids_baseline
#include "kernels/isa.h"
#include "kernels/sum_body.h"
