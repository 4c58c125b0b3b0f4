"""shortage.py PROGRAM TEAM... - memory that runs short is TRINE_E_MEMORY, for small arrays and large ones, on every team: no program
is killed for it (shortage.c)."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from limited import memory_group
from promises import check, conclude

PROGRAM = os.path.abspath(sys.argv[1])
MIB = 1 << 20
LIMIT = 128 * MIB
TEAMS = sys.argv[2:]
SIZES = [64 << 10, MIB, 3 * MIB, 5 * MIB, 40 * MIB]


def arrays_until(words, team, size, least):
    done = subprocess.run([*words, PROGRAM, team, str(size), str(least)], capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, team, "with arrays of", size, "bytes ended with", done.returncode, done.stdout, done.stderr[-500:])


def a_control_groups_limit_is_an_error():
    with memory_group(LIMIT) as words:
        if words:
            for team in TEAMS:
                for size in SIZES:
                    arrays_until(words, team, size, LIMIT // 2 - size)
        else:
            print("left out: no control group can be made here")


def a_limit_of_addresses_is_an_error():
    for team in TEAMS[:2]:
        for size in (MIB, 40 * MIB):
            arrays_until(["sh", "-c", 'ulimit -v 400000 && exec "$@"', "sh"], team, size, 50 * MIB)


with open(PROGRAM, "rb") as program:
    text = program.read()
# A sanitizer keeps what is freed, and has terabytes of addresses of its own.
if b"__asan_init" in text or b"__tsan_init" in text:
    print("left out: the program has a sanitizer")
    sys.exit(77)
conclude([a_control_groups_limit_is_an_error, a_limit_of_addresses_is_an_error])
