"""numpy_sum.py LIBTRINE [GIB [ROUNDS]] - trine's sums against numpy.sum over the same memory, on one
worker and on two (numpy split over two Python threads; it releases the lock). Prints one JSON object.
"""
import ctypes
import json
import statistics
import sys
import threading
import time

import numpy

lib = ctypes.CDLL(sys.argv[1])
lib.trine_error_detail.restype = ctypes.c_char_p
EXACT, FAST, F64 = 0, 2, 1


def need(status):
    if status:
        sys.exit("numpy_sum.py: " + lib.trine_error_detail().decode())


def opened(spec, data):
    team, array = ctypes.c_void_p(), ctypes.c_void_p()
    need(lib.trine_team_open(spec.encode(), ctypes.byref(team)))
    need(lib.trine_array_wrap(team, F64, ctypes.c_void_p(data.ctypes.data),
                              ctypes.c_uint64(data.size), ctypes.byref(array)))
    return array


def trine_sum(array, mode):
    result = ctypes.c_double()
    need(lib.trine_sum_f64(array, mode, ctypes.byref(result)))


def numpy_on_two(data):
    half = data.size // 2
    threads = [threading.Thread(target=numpy.sum, args=(part,)) for part in (data[:half], data[half:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def timed(call, *args):
    began = time.perf_counter()
    call(*args)
    return time.perf_counter() - began


def main():
    gib = float(sys.argv[2]) if len(sys.argv) > 2 else 1
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 11
    data = numpy.random.default_rng(1).random(int(gib * 2**27))
    one, two = opened("serial", data), opened("omp:2", data)
    calls = {
        "numpy_1": (numpy.sum, data), "fast_1": (trine_sum, one, FAST), "exact_1": (trine_sum, one, EXACT),
        "numpy_2": (numpy_on_two, data), "fast_2": (trine_sum, two, FAST), "exact_2": (trine_sum, two, EXACT),
    }
    seconds = {name: [] for name in calls}
    for i in range(rounds + 1):
        for name, call in calls.items():
            taken = timed(*call)
            if i:
                seconds[name].append(taken)

    def ratio(a, b):
        return round(statistics.median(x / y for x, y in zip(seconds[a], seconds[b])), 3)

    report = {"numpy": numpy.__version__, "gib": gib}
    for name, values in seconds.items():
        report[name + "_gb_per_s"] = round(gib * 1.073741824 / statistics.median(values), 2)
    for workers in "12":
        for mode in ("fast", "exact"):
            report[f"numpy_over_{mode}_{workers}"] = ratio("numpy_" + workers, mode + "_" + workers)
    print(json.dumps(report))


main()
