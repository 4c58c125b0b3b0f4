"""grids.py - transpositions, stencils, Jacobi's iteration and convolutions, whose order of additions is promised, to
the bit; products of matrices and vectors within what their additions can lose."""
import math
from fractions import Fraction

import exact
import numpy as np
import values
from case import Case
from exact import UNIT
from reductions import depth, place
from subject import by_value, canonical, judged, near, show, subject, to_the_bit, type_of

PLACES = ["shared", "private", "distributed"]


def where(rng):
    return PLACES[int(rng.integers(3))]


def grid(rng, dtype, kinds=None, specials=0.4, largest=30000):
    rows, columns = values.shape(rng, largest)
    return values.elements(rng, rows * columns, dtype, kinds, specials).reshape(rows, columns)


def make_transpose(rng):
    dtype = str(rng.choice(values.DTYPES))
    return Case("to", "transpose", [grid(rng, dtype)], None, {"to": dtype, "place": where(rng)})


def judge_transpose(case, status, arrays):
    return f"status {status}" if status != "OK" else to_the_bit(arrays[0],
                                                                np.ascontiguousarray(case.arrays[0].T).reshape(-1))


subject("transpose", make_transpose, judge_transpose, "rows")


def inner_and_border(got, x, inner):
    """Inner elements by value, the border's bits as they were."""
    got = got.reshape(x.shape)
    right = x.copy()
    if min(x.shape) > 2:
        right[1:-1, 1:-1] = inner
        bad = by_value(np.ascontiguousarray(got[1:-1, 1:-1]).reshape(-1), np.ascontiguousarray(inner).reshape(-1))
        if bad:
            return bad
    border = np.ones(x.shape, bool)
    border[1:-1, 1:-1] = False
    bad = to_the_bit(got[border], x[border])
    return bad and "border: " + bad


def judge_stencil5(case, status, arrays):
    if status != "OK":
        return f"status {status}"
    x, w = case.arrays[0], case.more["weight"]
    wide = x.astype("f8")
    with np.errstate(all="ignore"):
        total = w[0] * wide[1:-1, 1:-1]
        for weight, part in zip(w[1:], (wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:])):
            total = total + weight * part
        return inner_and_border(arrays[0], x, total.astype(x.dtype))


def make_stencil5(rng):
    dtype = str(rng.choice(values.REALS))
    return Case("stencil5", "stencil5", [grid(rng, dtype)], None, {"weight": values.reals(rng, 5, "f8",
            [values.plain], 0.1).tolist(), "place": where(rng)})


subject("stencil5", make_stencil5, judge_stencil5, "rows")


def judge_jacobi(case, status, arrays):
    if status != "OK":
        return f"status {status}"
    u, f = case.arrays
    original, sweeps, residual = u, 0, math.inf
    with np.errstate(all="ignore"):
        while sweeps < case.more["most"] and not residual <= case.more["tolerance"]:
            new = u.copy()
            new[1:-1, 1:-1] = ((u[:-2, 1:-1] + u[2:, 1:-1]) + (u[1:-1, :-2] + u[1:-1, 2:]) + f[1:-1, 1:-1]) / 4
            inner = np.abs(new - u)[1:-1, 1:-1]
            residual = float(inner.max()) if inner.size else 0.0
            u, sweeps = new, sweeps + 1
    bad = inner_and_border(arrays[0], u, u[1:-1, 1:-1]) if sweeps else to_the_bit(arrays[0], original.reshape(-1))
    if bad:
        return bad
    if int(arrays[1][0]) != sweeps:
        return f"{arrays[1][0]} sweeps and not {sweeps}"
    bad = by_value(arrays[2], np.array([residual]))
    return bad and "residual: " + bad


def make_jacobi(rng):
    u = grid(rng, "f8", [values.plain, values.few, values.huge, values.tiny, values.offset], 0.3, 9000)
    f = values.elements(rng, u.size, "f8", [values.plain, values.zeros], 0.2).reshape(u.shape)
    return Case("jacobi", "jacobi", [u, f], None, {"tolerance": float(rng.choice([0.0, 1e-3])),
                                                   "most": int(rng.choice([0, 1, 2, 5])), "place": where(rng)})


subject("jacobi", make_jacobi, judge_jacobi, "rows")


def judge_convolve(case, status, arrays):
    if status != "OK":
        return f"status {status}"
    x, taps = case.arrays[0], case.more["taps"]
    n, reach = len(x), (len(taps) - 1) // 2
    padded = np.concatenate([np.zeros(len(taps)), x.astype("f8"), np.zeros(len(taps))])
    total = np.zeros(n)
    with np.errstate(all="ignore"):
        for t, k in enumerate(taps):
            start = len(taps) + reach - t
            total = total + k * padded[start:start + n]
        return by_value(arrays[0], total.astype(x.dtype))


def make_convolve(rng):
    dtype = str(rng.choice(values.REALS))
    taps = int(rng.choice([1, 2, 3, 4, 7, 9, 33, 64]))
    x = values.elements(rng, values.length(rng), dtype)
    kernel = values.reals(rng, taps, "f8", [values.plain, values.few], 0.15)
    return Case("convolve", "convolve", [x], None, {"taps": kernel.tolist(), "place": place(rng)})


subject("convolve", make_convolve, judge_convolve)


def judge_product(case, status, arrays):
    if status == "ABSENT":
        return None
    if status != "OK":
        return f"status {status}"
    a, b, c = case.arrays
    got, alpha, beta = arrays[0].reshape(c.shape), case.more["alpha"], case.more["beta"]
    if canonical(arrays[0]):
        return canonical(arrays[0])
    b, c, got = (v.reshape(len(v), -1) for v in (b, c, got))
    gemv = case.kernel == "gemv"
    dtype = type_of(a)
    unit = Fraction(UNIT["f8"] if gemv else UNIT[dtype])
    steps = depth(a.shape[1]) + 4 if gemv else a.shape[1] + 6
    rng = np.random.default_rng(a.size)
    with np.errstate(all="ignore"):
        plain = (alpha * (a.astype("f8") @ b.astype("f8")) if alpha else 0) + (beta * c.astype("f8") if beta
                else 0) + np.zeros(c.shape)
    for _ in range(min(12, c.size)):
        i, j = int(rng.integers(c.shape[0])), int(rng.integers(c.shape[1]))
        row, column = a[i], np.ascontiguousarray(b[:, j])
        used = ([row, column] if alpha else []) + ([c[i, j:j + 1]] if beta else [])
        if not all(np.isfinite(v).all() for v in used):
            if not np.isfinite(got[i, j]) or np.isfinite(plain[i, j]):
                continue
            return f"at {i}, {j}: got {show(got[i, j])} from what is no finite number"
        dot = exact.dot_of(row, column) if alpha else Fraction(0)
        size = exact.dot_of(np.abs(row), np.abs(column)) if alpha else Fraction(0)
        old = Fraction(float(c[i, j])) * Fraction(beta) if beta else Fraction(0)
        true, whole = Fraction(alpha) * dot + old, abs(Fraction(alpha)) * size + abs(old)
        if whole * 2 > Fraction(float(np.finfo(dtype).max)):
            continue
        bad = near(got[i, j], true, 2 * steps * unit * whole + 2 * Fraction(UNIT[dtype]) * abs(true) + (a.shape[1]
                + 4) * exact.LEAST[dtype] * (1 + int(abs(alpha))))
        if bad:
            return f"at {i}, {j}: {bad}"
    return None


def make_product(name):
    def make(rng):
        dtype = str(rng.choice(values.REALS))
        kinds = [values.plain, values.few, values.mixed, values.offset]
        m, n, k = (int(rng.choice([1, 2, 3, 7, 8, 31, 33, 64, 100])) for _ in "mnk")
        if name == "gemv":
            n = 1
            if rng.random() < 0.2:
                m, k = int(rng.choice([1, 3, 700])), int(rng.choice([1, 50, values.CHUNK + 3] if m < 4 else [1, 9, 50]))
        specials = 0.4
        a = values.elements(rng, m * k, dtype, kinds, specials).reshape(m, k)
        b = values.elements(rng, k * n, dtype, kinds, specials).reshape(k, n)
        c = values.elements(rng, m * n, dtype, kinds, 0.2).reshape(m, n)
        alpha, beta = ((1, 0), (0.5, -2), (0, 3), (-1, 1), (0, 0))[int(rng.integers(5))]
        arrays = [a, b.reshape(-1), c.reshape(-1)] if name == "gemv" else [a, b, c]
        return Case("product", name, arrays, None, {"alpha": alpha, "beta": beta, "place": where(rng)})
    return make


for name in ("gemv", "gemm"):
    subject(name, make_product(name), judge_product, "nothing")
judged("functions", "transpose", "stencil5", "jacobi", "convolve", "gemv", "gemm")
