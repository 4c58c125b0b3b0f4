"""quantiles.py SPEC... - quantiles by all definitions, of NaN passed over and with weights, judged by numpy and by
fractions; the k least and greatest elements."""
from fractions import Fraction
import ctypes as c
import math
import warnings

import binding as t
import numpy as np
from judge import check, close, fails, random, run, same, sample

CHUNK = 8192
METHODS = ("inverted_cdf averaged_inverted_cdf closest_observation interpolated_inverted_cdf hazen weibull linear "
           "median_unbiased normal_unbiased lower higher midpoint nearest").split()
CONSTANTS = {"interpolated_inverted_cdf": (0, 1), "hazen": (0.5, 0.5), "weibull": (0, 0),
             "median_unbiased": (1 / 3.0, 1 / 3.0), "normal_unbiased": (3 / 8.0, 3 / 8.0)}
MOST = 1.7976931348623157e308
LEAST = 5e-324
warnings.simplefilter("ignore")


def at(x):
    return x.ctypes.data_as(t.pointer)


def number(method):
    found = c.c_int()
    t.need(t.lib.trine_quantile_method_find(method.encode(), c.byref(found)))
    return found


def quantiles(a, q, method="linear", skip=False):
    q = np.array(q, float)
    found = np.full(len(q), 77.0)
    name = "trine_nanquantile" if skip else "trine_quantile"
    if method == "linear":
        t.need(getattr(t.lib, name)(a.handle, len(q), at(q), at(found)))
    else:
        t.need(getattr(t.lib, name + "_by")(a.handle, number(method), len(q), at(q), at(found)))
    return found


def elements(a, q, method, skip=False):
    q = np.array(q, float)
    pairs, part = np.zeros((len(q), 2), a.dtype), np.zeros(len(q))
    name = "trine_nanquantile_elements" if skip else "trine_quantile_elements"
    t.need(getattr(t.lib, name)(a.handle, number(method), len(q), at(q), at(pairs), at(part)))
    return pairs, part


def median(a, skip=False):
    found = t.f64(77)
    t.need((t.lib.trine_nanmedian if skip else t.lib.trine_median)(a.handle, c.byref(found)))
    return found.value


def place_of(method, n, q):
    """Where the quantile lies among elements numbered from 0, as trine/reduce.h has it."""
    if method == "inverted_cdf":
        place = math.ceil(n * q - 1)
    elif method == "averaged_inverted_cdf":
        place = n * q - 1
        place = place + 0.5 if place == math.floor(place) else math.ceil(place)
    elif method == "closest_observation":
        place = round(n * q) - 1
    elif method in CONSTANTS:
        alpha, beta = CONSTANTS[method]
        place = n * q + (alpha + q * (1 - alpha - beta)) - 1
    else:
        place = (n - 1) * q
        low, high = math.floor(place), math.ceil(place)
        place = {"linear": place, "lower": low, "higher": high, "midpoint": (low + high) / 2,
                 "nearest": round(place)}[method]
    return min(max(place, 0), n - 1)


def between(a, b, part):
    """The true a + part (b - a), rounded once."""
    a, b = a.item(), b.item()
    if part == 0 or a == b:
        return float(a)
    if math.isinf(a) or math.isinf(b):
        return math.nan if math.isinf(a) and math.isinf(b) else float(b if math.isinf(b) else a)
    return float(Fraction(a) + Fraction(part) * (Fraction(b) - Fraction(a)))


def probabilities(n):
    """Some at random, and some whose places are whole or halves."""
    whole = [k / n for k in random.integers(0, n + 1, 4)] + [(k + 0.5) / n for k in random.integers(0, n, 3)]
    return np.concatenate([[0, 1, 0.5, 0.25, 1e-300, 1 - 2.0 ** -53], whole, random.random(4)])


def ordered(x):
    """In trine's order, of which numpy's does not tell -0 from 0."""
    x = np.sort(x, kind="stable")
    if x.dtype.kind == "f":
        zeros = x == 0
        x[zeros] = np.where(np.sort(np.signbit(x[zeros]))[::-1], -0.0, 0.0)
    return x


def every_definition_is_numpys_and_rounded_once(team):
    for dtype in t.DTYPES:
        for n in (1, 2, 3, 4, 33, 1000, CHUNK + 1):
            for kind in ("plain", "few", "wide"):
                x = sample(dtype, n, kind)
                a, inorder = team.array(x), ordered(x)
                q = probabilities(n)
                for method in METHODS:
                    if n > 100 and (kind == "wide" or METHODS.index(method) % 3 != len(dtype + kind) % 3):
                        continue
                    got, (pairs, part) = quantiles(a, q, method), elements(a, q, method)
                    by_numpy = np.quantile(x.astype(np.longdouble), q, method=method)
                    for i, p in enumerate(q):
                        place = place_of(method, n, float(p))
                        low = int(place)
                        high = low + (place > low)
                        about = method, dtype, n, kind, p
                        same(pairs[i], inorder[[low, high]], "elements", *about)
                        check(part[i] == place - low, "part", *about, part[i], place - low)
                        expected = between(inorder[low], inorder[high], place - low)
                        check(got[i] == expected, *about, got[i], expected)
                        # numpy of this age takes the odd one of two elements equally close.
                        if not (method == "closest_observation" and n * p % 1 == 0.5):
                            scale = max(abs(float(inorder[low])), abs(float(inorder[high])))
                            check(abs(got[i] - by_numpy[i]) <= 3e-16 * scale, "numpy", *about, got[i], by_numpy[i])
                a.free()


def quantiles_of_extreme_elements_stay_within_them(team):
    inf, nan = math.inf, math.nan
    for x, q, expected in (([1, 2, inf, inf], 0.5, inf), ([1, inf], 0.5, inf), ([-MOST, MOST], 0.5, 0),
                           ([-1e308, 1e308], 0.25, -5e307), ([-inf, inf], 0.5, nan), ([-inf, 1], 0.75, -inf),
                           ([-inf, 1], 1, 1), ([-inf, inf], 0, -inf), ([-inf, inf], 1, inf), ([inf, inf], 0.3, inf),
                           ([LEAST, LEAST], 0.1, LEAST), ([0, LEAST], 0.5, 0), ([LEAST, 3 * LEAST], 0.5, 2 * LEAST),
                           ([-MOST, -MOST], 0.7, -MOST), ([-MOST, MOST], 0.75, MOST / 2), ([nan, 1], 0, nan),
                           ([-nan, 1, 2], 1, nan), ([1, 1 + 2.0 ** -52], 0.5, 1), ([-0.0, -0.0], 0.5, -0.0)):
        a = team.array(np.array(x, float))
        same(quantiles(a, [q]), np.array([expected], float), "of", x, q)
        check(expected == expected or quantiles(a, [q]).view(np.uint64)[0] == 0x7ff8 << 48, "the one NaN", x)
        a.free()
    steps = np.linspace(0, 1, 64)
    for x in ([-MOST, -1, 0, LEAST, 2, MOST], [-MOST, MOST], [LEAST, 1], [-1e16, 1, 1 + 2.0 ** -52, 1e16],
              [-inf, -MOST, MOST, inf], [0.1, 0.1, 0.3]):
        x = np.array(x)
        a = team.array(x)
        for method in METHODS:
            got = quantiles(a, steps, method)
            check(np.all(got[1:] >= got[:-1]) and got[0] >= x[0] and got[-1] <= x[-1], "ascending", x, method, got)
        a.free()


def medians_of_wide_integers_are_true(team):
    ten = 10 ** 18
    for dtype, x in (("i8", [ten, ten + 1, ten + 2]), ("i8", [-2 ** 63, 2 ** 63 - 1]), ("i8", [2 ** 63 - 1] * 3),
                     ("u8", [2 ** 63, 2 ** 63 + 1, 2 ** 64 - 1]), ("u8", [2 ** 64 - 1, 2 ** 64 - 3]),
                     ("i8", [2 ** 53 + 1, 2 ** 53 + 3]), ("u8", [0, 2 ** 64 - 1]), ("i8", [-ten - 1, -ten - 3, 5, 7])):
        a = team.array(np.array(x, dtype))
        inorder, n = sorted(x), len(x)
        pairs, part = elements(a, [0.5, 0, 1], "linear")
        check(pairs[0].tolist() == [inorder[(n - 1) // 2], inorder[n // 2]], "pair", x, pairs)
        check(part[0] == (n + 1) % 2 / 2 and pairs[1][0] == inorder[0] and pairs[2][0] == inorder[-1], "ends", x)
        true = Fraction(inorder[(n - 1) // 2] + inorder[n // 2], 2)
        check(median(a) == float(true), "median", x, median(a), true)
        for p in (0.1, 0.3, 0.7, 1 - 2.0 ** -53):
            place = (n - 1) * p
            low = min(int(place), n - 2)
            true = inorder[low] + Fraction(place - low) * (inorder[low + 1] - inorder[low])
            check(quantiles(a, [p])[0] == float(true), "quantile", x, p)
        a.free()


def nan_is_passed_over_where_asked(team):
    for dtype in ("f8", "f4"):
        for n in (2, 33, 1000, 2 * CHUNK + 7):
            x = sample(dtype, n, "special")
            x[random.integers(0, n, 1 + n // 9)] *= -np.float32(np.nan)
            x[0] = 1
            a = team.array(x)
            q = random.random(9)
            rest = ordered(x[~np.isnan(x)])
            for method in METHODS[n % 2::2]:
                got = quantiles(a, q, method, skip=True)
                for i, p in enumerate(q):
                    place = place_of(method, len(rest), float(p))
                    low = int(place)
                    same(got[i], np.float64(between(rest[low], rest[min(low + 1, len(rest) - 1)], place - low)),
                         "nanquantile", method, dtype, n, p)
            check(np.all(np.isnan(quantiles(a, q))) and math.isnan(median(a)), "NaN propagates", dtype, n)
            same(median(a, skip=True), quantiles(a, [0.5], skip=True)[0], "nanmedian")
            pairs, part = elements(a, [0.5], "linear")
            check(np.all(np.isnan(pairs)) and part[0] == 0, "elements of NaN")
            a.free()
        a = team.array(np.full(5, np.nan, dtype))
        fails("EMPTY", lambda: quantiles(a, [0.5], skip=True), "nothing but NaN")
        a.free()


def what_is_no_probability_or_definition_is_refused(team):
    a, empty = team.array(np.arange(5.0)), team.array(np.empty(0))
    for q in ([1.5], [-0.1], [math.nan], [], [0.5] * 65):
        fails("ARGUMENT", lambda: quantiles(a, q), "q", q)
        fails("ARGUMENT", lambda: elements(a, q, "hazen"), "q", q)
    fails("EMPTY", lambda: quantiles(empty, [0.5]), "quantile of nothing")
    fails("EMPTY", lambda: quantiles(empty, [0.5], "hazen", True), "quantile of nothing")
    q, found, part = np.array([0.5]), np.full(2, 77.0), np.full(1, 77.0)
    for method in (0, -1, 14, 1 << 30):
        fails("ARGUMENT", lambda: t.need(t.lib.trine_quantile_by(a.handle, method, 1, at(q), at(found))), method)
    for null in range(3):
        given = [None if null == i else v for i, v in enumerate([at(q), at(found), at(part)])]
        fails("ARGUMENT", lambda: t.need(t.lib.trine_quantile_elements(a.handle, 7, 1, *given)), "NULL", null)
    check(np.all(found == 77) and part[0] == 77, "results untouched")
    fails("ARGUMENT", lambda: number("median"), "no such definition")
    t.lib.trine_quantile_method_name.restype = c.c_char_p
    check([t.lib.trine_quantile_method_name(number(m)).decode() for m in METHODS] == METHODS, "names")
    check(t.lib.trine_quantile_method_name(0) is None and t.lib.trine_quantile_method_name(14) is None, "no name")
    a.free()
    empty.free()


run(every_definition_is_numpys_and_rounded_once, quantiles_of_extreme_elements_stay_within_them,
    medians_of_wide_integers_are_true, nan_is_passed_over_where_asked, what_is_no_probability_or_definition_is_refused)
