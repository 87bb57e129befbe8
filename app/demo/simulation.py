"""Lets the week happen: every step of every report in the order of time, through the real use cases and timers."""

import heapq
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.demo.deeds import DEEDS, Scene, Step
from app.demo.people import Cast
from app.demo.photos import Album
from app.demo.plan import Submission
from app.domain.roles import Caller, Role
from app.identity.login import account_named, login_wechat
from app.identity.models import UserAccount
from app.identity.tokens import TokenLifetimes, as_caller
from app.reports.access import get_for_update
from app.reports.actions.engine import Context
from app.reports.escalate import fire_due
from app.reports.models import Report
from app.reports.schemas import SubmitReport
from app.reports.submit import submit
from app.reports.world import World
from app.sla.models import Timer

TICK = timedelta(minutes=1)
"""How often the worker looks for due timers in simulated time; the real one does every second."""

_NEXT_DUE = select(func.min(col(Timer.next_step_at)))

REPORT_EVERY = 100
"""Steps between two movements of the progress bar."""


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Course(Protocol):
    """Somebody's report: what is sent, and what is done next about it."""

    @property
    def submission(self) -> Submission: ...

    def next_step(self, report: Report, *, now: datetime) -> Step | None: ...


@dataclass(frozen=True, slots=True)
class Stage:
    """What the play needs besides its courses."""

    session: Session
    world: World
    cast: Cast
    album: Album
    dice: random.Random


@dataclass(order=True)
class _Due:
    at: datetime
    turn: int
    course: Course = field(compare=False)
    step: Step | None = field(compare=False)
    report: Report | None = field(default=None, compare=False)
    reporter: Caller | None = field(default=None, compare=False)


@dataclass
class Play:
    """A week under way; `run` lets everything up to an instant happen and nothing after it."""

    stage: Stage
    courses: Iterable[Course]
    until: datetime
    fired: int = 0
    _turn: int = 0
    _ticked_at: datetime = _LONG_AGO

    def run(self, progress: Callable[[int, int], None]) -> int:
        """Play to the end and return how many steps were taken; progress is told in seconds of simulated time."""
        queue = [_Due(course.submission.at, turn, course, None) for turn, course in enumerate(self.courses)]
        queue = [due for due in queue if due.at <= self.until]
        heapq.heapify(queue)
        self._turn, taken = len(queue), 0
        begin = queue[0].at if queue else self.until
        total = round((self.until - begin).total_seconds())
        while queue:
            due = heapq.heappop(queue)
            self._tick_up_to(due.at)
            following = self._take(due)
            if following is not None and following.at <= self.until:
                heapq.heappush(queue, following)
            taken += 1
            if taken % REPORT_EVERY == 0:
                progress(round((due.at - begin).total_seconds()), total)
        self._tick_up_to(self.until)
        progress(total, total)
        return taken

    def _tick_up_to(self, instant: datetime) -> None:
        """Do the worker's job for every minute up to an instant at which something is due."""
        if instant - self._ticked_at < TICK:
            return
        session = self.stage.session
        while (due_at := session.scalar(_NEXT_DUE)) is not None and (at := self._minute_after(due_at)) <= instant:
            if (fired := fire_due(session, world=self.stage.world, now=at)) == 0:
                raise ValueError(f"a timer due at {due_at} says nothing at {at}")
            self.fired, self._ticked_at = self.fired + fired, at
        self._ticked_at = instant.replace(second=0, microsecond=0)

    def _minute_after(self, due_at: datetime) -> datetime:
        """Return the first tick after a step is due; at that very instant it is still in time."""
        return max(due_at.replace(second=0, microsecond=0) + TICK, self._ticked_at)

    def _take(self, due: _Due) -> _Due | None:
        report, reporter = self._submit(due) if due.step is None else self._act(due, due.step)
        step = due.course.next_step(report, now=due.at)
        if step is None:
            return None
        self._turn += 1
        return _Due(step.at, self._turn, due.course, step, report, reporter)

    def _submit(self, due: _Due) -> tuple[Report, Caller]:
        session, sent = self.stage.session, due.course.submission
        reporter = self._reporter(sent, now=due.at)
        photo_ids = [
            self.stage.album.upload(session, sent.shows, view, owner_id=reporter.user_id, now=due.at)
            for view in sent.views
        ]
        body = SubmitReport(
            category=sent.category,
            description=sent.words,
            location=sent.location,
            photo_ids=photo_ids,
            answers=dict(sent.answers),
            duplicates_acknowledged=True,  # the scenario says what becomes of reports of one problem
        )
        return submit(session, body, context=Context(reporter, due.at, self.stage.world)), reporter

    def _reporter(self, sent: Submission, *, now: datetime) -> Caller:
        """Return the inspector, or the citizen, who logs in and thereby gets an account the first time."""
        if sent.role is Role.INSPECTOR:
            account = account_named(self.stage.session, sent.reporter)
            if account is None:
                raise ValueError(f"nobody is called {sent.reporter}")
            return as_caller(account)
        openid = openid_of(sent.reporter)
        return as_caller(login_wechat(self.stage.session, openid, lifetimes=TokenLifetimes(), now=now).account)

    def _act(self, due: _Due, step: Step) -> tuple[Report, Caller]:
        session, stage = self.stage.session, self.stage
        if due.report is None or due.reporter is None:
            raise ValueError("a step without a submission")
        caller = stage.cast.who(step.role, due.report, reporter=due.reporter, dice=stage.dice)
        report = get_for_update(session, due.report.number, caller=caller, version=None, now=due.at)
        scene = Scene(
            session=session,
            report=report,
            context=Context(caller, due.at, stage.world),
            album=stage.album,
            shows=due.course.submission.shows,
            handler_id=_handler_id(stage.cast, report),
            dice=stage.dice,
        )
        DEEDS[step.deed](scene, step)
        return report, due.reporter


def _handler_id(cast: Cast, report: Report) -> int | None:
    handler = cast.handlers.get(report.unit_code or "")
    return handler.user_id if handler else None


def openid_of(reporter: str) -> str:
    """Return how the development login knows a citizen who logs in with the code `dev-<reporter>`."""
    return f"dev:{reporter}"


def report_of(session: Session, reporter: str) -> Report | None:
    """Return the first report of a citizen, such as a story's."""
    query = (
        select(Report)
        .join(UserAccount, col(UserAccount.id) == col(Report.reporter_id))
        .where(col(UserAccount.wechat_openid) == openid_of(reporter))
        .order_by(col(Report.submitted_at))
    )
    return session.exec(query).first()
