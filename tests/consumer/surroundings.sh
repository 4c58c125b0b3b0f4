# surroundings.sh - sourced as `. surroundings.sh BUILD SOURCE CMAKE CC`: a folder to work in, with a
# space in its name, and how to install the build somewhere in it.
set -euo pipefail
build=$1 source=$2 cmake=$3
# The compiler that the library was built with: its OpenMP runtime is the one that static programs need.
export CC=$4 CXX=c++
case $(basename "$CC") in *clang*) CXX=${CC/clang/clang++} ;; esac
unset LD_LIBRARY_PATH DESTDIR
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix="$work/where it goes"
fail() { echo "FAILED: $*" >&2; exit 1; }
# quietly LOG COMMAND...: its output only if it fails.
quietly() { local log="$work/$1.log"; shift; "$@" >"$log" 2>&1 || { tail -n 30 "$log" >&2; return 1; }; }
install_into() { quietly install "$cmake" --install "$build" --prefix "$1" || fail "cmake --install"; }
found() { find "$prefix" -name "$1" | head -n1; }
