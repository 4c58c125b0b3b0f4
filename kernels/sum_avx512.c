/* kernels/sum_avx512.c - the sums for this instruction set (flags: kernels/CMakeLists.txt). */
#define TRINE_ISA_MONOIDS trine_monoids_avx512
#include "kernels/isa.h"
#include "kernels/sum_body.h"
