"""Counting what a version would have changed; memory grows with the kinds of changes, not with their number."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.routing.decision import Decision
from app.rulebook.history import Outcome
from app.rulebook.rehearsals.schemas import DryRunSummary, RuleMove, UnitMove

SHOWN = 200
"""The most frequent moves that a summary holds."""

Pair = tuple[str, str]


@dataclass
class Tally:
    """Compares decisions with what was decided then."""

    counts: Counter[str] = field(default_factory=Counter)
    units: Counter[Pair] = field(default_factory=Counter)
    returned: Counter[Pair] = field(default_factory=Counter)
    rules: Counter[Pair] = field(default_factory=Counter)
    elsewhere: Counter[Pair] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)

    def add(self, then: Outcome, now: Decision | None) -> bool:
        """Count one report and say whether it would have gone to another unit; None where nothing can be decided."""
        self.counts["reports"] += 1
        if now is None:
            self.counts["undecided"] += 1
            return False
        is_elsewhere = now.unit != then.unit
        self._compare(then, now, is_elsewhere=is_elsewhere)
        self._look_at_gaps(then, now)
        if then.is_closed:
            self._look_at_the_end(then, now, is_elsewhere=is_elsewhere)
        return is_elsewhere

    def _compare(self, then: Outcome, now: Decision, *, is_elsewhere: bool) -> None:
        pair, rules = (then.unit, now.unit), (then.rule, now.rule)
        if then.rule != now.rule or is_elsewhere:
            self.rules[rules] += 1
            self.elsewhere[rules] += is_elsewhere
        if not is_elsewhere:
            self.counts["same" if then.rule == now.rule else "other_rule"] += 1
            return
        self.counts["other_unit"] += 1
        self.units[pair] += 1
        self.names.setdefault(then.unit, then.unit_name)
        if then.was_returned:
            self.counts["returned_by_old"] += 1
            self.returned[pair] += 1

    def _look_at_gaps(self, then: Outcome, now: Decision) -> None:
        self.counts["newly_gap"] += now.is_gap and not then.is_gap
        self.counts["gap_no_more"] += then.is_gap and not now.is_gap
        self.counts["newly_tied"] += now.is_tie and not then.is_tie

    def _look_at_the_end(self, then: Outcome, now: Decision, *, is_elsewhere: bool) -> None:
        before, after = then.unit == then.final_unit, now.unit == then.final_unit
        self.counts["closed"] += 1
        self.counts["closed_agreed_before"] += before
        self.counts["closed_agreed_after"] += after
        if is_elsewhere:
            self.counts["changed_closed"] += 1
            self.counts["changed_agreed_before"] += before
            self.counts["changed_agreed_after"] += after

    def summary(self, name_of: Callable[[str], str]) -> DryRunSummary:
        """Return the figures; a unit that nobody knows any more has the name it had then."""
        plain = DryRunSummary.model_fields.keys() - {"units", "rules", "units_left_out", "rules_left_out"}
        return DryRunSummary(
            **{name: self.counts[name] for name in plain},
            units=[self._unit_move(pair, count, name_of) for pair, count in _first(self.units)],
            units_left_out=max(0, len(self.units) - SHOWN),
            rules=[
                RuleMove(from_rule=pair[0], to_rule=pair[1], reports=count, elsewhere=self.elsewhere[pair])
                for pair, count in _first(self.rules)
            ],
            rules_left_out=max(0, len(self.rules) - SHOWN),
        )

    def _unit_move(self, pair: Pair, count: int, name_of: Callable[[str], str]) -> UnitMove:
        before, after = pair
        known = name_of(before)
        return UnitMove(
            from_unit=before,
            from_name=self.names[before] if known == before else known,
            to_unit=after,
            to_name=name_of(after),
            reports=count,
            returned=self.returned[pair],
        )


def _first(counted: Counter[Pair]) -> list[tuple[Pair, int]]:
    """Return the most frequent, equal ones in the order of their names, so that two runs say the same."""
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:SHOWN]
