#!/usr/bin/env python3
"""journeys.py [--build DIR] [--rounds N] [--shape RxC] [--items N] [--n N] [--only frame|passing] [--json] - what it costs
to bring an array to workers: drivers/frame and drivers/passing on pool:2 beside python_frame.py and
python_passing.py on a Pool(2). Both sides run in turn in each round; seconds are medians of the rounds, ratios are
medians of the rounds' ratios, Python's seconds over trine's. A full run takes about two minutes a round.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = next((p for p in ("/usr/bin/python3", sys.executable) if os.path.exists(p)), "python3")


def run(*command):
    print("running:", " ".join(command), file=sys.stderr)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr or done.stdout}")
    return json.loads(done.stdout)


def by_transport(report):
    for row in report["rows"]:
        if row["verdict"] != "right":
            sys.exit(f"{report['driver']}: {row['transport']} is {row['verdict']}")
    return {row["transport"]: row for row in report["rows"]}


class Table:
    """Rounds of (trine's seconds, Python's seconds) by what was measured."""

    def __init__(self):
        self.what, self.rounds = {}, {}

    def add(self, what, trine, python, target=None):
        """target: ("x", least ratio) or ("s", most seconds)."""
        self.what[what] = target
        self.rounds.setdefault(what, []).append((trine, python))

    def entries(self):
        for what, target in self.what.items():
            pairs = self.rounds[what]
            trine, python = (statistics.median(side) for side in zip(*pairs))
            ratio = statistics.median(p / t for t, p in pairs)
            met = None if target is None else ratio >= target[1] if target[0] == "x" else trine <= target[1]
            yield {"what": what, "trine_seconds": trine, "python_seconds": python, "ratio": ratio,
                   "target": target and f">= {target[1]} x" if target and target[0] == "x" else target and f"<= {target[1]} s",
                   "met": met}

    def text(self):
        lines = [("what", "trine [s]", "Python [s]", "ratio", "target", "met")]
        for e in self.entries():
            met = "" if e["met"] is None else "yes" if e["met"] else "NO"
            lines.append((e["what"], f"{e['trine_seconds']:.6f}", f"{e['python_seconds']:.6f}", f"{e['ratio']:.1f}",
                          e["target"] or "", met))
        widths = [max(len(line[i]) for line in lines) for i in range(6)]
        return "\n".join("  ".join(cell.ljust(w) if i in (0, 4) else cell.rjust(w)
                                   for i, (cell, w) in enumerate(zip(line, widths))).rstrip() for line in lines)


def frame(table, given):
    driver = [os.path.join(given.build, "drivers", "frame"), "--json", "--team=pool:2", f"--shape={given.shape}",
              f"--items={given.items}"]
    worker = by_transport(run(*driver, "--transport=each"))
    item = by_transport(run(*driver, "--transport=pipe", "--transport=cma", "--each=item", "--repeat=1"))
    report = run(PYTHON, f"{HERE}/python_frame.py", f"--shape={given.shape}", f"--items={given.items}")
    python = {name: seconds[0] for name, seconds in report["seconds"].items()}
    again = {name: row["numbers"]["again_seconds"] for name, row in worker.items()}
    whole = {name: row["seconds"] for name, row in worker.items()}
    items = f"{given.items} items"
    table.add(f"frame, {items}: pipe per item, pickled per item", item["pipe"]["seconds"], python["pickled_item"], ("x", 5))
    table.add(f"frame, {items}: cma per item, pickled per item", item["cma"]["seconds"], python["pickled_item"])
    table.add(f"frame, {items}: pipe per worker, pickled per chunk", whole["pipe"], python["pickled_chunk"])
    table.add(f"frame, {items}: cma per worker, pickled per chunk", whole["cma"], python["pickled_chunk"])
    for name, peer in (("inherit", "inherited"), ("shm", "shared_memory"), ("file", "file")):
        table.add(f"frame, {items}, workers have the array: {name}", again[name], python[peer],
                  None if name == "file" else ("s", 0.001))
        table.add(f"frame, {items}, and all that comes before: {name}", whole[name], python[peer] + python["start_" + peer])


def passing(table, given):
    driver = [os.path.join(given.build, "drivers", "passing"), "--json", "--team=pool:2", f"--n={given.n}"]
    trine = {name: row["seconds"] for name, row in by_transport(run(*driver, "--transport=each")).items()}
    copied = by_transport(run(*driver, "--transport=shm", "--place=private"))["shm"]["seconds"]
    report = run(PYTHON, f"{HERE}/python_passing.py", f"--n={given.n}")
    python = {name: seconds[0] for name, seconds in report["sizes"][0]["seconds"].items()}
    for name, peer in (("pipe", "pickled"), ("cma", "pickled"), ("file", "file"), ("inherit", "inherited"),
                       ("shm", "shared_memory")):
        table.add(f"passing {given.n} int64: {name}, {peer.replace('_', ' ')}", trine[name], python[peer])
    table.add(f"passing {given.n} int64: shm of the caller's own, copied", copied, python["copied"])


def memory(given):
    """RSS, PSS and USS in MiB of the first of four workers that inherited the array and read it, then wrote half."""
    driver = os.path.join(given.build, "drivers", "frame")
    rows = by_transport(run(driver, "--json", "--team=pool:4", f"--shape={given.shape}", f"--items={given.items}", "--write=0.5",
                            "--transport=inherit", "--transport=shm", "--transport=pipe", "--repeat=1"))
    report = run(PYTHON, f"{HERE}/python_frame.py", f"--shape={given.shape}", "--only=sequential", "--memory")["memory"]
    found = {}
    for name, row in rows.items():
        for when, label in (("", "read"), ("_written", "written")):
            if f"rss{when}_0" in row["numbers"]:
                found[f"trine {name}, {label}"] = [row["numbers"][f"{kind}{when}_0"] / 2**20 for kind in ("rss", "pss", "uss")]
    for label in ("read", "written"):
        found[f"Python inherited, {label}"] = [report[label][0][kind] / 2**20 for kind in ("rss", "pss", "uss")]
    return found


def main():
    parser = argparse.ArgumentParser(description="Journeys of an array, beside Python's.")
    parser.add_argument("--build", default=os.path.join(HERE, "..", "build"), help="the build folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shape", default="13421773x10", help="of frame's array of f64 (1 GiB)")
    parser.add_argument("--items", type=int, default=32)
    parser.add_argument("--n", type=int, default=10000000, help="elements of passing's array of int64")
    parser.add_argument("--only", choices=("frame", "passing", "memory"), help="one part")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    given.build = os.path.abspath(given.build)
    table, parts = Table(), {"frame": frame, "passing": passing}
    for _ in range(given.rounds):
        for name, part in parts.items():
            if given.only in (None, name):
                part(table, given)
    found = memory(given) if given.only in (None, "memory") else {}
    if given.json:
        print(json.dumps({"rounds": given.rounds, "ratios": list(table.entries()), "memory_mib": found}))
        return
    if table.what:
        print(table.text())
    if found:
        print(f"\n{'memory of one of four workers [MiB]':<36} {'RSS':>9} {'PSS':>9} {'USS':>9}")
        for name, (rss, pss, uss) in found.items():
            print(f"{name:<36} {rss:9.1f} {pss:9.1f} {uss:9.1f}")


if __name__ == "__main__":
    main()
