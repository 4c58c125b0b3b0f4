# common.sh - what demo, test and bench share: finding or installing what the build needs, and
# the build itself. Sourced by bash from a script that has set -euo pipefail.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)

say() { printf '%s\n' "$*" >&2; }

have() { command -v "$1" >/dev/null 2>&1; }

# Whether the C compiler finds a header.
have_header() {
    have "${CC:-cc}" && printf '#include <stdio.h>\n#include <%s>\n' "$1" |
        "${CC:-cc}" -E -x c - >/dev/null 2>&1
}

cmake_is_new_enough() {
    have cmake && [ "$(printf '%s\n' 3.20 "$(cmake --version | awk 'NR==1{print $3}')" |
        sort -V | head -n1)" = 3.20 ]
}

# The Debian packages that are missing for the named purpose (demo, test or bench), one a line.
missing_packages() {
    have "${CC:-cc}" || printf '%s\n' gcc libc6-dev
    cmake_is_new_enough || echo cmake
    have ninja || have make || echo ninja-build
    have mpicc || printf '%s\n' openmpi-bin libopenmpi-dev
    have pkg-config || echo pkg-config
    have_header jansson.h || echo libjansson-dev
    [ -e /usr/include/Random123/philox.h ] || echo librandom123-dev
    have_header sleef.h || echo libsleef-dev
    have_header sndfile.h || echo libsndfile1-dev
    have gnuplot || echo gnuplot-nox
    [ "$1" = test ] || [ "$1" = bench ] || return 0
    have c++ || echo g++
    have_header CUnit/CUnit.h || echo libcunit1-dev
    have_header mpfr.h || echo libmpfr-dev
    /usr/bin/python3 -c 'import numpy' 2>/dev/null || echo python3-numpy
    /usr/bin/python3 -c 'import scipy' 2>/dev/null || echo python3-scipy
    compgen -G '/usr/include/*/openblas*/cblas.h' >/dev/null || echo libopenblas-dev
}

# Runs a command as root: 0 done, 1 failed, 126 not possible.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        return 126
    fi
}

# Installs with apt what is missing; on a machine without apt, goes on with what is there.
provide() {
    local packages status=0
    mapfile -t packages < <(missing_packages "$1")
    [ ${#packages[@]} -gt 0 ] || return 0
    if have apt-get; then
        export DEBIAN_FRONTEND=noninteractive
        say "Installing: ${packages[*]}"
        { as_root apt-get update -q && as_root apt-get install -y -q --no-install-recommends \
            "${packages[@]}"; } >&2 || status=$?
        if [ $status = 126 ]; then
            say "Neither root nor sudo here. Ask for:"
            say "    apt-get install --no-install-recommends ${packages[*]}"
            exit 2
        elif [ $status != 0 ]; then
            say "apt-get failed; going on with what is there."
        fi
    else
        say "Missing, and no apt here: ${packages[*]}"
        if type module >/dev/null 2>&1; then
            say "Load what your cluster calls these: a C compiler, CMake 3.20 or newer, an MPI"
            say "    (module avail; then for example: module load gcc cmake openmpi)"
        fi
    fi
    hash -r
    have "${CC:-cc}" || { say "No C compiler (${CC:-cc}). Ask for: gcc"; exit 2; }
    cmake_is_new_enough || { say "No CMake 3.20 or newer. Ask for: cmake"; exit 2; }
    have ninja || have make || { say "Neither ninja nor make. Ask for: ninja-build"; exit 2; }
    have mpicc || say "No MPI (mpicc): going on without it."
}

# configure_and_build FOLDER [CMake options]. A folder keeps the generator that it has.
configure_and_build() {
    local folder=$1 generator=()
    shift
    if [ ! -e "$folder/CMakeCache.txt" ] && have ninja; then
        generator=(-G Ninja)
    fi
    cmake -S "$root" -B "$folder" "${generator[@]}" "$@"
    cmake --build "$folder" -j "$jobs"
}

# As root Open MPI wants to be told twice; the ranks may be more than the CPUs.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1

# count_tests LOG: the results in ctest's output as "N passed, N failed, N skipped".
count_tests() {
    awk '/^ *[0-9]+\/[0-9]+ Test +#/ {
             if (/\*\*\*Skipped|\*\*\*Not Run \(Disabled\)/) skipped++
             else if (/ Passed +[0-9.]+ sec/) passed++
             else failed++
         }
         END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$1"
}
