"""files.py - .npy files of every shape, order of axes and of bytes, and version: loaded, reduced as they are read, along
axes too, saved; and given to the drivers, whose verdict on a right result must be that it is right."""
import os
import signal
import subprocess
import tempfile

import numpy as np
import values
from case import Case
from reductions import ALONG
from subject import SUBJECTS, judged, subject, to_the_bit, type_of

FOLDER = tempfile.TemporaryDirectory(prefix="trine-fuzz.")
PATH = os.path.join(FOLDER.name, "x.npy")


def write(case):
    """The case's array as its options say."""
    more = case.more
    x = case.arrays[0]
    x = np.asfortranarray(x) if more["fortran"] else np.ascontiguousarray(x).reshape(x.shape)
    with open(more["path"] + ".part", "wb") as file:
        np.lib.format.write_array(file, x.astype(x.dtype.newbyteorder(more["byte_order"]), order="K"), more["version"])
    os.replace(more["path"] + ".part", more["path"])


def options(rng, dtype):
    return {"path": PATH, "dtype": dtype, "fortran": bool(rng.random() < 0.5), "byte_order": "<>"[int(rng.integers(2))],
            "version": (int(rng.integers(1, 4)), 0)}


def dimensions(rng, most=5):
    ndim = int(rng.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 5][:most * 2]))
    while True:
        shape = tuple(int(rng.choice([0, 1, 2, 3, 5, 7, 33, 100, values.CHUNK + 1], p=[0.04, 0.16, 0.2, 0.2, 0.15, 0.1, 0.08, 0.05, 0.02])) for _ in range(ndim))
        if np.prod(shape, dtype=np.int64) <= 20000:
            return shape


def array(rng, dtype, shape):
    return values.elements(rng, int(np.prod(shape, dtype=np.int64)), dtype).reshape(shape)


def make_load(rng):
    dtype = str(rng.choice(values.DTYPES))
    return Case("file", "load", [array(rng, dtype, dimensions(rng))], None, options(rng, dtype))


def judge_load(case, status, arrays):
    return f"status {status}" if status != "OK" else to_the_bit(arrays[0], case.arrays[0].ravel("C"))


subject("file_load", make_load, judge_load, "nothing", write)


def make_streamed(rng):
    names = sorted(ALONG)
    while True:
        inner = SUBJECTS[names[int(rng.integers(len(names)))]]
        case = inner.make(rng)
        if len(case.arrays) == 1:
            break
    dtype = type_of(case.arrays[0])
    x = array(rng, dtype, dimensions(rng))
    return Case("file", case.kernel, [x], case.param, {**case.more, **options(rng, dtype), "inner": inner.name})


def judge_streamed(case, status, arrays):
    return SUBJECTS[case.more["inner"]].judge(case.of([case.arrays[0].ravel("C")]), status, arrays)


subject("file_reduce", make_streamed, judge_streamed, "nothing", write)


def make_save(rng):
    dtype = str(rng.choice(values.DTYPES))
    shape = dimensions(rng, 3)
    shape = shape if len(shape) in (1, 2) and 0 not in shape[1:] else (3, 4)
    return Case("save", "save", [array(rng, dtype, shape)], None, {"path": PATH, "place": str(rng.choice(["shared", "private", "distributed"]))})


def judge_save(case, status, arrays):
    if status != "OK":
        return f"status {status}"
    x = case.arrays[0]
    right = x.shape if x.ndim == 1 or x.shape[1] > 1 else (len(x),)
    if tuple(arrays[1]) not in (x.shape, right):
        return f"shape {tuple(arrays[1])} and not {x.shape}"
    return to_the_bit(arrays[0], x.reshape(-1))


subject("file_save", make_save, judge_save, "nothing")

DRIVERS = {"sum": ["--mode=each"], "reduce": ["--mode=each"], "stats": [], "histogram": [], "quantile": ["--q=0.5,0,1,0.3"],
           "scan": ["--mode=each"], "sort": [], "map": ["--mode=each"], "transpose": []}


def make_driver(name):
    def make(rng):
        dtype = str(rng.choice(values.REALS * 2 + values.INTEGERS))
        if name == "map":
            dtype = str(rng.choice(values.REALS))
        n = max(1, values.length(rng))
        shape = (n,) if name in ("sort",) or rng.random() < 0.6 else values.shape(rng, 9000)
        more = {**options(rng, dtype), "options": DRIVERS[name] + (["--stream"] if rng.random() < 0.2 and name in ("sum", "reduce") else []), "team": str(rng.choice(["serial", "omp:2", "pool:2"]))}
        more["fortran"] = more["fortran"] and len(shape) > 1
        return Case("driver", name, [array(rng, dtype, shape)], None, more)
    return make


def run_driver(case):
    """(status, detail, arrays, kept): the status of exit as a name."""
    write(case)
    command = [os.path.join(os.environ["TRINE_DRIVERS"], case.kernel), "--repeat=1", "--team=" + case.more["team"], *case.more["options"], case.more["path"]]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    except subprocess.TimeoutExpired:
        return "no end within 60 s", "", [], True
    said = [line for line in (done.stdout + done.stderr).splitlines() if "WRONG" in line or "wrong" in line] or done.stderr.splitlines()
    status = {0: "right", 1: "wrong", 2: "refused", 3: "failed"}.get(done.returncode)
    return status or (signal.Signals(-done.returncode).name if done.returncode < 0 else str(done.returncode)), " | ".join(said)[:300], [], True


def judge_driver(case, status, arrays):
    """Of no elements, sums that do not fit and the like a driver may say that there is no result."""
    return None if status in ("right", "refused", "failed") else f"the verdict is: {status}"


def present():
    return [name for name in DRIVERS if os.path.exists(os.path.join(os.environ["TRINE_DRIVERS"], name))]


for name in DRIVERS:
    subject("driver_" + name, make_driver(name), judge_driver, "elements", None, run_driver)
judged("functions", "npy_open", "npy_load", "npy_reduce", "npy_save")
