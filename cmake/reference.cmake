# The reference manual, from the comments of the public headers: cmake --build . --target reference.
add_custom_target(reference VERBATIM
  COMMAND sh ${PROJECT_SOURCE_DIR}/cmake/reference.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/reference)
