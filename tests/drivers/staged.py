"""staged.py FOLDER [MPIRUN ...] - what --transport promises of drivers whose arrays it brings: the same bits as where
nothing is brought, on several ranks by message and by window, bytes moved that are those of the arrays, refusals."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from transport_bench import MPI, OMP, refused, rows, run
from promises import check, conclude

BETWEEN = ["message", "window"]
# Driver, its arguments, the bytes of all its inputs and of what goes back.
CASES = [("sum", ["--n=0"], 0, 0), ("sum", ["--n=1", "--dtype=i8"], 1, 0), ("sum", ["--n=1000003", "--mode=each"], 8000024, 0),
         ("sum", ["--n=1000003", "--dtype=f32"], 4000012, 0), ("sum", ["--n=100001", "--dtype=u16"], 200002, 0),
         ("reduce", ["--n=100001", "--mode=max", "--mode=argmin", "--mode=mean"], 800008, 0),
         ("dot", ["--n=100001", "--mode=dot", "--mode=corr"], 1600016, 0), ("histogram", ["--n=100001"], 800008, 0),
         ("quantile", ["--n=100001"], 800008, 0), ("stats", ["--n=100001", "--dtype=i16"], 200002, 0),
         ("stats", ["--shape=9000x11", "--axis=0"], 792000, 0), ("stats", ["--shape=300x500", "--axis=1"], 1200000, 0),
         ("map", ["--n=100001", "--mode=axpy"], 1600016, 800008), ("map", ["--shape=700x300", "--dtype=f32"], 1680000, 840000)]


def ranks_have_the_bits_of_one():
    for driver, arguments, brought, back in CASES:
        teams = ["serial", "mpi:3+omp:2" if OMP and driver in ("reduce", "map") else "mpi:2"]
        found = rows(driver, *arguments, *(f"--team={team}" for team in teams), "--transport=each", "--repeat=2")
        by_team = [(row["team"], row["transport"]) for row in found if row["mode"] == found[0]["mode"]]
        check(by_team == [("serial", "shm")] + [(team, t) for team in teams[1:] for t in BETWEEN], driver, arguments, by_team)
        for row in found:
            if row["transport"] in BETWEEN:
                check(row["ledger"]["moved"] == brought + back, driver, arguments, row["team"], row["transport"], "moved",
                      row["ledger"]["moved"], "bytes, expected", brought + back)


def seconds_add_up():
    for row in rows("map", "--n=2000000", "--mode=add", "--team=mpi:2", "--transport=each"):
        ledger = row["ledger"]
        parts = sum(ledger[name] for name in ("transfer_in", "dispatch", "compute", "wait", "combine", "transfer_out", "other"))
        check(abs(parts - ledger["wall"]) < 1e-6 and ledger["transfer_in"] > 0 and ledger["transfer_out"] > 0, ledger)


def processes_of_a_pool_get_messages():
    found = rows("sum", "--n=100001", "--team=serial", "--team=mpi:2+pool:2", "--transport=each")
    check([row["transport"] for row in found] == ["shm", "message"], found)
    refused("sum", 2, ["window", "forked"], "--n=100001", "--team=mpi:2+pool:2", "--transport=window")


def what_is_no_way_between_ranks_is_refused():
    for driver, refusals in (("sum", ("shm", "inherit", "pipe", "file", "cma")), ("map", ("shm", "pipe"))):
        for transport in refusals:
            refused(driver, 2, [transport, "message or window"], "--n=1000", "--team=mpi:2", f"--transport={transport}")
        for transport in BETWEEN:
            refused(driver, 2, [transport, "between ranks"], "--n=1000", "--team=serial", f"--transport={transport}")


def help_names_them():
    for driver in ("sum", "map", "histogram"):
        done = run(driver, "--help", env={**os.environ, "ARGP_HELP_FMT": "rmargin=200"})
        check("message or window" in " ".join(done.stdout.split()), driver, done.stdout)


conclude([help_names_them] + [ranks_have_the_bits_of_one, seconds_add_up, processes_of_a_pool_get_messages,
                              what_is_no_way_between_ranks_is_refused] * MPI)
