#!/usr/bin/env bash
# part.sh BUILD SOURCE CMAKE CC - trine as a part of a project of C++ alone, which has a target `sort` of
# its own and neither tests nor programs of trine; with this build's flags and beside it, so that a
# compiler cache has its objects, or quickly where there is none.
. "$(dirname "$0")/surroundings.sh" "$@"
command -v "$CXX" >/dev/null || { echo "skipped: no C++ compiler"; exit 77; }
root=$(cd "$source/../.." && pwd)
mapfile -t flags < <(sed -nE 's/^(CMAKE_BUILD_TYPE|CMAKE_C_COMPILER_LAUNCHER|TRINE_WERROR|TRINE_MPI|TRINE_OPENMP):[A-Z]+=/-D\1=/p' "$build/CMakeCache.txt")
[[ ${flags[*]} == *LAUNCHER* ]] || flags+=(-DCMAKE_BUILD_TYPE=Debug)
cat >"$work/CMakeLists.txt" <<PART
cmake_minimum_required(VERSION 3.20)
project(part CXX)
add_subdirectory("$root" trine)
add_executable(sort "$source/project/use.cpp")
target_link_libraries(sort PRIVATE trine::trine)
add_executable(static "$source/project/use.cpp")
target_link_libraries(static PRIVATE trine::static)
PART
there=$(mktemp -d "$build-part.XXXXXX")
trap 'rm -rf "$work" "$there"' EXIT
quietly part "$cmake" -S "$work" -B "$there" "${flags[@]}" || fail "add_subdirectory"
quietly part "$cmake" --build "$there" -j 2 --target sort static || fail "building"
"$there/sort" && "$there/static" || fail "the programs of a project that holds trine"
[ ! -e "$there/trine/drivers/sum" ] || fail "trine's programs were built"
echo "a project of C++ that holds trine: 2 programs"
