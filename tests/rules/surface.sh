#!/usr/bin/env bash
# surface.sh LIBRARY SOURCE - the public headers say what the library gives: each exported function stands in them
# by its name, in a declaration of its own, and nothing else does; each constant has its value in writing.
set -uo pipefail
library=$1 headers=$2/include/trine
failed=0

# none RULE LINES: the lines that break a rule, if any.
none() {
    [ -z "$2" ] && return
    printf 'FAILED: %s\n%s\n' "$1" "$2"
    failed=1
}

# code FILES...: their text without comments.
code() { cat "$@" | awk 'BEGIN { RS = "\\*/" } { sub(/\/\*.*/, ""); printf "%s", $0 }'; }

exported=$(nm -D --defined-only "$library" | awk '$3 ~ /^trine_/ { print $3 }' | sort)
# A declaration of a function: from TRINE_API to the semicolon; its name stands before the first parenthesis.
declarations=$(code "$headers"/*.h | grep -v '^ *#' | tr '\n' ' ' | grep -oE 'TRINE_API [^;]*;')
declared=$(sed -E 's/^[^(]*[ *](trine_[a-z0-9_]+)\(.*/\1/' <<<"$declarations" | sort)
[ "$(wc -l <<<"$exported")" -gt 100 ] || none "nm -D shows the library's names" "$library"

none "each exported function is declared under include/trine, where grep -w finds it" \
    "$(comm -23 <(echo "$exported") <(sort -u <<<"$declared"))"
of_mpi=$(code "$headers/mpi.h" | grep -oE 'trine_[a-z0-9_]+\(' | tr -d '(')
none "each declared function is exported (those of mpi.h: where the library has MPI)" \
    "$(comm -13 <(echo "$exported") <(sort -u <<<"$declared") | grep -vxF "$of_mpi")"
none "each function is declared once" "$(uniq -d <<<"$declared")"
none "a declaration declares one function, and no macro makes it" \
    "$(grep -nvE '^TRINE_API [a-z0-9_ ]+[ *]trine_[a-z0-9_]+\([^()]*\);$' <<<"$declarations"
       grep -nE 'TRINE_API.*##' "$headers"/*.h)"

# The bodies of enumerations, a constant a line.
constants=$(code "$headers"/*.h | tr '\n' ' ' | grep -oE 'enum [a-z_]* *\{[^}]*\}' | sed -E 's/^[^{]*\{//; s/\}$//' |
    tr ',' '\n' | grep -v '^ *$')
[ "$(wc -l <<<"$constants")" -gt 50 ] || none "the headers have constants" "$constants"
none "each constant of an enumeration has its value in writing" "$(grep -vE '^ *TRINE_[A-Z0-9_]+ += +-?[0-9]+ *$' <<<"$constants")"
none "a count is no constant of an enumeration" "$(grep _COUNT <<<"$constants")"

version() { sed -nE "s/^#define TRINE_VERSION_$1 ([0-9]+)$/\1/p" "$headers/types.h"; }
written=$(version MAJOR).$(version MINOR).$(version PATCH)
project=$(sed -nE 's/^project\(trine VERSION ([0-9.]+) .*/\1/p' "$2/CMakeLists.txt")
[ "$written" = "$project" ] || none "the version of types.h is the project's, $project" "$written"
[ $failed = 0 ] && echo "$(wc -l <<<"$exported") functions and $(wc -l <<<"$constants") constants stand in the headers"
exit $failed
