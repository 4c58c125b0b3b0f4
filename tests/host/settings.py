"""settings.py - whatever the environment tells OpenMP, a team has the bits of serial, or opening it is
an error that says why; nothing hangs, and no process is ended.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from promises import check, conclude

PROGRAM = """
import ctypes as c, os
lib = c.CDLL(os.environ["TRINE_LIBRARY"])
lib.trine_error_detail.restype = c.c_char_p
N = 1 << 17
data = (c.c_double * N)(*(0.1 * i for i in range(N)))
def total(spec):
    team, x, y = c.c_void_p(), c.c_void_p(), c.c_double()
    if lib.trine_team_open(spec, c.byref(team)):
        return "refused: " + lib.trine_error_detail().decode()
    assert lib.trine_array_wrap(team, 1, data, c.c_int64(N), c.byref(x)) == 0
    for _ in range(3):
        assert lib.trine_sum_f64(x, 2, c.byref(y)) == 0, lib.trine_error_detail()
    lib.trine_array_free(x)
    assert lib.trine_team_close(team) == 0
    return y.value.hex()
expected = total(b"serial")
for spec in (b"omp:4", b"omp"):
    got = total(spec)
    print("right" if got == expected else got)
"""
KEPT = {k: v for k, v in os.environ.items() if not re.match("(G?OMP|KMP|TRINE)_(?!WAIT|LIBRARY)", k)}
# Values that are none are ignored by the runtimes, or read in part.
SETTINGS = {
    "OMP_NUM_THREADS": ("1", "3", "5,2", " 2 ", "0", "-1", "many", "", " ", "4,", "99999999", "2147483647", "99999999999"),
    "OMP_THREAD_LIMIT": ("1", "2", "0", "-1", "few"),
    "OMP_DYNAMIC": ("true", "1", "maybe"),
    "OMP_NESTED": ("true", "false", "maybe"),
    "OMP_MAX_ACTIVE_LEVELS": ("0", "1", "9", "-1"),
    "OMP_PROC_BIND": ("true", "false", "close", "spread", "master", "spread,close", "maybe"),
    "OMP_PLACES": ("threads", "cores", "sockets", "{0}", "{0},{0}", "{9999}", "nowhere"),
    "OMP_CANCELLATION": ("true", "maybe"),
    "OMP_SCHEDULE": ("static", "guided,7", "never"),
    "OMP_STACKSIZE": ("1", "16K", "64K", "255K", "1M", "64M", "0", "-1", "large"),
    "OMP_WAIT_POLICY": ("active", "passive", "maybe"),
    "OMP_DISPLAY_ENV": ("true", "verbose"),
    "GOMP_CPU_AFFINITY": ("0", "0-1", "9999", "nowhere"),
    "GOMP_SPINCOUNT": ("0", "infinity", "maybe"),
    "GOMP_STACKSIZE": ("32", "16K"),
    "KMP_AFFINITY": ("compact", "disabled", "nowhere"),
    "KMP_BLOCKTIME": ("0", "infinite", "maybe"),
    "KMP_STACKSIZE": ("64K", "1M"),
    "KMP_ALL_THREADS": ("1", "2"),
    "KMP_DEVICE_THREAD_LIMIT": ("1", "2"),
    "KMP_LIBRARY": ("serial", "turnaround", "throughput"),
    "KMP_HOT_TEAMS_MODE": ("0", "1"),
}


def run(name, value):
    settings = f"{name}={value!r}"
    try:
        ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=100,
                               env={**KEPT, name: value})
    except subprocess.TimeoutExpired:
        check(False, settings, "hangs")
        return
    check(ended.returncode == 0, settings, "status", ended.returncode, ended.stderr[-300:])
    said = [line for line in ended.stdout.splitlines() if line == "right" or line.startswith("refused: ")]
    check(len(said) == 2, settings, ended.stdout)
    for line in said:
        check(line == "right" or name in line, settings, line)


def every_setting():
    for name, values in SETTINGS.items():
        for value in values:
            run(name, value)


conclude([every_setting])
