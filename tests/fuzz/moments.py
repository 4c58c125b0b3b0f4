"""moments.py - variances to kurtosis, covariances and correlations, from whole numbers without an error.

With D = n x - sum x, which is whole, m_k = sum D^k / n^(k + 1). The bound of a variance is that of an algorithm of two
passes, 5 u + c (u kappa)^2 with kappa = sqrt(1 + mean^2 / var) (Chan, Golub and LeVeque, Algorithms for computing the
sample variance, The American Statistician 37 (1983)), and so for the others; of whole elements it is the true one,
rounded once."""
import math
from fractions import Fraction

import exact
import numpy as np
import values
from case import Case
from exact import UNIT, rounded
from reductions import depth, least_and_greatest, place
from subject import by_value, canonical, judged, near, scalar, settle, subject, type_of

U = Fraction(UNIT["f8"])


class Centred:
    """The elements' distances from their mean, as whole numbers D: x - mean = D 2^exponent / n."""

    def __init__(self, x):
        whole, self.exponent = exact.as_integers(x)
        self.n, self.sum = len(whole), sum(whole)
        self.distances = [self.n * v - self.sum for v in whole]
        self.scale = Fraction(2) ** self.exponent

    def power(self, k):
        return sum(d ** k for d in self.distances)

    def squares(self):
        """The sum of squared distances."""
        return Fraction(self.power(2), self.n ** 2) * self.scale ** 2

    def condition_squared(self):
        squares = Fraction(self.power(2), self.n ** 2)
        return 1 + Fraction(self.sum, self.n) ** 2 * self.n / squares if squares else 1


def relative_bound(n, condition_squared):
    return 5 * U + 64 * U * U * condition_squared * depth(n)


def numbers(x, passes_over_nan):
    """Elements that count; None where a NaN or an infinity makes the result a NaN."""
    if x.dtype.kind != "f":
        return x
    x = x[~np.isnan(x)] if passes_over_nan else x
    return x if np.isfinite(x).all() else None


def judge_var(case, status, arrays):
    name, x = case.kernel, case.arrays[0]
    ddof = struct_double(case.param)
    whole = x.dtype.kind != "f"
    n = int((~np.isnan(x)).sum()) if name.startswith("nan") and not whole else len(x)
    if not n - ddof > 0:
        return settle(status, arrays, "EMPTY")
    x = numbers(x, name.startswith("nan"))
    if x is None:
        return settle(status, arrays, scalar(math.nan, "f8"))
    centred = Centred(x)
    true = centred.squares() / Fraction(n - ddof)
    if name == "var_exact" or whole and not name.endswith("std"):
        return settle(status, arrays, scalar(rounded(true, "f8"), "f8"))
    if name.endswith("std"):
        right = exact.root(true, "f8")
        if whole:
            return settle(status, arrays, lambda got: canonical(got) or near(got[0], exact.fraction(right), 2 * U
                    * exact.fraction(right)))
        bound = relative_bound(n, centred.condition_squared())
        return settle(status, arrays, lambda got: within(got, exact.fraction(right) if np.isfinite(right) else None,
                                                         bound))
    return settle(status, arrays, lambda got: within(got, true, relative_bound(n, centred.condition_squared())))


def within(got, true, relative):
    if canonical(got):
        return canonical(got)
    if true is None or np.isinf(got[0]) and got[0] > 0 and np.isinf(rounded(true * (1 + relative), "f8")):
        return by_value(got, scalar(math.inf, "f8"))
    return near(got[0], true, relative * abs(true) + exact.LEAST["f8"])


def struct_double(param):
    return float(np.frombuffer(param, "f8")[0])


KINDS = [values.plain, values.offset, values.offset, values.scaled, values.few_times_scale, values.constant, values.few,
         values.mixed, values.huge, values.tiny, values.around_underflow_of_squares,
         values.around_overflow_of_squares, values.ordered]


def moment_elements(rng, n, dtype):
    return values.elements(rng, n, dtype, KINDS, 0.08)


def make_var(name):
    def make(rng):
        dtype = str(rng.choice(values.REALS * 2 + (values.INTEGERS)))
        n = values.length(rng, 17000)
        ddof = float(rng.choice([0.0, 1.0, 0.0, 1.0, 0.5, 2.0, n]))
        if name == "var_exact":
            ddof = float(math.floor(ddof))
        return Case("reduce", name, [moment_elements(rng, n, dtype)], np.array([ddof, 0]).tobytes(), {"ddof": ddof,
                "place": place(rng)})
    return make


for name in "var std nanvar nanstd var_exact".split():
    subject(name, make_var(name), judge_var)
    judged("reducers", name)


def shape_of(centred, k):
    """Skewness (3) or excess kurtosis (4), and the mean of |z|^k; None where all are alike."""
    two = centred.power(2)
    if two == 0:
        return None
    n = centred.n
    four = Fraction(centred.power(4) * n, two * two)
    if k == 4:
        return float(four) - 3, float(four)
    three = centred.power(3)
    size = math.sqrt(Fraction(three * three * n, two ** 3))
    return size if three > 0 else -size, float(four) ** 0.75


def judge_shape(case, status, arrays):
    x, k = case.arrays[0], 3 if case.kernel == "skewness" else 4
    if len(x) == 0:
        return settle(status, arrays, "EMPTY")
    x = numbers(x, False)
    if x is None:
        return settle(status, arrays, scalar(math.nan, "f8"))
    centred = Centred(x)
    found = shape_of(centred, k)
    if found is None:
        return settle(status, arrays, scalar(math.nan, "f8"))
    return settle(status, arrays, lambda got: canonical(got) or near(got[0], Fraction(found[0]), shape_bound(centred,
            found[1], k)))


def shape_bound(centred, size, k):
    return k * relative_bound(centred.n, centred.condition_squared()) * Fraction(size + 1) + 16 * U


def make_shape(name):
    def make(rng):
        dtype = str(rng.choice(values.REALS * 2 + values.INTEGERS))
        return Case("reduce", name, [moment_elements(rng, values.length(rng, 9000), dtype)], None,
                    {"place": place(rng)})
    return make


for name in ("skewness", "kurtosis"):
    subject(name, make_shape(name), judge_shape)
    judged("reducers", name)


def judge_describe(case, status, arrays):
    x = case.arrays[0]
    if status != "OK":
        return f"status {status}"
    real = x.dtype.kind == "f"
    counts, results = arrays[0][:16].view("u8"), arrays[0][16:72].view("f8")
    whole = arrays[0][72:88]
    kept = x[~np.isnan(x)] if real else x
    right = [len(kept), len(x) - len(kept)]
    if counts.tolist() != right:
        return f"counts {counts.tolist()} and not {right}"
    if canonical(results):
        return canonical(results)
    if len(kept) == 0:
        return by_value(results, np.full(7, math.nan))
    low, high = least_and_greatest(kept)
    right = np.zeros(2, "u8") if real else np.array([low, high]).astype(type_of(x)[0] + "8")
    bad = by_value(results[4:6], np.array([low, high]).astype("f8")) or by_value(whole.view(right.dtype), right)
    if bad:
        return "range: " + bad
    if not np.isfinite(kept).all():
        with np.errstate(all="ignore"):
            return by_value(results[:4], np.array([kept.astype("f8")[~np.isfinite(kept)].sum()] + [math.nan] * 3))
    centred = Centred(kept)
    mean = Fraction(centred.sum, centred.n) * centred.scale
    size = exact.sum_of(np.abs(kept)) / len(kept) if real else abs(mean)
    bad = near(results[0], mean, 4 * U * size + exact.LEAST["f8"] if real else U * abs(mean))
    if bad:
        return "mean: " + bad
    bad = within(results[1:2], centred.squares() / len(kept), relative_bound(len(kept), centred.condition_squared()))
    if bad:
        return "variance: " + bad
    right = exact.root(centred.squares() / len(kept), "f8")
    bad = within(results[6:7], exact.fraction(right) if np.isfinite(right) else None,
                 relative_bound(len(kept), centred.condition_squared()))
    if bad:
        return "standard deviation: " + bad
    for at, k in ((2, 3), (3, 4)):
        found = shape_of(centred, k)
        bad = by_value(results[at:at + 1], scalar(math.nan, "f8")) if found is None else near(results[at],
                Fraction(found[0]), shape_bound(centred, found[1], k))
        if bad:
            return f"moment {k}: " + bad
    return None


subject("describe", make_shape("describe"), judge_describe)
judged("reducers", "describe")


def judge_joint(case, status, arrays):
    x, y = case.arrays
    n, ddof = len(x), case.more["ddof"]
    if n == 0 or not n - ddof > 0:
        return settle(status, arrays, "EMPTY")
    if x.dtype.kind == "f" and not (np.isfinite(x).all() and np.isfinite(y).all()):
        return settle(status, arrays, scalar(math.nan, "f8"))
    a, b = Centred(x), Centred(y)
    product = Fraction(sum(p * q for p, q in zip(a.distances, b.distances)), n * n) * a.scale * b.scale
    sxx, syy = a.squares(), b.squares()
    bound = relative_bound(n, max(a.condition_squared(), b.condition_squared()))
    if case.kernel == "corr":
        if sxx == 0 or syy == 0:
            return settle(status, arrays, scalar(math.nan, "f8"))
        size = math.sqrt(product * product / (sxx * syy))
        true = Fraction(size if product > 0 else -size)
        return settle(status, arrays, lambda got: canonical(got) or near(got[0], true, 2 * bound)
                      or (None if abs(got[0]) <= 1 else f"got {got[0]!r}, beyond 1"))
    true = product / Fraction(n - ddof)
    if x.dtype.kind != "f":
        return settle(status, arrays, scalar(rounded(true, "f8"), "f8"))
    spread = geometric_mean(sxx, syy) / Fraction(n - ddof)

    def wrong(got):
        if canonical(got):
            return canonical(got)
        edges = [rounded(true - bound * spread, "f8"), rounded(true + bound * spread, "f8")]
        if np.isinf(got[0]) and got[0] in edges:
            return None
        return near(got[0], true, 2 * bound * spread + exact.LEAST["f8"])
    return settle(status, arrays, wrong)


def geometric_mean(a, b):
    """sqrt(a b), nearly, whatever its size."""
    value = a * b
    shift = 64 - (value.numerator.bit_length() - value.denominator.bit_length()) // 2
    scaled = value * Fraction(4) ** shift
    return Fraction(math.isqrt(scaled.numerator // scaled.denominator)
                    + 1) / Fraction(2) ** shift if value else Fraction(0)


def make_joint(name):
    def make(rng):
        dtype = str(rng.choice(values.REALS * 2 + values.INTEGERS))
        n = values.length(rng, 9000)
        x = moment_elements(rng, n, dtype)
        if dtype in values.REALS and rng.random() < 0.5:
            with np.errstate(all="ignore"):
                y = (x * np.dtype(dtype).type(rng.choice([0.5, -2, 1])) + (np.abs(x).max(initial=0) * 1e-3
                        * rng.normal(size=n))).astype(dtype)
        else:
            y = moment_elements(rng, n, dtype)
        ddof = float(rng.choice([0.0, 1.0])) if name == "cov" else 0.0
        return Case("reduce", name, [x, y], np.array([ddof]).tobytes() if name == "cov" else None, {"ddof": ddof,
                "place": place(rng)})
    return make


for name in ("cov", "corr"):
    subject(name, make_joint(name), judge_joint)
    judged("reducers", name)


def judge_standardise(case, status, arrays):
    x, ddof = case.arrays[0], case.more["ddof"]
    dtype, whole = case.more["to"], x.dtype.kind != "f"
    if not len(x) - ddof > 0:
        return settle(status, arrays, "EMPTY")
    if status != "OK":
        return f"status {status}"
    got = arrays[0]
    if canonical(got):
        return canonical(got)
    if not whole and not np.isfinite(x).all():
        return None if np.isnan(got).all() else "numbers from what is not a number"
    centred = Centred(x)
    squares = Fraction(centred.power(2), centred.n ** 2)
    if squares == 0:
        return None if np.isnan(got).all() else "numbers where all elements are alike"
    sd = geometric_mean(squares / Fraction(len(x) - ddof), Fraction(1))
    condition = centred.condition_squared()
    bound = relative_bound(len(x), condition) + 4 * Fraction(UNIT[dtype])
    for at in np.unique(np.linspace(0, len(x) - 1, 40).astype(int)):
        true = Fraction(centred.distances[at], centred.n) / sd
        bad = near(got[at], true, bound * (abs(true) + 1) + exact.LEAST[dtype])
        if bad:
            return f"at {at}: {bad}"
    return None


def make_standardise(rng):
    dtype = str(rng.choice(values.REALS * 2 + values.INTEGERS))
    return Case("standardise", "standardise", [moment_elements(rng, values.length(rng, 9000), dtype)], None,
                {"ddof": float(rng.choice([0.0, 1.0])), "to": dtype if dtype in values.REALS else "f8",
                 "place": place(rng)})


subject("standardise_whole", make_standardise, judge_standardise)
