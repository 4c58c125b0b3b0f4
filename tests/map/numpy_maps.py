"""numpy_maps.py MAP_FILES TEAM... - the built-in maps on arrays of random lengths and all dtypes, judged by numpy
(and by Python's own integers). numpy writes the inputs, map_files applies the maps, numpy reads the outputs. Exits 77
where there is no numpy."""
import os
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("skipped: no numpy (python3-numpy)")
    sys.exit(77)

np.seterr(all="ignore")
NAMES = {"f64": "f8", "f32": "f4", "i64": "i8", "i32": "i4", "u64": "u8", "u32": "u4", "i16": "i2", "u16": "u2",
         "i8": "i1", "u8": "u1"}
REALS = ("f64", "f32")
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -1e-310, 1e-40, 127.5, -128.5, 255.9, 2.0**31, -2.0**31,
           2.0**31 - 1, 2.0**32, 2.0**63, -2.0**63, 2.0**64, -2.0**64, 1e308, 1e18, -1e19, 65535.5, 2.0**53 + 2]
random = np.random.default_rng(7)
lines, cases = [], []


def values(name, n):
    dtype = np.dtype(NAMES[name])
    if name in REALS:
        x = random.standard_normal(n) * 10.0 ** random.integers(-3, 12, n)
        at = random.integers(0, max(n, 1), n // 4)
        x[at] = random.choice(SPECIAL, len(at))
        return x.astype(dtype)
    info = np.iinfo(dtype)
    x = random.integers(info.min, info.max, n, dtype, endpoint=True)
    x[random.integers(0, max(n, 1), n // 5)] = 0
    x[random.integers(0, max(n, 1), n // 5)] = info.min
    x[random.integers(0, max(n, 1), n // 9)] = np.array(-1).astype(dtype)
    return x


def case(name, first, out, expected, param=b"", inputs=(), n=None):
    """One map; expected: an array, or a function of the result that says whether it is right."""
    number = len(cases)
    paths = []
    for i, x in enumerate(inputs):
        paths.append(os.path.join(folder, "in%d.%d.npy" % (number, i)))
        np.save(paths[-1], x)
    result = os.path.join(folder, "out%d.npy" % number)
    n = len(inputs[0]) if n is None else n
    lines.append(" ".join([name, first, out, str(n), param.hex() or "-", result, *paths]))
    cases.append((name, first, out, result, expected, inputs))


def same(got, expected):
    """Equal, zeros with their signs; any NaN for a NaN."""
    if got.dtype != expected.dtype or got.shape != expected.shape:
        return False
    if got.dtype.kind != "f":
        return bool(np.all(got == expected))
    equal = (got == expected) & (np.signbit(got) == np.signbit(expected))
    return bool(np.all(equal | (np.isnan(got) & np.isnan(expected))))


def wrap(x, dtype):
    """Python integers, modulo 2^bits."""
    bits = 8 * np.dtype(dtype).itemsize
    return np.array([int(v) % 2**bits for v in x], dtype="u8").astype("u%d" % (bits // 8)).view(dtype)


def quotient(x, y):
    out = []
    for a, b in zip(x.tolist(), y.tolist()):
        q = 0 if b == 0 else abs(a) // abs(b)
        out.append(-q if (a < 0) != (b < 0) else q)
    return out


def arithmetic(name):
    dtype = np.dtype(NAMES[name])
    n = int(random.integers(1, 30000))
    x, y, z = (values(name, n) for _ in range(3))
    a, b = (values(name, 8)[:2] if name not in REALS else np.array([1.5, -3.25])).astype(dtype)
    lo, hi = sorted((a, b))
    two = a.tobytes() + b.tobytes()
    mask = random.integers(0, 3, n).astype("u1")
    with np.errstate(all="ignore"):
        case("copy", name, name, x, inputs=[x])
        case("neg", name, name, -x, inputs=[x])
        case("abs", name, name, np.abs(x), inputs=[x])
        case("add", name, name, x + y, inputs=[x, y])
        case("sub", name, name, x - y, inputs=[x, y])
        case("mul", name, name, x * y, inputs=[x, y])
        case("scale", name, name, a * x, a.tobytes(), [x])
        case("axpy", name, name, a * x + y, a.tobytes(), [x, y])
        case("axpby", name, name, a * x + b * y, two, [x, y])
        case("clip", name, name, np.clip(x, lo, hi), lo.tobytes() + hi.tobytes(), [x])
        case("where", "u8", name, np.where(mask != 0, x, y), inputs=[mask, x, y])
        case("div", name, name, x / y if name in REALS else wrap(quotient(x, y), dtype), inputs=[x, y])
        if name not in REALS:
            case("fma", name, name, x * y + z, inputs=[x, y, z])
        else:
            fused(name, x, y, z)
            case("sqrt", name, name, np.sqrt(x), inputs=[x])
            case("standardise", name, name, (x - a) / b, two, [x])
    case("fill", "none", name, np.full(n, a), a.tobytes(), n=n)
    i = np.arange(n)
    if name in REALS:
        wide = float(a) + i * float(b)
        case("iota", "none", name, wide.astype(dtype), two, n=n)
    else:
        case("iota", "none", name, wrap([int(a) + k * int(b) for k in range(n)], dtype), two, n=n)


def fused(name, x, y, z):
    """fma of integers that products in 64 bits hold exactly: only the sum rounds."""
    if name == "f32":
        x, y, z = (random.integers(-2**20, 2**20, len(x)).astype("f4") for _ in range(3))
        exact = x.astype("f8") * y.astype("f8") + z.astype("f8")
        case("fma", name, name, exact.astype("f4"), inputs=[x, y, z])
    else:
        x, y, z = (random.integers(-2**31, 2**31, len(x)) for _ in range(3))
        exact = x * y + z
        case("fma", name, name, exact.astype("f8"), inputs=[v.astype("f8") for v in (x, y, z)])


def saturated(x, to):
    dtype = np.dtype(NAMES[to])
    if to in REALS:
        return x.astype(dtype)
    info = np.iinfo(dtype)
    if x.dtype.kind != "f":
        return np.array([min(max(int(v), info.min), info.max) for v in x], dtype=dtype)
    return np.array([0 if np.isnan(v) else info.max if v >= info.max else info.min if v <= info.min else int(v)
                     for v in x.tolist()], dtype=dtype)


def wrapped(x, to):
    if to in REALS:
        return x.astype(NAMES[to])
    return wrap([int(v) if np.isfinite(v) else 0 for v in x.tolist()], NAMES[to])


def generators(name):
    dtype = np.dtype(NAMES[name])
    for n in (1, 2, 10, 9999):
        case("linspace", "none", name, np.linspace(-1.1, 7.3, n).astype(dtype), struct.pack("ddQ", -1.1, 7.3, n), n=n)
    case("linspace", "none", name, np.linspace(0, 5e-324, 5).astype(dtype), struct.pack("ddQ", 0, 5e-324, 5), n=5)
    n = 200001
    seeds = struct.pack("QQ", 12345, 6)
    case("uniform", "none", name, uniform_is_right, struct.pack("dd", -2, 3) + seeds, n=n)
    case("normal", "none", name, normal_is_right, struct.pack("dd", 0, 1) + seeds, n=n)
    x = random.standard_normal(n).astype(dtype)
    number = len(cases) - 1
    case("add_normal", name, name, lambda got: bool(np.array_equal(
        got, x + dtype.type(2) * np.load(cases[number][3]))), struct.pack("dd", 0, 2) + seeds, [x])
    if name == "f32":
        whole = random.integers(-32768, 32767, n, "i2", endpoint=True)
        case("add_normal", "i16", "i16", lambda got: bool(np.array_equal(got, np.clip(np.rint(
            whole.astype("f4") + np.float32(3000) * np.load(cases[number][3])), -32768, 32767).astype("i2"))),
            struct.pack("dd", 0, 3000) + seeds, [whole])


def uniform_is_right(x):
    counts = np.histogram(x, 100, (-2, 3))[0]
    chi2 = float(np.sum((counts - len(x) / 100) ** 2) / (len(x) / 100))
    neighbours = float(np.corrcoef(x[:-1], x[1:])[0, 1])
    return bool(x.min() >= -2 and x.max() < 3 and 45 < chi2 < 170 and abs(x.mean() - 0.5) < 0.015
                and abs(neighbours) < 0.01)


def normal_is_right(z):
    """Moments, tails, neighbours, and the distribution function at some points."""
    z = z.astype("f8")
    below = [np.mean(z < t) for t in (-2, -1, 0, 1, 2)]
    known = [0.02275013, 0.15865525, 0.5, 0.84134475, 0.97724987]
    return bool(abs(z.mean()) < 0.01 and abs(z.std() - 1) < 0.01 and abs(np.mean(z**3)) < 0.03
                and abs(np.mean(z**4) - 3) < 0.08 and 3.8 < np.abs(z).max() < 6.5
                and np.allclose(below, known, atol=0.004) and abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 0.01
                and abs(np.corrcoef(z[::2][:100000] ** 2, z[1::2][:100000] ** 2)[0, 1]) < 0.015)


failed = 0
with tempfile.TemporaryDirectory() as folder:
    for name in NAMES:
        arithmetic(name)
        for to in NAMES:
            x = values(name, int(random.integers(1, 9000)))
            case("cast", name, to, saturated(x, to), inputs=[x])
            case("cast_wrap", name, to, wrapped(x, to), inputs=[x])
    for name in REALS:
        generators(name)
    for team in sys.argv[2:]:
        done = subprocess.run([sys.argv[1], team], input="\n".join(lines) + "\n", text=True, capture_output=True)
        if done.returncode:
            sys.exit("%s: %s" % (team, done.stderr))
        for name, first, out, path, expected, inputs in cases:
            got = np.load(path)
            right = expected(got) if callable(expected) else same(got, expected)
            if not right:
                failed += 1
                print("WRONG on %s: %s of %s to %s, n %d" % (team, name, first, out, len(got)))
                if not callable(expected):
                    bad = np.flatnonzero(~((got == expected) | ((got != got) & (expected != expected))))[:3]
                    print("   ", [([x[i] for x in inputs], got[i], expected[i]) for i in bad])
print("%d maps on %s, %d wrong" % (len(cases), ", ".join(sys.argv[2:]), failed))
sys.exit(failed != 0)
