"""passing.py FOLDER [MPIRUN ...] - what drivers/passing promises: the same bits by every transport, bytes moved as each
transport implies, a sweep whose curves cross where it says, refusals."""
import math
import os
import re
import sys
import tempfile
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from transport_bench import MPI, OMP, digest, generated, refused, rows, run, tasks_run_on_ranks
from promises import check, conclude

N = 300000
LOCAL = ["shm", "inherit", "pipe", "file", "cma"]
SMALL = [f"--n={N}", "--repeat=3"]
CLEAR = 1.2


def the_same_bits_by_every_transport():
    with tempfile.TemporaryDirectory() as folder:
        right = digest(generated(folder, N, "i64"))
    for each in ("item", "worker"):
        found = rows("passing", *SMALL, "--team=pool:2", "--transport=each", f"--each={each}")
        check([(row["transport"], row["bits"]) for row in found] == [(t, right) for t in LOCAL], each, right, found)
    for team in ["serial"] + ["omp:2"] * OMP:
        found = rows("passing", *SMALL, f"--team={team}", "--transport=each")
        check([(row["transport"], row["bits"]) for row in found] == [("shm", right)], team, right, found)


def bytes_moved_are_what_the_transport_implies():
    size = N * 8
    for arguments, expected in (([], {"shm": 0, "inherit": 0, "pipe": size, "file": size, "cma": size}),
                                (["--place=private"], {"shm": size, "inherit": 0})):
        for row in rows("passing", *SMALL, "--team=pool:2", "--transport=each", *arguments):
            if row["transport"] in expected:
                check(row["numbers"]["moved_bytes"] == expected[row["transport"]], row["transport"], arguments, "moved",
                      row["numbers"]["moved_bytes"])


def crossings(curves):
    """(a, b, bytes) of every crossing: seconds against bytes, straight between points on logarithmic scales, once
    each curve has been ahead by CLEAR."""
    found, names = [], list(curves)
    for i, a in enumerate(names):
        for b in names[i + 1:]:
            sizes = sorted(curves[a])
            gap = [math.log(curves[a][size] / curves[b][size]) for size in sizes]
            ahead = [k for k in range(len(gap)) if abs(gap[k]) > math.log(CLEAR)]
            for k, m in zip(ahead, ahead[1:]):
                if gap[k] * gap[m] < 0:
                    last = max(j for j in range(k, m) if gap[j] * gap[k] > 0)
                    part = gap[last] / (gap[last] - gap[last + 1])
                    found.append((a, b, sizes[last] * (sizes[last + 1] / sizes[last]) ** part))
    return found


def table_of(text):
    """The printed sweep: {transport: {bytes: seconds}}; the printed crossings: (a, b, bytes)."""
    lines = text[text.index("seconds of one passing"):].splitlines()
    names, unit = lines[1].split()[1:], {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
    curves = {name: {} for name in names}
    for line in lines[2:]:
        words = line.split()
        if len(words) == 2 + len(names) and words[1] in unit:
            for name, value in zip(names, words[2:]):
                curves[name][float(words[0]) * unit[words[1]]] = float(value)
    shown = re.findall(r"(\w+) and (\w+) cross at [^(]*\((\d+) bytes\)", text)
    return curves, [(a, b, float(size)) for a, b, size in shown]


def a_sweep_shows_where_curves_cross():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "sweep.svg")
        done = run("passing", "--n=1000", "--team=pool:2", "--transport=each", "--sweep", "--most=4M", f"--plot={path}")
        check(done.returncode == 0, done.stdout[-600:], done.stderr[-600:])
        curves, shown = table_of(done.stdout)
        check(list(curves) == LOCAL and all(len(curve) == 7 for curve in curves.values()), "sizes and transports", curves)
        check(all(second > 0 for curve in curves.values() for second in curve.values()), "seconds", curves)
        check(curves["pipe"][4 << 20] > curves["pipe"][1 << 10], "a pipe takes longer for more", curves["pipe"])
        expected = crossings(curves)
        check(len(expected) == len(shown), "crossings", shown, "expected", expected)
        for a, b, size in expected:
            check(any({a, b} == {x, y} and abs(s / size - 1) < 0.02 for x, y, s in shown), a, b, "cross at", size, shown)
        drawing = xml.etree.ElementTree.parse(path).getroot()
        text = " ".join(drawing.itertext())
        check(drawing.tag.endswith("svg") and all(name in text for name in LOCAL), "the plot names the curves", text[:300])
        check(os.path.getsize(path) < 100000, "the plot is small", os.path.getsize(path))


def a_sweep_is_there_for_programs():
    found = rows("passing", "--n=1000", "--team=pool:2", "--transport=pipe", "--sweep", "--least=4K", "--most=64K")
    sizes = sorted(int(name[11:]) for name in found[0]["numbers"] if name.startswith("seconds_of_"))
    check(sizes == [4096, 16384, 65536], sizes)


def what_a_team_lacks_is_refused():
    refused("passing", 2, ["--journal"], *SMALL[:-1], "--repeat=1", "--team=serial", "--journal=/tmp/none")
    for team in ["serial"] + ["omp:2"] * OMP:
        for transport in LOCAL[1:]:
            refused("passing", 2, [transport, "shm"], *SMALL, f"--team={team}", f"--transport={transport}")
    refused("passing", 2, ["at least 1"], "--n=0", "--team=serial")
    refused("passing", 2, ["--least '1'"], "--sweep", "--least=1")
    refused("passing", 2, ["shared|private"], "--place=here")


def a_plot_that_cannot_be_written_fails():
    done = run("passing", "--n=1000", "--team=serial", "--sweep", "--most=4K", "--plot=/nowhere/sweep.svg")
    check(done.returncode == 2 and "/nowhere" in done.stderr, done.returncode, done.stderr)


def ranks_get_the_same_bits():
    one = rows("passing", *SMALL, "--team=pool:2", "--transport=shm")[0]["bits"]
    if not tasks_run_on_ranks():
        return
    found = rows("passing", *SMALL, "--team=mpi:2", "--transport=message")
    found += rows("passing", *SMALL, "--team=mpi:2", "--transport=window", "--each=worker")
    check([row["bits"] for row in found] == [one, one], found)


conclude([the_same_bits_by_every_transport, bytes_moved_are_what_the_transport_implies, a_sweep_shows_where_curves_cross,
          a_sweep_is_there_for_programs, what_a_team_lacks_is_refused, a_plot_that_cannot_be_written_fails]
         + [ranks_get_the_same_bits] * MPI)
