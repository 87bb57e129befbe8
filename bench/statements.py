"""How many SQL statements a submission, a list and each action send; counted in this process, callers not cached."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import insert
from sqlmodel import select

from app.domain.roles import Role
from app.identity.caller import CallerCache
from app.infra.database import Database
from app.infra.logging import configure_logging
from app.main import create_app
from app.media.models import Photo
from app.reports.models import Report
from app.settings import LoginProvider, Settings
from bench.city import CATEGORY, Draft, a_photo, add_user, prepare
from bench.lines import Line
from tests.query_recorder import QueryRecorder

SUBMIT_TARGET = 25
LIST_TARGET = 5
ACTION_TARGET = 15
PAGE_SIZES = (5, 100)
LISTED = max(PAGE_SIZES) + 1

OTHER_UNIT = "qd.water"
HELPER = "ent.power_company"
REASON = {"reason": "图片看不清，请再看一眼"}
RESULT = {"result": "已清运，地面干净"}

# Every verb from acceptance to another try, with a merge, a return, a rework and a failed check: who, verb, body. `+`
# sends a photo of the caller's, `@` a photo and the point; the people of the unit that has the report are `lead` and
# `handler`, `master` is another report's number.
PATH: tuple[tuple[str, str, Mapping[str, object]], ...] = (
    ("citizen", "supplement+", {"text": "在树后面"}),
    ("acceptor", "note", {"text": "电话里说急"}),
    ("acceptor", "merge", {"master": "master"}),
    ("acceptor", "unmerge", {}),
    ("acceptor", "accept", {"category": CATEGORY}),
    ("acceptor", "request-verification", {}),
    ("inspector", "report-verification@", {"is_true": True}),
    ("acceptor", "file", {}),
    ("dispatcher", "send-back", REASON),
    ("acceptor", "file", {}),
    ("dispatcher", "dispatch", {"unit": OTHER_UNIT, "assisting": [HELPER]}),
    ("other lead", "return", REASON),
    ("dispatcher", "dispatch", {}),
    ("lead", "sign", {}),
    ("lead", "assign", {"handler_id": "handler"}),
    ("handler", "submit-result+", RESULT),
    ("lead", "internal-rework", REASON),
    ("handler", "submit-result+", RESULT),
    ("lead", "resolve+", RESULT),
    ("dispatcher", "rework", REASON),
    ("lead", "resolve+", RESULT),
    ("dispatcher", "pass-review", {}),
    ("inspector", "fail-check@", REASON),
    ("lead", "resolve+", RESULT),
    ("dispatcher", "pass-review", {}),
    ("inspector", "pass-check@", {}),
    ("acceptor", "close", {}),
    ("citizen", "rate", {"score": "satisfied"}),
    ("citizen", "request-reopen", REASON),
    ("acceptor", "accept-reopen", {}),
    ("dispatcher", "dispatch", {}),
)


def statements_submit() -> Iterator[Line]:
    with _counter(reports=1) as counter:
        (draft,) = counter.drafts
        count, _ = counter.post("/api/v1/reports", token=draft.token, body=draft.body, key="once")
    yield Line("statements_submit", count, "statements", SUBMIT_TARGET)


def statements_list() -> Iterator[Line]:
    """Count the citizen's own list and a unit's queue, each at every page size; the largest counts."""
    with _counter(reports=LISTED) as counter:
        citizen = counter.drafts[0].token
        location = json.loads(counter.drafts[0].body)["location"]
        for draft in counter.drafts:
            body = json.dumps({**json.loads(draft.body), "location": location}).encode()
            _, state = counter.post("/api/v1/reports", token=citizen, body=body)
        _, lead = add_user(counter.database, Role.UNIT_LEAD, unit_code=state["unit"])
        counts = {
            f"{path} {size}": counter.get(f"{path}?limit={size}", token=token, items=size)
            for path, token in (("/api/v1/me/reports", citizen), ("/api/v1/queues/unit", lead))
            for size in PAGE_SIZES
        }
    print("statements_list:", _shown(counts))
    yield Line("statements_list", max(counts.values()), "statements", LIST_TARGET)


def statements_action() -> Iterator[Line]:
    with _counter(reports=2) as counter:
        counts = dict(_walk(counter))
    print("statements_action:", _shown(counts))
    yield Line("statements_action", max(counts.values()), "statements", ACTION_TARGET)


def _walk(counter: "_Counter") -> Iterator[tuple[str, int]]:
    """Take one report all the way, and yield what each action took."""
    draft, other = counter.drafts
    report = json.loads(draft.body)
    undecided = {**report, "category": None}
    _, master = counter.post("/api/v1/reports", token=other.token, body=other.body)
    _, state = counter.post("/api/v1/reports", token=draft.token, body=json.dumps(undecided).encode())
    people = _people(counter.database)
    people["citizen"] = counter.reporter_of(state["number"]), draft.token
    for who, written, body in PATH:
        if who in {"lead", "handler"} and who not in people:
            people |= _people_of(counter.database, state["unit"])
        user_id, token = people[who]
        verb = written.rstrip("+@")
        sent = dict(body)
        if "handler_id" in sent:
            sent["handler_id"] = str(people["handler"][0])
        if "master" in sent:
            sent["master"] = master["number"]
        if verb != written:
            sent["photo_ids"] = [counter.add_photo(user_id)]
        if written.endswith("@"):
            sent["point"] = {name: report["location"][name] for name in ("lon", "lat", "datum")}
        path = f"/api/v1/reports/{state['number']}/{verb}"
        count, state = counter.post(path, token=token, body=json.dumps(sent).encode(), key=f"{verb}-{state['version']}")
        yield f"{verb} {state['version']}", count


def _people(database: Database) -> dict[str, tuple[int, str]]:
    desks = {role.value: add_user(database, role) for role in (Role.ACCEPTOR, Role.DISPATCHER, Role.INSPECTOR)}
    return desks | {"other lead": add_user(database, Role.UNIT_LEAD, unit_code=OTHER_UNIT)}


def _people_of(database: Database, unit: str) -> dict[str, tuple[int, str]]:
    return {
        "lead": add_user(database, Role.UNIT_LEAD, unit_code=unit),
        "handler": add_user(database, Role.HANDLER, unit_code=unit),
    }


@dataclass(frozen=True, slots=True)
class _Counter:
    """The application in this process, on SQLite and without its worker, so that nothing else sends a statement."""

    app: FastAPI
    client: TestClient
    database: Database
    drafts: list[Draft]

    def post(self, path: str, *, token: str, body: bytes, key: str | None = None) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        return self._send("POST", path, token=token, headers=headers, body=body)

    def get(self, path: str, *, token: str, items: int) -> int:
        count, page = self._send("GET", path, token=token, headers={}, body=b"")
        if len(page["items"]) != items:
            raise RuntimeError(f"{path} has {len(page['items'])} items, not {items}")
        return count

    def _send(
        self, method: str, path: str, *, token: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, Any]]:
        self.app.state.callers = CallerCache()  # the first request of a caller costs one statement more
        with QueryRecorder(self.database) as recorder:
            answer = self.client.request(
                method, path, headers={"Authorization": f"Bearer {token}"} | headers, content=body
            )
        if not answer.is_success:
            raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text}")
        content: dict[str, Any] = answer.json()
        return len(recorder.statements), content

    def reporter_of(self, number: str) -> int:
        with self.database.reading() as session:
            return session.exec(select(Report.reporter_id).where(Report.number == number)).one()

    def add_photo(self, owner_id: int) -> str:
        photo = a_photo(owner_id)
        with self.database.transaction() as session:
            session.execute(insert(Photo), [photo])
        return str(photo["id"])


@contextmanager
def _counter(*, reports: int) -> Iterator[_Counter]:
    with tempfile.TemporaryDirectory(prefix="suishoupai-bench-") as place:
        configure_logging("ERROR", json=False)
        url = f"sqlite:///{place}/city.db"
        drafts = prepare(url, reports=reports, citizens=1)
        settings = Settings(
            database_url=url,
            blob_dir=Path(place) / "blobs",
            secret_key=SecretStr("x" * 32),
            login_provider=LoginProvider.DEVELOPMENT,
            reports_per_hour=0,
        )
        app = create_app(settings)
        app.state.world.current()  # read once per process, no request's business
        yield _Counter(app, TestClient(app), app.state.database, drafts)
        app.state.database.dispose()


def _shown(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items())
