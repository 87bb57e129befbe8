"""How a request becomes an action: caller, key, version, lock, verb, answer, in one transaction."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlmodel import Session

from app.domain.errors import Invalid
from app.domain.workflow import Action
from app.identity.caller import CallerDep, require_action
from app.infra.app_state import from_state
from app.infra.clock import Now
from app.infra.database import Database, DatabaseDep
from app.infra.idempotency import Answer, IdempotencyKey, body_hash, claim_key, complete
from app.infra.problems import problems
from app.reports.actions.engine import Context
from app.reports.actions.verbs import perform
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

    def act(self, number: str, action: Action, body: BaseModel) -> Response:
        """Take an action on a report, answer with its new state; a repeated key is answered again."""
        return self.once(200, lambda session: self.do(session, number, action, body, version=self.version))

    def do(
        self, session: Session, number: str, action: Action, body: BaseModel, *, version: int | None
    ) -> tuple[ReportState, Report]:
        report = perform(session, number, action, body, version=version, context=self.context)
        return state(report, reader=self.reader), report

    def once(self, status_code: int, work: Work) -> Response:
        """Do the work unless this key has done it before; either way return the same bytes."""
        for _ in range(TRIES - 1):
            with suppress(NumberTaken):
                return _json(self.keyed(status_code, work, key=self.key, body_hash=self.body_hash))
        return _json(self.keyed(status_code, work, key=self.key, body_hash=self.body_hash))

    def keyed(self, status_code: int, work: Work, *, key: str | None, body_hash: str) -> Answer:
        """Do the work and keep its answer under a key in one transaction, or return what the key was told before."""
        with self.database.transaction() as session:
            known = self._claim(session, key, body_hash)
            if known is not None:
                return known
            answer, report = work(session)
            told = Answer(status_code, answer.model_dump_json(), report.number)
            if key is not None:
                caller_id = self.context.caller.user_id
                complete(
                    session, caller_id=caller_id, key=key, status_code=status_code, body=told.body, subject=told.subject
                )
            return told

    def _claim(self, session: Session, key: str | None, body_hash: str) -> Answer | None:
        if key is None:
            return None
        caller_id = self.context.caller.user_id
        return claim_key(session, caller_id=caller_id, key=key, route=self.route, body_hash=body_hash, now=self.now)


def _json(answer: Answer) -> Response:
    is_new = answer.status_code == HTTPStatus.CREATED
    headers = {"Location": f"/api/v1/reports/{answer.subject}"} if is_new else None
    return Response(answer.body, status_code=answer.status_code, media_type="application/json", headers=headers)


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


def endpoint_of(action: Action) -> dict[str, Any]:
    """Return what the endpoint of an action declares: its answer, who may ever take it, and what can go wrong."""
    return {
        "response_model": ReportState,
        "dependencies": [Depends(require_action(action))],
        "responses": problems(401, 403, 404, 409, 412, 413, 422),
    }


Number = Annotated[str, Path(max_length=40, description="上报件编号，可带分隔符")]
"""A report's number in a path, as a person writes it."""
