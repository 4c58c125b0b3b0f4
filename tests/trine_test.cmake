# trine_test(NAME SOURCES... ) - one CUnit program tests/<folder>/NAME.c, run by CTest as
# <folder>.NAME.
function(trine_test name)
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  add_executable(test_${folder}_${name} ${name}.c ${ARGN})
  target_include_directories(test_${folder}_${name} PRIVATE ${CUNIT_INCLUDE} ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(test_${folder}_${name} PRIVATE trine_static trine_flags ${CUNIT_LIBRARY} m)
  add_test(NAME ${folder}.${name} COMMAND test_${folder}_${name})
  set_tests_properties(${folder}.${name} PROPERTIES TIMEOUT 300)
endfunction()
