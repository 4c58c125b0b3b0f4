"""numpy_files.py SUM MAKE_NPY - files that numpy wrote, of every dtype, byte order, memory order and dimension,
summed by drivers/sum and judged by math.fsum; files that make_npy saved, loaded by numpy. Exits 77 where there
is no numpy."""
import json
import math
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("skipped: no numpy (python3-numpy)")
    sys.exit(77)

checked = 0


def check(path, array, *options):
    global checked
    done = subprocess.run([sys.argv[1], "--json", "--team", "serial", "--repeat=1", *options, path],
                          capture_output=True, text=True)
    assert done.returncode == 0, (array.dtype, array.shape, done.stderr)
    row = json.loads(done.stdout)["rows"][0]
    assert row["n"] == array.size, (array.dtype, array.shape, row)
    if array.dtype.char in "e?":
        array = array.astype("f8" if array.dtype.char == "e" else "u1")
    values = array.ravel().astype(object)
    if array.dtype.kind == "f":
        expected = np.dtype(array.dtype.newbyteorder("=")).type(math.fsum(float(v) for v in values))
        got = array.dtype.newbyteorder("=").type(float(row["value"]))
    else:
        expected, got = int(sum(int(v) for v in values)), int(row["value"])
    assert got == expected, (array.dtype, array.shape, got, expected)
    checked += 1


random = np.random.default_rng(1)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "x.npy")
    for code in ("f8", "f4", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1", "f2"):
        for order in "<" if code[1] == "1" else "<>":
            for shape in ((), (0,), (7,), (300, 70), (2, 3, 4), (20001,)):
                array = (random.standard_normal(shape) * 100 if code[0] == "f"
                         else random.integers(0, 100, shape))
                array = np.asarray(array).astype(order + code)
                for version in ((1, 0), (2, 0), (3, 0))[:3 if code == "f8" and shape == (300, 70) else 1]:
                    for memory in "CF"[:max(1, min(2, array.ndim))]:
                        with open(path, "wb") as file:
                            np.lib.format.write_array(file, np.asarray(array, order=memory), version)
                        check(path, array, *(["--stream"] if memory == "F" else []))
    for name, code in (("f64", "f8"), ("f32", "f4"), ("i64", "i8"), ("i32", "i4"), ("u64", "u8"), ("u32", "u4"),
                       ("i16", "i2"), ("u16", "u2"), ("i8", "i1"), ("u8", "u1")):
        subprocess.run([sys.argv[2], "--team=serial", "--n=20001", "--dtype", name, path], check=True)
        array = np.load(path, allow_pickle=False)
        assert array.dtype == np.dtype(code) and array.shape == (20001,), (name, array.dtype, array.shape)
        assert os.path.getsize(path) == 128 + array.nbytes, name
        check(path, array)
print(f"{checked} files of numpy {np.__version__} summed and judged by math.fsum")
