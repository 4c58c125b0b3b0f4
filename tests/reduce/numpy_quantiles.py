"""numpy_quantiles.py SPEC... - quantiles by all definitions, of NaN passed over and with weights, judged by numpy and by
fractions; the k least and greatest elements."""
import ctypes as c
from fractions import Fraction
import math
import os
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import binding as t
import numpy as np
from judge import check, close, fails, random, run, same, sample, some

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
    for dtype in some(team, t.DTYPES):
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
            x[0], x[-1] = 1, np.nan
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


def weighted(a, w, q, skip=False):
    q = np.array(q, float)
    found, same_found = np.full(len(q), 77.0), np.zeros(len(q), a.dtype)
    name = "trine_nanquantile_weighted" if skip else "trine_quantile_weighted"
    t.need(getattr(t.lib, name)(a.handle, w.handle, len(q), at(q), at(found)))
    t.need(getattr(t.lib, name + "_elements")(a.handle, w.handle, len(q), at(q), at(same_found)))
    same(same_found.astype(float), found, name)
    return found


def by_shares(x, w, q):
    """The least element of a share of at least q and above 0: the true share, rounded once."""
    order = np.argsort(x, kind="stable")
    x, w = x[order], [Fraction(v.item()) for v in w[order]]
    total, sums, so_far = sum(w), [], Fraction(0)
    for v in w:
        so_far += v
        sums.append(so_far)
    shares = np.array([float(v / total) if v > 0 else -1.0 for v in sums])
    return x[np.minimum(np.searchsorted(shares, q, side="left"), len(x) - 1)].astype(float)


def some_weights(dtype, n):
    if np.dtype(dtype).kind != "f":
        return random.integers(0, min(np.iinfo(dtype).max, 10 ** 17), n, dtype)
    w = random.random(n) * 10.0 ** random.integers(-12, 12, n)
    w[random.random(n) < 0.2] = 0
    return (w + (n < 4)).astype(dtype)


def weighted_quantiles_are_those_of_exact_shares(team):
    for i, dtype in enumerate(t.DTYPES):
        for n in (1, 2, 7, 500, CHUNK + 9):
            for kind in ("plain", "few"):
                weights = t.DTYPES[(i + n) % 10]
                x, w = sample(dtype, n, kind), some_weights(weights, n)
                w[0] += 1
                a, b = team.array(x), team.array(w)
                q = np.concatenate([[0, 1, 0.5, 1e-300], random.random(9)])
                about = "weighted", dtype, weights, n, kind
                check(np.all(weighted(a, b, q) == by_shares(x, w, q)), *about)
                ones = team.array(np.ones(n, weights))
                counts = np.array([k / n for k in random.integers(0, n + 1, 6)])
                # numpy 2's weights: shares k / n, which equal q where it was computed alike.
                expected = np.sort(x)[np.maximum(np.searchsorted(np.arange(1, n + 1) / n, counts), 0)].astype(float)
                check(np.all(weighted(a, ones, counts) == expected), "equal weights", *about)
                for array in (a, b, ones):
                    array.free()
    x = sample("f8", 3000, "special")
    w = some_weights("f8", 3000)
    a, b, q = team.array(x), team.array(w), random.random(5)
    check(np.all(np.isnan(weighted(a, b, q))), "NaN")
    rest = ~np.isnan(x)
    check(np.all(weighted(a, b, q, True) == by_shares(x[rest], w[rest], q)), "NaN passed over")
    a.free()
    b.free()
    # Sums in double would lose the ones beside 1e16, and those of 1e300 would overflow.
    for w in ([1e16, 1, 1, 1, 1e16], [1e308, 1e308, 1e308], [LEAST, 0, LEAST], [2.0 ** 53, 1, 2.0 ** 53]):
        x, w = np.arange(len(w), dtype=float), np.array(w)
        a, b = team.array(x), team.array(w)
        q = np.concatenate([np.linspace(0, 1, 13), [0.5 + 2.0 ** -53, 1 / 3]])
        check(np.all(weighted(a, b, q) == by_shares(x, w, q)), "weights", w)
        a.free()
        b.free()


def what_is_no_weight_is_refused(team):
    for dtype in ("f8", "i8", "f4"):
        x = np.arange(9000.0)
        a = team.array(x)
        bad = [np.full(9000, -1), np.where(x == 8999, -1, 1), np.zeros(9000)]
        if dtype[0] == "f":
            bad += [np.where(x == 5, np.nan, 1), np.where(x == 8500, np.inf, 1)]
        for w in bad:
            b = team.array(w.astype(dtype))
            for skip in (False, True):
                fails("ARGUMENT", lambda: weighted(a, b, [0.5], skip), "weights", dtype, w)
            b.free()
        a.free()
    for x, status in ((np.empty(0), "EMPTY"), (np.array([np.nan]), "EMPTY")):
        a, b = team.array(x), team.array(np.ones(len(x)))
        fails(status, lambda: weighted(a, b, [0.5], True), "nothing to weigh")
        a.free()
        b.free()
    a, b, c2 = team.array(np.arange(3.0)), team.array(np.ones(4)), team.array(np.ones(3))
    fails("LENGTH", lambda: weighted(a, b, [0.5]), "lengths")
    fails("ARGUMENT", lambda: weighted(a, c2, [2]), "q")
    for null in range(4):
        q, found = np.array([0.5]), np.array([77.0])
        given = [None if null == i else v for i, v in enumerate([a.handle, c2.handle, at(q), at(found)])]
        fails("ARGUMENT", lambda: t.need(t.lib.trine_quantile_weighted(*given[:2], 1, *given[2:])), "NULL", null)
        check(found[0] == 77, "untouched")
    for array in (a, b, c2):
        array.free()


def top(a, k, largest=False):
    values, indices = np.zeros(k, a.dtype), np.zeros(k, np.int64)
    t.need((t.lib.trine_largest if largest else t.lib.trine_smallest)(a.handle, t.i64(k), at(values), at(indices)))
    return values, indices


def keys_of(x):
    """Integers in trine's order: -0 before 0, NaN last."""
    if x.dtype.kind != "f":
        return x
    bits = x.view(x.dtype.str.replace("f", "i"))
    keys = np.where(bits < 0, np.iinfo(bits.dtype).min - bits - 1, bits)
    return np.where(np.isnan(x), np.iinfo(bits.dtype).max, keys)


def the_first_elements_are_those_of_a_stable_sort(team):
    for dtype in some(team, t.DTYPES):
        for n in (1, 5, 64, 1500, 3 * CHUNK + 11):
            for kind in ("plain", "few", "special"):
                x = sample(dtype, n, kind)
                a, keys = team.array(x), keys_of(x)
                for k in sorted({0, 1, min(n, 7), min(n, 1024), min(n, 1025), n // 2, n}):
                    for largest in (False, True):
                        order = np.argsort(~keys if largest else keys, kind="stable")[:k]
                        values, indices = top(a, k, largest)
                        about = "largest" if largest else "smallest", dtype, n, kind, k
                        same(indices, order.astype(np.int64), *about)
                        same(values, x[order], *about)
                        check(x.dtype.kind != "f" or np.all(~np.signbit(values[np.isnan(values)])), "the one NaN", *about)
                a.free()
    for n in (10, 2000, 5000):
        for x in (np.zeros(n), np.full(n, np.nan), np.arange(n, dtype=float), -np.arange(n, dtype=float)):
            a = team.array(x)
            for k in (n // 3, n):
                for largest in (False, True):
                    keys = keys_of(x)
                    order = np.argsort(~keys if largest else keys, kind="stable")[:k]
                    same(top(a, k, largest)[1], order.astype(np.int64), "ordered or equal", x[:2], k, largest)
            a.free()


def more_than_there_are_is_refused(team):
    a, empty = team.array(np.arange(2000.0)), team.array(np.empty(0, "i4"))
    for k in (2001, 1 << 40, (1 << 64) - 1):
        fails("ARGUMENT", lambda: t.need(t.lib.trine_smallest(a.handle, t.i64(k), at(np.zeros(1)), None)), "k", k)
    fails("ARGUMENT", lambda: top(empty, 1), "of nothing")
    check(len(top(empty, 0)[0]) == 0, "none of nothing")
    fails("ARGUMENT", lambda: t.need(t.lib.trine_largest(a.handle, t.i64(1), None, None)), "no results")
    fails("ARGUMENT", lambda: t.need(t.lib.trine_largest(None, t.i64(1), at(np.zeros(1)), None)), "x is NULL")
    for k in (5, 1500):
        values, indices = np.zeros(k), np.zeros(k, np.int64)
        t.need(t.lib.trine_largest(a.handle, t.i64(k), at(values), None))
        t.need(t.lib.trine_largest(a.handle, t.i64(k), None, at(indices)))
        check(np.all(values == 1999 - np.arange(k)) and np.all(indices == 1999 - np.arange(k)), "one result", k)
    a.free()
    empty.free()


run(every_definition_is_numpys_and_rounded_once, quantiles_of_extreme_elements_stay_within_them,
    medians_of_wide_integers_are_true, nan_is_passed_over_where_asked, what_is_no_probability_or_definition_is_refused,
    weighted_quantiles_are_those_of_exact_shares, what_is_no_weight_is_refused,
    the_first_elements_are_those_of_a_stable_sort, more_than_there_are_is_refused)
