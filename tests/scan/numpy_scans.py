"""numpy_scans.py SPEC... - scans, differences, reversal and compaction on those teams, judged by numpy and by exact
fractions: lengths around every boundary, all dtypes, special values, in place and not."""
import ctypes as c
from fractions import Fraction
import math
import os
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import binding as t
import judge
import numpy as np
from judge import check, fails, random, run, same, some

CHUNK = 8192
LENGTHS = [0, 1, 2, 7, 8, 9, 15, 33, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17, 20 * CHUNK + 5]
EXACT, COMPENSATED, FAST = 0, 1, 2
warnings.simplefilter("ignore")


def sample(dtype, n, kind="plain"):
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        # Those of 8 bytes are small enough that few sums overflow.
        x = judge.sample(dtype, n, kind)
        return (x >> 20).astype(dtype) if dtype.itemsize == 8 and kind != "few" else x
    x = judge.sample("f8", n, kind if kind in ("few", "wide") else "plain")
    if kind == "uniform":
        x = random.random(n)
    if kind == "wider":
        x = x * 2.0 ** random.integers(-500, 500, n)
    if kind == "cancel":
        x = x * 2.0 ** random.integers(-60, 60, n)
        x[1::2] = -x[:len(x) // 2 * 2:2]
    if kind == "ties":
        x = 2.0 ** 53 + random.integers(-3, 4, n)
    if kind == "edge":
        # Sums half way between two numbers, but for a little.
        half = 2.0 ** (-24 if dtype.itemsize == 4 else -53)
        little = random.choice([-1, 1], n) * 2.0 ** -random.integers(30 if dtype.itemsize == 4 else 58, 145, n)
        x = np.where(random.random(n) < 0.02, random.choice([-half, half], n), 0.0)
        x = np.where(random.random(n) < 0.02, little, x)
        x[:3] = [1, half, little[0]][:n]
    if kind == "tiny":
        x = random.integers(-5, 6, n) * 5e-324
    if kind == "huge":
        x = random.choice([1.7e308, -1.7e308, 1e308], n)
    if kind == "zeros":
        x = np.where(np.arange(n) < n // 2, -0.0, random.choice([0.0, -0.0], n))
    if kind == "special":
        x = np.where(random.random(n) < 0.001, random.choice([np.nan, np.inf, -np.inf, 5e-324], n), x)
    return x.astype(dtype)


KINDS = "plain uniform few wide wider cancel ties edge tiny huge zeros special".split()


def round_fraction(value, dtype):
    """A fraction to the nearest number of that type, ties to even; infinite beyond its range."""
    try:
        wide = float(value)
    except OverflowError:
        return dtype.type(math.inf if value > 0 else -math.inf)
    if dtype.itemsize == 8:
        return np.float64(wide)
    near = np.float32(wide)
    if not np.isfinite(near):
        return near
    # Rounded twice: look at the neighbours.
    around = [np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))]
    around = [v for v in around if np.isfinite(v)]
    return min(around, key=lambda v: (abs(Fraction(float(v)) - value), int(v.view(np.uint32)) % 2))


def true_sums(x, dtype, exclusive=False):
    """Each prefix sum, exact and rounded once."""
    out, total, seen, special = np.empty(len(x), dtype), 0, None, 0.0
    for i, v in enumerate(x.tolist()):
        before = total, seen, special
        if math.isfinite(v):
            total += int(v * 1) << 1074 if v == int(v) and abs(v) < 2 ** 53 else int(Fraction(v) * 2 ** 1074)
        else:
            special += v
        seen = (seen is None or seen) and v == 0 and math.copysign(1, v) < 0
        value, zeros, odd = before if exclusive else (total, seen, special)
        if odd != 0:
            out[i] = odd
        elif value == 0:
            out[i] = -0.0 if zeros else 0.0
        else:
            out[i] = round_fraction(Fraction(value, 2 ** 1074), dtype)
    return out


def scan(name, a, out, exclusive=False):
    op = t.ScanOperator()
    t.need(t.lib.trine_scan_operator_find(name.encode(), t.code(a.dtype), c.byref(op)))
    t.need(t.lib.trine_scan(c.byref(op), a.handle, None, c.c_bool(exclusive), out.handle))
    return out.local().copy()


def scanned(team, name, x, out_type, exclusive=False, in_place=False):
    a = team.array(x)
    out = a if in_place else team.array(np.zeros(len(x), out_type))
    try:
        return scan(name, a, out, exclusive)
    finally:
        a.free()
        if not in_place:
            out.free()


def exact_sums_are_the_true_ones_rounded_once(team):
    for dtype, name, out_type in (("f8", "cumsum", "f8"), ("f4", "cumsum", "f4"), ("f4", "cumsum_f64", "f8")):
        for kind in some(team, KINDS):
            for n in (1, 9, 1000, CHUNK + 1, 2 * CHUNK + 9):
                x = sample(dtype, n, kind)
                for exclusive in (False, True) if n < CHUNK else (False,):
                    expected = true_sums(x.astype(float), np.dtype(out_type), exclusive)
                    same(scanned(team, name, x, out_type, exclusive), expected, name, dtype, kind, n, exclusive)
                    if dtype == out_type:
                        same(scanned(team, name, x, out_type, exclusive, True), expected, name, dtype, kind, n,
                             exclusive, "in place")


def compensated_and_fast_sums_are_near(team):
    for dtype, suffix, out_type in (("f8", "", "f8"), ("f4", "", "f4"), ("f4", "_f64", "f8")):
        for n in LENGTHS:
            for kind in ("plain", "uniform", "few"):
                x = sample(dtype, n, kind)
                exact = scanned(team, "cumsum" + suffix, x, out_type)
                size = np.cumsum(np.abs(x.astype(np.longdouble)))
                eps = np.finfo(out_type).eps
                for exclusive in (False, True):
                    expected = np.concatenate([[0], exact[:-1]]).astype(out_type)[:n] if exclusive else exact
                    got = scanned(team, "cumsum_compensated" + suffix, x, out_type, exclusive)
                    check(np.all(np.abs(got - expected) <= eps * np.abs(expected) + 1e-28 * size), "compensated",
                          dtype, out_type, n, kind, exclusive)
                    got = scanned(team, "cumsum_fast" + suffix, x, out_type, exclusive)
                    check(np.all(np.abs(got - expected) <= eps * np.abs(expected) + 200 * 2.3e-16 * size), "fast",
                          dtype, out_type, n, kind, exclusive)
                    if dtype == out_type:
                        same(scanned(team, "cumsum_fast", x, out_type, exclusive, True), got, "fast in place", n)
    for mode in ("", "_compensated", "_fast"):
        x = sample("f8", 3 * CHUNK, "plain")
        x[CHUNK + 5] = np.inf
        x[2 * CHUNK + 7] = -np.inf
        got = scanned(team, "cumsum" + mode, x, "f8")
        check(np.all(np.isfinite(got[:CHUNK + 5])) and np.all(got[CHUNK + 5:2 * CHUNK + 7] == np.inf) and
              np.all(np.isnan(got[2 * CHUNK + 7:])), "infinities", mode)


def integer_sums_are_those_of_numpy_or_overflow(team):
    for dtype in some(team, t.DTYPES[2:]):
        out_type = "i8" if np.dtype(dtype).kind == "i" else "u8"
        for n in LENGTHS:
            for kind in ("plain", "few"):
                x = sample(dtype, n, kind)
                expected = np.cumsum(x, dtype=out_type)
                for name in ("cumsum", "cumsum_fast", "cumsum_compensated"):
                    same(scanned(team, name, x, out_type), expected, name, dtype, n, kind)
                same(scanned(team, "cumsum", x, out_type, True), np.concatenate([np.zeros(1, out_type), expected[:-1]])[:n],
                     "exclusive", dtype, n, kind)
                if dtype == out_type:
                    same(scanned(team, "cumsum", x, out_type, False, True), expected, "in place", dtype, n)
    for dtype, most in (("i8", 2 ** 63 - 1), ("u8", 2 ** 64 - 1)):
        for at in (1, CHUNK - 1, CHUNK, 5 * CHUNK + 3):
            x = np.zeros(5 * CHUNK + 4, dtype)
            x[0] = most
            x[at] = 1
            fails("OVERFLOW", lambda: scanned(team, "cumsum", x, dtype), "overflow", dtype, at)
            last = at == len(x) - 1
            if last:
                same(scanned(team, "cumsum", x, dtype, True), np.full(len(x), most, dtype) * (np.arange(len(x)) > 0),
                     "the last sum of an exclusive scan is no result", dtype)
            else:
                fails("OVERFLOW", lambda: scanned(team, "cumsum", x, dtype, True), "exclusive overflow", dtype, at)


def products_are_those_of_numpy_or_overflow(team):
    for dtype in ("f8", "f4"):
        for n in LENGTHS:
            x = np.exp2(random.normal(size=n) / 9).astype(dtype) * random.choice([-1, 1], n).astype(dtype)
            expected = np.cumprod(x.astype(np.longdouble))
            got = scanned(team, "cumprod", x, dtype)
            near = np.abs(got - expected) <= (n + 2) * 1.2e-16 * np.abs(expected) + np.finfo(dtype).eps * np.abs(expected)
            check(np.all(near | ~np.isfinite(expected.astype(dtype))), "cumprod", dtype, n)
            same(scanned(team, "cumprod", x, dtype, True, True)[1:], got[:-1] if n else got,
                 "cumprod exclusive in place", dtype, n) if n <= CHUNK else None
    x = np.array([1e300, 1e300, 1e-300, 1e-300, 0.25, 5e-324, 2.0 ** 1000, 2.0 ** 74, np.inf, -1, 0, 1])
    with np.errstate(all="ignore"):
        got = scanned(team, "cumprod", x, "f8")
    close = [1e300, np.inf, 1e300, 1.0, 0.25, 0.0, 0.25 * (5e-324 * 2.0 ** 1000), 0.25, np.inf, -np.inf, np.nan, np.nan]
    check(np.allclose(got, close, 1e-14, 0, True), "cumprod beyond the range and back", got)
    for dtype in some(team, t.DTYPES[2:]):
        out_type = "i8" if np.dtype(dtype).kind == "i" else "u8"
        for n in LENGTHS:
            x = np.ones(n, dtype)
            if n > 50 and np.dtype(dtype).kind == "i":
                x[random.integers(0, n, 40)] = -1
            x[n // 2:n // 2 + 3] = 5
            same(scanned(team, "cumprod", x, out_type), np.cumprod(x, dtype=out_type), "cumprod", dtype, n)
        x = np.full(2 * CHUNK, 2, dtype)
        x[64:] = 0
        fails("OVERFLOW", lambda: scanned(team, "cumprod", x, out_type), "overflow before a zero", dtype)
        x[10] = 0
        same(scanned(team, "cumprod", x, out_type), np.cumprod(x, dtype=out_type), "zero before an overflow", dtype)
    low = np.array([-2 ** 63, 1, -1], "i8")
    same(scanned(team, "cumprod", low[:2], "i8"), np.full(2, -2 ** 63, "i8"), "least integer")
    fails("OVERFLOW", lambda: scanned(team, "cumprod", low, "i8"), "2^63")


def extremes_and_differences_are_those_of_numpy(team):
    for dtype in some(team, t.DTYPES):
        for n in LENGTHS:
            for kind in ("plain", "few", "special", "zeros"):
                x = sample(dtype, n, kind)
                for in_place in (False, True):
                    about = dtype, n, kind, in_place
                    same(scanned(team, "cummin", x, dtype, False, in_place) + 0, np.minimum.accumulate(x) + 0,
                         "cummin", *about)
                    same(scanned(team, "cummax", x, dtype, False, in_place) + 0, np.maximum.accumulate(x) + 0,
                         "cummax", *about)
                    same(scanned(team, "difference", x, dtype, False, in_place),
                         np.concatenate([x[:1], np.diff(x)]).astype(dtype), "difference", *about)
                if n:
                    fails("EMPTY", lambda: scanned(team, "cummin", x, dtype, True), "exclusive cummin", dtype, n)
                    fails("ARGUMENT", lambda: scanned(team, "difference", x, dtype, True), "exclusive difference")
    zeros = np.array([0.0, -0.0, 0.0])
    same(scanned(team, "cummin", zeros, "f8"), np.array([0.0, -0.0, -0.0]), "-0 < +0")
    same(scanned(team, "cummax", zeros[1:], "f8"), np.array([-0.0, 0.0]), "-0 < +0")


def any_reducer_scans(team):
    for n in LENGTHS[:12]:
        x = sample("f8", n)
        expected = {"max": np.maximum.accumulate(x), "count_nonzero": np.cumsum(x != 0).astype("i8"),
                    "sum": true_sums(x, np.dtype("f8")) if n < 2000 else None}
        for name, right in expected.items():
            reducer = t.find(name, x.dtype)
            a, out = team.array(x), team.array(np.zeros(n, t.result_type(reducer.contents)))
            t.need(t.lib.trine_scan_reducer(reducer, a.handle, None, c.c_bool(False), out.handle))
            if right is not None:
                same(out.local(), right, "reducer", name, n)
            a.free()
            out.free()


def reversed_is_reversed(team):
    for dtype in some(team, t.DTYPES):
        for n in LENGTHS:
            x = sample(dtype, n)
            a, out = team.array(x), team.array(np.zeros(n, dtype))
            t.need(t.lib.trine_reverse(a.handle, out.handle))
            same(out.local(), x[::-1], "reverse", dtype, n)
            t.need(t.lib.trine_reverse(a.handle, a.handle))
            same(a.local(), x[::-1], "reverse in place", dtype, n)
            a.free()
            out.free()


class Kept:
    """An array that trine made."""
    def __init__(self, handle, dtype):
        self.handle, self.dtype = handle, np.dtype(dtype)

    local, free = t.Array.local, t.Array.free


def compact(a, name=None, param=None, mask=None):
    made = t.pointer()
    if mask is not None:
        t.need(t.lib.trine_compact_mask(a.handle, mask.handle, c.byref(made)))
    else:
        t.lib.trine_predicate_find.restype = t.pointer
        found = t.pointer(t.lib.trine_predicate_find(name.encode(), t.code(a.dtype)))
        t.need(t.lib.trine_compact(found, a.handle, param.tobytes() if param is not None else None, c.byref(made)))
    kept = Kept(made, a.dtype)
    values = kept.local().copy()
    check(t.lib.trine_array_n(made) == len(values), "length of what was kept")
    kept.free()
    return values


def what_is_kept_is_what_numpy_keeps(team):
    for dtype in some(team, t.DTYPES):
        for n in LENGTHS:
            for kind in ("plain", "few", "special"):
                x = sample(dtype, n, kind)
                bits = random.integers(0, 3, n, "u1")
                for place in (t.SHARED, t.DISTRIBUTED):
                    a, mask = team.array(x, place), team.array(bits, place)
                    about = dtype, n, kind, place
                    same(compact(a, "nonzero"), x[x != 0], "nonzero", *about)
                    same(compact(a, "not_nan"), x[x == x], "not_nan", *about)
                    pair = np.array([-1 if x.dtype.kind != "u" else 1, 2], dtype)
                    same(compact(a, "between", pair), x[(x >= pair[0]) & (x <= pair[1])], "between", *about)
                    same(compact(a, mask=mask), x[bits != 0], "mask", *about)
                    a.free()
                    mask.free()


run(exact_sums_are_the_true_ones_rounded_once, compensated_and_fast_sums_are_near,
    integer_sums_are_those_of_numpy_or_overflow, products_are_those_of_numpy_or_overflow,
    extremes_and_differences_are_those_of_numpy, any_reducer_scans, reversed_is_reversed,
    what_is_kept_is_what_numpy_keeps)
