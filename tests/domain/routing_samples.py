"""One report's facts and the smallest rules about it, for the tests of routing."""

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


class OneOffice:
    """A city in which every unit works that is named, and whose only unit of a known kind is a street office."""

    def unit_for(self, kind: str, _area_code: str) -> str | None:
        return "office" if kind == "street_office" else None

    def unit_at(self, _kind: str, _area_code: str) -> str | None:
        return None

    def is_at_work(self, _unit_code: str) -> bool:
        return True


ONE_OFFICE = OneOffice()


def a_set(*rules: Rule) -> RuleSet:
    return RuleSet(rules, version="v", jurisdictions=[HIGH_TECH])


def winner(*rules: Rule, facts: Facts = FACTS) -> str:
    return a_set(*rules).decide(facts, units=ONE_OFFICE).rule
