"""Looks at a seeded database: figures, the fastest story, accounts; measured like everybody's, out of the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.analytics.grouping import GroupBy
from app.analytics.handling_time import handling_time
from app.analytics.question import MAX_DAYS, HandlingTimeQuery
from app.analytics.schemas import HandlingTime
from app.demo.people import handler_of, lead_of, load_cast, login_of
from app.demo.scenario import FASTEST_STORY, load_scenario
from app.demo.simulation import report_of
from app.domain.deadlines import StepKind
from app.domain.durations import Happening, Milestone, milestones
from app.domain.roles import DESK_ROLES, Role
from app.domain.workflow import Status
from app.domain.working_time import beijing_day
from app.journal.queries import events_of, texts_of
from app.reports.models import Report
from app.reports.schemas import TimelineEntry
from app.reports.timeline import timeline
from app.reports.world import World
from app.sla.models import TimerFiring


@dataclass(frozen=True, slots=True)
class Told:
    """The story whose result came fastest: `feedback` is how long after the photos were sent, None while it is owed."""

    number: str
    place: str
    category: str
    feedback: timedelta | None
    timeline: Sequence[TimelineEntry]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a visitor is shown first."""

    reports: int
    closed: int
    warnings: int
    breaches: int
    figures: HandlingTime
    story: Told | None
    accounts: Sequence[tuple[Role, str]]


def summarise(session: Session, *, world: World, now: datetime) -> Summary:
    """Read the summary of a seeded database.

    :raises LookupError: it has no reports
    """
    fired = dict(session.exec(select(TimerFiring.kind, func.count()).group_by(col(TimerFiring.kind))).all())
    return Summary(
        reports=session.exec(select(func.count()).select_from(Report)).one(),
        closed=session.exec(select(func.count()).select_from(Report).where(Report.status == Status.CLOSED)).one(),
        warnings=fired.get(StepKind.WARN, 0),
        breaches=fired.get(StepKind.BREACH, 0),
        figures=_figures(session, world=world, now=now),
        story=_told(session, world=world),
        accounts=_accounts(session, world=world),
    )


def _figures(session: Session, *, world: World, now: datetime) -> HandlingTime:
    first = session.exec(select(Report.submitted_at).order_by(col(Report.submitted_at)).limit(1)).first()
    if first is None:
        raise LookupError("no reports")
    today = beijing_day(now)
    since = max(beijing_day(first), today - timedelta(days=MAX_DAYS - 1))
    query = HandlingTimeQuery.model_validate({"from": since, "to": today, "group_by": GroupBy.CATEGORY})
    (supervisor,) = load_cast(session).desks[Role.SUPERVISOR]
    return handling_time(session, query, caller=supervisor, world=world, now=now)


def _told(session: Session, *, world: World) -> Told | None:
    story = next((each for each in load_scenario() if each.key == FASTEST_STORY), None)
    report = report_of(session, story.reporter) if story else None
    if report is None or report.id is None:
        return None
    events = events_of(session, report.id)
    history = [Happening(event.at, event.action, event.status, None) for event in events]
    reached = milestones(history).get(Milestone.FEEDBACK)
    return Told(
        number=report.number,
        place=world.city.areas[report.district_code].name,
        category=next(each.name for each in world.city.categories if each.code == report.category_code),
        feedback=reached - history[0].at if reached else None,
        timeline=timeline(events, texts_of(session, report.id), is_staff=False),
    )


def _accounts(session: Session, *, world: World) -> list[tuple[Role, str]]:
    """Return one login name per role; the unit's are those of the fastest story, where there is something to see."""
    story = next((each for each in load_scenario() if each.key == FASTEST_STORY), None)
    report = report_of(session, story.reporter) if story else None
    unit = (report.unit_code if report else None) or next(iter(world.city.units))
    desks = [(role, login_of(role)) for role in Role if role in DESK_ROLES]
    return [*desks, (Role.UNIT_LEAD, lead_of(unit)), (Role.HANDLER, handler_of(unit))]
