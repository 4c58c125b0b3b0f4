#!/usr/bin/python3
"""planted.py - what chaos.py is there to find is found: a host that gives other bits, an error that nothing excuses, or
hangs, crashes, or leaves a process, a descriptor or files behind."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOUND = {"": "0 failed", "bits": "other bits than serial's", "error": "TRINE_E_MEMORY", "hang": "no end within 3 s",
         "crash": "the host ended with SIGSEGV", "process": "left 1 processes", "descriptor": "left 1 descriptors",
         "file": "left in its folder: planted"}
failures = 0
for plant, shown in FOUND.items():
    chaos = subprocess.run([sys.executable, os.path.join(HERE, "chaos.py"), "--seed=1", "--rounds=1", "--only=none",
                            "--team=pool", "--patience=3", f"--plant={plant}", *sys.argv[1:]], capture_output=True,
                           text=True, check=False)
    if chaos.returncode == 77:
        print(chaos.stdout)
        sys.exit(77)
    if chaos.returncode != bool(plant) or shown not in chaos.stdout:
        failures += 1
        print(f"FAILED: with {plant or 'nothing'} planted: status {chaos.returncode}\n{chaos.stdout}{chaos.stderr}")
print(f"{len(FOUND)} promises, {failures} broken")
sys.exit(failures != 0)
