"""A server killed in the middle of a rush: what it acknowledged is there and whole, what is resent is not doubled.

The server is a process of its own, as shipped; only the application is killed, never the database.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from sqlmodel import select

from app.domain.roles import Role
from app.identity.models import UserAccount
from app.identity.tokens import issue_token
from app.infra.clock import now as real_now
from app.infra.database import Database
from app.journal.queries import verify
from app.media.models import Photo
from app.reports.models import Report
from app.reports.queries import chain_heads
from app.routing.rule_files import load_default_rules
from app.sla.models import Timer, TimerState
from app.sla.policies import load_default_limits
from tests.builders_city import IN_LICUN, a_small_city
from tests.media.pictures import a_jpeg

REPORTS = 200
THREADS = 5  # the server takes on six photos at once and may tell a seventh to come again
SEED = 20230213
START_TIMEOUT_S = 60
ANSWER_TIMEOUT_S = 30
ROOT = Path(__file__).parents[2]
PICTURE = a_jpeg()


@dataclass(slots=True)
class Draft:
    """A report on a phone, to be sent under one key until it is answered; the body exists once the photo is up."""

    index: int
    token: str
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    body: bytes | None = None
    answer: bytes | None = None

    @property
    def number(self) -> str:
        return str(json.loads(self.answer or b"{}")["number"])


def test_nothing_acknowledged_is_lost_and_nothing_is_doubled(committed_database: Database, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    drafts = [
        Draft(index, token)
        for index, token in zip(range(REPORTS), _a_city(committed_database) * (REPORTS // THREADS), strict=True)
    ]
    acknowledged = threading.Semaphore(0)
    with _server(committed_database, tmp_path) as (process, port), ThreadPoolExecutor(THREADS) as phones:
        sending = [
            phones.submit(_send_until_cut_off, port, drafts[each::THREADS], acknowledged) for each in range(THREADS)
        ]
        for _ in range(dice.randrange(REPORTS // 4, REPORTS * 3 // 4)):
            assert acknowledged.acquire(timeout=ANSWER_TIMEOUT_S)
        time.sleep(dice.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for phone in sending:
            phone.result(ANSWER_TIMEOUT_S)
    first_answers = {draft.key: draft.answer for draft in drafts if draft.answer is not None}
    assert 0 < len(first_answers) < REPORTS
    with _server(committed_database, tmp_path) as (_, port):
        numbers = _whole_numbers(committed_database)
        for draft in drafts:
            if draft.answer is not None:
                assert draft.number in numbers
                _assert_readable(port, draft)
        with ThreadPoolExecutor(THREADS) as phones:
            list(phones.map(lambda each: _send(port, drafts[each::THREADS]), range(THREADS)))
    assert {draft.key: draft.answer for draft in drafts if draft.key in first_answers} == first_answers
    assert {draft.number for draft in drafts} == _whole_numbers(committed_database)
    assert len({draft.number for draft in drafts}) == REPORTS


def _a_city(database: Database) -> list[str]:
    """Load the small city and return the tokens of its citizens, one per phone."""
    now = real_now()
    with database.transaction() as session:
        a_small_city(session, now)
        load_default_limits(session)
        load_default_rules(session, now=now)
    return [_a_citizen(database) for _ in range(THREADS)]


def _a_citizen(database: Database) -> str:
    now = real_now()
    with database.transaction() as session:
        citizen = UserAccount(display_name="市民", roles=[Role.CITIZEN.value], created_at=now)
        session.add(citizen)
        session.flush()
        return issue_token(session, user_id=citizen.id or 0, lifetime=timedelta(days=1), now=now)


def _send_until_cut_off(port: int, drafts: Sequence[Draft], acknowledged: threading.Semaphore) -> None:
    with suppress(OSError, HTTPException):
        _send(port, drafts, acknowledged)


def _send(port: int, drafts: Sequence[Draft], acknowledged: threading.Semaphore | None = None) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_S)
    try:
        for draft in drafts:
            if draft.body is None:
                draft.body = _body(draft, _upload(connection, draft))
            headers = {"Content-Type": "application/json", "Idempotency-Key": draft.key}
            draft.answer = _post(connection, "/api/v1/reports", draft, headers=headers, body=draft.body)
            if acknowledged is not None:
                acknowledged.release()
    finally:
        connection.close()


def _body(draft: Draft, photo_id: str) -> bytes:
    """Return a report that rules dispatch, or every other time one that has no class and waits in the pool."""
    lon, lat = IN_LICUN
    return json.dumps(
        {
            "category": "sanitation" if draft.index % 2 else None,
            "description": f"第 {draft.index} 件",
            "location": {"lon": lon, "lat": lat, "datum": "wgs84", "source": "gps"},
            "photo_ids": [photo_id],
            "duplicates_acknowledged": True,
        }
    ).encode()


def _upload(connection: HTTPConnection, draft: Draft) -> str:
    """Upload the draft's photo; after a lost answer the same `client_id` gives the same photo."""
    edge = "a-line-that-is-in-no-picture"
    part = f'--{edge}\r\nContent-Disposition: form-data; name="'
    fields = f'{part}kind"\r\n\r\nnear\r\n{part}client_id"\r\n\r\n{draft.key}\r\n'
    head = f'{fields}{part}file"; filename="x.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    body = head.encode() + PICTURE + f"\r\n--{edge}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    return str(json.loads(_post(connection, "/api/v1/photos", draft, headers=headers, body=body))["photo_id"])


def _post(connection: HTTPConnection, path: str, draft: Draft, *, headers: dict[str, str], body: bytes) -> bytes:
    connection.request("POST", path, body=body, headers={"Authorization": f"Bearer {draft.token}", **headers})
    response = connection.getresponse()
    answer = response.read()
    assert response.status == 201, answer
    return answer


def _assert_readable(port: int, draft: Draft) -> None:
    """Read a report as its citizen does: photo, timeline, and the photo's file."""
    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", f"/api/v1/reports/{draft.number}", headers={"Authorization": f"Bearer {draft.token}"})
        response = connection.getresponse()
        report = json.loads(response.read())
        assert response.status == 200, report
        assert report["description"] == f"第 {draft.index} 件"
        assert report["timeline"][0]["action"] == "submit"
        (photo,) = report["photos"]
        connection.request("GET", photo["thumb_url"])
        picture = connection.getresponse()
        assert (picture.status, picture.read()[:2]) == (200, b"\xff\xd8")
    finally:
        connection.close()


def _whole_numbers(database: Database) -> set[str]:
    """Return the numbers of all reports, having checked that none of them is half there."""
    with database.reading() as session:
        reports = session.exec(select(Report)).all()
        timers = Counter(session.exec(select(Timer.report_id).where(Timer.state == TimerState.RUNNING)))
        photos = Counter(session.exec(select(Photo.report_id)))
        assert list(verify(session, chain_heads(session))) == []
        for report in reports:
            assert report.holder == (report.unit_code or "acceptance")
            assert report.journal_seq == (4 if report.unit_code else 1)
            assert (timers[report.id or 0], photos[report.id or 0]) == (1, 1)
        return {report.number for report in reports}


@contextmanager
def _server(database: Database, place: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the server on the database until the block ends, however it ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    given = {
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "BLOB_DIR": str(place / "blobs"),
        "SECRET_KEY": "only for this test " * 2,
        "LOGIN_PROVIDER": "development",
        "PORT": str(port),
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUISHOUPAI_")}
    environment |= {f"SUISHOUPAI_{name}": value for name, value in given.items()}
    log = place / f"server-{port}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "app", "serve"], cwd=ROOT, env=environment, stdout=output, stderr=output
        ) as process,
    ):
        try:
            _wait_until_healthy(process, port, log)
            yield process, port
        finally:
            process.kill()


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < give_up_at:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError):
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return connection.close()
        connection.close()
        time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text('utf-8', 'replace')[-4000:]}")
