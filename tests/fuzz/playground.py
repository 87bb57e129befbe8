"""A small service full of data for made-up requests: somebody of every role, reports in every status, spare photos."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI
from schemathesis.python.asgi import shutdown_lifespans
from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.dispatch.load_templates import load_default_templates
from app.domain.roles import Caller, Role
from app.domain.workflow import Status, allowed_actions
from app.identity.models import UserAccount
from app.identity.tokens import as_caller, issue_token
from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.media.links import PhotoSize, photo_url
from app.media.models import Photo
from app.reports.models import Report
from app.reports.world import World
from tests.builders import NOW, OTHER_UNIT, PATHS, SQUAD, Case, a_photo, a_report, a_world, people, the_world
from tests.http.conftest import an_app
from tests.http.strict_client import Clock
from tests.media.pictures import a_jpeg

ANONYMOUS = "anonymous"
ROLES = (*(role.value for role in Role), ANONYMOUS)

_REPORTS_PER_STATUS = 3
_SPARE_PHOTOS = 40


@dataclass
class Playground:
    """The service and what a request may name in it; `known` is by the name of a parameter or a member."""

    app: FastAPI
    database: Database
    people: dict[str, Caller]
    known: dict[str, list[Any]]
    spare_photos: dict[str, list[str]]
    links: list[dict[str, str]]
    _tokens: dict[str, str] = field(default_factory=dict)

    def headers(self, role: str) -> dict[str, str]:
        """Return what somebody of a role sends along; nobody in particular sends nothing."""
        if role == ANONYMOUS:
            return {}
        if role not in self._tokens:
            with self.database.transaction() as session:
                self._tokens[role] = issue_token(
                    session, user_id=self.people[role].user_id, lifetime=timedelta(days=30), now=NOW
                )
        return {"Authorization": f"Bearer {self._tokens[role]}"}

    def forget_token(self, role: str) -> None:
        self._tokens.pop(role, None)

    def numbers_open_to(self, role: str, action: str) -> list[str]:
        """Return the reports on which a role may take an action (as its path spells it) at this moment."""
        with self.database.reading() as session:
            rows = session.exec(select(Report.number, Report.status).order_by(col(Report.id))).all()
        roles, wanted = frozenset({Role(role)} if role != ANONYMOUS else ()), action.replace("-", "_")
        allowed = {status: {each.value for each in allowed_actions(status, roles)} for status in Status}
        return [number for number, status in rows if wanted in allowed[Status(status)]]


def fill(url: str) -> None:
    """Put a city, people, reports and photos into an empty database."""
    with Database(url) as database:
        world = a_world(database)
        with database.transaction() as session:
            _fill(session, world)


def _fill(session: Session, world: World) -> None:
    everybody = people(session)
    for status in PATHS:
        for _ in range(_REPORTS_PER_STATUS):
            _a_report_at(session, world, status, everybody)
    load_default_templates(session, now=NOW)
    for person in everybody.values():
        for _ in range(_SPARE_PHOTOS):
            a_photo(session, person)
    session.exec(update(Photo).values(id=func.substr(col(Photo.id) + "_" * 22, 1, 22)))  # as long as a real one's


def _a_report_at(session: Session, world: World, status: Status, everybody: dict[Role, Caller]) -> None:
    report = a_report(session, world, reporter=everybody[Role.CITIZEN])
    Case(world, report.number, everybody, NOW).walk(session, *PATHS[status])


@contextmanager
def playing(url: str) -> Iterator[Playground]:
    """Open the service on a database that `fill` has filled."""
    app = an_app(url, Clock(), reports_per_hour=0, photos_per_hour=0)
    database: Database = app.state.database
    blobs: BlobStore = app.state.blobs
    world, picture = the_world(database), blobs.put(a_jpeg(64, 48), suffix="jpg")
    with database.transaction() as session:
        session.exec(update(Photo).values(original_key=picture, large_key=picture, small_key=picture))
    with database.reading() as session:
        playground = _survey(session, app, world)
    yield playground
    shutdown_lifespans()
    database.dispose()


def _survey(session: Session, app: FastAPI, world: World) -> Playground:
    accounts = session.exec(select(UserAccount).order_by(col(UserAccount.id).desc()))
    people_by_role = {account.roles[0]: as_caller(account) for account in accounts}
    photos = session.exec(select(Photo).order_by(col(Photo.created_at), col(Photo.id))).all()
    numbers = list(session.exec(select(Report.number).order_by(col(Report.id))))
    city = world.city
    known: dict[str, list[Any]] = {
        "number": numbers,
        "master": numbers,
        "photo_id": [photo.id for photo in photos],
        "category": [each.code for each in city.categories],
        "condition_id": [str(each.id) for each in city.conditions],
        "unit": [SQUAD, OTHER_UNIT],
        "handler_id": [str(people_by_role[Role.HANDLER.value].user_id)],
        "queue": ["acceptance", "dispatch", "inspection", "unit"],
        "code": ["dev-anna", "VALIDATION"],  # of the development login; of a problem
        "filter_id": [1, 2, 3],
        "template_id": [1, 2, 3],
        "body": [
            {},
            {"reason": "有原因"},
            {"unit": SQUAD},
            {"text": "已联系"},
            {"master": numbers[0]},
        ],  # of an action in bulk
        "district": [each for each in city.areas if len(each) == 6],
        "street": [each for each in city.areas if len(each) == 9],
    }
    spare = {
        role: [photo.id for photo in photos if photo.report_id is None and photo.owner_id == caller.user_id]
        for role, caller in people_by_role.items()
    }
    links = [_link(photo.id, app.state.link_secret) for photo in photos[:10]]
    return Playground(app, app.state.database, people_by_role, known, spare, links)


def _link(photo_id: str, secret: bytes) -> dict[str, str]:
    """Return the parameters of an address under which a photo can be seen."""
    query = parse_qs(urlsplit(photo_url(photo_id, PhotoSize.SMALL, secret=secret, now=NOW)).query)
    return {"photo_id": photo_id, "size": "small"} | {name: values[0] for name, values in query.items()}
