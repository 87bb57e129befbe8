"""A test client that refuses any answer the API's own description does not mention, and people who use it."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import jsonschema_rs
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from app.domain.roles import Caller, Role
from app.identity.tokens import issue_token
from app.infra.database import Database
from app.media.jobs import render_photos
from app.reports.world import World
from tests.builders import NOW, SQUAD, staff
from tests.builders_city import IN_LICUN
from tests.media.pictures import a_jpeg

_widths = count(64)


UNDESCRIBED = re.compile(r"/openapi\.json|/docs(/.*)?")
"""What the description leaves out on purpose: itself and the page that shows it."""


class StrictClient(TestClient):
    """Fails the test that meets anything the API's description does not say: a path, a status, a code, a body."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(app)
        self._description = Description(app.openapi())

    def request(self, method: str, url: Any, **options: Any) -> Response:
        response: Response = super().request(method, url, **options)
        path = response.request.url.path
        if not UNDESCRIBED.fullmatch(path):
            self._description.check(method.lower(), path, response)
        if response.status_code >= 400:
            check_problem(response, path)
        return response


class Description:
    """An OpenAPI document, to hold answers against."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._paths = [
            (re.compile(re.sub(r"\\\{[^/}]+\\\}", "[^/]+", re.escape(path))), operations)
            for path, operations in document["paths"].items()
        ]
        self._validators: dict[str, Any] = {}

    def check(self, method: str, path: str, response: Response) -> None:
        known = [operations for pattern, operations in self._paths if pattern.fullmatch(path)]
        if not known:
            assert response.status_code == 404, f"{method} {path} is not in the description: {response.status_code}"
            return
        operation = next((operations[method] for operations in known if method in operations), None)
        if operation is None:
            assert response.status_code == 405, (method, path, response.status_code, response.text)
            return
        declared = operation["responses"].get(str(response.status_code))
        assert declared, f"{method} {path}: {response.status_code} is not declared: {response.text}"
        self._check_content(declared.get("content", {}), response)

    def _check_content(self, declared: dict[str, Any], response: Response) -> None:
        media_type = response.headers.get("content-type", "").split(";")[0]
        if not declared:
            assert response.content == b""
            return
        assert media_type in declared, f"{media_type} is not declared, but {sorted(declared)}"
        if media_type.endswith("json"):
            self._validator(declared[media_type]["schema"]).validate(response.json())
        if media_type == "application/problem+json":
            assert response.json()["code"] in declared[media_type]["examples"], response.text

    def _validator(self, schema: dict[str, Any]) -> Any:
        key = json.dumps(schema)
        if key not in self._validators:
            whole = schema | {"components": self._document["components"]}
            self._validators[key] = jsonschema_rs.validator_for(whole, validate_formats=True)
        return self._validators[key]


def check_problem(response: Response, path: str) -> None:
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == f"/problems/{problem['code']}"
    assert (problem["status"], problem["instance"]) == (response.status_code, path)
    assert problem["request_id"] == response.headers["x-request-id"]
    assert re.search("[一-鿿]", problem["message"]), problem
    assert isinstance(problem["retryable"], bool)


@dataclass
class Person:
    """Somebody with a token."""

    client: StrictClient
    caller: Caller
    headers: dict[str, str]

    def get(self, path: str, **query: Any) -> Response:
        return self.client.get(f"/api/v1{path}", params=query, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Response:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(f"/api/v1{path}", json={} if body is None else body, headers=self.headers | more)

    def photo(self, kind: str = "near") -> str:
        """Upload a photo no one else has."""
        files = {"file": ("photo.jpg", a_jpeg(next(_widths), 48), "image/jpeg")}
        answer = self.client.post("/api/v1/photos", files=files, data={"kind": kind}, headers=self.headers)
        assert answer.status_code == 201, answer.text
        photo_id: str = answer.json()["photo_id"]
        return photo_id

    def report(self, **changes: Any) -> dict[str, Any]:
        """Send a report and return the answer."""
        answer = self.post("/reports", self.submission(**changes))
        assert answer.status_code == 201, answer.text
        state: dict[str, Any] = answer.json()
        return state

    def submission(self, *, at: tuple[float, float] = IN_LICUN, **changes: Any) -> dict[str, Any]:
        """Return what is sent; tests send many from one spot, so by default whatever may be the same has been seen."""
        return {
            "category": "parking",
            "description": "路口乱停",
            "location": {"lon": at[0], "lat": at[1], "datum": "wgs84", "source": "pin"},
            "photo_ids": changes.pop("photo_ids", None) or [self.photo()],
            "duplicates_acknowledged": True,
        } | changes


@dataclass
class Service:
    """The running application, its database and its clock."""

    app: FastAPI
    client: StrictClient
    clock: "Clock"

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    @property
    def world(self) -> World:
        world: World = self.app.state.world.current()
        return world

    def as_role(self, *roles: Role, unit_code: str | None = None, area_code: str = "") -> Person:
        """Return somebody new; unit roles are in the squad unless told otherwise."""
        if unit_code is None and {Role.UNIT_LEAD, Role.HANDLER} & set(roles):
            unit_code = SQUAD
        with self.database.transaction() as session:
            caller = staff(session, *roles, unit_code=unit_code, area_code=area_code)
            token = issue_token(session, user_id=caller.user_id, lifetime=timedelta(days=30), now=self.clock.now)
        return Person(self.client, caller, {"Authorization": f"Bearer {token}"})

    def citizen(self) -> Person:
        return self.as_role(Role.CITIZEN)

    def render_photos(self) -> None:
        """Do the worker's job until no photo waits: other tests leave theirs behind."""
        while render_photos(self.database, self.app.state.blobs, self.clock):
            pass


@dataclass
class Clock:
    """What the application takes for the time; tests move it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)
