"""Asks the rules who is responsible for a report and keeps the answer with its reasons."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from app.city.snapshot import ConditionFact
from app.domain.questions import PLACE_TYPE
from app.domain.routing.rules import FALLBACK_ROLE, Component, Facts
from app.domain.working_time import beijing_day
from app.reports.component import component_of
from app.reports.explaining import explain
from app.reports.models import Report
from app.reports.world import World


def facts_about(
    *,
    spot: tuple[float, float],
    cell_code: str,
    condition: ConditionFact | None,
    answers: Mapping[str, str],
    channel: str,
    component: Component | None,
    world: World,
    now: datetime,
    scheme: str = "",
) -> Facts:
    """Return what the rules are told of a report; without a condition it has no class either.

    :param spot: WGS-84 degrees, longitude first
    """
    polygons, jurisdictions = world.rulebook.territory.around(*spot)
    return Facts(
        scheme=condition.scheme if condition else scheme,
        class_code=condition.class_code if condition else "",
        condition=condition.name if condition else "",
        cell=cell_code,
        at=now,
        is_working_day=world.city.calendar.is_workday(beijing_day(now)),
        place_type=answers.get(PLACE_TYPE, ""),
        answers=answers,
        channel=channel,
        polygons=polygons,
        jurisdictions=jurisdictions,
        component=component,
    )


def facts_of(session: Session, report: Report, *, world: World, now: datetime) -> Facts:
    """Return what the rules are told of a report that is stored, at an instant."""
    return facts_about(
        spot=(report.lon, report.lat),
        cell_code=report.cell_code,
        condition=world.city.condition(report.condition_id) if report.condition_id else None,
        scheme=report.scheme,
        answers=report.answers,
        channel=report.source.value,
        component=component_of(session, report.component_code),
        world=world,
        now=now,
    )


def propose(session: Session, report: Report, *, world: World, now: datetime) -> None:
    """Ask again after a change of class or answers and keep the new proposal on the report."""
    facts = facts_of(session, report, world=world, now=now)
    decision = world.rules.decide(facts, units=world.city)
    report.rule_set_id, report.rule_key = world.rule_set_id, decision.rule
    report.routing = explain(decision, facts, world=world)
    report.proposed_unit_code, report.priority = decision.unit, decision.priority


def propose_after_return(report: Report, *, world: World) -> None:
    """Propose the rules' best choice that has not returned the report, else the street office (属地)."""
    ranked = [str(report.routing["unit"])]
    ranked += [str(rule["unit"]) for rule in report.routing.get("passed_over", []) if rule["unit"]]
    fallback = world.city.unit_for(FALLBACK_ROLE, report.street_code)
    candidates = [*ranked, fallback or report.proposed_unit_code]
    report.proposed_unit_code = next((unit for unit in candidates if unit not in report.returned_by), candidates[-1])
