"""A rule set compiled for quick decisions: candidates are found by class and area, never by walking all rules."""

from collections.abc import Iterable, Iterator, Mapping

from app.domain.routing.decision import Decision, PassedOver, ResolvedBy
from app.domain.routing.matching import matches
from app.domain.routing.rules import (
    CLASS_DIGITS,
    FALLBACK_ROLE,
    FALLBACK_RULE,
    MAJOR_DIGITS,
    BadRule,
    Facts,
    Jurisdiction,
    Powers,
    Rule,
    UnitFinder,
    When,
)
from app.domain.routing.specificity import CRITERIA, Specificity, specificity

Lead = tuple[str, ResolvedBy, str]
"""A unit, how it was found, and the functional area it was found in ('' for none)."""


class RuleSet:
    """The rules of one version. Immutable after it is made, and safe to ask from many threads."""

    def __init__(self, rules: Iterable[Rule], *, version: str, jurisdictions: Iterable[Jurisdiction] = ()) -> None:
        """Index the rules.

        :raises BadRule: a rule cannot mean anything, or two rules share a key
        """
        self.version = version
        self.jurisdictions: Mapping[str, Jurisdiction] = {each.code: each for each in jurisdictions}
        self.rules: dict[str, Rule] = {}
        self._index: dict[tuple[str, str], list[Rule]] = {}
        for rule in rules:
            self._add(rule)
        self._rank = {key: specificity(rule) for key, rule in self.rules.items()}

    def _add(self, rule: Rule) -> None:
        if rule.key in self.rules or rule.key == FALLBACK_RULE:
            raise BadRule(reason="key", rule=rule.key)
        if bool(rule.then.unit) == bool(rule.then.role):
            raise BadRule(reason="unit", rule=rule.key)
        if len(rule.when.class_prefix) not in {0, MAJOR_DIGITS, CLASS_DIGITS}:
            raise BadRule(reason="class", rule=rule.key)
        specificity(rule)
        self.rules[rule.key] = rule
        self._index.setdefault((rule.when.class_prefix, _area_key(rule.when)), []).append(rule)

    def _candidates(self, facts: Facts) -> Iterator[Rule]:
        # A report without a class asks for any class only once.
        for prefix in dict.fromkeys((facts.class_code, facts.class_code[:MAJOR_DIGITS], "")):
            for area in _area_keys(facts):
                yield from self._index.get((prefix, area), ())

    def matching(self, facts: Facts) -> list[Rule]:
        """Return every rule that applies, the most specific first, ties by key."""
        found = [rule for rule in self._candidates(facts) if matches(rule, facts, jurisdictions=self.jurisdictions)]
        found.sort(key=lambda rule: (tuple(-part for part in self._rank[rule.key]), rule.key))
        return found

    def decide(self, facts: Facts, *, units: UnitFinder) -> Decision:
        """Return who is responsible. Total: an unmatched report goes to the street office and is counted as a gap."""
        able: list[tuple[Rule, Lead]] = []
        unable: list[PassedOver] = []
        for rule in self.matching(facts):
            lead = self._lead(rule, facts, units)
            if lead is None:
                unable.append(PassedOver(rule.key, "", "unit"))
            else:
                able.append((rule, lead))
        if not able:
            return _fallback(facts, units, tuple(unable))
        (winner, (unit, resolved_by, jurisdiction)), *rest = able
        rank = self._rank[winner.key]
        return Decision(
            unit=unit,
            resolved_by=resolved_by,
            rule=winner.key,
            basis=winner.basis,
            matched=_matched_on(winner.when),
            passed_over=(*(PassedOver(r.key, u, self._lost_on(r.key, rank)) for r, (u, _, _) in rest), *unable),
            assisting=self._assisting(winner, facts, units),
            limit=winner.then.limit,
            priority=winner.then.priority,
            auto_dispatch=winner.then.auto_dispatch,
            jurisdiction=jurisdiction,
            is_gap=False,
            is_tie=bool(rest) and self._rank[rest[0][0].key] == rank,
        )

    def _lead(self, rule: Rule, facts: Facts, units: UnitFinder) -> Lead | None:
        for link in rule.then.chain:
            unit = facts.component.unit_of(link) if facts.component else ""
            if unit and units.is_at_work(unit):
                return unit, ResolvedBy(link.value), ""
        if rule.then.unit:
            return (rule.then.unit, ResolvedBy.UNIT, "") if units.is_at_work(rule.then.unit) else None
        found = self._resolve(rule, rule.then.role, facts, units)
        return found and (found[0], ResolvedBy.ROLE, found[1])

    def _resolve(self, rule: Rule, role: str, facts: Facts, units: UnitFinder) -> tuple[str, str] | None:
        """Return the unit of a role: the functional area's own where it holds the power, else the territory's."""
        if rule.powers is not Powers.WITHHELD:
            for code in sorted(facts.jurisdictions):
                unit = units.unit_at(role, code) if self.jurisdictions[code].has_power(facts.class_code) else None
                if unit:
                    return unit, code
        unit = units.unit_for(role, facts.cell)
        return (unit, "") if unit else None

    def _assisting(self, rule: Rule, facts: Facts, units: UnitFinder) -> tuple[str, ...]:
        found = [self._resolve(rule, role, facts, units) for role in rule.then.assisting_roles]
        return tuple(dict.fromkeys((*rule.then.assisting, *(each[0] for each in found if each))))

    def _lost_on(self, key: str, rank: Specificity) -> str:
        mine = self._rank[key]
        return next((name for name, a, b in zip(CRITERIA, mine, rank, strict=True) if a != b), "key")


def _area_key(when: When) -> str:
    if when.polygon:
        return f"polygon:{when.polygon}"
    if when.jurisdiction:
        return f"jurisdiction:{when.jurisdiction}"
    return when.area


def _area_keys(facts: Facts) -> Iterator[str]:
    cell = facts.cell
    yield from (cell, cell[:12], cell[:9], cell[:6], cell[:4], "")
    yield from (f"polygon:{name}" for name in facts.polygons)
    yield from (f"jurisdiction:{name}" for name in facts.jurisdictions)


def _matched_on(when: When) -> tuple[tuple[str, str], ...]:
    """Name the criteria a rule asked for and their values, for the explanation."""
    named = {
        "scheme": when.scheme,
        "class": when.class_prefix,
        "condition": when.condition,
        "area": when.area,
        "polygon": when.polygon,
        "jurisdiction": when.jurisdiction,
        "place_type": when.place_type,
        **when.facts,
        "channel": ",".join(sorted(when.channels)),
        "window": "in" if when.window is not None else "",
    }
    return tuple((name, value) for name, value in named.items() if value)


def _fallback(facts: Facts, units: UnitFinder, unable: tuple[PassedOver, ...]) -> Decision:
    unit = units.unit_for(FALLBACK_ROLE, facts.cell)
    if unit is None:
        raise BadRule(reason="no_fallback", rule=FALLBACK_RULE)
    return Decision(
        unit=unit,
        resolved_by=ResolvedBy.FALLBACK,
        rule=FALLBACK_RULE,
        basis="属地管理",
        matched=(("area", facts.cell[:9]),),
        passed_over=unable,
        assisting=(),
        limit=None,
        priority=0,
        auto_dispatch=False,
        jurisdiction="",
        is_gap=True,
        is_tie=False,
    )
