#!/bin/sh
# names.sh LIBRARY PROGRAM - every name that the library exports is in the table of test_refusals, or among those that
# are not Collective; and nothing else is.
exported=$(mktemp) && listed=$(mktemp) || exit 1
trap 'rm -f "$exported" "$listed"' EXIT
nm -D --defined-only "$1" | awk '$3 ~ /^trine_/ { print $3 }' | sort -u >"$exported"
"$2" names | sort -u >"$listed"
[ -s "$exported" ] || { echo "no names in $1"; exit 1; }
if ! diff "$exported" "$listed"; then
    echo "< exported, but not in tests/refusals/calls.c; > in calls.c, but not exported"
    exit 1
fi
