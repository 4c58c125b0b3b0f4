#!/usr/bin/env bash
# programs.sh BUILD SOURCE CMAKE CC - the installed programs run, wherever the prefix is moved, and are
# in nobody's PATH.
. "$(dirname "$0")/surroundings.sh" "$@"
install_into "$prefix"
[ -e "$build/drivers/sum" ] || { echo "skipped: no programs were built"; exit 77; }

said=$(tail -n 3 "$work/install.log")
[[ $said == *"programs are in $prefix/libexec/trine; to try one: '$prefix/libexec/trine/sum'"* ]] ||
    fail "the installation does not say where the programs are: $said"
[[ $said == *"LD_LIBRARY_PATH="* ]] || fail "nor how libtrine.so is found: $said"
eval "$(sed -n 's/.*to try one: \(.*\) --team serial.*/\1/p' <<<"$said") --n 1K --team serial" >/dev/null ||
    fail "the command that the installation gives"
[ ! -e "$prefix/bin" ] || fail "programs in bin: $(ls "$prefix/bin")"

mv "$prefix" "$work/moved away"
cd "$work/moved away"
for program in libexec/trine/*; do
    quietly help "./$program" --help || fail "$program"
done
libexec/trine/make_npy --n 1K "$work/x.npy" && libexec/trine/sum --team pool:2 "$work/x.npy" >/dev/null ||
    fail "programs in a prefix that was moved"
bash -n share/trine/slurm/sum.sbatch
grep -q "sum=.*$prefix/libexec/trine/sum" share/trine/slurm/sum.sbatch || fail "the script for SLURM"
[ -e share/doc/trine/docs/architecture.md ] && [ -e share/trine/examples/sum.c ] || fail "documents and examples"
[ ! -e include/core ] || fail "private headers were installed"
echo "installed, moved and run: $(find libexec/trine -type f | wc -l) programs"
