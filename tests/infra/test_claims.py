"""Two workers never take the same row, and a lease has one owner."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

from sqlalchemy import select
from sqlmodel import col

from app.infra.claims import claim, release_lease, take_lease
from app.infra.database import Database
from tests.infra.sample_table import Colour, Sample, a_sample, make_table


def fill(database: Database, now: datetime, rows: int) -> None:
    with database.transaction() as session:
        make_table(session)
        session.add_all([a_sample(str(number), now) for number in range(rows)])


def test_parallel_workers_share_rows_without_overlap(committed_database: Database, now: datetime) -> None:
    fill(committed_database, now, 60)

    def work(_: int) -> list[str]:
        taken: list[str] = []
        while True:
            with committed_database.transaction() as session:
                statement = select(Sample).where(col(Sample.colour) == Colour.RED).order_by(col(Sample.id))
                rows = claim(session, statement, limit=7)
                for row in rows:
                    row.colour = Colour.BLUE
                taken += [row.name for row in rows]
                if not rows:
                    return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [name for part in pool.map(work, range(4)) for name in part]
    assert sorted(taken, key=int) == [str(number) for number in range(60)]


def test_postgres_passes_over_rows_that_are_held(committed_postgres: Database, now: datetime) -> None:
    fill(committed_postgres, now, 3)
    statement = select(Sample).order_by(col(Sample.id))

    def take(limit: int) -> list[str]:
        with committed_postgres.transaction() as other:
            return [row.name for row in claim(other, statement, limit=limit)]

    with ThreadPoolExecutor(1) as pool, committed_postgres.transaction() as session:
        assert [row.name for row in claim(session, statement, limit=2)] == ["0", "1"]
        assert pool.submit(take, 5).result(timeout=5) == ["2"]


def test_a_lease_is_taken_extended_refused_and_taken_over(database: Database, now: datetime) -> None:
    def take(owner: str, after_s: int) -> bool:
        with database.transaction() as session:
            return take_lease(session, "sweep", owner, now=now + timedelta(seconds=after_s), seconds=10)

    assert take("a", 0)
    assert not take("b", 9)
    assert take("a", 9)  # extended to 19
    assert not take("b", 18)
    assert take("b", 19)  # the instant it expires it is free
    assert not take("a", 20)


def test_a_lease_given_back_is_free_at_once(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        assert take_lease(session, "sweep", "a", now=now, seconds=10)
        release_lease(session, "sweep", "b")
        assert not take_lease(session, "sweep", "b", now=now, seconds=10)
        release_lease(session, "sweep", "a")
        assert take_lease(session, "sweep", "b", now=now, seconds=10)


def test_leases_with_different_names_do_not_touch(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        assert take_lease(session, "sweep", "a", now=now, seconds=10)
        assert take_lease(session, "fan-out", "b", now=now, seconds=10)


def test_of_many_takers_one_wins(committed_database: Database, now: datetime) -> None:
    start = Barrier(6)

    def take(owner: int) -> bool:
        start.wait()
        with committed_database.transaction() as session:
            return take_lease(session, "sweep", str(owner), now=now, seconds=10)

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(take, range(6))) == 1
