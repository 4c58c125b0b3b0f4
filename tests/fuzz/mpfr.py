"""mpfr.py - functions to 200 bits by MPFR, through ctypes."""
import ctypes as c
import ctypes.util
import math


class Number(c.Structure):
    _fields_ = [("precision", c.c_long), ("sign", c.c_int), ("exponent", c.c_long), ("limbs", c.c_void_p)]


try:
    lib = c.CDLL(ctypes.util.find_library("mpfr") or "libmpfr.so.6")
except OSError:
    lib = None

NEAREST, BITS = 0, 256
if lib:
    lib.mpfr_get_d.restype = c.c_double
    lib.mpfr_set_d.argtypes = [c.c_void_p, c.c_double, c.c_int]
    lib.mpfr_cmp_d.argtypes = [c.c_void_p, c.c_double]
    for name in "exp log sin cos tanh".split():
        getattr(lib, "mpfr_" + name).argtypes = [c.c_void_p, c.c_void_p, c.c_int]
    for name in "pow add sub".split():
        getattr(lib, "mpfr_" + name).argtypes = [c.c_void_p, c.c_void_p, c.c_void_p, c.c_int]
    lib.mpfr_get_d.argtypes = [c.c_void_p, c.c_int]
    lib.mpfr_sub_d.argtypes = [c.c_void_p, c.c_void_p, c.c_double, c.c_int]


def number(value=0.0):
    made = Number()
    lib.mpfr_init2(c.byref(made), c.c_long(BITS))
    lib.mpfr_set_d(c.byref(made), value, NEAREST)
    return made


result, first, second, difference = (number() for _ in range(4)) if lib else (None,) * 4


def function(name, x, y=None):
    """The true value in `result`."""
    lib.mpfr_set_d(c.byref(first), x, NEAREST)
    if y is None:
        getattr(lib, "mpfr_" + name)(c.byref(result), c.byref(first), NEAREST)
    else:
        lib.mpfr_set_d(c.byref(second), y, NEAREST)
        getattr(lib, "mpfr_" + name)(c.byref(result), c.byref(first), c.byref(second), NEAREST)


def near():
    """The double nearest to the true value."""
    return lib.mpfr_get_d(c.byref(result), NEAREST)


def less(got):
    """The true value less a double."""
    lib.mpfr_sub_d(c.byref(difference), c.byref(result), got, NEAREST)
    return lib.mpfr_get_d(c.byref(difference), NEAREST)


def ulps(name, got, x, y, precision, lowest, most):
    """How many units in the last place of the true value a result of so many bits is off; infinite where one of both is
    no finite number and the other is."""
    function(name, x, y)
    true = near()
    if math.isnan(true) or math.isnan(got):
        return 0.0 if math.isnan(true) and math.isnan(got) else math.inf
    if math.isinf(got):
        # Right where the true value, rounded, lies beyond the greatest finite number.
        edge = math.ldexp(2.0 ** precision - 0.5, most - precision) if precision < 53 else None
        beyond = math.isinf(true) if edge is None else abs(true) >= edge
        return 0.0 if beyond and (true > 0) == (got > 0) else math.inf
    if math.isinf(true):
        return abs(math.ldexp(less(got), precision - most))
    if true == 0 and lib.mpfr_zero_p(c.byref(result)):
        return 0.0 if got == 0 and math.copysign(1, got) == math.copysign(1, true) else math.inf
    exponent = max(math.frexp(true)[1] - precision if true else lowest, lowest)
    off, unit = abs(math.ldexp(less(got), -exponent)), math.ldexp(1, exponent)
    # A unit and a little is rounded to a unit.
    lib.mpfr_abs(c.byref(difference), c.byref(difference), NEAREST)
    return off if off != 1 or lib.mpfr_cmp_d(c.byref(difference), unit) <= 0 else math.nextafter(1, 2)


def logsumexp(values):
    """log(sum(exp(values))) of finite doubles in `result`."""
    total, term, most = number(), number(), number(max(values))
    for value in values:
        lib.mpfr_set_d(c.byref(first), value, NEAREST)
        lib.mpfr_sub(c.byref(first), c.byref(first), c.byref(most), NEAREST)
        lib.mpfr_exp(c.byref(term), c.byref(first), NEAREST)
        lib.mpfr_add(c.byref(total), c.byref(total), c.byref(term), NEAREST)
    lib.mpfr_log(c.byref(result), c.byref(total), NEAREST)
    lib.mpfr_add(c.byref(result), c.byref(result), c.byref(most), NEAREST)
    for made in (total, term, most):
        lib.mpfr_clear(c.byref(made))
