"""selections.py - quantiles by every definition, with weights and without NaN, the first elements of an order, and
histograms with weights."""
import math
from fractions import Fraction

import exact
import numpy as np
import values
from case import METHODS, Case
from exact import UNIT, rounded
from orders import count, edges_of, histogram_range, order
from reductions import array, dimensions, keys, lines, picked, place, some_axis
from subject import by_value, canonical, judged, settle, subject, to_the_bit, type_of

# Of the continuous ones the place is (n + a) q + b.
PLACES = {"interpolated_inverted_cdf": (0, -1), "hazen": (0, Fraction(-1, 2)), "weibull": (1, -1), "linear": (-1, 0),
          "median_unbiased": (Fraction(1, 3), Fraction(-2, 3)), "normal_unbiased": (Fraction(1, 4), Fraction(-5, 8))}


def places(method, n, q):
    """Where the quantile lies, from 0: a fraction between two elements. The product with q is rounded to a double, so
    places a little beside it count, too."""
    a, b = PLACES.get(method, (-1, 0) if method in ("lower", "higher", "midpoint", "nearest") else (0, 0))
    raw = (n + a) * Fraction(q) + b
    slack = 3 * Fraction(UNIT["f8"]) * (n + 1)
    found, half = [], Fraction(round(2 * raw), 2)
    for h in (raw - slack, raw, raw + slack) + ((half,) if abs(half - raw) <= slack else ()):
        if method == "inverted_cdf":
            h = math.ceil(h) - 1
        elif method == "averaged_inverted_cdf":
            h = h - Fraction(1, 2) if h == math.floor(h) else math.ceil(h) - 1
        elif method == "closest_observation":
            low = math.floor(h - 1)
            h = low if h - 1 - low < Fraction(1, 2) or h - 1 - low == Fraction(1, 2) and low % 2 else low + 1
        elif method in ("lower", "higher"):
            h = math.floor(h) if method == "lower" else math.ceil(h)
        elif method == "midpoint":
            h = Fraction(math.floor(h) + math.ceil(h), 2)
        elif method == "nearest":
            h = round(h)
        found.append(min(max(Fraction(h), 0), n - 1))
    return found


def at_place(ascending, h):
    """The value there: a double, rounded once."""
    low = math.floor(h)
    a, b = ascending[low], ascending[min(low + 1, len(ascending) - 1)]
    if h == low or a == b:
        return float(rounded(exact.fraction(a), "f8")) if math.isfinite(a) else a
    if math.isinf(a) or math.isinf(b):
        return math.nan if math.isinf(a) and math.isinf(b) else a if math.isinf(a) else b
    return float(rounded(Fraction(a) + (h - low) * (Fraction(b) - Fraction(a)), "f8"))


def one(ascending, method, q, value):
    """What is wrong with a quantile of sorted elements."""
    n = len(ascending)
    found = places(method, n, q)
    near = [at_place(ascending, h) for h in found]
    if any(value == v or math.isnan(v) and math.isnan(value) for v in near):
        return None
    if method in PLACES and near[0] <= value <= near[2]:
        return None
    if method == "averaged_inverted_cdf" and value == at_place(ascending, (found[0] + found[2]) / 2):
        return None
    return f"got {value!r}, right {near[1]!r}"


def kept(case, x):
    return x[~np.isnan(x)] if case.kernel.startswith("nan") and x.dtype.kind == "f" else x


def judge_quantile(case, status, arrays):
    x, method = kept(case, case.arrays[0]), case.more.get("method", "linear")
    q = [0.5] if case.kernel.endswith("median") else case.more["q"]
    if len(x) == 0:
        return settle(status, arrays, "EMPTY")
    if status != "OK":
        return f"status {status}"
    got = arrays[0][:len(q)]
    if x.dtype.kind == "f" and np.isnan(x).any():
        return by_value(got, np.full(len(q), np.nan))
    if canonical(got):
        return canonical(got)
    ascending = x[order(x)].tolist()
    for p, value in zip(q, got.tolist()):
        bad = one(ascending, method, p, value)
        if bad:
            return f"{method} at {p!r}: {bad}"
    numbers = [value for _, value in sorted(zip(q, got.tolist())) if not math.isnan(value)]
    if any(a > b for a, b in zip(numbers, numbers[1:])):
        return "quantiles that fall where the probability rises"
    return None


KINDS = [values.plain, values.huge, values.huge, values.infinities, values.infinities, values.tiny, values.few,
         values.offset]


def some(rng, longest=10**9):
    dtype = str(rng.choice(values.REALS * 2 + values.INTEGERS + ["i8", "u8"]))
    return values.elements(rng, values.length(rng, longest), dtype, None if rng.random() < 0.3 else KINDS, 0.15)


def probabilities(rng):
    q = [0.0, 1.0, 0.5, 0.25, 0.75, 0.1, 0.3] + rng.random(4).tolist() + [float(np.nextafter(0.5, 1)), 1 - 2.0 ** -53,
            5e-324]
    return q[:int(rng.integers(1, len(q) + 1))] if rng.random() < 0.2 else q


def make_quantile(kernel):
    def make(rng):
        more = {"q": probabilities(rng), "place": place(rng)}
        if kernel.endswith("_by"):
            more["method"] = METHODS[int(rng.integers(len(METHODS)))]
        return Case("quantile", kernel, [some(rng)], None, more)
    return make


for name in ("quantile", "median", "quantile_by"):
    for kernel in (name, "nan" + name):
        subject(kernel, make_quantile(kernel), judge_quantile)
        judged("functions", kernel)


def judge_quantile_axis(case, status, arrays):
    along, q = lines(case.arrays[0], case.more["axis"]), case.more["q"]
    if status != "OK":
        return None if status == "EMPTY" and along.shape[1] == 0 or len(along) == 0 else f"status {status}"
    for i in picked(len(along)):
        got = arrays[0].reshape(len(along), len(q))[i].copy()
        nothing = case.kernel.startswith("nan") and along.dtype.kind == "f" and np.isnan(along[i]).all()
        bad = by_value(got, np.full(len(q), np.nan)) if nothing else judge_quantile(case.of([along[i]]), "OK", [got])
        if bad:
            return f"line {i}: {bad}"
    return None


def make_quantile_axis(kernel):
    def make(rng):
        shape = dimensions(rng, 1, 4, 5000)
        dtype = str(rng.choice(values.REALS * 2 + values.INTEGERS))
        more = {"q": probabilities(rng), "method": METHODS[int(rng.integers(len(METHODS)))], "axis": some_axis(rng,
                shape),
                "place": str(rng.choice(["shared", "private", "distributed"]))}
        return Case("quantile", kernel, [array(rng, dtype, shape)], None, more)
    return make


for name in ("quantile_axis", "nanquantile_axis"):
    subject(name, make_quantile_axis(name), judge_quantile_axis, "nothing")
    judged("functions", name)


def judge_elements(case, status, arrays):
    """The two elements and the part: together the quantile of the same definition."""
    x = kept(case, case.arrays[0])
    if len(x) == 0:
        return settle(status, arrays, "EMPTY")
    if status != "OK":
        return f"status {status}"
    pairs, part = arrays[0].reshape(-1, 2), arrays[1]
    if x.dtype.kind == "f" and np.isnan(x).any():
        return by_value(pairs.reshape(-1), np.full(pairs.size, np.nan, x.dtype))
    ascending = x[order(x)]
    for i, q in enumerate(case.more["q"]):
        if not 0 <= part[i] < 1:
            return f"part {part[i]!r}"
        found = places(case.more["method"], len(x), q)
        # A part that is rounded to 0 or that is near 1 belongs to a place a little beside.
        near = {math.floor(h) for h in found} | {math.floor(found[2] - (found[2] - found[0]) / 4)}
        right = [(ascending[at], ascending[min(at + (part[i] > 0), len(x) - 1)]) for at in near]
        if not any(to_the_bit(pairs[i], np.array(pair, x.dtype)) is None for pair in right):
            return f"at {q!r}: got {pairs[i].tolist()} and {part[i]!r}, right {right}"
    return None


def make_elements(kernel):
    def make(rng):
        method = METHODS[int(rng.integers(len(METHODS)))]
        return Case("quantile_elements", kernel, [some(rng)], None, {"q": probabilities(rng), "method": method,
                                                                     "place": place(rng)})
    return make


for name in ("quantile_elements", "nanquantile_elements"):
    subject(name, make_elements(name), judge_elements)
    judged("functions", name)


def judge_weighted(case, status, arrays):
    x, w = case.arrays
    used = ~np.isnan(x) if case.kernel.startswith("nan") and x.dtype.kind == "f" else np.ones(len(x), bool)
    if status == "OK" or len(x):
        real = w.dtype.kind == "f"
        bad = w[used] < 0 if not real else (w[used] < 0) | ~np.isfinite(w[used])
        if len(x) and used.any() and (bad.any() or not (w[used] != 0).any()):
            return settle(status, arrays, "ARGUMENT")
    x, w = x[used], w[used]
    if len(x) == 0:
        return settle(status, arrays, "EMPTY")
    if status != "OK":
        return f"status {status}"
    elements = case.kernel.endswith("_elements")
    dtype = type_of(x) if elements else "f8"
    if x.dtype.kind == "f" and np.isnan(x).any():
        return by_value(arrays[0], np.full(len(case.more["q"]), np.nan, dtype))
    at = order(x)
    total, cumulative = Fraction(0), []
    for v in w[at].tolist():
        total += Fraction(v)
        cumulative.append(total)
    shares = [float(rounded(c / total, "f8")) for c in cumulative]
    right = []
    for q in case.more["q"]:
        first = next(i for i, s in enumerate(shares) if cumulative[i] > 0 and s >= q)
        right.append(x[at[first]])
    right = np.array(right, x.dtype) if elements else np.array([float(rounded(exact.fraction(v), "f8"))
                                                                if np.isfinite(v) else v for v in right], "f8")
    return to_the_bit(arrays[0] + 0, right + 0)


def make_weighted(kernel):
    def make(rng):
        x = some(rng, 300)
        dtype = str(rng.choice(values.DTYPES))
        kinds = [values.few, values.plain, values.mixed, values.constant, values.tiny, values.huge]
        w = values.elements(rng, len(x), dtype, kinds, 0.1)
        if rng.random() < 0.9:
            w = np.abs(w) if dtype in values.REALS else np.where(w < 0, w + 1, w).astype(dtype)
            w = np.where(w < 0, 0, w).astype(dtype)
            if dtype in values.REALS:
                w = np.where(np.isfinite(w), w, 1).astype(dtype)
        return Case("quantile_weighted", kernel, [x, w], None, {"q": probabilities(rng), "place": place(rng)})
    return make


for name in ("quantile_weighted", "nanquantile_weighted", "quantile_weighted_elements",
             "nanquantile_weighted_elements"):
    subject(name, make_weighted(name), judge_weighted)
    judged("functions", name)


def judge_top(case, status, arrays):
    x, k = case.arrays[0], case.more["k"]
    if k > len(x):
        return settle(status, arrays, "ARGUMENT")
    if status != "OK":
        return f"status {status}"
    if case.kernel == "smallest":
        at = order(x)[:k]
    else:
        # From the greatest down, equal ones by index: bits turned round ascend.
        turned = ~keys(x)
        if x.dtype.kind == "f":
            turned = np.where(np.isnan(x), np.iinfo(turned.dtype).min, turned)
        at = np.argsort(turned, kind="stable")[:k]
    return by_value(arrays[0], x[at]) or to_the_bit(arrays[1], at.astype("i8"))


def make_top(kernel):
    def make(rng):
        x = some(rng)
        k = min(len(x), int(rng.choice([0, 1, 2, 3, 10, 100, 1023, 1024, 1025, 9000])))
        return Case("top", kernel, [x], None, {"k": k + (rng.random() < 0.02), "place": place(rng)})
    return make


for name in ("smallest", "largest"):
    subject(name, make_top(name), judge_top)
    judged("functions", name)


def judge_histogram_weighted(case, status, arrays):
    x, w = case.arrays
    edges = np.array(case.more["edges"]) if "edges" in case.more else None
    if edges is None:
        low, high, bins = case.more["low"], case.more["high"], case.more["bins"]
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            return settle(status, arrays, "ARGUMENT")
        edges = edges_of(low, high, bins)
    if status != "OK":
        return f"status {status}"
    right = np.zeros(len(edges) + 2)
    places_of = [np.flatnonzero(count(x[i:i + 1], edges))[0] for i in range(len(x))]
    for bin in set(places_of):
        mine = w[[i for i, p in enumerate(places_of) if p == bin]]
        odd = mine[~np.isfinite(mine)] if mine.dtype.kind == "f" else mine[:0]
        right[bin] = odd.astype("f8").sum() if len(odd) else rounded(exact.sum_of(mine), "f8")
    return by_value(arrays[0] + 0.0, right + 0.0)


def make_histogram_weighted(kernel):
    def make(rng):
        x = some(rng, 300)
        w = values.elements(rng, len(x), str(rng.choice(values.DTYPES)))
        more = {"place": place(rng)}
        if kernel.endswith("edges_weighted"):
            edges = np.sort(values.elements(rng, int(rng.integers(2, 20)), "f8", [values.plain, values.few,
                    values.infinities], 0))
            more["edges"] = (edges if len(edges) > 1 else np.array([-1.0, 1.0])).tolist()
        else:
            more.update(histogram_range(rng, x))
        return Case("histogram", kernel, [x, w], None, more)
    return make


for name in ("histogram_weighted", "histogram_edges_weighted"):
    subject(name, make_histogram_weighted(name), judge_histogram_weighted)
    judged("functions", name)
