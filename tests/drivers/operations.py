"""operations.py FOLDER [MPIRUN ...] - the drivers that are more than one sum: every method on every team is
right and the same, what they print can be read by programs, bad options are refused."""
import json
import os
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from promises import check, conclude

folder, mpirun = sys.argv[1], " ".join(sys.argv[2:])
os.environ.update(OMP_WAIT_POLICY="passive", OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
VERSION = subprocess.run([os.path.join(folder, "sum"), "--version"], capture_output=True, text=True).stdout
TEAMS = ["serial", "pool:2"] + (["omp:2"] if ", omp" in VERSION else []) + (["mpi:3"] if mpirun else [])


def run(driver, *arguments, teams=()):
    command = [os.path.join(folder, driver), *arguments, *(f"--team={team}" for team in teams)]
    return subprocess.run(command, capture_output=True, text=True, timeout=250)


def every_method_is_right_on_every_team():
    cases = [("dot", "--n=100001"), ("dot", "--n=100001", "--dtype=f32"), ("dot", "--n=9001", "--dtype=i8"),
             ("reduce", "--n=100001"), ("reduce", "--n=50001", "--dtype=f32"),
             ("stats", "--shape=9000x10", "--axis=0"), ("stats", "--shape=300x500", "--axis=1"), ("stats", "--n=70000"),
             ("stats", "--n=70000", "--dtype=i16"), ("histogram", "--n=100001"),
             ("histogram", "--n=100001", "--dtype=u8", "--low=10", "--high=99.5", "--bins=7"),
             ("quantile", "--n=100001"), ("quantile", "--n=5000", "--dtype=i8", "--q=0.1,0.99"),
             ("top", "--n=100001"), ("top", "--n=50001", "--dtype=u8", "--k=3000"),
             ("map", "--n=50001"), ("map", "--n=50001", "--dtype=f32"), ("scan", "--n=100001"),
             ("scan", "--n=50001", "--dtype=f32"), ("sort", "--n=200001"), ("sort", "--n=200001", "--dtype=u16"),
             ("sort", "--shape=9000x10", "--axis=0"), ("sort", "--shape=301x517", "--flat"),
             ("transpose", "--shape=301x517"), ("transpose", "--shape=1x5000", "--dtype=u8"),
             ("gemm", "--shape=200x200"), ("jacobi", "--shape=100x130", "--sweeps=9")]
    for driver, *arguments in cases:
        several = driver in ("dot", "reduce", "map", "scan", "quantile", "top") and "--dtype=i8" not in arguments
        done = run(driver, *arguments, *(["--mode=each"] if several else []), "--json", teams=TEAMS)
        check(done.returncode == 0, driver, arguments, "ended with", done.returncode, done.stdout[-600:], done.stderr[-600:])
        if done.returncode:
            continue
        rows = json.loads(done.stdout)["rows"]
        check(len({row["team"] for row in rows}) == len(TEAMS), driver, arguments, "ran", len(rows), "rows")
        for row in rows:
            check(row["verdict"] == "right" and row["agrees"], driver, arguments, row["mode"], row["team"], row["verdict"])


def refused_options_say_what_was_expected():
    for driver, argument, words in (
            ("transpose", "--shape=10", "ROWSxCOLUMNS"), ("transpose", "--shape=0x5", "from 1"),
            ("transpose", "--shape=3x4x5", "ROWSxCOLUMNS"), ("stats", "--axis=32", "from -32 to 31"),
            ("stats", "--axis=1.5", "whole number"), ("histogram", "--bins=0", "from 1"),
            ("histogram", "--low=abc", "a number from"), ("quantile", "--q=0.5,1.5", "from 0 to 1"),
            ("quantile", "--q=", "from 0 to 1"), ("quantile", "--mode=median", "hazen"), ("top", "--k=0", "from 1"),
            ("reduce", "--mode=nothing", "argmin"), ("map", "--mode=nothing", "exp"),
            ("sort", "--stream", "memory"), ("sort", "--axis=32", "from -32 to 31"), ("jacobi", "--sweeps=few", "whole number")):
        done = run(driver, argument)
        check(done.returncode == 2 and words in done.stderr, driver, argument, done.returncode, done.stderr)
    done = run("histogram", "--low=1", "--high=0", "--n=10")
    check(done.returncode == 2 and "lower one first" in done.stderr, "limits in the wrong order", done.stderr)
    done = run("gemm", "--shape=3x4")
    check(done.returncode == 2 and "3 x 4" in done.stderr, "a product of shapes that do not fit", done.returncode, done.stderr)
    for driver, *more in (("map", "--mode=exp"), ("gemm",), ("jacobi",)):
        done = run(driver, "--dtype=i8", "--shape=8x8", *more)
        check(done.returncode == 2 and "i8" in done.stderr, driver, "of integers", done.returncode, done.stderr)


# harness/data/digest.c: the sum of a mix of each element's bits and index.
def digest(array):
    flat = numpy.ascontiguousarray(array).reshape(-1)
    bits = flat.view(f"u{flat.itemsize}").astype("u8")
    z = bits + numpy.arange(flat.size, dtype="u8") * numpy.uint64(0x9e3779b97f4a7c15)
    z = (z ^ z >> numpy.uint64(30)) * numpy.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ z >> numpy.uint64(27)) * numpy.uint64(0x94d049bb133111eb)
    return int((z ^ z >> numpy.uint64(31)).sum(dtype="u8"))


def made(generator, shape, kind):
    if kind != "f8":
        return numpy.array(generator.integers(-9, 9, shape), kind)
    array = generator.normal(size=shape)
    array[generator.random(shape) < 0.1] = numpy.nan
    return array


def sort_is_numpys_along_every_axis():
    generator = numpy.random.default_rng(33)
    # Ranks, which take a second to start, sort what several of them hold.
    cases = [((4001,), "f8", ["", "--axis=0"]), ((11, 800), "f8", ["", "--axis=0", "--flat"]),
             ((9001, 3), "i2", ["--axis=0", "--axis=1"]), ((500, 9, 11), "f8", ["--axis=0", "--axis=1", "--axis=-1", "--flat"]),
             ((5, 130, 7), "i1", ["", "--axis=1"]), ((3000, 1), "f8", [""]), ((0, 5), "f8", ["", "--axis=0"]), ((5, 0), "i2", ["--axis=-1"]),
             ((3, 0, 4), "f8", ["--axis=1", "--flat"]), ((), "i2", [""])]
    with tempfile.TemporaryDirectory() as here:
        path = os.path.join(here, "x.npy")
        for number, (shape, kind, several) in enumerate(cases):
            array = made(generator, shape, kind)
            numpy.save(path, numpy.asfortranarray(array) if number % 2 else array)
            teams = ["serial", "pool:2"] + (["mpi:2"] if mpirun and array.size > 40000 else [])
            for option in several:
                axis = None if option == "--flat" or not shape else int(option.partition("=")[2] or -1)
                right = digest(numpy.sort(array, axis=axis))
                done = run("sort", path, *option.split(), "--repeat=1", "--json", teams=teams)
                rows = json.loads(done.stdout)["rows"] if done.returncode == 0 else []
                check(len(rows) == len(teams), "sort of", shape, kind, option, done.returncode, done.stderr)
                for row in rows:
                    check(row["verdict"] == "right" and int(row["value"]) == right, "sort of", shape, kind, option, row["team"],
                          row["verdict"], row["value"])


def sort_refuses_an_axis_that_is_not_there():
    for team in ["serial", "pool:2"]:
        for options, words in ((("--axis=1",), "--axis 1: the array has 1 axis"), (("--axis=-2",), "--axis -2: the array has 1 axis"),
                               (("--shape=3x4", "--axis=2"), "--axis 2: the array has 2 axes"),
                               (("--axis=0", "--flat"), "--axis and --flat: expected one of them")):
            done = run("sort", "--n=10", *options, teams=[team])
            check(done.returncode == 2 and words in done.stderr, "sort", options, team, done.returncode, done.stderr)
    done = run("sort", "--n=10", "--axis=1", teams=TEAMS[-1:])
    check(done.returncode == 2 and done.stderr.count("the array has 1 axis") == 1, "sort", TEAMS[-1], done.returncode, done.stderr)


def help_names_every_method():
    for driver, words in (("reduce", ["argmin", "nrm2_fast", "kurtosis"]), ("dot", ["wmean", "corr"]),
                          ("scan", ["cumsum", "cummax"]), ("map", ["tanh", "axpby"]), ("stats", ["--axis"]), ("sort", ["--axis", "--flat"])):
        text = run(driver, "--help").stdout
        check(all(word in text for word in words), driver, "--help lacks one of", words)


conclude((every_method_is_right_on_every_team, refused_options_say_what_was_expected, sort_is_numpys_along_every_axis,
          sort_refuses_an_axis_that_is_not_there, help_names_every_method))
