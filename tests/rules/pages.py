#!/usr/bin/env python3
"""pages.py SOURCE - documents name what is there: links lead to files and headings, a folder's README has its C files
and no others, and paths and names in docs/words.md and docs/architecture.md are those of the source."""
import os
import re
import sys

os.chdir(sys.argv[1])
PARTS = ("core", "backends", "kernels", "io", "drivers")
WORDS = ("docs/words.md", "docs/architecture.md")
failures = []


def walk():
    """All files, without those of build folders and of hidden ones."""
    for folder, folders, files in os.walk("."):
        folders[:] = [f for f in folders if f[0] != "." and not os.path.exists(os.path.join(folder, f, "CMakeCache.txt"))]
        for name in files:
            yield os.path.normpath(os.path.join(folder, name))


FILES = set(walk())
PAGES = sorted(f for f in FILES if f.endswith(".md"))
SOURCES = sorted(f for f in FILES if f.startswith(tuple(p + "/" for p in PARTS)) and f.endswith((".c", ".h")))


def text_of(page):
    """Without blocks of code."""
    with open(page, encoding="utf-8") as file:
        return re.sub(r"^```.*?^```", "", file.read(), flags=re.S | re.M)


def anchors(page):
    """As GitHub makes them of headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)", text_of(page), flags=re.M)}


def links(page):
    count = 0
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if re.match(r"[a-z]+:", link):
            continue
        count += 1
        path, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if not os.path.exists(target):
            failures.append(f"{page}: {link}: there is no such file")
        elif anchor and (not target.endswith(".md") or anchor not in anchors(target)):
            failures.append(f"{page}: {link}: {target} has no such heading")
    return count


def tables(page):
    """Each row of each table: the header's cells, the row's."""
    header = None
    for line in text_of(page).split("\n"):
        if not line.startswith("|"):
            header = None
            continue
        cells = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", cell).strip(" `") for cell in line.strip("|").split("|")]
        if header is None:
            header = cells
        elif not re.match(r"\|[-:| ]+$", line):
            yield header, cells


def files_named(page):
    """Files that the rows of a README's tables begin with, as paths."""
    folder = os.path.dirname(page)
    group = ""
    for header, cells in tables(page):
        if header[0] == "driver":
            if re.fullmatch(r"\w+", cells[0]):
                yield os.path.join(folder, cells[0] + ".c")
            continue
        column = next((i for i in range(min(2, len(header))) if re.search(r"\bfiles?\b", header[i])), None)
        if column is None:
            continue
        group = (cells[0] or group) if column == 1 and header[0] == "folder" else ""
        inner = group
        for name in re.findall(r"[\w./-]+\.(?:c\b|h\b|\[ch\])", cells[column]):
            if "/" in name:
                inner = os.path.dirname(name)
            for end in "ch" if name.endswith("[ch]") else [""]:
                own = os.path.join(inner, os.path.basename(name).replace("[ch]", end))
                yield own if own.split("/")[0] in PARTS else os.path.join(folder, own)


def readmes():
    """Both ways: what tables name is there, what is there stands in the table of the README that is next above it."""
    named = {page: set(files_named(page)) for page in PAGES
             if page.split("/")[0] in PARTS and os.path.basename(page) == "README.md"}
    for page, files in named.items():
        failures.extend(f"{page}: {file}: there is no such file" for file in sorted(files - FILES))
    for source in SOURCES:
        folder = os.path.dirname(source)
        while folder and folder + "/README.md" not in named:
            folder = os.path.dirname(folder)
        page = folder + "/README.md"
        if source not in named.get(page, ()):
            failures.append(f"{page}: its tables lack {source}")
    return sum(len(files) for files in named.values())


def paths_and_names(page, code):
    """Paths, whole or from some folder on; and what is called trine_ in the code."""
    text = text_of(page)
    paths = set(re.findall(r"(?<![\w./}])(?:\w[\w-]*/)*\w[\w-]*\.(?:c|h|py)\b(?!\w)", text))
    paths |= set(re.findall(r"(?<![\w./-])(?:%s|include)/[\w./-]*[\w/]" % "|".join(PARTS), text))
    for path in sorted(paths):
        program = path.startswith("drivers/") and "/" + os.path.basename(path) + ".c"
        if not os.path.exists(path) and not any(file.endswith("/" + path) or program and file.endswith(program)
                                                for file in FILES):
            failures.append(f"{page}: {path}: there is no such file")
    names = set(re.findall(r"`((?:trine|TRINE)_\w+)", text))
    failures.extend(f"{page}: {name}: the code has no such name" for name in sorted(names - code))
    return len(paths) + len(names)


def main():
    code = set()
    for source in SOURCES + sorted(f for f in FILES if f.startswith("include/")):
        with open(source, encoding="utf-8") as file:
            code.update(re.findall(r"\b(?:trine|TRINE)_\w+", file.read()))
    counts = sum(map(links, PAGES)), readmes(), sum(paths_and_names(page, code) for page in WORDS)
    print("\n".join(failures))
    if not all(counts):
        sys.exit("nothing was looked at: links, files of READMEs, paths: %d, %d, %d" % counts)
    print("%d links, %d files of READMEs, %d paths and names; %d wrong" % (*counts, len(failures)))
    sys.exit(bool(failures))


main()
