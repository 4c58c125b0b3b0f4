"""case.py - one call of the library with all that it reads, and what is asked of a server."""
from dataclasses import dataclass, field, replace

# Definitions of quantiles, in the order of the library's numbers from 1.
METHODS = ("inverted_cdf averaged_inverted_cdf closest_observation interpolated_inverted_cdf hazen weibull linear "
           "median_unbiased normal_unbiased lower higher midpoint nearest").split()


@dataclass
class Case:
    call: str  # a name in calls.CALLS
    kernel: str
    arrays: list
    param: object = None
    more: dict = field(default_factory=dict)  # what else this call takes

    def of(self, arrays):
        return replace(self, arrays=arrays)

    def __str__(self):
        given = ", ".join(f"{a.dtype.str[1:]}{list(a.shape)}" for a in self.arrays)
        more = ", ".join(f"{k}={v!r}" for k, v in self.more.items() if k != "place")
        return f"{self.call} {self.kernel} of {given} {more}".rstrip()


@dataclass
class Job:
    case: Case
    runs: list  # (team, environment)
    plant: object = None  # (team, an error of plant.KINDS)
