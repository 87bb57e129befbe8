"""A history for trying rules on, straight into the tables: what came in, what the rules said, how it ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from app.city.snapshot import ConditionFact
from app.domain.gcj02 import Datum
from app.domain.questions import PLACE_TYPE
from app.domain.report_number import make
from app.domain.routing.rules import Facts
from app.domain.workflow import Status
from app.domain.working_time import beijing_day
from app.reports.models import LocationSource, Report, Source
from app.reports.world import World
from app.routing.models import RoutingRule, RuleSetState, RuleSetVersion
from app.routing.words import RuleSetWords, RuleWords, rule_row, section_rows
from tests.builders import NOW, a_citizen
from tests.builders_city import IN_LICUN

_entropy = count(1)
BEFORE_NOW = timedelta(days=400)


@dataclass(frozen=True)
class Past:
    """One report of the past; without `handled_by` the unit that the rules chose handled it."""

    at: tuple[float, float] = IN_LICUN
    class_code: str = "06010"
    answers: Mapping[str, str] = field(default_factory=dict)
    source: Source = Source.CITIZEN
    returned_by: tuple[str, ...] = ()
    is_returned: bool = False
    handled_by: str = ""
    status: Status = Status.CLOSED
    component: str | None = None


def condition_of(world: World, class_code: str) -> ConditionFact:
    return next(each for each in world.city.conditions if each.class_code == class_code)


def store_past(session: Session, world: World, history: Iterable[Past], *, since: datetime = NOW - BEFORE_NOW) -> None:
    """Store reports a minute apart, the first submitted at `since`, each decided by the rules of `world`."""
    reporter = a_citizen(session).user_id
    rows = [
        _row(past, world, at=since + timedelta(minutes=position), reporter=reporter)
        for position, past in enumerate(history)
    ]
    if rows:
        session.connection().execute(insert(Report), rows)


def _row(past: Past, world: World, *, at: datetime, reporter: int) -> dict[str, Any]:
    condition, place = condition_of(world, past.class_code), world.city.locate(*past.at)
    polygons, jurisdictions = world.rulebook.territory.around(*past.at)
    facts = Facts(
        scheme=condition.scheme,
        class_code=condition.class_code,
        condition=condition.name,
        cell=place.cell_code,
        at=at,
        is_working_day=world.city.calendar.is_workday(beijing_day(at)),
        place_type=past.answers.get(PLACE_TYPE, ""),
        answers=past.answers,
        channel=past.source.value,
        polygons=polygons,
        jurisdictions=jurisdictions,
    )
    decision = world.rules.decide(facts, units=world.city)
    unit = past.handled_by or decision.unit
    returned_by = [*past.returned_by, decision.unit] if past.is_returned else list(past.returned_by)
    return {
        "number": make(at, next(_entropy)),
        "status": past.status,
        "source": past.source,
        "category_code": condition.category_code,
        "scheme": condition.scheme,
        "class_code": condition.class_code,
        "condition_id": condition.id,
        "answers": dict(past.answers),
        "place_type": past.answers.get(PLACE_TYPE, ""),
        "component_code": past.component,
        "reporter_id": reporter,
        "lon": past.at[0],
        "lat": past.at[1],
        "sent_lon": past.at[0],
        "sent_lat": past.at[1],
        "datum": Datum.WGS84,
        "location_source": LocationSource.PIN,
        "district_code": place.district_code,
        "street_code": place.street_code,
        "cell_code": place.cell_code,
        "is_place_certain": True,
        "proposed_unit_code": decision.unit,
        "unit_code": unit,
        "returned_by": returned_by,
        "return_count": len(returned_by),
        "rule_set_id": world.rule_set_id,
        "rule_key": decision.rule,
        "routing": {
            "rule_set": world.rules.version,
            "rule": decision.rule,
            "unit": decision.unit,
            "unit_name": world.city.units[decision.unit].name,
            "basis": decision.basis,
            "is_gap": decision.is_gap,
            "is_tie": decision.is_tie,
        },
        "submitted_at": at,
        "changed_at": at,
        "accepted_at": at,
        "dispatched_at": at,
        "closed_at": at if past.status is Status.CLOSED else None,
    }


def store_version(
    session: Session, words: RuleSetWords, *, state: RuleSetState = RuleSetState.CHECKED, sha256: str = "a" * 64
) -> int:
    """Store a version that decides nothing, and return its id."""
    version = RuleSetVersion(
        version=words.version,
        state=state,
        note=words.note,
        editor="test",
        sections=dict(section_rows(words)),
        content_sha256=sha256,
        effective_from=NOW if state is RuleSetState.PUBLISHED else None,
        created_at=NOW,
    )
    session.add(version)
    session.flush()  # for the id
    rows = [
        rule_row(rule, rule_set_id=version.id or 0, position=position, editor="test")
        for position, rule in enumerate(words.rules)
    ]
    if rows:
        session.connection().execute(insert(RoutingRule), rows)
    return version.id or 0


def a_rule(key: str, when: Mapping[str, Any], then: Mapping[str, Any], **more: Any) -> RuleWords:
    return RuleWords.model_validate({"key": key, "when": when, "then": then, "basis": "测试依据", **more})


def a_version(name: str, *rules: RuleWords, **sections: Any) -> RuleSetWords:
    return RuleSetWords.model_validate({"version": name, "rules": rules, **sections})
