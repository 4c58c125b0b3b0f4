#!/usr/bin/env bash
# find_package.sh BUILD SOURCE CMAKE CC - projects of somebody else's find an installed trine, whatever
# their languages are, and as far as it is installed.
. "$(dirname "$0")/surroundings.sh" "$@"
install_into "$prefix"
programs=0

# project NAME OPTIONS...: configured and built in $work/NAME.
project() {
    local name=$1
    shift
    quietly "$name" "$cmake" -S "$source/project" -B "$work/$name" -DCMAKE_PREFIX_PATH="$prefix" "$@" &&
        quietly "$name" "$cmake" --build "$work/$name"
}

# Of C++ or Fortran alone, too: neither library may ask for another language.
languages=(C)
! command -v "$CXX" >/dev/null || languages+=(CXX "C;CXX")
! command -v "${FC:-gfortran}" >/dev/null || languages+=(Fortran)
for list in "${languages[@]}"; do
    project "of-${list/;/-}" -DLANGUAGES="$list" || fail "a project of $list"
    for program in "$work/of-${list/;/-}"/use_*_{trine,shared,static}; do
        "$program" || fail "$program"
        programs=$((programs + 1))
    done
done
! grep -qE '^(OpenMP|MPI)_' "$work"/of-*/CMakeCache.txt || fail "a project is asked for OpenMP or MPI"

for wanted in 0.1 0.3; do
    ! project wrong-$wanted -DLANGUAGES=C -DWANTED=$wanted 2>/dev/null || fail "$wanted was found, which this is not"
done

# A package of the shared library alone, and one of the static library.
package=$(dirname "$(found trineConfig.cmake)")
mkdir "$work/aside"
mv "$package"/trine-static* "$(found libtrine.a)" "$work/aside"
! project without -DLANGUAGES=C -DCOMPONENTS=static 2>/dev/null || fail "a static library was found that is not there"
grep -q 'the static library is not part of the installation' "$work/without.log" ||
    fail "the refusal does not say what is not there"
project shared -DLANGUAGES=C -DCOMPONENTS=shared -DKINDS="trine;shared" || fail "a package without libtrine.a"
"$work/shared/use_C_trine" || fail "trine::trine of a package without libtrine.a"
mv "$package"/trine-shared* "$(dirname "$package")/.."/libtrine.so* "$work/aside"
mv "$work/aside"/trine-static* "$package"
mv "$work/aside/libtrine.a" "$(dirname "$package")/.."
project static -DLANGUAGES=C -DKINDS="trine;static" || fail "a package without libtrine.so"
"$work/static/use_C_trine" || fail "trine::trine of a package without libtrine.so"
echo "found, built and run: $programs programs in projects of: ${languages[*]}"
