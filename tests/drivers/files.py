"""files.py FOLDER - files that drivers read and write: what is no .npy file is called by its name, make_npy
writes to a pipe, and every writer that cannot write ends with the same exit status: 2 for a file, 3 for standard
output."""
import bz2
import gzip
import io
import lzma
import os
import pickle
import pty
import resource
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import wave
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from promises import check, conclude

folder = os.path.abspath(sys.argv[1])
os.environ.update(OMP_WAIT_POLICY="passive")
here = tempfile.mkdtemp()
TASKS = ["--n=20", "--team=serial", "--repeat=1"]


def path(name):
    return os.path.join(here, name)


def program(driver):
    return os.path.join(folder, driver)


def run(driver, *arguments, **more):
    return subprocess.run([program(driver), *arguments], stdout=more.pop("stdout", subprocess.PIPE),
                          stderr=subprocess.PIPE, text=True, timeout=120, **more)


def npy(descr, shape="(3,)", data=b"\0" * 96, fortran="False"):
    header = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def sound():
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
        file.writeframes(b"\0\0" * 100)
    return made.getvalue()


def archive():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("x.npy", npy("'<f8'"))
    return made.getvalue()


def what_is_no_npy_file_is_called_by_its_name():
    good = npy("'<f8'")
    cases = [("a.npz", archive(), ["a zip archive, as numpy.savez makes (.npz)", "unzip -p", "numpy.load"]),
             ("a.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 500, ["an HDF5 file", "h5py"]),
             ("a.npy.gz", gzip.compress(good), ["compressed by gzip", "gzip -dc"]),
             ("a.npy.bz2", bz2.compress(good), ["compressed by bzip2", "bzip2 -dc"]),
             ("a.npy.xz", lzma.compress(good), ["compressed by xz", "xz -dc"]),
             ("a.csv", b"time,volts\n0.1,2.5\n0.2,2.75\n", ["text", "numpy.loadtxt"]),
             ("short.txt", b"1.5\n", ["text", "numpy.loadtxt"]),
             ("a.wav", sound(), ["a WAV or other RIFF file", "wavfile"]),
             ("a.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(128), ["a MATLAB file", "loadmat"]),
             ("a.pickle", pickle.dumps([1.5, 2.5]), ["a Python pickle", "pickle.load"]),
             ("a.nc", b"CDF\x01" + b"\0" * 60, ["a netCDF file"]),
             ("a.fits", b"SIMPLE  =                    T".ljust(80), ["a FITS file"]),
             ("a.parquet", b"PAR1" + b"\0" * 60, ["a Parquet file"]),
             ("a.out", b"\x7fELF\x02\x01\x01\0\0\0\0\0", ["a program"]),
             ("zeros", b"\0" * 200, ["does not begin with \\x93NUMPY"]),
             ("empty.npy", b"", ["the file is empty"]),
             ("complex.npy", npy("'<c16'"), ["complex128 ('<c16')", "expected b1, f2, f4, f8", "x.real"]),
             ("long.npy", npy("'<f16'"), ["float128 (longdouble) ('<f16')", "expected b1, f2", "x.astype('f8')"]),
             ("times.npy", npy("'<M8[ns]'"), ["datetime64 ('<M8[ns]')", "expected b1, f2", "x.view('i8')"]),
             ("objects.npy", npy("'|O'"), ["Python objects (pickled) ('|O')", "expected b1, f2"]),
             ("fields.npy", npy("[('a', '<f8'), ('b', '<i4')]"), ["a structured dtype", "expected one real number", "x['FIELD']"])]
    for name, bytes_, words in cases:
        with open(path(name), "wb") as file:
            file.write(bytes_)
        with open(path(name), "rb") as file:
            for done, called in ((run("sum", path(name)), name), (run("sum", "-", stdin=file), "standard input")):
                check(done.returncode == 2 and done.stderr.count("\n") == 1 and called in done.stderr and
                      all(word in done.stderr for word in words), name, done.returncode, done.stderr)
        if not name.endswith(".npy") or name == "empty.npy":
            check("no .npy file: " in done.stderr, name, done.stderr)
    done = run("sum", here)
    check(done.returncode == 2 and "is a directory; expected a .npy file" in done.stderr, done.stderr)
    with zipfile.ZipFile(path("a.npz")) as file:
        done = subprocess.run([program("sum"), "-"], input=file.read("x.npy"), capture_output=True, timeout=60)
    check(done.returncode == 0, "a member of an archive is summed from a pipe", done.stderr)


def make_npy_writes_to_a_pipe():
    kept = os.getcwd()
    os.chdir(here)
    made = subprocess.run([program("make_npy"), "--n=1000", "--dtype=i16", "-"], capture_output=True, timeout=60)
    check(made.returncode == 0 and not os.path.exists("-"), "- names no file", made.stderr)
    run("make_npy", "--n=1000", "--dtype=i16", "x.dat")
    with open("x.dat", "rb") as file:
        check(file.read() == made.stdout, "the pipe gets what the file has")
    done = subprocess.run([program("sum"), "--json", "-"], input=made.stdout, capture_output=True, timeout=60)
    check(done.returncode == 0 and b'"n": 1000' in done.stdout, done.stdout, done.stderr)
    run("make_npy", "--n=10", "./-")
    check(os.path.getsize("-") == 128 + 80, "./- is a file")
    os.chdir(kept)
    own, other = pty.openpty()
    done = run("make_npy", "--n=1000", "-", stdout=other)
    check(done.returncode == 2 and "is a terminal; expected a pipe or a file" in done.stderr, done.returncode, done.stderr)
    os.close(own)
    os.close(other)


def make_npy_answers_misuse():
    run("make_npy", "--n=10", path("twice.npy"))
    done = run("make_npy", "--n=20", path("twice.npy"))
    check(done.returncode == 0 and os.path.getsize(path("twice.npy")) == 128 + 160, "what is there is replaced", done.stderr)
    for arguments, words in (([], "Give a FILE, or - for standard output"), ([path("a"), path("b")], "one FILE at a time"),
                             ([here], "is a directory; expected a file"), (["/dev/full"], "No space left"),
                             (["/nowhere/x.npy"], "No such file or directory"), ([path("twice.npy/x")], "Not a directory"),
                             (["--dtype=f16", path("a")], "--dtype 'f16': expected f64"), ([""], "No such file"),
                             (["--team=opm", path("a")], "nearest good spec is 'omp'")):
        done = run("make_npy", "--n=10", *arguments)
        check(done.returncode == 2 and words in done.stderr, "make_npy", arguments, done.returncode, done.stderr)
    done = run("make_npy", "--n=1T", path("much.npy"))
    check(done.returncode == 3 and "TRINE_E_MEMORY" in done.stderr and not os.path.exists(path("much.npy")), done.stderr)


def no_space():
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))


def a_file_that_cannot_be_written_ends_with_2():
    writers = [("make_npy", ["--n=10000"], "", "x.npy"), ("times10", TASKS, "--journal=", "j")]
    if shutil.which("gnuplot"):
        writers += [("times10", TASKS, "--timeline=", "t.svg"), ("times10", [*TASKS, "--sweep"], "--plot=", "p.svg"),
                    ("bound", ["--n=4", "--milliseconds=1", "--sweep"], "--plot=", "p.svg"),
                    ("passing", ["--n=1000", "--team=serial", "--sweep", "--most=4K"], "--plot=", "p.svg")]
    for driver, arguments, option, name in writers:
        done = run(driver, *arguments, option + "/nowhere/" + name)
        check(done.returncode == 2 and "/nowhere/" in done.stderr, driver, option, done.returncode, done.stderr)
        if driver == "bound":
            continue  # its sweep opens pools, which need files that grow
        done = run(driver, *arguments, option + path(name), preexec_fn=no_space)
        check(done.returncode == 2 and "/" + name in done.stderr, driver, option, "no space", done.returncode, done.stderr)
    if os.path.exists(program("etl")):
        done = run("etl", "--team=serial", "--make=2", "--seconds=0.1", path("sounds"), "--out=/nowhere/at/all")
        check(done.returncode == 2 and "--out /nowhere/at/all: No such" in done.stderr, done.returncode, done.stderr)
        done = run("etl", "--team=serial", path("no sounds"), f"--out={path('out')}")
        check(done.returncode == 2 and "no sounds" in done.stderr, done.returncode, done.stderr)


ODD = (":", "-x", "*", " ", "'", '"', "a\nb", "|touch hacked", "`touch hacked`", "$(touch hacked)", "\\", "%s%n", "é", "n" * 255)


def any_name_is_a_name():
    """Of what is written and read again; gnuplot would run a command whose name begins with |."""
    odd, kept = path("odd"), os.getcwd()
    os.mkdir(odd)
    os.chdir(odd)
    for name in ODD:
        for arguments in (("make_npy", "--n=100", "--", name), ("times10", *TASKS, "--journal=" + name)):
            done = run(*arguments)
            check(done.returncode == 0 and os.listdir(odd) == [name], arguments, done.returncode, done.stderr, os.listdir(odd))
            if arguments[0] == "make_npy":
                done = run("sum", "--team=serial", "--repeat=1", "--", name)
                check(done.returncode == 0, "sum", name, done.returncode, done.stderr)
            os.remove(name)
        if shutil.which("gnuplot"):
            done = run("times10", *TASKS, "--timeline=" + name)
            check(done.returncode == 0 and os.listdir(odd) == [name], "timeline", name, done.stderr, os.listdir(odd))
            os.remove(name)
        if name[:1] != "n":
            done = run("sum", "--team=serial", "--", name)
            check(done.returncode == 2 and done.stderr.count("\n") == 1 and done.stderr[:-1].isprintable(), name, done.stderr)
    os.chdir(kept)
    os.rmdir(odd)


def what_is_no_regular_file_stays_and_hangs_nobody():
    """As output and as input: a pipe without its other end, a socket, a device, a folder."""
    unread, sock, null = path("unread"), path("socket"), path("null")
    os.symlink("/dev/null", null)
    os.mkfifo(unread)
    writers = [("make_npy", "--n=100", "{}"), ("times10", *TASKS, "--journal={}")]
    if shutil.which("gnuplot"):
        writers += [("times10", *TASKS, "--timeline={}"), ("times10", *TASKS, "--sweep", "--plot={}")]
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(sock)
        for driver, *arguments in writers:
            journal = "--journal={}" in arguments
            for target in (unread, sock, here, null, "/dev/stdout"):
                with open(path("streamed"), "w") as out:
                    done = run(driver, *(a.format(target) for a in arguments), stdout=out)
                works = target in (null, "/dev/stdout") and not journal
                check(done.returncode == (0 if works else 2) and (works or target in done.stderr), driver, arguments, target,
                      done.returncode, done.stderr)
        for driver in ("sum", "sort", "map", "scan"):
            for source in (sock, here, "/dev/null", "/dev/zero"):
                done = run(driver, "--team=serial", source)
                check(done.returncode == 2 and source in done.stderr, driver, source, done.returncode, done.stderr)
    for name, kind in ((unread, stat.S_ISFIFO), (sock, stat.S_ISSOCK), (null, stat.S_ISLNK), ("/dev/null", stat.S_ISCHR)):
        check(kind(os.lstat(name).st_mode), name, "is what it was")
    if shutil.which("gnuplot"):
        done = run("times10", "--n=20", "--team=serial,pool:2", "--repeat=1", "--timeline", null)
        check(done.returncode == 0 and not os.path.exists(null + "-serial--"), "one stream takes all rows", done.stderr)


def what_never_comes_is_given_up():
    """They were begun before the other tests."""
    for child, words in waiting:
        said = child.communicate(timeout=100)[1]
        check(child.returncode == (3 if "gnuplot" in words else 2) and words in said, child.returncode, said)


def outputs_keep_what_was_there():
    old, link = path("old"), path("link")
    writers = [("make_npy", ["--n=10000"], "")] + [("times10", TASKS, "--timeline=")] * bool(shutil.which("gnuplot"))
    for driver, arguments, option in writers:
        with open(old, "w") as file:
            file.write("mine")
        os.chmod(old, 0o600)
        os.symlink("old", link)
        before = set(os.listdir(here))
        done = run(driver, *arguments, option + link, preexec_fn=no_space)
        with open(old) as file:
            check(done.returncode == 2 and file.read() == "mine", driver, "a failed writing loses nothing", done.stderr)
        done = run(driver, *arguments, option + link, preexec_fn=lambda: os.umask(0))
        check(done.returncode == 0 and os.path.islink(link) and os.path.getsize(old) > 1000 and
              stat.S_IMODE(os.stat(old).st_mode) == 0o600, driver, "a link is followed, permissions kept", done.stderr)
        # Those that wait beside this take away what is theirs.
        left = set(os.listdir(here)) - before
        check(not left, driver, "nothing is left", left)
        os.remove(link)
    done = run("make_npy", "--n=10000", path("limited"), preexec_fn=no_space)
    check(done.returncode == 2 and not os.path.exists(path("limited")), done.stderr)


def closed():
    os.close(1)


def standard_output_that_cannot_be_written_ends_with_3():
    commands = [("sum", ["--n=1000", "--team=serial"]), ("sum", ["--n=1000", "--team=serial", "--json"]),
                ("sum", ["--n=1000", "--team=serial", "--csv"]), ("sum", ["--json", "/nowhere.npy"]), ("sum", ["--help"]),
                ("sum", ["--usage"]), ("sum", ["--version"]), ("make_npy", ["-h"]), ("make_npy", ["--n=100K", "-"]),
                ("times10", TASKS), ("times10", [*TASKS, "--sweep"]), ("passing", ["--n=1000", "--team=serial", "--sweep", "--most=4K"])]
    for driver, arguments in commands:
        with open("/dev/full", "w") as full:
            done = run(driver, *arguments, stdout=full)
        check(done.returncode == 3 and "standard output: " in done.stderr and "No space left" in done.stderr,
              driver, arguments, "/dev/full", done.returncode, done.stderr)
        done = run(driver, *arguments, preexec_fn=closed)
        check(done.returncode == 3 and "Bad file descriptor" in done.stderr, driver, arguments, "closed", done.returncode, done.stderr)
        reader, writer = os.pipe()
        os.close(reader)
        done = run(driver, *arguments, stdout=writer)
        os.close(writer)
        check(done.returncode == 3 and "Broken pipe" in done.stderr, driver, arguments, "pipe", done.returncode, done.stderr)


def what_is_said_to_a_closed_output_lands_in_no_other_file():
    if not os.path.exists(program("etl")):
        return
    run("etl", "--team=serial", "--make=2", "--seconds=0.1", path("said"), f"--out={path('out')}")
    with open(path("said/text.wav"), "w") as file:
        file.write("no sound")
    done = subprocess.run([program("etl"), "--team=serial", path("said"), f"--out={path('out')}", f"--journal={path('kept')}"],
                          stdout=subprocess.DEVNULL, preexec_fn=lambda: os.close(2), timeout=60)
    with open(path("kept"), "rb") as file:
        check(done.returncode == 2 and b"text.wav: " not in file.read(), "the journal has what was said", done.returncode)


def a_drawing_needs_no_locale():
    if not shutil.which("gnuplot"):
        return
    for locale in ("C", "POSIX", "nowhere.UTF-8", "C.UTF-8"):
        done = run("times10", *TASKS, f"--timeline={path('µ.svg')}", env=dict(os.environ, LC_ALL=locale))
        check(done.returncode == 0 and done.stderr == "", locale, done.returncode, done.stderr)
        with open(path("µ.svg"), encoding="utf-8") as file:
            check("times10 on serial: 20 items" in file.read(), locale)


os.mkfifo(path("unwritten"))
os.mkfifo(path("full"))
full = os.open(path("full"), os.O_RDWR)
os.mkdir(path("bin"))
with open(path("bin/gnuplot"), "w") as file:
    file.write("#!/bin/sh\nexec sleep 1000\n")
os.chmod(path("bin/gnuplot"), 0o755)
slow = dict(os.environ, PATH=path("bin") + ":" + os.environ["PATH"])
waiting = [(subprocess.Popen([program(driver), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=slow),
            words)
           for driver, arguments, words in (
               ("sum", ["--team=serial", path("unwritten")], "nobody opened to write within"),
               ("sort", ["--team=serial", path("unwritten")], "nobody opened to write within"),
               ("times10", [*TASKS, "--timeline", path("slow.svg")], "gnuplot did not end within"),
               ("make_npy", ["--n=1M", path("full")], "nobody took the bytes"))]
try:
    conclude((what_is_no_npy_file_is_called_by_its_name, make_npy_writes_to_a_pipe, make_npy_answers_misuse,
                 any_name_is_a_name, what_is_no_regular_file_stays_and_hangs_nobody, outputs_keep_what_was_there,
                 a_file_that_cannot_be_written_ends_with_2, standard_output_that_cannot_be_written_ends_with_3,
                 what_is_said_to_a_closed_output_lands_in_no_other_file, a_drawing_needs_no_locale,
                 what_never_comes_is_given_up))
finally:
    shutil.rmtree(here)
