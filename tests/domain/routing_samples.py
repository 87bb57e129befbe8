"""One report's facts and the smallest rules about it, for the tests of routing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.domain.routing.deciding import RuleSet
from app.domain.routing.rules import Facts, Jurisdiction, Powers, Rule, Then, When

CELL = "370213006001005"
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
FACTS = Facts(
    scheme="gbt",
    class_code="06010",
    condition="满溢",
    cell=CELL,
    at=AT,
    place_type="market",
    answers={"consequence": "water_polluted"},
    channel="citizen",
    polygons=frozenset({"old-town"}),
    jurisdictions=frozenset({"high-tech-zone"}),
)


HIGH_TECH = Jurisdiction("high-tech-zone", "高新区", "依据")


def a_rule(key: str = "r", *, unit: str = "u", role: str = "", powers: bool = False, **when: Any) -> Rule:
    ranked = Powers.CONCENTRATED if powers else Powers.ORDINARY
    return Rule(key, When(**when), Then(unit="" if role else unit, role=role), "依据", powers=ranked)


@dataclass(frozen=True)
class Units:
    """The units of a city by kind and area, read as `CitySnapshot` reads them; those `away` are not at work."""

    by_area: Mapping[tuple[str, str], str] = field(default_factory=lambda: {("street_office", ""): "office"})
    away: frozenset[str] = frozenset()

    def unit_for(self, kind: str, area_code: str) -> str | None:
        for length in (15, 12, 9, 6, 4, 0):
            if length <= len(area_code) and (kind, area_code[:length]) in self.by_area:
                return self.by_area[kind, area_code[:length]]
        return None

    def unit_at(self, kind: str, area_code: str) -> str | None:
        return self.by_area.get((kind, area_code))

    def is_at_work(self, unit_code: str) -> bool:
        return unit_code not in self.away


ONE_OFFICE = Units()


def a_set(*rules: Rule) -> RuleSet:
    return RuleSet(rules, version="v", jurisdictions=[HIGH_TECH])


def winner(*rules: Rule, facts: Facts = FACTS) -> str:
    return a_set(*rules).decide(facts, units=ONE_OFFICE).rule
