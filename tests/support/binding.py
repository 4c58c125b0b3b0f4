"""binding.py - trine through ctypes, for tests that numpy judges: teams, arrays, reductions by name.

Import it before numpy: trine_init must run before numpy's BLAS starts threads.
"""
import ctypes as c
import os
import sys

lib = c.CDLL(os.environ["TRINE_LIBRARY"])
i64, f64, pointer = c.c_int64, c.c_double, c.c_void_p
lib.trine_init()

try:
    import numpy as np
    import scipy.stats
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

STATUS = "OK ARGUMENT DTYPE LENGTH TEAM SPEC ABSENT LAUNCH THREADS BUSY COLLECTIVE MEMORY EMPTY OVERFLOW".split()
DTYPES = "f8 f4 i8 i4 u8 u4 i2 u2 i1 u1".split()
SUFFIX = dict(zip(DTYPES, "f64 f32 i64 i32 u64 u32 i16 u16 i8 u8".split()))
PRIVATE, SHARED, DISTRIBUTED = 0, 1, 2
ORDER_FREE = 1


class Reducer(c.Structure):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("nin", c.c_int), ("inputs", c.c_int * 4), ("out", c.c_int),
                ("param_size", c.c_size_t), ("state_size", c.c_size_t), ("result_size", c.c_size_t),
                ("flags", c.c_uint)]


lib.trine_reducer_find.restype = c.POINTER(Reducer)
REDUCER_SIZE = lib.trine_reducer_find(b"sum", 1).contents.size


class OwnReducer(c.Structure):
    """Space for a whole trine_reducer that is filled in by the library."""
    _fields_ = [("known", Reducer), ("bytes", c.c_char * (REDUCER_SIZE - c.sizeof(Reducer)))]

    def __init__(self):
        super().__init__()
        self.known.size = REDUCER_SIZE


class ScanOperator(c.Structure):
    """Space for a trine_scan_operator; nobody here looks into what follows its size."""
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("out", c.c_int), ("apply", c.c_void_p),
                ("reducer", c.c_char * REDUCER_SIZE)]

    def __init__(self):
        super().__init__(c.sizeof(ScanOperator))


lib.trine_reducer_name.restype = c.c_char_p
lib.trine_error_detail.restype = c.c_char_p
for name in "data n offset local_n rows columns row_offset local_rows".split():
    function = getattr(lib, "trine_array_" + name)
    function.argtypes = [pointer]
    function.restype = pointer if name == "data" else i64
lib.trine_array_place.argtypes = [pointer]


class Failed(Exception):
    """A call's status, by name."""


def need(status):
    if status:
        name = STATUS[status] if status < len(STATUS) else str(status)
        raise Failed(name + ": " + lib.trine_error_detail().decode())


def code(x):
    """trine's number for the type of a numpy array."""
    return 1 + DTYPES.index(np.dtype(x).str[1:])


class Team:
    def __init__(self, spec):
        self.spec, self.handle = spec, pointer()
        need(lib.trine_team_open(spec.encode() if spec else None, c.byref(self.handle)))

    def array(self, x, place=SHARED):
        return Array(self, x, place)

    def close(self):
        need(lib.trine_team_close(self.handle))


def shape_of(handle):
    lib.trine_array_shape.restype = c.POINTER(i64)
    lib.trine_array_shape.argtypes = lib.trine_array_ndim.argtypes = [pointer]
    return tuple(lib.trine_array_shape(handle)[:lib.trine_array_ndim(handle)])


class Array:
    """The elements of a numpy array in an array of trine."""

    def __init__(self, team, x, place=SHARED):
        self.handle, self.dtype = pointer(), x.dtype
        need(lib.trine_array_create_nd(team.handle, code(x.dtype), x.ndim, (i64 * x.ndim)(*x.shape), place,
                                       c.byref(self.handle)))
        offset, n = lib.trine_array_offset(self.handle), lib.trine_array_local_n(self.handle)
        self.local()[:] = x.reshape(-1)[offset:offset + n]

    def local(self):
        """This rank's elements, in place."""
        n = lib.trine_array_local_n(self.handle)
        if n == 0:
            return np.empty(0, self.dtype)
        data = (c.c_char * (n * self.dtype.itemsize)).from_address(lib.trine_array_data(self.handle))
        return np.frombuffer(data, self.dtype)

    def free(self):
        lib.trine_array_free(self.handle)


def result_type(reducer):
    return np.dtype(DTYPES[reducer.out - 1]) if reducer.out else None


def find(name, dtype):
    found = lib.trine_reducer_find(name.encode(), code(dtype))
    if not found:
        raise Failed(lib.trine_error_detail().decode())
    return found


def call(function, arrays, *more):
    handles = (pointer * 4)(*[a.handle for a in arrays])
    need(function(more[0], handles, *more[1:]))


def reduce(name, *arrays, param=None, axis=None, results=1):
    """The result's bytes as numpy elements: one, or one for each column or row."""
    reducer = find(name, arrays[0].dtype)
    out = result_type(reducer.contents)
    size = reducer.contents.result_size
    buffer = c.create_string_buffer(max(1, size * results) + 8)
    given = param.tobytes() if param is not None else None
    if axis is None:
        call(lib.trine_reduce, arrays, reducer, given, buffer)
    else:
        call(lib.trine_reduce_axis, arrays, reducer, given, c.c_int(axis), buffer)
    return np.frombuffer(buffer.raw[:size * results], out if out is not None else np.uint8)
