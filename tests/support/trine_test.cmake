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

# trine_test(NAME SOURCES...) - the program tests/<folder>/NAME.c, run by CTest as <folder>.NAME.
function(trine_test name)
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  trine_test_program(test_${folder}_${name} ${name}.c ${ARGN})
  add_test(NAME ${folder}.${name} COMMAND test_${folder}_${name})
  set_tests_properties(${folder}.${name} PROPERTIES TIMEOUT 300)
endfunction()
