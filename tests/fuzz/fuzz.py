#!/usr/bin/python3
"""fuzz.py - calls of the library on random cases of hard values, judged by arithmetic without an error; every team,
instruction set, rank and floating-point environment must give the bits of serial. A failure is shrunk, and printed
with the command that repeats it."""
import argparse
import fnmatch
import importlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import zlib

try:
    import numpy as np
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

import environments
from case import Job
from peers import Lost, Peer
from subject import JUDGED, SUBJECTS
import files

np.seterr(all="ignore")
# Each registers its subjects when it is imported.
for module in ("grids", "maps", "moments", "orders", "reductions", "selections"):
    importlib.import_module(module)
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
# Kernels that are parts of calls which have subjects.
PARTS = {"histogram", "histogram_weighted", "order_digits", "order_weights", "smallest", "largest", "gemv_rows",
         "standardisation", "standardised", "weighted_sum", "weighted_mean"}
# Public functions that compute nothing, or what a user gives them: everything else must have a judge.
OTHERS = re.compile("(array|atomic|counter|dtype|error|gemm|lock|order|status|task|team|transport)_|"
                    "(.*_)?(find|name|reducer)$|apply_stencil$|cpus$|finalize$|init$|isa$|launched$|version$|"
                    "npy_(block|close|header)$")
TEAMS = ["omp:2", "omp:3", "pool:2", "pool:3"]


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long (60; 0: until stopped)")
    parser.add_argument("--seed", type=int, help="of the cases; a new one when it is not given")
    parser.add_argument("--only", metavar="PATTERN[,...]", help="subjects of these names, which --list lists")
    parser.add_argument("--case", metavar="SUBJECT:NUMBER", help="this case alone, of --seed")
    parser.add_argument("--cases", type=int, help="at most so many")
    parser.add_argument("--library", default=os.environ.get("TRINE_LIBRARY", os.path.join(ROOT, "build",
            "libtrine.so")))
    parser.add_argument("--drivers", default=os.environ.get("TRINE_DRIVERS", os.path.join(ROOT, "build", "drivers")))
    parser.add_argument("--without", default="", metavar="PEER[,...]",
                        help="leave out: isa, mpi, environments, teams")
    parser.add_argument("--failures", type=int, default=20, help="stop after so many (20)")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


class Fuzzer:
    def __init__(self, given):
        self.given = given
        self.without = set(filter(None, given.without.split(",")))
        self.peers = {"main": Peer("main", ["serial"] + ([] if "teams" in self.without else TEAMS))}
        self.main = self.peers["main"]
        self.main.start()
        self.inventory = self.main.inventory
        if "isa" not in self.without:
            for isa in ("baseline", "avx2", "avx512"):
                self.peers[isa] = Peer(isa, ["serial"], {"TRINE_ISA": isa})
        if "environments" not in self.without:
            for name in environments.NAMES[1:5]:
                self.peers[name] = Peer(f"{name} from the beginning", ["serial", "omp:2", "pool:2"],
                                        {"TRINE_FUZZ_ENVIRONMENT": name})
        if "mpi" not in self.without and shutil.which("mpirun"):
            self.peers["mpi"] = Peer("2 ranks", ["mpi", "mpi+omp:2", "mpi+pool:2"], ranks=2)
            self.peers["mpi3"] = Peer("3 ranks", ["mpi"], ranks=3)
        self.cases = self.runs = self.failures = 0
        self.seen, self.plant = {}, None

    def available(self):
        """The subjects that this library has all parts for."""
        drivers = {"driver_" + name for name in files.present()}
        return [s for s in SUBJECTS.values() if not s.run or s.name in drivers]

    def plan(self, rng):
        """Where a case is run beside serial: (peer, team, environment)."""
        runs = []
        for spec in TEAMS:
            if rng.random() < 0.4:
                runs.append(("main", spec, "default"))
        if rng.random() < 0.3:
            environment = environments.NAMES[int(rng.integers(len(environments.NAMES)))]
            runs += [("main", "serial", environment), ("main", TEAMS[int(rng.integers(len(TEAMS)))], environment)]
        for name in ("baseline", "avx2", "avx512"):
            if rng.random() < 0.25:
                runs.append((name, "serial", "default"))
        for name in environments.NAMES[1:5]:
            if rng.random() < 0.05:
                runs.append((name, ["serial", "omp:2", "pool:2"][int(rng.integers(3))], "default"))
        for name, often in (("mpi", 0.1), ("mpi3", 0.03)):
            if rng.random() < often:
                runs.append((name, ["mpi", "mpi", "mpi+omp:2", "mpi+pool:2"][int(rng.integers(4))]
                             if name == "mpi" else "mpi", "default"))
        return [run for run in runs if self.has(*run)]

    def has(self, name, spec, environment):
        peer = self.peers.get(name)
        return (peer is not None and spec in peer.specs and not peer.absent
                and (environment == "default" or "environments" not in self.without))

    def ask(self, name, case, runs):
        """Answers of a peer, None where it is not here."""
        peer = self.peers[name]
        if peer.absent:
            return [None] * len(runs)
        try:
            answers = peer.ask(Job(case, runs, self.plant))
        except Lost:
            if peer.process is None and "did not start" in str(sys.exc_info()[1]):
                peer.absent = str(sys.exc_info()[1])
                print("left out:", peer.absent)
                return [None] * len(runs)
            raise
        if peer.environment.get("TRINE_ISA", peer.inventory["isa"]) != peer.inventory["isa"]:
            peer.absent = "this CPU has no " + peer.name
            return [None] * len(runs)
        return [None if a[0] in ("NO TEAM", "ABSENT") else a for a in answers]

    def examine(self, subject, case, plan):
        """None, or (where, what is wrong)."""
        where = "serial"
        try:
            if subject.prepare:
                subject.prepare(case)
            serial = subject.run(case) if subject.run else self.ask("main", case, [("serial", "default")])[0]
            self.runs += 1
            if serial is None:
                return None
            try:
                bad = subject.judge(case, serial[0], serial[2])
            except (ValueError, IndexError, ArithmeticError) as error:
                bad = f"cannot be judged: {error!r}"
            if bad:
                return where, bad + (f" ({serial[1]})" if serial[1] else "")
            if subject.run:
                return None
            for name in dict.fromkeys(run[0] for run in plan):
                runs = [(spec, environment) for peer, spec, environment in plan if peer == name]
                # One at a time where an environment can end the process.
                for part in [[r] for r in runs] if name != "mpi" else [runs]:
                    where = f"{self.peers[name].name}, {part[0][0]}" + ("" if part[0][1] == "default"
                            else f", {part[0][1]}")
                    for (spec, environment), answer in zip(part, self.ask(name, case, part)):
                        self.runs += 1
                        bad = answer and self.differ(serial, answer)
                        if bad:
                            return where, bad
        except Lost as lost:
            return where, str(lost)
        return None

    @staticmethod
    def differ(serial, answer):
        if answer[0] != serial[0]:
            return f"status {answer[0]} ({answer[1]}) and not {serial[0]}"
        for mine, right in zip(answer[2], serial[2]):
            if len(mine) != len(right):
                return f"{len(mine)} elements and not {len(right)}"
            if mine.tobytes() != right.tobytes():
                at = int(np.flatnonzero(mine.view(np.uint8) != right.view(np.uint8))[0]) // mine.itemsize
                return f"other bits than serial, at {at} of {len(right)}: {mine[at]!r} and not {right[at]!r}"
        return None if answer[3] else "the floating-point environment was not restored"

    def shrink(self, subject, case, plan, found):
        """A smaller case that fails, and how: halves, quarters, ... of each axis are taken away while it does."""
        ends = "process ended" in found[1] or "no answer" in found[1]
        end = time.monotonic() + (5 if ends else 8)
        if subject.lines == "nothing" or not case.arrays:
            return case, found
        for axis in range(min(case.arrays[0].ndim, 2)) if subject.lines == "rows" else (0,):
            step = max(1, case.arrays[0].shape[axis] // 2)
            while step and time.monotonic() < end:
                at = 0
                while at < case.arrays[0].shape[axis] and time.monotonic() < end:
                    smaller = case.of([np.ascontiguousarray(np.delete(a, np.s_[at:at + step], axis))
                                       for a in case.arrays])
                    if "n" in case.more:
                        smaller.more = dict(case.more, n=len(smaller.arrays[0]))
                    again = smaller.arrays[0].size or subject.lines != "rows"
                    again = again and self.examine(subject, smaller, plan)
                    if again:
                        case, found = smaller, again
                    else:
                        at += step
                step //= 2
        return case, found

    def one(self, subject, number):
        rng = np.random.default_rng([self.given.seed, zlib.crc32(subject.name.encode()), number])
        case = subject.make(rng)
        # By the public function of its name and types, or by name.
        case.more["typed"] = bool(rng.random() < 0.5)
        plan = self.plan(rng)
        self.cases += 1
        found = self.examine(subject, case, plan)
        if found:
            self.report(subject, number, case, plan, found)

    def report(self, subject, number, case, plan, found):
        self.failures += 1
        key = subject.name, found[0]
        self.seen[key] = self.seen.get(key, 0) + 1
        if self.seen[key] > 2:
            return
        case, found = self.shrink(subject, case, plan, found)
        print(f"FAILED on {found[0]}: {case}\n   {found[1]}")
        for a in case.arrays:
            shown = ", ".join(v.hex() if isinstance(v, float) and np.isfinite(v) else repr(v)
                              for v in a.ravel()[:12].tolist())
            print(f"   {a.dtype.str[1:]} {list(a.shape)}: {shown}{' ...' if a.size > 12 else ''}")
        again = f"{os.path.relpath(os.path.abspath(__file__))} --seed {self.given.seed} --case {subject.name}:{number}"
        print("   again:", again, flush=True)

    def lacking(self):
        """Kernels of the library that no subject judges."""
        for kind, names in self.inventory.items():
            if kind in JUDGED:
                yield from (f"{kind[:-1]} {name}" for name in names if name not in JUDGED[kind] | PARTS)

    def functions(self):
        """Exported functions without trine_ and the types at their ends."""
        if not shutil.which("nm"):
            return []
        symbols = subprocess.run(["nm", "-D", "--defined-only", os.environ["TRINE_LIBRARY"]], capture_output=True,
                                 text=True, check=True).stdout
        names = {line.split()[2] for line in symbols.splitlines() if " T trine_" in line}
        names = {re.sub(r"^trine_|_([fiu](64|32)|[iu](16|8))$", "", re.sub("^trine_", "", name)) for name in names}
        return sorted(name for name in names if not OTHERS.match(name))

    def run(self):
        subjects = self.available()
        if self.given.only:
            wanted = self.given.only.split(",")
            subjects = [s for s in subjects if any(fnmatch.fnmatch(s.name, name) for name in wanted)]
        order = np.random.default_rng(self.given.seed)
        number, end = 0, time.monotonic() + (self.given.seconds or 1e12)
        while True:
            for at in order.permutation(len(subjects)):
                enough = self.failures >= self.given.failures or self.cases >= (self.given.cases or 1e12)
                if enough or time.monotonic() > end:
                    return
                if number % subjects[at].every == 0:
                    self.one(subjects[at], number)
            number += 1

    def close(self):
        for peer in self.peers.values():
            peer.close()


def main():
    given = options()
    os.environ["TRINE_LIBRARY"] = os.path.abspath(given.library)
    os.environ["TRINE_DRIVERS"] = os.path.abspath(given.drivers)
    if given.list:
        print("\n".join(sorted(SUBJECTS)))
        return 0
    if given.seed is None:
        given.seed = secrets.randbelow(10**9)
    print("seed", given.seed, flush=True)
    fuzzer = Fuzzer(given)
    fuzzer.inventory["functions"] = fuzzer.functions()
    lacking = [] if given.only or given.case else list(fuzzer.lacking())
    for name in lacking:
        print("FAILED: nothing judges the", name)
    try:
        if given.case:
            name, _, number = given.case.rpartition(":")
            fuzzer.one(SUBJECTS[name], int(number))
        else:
            fuzzer.run()
    except KeyboardInterrupt:
        pass
    finally:
        fuzzer.close()
    print(f"{fuzzer.cases} cases, {fuzzer.runs} calls, {fuzzer.failures} failed")
    return int(fuzzer.failures > 0 or bool(lacking))


if __name__ == "__main__":
    sys.exit(main())
