"""What a check found, as it is stored with the version and shown: counts, and of each kind the first ones."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel

from app.domain.routing.findings import Dead, Gap, Report, Tie, Witness
from app.domain.routing.rules import Facts
from app.routing.findings import Findings
from app.texts import text

SHOWN = 200
"""Of each kind; a set with more of a kind is repaired in several goes."""


_NAMED = 5
"""Rules that a sentence names; the list beside it has them all."""


class FaultRead(BaseModel):
    """A fault and where it stands: `line` is 0 in a version that is stored, `sheet` empty but for a workbook."""

    line: int
    sheet: str
    item: str
    field: str
    reason: str


class WitnessRead(BaseModel):
    """A report for which a finding holds: what is known of it, and an example of where it lies (WGS-84)."""

    lon: float
    lat: float
    facts: dict[str, Any]


class TieRead(BaseModel):
    """Two rules of which neither is more specific for the witness."""

    rules: list[str]
    witness: WitnessRead


class DeadRead(BaseModel):
    """A rule that can never decide, and why, in Chinese."""

    rule: str
    because: str
    reason: str
    by: list[str]


class GapRead(BaseModel):
    """A class for which some report in each of the streets finds only the territorial fallback."""

    scheme: str
    class_code: str
    kind: str
    conditions: list[str]
    street_count: int
    streets: list[str]
    by_district: dict[str, int]
    is_city_wide: bool
    only_when: list[list[str]]
    witness: WitnessRead


class CheckReport(BaseModel):
    """The outcome of a check against the city at `city_version`, for decisions from the Beijing day `from_day` on.

    Faults, ties and rules that could not be told apart forbid publication; gaps and dead rules are warnings.
    """

    city_version: int
    from_day: date
    rule_count: int
    is_publishable: bool
    fault_count: int
    faults: list[FaultRead]
    tie_count: int
    ties: list[TieRead]
    undecided_count: int
    undecided: list[str]
    dead_count: int
    dead: list[DeadRead]
    gap_count: int
    gaps: list[GapRead]

    @property
    def counts(self) -> dict[str, int]:
        names = ("rule_count", "fault_count", "tie_count", "undecided_count", "dead_count", "gap_count")
        return {name: getattr(self, name) for name in names}


def faulty(findings: Findings, *, city_version: int, from_day: date, rules: int) -> CheckReport:
    """Return the report of a set that is wrong by itself: nothing else is looked at."""
    return CheckReport(
        city_version=city_version,
        from_day=from_day,
        rule_count=rules,
        is_publishable=False,
        fault_count=findings.count,
        faults=[FaultRead.model_validate(each.as_fact()) for each in findings],
        tie_count=0,
        ties=[],
        undecided_count=0,
        undecided=[],
        dead_count=0,
        dead=[],
        gap_count=0,
        gaps=[],
    )


def told(report: Report, *, city_version: int, from_day: date, rules: int) -> CheckReport:
    """Return what the domain's check found, in words where words are needed."""
    unknown = [
        FaultRead(
            line=0, sheet="", item=each.rule, field=each.criterion, reason=text("check.unknown", value=each.value)
        )
        for each in report.unknown
    ]
    return CheckReport(
        city_version=city_version,
        from_day=from_day,
        rule_count=rules,
        is_publishable=report.is_publishable,
        fault_count=len(unknown),
        faults=unknown[:SHOWN],
        tie_count=report.tie_count,
        ties=[_tie(each) for each in report.ties[:SHOWN]],
        undecided_count=len(report.undecided),
        undecided=list(report.undecided[:SHOWN]),
        dead_count=len(report.dead),
        dead=[_dead(each) for each in report.dead[:SHOWN]],
        gap_count=len(report.gaps),
        gaps=[_gap(each) for each in report.gaps[:SHOWN]],
    )


def _tie(tie: Tie) -> TieRead:
    return TieRead(rules=list(tie.rules), witness=_witness(tie.witness))


def _dead(dead: Dead) -> DeadRead:
    criterion = text("check.dead.at", criterion=dead.criterion) if dead.criterion else ""
    reason = text(f"check.dead.{dead.because.value}", by="、".join(dead.by[:_NAMED]), at=criterion)
    return DeadRead(rule=dead.rule, because=dead.because.value, reason=reason, by=list(dead.by))


def _gap(gap: Gap) -> GapRead:
    return GapRead(
        scheme=gap.scheme,
        class_code=gap.class_code,
        kind=gap.kind.value,
        conditions=list(gap.conditions[:SHOWN]),
        street_count=len(gap.streets),
        streets=list(gap.streets[:SHOWN]),
        by_district=dict(gap.by_district),
        is_city_wide=gap.is_city_wide,
        only_when=[list(each) for each in gap.only_when],
        witness=_witness(gap.witness),
    )


def _witness(witness: Witness) -> WitnessRead:
    return WitnessRead(lon=round(witness.lon, 6), lat=round(witness.lat, 6), facts=dict(_facts(witness.facts)))


def _facts(facts: Facts) -> Mapping[str, Any]:
    """Return what is known of a report, without what is not."""
    known = {
        "scheme": facts.scheme,
        "class": facts.class_code,
        "condition": facts.condition,
        "cell": facts.cell,
        "polygons": sorted(facts.polygons),
        "jurisdictions": sorted(facts.jurisdictions),
        "place_type": facts.place_type,
        "answers": dict(facts.answers),
        "channel": facts.channel,
        "at": facts.at.isoformat(),
        "is_working_day": facts.is_working_day,
    }
    return {name: value for name, value in known.items() if value not in ("", [], {})}
