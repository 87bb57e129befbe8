"""Two requests with one key at the same time: the report exists once, and both senders learn its number."""

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from httpx2 import Response

from tests.http.row_counts import rows_of
from tests.http.strict_client import Person, Service

PATIENCE_S = 30.0


@pytest.fixture
def phones() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


class Held:
    """Keeps the first submission inside its transaction, where it draws its number, until it is let go."""

    def __init__(self) -> None:
        self.is_inside, self.may_go_on = threading.Event(), threading.Event()
        self._draw = secrets.randbelow

    def __call__(self, bound: int) -> int:
        if not self.is_inside.is_set():
            self.is_inside.set()
            assert self.may_go_on.wait(PATIENCE_S)
        return self._draw(bound)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    gate = Held()
    monkeypatch.setattr(secrets, "randbelow", gate)
    yield gate
    gate.may_go_on.set()


def send_twice(
    phones: ThreadPoolExecutor, held: Held, citizen: Person, first: Any, second: Any
) -> tuple[Response, Response]:
    """Send the second while the first is in the middle of its work."""
    key = secrets.token_urlsafe(12)

    def send(body: Any) -> Response:
        return citizen.post("/reports", body, Idempotency_Key=key)

    early: Future[Response] = phones.submit(send, first)
    assert held.is_inside.wait(PATIENCE_S)
    late: Future[Response] = phones.submit(send, second)
    assert not late.done()
    threading.Event().wait(0.2)  # time to run into the first; when it is short, the test is only less strict
    assert not late.done()  # it waits, it does not go ahead
    held.may_go_on.set()
    return early.result(PATIENCE_S), late.result(PATIENCE_S)


def test_the_same_request_twice_at_once_is_one_report(service: Service, phones: ThreadPoolExecutor, held: Held) -> None:
    citizen = service.citizen()
    body = citizen.submission()
    before = rows_of(service.database)
    first, second = send_twice(phones, held, citizen, body, body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    after = rows_of(service.database)
    assert after["report"] == before["report"] + 1
    assert after["idempotency_key"] == before["idempotency_key"] + 1
    assert after["journal_entry"] == before["journal_entry"] + 4


def test_another_request_under_a_key_at_work_is_a_mistake(
    service: Service, phones: ThreadPoolExecutor, held: Held
) -> None:
    citizen = service.citizen()
    body, other = citizen.submission(), citizen.submission(description="别的")
    before = rows_of(service.database)
    first, second = send_twice(phones, held, citizen, body, other)
    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert rows_of(service.database)["report"] == before["report"] + 1


def test_when_the_first_fails_the_second_takes_its_place(
    service: Service, phones: ThreadPoolExecutor, held: Held
) -> None:
    """The first one's photo is not its own: it fails after it has taken the key."""
    citizen = service.citizen()
    body = citizen.submission()
    stolen = body | {"photo_ids": [service.citizen().photo()]}
    before = rows_of(service.database)
    first, second = send_twice(phones, held, citizen, stolen, body)
    assert (first.status_code, first.json()["code"]) == (404, "PHOTO_NOT_FOUND")
    assert second.status_code == 201
    assert rows_of(service.database)["report"] == before["report"] + 1


def test_a_crowd_with_one_key_makes_one_report(service: Service, phones: ThreadPoolExecutor) -> None:
    citizen = service.citizen()
    for _ in range(5):
        body, key = citizen.submission(), secrets.token_urlsafe(12)
        start = threading.Barrier(4, timeout=PATIENCE_S)

        def send(_: int, body: Any = body, key: str = key, start: threading.Barrier = start) -> Response:
            start.wait()
            return citizen.post("/reports", body, Idempotency_Key=key)

        answers = list(phones.map(send, range(4)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        numbers = {answer.json()["number"] for answer in answers if answer.status_code == 201}
        assert len(numbers) == 1
    assert len(citizen.get("/me/reports").json()["items"]) == 5
