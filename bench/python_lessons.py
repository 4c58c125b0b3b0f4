"""python_lessons.py [--only LESSON] [options] - what the questions of the drivers times10, counter and bound cost
in Python, whose pools people know. Every result is checked. Prints one JSON object; seconds are the median of --rounds.

times10  N integers times ten: a loop, Pool.map with chunks of 1, of --chunk, and as it chooses, numpy
counter  --increments a worker of one number: threads and processes, without a lock (with how many were lost at most), with one,
         and each its own, summed
bound    --items tasks of --milliseconds, of which the share --mix computes and the rest waits:
         ThreadPoolExecutor and ProcessPoolExecutor of 1 to --most workers, in items a second
"""
import argparse
import json
import multiprocessing
import os
import platform
import statistics
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

CPUS = len(os.sched_getaffinity(0))
fork = multiprocessing.get_context("fork")


def need(holds, *about):
    if not holds:
        sys.exit("python_lessons.py: wrong result: " + " ".join(map(str, about)))


def timed(call, rounds):
    """Median seconds of call, whose result is (seconds that count, or None for all of them; whatever)."""
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        counted = call()
        seconds.append(time.perf_counter() - began if counted is None else counted)
    return round(statistics.median(seconds), 6)


def times_ten(x):
    return 10 * x


def lesson_times10(options):
    items = list(range(options.n))

    def checked(result):
        need(len(result) == options.n and result[-1] == 10 * (options.n - 1) and sum(result) == 10 * sum(items), "times10")

    report = {"n": options.n, "chunk": options.chunk,
              "loop": timed(lambda: checked([10 * x for x in items]), options.rounds)}
    with fork.Pool(options.workers) as pool:
        pool.map(times_ten, range(options.workers))
        for name, arguments, rounds in (("pool_map_chunk_1", {"chunksize": 1}, 1),
                                        (f"pool_map_chunk_{options.chunk}", {"chunksize": options.chunk}, options.rounds),
                                        ("pool_map_default", {}, options.rounds)):
            report[name] = timed(lambda kw=arguments: checked(pool.map(times_ten, items, **kw)), rounds)
    try:
        import numpy
        array = numpy.arange(options.n)
        report["numpy"] = timed(lambda: checked_numpy(array * 10, options.n), options.rounds)
    except ImportError:
        pass
    return report


def checked_numpy(result, n):
    need(result[-1] == 10 * (n - 1), "times10 of numpy")


class Plain:
    """A number that threads share."""
    value = 0


def add_plain(box, increments, ready):
    ready.wait()
    for _ in range(increments):
        box.value += 1


def add_locked(box, increments, ready, lock):
    ready.wait()
    for _ in range(increments):
        with lock:
            box.value += 1


def add_own(box, increments, ready, lock):
    ready.wait()
    own = 0
    for _ in range(increments):
        own += 1
    with lock:
        box.value += own


def count(kind, box, body, options, *more):
    """Seconds from the barrier on, at which all workers begin; how much was counted."""
    barrier = threading.Barrier if kind is threading.Thread else fork.Barrier
    ready = barrier(options.workers + 1)
    workers = [kind(target=body, args=(box, options.increments, ready, *more)) for _ in range(options.workers)]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    return time.perf_counter() - began, box.value


def lesson_counter(options):
    total = options.workers * options.increments
    report = {"increments": options.increments, "workers": options.workers}
    threads, processes = threading.Thread, fork.Process
    shared = fork.Value
    for name, kind, make, body, locked in (
            ("threads_unsynchronised", threads, lambda: (Plain(),), add_plain, False),
            ("threads_lock", threads, lambda: (Plain(), threading.Lock()), add_locked, True),
            ("threads_own", threads, lambda: (Plain(), threading.Lock()), add_own, True),
            ("processes_unsynchronised", processes, lambda: (shared("q", 0, lock=False),), add_plain, False),
            ("processes_value_lock", processes, lambda: value_and_lock(), add_locked, True),
            ("processes_own", processes, lambda: value_and_lock(), add_own, True)):
        seconds, lost = [], []
        for _ in range(options.rounds):
            box, *more = make()
            taken, counted = count(kind, box, body, options, *more)
            need(counted == total or not locked, name, counted, "instead of", total)
            seconds.append(taken)
            lost.append(total - counted)
        report[name] = round(statistics.median(seconds), 6)
        if not locked:
            report[name + "_lost"] = max(lost)
    return report


def value_and_lock():
    value = fork.Value("q", 0)
    return value, value.get_lock()


def work(computing, waiting):
    """Computes for so many seconds of this thread's CPU time, then waits."""
    until = time.thread_time() + computing
    while time.thread_time() < until:
        pass
    if waiting > 0:
        time.sleep(waiting)
    return 1


def lesson_bound(options):
    seconds = options.milliseconds / 1000
    computing, waiting = options.mix * seconds, (1 - options.mix) * seconds
    report = {"items": options.items, "milliseconds": options.milliseconds, "mix": options.mix,
              "items_per_second": {"threads": {}, "processes": {}}}
    for name, make in (("threads", ThreadPoolExecutor),
                       ("processes", lambda workers: ProcessPoolExecutor(workers, mp_context=fork))):
        for workers in range(1, options.most + 1):
            with make(workers) as executor:
                list(executor.map(work, [0] * workers, [0] * workers))
                began = time.perf_counter()
                done = sum(executor.map(work, [computing] * options.items, [waiting] * options.items))
                taken = time.perf_counter() - began
            need(done == options.items, "bound")
            report["items_per_second"][name][workers] = round(options.items / taken, 1)
    return report


def main():
    lessons = {"times10": lesson_times10, "counter": lesson_counter, "bound": lesson_bound}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=lessons, action="append", help="one lesson; may be repeated (default: all)")
    parser.add_argument("--workers", type=int, default=CPUS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--n", type=int, default=1000000)
    parser.add_argument("--chunk", type=int, default=1000)
    parser.add_argument("--increments", type=int, default=100000)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--milliseconds", type=float, default=5)
    parser.add_argument("--mix", type=float, default=1)
    parser.add_argument("--most", type=int, default=4 * CPUS)
    options = parser.parse_args()
    report = {"python": platform.python_version(), "cpus": CPUS}
    for name in options.only or lessons:
        report[name] = lessons[name](options)
    print(json.dumps(report, indent=1))


main()
