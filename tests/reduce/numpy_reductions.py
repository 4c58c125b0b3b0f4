"""numpy_reductions.py SPEC... - the built-in reductions on those teams, judged by numpy and scipy: random
shapes and all dtypes; along axes; special values."""
import ctypes as c
from fractions import Fraction
import math
import os
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import binding as t
import numpy as np
import scipy.stats as stats
from judge import check, close, fails, random, run, same, sample, some

CHUNK = 8192
LENGTHS = [1, 2, 3, 31, 32, 33, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17]
SHAPES = [(1, 1), (1, 7), (7, 1), (3, 5), (CHUNK, 2), (820, 10), (819, 10), (5000, 10), (100, 100), (33, 700),
          (3, CHUNK), (5, CHUNK + 1), (2, 3 * CHUNK + 5)]
warnings.simplefilter("ignore")


def by_numpy(name, x):
    """What numpy says of a reduction of one array, in the type that trine promises."""
    if name in ("min", "max"):
        return getattr(np, name)(x)
    if name in ("nanmin", "nanmax"):
        return getattr(np, name)(x)
    if name == "ptp":
        return np.max(x) - np.min(x)
    if name == "absmax":
        return np.max(np.abs(x))
    if name == "minmax":
        return np.array([np.min(x), np.max(x)])
    if name == "argminmax":
        places = [np.argmin(x), np.argmax(x)]
        record = np.zeros(1, np.dtype([("index", "i8", 2), ("pair", x.dtype, 2)], align=True))
        record["index"], record["pair"] = places, x[places]
        return record.view(np.uint8)
    if name in ("argmin", "argmax", "nanargmin", "nanargmax"):
        return np.int64(getattr(np, name)(x))
    if name in ("any", "all"):
        return np.int64(getattr(np, name)(x))
    if name == "count_nonzero":
        return np.int64(np.count_nonzero(x))
    return np.int64(np.count_nonzero(np.isnan(x)))


PLAIN = "min max ptp nanmin nanmax minmax absmax argmin argmax nanargmin nanargmax argminmax any all count_nonzero count_nan".split()


def extremes_and_counts_are_those_of_numpy(team):
    for dtype in some(team, t.DTYPES):
        for n in LENGTHS:
            for kind in ("plain", "few", "special"):
                x = sample(dtype, n, kind)
                a = team.array(x)
                for name in PLAIN:
                    if name == "absmax" and x.dtype.kind == "i" and x.min() == np.iinfo(dtype).min:
                        fails("OVERFLOW", lambda: t.reduce(name, a), name, dtype)
                        continue
                    if name == "ptp" and x.dtype.kind != "f" and int(x.max()) - int(x.min()) > np.iinfo(dtype).max:
                        fails("OVERFLOW", lambda: t.reduce(name, a), name, dtype)
                        continue
                    if name.startswith("nan") and x.dtype.kind == "f" and np.all(np.isnan(x)):
                        fails("EMPTY", lambda: t.reduce(name, a), name, dtype)
                        continue
                    expected = by_numpy(name, x)
                    got = t.reduce(name, a)
                    if name == "minmax":
                        got = got.view(x.dtype)
                    same(np.atleast_1d(got), np.atleast_1d(expected), name, dtype, n, kind)
                low, high = (x[0], x[-1]) if x[0] <= x[-1] else (x[-1], x[0])
                with np.errstate(all="ignore"):
                    between = np.count_nonzero((x >= low) & (x <= high))
                got = t.reduce("count_between", a, param=np.array([low, high], dtype))
                same(got[0], np.int64(between), "count_between", dtype, n)
                a.free()


def empty_input_is_defined_or_refused(team):
    defined = {"any": 0, "all": 1, "count_nonzero": 0, "count_nan": 0, "prod": 1}
    param = np.zeros(8)
    for dtype in t.DTYPES:
        a = team.array(np.empty(0, dtype))
        for name in PLAIN + ["prod"]:
            if name in defined:
                check(t.reduce(name, a)[0] == defined[name], name, dtype, "of nothing")
            else:
                fails("EMPTY", lambda: t.reduce(name, a), name, dtype, "of nothing")
        for name in ["var", "std", "skewness", "kurtosis", "nanvar"] if dtype[0] == "f" else []:
            fails("EMPTY", lambda: t.reduce(name, a, param=param), name, dtype, "of nothing")
        a.free()


def negative_zero_is_below_zero(team):
    for dtype in ("f8", "f4"):
        for x in ([0.0, -0.0], [-0.0, 0.0]):
            a = team.array(np.array(x, dtype))
            check(np.signbit(t.reduce("min", a)[0]) and not np.signbit(t.reduce("max", a)[0]), "zeros", x)
            a.free()


def products_are_true_or_refused(team):
    for dtype in t.DTYPES:
        for n in (1, 3, 20, 63, 64, 1000, CHUNK + 1):
            for low, high in ((-1, 1), (-2, 2), (1, 2), (-3, 3)):
                if np.dtype(dtype).kind == "f":
                    x = (random.normal(size=n) * 2.0 ** random.integers(-60, 60, n)).astype(dtype)
                else:
                    x = random.integers(max(low, np.iinfo(dtype).min), high, n, dtype, endpoint=True)
                a = team.array(x)
                if x.dtype.kind == "f":
                    m, e = np.frexp(x.astype(float))
                    logs = math.fsum(np.log2(np.abs(m)))
                    true = np.sum(e.astype(np.int64)) + logs
                    got = float(t.reduce("prod", a)[0])
                    top, bottom = (1024, -1080) if dtype == "f8" else (128, -155)
                    sign = np.prod(np.sign(x))
                    if true > top + 1:
                        check(got == sign * np.inf, "prod overflows", dtype, n, got)
                    elif true < bottom:
                        check(got == 0, "prod underflows", dtype, n, got)
                    elif bottom + 80 < true < top - 1:
                        check(abs(math.log2(abs(got)) - true) < 1e-6 and got * sign > 0, "prod", dtype, n, got, true)
                else:
                    true = math.prod(int(v) for v in x)
                    limits = np.iinfo(np.int64 if x.dtype.kind == "i" else np.uint64)
                    if limits.min <= true <= limits.max:
                        check(int(t.reduce("prod", a)[0]) == true, "prod", dtype, n, true)
                    else:
                        fails("OVERFLOW", lambda: t.reduce("prod", a), "prod", dtype, n)
                a.free()
    for x, expected in (([1e300, 1e300, 1e-300, 1e-300], 1.0), ([np.inf, 0.0], np.nan), ([np.inf, -2.0], -np.inf),
                        ([0.0, -3.0], -0.0), ([5e-324, 2.0 ** 1000], 5e-324 * 2.0 ** 1000), ([np.nan, 1.0], np.nan)):
        a = team.array(np.array(x))
        close(t.reduce("prod", a)[0], expected, 1e-15, "prod of", x)
        check(np.isnan(expected) or np.signbit(t.reduce("prod", a)[0]) == np.signbit(expected), "sign of prod", x)
        a.free()


def moments_are_those_of_numpy_and_scipy(team):
    for dtype in ("f8", "f4"):
        for n in LENGTHS:
            for offset in (0, 1e6):
                x = (sample("f8", n) + offset).astype(dtype)
                y = (0.3 * x.astype(float) + sample("f8", n)).astype(dtype)
                wide, other = x.astype(np.longdouble), y.astype(np.longdouble)
                a, b = team.array(x), team.array(y)
                loose = 1e-13 * max(1, n) ** 0.5 + (1e-9 if offset else 0)
                for ddof in (0, 1):
                    param = np.array([float(ddof)])
                    if n <= ddof:
                        for name in ("var", "std"):
                            fails("EMPTY", lambda: t.reduce(name, a, param=param), name, n, ddof)
                        fails("EMPTY", lambda: t.reduce("cov", a, b, param=param), "cov", n, ddof)
                        continue
                    close(t.reduce("var", a, param=param), np.var(wide, ddof=ddof), loose, "var", dtype, n, offset)
                    close(t.reduce("std", a, param=param), np.std(wide, ddof=ddof), loose, "std", dtype, n, offset)
                    product = np.sum((wide - wide.mean()) * (other - other.mean())) / (n - ddof)
                    spread = float(np.sqrt(np.var(wide) * np.var(other))) or 1
                    got = float(t.reduce("cov", a, b, param=param)[0])
                    check(abs(got - float(product)) <= 1e-9 * spread, "cov", dtype, n, got, product)
                if n > 2:
                    z = (wide - wide.mean()) / np.sqrt(np.var(wide))
                    tight = 1e-9 if not offset else 1e-5
                    check(abs(t.reduce("skewness", a)[0] - float(np.mean(z ** 3))) < tight, "skewness", dtype, n)
                    check(abs(t.reduce("kurtosis", a)[0] - float(np.mean(z ** 4) - 3)) < tight, "kurtosis", dtype, n)
                    if not offset and dtype == "f8":
                        check(abs(t.reduce("skewness", a)[0] - stats.skew(x)) < 1e-9, "scipy's skewness", n)
                        check(abs(t.reduce("kurtosis", a)[0] - stats.kurtosis(x)) < 1e-9, "scipy's kurtosis", n)
                    r = np.sum((wide - wide.mean()) * (other - other.mean())) / n / np.sqrt(np.var(wide) * np.var(other))
                    check(abs(t.reduce("corr", a, b)[0] - float(r)) < 1e-9, "corr", dtype, n)
                a.free()
                b.free()
                holes = x.copy()
                holes[random.random(n) < 0.3] = np.nan
                left = np.count_nonzero(~np.isnan(holes))
                a = team.array(holes)
                zero = np.zeros(1)
                if left:
                    close(t.reduce("nanvar", a, param=zero), np.nanvar(holes.astype(np.longdouble)), loose, "nanvar", n)
                    close(t.reduce("nanstd", a, param=zero), np.nanstd(holes.astype(np.longdouble)), loose, "nanstd", n)
                    close(t.reduce("var", a, param=zero), np.var(holes.astype(np.longdouble)), loose, "var with NaN", n)
                a.free()


def moments_do_not_depend_on_where_a_chunk_begins(team):
    """Its first elements are none that count, or far from the others."""
    for dtype, tolerance in (("f8", 1e-12), ("f4", 1e-12)):
        for first, last in ((np.nan, 256), (np.nan, CHUNK - 3), (-1e5, 256), (-1e5, 1)):
            x = (sample("f8", CHUNK) + 1e5).astype(dtype)
            x[:last] = first
            wide = x[np.isnan(x) == 0].astype(np.longdouble)
            a = team.array(x)
            name = "nanvar" if np.isnan(first) else "var"
            close(t.reduce(name, a, param=np.zeros(1)), np.var(wide), tolerance, name, dtype, first, last)
            got = t.reduce("describe", a).view(np.float64)[2:6]
            z = (wide - wide.mean()) / np.sqrt(np.var(wide))
            expected = [wide.mean(), np.var(wide), np.mean(z ** 3), np.mean(z ** 4) - 3]
            close(got, expected, 1e-9, "describe", dtype, first, last)
            a.free()


def logsumexp_is_that_of_long_doubles(team):
    try:
        t.find("logsumexp", "f8")
    except t.Failed as absent:
        print("left out:", absent)
        return
    for dtype in ("f8", "f4"):
        for n in LENGTHS:
            for scale in (1, 300, 1e-3):
                x = (sample("f8", n) * scale).astype(dtype)
                if scale == 300 and n > 3:
                    x[1] = -np.inf
                a = team.array(x)
                wide = x.astype(np.longdouble)
                most = wide.max()
                close(t.reduce("logsumexp", a), most + np.log(np.sum(np.exp(wide - most))), 2e-15 * (1 + n ** 0.25),
                      "logsumexp", dtype, n, scale)
                a.free()
    for x, expected in (([-np.inf] * 3, -np.inf), ([1.0, np.inf], np.inf), ([np.nan, 1.0], np.nan),
                        ([1e308, 1e308], 1e308), ([-1e308, 0], 0.0), ([710.0, 710.0], 710 + math.log(2))):
        a = team.array(np.array(x, float))
        close(t.reduce("logsumexp", a), expected, 1e-15, "logsumexp of", x)
        a.free()


def standardised_elements_have_mean_0_and_deviation_1(team):
    t.lib.trine_standardise.argtypes = [t.pointer, t.f64, t.pointer]
    for dtype, tolerance in (("f8", 1e-13), ("f4", 1e-5)):
        for n in LENGTHS[1:]:
            x = (sample("f8", n) * 3 + 7).astype(dtype)
            a, b = team.array(x), team.array(np.zeros(n, dtype))
            t.need(t.lib.trine_standardise(a.handle, 0.0, b.handle))
            expected = (x.astype(float) - x.mean(dtype=float)) / x.std(dtype=float)
            check(np.allclose(b.local(), expected, tolerance, tolerance), "standardise", dtype, n)
            a.free()
            b.free()
    a = team.array(np.zeros(1))
    fails("EMPTY", lambda: t.need(t.lib.trine_standardise(a.handle, 1.0, a.handle)), "standardise one with ddof 1")
    a.free()


def exact_variances_are_the_true_ones_rounded_once(team):
    for dtype in ("f8", "f4"):
        for n in (1, 2, 3, 33, 500):
            for kind in ("plain", "few", "offset", "wide", "tiny", "huge"):
                x = {"offset": lambda: sample("f8", n) + 1e12, "tiny": lambda: sample("f8", n) * 1e-310,
                     "huge": lambda: sample("f8", n) * 1e150}.get(kind, lambda: sample("f8", n, kind))()
                if dtype == "f4" and kind in ("tiny", "huge"):
                    continue
                x = x.astype(dtype)
                values = [Fraction(float(v)) for v in x]
                a = team.array(x)
                for ddof in (0, 1):
                    if n <= ddof:
                        fails("EMPTY", lambda: t.reduce("var_exact", a, param=np.array([float(ddof)])), "var_exact", n)
                        continue
                    true = sum(v * v for v in values) - sum(values) ** 2 / n
                    got = t.reduce("var_exact", a, param=np.array([float(ddof)]))[0]
                    same(got, np.float64(float(true / (n - ddof))), "var_exact", dtype, n, kind, ddof)
                a.free()
    a = team.array(np.array([1.0, np.inf]))
    check(np.isnan(t.reduce("var_exact", a, param=np.zeros(1))[0]), "var_exact with infinity")
    a.free()


def variance_of_equal_elements_is_zero(team):
    for value in (0.0, 0.1, -1e15, 1e-300):
        for n in (1, 2, 33, CHUNK + 5):
            a = team.array(np.full(n, value))
            check(t.reduce("var", a, param=np.zeros(1))[0] <= (1e-15 * value) ** 2, "var of equal", value, n)
            check(t.reduce("std", a, param=np.zeros(1))[0] >= 0, "std of equal", value, n)
            a.free()


def histogram(a, bins, low=0.0, high=1.0, edges=None):
    counts = np.zeros(bins + 3, np.int64)
    if edges is None:
        t.need(t.lib.trine_histogram(a.handle, t.i64(bins), t.f64(low), t.f64(high), counts.ctypes.data_as(t.pointer)))
    else:
        t.need(t.lib.trine_histogram_edges(a.handle, t.i64(bins), edges.ctypes.data_as(t.pointer),
                                           counts.ctypes.data_as(t.pointer)))
    return counts


def histograms_are_those_of_numpy(team):
    for dtype in some(team, t.DTYPES):
        for n in (0, 1, 255, 256, 257, CHUNK + 3, 3 * CHUNK):
            for kind in ("plain", "few", "special"):
                x = sample(dtype, n, kind)
                wide = x.astype(float)
                a = team.array(x)
                limits = [(-1.0, 1.0), (-3.0, 3.0), (0.0, 0.1), (1e15, 1e15 + 1), (0.0, 5e-324), (1.0, 1 + 2.0 ** -51)]
                if x.dtype.kind != "f":
                    limits.append((float(np.iinfo(dtype).min), float(np.iinfo(dtype).max)))
                for low, high in limits:
                    for bins in (1, 2, 7, 100, 5000):
                        edges = np.linspace(low, high, bins + 1)
                        got = histogram(a, bins, low, high)
                        finite = wide[~np.isnan(wide)]
                        expected = np.histogram(finite, edges)[0]
                        outside = [np.sum(finite < low), np.sum(finite > high), np.sum(np.isnan(wide))]
                        same(got, np.concatenate([expected, outside]).astype(np.int64), "histogram", dtype, n, kind,
                             low, high, bins)
                edges = np.sort(random.normal(size=12))
                got = histogram(a, 11, edges=edges)
                same(got[:11], np.histogram(wide[~np.isnan(wide)], edges)[0].astype(np.int64), "edges", dtype, n)
                a.free()
    a = team.array(np.zeros(3))
    for bins, low, high in ((0, 0, 1), (5, 1, 1), (5, 2, 1), (5, np.nan, 1), (5, 0, np.inf), (1 << 21, 0, 1)):
        fails("ARGUMENT", lambda: histogram(a, bins, float(low), float(high)), "bad bins", bins, low, high)
    for edges in ([0, 2, 1], [0, np.nan, 1], [np.nan, 0, 1]):
        fails("ARGUMENT", lambda: histogram(a, 2, edges=np.array(edges, float)), "edges", edges)
    a.free()


def bins_may_be_wider_than_a_double_and_narrower_than_its_spacing(team):
    most, least = np.finfo(float).max, 5e-324
    x = np.concatenate([random.normal(size=500) * 10.0 ** random.integers(-320, 308, 500), [most, -most, 0, least, -least],
                        [np.inf, -np.inf, np.nan], 2 * np.linspace(-8.5e307, 8.5e307, 64), np.arange(9) * least])
    a = team.array(x)
    numbers = x[~np.isnan(x)]
    for low, high in ((-1.7e308, 1.7e308), (-most, most), (-most, 1e290), (-1e292, most)):
        for bins in (1, 2, 3, 100, 999):
            # The same of halves, whose range is a double; near 0, the one small edge, a half might be 0.
            halves = np.linspace(low / 2, high / 2, bins + 1)
            away = np.where(np.abs(numbers) < 1e-300, np.sign(numbers) * 1e-300, numbers)
            expected = np.histogram(away / 2, halves)[0]
            got = histogram(a, bins, low, high)
            outside = [np.sum(numbers < low), np.sum(numbers > high), 1]
            same(got, np.concatenate([expected, outside]).astype(np.int64), "wide", low, high, bins)
    for low, high in ((0, least), (-least, least), (0, 7 * least), (-3 * least, 8 * least), (1, 1 + 2.0 ** -52)):
        for bins in (1, 2, 3, 6, 100, 999):
            edges = np.minimum(np.linspace(low, high, bins + 1), high)
            expected = np.histogram(numbers, edges)[0]
            same(histogram(a, bins, float(low), float(high))[:bins], expected.astype(np.int64), "narrow", low, high, bins)
    for edges in ([-np.inf, 0, np.inf], [0, 0, 1], [0, 1, 1], [0, 0, 0], [-1, 0, 0, 0, 1, 1], [0, np.inf], [-np.inf] * 3):
        edges = np.array(edges, float)
        expected = np.histogram(numbers, edges)[0]
        same(histogram(a, len(edges) - 1, edges=edges)[:-3], expected.astype(np.int64), "edges", edges)
    a.free()


def weighted_histogram(a, w, bins, low=0.0, high=1.0, edges=None):
    sums = np.full(bins + 3, 77.0)
    where = sums.ctypes.data_as(t.pointer)
    if edges is None:
        t.need(t.lib.trine_histogram_weighted(a.handle, w.handle, t.i64(bins), t.f64(low), t.f64(high), where))
    else:
        t.need(t.lib.trine_histogram_edges_weighted(a.handle, w.handle, t.i64(bins), edges.ctypes.data_as(t.pointer),
                                                    where))
    return sums


def true_sum(weights):
    """Rounded once; integers beyond a double's 53 bits too."""
    if weights.dtype.kind != "f":
        return float(sum(int(v) for v in weights))
    weights = weights.astype(float)
    if not np.all(np.isfinite(weights)):
        return float(np.sum(weights[~np.isfinite(weights)]))
    total = sum(map(Fraction, weights.tolist()), Fraction(0))
    return float(total) if abs(total) < Fraction(2) ** 1024 - Fraction(2) ** 970 else math.inf if total > 0 else -math.inf


def weights_of_bins_add_up_exactly(team):
    for i, dtype in enumerate(t.DTYPES):
        for n in (0, 1, 300, CHUNK + 3):
            for kind in ("plain", "special"):
                x = sample(dtype, n, "few" if kind == "plain" else kind)
                w = sample(t.DTYPES[(i * 3 + n) % 10], n, "wide" if kind == "plain" else "special")
                if kind == "special" and n == 300 and w.dtype == np.float64:
                    w = np.where(np.isfinite(w), np.sign(w) * 1e308, w)
                a, b = team.array(x), team.array(w)
                edges = np.linspace(-2, 3, 8)
                wide, places = x.astype(float), []
                for k in range(7):
                    places.append((wide >= edges[k]) & ((wide <= edges[k + 1]) if k == 6 else (wide < edges[k + 1])))
                places += [wide < -2, wide > 3, np.isnan(wide)]
                expected = np.array([true_sum(w[place]) + 0.0 for place in places])
                same(weighted_histogram(a, b, 7, -2.0, 3.0), expected, "weights", dtype, w.dtype, n, kind)
                same(weighted_histogram(a, b, 7, edges=edges), expected, "weights", dtype, w.dtype, n, kind)
                a.free()
                b.free()
    a, b, other = team.array(np.zeros(3)), team.array(np.ones(4)), team.array(np.ones(3))
    fails("LENGTH", lambda: weighted_histogram(a, b, 2), "lengths")
    fails("ARGUMENT", lambda: weighted_histogram(a, other, 0), "bins")
    fails("ARGUMENT", lambda: t.need(t.lib.trine_histogram_weighted(a.handle, None, t.i64(1), t.f64(0), t.f64(1), None)))
    for array in (a, b, other):
        array.free()


def exact_total(terms):
    """Of pairs of a float and the whole number of 2^-1074 or 2^-2148 that it stands for: that sum; or a float: what is
    not finite, or a zero."""
    odd = [rounded for rounded, _ in terms if not math.isfinite(rounded)]
    total = 0 if odd else sum(whole for _, whole in terms)
    if odd or total:
        return sum(odd) if odd else total
    return -0.0 if terms and all(math.copysign(1, rounded) < 0 for rounded, _ in terms) else 0.0


def wholes(x):
    """Each element as a float, and as a multiple of 2^-1074."""
    numbers = [(float(v), v.as_integer_ratio() if math.isfinite(v) else (0, 1)) for v in x.tolist()]
    return [(rounded, (over << 1074) // under) for rounded, (over, under) in numbers]


def quotient(over, under):
    try:
        return over / under
    except OverflowError:
        return math.copysign(math.inf, over) * (1 if under > 0 else -1)


def weighted(x, w):
    """The true sum and mean, rounded once."""
    xs, ws = wholes(x), wholes(w)
    products = exact_total([(math.copysign(1, a) * math.copysign(1, b) if math.isfinite(a) and math.isfinite(b) and i * j
                             else a * b if not (math.isfinite(a) and math.isfinite(b))
                             else math.copysign(0, a) * math.copysign(1, b), i * j) for (a, i), (b, j) in zip(xs, ws)])
    weights = exact_total(ws)
    if isinstance(products, int) and isinstance(weights, int):
        return quotient(products, 1 << 2148), quotient(products, weights << 1074)
    signs = [np.float64(np.sign(v) if isinstance(v, int) else v) for v in (products, weights)]
    return products if isinstance(products, float) else quotient(products, 1 << 2148), float(signs[0] / signs[1])


def weighted_call(name, a, w, mode):
    result = np.full(1, 77.0)
    function = getattr(t.lib, f"trine_{name}_f64")
    t.need(function(a.handle, w.handle, c.c_int(mode), result.ctypes.data_as(t.pointer)))
    return result


def along(mean, axis, count, a, w):
    reducer, weights = t.OwnReducer(), c.c_int()
    t.need(t.lib.trine_weighted_reducer(t.code(a.dtype), t.code(w.dtype), c.c_bool(mean), c.byref(reducer), c.byref(weights)))
    results = np.full(count, 77.0)
    t.call(t.lib.trine_reduce_axis, (a, w), c.byref(reducer), c.byref(weights), c.c_int(axis), results.ctypes.data_as(t.pointer))
    return results


def weights_may_be_of_any_type(team):
    for i, dtype in enumerate(t.DTYPES):
        for j, other in enumerate(t.DTYPES):
            for n in (3, 1030) + (() if (i + j) % 9 else (0, CHUNK + 3)):
                for kind in ("few", "wide", "special") if n == 3 else ("wide",):
                    x, w = sample(dtype, n, kind), sample(other, n, "plain" if kind == "few" else kind)
                    if n == 3 and kind == "wide" and w.dtype.kind != "f":
                        w[1] = 0
                    a, b = team.array(x), team.array(w)
                    total, mean = weighted(x, w)
                    for mode in (0,) if dtype == other and x.dtype.kind == "f" else (0, 1, 2):
                        about = dtype, other, n, kind, mode
                        same(weighted_call("wsum", a, b, mode), np.array([total]), "wsum", *about)
                        if n:
                            same(weighted_call("wmean", a, b, mode), np.array([mean]), "wmean", *about)
                        else:
                            fails("EMPTY", lambda: weighted_call("wmean", a, b, mode), *about)
                    a.free(), b.free()


def no_bit_of_64_bit_weights_is_lost(team):
    """Where the leading ones cancel, and beside infinities and zeros."""
    big = 2 ** 60
    for x, w in (([big + 1, -big, -2], [big + 1, big, big]), ([1.0, -1.0], [big + 1, big]), ([np.inf, 1.0], [5, big + 1]),
                 ([-0.0, -0.0], [big + 1, 5]), ([-0.0, -np.inf], [big + 1, 7])):
        for other in ("i8", "u8"):
            x, w = np.array(x, np.float64 if isinstance(x[0], float) else np.int64), np.array(w, other)
            a, b = team.array(x), team.array(w)
            total, mean = weighted(x, w)
            same(weighted_call("wsum", a, b, 0), np.array([total]), "wsum", x, w)
            same(weighted_call("wmean", a, b, 0), np.array([mean]), "wmean", x, w)
            a.free(), b.free()


def weights_of_any_type_go_along_axes(team):
    for dtype, other, kind in (("f8", "i8", "wide"), ("i8", "u8", "plain"), ("u1", "f4", "special"), ("f4", "u1", "few")):
        for shape in ((3, 5), (40, 300), (2, CHUNK + 9)):
            x, w = sample(dtype, shape, kind), sample(other, shape, kind)
            a, b = team.array(x), team.array(w)
            for axis in (0, 1):
                step = max(1, shape[1 - axis] // 7)
                lines = list(zip(np.moveaxis(x, axis, 1), np.moveaxis(w, axis, 1)))[::step]
                expected = np.array([weighted(p, q) for p, q in lines])
                for k in (0, 1):
                    same(along(k, axis, shape[1 - axis], a, b)[::step], expected[:, k], "axis", axis, dtype, other, shape)
            a.free(), b.free()
    a, w = team.array(np.zeros(3)), team.array(np.ones(3, "i4"))
    fails("DTYPE", lambda: t.call(t.lib.trine_reduce, (a, w), t.find("weighted_sum", "f8"), np.zeros(2).tobytes(),
                                  np.zeros(1).ctypes.data_as(t.pointer)), "weights of another type")
    a.free(), w.free()


def axes_give_each_column_and_row_its_own_result(team):
    names = [t.lib.trine_reducer_name(c.c_int64(i)) for i in range(200)]
    names = [name.decode() for name in names if name]
    for rows, columns in some(team, SHAPES):
        for name in names:
            if name.startswith(("histogram", "order", "weighted")):
                continue
            for dtype in ("f8", "f4", "i4", "u1", "i8"):
                try:
                    reducer = t.find(name, dtype)
                except t.Failed:
                    continue
                x = sample(dtype, rows * columns, "few").reshape(rows, columns)
                if name == "prod" and x.dtype.kind != "f":
                    x = (1 + (random.random(x.shape) < 0.0003)).astype(dtype)
                y = sample(dtype, rows * columns, "few").reshape(rows, columns)
                arrays = [team.array(v) for v in (x, y)[:reducer.contents.nin]]
                param = np.zeros(reducer.contents.param_size // 8 + 1)
                if name in ("smallest", "largest"):
                    param.view(np.uint64)[0] = 1
                for axis, count in ((0, columns), (1, rows)):
                    step = max(1, count // 7)
                    got = t.reduce(name, *arrays, param=param, axis=axis, results=count)
                    got = got.view(np.uint8).reshape(count, -1)
                    for i in range(0, count, step):
                        parts = [np.ascontiguousarray(v[:, i] if axis == 0 else v[i])
                                 for v in (x, y)[:reducer.contents.nin]]
                        lines = [team.array(v) for v in parts]
                        expected = t.reduce(name, *lines, param=param)
                        for line in lines:
                            line.free()
                        if name in ("describe", "standardisation"):
                            expected = expected.view(np.float64)
                        mine = got[i].view(expected.dtype)
                        if axis == 1 or rows <= CHUNK and columns == 1 or expected.dtype.kind != "f":
                            same(mine, expected, name, dtype, (rows, columns), "axis", axis, "at", i)
                        else:
                            check(np.all(np.isclose(mine, expected, 1e-5 if mine.dtype == np.float32 else 1e-9, 1e-9,
                                                    equal_nan=True)),
                                  name, dtype, (rows, columns), "axis", axis, "at", i, mine, expected)
                for a in arrays:
                    a.free()


run(weights_may_be_of_any_type, no_bit_of_64_bit_weights_is_lost, weights_of_any_type_go_along_axes,
    extremes_and_counts_are_those_of_numpy, empty_input_is_defined_or_refused, negative_zero_is_below_zero,
    products_are_true_or_refused, moments_are_those_of_numpy_and_scipy,
    moments_do_not_depend_on_where_a_chunk_begins, logsumexp_is_that_of_long_doubles,
    standardised_elements_have_mean_0_and_deviation_1, exact_variances_are_the_true_ones_rounded_once,
    variance_of_equal_elements_is_zero, histograms_are_those_of_numpy,
    bins_may_be_wider_than_a_double_and_narrower_than_its_spacing, weights_of_bins_add_up_exactly,
    axes_give_each_column_and_row_its_own_result)
