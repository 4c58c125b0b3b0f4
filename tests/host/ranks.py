"""ranks.py PROGRAM MPIRUN... - what becomes of host programs on several ranks (host.c) of which one ends early, which give
trine what is no team, or call it when MPI has ended or memory is full: bounded time, and an error where there can be one.
MPIRUN: cmake/mpi_run.sh and what it runs."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from limited import memory_group
from promises import check, conclude

PROGRAM, WRAPPER, MPIRUN = os.path.abspath(sys.argv[1]), sys.argv[2:4], sys.argv[4:]
# More than any of them takes, on few CPUs too, and less than a test may.
PATIENCE = 60
BROKEN = 41


def run(case, ranks, words=None, **environment):
    """Status, output and seconds; -1 for what had to be killed."""
    command = [*(words or WRAPPER + MPIRUN), "-n", str(ranks), PROGRAM, case]
    began = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               env={**os.environ, **environment}, start_new_session=True)
    try:
        said = process.communicate(timeout=PATIENCE)[0]
        status = process.returncode
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            said = process.communicate(timeout=15)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            said = process.communicate()[0]
        status = -1
    return status, said, time.time() - began


def comes_true(case, *counts):
    for ranks in counts:
        status, said, seconds = run(case, ranks)
        check(status == 0, case, "on", ranks, "ranks ended with", status, "after", f"{seconds:.1f} s:", said[-1500:])


def ends(case, ranks, word):
    """Which of the ranks' statuses becomes mpirun's is the library's choice."""
    status, said, seconds = run(case, ranks)
    check(status > 0 and status != BROKEN, case, "on", ranks, "ranks ended with", status, "after", f"{seconds:.1f} s", said[-1500:])
    check(word in said and "FAILED" not in said, "does not say why:", said[-1500:])


def a_rank_that_exits_leaves_nobody_waiting():
    for ranks in (2, 3):
        ends("one_exits_while_others_sum", ranks, "waits for it in a call")
        ends("one_exits_in_a_callback", ranks, "waits for it in a call")
    ends("one_exits_while_others_wait_for_its_tasks", 2, "task queue")
    ends("one_returns_while_others_close", 3, "without closing its team")
    ends("a_thread_exits_while_all_sum", 2, "a thread that may not call MPI")
    ends("one_vanishes_while_others_sum", 2, "")


def ranks_that_open_without_one_that_ends_are_told():
    comes_true("one_exits_while_others_open", 2, 3)


def ranks_that_all_end_with_a_team_open_end():
    comes_true("all_return_without_closing", 2)


def what_is_no_team_is_refused():
    comes_true("an_intercommunicator_is_refused", 2, 3)


def the_hosts_error_handlers_stay():
    comes_true("the_hosts_handlers_stay", 1, 2)


def calls_after_finalize_are_errors():
    comes_true("calls_after_finalize_are_errors", 2, 3)


def memory_of_ranks_that_is_full_is_an_error():
    top = tempfile.mkdtemp(prefix="trine-hosts-")
    enter = ["unshare", "--mount", *(["--user", "--map-root-user"] if os.geteuid() else []), "sh", "-c",
             'mount -t tmpfs -o size=24m none /dev/shm && exec "$@"', "sh"]
    if shutil.which("unshare") and subprocess.run([*enter, "true"], stderr=subprocess.DEVNULL).returncode == 0:
        # What ranks send each other by lies elsewhere.
        status, said, seconds = run("a_full_memory_of_ranks_is_an_error", 2, enter + MPIRUN, TMPDIR=top,
                                    OMPI_MCA_btl_vader_backing_directory=top, OMPI_MCA_btl_sm_backing_directory=top)
        check(status == 0, "ended with", status, "after", f"{seconds:.1f} s", said[-1500:])
    else:
        print("left out: no /dev/shm of its own")
    shutil.rmtree(top, ignore_errors=True)


def ranks_of_a_machine_count_its_memory_once():
    with open(PROGRAM, "rb") as program:
        if b"__asan_init" in program.read():
            print("left out: a sanitizer takes more memory")
            return
    with memory_group(416 << 20) as group:
        if group:
            for ranks in (2, 3):
                status, said, seconds = run("ranks_of_a_machine_share_its_memory", ranks, group + WRAPPER + MPIRUN)
                check(status == 0, ranks, "ranks ended with", status, "after", f"{seconds:.1f} s", said[-1500:])
        else:
            print("left out: no control group can be made here")


conclude([a_rank_that_exits_leaves_nobody_waiting, ranks_that_open_without_one_that_ends_are_told,
          ranks_that_all_end_with_a_team_open_end, what_is_no_team_is_refused, the_hosts_error_handlers_stay,
          calls_after_finalize_are_errors, memory_of_ranks_that_is_full_is_an_error,
          ranks_of_a_machine_count_its_memory_once])
