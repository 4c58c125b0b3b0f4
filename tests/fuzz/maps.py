"""maps.py - the built-in maps: arithmetic to the bit, the functions within a unit in the last place of MPFR's, random
numbers from words of Philox of our own."""
import math
import struct
from fractions import Fraction

import exact
import mpfr
import numpy as np
import values
from case import Case
from exact import code, rounded
from reductions import place
from subject import by_value, canonical, judged, show, subject, to_the_bit, type_of

WORDS = {"f8": np.dtype("u8"), "f4": np.dtype("u4")}


def wrap(whole, dtype):
    """Whole numbers modulo 2^bits."""
    width = 8 * np.dtype(dtype).itemsize
    return np.array([int(v) % 2 ** width for v in whole], "u8").astype("u%d" % (width // 8)).view(dtype)


def quotient(x, y):
    out = []
    for a, b in zip(x.tolist(), y.tolist()):
        q = 0 if b == 0 else abs(a) // abs(b)
        out.append(-q if (a < 0) != (b < 0) else q)
    return out


def fused(x, y, z):
    """x y + z, rounded once."""
    out = np.empty(len(x), x.dtype)
    with np.errstate(all="ignore"):
        plain = x * y + z
        for i, (a, b, d) in enumerate(zip(x.tolist(), y.tolist(), z.tolist())):
            if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(d)):
                out[i] = plain[i] if not (math.isfinite(a) and math.isfinite(b)) else d
                continue
            true = Fraction(a) * Fraction(b) + Fraction(d)
            if true:
                out[i] = rounded(true, x.dtype)
            else:
                out[i] = x[i] * y[i] + z[i] if a == 0 or b == 0 else 0.0
    return out


def flip(x, mask):
    kind = WORDS[type_of(x)]
    return (x.view(kind) ^ kind.type(mask)).view(x.dtype)


def sign_bit(x):
    return 1 << (8 * x.itemsize - 1)


def arithmetic(name, arrays, given, dtype):
    """(the right result, whether it is a move that keeps the bits of what is not a number)."""
    real = dtype in values.REALS
    x, y, z = (arrays + [None] * 3)[:3]
    a, b = (list(given) + [None, None])[:2]
    with np.errstate(all="ignore"):
        if name == "copy":
            return x, True
        if name == "neg":
            return (flip(x, sign_bit(x)) if real else -x), True
        if name == "abs":
            kind = WORDS.get(dtype)
            return ((x.view(kind) & kind.type(sign_bit(x) - 1)).view(dtype) if real else np.abs(x)), True
        if name == "clip":
            low = np.where(x < a, a, x).astype(dtype)
            return np.where(low > b, b, low).astype(dtype), True
        if name == "where":
            return np.where(x != 0, y, z), True
        if name == "div":
            return (x / y if real else wrap(quotient(x, y), dtype)), False
        if name == "fma":
            return (fused(x, y, z) if real else x * y + z), False
        results = {"add": lambda: x + y, "sub": lambda: x - y, "mul": lambda: x * y, "scale": lambda: a * x,
                   "axpy": lambda: a * x + y, "axpby": lambda: a * x + b * y, "sqrt": lambda: np.sqrt(x),
                   "standardise": lambda: (x - a) / b}
        return results[name]().astype(dtype), False


INPUTS = {"copy": 1, "neg": 1, "abs": 1, "clip": 1, "scale": 1, "sqrt": 1, "standardise": 1, "add": 2, "sub": 2,
          "mul": 2,
          "div": 2, "axpy": 2, "axpby": 2, "fma": 3, "where": 3}
CONSTANTS = {"scale": 1, "axpy": 1, "axpby": 2, "clip": 2, "standardise": 2}


def make_arithmetic(name):
    def make(rng):
        dtype = str(rng.choice(values.REALS if name in ("sqrt", "standardise") else values.DTYPES))
        n = values.length(rng, 300 if name == "fma" else 10**6)
        arrays = [values.elements(rng, n, dtype) for _ in range(INPUTS[name])]
        if name == "where":
            arrays[0] = rng.integers(0, 3, n).astype("u1")
        given = values.elements(rng, CONSTANTS.get(name, 0), dtype)
        more = {"to": dtype, "n": n, "place": place(rng), "in_place": bool(rng.random() < 0.3),
                "constants": given.tolist()}
        return Case("map", name, arrays, given.tobytes() or None, more)
    return make


def judge_arithmetic(case, status, arrays):
    if status != "OK":
        return f"status {status}"
    dtype = case.more["to"]
    right, move = arithmetic(case.kernel, case.arrays, np.frombuffer(case.param or b"", dtype), dtype)
    return to_the_bit(arrays[0], np.asarray(right, dtype)) if move else by_value(arrays[0], right)


for name in INPUTS:
    subject(name, make_arithmetic(name), judge_arithmetic)
    judged("maps", name)


def saturated(x, to):
    dtype = np.dtype(to)
    with np.errstate(all="ignore"):
        if to in values.REALS:
            return x.astype(dtype)
        info = np.iinfo(dtype)
        if x.dtype.kind != "f":
            return np.array([min(max(int(v), info.min), info.max) for v in x.tolist()], dtype)
        return np.array([0 if math.isnan(v) else info.max if v >= info.max else info.min if v <= info.min else int(v)
                         for v in x.tolist()], dtype)


def wrapped(x, to):
    with np.errstate(all="ignore"):
        return x.astype(to) if to in values.REALS else wrap([int(v) if math.isfinite(v) else 0 for v in x.tolist()], to)


def edges_of(rng, n, dtype):
    """Reals at the ends of the integers' ranges."""
    return rng.choice([s * 2.0 ** p + d for s in (1, -1) for p in (7, 8, 15, 16, 31, 32, 63, 64) for d in (-1, -0.5,
            0, 0.5, 1)], n)


def make_cast(name):
    def make(rng):
        dtype, to = str(rng.choice(values.DTYPES)), str(rng.choice(values.DTYPES))
        x = values.elements(rng, values.length(rng, 9000), dtype, [edges_of] if rng.random() < 0.3 else None)
        function = rng.random() < 0.4
        return Case("to" if function else "map", name, [x], None, {"to": to, "n": len(x), "place": place(rng)})
    return make


def judge_cast(case, status, arrays):
    if status != "OK":
        return f"status {status}"
    x, to = case.arrays[0], case.more["to"]
    if code(x.dtype) == to:
        return None if to_the_bit(arrays[0], x) is None else by_value(arrays[0], x)
    return by_value(arrays[0], (saturated if case.kernel == "cast" else wrapped)(x, to))


for name in ("cast", "cast_wrap"):
    subject(name, make_cast(name), judge_cast)
    judged("maps", name)


def near_the_edges(name, dtype):
    """Arguments whose results lie at the ends of the range, or that reduction by pi finds hard."""
    most = float(np.finfo(dtype).max)

    def make(rng, n, _):
        if name == "exp":
            edges = [math.log(most), -745.1332191019411, -708.3964185322641] if dtype == "f8" else [math.log(most),
                    -103.972, -87.336]
        elif name == "tanh":
            edges = [19.06, 1e-8, 0.5, 7.33797734e-08] if dtype == "f8" else [9.01, 7.33797734e-08, 3e-4, 0.5]
        elif name == "log":
            edges = [1.0, most, float(np.finfo(dtype).tiny)]
        else:
            edges = [math.pi * k / 2 for k in (1, 2, 3, 1000, 10**6)] + [1e22 if dtype == "f8" else 1e10,
                    6381956970095103 * 2.0 ** 797 if dtype == "f8" else 1.6e38]
        x = np.array(rng.choice(edges, n), dtype)
        kind = WORDS[dtype]
        return (x.view(kind) + rng.integers(-20, 20, n).astype(kind)).view(dtype)
    return make


def powers(rng, n, dtype):
    """Bases and exponents whose powers lie over the whole range, at its ends, and of whole exponents."""
    most, least = np.log2(float(np.finfo(dtype).max)), np.log2(float(np.finfo(dtype).smallest_subnormal))
    kind = int(rng.integers(4))
    if kind == 0:
        x = np.exp2(rng.uniform(-30, 30, n))
        target = rng.choice([most, most, least, least + 20, 0.0], n) + rng.normal(size=n) * 1e-9
        y = target / np.log2(x)
    elif kind == 1:
        x, y = rng.choice([2.0, 4.0, 0.5, float(np.finfo(dtype).max), 3.0, -2.0], n), rng.choice([1.0, most, most / 2,
                least, 0.5, -1.0, 3.0], n)
        y = np.nextafter(y.astype(dtype), np.array(rng.choice([-1e30, 1e30], n), dtype))
    elif kind == 2:
        x, y = 1 + rng.normal(size=n) * 1e-6, rng.normal(size=n) * 1e7
    else:
        x, y = rng.normal(size=n) * 10, rng.integers(-20, 21, n).astype(float)
    with np.errstate(all="ignore"):
        return x.astype(dtype), y.astype(dtype)


def make_function(name):
    def make(rng):
        dtype = str(rng.choice(values.REALS))
        n = values.length(rng, 300)
        if name == "pow":
            arrays = list(powers(rng, n, dtype)) if rng.random() < 0.7 else [values.elements(rng, n, dtype)
                    for _ in "xy"]
        else:
            spread = lambda r, n, d: r.normal(size=n) * 10.0 ** r.integers(-20, 4, n)
            arrays = [values.elements(rng, n, dtype, [near_the_edges(name, dtype), spread] if rng.random() < 0.8
                                      else None, 0.1)]
            if name == "log":
                arrays = [np.abs(arrays[0])] if rng.random() < 0.9 else arrays
        return Case("map", name, arrays, None, {"to": dtype, "n": n, "place": place(rng),
                                                "in_place": bool(rng.random() < 0.2)})
    return make


def judge_function(case, status, arrays):
    if not mpfr.lib and status == "OK":
        return canonical(arrays[0])
    if status != "OK":
        return None if status in ("NO MAP", "ABSENT") else f"status {status}"
    if canonical(arrays[0]):
        return canonical(arrays[0])
    dtype = case.more["to"]
    limits = exact.PRECISION[dtype], exact.LOWEST[dtype], exact.MOST[dtype]
    inputs = [a.astype("f8").tolist() for a in case.arrays]
    for i, got in enumerate(arrays[0].astype("f8").tolist()):
        x, y = inputs[0][i], inputs[1][i] if len(inputs) > 1 else None
        off = mpfr.ulps(case.kernel, got, x, y, *limits)
        if off > 1:
            mpfr.function(case.kernel, x, y)
            of = x.hex() if y is None else f"{x.hex()}, {y.hex()}"
            return f"{case.kernel}({of}) is {show(arrays[0][i])}, right {mpfr.near()!r}: {off:.7g} ulp"
    return None


for name in "exp log sin cos tanh pow".split():
    subject(name, make_function(name), judge_function)
    judged("maps", name)


def philox(counters, stream, seed):
    """Philox4x32-10: the four words of each counter (counter, stream) under the key `seed`."""
    low = np.uint64(2 ** 32 - 1)
    c = [counters & low, counters >> np.uint64(32), np.full_like(counters, stream & 0xffffffff),
         np.full_like(counters, stream >> 32)]
    key = [seed & 0xffffffff, seed >> 32]
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(key[0]), p1 & low,
             (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(key[1]), p0 & low]
        key = [(key[0] + 0x9E3779B9) & 0xffffffff, (key[1] + 0xBB67AE85) & 0xffffffff]
    return c


def words(n, dtype, seed, stream):
    """The word of each element: 64 bits for f64, 32 for f32."""
    per = 2 if dtype == "f8" else 4
    c = philox(np.arange(-(-n // per), dtype=np.uint64), stream, seed)
    if per == 2:
        c = [c[0] | c[1] << np.uint64(32), c[2] | c[3] << np.uint64(32)]
    return np.stack(c, 1).reshape(-1)[:per * (-(-n // per))]


def standard_normal(n, dtype, seed, stream):
    """Box and Muller's, in long double: of two words u and an angle, r cos and r sin."""
    w = words(n + n % 2, dtype, seed, stream)[:n + n % 2].reshape(-1, 2)
    bits, turn = (53, 64) if dtype == "f8" else (31, 32)
    u = ((w[:, 0] >> np.uint64(turn - bits)).astype(np.longdouble) + np.longdouble(0.5)) / np.longdouble(2) ** bits
    angle = 2 * np.longdouble("3.14159265358979323846264338327950288") * (w[:,
            1].astype(np.longdouble) / np.longdouble(2) ** turn)
    r = np.sqrt(-2 * np.log(u))
    return np.stack([r * np.cos(angle), r * np.sin(angle)], 1).reshape(-1)[:n]


def make_generated(name):
    def make(rng):
        dtype = str(rng.choice(values.REALS if name not in ("fill", "iota") else values.DTYPES))
        if name == "add_normal" and rng.random() < 0.3:
            dtype = "i2"
        n = values.length(rng)
        seed, stream = int(rng.integers(0, 2**63)), int(rng.integers(0, 2**63)) if rng.random() < 0.5 else 3
        if name in ("fill", "iota"):
            given = values.elements(rng, 2, dtype)
            param = given[:1 if name == "fill" else 2].tobytes()
        elif name == "linspace":
            given = values.elements(rng, 2, "f8", [values.plain, values.scaled, values.huge, values.tiny], 0.05)
            param = struct.pack("ddQ", *given, n)
        elif name == "uniform":
            given = rng.choice([0.0, 1.0, -2.5, 3.0, 1e300, -1e300, 1e-310, 5e-324, 1.7e308] if dtype == "f8"
                               else [0.0, 1.0, -2.5, 1e30, 1e-40], 2)
            param = struct.pack("ddQQ", *given, seed, stream)
        else:
            given = [0.0, float(rng.choice([1.0, 3.0, 2000.0]))] if name == "add_normal" else rng.choice([0.0, 1.0,
                    -3.0, 100.0], 2)
            param = struct.pack("ddQQ", *given, seed, stream)
        arrays = [values.elements(rng, n, dtype, [values.plain])] if name == "add_normal" else []
        return Case("map", name, arrays, param, {"to": dtype, "n": n, "place": place(rng), "constants": [v.item()
                if hasattr(v, "item") else v for v in given],
                                                 "seed": seed, "stream": stream})
    return make


def judge_generated(case, status, arrays):
    if status != "OK":
        return f"status {status}"
    name, dtype, n, got = case.kernel, case.more["to"], case.more["n"], arrays[0]
    with np.errstate(all="ignore"):
        if name == "fill":
            return to_the_bit(got, np.full(n, np.frombuffer(case.param, dtype)[0]))
        if name == "iota":
            start, step = np.frombuffer(case.param, dtype)
            if dtype in values.REALS:
                return by_value(got, (float(start) + np.arange(n).astype("f8") * float(step)).astype(dtype))
            return by_value(got, wrap([int(start) + i * int(step) for i in range(n)], dtype))
        a, b = case.more["constants"]
        if name == "linspace":
            wide, steps = np.float64(b) - np.float64(a), np.float64(max(n - 1, 1))
            step, i = wide / steps, np.arange(n).astype("f8")
            right = a + (i / steps * wide if step == 0 else i * step)
            if n > 1:
                right[-1] = b
            return by_value(got, right.astype(dtype))
        if name == "uniform":
            low, high = np.dtype(dtype).type(a), np.dtype(dtype).type(b)
            w = words(n, dtype, case.more["seed"], case.more["stream"])[:n]
            u = (w >> np.uint64(11 if dtype == "f8" else 8)).astype(dtype) * np.dtype(dtype).type(exact.UNIT[dtype])
            right = low + (high - low) * u
            if low < high:
                right = np.minimum(right, np.nextafter(high, low))
            return by_value(got, right if np.isfinite(high - low) else np.full(n, np.nan, dtype))
        real = "f4" if dtype == "i2" else dtype
        z = standard_normal(n, real, case.more["seed"], case.more["stream"])
        right = a + b * z
        slack = 24 * exact.UNIT[real] * (abs(a) + abs(b) * (1 + np.abs(z)))
        if name == "add_normal":
            right = right + case.arrays[0].astype(np.longdouble)
            slack = slack + 2 * exact.UNIT[real] * np.abs(case.arrays[0].astype("f8"))
        if dtype == "i2":
            right, slack = np.clip(right, -32768, 32767), slack + 0.5
        bad = np.flatnonzero(~(np.abs(got.astype(np.longdouble) - right) <= slack) & np.isfinite(right.astype("f8")))
        return f"at {bad[0]}: got {got[bad[0]]!r}, right {float(right[bad[0]])!r}" if len(bad) else canonical(got)


for name in "fill iota linspace uniform normal add_normal".split():
    subject(name, make_generated(name), judge_generated, "elements" if name == "add_normal" else "nothing")
    judged("maps", name)
judged("functions", "apply")
