"""What the demonstration's people do, by name: each deed is one real use case with a plausible body."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.demo.photos import Album
from app.domain.gcj02 import Datum, wgs84_to_gcj02
from app.domain.roles import Role
from app.media.models import PhotoKind
from app.reports.actions import acceptance, citizen, dispatching, handling, visits
from app.reports.actions.engine import Context
from app.reports.actions.schemas import (
    AcceptBody,
    AssignBody,
    CloseBody,
    DispatchBody,
    FailedCheckBody,
    FileBody,
    NoteBody,
    Point,
    RateBody,
    ReasonBody,
    ResolveBody,
    ResultBody,
    Score,
    VerificationBody,
    VisitBody,
)
from app.reports.models import Report

NEARBY_DEG = 0.0004
"""How far from the report an inspector stands at most, some 40 m."""


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody in a role will do a deed at an instant; `choice` is what the deed lets them choose."""

    at: datetime
    role: Role
    deed: str
    words: str = ""
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a deed happens: the report taken for a change, who acts, and what they have at hand."""

    session: Session
    report: Report
    context: Context
    album: Album
    shows: str
    handler_id: int | None
    dice: random.Random

    def photo(self, kind: PhotoKind) -> str:
        owner = self.context.caller.user_id
        return self.album.upload(self.session, self.shows, kind, owner_id=owner, now=self.context.now)

    def on_the_spot(self) -> Point:
        lon, lat = wgs84_to_gcj02(self.report.lon, self.report.lat)
        away = [self.dice.uniform(-NEARBY_DEG, NEARBY_DEG) for _ in range(2)]
        return Point(lon=lon + away[0], lat=lat + away[1], datum=Datum.GCJ02)


Deed = Callable[[Scene, Step], None]


def _note(verb: Callable[..., None], body: type[NoteBody] = NoteBody) -> Deed:
    def deed(scene: Scene, step: Step) -> None:
        verb(scene.session, scene.report, body(note=step.words), context=scene.context)

    return deed


def _reason(verb: Callable[..., None]) -> Deed:
    def deed(scene: Scene, step: Step) -> None:
        verb(scene.session, scene.report, ReasonBody(reason=step.words), context=scene.context)

    return deed


def _accept(scene: Scene, step: Step) -> None:
    """Accept under the condition chosen, else under what the photos show."""
    body = AcceptBody(condition_id=step.choice or None, category=scene.shows, note=step.words)
    acceptance.accept(scene.session, scene.report, body, context=scene.context)


def _file(scene: Scene, step: Step) -> None:
    acceptance.file(scene.session, scene.report, FileBody(note=step.words), context=scene.context)


def _report_verification(scene: Scene, step: Step) -> None:
    body = VerificationBody(
        photo_ids=[scene.photo(PhotoKind.CHECK)],
        point=scene.on_the_spot(),
        is_true=step.choice != "false",
        note=step.words,
    )
    visits.report_verification(scene.session, scene.report, body, context=scene.context)


def _dispatch(scene: Scene, step: Step) -> None:
    body = DispatchBody(unit=step.choice or None, note=step.words)
    dispatching.dispatch(scene.session, scene.report, body, context=scene.context)


def _assign(scene: Scene, step: Step) -> None:
    body = AssignBody(handler_id=str(scene.handler_id), note=step.words)
    handling.assign(scene.session, scene.report, body, context=scene.context)


def _submit_result(scene: Scene, step: Step) -> None:
    body = ResultBody(result=step.words, photo_ids=[scene.photo(PhotoKind.AFTER)])
    handling.submit_result(scene.session, scene.report, body, context=scene.context)


def _resolve(scene: Scene, step: Step) -> None:
    """Confirm the handler's result, or give one with a photo of one's own."""
    photo_ids = [] if scene.report.has_result else [scene.photo(PhotoKind.AFTER)]
    body = ResolveBody(result=step.words, photo_ids=photo_ids)
    handling.resolve(scene.session, scene.report, body, context=scene.context)


def _pass_check(scene: Scene, step: Step) -> None:
    body = VisitBody(photo_ids=[scene.photo(PhotoKind.CHECK)], point=scene.on_the_spot(), note=step.words)
    visits.pass_check(scene.session, scene.report, body, context=scene.context)


def _fail_check(scene: Scene, step: Step) -> None:
    photo_ids = [scene.photo(PhotoKind.CHECK)]
    body = FailedCheckBody(photo_ids=photo_ids, point=scene.on_the_spot(), reason=step.words)
    visits.fail_check(scene.session, scene.report, body, context=scene.context)


def _rate(scene: Scene, step: Step) -> None:
    score = Score(step.choice)
    body = RateBody(score=score, reason=step.words, is_solved=score is not Score.DISSATISFIED)
    citizen.rate(scene.session, scene.report, body, context=scene.context)


DEEDS: Mapping[str, Deed] = {
    "accept": _accept,
    "reject": _reason(acceptance.reject),
    "request_verification": _note(acceptance.request_verification),
    "report_verification": _report_verification,
    "file": _file,
    "void": _reason(acceptance.void),
    "dispatch": _dispatch,
    "send_back": _reason(dispatching.send_back),
    "sign": _note(handling.sign),
    "assign": _assign,
    "return": _reason(handling.return_to_dispatch),
    "submit_result": _submit_result,
    "internal_rework": _reason(handling.internal_rework),
    "resolve": _resolve,
    "pass_review": _note(dispatching.pass_review),
    "rework": _reason(dispatching.rework),
    "pass_check": _pass_check,
    "fail_check": _fail_check,
    "close": _note(acceptance.close, CloseBody),
    "withdraw": _note(citizen.withdraw),
    "rate": _rate,
}
"""Deeds by the name of their action in `app.domain.workflow`."""
