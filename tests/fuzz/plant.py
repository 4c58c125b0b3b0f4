"""plant.py - errors put into a server's answers, which fuzz.py must report: see planted.py."""
import os
import signal

import numpy as np

KINDS = ["bits", "bit", "status", "environment", "death"]


def flip(array, at, bit):
    kind = np.dtype("u%d" % array.dtype.itemsize)
    array.view(kind)[at] ^= kind.type(1 << bit)


def spoil(answer, kind):
    """bits: one in the middle of every element; bit: the lowest of one element."""
    status, detail, arrays, kept = answer
    if kind == "death":
        os.kill(os.getpid(), signal.SIGFPE)
    if kind == "status":
        return ("OK" if status != "OK" else "MEMORY"), detail, arrays, kept
    if kind == "environment":
        return status, detail, arrays, False
    arrays = [np.array(a) for a in arrays if a is not None]
    for array in arrays[:1]:
        if array.size and kind == "bits":
            flip(array, slice(None), 4 * array.dtype.itemsize)
        elif array.size:
            flip(array, array.size // 2, 0)
    return status, detail, arrays, kept
