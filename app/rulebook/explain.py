"""Answers why: of a report what was written down and what the rules say now, of a case thought up the latter."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, select

from app.city.facts import UnitFact
from app.city.models import UnitLevel
from app.city.snapshot import CitySnapshot, ConditionFact
from app.domain.errors import Invalid
from app.domain.questions import check_answers
from app.domain.roles import Caller
from app.domain.routing.rules import Facts, UnitFinder
from app.reports.access import get_at_work
from app.reports.component import component_of
from app.reports.explaining import explain
from app.reports.explanation import read_explanation
from app.reports.models import Report, Source
from app.reports.placing import find_spot
from app.reports.routing_step import facts_about, facts_of
from app.reports.world import World
from app.routing.loading import load_rulebook
from app.routing.models import RuleSetVersion
from app.routing.refusals import RuleSetNotFound
from app.routing.words import SectionWords, UnitWords
from app.rulebook.draft_units import DraftUnits
from app.rulebook.schemas import Asked, ExplainQuestion, ExplainRead


class ExplainWhat(Invalid):
    """Neither a report nor a place, or a report and what is thought up."""

    code = "EXPLAIN_WHAT"


class UnknownClass(Invalid):
    """No class of the city has this code."""

    code = "CLASS_UNKNOWN"


_OF_BOTH = {"number", "at", "rule_set"}
"""What may be said when the question is about a report; everything else is known of it."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What is asked about, as the rules are told of it; `report` is None when it is thought up."""

    facts: Facts
    place: tuple[str, str]
    is_certain: bool
    report: Report | None = None


def explain_case(
    session: Session, question: ExplainQuestion, *, caller: Caller, world: World, now: datetime
) -> ExplainRead:
    """Return what the rules of a version, by default the one in force, say of a case.

    :raises ExplainWhat: neither a report nor a place, or a report and what is thought up
    :raises ReportNotFound: no such report for the caller's work
    :raises InvalidReportNumber: the number has a typing mistake
    :raises RuleSetNotFound: no such version
    :raises BadCoordinate: not a position on Earth
    :raises OutOfArea: not in this city
    :raises UnknownCategory: no such category
    :raises UnknownCondition: no such filing condition
    :raises UnknownClass: no such class
    :raises UnknownQuestion: an answer to what the version does not ask
    :raises UnknownAnswer: an answer that is none of the choices
    :raises UnknownComponent: no such component
    :raises BadRule: the draft has a rule that cannot mean anything
    """
    thought_up = question.model_dump(exclude_defaults=True).keys() - _OF_BOTH
    if (question.number is None) is not bool(thought_up):
        raise ExplainWhat
    world, units = _under(session, question.rule_set, world=world)
    case = _case(session, question, caller=caller, world=world, now=question.at or now)
    decision = world.rules.decide(case.facts, units=units)
    says = read_explanation(explain(decision, case.facts, world=world))
    stored = read_explanation(case.report.routing) if case.report else None
    return ExplainRead(
        asked=_asked(case, world=world),
        rules_say=says,
        stored=stored,
        is_same=None if stored is None else (stored.unit, stored.rule) == (says.unit, says.rule),
    )


def _under(session: Session, version: str | None, *, world: World) -> tuple[World, UnitFinder]:
    """Return the world as it is under a version, with the units that this one would bring along."""
    if version is None or version == world.rules.version:
        return world, world.city
    row = session.exec(select(RuleSetVersion).where(RuleSetVersion.version == version)).first()
    if row is None:
        raise RuleSetNotFound(rule_set=version)
    own = SectionWords.model_validate(row.sections).units
    known = {each.code: _as_fact(each) for each in own} | dict(world.city.units)
    under = replace(world, city=replace(world.city, units=known), rulebook=load_rulebook(session, row.id or 0))
    return under, DraftUnits(world.city, own)


def _as_fact(words: UnitWords) -> UnitFact:
    return UnitFact(
        code=words.code,
        name=words.name,
        kind=words.kind,
        level=UnitLevel(words.level),
        area_code=words.area,
        parent_code=words.parent or None,
        is_active=True,
    )


def _case(session: Session, question: ExplainQuestion, *, caller: Caller, world: World, now: datetime) -> _Case:
    if question.number is not None:
        report = get_at_work(session, question.number, caller=caller)
        facts = facts_of(session, report, world=world, now=now)
        return _Case(facts, (report.district_code, report.street_code), report.is_place_certain, report)
    return _thought_up(session, question, world=world, now=now)


def _thought_up(session: Session, question: ExplainQuestion, *, world: World, now: datetime) -> _Case:
    if question.location is None:
        raise ExplainWhat
    spot = find_spot(question.location, city=world.city)
    condition = _condition(question, world.city)
    category = condition.category_code if condition else question.category
    check_answers(world.rulebook.questions, category, question.answers)
    facts = facts_about(
        spot=(spot.lon, spot.lat),
        cell_code=spot.place.cell_code,
        condition=condition,
        answers=question.answers,
        channel=question.channel.value,
        component=component_of(session, question.component),
        world=world,
        now=now,
    )
    if condition is None and question.class_code is not None:
        facts = replace(facts, class_code=question.class_code, scheme=_scheme_of(question.class_code, world.city))
    return _Case(facts, (spot.place.district_code, spot.place.street_code), spot.place.is_certain)


def _condition(question: ExplainQuestion, city: CitySnapshot) -> ConditionFact | None:
    if question.condition_id is not None:
        return city.condition(int(question.condition_id))
    if question.class_code is not None or question.category is None:
        return None
    return city.default_condition(question.category)


def _scheme_of(class_code: str, city: CitySnapshot) -> str:
    scheme = next((each.scheme for each in city.classes if each.code == class_code), None)
    if scheme is None:
        raise UnknownClass(class_code=class_code)
    return scheme


def _asked(case: _Case, *, world: World) -> Asked:
    facts, (district, street) = case.facts, case.place
    return Asked(
        cell=facts.cell,
        district=_area_name(district, world.city),
        street=_area_name(street, world.city),
        is_certain=case.is_certain,
        scheme=facts.scheme,
        class_code=facts.class_code or None,
        condition=facts.condition or None,
        answers=dict(facts.answers),
        channel=Source(facts.channel),
        component=facts.component.code if facts.component else None,
        at=facts.at,
    )


def _area_name(code: str, city: CitySnapshot) -> str:
    area = city.areas.get(code)
    return area.name if area else code
