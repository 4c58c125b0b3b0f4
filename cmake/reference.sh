#!/bin/sh
# reference.sh SOURCE FOLDER - makes the reference manual of the public headers in FOLDER/html and FOLDER/man; a
# warning is an error. Exit status 77 without doxygen.
command -v doxygen >/dev/null || { echo "reference: no doxygen here; apt-get install doxygen"; exit 77; }
mkdir -p "$2" && folder=$(cd "$2" && pwd) && cd "$1" || exit 1
{ cat cmake/Doxyfile && echo "OUTPUT_DIRECTORY = $folder"; } | doxygen - || exit 1
# Members' names (n, first, ...) would hide pages of the system's.
find "$folder/man/man3" -name '*.3' ! -iname 'trine*' ! -name '*.h.3' -exec rm {} +
echo "$folder/html/index.html; man -M $folder/man trine_sum_f64"
