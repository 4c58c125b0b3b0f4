"""numpy_modes.py SPEC... - sums, means, products and weighted means of numbers from the whole range of their type, judged by
whole numbers of any length: exact is the true value rounded once, compensated as near as twice the precision is."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import binding as t
import numpy as np
from judge import check, random, run

CHUNK = 8192
LENGTHS = [1, 2, 3, 9, 31, 40, 33, 1000, CHUNK, 2 * CHUNK + 77]
UNIT = 1100  # of elements: 2^-1100
KINDS = ["huge", "cancelling", "tiny", "denormal", "everywhere", "far apart", "plain", "whole"]


def elements(kind, n, dtype):
    """Of one sign or two; so that products over- or underflow, too."""
    limit = 1024 if dtype == "f8" else 128
    m = random.uniform(0.5, 1, n) * random.choice([-1, 1], n)
    e = {"huge": np.full(n, limit), "cancelling": random.integers(limit - 3, limit + 1, n),
         "tiny": random.integers(-545, -530, n) if dtype == "f8" else random.integers(-80, -70, n),
         "denormal": random.integers(-limit - 45, -limit + 5, n), "everywhere": random.integers(-limit - 20, limit, n),
         "far apart": random.choice([-limit + 10, limit - 10], n), "plain": np.zeros(n, int),
         "whole": np.full(n, 7)}[kind]
    x = np.ldexp(np.abs(m) if kind == "huge" else m, e)
    if kind == "whole":
        x = np.round(x)
    return x.astype(dtype)


def whole(x):
    """Elements in units of 2^-UNIT, as Python's integers."""
    m, e = np.frexp(x.astype(float))
    return [int(a) << (int(b) + UNIT - 53) if b + UNIT >= 53 else int(a) >> (53 - UNIT - int(b))
            for a, b in zip(np.ldexp(m, 53).tolist(), e.tolist())]


def nearest(over, under):
    """over / under as the nearest double."""
    sign = -1.0 if (over < 0) != (under < 0) else 1.0
    try:
        return sign * (abs(over) / abs(under)) if under else (np.nan if over == 0 else sign * np.inf)
    except OverflowError:
        return sign * np.inf


def judge(name, mode, got, over, under, size, n, dtype, *about):
    """over / under: the true value; size: the sum of magnitudes, in units of over."""
    known = nearest(over, under)
    if dtype == "f4":
        known = float(np.float32(known))
    right = got == known or (got != got and known != known)
    if mode == "_compensated" and not right and under:
        error = abs(over - (0 if not np.isfinite(got) else exactly(got, under)))
        allowed = abs(over) // (2 ** 23 if dtype == "f4" else 2 ** 52) + (size * n >> 98)
        least = abs(under) if dtype == "f8" else abs(under) << (1074 - 149)
        right = np.isfinite(got) and error <= allowed + (least >> 1074) + 1
        beyond = abs(over) + allowed >= exactly(float(np.finfo(dtype).max), abs(under))
        right = right or (np.isinf(got) and beyond) or (np.isinf(known) and np.isfinite(got) and beyond)
    check(right, name, mode, dtype, "n", n, *about, "got", got, "expected", known)


def exactly(x, under):
    """x times under, cut to a whole number."""
    over, by = float(x).as_integer_ratio()
    return over * under // by


def sums_and_means_are_true_or_near(team):
    for dtype in ("f8", "f4"):
        for kind in KINDS:
            for n in LENGTHS:
                x, w = elements(kind, n, dtype), np.abs(elements(kind, n, dtype))
                xs, ws = whole(x), whole(w)
                a, b = team.array(x), team.array(w)
                size, unit = sum(map(abs, xs)), 1 << UNIT
                products = [p * q for p, q in zip(xs, ws)]
                squares = [p * p for p in xs]
                cases = [("sum", sum(xs), unit, size, (a,)), ("asum", size, unit, size, (a,)),
                         ("mean", sum(xs), n * unit, size, (a,)),
                         ("dot", sum(products), unit * unit, sum(map(abs, products)), (a, b)),
                         ("wsum", sum(products), unit * unit, sum(map(abs, products)), (a, b)),
                         ("sumsq", sum(squares), unit * unit, sum(squares), (a,)),
                         ("wmean", sum(products), sum(ws) * unit, sum(map(abs, products)), (a, b))]
                for name, over, under, most, arrays in cases:
                    for mode in ("", "_compensated"):
                        got = float(t.reduce(name + mode, *arrays)[0])
                        judge(name, mode, got, over, under, most, n, dtype, kind)
                a.free(), b.free()


def infinities_are_themselves(team):
    """Beside numbers whose sums overflow on the way."""
    top = np.finfo("f8").max
    for x, known in (([np.inf, -top, -top], np.inf), ([-top, -top, -np.inf], -np.inf), ([np.inf, -np.inf, top], np.nan),
                     ([np.nan, top, top], np.nan), ([top, top, -top], top), ([-top, top, top, -np.inf], -np.inf)):
        for n in (0, 40, CHUNK):
            a = team.array(np.array(x[:1] + [0.0] * n + x[1:]))
            ones = team.array(np.ones(len(x) + n))
            for name, arrays in (("sum", (a,)), ("dot", (a, ones))):
                for mode in ("", "_compensated"):
                    got = float(t.reduce(name + mode, *arrays)[0])
                    check(got == known or (got != got and known != known), name + mode, x, n, got)
            a.free(), ones.free()


run(sums_and_means_are_true_or_near, infinities_are_themselves)
