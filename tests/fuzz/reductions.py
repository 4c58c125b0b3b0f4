"""reductions.py - sums, products, extremes, counts: the exact modes to the bit; the others within what their order of
additions can lose; along axes each line as an array of its own."""
import math
from fractions import Fraction

import exact
import mpfr
import numpy as np
import values
from case import Case
from exact import UNIT, rounded
from subject import SUBJECTS, by_value, canonical, judged, near, scalar, settle, subject, to_the_bit, type_of

MODES = {"": "exact", "_compensated": "compensated", "_fast": "fast"}
NOT_REAL = {"nansum", "nanmean", "nrm2"}
PAIRS = {"dot", "wsum", "wmean"}
PLACES = ["shared", "shared", "private", "distributed", ("wrap", 0), ("wrap", 1), ("wrap", 3)]


def place(rng):
    return PLACES[int(rng.integers(len(PLACES)))]


def depth(n):
    """Roundings on the way of one element: a lane of a chunk, the lanes' fold, the tree over chunks, what follows."""
    chunks = -(-n // values.CHUNK)
    return min(-(-n // 32), values.CHUNK // 32) + 5 + max(0, chunks - 1).bit_length() + 4


class Terms:
    """What a sum adds up: true total, total of sizes, and what is no finite number."""

    def __init__(self, x, y=None):
        real = x.dtype.kind == "f" or y is not None and y.dtype.kind == "f"
        finite = (np.isfinite(x) & np.isfinite(y) if y is not None else np.isfinite(x)) if real else np.ones(len(x),
                bool)
        self.n, self.odd = len(x), None
        with np.errstate(all="ignore"):
            if not finite.all():
                odd = x[~finite].astype("f8") * (y[~finite].astype("f8") if y is not None else 1.0)
                self.odd = math.nan if np.isnan(odd).any() or len(set(np.sign(odd))) > 1 else float(odd[0])
            negative = np.signbit(x) if y is None else np.signbit(x) ^ np.signbit(y)
        x = x[finite]
        y = y[finite] if y is not None else None
        self.total = exact.sum_of(x) if y is None else exact.dot_of(x, y)
        sizes = (np.abs(x), None if y is None else np.abs(y)) if real else (x, y)
        self.size = exact.sum_of(sizes[0]) if y is None else exact.dot_of(*sizes)
        self.negative_zero = real and self.n > 0 and bool(np.all(negative))


def terms_of(name, x, y):
    real = x.dtype.kind == "f"
    if name.startswith("nan"):
        x = x[~np.isnan(x)]
    if name == "asum":
        x = np.abs(x) if real else np.array([abs(int(v)) for v in x.tolist()], object)
        if not real:
            made = Terms(np.zeros(0, "i8"))
            made.n, made.total = len(x), Fraction(sum(x.tolist()))
            return made
    if name in ("sumsq", "nrm2"):
        return Terms(x, x)
    return Terms(x, y) if name in PAIRS else Terms(x)


def result_dtype(name, dtype, suffix):
    if dtype in values.INTEGERS:
        return "f8" if name in ("mean", "wmean") else dtype[0] + "8"
    return "f8" if suffix == "_f64" else dtype


def as_sign(terms):
    """What a quotient with an infinity or a zero depends on."""
    if terms.odd is not None:
        return terms.odd
    if terms.total == 0:
        return -0.0 if terms.negative_zero else 0.0
    return 1.0 if terms.total > 0 else -1.0


def finish(name, terms, weights):
    """The true result, as a fraction, or a float that is no finite number."""
    if name in ("mean", "nanmean"):
        return terms.odd if terms.odd is not None else terms.total / terms.n
    if name == "wmean":
        if terms.odd is not None or weights.odd is not None or weights.total == 0:
            with np.errstate(all="ignore"):
                return float(np.float64(as_sign(terms)) / np.float64(as_sign(weights)))
        return terms.total / weights.total
    return terms.odd if terms.odd is not None else terms.total


def exact_result(name, terms, weights, dtype):
    value = finish(name, terms, weights)
    if isinstance(value, float):
        return scalar(value if name != "nrm2" else math.inf if math.isinf(value) else value, dtype)
    if name == "nrm2":
        return scalar(exact.root(value, dtype), dtype)
    negative = terms.negative_zero and value == 0
    if name == "wmean" and value == 0:
        negative = negative ^ (weights.total < 0)
    return scalar(rounded(value, dtype, negative), dtype)


def loose_result(name, mode, terms, weights, dtype):
    """A function that says what is wrong with a result of the other modes."""
    value = finish(name, terms, weights)
    u = Fraction(UNIT["f8"])
    lost = depth(terms.n) * u
    lost = lost if mode == "fast" else 4 * lost * lost
    sizes = [terms.size] + ([weights.size] if weights else [])
    # Fast sums may overflow on the way, to an infinity or to what is left of two of them.
    may_overflow = mode == "fast" and name != "nrm2" and max(sizes) * (1 + lost) >= Fraction(float(np.finfo("f8").max))
    if isinstance(value, float):
        if name == "wmean" and weights.odd is None and terms.odd is None:
            return lambda got: None  # weights that add up to 0 need not do so when they are rounded
        return lambda got: (canonical(got) if may_overflow and not np.isfinite(got[0]) else by_value(got,
                scalar(value, dtype)))
    # Products and sums of squares that underflow lose up to half the least number each; compensated ones do not.
    least = exact.LEAST["f8"]
    under = terms.n * least if mode == "fast" and name in ("dot", "wsum", "wmean", "sumsq") else 0

    def wrong(got):
        bad = canonical(got)
        if bad:
            return bad
        result = got[0]
        if may_overflow and name == "wmean" and weights.size * (1 + lost) >= Fraction(float(np.finfo("f8").max)):
            return None
        if may_overflow and not np.isfinite(result):
            return None
        if name == "nrm2":
            true = exact.root(value, "f8") if value else 0
            bound = exact.fraction(float(true)) * (lost + 4 * u) if value and np.isfinite(true) else Fraction(0)
            true = exact.fraction(float(true)) if np.isfinite(true) else None
            if true is None:
                return by_value(got, scalar(math.inf, dtype))
        elif name in ("mean", "nanmean"):
            true, bound = value, (lost * terms.size + under) / terms.n
        elif name == "wmean":
            off = lost * weights.size / abs(weights.total)
            if off >= Fraction(1, 2):
                return None
            true = value
            bound = 2 * ((lost * terms.size + under) / abs(weights.total) + abs(value) * off)
        else:
            true, bound = value, lost * terms.size + under
        low, high = rounded(true - bound, dtype), rounded(true + bound, dtype)
        spread = 2 * Fraction(UNIT[dtype]) * abs(true) + exact.LEAST[dtype]
        if np.isinf(result) and result in (low, high):
            return None
        return near(result, true, bound + spread)
    return wrong


def judge_sum(case, status, arrays):
    name, mode, suffix = case.more["name"], case.more["mode"], case.more["suffix"]
    x, y = (case.arrays + [None])[:2]
    dtype = type_of(x)
    terms = terms_of(name, x, y)
    weights = Terms(y) if name == "wmean" else None
    to = result_dtype(name, dtype, suffix)
    real = dtype in values.REALS
    if name in ("mean", "nanmean", "wmean") and terms.n == 0:
        return settle(status, arrays, "EMPTY")
    if not real and to[0] != "f":
        limits = np.iinfo(to)
        fits = limits.min <= terms.total <= limits.max
        return settle(status, arrays, scalar(int(terms.total), to) if fits else "OVERFLOW")
    if mode == "exact" or not real:
        return settle(status, arrays, exact_result(name, terms, weights, to))
    return settle(status, arrays, loose_result(name, mode, terms, weights, to))


def make_sum(name, ending, mode, suffix):
    def make(rng):
        dtype = str(rng.choice(values.REALS + (values.REALS if suffix or name in NOT_REAL else values.DTYPES)))
        n = values.length(rng)
        x = values.elements(rng, n, dtype)
        arrays = [x] + ([values.elements(rng, n, dtype)] if name in PAIRS else [])
        if name == "wmean" and rng.random() < 0.5:
            arrays[1] = np.abs(arrays[1])
        return Case("reduce", name + ending + suffix, arrays, None,
                    {"name": name, "mode": mode, "suffix": suffix, "place": place(rng)})
    return make


for name in "sum asum sumsq nrm2 mean nansum nanmean dot wsum wmean".split():
    for ending, mode in MODES.items():
        for suffix in ("", "_f64"):
            subject(name + ending + suffix, make_sum(name, ending, mode, suffix), judge_sum)
            judged("reducers", name + ending + suffix)


# Weights of another type: every mode is exact.
def make_weighted(name):
    def make(rng):
        x, w = (str(v) for v in rng.choice(values.DTYPES, 2, replace=False))
        n = values.length(rng)
        arrays = [values.elements(rng, n, x), values.elements(rng, n, w)]
        return Case("weighted", name, arrays, None, {"mode": str(rng.choice(list(MODES.values()))), "place": place(rng)})
    return make


def judge_weighted(case, status, arrays):
    x, w = case.arrays
    if case.kernel == "wmean" and len(x) == 0:
        return settle(status, arrays, "EMPTY")
    return settle(status, arrays, exact_result(case.kernel, Terms(x, w), Terms(w), "f8"))


for name in ("wsum", "wmean"):
    subject(name + "_of_types", make_weighted(name), judge_weighted)


def keys(x):
    """Whole numbers in the order of the elements: -0 before +0; NaN is not looked at."""
    if x.dtype.kind != "f":
        return x
    kind = np.dtype("i%d" % x.itemsize)
    whole = x.view(kind)
    return np.where(whole < 0, np.iinfo(kind).min - whole - 1, whole).astype(kind)


def least_and_greatest(x):
    k = keys(x)
    return x[int(np.argmin(k))], x[int(np.argmax(k))]


def extreme(name, x):
    """What trine/list.h says of it."""
    dtype, real = type_of(x), x.dtype.kind == "f"
    nans = np.isnan(x) if real else np.zeros(len(x), bool)
    places = np.arange(len(x))
    if name.startswith("nan"):
        x, places, nans, name = x[~nans], places[~nans], np.zeros(int((~nans).sum()), bool), name[3:]
    if len(x) == 0:
        return "EMPTY"
    if nans.any():
        if name in ("argmin", "argmax"):
            return scalar(int(np.argmax(nans)), "i8")
        return scalar(math.nan, dtype) if name != "minmax" else np.full(2, math.nan, dtype)
    if name in ("argmin", "argmax"):
        return scalar(int(places[getattr(np, name)(keys(x))]), "i8")
    low, high = least_and_greatest(x)
    if name == "minmax":
        return np.array([low, high], dtype)
    if name in ("min", "max"):
        return scalar(low if name == "min" else high, dtype)
    if real:
        with np.errstate(all="ignore"):
            return scalar(np.abs(x).max() if name == "absmax" else high - low, dtype)
    value = max(abs(int(low)), abs(int(high))) if name == "absmax" else int(high) - int(low)
    return scalar(value, dtype) if value <= np.iinfo(dtype).max else "OVERFLOW"


def judge_extreme(case, status, arrays):
    if case.kernel == "minmax" and arrays:
        arrays = [arrays[0].view(case.arrays[0].dtype)]
    return settle(status, arrays, extreme(case.kernel, case.arrays[0]))


def counted(case):
    x = case.arrays[0]
    nans = np.isnan(x) if x.dtype.kind == "f" else np.zeros(len(x), bool)
    if case.kernel == "count_between":
        low, high = np.frombuffer(case.param, x.dtype)
        return int(((x >= low) & (x <= high)).sum())
    nonzero = int(np.count_nonzero(x))
    return {"any": int(nonzero > 0), "all": int(nonzero == len(x)), "count_nonzero": nonzero,
            "count_nan": int(nans.sum())}[case.kernel]


def judge_count(case, status, arrays):
    return settle(status, arrays, scalar(counted(case), "i8"))


def make_one(name):
    def make(rng):
        dtype = str(rng.choice(values.DTYPES))
        x = values.elements(rng, values.length(rng), dtype)
        param = values.elements(rng, 2, dtype).tobytes() if name == "count_between" else None
        return Case("reduce", name, [x], param, {"place": place(rng)})
    return make


for name in "min max absmax ptp nanmin nanmax minmax argmin argmax nanargmin nanargmax".split():
    subject(name, make_one(name), judge_extreme)
    judged("reducers", name)
def judge_argminmax(case, status, arrays):
    x = case.arrays[0]
    pair, low, high = (extreme(name, x) for name in ("minmax", "argmin", "argmax"))
    return settle(status, arrays, pair) or (None if status != "OK" else to_the_bit(arrays[1],
            np.concatenate([low, high])))


def make_argminmax(rng):
    dtype = str(rng.choice(values.DTYPES))
    return Case("argminmax", "argminmax", [values.elements(rng, values.length(rng), dtype)], None,
                {"place": place(rng)})


subject("argminmax", make_argminmax, judge_argminmax)
judged("reducers", "argminmax")
for name in "any all count_nonzero count_nan count_between".split():
    subject(name, make_one(name), judge_count)
    judged("reducers", name)


def product(x):
    """Of finite reals: the true product to some 200 bits, as a fraction."""
    m, e = exact.split(x)
    whole, exponent = 1, int(e.sum())
    for v in m.tolist():
        whole *= v
        extra = whole.bit_length() - 256
        if extra > 0:
            whole, exponent = (whole >> extra if whole > 0 else -(-whole >> extra)), exponent + extra
    return whole, exponent


def judge_prod(case, status, arrays):
    x = case.arrays[0]
    dtype = type_of(x)
    if x.dtype.kind != "f":
        true = 0 if (x == 0).any() else math.prod(int(v) for v in x.tolist() if v not in (1,
                -1)) * (-1) ** int((x.astype(object) == -1).sum())
        to = dtype[0] + "8"
        fits = np.iinfo(to).min <= true <= np.iinfo(to).max
        return settle(status, arrays, scalar(true, to) if fits else "OVERFLOW")
    return settle(status, arrays, real_product(x, dtype))


def real_product(x, dtype):
    if np.isnan(x).any() or np.isinf(x).any() and (x == 0).any():
        return scalar(math.nan, dtype)
    sign = -1.0 if np.signbit(x).sum() % 2 else 1.0
    if (x == 0).any() or np.isinf(x).any():
        return scalar(sign * (0.0 if (x == 0).any() else math.inf), dtype)
    whole, exponent = product(x)
    size = whole.bit_length() + exponent
    if size > 1200 or size < -1300:
        return scalar(sign * (math.inf if size > 0 else 0.0), dtype)
    true = Fraction(whole) * Fraction(2) ** exponent
    lost = (len(x) + 2) * Fraction(UNIT["f8"]) * abs(true)
    low, high = rounded(true - lost, dtype, sign < 0), rounded(true + lost, dtype, sign < 0)

    def wrong(got):
        if canonical(got):
            return canonical(got)
        if np.isinf(got[0]) or got[0] == 0:
            return None if np.signbit(got[0]) == (sign < 0) and (got[0] in (low, high)) else by_value(got,
                    scalar(rounded(true, dtype), dtype))
        return near(got[0], true, lost + Fraction(UNIT[dtype]) * abs(true) + exact.LEAST[dtype] / 2)
    return wrong


def make_prod(rng):
    dtype = str(rng.choice(values.REALS + values.DTYPES))
    n = values.length(rng, 3000)
    if rng.random() < 0.6:
        x = values.elements(rng, n, dtype)
    elif dtype in values.REALS:
        x = np.exp2(rng.normal(size=n) * rng.choice([0.1, 3, 30])).astype(dtype)
    else:
        x = rng.choice(np.array([1, 1, 1, 2, 3] + ([-1, -1] if dtype[0] == "i" else [])), n).astype(dtype)
    return Case("reduce", "prod", [x], None, {"place": place(rng)})


subject("prod", make_prod, judge_prod)
judged("reducers", "prod")


def judge_logsumexp(case, status, arrays):
    x = case.arrays[0].astype("f8")
    if status == "ABSENT" or status == "OTHER" and not mpfr.lib:
        return None
    if len(x) == 0:
        return settle(status, arrays, "EMPTY")
    if np.isnan(x).any():
        return settle(status, arrays, scalar(math.nan, "f8"))
    if np.isposinf(x).any() or not np.isfinite(x).any():
        return settle(status, arrays, scalar(x.max(), "f8"))
    if not mpfr.lib:
        return None
    mpfr.logsumexp(x[np.isfinite(x)].tolist())

    def wrong(got):
        true = mpfr.near()
        error = abs(mpfr.less(float(got[0]))) if np.isfinite(got[0]) else math.inf
        bound = 2 * UNIT["f8"] * abs(true) + (4 + depth(len(x))) * UNIT["f8"]
        return canonical(got) or (None if error <= bound or got[0] == true
                                  else f"got {got[0]!r}, right {true!r}: {error / bound:.3g} times the bound")
    return settle(status, arrays, wrong)


def make_logsumexp(rng):
    dtype = str(rng.choice(values.REALS))
    n = values.length(rng, 9000 if rng.random() < 0.1 else 300)
    kinds = None if rng.random() < 0.4 else [values.plain, values.offset, values.few, lambda r, n, d: 300
                                             * r.normal(size=n)]
    return Case("reduce", "logsumexp", [values.elements(rng, n, dtype, kinds)], None, {"place": place(rng)})


subject("logsumexp", make_logsumexp, judge_logsumexp)
judged("reducers", "logsumexp")


def dimensions(rng, least=0, most=5, largest=20000):
    """A shape of so many axes."""
    ndim = int(rng.choice([n for n in (0, 1, 1, 2, 2, 2, 3, 3, 4, 5) if least <= n <= most]))
    while True:
        shape = tuple(int(rng.choice([0, 1, 2, 3, 5, 7, 33, 100, values.CHUNK + 1], p=[0.03, 0.16, 0.2, 0.2, 0.15,
                0.11, 0.08, 0.05, 0.02])) for _ in range(ndim))
        if np.prod(shape, dtype=np.int64) <= largest:
            return shape


def array(rng, dtype, shape):
    return values.elements(rng, int(np.prod(shape, dtype=np.int64)), dtype).reshape(shape)


def some_axis(rng, shape):
    return int(rng.integers(-len(shape), len(shape)))


def lines(x, axis):
    """The lines of elements along an axis, in the order of results."""
    turned = np.moveaxis(x, axis, -1)
    return np.ascontiguousarray(turned).reshape(int(np.prod(turned.shape[:-1], dtype=np.int64)), x.shape[axis])


def picked(count):
    return range(count) if count < 6 else sorted({0, 1, count // 2, count - 2, count - 1})


# Along an axis each line of elements is an array of its own, with its own verdict. Where a line's result is not
# defined, it is NaN if it is a real number; else what one line is refused, all are.
def make_along(rng):
    names = sorted(ALONG)
    inner = SUBJECTS[names[int(rng.integers(len(names)))]]
    case = inner.make(rng)
    shape = values.shape(rng, 17000) if rng.random() < 0.5 else dimensions(rng, 1)
    dtype = type_of(case.arrays[0])
    arrays = [array(rng, type_of(x), shape) for x in case.arrays]
    if dtype in values.REALS and rng.random() < 0.3 and arrays[0].size:
        np.moveaxis(arrays[0], some_axis(rng, shape), 0)[0] = np.nan
    more = dict(case.more, axis=some_axis(rng, shape), inner=inner.name, place=str(rng.choice(["shared", "private",
            "distributed"])))
    return Case(case.call, case.kernel, arrays, case.param, more)


def judge_along(case, status, arrays):
    inner, axis = SUBJECTS[case.more["inner"]], case.more["axis"]
    along = [lines(x, axis) for x in case.arrays]
    count = len(along[0])

    def verdict(i, status, results):
        return inner.judge(case.of([x[i] for x in along]), status, results)

    if status != "OK":
        return None if any(verdict(i, status, []) is None
                           for i in range(count)) or count == 0 else f"status {status}, which no line has"
    for i in picked(count):
        part = arrays[0].reshape(count, -1)[i].copy()
        bad = verdict(i, "OK", [part])
        if bad and part.dtype.kind == "f" and np.isnan(part).all() and along[0].shape[1] and verdict(i, "EMPTY",
                []) is None:
            bad = canonical(part)
        if bad:
            return f"line {i} along axis {axis}: {bad}"
    return None


ALONG = {n for n in SUBJECTS if not n.endswith("_f64") and n != "argminmax"}
subject("axis", make_along, judge_along, "rows")


def make_laws(rng):
    """Any reducer of ALONG that is found by name, on as much of its case's elements as a hundred reductions allow."""
    while True:
        names = sorted(ALONG)
        case = SUBJECTS[names[int(rng.integers(len(names)))]].make(rng)
        if case.call == "reduce":
            return Case("laws", case.kernel, [x.reshape(-1)[:20000] for x in case.arrays], case.param, {})


def judge_laws(case, status, arrays):
    return None if status == "OK" and arrays[0][0] == 0 else f"the built-in reducer breaks a law: {status}, {arrays}"


subject("laws", make_laws, judge_laws)
judged("functions", "reducer_test")
judged("functions", "reduce", "reduce_axis")
