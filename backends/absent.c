/* backends/absent.c - what answers for backends and channels that are not built: it says what they
 * need. TRINE_ABSENT_OMP, _MPI and _POOL say which these are. */
#include "backends/list.h"
#include "backends/transports/channels.h"

#ifdef TRINE_ABSENT_MPI
const trine_communicator_ops trine_mpi_communicator = {
    .name = "mpi",
    .absent = "this library was built without MPI; install one (Debian: libopenmpi-dev and "
              "openmpi-bin, or libmpich-dev and mpich) and build with -DTRINE_MPI=ON",
};
#endif

#ifdef TRINE_ABSENT_OMP
const trine_executor_ops trine_omp_executor = {
    .name = "omp",
    .absent = "this library was built without OpenMP; build it with gcc, or with clang and libomp "
              "(Debian: libomp-dev), and -DTRINE_OPENMP=ON",
};
#endif

#ifdef TRINE_ABSENT_POOL
const trine_executor_ops trine_pool_executor = {
    .name = "pool",
    .absent =
        "this system lacks what pools are made of (memfd_create, futex, pidfd_open): they need "
        "Linux 5.4 or later",
};
const trine_executor_ops trine_forking_executor = {.name = "inherit"};

static const char needs_linux[] = "it needs Linux (as the pool does), which this is not";

const trine_channel_ops trine_inherit_channel = {.absent = needs_linux};
const trine_channel_ops trine_pipe_channel = {.absent = needs_linux};
const trine_channel_ops trine_file_channel = {.absent = needs_linux};
const trine_channel_ops trine_cma_channel = {.absent = needs_linux};
#endif
