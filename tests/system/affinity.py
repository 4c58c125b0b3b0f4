"""affinity.py FOLDER LIBRARY MPIRUN... - teams have the CPUs of the process, whatever the environment tells OpenMP.

Programs linked to the static and to the shared library (FOLDER has them), and python with LIBRARY loaded by ctypes, run
under the settings that clusters make, each with and without a real binding to one CPU; what they say is compared with
what they say without the settings. MPIRUN is the launcher and its flags, left out without MPI."""
import json
import os
import re
import subprocess
import sys

FOLDER, LIBRARY, *MPIRUN = sys.argv[1:]
STATIC, SHARED = (os.path.join(FOLDER, "test_system_where_" + kind) for kind in ("static", "shared"))
CPUS = sorted(os.sched_getaffinity(0))
FIRST, LAST = CPUS[0], CPUS[-1]
KEPT = {k: v for k, v in os.environ.items() if not re.match("(G?OMP|KMP|TRINE)_(?!WAIT)", k)}
RUNTIME = next((word for word in subprocess.run(["ldd", LIBRARY], capture_output=True, text=True).stdout.split()
                if re.match(r"/.*/lib(gomp|i?omp5?)\b", word)), None)
failures = passed = 0

PYTHON = """
import ctypes as c, json, os, sys
caller = os.sched_getaffinity(0)
if sys.argv[2]:
    c.CDLL(sys.argv[2])
lib = c.CDLL(sys.argv[1])
lib.trine_init()
try:
    import numpy
except ImportError:
    pass
lib.trine_team_spec.restype = lib.trine_team_note.restype = lib.trine_error_detail.restype = c.c_char_p
lib.trine_team_worker_pid.restype = c.c_int64
bits = lambda cpus: sum(1 << i for i in cpus)
for spec in sys.argv[3:]:
    team = c.c_void_p()
    if lib.trine_team_open(spec.encode(), c.byref(team)):
        sys.exit(lib.trine_error_detail().decode())
    workers = lib.trine_team_workers(team)
    last = lib.trine_team_worker_pid(team, workers - 1)
    print(json.dumps({"spec": lib.trine_team_spec(team).decode(), "cpus": lib.trine_cpus(), "workers": workers,
                      "caller": bits(caller), "forked": bits(os.sched_getaffinity(last)) if last != os.getpid() else 0,
                      "note": (lib.trine_team_note(team) or b"").decode()}))
    lib.trine_team_close(team)
"""
KINDS = {"static": [STATIC], "shared": [SHARED], "ctypes": [sys.executable, "-c", PYTHON, LIBRARY, ""]}
if RUNTIME:
    KINDS["ctypes, OpenMP loaded first"] = [sys.executable, "-c", PYTHON, LIBRARY, RUNTIME]
SPECS = ["omp", "pool", "pool:3"] if RUNTIME else ["pool", "pool:3"]
# The runtime that comes first leaves its places alone to know the mask from; all CPUs of the machine are known still.
WHOLE = len(CPUS) == os.cpu_count()


def look(command, specs, *, prefix=(), **settings):
    done = subprocess.run([*prefix, *command, *specs], capture_output=True, text=True, timeout=120, env={**KEPT, **settings})
    if done.returncode:
        check(f"{command[0]} runs with {settings}", False, done.stderr)
        return []
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(promise, holds, shown=""):
    global failures, passed
    passed += bool(holds)
    failures += not holds
    if not holds:
        print(f"FAILED: {promise}\n{shown}")


def same_cpus(what, got, base):
    """Everything but how OpenMP bound the caller is as without the settings."""
    for g, b in zip(got, base, strict=True):
        for key in ("spec", "cpus", "workers", "forked", "note"):
            check(f"{what}: {key} of {b['spec']} is {b[key]!r}", g[key] == b[key], g)
        if b["spec"].startswith("omp") and "worked" in b:
            check(f"{what}: every thread of {b['spec']} works", g["worked"] == g["workers"], g)
            check(f"{what}: the threads of {b['spec']} have all CPUs together", g["together"] == b["together"], g)


BINDINGS = [{"OMP_PROC_BIND": "true"}, {"OMP_PROC_BIND": "close"}, {"OMP_PROC_BIND": "spread"}, {"OMP_PLACES": "threads"},
            {"OMP_PROC_BIND": "close", "OMP_PLACES": "cores"}, {"GOMP_CPU_AFFINITY": " ".join(map(str, CPUS))},
            {"KMP_AFFINITY": "compact"}, {"OMP_PROC_BIND": "false"}]
for kind, command in KINDS.items():
    # Python and numpy take their time to start.
    bindings = BINDINGS[::4] if kind.startswith("ctypes") else BINDINGS
    for prefix in ((), ("taskset", "-c", str(LAST)), *[("taskset", "-c", f"{FIRST},{LAST}")] * (len(CPUS) > 2)):
        base = look(command, SPECS, prefix=prefix)
        for settings in bindings:
            # libgomp binds to the CPUs named here also where a launcher has taken them away.
            if prefix and "GOMP_CPU_AFFINITY" in settings:
                continue
            same_cpus(f"{kind}, {settings} {prefix}", look(command, SPECS, prefix=prefix, **settings), base)

    if not kind.startswith("ctypes"):
        for prefix in ((), ("taskset", "-c", str(LAST))):
            forked = ["pool:3,transport=inherit"]
            [base], [got] = (look(command, forked, prefix=prefix, **settings) for settings in ({}, {"OMP_PROC_BIND": "true"}))
            check(f"{kind} {prefix}: workers that are forked from a bound caller have all CPUs",
                  got["together"] == got["most"] == base["together"], got)

    # Places of fewer CPUs bind OpenMP's threads alone.
    base = look(command, SPECS)
    for settings in ({"OMP_PLACES": f"{{{FIRST}}}"}, {"GOMP_CPU_AFFINITY": str(FIRST)}) if WHOLE else ():
        got = look(command, SPECS, **settings)
        same_cpus(f"{kind}, {settings}", got[-2:], base[-2:])
        if RUNTIME and base[0]["cpus"] > 1:
            check(f"{kind}, {settings}: omp has a thread for each CPU of the places, and says why",
                  got[0]["spec"] == "omp:1" and "=".join(*settings.items()) in got[0]["note"] and
                  f"1 of the {base[0]['cpus']} CPUs" in got[0]["note"], got[0])

    # What names a CPU that taskset has taken away does not give it back to the pool.
    if len(CPUS) > 1 and not kind.startswith("ctypes,"):
        for settings in ({"GOMP_CPU_AFFINITY": str(FIRST)}, {"OMP_PLACES": f"{{{FIRST}}}"}):
            got = look(command, ["pool", "pool:2"], prefix=("taskset", "-c", str(LAST)), **settings)
            check(f"{kind}, {settings}: one CPU under taskset", got[0]["cpus"] == 1 and got[0]["workers"] == 1, got)
            check(f"{kind}, {settings}: forked workers stay under taskset", got[1]["forked"] == 1 << LAST, got)

if MPIRUN:
    binding = "core" if len(CPUS) > 1 else "none"
    launched = [*(word for word in MPIRUN if word not in ("--bind-to", "none")), "--bind-to", binding, "-n", "2"]
    by_caller = lambda rows: sorted(rows, key=lambda row: (row["spec"], row["forked"], row["together"]))
    base = by_caller(look([SHARED], SPECS, prefix=launched))
    for settings in ({"OMP_PROC_BIND": "true"}, {"OMP_PLACES": "cores"}):
        same_cpus(f"mpirun, {settings}", by_caller(look([SHARED], SPECS, prefix=launched, **settings)), base)
    if len(CPUS) > 1:
        check("the launcher is named where it bound the ranks", all(
            "if the launcher bound it there, mpirun --bind-to none" in row["note"]
            for row in base if row["spec"] == "pool:3" and row["cpus"] < 2), base)

if len(CPUS) > 1:
    row = look([STATIC], ["pool:3"], prefix=("taskset", "-c", str(LAST)))[0]
    check("without a launcher none is blamed", "launcher" not in row["note"] and "share 1 CPU," in row["note"] and
          f"1 of the machine's {os.cpu_count()} (taskset" in row["note"], row)

if RUNTIME:
    cpus = look([STATIC], ["omp"])[0]["cpus"]
    more, few = 2 * cpus + 1, max(1, cpus - 1)
    for value, workers in ((f"{more}", more), (f" {more} , 2", more), ("1", 1)):
        row, pool = look([STATIC], ["omp", "pool"], OMP_NUM_THREADS=value)
        check(f"OMP_NUM_THREADS={value!r} is the default of omp", row["workers"] == row["worked"] == workers, row)
        check(f"OMP_NUM_THREADS={value!r} is not that of pool", pool["workers"] == cpus, pool)
        check(f"OMP_NUM_THREADS={value!r}: the note says who asked for more than there are",
              (f"{more} workers (OMP_NUM_THREADS={value}) share {cpus} CPU" in row["note"]) == (workers > cpus), row)
    # libomp does not survive most of these, or makes a count of them.
    for value in ("0", "-2", f"{more}x", "many", "", f"{more},", "99999999") if "libgomp" in RUNTIME else ():
        row = look([STATIC], ["omp"], OMP_NUM_THREADS=value)[0]
        check(f"OMP_NUM_THREADS={value!r} counts as none", row["workers"] == cpus, row)
    row = look([STATIC], ["omp:2"], OMP_NUM_THREADS="5")[0]
    check("a count in the spec comes before OMP_NUM_THREADS", row["workers"] == row["worked"] == 2, row)

    row = look([STATIC], ["omp:8"], OMP_THREAD_LIMIT="3")[0]
    check("OMP_THREAD_LIMIT: as many workers as really work", row["workers"] == row["worked"] == 3, row)
    check("OMP_THREAD_LIMIT: the note names it and the remedy",
          "omp:8: OMP_THREAD_LIMIT=3: 3 of the 8 threads asked for work; raise it" in row["note"], row)
    check("OMP_THREAD_LIMIT: the spec is what was asked for", row["spec"] == "omp:8", row)
    row = look([STATIC], ["omp:8"], OMP_DYNAMIC="true")[0]
    check("OMP_DYNAMIC: as many workers as really work", row["workers"] == row["worked"], row)
    check("OMP_DYNAMIC: the note names it where fewer work",
          ("OMP_DYNAMIC=true: " in row["note"]) == (row["workers"] < 8), row)
    # libgomp gives no more threads than CPUs.
    check("OMP_DYNAMIC: fewer work", row["workers"] <= cpus or "libgomp" not in RUNTIME, row)

    if MPIRUN:
        rows = look([STATIC], ["omp"], prefix=[*MPIRUN, "-n", "2"], OMP_NUM_THREADS=str(more))
        check("OMP_NUM_THREADS is each rank's default", [row["workers"] for row in rows] == [more, more], rows)
        rows = look([STATIC], ["mpi+omp"], prefix=[*MPIRUN, "-n", "2"], OMP_NUM_THREADS=str(more))
        check("OMP_NUM_THREADS of ranks that share CPUs counts", [row["workers"] for row in rows] == [more, more], rows)
        node = f"2 ranks of {more} workers (OMP_NUM_THREADS={more}) share the {os.cpu_count()} CPU"
        check("the note says that the ranks are too many together", not WHOLE or all(node in row["note"] for row in rows), rows)
        rows = look([STATIC], ["mpi+omp:1"], prefix=[*MPIRUN, "-n", "2"], OMP_PROC_BIND="true")
        same = "the threads of all 2 ranks are bound to the same CPUs (OMP_PROC_BIND=true)"
        check("the note says that ranks are bound to the same CPUs", not WHOLE or len(CPUS) < 2 or
              all(same in row["note"] for row in rows), rows)

print(f"{passed} passed, {failures} failed")
sys.exit(failures != 0)
