"""python_passing.py [--n N] [--workers P] [--rounds N] [--calls N] [--only NAME,...] - a function that does nothing
gets an array of N int64 from Python's multiprocessing: what drivers/passing does with trine. Prints one
JSON object: seconds of one call by method, one entry a round (each the median of --calls calls).

  pickled         the argument of Pool.apply
  inherited       a pool is forked for the call, and finds the array in a global
  shared_memory   the array is in multiprocessing.shared_memory; the call sends its name, the worker attaches
  copied          a new segment for each call, into which the array is copied
  file            np.save, its path, np.load(mmap_mode="r")
  nothing         a call without an array: what the others cost besides moving
"""
import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from multiprocessing import shared_memory

import numpy

ARRAY = None
METHODS = ("pickled", "inherited", "shared_memory", "copied", "file", "nothing")


def ends_of(array):
    return int(array[0]), int(array[-1])


def ends_of_global():
    return ends_of(ARRAY)


def ends_of_segment(name, n):
    segment = shared_memory.SharedMemory(name=name)
    array = numpy.ndarray((n,), dtype=numpy.int64, buffer=segment.buf)
    found = ends_of(array)
    del array
    segment.close()
    return found


def ends_of_file(path):
    return ends_of(numpy.load(path, mmap_mode="r"))


class Passing:
    def __init__(self, array, workers):
        self.array, self.workers = array, workers
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "array.npy")
        self.segment = shared_memory.SharedMemory(create=True, size=array.nbytes)
        self.shared = numpy.ndarray(array.shape, dtype=array.dtype, buffer=self.segment.buf)
        self.shared[:] = array
        self.pool = multiprocessing.Pool(workers)  # after the segment, so that all have one resource tracker

    def close(self):
        self.pool.terminate()
        del self.shared
        self.segment.close()
        self.segment.unlink()
        self.folder.cleanup()

    def pickled(self):
        return self.pool.apply(ends_of, (self.array,))

    def inherited(self):
        global ARRAY
        ARRAY = self.array
        with multiprocessing.Pool(self.workers) as pool:
            return pool.apply(ends_of_global)

    def shared_memory(self):
        return self.pool.apply(ends_of_segment, (self.segment.name, self.array.size))

    def copied(self):
        segment = shared_memory.SharedMemory(create=True, size=self.array.nbytes)
        shared = numpy.ndarray(self.array.shape, dtype=self.array.dtype, buffer=segment.buf)
        shared[:] = self.array
        found = self.pool.apply(ends_of_segment, (segment.name, self.array.size))
        del shared
        segment.close()
        segment.unlink()
        return found

    def file(self):
        numpy.save(self.path, self.array)
        return self.pool.apply(ends_of_file, (self.path,))

    def nothing(self):
        self.pool.apply(abs, (1,))
        return ends_of(self.array)


def main():
    parser = argparse.ArgumentParser(description="passing, by Python's multiprocessing")
    parser.add_argument("--n", default="10000000", help="elements of int64; several with commas between them")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--only", default=",".join(METHODS), help="of " + ", ".join(METHODS))
    given = parser.parse_args()
    multiprocessing.set_start_method("fork")
    report = {"program": "python_passing", "python": sys.version.split()[0], "numpy": numpy.__version__,
              "workers": given.workers, "sizes": []}
    for n in map(int, given.n.split(",")):
        array = numpy.random.default_rng(0).integers(-2**40, 2**40, n)
        passing, seconds = Passing(array, given.workers), {}
        for _ in range(given.rounds):
            for name in given.only.split(","):
                taken = []
                for _ in range(given.calls):
                    began = time.perf_counter()
                    found = getattr(passing, name)()
                    taken.append(time.perf_counter() - began)
                    if found != ends_of(array):
                        sys.exit(f"python_passing.py: {name} of {n} elements brought another array")
                seconds.setdefault(name, []).append(statistics.median(taken))
        passing.close()
        report["sizes"].append({"n": n, "bytes": array.nbytes, "seconds": seconds})
    print(json.dumps(report))


if __name__ == "__main__":
    main()
