"""server.py ADDRESS - a process, or a rank, that makes the calls of the library that fuzz.py asks for and sends back
what they gave. $TRINE_FUZZ_ENVIRONMENT: the floating-point environment that it has from the beginning."""
import os
import sys
from multiprocessing.connection import Client

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import environments

environments.enter(os.environ.get("TRINE_FUZZ_ENVIRONMENT", "default"))
import binding as t
import calls
import plant

RANK = int(os.environ.get("OMPI_COMM_WORLD_RANK", os.environ.get("PMI_RANK", "0")))


def answer(team, case, environment):
    """(status, detail, arrays, whether the environment was kept)."""
    within = environments.Within(environment)
    try:
        arrays = calls.CALLS[case.call](team, case, within)
        return "OK", "", arrays, within.kept
    except t.Failed as failed:
        status, _, detail = str(failed).partition(": ")
        return status, detail, [], within.kept
    except AttributeError as absent:
        return "NO FUNCTION", str(absent), [], within.kept


def serve(connection):
    teams = {}
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        answers = []
        for spec, environment in job.runs:
            try:
                if spec not in teams:
                    teams[spec] = t.Team(spec)
            except t.Failed as failed:
                answers.append(("NO TEAM", str(failed), [], True))
                continue
            answers.append(answer(teams[spec], job.case, environment))
            if job.plant and job.plant[0] == spec and RANK == 0:
                answers[-1] = plant.spoil(answers[-1], job.plant[1])
        connection.send(answers)


connection = Client(sys.argv[1], "AF_UNIX")
connection.send((RANK, calls.inventory()))
serve(connection)
