# What cmake --install puts where, and what finds it again: trineConfig.cmake and the .pc files,
# whose paths follow the prefix wherever it is moved.
include(CMakePackageConfigHelpers)

install(TARGETS trine_shared trine_static EXPORT trine
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(MPI_C_FOUND)
  install(DIRECTORY include/trine DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
else()
  install(DIRECTORY include/trine DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h
          PATTERN mpi.h EXCLUDE)
endif()

set(trine_package ${CMAKE_INSTALL_LIBDIR}/cmake/trine)
install(EXPORT trine FILE trineTargets.cmake NAMESPACE trine:: DESTINATION ${trine_package})
configure_package_config_file(cmake/trineConfig.cmake.in ${PROJECT_BINARY_DIR}/trineConfig.cmake
                              INSTALL_DESTINATION ${trine_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/trineConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/trineConfig.cmake ${PROJECT_BINARY_DIR}/trineConfigVersion.cmake
        DESTINATION ${trine_package})

# What a static link needs besides libtrine.a.
set(trine_private_libs -lm ${CMAKE_THREAD_LIBS_INIT})
foreach(library ${CMAKE_DL_LIBS})
  list(APPEND trine_private_libs -l${library})
endforeach()
if(OpenMP_C_FOUND)
  list(APPEND trine_private_libs ${OpenMP_C_FLAGS})
endif()
if(MPI_C_FOUND)
  list(APPEND trine_private_libs ${MPI_C_LIBRARIES})
endif()
if(TRINE_SLEEF_FOUND)
  list(APPEND trine_private_libs ${SLEEF_LIBRARY})
endif()
list(JOIN trine_private_libs " " trine_private_libs)
file(RELATIVE_PATH trine_pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" trine_pc_up "${trine_pc_up}")
foreach(pc trine trine-static)
  configure_file(cmake/${pc}.pc.in ${PROJECT_BINARY_DIR}/${pc}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${pc}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
