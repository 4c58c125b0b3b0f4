# trine_test_program(TARGET SOURCES...) - a CUnit program. Without CUnit another one stands in for it,
# by which its tests are skipped.
function(trine_test_program target)
  if(TRINE_CUNIT)
    add_executable(${target} ${ARGN})
    target_include_directories(${target} PRIVATE ${CUNIT_INCLUDE})
    target_link_libraries(${target} PRIVATE ${CUNIT_LIBRARY})
  else()
    add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/support/without_cunit.c)
    cmake_language(DEFER CALL trine_skip_tests)
  endif()
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support)
  target_link_libraries(${target} PRIVATE trine_static trine_flags m)
endfunction()

# The folder's tests are skipped by status 77.
function(trine_skip_tests)
  get_property(tests DIRECTORY PROPERTY TESTS)
  set_tests_properties(${tests} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

# trine_test(NAME SOURCES...) - the program tests/<subject>/NAME.c, run by CTest as <subject>.NAME.
function(trine_test name)
  get_filename_component(subject ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  trine_test_program(test_${subject}_${name} ${name}.c ${ARGN})
  add_test(NAME ${subject}.${name} COMMAND test_${subject}_${name})
  set_tests_properties(${subject}.${name} PROPERTIES TIMEOUT 300)
endfunction()

# trine_team_test(NAME TEAMS team... [COMMAND ...] [ARGS ...] [ENVIRONMENT ...] [LABELS ...] [SKIP]) - the program
# test_<subject>_NAME, or COMMAND, given each team, as <subject>.NAME.<team>. A team that this build lacks is not
# tested. Threads that wait do not spin, since tests share CPUs. SKIP: by status 77 a test says that it is skipped.
function(trine_team_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "SKIP" "" "TEAMS;COMMAND;ARGS;ENVIRONMENT;LABELS")
  get_filename_component(subject ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(NOT test_COMMAND)
    set(test_COMMAND test_${subject}_${name})
  endif()
  list(APPEND test_ENVIRONMENT OMP_WAIT_POLICY=passive)
  foreach(team IN LISTS test_TEAMS)
    if(team MATCHES "^omp" AND NOT OpenMP_C_FOUND)
      continue()
    endif()
    string(REPLACE ":" "." test ${subject}.${name}.${team})
    add_test(NAME ${test} COMMAND ${test_COMMAND} ${team} ${test_ARGS})
    set_tests_properties(${test} PROPERTIES TIMEOUT 300 LABELS "${test_LABELS}"
      ENVIRONMENT "${test_ENVIRONMENT}")
    if(test_SKIP)
      set_tests_properties(${test} PROPERTIES SKIP_RETURN_CODE 77)
    endif()
  endforeach()
endfunction()

# trine_numpy_test(NAME) - tests/<subject>/NAME.py judges each of three teams by NumPy, through ctypes; skipped by status
# 77 where NumPy is missing. A sanitizer's runtime cannot be loaded into python.
function(trine_numpy_test name)
  if(NOT TRINE_PYTHON OR TRINE_SANITIZE)
    return()
  endif()
  trine_team_test(${name} TEAMS serial pool:3 omp:3 COMMAND ${TRINE_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/${name}.py
    ENVIRONMENT TRINE_LIBRARY=$<TARGET_FILE:trine_shared> LABELS numpy SKIP)
endfunction()

# trine_label(LABEL NAME...) - a label for those of the folder's tests <subject>.NAME that this build has. Slow ones
# start first, so that none runs alone at the end.
function(trine_label label)
  get_filename_component(subject ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  foreach(name IN LISTS ARGN)
    if(TEST ${subject}.${name})
      set_property(TEST ${subject}.${name} APPEND PROPERTY LABELS ${label})
      if(label STREQUAL "slow")
        set_property(TEST ${subject}.${name} PROPERTY COST 100)
      endif()
    endif()
  endforeach()
endfunction()
