"""etl.py ETL SOUNDS MPIRUN - what drivers/etl promises: the same bytes from every team, order and way of passing; noise that
a scalar Philox and Box and Muller's formula in Python give too; outputs that are there whole or not at all, however
the run ends; and a text for each file that could not be processed. MPIRUN is empty without MPI."""
import array
import fcntl
import hashlib
import json
import math
import os
import random
import resource
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from processes import marked, until

ETL, SOUNDS, MPIRUN = sys.argv[1:4]
OMP = "omp" in subprocess.run([ETL, "--version"], capture_output=True, text=True).stdout
FILES, SECONDS, RATE = 6, 7, 44100
MARK = "etl-" + str(os.getpid())
MARKED = {**os.environ, "TRINE_TEST_MARK": MARK}
failures = passed = 0
random.seed(5)


def run(*options, **more):
    return subprocess.run([ETL, *options], capture_output=True, text=True, timeout=120, **more)


def check(promise, holds, shown=""):
    global failures, passed
    if holds:
        passed += 1
    else:
        failures += 1
        print(f"FAILED: {promise}\n{shown}")


def outcome(done):
    return f"exit {done.returncode}: {done.stderr}{done.stdout}"


def refused(promise, status, says, *options, **more):
    done = run(*options, **more)
    check(promise, done.returncode == status and says in done.stderr, outcome(done))


def contents(folder):
    """Names and digests of all that is in a folder."""
    return {name: hashlib.sha256(open(os.path.join(folder, name), "rb").read()).hexdigest()
            for name in os.listdir(folder)} if os.path.isdir(folder) else {}


def fresh(name):
    path = os.path.join(top, name)
    shutil.rmtree(path, ignore_errors=True)
    return path


# ---- sound files, read and written without libsndfile ----

def riff(path):
    """(tag, channels, rate, bits, samples) of a WAV file."""
    raw, at, head = open(path, "rb").read(), 12, None
    assert raw[:4] == b"RIFF" and raw[8:12] == b"WAVE" and struct.unpack("<I", raw[4:8])[0] == len(raw) - 8
    while at < len(raw):
        name, size = struct.unpack("<4sI", raw[at:at + 8])
        body = raw[at + 8:at + 8 + size]
        if name == b"fmt ":
            head = struct.unpack("<HHIIHH", body[:16])
        if name == b"data":
            tag, channels, rate, _, _, bits = head
            return tag, channels, rate, bits, samples_of(tag, bits, body)
        at += 8 + size + size % 2


def samples_of(tag, bits, body):
    if tag == 3:
        return array.array("f" if bits == 32 else "d", body)
    if bits == 24:
        return [int.from_bytes(body[i:i + 3], "little", signed=True) for i in range(0, len(body), 3)]
    if bits == 8:
        return [x - 128 for x in body]
    return array.array("h" if bits == 16 else "i", body)


def write_wav(path, samples, channels=1, rate=RATE, tag=1, bits=16):
    body = bytes(samples)
    with open(path, "wb") as file:
        file.write(struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, tag, channels, rate,
                               rate * channels * bits // 8, channels * bits // 8, bits, b"data", len(body)) + body)


# ---- the noise, from the papers ----

def philox(counter, stream, seed):
    c = [counter & 0xffffffff, counter >> 32, stream & 0xffffffff, stream >> 32]
    k = [seed & 0xffffffff, seed >> 32]
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ k[0], q & 0xffffffff, (p >> 32) ^ c[3] ^ k[1], p & 0xffffffff]
        k = [(k[0] + 0x9E3779B9) & 0xffffffff, (k[1] + 0xBB67AE85) & 0xffffffff]
    return c


def normal(i, stream, seed, double):
    c = philox(i // (2 if double else 4), stream, seed)
    if double:
        u, turn = (((c[0] | c[1] << 32) >> 11) + 0.5) / 2**53, (c[2] | c[3] << 32) / 2**64
    else:
        u, turn = ((c[i % 4 & 2] >> 1) + 0.5) / 2**31, c[(i % 4 & 2) + 1] / 2**32
    angle = 2 * math.pi * turn
    return math.sqrt(-2 * math.log(u)) * (math.sin(angle) if i % 2 else math.cos(angle))


def noise_is_right(before, after, tag, bits, stream, sd, seed):
    """Of a few hundred samples."""
    full = 1 if tag == 3 else 2.0 ** (bits - 1)
    double = bits == 64 or (tag == 1 and bits != 16)
    if len(before) != len(after):
        return False
    some = random.sample(range(len(before)), min(300, len(before)))
    for i in sorted({*range(min(4, len(before))), len(before) - 1, *some}):
        known = before[i] + sd * full * normal(i, stream, seed, double)
        if tag == 1:
            known = min(max(known, -full), full - 1)
        if abs(after[i] - known) > (0.5 + 0.02 if tag == 1 and not double else 0.5001 if tag == 1 else 4e-6 * (1 + sd)):
            print(i, before[i], after[i], known)
            return False
    return True


# ---- promises ----

def teams():
    found = ["serial", "pool:2", "pool:3"] + (["omp:2", "omp:5"] if OMP else [])
    if MPIRUN:
        done = run("--team=mpi:2", "--verify=none", "--out", fresh("try"), source)
        if "TRINE_E_ABSENT" in done.stderr:
            print("tasks do not run over MPI here: not tested")
        else:
            found += ["mpi:2"] + (["mpi:2+omp:2"] if OMP else []) + ["mpi:3+pool:2"]
    return found


def same_bytes():
    out = fresh("reference")
    done = run("--team=serial", "--json", "--seed=7", "--out", out, source)
    check("serial runs", done.returncode == 0, outcome(done))
    row, reference = json.loads(done.stdout)["rows"][0], contents(out)
    check("all files are there", sorted(reference) == [f"sine-{i:04}.wav" for i in range(FILES)], reference)
    check("it is verified", row["verdict"] == "right" and row["numbers"]["files"] == FILES, row)
    for team in teams():
        for mode in ("path", "samples"):
            for order in ("ordered", "unordered"):
                out = fresh("out")
                done = run("--team", team, "--mode", mode, "--order", order, "--json", "--seed=7", "--out", out, source)
                check(f"{team} {mode} {order} ends well", done.returncode == 0, outcome(done))
                check(f"{team} {mode} {order} gives the same bytes", contents(out) == reference)
                check(f"{team} {mode} {order} prints the same digest",
                      done.returncode == 0 and json.loads(done.stdout)["rows"][0]["bits"] == row["bits"])
    out = fresh("out")
    done = run("--team=serial", "--mode=each", "--team=pool:2", "--repeat=2", "--chunk=2", "--seed=7", "--sync", "--out", out,
               source)
    check("several rows write the same files", done.returncode == 0 and contents(out) == reference, outcome(done))
    done = run("--team=serial", "--json", "--seed=8", "--out", fresh("out"), source)
    check("another seed gives other noise", json.loads(done.stdout)["rows"][0]["bits"] != row["bits"])
    return reference


def right_noise():
    for i in range(FILES):
        before, after = (riff(os.path.join(folder, f"sine-{i:04}.wav")) for folder in (source, os.path.join(top, "reference")))
        check("format and length stay", before[:4] == after[:4] == (1, 1, RATE, 16) and len(after[4]) == SECONDS * RATE)
        check(f"noise of file {i} is that of Philox, Box and Muller",
              noise_is_right(before[4], after[4], 1, 16, i, 0.01, 7))
        crossings = sum(a < 0 <= b for a, b in zip(before[4], before[4][1:]))
        check(f"sine {i} has its pitch", abs(crossings - SECONDS * (110 + 5 * i)) <= 1, crossings)
    try:
        import numpy
        import scipy.stats
    except ImportError:
        print("no scipy (python3-scipy): the distribution is not tested")
        return
    silent, out = os.path.join(top, "silent"), fresh("out")
    os.makedirs(silent, exist_ok=True)
    write_wav(os.path.join(silent, "a.wav"), array.array("f", [0.0] * 400000), tag=3, bits=32)
    run("--noise=1", "--out", out, silent)
    z = numpy.array(riff(os.path.join(out, "a.wav"))[4], dtype="f8")
    check("the noise is normal", scipy.stats.kstest(z, "norm").pvalue > 1e-4 and
          abs(scipy.stats.kurtosis(z)) < 0.05 and abs(scipy.stats.skew(z)) < 0.03 and 4.3 < abs(z).max() < 6.5)


def formats():
    kinds, out = os.path.join(top, "kinds"), fresh("out")
    os.makedirs(kinds, exist_ok=True)
    tone = array.array("h", (int(30000 * math.sin(i / 9)) for i in range(40002)))
    wide = array.array("f", (0.9 * math.sin(i / 9) for i in range(30000)))
    write_wav(os.path.join(kinds, "a-stereo.wav"), tone, channels=2, rate=48000)
    write_wav(os.path.join(kinds, "b-float.wav"), wide, tag=3, bits=32)
    write_wav(os.path.join(kinds, "c-double.wav"), array.array("d", wide), tag=3, bits=64)
    write_wav(os.path.join(kinds, "d-bytes.wav"), bytes(128 + x // 256 for x in tone), bits=8)
    write_wav(os.path.join(kinds, "e-24.wav"), b"".join((x * 200).to_bytes(3, "little", signed=True) for x in tone), bits=24)
    write_wav(os.path.join(kinds, "f-32.wav"), array.array("i", (x * 65000 for x in tone)), bits=32)
    write_wav(os.path.join(kinds, "g-none.wav"), b"")
    write_wav(os.path.join(kinds, "h-one.wav"), array.array("h", [-32768]))
    written = {}
    for mode in ("path", "samples"):
        done = run("--noise=0.1", "--mode", mode, "--team=pool:2", "--out", out, kinds)
        check(f"all formats are processed and verified, {mode} passed", done.returncode == 0, outcome(done))
        written[mode] = contents(out)
    check("to the same bytes", written["path"] == written["samples"])
    with open(os.path.join(out, "b-float.wav"), "rb") as file:
        check("in which there is no time", b"PEAK" not in file.read())
    for i, name in enumerate(sorted(os.listdir(kinds))):
        before, after = (riff(os.path.join(folder, name)) for folder in (kinds, out))
        check(f"{name} keeps its format", before[:4] == after[:4], after[:4])
        check(f"{name} has its noise", len(before[4]) == len(after[4]) == 0 or
              noise_is_right(before[4], after[4], before[0], before[3], i, 0.1, 0))
    if not shutil.which("sox"):
        print("no sox: FLAC, AIFF, mu-law and Ogg are not tested")
        return
    stereo = os.path.join(kinds, "a-stereo.wav")
    run("--noise=0.1", "--out", fresh("alone"), stereo)
    known = contents(os.path.join(top, "alone"))
    for kind in ("flac", "aiff", "w64", "au"):
        path = os.path.join(top, "a-stereo." + kind)
        subprocess.run(["sox", stereo, path], check=True)
        done = run("--noise=0.1", "--out", fresh("out"), path)
        check(f"{kind} gives what WAV gives", list(contents(out).values()) == list(known.values()), outcome(done))
    for kind in (["-e", "mu-law", os.path.join(top, "lossy.wav")], [os.path.join(top, "lossy.ogg")]):
        subprocess.run(["sox", stereo, *kind], check=True)
        done = run("--noise=0.1", "--out", fresh("out"), kind[-1])
        check(f"{kind[-1]} becomes 16 bits, and is verified",
              done.returncode == 0 and riff(os.path.join(out, os.listdir(out)[0]))[:4] == (1, 2, 48000, 16), outcome(done))


def wide(name, tag, channels, bits, align, valid=None):
    """A WAV file of 24 bits a sample in `align` bytes each, with the head of a WAVE_FORMAT_EXTENSIBLE one if `valid`."""
    samples = [int(2**22 * math.sin(i / 9)) for i in range(10000 * channels)]
    body = b"".join((x << 8 if align == 4 else x).to_bytes(align, "little", signed=True) for x in samples)
    head = struct.pack("<HHIIHH", tag, channels, RATE, RATE * align * channels, align * channels, bits)
    if valid:
        head += struct.pack("<HHIH", 22, valid, 0, 1) + bytes.fromhex("000000001000800000aa00389b71")
    with open(name, "wb") as file:
        file.write(struct.pack("<4sI4s4sI", b"RIFF", 20 + len(head) + len(body), b"WAVE", b"fmt ", len(head)) + head +
                   struct.pack("<4sI", b"data", len(body)) + body)
    return samples


def all_formats():
    """Of libsndfile's; and the same cut in half."""
    folder, halves = os.path.join(top, "all"), os.path.join(top, "halves")
    os.makedirs(folder)
    os.makedirs(halves)
    count = int(subprocess.run([SOUNDS, folder, "7000"], capture_output=True, text=True, check=True).stdout)
    check("libsndfile writes many formats", count > 400 and len(os.listdir(folder)) == count, count)
    sizes = {}
    for mode in ("path", "samples"):
        done = run("--team=pool:2", "--mode", mode, "--out", fresh("out"), folder)
        check(f"every format and number of channels is processed and verified, {mode} passed", done.returncode == 0,
              outcome(done)[:3000])
        sizes[mode] = contents(os.path.join(top, "out"))
    check("to the same bytes, a file each", sizes["path"] == sizes["samples"] and len(sizes["path"]) ==
          len(os.listdir(folder)))
    told = {".wav", ".aiff", ".au", ".w64", ".caf", ".flac", ".oga", ".svx", ".rf64"}
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.endswith("-02" + os.path.splitext(name)[1]) and os.path.splitext(name)[1] in told:
            with open(path, "rb") as whole, open(os.path.join(halves, name), "wb") as half:
                half.write(whole.read(os.path.getsize(path) // 2))
    done = run("--team=pool:2", "--out", fresh("out"), halves)
    check("what is cut in half is named, and not written", done.returncode == 2 and contents(os.path.join(top, "out")) == {} and
          all(done.stderr.count(name + ": ") == 1 for name in os.listdir(halves)),
          str(sorted(contents(os.path.join(top, "out")))) + done.stderr[:3000])


def odd_headers():
    folder, out = os.path.join(top, "odd"), fresh("out")
    os.makedirs(folder)
    path = os.path.join(folder, "x.wav")
    for align, bits, tag, valid in ((4, 32, 0xfffe, 24), (4, 24, 0xfffe, 24), (4, 32, 0xfffe, 20), (3, 24, 0xfffe, 20)):
        for channels in (1, 2, 3, 7):
            samples = wide(path, tag, channels, bits, align, valid)
            done = run("--noise=0.1", "--out", out, path)
            after = riff(os.path.join(out, "x.wav"))
            before = [x << 8 for x in samples] if align == 4 else samples
            check(f"{valid} bits in {bits} of {align} bytes, {channels} channels: right", done.returncode == 0 and
                  after[1:4] == (channels, RATE, align * 8) and
                  noise_is_right(before, after[4], 1, align * 8, 0, 0.1, 0), outcome(done))
    write_wav(path, array.array("h", range(30000)))
    with open(path, "rb") as file:
        whole = file.read()

    def verdict(promise, raw, status, says):
        with open(path, "wb") as file:
            file.write(raw)
        done = run("--out", fresh("out"), path)
        check(promise, done.returncode == status and says in done.stderr and
              len(contents(os.path.join(top, "out"))) == (status == 0), outcome(done))

    def sized(size, tail=b""):
        return whole[:40] + struct.pack("<I", size) + whole[44:] + tail
    for cut in (1, 2, 30000, 59999, 60000):
        verdict(f"{cut} bytes missing are told", whole[:-cut], 2, "is cut off: its header promises 60000 bytes")
    verdict("a length of nothing before sound is told", sized(0), 2, "x.wav: its header says that there is no sound, and 60000")
    for size in (0xffffffff, 0x7ffff000, 0x7fffffff):
        verdict(f"a length of {size:#x} means up to the end", sized(size), 0, "")
    more = b"LIST" + struct.pack("<I", 4) + b"INFO"
    verdict("chunks behind the sound do not matter", sized(60000, more), 0, "")
    verdict("nor does one that is cut", sized(60000, more[:9]), 0, "")
    verdict("no sound and other chunks are a whole file", whole[:40] + struct.pack("<I", 0) + more, 0, "")
    verdict("no sound and the end is a whole file", whole[:40] + struct.pack("<I", 0), 0, "")
    beside = os.path.join(top, "beside")
    os.makedirs(beside)
    for name in ("x.wav", "x.flac", "x.ogg", ".x.wav"):
        with open(os.path.join(beside, name), "wb") as file:
            file.write(whole)
    done = run("--out", fresh("out"), beside)
    check("files of one name and several extensions keep theirs", done.returncode == 0 and
          sorted(os.listdir(os.path.join(top, "out"))) == ["x.flac.wav", "x.ogg.wav", "x.wav"], outcome(done))


def kill_session(child):
    """A run with all that it has started, which write no more then."""
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    check("a killed run is gone", until(lambda: not marked("TRINE_TEST_MARK=" + MARK), 20))


def killed(reference):
    ways = [("serial", "path"), ("pool:2", "path"), ("pool:2", "samples")] + ([("omp:2", "path")] if OMP else [])
    for team, mode in ways:
        out, halves = fresh("out"), 0
        for _ in range(6):
            child = subprocess.Popen([ETL, "--team", team, "--mode", mode, "--verify=none", "--seed=7", "--repeat=50", "--out",
                                      out, source], start_new_session=True, stdout=subprocess.DEVNULL, env=MARKED)
            time.sleep(random.uniform(0.02, 0.25))
            kill_session(child)
            found = contents(out)
            halves += sum(name.startswith(".") for name in found)
            wrong = {name for name in found if not name.startswith(".") and found[name] != reference[name]}
            check(f"{team} {mode} killed: what has its name is whole", not wrong, wrong)
            check("what has not is a temporary", all(name.endswith(".trine-part") for name in found if name.startswith(".")))
        done = run("--team", team, "--mode", mode, "--seed=7", "--out", out, source)
        check(f"{team} {mode}: the next run completes, and cleans", done.returncode == 0 and contents(out) == reference,
              f"{halves} temporaries before; {outcome(done)}{sorted(contents(out))}")


def taken_over(reference):
    out = fresh("out")
    os.makedirs(out)
    part, gone = (os.path.join(out, name) for name in (".sine-0000.wav.trine-part", ".of another list.wav.trine-part"))
    for path in (part, gone):
        with open(path, "wb") as file:
            file.write(b"x" * 1000000)
    with open(part, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        refused("what a living run writes is left alone", 2, "sine-0000.wav: is being written by another run",
                "--seed=7", "--out", out, source)
        found = contents(out)
        check("the others are written", len(found) == FILES and os.path.getsize(part) == 1000000, found)
    done = run("--seed=7", "--out", out, source)
    check("what a killed run left is taken over, or removed", done.returncode == 0 and contents(out) == reference, outcome(done))


def journal(reference):
    out, path = fresh("out"), os.path.join(top, "journal")
    options = ["--team=pool:2", "--seed=7", "--json", "--journal", path, "--out", out]
    some = [os.path.join(source, f"sine-{i:04}.wav") for i in range(FILES)]
    done = run(*options, *some)
    if "TRINE_E_ABSENT" in done.stderr:
        print("no journals here: not tested")
        return
    check("a run with a journal ends well", done.returncode == 0 and contents(out) == reference, outcome(done))
    before = {name: os.stat(os.path.join(out, name)).st_ino for name in reference}
    done = run(*options, *some)
    check("the next one does nothing again", done.returncode == 0 and contents(out) == reference and
          json.loads(done.stdout)["rows"][0]["tasks"]["resumed"] == FILES and
          before == {name: os.stat(os.path.join(out, name)).st_ino for name in reference}, outcome(done))
    os.remove(os.path.join(out, "sine-0003.wav"))
    refused("what the journal says is written must be there", 2, "sine-0003.wav: the journal says", *options, *some)
    for _ in range(4):
        shutil.rmtree(out)
        os.remove(path)
        child = subprocess.Popen([ETL, *options, "--verify=none", *some], start_new_session=True, stdout=subprocess.DEVNULL,
                                 env=MARKED)
        time.sleep(random.uniform(0.01, 0.1))
        kill_session(child)
        done = run(*options, *some)
        check("a killed run with a journal is taken up", done.returncode == 0 and contents(out) == reference, outcome(done))
    refused("a journal holds no samples", 2, "--mode path", "--mode=samples", *options, *some)


def bad_inputs(reference):
    bad, out = os.path.join(top, "bad"), fresh("out")
    shutil.copytree(source, bad)
    with open(os.path.join(bad, "a-text.wav"), "w") as file:
        file.write("this is no sound\n" * 100)
    open(os.path.join(bad, "b-empty.wav"), "w").close()
    with open(os.path.join(source, "sine-0000.wav"), "rb") as whole, open(os.path.join(bad, "c-cut.flac"), "wb") as file:
        file.write(b"fLaC" + whole.read()[4:1000])
    missing = [os.path.join(top, "nowhere"), os.path.join(top, "nofile.wav")]
    run("--team=serial", "--out", out, bad, *missing)
    alone = contents(out)
    for team in ["serial", "pool:2"] + (["omp:2"] if OMP else []):
        for mode in ("path", "samples"):
            done = run("--team", team, "--mode", mode, "--out", out, bad, *missing)
            check(f"{team} {mode}: bad files are named, once", done.returncode == 2 and all(
                done.stderr.count(name) == 1 for name in ("a-text.wav", "b-empty.wav", "c-cut.flac", "nowhere", "nofile.wav")),
                outcome(done))
            check(f"{team} {mode}: the others are written", contents(out) == alone and sorted(alone) == sorted(reference))
    done = run("--json", "--out", out, bad, *missing)
    row = json.loads(done.stdout)["rows"][0]
    check("failures are counted", row["tasks"]["failed"] == 5 and row["numbers"]["failed_files"] == 5 and
          row["numbers"]["files"] == FILES, row)
    if os.geteuid() != 0:
        os.chmod(os.path.join(bad, "sine-0001.wav"), 0)
        refused("a file that may not be read is named", 2, "sine-0001.wav", "--out", out, bad)


def bad_among_good():
    """Threads share descriptors: one that is closed twice is another thread's the second time."""
    many = os.path.join(top, "many")
    os.makedirs(many)
    for i in range(60):
        path = os.path.join(many, f"{i:02}.wav")
        if i % 2:
            write_wav(path, array.array("h", [i] * 1000))
        else:
            with open(path, "w") as file:
                file.write("no sound\n")
    run("--team=serial", "--out", fresh("alone"), many)
    alone = contents(os.path.join(top, "alone"))
    for _ in range(10):
        done = run("--team=omp:5", "--out", fresh("out"), many)
        check("files that fail do no harm to those of other threads", done.returncode == 2 and len(alone) == 30 and
              contents(os.path.join(top, "out")) == alone, outcome(done))


def bad_outputs():
    closed = "/proc"
    if os.geteuid() != 0:
        closed = os.path.join(top, "closed")
        os.makedirs(closed)
        os.chmod(closed, 0o555)
    for mode in ("path", "samples"):
        done = run("--mode", mode, "--out", closed, source)
        check("a folder that cannot be written to fails each file by name", done.returncode == 2 and all(
            done.stderr.count(f"sine-{i:04}.wav") == 1 for i in range(FILES)), outcome(done))
    mixed, out = os.path.join(top, "mixed"), fresh("out")
    shutil.copytree(source, mixed)
    write_wav(os.path.join(mixed, "short.wav"), array.array("h", range(1000)))
    for mode in ("path", "samples"):
        for team in ["serial"] + (["omp:2"] if OMP else []):
            done = run("--team", team, "--mode", mode, "--out", out, mixed,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000)))
            check(f"{team} {mode}: what does not fit fails by name, what fits is written, nothing is left",
                  done.returncode == 2 and list(contents(out)) == ["short.wav"] and
                  all(done.stderr.count(f"sine-{i:04}.wav") == 1 for i in range(FILES)) and "too large" in done.stderr,
                  outcome(done) + str(sorted(contents(out))))
    os.makedirs(os.path.join(out, "sine-0002.wav"))
    refused("a folder in an output's place is not replaced", 2, "sine-0002.wav: is a directory; expected a file", "--out", out, source)


def outputs_of_every_kind(reference):
    """Links, pipes, devices, permissions; none is removed, between repetitions either."""
    for mode in ("path", "samples"):
        out, elsewhere = fresh("out"), fresh("elsewhere")
        os.makedirs(out)
        os.makedirs(elsewhere)
        name = [os.path.join(out, f"sine-{i:04}.wav") for i in range(FILES)]
        os.symlink("../elsewhere/linked.wav", name[0])
        os.symlink("/dev/null", name[1])
        os.mkfifo(name[2])
        with open(name[3], "w") as file:
            file.write("old")
        os.chmod(name[3], 0o640)
        reader = subprocess.Popen(["sh", "-c", "cat '%s' > '%s'; while :; do cat '%s' > /dev/null; done" %
                                   (name[2], os.path.join(elsewhere, "piped.wav"), name[2])], start_new_session=True)
        done = run("--team=pool:2", "--mode", mode, "--seed=7", "--repeat=2", "--out", out, source)
        check(f"{mode}: outputs of every kind are written", done.returncode == 0, outcome(done))
        os.killpg(reader.pid, signal.SIGKILL)
        reader.wait()
        there = contents(elsewhere)
        check("a link's target and a pipe's reader get the file", there.get("linked.wav") == reference["sine-0000.wav"] and
              there.get("piped.wav") == reference["sine-0002.wav"], there)
        check("links, pipes and permissions stay", os.path.islink(name[0]) and os.path.islink(name[1]) and
              stat.S_ISFIFO(os.stat(name[2]).st_mode) and stat.S_ISCHR(os.stat("/dev/null").st_mode) and
              stat.S_IMODE(os.stat(name[3]).st_mode) == 0o640, os.listdir(out))
        check("nothing else is left", sorted(os.listdir(out)) == sorted(reference) and len(there) == 2, os.listdir(out))


def inputs_of_no_kind():
    """Nobody waits for the writer of a pipe."""
    folder, out = os.path.join(top, "strange"), fresh("out")
    os.makedirs(folder)
    pipe, sock, good = (os.path.join(folder, name) for name in ("pipe.wav", "socket.wav", "-x : *'\n\".wav"))
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(sock)
    write_wav(good, array.array("h", range(1000)))
    for mode in ("path", "samples"):
        done = run("--mode", mode, "--out", out, pipe, sock, "/dev/null", good)
        check(f"{mode}: a pipe, a socket and a device are named, the rest is written", done.returncode == 2 and all(
            f"{name}: is not a regular file" in done.stderr for name in (pipe, sock, "/dev/null")) and
            os.listdir(out) == [os.path.basename(good)], outcome(done))
    done = run("--out", out, folder)
    check("in a folder they are passed over", done.returncode == 0, outcome(done))
    refused("a pipe is no folder for outputs", 2, "expected a folder", "--out", pipe, good)
    refused("a pipe is no journal", 2, "no regular file", "--journal", pipe, "--out", out, good)


def full_disk(reference):
    small = os.path.join(top, "small")
    os.makedirs(small)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", small], capture_output=True).returncode:
        print("a small disk cannot be mounted here: a full one is not tested")
        return
    try:
        for team in ["serial", "pool:2"] + (["omp:2"] if OMP else []):
            for mode in ("path", "samples"):
                out = os.path.join(small, "out")
                done = run("--team", team, "--mode", mode, "--seed=7", "--out", out, source)
                found = contents(out)
                full = [line for line in done.stderr.splitlines() if "No space left" in line]
                failed = sum(any(f"sine-{i:04}.wav: " in line for line in full) for i in range(FILES))
                check(f"{team} {mode}: a full disk fails what does not fit, by name, and nothing of it is left",
                      done.returncode == 2 and failed == FILES - len(found) > 0 and
                      all(found[name] == reference[name] for name in found), outcome(done) + str(sorted(found)))
                shutil.rmtree(out)
    finally:
        subprocess.run(["umount", small], check=True)


def refusals():
    out, twice = fresh("out"), os.path.join(top, "twice")
    os.makedirs(twice, exist_ok=True)
    shutil.copy(os.path.join(source, "sine-0000.wav"), os.path.join(twice, "sine-0000.WAV"))
    shutil.copy(os.path.join(source, "sine-0001.wav"), os.path.join(twice, "other.wav"))
    refused("--out is needed", 2, "--out is missing", source)
    refused("files are needed", 2, "no FILE", "--out", out)
    refused("inputs are not replaced", 2, "would replace it", "--out", source, source)
    refused("files are made in one folder", 2, "the folder to make files in", "--make=2", "--out", out, source, twice)
    refused("a folder in no folder is named", 2, "nowhere", "--out", os.path.join(top, "nowhere", "out"), source)
    os.makedirs(os.path.join(top, "nothing"), exist_ok=True)
    refused("a folder without files is named", 2, "nothing: no file in it", "--out", out, os.path.join(top, "nothing"))
    refused("a file is no folder for outputs", 2, "expected a folder", "--out", os.path.join(source, "sine-0000.wav"), twice)
    done = run("--out", out)
    check("a refusal is one line", done.stderr.count("\n") == 1, outcome(done))
    refused("a bad mode is refused", 2, "path, samples", "--mode=both", "--out", out, source)
    check("and nothing is written", contents(out) == {}, contents(out))
    done = run("--team=pool:2", "--out", out, source, twice)
    check("two outputs of one name are not written, and named once", done.returncode == 2 and
          done.stderr.count("would both be written to") == 1, outcome(done))
    check("and the others are written", sorted(contents(out)) == ["other.wav", *(f"sine-{i:04}.wav" for i in range(1, FILES))],
          contents(out))


with tempfile.TemporaryDirectory() as top:
    source = os.path.join(top, "in")
    made = run("--make", str(FILES), "--seconds", str(SECONDS), "--out", fresh("out"), source)
    check("files are made, processed and verified", made.returncode == 0 and "right" in made.stdout, outcome(made))
    known = same_bytes()
    right_noise()
    formats()
    all_formats()
    odd_headers()
    killed(known)
    taken_over(known)
    journal(known)
    bad_inputs(known)
    if OMP:
        bad_among_good()
    bad_outputs()
    outputs_of_every_kind(known)
    inputs_of_no_kind()
    full_disk(known)
    refusals()

print(f"{passed} promises kept, {failures} broken")
sys.exit(failures != 0)
