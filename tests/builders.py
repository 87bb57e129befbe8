"""People, photos and reports for tests, made by the real use cases; the small city is in `tests.builders_city`."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import Session, select

from app.domain.gcj02 import Datum
from app.domain.roles import Caller, Role
from app.domain.routing.deciding import RuleSet
from app.domain.routing.rules import Jurisdiction, Rule
from app.domain.workflow import Action, Status
from app.identity.models import UserAccount
from app.identity.tokens import as_caller
from app.infra.database import Database
from app.media.models import Photo, PhotoKind
from app.reports.actions import schemas as words
from app.reports.actions.engine import Context
from app.reports.actions.verbs import VERBS, perform
from app.reports.models import LocationSource, Report
from app.reports.schemas import Location, SubmitReport
from app.reports.submit import submit
from app.reports.world import World, WorldHolder
from app.routing.rule_files import load_default_rules
from app.sla.policies import load_default_limits
from tests.builders_city import IN_LICUN, LICUN, a_small_city

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
"""Friday 2026-11-20, 10:00 in Beijing: two working hours before noon."""

SQUAD = f"{LICUN}.enforcement_squad"
"""Who is responsible for 车辆乱停乱放 in 李村街道."""
OTHER_UNIT = f"{LICUN}.sanitation_team"
DECISIVE_CATEGORY = "parking"
"""Rules dispatch it by themselves, to the squad, with 2 工作时."""

_numbers = count(1)


def a_world(database: Database, now: datetime = NOW) -> World:
    """Fill empty tables with the small city, the default limits and rules, and return the world they make."""
    with database.transaction() as session:
        a_small_city(session, now)
        load_default_limits(session)
        load_default_rules(session, now=now)
    return the_world(database, now)


def the_world(database: Database, now: datetime = NOW) -> World:
    return WorldHolder(database, clock=lambda: now).current()


def with_rules(world: World, rules: Iterable[Rule], *, jurisdictions: Iterable[Jurisdiction] = ()) -> World:
    """Return the same world with other rules in force, as if they were a version of their own."""
    compiled = RuleSet(rules, version=world.rules.version, jurisdictions=jurisdictions)
    return replace(world, rulebook=replace(world.rulebook, rules=compiled))


def staff(session: Session, *roles: Role, unit_code: str | None = None, area_code: str = "") -> Caller:
    """Add somebody with these roles."""
    account = _account(*roles, unit_code=unit_code, area_code=area_code)
    session.add(account)
    session.flush()  # for the id
    return as_caller(account)


def _account(*roles: Role, unit_code: str | None, area_code: str) -> UserAccount:
    return UserAccount(
        display_name=f"人员{next(_numbers)}",
        roles=[role.value for role in roles],
        unit_code=unit_code,
        area_code=area_code,
        created_at=NOW,
    )


def a_citizen(session: Session) -> Caller:
    return staff(session, Role.CITIZEN)


def a_photo(session: Session, owner: Caller, *, kind: PhotoKind = PhotoKind.OTHER) -> str:
    """Add an unattached photo of somebody; its files exist only by name."""
    name = f"photo{next(_numbers)}"
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    photo = Photo(
        id=name,
        owner_id=owner.user_id,
        kind=kind,
        sha256=sha256,
        original_key=f"{sha256}.jpg",
        large_key=f"{sha256}-large.jpg",
        small_key=f"{sha256}-small.jpg",
        mime="image/jpeg",
        size_bytes=1000,
        width=64,
        height=48,
        created_at=NOW,
    )
    session.add(photo)
    session.flush()  # a photo is attached by a statement, not through the session
    return name


def submission(*, at: tuple[float, float] = IN_LICUN, **changes: Any) -> SubmitReport:
    """Return what a citizen sends; by default words without a category, so that a person has to sort it.

    Tests send many reports from one spot, so by default the sender has seen what may be the same.
    """
    location = Location(lon=at[0], lat=at[1], datum=Datum.WGS84, source=LocationSource.PIN)
    least = {"description": "路边有问题", "location": location, "duplicates_acknowledged": True}
    return SubmitReport(**least | changes)


def a_report(
    session: Session,
    world: World,
    *,
    reporter: Caller | None = None,
    now: datetime = NOW,
    photos: int = 1,
    **changes: Any,
) -> Report:
    """Submit a report; `changes` are those of `submission`."""
    sender = reporter or a_citizen(session)
    ids = [a_photo(session, sender) for _ in range(photos)]
    body = submission(**{"photo_ids": ids} | changes)
    return submit(session, body, context=Context(sender, now, world))


# What each action needs.
_REASON = words.ReasonBody(reason="有原因")
_NOTE = words.NoteBody()
_POINT = words.Point(lon=IN_LICUN[0], lat=IN_LICUN[1], datum=Datum.WGS84)

ROLE_OF: dict[Action, Role] = {
    Action.ACCEPT: Role.ACCEPTOR,
    Action.REJECT: Role.ACCEPTOR,
    Action.WITHDRAW: Role.CITIZEN,
    Action.REQUEST_VERIFICATION: Role.ACCEPTOR,
    Action.REPORT_VERIFICATION: Role.INSPECTOR,
    Action.FILE: Role.ACCEPTOR,
    Action.VOID: Role.ACCEPTOR,
    Action.MERGE: Role.ACCEPTOR,
    Action.UNMERGE: Role.ACCEPTOR,
    Action.DISPATCH: Role.DISPATCHER,
    Action.SIGN: Role.HANDLER,
    Action.ASSIGN: Role.UNIT_LEAD,
    Action.RETURN: Role.UNIT_LEAD,
    Action.SEND_BACK: Role.DISPATCHER,
    Action.SUBMIT_RESULT: Role.HANDLER,
    Action.INTERNAL_REWORK: Role.UNIT_LEAD,
    Action.RESOLVE: Role.UNIT_LEAD,
    Action.PASS_REVIEW: Role.DISPATCHER,
    Action.REWORK: Role.DISPATCHER,
    Action.PASS_CHECK: Role.INSPECTOR,
    Action.FAIL_CHECK: Role.INSPECTOR,
    Action.CLOSE: Role.ACCEPTOR,
    Action.RATE: Role.CITIZEN,
    Action.REQUEST_REOPEN: Role.CITIZEN,
    Action.ACCEPT_REOPEN: Role.ACCEPTOR,
    Action.REFUSE_REOPEN: Role.ACCEPTOR,
    Action.SUPPLEMENT: Role.CITIZEN,
    Action.NOTE: Role.DISPATCHER,
}
"""Who usually takes an action; every one that is built is here."""

BEFORE: dict[Action, tuple[Action, ...]] = {
    Action.ACCEPT_REOPEN: (Action.REQUEST_REOPEN,),
    Action.REFUSE_REOPEN: (Action.REQUEST_REOPEN,),
}
"""What has to happen first, beyond the status."""

_WITH_PHOTO = {
    Action.SUBMIT_RESULT,
    Action.RESOLVE,
    Action.PASS_CHECK,
    Action.FAIL_CHECK,
    Action.REPORT_VERIFICATION,
}
WITH_REASON = {action for action, verb in VERBS.items() if verb.body is words.ReasonBody}


@dataclass
class Case:
    """A report and the people around it; `now` is moved by the test."""

    world: World
    number: str
    people: dict[Role, Caller]
    now: datetime

    def later(self, **duration: float) -> "Case":
        self.now += timedelta(**duration)
        return self

    def body(self, session: Session, action: Action, actor: Caller) -> words.Body:
        """Return the least an action needs."""
        if action in WITH_REASON:
            return _REASON
        photos = [a_photo(session, actor)] if action in _WITH_PHOTO else []
        bodies: dict[Action, Callable[[], words.Body]] = {
            Action.ACCEPT: lambda: words.AcceptBody(category=DECISIVE_CATEGORY),
            Action.FILE: words.FileBody,
            Action.REPORT_VERIFICATION: lambda: words.VerificationBody(photo_ids=photos, point=_POINT, is_true=True),
            Action.MERGE: lambda: words.MergeBody(master=a_report(session, self.world, now=self.now).number),
            Action.DISPATCH: lambda: words.DispatchBody(unit=SQUAD),
            Action.ASSIGN: lambda: words.AssignBody(handler_id=str(self.people[Role.HANDLER].user_id)),
            Action.SUBMIT_RESULT: lambda: words.ResultBody(result="已清理", photo_ids=photos),
            Action.RESOLVE: lambda: words.ResolveBody(result="已清理", photo_ids=photos),
            Action.PASS_CHECK: lambda: words.VisitBody(photo_ids=photos, point=_POINT),
            Action.FAIL_CHECK: lambda: words.FailedCheckBody(photo_ids=photos, point=_POINT, reason="没有清理"),
            Action.CLOSE: words.CloseBody,
            Action.RATE: lambda: words.RateBody(score=words.Score.SATISFIED),
            Action.SUPPLEMENT: lambda: words.SupplementBody(text="补充一句"),
            Action.NOTE: lambda: words.RemarkBody(text="请留意"),
        }
        return bodies.get(action, lambda: _NOTE)()

    def do(
        self,
        session: Session,
        action: Action,
        body: words.Body | None = None,
        *,
        by: Role | Caller | None = None,
        **changes: Any,
    ) -> Report:
        """Take an action as a request would; `changes` are made to the least body it needs."""
        actor = by if isinstance(by, Caller) else self.people[by or ROLE_OF[action]]
        if body is None:
            least = self.body(session, action, actor)
            body = type(least).model_validate(least.model_dump() | changes)
        context = Context(actor, self.now, self.world)
        report = perform(session, self.number, action, body, version=None, context=context)
        session.flush()  # so that what the test reads next is what was written
        return report

    def walk(self, session: Session, *actions: Action) -> Report:
        """Take several actions, each by the one whose work it usually is."""
        for action in actions:
            self.do(session, action)
        return self.report(session)

    def report(self, session: Session) -> Report:
        return session.exec(select(Report).where(Report.number == self.number)).one()


def people(session: Session, *, unit_code: str = SQUAD, area_code: str = "") -> dict[Role, Caller]:
    """Add one person for each role, the unit's people in the given unit."""
    in_unit = {Role.UNIT_LEAD, Role.HANDLER}
    accounts = {
        role: _account(role, unit_code=unit_code, area_code="")
        if role in in_unit
        else _account(role, unit_code=None, area_code=area_code)
        for role in Role
    }
    session.add_all(accounts.values())
    session.flush()  # for the ids
    return {role: as_caller(account) for role, account in accounts.items()}


def a_case(session: Session, world: World, *, now: datetime = NOW, **changes: Any) -> Case:
    """Submit a report that waits for a person, and add everybody who may touch it."""
    everybody = people(session)
    report = a_report(session, world, reporter=everybody[Role.CITIZEN], now=now, **changes)
    return Case(world, report.number, everybody, now)


_TO_HANDLING = (Action.ACCEPT, Action.FILE, Action.DISPATCH, Action.SIGN)
_TO_CHECKED = (*_TO_HANDLING, Action.RESOLVE, Action.PASS_REVIEW, Action.PASS_CHECK)
PATHS: dict[Status, tuple[Action, ...]] = {
    Status.SUBMITTED: (),
    Status.ACCEPTED: _TO_HANDLING[:1],
    Status.VERIFYING: (Action.ACCEPT, Action.REQUEST_VERIFICATION),
    Status.FILED: _TO_HANDLING[:2],
    Status.DISPATCHED: _TO_HANDLING[:3],
    Status.HANDLING: _TO_HANDLING,
    Status.RETURNED: (*_TO_HANDLING[:3], Action.RETURN),
    Status.RESOLVED: _TO_CHECKED[:5],
    Status.CHECKING: _TO_CHECKED[:6],
    Status.CHECKED: _TO_CHECKED,
    Status.CLOSED: (*_TO_CHECKED, Action.CLOSE),
    Status.REJECTED: (Action.REJECT,),
    Status.VOIDED: (Action.VOID,),
    Status.WITHDRAWN: (Action.WITHDRAW,),
    Status.MERGED: (Action.MERGE,),
}
"""How a report comes to each status that can be reached today."""


def at_status(session: Session, world: World, status: Status, *, now: datetime = NOW, **changes: Any) -> Case:
    """Return a report that real actions have brought to a status, all at one instant."""
    case = a_case(session, world, now=now, **changes)
    case.walk(session, *PATHS[status])
    return case


def point(place: tuple[float, float], datum: Datum = Datum.WGS84) -> dict[str, Any]:
    return {"lon": place[0], "lat": place[1], "datum": datum}
