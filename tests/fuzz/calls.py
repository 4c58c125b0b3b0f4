"""calls.py - what a server does for a case: arrays of the library from those of numpy, one public call, its results as
arrays of numpy. A call between `with within:` has the case's floating-point environment, and nothing else has it."""
import ctypes as c

import binding as t
import numpy as np
from case import METHODS

lib = t.lib
PLACES = {"private": t.PRIVATE, "shared": t.SHARED, "distributed": t.DISTRIBUTED}
lib.trine_map_name.restype = c.c_char_p
for name in ("map_find", "predicate_find"):
    getattr(lib, "trine_" + name).restype = t.pointer
lib.trine_isa.restype = c.c_char_p
lib.trine_gemm_library.restype = c.c_char_p


class Wrapped(t.Array):
    """The caller's own memory, `offset` elements from a multiple of 64 bytes."""

    def __init__(self, team, x, offset):
        self.handle, self.dtype = t.pointer(), x.dtype
        buffer = np.zeros((x.size + offset) * x.itemsize + 64, np.uint8)
        start = -buffer.ctypes.data % 64 + offset * x.itemsize
        self.memory = buffer[start:start + x.nbytes].view(x.dtype)
        self.memory[:] = x.reshape(-1)
        t.need(lib.trine_array_wrap_nd(team.handle, t.code(x.dtype), t.pointer(buffer.ctypes.data + start), x.ndim,
                                       (t.i64 * x.ndim)(*x.shape), c.byref(self.handle)))


def ranks(team):
    return lib.trine_team_ranks(team.handle)


class Arrays:
    """Those of one call; freed at its end."""

    def __init__(self, team, case):
        self.team, self.case, self.made = team, case, []
        place = case.more.get("place", "shared")
        self.place = t.DISTRIBUTED if ranks(team) > 1 else PLACES.get(place, place)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for a in self.made:
            a.free()

    def put(self, x):
        made = Wrapped(self.team, x, self.place[1]) if isinstance(self.place, tuple) else t.Array(self.team, x,
                self.place)
        self.made.append(made)
        return made

    def inputs(self, cut=False):
        """cut: in blocks of this rank's own, of uneven lengths, where the case's place allows it."""
        if ranks(self.team) == 1 or not cut or self.case.more.get("place") != "private":
            return [self.put(x) for x in self.case.arrays]
        n, rank = len(self.case.arrays[0]), lib.trine_team_rank(self.team.handle)
        ends = [0, n // 3] + [n // 3 + 1] * (ranks(self.team) - 2) + [n]
        self.place = t.PRIVATE
        return [self.put(x[min(ends[rank], n):min(ends[rank + 1], n)]) for x in self.case.arrays]

    def zeros(self, shape, dtype):
        return self.put(np.zeros(shape, dtype))

    def whole(self, a):
        """All elements, on rank 0."""
        if ranks(self.team) == 1:
            return a.local().copy()
        out = np.zeros(lib.trine_array_n(a.handle), a.dtype)
        t.need(lib.trine_array_gather(a.handle, 0, out.ctypes.data_as(t.pointer)))
        return out if lib.trine_team_rank(self.team.handle) == 0 else None


def handles(arrays):
    return (t.pointer * 4)(*[a.handle for a in arrays])


def need(within, function, *arguments):
    with within:
        status = function(*arguments)
    t.need(status)


METHOD_NUMBERS = {name: i + 1 for i, name in enumerate(METHODS)}
MODES = {"exact": 0, "compensated": 1, "fast": 2}


def typed_reduction(case, given):
    """The public function of this reduction and its arguments before the result; None where there is none."""
    more, dtype = case.more, case.arrays[0].dtype.str[1:]
    name, inputs = more.get("name", case.kernel), [a.handle for a in given]
    to = "f8" if more.get("suffix") else dtype if dtype[0] == "f" else dtype[0] + "8"
    if "mode" in more:
        to = "f8" if name in ("mean", "wmean") and dtype[0] != "f" else to
        return getattr(lib, f"trine_{name}_{t.SUFFIX[to]}", None), inputs + [c.c_int(MODES[more["mode"]])]
    if "ddof" in more or name in ("skewness", "kurtosis", "corr"):
        return getattr(lib, "trine_" + name), inputs + [t.f64(more.get("ddof", 0.0))]
    if name == "count_between":
        return None, []
    if name == "prod":
        return getattr(lib, f"trine_prod_{t.SUFFIX[to]}"), inputs
    return getattr(lib, "trine_" + name, None) or getattr(lib, f"trine_{name}_{t.SUFFIX[dtype]}"), inputs


def lines_along(case, rows):
    """How many results this rank has along the case's axis; rows: its indices of the first axis."""
    shape = list(case.arrays[0].shape)
    axis = case.more["axis"] % len(shape)
    others = [rows if i == 0 else n for i, n in enumerate(shape) if i != axis]
    return int(np.prod(others, dtype=np.int64))


def do_reduce(team, case, within):
    reducer = t.find(case.kernel, case.arrays[0].dtype)
    out = t.result_type(reducer.contents)
    axis, size = case.more.get("axis"), reducer.contents.result_size
    with Arrays(team, case) as arrays:
        given = arrays.inputs(cut=axis is None and reducer.contents.flags & t.ORDER_FREE)
        count = 1
        if axis is not None:
            count = lines_along(case, lib.trine_array_local_rows(given[0].handle))
        buffer = np.zeros(max(1, size * count) + 8, np.uint8)
        data = buffer.ctypes.data_as(t.pointer)
        function, arguments = typed_reduction(case, given) if axis is None and case.more.get("typed") else (None, [])
        if function:
            need(within, function, *arguments, data)
        elif axis is None:
            need(within, lib.trine_reduce, reducer, handles(given), case.param, data)
        else:
            need(within, lib.trine_reduce_axis, reducer, handles(given), case.param, c.c_int(axis), data)
    result = buffer[:size * count]
    return [result.view(out) if out is not None else result.copy()]


REAL = {"f8": c.c_double, "f4": c.c_float}
WHOLE = {"i8": c.c_int64, "u8": c.c_uint64, "i4": c.c_int32, "u4": c.c_uint32, "i2": c.c_int16, "u2": c.c_uint16,
         "i1": c.c_int8,
         "u1": c.c_uint8}


def typed_map(case, given, out):
    """The public function of this map, and its arguments: constants, inputs, output."""
    name, to = case.kernel, case.more["to"]
    kind = {**REAL, **WHOLE}[to]
    if name == "axpby":
        a, b = [kind.from_buffer_copy(case.param, i * c.sizeof(kind)) for i in (0, 1)]
        arguments = [a, given[0], b, given[1]]
    elif name in ("fill", "iota", "scale", "axpy", "clip", "standardise"):
        constants = [kind.from_buffer_copy(case.param, at) for at in range(0, len(case.param), c.sizeof(kind))]
        arguments = constants + given if name == "axpy" else given + constants
    else:
        arguments = given
    return getattr(lib, f"trine_{name}_{t.SUFFIX[to]}"), [v.handle if isinstance(v, t.Array) else v
                                                          for v in arguments + [out]]


# axpy and axpby of the public functions work in place: y is an input and the output.
UNTYPED = {"cast", "cast_wrap", "linspace", "uniform", "normal", "add_normal", "axpy", "axpby"}


def do_map(team, case, within):
    to = case.more["to"]
    first = t.code(case.arrays[0].dtype) if case.arrays else 0
    found = lib.trine_map_find(case.kernel.encode(), first, t.code(to))
    if not found:
        raise t.Failed("NO MAP: " + lib.trine_error_detail().decode())
    with Arrays(team, case) as arrays:
        given = arrays.inputs()
        out = given[-1] if case.more.get("in_place") else arrays.zeros(case.more["n"], to)
        if case.more.get("typed") and case.kernel not in UNTYPED:
            function, arguments = typed_map(case, given, out)
            need(within, function, *arguments)
        else:
            need(within, lib.trine_apply, t.pointer(found), handles(given), case.param, handles([out]))
        return [arrays.whole(out)]


def do_scan(team, case, within):
    op = t.ScanOperator()
    t.need(lib.trine_scan_operator_find(case.kernel.encode(), t.code(case.arrays[0].dtype), c.byref(op)))
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        out = x if case.more.get("in_place") else arrays.zeros(case.arrays[0].shape, case.more["to"])
        along = [c.c_int(case.more["axis"])] if "axis" in case.more else []
        need(within, lib.trine_scan_axis if along else lib.trine_scan, c.byref(op), x.handle, None,
             *along, c.c_bool(case.more.get("exclusive", False)), out.handle)
        return [arrays.whole(out)]


def do_scan_reducer(team, case, within):
    reducer = t.find(case.kernel, case.arrays[0].dtype)
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        out = arrays.zeros(len(case.arrays[0]), t.result_type(reducer.contents))
        need(within, lib.trine_scan_reducer, reducer, x.handle, case.param, c.c_bool(False), out.handle)
        return [arrays.whole(out)]


def do_to(team, case, within):
    """A function of an array that writes another: reverse, transpose, cast."""
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        shape = case.arrays[0].shape
        out = arrays.zeros(shape[::-1] if case.kernel == "transpose" else shape, case.more["to"])
        need(within, getattr(lib, "trine_" + case.kernel), x.handle, out.handle)
        return [arrays.whole(out)]


def do_sort(team, case, within):
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        if "axis" in case.more:
            need(within, lib.trine_sort_axis, x.handle, c.c_int(case.more["axis"]))
        else:
            need(within, lib.trine_sort, x.handle)
        return [arrays.whole(x)]


def do_argsort(team, case, within):
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        out = arrays.zeros(case.arrays[0].shape, "i8")
        if "axis" in case.more:
            need(within, lib.trine_argsort_axis, x.handle, c.c_int(case.more["axis"]), out.handle)
        else:
            need(within, lib.trine_argsort, x.handle, out.handle)
        return [arrays.whole(out)]


class Kept(t.Array):
    """An array that the library made."""

    def __init__(self, handle, dtype):
        self.handle, self.dtype = handle, np.dtype(dtype)


def do_compact(team, case, within):
    made = t.pointer()
    with Arrays(team, case) as arrays:
        given = arrays.inputs()
        if case.kernel == "mask":
            need(within, lib.trine_compact_mask, given[0].handle, given[1].handle, c.byref(made))
        else:
            found = lib.trine_predicate_find(case.kernel.encode(), t.code(case.arrays[0].dtype))
            need(within, lib.trine_compact, t.pointer(found), given[0].handle, case.param, c.byref(made))
        kept = Kept(made, case.arrays[0].dtype)
        arrays.made.append(kept)
        return [arrays.whole(kept)]


def doubles(values):
    return (t.f64 * max(1, len(values)))(*values)


def do_histogram(team, case, within):
    more = case.more
    with Arrays(team, case) as arrays:
        given = [a.handle for a in arrays.inputs()]
        bins = more["bins"] if "bins" in more else len(more["edges"]) - 1
        counts = np.zeros(bins + 3, np.float64 if len(given) > 1 else np.int64)
        data = counts.ctypes.data_as(t.pointer)
        where = [doubles(more["edges"])] if "edges" in more else [t.f64(more["low"]), t.f64(more["high"])]
        need(within, getattr(lib, "trine_" + case.kernel), *given, t.i64(bins), *where, data)
        return [counts]


def do_quantile(team, case, within):
    q = case.more["q"]
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        count = lines_along(case, lib.trine_array_local_rows(x.handle)) if "axis" in case.more else 1
        found = np.zeros(len(q) * count)
        data = found.ctypes.data_as(t.pointer)
        by = [c.c_int(METHOD_NUMBERS[case.more["method"]])] if "method" in case.more else []
        how = [] if case.kernel.endswith("median") else by + [len(q), doubles(q)]
        how += [c.c_int(case.more["axis"])] if "axis" in case.more else []
        need(within, getattr(lib, "trine_" + case.kernel), x.handle, *how, data)
        # A rank's results for each probability lie behind each other: lines first, so that ranks' can be joined.
        return [found.reshape(len(q), count).T.reshape(-1).copy()] if "axis" in case.more else [found]


def do_quantile_elements(team, case, within):
    q = case.more["q"]
    part, elements = np.zeros(len(q)), np.zeros(2 * len(q), case.arrays[0].dtype)
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        need(within, getattr(lib, "trine_" + case.kernel), x.handle, c.c_int(METHOD_NUMBERS[case.more["method"]]),
             len(q),
             doubles(q),
             elements.ctypes.data_as(t.pointer), part.ctypes.data_as(t.pointer))
        return [elements, part]


def do_quantile_weighted(team, case, within):
    q = case.more["q"]
    found = np.zeros(len(q), case.arrays[0].dtype if case.kernel.endswith("_elements") else np.float64)
    with Arrays(team, case) as arrays:
        x, weights = arrays.inputs()
        need(within, getattr(lib, "trine_" + case.kernel), x.handle, weights.handle, len(q), doubles(q),
             found.ctypes.data_as(t.pointer))
        return [found]


def do_weighted(team, case, within):
    if "axis" in case.more:
        return do_weighted_along(team, case, within)
    found = np.zeros(1)
    with Arrays(team, case) as arrays:
        x, weights = arrays.inputs(cut=True)
        need(within, getattr(lib, f"trine_{case.kernel}_f64"), x.handle, weights.handle,
             c.c_int(MODES[case.more["mode"]]), found.ctypes.data_as(t.pointer))
        return [found]


def do_weighted_along(team, case, within):
    reducer, param = t.OwnReducer(), c.c_int()
    t.need(lib.trine_weighted_reducer(*(t.code(x.dtype) for x in case.arrays), c.c_bool(case.kernel == "wmean"),
                                     c.byref(reducer), c.byref(param)))
    with Arrays(team, case) as arrays:
        given = arrays.inputs()
        found = np.zeros(lines_along(case, lib.trine_array_local_rows(given[0].handle)))
        need(within, lib.trine_reduce_axis, c.byref(reducer), handles(given), c.byref(param),
             c.c_int(case.more["axis"]), found.ctypes.data_as(t.pointer))
    return [found]


def do_top(team, case, within):
    k = case.more["k"]
    found, at = np.zeros(k, case.arrays[0].dtype), np.zeros(k, np.int64)
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        need(within, getattr(lib, "trine_" + case.kernel), x.handle, t.i64(k), found.ctypes.data_as(t.pointer),
             at.ctypes.data_as(t.pointer))
        return [found, at]


def do_argminmax(team, case, within):
    dtype = case.arrays[0].dtype
    pair, at = np.zeros(2, dtype), np.zeros(2, np.int64)
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        need(within, getattr(lib, "trine_argminmax_" + t.SUFFIX[dtype.str[1:]]), x.handle,
             pair.ctypes.data_as(t.pointer), at.ctypes.data_as(t.pointer))
        return [pair, at]


def do_standardise(team, case, within):
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        out = arrays.zeros(len(case.arrays[0]), case.more["to"])
        need(within, lib.trine_standardise, x.handle, t.f64(case.more["ddof"]), out.handle)
        return [arrays.whole(out)]


def do_convolve(team, case, within):
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        out = arrays.zeros(len(case.arrays[0]), case.arrays[0].dtype)
        taps = case.more["taps"]
        function = lib.trine_convolve_f64 if x.dtype.itemsize == 8 else lib.trine_convolve_f32
        need(within, function, x.handle, doubles(taps), c.c_int64(len(taps)), out.handle)
        return [arrays.whole(out)]


def do_stencil5(team, case, within):
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        out = arrays.zeros(case.arrays[0].shape, case.arrays[0].dtype)
        need(within, lib.trine_stencil5, x.handle, doubles(case.more["weight"]), out.handle)
        return [arrays.whole(out)]


class JacobiResult(c.Structure):
    _fields_ = [("sweeps", t.i64), ("residual", t.f64)]


def do_jacobi(team, case, within):
    with Arrays(team, case) as arrays:
        u, f = arrays.inputs()
        result = JacobiResult()
        need(within, lib.trine_jacobi, u.handle, f.handle, t.f64(case.more["tolerance"]), t.i64(case.more["most"]),
             c.byref(result))
        return [arrays.whole(u), np.array([result.sweeps], np.int64), np.array([result.residual])]


def do_product(team, case, within):
    """c = alpha a b + beta c, by gemm or gemv."""
    with Arrays(team, case) as arrays:
        a, b, out = arrays.inputs()
        dtype = case.arrays[0].dtype
        real = t.f64 if dtype.itemsize == 8 else c.c_float
        function = getattr(lib, f"trine_{case.kernel}_{t.SUFFIX[dtype.str[1:]]}")
        need(within, function, real(case.more["alpha"]), a.handle, b.handle, real(case.more["beta"]), out.handle)
        return [arrays.whole(out)]


def do_file(team, case, within):
    """A .npy file: loaded; or reduced as it is read."""
    file, path = t.pointer(), case.more["path"].encode()
    need(within, lib.trine_npy_open, team.handle, path, c.byref(file))
    dtype = np.dtype(case.more["dtype"])
    try:
        if case.kernel == "load":
            made = t.pointer()
            need(within, lib.trine_npy_load, file, c.byref(made))
            loaded = Kept(made, dtype)
            with Arrays(team, case) as arrays:
                arrays.made.append(loaded)
                return [arrays.whole(loaded)]
        reducer = t.find(case.kernel, dtype)
        out, size, count = t.result_type(reducer.contents), reducer.contents.result_size, 1
        if "axis" in case.more:
            rows = t.i64()
            lib.trine_npy_block(file, None, c.byref(rows), None)
            count = lines_along(case, rows.value)
        buffer = np.zeros(size * count + 8, np.uint8)
        data = buffer.ctypes.data_as(t.pointer)
        if "axis" in case.more:
            need(within, lib.trine_npy_reduce_axis, file, reducer, case.param, c.c_int(case.more["axis"]), data)
        else:
            need(within, lib.trine_npy_reduce, file, reducer, case.param, data)
        result = buffer[:size * count]
        return [result.view(out) if out is not None else result.copy()]
    finally:
        lib.trine_npy_close(file)


def do_laws(team, case, within):
    reducer = t.find(case.kernel, case.arrays[0].dtype)
    x = [np.ascontiguousarray(a) for a in case.arrays]
    data = (t.pointer * 4)(*[a.ctypes.data_as(t.pointer) for a in x])
    with within:
        broken = lib.trine_reducer_test(reducer, data, t.i64(x[0].size), case.param)
    return [np.array([broken], np.int64)]


def do_save(team, case, within):
    with Arrays(team, case) as arrays:
        x = arrays.inputs()[0]
        need(within, lib.trine_npy_save, x.handle, case.more["path"].encode())
    saved = np.load(case.more["path"])
    return [saved.reshape(-1), np.array(saved.shape, np.int64)]


CALLS = {"reduce": do_reduce, "map": do_map, "scan": do_scan, "scan_reducer": do_scan_reducer, "to": do_to,
         "sort": do_sort, "argsort": do_argsort,
         "compact": do_compact, "histogram": do_histogram, "quantile": do_quantile,
         "quantile_elements": do_quantile_elements,
         "quantile_weighted": do_quantile_weighted, "weighted": do_weighted, "top": do_top, "argminmax": do_argminmax,
         "standardise": do_standardise,
         "convolve": do_convolve, "stencil5": do_stencil5, "jacobi": do_jacobi, "product": do_product,
         "file": do_file, "save": do_save, "laws": do_laws}


def names(function):
    found, i = [], 0
    while True:
        name = function(c.c_int64(i))
        if not name:
            return found
        found.append(name.decode())
        i += 1


def listed(function, *arguments):
    """The names that the detail of a failed search lists."""
    function(b"?", t.code("f8"), *arguments)
    return lib.trine_error_detail().decode().rpartition("there are ")[2].split(", ")


def inventory():
    """What the library says that it has, and for which types."""
    reducers = {name: [d for d in t.DTYPES if lib.trine_reducer_find(name.encode(), t.code(d))]
               for name in names(lib.trine_reducer_name)}
    return {"isa": lib.trine_isa().decode(), "reducers": reducers, "maps": names(lib.trine_map_name),
            "scans": listed(lib.trine_scan_operator_find, c.byref(t.ScanOperator())), "predicates": listed(lib.trine_predicate_find),
            "functions": bool(lib.trine_map_find(b"exp", t.code("f8"), t.code("f8"))),
            "blas": lib.trine_gemm_library() is not None}
