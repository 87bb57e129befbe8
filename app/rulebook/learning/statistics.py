"""How often each rule was right: what its choice became, over a bounded stretch of the history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from app.routing.models import RuleSetVersion
from app.routing.refusals import RuleSetNotFound
from app.rulebook.history import Opener, Outcome, Stretch, outcomes
from app.rulebook.learning.schemas import RuleFigures, RuleStatistics

SHOWN = 500
"""The rules with the most reports that are shown."""

Key = tuple[int, str]
"""A version's id and a rule's key."""


@dataclass
class _Count:
    reports: int = 0
    dispatched: int = 0
    returned: int = 0
    settled: int = 0
    agreed: int = 0

    def add(self, outcome: Outcome) -> None:
        self.reports += 1
        self.dispatched += outcome.is_dispatched
        self.returned += outcome.was_returned
        if outcome.final_unit:
            self.settled += 1
            self.agreed += outcome.final_unit == outcome.unit


@dataclass
class _Counts:
    by_rule: dict[Key, _Count] = field(default_factory=dict)
    reports: int = 0

    def add(self, chunk: Iterable[Outcome], only: int | None, area: str) -> None:
        for outcome in chunk:
            if only in {None, outcome.rule_set_id} and outcome.cell.startswith(area):
                self.reports += 1
                self.by_rule.setdefault((outcome.rule_set_id, outcome.rule), _Count()).add(outcome)


def rule_statistics(opened: Opener, stretch: Stretch, *, rule_set: str | None = None, area: str = "") -> RuleStatistics:
    """Return the figures of each rule over a stretch, those with the most reports that ended elsewhere first.

    :param rule_set: count only what this version decided
    :param area: count only the reports in this district or street; the stretch is of the whole city all the same
    :raises RuleSetNotFound: no such version
    """
    with opened() as session:
        names = _names(session)
    only = _id_of(rule_set, names) if rule_set is not None else None
    counts = _Counts()
    for chunk in outcomes(opened, stretch):
        counts.add(chunk, only, area)
    figures = [_figures(names[key[0]], key[1], count) for key, count in counts.by_rule.items()]
    figures.sort(key=lambda each: (-each.elsewhere, -each.reports, each.rule_set, each.rule))
    return RuleStatistics(reports=counts.reports, items=figures[:SHOWN], left_out=max(0, len(figures) - SHOWN))


def _names(session: Session) -> Mapping[int, str]:
    found = session.exec(select(col(RuleSetVersion.id), RuleSetVersion.version))
    return {rule_set_id: name for rule_set_id, name in found if rule_set_id is not None}


def _id_of(rule_set: str, names: Mapping[int, str]) -> int:
    found = next((rule_set_id for rule_set_id, name in names.items() if name == rule_set), None)
    if found is None:
        raise RuleSetNotFound(rule_set=rule_set)
    return found


def _figures(rule_set: str, rule: str, count: _Count) -> RuleFigures:
    return RuleFigures(
        rule_set=rule_set,
        rule=rule,
        reports=count.reports,
        dispatched=count.dispatched,
        returned=count.returned,
        settled=count.settled,
        elsewhere=count.settled - count.agreed,
        accuracy=count.agreed / count.settled if count.settled else None,
    )
