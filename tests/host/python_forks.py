"""python_forks.py - Python's multiprocessing forks a process that has used teams: its children open teams of
their own, the ones that they inherited refuse, and the parent goes on.
"""
import ctypes as c
import multiprocessing
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from promises import check, conclude

lib = c.CDLL(os.environ["TRINE_LIBRARY"])
lib.trine_version.restype = lib.trine_error_detail.restype = lib.trine_status_name.restype = c.c_char_p
SPECS = ["serial"] + ["omp:3"] * (", omp" in lib.trine_version().decode())
WORKER, F64, EXACT, N, PATIENCE = b"TRINE_E_WORKER", 1, 0, 1 << 17, 60


class Broken(Exception):
    pass


def need(status):
    if status:
        raise Broken(lib.trine_error_detail().decode())


class Team:
    def __init__(self, spec):
        self.team, self.array = c.c_void_p(), c.c_void_p()
        need(lib.trine_team_open(spec.encode(), c.byref(self.team)))
        self.data = (c.c_double * N)(*(0.1 * i for i in range(N)))
        need(lib.trine_array_wrap(self.team, F64, self.data, c.c_int64(N), c.byref(self.array)))

    def sum(self):
        result = c.c_double()
        status = lib.trine_sum_f64(self.array, EXACT, c.byref(result))
        return result.value.hex() if status == 0 else lib.trine_status_name(status)

    def close(self):
        lib.trine_array_free(self.array)
        need(lib.trine_team_close(self.team))



def sum_in(spec):
    team = Team(spec)
    result = team.sum()
    team.close()
    return result


inherited = {}


def in_child(spec):
    """What a new team and the inherited one say."""
    signal.alarm(PATIENCE)
    new, old = sum_in(spec), inherited[spec].sum()
    signal.alarm(0)
    return new, old


def a_pool_of_multiprocessing():
    expected = sum_in("serial")
    for spec in SPECS:
        inherited[spec] = Team(spec)
        check(inherited[spec].sum() == expected, spec, "before")
        with multiprocessing.get_context("fork").Pool(2) as workers:
            came = workers.map_async(in_child, [spec] * 4).get(PATIENCE)
        for new, old in came:
            check(new == expected, spec, "a new team in a child", new)
            check(old == (expected if spec == "serial" else WORKER), spec, "an inherited team", old)
        check(inherited[spec].sum() == expected, spec, "after")
        inherited.pop(spec).close()


def a_child_of_os_fork():
    for spec in SPECS:
        inherited[spec] = Team(spec)
        expected = inherited[spec].sum()
        child = os.fork()
        if child == 0:
            good = False
            try:
                new, old = in_child(spec)
                inherited[spec].close()
                lib.trine_finalize()
                good = new == expected and old in (expected, WORKER)
            finally:
                os._exit(not good)
        check(os.waitpid(child, 0)[1] == 0, spec, "a child of os.fork")
        check(inherited[spec].sum() == expected, spec, "after")
        inherited.pop(spec).close()


conclude([a_pool_of_multiprocessing, a_child_of_os_fork])
