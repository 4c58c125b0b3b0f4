#!/usr/bin/env python3
"""etl.py [--build DIR] [--folder DIR] [--rounds N] [--files N] [--seconds S] [--team SPEC]... [--json] - drivers/etl
against `cp` of the same files and against numpy and scipy in a Pool: in rounds that interleave them, each writing
files that are not there yet, from files that the page cache holds. Medians, and medians of the rounds' ratios to cp
and to Python. What counts of drivers/etl and of Python is their work, without the start of workers.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


def copy(source, target):
    os.makedirs(target)
    files = [os.path.join(source, name) for name in sorted(os.listdir(source))]
    began = time.perf_counter()
    subprocess.run(["cp", *files, target], check=True)
    return time.perf_counter() - began


def python(source, target, passed):
    done = subprocess.run([PYTHON, os.path.join(HERE, "python_etl.py"), "--pass", passed, source, target],
                          capture_output=True, text=True)
    return json.loads(done.stdout)["seconds"] if done.returncode == 0 else None


def etl(driver, source, target, team, mode):
    done = subprocess.run([driver, "--json", "--verify=none", "--order=unordered", "--team", team, "--mode", mode,
                           "--out", target, source], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{team}: {done.stderr}")
    return json.loads(done.stdout)["rows"][0]["seconds"]


def ways(driver, source, teams):
    found = {"cp": lambda target: copy(source, target),
             "python path": lambda target: python(source, target, "path"),
             "python samples": lambda target: python(source, target, "samples")}
    for team in teams:
        for mode in ("path", "samples"):
            found[f"{team} {mode}"] = lambda target, t=team, m=mode: etl(driver, source, target, t, m)
    return found


def measure(options, folder):
    """Seconds of each way, round by round."""
    driver = os.path.join(options.build, "drivers", "etl")
    source, target = os.path.join(folder, "in"), os.path.join(folder, "out")
    subprocess.run([driver, "--make", str(options.files), "--seconds", str(options.seconds), "--out", target,
                    "--verify=none", "--team=serial", source], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(target)
    found = ways(driver, source, options.team or ["serial", "omp:2", "pool:2"])
    seconds = {name: [] for name in found}
    for _ in range(options.rounds):
        for name, run in found.items():
            one = run(target)
            if one is not None:
                seconds[name].append(one)
            shutil.rmtree(target, ignore_errors=True)
    size = sum(os.path.getsize(os.path.join(source, name)) for name in os.listdir(source))
    return {name: each for name, each in seconds.items() if each}, size


def ratio(above, below):
    """Of two ways in the same rounds."""
    return statistics.median(a / b for a, b in zip(above, below))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--team", action="append")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        seconds, size = measure(options, folder)
    result = {"bytes": size, "rounds": options.rounds, "ways": {}}
    for name, each in seconds.items():
        python_too = seconds.get("python path")
        result["ways"][name] = {"seconds": statistics.median(each), "over_cp": ratio(each, seconds["cp"]),
                                "python_over_this": ratio(python_too, each) if python_too else None}
    if options.json:
        print(json.dumps(result))
        return
    print(f"{options.files} files, {size / 1e6:.0f} MB, {options.rounds} rounds")
    print(f"{'':18} {'seconds':>8} {'of cp':>7} {'faster than Python':>19}")
    for name, way in result["ways"].items():
        faster = f"{way['python_over_this']:.1f} x" if way["python_over_this"] else "-"
        print(f"{name:18} {way['seconds']:8.3f} {way['over_cp']:6.2f}x {faster:>19}")


if __name__ == "__main__":
    main()
