"""python_pools.py [--workers W] [--watch S] - what Python's pools cost: starting one, tasks that do nothing by each of
its calls, and what a worker that is killed in the middle of a map does to the map. Prints one JSON object: start_ms,
items_per_s, and for each pool what became of the map: `finished`, the exception it raised, or `hung` when it had not
ended S seconds after the kill.
"""
import argparse
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

ROUNDS, SECONDS = 5, 0.2


def nothing(item):
    return item


def slow(item):
    time.sleep(0.02)
    return os.getpid()


def drained(results):
    for _ in results:
        pass


def calls(pool, threads, processes):
    """What is measured: name, and how it runs an iterable of items."""
    return {
        "map_chunk_1": lambda items: pool.map(nothing, items, 1),
        "map_chunk_100": lambda items: pool.map(nothing, items, 100),
        "map_chunk_1000": lambda items: pool.map(nothing, items, 1000),
        "imap": lambda items: drained(pool.imap(nothing, items)),
        "imap_unordered": lambda items: drained(pool.imap_unordered(nothing, items)),
        "process_executor": lambda items: drained(processes.map(nothing, items)),
        "thread_executor": lambda items: drained(threads.map(nothing, items)),
    }


def rate(call):
    """Items a second: as many items as take about SECONDS, the median of ROUNDS."""
    count, taken = 1000, 0
    while taken < SECONDS:
        began = time.perf_counter()
        call(range(count))
        taken = time.perf_counter() - began
        count = count * 2 if taken < SECONDS else count
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call(range(count))
        seconds.append(time.perf_counter() - began)
    return round(count / statistics.median(seconds))


def start(make, first, stop):
    """Milliseconds from nothing to the first result."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        pool = make()
        first(pool)
        taken.append(1e3 * (time.perf_counter() - began))
        stop(pool)
    return round(statistics.median(taken), 2)


def map_with_a_death(kind, workers):
    """Kills the worker that ran the first item, while the others wait for their turn."""
    if kind == "pool":
        pool = multiprocessing.Pool(workers)
        results = pool.imap_unordered(slow, range(100))
    else:
        pool = ProcessPoolExecutor(workers)
        results = pool.map(slow, range(100))
    os.kill(next(iter(results)), signal.SIGKILL)
    print("killed", flush=True)
    try:
        drained(results)
    except Exception as broken:
        print(type(broken).__name__, flush=True)
    else:
        print("finished", flush=True)
    os._exit(0)


def outcome(kind, workers, watch):
    """What a process of its own says of that map, under a watchdog that ends all of its children."""
    child = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--workers", str(workers), "--die", kind],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
    try:
        said, _ = child.communicate(timeout=watch)
        return said.split()[-1]
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        said, _ = child.communicate()
        return "hung" if "killed" in said else "not run"


def main():
    parser = argparse.ArgumentParser(description="What Python's pools cost.")
    parser.add_argument("--workers", type=int, default=2, help="of each pool (2)")
    parser.add_argument("--watch", type=float, default=10, help="seconds after which a map hangs (10)")
    parser.add_argument("--die", choices=("pool", "executor"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.die:
        map_with_a_death(given.die, given.workers)
    workers = given.workers
    report = {"python": sys.version.split()[0], "workers": workers, "watch_s": given.watch, "start_ms": {
        "pool": start(lambda: multiprocessing.Pool(workers), lambda p: p.map(nothing, [0]), lambda p: p.terminate()),
        "process_executor": start(lambda: ProcessPoolExecutor(workers), lambda p: p.submit(nothing, 0).result(),
                                  lambda p: p.shutdown()),
        "thread_executor": start(lambda: ThreadPoolExecutor(workers), lambda p: p.submit(nothing, 0).result(),
                                 lambda p: p.shutdown())}}
    with multiprocessing.Pool(workers) as pool, ThreadPoolExecutor(workers) as threads, \
            ProcessPoolExecutor(workers) as processes:
        report["items_per_s"] = {name: rate(call) for name, call in calls(pool, threads, processes).items()}
    report["after_a_death"] = {kind: outcome(kind, workers, given.watch) for kind in ("pool", "executor")}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
