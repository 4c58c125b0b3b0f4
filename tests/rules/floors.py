#!/usr/bin/env python3
"""floors.py SOURCE BUILD - a folder of the library uses those below it alone: by what its files include, and by the
symbols that its objects in BUILD (with compile_commands.json) take from others'."""
import collections
import json
import os
import re
import subprocess
import sys

SOURCE, BUILD = sys.argv[1:]

# From the ground up. Folders of one line do not use each other.
FLOORS = """
core/system
kernels
core/output core/partition
core/backend
core/transport
core/team
core/input
core/array
core/lines
core/sort
core/reduce
core/map core/scan core/sync
core/stencil core/linalg
core/tasks/local
core/tasks/ranks
core/tasks/queue
backends
io
drivers
""".split("\n")[1:-1]
LEVEL = {folder: level for level, line in enumerate(FLOORS) for folder in line.split()}

# What backends fill in, and core declares: lists of backends, and the BLAS.
FILLED_IN = re.compile(r"trine_(executors|alone_communicator|ranks_communicator|channels|blas_\w+)$")


def folder_of(path):
    """The floor that a file is of, by the longest name that fits; None for others' files."""
    while path:
        path = os.path.dirname(path)
        if path in LEVEL:
            return path
    return None


def allowed(user, used):
    return user == used or LEVEL[used] < LEVEL[user]


def sources():
    for top in ("kernels", "core", "backends", "io"):
        for folder, _, files in os.walk(os.path.join(SOURCE, top)):
            for name in files:
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), SOURCE)


def by_includes():
    for path in sources():
        with open(os.path.join(SOURCE, path)) as text:
            for line in text:
                included = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                used = included and folder_of(included[1])
                if folder_of(path) is None:
                    yield f"{path} stands on no floor"
                    break
                if used and not allowed(folder_of(path), used):
                    yield f"{path} includes {included[1]}"


def objects():
    with open(os.path.join(BUILD, "compile_commands.json")) as commands:
        for entry in json.load(commands):
            path = os.path.relpath(os.path.realpath(entry["file"]), os.path.realpath(SOURCE))
            output = re.search(r" -o (\S+\.o)\b", entry.get("command", ""))
            if output and path.split("/")[0] in ("kernels", "core", "backends", "io"):
                name = os.path.join(entry["directory"], output[1])
                if os.path.exists(name) and not path.startswith("kernels") and "/trine_objects.dir/" in name:
                    yield path, name


def by_symbols():
    defined, wanted = {}, collections.defaultdict(set)
    found = list(objects())
    if not found:
        yield f"no objects of the library in {BUILD}"
    for path, name in found:
        for line in subprocess.run(["nm", "-g", name], capture_output=True, text=True, check=True).stdout.splitlines():
            *_, kind, symbol = line.split()
            if kind == "U":
                wanted[path].add(symbol)
            else:
                defined[symbol] = path
    for path in sorted(wanted):
        for symbol in sorted(wanted[path]):
            used = defined.get(symbol)
            if used and not FILLED_IN.match(symbol) and not allowed(folder_of(path), folder_of(used)):
                yield f"{path} uses {symbol} of {used}"


against = [*by_includes(), *by_symbols()]
for line in against:
    print("FAILED:", line)
sys.exit(bool(against))
