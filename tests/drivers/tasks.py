"""tasks.py SQUARES [MPIRUN ...] - what the harness promises of drivers whose work is tasks: rows, who ran what,
timelines, progress at a terminal, journals that a killed run goes on with, refusals. MPIRUN is empty without MPI."""
import atexit
import csv
import fcntl
import io
import json
import os
import pty
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from processes import kill_all, marked, until
from promises import check, conclude

SQUARES, mpirun = sys.argv[1], sys.argv[2:]
os.environ.update(OMP_WAIT_POLICY="passive", OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
VERSION = subprocess.run([SQUARES, "--version"], capture_output=True, text=True).stdout
LOCAL = ["serial", "pool:2"] + (["omp:2"] if ", omp" in VERSION else [])
TEAMS = LOCAL + (["mpi:2"] if mpirun else [])
MPICH = "MPICH" in VERSION
GNUPLOT = subprocess.run(["sh", "-c", "command -v gnuplot"], capture_output=True).returncode == 0
folder = tempfile.mkdtemp(prefix="trine-tasks-")
atexit.register(shutil.rmtree, folder, ignore_errors=True)


def run(*arguments, **more):
    return subprocess.run([SQUARES, *arguments], capture_output=True, text=True, timeout=120, **more)


def rows(*arguments):
    done = run("--json", *arguments)
    check(done.returncode == 0, arguments, "ended with", done.returncode, done.stderr, done.stdout[-400:])
    return json.loads(done.stdout)["rows"] if done.returncode == 0 else []


def path(name):
    return os.path.join(folder, name)


def every_team_has_the_row_of_its_tasks():
    for options in ([], ["--chunk=7"], ["--window=3"], ["--order=unordered"], ["--deadline=60", "--attempts=2"]):
        for row in rows("--n=300", *options, *(f"--team={team}" for team in TEAMS)):
            tasks = row["tasks"]
            about = row["team"], options, tasks
            check(row["verdict"] == "right" and row["agrees"], *about)
            check((tasks["items"], tasks["failed"], tasks["resumed"], tasks["lost"]) == (300, 0, 0, 0), *about)
            check(sum(slot["items"] for slot in tasks["slots"]) == 300, *about)
            check(tasks["items_per_s"] > 0 and abs(tasks["items_per_s"] * row["seconds"] - 300) < 1, *about)
            check(tasks["chunk"] == 7 if "--chunk=7" in options else tasks["chunk"] >= 1, *about)
            check(tasks["records"] is None, *about)
    done = run("--csv", "--n=50", "--team=serial")
    table = list(csv.DictReader(io.StringIO(done.stdout)))
    check([(row["schema"], row["items"], row["failed"], row["transport"]) for row in table] == [("3", "50", "0", "shm")]
          and None not in table[0] and None not in table[0].values(), done.stdout)
    text = run("--n=50", "--team=serial").stdout
    check(all(word in text for word in ("items/s", "chunk", "retried", "resumed", "right")), text)


def failures_and_deaths_are_counted():
    row = rows("--n=200", "--fail=50", "--team=pool:2")[0]
    check(row["tasks"]["failed"] == 4 and row["verdict"] == "right", row["tasks"])
    row = rows("--n=200", "--kill=50", "--team=pool:2")[0]
    check((row["tasks"]["lost"], row["tasks"]["retried"], row["tasks"]["failed"]) == (4, 4, 0), row["tasks"])
    check(row["verdict"] == "right", row)


def who_ran_what_is_told_of_every_item():
    for team in TEAMS:
        for options in (["--n=40", "--micros=3000"], ["--n=5000"], ["--n=60", "--micros=2000", "--work=spin", "--chunk=5"]):
            row = rows("--who", f"--team={team}", *options)[0]
            tasks, slots = row["tasks"], {}
            check(sorted(record[0] for record in tasks["records"]) == list(range(row["n"])), team, options)
            known = {(slot["rank"], slot["worker"]) for slot in tasks["slots"]}
            for _, began, ended, rank, worker, _ in tasks["records"]:
                slots.setdefault((rank, worker), []).append((began, ended))
            check(set(slots) <= known, team, slots.keys(), known)
            for slot, times in slots.items():
                times.sort()
                check(all(0 <= b <= e for b, e in times), team, slot, "times")
                overlaps = [pair for pair in zip(times, times[1:]) if pair[1][0] < pair[0][1] - 1e-6]
                check(not overlaps, team, options, slot, overlaps[:3])
            for slot in tasks["slots"]:
                mine = slots.get((slot["rank"], slot["worker"]), [])
                check(slot["items"] == len(mine), team, slot, len(mine))
                busy = sum(ended - began for began, ended in mine)
                check(abs(busy - slot["busy"]) < 0.05 + 0.1 * busy, team, options, slot, busy)
    text = run("--who", "--n=5", "--team=pool:2").stdout
    check("worker 1 of rank 0" in text and text.count("TRINE_OK") == 5, text)


def timelines_are_drawn():
    if not GNUPLOT:
        return
    for team in TEAMS:
        svg = path("one.svg")
        done = run(f"--timeline={svg}", "--n=40", "--micros=2000", f"--team={team}")
        check(done.returncode == 0, team, done.stderr)
        text = open(svg).read()
        xml.etree.ElementTree.fromstring(text)
        check(text.count("<polygon fill = 'rgb( 68, 119, 170)'") >= 40 and "worker 0, busy" in text, team)
        os.remove(svg)
    done = run(f"--timeline={path('two.svg')}", "--n=10", *(f"--team={team}" for team in LOCAL))
    check(all(os.path.exists(path(f"two-{team.replace(':', '-')}-squares-shm.svg")) for team in LOCAL),
          os.listdir(folder), done.stderr)
    done = run("--timeline=/nowhere/at/all.svg", "--n=10", "--team=serial")
    check(done.returncode == 2 and "/nowhere/at/all.svg" in done.stderr, done.returncode, done.stderr)
    done = run(f"--timeline={svg}", "--n=10", "--team=serial", env=dict(os.environ, PATH=folder))
    check(done.returncode == 3 and "gnuplot-nox" in done.stderr, done.returncode, done.stderr)


def at_a_terminal(*arguments, columns=80, kind="xterm"):
    """The exit status, what comes out at a terminal that is stderr, and the seconds that it took."""
    began = time.time()
    own, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([SQUARES, *arguments], stdout=subprocess.DEVNULL, stderr=other, env=dict(os.environ, TERM=kind))
    os.close(other)
    said = b""
    while True:
        try:
            part = os.read(own, 4096)
        except OSError:
            break
        if not part:
            break
        said += part
    os.close(own)
    return process.wait(timeout=60), said.decode(), time.time() - began


def progress_is_shown_at_a_terminal_only():
    for team in TEAMS:
        options = ["--n=400", "--micros=2500", "--window=50", f"--team={team}"]
        done = run(*options)
        check(done.returncode == 0 and done.stderr == "", team, done.stderr)
        status, said, seconds = at_a_terminal(*options)
        lines = [line for line in said.replace("\033[K", "").split("\r") if "items, " in line]
        check(status == 0 and len(lines) >= 3, team, status, repr(said))
        check(all(word in lines[-1] for word in (" of 400 items", "/s", "busy", "%")), team, lines[-1:])
        check(any("s left" in line for line in lines), team, lines)
        check(len(lines) <= 10 * seconds + 2, team, len(lines), "lines in", seconds, "s")
        check(said.endswith("\r\033[K"), team, repr(said[-80:]), "the last line is left standing")
        status, said, seconds = at_a_terminal(*options, columns=30)
        lines = said.replace("\033[K", "").split("\r")
        check(status == 0 and len(lines) > 3 and max(map(len, lines)) < 30, team, "lines of a narrow terminal", lines[-3:])
    for kind in ("dumb", ""):
        check(at_a_terminal("--n=40", "--team=serial", kind=kind)[:2] == (0, ""), "progress at a terminal of kind", kind)


def squares_of(n):
    return b"".join((i * i).to_bytes(8, sys.byteorder) for i in range(n))


def a_killed_run_goes_on_with_its_journal():
    random.seed(1)
    n, output = 3000, path("squares")
    for team in LOCAL:
        journal, kills, resumed = path("journal-" + team), 0, 0
        options = [f"--n={n}", "--micros=300", "--window=64", f"--team={team}", f"--journal={journal}", f"--output={output}"]
        for _ in range(40):
            process = subprocess.Popen([SQUARES, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                       start_new_session=True)
            try:
                process.communicate(timeout=0.05 + random.random() * 0.2)
                break
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                kills += 1
        check(kills >= 2, team, "was killed", kills, "times: too quick to tell anything")
        done = run("--json", *options)
        check(done.returncode == 0, team, done.stderr)
        tasks = json.loads(done.stdout)["rows"][0]["tasks"] if done.returncode == 0 else {}
        check(tasks.get("items") == n and tasks.get("resumed", 0) > 0, team, tasks)
        done = run(*options)
        check(done.returncode == 0 and "right" in done.stdout, team, done.stdout, done.stderr)
        check(open(output, "rb").read() == squares_of(n), team, "other bytes than an uninterrupted run gives")
        done = run("--json", *options)
        tasks = json.loads(done.stdout)["rows"][0]["tasks"]
        check("nothing is drawn" in run(f"--timeline={path('none.svg')}", *options).stderr, team)
        check((tasks["resumed"], sum(slot["items"] for slot in tasks["slots"])) == (n, 0), team, tasks)
    done = run(f"--n={n}", "--micros=301", f"--journal={journal}", "--team=serial")
    check(done.returncode == 2 and "another param" in done.stderr and journal in done.stderr, done.returncode, done.stderr)


def pids_of(process):
    """Those that were started with that process's number in TEST_RUN (as `started` does)."""
    return marked("TEST_RUN=" + process.test_run)


def started(*arguments):
    """A run in a session of its own, of which pids_of finds all processes."""
    word = os.urandom(8).hex()
    process = subprocess.Popen([SQUARES, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True, env=dict(os.environ, TEST_RUN=word))
    process.test_run = word
    return process


def kill_session(process):
    """A session and its ranks, which mpirun puts into sessions of their own."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kill_all("TEST_RUN=" + process.test_run)


def killed_ranks_go_on_with_their_journal():
    n, journal, output = 2000, path("journal-ranks"), path("squares")
    options = [f"--n={n}", "--micros=2000", "--team=mpi:2", f"--journal={journal}"]
    for patience in (3, 4):
        process = started(*options)
        began, size = time.time(), os.path.getsize(journal) if os.path.exists(journal) else 0
        while time.time() < began + 20 and (not os.path.exists(journal) or os.path.getsize(journal) < size + patience * 4000):
            time.sleep(0.02)
        kill_session(process)
    done = run("--json", *options)
    check(done.returncode == 0, done.returncode, done.stderr)
    row = json.loads(done.stdout)["rows"][0] if done.returncode == 0 else {"tasks": {}}
    tasks = row["tasks"]
    check(row.get("verdict") == "right" and tasks["items"] == n and 0 < tasks["resumed"] < n, tasks)
    check(sum(slot["items"] for slot in tasks["slots"]) == n - tasks["resumed"], tasks)
    done = run("--team=serial", f"--output={output}", *(word for word in options if "team" not in word))
    check(done.returncode == 0 and open(output, "rb").read() == squares_of(n), done.stdout, done.stderr)
    done = run("--n=10", "--micros=1", "--team=mpi:2", f"--journal={journal}")
    check(done.returncode == 2 and done.stderr.count("another param") == 1, done.returncode, done.stderr)


def shared_memory_of_ranks(process):
    """Files below /dev/shm that the processes have mapped."""
    found = set()
    for pid in pids_of(process):
        try:
            with open(f"/proc/{pid}/maps") as file:
                found |= {line.split(maxsplit=5)[5].strip() for line in file if "/dev/shm/" in line}
        except OSError:
            pass
    return {path for path in found if os.path.exists(path)}


def ranks_that_are_interrupted_leave_nothing():
    """As from a terminal (all of the group are signalled), and as by kill (the driver alone)."""
    for send in (lambda process, what: os.killpg(process.pid, what), lambda process, what: process.send_signal(what)):
        for what in (signal.SIGINT, signal.SIGTERM):
            process = started("--n=50000", "--micros=2000", "--team=mpi:2")
            deadline, segments = time.time() + 10, set()
            while len(segments) < 2 and time.time() < deadline:
                time.sleep(0.1)
                segments = shared_memory_of_ranks(process)
            check(segments or MPICH, "ranks have no files in /dev/shm")
            time.sleep(0.5)
            send(process, what)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                kill_session(process)
            check(process.returncode == -what, "interrupted ranks ended with", process.returncode, "instead of", -what)
            # Those that had to be killed may be a moment in dying.
            check(until(lambda: not pids_of(process), 5), "interrupted ranks are still there:", pids_of(process))
            left = {path for path in segments if os.path.exists(path) or os.path.exists(os.path.dirname(path) + "/") and
                    os.path.dirname(path) != "/dev/shm"}
            check(not left, "left in /dev/shm:", left)


def two_runs_cannot_share_a_journal():
    journal = path("shared")
    first = subprocess.Popen([SQUARES, "--n=2000", "--micros=3000", "--team=serial", f"--journal={journal}"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.time() + 20
    while not os.path.exists(journal) and time.time() < deadline:
        time.sleep(0.01)
    done = run("--n=2000", "--micros=3000", "--team=serial", f"--journal={journal}")
    check(done.returncode == 3 and "another run uses it" in done.stderr, done.returncode, done.stderr)
    first.kill()
    first.communicate()


def options_are_read_and_refused():
    for option, words in (("--chunk=x", "whole number"), ("--window=-1", "whole number"), ("--attempts=0", "from 1"),
                          ("--deadline=0", "seconds above 0"), ("--deadline=soon", "seconds above 0"),
                          ("--order=some", "ordered or unordered"), ("--transport=shm", "unrecognized"),
                          ("--work=rest", "sleep|spin"), ("--output=", "FILE"), ("--stream", "memory")):
        done = run(option, "--n=3", "--team=serial")
        check(done.returncode == 2 and words in done.stderr, option, done.returncode, done.stderr)
    for options, words in ((["--journal=j", "--team=serial", "--team=pool:2"], "one --team"),
                           (["--journal=j", "--repeat=2"], "--repeat=1"), (["--who", "--csv"], "--json")):
        done = run("--n=3", *options)
        check(done.returncode == 2 and words in done.stderr, options, done.returncode, done.stderr)
    for team in TEAMS:
        row = rows("--n=3", "--work=spin", f"--team={team}", "a", "b c", "--", "-d")[0]
        check(row["numbers"] == {"files": 3, "spin": 1}, team, row["numbers"])
    text = run("--help").stdout
    check(all(word in text for word in ("--journal", "--timeline", "--who", "[FILE...]", "--work=sleep|spin")), text)
    check("--dtype" not in text and "--stream" not in text, text)
    text = subprocess.run([os.path.join(os.path.dirname(SQUARES), "../../drivers/sort"), "--help"], capture_output=True,
                          text=True).stdout
    check("--seed" in text and "--journal" not in text, text)


conclude((every_team_has_the_row_of_its_tasks, failures_and_deaths_are_counted, who_ran_what_is_told_of_every_item,
             timelines_are_drawn, progress_is_shown_at_a_terminal_only, a_killed_run_goes_on_with_its_journal,
             *([killed_ranks_go_on_with_their_journal, ranks_that_are_interrupted_leave_nothing] if mpirun else []), two_runs_cannot_share_a_journal, options_are_read_and_refused))
