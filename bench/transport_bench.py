#!/usr/bin/env python3
#!/usr/bin/env python3
"""transport_bench.py [--build DIR] [--rounds N] [--shape RxC] [--items N] [--n N] [--only frame|passing] [--docs] [--json] - what it costs
to bring an array to workers: drivers/frame and drivers/passing on pool:2 beside python_frame.py and
python_passing.py on a Pool(2). Both sides run in turn in each round; seconds are medians of the rounds, ratios are
medians of the rounds' ratios, Python's seconds over trine's. A full run takes about two minutes a round.
"""
import argparse
import json
import os
import re
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


def shown(given, driver, *options):
    """A driver's command in the build folder and what it prints, as documentation shows them."""
    command = [os.path.join("drivers", driver), *options]
    print("running:", " ".join(command), file=sys.stderr)
    done = subprocess.run(command, capture_output=True, text=True, cwd=given.build)
    if done.returncode:
        sys.exit(f"{driver} ended with {done.returncode}: {done.stderr}")
    return f"$ drivers/{driver} {' '.join(options)}\n{done.stdout}"


def fill(page, blocks):
    """Puts each text into the page's block of that name: a line <!-- NAME --> and fences."""
    with open(page) as file:
        text = file.read()
    for name, block in blocks.items():
        text, found = re.subn(rf"(<!-- {name} -->\n```\n).*?(```\n)", lambda m: m[1] + block.rstrip() + "\n" + m[2], text,
                              flags=re.DOTALL)
        if found != 1:
            sys.exit(f"{page}: {found} blocks named {name}")
    with open(page, "w") as file:
        file.write(text)


def curves_of(text):
    """The command and the curves, without the table between them."""
    return text.splitlines()[0] + "\n" + text[text.index("seconds of one passing"):]


def write_pages(given, tables, found):
    pages = os.path.join(HERE, "..", "docs")
    shape, items = f"--shape={given.shape}", f"--items={given.items}"
    own = [option for option, default in ((shape, "--shape=13421773x10"), (items, "--items=32")) if option != default]
    if tables["frame"].what:
        fill(os.path.join(pages, "frame.md"), {
            "frame": shown(given, "frame", "--team=pool:2", "--transport=each", *own),
            "item": shown(given, "frame", "--team=pool:2", "--transport=pipe", "--each=item", "--repeat=1", *own),
            "write": shown(given, "frame", "--team=pool:4", "--transport=shm", "--transport=inherit", "--transport=pipe",
                           "--write=0.5", "--repeat=1", *own),
            "ratios": tables["frame"].text() + ("\n\n" + memory_text(found) if found else "")})
    if tables["passing"].what:
        fill(os.path.join(pages, "passing.md"), {
            "passing": shown(given, "passing", "--team=pool:2", "--transport=each"),
            "sweep": curves_of(shown(given, "passing", "--team=pool:2", "--transport=each", "--sweep", f"--most={given.most}",
                                     f"--plot={os.path.relpath(os.path.join(pages, 'passing.svg'), given.build)}")),
            "ratios": tables["passing"].text()})


def memory_text(found):
    lines = [f"{'memory of one of four workers [MiB]':<36} {'RSS':>9} {'PSS':>9} {'USS':>9}"]
    lines += [f"{name:<36} {rss:9.1f} {pss:9.1f} {uss:9.1f}" for name, (rss, pss, uss) in found.items()]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description="Transports of an array, beside Python's.")
    parser.add_argument("--build", default=os.path.join(HERE, "..", "build"), help="the build folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shape", default="13421773x10", help="of frame's array of f64 (1 GiB)")
    parser.add_argument("--items", type=int, default=32)
    parser.add_argument("--n", type=int, default=10000000, help="elements of passing's array of int64")
    parser.add_argument("--only", choices=("frame", "passing"), help="one part")
    parser.add_argument("--most", default="1G", help="bytes at the end of the sweep that --docs shows (1G)")
    parser.add_argument("--docs", action="store_true", help="write docs/frame.md, docs/passing.md and docs/passing.svg anew")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    given.build = os.path.abspath(given.build)
    parts, tables = {"frame": frame, "passing": passing}, {"frame": Table(), "passing": Table()}
    for _ in range(given.rounds):
        for name, part in parts.items():
            if given.only in (None, name):
                part(tables[name], given)
    found = memory(given) if given.only in (None, "frame") else {}
    if given.docs:
        write_pages(given, tables, found)
    if given.json:
        ratios = [entry for table in tables.values() for entry in table.entries()]
        print(json.dumps({"rounds": given.rounds, "ratios": ratios, "memory_mib": found}))
        return
    texts = [table.text() for table in tables.values() if table.what] + ([memory_text(found)] if found else [])
    print("\n\n".join(texts))


if __name__ == "__main__":
    main()
