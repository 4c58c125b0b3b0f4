"""environments.py - floating-point environments that callers have: what a library built with -ffast-math sets when it
is loaded, rounding modes, traps. Set by glibc's fesetenv, whose argument on x86-64 ends in MXCSR."""
import ctypes as c
import platform
import struct

libm = c.CDLL("libm.so.6")
# Bits of MXCSR to set and to clear, and of the x87 control word.
TRAPS, ALL_TRAPS = 0x0680, 0x1f80
CHANGES = {
    "default": (0, 0, 0, 0),
    "flush": (0x8040, 0, 0, 0),
    "down": (0x2000, 0, 0x0400, 0),
    "up": (0x4000, 0, 0x0800, 0),
    "zero": (0x6000, 0, 0x0c00, 0),
    "traps": (0, TRAPS, 0, 0x0d),
    "all traps": (0, ALL_TRAPS, 0, 0x3f),
    "x87 double": (0, 0, 0, 0x0100),
    "flush down traps": (0xa040, TRAPS, 0x0400, 0x0d),
}
CONTROL, X87_CONTROL = 0xffc0, 0x0f3f
NAMES = list(CHANGES) if platform.machine() == "x86_64" else ["default"]


def now():
    state = c.create_string_buffer(64)
    libm.fegetenv(state)
    return state


def controls(state):
    return struct.unpack_from("<I", state, 28)[0] & CONTROL, struct.unpack_from("<H", state, 0)[0] & X87_CONTROL


def enter(name):
    state = now()
    on, off, x87_on, x87_off = CHANGES[name]
    mxcsr, word = struct.unpack_from("<I", state, 28)[0], struct.unpack_from("<H", state, 0)[0]
    struct.pack_into("<I", state, 28, mxcsr & ~off | on)
    struct.pack_into("<H", state, 0, word & ~x87_off | x87_on)
    libm.fesetenv(state)


class Within:
    """with Within(name) as w: ...; w.kept tells whether the environment is still the same at the end."""

    def __init__(self, name):
        self.name, self.kept = name, True

    def __enter__(self):
        if self.name != "default":
            self.before = now()
            enter(self.name)
            self.inside = controls(now())
        return self

    def __exit__(self, *_):
        if self.name != "default":
            self.kept = controls(now()) == self.inside
            libm.fesetenv(self.before)
