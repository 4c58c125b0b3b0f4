"""numpy_moments.py SPEC... - variance to correlation on those teams, judged by exact rational arithmetic.

Reals: no result is off by more than 4e-16 times a condition number that knows nothing of the mean, where Chan, Golub and
LeVeque, Algorithms for computing the sample variance (The American Statistician 37, 1983), allow sqrt(1 + mean^2 / variance).
Integers: every result is the true one, rounded once."""
from fractions import Fraction
import hashlib
from math import isqrt
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import binding as t
import numpy as np
from judge import check, fails, random, run, same

CHUNK = 8192
UNIT = 4e-16
zero = np.zeros(1)


def integers_of(x):
    """Python integers v and a Fraction u with x = v u."""
    if x.dtype.kind != "f":
        return x.tolist(), Fraction(1)
    m, e = np.frexp(x.astype(float))
    least = int(e[x != 0].min()) if np.any(x != 0) else 0
    whole = [int(a) << int(b) for a, b in zip((m * 2.0 ** 53).astype(np.int64).tolist(), np.where(x != 0, e - least, 0).tolist())]
    return whole, Fraction(2) ** (least - 53)


def root(x):
    """The square root of a Fraction, to 200 bits."""
    if x == 0:
        return Fraction(0)
    bits = max(0, 400 + x.denominator.bit_length() - x.numerator.bit_length())
    bits += bits % 2
    return Fraction(isqrt((x.numerator << bits) // x.denominator), 1 << bits // 2)


class Truth:
    """n times the central moments of x, and those of absolute values, as fractions."""

    def __init__(self, x):
        whole, self.unit = integers_of(x)
        self.n, self.sum = len(whole), sum(whole)
        self.distance = [self.n * v - self.sum for v in whole]
        self.scale = self.unit / self.n
        self.mean = self.sum * self.scale
        self.m2 = sum(d * d for d in self.distance) * self.scale ** 2

    def power(self, k, absolute=False):
        return sum(abs(d ** k) if absolute else d ** k for d in self.distance) * self.scale ** k

    def product(self, other):
        return sum(a * b for a, b in zip(self.distance, other.distance)) * self.scale * other.scale


def rounded(x):
    """The double nearest to a Fraction."""
    try:
        return float(x)
    except OverflowError:
        return float("inf") if x > 0 else -float("inf")


def near(got, true, condition, *about):
    """Within UNIT times the condition, or half of what the least number leaves to be rounded."""
    if not np.isfinite(rounded(true)):
        check(got == rounded(true), *about, got, rounded(true))
        return
    check(np.isfinite(got) and abs(Fraction(float(got)) - true) <= Fraction(UNIT) * condition + Fraction(2) ** -1074, *about, got,
          rounded(true))


def judge(team, x, *about, shape=True):
    truth, a = Truth(x), team.array(x)
    about += (len(x), "mean", rounded(truth.mean), "variance", rounded(truth.m2 / truth.n))
    variance = truth.m2 / truth.n
    near(t.reduce("var", a, param=zero)[0], variance, variance, "var", *about)
    near(t.reduce("nanvar", a, param=zero)[0], variance, variance, "nanvar", *about)
    if truth.n > 1:
        sample = truth.m2 / (truth.n - 1)
        near(t.reduce("std", a, param=np.ones(1))[0], root(sample), root(sample), "std", *about)
    got = t.reduce("describe", a).view(np.float64)[2:9]
    near(got[0], truth.mean, abs(truth.mean) + root(variance), "mean of describe", *about)
    near(got[1], variance, variance, "var of describe", *about)
    near(got[6], root(variance), root(variance), "std of describe", *about)
    check(got[4] == x.min() and got[5] == x.max(), "range of describe", *about)
    if truth.m2 > 0 and shape:
        cube, fourth = root(variance) ** 3, truth.power(4) / truth.n / variance ** 2
        for name, which in (("skewness", 2), ("kurtosis", 3)):
            true = truth.power(3) / truth.n / cube if which == 2 else fourth - 3
            condition = 3 * truth.power(3, True) / truth.n / cube if which == 2 else 8 * fourth
            near(t.reduce(name, a)[0], true, condition, name, *about)
            near(got[which], true, condition, name, "of describe", *about)
    a.free()


def no_offset_costs_accuracy(team):
    for offset in (0, 1, -1e4, 1e8, 1e10, 1e12, 1e15):
        for n in (1, 2, 3, 33, 1000, CHUNK + 1, 2 * CHUNK):
            judge(team, offset + np.linspace(0, 100, n), "linspace", shape=n < CHUNK or offset == 1e8)
        judge(team, offset + random.normal(size=CHUNK + 77), "normal", shape=False)
        judge(team, np.sort(offset + random.exponential(size=3 * CHUNK)), "sorted", shape=offset == 1e12)
        judge(team, (offset + random.normal(size=CHUNK + 5)).astype("f4"), "floats", shape=False)
    judge(team, 1e9 + np.cumsum(random.normal(size=5 * CHUNK)), "walk")
    judge(team, np.repeat(1e12 + np.arange(4.0) ** 2, CHUNK), "a chunk of each")
    judge(team, np.tile([0.1, -0.1], 30000), "two values")
    judge(team, np.tile([0.1, 0.3], CHUNK), "two values")
    judge(team, np.concatenate([[1e20], random.normal(size=2 * CHUNK)]), "outlier")
    judge(team, random.standard_cauchy(2 * CHUNK), "cauchy")


def the_result_is_nists(team):
    """StRD, univariate summary statistics: certified mean and standard deviation. What the decimals lose when they become
    doubles is left to them: a unit of the mean against the deviation."""
    michelson = [int(v) for v in """850 740 900 1070 930 850 950 980 980 880 1000 980 930 650 760 810 1000 1000 960 960 960 940 960
        940 880 800 850 880 900 840 830 790 810 880 880 830 800 790 760 800 880 880 880 860 720 720 620 860 970 950 880 910 850 870
        840 840 850 840 840 840 890 810 810 820 800 770 760 740 750 760 910 920 890 860 880 720 840 850 850 780 890 840 780 810 760
        810 790 810 820 850 870 870 810 740 810 940 950 800 810 870""".split()]
    sets = {"NumAcc1": ([10000001.0, 10000003, 10000002], 10000002, 1),
            "NumAcc2": ([1.2] + [1.1, 1.3] * 500, 1.2, 0.1),
            "NumAcc3": ([1000000.2] + [1000000.1, 1000000.3] * 500, 1000000.2, 0.1),
            "NumAcc4": ([10000000.2] + [10000000.1, 10000000.3] * 500, 10000000.2, 0.1),
            "Michelso": ([299 + v / 1000 for v in michelson], 299.8524, 0.0790105478190518)}
    for name, (x, mean, deviation) in sets.items():
        x = np.array(x)
        judge(team, x, name)
        a = team.array(x)
        check(abs(t.reduce("describe", a).view(np.float64)[2] - mean) <= 2e-16 * abs(mean), name, "mean")
        check(abs(t.reduce("std", a, param=np.ones(1))[0] - deviation) <= (2e-16 * abs(mean) if name != "NumAcc1" else 0) + 1e-15,
              name, "std")
        a.free()


def nothing_over_or_underflows_on_the_way(team):
    base = np.array([1.0, 2, 3, 4, 10])
    for unit in (5e-324, 1e-320, 1e-308, 1e-170, 1e-160, 1e-154, 1e-80, 1e77, 1e153, 1e154, 1e300, 1.7e307):
        for x in (base * unit, random.normal(size=CHUNK + 9) * unit, np.concatenate([base * unit, np.ones(CHUNK)]),
                  np.concatenate([np.zeros(CHUNK), base * unit, np.full(CHUNK, 3 * unit)])):
            judge(team, x, "unit", unit, shape=unit > 1e-300 and len(x) < 2 * CHUNK)
        x, y = team.array(np.arange(1.0, 6) * unit), team.array(np.array([1.0, 5, 2, 9, 4]))
        both, turned = Truth(np.arange(1.0, 6) * unit), Truth(np.array([1.0, 5, 2, 9, 4]))
        true = both.product(turned) / root(both.m2 * turned.m2)
        near(t.reduce("corr", x, y)[0], true, 1, "corr", unit)
        near(t.reduce("corr", y, x)[0], true, 1, "corr", unit)
        near(t.reduce("cov", x, y, param=zero)[0], both.product(turned) / 5, both.product(turned) / 5, "cov", unit)
        x.free()
        y.free()
    judge(team, np.array([1.7e308, -1.7e308, 1.0]), "the whole range")
    judge(team, np.concatenate([np.full(CHUNK, 1e-300), np.full(CHUNK, 1e300), random.normal(size=CHUNK)]), "all sizes")
    judge(team, random.normal(size=3 * CHUNK) * 2.0 ** random.integers(-1070, 1000, 3 * CHUNK), "all exponents", shape=False)
    judge(team, np.full(2 * CHUNK + 1, 1.7e308), "alike")


def products_lose_nothing_to_an_offset(team):
    for offset, other in ((0, 0), (1e8, 0), (1e12, -1e10), (1e15, 1e15)):
        for n in (2, 5, 1000, CHUNK + 3, 2 * CHUNK):
            x = offset + np.linspace(0, 100, n)
            y = other + 0.3 * (x - offset) + random.normal(size=n)
            a, b, p, q = team.array(x), team.array(y), Truth(x), Truth(y)
            spread = root(p.m2 * q.m2)
            near(t.reduce("cov", a, b, param=zero)[0], p.product(q) / n, 2 * spread / n, "cov", offset, other, n)
            near(t.reduce("corr", a, b)[0], p.product(q) / spread, 3, "corr", offset, other, n)
            a.free()
            b.free()
    alike, x = team.array(np.full(CHUNK + 33, 0.1)), team.array(random.normal(size=CHUNK + 33))
    check(np.isnan(t.reduce("corr", alike, x)[0]) and t.reduce("cov", alike, x, param=zero)[0] == 0, "one of equal elements")
    check(t.reduce("corr", x, x)[0] >= 1 - 3e-16, "corr with itself")
    alike.free()
    x.free()


def a_point_far_from_the_mean_is_taken_again(team):
    """The one number of the panels that the point is taken from is an outlier; the others lie between the panels."""
    x = np.full(CHUNK, np.nan)
    between = np.arange(CHUNK) % 1024 >= 32
    x[between] = random.normal(size=np.count_nonzero(between))
    x[0] = 1e5
    numbers = x[~np.isnan(x)]
    truth, a = Truth(numbers), team.array(x)
    near(t.reduce("nanvar", a, param=zero)[0], truth.m2 / truth.n, truth.m2 / truth.n, "nanvar of an outlier")
    got = t.reduce("describe", a).view(np.float64)
    near(got[2], truth.mean, abs(truth.mean), "mean beside an outlier")
    fourth = truth.power(4) * truth.n / truth.m2 ** 2
    near(got[5], fourth - 3, 8 * fourth, "kurtosis beside an outlier")
    a.free()


def what_is_not_finite_gives_nan(team):
    for x in ([1, np.inf], [np.inf, -np.inf], [np.nan, 1, 2], [np.inf], [-np.inf, 1e300, 1e-300]):
        x = np.array(x, float)
        for tail in (0, CHUNK, 2 * CHUNK):
            y = np.concatenate([np.ones(tail), x])
            a, b = team.array(y), team.array(np.arange(len(y)) * 1e300)
            for name in ("var", "std", "skewness", "kurtosis"):
                got = t.reduce(name, a, param=zero)
                check(got.view(np.uint64)[0] == 0x7ff8000000000000, name, x, tail, got)
            for name in ("cov", "corr"):
                check(t.reduce(name, b, a, param=zero).view(np.uint64)[0] == 0x7ff8000000000000, name, x, tail)
            numbers = y[~np.isnan(y)]
            got = t.reduce("nanvar", a, param=zero)[0]
            check(np.isnan(got) if np.any(np.isinf(x)) else abs(got - np.var(numbers)) <= 1e-15, "nanvar", x, tail, got)
            with np.errstate(all="ignore"):
                same(t.reduce("describe", a).view(np.float64)[2], np.float64(np.mean(numbers)), "mean of describe", x, tail)
            a.free()
            b.free()


def ranges(dtype):
    """Where integers of that type may lie: all, few, at either end, far from 0."""
    info = np.iinfo(dtype)
    yield int(info.min), int(info.max)
    yield 0, 3
    yield int(info.max) - min(999, int(info.max)), int(info.max)
    yield int(info.min), int(info.min) + 7
    if info.bits > 16:
        yield int(info.max) // 3, int(info.max) // 3 + 70000
    if info.bits > 32:
        yield 1732700000 * 10 ** 9, 1732700000 * 10 ** 9 + 999
        yield int(info.max) // 2, int(info.max) // 2 + (1 << 33)


def correct(got, true, squared, *about):
    """The true number, or the root of it, rounded once."""
    if not squared:
        check(got == rounded(true), *about, got, rounded(true))
        return
    below, above = (Fraction(float(np.nextafter(abs(got), w))) for w in (0.0, np.inf))
    middle = Fraction(abs(float(got)))
    check(((middle + below) / 2) ** 2 <= true <= ((middle + above) / 2) ** 2, *about, got)


def integers_have_the_true_moments_rounded_once(team):
    for dtype in "i8 u8 i4 u4 i2 u2 i1 u1".split():
        for low, high in ranges(dtype):
            for n in (1, 2, 5, 1000, CHUNK + 3):
                x = random.integers(low, high, n, dtype, endpoint=True)
                y = random.integers(low, high, n, dtype, endpoint=True)
                y[: n // 2] = x[: n // 2]
                p, q, a, b = Truth(x), Truth(y), team.array(x), team.array(y)
                about = (dtype, n, low, high)
                for ddof in (0, 1, 0.5):
                    param = np.array([float(ddof)])
                    if n <= ddof:
                        fails("EMPTY", lambda: t.reduce("var", a, param=param), "var", *about)
                        continue
                    divisor = n - Fraction(ddof)
                    correct(t.reduce("var", a, param=param)[0], p.m2 / divisor, False, "var", ddof, *about)
                    correct(t.reduce("std", a, param=param)[0], p.m2 / divisor, True, "std", ddof, *about)
                    correct(t.reduce("cov", a, b, param=param)[0], p.product(q) / divisor, False, "cov", ddof, *about)
                correct(t.reduce("var_exact", a, param=zero)[0], p.m2 / n, False, "var_exact", *about)
                whole = t.reduce("describe", a)
                got = whole.view(np.float64)[2:9]
                correct(got[0], p.mean, False, "mean of describe", *about)
                correct(got[1], p.m2 / n, False, "var of describe", *about)
                correct(got[6], p.m2 / n, True, "std of describe", *about)
                same(whole[72:88].view("i8" if dtype[0] == "i" else "u8"), np.array([x.min(), x.max()], dtype[0] + "8"), *about)
                if p.m2 == 0:
                    check(np.isnan(got[2]) and np.isnan(got[3]) and np.isnan(t.reduce("corr", a, b)[0]), "alike", *about)
                else:
                    cube, fourth, product = p.power(3), p.power(4), p.product(q)
                    correct(got[2], cube ** 2 * n / p.m2 ** 3, True, "skewness", *about)
                    check((got[2] < 0) == (cube < 0), "sign of skewness", *about)
                    correct(got[3], fourth * n / p.m2 ** 2 - 3, False, "kurtosis", *about)
                    check(t.reduce("skewness", a)[0] == got[2] and t.reduce("kurtosis", a)[0] == got[3], "by name", *about)
                    if q.m2:
                        r = t.reduce("corr", a, b)[0]
                        correct(r, product ** 2 / (p.m2 * q.m2), True, "corr", *about)
                        check((r < 0) == (product < 0), "sign of corr", *about)
                a.free()
                b.free()


def standardise(a, b, ddof=0.0):
    t.lib.trine_standardise.argtypes = [t.pointer, t.f64, t.pointer]
    t.need(t.lib.trine_standardise(a.handle, ddof, b.handle))


def standardised_elements_are_true_at_any_offset_and_scale(team):
    cases = [("f8", 1e12 + random.normal(size=CHUNK + 5)), ("f8", 1e15 + np.arange(5.0)), ("f4", 1e6 + np.arange(100.0))]
    cases += [("f8", np.array([1.0, 2, 3, 4, 10]) * u) for u in (5e-324, 1e-170, 1e154, 1e300)]
    cases += [(d, random.integers(lo, hi, 999, d, endpoint=True)) for d in ("i8", "u8", "i4", "u2", "i1") for lo, hi in ranges(d)]
    for dtype, x in cases:
        x = np.asarray(x).astype(dtype)
        a, b, p = team.array(x), team.array(np.zeros(len(x), dtype if dtype[0] == "f" else "f8")), Truth(x)
        standardise(a, b)
        deviation = root(p.m2 / p.n)
        for i in list(range(0, len(x), max(1, len(x) // 50))):
            true = p.distance[i] * p.scale / deviation
            got = Fraction(float(b.local()[i]))
            bound = Fraction(7, 10 ** 16) if dtype != "f4" else Fraction(1, 10 ** 7)
            check(abs(got - true) <= bound * abs(true) + Fraction(1, 10 ** 16), "standardise", dtype, x[i], float(got),
                  float(true))
        a.free()
        b.free()
    a, b = team.array(np.full(7, 5)), team.array(np.zeros(7))
    standardise(a, b)
    check(np.all(np.isnan(b.local())), "standardise equal elements")
    fails("DTYPE", lambda: standardise(b, a), "standardise reals to integers")
    a.free()
    a = team.array(np.array([np.inf, 1, 2, 3, 4, 5, 6]))
    standardise(a, b)
    check(np.all(b.local().view(np.uint64) == 0x7ff8000000000000), "standardise an infinity")
    a.free()
    b.free()


def bits_of_all(team):
    """A hash of the results of elements of all types, sizes and kinds."""
    source, bits = np.random.default_rng(7), hashlib.sha256()
    for dtype in t.DTYPES:
        for n in (1, 5, 33, 257, 1000, CHUNK - 1, CHUNK + 1, 3 * CHUNK):
            if dtype[0] == "f":
                with np.errstate(all="ignore"):
                    plain = source.normal(size=n)
                    kinds = [plain, plain + 1e6, plain * 2.0 ** source.integers(-1070, 1000, n), plain * 1e-200,
                             np.where(source.random(n) < 0.1, np.nan, plain)]
                    kinds = [x.astype(dtype) for x in kinds]
            else:
                kinds = [source.integers(low, high, n, dtype, endpoint=True) for low, high in ranges(dtype)]
            for x in kinds:
                a, b = team.array(x), team.array(x[::-1].copy())
                for name in "var std nanvar nanstd skewness kurtosis describe standardisation cov corr".split():
                    try:
                        bits.update(t.reduce(name, *([a, b] if name[0] == "c" else [a]), param=zero).tobytes())
                    except t.Failed as failed:
                        bits.update(str(failed)[:5].encode())
                a.free()
                b.free()
    return bits.hexdigest()


def all_instruction_sets_and_teams_give_the_same_bits(team):
    other = subprocess.run([sys.executable, __file__, "--bits"], env=dict(os.environ, TRINE_ISA="baseline"), text=True,
                           stdout=subprocess.PIPE, check=True)
    check(other.stdout.split()[-1] == bits_of_all(team), "bits", other.stdout)


if sys.argv[1] == "--bits":
    print(bits_of_all(t.Team("serial")))
    sys.exit()

run(no_offset_costs_accuracy, the_result_is_nists, nothing_over_or_underflows_on_the_way, products_lose_nothing_to_an_offset,
    a_point_far_from_the_mean_is_taken_again, what_is_not_finite_gives_nan, integers_have_the_true_moments_rounded_once,
    standardised_elements_are_true_at_any_offset_and_scale, all_instruction_sets_and_teams_give_the_same_bits)
