"""peers.py - the processes that a case is sent to: one with all teams of one rank, one for each instruction set and for
callers with a floating-point environment of their own, ranks under mpirun."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Listener

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


class Lost(Exception):
    """A server ended, or did not answer."""


class Peer:
    def __init__(self, name, specs, environment=None, ranks=1):
        self.name, self.specs, self.ranks = name, specs, ranks
        self.environment = environment or {}
        self.process, self.absent = None, None

    def start(self):
        self.folder = tempfile.mkdtemp(prefix="trine-fuzz.")
        address = os.path.join(self.folder, "socket")
        listener = Listener(address, "AF_UNIX")
        listener._listener._socket.settimeout(1)
        command = [sys.executable, os.path.join(HERE, "server.py"), address]
        environment = {**os.environ, "OMP_WAIT_POLICY": "passive", **self.environment}
        if self.ranks > 1:
            command = ["mpirun", "-n", str(self.ranks)] + command
            environment.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", TMPDIR=self.folder,
                               OMPI_MCA_rmaps_base_oversubscribe="1",
                               PRTE_MCA_rmaps_default_mapping_policy=":oversubscribe",
                               OMPI_MCA_mpi_yield_when_idle="1")
        self.log = open(os.path.join(self.folder, "log"), "w+")
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log)
        self.connections = [None] * self.ranks
        end = time.monotonic() + 60
        while None in self.connections:
            try:
                connection = listener.accept()
            except TimeoutError:
                if self.process.poll() is not None or time.monotonic() > end:
                    listener.close()
                    raise Lost(f"{self.name} did not start: {self.end()}") from None
                continue
            rank, self.inventory = connection.recv()
            self.connections[rank] = connection
        listener.close()

    def end(self):
        """How it ended, and what it said."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        status = self.process.returncode
        self.log.seek(0)
        said = self.log.read().strip()[-300:]
        self.log.close()
        for connection in filter(None, self.connections):
            connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.process = None
        return (signal.Signals(-status).name if status < 0 else f"status {status}") + (f": {said}" if said else "")

    def ask(self, job, seconds=60):
        """What rank 0 says, or all ranks' parts together."""
        if self.process is None:
            self.start()
        try:
            for connection in self.connections:
                connection.send(job)
            answers = []
            for connection in self.connections:
                if not connection.poll(seconds):
                    raise Lost(f"no answer within {seconds} s")
                answers.append(connection.recv())
        except (EOFError, OSError):
            time.sleep(0.2)
            raise Lost("the process ended, " + self.end()) from None
        except Lost:
            self.end()
            raise
        return [together(job.case, list(parts)) for parts in zip(*answers)]

    def close(self):
        if self.process is not None:
            for connection in self.connections:
                connection.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
            self.end()


def together(case, parts):
    """One answer from those of all ranks."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if any(part[0] != first[0] for part in parts):
        return ("RANKS DISAGREE", str([part[:2] for part in parts]), [], True)
    kept = all(part[3] for part in parts)
    arrays = list(first[2])
    for i, array in enumerate(arrays):
        others = [part[2][i] for part in parts[1:]]
        if case.more.get("axis") and case.more["axis"] % case.arrays[0].ndim and others[0] is not None:
            arrays[i] = np.concatenate([array, *others])
        elif any(other is not None and other.tobytes() != array.tobytes() for other in others):
            return ("RANKS DISAGREE", "on the bits", [], True)
    return first[0], first[1], arrays, kept
