"""planted.py - the fuzzer finds what is planted into answers: of each subject a bit in the results of serial, and the
last bit of one element on another team or rank; a status, a lost environment, a death."""
import os
import secrets
import sys
import tempfile
import zlib

import numpy as np

import fuzz
from subject import SUBJECTS

CASES = 40
failures = promises = 0


def check(holds, *about):
    global promises, failures
    promises += 1
    if not holds:
        failures += 1
        print("FAILED:", *about)


def found(fuzzer, subject, number, plan, plant):
    """What the fuzzer says of a case with and without the error; None where the case is none to plant an error in."""
    case = subject.make(np.random.default_rng([fuzzer.given.seed, zlib.crc32(subject.name.encode()), number]))
    fuzzer.plant = None
    if fuzzer.examine(subject, case, plan):
        return None
    fuzzer.plant = plant
    return fuzzer.examine(subject, case, plan) or False


def is_found(fuzzer, subject, plan, plant, wanted=""):
    for number in range(CASES):
        said = found(fuzzer, subject, number, plan, plant)
        if said and wanted in said[1]:
            return True
    return False


def each_subject_sees_errors(fuzzer):
    for subject in fuzzer.available():
        if not subject.run:
            check(is_found(fuzzer, subject, [], ("serial", "bits")), "bits of", subject.name)
            check(is_found(fuzzer, subject, [("main", "omp:2", "default")], ("omp:2", "bit"), "other bits"),
                  "one bit on omp:2 of", subject.name)


def other_errors_are_seen(fuzzer):
    subject, plan = SUBJECTS["sum"], [("main", "pool:2", "default")]
    check(is_found(fuzzer, subject, plan, ("pool:2", "environment"), "not restored"), "an environment")
    check(is_found(fuzzer, subject, plan, ("pool:2", "status"), "status"), "a status")
    check(is_found(fuzzer, subject, plan, ("pool:2", "death"), "SIGFPE"), "a death")
    if "mpi" in fuzzer.peers:
        plan = [("mpi", "mpi", "default")]
        check(is_found(fuzzer, subject, plan, ("mpi", "bit"), "bits") or fuzzer.peers["mpi"].absent, "one bit on ranks")


def verdicts_of_drivers_are_seen(fuzzer):
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRINE_DRIVERS"] = folder
        path = os.path.join(folder, "stats")
        with open(path, "w") as file:
            file.write("#!/bin/sh\nexit 1\n")
        os.chmod(path, 0o755)
        subject, fuzzer.plant = SUBJECTS["driver_stats"], None
        said = fuzzer.examine(subject, subject.make(np.random.default_rng(1)), [])
        check(said and "wrong" in said[1], "a verdict")


def unjudged_kernels_are_named(fuzzer):
    inventory, fuzzer.inventory = fuzzer.inventory, {"reducers": {"sum": [], "new": []}, "maps": ["new"]}
    check(list(fuzzer.lacking()) == ["reducer new", "map new"], "kernels that nothing judges")
    fuzzer.inventory = inventory


def main():
    sys.argv[1:] = ["--without", "isa,environments"] + sys.argv[1:]
    given = fuzz.options()
    os.environ["TRINE_LIBRARY"], os.environ["TRINE_DRIVERS"] = os.path.abspath(given.library), given.drivers
    given.seed = secrets.randbelow(10**9) if given.seed is None else given.seed
    fuzzer = fuzz.Fuzzer(given)
    try:
        for test in (each_subject_sees_errors, other_errors_are_seen, unjudged_kernels_are_named,
                     verdicts_of_drivers_are_seen):
            before = promises
            test(fuzzer)
            print(f"{test.__name__}: {promises - before} promises", flush=True)
    finally:
        fuzzer.close()
    print(f"{promises} promises, {failures} failed")
    sys.exit(failures != 0)


main()
