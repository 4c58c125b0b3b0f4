"""sum.py SUM MAKE_NPY WRONG MPIRUN - what drivers/sum promises at the command line: the same bits on
every team, exit statuses, messages, and forms of output. MPIRUN is empty without MPI."""
import csv
import io
import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile

SUM, MAKE_NPY, WRONG, MPIRUN = sys.argv[1:5]
failures = passed = 0
OMP = "omp" in subprocess.run([SUM, "--version"], capture_output=True, text=True).stdout


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **more)


def check(promise, holds, shown=""):
    global failures, passed
    if holds:
        passed += 1
    else:
        failures += 1
        print(f"FAILED: {promise}\n{shown}")


def refused(promise, status, says, *command, **more):
    done = run(*command, **more)
    shown = f"exit {done.returncode}: {done.stderr}{done.stdout}"
    check(promise, done.returncode == status and says in done.stderr + done.stdout, shown)


def rows(*options, **more):
    done = run(SUM, "--json", *options, **more)
    check(f"{options} runs", done.returncode == 0, done.stderr)
    return json.loads(done.stdout)["rows"] if done.returncode == 0 else []


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "x.npy")
    done = run(MAKE_NPY, "--n", "300001", path)
    check("make_npy writes a file", done.returncode == 0 and os.path.getsize(path) == 128 + 8 * 300001, done.stderr)

    teams = ["serial", "pool:2", "pool:5"] + (["omp:2", "omp:5"] if OMP else [])
    teams += (["mpi:2", "mpi:2+pool:2"] if MPIRUN else []) + (["mpi:3+omp:2"] if MPIRUN and OMP else [])
    options = [word for team in teams for word in ("--team", team)]
    for source in ([path], ["--n", "300001"], ["--stream", path], ["--schedule=dynamic", path]):
        got = rows("--mode=all", *options, *source)
        for mode in ("exact", "compensated", "fast"):
            bits = {row["bits"] for row in got if row["mode"] == mode}
            check(f"all teams agree on {mode} of {source}", len(bits) == 1, bits)
        check("every row is verified", all(row["verdict"] == "right" and row["agrees"] for row in got))
        check("every team has its rows", len(got) == 3 * len(teams), len(got))
    bits = {row["bits"] for row in rows(path)} | {row["bits"] for row in rows("--n", "300001")}
    check("a file made by make_npy holds what --n generates", len(bits) == 1, bits)

    got = rows("--n=300001", *["--team=omp:2"] * OMP, "--team=pool:2", "--transport=each")
    check("what cannot be staged once threads were started is left out of each",
          {"shm", "pipe", "file", "cma"} <= {row["transport"] for row in got if row["team"] == "pool:2"} and
          len({row["bits"] for row in got}) == 1, got)

    row = rows("--team", "pool:3", path)[0]
    parts = row["ledger"]
    total = sum(parts[k] for k in ("transfer_in", "dispatch", "compute", "wait", "combine", "transfer_out", "other"))
    check("the ledger adds up to the wall time", abs(total - parts["wall"]) < 1e-9, parts)
    check("every worker has its share", [w["worker"] for w in row["shares"]] == [0, 1, 2])

    done = run(SUM, "--csv", "--team=serial", "--team=pool:2", path)
    table = list(csv.DictReader(io.StringIO(done.stdout)))
    check("CSV says what JSON says", [r["bits"] for r in table] == [row["bits"]] * 2, done.stdout)
    check("every CSV field has a name", all(None not in r and None not in r.values() for r in table), done.stdout)
    odd = os.path.join(os.fsencode(folder), b'a,"b\xff.npy')
    os.symlink(path, odd)
    check("JSON takes a file name that is not UTF-8", [r["bits"] for r in rows(odd)] == [row["bits"]])
    done = subprocess.run([SUM, "--csv", odd], stdout=subprocess.PIPE, timeout=60)
    table = list(csv.DictReader(io.StringIO(done.stdout.decode("latin-1"))))
    check("CSV quotes the file's name",
          [(r["data"].endswith('a,"b\xff.npy'), r["bits"]) for r in table] == [(True, row["bits"])], done.stdout)
    done = run(SUM, "--team=serial", "--team=pool:2", path)
    check("the table shows bits and agreement",
          done.stdout.count(row["bits"]) == 2 and "agree, bit for bit" in done.stdout, done.stdout)

    done = run("taskset", "-c", str(min(os.sched_getaffinity(0))), SUM, "--team=serial", path)
    check("one CPU is 1 CPU", "; 1 CPU; read bandwidth" in done.stdout, done.stdout)
    if OMP:
        row = rows("--team=omp:3", path, env={**os.environ, "OMP_THREAD_LIMIT": "1"})[0]
        check("the row counts the threads that work, and the note says why they are few",
              row["workers"] == 1 and "OMP_THREAD_LIMIT=1: 1 of the 3 threads" in row["note"], row)

    with open(path, "rb") as file:
        check("standard input is summed", rows("--team=pool:2", "-", stdin=file)[0]["bits"] == row["bits"])
    cat = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
    check("a pipe is summed", rows("--team=pool:2", "--stream", "-", stdin=cat.stdout)[0]["bits"] == row["bits"])
    cat.stdout.close()
    cat.wait()

    reader, writer = os.pipe()
    cat = subprocess.Popen(["cat", path], stdout=writer)
    os.close(writer)
    check("a pipe that is named is read once, and verified",
          [(r["bits"], r["verdict"]) for r in rows("--mode=all", f"/dev/fd/{reader}", pass_fds=[reader])][:1]
          == [(row["bits"], "right")])
    os.close(reader)
    cat.wait()

    def little_memory():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    large, header = os.path.join(folder, "large.npy"), "{'descr':'<f8','fortran_order':False,'shape':(%d,)}" % (1 << 28)
    with open(large, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00\x76\x00" + header.ljust(117).encode() + b"\n")
        file.truncate(128 + (8 << 28))
    if run(SUM, "--n=1000", preexec_fn=little_memory).returncode == 0:
        for team in ("serial", "pool:2"):
            got = rows(f"--team={team}", "--repeat=1", large, preexec_fn=little_memory)
            check(f"{team} reads in chunks a file that does not fit in memory",
                  [(r["value"], r["verdict"]) for r in got] == [("0", "right")], got)
    os.remove(large)

    for dtype in ("f32", "i64", "i32", "u64", "u32", "i16", "u16", "i8", "u8"):
        got = rows("--dtype", dtype, "--n=100003", "--mode=all", "--team=serial", "--team=pool:3")
        check(f"{dtype} is summed and verified", all(r["verdict"] == "right" and r["agrees"] for r in got), got)
    for dtype, each in (("f64", "0.5"), ("f32", "1"), ("i8", "-3"), ("u16", "60000")):
        got = rows("--fill", each, "--dtype", dtype, "--n=100003", "--team=serial", "--team=pool:3")
        check(f"elements of {dtype} that all are {each}", [(float(r["value"]), r["verdict"]) for r in got]
              == [(100003 * float(each), "right")] * 2, got)
    check("an empty array sums to 0", rows("--n=0")[0]["value"] == "0")

    refused("a wrong result exits with 1", 1, "WRONG", WRONG, "--n=1000")
    refused("what was expected is printed", 1, "exact on serial: got 500.7", WRONG, "--team=serial", "--n=1000")
    check("a right one of that driver with 0", run(WRONG, "--n=1000", "--dtype=i32").returncode == 0)
    check("--verify=none does not ask", run(WRONG, "--n=1000", "--verify=none").returncode == 0)

    refused("a bad team is refused", 2, "nearest good spec is 'omp:2'", SUM, "--team", "opm:2", path)
    refused("a missing file is named", 2, "nowhere.npy", SUM, os.path.join(folder, "nowhere.npy"))
    refused("a bad number is refused", 2, "--n '1.5'", SUM, "--n", "1.5")
    refused("a negative number is refused", 2, "--n '-3'", SUM, "--n=-3")
    refused("a bad dtype is refused", 2, "--dtype 'f16'", SUM, "--dtype=f16")
    refused("a bad mode is refused", 2, "exact, compensated, fast, each", SUM, "--mode=best")
    refused("a bad schedule is refused", 2, "static or dynamic", SUM, "--schedule=guided")
    refused("an element that its type lacks is refused", 2, "u8 has no such number", SUM, "--fill=256", "--dtype=u8")
    refused("half an integer is refused", 2, "i64 has no such number", SUM, "--fill=0.5", "--dtype=i64")
    refused("a file is not filled", 2, "the file has its elements", SUM, "--fill=1", path)
    refused("no repetition is refused", 2, "--repeat '0'", SUM, "--repeat=0")
    refused("an unknown option is refused", 2, "unrecognized option", SUM, "--tem", "omp")
    refused("two files are refused", 2, "one FILE", SUM, path, path)
    refused("a file and --n are refused", 2, "FILE", SUM, "--n=5", path)
    refused("standard input read in chunks in two modes is refused", 2, "one --mode", SUM, "--mode=all", "--stream", "-")
    refused("--stream without a file is refused", 2, "--stream reads a file", SUM, "--stream", "--n=5")
    refused("more ranks than can be are refused, not started", 2, "is no count", SUM, "--team=mpi:99999999999", path)
    refused("standard input for two teams is refused", 2, "read once", SUM, "--team=serial", "--team=pool", "-")
    with open(path, "r+b") as file:
        file.truncate(200000)
    refused("a truncated file is named, with the byte", 2, "ends at byte 200000", SUM, path)
    with open("/dev/full", "w") as full:
        done = subprocess.run([SUM, "--n=1000"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    check("a full disk exits with 3", done.returncode == 3 and "writing" in done.stderr, done.stderr)
    refused("--help shows the modes", 0, "exact (default)", SUM, "--help")
    refused("--version names the library", 0, "trine ", SUM, "--version")

    if MPIRUN:
        mpirun = shlex.split(MPIRUN)
        run(MAKE_NPY, "--n", "300001", path)
        done = run(*mpirun, "-n", "3", SUM, "--json", path)
        check("mpirun -n 3 sum FILE prints once, the same bits",
              done.returncode == 0 and [r["bits"] for r in json.loads(done.stdout)["rows"]] == [row["bits"]],
              done.stdout + done.stderr)
        # Open MPI 5 leaves files of a process that starts MPI without a launcher.
        alone = dict(os.environ, TMPDIR=folder, OMPI_MCA_btl_sm_backing_directory=folder)
        check("ranks are started though MPI runs here already",
              {r["bits"] for r in rows("--team=mpi", "--team=mpi:2", path, env=alone)} == {row["bits"]})
        shares = rows("--team=mpi:2+pool:2", path)[0]["shares"]
        check("workers of ranks that were started have their shares", [w["worker"] for w in shares] == [0, 1], shares)
        refused("standard input is refused to several ranks", 2, "a team of one rank", SUM, "--team=mpi:2", "-")
        check("ranks that were started are given the elements too",
              [r["value"] for r in rows("--fill=2", "--n=1000", "--team=mpi:2")] == ["2000"])
        check("$TRINE_TEAM starts itself too",
              rows(path, env=dict(os.environ, TRINE_TEAM="mpi:2"))[0]["team"] == "mpi:2")
        refused("$TRINE_TEAM without mpi under a launcher is refused", 2, "--team mpi+serial",
                *mpirun, "-n", "2", SUM, path, env=dict(os.environ, TRINE_TEAM="serial"))
        done = run(*mpirun, "-n", "3", SUM, "--n=1.5")
        check("ranks complain with one voice", done.stderr.count("--n '1.5'") == 1, done.stderr)
        done = run(*mpirun, "-n", "3", SUM, "nowhere.npy")
        check("also of a missing file", done.stderr.count("nowhere.npy") == 1, done.stderr)
        refused("an mpirun that is not there is named", 3, "nonesuch cannot be started",
                SUM, "--team=mpi:2", path, env=dict(os.environ, TRINE_MPIRUN="nonesuch"))
        refused("an mpirun that fails is named", 3, "false ended with status 1",
                SUM, "--team=mpi:2", path, env=dict(os.environ, TRINE_MPIRUN="false"))
        refused("a team without mpi under a launcher is refused", 2, "--team mpi+serial",
                *mpirun, "-n", "2", SUM, "--team=serial", path)
        refused("another number of ranks than launched is refused", 2, "mpirun -n 5",
                *mpirun, "-n", "2", SUM, "--team=mpi:5", path)
        with open(path, "r+b") as file:
            file.truncate(200000)
        refused("a truncated file is an error on all ranks", 2, "ends at byte 200000", *mpirun, "-n", "3", SUM, path)
        refused("and with ranks that the driver starts", 2, "ends at byte 200000", SUM, "--team=mpi:3", path)

print(f"{passed} promises kept, {failures} broken")
sys.exit(failures != 0)
