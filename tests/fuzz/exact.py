"""exact.py - sums and products of machine numbers without an error, and rounding them once."""
import math
from fractions import Fraction

import numpy as np

UNIT = {"f8": 2.0 ** -53, "f4": 2.0 ** -24}
LEAST = {"f8": Fraction(1, 2 ** 1074), "f4": Fraction(1, 2 ** 149)}
PRECISION, LOWEST, MOST = {"f8": 53, "f4": 24}, {"f8": -1074, "f4": -149}, {"f8": 1024, "f4": 128}


def code(dtype):
    return np.dtype(dtype).str[1:]


def rounded(value, dtype, negative_zero=False):
    """A fraction to the nearest number of the type, ties to even, infinite beyond its range."""
    dtype = code(dtype)
    if value == 0:
        return np.dtype(dtype).type(-0.0 if negative_zero else 0.0)
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if Fraction(2) ** exponent > size:
        exponent -= 1
    unit = max(exponent - PRECISION[dtype] + 1, LOWEST[dtype])
    whole = round(size / Fraction(2) ** unit)
    if whole.bit_length() + unit > MOST[dtype]:
        result = math.inf
    else:
        result = math.ldexp(whole, unit)
    return np.dtype(dtype).type(-result if value < 0 else result)


def split(x):
    """Significands as whole numbers of 53 bits, and their exponents: x = m 2^e."""
    m, e = np.frexp(x.astype("f8"))
    return np.ldexp(m, 53).astype(np.int64), e.astype(np.int64) - 53


def gather(pieces, exponents):
    """The sum of pieces[i] (whole, below 2^37) times 2^exponents[i] over at most 2^16 elements."""
    low = int(exponents.min())
    counts = np.bincount(exponents - low, weights=pieces.astype("f8"))
    total = 0
    for at in np.flatnonzero(counts):
        total += int(counts[at]) << int(at)
    return Fraction(total) * Fraction(2) ** low


def sum_of(x):
    """The true sum of finite or whole elements."""
    if x.dtype.kind != "f":
        return Fraction(int(x.astype(object).sum()) if len(x) else 0)
    if len(x) == 0:
        return Fraction(0)
    m, e = split(x)
    return gather(m >> 26, e + 26) + gather(m & (2 ** 26 - 1), e)


def reals_of(x):
    """Arrays of doubles that add up to the elements."""
    if x.dtype.kind == "f":
        return [x]
    x = x.astype(x.dtype.kind + "8")
    return [(x >> 32).astype("f8") * 2.0 ** 32, (x & 0xffffffff).astype("f8")]


def dot_of(x, y):
    """The true sum of products of finite or whole elements."""
    if len(x) == 0:
        return Fraction(0)
    if x.dtype.kind != "f" and y.dtype.kind != "f":
        return Fraction(int((x.astype(object) * y.astype(object)).sum()))
    if x.dtype.kind != "f" or y.dtype.kind != "f":
        return sum(dot_of(a, b) for a in reals_of(x) for b in reals_of(y))
    (mx, ex), (my, ey) = split(x), split(y)
    mask, total = 2 ** 18 - 1, Fraction(0)
    for i, a in enumerate((mx & mask, (mx >> 18) & mask, mx >> 36)):
        for j, b in enumerate((my & mask, (my >> 18) & mask, my >> 36)):
            total += gather(a * b, ex + ey + 18 * (i + j))
    return total


def root(value, dtype):
    """The square root, rounded once."""
    if value == 0:
        return np.dtype(dtype).type(0)
    shift = 160 - (value.numerator.bit_length() - value.denominator.bit_length()) // 2
    scaled = value * Fraction(4) ** shift
    whole = math.isqrt(scaled.numerator // scaled.denominator)
    inexact = whole * whole != scaled
    return rounded(Fraction(2 * whole + inexact) * Fraction(2) ** (-shift - 1), dtype)


def as_integers(x):
    """Whole numbers and one exponent: x = X 2^e."""
    if x.dtype.kind != "f":
        return [int(v) for v in x.tolist()], 0
    m, e = split(x)
    used = e[m != 0]
    low = int(used.min()) if len(used) else 0
    return [int(v) << int(s - low) if v else 0 for v, s in zip(m.tolist(), e.tolist())], low


def float_of(value):
    """A fraction as a double, infinite beyond the range."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def fraction(x):
    return Fraction(float(x)) if isinstance(x, (float, np.floating)) else Fraction(int(x))
