"""Replay past reports through a version of the rules; nothing is written here."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.city.snapshot import CitySnapshot
from app.domain.routing.decision import Decision
from app.domain.routing.rules import BadRule, Facts, UnitFinder
from app.routing.rulebook import Rulebook
from app.rulebook.draft_units import DraftUnits
from app.rulebook.history import Opener, Stretch, past_reports
from app.rulebook.rehearsals.tally import Tally


@dataclass(frozen=True, slots=True)
class Change:
    """A report that would have gone to another unit."""

    report_id: int
    from_rule: str
    from_unit: str
    to_rule: str
    to_unit: str
    was_returned: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is replayed: a version, the city, and the units that the two have together."""

    rulebook: Rulebook
    city: CitySnapshot
    units: DraftUnits


def replay(opened: Opener, stretch: Stretch, candidate: Candidate, tally: Tally) -> Iterator[tuple[int, list[Change]]]:
    """Yield, chunk by chunk, how many reports were replayed and which of them would have gone elsewhere.

    Reads are over before a chunk is yielded, so the caller may write; `tally` counts what was yielded so far.
    """
    territory = candidate.rulebook.territory
    for chunk in past_reports(opened, stretch, city=candidate.city, territory=territory):
        changes = []
        for past in chunk:
            decision = decide_again(candidate.rulebook, past.facts, units=candidate.units)
            if tally.add(past.outcome, decision) and decision is not None:
                then = past.outcome
                changes.append(Change(past.id, then.rule, then.unit, decision.rule, decision.unit, then.was_returned))
        yield len(chunk), changes


def decide_again(rulebook: Rulebook, facts: Facts, *, units: UnitFinder) -> Decision | None:
    """Return the decision, None where a street of the past has no office any more and no rule helps."""
    try:
        return rulebook.rules.decide(facts, units=units)
    except BadRule:
        return None
