"""A small town whose reports live by real use cases at minutes of our choosing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlmodel import Session, select

from app.analytics.behind import handling_time_reports
from app.analytics.handling_time import handling_time
from app.analytics.question import HandlingTimeQuery, HandlingTimeReportsQuery
from app.analytics.schemas import HandlingTime, MeasuredReport
from app.domain.gcj02 import Datum
from app.domain.roles import Caller, Role
from app.domain.workflow import TERMINAL, Action, Desk, Status
from app.identity.models import UserAccount
from app.infra.database import Database
from app.journal.chain import Head
from app.journal.write import Actor, Event, link, store
from app.media.models import Photo, PhotoKind
from app.reports.actions import acceptance, citizen, dispatching, handling, visits
from app.reports.actions.engine import Context
from app.reports.actions.schemas import (
    AcceptBody,
    CloseBody,
    DispatchBody,
    FailedCheckBody,
    FileBody,
    NoteBody,
    Point,
    ReasonBody,
    ResolveBody,
    VerificationBody,
    VisitBody,
)
from app.reports.models import LocationSource, Report
from app.reports.schemas import Location, SubmitReport
from app.reports.submit import submit
from app.reports.world import World, WorldHolder
from app.routing.rule_files import load_default_rules
from app.sla.policies import load_default_limits
from tests.builders_city import IN_LICUN, a_small_city

LICANG_UM = "370213.urban_management"
LICUN_OFFICE = "370213006.street_office"
SHINAN_UM = "370202.urban_management"

REASON = ReasonBody(reason="不属本单位职责")
NOTE = NoteBody()

VERBS: dict[str, tuple[Any, Role, Callable[[str, Point], Any]]] = {
    "accept": (acceptance.accept, Role.ACCEPTOR, lambda _photo, _point: AcceptBody(category="sanitation")),
    "reject": (acceptance.reject, Role.ACCEPTOR, lambda _photo, _point: REASON),
    "verify": (acceptance.request_verification, Role.ACCEPTOR, lambda _photo, _point: NOTE),
    "verified": (
        visits.report_verification,
        Role.INSPECTOR,
        lambda photo, point: VerificationBody(photo_ids=[photo], point=point, is_true=True),
    ),
    "file": (acceptance.file, Role.ACCEPTOR, lambda _photo, _point: FileBody()),
    "void": (acceptance.void, Role.ACCEPTOR, lambda _photo, _point: REASON),
    "void_later": (acceptance.void, Role.DISPATCHER, lambda _photo, _point: REASON),
    "withdraw": (citizen.withdraw, Role.CITIZEN, lambda _photo, _point: NOTE),
    "sign": (handling.sign, Role.UNIT_LEAD, lambda _photo, _point: NOTE),
    "return": (handling.return_to_dispatch, Role.UNIT_LEAD, lambda _photo, _point: REASON),
    "resolve": (
        handling.resolve,
        Role.UNIT_LEAD,
        lambda photo, _point: ResolveBody(result="已清理", photo_ids=[photo]),
    ),
    "pass_review": (dispatching.pass_review, Role.DISPATCHER, lambda _photo, _point: NOTE),
    "rework": (dispatching.rework, Role.DISPATCHER, lambda _photo, _point: REASON),
    "pass_check": (
        visits.pass_check,
        Role.INSPECTOR,
        lambda photo, point: VisitBody(photo_ids=[photo], point=point),
    ),
    "fail_check": (
        visits.fail_check,
        Role.INSPECTOR,
        lambda photo, point: FailedCheckBody(photo_ids=[photo], point=point, reason="未清理干净"),
    ),
    "close": (acceptance.close, Role.ACCEPTOR, lambda _photo, _point: CloseBody()),
}

Step = tuple[float, str]
"""Minutes after the submission, and a verb; `dispatch <unit>` names the unit."""


@dataclass
class Town:
    """A database with a small city in it, and people in every role."""

    database: Database
    world: World
    users: dict[Role, int]
    now: datetime
    _photos: Any = field(default_factory=count)

    def caller(self, role: Role, *, area_code: str = "") -> Caller:
        return Caller(self.users[role], frozenset({role}), area_code=area_code)

    def report(
        self,
        *steps: Step,
        at: datetime | None = None,
        place: tuple[float, float] = IN_LICUN,
        category: str | None = None,
    ) -> str:
        """Submit a report and take these steps; return its number. Without a category it waits for an acceptor."""
        start = at or self.now
        with self.database.transaction() as session:
            body = SubmitReport(
                category=category,
                description="路口有垃圾",
                location=Location(lon=place[0], lat=place[1], datum=Datum.WGS84, source=LocationSource.PIN),
                photo_ids=[self._photo(session, Role.CITIZEN)],
            )
            report = submit(session, body, context=self._context(Role.CITIZEN, start))
            for minutes, verb in steps:
                self._take(session, report, verb, at=start + timedelta(minutes=minutes))
            return report.number

    def do(self, number: str, verb: str, *, at: datetime) -> None:
        with self.database.transaction() as session:
            report = session.exec(select(Report).where(Report.number == number)).one()
            self._take(session, report, verb, at=at)

    def put(self, number: str, action: Action, status: Status, *, at: datetime) -> None:
        """Write what no use case does into the journal and onto the report."""
        holder = None if status in TERMINAL else Desk.DISPATCH.value
        self.write(number, [Event(action, at, Actor("user"), None, status, holder)])

    def write(self, number: str, events: Sequence[Event]) -> None:
        """Append events to a report's chain as they are, and let the report stand where the last one leaves it."""
        with self.database.transaction() as session:
            report = session.exec(select(Report).where(Report.number == number)).one()
            links = link(number, Head(report.journal_seq, report.journal_hash), events)
            store(session, report.id or 0, links)
            report.journal_seq, report.journal_hash = links.head.seq, links.head.hash
            report.status, report.holder = events[-1].to_status, events[-1].holder
            session.add(report)

    def _take(self, session: Session, report: Report, verb: str, *, at: datetime) -> None:
        name, _, unit = verb.partition(" ")
        if name == "dispatch":
            body: Any = DispatchBody(unit=unit)
            dispatching.dispatch(session, report, body, context=self._context(Role.DISPATCHER, at))
            return
        use_case, role, make_body = VERBS[name]
        point = Point(lon=report.lon, lat=report.lat, datum=Datum.WGS84)
        body = make_body(self._photo(session, role), point)
        use_case(session, report, body, context=self._context(role, at, report.unit_code))

    def _context(self, role: Role, at: datetime, unit_code: str | None = None) -> Context:
        return Context(Caller(self.users[role], frozenset({role}), unit_code=unit_code), at, self.world)

    def _photo(self, session: Session, role: Role) -> str:
        name = f"photo{next(self._photos)}"
        row = Photo(
            id=name,
            owner_id=self.users[role],
            kind=PhotoKind.AFTER,
            sha256=name,
            original_key=name,
            large_key=name,
            small_key=name,
            mime="image/jpeg",
            size_bytes=1,
            width=1,
            height=1,
            created_at=self.now,
        )
        session.add(row)
        session.flush()
        return name

    def ask(self, *, by: Caller | None = None, **query: Any) -> HandlingTime:
        """Ask for figures; `since` and `until` may stand for `from` and `to`."""
        with self.database.reading() as session:
            asked = HandlingTimeQuery.model_validate(_named(query))
            caller = by or self.caller(Role.SUPERVISOR)
            return handling_time(session, asked, caller=caller, world=self.world, now=self.now)

    def open_row(self, *, by: Caller | None = None, **query: Any) -> list[MeasuredReport]:
        """Return everything behind a row, over all pages."""
        found: list[MeasuredReport] = []
        asked = HandlingTimeReportsQuery.model_validate(_named(query))
        caller = by or self.caller(Role.SUPERVISOR)
        while True:
            with self.database.reading() as session:
                page = handling_time_reports(session, asked, caller=caller, world=self.world, now=self.now)
            found += page.items
            if page.next_cursor is None:
                return found
            asked = asked.model_copy(update={"cursor": page.next_cursor})


def _named(query: dict[str, Any]) -> dict[str, Any]:
    aliases = {"since": "from", "until": "to", "class_code": "class"}
    return {aliases.get(name, name): value for name, value in query.items()}


def closed_at(minutes: float, *, unit: str = LICANG_UM) -> tuple[Step, ...]:
    """Return the straight way to closed: feedback at `minutes`, closed 30 minutes later."""
    return (
        (1, "accept"),
        (2, "file"),
        (3, f"dispatch {unit}"),
        (4, "sign"),
        (minutes, "resolve"),
        (minutes + 10, "pass_review"),
        (minutes + 20, "pass_check"),
        (minutes + 30, "close"),
    )


@pytest.fixture
def town(database: Database, now: datetime) -> Town:
    with database.transaction() as session:
        a_small_city(session, now)
        load_default_limits(session)
        load_default_rules(session, now=now - timedelta(days=400))
        accounts = [UserAccount(display_name="某人", roles=[role.value], created_at=now) for role in Role]
        session.add_all(accounts)
        session.flush()
        users = {role: account.id or 0 for role, account in zip(Role, accounts, strict=True)}
    world = WorldHolder(database, clock=lambda: now).current()
    return Town(database, world, users, now)
