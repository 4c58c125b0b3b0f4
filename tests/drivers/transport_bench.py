"""transport_bench.py - what the tests of frame and passing share: running drivers, and the digest of
an array's bits, by numpy."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from promises import check

try:
    import numpy
except ImportError:
    print("numpy is missing (python3-numpy): what the drivers generate is not judged")
    sys.exit(77)

FOLDER, MPIRUN = sys.argv[1], " ".join(sys.argv[2:])
os.environ.update(OMP_WAIT_POLICY="passive", OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
os.environ.pop("TRINE_TEAM", None)
VERSION = subprocess.run([os.path.join(FOLDER, "sum"), "--version"], capture_output=True, text=True).stdout
OMP, MPI = ", omp" in VERSION, bool(MPIRUN)


def run(driver, *arguments, **more):
    return subprocess.run([os.path.join(FOLDER, driver), *arguments], capture_output=True, text=True, timeout=120, **more)


def rows(driver, *arguments):
    """The rows of a run that must be right, each with its figures as a dict under "numbers"."""
    done = run(driver, "--json", *arguments)
    check(done.returncode == 0, driver, arguments, "ended with", done.returncode, done.stdout[-600:], done.stderr[-600:])
    found = json.loads(done.stdout)["rows"] if done.returncode == 0 else []
    for row in found:
        check(row["verdict"] == "right" and row["agrees"], driver, arguments, row["transport"], row["verdict"])
    return found


def refused(driver, status, words, *arguments):
    done = run(driver, *arguments)
    check(done.returncode == status and all(word in done.stderr for word in words), driver, arguments, "ended with",
          done.returncode, "and said:", done.stderr, "expected:", status, words)


def tasks_run_on_ranks():
    """Whether this library's tasks have several ranks; else it says so."""
    done = run("passing", "--n=100", "--repeat=1", "--team=mpi:2", "--transport=shm")
    one = done.returncode == 2 and "tasks need a team of one rank" in done.stderr
    if one:
        print("tasks on several ranks are absent: not judged")
    return not one


def digest(words, zeroed=0):
    """A sum over a mix of each word and its index (splitmix64's finaliser), modulo 2^64."""
    z = words.view(numpy.uint64).ravel().copy()
    z[:zeroed] = 0
    with numpy.errstate(over="ignore"):
        z += numpy.arange(z.size, dtype=numpy.uint64) * numpy.uint64(0x9e3779b97f4a7c15)
        z = (z ^ z >> numpy.uint64(30)) * numpy.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ z >> numpy.uint64(27)) * numpy.uint64(0x94d049bb133111eb)
        return f"{int((z ^ z >> numpy.uint64(31)).sum(dtype=numpy.uint64)):016x}"


def generated(folder, n, dtype):
    """The array that the drivers generate, by way of a file."""
    path = os.path.join(folder, "generated.npy")
    done = run("make_npy", "--n", str(n), "--dtype", dtype, path)
    check(done.returncode == 0, "make_npy", done.stderr)
    return numpy.load(path)
