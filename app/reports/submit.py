"""This will take a citizen's report in: place, owner, clocks, photos and journal in one transaction.

When the rules are decisive they accept, file and dispatch at once, each step with its own journal entry.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import make_transient_to_detached
from sqlmodel import Session, col

from app.city.snapshot import ConditionFact, Place
from app.domain.questions import PLACE_TYPE, check_answers
from app.domain.report_number import ENTROPY_RANGE, make
from app.domain.roles import Caller, Role
from app.domain.routing.decision import Decision
from app.domain.routing.rules import Facts
from app.domain.workflow import STAGE_OF, Action, Stage, Status, advance
from app.journal.chain import Head
from app.journal.write import RULE, Actor, Event, link, store
from app.reports.actions.engine import Context, holder_of
from app.reports.alike.checking import check_duplicates
from app.reports.assisting import named_by_rule, store_assisting
from app.reports.clocks import dispatched_limit, filed_limit, id_of, set_handling_deadline, stage_limit
from app.reports.component import component_for_new
from app.reports.errors import NothingToSay, NumberTaken, PhotoRequired
from app.reports.evidence import attach_evidence
from app.reports.explaining import explain
from app.reports.models import Report, Source
from app.reports.placing import Spot, find_spot
from app.reports.routing_step import facts_about
from app.reports.schemas import SubmitReport
from app.reports.sorting import sort_out
from app.sla.models import Timer
from app.sla.timers import instant_row, new_timer, store_new
from app.triage.recording import record_proposal

_ADD: Final = insert(Report).returning(col(Report.id))

_SOURCE = {Role.CITIZEN: Source.CITIZEN, Role.INSPECTOR: Source.INSPECTOR, Role.SERVICE: Source.SERVICE}


def draw_entropy() -> int:
    """Return the random part of a new report number."""
    return secrets.randbelow(ENTROPY_RANGE)


def submit(
    session: Session,
    body: SubmitReport,
    *,
    context: Context,
    draw: Callable[[], int] = draw_entropy,
    join_secret: bytes | None = None,
) -> Report:
    """Store a report with an owner or a named pool and its reason.

    :param join_secret: signs the tokens for joining what may be the same; without it none is offered
    :raises NothingToSay: neither category nor text
    :raises PhotoRequired: a citizen or inspector sent none
    :raises UnknownCategory: no such category
    :raises UnknownQuestion: an answer to what is not asked for the category
    :raises UnknownAnswer: an answer that is none of the choices
    :raises UnknownComponent: no such component, or it was removed
    :raises ComponentTooFar: it stands elsewhere
    :raises ComponentUnfit: its class is none of the category's
    :raises BadCoordinate: not a position on Earth
    :raises OutOfArea: not in this city
    :raises PhotoNotFound: a photo that is not the caller's
    :raises PhotoTaken: a photo that belongs to another report
    :raises PossibleDuplicates: others have probably reported the same, and the sender does not say they know
    :raises NumberTaken: another report of this second drew the same number; try again in a new transaction
    """
    source = _source(context.caller)
    if not body.category and not body.description:
        raise NothingToSay
    if not body.photo_ids and source is not Source.SERVICE:
        raise PhotoRequired
    spot = find_spot(body.location, city=context.world.city)
    component = component_for_new(
        session, body.component, spot=(spot.lon, spot.lat), category=body.category, city=context.world.city
    )
    sorted_out = sort_out(body, world=context.world)
    condition = sorted_out.condition
    check_answers(context.world.rulebook.questions, body.category, body.answers)
    facts = facts_about(
        spot=(spot.lon, spot.lat),
        cell_code=spot.place.cell_code,
        condition=condition,
        answers=body.answers,
        channel=source.value,
        component=component,
        world=context.world,
        now=context.now,
    )
    decision = context.world.rules.decide(facts, units=context.world.city)
    report = _new_report(
        body,
        number=make(context.now, draw()),
        source=source,
        spot=spot,
        condition=condition,
        facts=facts,
        decision=decision,
        context=context,
    )
    duplicates = check_duplicates(session, report, body, context=context, join_secret=join_secret)
    birth = _Birth(report, context)
    evidence = _evidence(report, body) | ({"duplicates_acknowledged": duplicates} if duplicates else {})
    birth.step(Action.SUBMIT, Status.SUBMITTED, _person(context.caller, source), evidence)
    if sorted_out.is_certain and is_decisive(condition, decision, spot.place):
        _advance_by_rule(birth, decision)
    birth.store(session, body.photo_ids)
    if sorted_out.proposal is not None:
        record_proposal(session, id_of(report), sorted_out.proposal, now=context.now)
    return report


def _evidence(report: Report, body: SubmitReport) -> dict[str, Any]:
    """Return what the first entry fixes for good: where the problem was said to be and which photos showed it."""
    return {
        "photos": len(body.photo_ids),
        "photo_ids": body.photo_ids,
        "sent": f"{report.sent_lon!r},{report.sent_lat!r},{report.datum.value}",
        "cell": report.cell_code,
    }


def is_decisive(condition: ConditionFact | None, decision: Decision, place: Place) -> bool:
    """Tell whether rules alone may accept, file and dispatch."""
    return (
        condition is not None
        and condition.auto_dispatch
        and not condition.needs_verification
        and place.is_certain
        and decision.auto_dispatch
        and not decision.is_gap
        and not decision.is_tie
    )


@dataclass
class _Birth:
    """A report on its way into the database: its steps are collected first, then stored in few statements."""

    report: Report
    context: Context
    events: list[Event] = field(default_factory=list)
    assisting: list[str] = field(default_factory=list)

    def step(self, action: Action, status: Status, actor: Actor, facts: dict[str, Any]) -> None:
        old = self.report.status if self.events else None
        self.report.status = status
        self.report.holder = holder_of(status, self.report.unit_code)
        self.events.append(Event(action, self.context.now, actor, old, status, self.report.holder, facts))

    def store(self, session: Session, photo_ids: list[str]) -> None:
        report, now, world = self.report, self.context.now, self.context.world
        links = link(report.number, Head(), self.events)
        report.journal_seq, report.journal_hash = links.head.seq, links.head.hash
        passed, running = self._timers()
        report.due_at = running.due_at
        if running.stage is Stage.HANDLE:
            set_handling_deadline(report, report.due_at, limits=world.stage_limits, calendar=world.city.calendar)
        _insert(session, report)
        store_new(session, id_of(report), passed=passed, running=running)
        store(session, id_of(report), links)
        store_assisting(session, report, self.assisting)
        attach_evidence(session, report, photo_ids, caller=self.context.caller, now=now)

    def _timers(self) -> tuple[list[dict[str, Any]], Timer]:
        """Return the timers of the stages passed in no time, and the one that runs."""
        report, world, now = self.report, self.context.world, self.context.now
        calendar = world.city.calendar
        *passed, last = [STAGE_OF[event.to_status] for event in self.events]
        rows = [
            instant_row(stage=stage, limit=stage_limit(report, stage, world=world), calendar=calendar, now=now)
            for stage in passed
        ]
        running = new_timer(
            report_id=0,
            stage=last,
            limit=stage_limit(report, last, world=world),
            unit_code=report.unit_code,
            calendar=calendar,
            now=now,
        )
        return rows, running


def _advance_by_rule(birth: _Birth, decision: Decision) -> None:
    report, context = birth.report, birth.context
    named = {"rule_set": context.world.rules.version, "rule": decision.rule, "basis": decision.basis}
    condition = context.world.city.condition(report.condition_id or 0)
    report.accepted_at = report.dispatched_at = context.now
    accepted = advance(report.status, Action.ACCEPT, roles=None)
    birth.step(Action.ACCEPT, accepted, RULE, named | {"class": condition.class_code, "condition": condition.id})
    limit = filed_limit(report, world=context.world)
    birth.step(Action.FILE, advance(accepted, Action.FILE, roles=None), RULE, named | limit)
    report.unit_code = decision.unit
    unit: dict[str, Any] = {"unit": decision.unit, "unit_name": context.world.city.units[decision.unit].name}
    birth.assisting = named_by_rule(report.routing, lead=decision.unit, city=context.world.city)
    if birth.assisting:
        unit["assisting"] = birth.assisting
    unit |= dispatched_limit(report, world=context.world)
    birth.step(Action.DISPATCH, advance(Status.FILED, Action.DISPATCH, roles=None), RULE, named | unit)


def _new_report(
    body: SubmitReport,
    *,
    number: str,
    source: Source,
    spot: Spot,
    condition: ConditionFact | None,
    facts: Facts,
    decision: Decision,
    context: Context,
) -> Report:
    location, place = body.location, spot.place
    return Report(
        number=number,
        status=Status.SUBMITTED,
        source=source,
        category_code=condition.category_code if condition else body.category,
        scheme=condition.scheme if condition else "",
        class_code=condition.class_code if condition else None,
        condition_id=condition.id if condition else None,
        description=body.description,
        answers=body.answers,
        place_type=body.answers.get(PLACE_TYPE, ""),
        component_code=body.component,
        reporter_id=context.caller.user_id,
        is_anonymous=body.anonymous,
        lon=spot.lon,
        lat=spot.lat,
        sent_lon=location.lon,
        sent_lat=location.lat,
        datum=location.datum,
        accuracy_m=location.accuracy_m,
        location_source=location.source,
        address=location.address,
        district_code=place.district_code,
        street_code=place.street_code,
        cell_code=place.cell_code,
        is_place_certain=place.is_certain,
        place_offset_m=place.offset_m,
        place_hint=spot.hint,
        proposed_unit_code=decision.unit,
        rule_set_id=context.world.rule_set_id,
        rule_key=decision.rule,
        routing=explain(decision, facts, world=context.world),
        priority=decision.priority,
        submitted_at=context.now,
        changed_at=context.now,
    )


def _insert(session: Session, report: Report) -> None:
    """Insert the columns that have a value and go on with the row as if the session had done so.

    Of its sixty columns a new report leaves twenty empty. The PostgreSQL driver keeps what it has parsed of a statement
    with up to fifty values and parses a longer one again each time, which was a twentieth of a submission.
    """
    try:
        report.id = session.connection().execute(_ADD, report.model_dump(exclude_none=True)).scalar_one()
    except IntegrityError as refused:
        if "number" in str(refused.orig):
            raise NumberTaken from refused
        raise
    make_transient_to_detached(report)
    session.add(report)


def _source(caller: Caller) -> Source:
    return next(source for role, source in _SOURCE.items() if role in caller.roles)


def _person(caller: Caller, source: Source) -> Actor:
    role = next(role for role, each in _SOURCE.items() if each is source)
    return Actor("user", caller.user_id, role.value)
