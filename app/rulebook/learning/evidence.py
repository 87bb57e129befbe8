"""What closed reports say about a version of the rules: what it decides, and who handled the problem in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from app.domain.routing.rules import Facts
from app.rulebook.history import Opener, Stretch, past_reports
from app.rulebook.rehearsals.replay import Candidate, decide_again

OLDER_SHARE = 0.7
"""Proposals are looked for in the older part of the history and measured on the newer one."""

CONFIDENCE_Z = 2.576
"""Normal quantile of a two-sided 99 % interval."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A closed report: what the version decides for it, and the unit that handled it in the end."""

    facts: Facts
    rule: str
    unit: str
    final_unit: str
    was_returned: bool

    @property
    def is_right(self) -> bool:
        return self.unit == self.final_unit


@dataclass(frozen=True, slots=True)
class Evidence:
    """So many reports, `before` of them right without a change and `after` with it; `returned` came back once."""

    reports: int
    before: int
    after: int
    returned: int

    @property
    def accuracy_before(self) -> float:
        return self.before / self.reports if self.reports else 0.0

    @property
    def accuracy_after(self) -> float:
        return self.after / self.reports if self.reports else 0.0

    @property
    def least_after(self) -> float:
        """What the accuracy afterwards is at least, luck taken off."""
        return wilson_lower(self.after, self.reports)


@dataclass(frozen=True, slots=True)
class Samples:
    """Closed reports, the oldest first: those to learn from, and the newer ones to measure on."""

    older: Sequence[Sample]
    newer: Sequence[Sample]

    def __len__(self) -> int:
        return len(self.older) + len(self.newer)


def wilson_lower(hits: int, of: int) -> float:
    """Return the lower bound of a share (Wilson 1927), 0 for no cases.

    It is below hits / of, and the further the fewer the cases.
    """
    if not of:
        return 0.0
    share, z2 = hits / of, CONFIDENCE_Z**2
    centre = share + z2 / (2 * of)
    margin = CONFIDENCE_Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, (centre - margin) / (1 + z2 / of))


def gather(opened: Opener, stretch: Stretch, candidate: Candidate) -> Samples:
    """Decide the closed reports of a stretch by a version; only what became final teaches anything."""
    found = []
    territory = candidate.rulebook.territory
    for chunk in past_reports(opened, stretch, city=candidate.city, territory=territory):
        for past in chunk:
            if not past.outcome.is_closed or not past.outcome.final_unit:
                continue
            decision = decide_again(candidate.rulebook, past.facts, units=candidate.units)
            if decision is not None:
                was_returned = decision.unit in past.outcome.returned_by
                found.append(Sample(past.facts, decision.rule, decision.unit, past.outcome.final_unit, was_returned))
    found.reverse()
    cut = round(len(found) * OLDER_SHARE)
    return Samples(found[:cut], found[cut:])
