"""drivers.py FOLDER QUITTER - drivers where the system has no thread left, and where a library ends
the process: the run has failed (3), and no result is called wrong (1).
"""
import json
import os
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from promises import check, conclude

folder, quitter = sys.argv[1:]
LIMIT = 4 << 30


def start(*command, limit=None, **settings):
    def lower():
        if limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return subprocess.run([os.path.join(folder, command[0]), *command[1:]], capture_output=True, text=True,
                          preexec_fn=lower, timeout=100, env={**os.environ, **settings})


def no_thread_left():
    for command in (("sum", "--team", "serial,omp:32", "--n", "1M"), ("fib", "--team", "omp:32", "--n", "90"),
                    ("make_npy", "--team", "omp:32", "--n", "1K", os.devnull)):
        if command[0] == "make_npy" and "--team" not in start("make_npy", "--help").stdout:
            continue
        ended = start(*command, limit=LIMIT, OMP_STACKSIZE="1G")
        check(ended.returncode == 3, command, "status", ended.returncode, ended.stderr)
        check("ulimit -v" in ended.stderr and "TRINE_E_MEMORY" in ended.stderr, command, ended.stderr)
    ended = start("sum", "--team", "serial,omp:32", "--n", "1M", "--json", limit=LIMIT, OMP_STACKSIZE="1G")
    run = json.loads(ended.stdout)
    check([row["verdict"] for row in run["rows"]] == ["right"], "the other team has its row", run)
    check([error["status"] for error in run["errors"]] == ["TRINE_E_MEMORY"], "the team that failed", run)


def a_library_ends_the_process():
    for command in (("sum", "--n", "1M"), ("sort", "--n", "1K"), ("times10", "--n", "1K"),
                    ("make_npy", "--n", "1K", "/dev/null")):
        ended = start(*command, LD_PRELOAD=quitter)
        check(ended.returncode == 3, command, "status", ended.returncode, ended.stderr)
        check("a library has ended this process" in ended.stderr, command, ended.stderr)
    ended = start("sum", "--n", "1M", "--json", LD_PRELOAD=quitter)
    check(ended.returncode == 3, "--json: status", ended.returncode)
    check(json.loads(ended.stdout)["error"]["exit_status"] == 3, "--json: an error", ended.stdout)


conclude([no_thread_left, a_library_ends_the_process])
