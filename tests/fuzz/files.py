"""files.py - .npy files of every shape, order of axes and of bytes, and version: loaded, reduced as they are read,
along axes too, saved; and given to the drivers, whose verdict on a right result must be that it is right."""
import os
import signal
import subprocess
import tempfile

import numpy as np
import values
from case import Case
from reductions import ALONG, array, dimensions, judge_along, some_axis
from subject import SUBJECTS, judged, subject, to_the_bit, type_of

FOLDER = tempfile.TemporaryDirectory(prefix="trine-fuzz.")
PATH = os.path.join(FOLDER.name, "x.npy")


def write(case):
    """The case's array as its options say."""
    more = case.more
    x = case.arrays[0]
    x = np.asfortranarray(x) if more["fortran"] else np.ascontiguousarray(x).reshape(x.shape)
    x = x.astype(more["stored"], order="K") if more["stored"] else x
    with open(more["path"] + ".part", "wb") as file:
        np.lib.format.write_array(file, x.astype(x.dtype.newbyteorder(more["byte_order"]), order="K"), more["version"])
    os.replace(more["path"] + ".part", more["path"])


def options(rng, dtype):
    # bool is computed as u8, float16 as f64.
    stored = {"u1": "b1", "f8": "f2"}.get(dtype) if rng.random() < 0.1 else None
    return {"path": PATH, "dtype": dtype, "stored": stored, "fortran": bool(rng.random() < 0.5),
            "byte_order": "<>"[int(rng.integers(2))],
            "version": (int(rng.integers(1, 4)), 0)}


def of_file(rng, more, shape):
    """Elements that the stored type has."""
    x = array(rng, more["dtype"], shape)
    if more["stored"]:
        x = x.astype(more["stored"]).astype(more["dtype"])
        x = np.where(np.isnan(x), np.array(np.nan), x) if more["stored"] == "f2" else x
    return x


def make_load(rng):
    more = options(rng, str(rng.choice(values.DTYPES)))
    return Case("file", "load", [of_file(rng, more, dimensions(rng))], None, more)


def judge_load(case, status, arrays):
    return f"status {status}" if status != "OK" else to_the_bit(arrays[0], case.arrays[0].ravel("C"))


subject("file_load", make_load, judge_load, "nothing", write)


def one_input(rng):
    """A case of a reduction of one array."""
    names = sorted(ALONG)
    while True:
        inner = SUBJECTS[names[int(rng.integers(len(names)))]]
        case = inner.make(rng)
        if len(case.arrays) == 1:
            return inner.name, case


def make_streamed(rng):
    name, case = one_input(rng)
    more = {**case.more, **options(rng, type_of(case.arrays[0])), "inner": name}
    return Case("file", case.kernel, [of_file(rng, more, dimensions(rng))], case.param, more)


def judge_streamed(case, status, arrays):
    return SUBJECTS[case.more["inner"]].judge(case.of([case.arrays[0].ravel("C")]), status, arrays)


subject("file_reduce", make_streamed, judge_streamed, "nothing", write)


def make_streamed_axis(rng):
    name, case = one_input(rng)
    shape = dimensions(rng, 1)
    more = {**case.more, **options(rng, type_of(case.arrays[0])), "inner": name, "axis": some_axis(rng, shape)}
    return Case("file", case.kernel, [of_file(rng, more, shape)], case.param, more)


subject("file_reduce_axis", make_streamed_axis, judge_along, "nothing", write)


def make_save(rng):
    dtype = str(rng.choice(values.DTYPES))
    more = {"path": PATH, "place": str(rng.choice(["shared", "private", "distributed"]))}
    return Case("save", "save", [array(rng, dtype, dimensions(rng))], None, more)


def judge_save(case, status, arrays):
    if status != "OK":
        return f"status {status}"
    x = case.arrays[0]
    if tuple(arrays[1]) != x.shape:
        return f"shape {tuple(arrays[1])} and not {x.shape}"
    return to_the_bit(arrays[0], x.reshape(-1))


subject("file_save", make_save, judge_save, "nothing")

DRIVERS = {"sum": ["--mode=each"], "reduce": ["--mode=each"], "stats": [], "histogram": [],
           "quantile": ["--q=0.5,0,1,0.3"],
           "scan": ["--mode=each"], "sort": [], "map": ["--mode=each"], "transpose": []}


def make_driver(name):
    def make(rng):
        dtype = str(rng.choice(values.REALS * 2 + values.INTEGERS))
        if name == "map":
            dtype = str(rng.choice(values.REALS))
        n = max(1, values.length(rng))
        shape = (n,) if rng.random() < 0.6 else values.shape(rng, 9000)
        streamed = ["--stream"] if rng.random() < 0.2 and name in ("sum", "reduce") else []
        more = {**options(rng, dtype), "options": DRIVERS[name] + streamed,
                "team": str(rng.choice(["serial", "omp:2", "pool:2"]))}
        return Case("driver", name, [of_file(rng, more, shape)], None, more)
    return make


def run_driver(case):
    """(status, detail, arrays, kept): the status of exit as a name."""
    write(case)
    command = [os.path.join(os.environ["TRINE_DRIVERS"], case.kernel), "--repeat=1", "--team=" + case.more["team"],
               *case.more["options"], case.more["path"]]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    except subprocess.TimeoutExpired:
        return "no end within 60 s", "", [], True
    lines = (done.stdout + done.stderr).splitlines()
    said = [line for line in lines if "wrong" in line.lower()] or done.stderr.splitlines()
    status = {0: "right", 1: "wrong", 2: "refused", 3: "failed"}.get(done.returncode, str(done.returncode))
    if done.returncode < 0:
        status = signal.Signals(-done.returncode).name
    return status, " | ".join(said)[:300], [], True


def judge_driver(case, status, arrays):
    """Of no elements, sums that do not fit and the like a driver may say that there is no result."""
    return None if status in ("right", "refused", "failed") else f"the verdict is: {status}"


def present():
    return [name for name in DRIVERS if os.path.exists(os.path.join(os.environ["TRINE_DRIVERS"], name))]


for name in DRIVERS:
    subject("driver_" + name, make_driver(name), judge_driver, "elements", None, run_driver)
judged("functions", "npy_open", "npy_load", "npy_reduce", "npy_reduce_axis", "npy_save")
