"""The same key gets the first answer again, also when both requests arrive at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.infra import problems
from app.infra.database import Database
from app.infra.idempotency import (
    Answer,
    IdempotencyKey,
    KeyReused,
    KeyRunning,
    body_hash,
    claim_key,
    complete,
    find_by_key,
    forget_before,
)

FIRST = Answer(status_code=201, body='{"number":"R1"}', subject="R1")


def take(
    session: Session, now: datetime, *, caller: int = 1, route: str = "POST /reports", body: bytes = b"{}"
) -> Answer | None:
    return claim_key(session, caller_id=caller, key="k-1", route=route, body_hash=body_hash(body), now=now)


def answer_first(session: Session, *, caller: int = 1) -> None:
    complete(session, caller_id=caller, key="k-1", status_code=201, body=FIRST.body, subject=FIRST.subject)


def test_the_first_goes_on_and_the_second_gets_its_answer(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        assert take(session, now) is None
        answer_first(session)
    with database.transaction() as session:
        assert take(session, now + timedelta(days=6)) == FIRST


@pytest.mark.parametrize("change", [{"body": b"[]"}, {"route": "POST /photos"}])
def test_a_key_is_for_one_request(database: Database, now: datetime, change: dict[str, object]) -> None:
    with database.transaction() as session:
        take(session, now)
        answer_first(session)
    with pytest.raises(KeyReused), database.transaction() as session:
        take(session, now, **change)  # type: ignore[arg-type]  # one argument changed


def test_keys_belong_to_a_caller(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        take(session, now, caller=1)
        answer_first(session, caller=1)
        assert take(session, now, caller=2) is None
        assert find_by_key(session, caller_id=3, key="k-1") is None


def test_a_failed_request_leaves_its_key_free(database: Database, now: datetime) -> None:
    def fail() -> None:
        with database.transaction() as session:
            take(session, now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.transaction() as session:
        assert take(session, now) is None


def test_a_key_that_was_never_completed_is_running(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        take(session, now)
    with pytest.raises(KeyRunning), database.transaction() as session:
        take(session, now)
    with database.reading() as session:
        assert find_by_key(session, caller_id=1, key="k-1") is None


def test_a_client_can_ask_whether_a_request_arrived(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        take(session, now)
        answer_first(session)
    with database.reading() as session:
        assert find_by_key(session, caller_id=1, key="k-1") == FIRST
        assert find_by_key(session, caller_id=1, key="other") is None


def test_old_keys_are_forgotten_in_batches(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        for age in range(5):
            claim_key(session, caller_id=1, key=f"k{age}", route="r", body_hash="h", now=now - timedelta(days=age))
        assert forget_before(session, now - timedelta(days=1), limit=2) == 2
        assert forget_before(session, now - timedelta(days=1), limit=2) == 1
        assert forget_before(session, now - timedelta(days=1), limit=2) == 0
        assert claim_key(session, caller_id=1, key="k4", route="r", body_hash="h", now=now) is None


def race(database: Database, now: datetime, first_ends: Callable[[Session], None]) -> Answer | None:
    """Let a second request with the same key start while the first is unfinished; return what the second gets."""
    claimed, second_started = Event(), Event()

    def first() -> None:
        with database.transaction() as session:
            assert take(session, now) is None
            claimed.set()
            second_started.wait(5)
            Event().wait(0.2)  # long enough for the second to be waiting for us
            first_ends(session)

    def second() -> Answer | None:
        claimed.wait(5)
        second_started.set()
        with database.transaction() as session:
            return take(session, now)

    with ThreadPoolExecutor(2) as pool:
        running, waiting = pool.submit(first), pool.submit(second)
        answer = waiting.result(10)
        running.exception(10)
        return answer


def test_a_second_request_waits_for_the_first_and_gets_its_answer(committed_database: Database, now: datetime) -> None:
    assert race(committed_database, now, answer_first) == FIRST


def test_when_the_first_fails_the_second_takes_its_place(committed_database: Database, now: datetime) -> None:
    def fail(_: Session) -> None:
        raise ZeroDivisionError

    assert race(committed_database, now, fail) is None


@pytest.fixture
def client() -> TestClient:
    application = FastAPI()
    problems.install(application)

    @application.post("/")
    def echo(key: IdempotencyKey) -> dict[str, str | None]:
        return {"key": key}

    return TestClient(application)


@pytest.mark.parametrize("key", ["a", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "~" * 128])
def test_a_sane_key_is_accepted(client: TestClient, key: str) -> None:
    assert client.post("/", headers={"Idempotency-Key": key}).json() == {"key": key}


def test_a_key_is_optional(client: TestClient) -> None:
    assert client.post("/").json() == {"key": None}


@pytest.mark.parametrize("key", [b"", b"a b", b"x" * 129, "随手拍".encode(), b"a\tb"])
def test_any_other_key_is_refused(client: TestClient, key: bytes) -> None:
    answer = client.post("/", headers={b"Idempotency-Key": key})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/header/Idempotency-Key"]
