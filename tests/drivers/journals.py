"""journals.py FOLDER [SEED RUNS] - what drivers make of a --journal that nobody wrote as it is: bits, sizes, numbers and
identities changed, records missing, twice, of another run or another driver, the end cut off or extended; the
checks made right again or not; of both versions of the format. A run is right, or says what is wrong with the file; where a result in it is another
than the item's, the verdict may be that it is wrong. FOLDER has the drivers; SEED, RUNS: others by hand."""
import ctypes
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from promises import check, conclude

PROGRAMS = sys.argv[1]
SEED, RUNS = (int(sys.argv[2]), int(sys.argv[3])) if len(sys.argv) > 3 else (1, 40)
HEADER, HEAD, ITEMS = 144, 32, 12
VERSION1 = os.path.join(os.path.dirname(os.path.abspath(__file__)), "times10_v1.trj")
FIELDS = ("index", "identity", "size")
# A sanitizer's report is no verdict.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":exitcode=99",
                   UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")


def table():
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
        yield byte


TABLE = list(table())


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    return crc ^ 0xffffffff


def xxh3(data, library=[]):
    if not library:
        library.append(ctypes.CDLL("libxxhash.so.0"))
        library[0].XXH3_64bits.restype = ctypes.c_uint64
    return library[0].XXH3_64bits(data, ctypes.c_size_t(len(data)))


def check_of(version, head, result=b""):
    """The last 8 bytes of a header or a record that begins so: of version 1, or of 2."""
    return struct.pack("<II", 0, crc32c(head + bytes(4) + result)) if version == 1 else struct.pack("<Q", xxh3(head + result))


def version_of(header):
    return struct.unpack_from("<I", header, 8)[0]


def header_of(version, data):
    """A header of those first 136 bytes, with its check."""
    return data[:HEADER - 8] + check_of(version, data[:HEADER - 8])


class Record:
    def __init__(self, version, index, identity, size, check, result):
        self.version, self.index, self.identity, self.size, self.check, self.result = (version, index, identity, size, check,
                                                                                       result)

    def copy(self):
        return Record(*vars(self).values())

    def head(self):
        return struct.pack("<QQQ", *(getattr(self, name) % 2**64 for name in FIELDS))

    def mend(self):
        self.check = check_of(self.version, self.head(), self.result)

    def bytes(self):
        return self.head() + self.check + self.result


def read(path):
    data, records = open(path, "rb").read(), []
    at = HEADER
    while at < len(data):
        head = struct.unpack_from("<QQQ8s", data, at)
        records.append(Record(version_of(data), *head, data[at + HEAD:at + HEAD + head[2]]))
        at += HEAD + head[2]
    return data[:HEADER], records


class Case:
    """A driver with a journal that it wrote (or kept, which was written long ago), and one of another run: other items, or
    another driver's."""

    def __init__(self, name, folder, options, others, kept=None):
        self.name, self.options, self.path = name, options, os.path.join(folder, name)
        self.env = dict(ENVIRONMENT)
        self.others, self.valid = self.make(others), self.make(options, kept)
        self.version = version_of(self.valid[0])

    def make(self, options, kept=None):
        if kept:
            return read(kept)
        if os.path.exists(self.path):
            os.remove(self.path)
        done = self.run(options)
        check(done.returncode == 0, self.name, options, done.returncode, done.stderr)
        return read(self.path)

    def run(self, options):
        return subprocess.run([os.path.join(PROGRAMS, options[0]), *options[1:], "--repeat=1", f"--journal={self.path}",
                               "--json"], capture_output=True, text=True, timeout=60, env=self.env, errors="replace")


def sizes(own):
    return [0, 1, own - 1, own + 1, 2 * own, own + 4096, 1 << 16, 1 << 32, (1 << 40) + 1, 2**63 - 1, 2**63, 2**64 - own, 2**64 - 1]


def craft(case, draw):
    """The bytes of a journal, and whether a result in it may be wrong."""
    header, records = case.valid
    records, forged, tail = [record.copy() for record in records], False, b""
    for _ in range(draw.randint(1, 3)):
        record = draw.choice(records)
        kind = draw.choice(("size", "size", "number", "identity", "result", "twice", "others", "order", "header", "tail"))
        if kind == "size":
            size = draw.choice(sizes(len(record.result)))
            record.size = size
            if size < 1 << 17 and draw.random() < 0.8:
                record.result = (record.result + bytes(range(256)) * (size // 256 + 1))[:size]
                forged = True
            record.mend()
        elif kind in ("number", "identity"):
            number = draw.choice([ITEMS, draw.randrange(ITEMS), 1 << 32, 2**63 - 1, 2**63, 2**64 - 1])
            setattr(record, "index" if kind == "number" else "identity", number)
            record.mend()
        elif kind == "result":
            record.result = draw.randbytes(len(record.result))
            record.mend()
            forged = True
        elif kind == "twice":
            again = record.copy()
            if draw.random() < 0.5:
                again.result = draw.randbytes(len(again.result))
                again.mend()
                forged = True
            records.insert(draw.randrange(len(records)), again)
        elif kind == "others":
            records.insert(draw.randrange(len(records)), draw.choice(case.others[1]).copy())
            forged = True
        elif kind == "order":
            draw.shuffle(records)
        elif kind == "header":
            at = 8 * draw.randrange(HEADER // 8 - 1)
            number = draw.choice([0, 1, 7, 1 << 20, 1 << 32, 2**63, 2**64 - 1])
            header = draw.choice([header_of(case.version, header[:at] + struct.pack("<Q", number) + header[at + 8:]), case.others[0]])
        else:
            tail = draw.choice([bytes(draw.randrange(300)), draw.randbytes(draw.randrange(300))])
    data = bytearray(header + b"".join(record.bytes() for record in records) + tail)
    if draw.random() < 0.2:
        del data[draw.randrange(len(data) + 1):]
    if draw.random() < 0.2 and data:
        for _ in range(draw.randint(1, 8)):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return bytes(data), forged


def is_sound(case, data, forged):
    with open(case.path, "wb") as file:
        file.write(data)
    done = case.run(case.options)
    sane = "Sanitizer" not in done.stderr and "runtime error" not in done.stderr
    told = done.returncode != 2 or case.path in done.stderr or "the journal says" in done.stderr
    allowed = done.returncode in (0, 1, 2) and (done.returncode != 1 or forged)
    if not (sane and told and allowed):
        shutil.copy(case.path, case.path + ".bad")
        check(False, case.name, "ended with", done.returncode, done.stderr, "of the journal", data.hex())
        return
    check(True)
    if done.returncode == 0:
        row = json.loads(done.stdout)["rows"][0]
        check(row["verdict"] == "right" and 0 <= row["tasks"]["resumed"] <= row["tasks"]["items"], case.name, row, data.hex())


def cases(folder):
    number = ["times10", f"--n={ITEMS}", "--team=serial"]
    other = ["times10", f"--n={2 * ITEMS}", "--team=serial"]
    made = [Case("map", folder, number, other),
            Case("version1", folder, number, other, VERSION1),
            Case("stream", folder, number + ["--mode=stream"], ["fib", "--n=5", "--team=serial"]),
            Case("pool", folder, ["times10", f"--n={ITEMS}", "--team=pool:2", "--mode=stream"], other),
            Case("fib", folder, ["fib", f"--n={ITEMS}", "--team=serial"], ["fib", f"--n={2 * ITEMS}", "--team=serial"])]
    if os.path.exists(os.path.join(PROGRAMS, "etl")):
        sounds, noisy = os.path.join(folder, "sounds"), os.path.join(folder, "noisy")
        etl = ["etl", sounds, f"--out={noisy}", "--team=serial"]
        subprocess.run([os.path.join(PROGRAMS, "etl"), "--make=3", "--seconds=0.01", *etl[1:]], check=True,
                       capture_output=True, timeout=60)
        made.append(Case("etl", folder, etl, etl + ["--noise=0.1"]))
    return made


def a_crafted_journal_gives_what_is_right_or_is_refused():
    folder, draw = tempfile.mkdtemp(prefix="trine-journals-"), random.Random(SEED)
    try:
        made = cases(folder)
        for i in range(RUNS):
            case = made[i % len(made)]
            is_sound(case, *craft(case, draw))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def a_journal_of_version_1_is_gone_on_with():
    folder = tempfile.mkdtemp(prefix="trine-journals-")
    try:
        path = os.path.join(folder, "journal")
        shutil.copy(VERSION1, path)
        for items, resumed in ((ITEMS, ITEMS), (ITEMS + 5, ITEMS), (ITEMS + 5, ITEMS + 5)):
            done = subprocess.run([os.path.join(PROGRAMS, "times10"), f"--n={items}", "--team=serial", "--repeat=1",
                                   f"--journal={path}", "--json"], capture_output=True, text=True, timeout=60)
            check(done.returncode == 0, items, done.stderr)
            row = json.loads(done.stdout)["rows"][0]
            check(row["verdict"] == "right" and row["tasks"]["resumed"] == resumed, items, row)
            check(version_of(open(path, "rb").read()) == 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def a_result_of_another_size_is_refused():
    """Also the shortest, of no bytes, which has no place in memory."""
    folder = tempfile.mkdtemp(prefix="trine-journals-")
    try:
        for case in cases(folder):
            for size in (0, 1, len(case.valid[1][0].result) - 1):
                header, records = case.valid
                records = [record.copy() for record in records]
                records[0].size, records[0].result = size, records[0].result[:size]
                records[0].mend()
                with open(case.path, "wb") as file:
                    file.write(header + b"".join(record.bytes() for record in records))
                done = case.run(case.options)
                check(done.returncode == 2 and f"has a result of {size} bytes" in done.stderr and case.path in done.stderr,
                      case.name, size, done.returncode, done.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def what_only_measures_takes_no_journal():
    for name in ("bound", "counter", "forktrap", "frame", "passing"):
        done = subprocess.run([os.path.join(PROGRAMS, name), "--journal=j"], capture_output=True, text=True, timeout=60)
        check(done.returncode == 2 and "leave --journal out" in done.stderr, name, done.returncode, done.stderr)


conclude((a_crafted_journal_gives_what_is_right_or_is_refused, a_journal_of_version_1_is_gone_on_with,
          a_result_of_another_size_is_refused, what_only_measures_takes_no_journal))
