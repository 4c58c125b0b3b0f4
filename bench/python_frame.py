"""python_frame.py [--shape RxC] [--items N] [--workers P] [--rounds N] [--only NAME,...] [--memory] - an array
handed to the workers of Python's multiprocessing, which return its first i rows for each item i: what
drivers/frame does with trine. Prints one JSON object: seconds by method, one entry a round; each result
is compared with the array's own rows.

  pickled_item    the array pickled for every item: Pool.map, chunk size 1
  pickled_chunk   the array pickled for every chunk that Pool.map chooses
  inherited       a global of the parent, there after fork; the pool is running already
  shared_memory   multiprocessing.shared_memory holds it; the workers have attached already
  file            np.save; the workers have it by np.load(mmap_mode="r") already
  sequential      no pool

start_NAME: the seconds before the first item of inherited, shared_memory and file: starting the pool, attaching,
writing the file. The copy into shared memory does not count: an array can be made there.
"""
import argparse
import functools
import json
import multiprocessing
import os
import sys
import tempfile
import time
from multiprocessing import shared_memory

import numpy

FRAME = KEPT = None
METHODS = ("pickled_item", "pickled_chunk", "inherited", "shared_memory", "file", "sequential")


def rows_of(frame, i):
    return frame[:i]


def rows_of_global(i):
    return FRAME[:i]


def attach(name, shape):
    """Runs in a worker: the segment is kept open, and its owner alone unlinks it."""
    global FRAME, KEPT
    KEPT = shared_memory.SharedMemory(name=name)
    FRAME = numpy.ndarray(shape, dtype=numpy.float64, buffer=KEPT.buf)


def open_file(path):
    global FRAME
    FRAME = numpy.load(path, mmap_mode="r")


def memory_of_worker(fraction):
    """What this worker has of memory, in bytes, after it has read the array and written a fraction of it."""
    barrier_wait()
    FRAME.sum()
    if fraction:
        FRAME[:int(len(FRAME) * fraction)] += 0
    barrier_wait()
    found = {}
    with open("/proc/self/smaps_rollup") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if value.endswith("kB\n"):
                found[name] = int(value.split()[0]) << 10
    barrier_wait()
    return {"rss": found["Rss"], "pss": found["Pss"], "uss": found["Private_Clean"] + found["Private_Dirty"]}


def barrier_wait():
    BARRIER.wait(60)


def verify(results, frame):
    for i, rows in enumerate(results):
        if rows.tobytes() != frame[:i].tobytes():
            sys.exit(f"python_frame.py: item {i} is not the array's first {i} rows")


def timed(call):
    began = time.perf_counter()
    found = call()
    return time.perf_counter() - began, found


class Rounds:
    """Seconds by method; each call of a method adds one round."""

    def __init__(self, frame, items, workers):
        self.frame, self.items, self.workers = frame, range(items), workers
        self.seconds = {}

    def add(self, name, seconds):
        self.seconds.setdefault(name, []).append(seconds)

    def map_items(self, name, pool, function, chunk):
        seconds, found = timed(lambda: pool.map(function, self.items, chunk))
        self.add(name, seconds)
        verify(found, self.frame)

    def pickled_item(self, chunk=1, name="pickled_item"):
        with multiprocessing.Pool(self.workers) as pool:
            pool.map(abs, range(self.workers), 1)
            self.map_items(name, pool, functools.partial(rows_of, self.frame), chunk)

    def pickled_chunk(self):
        self.pickled_item(None, "pickled_chunk")

    def on_running_pool(self, name, initializer=None, arguments=()):
        """A pool that has started, and every worker of which has had an item."""
        began = time.perf_counter()
        with multiprocessing.Pool(self.workers, initializer, arguments) as pool:
            pool.map(abs, range(self.workers), 1)
            self.add("start_" + name, time.perf_counter() - began)
            self.map_items(name, pool, rows_of_global, 1)

    def inherited(self):
        global FRAME
        FRAME = self.frame
        self.on_running_pool("inherited")
        FRAME = None

    def shared_memory(self):
        segment = shared_memory.SharedMemory(create=True, size=self.frame.nbytes)
        try:
            copy = numpy.ndarray(self.frame.shape, dtype=numpy.float64, buffer=segment.buf)
            numpy.copyto(copy, self.frame)
            self.on_running_pool("shared_memory", attach, (segment.name, self.frame.shape))
            del copy
        finally:
            segment.close()
            segment.unlink()

    def file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "frame.npy")
            seconds, _ = timed(lambda: numpy.save(path, self.frame))
            self.on_running_pool("file", open_file, (path,))
            self.seconds["start_file"][-1] += seconds

    def sequential(self):
        seconds, found = timed(lambda: [rows_of(self.frame, i).copy() for i in self.items])
        self.add("sequential", seconds)
        verify(found, self.frame)


def memory_inherited(frame, workers, fraction):
    """RSS, PSS and USS of each of so many workers that inherited the frame and read it, then wrote to it."""
    global FRAME, BARRIER
    FRAME, BARRIER = frame, multiprocessing.Barrier(workers)
    with multiprocessing.Pool(workers) as pool:
        read = pool.map(memory_of_worker, [0] * workers, 1)
        written = pool.map(memory_of_worker, [fraction] * workers, 1)
    FRAME = None
    return {"workers": workers, "fraction": fraction, "read": read, "written": written}


def main():
    parser = argparse.ArgumentParser(description="frame, by Python's multiprocessing")
    parser.add_argument("--shape", default="13421773x10", help="rows x columns of float64 (1 GiB)")
    parser.add_argument("--items", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default=",".join(METHODS), help="of " + ", ".join(METHODS))
    parser.add_argument("--memory", action="store_true", help="memory of four workers that inherited the array")
    given = parser.parse_args()
    rows, columns = (int(n) for n in given.shape.split("x"))
    multiprocessing.set_start_method("fork")
    frame = numpy.random.default_rng(0).random((rows, columns))
    rounds = Rounds(frame, given.items, given.workers)
    for _ in range(given.rounds):
        for name in given.only.split(","):
            getattr(rounds, name)()
    report = {"program": "python_frame", "python": sys.version.split()[0], "numpy": numpy.__version__,
              "shape": [rows, columns], "bytes": frame.nbytes, "items": given.items, "workers": given.workers,
              "seconds": rounds.seconds}
    if given.memory:
        report["memory"] = memory_inherited(frame, 4, 0.5)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
