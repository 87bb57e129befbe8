"""How a request becomes an action: caller, key, version, lock, verb, answer, in one transaction."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlmodel import Session

from app.domain.errors import Invalid
from app.identity.caller import CallerDep
from app.infra.app_state import from_state
from app.infra.clock import Now
from app.infra.database import Database, DatabaseDep
from app.infra.idempotency import Answer, IdempotencyKey, body_hash, claim_key, complete
from app.reports.access import get_for_update
from app.reports.actions.engine import Context, not_before
from app.reports.errors import NumberTaken
from app.reports.models import Report
from app.reports.present import Reader, state
from app.reports.schemas import ReportState
from app.reports.world import World, WorldHolder

Work = Callable[[Session], tuple[BaseModel, Report]]

ROUTE_MAX = 128
"""As wide as the column: paths are bounded, and percent-encoded so that any of them can be stored."""

TRIES = 3
"""How often a submission draws a number before it gives up: a clash is one in a million pairs."""

Body = TypeVar("Body", bound=BaseModel)


class BadVersion(Invalid):
    """If-Match is not a version such as `"3"`."""

    code = "BAD_VERSION"


def _version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    written = if_match.strip().removeprefix("W/").strip('"')
    if not written.isascii() or not written.isdigit() or len(written) > 9:  # noqa: PLR2004 - fits every integer column
        raise BadVersion
    return int(written)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything an endpoint about reports needs, so that it can stay three lines long."""

    database: Database
    context: Context
    reader: Reader
    route: str
    key: str | None
    body_hash: str
    version: int | None

    @property
    def now(self) -> datetime:
        return self.context.now

    def act(self, number: str, verb: Callable[..., None], body: Body) -> Response:
        """Take a report for a change, do the verb, answer with its new state; a repeated key is answered again."""
        return self.once(200, lambda session: self._act(session, number, verb, body))

    def _act(self, session: Session, number: str, verb: Callable[..., None], body: Body) -> tuple[ReportState, Report]:
        report = get_for_update(session, number, caller=self.context.caller, version=self.version, now=self.now)
        context = replace(self.context, now=not_before(self.now, report))
        verb(session, report, body, context=context)
        return state(report, reader=self.reader), report

    def once(self, status_code: int, work: Work) -> Response:
        """Do the work unless this key has done it before; either way return the same bytes."""
        for _ in range(TRIES - 1):
            with suppress(NumberTaken):
                return self._once(status_code, work)
        return self._once(status_code, work)

    def _once(self, status_code: int, work: Work) -> Response:
        with self.database.transaction() as session:
            known = self._claim(session)
            if known is not None:
                return _json(known.body, known.status_code, known.subject)
            answer, report = work(session)
            text = answer.model_dump_json()
            if self.key is not None:
                complete(
                    session,
                    caller_id=self.context.caller.user_id,
                    key=self.key,
                    status_code=status_code,
                    body=text,
                    subject=report.number,
                )
            return _json(text, status_code, report.number)

    def _claim(self, session: Session) -> Answer | None:
        if self.key is None:
            return None
        return claim_key(
            session,
            caller_id=self.context.caller.user_id,
            key=self.key,
            route=self.route,
            body_hash=self.body_hash,
            now=self.now,
        )


def _json(text: str, status_code: int, number: str | None) -> Response:
    headers = {"Location": f"/api/v1/reports/{number}"} if status_code == HTTPStatus.CREATED else None
    return Response(text, status_code=status_code, media_type="application/json", headers=headers)


async def _world(holder: Annotated[WorldHolder, from_state("world")]) -> World:
    return holder.current()


WorldDep = Annotated[World, Depends(_world)]
"""The world of this moment, loaded before the first request."""


async def _desk(
    *,
    request: Request,
    database: DatabaseDep,
    caller: CallerDep,
    world: WorldDep,
    secret: Annotated[bytes, from_state("link_secret")],
    now: Now,
    key: IdempotencyKey,
    if_match: Annotated[str | None, Header(description="读到的版本号，他人改过则返回 412", max_length=64)] = None,
) -> Desk:
    return Desk(
        database=database,
        context=Context(caller, now, world),
        reader=Reader(caller, now, world, secret),
        route=f"{request.method} {request.scope['raw_path'].decode('latin-1')}"[:ROUTE_MAX],
        key=key,
        body_hash=body_hash(await request.body()) if key else "",
        version=_version(if_match),
    )


DeskDep = Annotated[Desk, Depends(_desk)]

Number = Annotated[str, Path(max_length=40, description="上报件编号，可带分隔符")]
"""A report's number in a path, as a person writes it."""
