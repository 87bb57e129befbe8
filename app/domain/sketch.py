"""A histogram with logarithmic buckets: mergeable quantiles with a known relative error.

Bucket i holds the values in (gamma**(i-1), gamma**i], as in DDSketch (Masson, Rim, Lee 2019). Whatever value of a
bucket was meant, the one between its bounds that is returned is at most (gamma-1)/(gamma+1) off: 0.99 % at 1.02.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, log
from typing import Any, Final, Self

DEFAULT_GAMMA: Final = 1.02
ZERO_BUCKET: Final = -1_000_000
"""Holds 0 and what is below `SMALLEST`; far below every other bucket, so that plain sorting puts it first."""
SMALLEST: Final = 1e-9
LARGEST: Final = 1e15

_GAMMAS: Final = (1.001, 2.0)
# Forgives the rounding of q * n, so that the 7 % of 100 values is the 7th and not the 8th.
_RANK_SLACK: Final = 1e-9


def rank(q: float, n: int) -> int:
    """Return which of n ascending values, counted from 1, is the quantile q: the least that q * n values reach.

    This is the inverted distribution function (numpy's `inverted_cdf`): the median of 4 values is the 2nd.

    :raises ValueError: q is outside 0..1 or n below 1
    """
    if not 0.0 <= q <= 1.0 or n < 1:
        raise ValueError("q is outside 0..1 or there is no value")
    return max(1, ceil(q * n - _RANK_SLACK))


def bucket_of(value: float, *, gamma: float = DEFAULT_GAMMA) -> int:
    """Return the bucket of a value.

    :raises ValueError: the value is negative, above `LARGEST` or not a number
    """
    # Written so that NaN fails it too.
    if not 0.0 <= value <= LARGEST:
        raise ValueError("a sketch holds values from 0 to 1e15")
    return ceil(log(value) / log(gamma)) if value >= SMALLEST else ZERO_BUCKET


def value_of(bucket: int, *, gamma: float = DEFAULT_GAMMA) -> float:
    """Return the value that stands for a bucket: equally far, in proportion, from both of its bounds."""
    return 0.0 if bucket == ZERO_BUCKET else 2.0 * gamma**bucket / (gamma + 1.0)


@dataclass(slots=True)
class Sketch:
    """Counts per bucket, with the exact count, sum, minimum and maximum of what was added.

    `min` and `max` are None while it is empty.

    :raises ValueError: gamma is outside 1.001..2
    """

    gamma: float = DEFAULT_GAMMA
    buckets: dict[int, int] = field(default_factory=dict)
    count: int = 0
    sum: float = 0.0
    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        if not _GAMMAS[0] <= self.gamma <= _GAMMAS[1]:
            raise ValueError("gamma is outside 1.001..2")

    @property
    def relative_error(self) -> float:
        """The most a quantile can be off, as a share of the exact value."""
        return (self.gamma - 1.0) / (self.gamma + 1.0)

    @property
    def mean(self) -> float | None:
        return self.sum / self.count if self.count else None

    def add(self, value: float, *, n: int = 1) -> None:
        """Count a value n times.

        :raises ValueError: the value is negative, above `LARGEST` or not a number, or n is below 1
        """
        if n < 1:
            raise ValueError("n is below 1")
        bucket = bucket_of(value, gamma=self.gamma)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + n
        self.count += n
        self.sum += value * n
        self._widen(value, value)

    def merge(self, other: "Sketch") -> None:
        """Take over everything another sketch counted; the order of merging does not matter.

        :raises ValueError: the other has a different gamma
        """
        if other.gamma != self.gamma:
            raise ValueError("sketches of different gamma do not merge")
        for bucket, n in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + n
        self.count += other.count
        self.sum += other.sum
        if other.min is not None and other.max is not None:
            self._widen(other.min, other.max)

    def quantile(self, q: float) -> float | None:
        """Return the value at `rank(q, count)` within `relative_error`, None while empty.

        :raises ValueError: q is outside 0..1
        """
        if self.min is None or self.max is None:
            return None
        left = rank(q, self.count)
        ascending = iter(sorted(self.buckets.items()))
        bucket = ZERO_BUCKET
        while left > 0:
            bucket, n = next(ascending)
            left -= n
        return min(max(value_of(bucket, gamma=self.gamma), self.min), self.max)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; `from_dict` reads them back, also with the buckets turned into strings."""
        return {
            "gamma": self.gamma,
            "buckets": dict(self.buckets),
            "count": self.count,
            "sum": self.sum,
            "min": self.min,
            "max": self.max,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the sketch that `to_dict` described.

        :raises ValueError: the count is not the sum of the buckets, or gamma is outside its range
        """
        buckets = {int(bucket): int(n) for bucket, n in stored["buckets"].items()}
        if sum(buckets.values()) != stored["count"]:
            raise ValueError("the count is not the sum of the buckets")
        return cls(**{**stored, "buckets": buckets})

    def _widen(self, low: float, high: float) -> None:
        self.min = low if self.min is None else min(self.min, low)
        self.max = high if self.max is None else max(self.max, high)
