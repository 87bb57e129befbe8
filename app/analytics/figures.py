"""Exact figures of a list of durations: quantiles by rank, and with the unfinished ones counted in."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from app.domain.sketch import rank

_SLACK: Final = 1e-9


def quantile(ascending: Sequence[int], q: float) -> int | None:
    """Return the value whose rank q * n reaches (numpy's `inverted_cdf`): one that occurred, None of nothing."""
    return ascending[rank(q, len(ascending)) - 1] if ascending else None


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def share_within(ascending: Sequence[int], limit_s: int) -> float | None:
    return share(sum(value <= limit_s for value in ascending), len(ascending))


def quantile_with_open(done: Sequence[int], waiting: Sequence[int], q: float) -> int | None:
    """Return the Kaplan-Meier quantile: `waiting` are durations so far of what is not finished.

    None when so many still wait that nobody can know it. Without any it is `quantile`. What is finished at the very
    second at which another is last seen waiting counts as finished before.
    """
    at_risk = len(done) + len(waiting)
    left_at = Counter(waiting)
    done_at = Counter(done)
    surviving = 1.0
    for value in sorted(done_at.keys() | left_at.keys()):
        if done_at[value]:
            surviving *= 1.0 - done_at[value] / at_risk
            if surviving <= 1.0 - q + _SLACK:
                return value
        at_risk -= done_at[value] + left_at[value]
    return None
