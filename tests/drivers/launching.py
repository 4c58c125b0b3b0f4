"""launching.py FOLDER SQUARES MPIRUN - what drivers promise that start their ranks themselves: rows that nothing
printed can spoil, arguments that mpirun does not read, ends in bounded time, nothing left, and the rows of other teams
when one fails. FOLDER has the drivers."""
import contextlib
import csv
import ctypes
import fcntl
import io
import json
import os
import pty
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import termios
import time
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from processes import kill_all, marked, until
from promises import check, conclude

FOLDER, SQUARES, MPIRUN = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
SUM, MAKE_NPY, ETL = (os.path.join(FOLDER, name) for name in ("sum", "make_npy", "etl"))
for name in ("TRINE_TEAM", "TRINE_MPIRUN"):
    os.environ.pop(name, None)
VERSION = subprocess.run([SUM, "--version"], capture_output=True, text=True).stdout
OPENMPI = "Open MPI" in VERSION
ROOT = os.geteuid() == 0
ODD = [":", "-x", "*", "a b", "it's \"quoted\"", "two\nlines", "$(touch evil)", "\u00fc %s", "--", "\udcff\udc80"]
top = tempfile.mkdtemp(prefix="trine-launch-")


def run(*command, own=None, **more):
    """own: text of a script that is mpirun; $MPIRUN is the real one there."""
    environment = dict(more.pop("env", os.environ))
    if own:
        environment["TRINE_MPIRUN"] = script(own)
    more.setdefault("timeout", 120)
    return subprocess.run(command, capture_output=True, text=True, env=environment, **more)


def script(text, kind="sh"):
    handle, path = tempfile.mkstemp(dir=top, prefix="mpirun-")
    with os.fdopen(handle, "w") as file:
        file.write(f"#!/bin/sh\nMPIRUN='{MPIRUN}'\n{text}\n" if kind == "sh" else f"#!{sys.executable}\n{text}\n")
    os.chmod(path, stat.S_IRWXU | stat.S_IROTH | stat.S_IXOTH | stat.S_IRGRP | stat.S_IXGRP)
    return path


def rows(done, *about):
    check(done.returncode == 0, *about, "ended with", done.returncode, done.stderr, done.stdout[-300:])
    return json.loads(done.stdout)["rows"] if done.returncode == 0 else []


SMALL = ["--n=1000", "--repeat=1"]


def what_is_printed_is_not_taken_for_rows():
    right = rows(run(SUM, "--json", "--team=serial", *SMALL))[0]["bits"]
    junk = 'printf "{\\"rows\\": []}\\njunk without an end"; $MPIRUN "$@"; status=$?; echo more; exit $status'
    done = run(SUM, "--json", "--team=mpi:2", *SMALL, own=junk)
    check([row["bits"] for row in rows(done)] == [right], done.stdout)
    check("junk without an end" in done.stderr and "more" in done.stderr, "what mpirun prints is on stderr:", done.stderr)
    table = run(SUM, "--team=mpi:2", *SMALL, own=junk).stdout
    check("junk" not in table and right in table, table)


def closed_descriptors_change_nothing():
    right = rows(run(SUM, "--json", "--team=serial", *SMALL))[0]["bits"]
    for closed in ("<&-", "2>&-", "<&- 2>&-", "</dev/full"):
        done = run("sh", "-c", f'exec "$@" {closed}', "sh", SUM, "--json", "--team=mpi:2", *SMALL)
        check([row["bits"] for row in rows(done, closed)] == [right], closed)
    process = subprocess.Popen(["sh", "-c", 'exec "$@" <&- 2>&-', "sh", SQUARES, "--n=1000", "--micros=5000", "--team=serial"],
                               stdout=subprocess.DEVNULL)

    def behind(descriptor):
        try:
            return os.readlink(f"/proc/{process.pid}/fd/{descriptor}")
        except FileNotFoundError:
            return "closed"

    def taken():
        return [behind(0), behind(2)]
    check(until(lambda: taken() == ["/dev/null"] * 2, 20), "what is opened takes the place of a closed descriptor:", taken())
    process.kill()
    process.wait()
    done = run("sh", "-c", 'exec "$@" >&-', "sh", SUM, "--team=mpi:2", *SMALL)
    check(done.returncode == 3 and "writing" in done.stderr, done.returncode, done.stderr)


def at_a_terminal(own=None):
    own_end, other = pty.openpty()
    environment = dict(os.environ, TERM="xterm", **({"TRINE_MPIRUN": script(own)} if own else {}))
    process = subprocess.Popen([SUM, "--team=mpi:2", "--json", "--n=100000"], stdin=other, stderr=other,
                               stdout=subprocess.PIPE, env=environment, start_new_session=True)
    os.close(other)
    said = b""
    while True:
        try:
            part = os.read(own_end, 4096)
        except OSError:
            break
        if not part:
            break
        said += part
    os.close(own_end)
    return process.communicate(timeout=60)[0].decode(), process.returncode, said.decode()


def progress_of_ranks_shows_at_a_terminal():
    for own in (None, "echo junk; exec $MPIRUN \"$@\""):
        printed, status, said = at_a_terminal(own)
        check(status == 0 and json.loads(printed)["rows"][0]["verdict"] == "right", status, printed[-300:])
        check("exact on mpi:2" in said, "the ranks' progress is not shown:", repr(said))


def take_terminal():
    """Standard error, as that of a session of its own, which stops what prints in the background (stty tostop)."""
    fcntl.ioctl(2, termios.TIOCSCTTY, 0)
    settings = termios.tcgetattr(2)
    settings[3] |= termios.TOSTOP
    termios.tcsetattr(2, termios.TCSANOW, settings)


def a_terminal_does_not_stop_the_ranks():
    own_end, other = pty.openpty()
    process = subprocess.Popen([SUM, "--team=mpi:2", "--json", *SMALL], stdin=other, stderr=other, stdout=subprocess.PIPE,
                               env=dict(os.environ, TRINE_MPIRUN=script("echo junk; exec $MPIRUN \"$@\"")),
                               start_new_session=True, preexec_fn=take_terminal)
    os.close(other)
    try:
        process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.communicate()
    os.close(own_end)
    check(process.returncode == 0, "ended with", process.returncode)


def a_shell_of_slurm_is_no_launch():
    # Open MPI 5 leaves files of a process that starts MPI without a launcher.
    shell = dict(os.environ, SLURM_STEP_NUM_TASKS="1", TMPDIR=top, OMPI_MCA_btl_sm_backing_directory=top)
    found = rows(run(SUM, "--json", "--team=mpi:2", *SMALL, env=shell))
    check([row["ranks"] for row in found] == [2], "srun --pty bash:", found)
    for name, tasks in (("PMI_RANK", "1"), ("PMIX_RANK", "1"), ("PMI_RANK", "2"), ("NOTHING", "2")):
        done = run(SUM, "--team=mpi:2", *SMALL, env=dict(shell, SLURM_STEP_NUM_TASKS=tasks, **{name: "0"}),
                   own="echo here >&2; exit 7")
        check(done.returncode and "here" not in done.stderr, name, tasks, "is a launch:", done.stderr)


def files_of_any_name_are_the_ranks_alone():
    folder = os.path.join(top, "odd")
    os.mkdir(folder)
    for i, name in enumerate(ODD):
        made = run(MAKE_NPY, f"--n={1000 + i}", "--", os.path.join(folder, name))
        check(made.returncode == 0, repr(name), made.stderr)
    for name in ODD:
        one, ranks = (rows(run(SUM, "--json", f"--team={team}", "--", name, cwd=folder), repr(name))
                      for team in ("serial", "mpi:2"))
        check([row["bits"] for row in one] == [row["bits"] for row in ranks], "another sum of", repr(name))
    with open(os.path.join(folder, "evil.sh"), "w") as file:
        file.write("#!/bin/sh\ntouch evil\n")
    os.chmod(os.path.join(folder, "evil.sh"), 0o755)
    words = [":", "-n", "1", "./evil.sh", *ODD, ""]
    row = rows(run(SQUARES, "--json", "--n=3", "--team=mpi:2", "--", *words, cwd=folder))
    check([r["numbers"]["files"] for r in row] == [len(words)], row)
    check(not os.path.exists(os.path.join(folder, "evil")), "a FILE was run")


def a_driver_of_any_path_starts_its_ranks_in_any_folder():
    for i, name in enumerate((":", "-x", "a b:c\n'\"*", "\udcff $(touch evil)")):
        folder = os.path.join(top, f"path{i}", name)
        os.makedirs(folder)
        copied = shutil.copy(SUM, os.path.join(folder, name))
        environment = dict(os.environ, ODD=f"{name}\n;x=1", PWD=folder)
        found = rows(run(copied, "--json", "--team=mpi:2", *SMALL, cwd=folder, env=environment), repr(name))
        check([row["verdict"] for row in found] == ["right"], repr(name), found)
        check(os.listdir(folder) == [name], repr(name), os.listdir(folder))


def long_lists_of_files_reach_the_ranks():
    names = ["x" * 200 + str(i) for i in range(8000)]
    found = rows(run(SQUARES, "--json", "--n=3", "--team=mpi:2", "--", *names))
    check([row["numbers"]["files"] for row in found] == [len(names)], found)


def the_script_for_slurm_keeps_arguments_from_launchers():
    """Launchers that show their words, and run those behind their own options."""
    folder = os.path.join(top, "launchers")
    os.mkdir(folder)
    for name, own in (("srun", 1), ("mpirun", 2)):
        shown = script(f'for word; do [ "$word" != : ] || echo "its own" >&2; done\nshift {own}\nexec $MPIRUN -n 2 "$@"')
        os.rename(shown, os.path.join(folder, name))
    sbatch = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "slurm", "sum.sbatch")
    files = os.path.join(top, "slurm")
    os.mkdir(files)
    for name in (":", "-x", "it's \"two\"\nlines *"):
        check(run(MAKE_NPY, "--n=1000", "--", os.path.join(files, name)).returncode == 0, repr(name))
        for launcher in ("srun", "mpirun"):
            environment = dict(os.environ, PATH=folder + ":" + os.environ["PATH"], SUM=SUM, LAUNCH=launcher, SLURM_NTASKS="2")
            done = run("bash", sbatch, "--json", "--", name, cwd=files, env=environment)
            check([row["ranks"] for row in rows(done, launcher, repr(name))] == [2], launcher, repr(name), done.stderr)
            check("its own" not in done.stderr, launcher, "takes", repr(name), "for its own")


def sound_files_of_any_name_are_the_ranks_alone():
    if not os.path.exists(ETL):
        return
    folder = os.path.join(top, "sound")
    os.mkdir(folder)
    names = [":", "-n", "1", "evil.sh", "a b.wav", "two\nlines.wav"]
    for name in names:
        with wave.open(os.path.join(folder, name), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(8000))
    with open(os.path.join(folder, "evil"), "w") as file:
        file.write("#!/bin/sh\ntouch done\n")
    os.chmod(os.path.join(folder, "evil"), 0o755)
    made = run(ETL, "--team=mpi:2", "--out=made", "--json", "--", *names, cwd=folder)
    check([row["tasks"]["items"] for row in rows(made)] == [len(names)], made.stdout[-300:])
    made = run(ETL, "--team=mpi:2", "--out=two", "--", ":", "./evil", cwd=folder)
    check(made.returncode == 3 or made.returncode == 2, "a script is no sound file", made.returncode, made.stderr)
    check(not os.path.exists(os.path.join(folder, "done")), "a FILE was run")


def one_failing_team_loses_its_row_only():
    teams = ["--team=serial", "--team=mpi:2", "--team=pool:2"]
    done = run(SUM, *teams, *SMALL, own="echo broken; exit 7")
    lines = [line for line in done.stdout.splitlines() if line.endswith(" right")]
    check(done.returncode == 3 and [line.split()[0] for line in lines] == ["serial", "pool:2"], done.returncode, done.stdout)
    check("mpi:2 FAILED: " in done.stdout and "ended with status 7" in done.stdout, done.stdout)
    done = run(SUM, "--json", *teams, *SMALL, own="exit 7")
    found = json.loads(done.stdout)
    check(done.returncode == 3 and [row["team"] for row in found["rows"]] == ["serial", "pool:2"], done.stdout)
    check([(e["team"], e["status"], e["exit_status"], "status 7" in e["message"]) for e in found["errors"]]
          == [("mpi:2", "TRINE_E_LAUNCH", 3, True)], found["errors"])
    done = run(SUM, "--csv", *teams, *SMALL, own="exit 7")
    table = list(csv.DictReader(io.StringIO(done.stdout)))
    check(done.returncode == 3 and [(r["team"], r["status"]) for r in table]
          == [("serial", "TRINE_OK"), ("pool:2", "TRINE_OK"), ("mpi:2", "TRINE_E_LAUNCH")], done.stdout)
    check("status 7" in table[-1]["note"] and None not in table[-1].values() and None not in table[-1], table[-1])
    done = run(SUM, "--json", "--team=mpi:2+pool:0", "--team=opm", "--team=mpi:2", *SMALL)
    found = json.loads(done.stdout)
    check(done.returncode == 2 and [row["team"] for row in found["rows"]] == ["mpi:2"], done.returncode, done.stdout)
    check([(e["team"], e["status"], e["exit_status"]) for e in found["errors"]]
          == [("mpi:2+pool:0", "TRINE_E_SPEC", 2), ("opm", "TRINE_E_SPEC", 2)], found["errors"])
    check(done.stderr.count("mpi:2+pool:0") == 1 and "exited" not in done.stderr, "mpirun complains too:", done.stderr)
    done = run(SUM, "--team=opm", "--team=mpi:2", *SMALL, own="exit 7")
    check(done.returncode == 3 and done.stdout == "", "the worst status of 2 and 3", done.returncode, done.stdout)
    done = run(SUM, *teams, "nowhere.npy")
    check(done.returncode == 2 and done.stderr.count("nowhere.npy") == 1, "a bad file ends at the first team", done.stderr)
    check(rows(run(SUM, "--json", *teams, *SMALL)) and json.loads(run(SUM, "--json", *SMALL).stdout)["errors"] == [],
          "errors of a good run")


# A launcher that starts nothing and speaks to the driver itself; %s: what it does with the connection.
SPEAKER = """import os, socket, struct, sys
address = sys.argv[-1].partition("=")[2]
assert address[0] == "u"
def greet(token=bytes(16), rank=0):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(b"\\0trine-" + address[1:33].encode())
    s.sendall(b"trine 1\\0" + token + struct.pack(">I", rank))
    return s
def arguments(s):
    need, got = struct.unpack(">Q", s.recv(8, socket.MSG_WAITALL))[0], b""
    while len(got) < need:
        part = s.recv(need - len(got))
        assert part
        got += part
    return got.split(b"\\0")[:-1]
%s
"""


def rows_that_are_cut_are_noticed():
    for what, says in (("s = greet(); arguments(s); s.sendall(struct.pack('>Q', 1000) + b'{\"rows\": [')", "before it sent its rows"),
                       ("s = greet(); arguments(s); s.sendall(struct.pack('>Q', 2) + b'{}')", "before it sent its rows"),
                       ("s = greet(); arguments(s); s.sendall(struct.pack('>Q', 1 << 63))", "before it sent its rows"),
                       ("s = greet(rank=1); arguments(s)", "before it sent its rows"),
                       ("s = socket.socket(socket.AF_UNIX); s.connect(b'\\0trine-' + address[1:33].encode()); s.sendall(b'trine')",
                        "started no rank"),
                       ("", "started no rank")):
        done = run(SUM, "--team=mpi:2", *SMALL, env=dict(os.environ, TRINE_MPIRUN=script(SPEAKER % what, "python")))
        check(done.returncode == 3 and says in done.stderr, what, done.returncode, done.stderr)


def arguments_are_for_this_user_alone():
    words = "s = greet(); print(arguments(s), file=sys.stderr)"
    done = run(SUM, "--team=mpi:2", *SMALL, env=dict(os.environ, TRINE_MPIRUN=script(SPEAKER % words, "python")))
    check("--n=1000" in done.stderr, done.stderr)
    tcp = """port = address.partition('p')[2][:4]
said = b'' if port else b'no TCP'
try:
    s = socket.create_connection(('localhost', int(port, 16)), 20)
    s.sendall(b'trine 1\\0' + bytes(16) + bytes(4))
    said = s.recv(8)
except (ConnectionError, ValueError):
    pass
print('said', said, file=sys.stderr)"""
    done = run(SUM, "--team=mpi:2", *SMALL, env=dict(os.environ, TRINE_MPIRUN=script(SPEAKER % tcp, "python")))
    check("said b''" in done.stderr or "said b'no TCP'" in done.stderr, "who has no token is answered:", done.stderr)
    # From this host, with the token that other users can read in the command line of mpirun.
    known = """at = address.partition('p')[2][:4]
said = b'' if at else b'no TCP'
for host in (['127.0.0.1', '127.0.0.2', '::1'] if at else []):
    try:
        s = socket.create_connection((host, int(at, 16)), 20)
        s.sendall(b'trine 1\\0' + bytes.fromhex(address.partition('t')[2][:32]) + bytes(4))
        said += s.recv(8)
    except OSError:
        pass
print('said', said, file=sys.stderr)"""
    done = run(SUM, "--team=mpi:2", *SMALL, env=dict(os.environ, TRINE_MPIRUN=script(SPEAKER % known, "python")))
    check("said b''" in done.stderr or "said b'no TCP'" in done.stderr, "TCP from this host is answered:", done.stderr)
    if not ROOT:
        return
    other = "os.setuid(65534)\n" + words
    done = run(SUM, "--team=mpi:2", *SMALL, env=dict(os.environ, TRINE_MPIRUN=script(SPEAKER % other, "python")))
    check(done.returncode == 3 and "--n=1000" not in done.stderr, "another user is answered:", done.stderr)


def a_rank_without_its_driver_says_so():
    for address in ("u" + "0" * 32, "", "x", "u0", "u" + "0" * 32 + "t"):
        done = run(SUM, f"--child={address}", timeout=30)
        check(done.returncode == 3 and "driver" in done.stderr and done.stdout == "", address, done.returncode, done.stderr)
    done = run(SUM, "--child=u" + "0" * 32, "--n=5")
    check(done.returncode == 2 and "unrecognized option" in done.stderr, "--child among others", done.stderr)


def a_rank_waits_for_no_address_that_leads_nowhere():
    """A full queue answers no more than a host that is not there does."""
    silent, good = socket.socket(), socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(0)
    good.bind(("127.0.0.2", silent.getsockname()[1]))
    good.listen(5)
    good.settimeout(30)
    waiting = []
    for _ in range(4):
        waiting.append(socket.socket())
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(silent.getsockname())
    mapped = "".join("a" + (bytes(10) + b"\xff\xff" + socket.inet_aton(host)).hex() for host in ("127.0.0.1", "127.0.0.2"))
    address = "u" + os.urandom(16).hex() + "t" + "0" * 32 + f"p{silent.getsockname()[1]:04x}" + mapped
    began = time.time()
    process = subprocess.Popen([SUM, f"--child={address}"], stderr=subprocess.PIPE, text=True)
    try:
        driver = good.accept()[0]
        check(3 < time.time() - began < 15, "the next address is tried after", time.time() - began, "s")
        driver.sendall((2 << 30).to_bytes(8, "big"))
        said = process.communicate(timeout=10)[1]
        check(process.returncode == 3 and "too long" in said, "2 GiB of arguments are waited for:", process.returncode, said)
    except (socket.timeout, subprocess.TimeoutExpired) as late:
        check(False, late)
        process.kill()
        process.communicate()
    for one in (silent, good, *waiting):
        one.close()


def a_command_of_any_words_is_run_or_refused():
    started = script("echo here >&2; exit 7")
    for words, says in ((f"{started} " + "x" * 4096, "TRINE_MPIRUN has"), (f"{started} " + "x " * 300, "252 words")):
        done = run(SUM, "--team=mpi:2", *SMALL, env=dict(os.environ, TRINE_MPIRUN=words))
        check(done.returncode == 2 and says in done.stderr and "here" not in done.stderr, done.returncode, done.stderr)
    shown = script('echo "words: $1|$2|$3" >&2; exit 7')
    done = run(SUM, "--team=mpi:2", *SMALL, env=dict(os.environ, TRINE_MPIRUN=f"\t{shown}\ta\n b\n"))
    check("words: a|b|-n" in done.stderr, done.stderr)
    row = rows(run(SUM, "--json", "--team=mpi:2", *SMALL, env=dict(os.environ, TRINE_MPIRUN=" \t\n")), "only blanks")
    check([one["verdict"] for one in row] == ["right"], row)


def a_driver_without_proc_knows_its_path():
    with open(SUM, "rb") as file:
        # A sanitizer reads its options and looks for leaks through /proc.
        sanitized = b"__asan_init" in file.read()
    if sanitized or not namespace("--mount"):
        return
    hide = ["unshare", "--mount", "bash", "-c", 'mount -t tmpfs none /proc && PATH=$1:$PATH && shift && exec "$@"', "bash", FOLDER]
    environment = dict(os.environ, TRINE_MPIRUN=script('echo "program: $3" >&2; exit 7'))
    done = run(*hide, SUM, "--team=mpi:2", *SMALL, env=environment)
    check(f"program: {os.path.realpath(SUM)}\n" in done.stderr, done.stderr)
    done = run(*hide, "sum", "--team=mpi:2", *SMALL, env=environment)
    check(done.returncode == 3 and "/proc/self/exe" in done.stderr and "program:" not in done.stderr, done.returncode, done.stderr)


def an_mpirun_that_ignores_signals_is_killed():
    for what in (signal.SIGTERM, signal.SIGINT):
        word = "TEST_RUN=" + os.urandom(8).hex()
        environment = dict(os.environ, TEST_RUN=word[9:], TRINE_MPIRUN=script(
            "trap '' TERM INT HUP\nsetsid sleep 1000 &\nsleep 1000 &\ntouch \"$0.up\"\nwhile :; do sleep 1; done"))
        began = time.time()
        process = subprocess.Popen([SUM, "--team=mpi:2", *SMALL], env=environment, stderr=subprocess.PIPE, text=True)
        check(until(lambda: os.path.exists(environment["TRINE_MPIRUN"] + ".up"), 20), "the script was not started")
        process.send_signal(what)
        try:
            said = process.communicate(timeout=40)[1]
        except subprocess.TimeoutExpired:
            kill_all(word)
            said = process.communicate()[1]
        check(process.returncode == -what and time.time() - began < 40, process.returncode, time.time() - began, "s")
        check("was killed" in said, said)
        check(until(lambda: not marked(word), 3), "still there:", marked(word))
        kill_all(word)


def a_launch_takes_no_longer_than_it_may():
    word = "TEST_RUN=" + os.urandom(8).hex()
    environment = dict(os.environ, TEST_RUN=word[9:], TRINE_LAUNCH_SECONDS="3")
    began = time.time()
    done = run(SQUARES, "--n=40000", "--micros=2000", "--team=mpi:2", env=environment)
    check(done.returncode == 3 and "TRINE_LAUNCH_SECONDS" in done.stderr and "2 ranks came up" in done.stderr, done.returncode,
          done.stderr)
    check(time.time() - began < 30, "took", time.time() - began, "s")
    environment["TRINE_MPIRUN"] = script("trap '' TERM; while :; do sleep 1; done")
    try:
        done = run(SQUARES, "--team=mpi:2", env=environment, timeout=60)
        check(done.returncode == 3 and "was killed" in done.stderr, done.returncode, done.stderr)
        check(until(lambda: not marked(word), 3), "still there:", marked(word))
    except subprocess.TimeoutExpired as late:
        check(False, late)
    kill_all(word)
    for text in ("0", "-1", "soon", "1e99", "nan"):
        done = run(SQUARES, "--team=mpi:2", env=dict(os.environ, TRINE_LAUNCH_SECONDS=text))
        check(done.returncode == 2 and "expected seconds" in done.stderr, text, done.returncode, done.stderr)


def folders_of(process):
    """The launch's own, of a driver's first child that has one."""
    for pid in marked(process.word):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                entries = dict(entry.partition(b"=")[::2] for entry in file.read().split(b"\0"))
            if b"TRINE_LAUNCH" in entries and entries.get(b"TMPDIR", b"").startswith(os.fsencode(top)):
                return [entries[name].decode() for name in (b"TMPDIR", b"OMPI_MCA_osc_sm_backing_directory") if name in entries]
        except OSError:
            pass
    return []


def variables(process):
    """Those of the launch's processes, one after the other, as dicts."""
    for pid in marked(process.word):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{pid}/environ", "rb") as file:
                yield dict(entry.partition(b"=")[::2] for entry in file.read().split(b"\0"))


def long_run(*options, **chosen):
    word = os.urandom(8).hex()
    process = subprocess.Popen([SQUARES, "--n=40000", "--micros=2000", "--team=mpi:2", *options], start_new_session=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "TEST_RUN": word, "TMPDIR": top, **chosen})
    process.word = "TEST_RUN=" + word
    process.folders = []

    def is_up():
        process.folders = process.folders or folders_of(process)
        return process.folders and len(marked(process.word)) >= 4
    check(until(is_up, 30), "the ranks do not come up:", marked(process.word))
    time.sleep(1)
    return process


def nothing_is_left_of_ranks_or_drivers_that_are_killed():
    def kill_ranks(process):
        own = {process.pid}
        for pid in marked(process.word):
            # The launcher ends the others as soon as one is dead.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                if words[1:2] and words[1].startswith(b"--child=") and pid not in own:
                    os.kill(pid, signal.SIGKILL)

    for kill, status in ((lambda process: process.kill(), -9), (kill_ranks, 3), (lambda process: process.terminate(), -15)):
        process = long_run()
        kill(process)
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            kill_all(process.word)
            process.communicate()
        check(process.returncode == status, "ended with", process.returncode, "instead of", status)
        check(until(lambda: not marked(process.word), 20), "still there:", marked(process.word))
        check(until(lambda: not any(map(os.path.exists, process.folders)), 10), "left:", process.folders)
        kill_all(process.word)


def a_launch_that_ends_leaves_others_their_folders():
    first = long_run("--n=6000")
    rows(run(SUM, "--json", "--team=mpi:2", *SMALL, env=dict(os.environ, TMPDIR=top)))
    check(first.poll() is None, "the first has ended too early to tell")
    check(all(map(os.path.isdir, first.folders)), "another launch took away", first.folders)
    check("right" in first.communicate(timeout=100)[0] and first.returncode == 0, first.returncode)
    check(not any(map(os.path.exists, first.folders)), "left:", first.folders)


def folders_of_drivers_that_were_killed_go_with_the_next_launch():
    folder = os.path.join(top, "sweep")
    name = os.fsencode(socket.gethostname())
    host = ctypes.c_uint32(ctypes.CDLL("libxxhash.so.0").XXH32(name, ctypes.c_size_t(len(name)), 0)).value
    own = f"trine-mpi-{host:08x}-"
    old, used, *others = (os.path.join(folder, name) for name in (own + "old", own + "used", "trine-other", "trine-mpi-00000000-old"))
    for path in (old, used, *others):
        os.makedirs(os.path.join(path, "inside"))
        open(os.path.join(path, "inside", "file"), "w").close()
        os.utime(path, (0, 0))
    os.mkdir(os.path.join(folder, own + "new"))
    lock = os.open(used, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    rows(run(SUM, "--json", "--team=mpi:2", *SMALL, env=dict(os.environ, TMPDIR=folder)))
    os.close(lock)
    check(sorted(os.listdir(folder)) == sorted([own + "new", own + "used", "trine-other", "trine-mpi-00000000-old"]),
          os.listdir(folder))


def a_tmpdir_is_any_folder_of_a_short_name():
    process = long_run(TMPDIR=os.path.relpath(top))
    process.kill()
    process.communicate(timeout=60)
    check(until(lambda: not any(map(os.path.exists, process.folders)), 20), "left:", process.folders)
    most = 60
    folder = os.path.join(top, "x" * (most - len(top) - 1))
    os.mkdir(folder)
    done = run(SUM, "--json", "--team=mpi:2", *SMALL, env=dict(os.environ, TMPDIR=folder))
    check([row["verdict"] for row in rows(done)] == ["right"] and not os.listdir(folder), done.stderr)
    done = run(SUM, "--team=mpi:2", *SMALL, env=dict(os.environ, TMPDIR=folder + "x"))
    check(done.returncode == 3 and folder + "x" in done.stderr and "TMPDIR" in done.stderr, done.returncode, done.stderr)


def the_users_choice_of_a_network_stands():
    if not OPENMPI:
        return
    for chosen, expected in (({}, {b"self,sm" if "Open MPI v5" in VERSION else b"self,vader"}), ({"OMPI_MCA_btl": "^openib"}, {b"^openib"})):
        process = long_run(**chosen)
        found = {own.get(b"OMPI_MCA_btl") for own in variables(process) if b"TRINE_LAUNCH" in own}
        check(found == expected, found, "instead of", expected)
        process.terminate()
        process.communicate(timeout=60)


def namespace(*flags):
    return ROOT and subprocess.run(["unshare", *flags, "true"], capture_output=True).returncode == 0


def small_folder(options, folder, *command, **more):
    """Runs it where that folder is a file system of its own; None where this user cannot make one."""
    flags = ["--mount", "--propagation", "unchanged"]
    if not namespace(*flags):
        return None
    os.makedirs(folder, exist_ok=True)
    return run("unshare", *flags, "sh", "-c", 'mount -t tmpfs -o "$0" none "$1" && shift && exec "$@"', options, folder, *command,
               **more)


def a_full_tmpdir_is_named():
    full = os.path.join(top, "full")
    for options in ("size=1m", "size=64m,nr_inodes=20"):
        began = time.time()
        done = small_folder(options, full, SUM, "--team=mpi:2", *SMALL, env=dict(os.environ, TMPDIR=full))
        if done:
            check(done.returncode == 3 and full in done.stderr and "space" in done.stderr, options, done.returncode, done.stderr)
            check(time.time() - began < 20, options, "took", time.time() - began, "s")
    done = run(SUM, "--team=mpi:2", *SMALL, env=dict(os.environ, TMPDIR=top + "/nowhere"))
    check(done.returncode == 0, "a TMPDIR that is not there", done.returncode, done.stderr)


def ranks_do_without_a_full_dev_shm():
    for driver in (SUM, SQUARES):
        done = small_folder("size=1m", "/dev/shm", driver, "--json", "--team=mpi:2", "--n=1000", "--repeat=1")
        if done:
            check([row["verdict"] for row in rows(done, driver)] == ["right"] and done.stderr == "", done.stderr)
    both = os.path.join(top, "both")
    if not namespace("--mount"):
        return
    os.mkdir(both)
    done = run("unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=1m none /dev/shm; mount -t tmpfs -o size=12m none "$0"; '
               'exec "$@"', both, SUM, "--team=mpi:2", *SMALL, env=dict(os.environ, TMPDIR=both))
    check(done.returncode == 3 and both in done.stderr and "/dev/shm" in done.stderr, done.returncode, done.stderr)


def who_exits_is_not_taken_for_wrong():
    for team in ("serial", "mpi:2", "mpi:3"):
        began = time.time()
        done = run(SQUARES, f"--team={team}", "--exit=1")
        check(done.returncode == 3 and "right" not in done.stdout, team, "ended with", done.returncode, done.stderr)
        check(time.time() - began < 60, team, "took", time.time() - began, "s")


# In a network namespace of its own: ip(8) need not be there. SIOCSIFFLAGS, IFF_UP.
LO_UP = """import fcntl, os, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 1))
os.execv(sys.argv[1], sys.argv[1:])"""


def one_machine_needs_no_network():
    if not namespace("--net"):
        return
    done = run("unshare", "--net", sys.executable, "-c", LO_UP, SUM, "--json", "--team=mpi:2", *SMALL)
    check([row["verdict"] for row in rows(done)] == ["right"] and done.stderr == "", done.stderr)
    done = run("unshare", "--net", SUM, "--team=mpi:2", *SMALL)
    check(done.returncode == 0 or "ip link set lo up" in done.stderr, done.returncode, done.stderr)


def ranks_of_another_host_use_tcp():
    """Another network namespace is another host: its processes do not reach this one's Unix sockets."""
    if not namespace("--net") or not shutil.which("ip") or not shutil.which("nsenter"):
        return
    setup = """set -e
ip link set lo up
unshare --net sleep 60 & other=$!
trap 'kill $other' EXIT
for i in 1 2 3 4 5 6 7 8 9; do
  [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/$$/ns/net)" ] || break; sleep 0.1; done
ip link add here type veth peer name there netns $other || { echo NO VETH >&2; exit 77; }
ip addr add 10.77.0.1/24 dev here; ip link set here up
nsenter --net=/proc/$other/ns/net sh -c 'ip link set lo up; ip addr add 10.77.0.2/24 dev there; ip link set there up'
export TRINE_MPIRUN="nsenter --net=/proc/$other/ns/net $MPIRUN"
"$@"
"""
    done = run("unshare", "--net", "bash", "-c", setup, "bash", SUM, "--json", "--team=mpi:2", *SMALL,
               env=dict(os.environ, MPIRUN=MPIRUN))
    if done.returncode == 77:
        return
    check([row["verdict"] for row in rows(done)] == ["right"], done.stderr)


TESTS = [what_is_printed_is_not_taken_for_rows, closed_descriptors_change_nothing, progress_of_ranks_shows_at_a_terminal,
         a_terminal_does_not_stop_the_ranks, a_shell_of_slurm_is_no_launch,
         files_of_any_name_are_the_ranks_alone, a_driver_of_any_path_starts_its_ranks_in_any_folder,
         long_lists_of_files_reach_the_ranks, the_script_for_slurm_keeps_arguments_from_launchers, sound_files_of_any_name_are_the_ranks_alone,
         one_failing_team_loses_its_row_only, rows_that_are_cut_are_noticed, arguments_are_for_this_user_alone,
         a_command_of_any_words_is_run_or_refused, a_driver_without_proc_knows_its_path,
         a_rank_without_its_driver_says_so, a_rank_waits_for_no_address_that_leads_nowhere, an_mpirun_that_ignores_signals_is_killed,
         a_launch_takes_no_longer_than_it_may,
         nothing_is_left_of_ranks_or_drivers_that_are_killed, a_launch_that_ends_leaves_others_their_folders,
         folders_of_drivers_that_were_killed_go_with_the_next_launch, a_tmpdir_is_any_folder_of_a_short_name,
         the_users_choice_of_a_network_stands,
         a_full_tmpdir_is_named, ranks_do_without_a_full_dev_shm, who_exits_is_not_taken_for_wrong, one_machine_needs_no_network, ranks_of_another_host_use_tcp]
try:
    conclude(test for test in TESTS if len(sys.argv) <= 4 or test.__name__ in sys.argv[4:])
finally:
    shutil.rmtree(top, ignore_errors=True)
