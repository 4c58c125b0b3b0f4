"""numpy_grids.py SPEC... - transposition, stencils, Jacobi's iteration and convolution on those teams, judged by
numpy and scipy."""
import ctypes as c
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import binding as t
import numpy as np
import scipy.ndimage as ndimage
from judge import check, random, run, sample

CHUNK = 8192
SHAPES = [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3), (5, 4), (17, 33), (64, 64), (100, 67), (3, 20001), (20001, 3),
          (700, 130), (2, CHUNK + 1)]


class JacobiResult(c.Structure):
    _fields_ = [("sweeps", t.i64), ("residual", t.f64)]


def transpositions_are_those_of_numpy(team):
    for shape in SHAPES + [tuple(random.integers(1, 300, 2)) for _ in range(20)]:
        for dtype in t.DTYPES:
            x = sample(dtype, shape)
            a, b = team.array(x), team.array(np.zeros(shape[::-1], dtype))
            t.need(t.lib.trine_transpose(a.handle, b.handle))
            check(np.array_equal(b.local().reshape(shape[::-1]), x.T), "transpose", dtype, shape)
            a.free(), b.free()


def five_points_are_those_of_scipy(team):
    weight = random.normal(size=5)
    centre, north, south, west, east = weight
    matrix = np.array([[0, north, 0], [west, centre, east], [0, south, 0]])
    for shape in SHAPES:
        for dtype, tolerance in (("f8", 1e-14), ("f4", 1e-6)):
            x = sample(dtype, shape)
            a, b = team.array(x), team.array(np.zeros(shape, dtype))
            t.need(t.lib.trine_stencil5(a.handle, (t.f64 * 5)(*weight), b.handle))
            expected = x.copy()
            inner = np.s_[1:-1, 1:-1]
            expected[inner] = ndimage.correlate(x.astype("f8"), matrix, mode="constant")[inner]
            got = b.local().reshape(shape)
            check(np.allclose(got, expected, tolerance, 20 * tolerance), "five points", dtype, shape)
            a.free(), b.free()


def sweep(u, f):
    """One sweep in the documented order of additions."""
    new = u.copy()
    new[1:-1, 1:-1] = ((u[:-2, 1:-1] + u[2:, 1:-1]) + (u[1:-1, :-2] + u[1:-1, 2:]) + f[1:-1, 1:-1]) / 4
    return new


def jacobi_is_the_loop_of_numpy(team):
    for shape in SHAPES:
        for most in (0, 1, 2, 7):
            u, f = sample("f8", shape), sample("f8", shape)
            a, b, result = team.array(u), team.array(f), JacobiResult()
            t.need(t.lib.trine_jacobi(a.handle, b.handle, t.f64(1e-3), t.i64(most), c.byref(result)))
            residual = np.inf
            sweeps = 0
            while sweeps < most and not residual <= 1e-3:
                new = sweep(u, f)
                residual = np.max(np.abs(new - u), initial=0)
                u = new
                sweeps += 1
            check(np.array_equal(a.local().reshape(shape), u), "jacobi", shape, most)
            check(result.sweeps == sweeps and result.residual == residual, "jacobi's result", shape, most)
            a.free(), b.free()


def jacobi_finds_the_solution_of_the_linear_system(team):
    rows, columns = 14, 19
    u, f = sample("f8", (rows, columns)), sample("f8", (rows, columns))
    inner = [(r, q) for r in range(1, rows - 1) for q in range(1, columns - 1)]
    number = {at: i for i, at in enumerate(inner)}
    matrix, right = np.zeros((len(inner), len(inner))), np.zeros(len(inner))
    for (r, q), i in number.items():
        matrix[i, i] = 4
        right[i] = f[r, q]
        for at in ((r - 1, q), (r + 1, q), (r, q - 1), (r, q + 1)):
            if at in number:
                matrix[i, number[at]] = -1
            else:
                right[i] += u[at]
    solution = np.linalg.solve(matrix, right)
    a, b, result = team.array(u), team.array(f), JacobiResult()
    t.need(t.lib.trine_jacobi(a.handle, b.handle, t.f64(1e-14), t.i64(10**6), c.byref(result)))
    got = a.local().reshape(rows, columns)
    check(np.allclose([got[at] for at in inner], solution, 1e-10, 1e-10), "jacobi's solution")
    a.free(), b.free()


def convolutions_are_those_of_numpy(team):
    lengths = [0, 1, 2, 5, 63, 64, 65, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17]
    for n in lengths:
        for taps in (1, 2, 3, 4, 7, 64, 301, CHUNK):
            for dtype, function, tolerance in (("f8", t.lib.trine_convolve_f64, 1e-13),
                                               ("f4", t.lib.trine_convolve_f32, 1e-6)):
                if n * taps > 30_000_000:
                    continue
                x, kernel = sample(dtype, n), random.normal(size=taps)
                a, b = team.array(x), team.array(np.zeros(n, dtype))
                t.need(function(a.handle, (t.f64 * taps)(*kernel), c.c_int64(taps), b.handle))
                wide = x.astype("f8")
                expected = np.empty(0)
                if n > 0:
                    expected = np.convolve(wide, kernel)[(taps - 1) // 2:][:n]
                scale = np.sqrt(min(taps, n) + 1)
                check(np.allclose(b.local(), expected, tolerance, 10 * tolerance * scale), "convolve", dtype, n, taps)
                if 0 < taps <= n:
                    check(np.allclose(b.local(), np.convolve(wide, kernel, "same"), tolerance,
                                      10 * tolerance * scale), "convolve same", dtype, n, taps)
                a.free(), b.free()


run(transpositions_are_those_of_numpy, five_points_are_those_of_scipy, jacobi_is_the_loop_of_numpy,
    jacobi_finds_the_solution_of_the_linear_system, convolutions_are_those_of_numpy)
