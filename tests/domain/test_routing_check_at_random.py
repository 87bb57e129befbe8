"""The check of a rule set against looking at every report of a small city, on random rules."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from hypothesis import given, settings

from app.domain.routing.checking import check
from app.domain.routing.deciding import RuleSet
from app.domain.routing.findings import DeadBecause, GapKind, Report
from app.domain.routing.rules import Facts, Rule
from app.domain.routing.specificity import Specificity, specificity
from tests.domain.routing_worlds import (
    CATALOGUE,
    DAYS,
    FROM_DAY,
    NAMES,
    PLACES,
    UNITS,
    ZONES,
    every_report,
    is_workday,
    read_one_by_one,
    small_rule_lists,
    unit_of,
)

Able = list[tuple[Rule, Specificity]]


def checked(rules: Sequence[Rule]) -> Report:
    return check(
        rules,
        jurisdictions=ZONES,
        catalogue=CATALOGUE,
        places=PLACES,
        names=NAMES,
        units=UNITS,
        is_workday=is_workday,
        from_day=FROM_DAY,
        horizon_days=len(DAYS),
    )


class LookedAt:
    """What the check should find, from deciding every report by reading every rule."""

    def __init__(self, rules: list[Rule]) -> None:
        self.tied: set[tuple[str, str]] = set()
        self.matched: set[str] = set()
        self.able: set[str] = set()
        self.alive: set[str] = set()
        self.together: list[tuple[set[str], set[str]]] = []
        self.found: dict[tuple[str, str, str, str], list[bool]] = defaultdict(list)
        for facts in every_report(rules):
            self._look_at(rules, facts)

    def _look_at(self, rules: list[Rule], facts: Facts) -> None:
        matching = read_one_by_one(rules, facts)
        able = [(rule, specificity(rule)) for rule in matching if unit_of(rule, facts)]
        winners = [rule.key for rule, rank in able if rank == able[0][1]]
        self.matched.update(rule.key for rule in matching)
        self.able.update(rule.key for rule, _ in able)
        self.alive.update(winners)
        self.together.append((set(winners), {rule.key for rule, _ in able}))
        self.tied.update((min(pair), max(pair)) for pair in combinations(winners, 2))
        if facts.condition:
            self.found[facts.scheme, facts.class_code, facts.condition, facts.cell[:9]].append(bool(able))

    def gaps(self) -> set[tuple[str, str, str, str, GapKind]]:
        return {
            (*where, GapKind.SOMETIMES if any(found) else GapKind.NO_RULE)
            for where, found in self.found.items()
            if not all(found)
        }


@settings(max_examples=250, deadline=None)
@given(small_rule_lists())
def test_the_check_finds_what_looking_at_every_report_finds(rules: list[Rule]) -> None:
    report, truth = checked(rules), LookedAt(rules)
    assert {tie.rules for tie in report.ties} == truth.tied
    assert report.tie_count == len(truth.tied)
    assert {dead.rule for dead in report.dead} == {rule.key for rule in rules} - truth.alive
    assert report.undecided == report.undecided_classes == ()
    gaps = {
        (gap.scheme, gap.class_code, condition, street, gap.kind)
        for gap in report.gaps
        for condition in gap.conditions
        for street in gap.streets
    }
    assert gaps == truth.gaps()
    assert sum(len(gap.conditions) * len(gap.streets) for gap in report.gaps) == len(gaps)
    _reasons_are_right(report, truth)
    _witnesses_are_right(rules, report)


def _reasons_are_right(report: Report, truth: LookedAt) -> None:
    for dead in report.dead:
        if dead.rule not in truth.matched:
            assert dead.because is DeadBecause.MATCHES_NOTHING
        elif dead.rule not in truth.able:
            assert dead.because is DeadBecause.NO_UNIT
        else:
            assert dead.because is DeadBecause.SHADOWED
            assert all(able.intersection(dead.by) for _, able in truth.together if dead.rule in able)


def _witnesses_are_right(rules: list[Rule], report: Report) -> None:
    compiled = RuleSet(rules, version="v", jurisdictions=ZONES)
    for tie in report.ties:
        decision = compiled.decide(tie.witness.facts, units=UNITS)
        assert decision.is_tie
        tied = {decision.rule, *(each.key for each in decision.passed_over if each.lost_on == "key")}
        assert tied.issuperset(tie.rules)
    for gap in report.gaps:
        facts = gap.witness.facts
        assert [rule.key for rule in read_one_by_one(rules, facts) if unit_of(rule, facts)] == []
        assert (facts.scheme, facts.class_code, facts.condition) == (gap.scheme, gap.class_code, gap.conditions[0])
        assert facts.cell[:9] == gap.streets[0]
        assert bool(gap.only_when) == (gap.kind is GapKind.SOMETIMES)
