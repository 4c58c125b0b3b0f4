"""python_sum.py [--n N] [--repeat R] [--workers W] - np.ones(N).sum(), R times: in sequence, by W threads, and by
the W processes of a multiprocessing.Pool. Prints one JSON object of seconds. Each worker has an array of its own: what
does not fit in memory is not run, and `needs` says how many bytes it would take.
"""
import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool

import numpy

SUFFIXES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def number(text):
    return int(text[:-1]) * SUFFIXES[text[-1]] if text[-1] in SUFFIXES else int(text)


def memory_available():
    with open("/proc/meminfo") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))


def work(n):
    """Seconds to make the ones and to sum them, and the sum."""
    began = time.perf_counter()
    ones = numpy.ones(n)
    made = time.perf_counter()
    total = ones.sum()
    return made - began, time.perf_counter() - made, total


def in_sequence(n, repeat, workers):
    return [work(n) for _ in range(repeat)]


def by_threads(n, repeat, workers):
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, [n] * repeat))


def by_processes(n, repeat, workers):
    with Pool(workers) as pool:
        return pool.map(work, [n] * repeat, 1)


def main():
    parser = argparse.ArgumentParser(description="np.ones(N).sum(), in sequence, by threads and by processes.")
    parser.add_argument("--n", type=number, default=1 << 27, help="elements (128M)")
    parser.add_argument("--repeat", type=int, default=10, help="times (10)")
    parser.add_argument("--workers", type=int, default=4, help="threads, processes (4)")
    given = parser.parse_args()
    report = {"numpy": numpy.__version__, "n": given.n, "repeat": given.repeat, "workers": given.workers}
    for name, call, arrays in (("sequence", in_sequence, 1), ("threads", by_threads, given.workers),
                               ("pool", by_processes, given.workers)):
        needs = 8 * given.n * arrays
        if needs > 0.9 * memory_available():
            report[name] = {"needs": needs, "seconds": None}
            continue
        began = time.perf_counter()
        done = call(given.n, given.repeat, given.workers)
        report[name] = {"needs": needs, "seconds": round(time.perf_counter() - began, 3),
                        "making": round(sum(d[0] for d in done), 3), "summing": round(sum(d[1] for d in done), 3),
                        "right": all(d[2] == given.n for d in done)}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
