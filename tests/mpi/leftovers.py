"""leftovers.py before|after RECORD [LAUNCH...] - that tests of ranks leave nothing of this user's in /dev/shm and in TMPDIR:
what is there before them is recorded, and what is new after them and used by no process any more is named. What a driver
that was killed with its launcher has left, the next launch takes away: LAUNCH is one. Nothing else is removed."""
import fnmatch
import json
import os
import subprocess
import sys
import tempfile
import time

WHEN, RECORD, *LAUNCH = sys.argv[1:]
PATTERNS = ["ompi.*", "prte.*", "pmix*", "openmpi-sessions*", "trine-*", "mpich*", "hydra*"]
# What LLVM's OpenMP leaves of processes that are killed.
PASSED_OVER = ["__KMP_REGISTERED_LIB_*"]
PATIENCE = 20


def entries():
    found = []
    for folder, patterns in (("/dev/shm", ["*"]), (tempfile.gettempdir(), PATTERNS)):
        for entry in os.scandir(folder) if os.path.isdir(folder) else []:
            try:
                if (entry.stat(follow_symlinks=False).st_uid == os.geteuid()
                        and any(fnmatch.fnmatch(entry.name, p) for p in patterns)
                        and not any(fnmatch.fnmatch(entry.name, p) for p in PASSED_OVER)):
                    found.append(entry.path)
            except OSError:
                pass
    return set(found)


def used():
    """What processes have mapped, open, or in their environment, as one text."""
    text = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("maps", "environ", "cmdline"):
            try:
                with open(f"/proc/{pid}/{name}", errors="replace") as file:
                    text.append(file.read())
            except OSError:
                pass
        try:
            text += [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            pass
    return "\n".join(text)


if WHEN == "before":
    with open(RECORD, "w") as file:
        json.dump(sorted(entries()), file)
    sys.exit(0)
with open(RECORD) as file:
    before = set(json.load(file))
deadline = time.time() + PATIENCE
while True:
    now = used()
    left = sorted(path for path in entries() - before if path not in now)
    if not left or time.time() > deadline:
        break
    if LAUNCH and time.time() > deadline - PATIENCE / 2 and all(os.path.basename(path).startswith("trine-mpi-") for path in left):
        print("killed launches had left", left)
        subprocess.run(LAUNCH, stdout=subprocess.DEVNULL, timeout=60, check=True)
        LAUNCH = []
    time.sleep(1)
for path in left:
    inside = sorted(os.listdir(path))[:5] if os.path.isdir(path) else ""
    print(f"FAILED: left behind: {path} {inside}")
print(f"{len(left)} entries were left in /dev/shm and {tempfile.gettempdir()}")
sys.exit(bool(left))
