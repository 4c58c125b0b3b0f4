# common.sh - what demo, test and bench share: finding or installing what the build needs, and the
# build itself, a line for each step and the rest in a log. Sourced by bash from a script that has
# set -euo pipefail.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)

say() { printf '%s\n' "$*" >&2; }

have() { command -v "$1" >/dev/null 2>&1; }

# start_log NAME: where this script's steps write, $log.
start_log() {
    log=$root/build/$1.log
    mkdir -p "$root/build" 2>/dev/null && : 2>/dev/null >"$log" && return
    say "$1: $root/build cannot be written by $(id -un): remove it, or make it yours (chown)."
    exit 2
}

# step WHAT COMMAND...: says in one line what is done and how long it took. Of what the command
# prints, the terminal gets the end when it fails.
step() {
    local what=$1 began=$SECONDS status=0
    shift
    printf '%s ... ' "$what" >&2
    printf '\n== %s: %s\n' "$what" "$*" >>"$log"
    "$@" </dev/null >>"$log" 2>&1 || status=$?
    if [ $status = 0 ]; then
        say "$((SECONDS - began)) s"
    else
        say "failed. The end of $log:"
        tail -n 25 "$log" >&2
    fi
    return $status
}

# Whether the C compiler finds a header.
have_header() {
    have "${CC:-cc}" && printf '#include <stdio.h>\n#include <%s>\n' "$1" |
        "${CC:-cc}" -E -x c - >/dev/null 2>&1
}

# grep -q would leave early, and ldconfig would fail for it.
have_openblas() { PATH=$PATH:/sbin ldconfig -p 2>/dev/null | grep libopenblas.so.0 >/dev/null; }

have_openblas_header() { compgen -G '/usr/include/*/openblas*/cblas.h' >/dev/null; }

have_module() { /usr/bin/python3 -c "import $1" >/dev/null 2>&1; }

cmake_is_new_enough() {
    have cmake && [ "$(printf '%s\n' 3.20 "$(cmake --version | awk 'NR==1{print $3}')" |
        sort -V | head -n1)" = 3.20 ]
}

# Every Debian package that is used: for what (build: nothing goes without it), whether it is here,
# the packages, what is left out without them.
each_need() {
    "$1" build 'have "${CC:-cc}"' "gcc libc6-dev" "everything"
    "$1" build cmake_is_new_enough "cmake" "everything"
    "$1" build 'have make || have ninja' "make" "everything"
    "$1" build 'have_header xxhash.h' "libxxhash-dev" "everything"
    "$1" run 'have mpicc && have mpirun' "openmpi-bin libopenmpi-dev" "teams of MPI ranks"
    "$1" run 'have_header jansson.h' "libjansson-dev" "--json"
    "$1" run 'have_header sleef.h' "libsleef-dev" "exp, log, sin, cos, tanh and pow"
    "$1" run 'have_header sndfile.h' "libsndfile1-dev" "the driver etl"
    "$1" run 'have gnuplot' "gnuplot-nox" "pictures"
    "$1" run have_openblas "libopenblas0" "products of matrices"
    "$1" test 'have_header CUnit/CUnit.h' "libcunit1-dev" "the tests written in C"
    "$1" test 'have c++' "g++" "tests from C++"
    "$1" test 'have_header mpfr.h' "libmpfr-dev" "tests against MPFR"
    "$1" test 'have_header Random123/philox.h' "librandom123-dev" "tests against Random123"
    "$1" test 'have pkg-config' "pkg-config" "tests of pkg-config"
    "$1" test 'have_module numpy && have_module scipy' "python3-numpy python3-scipy" \
        "tests against NumPy and SciPy"
    "$1" test 'have slurmctld && have munged' "slurm-wlm munge" "the test of SLURM scripts"
    "$1" test 'have ip' "iproute2" "tests of several hosts"
    "$1" test have_openblas_header "libopenblas-dev" "tests of programs with an OpenBLAS of their own"
    "$1" test 'have valgrind' "valgrind" "the search for leaks"
    "$1" bench have_openblas_header "libopenblas-dev" "OpenBLAS as a peer"
    "$1" bench 'have_module numpy && have_module scipy' "python3-numpy python3-scipy" "NumPy as a peer"
}

# note_missing PURPOSE HERE PACKAGES WITHOUT: into missing[] and left_out, when the script's
# $purposes want it and it is not here.
note_missing() {
    [[ $purposes == *" $1 "* ]] && ! eval "$2" || return 0
    # shellcheck disable=SC2206
    missing+=($3)
    if [ "$1" = build ]; then
        unbuildable+=("$3")
    else
        left_out+=("$4 ($3)")
    fi
}

look_for() {
    hash -r
    purposes=" $* " missing=() left_out=() unbuildable=()
    each_need note_missing
}

# Whether commands can be run as root, after a password at a terminal.
can_be_root() {
    [ "$(id -u)" = 0 ] || { have sudo && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; }
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

# What apt says of installing the packages: "84.2 MB to download, 390 MB on disk", if anything.
apt_sizes() {
    LC_ALL=C apt-get install --no-install-recommends --print-uris -y "$@" 2>/dev/null | awk '
        /^Need to get/ { sub(/^Need to get /, ""); sub(/ of archives.*/, ""); sub(/^.*\//, ""); get = $0 }
        /additional disk space/ { sub(/^After this operation, /, ""); sub(/ of additional.*/, ""); use = $0 }
        END { if (get && use) printf "%s to download, %s on disk", get, use }'
}

joined() { local text; printf -v text '%s; ' "$@"; printf '%s' "${text%; }"; }

# announce TAKES: what this script will take, before it takes anything.
announce() {
    local packages=""
    if [ "$installs" = yes ]; then
        packages=$(apt_sizes "${missing[@]}")
        packages="${#missing[@]} Debian packages${packages:+ ($packages)}, "
    fi
    say "This takes: $packages$1. Everything that is printed on the way: $log"
}

end_without_build_tools() {
    [ ${#unbuildable[@]} = 0 ] && return
    say "Nothing can be built without: $(joined "${unbuildable[@]}")"
    exit 2
}

# provide TAKES PURPOSES...: says what is missing and what the script takes, installs with apt what
# can be installed, and goes on with what is there. Ends where nothing can be built.
provide() {
    local takes=$1 everything
    shift
    look_for "$@"
    installs=no
    export DEBIAN_FRONTEND=noninteractive
    if [ ${#missing[@]} -gt 0 ] && have apt-get && can_be_root; then
        installs=yes
        # Without sizes: apt has no lists yet.
        [ -n "$(apt_sizes "${missing[@]}")" ] || step "Asking apt what there is" as_root apt-get update -q || true
    elif [ ${#missing[@]} -gt 0 ]; then
        look_for build run test
        everything=${missing[*]}
        look_for "$@"
        if have apt-get; then
            say "Neither root nor sudo here: nothing is installed. All that scripts/demo and scripts/test can use comes by"
            say "    apt-get update && apt-get install --no-install-recommends $everything"
        else
            say "No apt here: nothing is installed. What is missing, by its names in Debian: $everything"
            if type module >/dev/null 2>&1; then
                say "Load what your cluster calls these: a C compiler, CMake 3.20 or newer, an MPI"
                say "    (module avail; then for example: module load gcc cmake openmpi)"
            fi
        fi
    fi
    [ "$installs" = yes ] || end_without_build_tools
    announce "$takes"
    if [ "$installs" = yes ]; then
        step "Installing ${missing[*]}" install_missing || say "Going on with what is there."
        # Of what was asked for, what is there now.
        dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${missing[@]}" 2>/dev/null |
            sed -n 's/^installed //p' >>"$root/build/packages" || true
        look_for "$@"
        end_without_build_tools
    fi
    [ ${#left_out[@]} = 0 ] || say "Left out here: $(joined "${left_out[@]}")"
}

# A list of packages that is older than the archive names versions that are gone.
install_missing() {
    as_root apt-get install -y -q --no-install-recommends "${missing[@]}" ||
        { as_root apt-get update -q &&
            as_root apt-get install -y -q --no-install-recommends "${missing[@]}"; }
}

# how_to_undo THINGS: what removes them, and the packages that scripts installed here.
how_to_undo() {
    local packages=""
    [ ! -s "$root/build/packages" ] ||
        packages="; apt-get purge --autoremove $(sort -u "$root/build/packages" | tr '\n' ' ')"
    [ "$(id -u)" = 0 ] || packages=${packages/apt-get/sudo apt-get}
    say "To undo it: cd $root && rm -rf $1${packages% }"
}

# Whether the folder was configured to the end, here, and with a generator that is here.
is_configured() {
    local folder=$1 value
    value() { sed -n "s/^$1:[A-Z]*=//p" "$folder/CMakeCache.txt"; }
    [ -e "$folder/CMakeCache.txt" ] && [ "$(value CMAKE_HOME_DIRECTORY)" = "$root" ] &&
        [ "$(value CMAKE_CACHEFILE_DIR)" = "$(cd "$folder" && pwd)" ] && {
        { [ -e "$folder/build.ninja" ] && have ninja; } || { [ -e "$folder/Makefile" ] && have make; }
    }
}

# Builds inside tests take it, too.
choose_generator() {
    [ -n "${CMAKE_GENERATOR:-}" ] || ! have ninja || export CMAKE_GENERATOR=Ninja
}

# configure FOLDER [CMake options]. What an earlier try or another place has left is not believed.
configure() {
    local folder=$1
    shift
    choose_generator
    if [ -e "$folder/CMakeCache.txt" ] && ! is_configured "$folder"; then
        find "$folder" \( -name CMakeCache.txt -o -name build.ninja -o -name Makefile -o -name CMakeFiles \) \
            -prune -exec rm -rf {} +
    fi
    if is_configured "$folder"; then
        # A folder keeps the generator that it has.
        CMAKE_GENERATOR='' cmake -S "$root" -B "$folder" "$@"
    else
        cmake -S "$root" -B "$folder" "$@"
    fi
}

# build FOLDER [more options of cmake --build]
build() { cmake --build "$@" -j "$jobs"; }

# Minutes on this machine for so many seconds of one CPU.
minutes() {
    local seconds=$(($1 / jobs))
    if [ $seconds -lt 90 ]; then echo "1 minute"; else echo "$(((seconds + 59) / 60)) minutes"; fi
}

# whole_number TEXT: the number that it is, with K M G T (powers of 1024) or kB MB GB TB (of 1000).
whole_number() {
    awk -v text="$1" 'BEGIN {
        if (!match(text, /^([0-9]+\.?[0-9]*|\.[0-9]+)([eE]\+?[0-9]+)?/)) exit 1
        number = substr(text, 1, RLENGTH) + 0
        unit = substr(text, RLENGTH + 1)
        power = index("KMGT", toupper(substr(unit, 1, 1)))
        if (unit == "") scale = 1
        else if (power && (length(unit) == 1 || unit ~ /^[KMGT]iB?$/)) scale = 1024 ^ power
        else if (unit ~ /^[kKMGT]B$/) scale = 1000 ^ power
        else exit 1
        number *= scale
        if (number != int(number) || number < 1 || number > 2 ^ 50) exit 1
        printf "%.0f\n", number
    }'
}

# As root Open MPI wants to be told twice; the ranks may be more than the CPUs.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe

# count_tests LOG: the results in ctest's output as "N passed, N failed, N skipped".
count_tests() {
    awk '/^ *[0-9]+\/[0-9]+ Test +#/ {
             if (/\*\*\*Skipped|\*\*\*Not Run \(Disabled\)/) skipped++
             else if (/ Passed +[0-9.]+ sec/) passed++
             else failed++
         }
         END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$1"
}
