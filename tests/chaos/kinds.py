"""kinds.py - what a round may be disturbed by, on which teams, and which errors that excuses."""
import os


class Kind:
    """teams: beginnings of specs. errors: statuses that an operation, the opening or the closing may have while it goes
    on. lasting: those that an operation on ranks may have afterwards; all else is an error then. ends: the host ends by
    itself or is killed. weight: how often it is drawn. needs: says what is missing. shared_memory: its rounds fill
    /dev/shm. user: the host runs as a user that is nobody else. bare_ends: a process of the host's may end without exit.
    on: it is drawn when nobody asks for it by name."""

    def __init__(self, name, teams, errors="", lasting="", ends=False, weight=2, needs=None, shared_memory=False,
                 user=False, bare_ends=False, on=True):
        self.name, self.teams, self.ends, self.weight, self.on = name, teams.split(), ends, weight, on
        self.errors = {"TRINE_E_" + error for error in errors.split()}
        self.lasting = {"TRINE_E_" + error for error in lasting.split()}
        self.needs, self.shared_memory, self.user, self.bare_ends = needs, shared_memory, user, bare_ends or ends

    def lasting_on(self, spec):
        return self.lasting if spec.startswith("mpi") else set()


def root():
    """Root, and users to become: a user's own namespace has one."""
    with open("/proc/self/uid_map") as file:
        users = sum(int(line.split()[2]) for line in file)
    return None if os.geteuid() == 0 and users >= 65536 else "root"


LOCAL = "serial omp pool"
ALL = LOCAL + " mpi"
FORKED = "pool mpi+pool"

KINDS = [
    Kind("none", ALL, weight=3),
    # A call that works in place, or whose workers died three times, may say so.
    Kind("kill workers", FORKED, "WORKER", weight=4),
    # A rank runs MPI's threads: from it no other fork server can be forked.
    Kind("kill fork server", FORKED, "WORKER THREADS", lasting="WORKER THREADS", weight=3),
    Kind("kill any", FORKED, "WORKER THREADS", lasting="WORKER THREADS", weight=3),
    Kind("stop workers", FORKED),
    Kind("kill and stop", FORKED, "WORKER THREADS", lasting="WORKER THREADS"),
    Kind("stop fork server", "pool", "WORKER SYSTEM"),
    Kind("signals", ALL),
    Kind("descriptors limit", LOCAL, "SYSTEM MEMORY WORKER IO"),
    Kind("file size limit", LOCAL, "MEMORY IO SYSTEM WORKER"),
    Kind("address space limit", LOCAL, "MEMORY SYSTEM WORKER"),
    Kind("process limit", LOCAL, "SYSTEM MEMORY WORKER", needs=root, user=True),
    Kind("full shared memory", "mpi", "MEMORY MPI SYSTEM", lasting="MEMORY", shared_memory=True),
    Kind("forks", ALL, bare_ends=True),
    Kind("descriptors closed", LOCAL, "WORKER SYSTEM IO MEMORY"),
    Kind("surroundings", ALL),
    Kind("root given up", LOCAL, needs=root),
    Kind("rounding", ALL),
    Kind("callbacks", ALL),
    Kind("threads", LOCAL, "THREADS"),
    Kind("host ends", ALL, ends=True),
    Kind("host killed", ALL, ends=True),
]
