"""processes.py - finding processes by what their environment holds, ending them, and waiting."""
import os
import signal
import time


def marked(variable):
    """Those that were started with that variable, as "NAME=value"; the dead have none."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if variable.encode() in file.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            pass
    return found


def send(pids, what):
    """To each that still lives: the others may end with the first, as workers do with their fork server."""
    for pid in pids:
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            pass


def kill_all(variable):
    """All that marked() finds."""
    send(marked(variable), signal.SIGKILL)


def until(holds, seconds):
    """Whether it holds within so many seconds."""
    deadline = time.time() + seconds
    while not holds() and time.time() < deadline:
        time.sleep(0.05)
    return holds()
