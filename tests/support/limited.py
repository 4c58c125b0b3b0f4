"""limited.py - a control group with little memory, for the programs of a test."""
import contextlib
import os
import tempfile
import time


def _own_group():
    """Where this process's group of the memory controller is, and the name of its limit; None where there is none."""
    with open("/proc/self/cgroup") as file:
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            if "memory" in controllers.split(","):
                return "/sys/fs/cgroup/memory" + path, "memory.limit_in_bytes"
    return "/sys/fs/cgroup" + path, "memory.max"


@contextlib.contextmanager
def memory_group(limit):
    """Words to put before a command, which then has at most so many bytes; None where this user can make no such group."""
    folder = None
    try:
        parent, name = _own_group()
        folder = tempfile.mkdtemp(prefix="trine-test-", dir=parent)
        with open(os.path.join(folder, name), "w") as file:
            file.write(str(limit))
        words = ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', folder]
        entered = os.spawnlp(os.P_WAIT, "sh", *words, "true") == 0
    except OSError:
        entered = False
    try:
        yield words if entered else None
    finally:
        # What was killed in it may take a moment to go.
        for _ in range(100 if folder else 0):
            try:
                os.rmdir(folder)
                break
            except OSError:
                time.sleep(0.05)
