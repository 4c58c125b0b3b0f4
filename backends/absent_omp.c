/* backends/absent_omp.c - what answers for omp where the compiler has no OpenMP. */
#include "core/team/executor.h"

const trine_executor_ops trine_omp_executor = {
    .name = "omp",
    .absent = "this library was built without OpenMP; build it with gcc, or with clang and libomp "
              "(Debian: libomp-dev), and -DTRINE_OPENMP=ON",
};
