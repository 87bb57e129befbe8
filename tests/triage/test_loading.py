"""Models in rows: one is in use, every process follows, and a broken one stops nobody."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, update
from sqlmodel import Session, col, select
from structlog.testing import capture_logs

from app.infra.database import Database
from app.reports.world import WorldHolder
from app.triage.activate import activate
from app.triage.loading import ModelNotFound, ModelUnusable, active_model_id, load_model
from app.triage.measuring import Evaluation, Sure, Unseen
from app.triage.models import TriageModel
from app.triage.train import Learnt, store_model
from tests.builders import NOW
from tests.towns import Town


def figures() -> Evaluation:
    nothing = Sure(n=0, coverage=0, precision=None)
    return Evaluation(
        since=NOW,
        until=NOW,
        trained_on=60,
        n=20,
        synthetic=0,
        threshold=0.6,
        accuracy=0.9,
        top3=0.95,
        unseen=Unseen(n=10, accuracy=0.8, top3=0.9),
        most_frequent=0.2,
        by_keywords=nothing,
        by_model=nothing,
        in_category=nothing,
        doubted=0,
        classes=[],
        confusions=[],
    )


def store(session: Session, packed: bytes, *, now: datetime = NOW) -> TriageModel:
    return store_model(session, Learnt(packed, 0.6, figures(), 100, is_synthetic=True), editor="tests", now=now)


def stored(town: Town, packed: bytes, *, now: datetime = NOW) -> str:
    with town.database.transaction() as session:
        return store(session, packed, now=now).version


def in_use(session: Session) -> list[str]:
    return list(session.exec(select(TriageModel.version).where(col(TriageModel.is_active))))


def test_a_new_model_is_named_by_its_moment_and_not_in_use(town: Town, packed: bytes) -> None:
    assert stored(town, packed) == "20261120-100000"
    with town.database.reading() as session:
        assert (in_use(session), active_model_id(session)) == ([], None)


def test_one_at_a_time_is_in_use_and_one_can_go_back(town: Town, packed: bytes) -> None:
    first, second = stored(town, packed), stored(town, packed, now=NOW + timedelta(seconds=1))
    for version in (first, second, first, first):
        with town.database.transaction() as session:
            activate(session, version)
        with town.database.reading() as session:
            assert in_use(session) == [version]


def test_of_two_who_activate_at_once_the_second_waits_and_counts(committed_database: Database, packed: bytes) -> None:
    with committed_database.transaction() as session:
        one, two, three = (store(session, packed, now=NOW + timedelta(seconds=each)).version for each in range(3))
    with committed_database.transaction() as session:
        activate(session, one)

    def put_to_use(version: str) -> None:
        with committed_database.transaction() as session:
            activate(session, version)

    with ThreadPoolExecutor() as pool:
        with committed_database.transaction() as session:
            activate(session, two)
            second = pool.submit(put_to_use, three)
            with pytest.raises(TimeoutError):  # it waits for the first
                second.result(timeout=0.5)
        second.result(timeout=10)
    with committed_database.reading() as session:
        assert in_use(session) == [three]


def test_only_what_exists_and_can_be_read_is_put_to_use(town: Town, packed: bytes) -> None:
    with town.database.transaction() as session:
        activate(session, store(session, packed).version)
    broken = stored(town, b"no model", now=NOW + timedelta(seconds=1))
    for version, refusal in ((broken, ModelUnusable), ("20990101-000000", ModelNotFound)):
        with pytest.raises(refusal), town.database.transaction() as session:
            activate(session, version)
        with town.database.reading() as session:
            assert in_use(session) == ["20261120-100000"]


def test_every_process_follows_without_a_restart(town: Town, packed: bytes) -> None:
    here, there = (WorldHolder(town.database, clock=lambda: NOW) for _ in range(2))
    assert [holder.current().triage.model for holder in (here, there)] == [None, None]
    first, second = stored(town, packed), stored(town, packed, now=NOW + timedelta(seconds=1))
    for version in (first, second):
        with town.database.transaction() as session:
            activate(session, version)
        for holder in (here, there):
            assert holder.refresh()
            model = holder.current().triage.model
            assert model is not None
            assert model.version == version
            assert not holder.refresh()


def test_taking_a_model_out_of_use_is_followed_too(town: Town, packed: bytes) -> None:
    with town.database.transaction() as session:
        activate(session, store(session, packed).version)
    holder = WorldHolder(town.database, clock=lambda: NOW)
    assert holder.current().triage.model is not None
    with town.database.transaction() as session:
        session.execute(update(TriageModel).values(is_active=False))
    assert holder.refresh()
    assert holder.current().triage.model is None


def test_a_model_in_memory_is_not_read_again(town: Town, packed: bytes) -> None:
    with town.database.transaction() as session:
        activate(session, store(session, packed).version)
    holder = WorldHolder(town.database, clock=lambda: NOW)
    model = holder.current().triage.model
    read = statements_about_weights(town.database, holder)
    assert read == 0
    assert holder.current().triage.model is model


def statements_about_weights(database: Database, holder: WorldHolder) -> int:
    """Return how many statements that ask for weights a reload and a refresh send."""
    seen: list[str] = []

    def hear(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", hear)
    holder._load()
    holder.refresh()
    for engine in database.engines:
        event.remove(engine, "before_cursor_execute", hear)
    assert seen
    return sum("weights" in statement for statement in seen)


def test_a_broken_row_is_said_once_and_stops_nobody(town: Town, packed: bytes) -> None:
    with town.database.transaction() as session:
        activate(session, store(session, packed).version)
        session.execute(update(TriageModel).values(weights=packed[:1000]))
    with capture_logs() as logs:
        holder = WorldHolder(town.database, clock=lambda: NOW)
        assert holder.current().triage.model is None
        assert not holder.refresh()  # not again and again
    told = [line for line in logs if line["event"] == "triage model unusable"]
    assert [(line["log_level"], line["version"]) for line in told] == [("error", "20261120-100000")]
    assert told[0]["reason"].startswith("unreadable")
    assert holder.current().triage.propose("路灯不亮了", category=None) is not None  # keywords work on


def test_no_row_is_no_model(town: Town) -> None:
    with town.database.reading() as session:
        assert load_model(session, None) is None
        assert load_model(session, 999) is None
