# What cmake --install puts where, and what finds it again: trineConfig.cmake and the .pc files,
# whose paths follow the prefix wherever it is moved.
include(CMakePackageConfigHelpers)

set(trine_package ${CMAKE_INSTALL_LIBDIR}/cmake/trine)
foreach(kind shared static)
  install(TARGETS trine_${kind} EXPORT trine-${kind}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT trine-${kind} NAMESPACE trine:: DESTINATION ${trine_package})
endforeach()
if(MPI_C_FOUND)
  install(DIRECTORY include/trine DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
else()
  install(DIRECTORY include/trine DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h
          PATTERN mpi.h EXCLUDE)
endif()

# What a static link needs besides libtrine.a: as the linker's words, since imported targets would ask
# other projects for the language C and for modules that find MPI and OpenMP. A library in a folder
# where every linker looks goes by its name, another by its path.
set(trine_system_libraries ${CMAKE_C_IMPLICIT_LINK_DIRECTORIES})
list(FILTER trine_system_libraries EXCLUDE REGEX llvm)
set(trine_wanted_libraries ${OpenMP_C_LIBRARIES} ${MPI_C_LIBRARIES})
if(TRINE_SLEEF_FOUND)
  list(APPEND trine_wanted_libraries ${SLEEF_LIBRARY})
endif()
set(trine_static_libraries "")
foreach(library IN LISTS trine_wanted_libraries)
  get_filename_component(file "${library}" NAME)
  get_filename_component(real "${library}" REALPATH)
  string(REGEX REPLACE "^lib(.*)\\.(so|a)$" "\\1" name "${file}")
  foreach(folder IN LISTS trine_system_libraries)
    get_filename_component(there ${folder}/${file} REALPATH)
    if(real STREQUAL there AND EXISTS ${there})
      set(library -l${name})
    endif()
  endforeach()
  if(NOT name STREQUAL "pthread")
    list(APPEND trine_static_libraries ${library})
  endif()
  if(IS_ABSOLUTE ${library})
    get_filename_component(folder ${library} DIRECTORY)
    set_property(TARGET trine_shared APPEND PROPERTY INSTALL_RPATH ${folder})
  endif()
endforeach()
foreach(name ${CMAKE_DL_LIBS} m)
  list(APPEND trine_static_libraries -l${name})
endforeach()
list(APPEND trine_static_libraries -pthread)
list(REMOVE_DUPLICATES trine_static_libraries)
foreach(library IN LISTS trine_static_libraries)
  target_link_libraries(trine_static INTERFACE $<INSTALL_INTERFACE:${library}>)
endforeach()

configure_package_config_file(cmake/trineConfig.cmake.in ${PROJECT_BINARY_DIR}/trineConfig.cmake
                              INSTALL_DESTINATION ${trine_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/trineConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/trineConfig.cmake ${PROJECT_BINARY_DIR}/trineConfigVersion.cmake
        DESTINATION ${trine_package})

# The linker's own folders, such as /usr/local/lib, are not among those that the compiler tells it.
execute_process(COMMAND ${CMAKE_C_COMPILER} -Wl,--verbose OUTPUT_VARIABLE searched ERROR_QUIET)
string(REGEX MATCHALL "SEARCH_DIR\\(\"=?[^\"]+" searched "${searched}")
list(TRANSFORM searched REPLACE "SEARCH_DIR\\(\"=?" "")
list(APPEND trine_system_libraries ${searched})
list(JOIN trine_static_libraries " " trine_private_libs)
configure_file(cmake/pkgconfig.cmake.in pkgconfig.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/pkgconfig.cmake)

if(trine_top_level)
  install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
  install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
  # The pages in docs lead to those of the folders.
  file(GLOB_RECURSE pages RELATIVE ${PROJECT_SOURCE_DIR} backends/README.md core/README.md drivers/README.md io/README.md
       kernels/README.md)
  foreach(page IN LISTS pages)
    get_filename_component(folder ${page} DIRECTORY)
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder})
  endforeach()
  install(DIRECTORY examples slurm DESTINATION ${CMAKE_INSTALL_DATADIR}/trine
          PATTERN CMakeLists.txt EXCLUDE PATTERN sum.sbatch EXCLUDE)
  configure_file(cmake/installed.cmake.in installed.cmake @ONLY)
  install(SCRIPT ${PROJECT_BINARY_DIR}/installed.cmake)
endif()
