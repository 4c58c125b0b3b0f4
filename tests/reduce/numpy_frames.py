"""numpy_frames.py SPEC... - .npy files of 0 to 5 dimensions in both orders of memory and of bytes: what is loaded, saved
and reduced along each axis is what numpy says of the same file, and has the bits of an array in memory."""
import ctypes as c
import os
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import binding as t
import numpy as np
from judge import check, fails, random, run, same, some

SHAPES = [(), (1,), (9,), (0,), (0, 5), (5, 0), (2, 0, 3), (1, 9), (9, 1), (2, 3, 4), (700, 10), (8192, 3), (3, 9000),
          (40, 2000), (5, 20001), (3, 1, 5), (4, 3, 2, 5), (2, 3, 2, 3, 4), (70, 5, 300), (2, 3, 9001), (9001, 2, 3),
          (2, 9001, 3), (1, 1, 1)]
TYPES = "<f8 >f8 <f4 >i8 <i4 >u8 <u4 >i2 <u2 |i1 |u1 |b1 <f2 >f2".split()


def native(x):
    """What trine computes in."""
    return x.astype({"b": "u1", "e": "f8"}.get(x.dtype.char if x.dtype.char == "e" else x.dtype.kind,
                                               x.dtype.newbyteorder("=")))


class File:
    def __init__(self, team, path):
        self.handle = t.pointer()
        t.need(t.lib.trine_npy_open(team.handle, path.encode(), c.byref(self.handle)))

    def __enter__(self):
        return self.handle

    def __exit__(self, *_):
        t.lib.trine_npy_close(self.handle)


def reduced(file, name, dtype, axis, count, param):
    reducer = t.find(name, dtype)
    out, size = t.result_type(reducer.contents), reducer.contents.result_size
    buffer = c.create_string_buffer(size * count + 8)
    if axis is None:
        t.need(t.lib.trine_npy_reduce(file, reducer, param.tobytes(), buffer))
    else:
        t.need(t.lib.trine_npy_reduce_axis(file, reducer, param.tobytes(), c.c_int(axis), buffer))
    return np.frombuffer(buffer.raw[:size * count], out or np.uint8)


def loaded(file, dtype):
    x = t.Array.__new__(t.Array)
    x.handle, x.dtype = t.pointer(), dtype
    t.need(t.lib.trine_npy_load(file, c.byref(x.handle)))
    return x


def outcome(function):
    """What it gives, or the first word of what it says."""
    try:
        return function().tobytes()
    except t.Failed as failed:
        return str(failed).split(":")[0]


def saved(folder, x, order="C", version=(1, 0)):
    path = os.path.join(folder, "x.npy")
    with open(path, "wb") as file:
        np.lib.format.write_array(file, np.asarray(x, order=order), version)
    return path


def numbers(shape, dtype):
    x = random.normal(size=shape) * 50
    return (np.asarray(x) > 0 if dtype == "|b1" else np.abs(x) if "u" in dtype else np.asarray(x)).astype(dtype)


def loading_and_saving_keep_shape_and_order(team):
    with tempfile.TemporaryDirectory() as folder:
        for shape in some(team, SHAPES):
            for dtype in TYPES:
                x = numbers(shape, dtype)
                for order in "CF":
                    with File(team, saved(folder, x, order, [(1, 0), (2, 0), (3, 0)][random.integers(3)])) as file:
                        a = loaded(file, native(x).dtype)
                    check(t.shape_of(a.handle) == shape, "shape", shape, dtype, order)
                    same(a.local(), native(x).ravel(), "loaded", shape, dtype, order)
                    again = os.path.join(folder, "again.npy").encode()
                    t.need(t.lib.trine_npy_save(a.handle, again))
                    a.free()
                    y = np.load(again)
                    check(y.shape == shape and y.dtype == native(x).dtype and y.tobytes() == native(x).tobytes(),
                          "saved", shape, dtype, order)


def reductions_of_files_have_the_bits_of_arrays_and_numpy_s_places(team):
    param = np.zeros(2)
    with tempfile.TemporaryDirectory() as folder:
        for shape in some(team, SHAPES):
            for dtype in ("<f8", random.choice(TYPES)):
                x = numbers(shape, dtype)
                a = team.array(native(x))
                for order in "CF":
                    with File(team, saved(folder, x, order)) as file:
                        for axis in [None, *range(-min(x.ndim, 1), x.ndim)]:
                            count = 1 if axis is None else int(np.prod(np.delete(x.shape, axis)))
                            for name in ("sum", "sum_fast", "describe", "argmax"):
                                def of_array():
                                    return t.reduce(name, a, param=param, axis=axis, results=count)

                                def of_file():
                                    return reduced(file, name, native(x).dtype, axis, count, param)

                                about = name, dtype, shape, order, "axis", axis
                                got = outcome(of_file)
                                check(got == outcome(of_array), *about)
                                if isinstance(got, bytes) and name == "argmax":
                                    expected = np.asarray(native(x).argmax(axis))
                                    check(np.array_equal(of_file(), expected.ravel()), *about, "numpy")
                a.free()


def pipes_give_the_bits_of_files(team):
    param = np.zeros(2)
    with tempfile.TemporaryDirectory() as folder:
        fifo = os.path.join(folder, "fifo")
        os.mkfifo(fifo)
        for shape in ((300, 7, 11), (2, 3, 9001), (20, 3000), (4, 0)):
            x = numbers(shape, ">f4")
            a = team.array(native(x))
            for order in "CF":
                content = open(saved(folder, x, order), "rb").read()
                for axis in [None, *range(x.ndim)]:
                    for name in ("sum_fast", "argmin"):
                        count = 1 if axis is None else int(np.prod(np.delete(x.shape, axis)))
                        writer = threading.Thread(target=lambda: open(fifo, "wb").write(content))
                        writer.start()
                        with File(team, fifo) as file:
                            got = outcome(lambda: reduced(file, name, native(x).dtype, axis, count, param))
                        writer.join()
                        check(got == outcome(lambda: t.reduce(name, a, axis=axis, results=count)), name, shape, order,
                              "axis", axis)
            a.free()


def every_half_is_its_number_and_every_byte_its_truth(team):
    with tempfile.TemporaryDirectory() as folder:
        halves = np.arange(65536, dtype="<u2").view("<f2")
        for dtype in ("<f2", ">f2"):
            with File(team, saved(folder, halves.astype(dtype))) as file:
                a = loaded(file, np.dtype("f8"))
            same(a.local(), halves.astype("f8"), dtype)
            a.free()
        path = saved(folder, np.zeros(256, bool))
        with open(path, "r+b") as file:
            file.seek(-256, 2)
            file.write(bytes(range(256)))
        with File(team, path) as file:
            a = loaded(file, np.dtype("u1"))
        same(a.local(), np.load(path).astype("u1"), "bool")
        a.free()


def other_types_are_refused_by_name(team):
    with tempfile.TemporaryDirectory() as folder:
        for x, name in ((np.zeros(3, "c8"), "complex64"), (np.zeros(3, "c16"), "complex128"),
                        (np.zeros(3, "g"), "longdouble"), (np.zeros(3, "G"), "complex"), (np.zeros(3, "S4"), "strings"),
                        (np.zeros(3, "U4"), "strings"), (np.zeros(3, "M8[ns]"), "datetime64"),
                        (np.zeros(3, "m8[s]"), "timedelta64"), (np.array([None]), "objects"), (np.zeros(3, "V5"), "void"),
                        (np.zeros(3, [("a", "f8")]), "structured")):
            path = saved(folder, x)
            try:
                File(team, path)
                check(False, x.dtype, "was opened")
            except t.Failed as failed:
                check(name in str(failed) and "byte" in str(failed), x.dtype, failed)


def axes_that_a_file_has_not_are_refused(team):
    with tempfile.TemporaryDirectory() as folder:
        for shape, axis in (((), 0), ((), -1), ((3,), 1), ((3,), -2), ((2, 3, 4), 3), ((2, 3, 4), -4)):
            x = numbers(shape, "<f8")
            with File(team, saved(folder, x)) as file:
                fails("ARGUMENT", lambda: reduced(file, "sum", x.dtype, axis, 24, np.zeros(2)), shape, axis)


run(loading_and_saving_keep_shape_and_order, reductions_of_files_have_the_bits_of_arrays_and_numpy_s_places,
    pipes_give_the_bits_of_files, every_half_is_its_number_and_every_byte_its_truth, other_types_are_refused_by_name,
    axes_that_a_file_has_not_are_refused)
