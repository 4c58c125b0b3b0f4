"""promises.py - counts the promises that the tests of drivers see kept and broken."""
import sys
import time

promises = failures = 0


def check(holds, *about):
    global promises, failures
    promises += 1
    if not holds:
        failures += 1
        print("FAILED:", *about, flush=True)


def conclude(tests):
    """Runs them one after the other, says how many promises each has, and ends the program."""
    for test in tests:
        before, began = promises, time.time()
        test()
        print(f"{test.__name__}: {promises - before} promises, {time.time() - began:.1f} s", flush=True)
    print(f"{promises} promises, {failures} broken")
    sys.exit(failures != 0)
