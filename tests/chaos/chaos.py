#!/usr/bin/python3
"""chaos.py - random operations on random teams while processes are killed and stopped, signals come, things are short,
and the host forks, closes, ends. Each round is a process of its own: its results must have the bits of serial, its
errors be those that the disturbance excuses, its time be bounded, and nothing be left of it. Seeded: a round makes the
same decisions each time, and a failure is printed with the command that repeats it."""
import argparse
import collections
import ctypes
import os
import random
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from kinds import KINDS

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
TEAMS = {"serial": ["serial"], "omp": ["omp:2", "omp:3"], "pool": ["pool:2", "pool:3", "pool:4"],
         "mpi": ["mpi:2", "mpi:3", "mpi:2+omp:2", "mpi:2+pool:2"], "mpi+pool": ["mpi:2+pool:2", "mpi:2+pool:3"]}
SUBREAPER, PRIVATE, RECURSIVE = 36, 1 << 18, 1 << 14
libc = ctypes.CDLL(None, use_errno=True)


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long (60; 0: until stopped)")
    parser.add_argument("--rounds", type=int, help="at most so many")
    parser.add_argument("--seed", type=int, help="of the rounds; a new one when it is not given")
    parser.add_argument("--case", type=int, help="this round alone, of --seed")
    parser.add_argument("--only", help="kinds of these names, separated by commas, also those that are off; --list lists them")
    parser.add_argument("--team", help="teams that begin so")
    parser.add_argument("--patience", type=float, default=60, help="seconds that a round may take (60)")
    parser.add_argument("--failures", type=int, default=10, help="stop after so many (10)")
    parser.add_argument("--plant", default="", help="an error that must be found: bits error hang crash process "
                        "descriptor file")
    parser.add_argument("--host", default=os.path.join(ROOT, "build", "tests", "chaos", "chaos_host"))
    parser.add_argument("--mpirun", default=shutil.which("mpirun") or "", help="'' for no ranks")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def own_shared_memory():
    """A /dev/shm of this process's own, in which whatever is left can be counted; None, or why not."""
    flags = ["-m"] if os.geteuid() == 0 else ["-rm"]
    if os.environ.get("TRINE_CHAOS_SPACE") != "own":
        probe = subprocess.run(["unshare", *flags, "mount", "-t", "tmpfs", "none", "/dev/shm"], capture_output=True,
                               check=False) if shutil.which("unshare") else None
        if not probe or probe.returncode:
            return "a mount namespace cannot be made here"
        os.execvpe("unshare", ["unshare", *flags, sys.executable, *sys.argv],
                   {**os.environ, "TRINE_CHAOS_SPACE": "own"})
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g,mode=1777", "none", "/dev/shm"], check=True)
    return None


def resize_shared_memory(size):
    subprocess.run(["mount", "-o", f"remount,size={size}", "/dev/shm"], check=True)


def parents():
    """The parent of every process."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", errors="replace") as file:
                rest = file.read().rpartition(")")[2].split()
            if rest[0] not in "ZX":
                found[int(pid)] = int(rest[1])
        except (OSError, IndexError):
            pass
    return found


def descendants(of=None):
    """All living processes below this one, or below `of`."""
    parent, found, last = parents(), {of or os.getpid()}, 0
    while len(found) != last:
        last = len(found)
        found |= {pid for pid in parent if parent[pid] in found}
    return sorted(found - {of or os.getpid()})


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end_descendants():
    for _ in range(50):
        left = descendants()
        if not left:
            break
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)
        reap()
    reap()


def read(path):
    try:
        with open(path, errors="replace") as file:
            return file.read().replace("\0", " ").strip()
    except OSError as error:
        return f"({error.strerror})"


def frames(pid):
    """The calls that a process's first thread is in."""
    try:
        shown = subprocess.run(["gdb", "-p", str(pid), "-batch", "-nx", "-ex", "bt 10"], capture_output=True, text=True,
                               timeout=20, check=False).stdout
    except subprocess.TimeoutExpired:
        return ["(gdb had no answer)"]
    return [re.sub(r"0x\w+ in | \(.*", "", line) for line in shown.splitlines() if line.startswith("#")]


def stacks():
    """What each process of the round is at."""
    lines = []
    for pid in descendants():
        state = "".join(read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1])
        lines.append(f"{pid} {state} {read(f'/proc/{pid}/wchan')}: {read(f'/proc/{pid}/comm')}")
        # A stopped one would have to be continued.
        if state != "T" and shutil.which("gdb") and not lines[-1].endswith(("mpirun", "hydra_pmi_proxy")):
            lines.append("    " + "; ".join(frames(pid)))
        else:
            lines.append("    " + "; ".join(read(f"/proc/{pid}/stack").splitlines()[:4]))
    return lines


class Round:
    def __init__(self, chaos, number):
        self.chaos, self.number = chaos, number
        draw = random.Random(f"{chaos.given.seed} {number}")
        self.kind = draw.choices(chaos.kinds, [kind.weight for kind in chaos.kinds])[0]
        self.spec = draw.choice(chaos.specs_of(self.kind))
        self.failed, self.counts = [], collections.Counter()

    def fail(self, *what):
        self.failed.append(" ".join(map(str, what)))

    def command(self):
        given = self.chaos.given
        host = [given.host, str(given.seed), str(self.number), self.kind.name, self.spec, self.folder]
        if given.plant:
            host.append(given.plant)
        if self.spec.startswith("mpi"):
            ranks = self.spec[4:].partition("+")[0]
            return [*given.mpirun.split(), "-n", ranks, *host]
        return host

    def environment(self):
        more = {}
        if self.kind.shared_memory:
            # Open MPI does not survive a full folder of its own messages.
            more = {f"OMPI_MCA_btl_{name}_backing_directory": self.temporary for name in ("vader", "sm")}
        return {**os.environ, **more, "OMP_WAIT_POLICY": "passive", "TMPDIR": self.temporary,
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
                "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe", "OMPI_MCA_btl_vader_single_copy_mechanism":
                "none", "OMPI_MCA_hwloc_base_binding_policy": "none", "PRTE_MCA_hwloc_default_binding_policy": "none"}

    def play(self):
        with tempfile.TemporaryDirectory(prefix="trine-chaos.") as self.folder:
            self.temporary = os.path.join(self.folder, "tmp")
            os.mkdir(self.temporary)
            more = {}
            if self.kind.user:
                # A user that has no other process.
                more = {"user": 61000 + os.getpid() % 4000, "extra_groups": []}
                for path in (self.folder, self.temporary):
                    os.chown(path, more["user"], -1)
            if self.kind.shared_memory:
                resize_shared_memory("24m")
            self.run(more)
            if self.kind.shared_memory:
                resize_shared_memory("1g")
            self.judge()
            self.count_what_is_left()

    def run(self, more):
        log = open(os.path.join(self.folder, "log"), "w+")
        process = subprocess.Popen(self.command(), env=self.environment(), stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, start_new_session=True, **more)
        self.ended, self.hung = None, False
        end = time.monotonic() + self.chaos.given.patience
        while self.ended is None and time.monotonic() < end:
            try:
                self.ended = process.wait(5)
            except subprocess.TimeoutExpired:
                # A launcher that does not see that its ranks have ended is none of trine's.
                if self.kind.ends and self.spec.startswith("mpi") and not self.hosts():
                    self.counts["launchers that hung"] += 1
                    process.kill()
        if self.ended is None:
            self.hung = True
            self.fail(f"no end within {self.chaos.given.patience:g} s", *("\n      " + line for line in stacks()))
            end_descendants()
            process.wait()
        log.seek(0)
        self.said = log.read().strip()[-1500:]
        log.close()

    def hosts(self):
        return [pid for pid in descendants() if read(f"/proc/{pid}/comm").startswith(("chaos_host", "trine-"))]

    def reports(self):
        """The lines of each process that reported."""
        for name in sorted(os.listdir(self.folder)):
            if name.startswith("report."):
                with open(os.path.join(self.folder, name), "rb") as file:
                    used = int.from_bytes(file.read(8), "little")
                    yield file.read(used).decode(errors="replace").splitlines()

    def judge(self):
        expected, got, done = {}, {}, 0
        ranks = 0
        for lines in self.reports():
            ranks += 1
            rank, opened, at = 0, "TRINE_OK", 0
            for line in lines:
                word, _, rest = line.partition(" ")
                fields = rest.split("|")
                if word == "wrong":
                    self.fail(rest)
                elif word == "left":
                    self.fail("left", rest)
                elif word == "count":
                    name, number = rest.split()
                    self.counts[name] += int(number)
                elif word == "done":
                    done += 1
                elif word == "open":
                    rank = int(fields[2])
                    self.excuse(fields[0], "open", fields[1], fields[-1])
                elif word == "close":
                    self.excuse(fields[0], "close", fields[1], fields[-1])
                elif word == "expect":
                    right = expected.setdefault(fields[0], fields[1:5])
                    if right[:2] != fields[1:3] or right[3] != fields[4]:
                        self.fail("serial gave", fields[1:], "and", right)
                elif word in ("during", "after"):
                    at += 1
                    got.setdefault((at, word, fields[0]), []).append((rank, *fields[1:]))
        for (_, when, at), parts in got.items():
            self.compare(when, expected[at], parts)
        if self.kind.ends:
            if self.ended == 0 and done != ranks:
                self.fail("the host ended, and mpirun says 0")
        elif not self.hung and (self.ended != 0 or not done or done != ranks):
            how = signal.Signals(-self.ended).name if self.ended < 0 else f"status {self.ended}"
            self.fail(f"the host ended with {how}, {done} of {ranks} came to the end: {self.said}")

    def excuse(self, when, what, status, detail):
        if status == "TRINE_OK":
            return True
        self.counts["errors"] += 1
        if status in (self.kind.errors if when == "during" else self.kind.lasting_on(self.spec)):
            if not detail:
                self.fail(f"{what}: {status} without a detail")
        else:
            self.fail(f"{what} {when}: {status} ({detail})")
        return False

    def compare(self, when, right, parts):
        """One operation, of all ranks."""
        name, status, _, digest = right
        self.counts["operations"] += 1
        if status != "TRINE_OK":
            if any(part[2] != status and part[2] not in self.kind.errors for part in parts):
                self.fail(f"{name} {when}: {[part[2] for part in parts]} and not {status}")
            return
        if not all([self.excuse(when, name, part[2], part[5]) for part in parts]):
            return
        share = parts[0][3]
        digests = [int(part[4], 16) for part in parts]
        if share == "parts":
            if self.kind.ends:
                return
            digests = [sum(digests) % (1 << 64)]
        elif share == "root":
            digests = [number for part, number in zip(parts, digests) if part[0] == 0]
        if any(number != int(digest, 16) for number in digests):
            self.fail(f"{name} {when}: other bits than serial's: {digests} and not {int(digest, 16)}")

    def count_what_is_left(self):
        end = time.monotonic() + 10
        while descendants() and time.monotonic() < end:
            time.sleep(0.005)
            reap()
        left = descendants()
        if left:
            self.fail(f"left {len(left)} processes:", *("\n      " + line for line in stacks()))
            end_descendants()
        reap()
        names = [name for name in os.listdir(self.folder)
                 if not name.startswith(("report.", "log", "tmp", "x.npy", "all.npy"))]
        if names and not self.kind.ends:
            self.fail("left in its folder:", *names)
        names = os.listdir(self.temporary)
        # What ranks that were killed leave is their launcher's.
        if names and not self.spec.startswith("mpi"):
            self.fail("left in TMPDIR:", *names)
        if self.chaos.counts_shared_memory:
            names = os.listdir("/dev/shm")
            if self.kind.bare_ends:
                # LLVM's OpenMP removes this when the process exits, and only then.
                names = [name for name in names if not name.startswith("__KMP_REGISTERED_LIB_")]
            if names and not (self.spec.startswith("mpi") and (self.kind.ends or self.hung)):
                self.fail("left in /dev/shm:", *names)
            for name in os.listdir("/dev/shm"):
                path = os.path.join("/dev/shm", name)
                shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.unlink(path)


class Chaos:
    def __init__(self, given, counts_shared_memory):
        self.given, self.counts_shared_memory = given, counts_shared_memory
        try:
            version = subprocess.run([given.host, "--version"], capture_output=True, text=True, check=True).stdout
        except OSError as error:
            sys.exit(f"chaos.py: {error}; build the target chaos_host, or say --host")
        self.absent = [name for name in ("omp", "mpi") if f", {name}" not in version]
        if not given.mpirun and "mpi" not in self.absent:
            self.absent.append("mpi")
        self.kinds, self.left_out = [], []
        for kind in KINDS:
            if kind.name not in given.only.split(",") if given.only else not kind.on:
                continue
            lacks = kind.needs and kind.needs()
            if kind.shared_memory and not (counts_shared_memory and "mpi: Open MPI" in version):
                lacks = "a mount namespace and Open MPI"
            if lacks:
                self.left_out.append(f"{kind.name} (needs {lacks})")
            elif self.specs_of(kind):
                self.kinds.append(kind)
        self.rounds, self.failures = collections.Counter(), 0
        self.counts = collections.defaultdict(collections.Counter)

    def specs_of(self, kind):
        """Ranks take longer to start than all else takes."""
        specs = []
        for team in kind.teams:
            if not any(absent in team for absent in self.absent):
                specs += TEAMS[team] * (1 if team.startswith("mpi") else 3)
        return [spec for spec in specs if spec.startswith(self.given.team or "")]

    def one(self, number):
        played = Round(self, number)
        played.play()
        self.rounds[played.kind.name] += 1
        self.counts[played.kind.name] += played.counts
        self.counts[played.kind.name]["failed"] += bool(played.failed)
        if played.failed:
            self.failures += 1
            print(f"FAILED: {played.kind.name} on {played.spec}")
            for line in played.failed[:8]:
                print("   ", line)
            print(f"    again: {os.path.relpath(os.path.abspath(__file__))} --seed {self.given.seed} --case {number}"
                  + "".join(f" --{name} '{value}'" for name in ("only", "team") for value in
                            [getattr(self.given, name)] if value), flush=True)

    def run(self):
        end = time.monotonic() + (self.given.seconds or 1e12)
        number = 0
        while (time.monotonic() < end and number < (self.given.rounds or 1e12)
               and self.failures < self.given.failures):
            self.one(number)
            number += 1

    def say(self):
        for kind in self.kinds:
            counts = self.counts[kind.name]
            if not self.rounds[kind.name]:
                continue
            shown = [f"{self.rounds[kind.name]} rounds", f"{counts['operations']} operations"]
            shown += [f"{counts[name]} {name}" for name in ("kills", "stops", "signals", "handled", "forks", "limits",
                      "descriptors", "errors", "launchers that hung", "failed") if counts[name]]
            print(f"{kind.name}: {', '.join(shown)}")
        for line in self.left_out:
            print("left out:", line)
        total = sum(self.counts.values(), collections.Counter())
        print(f"{sum(self.rounds.values())} rounds, {total['operations']} operations, {total['kills']} kills, "
              f"{total['stops']} stops, {total['signals'] + total['handled']} signals, {self.failures} failed")


def main():
    given = options()
    if given.list:
        print("\n".join(kind.name + ("" if kind.on else " (off)") for kind in KINDS))
        return 0
    if given.seed is None:
        given.seed = secrets.randbelow(10**9)
        sys.argv += ["--seed", str(given.seed)]
    why = own_shared_memory()
    if why:
        print(f"what is left in /dev/shm is not counted: {why}")
    # What a round leaves behind becomes a child of this process.
    if libc.prctl(SUBREAPER, 1, 0, 0, 0) != 0:
        print("skipped: no subreaper here")
        return 77
    print("seed", given.seed, flush=True)
    chaos = Chaos(given, why is None)
    try:
        chaos.one(given.case) if given.case is not None else chaos.run()
    except KeyboardInterrupt:
        pass
    finally:
        end_descendants()
    chaos.say()
    return int(chaos.failures > 0)


if __name__ == "__main__":
    sys.exit(main())
