"""subject.py - what can be fuzzed: a maker of cases and a judge of answers, by name; and what judges say."""
import math
import re
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from exact import code, float_of

SUBJECTS = {}
# Kernels of the library's own lists that a subject judges, and those that are parts of others.
JUDGED = {"reducers": set(), "maps": set(), "scans": set(), "predicates": set(), "functions": set()}


@dataclass
class Subject:
    name: str
    make: object  # (generator) -> Case
    judge: object  # (case, status, arrays) -> None, or what is wrong
    lines: str = "elements"  # what shrinking may take away: elements, rows, or nothing
    prepare: object = None  # (case): what is to be done before a server is asked
    run: object = None  # (case) -> answer, instead of asking servers

    @property
    def every(self):
        """A program takes as long as many calls: one round in so many."""
        return 4 if self.run else 1


def subject(name, make, judge, lines="elements", prepare=None, run=None):
    SUBJECTS[name] = Subject(name, make, judge, lines, prepare, run)


def judged(kind, *names):
    """Names of the library's lists that have a subject; public functions are called as what they compute."""
    JUDGED[kind].update(names)
    JUDGED["functions"].update(re.sub("_(compensated|fast|f64)$", "", name) for name in names)


def show(v):
    return f"{v!r} ({v.tobytes()[::-1].hex()})" if isinstance(v, np.generic) else repr(v)


def canonical(got):
    """None, or where a NaN has other bits than the one NaN."""
    if got.dtype.kind != "f":
        return None
    kind = np.dtype("u%d" % got.dtype.itemsize)
    one = np.array(np.nan, got.dtype).view(kind) & ~kind.type(1 << (8 * got.dtype.itemsize - 1))
    bad = np.flatnonzero(np.isnan(got) & (got.view(kind) != one))
    return f"a NaN of other bits at {bad[0]}: {show(got[bad[0]])}" if len(bad) else None


def to_the_bit(got, right):
    """Whether two arrays have the same bits."""
    if got.dtype != right.dtype or got.shape != right.shape:
        return f"{got.dtype}{got.shape} and not {right.dtype}{right.shape}"
    kind = np.dtype("u%d" % got.dtype.itemsize)
    bad = np.flatnonzero(np.ascontiguousarray(got).view(kind) != np.ascontiguousarray(right).view(kind))
    if len(bad) == 0:
        return None
    at = bad[0]
    return f"got {show(got.flat[at])}, right {show(right.flat[at])}" + (f", at {at}, {len(bad)} of {got.size}"
            if got.size > 1 else "")


def by_value(got, right):
    """The same bits, every NaN the one NaN."""
    return canonical(got) or to_the_bit(got, np.where(np.isnan(right), right.dtype.type(abs(np.nan)), right)
                                        if right.dtype.kind == "f" else right)


def near(got, right, tolerance):
    """One result, right or a fraction within an absolute bound of it."""
    value = float(got)
    if math.isnan(value) or math.isinf(value):
        return f"got {show(got)}, right {float_of(Fraction(right))!r}"
    error = abs(Fraction(value) - Fraction(right))
    if error <= tolerance:
        return None
    size = f"{float_of(error / Fraction(tolerance)):.3g} times the bound" if tolerance else "no error is allowed"
    return f"got {show(got)}, right {float_of(Fraction(right))!r}: {size}"


def settle(status, arrays, truth):
    """truth: a status that is not OK; an array to the bit; or a function of the first result."""
    if isinstance(truth, str):
        return None if status == truth else f"status {status} and not {truth}" + (f": {show(arrays[0].flat[0])}"
                if arrays and arrays[0].size else "")
    if status != "OK":
        return f"status {status}"
    if callable(truth):
        return truth(arrays[0])
    return by_value(arrays[0], truth)


def scalar(value, dtype):
    return np.array([value], dtype)


def type_of(x):
    return code(x.dtype)
