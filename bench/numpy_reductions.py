#!/usr/bin/env python3
"""numpy_reductions.py LIBTRINE [MIB] - kernels of trine on one worker against numpy at the same work: times of
rounds that alternate, the median of their ratios. Prints one JSON object; numpy's times are ns an element."""
import ctypes as c
import json
import statistics
import sys
import time

trine = c.CDLL(sys.argv[1])
trine.trine_init()
import numpy as np

N = (int(sys.argv[2]) if len(sys.argv) > 2 else 256) << 17
ROUNDS = 5
u64, f64, pointer = c.c_uint64, c.c_double, c.c_void_p
trine.trine_reducer_find.restype = pointer
trine.trine_error_detail.restype = c.c_char_p
team = pointer()


def need(status):
    if status:
        sys.exit("numpy_reductions: " + trine.trine_error_detail().decode())


def wrap(x):
    array = pointer()
    rows, columns = x.shape if x.ndim == 2 else (len(x), 1)
    need(trine.trine_array_wrap_2d(team, 1, x.ctypes.data_as(pointer), u64(rows), u64(columns), c.byref(array)))
    return array


def compare(name, ours, theirs, elements, results):
    ratios, peers = [], []
    for r in range(ROUNDS + 1):
        began = time.perf_counter()
        theirs()
        middle = time.perf_counter()
        ours()
        ended = time.perf_counter()
        if r:
            ratios.append((middle - began) / (ended - middle))
            peers.append((middle - began) / elements * 1e9)
    results[name] = statistics.median(ratios)
    results["numpy_" + name] = statistics.median(peers)


def reduce(name, array, param=None, axis=None):
    reducer = pointer(trine.trine_reducer_find(name.encode(), 1))
    arrays = (pointer * 1)(array)
    result = (u64 * 4096)()
    given = (f64 * 4)(*([0.0] * 4 if param is None else param))
    if axis is None:
        return lambda: need(trine.trine_reduce(reducer, arrays, given, result))
    return lambda: need(trine.trine_reduce_axis(reducer, arrays, given, axis, result))


def main():
    need(trine.trine_team_open(b"serial", c.byref(team)))
    results = {"n": N}
    x, y = np.random.default_rng(1).random(N), np.zeros(N)
    a, b = wrap(x), wrap(y)
    for name, theirs in (("min", np.min), ("argmax", np.argmax), ("any", lambda v: np.any(v)),
                         ("count_nonzero", np.count_nonzero), ("var", np.var)):
        compare(name, reduce(name, a), lambda: theirs(x), N, results)
    counts = (u64 * 103)()
    compare("histogram", lambda: need(trine.trine_histogram(a, u64(100), f64(0), f64(1), counts)),
            lambda: np.histogram(x, 100, (0, 1)), N, results)
    median = f64()
    compare("median", lambda: need(trine.trine_median(a, c.byref(median))), lambda: np.median(x), N, results)
    frame = x[:N // 10 * 10].reshape(-1, 10)
    f = wrap(frame)
    compare("column_means", reduce("mean_fast", f, axis=0), lambda: frame.mean(axis=0), N, results)
    compare("column_vars", reduce("var", f, axis=0), lambda: frame.var(axis=0), N, results)
    generator = np.random.default_rng(2)
    compare("normal", lambda: need(trine.trine_normal_f64(f64(0), f64(1), u64(1), u64(0), b)),
            lambda: generator.standard_normal(out=y), N, results)
    compare("exp", lambda: need(trine.trine_exp_f64(a, b)), lambda: np.exp(x, out=y), N, results)
    compare("cumsum", lambda: need(trine.trine_cumsum_f64(a, 2, b)), lambda: np.cumsum(x, out=y), N, results)

    def sort_ours():
        need(trine.trine_copy_f64(a, b))
        need(trine.trine_sort(b))

    def sort_theirs():
        y[:] = x
        y.sort()

    compare("sort", sort_ours, sort_theirs, N, results)
    print(json.dumps(results))


main()
