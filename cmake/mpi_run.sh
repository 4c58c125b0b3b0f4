#!/bin/sh
# mpi_run.sh MPIRUN [ARGUMENT...] - runs it with folders of its own for its files and for the memory that ranks share,
# and removes them when it ends: ranks that are killed leave nothing, and no other mpirun that ends takes them away.
temporary=$(mktemp -d "${TMPDIR:-/tmp}/trine-test-XXXXXX") || exit 1
memory=$(mktemp -d /dev/shm/trine-test-XXXXXX 2>/dev/null) || memory=
trap 'rm -rf -- "$temporary" ${memory:+"$memory"}' EXIT
export TMPDIR="$temporary"
if [ -n "$memory" ]; then
    # Open MPI 4 calls vader what 5 calls sm.
    export OMPI_MCA_btl_vader_backing_directory="$memory" OMPI_MCA_btl_sm_backing_directory="$memory"
    export OMPI_MCA_osc_sm_backing_directory="$memory" OMPI_MCA_osc_rdma_backing_directory="$memory"
    export OMPI_MCA_osc_ucx_backing_directory="$memory"
fi
"$@" <&0 &
child=$!
trap 'kill -TERM $child 2>/dev/null' TERM INT HUP
wait $child
status=$?
# A signal that was passed on ends the first wait.
while kill -0 $child 2>/dev/null; do
    wait $child
    status=$?
done
exit $status
