"""A rule set compiled for quick decisions: candidates are found by what they ask for, never by walking all rules."""

from collections.abc import Iterable, Mapping

from app.domain.routing.decision import Decision, PassedOver, ResolvedBy
from app.domain.routing.indexing import Entry, RuleIndex
from app.domain.routing.resolving import Lead, lead_of, resolve
from app.domain.routing.rules import (
    CLASS_DIGITS,
    FALLBACK_ROLE,
    FALLBACK_RULE,
    MAJOR_DIGITS,
    BadRule,
    Facts,
    Jurisdiction,
    Rule,
    UnitFinder,
    When,
)
from app.domain.routing.specificity import LOST_ON, packed, specificity


class RuleSet:
    """The rules of one version. Immutable after it is made, and safe to ask from many threads."""

    def __init__(self, rules: Iterable[Rule], *, version: str, jurisdictions: Iterable[Jurisdiction] = ()) -> None:
        """Index the rules.

        :raises BadRule: a rule cannot mean anything, or two rules share a key
        """
        self.version = version
        self.jurisdictions: Mapping[str, Jurisdiction] = {each.code: each for each in jurisdictions}
        self.rules: dict[str, Rule] = {}
        for rule in rules:
            self._add(rule)
        shared: dict[int, int] = {}  # one object for each rank: a decision touches as little memory as it can
        ranks = {key: packed(specificity(rule)) for key, rule in self.rules.items()}
        ordered = sorted(self.rules.values(), key=lambda rule: (-ranks[rule.key], rule.key))
        entries = [
            Entry.of(
                rule,
                order=order,
                rank=shared.setdefault(ranks[rule.key], ranks[rule.key]),
                matched=criteria_of(rule.when),
            )
            for order, rule in enumerate(ordered)
        ]
        self._index = RuleIndex(entries, self.jurisdictions)

    def _add(self, rule: Rule) -> None:
        if rule.key in self.rules or rule.key == FALLBACK_RULE:
            raise BadRule(reason="key", rule=rule.key)
        if bool(rule.then.unit) == bool(rule.then.role):
            raise BadRule(reason="unit", rule=rule.key)
        if len(rule.when.class_prefix) not in {0, MAJOR_DIGITS, CLASS_DIGITS}:
            raise BadRule(reason="class", rule=rule.key)
        self.rules[rule.key] = rule

    def matching(self, facts: Facts) -> list[Rule]:
        """Return every rule that applies, the most specific first, ties by key."""
        return [entry.rule for entry in self._index.find(facts)]

    def decide(self, facts: Facts, *, units: UnitFinder) -> Decision:
        """Return who is responsible. An unmatched report goes to the street office and is counted as a gap.

        A rule whose unit is not there gives way to the next.

        :raises BadRule: `no_fallback`: no rule decides, and no street office answers for the cell, its street, its
            district or the city
        """
        found = self._index.find(facts)
        leads = self._leads(found, facts, units)
        unable = [PassedOver(entry.key, "", "unit") for entry, lead in zip(found, leads, strict=True) if not lead[0]]
        able = (
            [both for both in zip(found, leads, strict=True) if both[1][0]]
            if unable
            else [*zip(found, leads, strict=True)]
        )
        if not able:
            return _fallback(facts, units, tuple(unable))
        best, lead = able[0]
        rank = best.rank
        beaten = [
            PassedOver(entry.key, unit, LOST_ON[(entry.rank ^ rank).bit_length()]) for entry, (unit, _, _) in able[1:]
        ]
        winner, (unit, resolved_by, jurisdiction) = best.rule, lead
        return Decision(
            unit=unit,
            resolved_by=resolved_by,
            rule=winner.key,
            basis=winner.basis,
            matched=best.matched,
            passed_over=(*beaten, *unable),
            assisting=self._assisting(winner, facts, units),
            limit=winner.then.limit,
            priority=winner.then.priority,
            auto_dispatch=winner.then.auto_dispatch,
            jurisdiction=jurisdiction,
            is_gap=False,
            is_tie=bool(beaten) and beaten[0].lost_on == "key",
        )

    def _leads(self, entries: list[Entry], facts: Facts, units: UnitFinder) -> list[Lead]:
        zones, cell, unit_for = self.jurisdictions, facts.cell, units.unit_for
        if facts.jurisdictions:
            return [lead_of(entry.rule, facts, jurisdictions=zones, units=units) for entry in entries]
        return [
            (unit_for(entry.plain_role, cell) or "", ResolvedBy.ROLE, "")  # what `lead_of` would come to
            if entry.plain_role
            else lead_of(entry.rule, facts, jurisdictions=zones, units=units)
            for entry in entries
        ]

    def _assisting(self, rule: Rule, facts: Facts, units: UnitFinder) -> tuple[str, ...]:
        """Return the units that help, each once."""
        if not rule.then.assisting and not rule.then.assisting_roles:
            return ()
        found = [
            resolve(role, facts, powers=rule.powers, jurisdictions=self.jurisdictions, units=units)
            for role in rule.then.assisting_roles
        ]
        return tuple(dict.fromkeys((*rule.then.assisting, *(each[0] for each in found if each))))


def criteria_of(when: When) -> tuple[tuple[str, str], ...]:
    """Name the criteria a rule asks for and their values, for the explanation; a window is only said to be there."""
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
