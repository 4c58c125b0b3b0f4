# trine_mpi_test(NAME [RANKS 1 2 3 ...] [TARGET target] [ARGS ...] [TIMEOUT seconds]) - runs the program `target`
# (default test_<subject>_NAME) under the MPI launcher, as the tests <subject>.NAME.<team>.<ranks>, where the team
# is the one among ARGS (mpi+pool:2: mpi_pool) or mpi. A test fails when any rank exits non-zero, is killed, or does not
# end in time. LABELS: mpi, and counts for what runs a program once more with another number of ranks.

if(MPI_C_FOUND AND NOT DEFINED TRINE_MPI_LAUNCHER)
  execute_process(COMMAND ${MPIEXEC_EXECUTABLE} --version
                  OUTPUT_VARIABLE launcher_version ERROR_VARIABLE launcher_version)
  if(launcher_version MATCHES "Open MPI|OpenRTE|open-mpi")
    set(TRINE_MPI_LAUNCHER openmpi CACHE INTERNAL "Whose mpirun this is")
  else()
    set(TRINE_MPI_LAUNCHER mpich CACHE INTERNAL "Whose mpirun this is")
  endif()
endif()

# Gives each mpirun folders of its own, which are removed with what killed ranks leave.
set(TRINE_MPI_RUN sh ${CMAKE_CURRENT_LIST_DIR}/mpi_run.sh)

# Tests run more ranks than there are CPUs, as whoever builds: also as root in a container.
set(TRINE_MPI_FLAGS "")
# Ranks share CPUs: threads that wait must not spin.
set(TRINE_MPI_ENVIRONMENT OMP_WAIT_POLICY=passive)
if(TRINE_MPI_LAUNCHER STREQUAL "openmpi")
  set(TRINE_MPI_FLAGS --oversubscribe --bind-to none)
  list(APPEND TRINE_MPI_ENVIRONMENT OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
      OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
      PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe)
endif()
# Open MPI leaves allocations of its own at exit; leaks of trine are looked for without it. Memory
# that is refused is NULL, as without a sanitizer.
if(TRINE_SANITIZE MATCHES "address")
  list(APPEND TRINE_MPI_ENVIRONMENT ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1)
endif()

function(trine_mpi_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "" "TARGET;TIMEOUT" "RANKS;ARGS")
  if(NOT MPI_C_FOUND)
    return()
  endif()
  get_filename_component(subject ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(NOT test_TARGET)
    set(test_TARGET test_${subject}_${name})
  endif()
  set(team ${test_ARGS})
  list(FILTER team INCLUDE REGEX "^mpi")
  if(NOT team)
    set(team mpi)
  endif()
  string(REGEX REPLACE ":[0-9]+" "" team ${team})
  string(REPLACE "+" "_" team ${team})
  if(NOT test_RANKS)
    set(test_RANKS 1 2 3)
  endif()
  if(NOT test_TIMEOUT)
    set(test_TIMEOUT 120)
  endif()
  list(GET test_RANKS -1 chosen)
  if(2 IN_LIST test_RANKS)
    set(chosen 2)
  endif()
  foreach(ranks IN LISTS test_RANKS)
    set(labels mpi)
    if(NOT ranks EQUAL chosen)
      list(APPEND labels counts)
    endif()
    set(test ${subject}.${name}.${team}.${ranks})
    add_test(NAME ${test}
      COMMAND ${TRINE_MPI_RUN} ${MPIEXEC_EXECUTABLE} ${TRINE_MPI_FLAGS} ${MPIEXEC_NUMPROC_FLAG} ${ranks}
              ${MPIEXEC_PREFLAGS} $<TARGET_FILE:${test_TARGET}> ${MPIEXEC_POSTFLAGS} ${test_ARGS})
    set_tests_properties(${test} PROPERTIES TIMEOUT ${test_TIMEOUT}
      PROCESSORS ${ranks} LABELS "${labels}" FIXTURES_REQUIRED leftovers ENVIRONMENT "${TRINE_MPI_ENVIRONMENT}")
  endforeach()
endfunction()
