"""One report's facts and the smallest rules about it, for the tests of routing."""

from datetime import UTC, datetime
from typing import Any

from app.domain.routing import Facts, Rule, RuleSet, Then, When

CELL = "370213006001005"
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
FACTS = Facts(
    scheme="gbt",
    class_code="06010",
    condition="满溢",
    district=CELL[:6],
    street=CELL[:9],
    community=CELL[:12],
    cell=CELL,
    at=AT,
    place_type="market",
    answers={"consequence": "water_polluted"},
    channel="citizen",
    polygons=frozenset({"old-town"}),
    jurisdictions=frozenset({"high-tech-zone"}),
)


def a_rule(key: str = "r", *, unit: str = "u", role: str = "", powers: bool = False, **when: Any) -> Rule:
    return Rule(key, When(**when), Then(unit="" if role else unit, role=role), "依据", overrides_powers=powers)


def one_office(kind: str, _area: str) -> str | None:
    return "office" if kind == "street_office" else None


def winner(*rules: Rule, facts: Facts = FACTS) -> str:
    return RuleSet(rules, version="v").decide(facts, find_unit=one_office).rule
