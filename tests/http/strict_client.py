"""A test client that refuses any answer the API's own description does not mention, and people who use it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from app.domain.roles import Caller, Role
from app.identity.tokens import issue_token
from app.infra.database import Database
from app.reports.world import World
from tests.builders import NOW, SQUAD, staff
from tests.builders_city import IN_LICUN
from tests.media.pictures import a_jpeg

_widths = count(64)


class StrictClient(TestClient):
    """Fails the test that meets an undeclared status, or an error that is no problem document."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(app)
        self._operations = [
            (re.compile(re.sub(r"\{[^/}]+\}", "[^/]+", path)), method, operation["responses"])
            for path, methods in app.openapi()["paths"].items()
            for method, operation in methods.items()
        ]

    def request(self, method: str, url: Any, **options: Any) -> Response:
        response: Response = super().request(method, url, **options)
        path = response.request.url.path
        for pattern, of_method, responses in self._operations:
            if of_method == method.lower() and pattern.fullmatch(path):
                assert str(response.status_code) in responses, (method, path, response.status_code, response.text)
                break
        if response.status_code >= 400:
            check_problem(response, path)
        return response


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
        location = {"lon": at[0], "lat": at[1], "datum": "wgs84", "source": "pin"}
        photos = changes.pop("photo_ids", None) or [self.photo()]
        return {"category": "parking", "description": "路口乱停", "location": location, "photo_ids": photos} | changes


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


@dataclass
class Clock:
    """What the application takes for the time; tests move it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)
