#!/usr/bin/env python3
"""signals.py DRIVERS HANDLERS [MPIRUN...] - a driver ends by the signals that end a program, and its workers with it, whatever the
libraries that it is linked with do with signals when they are loaded: HANDLERS is such a library."""
import os
import pty
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from processes import kill_all, marked, send, until

DRIVERS, HANDLERS, *MPIRUN = sys.argv[1:]
VERSION = subprocess.run([f"{DRIVERS}/sum", "--version"], capture_output=True, text=True).stdout
TEAMS = ["serial", *(["omp:2"] if ", omp" in VERSION else []), "pool:3", *(["mpi:2"] if MPIRUN else [])]
FATAL = (signal.SIGHUP, signal.SIGTERM, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
PATIENCE = 20
failures = 0


def check(promise, holds, *shown):
    global failures
    if not holds:
        failures += 1
        print("FAILED:", promise, *shown)


def processes_of(mark):
    return marked("TRINE_TEST_MARK=" + mark)


def handled(pid):
    """Which signals a process handles, as a mask; one that has ended handles none."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt"))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def run_until_it_computes(mark, team, **more):
    """A driver that would compute for minutes."""
    environment = {**os.environ, "TRINE_TEST_MARK": mark, "LD_PRELOAD": HANDLERS}
    process = subprocess.Popen([f"{DRIVERS}/sum", f"--team={team}", "--n=1M", "--repeat=100000", "--verify=none"],
                               env=environment, **more)
    workers = {"pool:3": 4, "mpi:2": 4}.get(team, 1)
    check(f"{team} starts", until(lambda: len(processes_of(mark)) >= workers or process.poll() is not None, PATIENCE) and process.poll() is None, processes_of(mark))
    check(f"{team} computes", until(lambda: settled(mark), PATIENCE), processes_of(mark))
    return process


def settled(mark):
    """Whether no process has come or gone for a moment."""
    before = processes_of(mark)
    time.sleep(0.3)
    return processes_of(mark) == before


def signals_end_a_driver_and_its_workers():
    for team in TEAMS:
        for what in FATAL if team == "serial" else FATAL[:2]:
            mark = f"ended-{team}-{what}-{os.getpid()}"
            process = run_until_it_computes(mark, team, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
            process.send_signal(what)
            ended = until(lambda: process.poll() is not None, PATIENCE)
            gone = until(lambda: not processes_of(mark), PATIENCE)
            check(f"{what.name} ends {team}", ended and process.returncode == -what, process.returncode)
            check(f"{what.name} ends the workers of {team}", gone, processes_of(mark))
            kill_all("TRINE_TEST_MARK=" + mark)
            said = process.communicate()[1]
            check(f"a library's handler is silent at {what.name} on {team}", b"handled" not in said, said)


def workers_are_ended_in_silence():
    mark = f"workers-{os.getpid()}"
    process = run_until_it_computes(mark, "pool:3", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    others = [pid for pid in processes_of(mark) if pid != process.pid]
    for pid in others:
        check("a worker or the fork server handles no signal", handled(pid) & 0x7FFFFFFF == 0, hex(handled(pid)))
    send(others, signal.SIGHUP)
    check("SIGHUP ends workers", until(lambda: not set(others) & set(processes_of(mark)), PATIENCE), processes_of(mark))
    kill_all("TRINE_TEST_MARK=" + mark)
    check("in silence", b"handled" not in process.communicate()[1])


def a_closed_terminal_ends_a_driver_and_its_workers():
    for team in TEAMS:
        mark = f"terminal-{team}-{os.getpid()}"
        ours, theirs = pty.openpty()
        process = run_until_it_computes(mark, team, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                                        preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0))
        os.close(theirs)
        os.close(ours)
        check(f"the terminal's end is that of {team}", until(lambda: process.poll() is not None, PATIENCE), processes_of(mark))
        check(f"and of its workers", until(lambda: not processes_of(mark), PATIENCE), processes_of(mark))
        kill_all("TRINE_TEST_MARK=" + mark)
        process.wait()


def what_was_ignored_stays_so():
    """As under nohup, also where a library installs a handler over it."""
    mark = f"nohup-{os.getpid()}"
    process = run_until_it_computes(mark, "pool:3", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
                                    preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    before = set(processes_of(mark))
    send(before, signal.SIGHUP)
    time.sleep(0.5)
    check("nohup holds", process.poll() is None and set(processes_of(mark)) == before, process.returncode)
    kill_all("TRINE_TEST_MARK=" + mark)
    check("in silence", b"handled" not in process.communicate()[1])


def the_end_of_an_mpirun_shows_though_SIGCHLD_is_ignored():
    if not MPIRUN:
        return
    done = subprocess.run([f"{DRIVERS}/sum", "--team=mpi:2", "--n=1000"], env={**os.environ, "TRINE_MPIRUN": "false"},
                          capture_output=True, text=True, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    check("the status of mpirun is seen", done.returncode == 3 and "ended with status 1" in done.stderr, done.returncode, done.stderr)


def every_program_takes_its_signals_back():
    for program in sorted(os.listdir(DRIVERS)):
        if os.access(f"{DRIVERS}/{program}", os.X_OK) and os.path.isfile(f"{DRIVERS}/{program}"):
            done = subprocess.run([f"{DRIVERS}/{program}", "--help"], env={**os.environ, "LD_PRELOAD": HANDLERS}, capture_output=True)
            check(f"{program} handles nothing at its end", done.returncode == 0 and b"still" not in done.stderr, done.stderr)


def what_forktrap_starts_takes_its_signals_back():
    mark = f"forktrap-{os.getpid()}"
    process = subprocess.Popen([f"{DRIVERS}/forktrap", "--mode=lock", "--patience=60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "TRINE_TEST_MARK": mark, "LD_PRELOAD": HANDLERS})
    check("forktrap starts itself", until(lambda: len(processes_of(mark)) >= 4, PATIENCE), processes_of(mark))
    until(lambda: settled(mark), PATIENCE)
    for pid in processes_of(mark):
        check("forktrap handles no signal", handled(pid) & 0x7FFFFFFF == 0, hex(handled(pid)))
    process.kill()
    process.wait()
    until(lambda: not processes_of(mark), PATIENCE)
    kill_all("TRINE_TEST_MARK=" + mark)


for test in (signals_end_a_driver_and_its_workers, workers_are_ended_in_silence, a_closed_terminal_ends_a_driver_and_its_workers,
             what_was_ignored_stays_so, the_end_of_an_mpirun_shows_though_SIGCHLD_is_ignored, every_program_takes_its_signals_back,
             what_forktrap_starts_takes_its_signals_back):
    test()
sys.exit(failures > 0)
