"""frames.py SPEC... - statistics of .npy files of two dimensions along their axes, read as they go: the bits of
the loaded array's, whatever the shape, the byte order and the order of the axes."""
import ctypes as c
import os
import tempfile

import binding as t
import numpy as np
from judge import check, random, run

SHAPES = [(1, 1), (1, 9), (9, 1), (700, 10), (8192, 3), (20000, 10), (3, 9000), (40, 2000), (5, 20001)]


def streamed(team, path, name, axis, count, param):
    file = t.pointer()
    t.need(t.lib.trine_npy_open(team.handle, path.encode(), c.byref(file)))
    monoid = t.find(name, np.load(path, mmap_mode="r").dtype)
    size = monoid.contents.result_size
    buffer = c.create_string_buffer(size * count + 8)
    try:
        t.need(t.lib.trine_npy_reduce_axis(file, monoid, param.tobytes(), c.c_int(axis), buffer))
    finally:
        t.lib.trine_npy_close(file)
    return buffer.raw[:size * count]


def files_give_the_bits_of_arrays(team):
    folder = tempfile.TemporaryDirectory()
    path = os.path.join(folder.name, "x.npy")
    param = np.zeros(2)
    for rows, columns in SHAPES:
        for dtype in ("<f8", ">f8", "<f4", "<i2"):
            for fortran in (False, True):
                x = (random.normal(size=(rows, columns)) * 100).astype(dtype)
                np.save(path, np.asfortranarray(x) if fortran and min(rows, columns) > 1 else x)
                on_disk = x.T if fortran and min(rows, columns) > 1 else x
                native = np.ascontiguousarray(on_disk).astype(np.dtype(dtype).newbyteorder("="))
                a = team.array(native)
                for name in ("sum", "sum_fast", "var", "min", "describe", "argmax"):
                    for axis, count in ((0, native.shape[1]), (1, native.shape[0])):
                        loaded = t.reduce(name, a, param=param, axis=axis, results=count)
                        got = streamed(team, path, name, axis, count, param)
                        check(got == loaded.tobytes(), name, dtype, (rows, columns), "Fortran" if fortran else "C",
                              "axis", axis)
                a.free()
    folder.cleanup()


run(files_give_the_bits_of_arrays)
