"""frame.py FOLDER [MPIRUN ...] - what drivers/frame promises: the same bits by every transport and on every team,
bytes moved as each transport implies, memory that shows what is shared and what is copied, refusals."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from transport_bench import MPI, OMP, digest, generated, refused, rows, run, tasks_run_on_ranks
from promises import check, conclude

ROWS, COLUMNS, ITEMS = 20000, 10, 12
BYTES = ROWS * COLUMNS * 8
SMALL = [f"--shape={ROWS}x{COLUMNS}", f"--items={ITEMS}", "--repeat=2"]
# Large against what a process has besides.
LARGE_BYTES = 96 << 20
LARGE = [f"--shape={LARGE_BYTES // 64}x8", "--items=4", "--repeat=1", "--team=pool:2"]
LOCAL = ["shm", "inherit", "pipe", "file", "cma"]


def the_same_bits_by_every_transport():
    with tempfile.TemporaryDirectory() as folder:
        right = digest(generated(folder, ROWS * COLUMNS, "f64"))
    for each in ("worker", "item"):
        found = rows("frame", *SMALL, "--team=pool:2", "--transport=each", f"--each={each}")
        check([row["transport"] for row in found] == LOCAL, "on a pool", each, [row["transport"] for row in found])
        for row in found:
            check(row["bits"] == right, row["transport"], each, "brings", row["bits"], "and not", right)
    for team in ["serial"] + ["omp:2"] * OMP:
        found = rows("frame", *SMALL, f"--team={team}", "--transport=each")
        check([(row["transport"], row["bits"]) for row in found] == [("shm", right)], team, found)
    found = rows("frame", *SMALL, "--team=pool:3", "--seed=7")
    check(found and found[0]["bits"] != right, "another seed, another array")


def bytes_moved_are_what_the_transport_implies():
    expected = {"worker": {"shm": 0, "inherit": 0, "pipe": 2 * BYTES, "file": BYTES, "cma": 2 * BYTES},
                "item": {"shm": 0, "inherit": 0, "pipe": ITEMS * BYTES, "file": BYTES, "cma": ITEMS * BYTES}}
    for each, moved in expected.items():
        found = rows("frame", *SMALL, "--team=pool:2", "--transport=each", f"--each={each}")
        for row in found:
            check(row["numbers"]["moved_bytes"] == moved[row["transport"]], row["transport"], each, "moved",
                  row["numbers"]["moved_bytes"], "bytes, expected", moved[row["transport"]])


def memory(row, when=""):
    """(rss, pss, uss) in bytes of each worker."""
    n = row["numbers"]
    return [tuple(n[f"{kind}{when}_{i}"] for kind in ("rss", "pss", "uss")) for i in range(int(n["workers_measured"]))]


def pss_tells_shared_memory_from_copies():
    for row in rows("frame", *LARGE, "--transport=each"):
        found = memory(row)
        check(len(found) == 2, row["transport"], found)
        for rss, pss, uss in found:
            check(rss >= LARGE_BYTES, row["transport"], "RSS counts all of the array in each worker", rss)
            check(uss <= pss <= rss, row["transport"], "USS <= PSS <= RSS", rss, pss, uss)
            if row["transport"] in ("pipe", "cma"):
                check(uss >= LARGE_BYTES, row["transport"], "a copy is the worker's alone", uss)
            else:
                check(pss < 0.6 * rss and uss < LARGE_BYTES / 2, row["transport"], "what is shared counts in part", rss, pss, uss)


def writing_copies_what_was_inherited_and_not_what_is_shared():
    for row in rows("frame", *LARGE, "--transport=shm", "--transport=inherit", "--transport=pipe", "--write=0.5"):
        if row["transport"] == "pipe":
            check("rss_written_0" not in row["numbers"], "pipe does not write", row["numbers"])
            continue
        written = row["numbers"]["written_bytes"]
        check(written == LARGE_BYTES / 2, "half of the array is written", written)
        for before, after in zip(memory(row), memory(row, "_written")):
            pss, uss = after[1] - before[1], after[2] - before[2]
            if row["transport"] == "inherit":
                check(uss >= 0.95 * written and pss > 0.4 * written, "inherited pages are copied", before, after)
            else:
                check(abs(uss) < 0.1 * written and abs(pss) < 0.1 * written, "shared pages are not", before, after)


def what_a_team_lacks_is_refused():
    refused("frame", 2, ["--journal"], *SMALL[:-1], "--repeat=1", "--team=serial", "--journal=/tmp/none")
    for team in ["serial"] + ["omp:2"] * OMP:
        for transport in LOCAL[1:]:
            refused("frame", 2, [transport, "shm"], *SMALL, f"--team={team}", f"--transport={transport}")
    for transport in ("message", "window"):
        refused("frame", 2, [transport], *SMALL, "--team=pool:2", f"--transport={transport}")
    refused("frame", 2, ["--shape '5'"], "--shape=5")
    refused("frame", 2, ["--items 7", "at most 6"], "--shape=5x2", "--items=7")
    refused("frame", 2, ["64 bits"], "--shape=1000000000000x1000000000000")
    refused("frame", 2, ["--write '2'"], "--write=2")
    refused("frame", 2, ["worker|item"], "--each=row")
    refused("frame", 2, ["--transport 'mail'", "inherit"], "--transport=mail")


def people_are_shown_memory():
    done = run("frame", *SMALL, "--team=pool:2", "--transport=inherit", "--write=1")
    lines = done.stdout[done.stdout.index("RSS, PSS, USS"):].splitlines()[2:] if done.returncode == 0 else []
    check([re.search(r"(\d): +[\d.]+ +[\d.]+ +[\d.]+ +then ", line)[1] for line in lines] == ["0", "1"],
          "one line a worker", done.returncode, done.stdout, done.stderr)
    found = rows("frame", "--shape=1x1", "--items=2", "--team=pool:2", "--transport=each")
    check(len(found) == len(LOCAL), "an array of one element", len(found))


def ranks_get_the_same_bits():
    one = rows("frame", *SMALL, "--team=pool:2", "--transport=shm")[0]["bits"]
    if not tasks_run_on_ranks():
        return
    for each in ("worker", "item"):
        found = rows("frame", *SMALL, "--team=mpi:3", "--transport=message", f"--each={each}")
        check([row["bits"] for row in found] == [one], each, found)
    found = rows("frame", *SMALL, "--team=mpi:3", "--transport=message", "--transport=window", "--transport=shm")
    check([row["bits"] for row in found] == [one] * 3, found)
    moved = {row["transport"]: row["numbers"]["moved_bytes"] for row in found}
    check(moved["message"] == 2 * BYTES, "a message to each other rank", moved)
    refused("frame", 2, ["message or window"], *SMALL, "--team=mpi:2", "--transport=pipe")


conclude([the_same_bits_by_every_transport, bytes_moved_are_what_the_transport_implies,
          pss_tells_shared_memory_from_copies, writing_copies_what_was_inherited_and_not_what_is_shared,
          what_a_team_lacks_is_refused, people_are_shown_memory] + [ranks_get_the_same_bits] * MPI)
