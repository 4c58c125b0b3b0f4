"""numpy_matrix.py SPEC... - products of matrices and vectors on those teams, judged by numpy: random
shapes, both dtypes, alpha and beta."""
import ctypes as c
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import binding as t
import numpy as np
from judge import check, random, run, some

SHAPES = [(1, 1, 1), (3, 4, 5), (64, 65, 66), (191, 192, 193), (513, 100, 1025), (300, 7000, 20), (2000, 3, 2100)]

for name, kind in (("f64", c.c_double), ("f32", c.c_float)):
    for product in ("gemm", "gemv"):
        function = getattr(t.lib, f"trine_{product}_{name}")
        function.argtypes = [kind, t.pointer, t.pointer, kind, t.pointer]


def multiply(team, product, dtype, m, n, k, alpha, beta):
    """trine's and numpy's alpha a b + beta c, the latter in the widest type, and its error bound."""
    a = random.normal(size=(m, k)).astype(dtype)
    b = random.normal(size=(k, n) if product == "gemm" else k).astype(dtype)
    old = random.normal(size=(m, n) if product == "gemm" else m).astype(dtype)
    given = old if beta else np.full_like(old, np.nan)
    arrays = [team.array(x, place) for x, place in zip((a, b, given), (t.SHARED, t.DISTRIBUTED, t.SHARED))]
    function = getattr(t.lib, f"trine_{product}_{t.SUFFIX[dtype]}")
    t.need(function(alpha, arrays[0].handle, arrays[1].handle, beta, arrays[2].handle))
    got = arrays[2].local().reshape(old.shape).copy()
    for x in arrays:
        x.free()
    wide = np.float64 if dtype == "f4" else np.longdouble
    a, b, old = a.astype(wide), b.astype(wide), old.astype(wide)
    right = alpha * (a @ b) + (beta * old if beta else 0)
    most = abs(alpha) * (abs(a) @ abs(b)) + abs(beta * old)
    return got, right, (k + 4) * np.finfo(dtype).eps / 2 * most


def products_are_those_of_numpy(team):
    for product in ("gemm", "gemv"):
        for dtype in ("f8", "f4"):
            for m, n, k in some(team, SHAPES):
                if dtype == "f8" and m * n * k > 1e6 and product == "gemm":
                    n = 10
                for alpha, beta in ((1, 0), (0.5, -2), (0, 3), (-1, 1)):
                    got, right, bound = multiply(team, product, dtype, m, n, k, alpha, beta)
                    check(np.all(abs(got - right) <= bound), product, dtype, m, n, k, alpha, beta,
                          np.max(abs(got - right)))


def integers_are_exact(team):
    """Whole numbers whose sums fit have no rounding to hide an error."""
    a, b = random.integers(-50, 50, (700, 1500)), random.integers(-50, 50, (1500, 90))
    for dtype in ("f8", "f4"):
        arrays = [team.array(x.astype(dtype)) for x in (a, b, np.zeros((700, 90)))]
        t.need(getattr(t.lib, f"trine_gemm_{t.SUFFIX[dtype]}")(1, *[x.handle for x in arrays[:2]], 0, arrays[2].handle))
        check(np.array_equal(arrays[2].local().reshape(700, 90), a @ b), "integers", dtype)
        for x in arrays:
            x.free()


def has_blas():
    t.lib.trine_gemm_library.restype = c.c_char_p
    return t.lib.trine_gemm_library() is not None


if not has_blas():
    print("skipped:", t.lib.trine_error_detail().decode())
    sys.exit(77)
run(products_are_those_of_numpy, integers_are_exact)
