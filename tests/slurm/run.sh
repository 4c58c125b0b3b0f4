#!/usr/bin/env bash
# run.sh SOURCE BUILD - submits slurm/sum.sbatch to a real SLURM of four virtual nodes, with srun, with
# mpirun, and as README says it: the same bits as serial, in all.
set -uo pipefail
source=$1 build=$2
for command in munged slurmctld slurmd sbatch unshare; do
    command -v $command >/dev/null || { echo "skipped: no $command (slurm-wlm, munge)"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: not root, and virtual nodes need namespaces"; exit 77; }
unshare --uts --mount true 2>/dev/null || { echo "skipped: namespaces cannot be made here"; exit 77; }

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
chmod 755 "$work" # munged wants a socket that all can reach
finish() { bash "$here/cluster.sh" down "$work/cluster"; rm -rf "$work"; }
trap finish EXIT
fail() { echo "FAILED: $*" >&2; tail -n 20 "$work"/*.out "$work"/cluster/munge/out >&2 2>/dev/null; exit 1; }
bits() { grep -oE '\b[0-9a-f]{16}\b' "$1" | sort -u; }

"$build/drivers/make_npy" --n 1M "$work/x.npy" || fail "make_npy"
"$build/drivers/sum" --team serial "$work/x.npy" >"$work/serial.out" || fail "the serial sum"
[ -n "$(bits "$work/serial.out")" ] || fail "the serial sum shows no bits"
bash "$here/cluster.sh" up "$work/cluster" 4 2 || fail "the cluster does not come up"
. "$work/cluster/env.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl=self,vader,tcp OMPI_MCA_btl_tcp_if_include=lo
cd "$work" || exit 1
for launch in srun mpirun; do
    LAUNCH=$launch TRINE_BUILD=$build timeout 90 sbatch --wait -N 4 -n 8 -o "$work/$launch.out" \
        "$source/slurm/sum.sbatch" "$work/x.npy" >"$work/$launch.submit.out" 2>&1 || fail "the job with $launch"
    grep -q 'mpi:8' "$work/$launch.out" || fail "$launch did not start 8 ranks"
    [ "$(bits "$work/$launch.out")" = "$(bits "$work/serial.out")" ] || fail "other bits with $launch"
done

# In a build folder beside slurm/, as README has it.
mkdir -p tree/build && ln -s "$source/slurm" tree/slurm && ln -s "$build/drivers" tree/build/drivers
ln -s "$work/x.npy" tree/build/FILE.npy
cd tree/build || exit 1
line=$(sed -nE 's/^    (sbatch [^#]*[^# ]).*/\1/p' "$source/README.md")
[ -n "$line" ] || fail "README has no line that begins with sbatch"
# shellcheck disable=SC2086
timeout 90 sbatch --wait -o "$work/readme.out" ${line#sbatch } >"$work/readme.submit.out" 2>&1 || fail "README's $line"
[ "$(bits "$work/readme.out")" = "$(bits "$work/serial.out")" ] || fail "other bits with README's $line"

# Where there is no driver, the job says what it looked for.
cd "$work" || exit 1
timeout 90 sbatch --wait -n 1 -o "$work/none.out" "$source/slurm/sum.sbatch" x.npy >"$work/none.submit.out" 2>&1 &&
    fail "a job without a driver succeeds"
grep -q "^No driver: expected SUM=DRIVER.* in $work\$" "$work/none.out" || fail "a job without a driver does not say so"
echo "the same bits from serial, srun and mpirun: $(bits "$work/serial.out")"
