#!/usr/bin/env python3
"""abi.py [--record] LIBRARY SOURCE [CC] - what programs were compiled against is what tests/rules/abi.txt records: exported
symbols, declarations, the layout of structs, values of constants. Structs and constants are read from the debugging
information of an object that includes the public headers. --record writes the record anew. 77: a tool is missing."""
import difflib
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

RECORD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "abi.txt")
TITLE = "# The binary interface, a thing a line; tests/rules/abi.py says what is read, and writes it."
SIZE = re.compile(r"^(?:struct|union) \w+: size (\d+)$")
# The version of the headers is no part of it.
NO_MACRO = re.compile(r"TRINE_(API|VERSION_\w+|\w+_H)$")


def output(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stderr}")
    return done.stdout


class Entry:
    """An entry of the debugging information: a tag, attributes, entries below it."""

    def __init__(self, tag):
        self.tag, self.attributes, self.below = tag, {}, []

    def get(self, attribute):
        return self.attributes.get("DW_AT_" + attribute)

    def number(self, attribute):
        found = re.match(r"-?(0x)?[0-9a-f]+", self.get(attribute) or "")
        return int(found.group(), 0) if found else None


def entries_of(text):
    """Entries by their offset, and those of the first level."""
    entries, path = {}, []
    for line in text.split("\n"):
        head = re.match(r" <(\d+)><([0-9a-f]+)>: Abbrev Number: \d+ \(DW_TAG_(\w+)\)", line)
        attribute = re.match(r"    <[0-9a-f]+> +(DW_AT_\w+) *: (?:\((?:indirect|indexed|alt)[^)]*\): )?(.*)", line)
        if head:
            entry = entries[int(head[2], 16)] = Entry(head[3])
            del path[int(head[1]):]
            if path:
                path[-1].below.append(entry)
            path.append(entry)
        elif attribute and path:
            path[-1].attributes[attribute[1]] = attribute[2].strip()
    return entries, [below for entry in entries.values() if entry.tag == "compile_unit" for below in entry.below]


class Layouts:
    def __init__(self, text):
        self.entries, self.top = entries_of(text)

    def under(self, entry):
        found = re.match(r"<0x([0-9a-f]+)>", entry.get("type") or "")
        return self.entries[int(found[1], 16)] if found else None

    def type_of(self, entry, inner=""):
        """As C writes it, around `inner`."""
        under = self.under(entry)
        if under is None:
            return ("void " + inner).strip()
        if under.tag == "pointer_type":
            target = self.under(under)
            function = target is not None and target.tag == "subroutine_type"
            return self.type_of(under, f"(*{inner})" if function else "*" + inner)
        if under.tag == "const_type":
            target = self.under(under)
            if target is not None and target.tag == "pointer_type":
                return self.type_of(under, ("const " + inner).strip())
            return "const " + self.type_of(under, inner)
        if under.tag == "array_type":
            for bound in under.below:
                last = bound.number("upper_bound")
                inner += f"[{bound.number('count') if last is None else last + 1}]"
            return self.type_of(under, inner)
        if under.tag == "subroutine_type":
            given = [self.type_of(p) for p in under.below if p.tag == "formal_parameter"]
            return self.type_of(under, f"{inner}({', '.join(given) or 'void'})")
        return f"{under.get('name') or under.tag} {inner}".strip()

    def members(self, entry, name, start=0):
        """Each with its offset; those of a nameless struct or union with their own."""
        for member in entry.below:
            if member.tag != "member":
                continue
            offset = start + (member.number("data_member_location") or 0)
            path = ".".join(filter(None, (name, member.get("name"))))
            under = self.under(member)
            if under.tag in ("structure_type", "union_type") and not under.get("name"):
                yield from self.members(under, path, offset)
            else:
                yield offset, self.type_of(member, path)

    def lines(self):
        for entry in self.top:
            name = entry.get("name") or ""
            if not name.startswith("trine_"):
                continue
            if entry.tag == "enumeration_type":
                for constant in entry.below:
                    yield f"enum {name}: {constant.get('name')} = {constant.number('const_value')}"
            elif entry.tag in ("structure_type", "union_type") and not entry.get("declaration"):
                kind = entry.tag.split("_", maxsplit=1)[0].replace("structure", "struct")
                yield f"{kind} {name}: size {entry.number('byte_size')}"
                for offset, member in self.members(entry, ""):
                    yield f"{kind} {name}: at {offset:4}: {member}"
            elif entry.tag == "typedef" and self.type_of(entry) != name:
                yield f"typedef {self.type_of(entry, name)}"


def headers_of(source, with_mpi):
    return sorted(h for h in glob.glob(os.path.join(source, "include/trine/*.h"))
                  if with_mpi or os.path.basename(h) != "mpi.h")


def declarations(headers):
    for header in headers:
        with open(header, encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/|^ *#.*?$", " ", file.read(), flags=re.S | re.M)
        for declaration in re.findall(r"\bTRINE_API\s+([^;]*);", text):
            yield re.sub(r"\s+", " ", declaration).replace("( ", "(").strip()


def read(library, source, cc):
    """Lines of the record. What mpi.h declares is there whether the library was built with MPI or not."""
    headers = headers_of(source, with_mpi=False)
    with tempfile.TemporaryDirectory() as folder:
        text, made = os.path.join(folder, "abi.c"), os.path.join(folder, "abi.o")
        with open(text, "w", encoding="utf-8") as file:
            file.writelines(f"#include <trine/{os.path.basename(h)}>\n" for h in headers)
        options = ["-std=c11", "-I" + os.path.join(source, "include")]
        output(cc, *options, "-gdwarf-4", "-fno-eliminate-unused-debug-types", "-c", text, "-o", made)
        layouts = Layouts(output("readelf", "--debug-dump=info", made))
        macros = re.findall(r"^#define (TRINE_\w+) (\S.*)$", output(cc, *options, "-dM", "-E", text), flags=re.M)
    lines = set(layouts.lines())
    lines.update(f"macro {name} = {value}" for name, value in macros
                 if not NO_MACRO.match(name) and re.match(r"-?\(?[0-9]|U?INT\d+_", value))
    lines.update("function " + d for d in declarations(headers_of(source, with_mpi=True)))
    symbols = set(re.findall(r"^[0-9a-f]+ [A-Z] ([A-Za-z]\w*)", output("nm", "-D", "--defined-only", library), flags=re.M))
    of_mpi = declarations([os.path.join(source, "include/trine/mpi.h")])
    symbols.update(re.search(r"(\w+)\(", declaration)[1] for declaration in of_mpi)
    lines.update("symbol " + s for s in symbols)
    return sorted(lines)


def without_names(declaration):
    """Of a function, since parameters may be renamed."""
    head, _, rest = declaration.partition("(")
    parameters = [re.sub(r"(?<=[ *])\w+(?=(\[\w*\])?$)", "", p) for p in rest.rstrip(")").split(", ")]
    return f"{head}({', '.join(parameters)})"


def subject(line):
    return re.match(r"(\w+ )?[^:(=]*", line)[0]


def breaks(old, new):
    """Which lines of a difference a program that was built before could fail by (docs/stability.md)."""
    gone, come = sorted(set(old) - set(new)), sorted(set(new) - set(old))
    kept = {without_names(line) for line in come if line.startswith("function ")}
    growing = {subject(line) for line in old if line.endswith(": at    0: size_t size")}
    sizes = {subject(line): int(SIZE.search(line)[1]) for line in old if SIZE.search(line)}
    for line in gone:
        renamed = line.startswith("function ") and without_names(line) in kept
        if not renamed and not (SIZE.search(line) and subject(line) in growing):
            yield "- " + line
    for line in come:
        name, at, size = subject(line), re.search(r": at +(\d+): ", line), SIZE.search(line)
        if name in sizes and ((at and not (name in growing and int(at[1]) >= sizes[name])) or
                              (size and int(size[1]) < sizes[name])):
            yield "+ " + line


def main():
    arguments = [a for a in sys.argv[1:] if a != "--record"]
    if not 2 <= len(arguments) <= 3:
        sys.exit(__doc__)
    library, source, cc = (*arguments, "cc")[:3]
    missing = [tool for tool in (cc, "readelf", "nm") if not shutil.which(tool)]
    if missing or sys.maxsize < 2**32:
        print("skipped: " + (f"there is no {missing[0]}" if missing else "the record is of 64 bits"))
        sys.exit(77)
    new = read(library, source, cc)
    kinds = {line.split(" ", maxsplit=1)[0] for line in new}
    if not kinds >= {"enum", "function", "macro", "struct", "symbol", "typedef"}:
        sys.exit(f"not everything was read: {sorted(kinds)}")
    if "--record" in sys.argv:
        with open(RECORD, "w", encoding="utf-8") as file:
            file.write("\n".join([TITLE, *new, ""]))
        return
    with open(RECORD, encoding="utf-8") as file:
        old = [line for line in file.read().split("\n") if line and not line.startswith("#")]
    if old == new:
        print(f"{len(new)} things are as they are recorded")
        return
    print("\n".join(difflib.unified_diff(old, new, "recorded", "this build", n=0, lineterm="")))
    broken = list(breaks(old, new))
    if broken:
        print("\nThis breaks programs that were built before, and needs another SOVERSION (docs/stability.md):")
        print("\n".join(broken))
    else:
        print("\nThis breaks no program that was built before: a minor version (docs/stability.md).")
    print(f"\nWhere it is meant: tests/rules/abi.py --record {library} {source}")
    sys.exit(1)


main()
