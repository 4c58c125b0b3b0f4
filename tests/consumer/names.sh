#!/usr/bin/env bash
# names.sh BUILD SOURCE CMAKE CC - the names that both libraries give to a program are trine's own, so a
# program may use any others.
. "$(dirname "$0")/surroundings.sh" "$@"
for library in libtrine.a libtrine.so; do
    dynamic=
    [ $library = libtrine.a ] || dynamic=-D
    names=$(nm $dynamic -g --defined-only "$build/$library" 2>/dev/null | awk 'NF == 3 && $2 != "A" {print $3}')
    [ "$(grep -c '^trine_' <<<"$names")" -gt 100 ] || fail "$library: nm shows no names"
    foreign=$(grep -v '^trine_' <<<"$names" | xargs || true)
    [ -z "$foreign" ] || fail "$library has names without trine_: $foreign"
done
install_into "$prefix"
quietly names "$cmake" -S "$source/project" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" \
    -DLANGUAGES=C -DSOURCE=names.c || fail "find_package(trine)"
quietly names "$cmake" --build "$work/build" || fail "a program with names of its own does not link"
for program in "$work/build"/use_C_{trine,shared,static}; do
    "$program" || fail "$program: its names are not its own"
done
echo "all names begin with trine_"
