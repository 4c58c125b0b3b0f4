"""orders.py - what depends on the order of the elements: scans, sorts, quantiles, histograms, reversal, compaction."""
import math
from fractions import Fraction

import exact
import numpy as np
import values
from case import Case
from exact import UNIT, float_of, rounded
from reductions import ALONG, array, depth, dimensions, keys, lines, picked, place, some_axis
from subject import SUBJECTS, by_value, canonical, judged, near, settle, show, subject, to_the_bit, type_of


def prefix_sums(x, dtype, exclusive):
    """Each prefix's true sum, rounded once; and whether none is odd, as whole numbers 2^exponent apart."""
    finite = np.where(np.isfinite(x), x, 0).astype(x.dtype) if x.dtype.kind == "f" else x
    whole, exponent = exact.as_integers(finite)
    out = np.empty(len(x), dtype)
    with np.errstate(all="ignore"):
        odd = np.cumsum(np.where(np.isfinite(x), 0, x).astype("f8"))
    zeros = np.logical_and.accumulate(np.signbit(x) & (x == 0)) if len(x) else np.zeros(0, bool)
    total = 0
    for i, v in enumerate(whole):
        if not exclusive:
            total += v
        at = i if not exclusive else i - 1
        if at >= 0 and odd[at] != 0:
            out[i] = odd[at]
        elif total == 0:
            out[i] = -0.0 if at >= 0 and zeros[at] else 0.0
        else:
            out[i] = rounded(Fraction(total) * Fraction(2) ** exponent, dtype)
        if exclusive:
            total += v
    return out


def judge_cumsum(case, status, arrays):
    x, to, exclusive = case.arrays[0], case.more["to"], case.more["exclusive"]
    if x.dtype.kind != "f":
        total, out = 0, []
        for v in x.tolist():
            out.append(total if exclusive else total + v)
            total += v
        limits = np.iinfo(to)
        fits = all(limits.min <= v <= limits.max for v in out)
        return settle(status, arrays, np.array(out, to) if fits else "OVERFLOW")
    if status != "OK":
        return f"status {status}"
    right = prefix_sums(x, to, exclusive)
    mode = "compensated" if "compensated" in case.kernel else "fast" if "fast" in case.kernel else "exact"
    if mode == "exact":
        return by_value(arrays[0], right)
    got = arrays[0]
    if canonical(got):
        return canonical(got)
    with np.errstate(all="ignore"):
        size = np.cumsum(np.abs(x.astype(np.longdouble)))
        if exclusive:
            size = np.concatenate([[0], size[:-1]])[:len(x)]
        most = np.finfo("f8").max
        lost = (min(len(x), values.CHUNK) / 8 + 40 + depth(len(x))) * UNIT["f8"]
        lost = lost if mode == "fast" else 4 * lost * lost
        # Where sizes reach the range's end, fast sums may overflow on the way.
        loose = np.zeros(len(x), bool)
        if mode == "fast":
            loose = ~np.isfinite(got) & (np.cumsum(np.where(np.isfinite(x), np.abs(x.astype(np.longdouble)),
                                                            0)) >= most * (1 - 1e-9))
        bound = 2 * UNIT[to] * np.abs(right.astype(np.longdouble)) + lost * size + float(exact.LEAST[to])
        if mode == "fast" and to == "f4":
            bound = np.where(size >= np.finfo("f4").max * (1 - 1e-6), np.inf, bound)
        off = np.abs(got.astype(np.longdouble) - right)
        bad = np.flatnonzero(~((off <= bound) | (got == right) | (np.isnan(got) & np.isnan(right)) | loose))
    return f"at {bad[0]}: got {show(got[bad[0]])}, right {show(right[bad[0]])}" if len(bad) else None


def make_cumsum(name, suffix):
    def make(rng):
        dtype = str(rng.choice(values.REALS if suffix else values.REALS + values.DTYPES))
        to = "f8" if suffix or dtype == "f8" else dtype if dtype == "f4" else dtype[0] + "8"
        n = values.length(rng, 17000 if rng.random() < 0.2 else 1000)
        x = values.elements(rng, n, dtype)
        more = {"to": to, "exclusive": bool(rng.random() < 0.3), "in_place": to == dtype and bool(rng.random() < 0.3),
                "place": place(rng)}
        return Case("scan", name + suffix, [x], None, more)
    return make


for name in ("cumsum", "cumsum_compensated", "cumsum_fast"):
    for suffix in ("", "_f64"):
        subject(name + suffix, make_cumsum(name, suffix), judge_cumsum)
        judged("scans", name + suffix)


def judge_cumprod(case, status, arrays):
    x, to = case.arrays[0], case.more["to"]
    if case.more["exclusive"]:
        x = x[:-1]
    if x.dtype.kind != "f":
        total, out, limits = 1, [1] if case.more["exclusive"] and len(case.arrays[0]) else [], np.iinfo(to)
        for v in x.tolist():
            total = total * v
            if not limits.min <= total <= limits.max:
                return settle(status, arrays, "OVERFLOW")
            out.append(total)
        return settle(status, arrays, np.array(out, to))
    if status != "OK":
        return f"status {status}"
    got = arrays[0]
    if canonical(got):
        return canonical(got)
    if case.more["exclusive"] and len(got):
        if got[0] != 1:
            return f"the product of nothing is {got[0]!r}"
        got = got[1:]
    whole, exponent, odd, sign = 1, 0, None, 1.0
    m, e = exact.split(np.where(np.isfinite(x), x, 1))
    with np.errstate(all="ignore"):
        for i, v in enumerate(x.tolist()):
            sign = math.copysign(sign, sign * math.copysign(1, v))
            if not math.isfinite(v) or v == 0 or odd is not None:
                factor = np.float64(v if not math.isfinite(v) or v == 0 else math.copysign(1, v))
                odd = float(sign * abs(factor) if odd is None else odd * factor)
                if not (np.isnan(odd) and np.isnan(got[i]) or got[i] == odd and np.signbit(got[i]) == np.signbit(odd)):
                    return f"at {i}: got {show(got[i])}, right {odd!r}"
                continue
            whole, exponent = abs(whole * int(m[i])), exponent + int(e[i])
            extra = whole.bit_length() - 256
            if extra > 0:
                whole, exponent = whole >> extra, exponent + extra
            size = whole.bit_length() + exponent
            if size > 1200 or size < -1300:
                if got[i] != (math.inf if size > 0 else 0.0) * sign:
                    return f"at {i}: got {show(got[i])}, beyond the range"
                continue
            true = Fraction(whole) * Fraction(2) ** exponent
            lost = (i + 3) * Fraction(UNIT["f8"]) * true
            if np.isinf(got[i]) or got[i] == 0:
                edges = [rounded(true - lost, to), rounded(true + lost, to)]
                if abs(got[i]) not in edges or np.signbit(got[i]) != (sign < 0):
                    return f"at {i}: got {show(got[i])}, right {float_of(true) * sign!r}"
                continue
            bad = near(got[i], true * int(sign), lost + 2 * Fraction(UNIT[to]) * true + exact.LEAST[to] / 2)
            if bad:
                return f"at {i}: {bad}"
    return None


def make_cumprod(rng):
    dtype = str(rng.choice(values.REALS * 2 + values.INTEGERS))
    n = values.length(rng, 17000 if rng.random() < 0.1 else 300)
    if rng.random() < 0.4:
        x = values.elements(rng, n, dtype)
    elif dtype in values.REALS:
        x = (np.exp2(rng.normal(size=n) * rng.choice([0.1, 3, 300 if dtype == "f8" else 30])) * rng.choice([-1, 1],
                n)).astype(dtype)
    else:
        x = np.ones(n, dtype)
        x[rng.integers(0, max(n, 1), min(n, 40))] = 2
    return Case("scan", "cumprod", [x], None, {"to": dtype if dtype in values.REALS else dtype[0] + "8",
                                               "place": place(rng),
                                               "exclusive": bool(rng.random() < 0.3),
                                               "in_place": dtype in values.REALS and bool(rng.random() < 0.3)})


subject("cumprod", make_cumprod, judge_cumprod)
judged("scans", "cumprod")


def judge_running(case, status, arrays):
    x, name = case.arrays[0], case.kernel
    if case.more["exclusive"]:
        if len(x) == 0:
            return None
        return settle(status, arrays, "ARGUMENT" if name == "difference" else "EMPTY")
    if name == "difference":
        with np.errstate(all="ignore"):
            right = np.concatenate([x[:1], x[1:] - x[:-1]])
        kept = status == "OK" and len(x) and np.isnan(x[0]) if x.dtype.kind == "f" else False
        if kept and to_the_bit(arrays[0][:1], x[:1]) is None:
            return by_value(arrays[0][1:], right[1:])
        return settle(status, arrays, right)
    if len(x) == 0:
        return settle(status, arrays, x)
    k = keys(x)
    k = (np.minimum if name == "cummin" else np.maximum).accumulate(k)
    if x.dtype.kind == "f":
        kind = k.dtype
        right = np.where(k < 0, np.iinfo(kind).min - k - 1, k).astype(kind).view(x.dtype).copy()
        nans = np.isnan(x)
        if nans.any():
            right[int(np.argmax(nans)):] = np.nan
        return settle(status, arrays, right)
    return settle(status, arrays, k)


def make_running(name):
    def make(rng):
        dtype = str(rng.choice(values.DTYPES))
        x = values.elements(rng, values.length(rng), dtype)
        return Case("scan", name, [x], None, {"to": dtype, "exclusive": bool(rng.random() < 0.05),
                                              "in_place": bool(rng.random() < 0.3), "place": place(rng)})
    return make


for name in ("cummin", "cummax", "difference"):
    subject(name, make_running(name), judge_running)
    judged("scans", name)


# By any reduction to one number: each prefix has the verdict of an array of its own.
def make_scan_reducer(rng):
    names = sorted(n for n in ALONG if n not in ("minmax", "logsumexp"))
    while True:
        inner = SUBJECTS[names[int(rng.integers(len(names)))]]
        case = inner.make(rng)
        if len(case.arrays) == 1:
            break
    x = case.arrays[0][:9000]
    return Case("scan_reducer", case.kernel, [x], case.param, {**case.more, "inner": inner.name, "place": place(rng)})


def judge_scan_reducer(case, status, arrays):
    inner, x = SUBJECTS[case.more["inner"]], case.arrays[0]
    picked = range(1, len(x) + 1) if status != "OK" and len(x) < 400 else np.unique(np.linspace(1, len(x),
            9).astype(int)) if len(x) else []
    for n in picked:
        bad = inner.judge(case.of([x[:n]]), status, [a[n - 1:n].copy() for a in arrays])
        if status != "OK" and not bad:
            return None
        if status == "OK" and bad:
            return f"of the first {n}: {bad}"
    return None if status == "OK" or len(x) >= 400 else f"status {status}, which no prefix has"


subject("scan_reducer", make_scan_reducer, judge_scan_reducer)


def order(x):
    """The permutation of a stable sort: numbers ascend, -0 before +0, what is not a number comes last."""
    if x.dtype.kind != "f":
        return np.argsort(x, kind="stable")
    k = np.where(np.isnan(x), np.iinfo(keys(x).dtype).max, keys(x))
    return np.argsort(k, kind="stable")


def judge_sort(case, status, arrays):
    if status != "OK":
        return f"status {status}"
    x = case.arrays[0]
    right = order(x)
    return to_the_bit(arrays[0], right.astype("i8") if case.call == "argsort" else x[right])


def make_of_any(call, kernel):
    def make(rng):
        dtype = str(rng.choice(values.DTYPES))
        return Case(call, kernel, [values.elements(rng, values.length(rng), dtype)], None, {"to": dtype,
                "place": place(rng)})
    return make


subject("sort", make_of_any("sort", "sort"), judge_sort)
subject("argsort", make_of_any("argsort", "argsort"), judge_sort)


def judge_reverse(case, status, arrays):
    return f"status {status}" if status != "OK" else to_the_bit(arrays[0], case.arrays[0][::-1].copy())


subject("reverse", make_of_any("to", "reverse"), judge_reverse)


def judge_compact(case, status, arrays):
    if status != "OK":
        return f"status {status}"
    x = case.arrays[0]
    if case.kernel == "mask":
        keep = case.arrays[1] != 0
    elif case.kernel == "between":
        low, high = np.frombuffer(case.param, x.dtype)
        keep = (x >= low) & (x <= high)
    else:
        keep = x == x if case.kernel == "not_nan" else x != 0
    return to_the_bit(arrays[0], x[keep])


def make_compact(kernel):
    def make(rng):
        dtype = str(rng.choice(values.DTYPES))
        n = values.length(rng)
        arrays = [values.elements(rng, n, dtype)] + ([rng.integers(0, 3, n).astype("u1")] if kernel == "mask" else [])
        param = np.sort(values.elements(rng, 2, dtype, None, 0)).tobytes() if kernel == "between" else None
        return Case("compact", kernel, arrays, param, {"place": str(rng.choice(["shared", "private", "distributed"]))})
    return make


for name in ("nonzero", "not_nan", "between", "mask"):
    subject("compact_" + name, make_compact(name), judge_compact)
    judged("predicates", name)


def edges_of(low, high, bins):
    """numpy.linspace's, where need be of doubles so much smaller that nothing overflows."""
    scale = 0.25 if max(abs(low), abs(high)) > 1e300 else 1.0
    low_, high_, i = low * scale, high * scale, np.arange(bins + 1)
    step = (high_ - low_) / bins
    edges = np.minimum(low_ + (i * step if step else i / bins * (high_ - low_)), high_) / scale
    edges[-1] = high
    return edges


def count(x, edges):
    """numpy's rule: bins are half open, the last one closed; then those below, above and not a number."""
    bins = len(edges) - 1
    v = x.astype("f8")
    numbers = v[~np.isnan(v)]
    inside = numbers[(numbers >= edges[0]) & (numbers <= edges[-1])]
    at = np.minimum(np.searchsorted(edges, inside, "right") - 1, bins - 1)
    counts = np.bincount(at, minlength=bins)
    return np.concatenate([counts, [(numbers < edges[0]).sum(), (numbers > edges[-1]).sum(),
                                    np.isnan(v).sum()]]).astype("i8")


def judge_histogram(case, status, arrays):
    x, more = case.arrays[0], case.more
    if "edges" in more:
        return settle(status, arrays, count(x, np.array(more["edges"])))
    low, high, bins = more["low"], more["high"], more["bins"]
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return settle(status, arrays, "ARGUMENT")
    with np.errstate(all="ignore"):
        return settle(status, arrays, count(x, edges_of(low, high, bins)))


def make_histogram(rng):
    dtype = str(rng.choice(values.REALS * 2 + values.INTEGERS))
    kinds = [values.plain, values.few, values.constant, values.huge, values.tiny, values.any_bits, values.infinities,
             values.ties]
    x = values.elements(rng, values.length(rng), dtype, kinds)
    return Case("histogram", "histogram", [x], None, {**histogram_range(rng, x), "place": place(rng)})


def histogram_range(rng, x):
    bins = int(rng.choice([1, 2, 3, 7, 10, 100, 1000]))
    ranges = [(-1.0, 1.0), (0.0, 0.1), (-3.0, 3.0), (1e15, 1e15 + 1), (-1.7e308, 1.7e308), (0.0, 5e-323),
              (2.0 ** 53, 2.0 ** 53 + 8),
              (-1e308, 1e300), (0.0, 1.7e308), (1.0, 1.0), (0.0, float("inf"))]
    low, high = ranges[int(rng.integers(len(ranges)))]
    if rng.random() < 0.3 and len(x):
        finite = x[np.isfinite(x)].astype("f8") if x.dtype.kind == "f" else x.astype("f8")
        if len(finite) and finite.min() < finite.max():
            low, high = float(finite.min()), float(finite.max())
    return {"low": low, "high": high, "bins": bins}


def make_histogram_edges(rng):
    dtype = str(rng.choice(values.REALS * 2 + values.INTEGERS))
    x = values.elements(rng, values.length(rng), dtype)
    edges = np.unique(values.elements(rng, int(rng.integers(2, 40)), "f8", None, 0.1))
    edges = edges[np.isfinite(edges)] + 0.0
    if len(edges) < 2:
        edges = np.array([-1.0, 0.5, 1e300])
    return Case("histogram", "histogram_edges", [x], None, {"edges": edges.tolist(), "place": place(rng)})


subject("histogram", make_histogram, judge_histogram)
subject("histogram_edges", make_histogram_edges, judge_histogram)


# Along an axis each line is an array of its own.
LINES = ["cumsum", "cumsum_fast", "cumprod", "cummin", "cummax", "difference", "sort", "argsort"]


def make_lines(rng):
    inner = SUBJECTS[LINES[int(rng.integers(len(LINES)))]]
    case = inner.make(rng)
    shape = dimensions(rng, 1, 4, 9000)
    more = {**case.more, "inner": inner.name, "axis": some_axis(rng, shape),
            "place": str(rng.choice(["shared", "private", "distributed"]))}
    return Case(case.call, case.kernel, [array(rng, type_of(case.arrays[0]), shape)], case.param, more)


def judge_lines(case, status, arrays):
    inner, along = SUBJECTS[case.more["inner"]], lines(case.arrays[0], case.more["axis"])
    count = len(along)
    if status != "OK":
        return None if count == 0 or any(inner.judge(case.of([x]), status, []) is None
                                         for x in along) else f"status {status}, which no line has"
    found = lines(arrays[0].reshape(case.arrays[0].shape), case.more["axis"])
    for i in picked(count):
        bad = inner.judge(case.of([along[i]]), "OK", [found[i].copy()])
        if bad:
            return f"line {i} along axis {case.more['axis']}: {bad}"
    return None


subject("lines", make_lines, judge_lines, "nothing")
judged("functions", "scan_axis", "sort_axis", "argsort_axis")
judged("functions", "scan", "scan_reducer", "sort", "argsort", "reverse", "compact", "compact_mask", "histogram",
       "histogram_edges")
