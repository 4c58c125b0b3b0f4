"""numpy_lines.py SPEC... - what is done along any axis of arrays of 1 to 5 axes, judged by numpy: reductions and places,
scans, sorts, permutations and quantiles; scans of a line have the bits of an array that holds it alone."""
import ctypes as c
import os
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import binding as t
import numpy as np
from judge import check, fails, random, run, same, sample, some

warnings.simplefilter("ignore")
SHAPES = [(9,), (0,), (1, 1), (5, 0), (0, 5), (3, 4, 0, 2), (2, 3, 4), (1, 7, 1), (700, 3), (3, 700), (20, 9001), (9001, 5),
          (2, 8193, 3), (2, 3, 16390), (4, 1, 6, 5), (2, 3, 2, 3, 4), (33, 40, 50), (3, 8200, 20)]
EMPTY_FAILS = 4


def arrays(team, dtypes="f8 f4 i8 u4 i2 u1", kinds=("few", "special")):
    for shape in some(team, SHAPES):
        for dtype in random.choice(dtypes.split(), 2, replace=False):
            for kind in kinds:
                x = np.asarray(sample(dtype, shape, kind))
                a = team.array(x, int(random.integers(3)))
                for axis in range(-1, x.ndim):
                    yield x, a, axis, (dtype, shape, kind, "axis", axis)
                a.free()


def without(x, axis):
    return tuple(np.delete(x.shape, axis))


def results(x, axis):
    return int(np.prod(without(x, axis), dtype=int))


def reductions_are_numpy_s(team):
    for x, a, axis, about in arrays(team, kinds=("few",)):
        if x.shape[axis] == 0:
            if results(x, axis):
                fails("EMPTY", lambda: t.reduce("min", a, axis=axis, results=results(x, axis)), *about)
            continue
        for name in ("min", "argmin", "argmax", "sum", "sum_fast", "all"):
            got = t.reduce(name, a, axis=axis, results=results(x, axis)).reshape(without(x, axis))
            wide = x.astype({"i": "i8", "u": "u8", "f": "f8"}[x.dtype.kind]) if "sum" in name else x
            expected = np.asarray(getattr(np, name.split("_")[0])(wide, axis=axis))
            if "sum" in name and x.dtype.kind == "f":
                check(np.allclose(got, expected, rtol=1e-6 if x.dtype == "f4" else 1e-12, atol=1e-9), name, *about)
            else:
                same(got.astype(expected.dtype), expected, name, *about)


def a_line_along_the_last_axis_has_the_bits_of_an_array_of_its_own(team):
    param = np.zeros(2)
    for x, a, axis, about in arrays(team, "f8 f4", kinds=("plain",)):
        if x.size == 0 or axis != -1:
            continue
        lines = np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis])
        for name in ("sum_fast", "describe", "argmin", "prod"):
            got = t.reduce(name, a, param=param, axis=axis, results=len(lines))
            got = got.view(np.uint8).reshape(len(lines), -1)
            for i in random.integers(len(lines), size=3):
                one = team.array(lines[i])
                check(got[i].tobytes() == t.reduce(name, one, param=param).tobytes(), name, i, *about)
                one.free()


def lines_without_a_number_are_nan_where_they_are(team):
    x = random.normal(size=(4, 5, 6))
    x[1, :, 2] = x[:, 3, 4] = x[2, 2, :] = np.nan
    for place in (t.SHARED, t.DISTRIBUTED):
        a = team.array(x, place)
        for axis in range(3):
            n = x.size // x.shape[axis]
            for name in ("nanmin", "nanmax", "nanmean", "nanvar", "nanstd"):
                got = t.reduce(name, a, param=np.zeros(1), axis=axis, results=n)
                expected = getattr(np, name)(x, axis=axis).ravel()
                check(np.allclose(got, expected, equal_nan=True, rtol=1e-12) and np.isnan(got).sum() > 0, name, axis)
            found = c.addressof(t.find("nanmin", "f8").contents)
            strict = (c.c_char * 256).from_buffer_copy((c.c_char * 256).from_address(found))
            t.Reducer.from_buffer(strict).flags |= EMPTY_FAILS
            fails("EMPTY", lambda: t.call(t.lib.trine_reduce_axis, [a], strict, None, c.c_int(axis),
                                          c.create_string_buffer(8 * n)), "strict", axis)
        a.free()
    a = team.array(np.full((3, 0), 1.0))
    fails("EMPTY", lambda: t.reduce("nanmin", a, axis=1, results=3), "lines of no elements")
    a.free()


def scanned(team, name, x, a, axis, exclusive=False, in_place=False):
    op = t.ScanOperator()
    t.need(t.lib.trine_scan_operator_find(name.encode(), t.code(x.dtype), c.byref(op)))
    wide = {"i": "i8", "u": "u8"}.get(x.dtype.kind, x.dtype) if name.startswith("cumsum") else x.dtype
    out = a if in_place else team.array(np.zeros(x.shape, wide), t.lib.trine_array_place(a.handle))
    try:
        t.need(t.lib.trine_scan_axis(c.byref(op), a.handle, None, c.c_int(axis), exclusive, out.handle))
        return out.local().reshape(x.shape).copy()
    finally:
        if not in_place:
            out.free()


def scans_are_numpy_s(team):
    for x, a, axis, about in arrays(team):
        same(scanned(team, "cummax", x, a, axis), np.maximum.accumulate(x, axis=axis), "cummax", *about)
        if x.dtype.kind != "f" and x.dtype.itemsize < 8:
            wide = "i8" if x.dtype.kind == "i" else "u8"
            same(scanned(team, "cumsum", x, a, axis), np.cumsum(x.astype(wide), axis=axis), "cumsum", *about)


def a_scanned_line_has_the_bits_of_an_array_of_its_own(team):
    for x, a, axis, about in arrays(team, "f8 f4", kinds=("plain",)):
        if x.size == 0 or axis < 0:
            continue
        lines = np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis])
        for name in ("cumsum", "cumsum_fast", "cumprod", "difference"):
            for exclusive in (False, name == "cumsum"):
                got = scanned(team, name, x, a, axis, exclusive)
                again = team.array(x)
                same(scanned(team, name, x, again, axis, exclusive, in_place=True), got, name, "in place", *about)
                again.free()
                got = np.moveaxis(got, axis, -1).reshape(-1, x.shape[axis])
                i = random.integers(len(lines))
                one = team.array(lines[i])
                same(scanned(team, name, lines[i], one, 0, exclusive), got[i], name, *about)
                one.free()


def sorts_are_numpy_s_stable_ones(team):
    for x, a, axis, about in arrays(team):
        places = team.array(np.zeros(x.shape, "i8"), t.lib.trine_array_place(a.handle))
        t.need(t.lib.trine_argsort_axis(a.handle, c.c_int(axis), places.handle))
        expected = np.argsort(x + 0 if x.dtype.kind == "f" else x, axis=axis, kind="stable")
        got = places.local().reshape(x.shape).copy()
        # numpy takes -0 for +0.
        if x.dtype.kind != "f" or not np.any((x == 0) & np.signbit(x)):
            check(np.array_equal(got, expected), "argsort", *about)
        places.free()
        b = team.array(x, t.lib.trine_array_place(a.handle))
        t.need(t.lib.trine_sort_axis(b.handle, c.c_int(axis)))
        check(b.local().tobytes() == np.take_along_axis(x, got.astype("i8"), axis).tobytes(), "sort", *about)
        check(np.array_equal(b.local().reshape(x.shape), np.sort(x, axis=axis), equal_nan=x.dtype.kind == "f"),
              "sorted", *about)
        b.free()


def quantiles_are_numpy_s(team):
    q = np.array([0, 0.1, 0.5, 0.77, 1])
    for x, a, axis, about in arrays(team, "f8 f4 i4 u1"):
        n = results(x, axis)
        if n > 400:
            continue  # numpy takes seconds
        # Interpolating near 0 numpy loses what it cancels.
        small = 1e-15 * np.max(np.abs(x[np.isfinite(x)].astype("f8")), initial=0)
        for name, expected in (("trine_quantile_axis", np.quantile), ("trine_nanquantile_axis", np.nanquantile)):
            got = np.full(len(q) * n + 1, 7.0)

            def take():
                t.need(getattr(t.lib, name)(a.handle, 7, len(q), q.ctypes.data_as(t.pointer), c.c_int(axis),
                                            got.ctypes.data_as(t.pointer)))
            if x.shape[axis] == 0:
                fails("EMPTY", take, name, *about)
                continue
            take()
            check(got[-1] == 7, name, "beyond", *about)
            right = expected(x.astype("f8"), q, axis=axis).ravel()
            # numpy's own arithmetic gives NaN beside infinities.
            known = ~np.isnan(right) | ~np.isinf(x).any()
            check(np.allclose(got[:-1][known], right[known], rtol=1e-13, atol=small,
                              equal_nan=True), name, *about)


run(reductions_are_numpy_s, a_line_along_the_last_axis_has_the_bits_of_an_array_of_its_own,
    lines_without_a_number_are_nan_where_they_are,
    scans_are_numpy_s, a_scanned_line_has_the_bits_of_an_array_of_its_own, sorts_are_numpy_s_stable_ones,
    quantiles_are_numpy_s)
