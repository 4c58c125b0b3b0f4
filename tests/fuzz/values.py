"""values.py - the elements that cases are made of: lengths around lanes and chunks, and for every type the values that
arithmetic finds hard. All from the generator that is given, so that a seed and a number repeat a case."""
import numpy as np

CHUNK = 8192
REALS = ["f8", "f4"]
INTEGERS = ["i8", "i4", "u8", "u4", "i2", "u2", "i1", "u1"]
DTYPES = REALS + INTEGERS
SUFFIX = dict(zip("f8 f4 i8 i4 u8 u4 i2 u2 i1 u1".split(), "f64 f32 i64 i32 u64 u32 i16 u16 i8 u8".split()))
SHORT = [0, 1, 1, 2, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65]
MIDDLE = [100, 255, 256, 257, 511, 1000, 2049]
LONG = [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK + 17, 5 * CHUNK + 3]
FAR = {"f8": (-320, 308), "f4": (-45, 38)}


def length(rng, longest=10**9):
    r = rng.random()
    from_these = [n for n in (SHORT if r < 0.7 else MIDDLE if r < 0.88 else LONG) if n <= longest]
    return int(rng.choice(from_these or SHORT))


def shape(rng, largest=30000):
    """Rows and columns."""
    while True:
        rows, columns = (int(rng.choice([1, 2, 3, 5, 8, 17, 31, 33, 64, 100, 257, 820, CHUNK, CHUNK + 1]))
                         for _ in "rc")
        if rows * columns <= largest:
            return rows, columns


def bits(dtype):
    return np.dtype("u%d" % np.dtype(dtype).itemsize)


def nan(rng, dtype):
    """Any NaN: quiet or signalling, of any sign and payload."""
    width = 8 * np.dtype(dtype).itemsize
    fraction = 52 if width == 64 else 23
    exponent = ((1 << (width - 1 - fraction)) - 1) << fraction
    payload = int(rng.integers(1, 1 << fraction)) if rng.random() < 0.7 else 1 << (fraction - 1)
    sign = int(rng.integers(0, 2)) << (width - 1)
    return np.array(sign | exponent | payload, bits(dtype)).view(dtype)[()]


def special(rng, dtype):
    info = np.finfo(dtype)
    tiny, most = float(info.smallest_subnormal), float(info.max)
    choices = [np.inf, -np.inf, 0.0, -0.0, tiny, -tiny, float(info.tiny), float(info.tiny) - tiny, most, -most, 1.0,
               -1.0,
               2.0 ** 53, 2.0 ** 53 + 2, most / 2, 1 + float(info.eps), 0.5, float(info.tiny) ** 0.5, most ** 0.5]
    return nan(rng, dtype) if rng.random() < 0.15 else np.dtype(dtype).type(rng.choice(choices))


def sprinkle(rng, x, values):
    """x with some of its elements replaced."""
    if len(x):
        for at in rng.integers(0, len(x), int(rng.integers(1, 4))):
            x[at] = values()
    return x


def plain(rng, n, dtype):
    return rng.normal(size=n)


def scaled(rng, n, dtype):
    low, high = FAR[dtype]
    return (rng.normal(size=n) / 2) * 10.0 ** rng.integers(low + 12, high - 1) * 10.0 ** -rng.integers(0, 12)


def few_times_scale(rng, n, dtype):
    """Small whole numbers times a power of ten, over the whole range."""
    low, high = FAR[dtype]
    return rng.integers(-10, 11, n) * 10.0 ** rng.integers(low + 4, high - 1)


def mixed(rng, n, dtype):
    width = int(rng.choice([20, 120, 600]))
    return rng.normal(size=n) * 2.0 ** rng.integers(-width // 2, width // 2 + 1, n)


def any_bits(rng, n, dtype):
    """Exponents of the whole range, finite."""
    kind = bits(dtype)
    x = rng.integers(0, np.iinfo(kind).max, n, kind, endpoint=True).view(dtype)
    return np.where(np.isfinite(x), x, np.dtype(dtype).type(1))


def offset(rng, n, dtype):
    """Little spread around a large mean."""
    around = float(rng.choice([1e3, 1e6, 1e8, -1e8, 1e10, 1e12, 1e15])) if dtype == "f8" else float(rng.choice([1e2,
            1e5]))
    return around + (np.linspace(0, 100, n) if rng.random() < 0.5 else rng.normal(size=n))


def constant(rng, n, dtype):
    return np.full(n, rng.choice([0.0, 0.1, -1e15, 1e-300, 3.0, 1.7e308]) if dtype == "f8"
                   else rng.choice([0.0, 0.1, 3e38]))


def ordered(rng, n, dtype):
    x = np.sort(rng.normal(size=n))
    return x if rng.random() < 0.5 else x[::-1]


def few(rng, n, dtype):
    return np.repeat(rng.integers(-2, 3, n), int(rng.integers(1, 5)))[:n].astype(float)


def cancel(rng, n, dtype):
    """Elements whose sum is little of what they are."""
    x = rng.normal(size=n) * 2.0 ** rng.integers(-60, 60, n)
    half = n // 2
    x[half:2 * half] = -x[:half]
    rng.shuffle(x)
    return x


def ties(rng, n, dtype):
    """Sums half way between two numbers, but for a little."""
    if rng.random() < 0.5:
        return 2.0 ** (53 if dtype == "f8" else 24) + rng.integers(-3, 4, n)
    half = 2.0 ** (-53 if dtype == "f8" else -24)
    x = np.where(rng.random(n) < 0.1, rng.choice([-half, half], n), 0.0)
    x = np.where(rng.random(n) < 0.1, rng.choice([-1.0, 1.0], n) * 2.0 ** -rng.integers(30, 140, n), x)
    x[:1] = 1
    return x


def huge(rng, n, dtype):
    most = float(np.finfo(dtype).max)
    return rng.choice([most, -most, most / 2, -most / 4, 0.94 * most, -0.94 * most], n) * rng.choice([1, 1, 0.5], n)


def tiny(rng, n, dtype):
    least = float(np.finfo(dtype).smallest_subnormal)
    return rng.integers(-9, 10, n) * least * 2.0 ** int(rng.choice([0, 0, 1, 20, 52 if dtype == "f8" else 23]))


def around_underflow_of_squares(rng, n, dtype):
    return rng.choice([1.0, 2.0, -3.0, 1.5], n) * (1e-162 if dtype == "f8" else 1e-23) * 10.0 ** rng.integers(-3, 4)


def around_overflow_of_squares(rng, n, dtype):
    return rng.choice([1.0, 2.0, -3.0, 1.5], n) * (1e154 if dtype == "f8" else 1e19) * 10.0 ** rng.integers(-3, 2)


def zeros(rng, n, dtype):
    return rng.choice([0.0, -0.0], n) if rng.random() < 0.5 else np.full(n, -0.0)


def no_number(rng, n, dtype):
    return np.array([nan(rng, dtype) for _ in range(min(n, 99))] * (n // 99 + 1), dtype)[:n]


def infinities(rng, n, dtype):
    return rng.choice([np.inf, np.inf, 1.0] if rng.random() < 0.5 else [np.inf, -np.inf, 2.0], n)


REAL_KINDS = [plain, plain, scaled, few_times_scale, mixed, any_bits, offset, offset, constant, ordered, few, cancel,
              ties,
              huge, tiny, around_underflow_of_squares, around_overflow_of_squares, zeros, no_number, infinities]


def reals(rng, n, dtype, kinds=None, specials=0.25):
    kind = (kinds or REAL_KINDS)[int(rng.integers(len(kinds or REAL_KINDS)))]
    with np.errstate(all="ignore"):
        x = np.asarray(kind(rng, n, dtype))
        x = x if x.dtype == np.dtype(dtype) else x.astype(dtype)
    x = np.array(x, dtype)
    return sprinkle(rng, x, lambda: special(rng, dtype)) if rng.random() < specials else x


def integers(rng, n, dtype):
    info = np.iinfo(dtype)
    kind = int(rng.integers(7))
    if kind == 0:
        x = rng.integers(info.min, info.max, n, dtype, endpoint=True)
    elif kind == 1:
        x = rng.integers(-2 if info.min else 0, 3, n, dtype)
    elif kind == 2:
        x = rng.choice(np.array([info.min, info.max, 0, 1, info.max - 1, info.min + 1], dtype), n)
    elif kind == 3:  # little spread around a large mean, as times in nanoseconds have
        middle = {"i8": 1732700000 * 10**9, "u8": 2**63}.get(dtype, info.max // 2)
        x = np.array([middle + int(v) for v in rng.integers(0, min(1000, info.max // 2), n)], dtype)
    elif kind == 4:
        x = np.sort(rng.integers(info.min, info.max, n, dtype, endpoint=True))
    elif kind == 5:
        x = np.full(n, rng.choice(np.array([info.min, info.max, 1], dtype)), dtype)
    else:
        x = rng.integers(info.min // 1024, info.max // 1024, n, dtype, endpoint=True)
    return x


def elements(rng, n, dtype, kinds=None, specials=0.25):
    return reals(rng, n, dtype, kinds, specials) if dtype in REALS else integers(rng, n, dtype)
