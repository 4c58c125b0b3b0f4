"""options.py FOLDER [MPIRUN ...] - what drivers take and answer: sizes, lists of teams, --help with its
examples, errors as JSON, rows without a value."""
import json
import os
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from promises import check, conclude

folder, mpirun = os.path.abspath(sys.argv[1]), sys.argv[2:]
os.environ.update(OMP_WAIT_POLICY="passive", OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
VERSION = subprocess.run([os.path.join(folder, "sum"), "--version"], capture_output=True, text=True).stdout
OMP = ", omp" in VERSION
DRIVERS = [name for name in ("sum dot reduce stats histogram quantile top map scan sort transpose jacobi gemm forktrap times10 fib "
                             "bound counter make_npy frame passing etl").split() if os.path.exists(os.path.join(folder, name))]


def run(driver, *arguments, **more):
    return subprocess.run([os.path.join(folder, driver), *arguments], capture_output=True, text=True, timeout=120, **more)


def elements(*arguments):
    done = run("sum", "--team=serial", "--repeat=1", "--json", *arguments)
    check(done.returncode == 0, arguments, done.returncode, done.stderr)
    return json.loads(done.stdout).get("n")


def sizes_have_units_and_what_was_taken_is_shown():
    for text, n in (("1.5K", 1536), ("64KiB", 65536), ("64kB", 64000), ("1e5", 100000), ("2.5e4", 25000), ("1M", 1 << 20),
                    ("1MB", 1000000), ("1m", 1 << 20)):
        check(elements(f"--n={text}") == n, text, n)
    done = run("sum", "--team=serial", "--repeat=1", "--n=2.5e4")
    check(": 25000 elements of f64, " in done.stdout, done.stdout)
    done = run("transpose", "--team=serial", "--repeat=1", "--json", "--shape=1kBx1.5K")
    check(done.returncode == 0 and json.loads(done.stdout)["n"] == 1000 * 1536, done.stdout, done.stderr)
    for driver, option in (("sum", "--n"), ("make_npy", "--n"), ("sum", "--seed"), ("histogram", "--bins"), ("times10", "--n"),
                           ("passing", "--most"), ("jacobi", "--sweeps"), ("times10", "--window")):
        for text in ("-1", "1.5", "2e99", "3Q", "1gb", ""):
            done = run(driver, f"{option}={text}", *["x.npy"] * (driver == "make_npy"))
            check(done.returncode == 2 and f"{option} '{text}': expected a whole number" in done.stderr and
                  "powers of 1024, kB MB GB TB of 1000" in done.stderr, driver, option, text, done.returncode, done.stderr)
    done = run("sum", "--help")
    check("powers of 1024" in " ".join(done.stdout.split()), done.stdout)


def several_teams_stand_in_one_option():
    done = run("sum", "--json", "--n=1K", "--repeat=1", "--team", "serial,pool:2,spin=5,heap=64M,pool:1", "--team=serial")
    check(done.returncode == 0, done.stderr)
    check([row["team"] for row in json.loads(done.stdout)["rows"]] == ["serial", "pool:2", "pool:1", "serial"], done.stdout)
    if mpirun and OMP:
        done = run("sum", "--json", "--n=1K", "--repeat=1", "--team", "serial,omp:2,pool:2,mpi:2")
        check([row["team"] for row in json.loads(done.stdout)["rows"]] == ["serial", "omp:2", "pool:2", "mpi:2"], done.stderr)
    for text in ("serial,", ",serial", "serial,,pool", ""):
        done = run("sum", f"--team={text}")
        check(done.returncode == 2 and "as serial,omp,pool:4" in done.stderr, text, done.returncode, done.stderr)
    done = run("sum", "--n=1K", "--team=opm:2,serial")
    check(done.returncode == 2 and "nearest good spec is 'omp:2'" in done.stderr, done.returncode, done.stderr)
    done = run("sum", "--n=1K", env=dict(os.environ, TRINE_TEAM="serial,pool"))
    check(done.returncode == 2 and "a spec names one team" in done.stderr, "$TRINE_TEAM is one", done.stderr)


def examples_of(driver):
    text = run(driver, "--help").stdout
    return [line.strip() for line in text.partition("\nExamples, from the build folder:\n")[2].splitlines()]


def can_run(example):
    return (mpirun or "mpi" not in example) and (OMP or "omp" not in example)


def the_examples_of_every_driver_work():
    with tempfile.TemporaryDirectory() as place:
        os.symlink(folder, os.path.join(place, "drivers"))
        run("make_npy", "--n=256K", os.path.join(place, "FILE.npy"))
        for driver in DRIVERS:
            examples = examples_of(driver)
            check(len(examples) == 3, driver, examples)
            check(all(f"drivers/{driver} " in example + " " for example in examples), driver, examples)
            for example in filter(can_run, examples):
                command = example.replace("mpirun", shlex.join(mpirun), 1) if example.startswith("mpirun") else example
                done = subprocess.run(command, shell=True, cwd=place, capture_output=True, text=True, timeout=120)
                absent = done.returncode == 2 and "TRINE_E_ABSENT" in done.stderr
                check(done.returncode == 0 or absent, example, "ended with", done.returncode, done.stderr)


def help_is_there_by_every_name():
    for driver in DRIVERS:
        texts = [run(driver, word).stdout for word in ("--help", "-h", "-?")]
        check(texts[0].startswith("Usage: ") and len(set(texts)) == 1, driver, "-h is not --help")
        check("Exit status: 0 " in " ".join(texts[0].split()), driver, "does not say what its exit statuses mean")
        done = run(driver, "-h", stdin=subprocess.DEVNULL)
        check(done.returncode == 0 and not done.stderr, driver, done.stderr)
    check(run("sum", "--usage").stdout.startswith("Usage: sum [-") and run("sum", "-V").stdout == VERSION, "--usage, -V")
    if mpirun:
        done = subprocess.run([*mpirun, "-n", "3", os.path.join(folder, "sum"), "--help"], capture_output=True, text=True)
        check(done.returncode == 0 and done.stdout.count("Usage: ") == 1, "ranks help with one voice", done.stdout)


def a_run_that_fails_is_an_error_in_json():
    cases = [("sum", ["/nowhere.npy"], 2, "TRINE_E_IO", "/nowhere.npy: No such file"),
             ("sum", [__file__], 2, "TRINE_E_FORMAT", "no .npy file: text"),
             ("sum", ["--n=1.5"], 2, "TRINE_E_ARGUMENT", "--n '1.5'"),
             ("sum", ["--team=opm"], 2, "TRINE_E_SPEC", "nearest good spec is 'omp'"),
             ("sum", ["--stream"], 2, "TRINE_E_ARGUMENT", "--stream reads a file"),
             ("sum", ["--nonesuch"], 2, "TRINE_E_ARGUMENT", "stderr says which"),
             ("transpose", ["/nowhere.npy"], 2, "TRINE_E_IO", "/nowhere.npy: No such file"),
             ("times10", ["--journal=/nowhere/j", "--n=10"], 2, "TRINE_E_IO", "/nowhere/j"),
             ("times10", ["--timeline=/nowhere/t.svg", "--n=10"], 2, "TRINE_E_ARGUMENT", "/nowhere/t.svg")]
    if mpirun:
        cases.append(("sum", ["--team=mpi:2", "/nowhere.npy"], 2, "TRINE_E_IO", "/nowhere.npy: No such file"))
    for driver, arguments, status, name, words in cases:
        done = run(driver, "--json", *arguments)
        check(done.returncode == status and done.stderr, driver, arguments, done.returncode, done.stderr)
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            check(False, driver, arguments, "printed", done.stdout)
            continue
        error = answer.get("error", {})
        check(answer.get("schema") == 3 and answer.get("driver") == driver and answer.get("rows") == [] and
              error.get("status") == name and words in error.get("message", "") and error.get("exit_status") == status,
              driver, arguments, answer)
        done = run(driver, "--csv", *arguments)
        check(done.returncode == status and done.stderr and done.stdout == "", driver, "--csv", arguments, done.stdout)
    check(run("sum", "--json", "-h").stdout == run("sum", "-h").stdout, "help is no error")


def a_row_without_a_value_exits_with_3():
    cases = [("reduce", ["--mode=ptp", "--dtype=i16", "--n=100K"], "overflow"),
             ("reduce", ["--mode=min", "--n=0"], "empty"), ("reduce", ["--mode=var", "--n=3", "--ddof=3"], "empty"),
             ("sum", ["--dtype=i64", "--fill=9007199254740992", "--n=2000"], "overflow")]
    for driver, arguments, word in cases:
        done = run(driver, "--team=serial,pool:2", "--repeat=2", *arguments)
        check(done.returncode == 3 and done.stdout.count(f"{word} (right)") == 2 and "have no value" in done.stdout,
              driver, arguments, done.returncode, done.stdout, done.stderr)
        done = run(driver, "--team=serial", "--repeat=1", "--json", *arguments)
        row = json.loads(done.stdout)["rows"][0]
        check(done.returncode == 3 and row["status"] == f"TRINE_E_{word.upper()}" and row["verdict"] == "right" and
              row["value"] is None and row["bits"] is None, driver, arguments, done.returncode, row)
        done = run(driver, "--team=serial", "--repeat=1", "--csv", *arguments)
        check(done.returncode == 3 and f"TRINE_E_{word.upper()}" in done.stdout, driver, arguments, done.stdout)
    done = run("reduce", "--mode=each", "--n=0", "--team=serial", "--repeat=1", "--json")
    rows = {row["mode"]: row["status"] for row in json.loads(done.stdout)["rows"]}
    check(done.returncode == 3 and rows["sum"] == "TRINE_OK" and rows["min"] == "TRINE_E_EMPTY", "other modes have theirs", rows)
    if mpirun:
        done = run("reduce", "--mode=ptp", "--dtype=i16", "--n=100K", "--team=serial,mpi:2", "--repeat=1")
        check(done.returncode == 3 and done.stdout.count("overflow (right)") == 2, done.returncode, done.stdout, done.stderr)


conclude((sizes_have_units_and_what_was_taken_is_shown, several_teams_stand_in_one_option, help_is_there_by_every_name,
             the_examples_of_every_driver_work, a_run_that_fails_is_an_error_in_json, a_row_without_a_value_exits_with_3))
