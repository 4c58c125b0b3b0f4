#!/usr/bin/env bash
# pkg_config.sh BUILD SOURCE CMAKE CC - what pkg-config says is what a program needs, and no more.
. "$(dirname "$0")/surroundings.sh" "$@"
command -v pkg-config >/dev/null || { echo "skipped: no pkg-config"; exit 77; }
install_into "$prefix"
# As after an installation by root: what is written on the way cannot be written to, though it can be removed.
for file in trine.pc trine-static.pc sum.sbatch; do
    [ ! -e "$build/$file" ] || ln -sf /proc/nowhere/file "$build/$file"
done
install_into "$prefix"
library=$(dirname "$(found libtrine.so)")
export PKG_CONFIG_PATH=$library/pkgconfig

for name in "trine" "--static trine" "trine-static" "--static trine-static"; do
    # An installed example links, too; whether it runs depends on the teams that were built.
    for file in "$(found own_reducer.c)" "$source/project/use.c"; do
        # Word splitting as in a makefile; quotes in the flags are the shell's to read.
        eval "'$CC' '$file' -o '$work/use' $(pkg-config --cflags --libs $name)" || fail "$file by pkg-config $name"
    done
    LD_LIBRARY_PATH="$library" "$work/use" || fail "the program linked by pkg-config $name"
done

words=$(pkg-config --libs trine | grep -o -- '-l[^ ]*')
[ "$words" = -ltrine ] || fail "--libs names more than trine: $words"
version=$(pkg-config --modversion trine)
grep -q "(trine VERSION $version " "$source/../../CMakeLists.txt" || fail "version $version"

# Where compiler and linker look by themselves; a package is made in a folder of its own.
for system in /usr /usr/local; do
    DESTDIR=$work/package quietly package "$cmake" --install "$build" --prefix $system || fail "DESTDIR"
    export PKG_CONFIG_PATH; PKG_CONFIG_PATH=$(dirname "$(find "$work/package$system" -name trine.pc)")
    said=$(pkg-config --cflags --libs trine | xargs)
    [ "$said" = -ltrine ] || fail "in $system: $said"
    said=$(pkg-config --static --cflags --libs trine | tr ' ' '\n' | grep '^-[IL]' | xargs || true)
    [ -z "$said" ] || fail "in $system, static: $said"
    ! grep -rlqF "$work" "$work/package$system" || fail "a package names the folder that it was made in"
    rm -rf "$work/package"
done
echo "pkg-config: as much as is needed, in /usr, /usr/local and elsewhere"
