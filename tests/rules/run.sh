#!/usr/bin/env bash
# run.sh SOURCE - what must hold for the text of the source: who may include what, and a few habits.
set -uo pipefail
cd "$1" || exit 2
failed=0

# none RULE LINES: the lines that break a rule, if any.
none() {
    [ -z "$2" ] && return
    printf 'FAILED: %s\n%s\n' "$1" "$2"
    failed=1
}

# includes FILES...: "file:line: included".
includes() { grep -nHoE '^ *# *include *[<"][^>"]+[>"]' "$@" | sed -E 's/# *include *[<"]([^>"]+)[>"]/ \1/'; }

# files_of FOLDER...: their C files.
files_of() { find "$@" -name '*.[ch]' | sort; }
core=$(files_of core) kernels=$(files_of kernels) backends=$(files_of backends) io=$(files_of io) drivers=$(files_of drivers)

foreign='omp\.h|mpi\.h|mpfr\.h|jansson\.h|cblas\.h|sched\.h'
none "a file begins with its path and what it is" \
    "$(for file in $core $kernels $backends $io $drivers; do
         head -1 "$file" | grep -qF "/* $file - " || echo "$file"; done)"
none "kernels see types.h, kernel.h and each other (table.c: core/system/error.h, environment.h)" \
    "$(includes $kernels | grep -E ' (trine|core|backends|io|drivers)/|'"$foreign" |
       grep -vE ' trine/(types|kernel|list)\.h$|^kernels/registry/table\.c:.* core/system/(error|environment)\.h$')"
none "only kernels/map/sleef.h includes sleef.h" \
    "$(includes $core $backends $kernels $io include/trine/*.h $drivers | grep ' sleef\.h$' |
       grep -v '^kernels/map/sleef\.h:')"
none "core includes no foreign library, backend, io, or kernel (params.h, grids.h, interpolate.h; sorts, quantiles, top: radix.h, weight_sums.h)" \
    "$(includes $core | grep -E ' (omp|mpi)\.h$| trine/mpi\.h| (backends|kernels|io|drivers)/' |
       grep -vE ' kernels/(reduce/interpolate|registry/(grids|params))\.h$|^core/(sort|reduce)/(sort[a-z_]*|[a-z_]*quantile|top)\.c:.* kernels/(sort/radix|exact/weight_sums)\.h$')"
none "the library asks the environment by core/system/environment.h alone, which a set-uid program's user does not reach" \
    "$(grep -nE '\bgetenv *\(' $core $backends $kernels $io | grep -v '^core/system/environment\.h:')"
none "core forks nothing" "$(grep -nE '\b(v?fork|clone|posix_spawn)[a-z]* *\(' $core)"
none "core knows no MPI by #ifdef" "$(grep -nE '^ *# *if.*MPI' $core)"
none "backends include no kernels, io or drivers" "$(includes $backends | grep -E ' (kernels|io|drivers)/')"
none "only omp*.c includes omp.h" "$(includes $backends | grep ' omp\.h$' | grep -v '^backends/executors/omp[a-z_]*\.c:')"
none "only backends/mpi and trine/mpi.h include mpi.h" \
    "$(includes $core $backends $io $kernels include/trine/*.h $drivers | grep ' mpi\.h$' |
       grep -vE '^(backends/mpi/[a-z_]*\.[ch]|include/trine/mpi\.h):')"
none "io includes core and io" "$(includes $io | grep -E ' (backends|kernels|drivers)/| (omp|mpi)\.h$')"
none "drivers see the public headers, the harness and core/output/output.h, which sees no more of core than it needs" \
    "$(includes $drivers | grep -E ' (core|backends|kernels|io)/| trine/mpi\.h' |
       grep -v ' core/output/output\.h$'
       includes $(files_of core/output) | grep -E ' (trine|core)/' |
       grep -vE ' core/(output/output|output/output_part|system/above_standard)\.h$')"

sources=$(git ls-files '*.c' '*.h' '*.cpp' 2>/dev/null)
[ -n "$sources" ] || sources=$(find core backends kernels io drivers include tests bench examples -name '*.[ch]')
none "no tabs" "$(grep -nP '\t' $sources)"
none "no open ends" "$(grep -nwE 'TO''DO|FIX''ME|XX''X' $sources)"
none "every folder has a README" \
    "$(for folder in include kernels core backends io drivers tests bench scripts cmake docs examples slurm; do
         [ -f $folder/README.md ] || echo $folder; done)"

# docs/words.md says what is said instead.
old='monoid|scanner|trine_carr(y|ier)|recut|trine_(layout|walk|mesh|frame|runs?|stream|board|letter|agent|deal|engine|crew|trip)s?(_|\b)'
old+='|past_cache|natural_(round|root|quotient|from)|servant|zygote|unchain|(item|result)_most|\b(journey|tally|bury)'
old+='|trine_task_lane|progress\.lanes|(\b|_)[Rr]ooms?(\b|_)|trine_array_first|trine_whole\b|(min|max)_whole\b|chunk(->|\.)first\b'
old+='|TRINE_SCAN_STREAM|trine_reduce_stream|may_stream|\btrips?\b|(job|control)->runs\b|\bwork\.runs\b|POOL_RUN_|RUNS_PER_WORKER|failed_run|runs of chunks'
old+='|TRINE_(MPI_)?BOARD|JOURNEY|OWN_DEALT|LETTER_BYTES'
none "code and pages say the words of docs/words.md" \
    "$(grep -nE "$old" $sources $(git ls-files '*.py' '*.md' 2>/dev/null | grep -vE '^(CHANGELOG|docs/stability)\.md$'))"

# words TEXT: its words, sorted.
words() { tr -s ' \n' '\n' <<<"$1" | sort -u; }
# shellcheck disable=SC2016
installed=$(bash -c 'set -euo pipefail; source scripts/common.sh
    name() { [ "$1" = bench ] || echo "$3"; }
    each_need name')
written=$(awk '/^Debian packages, for everything: /,/\.$/' README.md | sed 's/^.*everything: //; s/\.$//')
none "README names the packages that scripts/demo and scripts/test install" \
    "$(diff <(words "$installed") <(words "$written"))"

# Each public header stands alone, in C and C++.
mpi=$(command -v mpicc >/dev/null && mpicc -E -xc -include mpi.h - </dev/null >/dev/null 2>&1 && echo yes)
for header in include/trine/*.h; do
    cc=cc cxx=c++
    if [ "$(basename "$header")" = mpi.h ]; then
        [ "$mpi" = yes ] || continue
        cc=mpicc cxx=mpicxx
    fi
    flags="-Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude"
    none "$header compiles alone as C11" "$(echo "#include \"$PWD/$header\"" >"/tmp/header.$$.c" &&
        $cc -std=c11 $flags "/tmp/header.$$.c" 2>&1)"
    command -v $cxx >/dev/null || continue
    none "$header compiles alone as C++17" "$(cp "/tmp/header.$$.c" "/tmp/header.$$.cpp" &&
        $cxx -std=c++17 $flags -Wno-cast-function-type "/tmp/header.$$.cpp" 2>&1)"
done
rm -f "/tmp/header.$$.c" "/tmp/header.$$.cpp"
[ $failed = 0 ] && echo "all rules hold"
exit $failed
