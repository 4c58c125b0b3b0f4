/* kernels/sum_avx2.c - the sums for this instruction set (flags: kernels/CMakeLists.txt). */
#define TRINE_ISA_MONOIDS trine_monoids_avx2
#include "kernels/isa.h"
#include "kernels/sum_body.h"
