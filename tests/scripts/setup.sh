#!/usr/bin/env bash
# setup.sh SOURCE - what scripts/common.sh promises: sizes, advice where nothing can be installed, and a
# build folder that works whatever an earlier try or another place has left in it.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
broken() { echo "FAILED: $*"; failed=1; }

mkdir "$work/tree"
(cd "$1" && { git ls-files -z 2>/dev/null || find . -path './build*' -prune -o -type f -print0; } |
    tar --null -T - -cf -) | tar -C "$work/tree" -xf -
common=$work/tree/scripts/common.sh

# in_script COMMANDS: as a script that sources common.sh runs them, with its log in a build folder.
in_script() { bash -c "set -euo pipefail; source '$common'; start_log script; $1" 2>&1 </dev/null; }

for size in 1:1 16M:16777216 3k:3072 2KiB:2048 5Gi:5368709120 100MB:100000000 3kB:3000 1e9:1000000000 1.5K:1536; do
    given=$(in_script "whole_number ${size%:*}") || broken "size ${size%:*} is refused"
    [ "$given" = "${size#*:}" ] || broken "size ${size%:*} is read as $given"
done
for size in '' 0 -1 1.5 1e-3 x 12iB 1mB 3KK '1 K' 1e30; do
    ! in_script "whole_number '$size'" >/dev/null || broken "size '$size' is taken"
done

# Help builds nothing.
for script in demo test bench; do
    bash "$work/tree/scripts/$script" --help >"$work/help" 2>&1 || broken "$script --help: status $?"
    grep -qi usage "$work/help" || broken "$script --help says $(head -n 1 "$work/help")"
done
[ ! -e "$work/tree/build/CMakeCache.txt" ] || broken "--help builds"

# Nobody who could install: with a compiler, cmake, make and xxHash it goes on, and says once what is left out;
# without a compiler it ends. What is printed can be pasted.
nobody='can_be_root() { return 1; }; apt-get() { echo "apt-get is called" >&2; };'
said=$(in_script "$nobody have_header() { [[ \$1 = xxhash.h ]]; }; provide 'a minute' build run test; echo went on") ||
    broken "without root, but with a compiler: $said"
[[ $said == *"went on" ]] || broken "it does not go on: $said"
[ "$(grep -c 'libjansson-dev)' <<<"$said")" = 1 ] || broken "what is left out is not said once: $said"
advice=$(grep -oE '^ +apt-get update && apt-get install --no-install-recommends .*' <<<"$said") || broken "no advice: $said"
[[ $advice == *libjansson-dev* && $advice == *libcunit1-dev* ]] || broken "one list for demo and test: $advice"
[[ $said != *"apt-get is called"* && $said != *Installing* ]] || broken "it installs: $said"
said=$(in_script "$nobody CC=no-such-compiler; provide 'a minute' build run; echo went on")
[ $? = 2 ] || broken "without a compiler the status is not 2"
[[ $said != *"went on"* && $said == *"Nothing can be built without: gcc libc6-dev"* ]] || broken "without a compiler: $said"

# A failed try, a folder that was moved, a generator that is gone.
configure='configure "$root/build" -DTRINE_TESTS=OFF -DTRINE_DRIVERS=OFF -DTRINE_MPI=OFF -DTRINE_OPENMP=OFF >/dev/null'
mkdir -p "$work/tree/build"
printf 'CMAKE_HOME_DIRECTORY:INTERNAL=%s\nCMAKE_GENERATOR:INTERNAL=Unix Makefiles\nCMAKE_MAKE_PROGRAM:FILEPATH=CMAKE_MAKE_PROGRAM-NOTFOUND\n' \
    "$work/tree" >"$work/tree/build/CMakeCache.txt"
said=$(in_script "$configure") || broken "after a failed configuration: $said"
echo kept >"$work/tree/build/FILE.npy"
mv "$work/tree" "$work/moved"
common=$work/moved/scripts/common.sh
said=$(in_script "$configure") || broken "in a folder that was moved: $said"
! grep -rqsF "$work/tree/" "$work/moved/build" --include=CMakeCache.txt --include=build.ninja --include=Makefile ||
    broken "the moved folder's build names the old one"
[ -e "$work/moved/build/FILE.npy" ] || broken "what a user keeps in the build folder is removed"
sed -i 's/^CMAKE_GENERATOR:.*/CMAKE_GENERATOR:INTERNAL=Gone/' "$work/moved/build/CMakeCache.txt"
rm -f "$work/moved/build/build.ninja" "$work/moved/build/Makefile"
said=$(in_script "$configure") || broken "with a generator that is gone: $said"

[ $failed = 0 ] && echo "the scripts keep their promises"
exit $failed
