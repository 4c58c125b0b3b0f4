"""judge.py - what the tests that numpy judges share: comparisons, random elements, the run on all teams."""
import sys

import binding as t
import numpy as np

random = np.random.default_rng(2026)
promises = failures = 0


def check(holds, *about):
    global promises, failures
    promises += 1
    if not holds:
        failures += 1
        if failures < 40:
            print("FAILED:", *about)


def same(a, b, *about):
    """The same bits, but for the sign and payload of what is not a number."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        check(False, *about, "shape or type", a.shape, b.shape, a.dtype, b.dtype)
        return
    right = (a == b) | ((a != a) & (b != b))
    if a.dtype.kind == "f":
        right &= (np.signbit(a) == np.signbit(b)) | (a != a)
    wrong = np.flatnonzero(~right)
    check(len(wrong) == 0, *about, *(("at", wrong[0], "of", a.size, "wrong", len(wrong), a.flat[wrong[0]], "expected",
                                      b.flat[wrong[0]]) if len(wrong) else ()))


def close(a, b, tolerance, *about):
    a, b = np.asarray(a, float), np.asarray(b, float)
    equal = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= tolerance * np.abs(b) + 1e-300)
    check(np.all(equal), *about, a, b)


def fails(status, function, *about):
    try:
        got = function()
    except t.Failed as failed:
        check(str(failed).startswith(status), *about, failed)
        return
    check(False, *about, "gave", got)


def sample(dtype, shape, kind="plain"):
    """Integers over their whole range, reals of a normal distribution. few: a handful of values; wide: of many
    exponents; special: some that are no numbers."""
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        info = np.iinfo(dtype)
        few = kind == "few"
        return random.integers(-2 if few and info.min else 0 if few else info.min, 3 if few else info.max, shape, dtype,
                               endpoint=True)
    x = random.normal(size=shape)
    if kind == "few":
        x = np.round(x) + 0.0  # and no -0, which numpy takes for +0
    if kind == "wide":
        x = x * 2.0 ** random.integers(-60, 60, shape)
    if kind == "special":
        x = np.where(random.random(shape) < 0.1, random.choice([np.nan, np.inf, -np.inf, 0.0, 5e-324], shape), x)
    return x.astype(dtype)


def some(team, items):
    """All of them on serial; a third of them on another team, whose bits the tests named parity hold to serial's."""
    items = list(items)
    return items if team.spec == "serial" else items[len(team.spec) % 3::3]


def run(*tests):
    """Each test on each team that the command line names; a team that this build lacks is skipped."""
    for spec in sys.argv[1:]:
        try:
            team = t.Team(spec)
        except t.Failed as failed:
            if not str(failed).startswith("ABSENT"):
                raise
            print("skipped:", failed)
            continue
        for test in tests:
            before = promises
            test(team)
            print(f"{spec}: {test.__name__}: {promises - before} comparisons", flush=True)
        team.close()
    print(f"{promises} comparisons, {failures} failed")
    sys.exit(failures != 0)
