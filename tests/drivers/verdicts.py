"""verdicts.py FOLDER LIAR [ARRAYS] - what drivers say of results: of each method one that is off by a bit, by its sign or by its place
is wrong, and exit 1; what is right of special values, of files of any shape and byte order, and of default data is right."""
import json
import os
import random
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from promises import check, conclude

folder, liar = sys.argv[1:3]
arrays = int(sys.argv[3]) if len(sys.argv) > 3 else 3
os.environ.update(OMP_WAIT_POLICY="passive", OMP_NUM_THREADS="2")
REALS, WHOLES = ["f64", "f32"], ["i64", "i32", "u64", "u32", "i16", "u16", "i8", "u8"]
top = tempfile.TemporaryDirectory()


def run(driver, *arguments, team="serial", lie=None, about=None):
    """The exit status, and the verdicts by method."""
    environment = dict(os.environ)
    if lie:
        environment.update(LD_PRELOAD=liar, TRINE_LIE=lie, TRINE_LIE_ABOUT=str(about), TRINE_LIE_IN=driver)
    done = subprocess.run([os.path.join(folder, driver), *arguments, "--json", "--repeat=1", f"--team={team}"],
                          capture_output=True, text=True, timeout=250, env=environment)
    try:
        rows = json.loads(done.stdout)["rows"]
    except (ValueError, KeyError):
        rows = []
    return done.returncode, {row["mode"]: (row["verdict"], row["status"], row["value"]) for row in rows}, done.stderr


TEAMS = [team for team in ("serial", "pool:2", "omp:2") if "TRINE_E_ABSENT" not in run("sum", "--n=1", team=team)[2]]


# Methods whose results have a bound: a bit of theirs may be right.
def is_exact(driver, mode, dtype):
    if dtype in WHOLES:
        return mode not in ("var", "std", "skewness", "kurtosis", "nanvar", "nanstd", "cov", "corr")
    bounded = {"reduce": ("logsumexp", "prod", "var", "std", "skewness", "kurtosis", "nanvar", "nanstd"),
               "dot": ("cov", "corr"), "map": ("exp", "log", "sin", "cos", "tanh", "pow"), "scan": ("cumprod",), "gemm": ("gemm",)}
    return not mode.endswith(("_fast", "_compensated")) and mode not in ("fast", "compensated") + bounded.get(driver, ())


def a_changed_result_is_wrong():
    cases = [("sum", "--n=9001"), ("reduce", "--n=9001"), ("dot", "--n=9001"), ("scan", "--n=9001"), ("map", "--n=9001"),
             ("sort", "--n=9001"), ("sort", "--shape=90x70"), ("sort", "--shape=70x90", "--axis=0"), ("sort", "--shape=9x90", "--flat"),
             ("transpose", "--shape=90x70"), ("quantile", "--n=9001"), ("histogram", "--n=9001"),
             ("jacobi", "--shape=40x50", "--sweeps=3"), ("gemm", "--shape=60x60")]
    for driver, *arguments in cases:
        for dtype in ["f64"] + {"jacobi": [], "gemm": ["f32"], "map": ["f32"], "dot": ["u8"]}.get(driver, ["i32"]):
            options = [*arguments, f"--dtype={dtype}"]
            if driver in ("sum", "reduce", "dot", "scan", "map"):
                options.append("--mode=each")
            if driver == "histogram" and dtype in WHOLES:
                options += ["--low=-1e9", "--high=1e9"]
            code, right, said = run(driver, *options)
            check(code in (0, 3) and right and all(v[0] == "right" for v in right.values()), driver, dtype, "is right", right, said)
            bounded = driver in ("reduce", "dot", "scan", "map", "gemm") and dtype in REALS
            for lie in ("bit", "sign") + (("much",) if bounded else ()) + (("place",) if driver in ("scan", "map", "sort", "transpose", "jacobi", "gemm")
                                                  else ()):
                code, told, said = run(driver, *options, lie=lie)
                check(told.keys() == right.keys(), driver, dtype, lie, "has the same rows", code, said)
                wrong = any(verdict == "wrong" for verdict, _, _ in told.values())
                check(code == 1 if wrong else code in (0, 3), driver, dtype, lie, "ends with", code, said)
                for mode, (verdict, status, value) in told.items():
                    same = status != "TRINE_OK" or (value == right[mode][2] and driver != "histogram" and driver != "quantile")
                    if same or (lie == "bit" and not is_exact(driver, mode, dtype)):
                        continue
                    check(verdict == "wrong", driver, mode, dtype, lie, verdict, value, right[mode][2])


def each_statistic_is_judged():
    for options in (("--n=9001",), ("--n=9001", "--dtype=f32"), ("--n=9001", "--dtype=i16"), ("--shape=400x30", "--axis=0"),
                    ("--shape=40x300", "--axis=1")):
        code, right, said = run("stats", *options, team="pool:2")
        check(code == 0 and right["describe"][0] == "right", "stats", options, right, said)
        for field in range(8) if len(options) == 1 else (4,):
            code, told, said = run("stats", *options, lie="much" if field > 1 else "bit", about=field)
            check(code == 1 and told["describe"][0] == "wrong", "stats", options, "field", field, told, said)


def default_data_are_right():
    for driver in ("reduce", "dot", "scan", "map", "stats", "quantile"):
        for dtype in REALS + WHOLES if driver in ("reduce", "scan") else ("f64", "u64", "i8"):
            each = ["--mode=each"] if driver in ("reduce", "dot", "scan", "map") else []
            code, rows, said = run(driver, "--n=20001", f"--dtype={dtype}", *each)
            none = any(row[1] != "TRINE_OK" for row in rows.values())
            check(code == (3 if none else 0), driver, dtype, "ends with", code, said)
            check(rows and all(row[0] == "right" for row in rows.values()), driver, dtype, rows)


def save(name, array):
    path = os.path.join(top.name, name)
    numpy.save(path, array)
    return path


# Every driver of a file, with every method.
def every_driver_is_right(about, path, dtype, shape):
    several = len(shape) == 2 and min(shape) > 0
    for driver in ("sum", "reduce", "dot", "scan", "map", "stats", "quantile", "histogram", "sort") + \
            (("transpose",) if several else ()) + (("jacobi",) if several and dtype == "f64" else ()):
        each = ["--mode=each"] if driver in ("sum", "reduce", "dot", "scan", "map") else []
        code, rows, said = run(driver, path, *each, team=random.choice(TEAMS))
        check(code in (0, 3) and rows and all(row[0] in ("right", "unverified") for row in rows.values()), about, driver,
              {mode: row for mode, row in rows.items() if row[0] == "wrong"}, said)


def special_values_are_right():
    generator = numpy.random.default_rng(20)
    random.seed(20)
    nans = numpy.array([0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000123, 0x7fffffffffffffff], "u8").view("f8")
    extremes = {"f8": [numpy.inf, -numpy.inf, 0.0, -0.0, 5e-324, -5e-324, 1.7976931348623157e308, -1.7976931348623157e308, 1e-310, 1e200,
                       1e-200, 1.0, -1.0, 3.5],
                "f4": [numpy.inf, -numpy.inf, 0.0, -0.0, 1e-45, -1e-45, 3.4028235e38, -3.4028235e38, 1e-40, 1.0, -1.0, 3.5]}
    for number in range(arrays):
        kind = random.choice(["f8", "f8", "f4", "i8", "u8", "i4", "i2", "u1", "u2", "i1", "u4"])
        n = random.choice([1, 2, 3, 7, 33, 100, 9000])
        if kind in extremes:
            values = numpy.array(extremes[kind], kind)
            some = generator.choice(values[random.choice([0, 2, 4, 6]):], n)
            array = some if number % 2 else numpy.where(generator.random(n) < 0.7, generator.normal(size=n).astype(kind), some)
            if number % 3 == 0:
                array[generator.random(n) < 0.1] = generator.choice(nans).astype(kind)
        else:
            limits = numpy.iinfo(kind)
            array = generator.choice(numpy.array([limits.min, limits.max, 0, 1, limits.max // 2], kind), n)
        shape = random.choice([(n,), (n, 1), (1, n)] + ([(n // 10, 10)] if n % 10 == 0 else []))
        order = random.choice("<>")
        path = save(f"special-{number}.npy", array.reshape(shape).astype(order + kind))
        names = {"f8": "f64", "f4": "f32"}
        every_driver_is_right((number, kind, shape, order), path, names.get(kind, kind), shape)


conclude([a_changed_result_is_wrong, each_statistic_is_judged, default_data_are_right, special_values_are_right])
