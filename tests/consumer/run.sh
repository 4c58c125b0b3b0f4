#!/usr/bin/env bash
# run.sh BUILD SOURCE CMAKE CC - installs the build into a folder with a space in its name, and builds and
# runs a project of somebody else's against it: through find_package and pkg-config, shared and static,
# in C and C++.
set -euo pipefail
build=$1 source=$2 cmake=$3
# The compiler that the library was built with: its OpenMP runtime is the one that static programs need.
export CC=$4 CXX=c++
case $(basename "$CC") in *clang*) CXX=${CC/clang/clang++} ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix="$work/where it goes"
fail() { echo "FAILED: $*" >&2; exit 1; }
command -v "$CXX" >/dev/null || { echo "skipped: no C++ compiler"; exit 77; }

"$cmake" --install "$build" --prefix "$prefix" >"$work/install.log" || fail "cmake --install"
"$cmake" -S "$source/project" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" >"$work/configure.log" 2>&1 ||
    { cat "$work/configure.log"; fail "find_package(trine)"; }
"$cmake" --build "$work/build" >"$work/build.log" 2>&1 || { cat "$work/build.log"; fail "building"; }
for program in c_shared c_static cxx_shared cxx_static; do
    "$work/build/$program" || fail "$program"
done

programs=4

# As a part of another project, which has neither tests nor benchmarks of trine; with this build's flags,
# so that a compiler cache has its objects.
mapfile -t flags < <(sed -nE 's/^(CMAKE_BUILD_TYPE|TRINE_WERROR):[A-Z]+=/-D\1=/p' "$build/CMakeCache.txt")
mkdir "$work/part"
cat >"$work/part/CMakeLists.txt" <<PART
cmake_minimum_required(VERSION 3.20)
project(part C)
add_subdirectory("$source/../.." trine)
add_executable(use "$source/project/use.c")
target_link_libraries(use PRIVATE trine::static)
PART
{ "$cmake" -S "$work/part" -B "$work/part/build" "${flags[@]}" && "$cmake" --build "$work/part/build" -j 2 --target use; } \
    >"$work/part.log" 2>&1 || { tail -n 20 "$work/part.log"; fail "add_subdirectory"; }
"$work/part/build/use" || fail "the program of a project that holds trine"
programs=$((programs + 1))

# Shared, and all that static needs.
if command -v pkg-config >/dev/null; then
    pkgconfig=$(dirname "$(find "$prefix" -name trine.pc)")
    library=$(dirname "$(find "$prefix" -name 'libtrine.so')")
    for name in "trine" "--static trine-static"; do
        # Word splitting as in a makefile; quotes in the flags are the shell's to read.
        eval "'$CC' '$source/project/use.c' -o '$work/use' \
            $(PKG_CONFIG_PATH="$pkgconfig" pkg-config --cflags --libs $name)" || fail "pkg-config $name"
        LD_LIBRARY_PATH="$library" "$work/use" || fail "the program linked by pkg-config $name"
        programs=$((programs + 1))
    done
fi

foreign=$(nm -D --defined-only "$(find "$prefix" -name 'libtrine.so')" | awk '$2 != "A" {print $3}' | grep -v '^trine_' || true)
[ -z "$foreign" ] || fail "libtrine.so exports more than trine_*: $foreign"
[ ! -e "$prefix/include/core" ] || fail "private headers were installed"
echo "installed, found, built and run: $programs programs"
