/* backends/absent_mpi.c - what answers for mpi where no MPI was found. */
#include "core/team/communicator.h"

const trine_communicator_ops trine_mpi_communicator = {
    .name = "mpi",
    .absent = "this library was built without MPI; install one (Debian: libopenmpi-dev and "
              "openmpi-bin, or libmpich-dev and mpich) and build with -DTRINE_MPI=ON",
};
