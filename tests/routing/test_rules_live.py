"""A running process follows the rules: at once, at their moment, whole with their units, and never half a version."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from app.city.snapshot import load_snapshot
from app.domain.working_time import beijing_day
from app.infra.blobs import BlobStore
from app.reports.world import World, WorldHolder
from app.routing.models import RoutingRule, RuleSetState, RuleSetVersion
from app.routing.queries import version_named
from app.routing.retire import retire
from app.worker import THREADS, Worker
from tests.builders import NOW
from tests.routing.rule_sets import TOMORROW, a_file, published, rule_text
from tests.towns import Town

SECOND = timedelta(seconds=1)


class Holder:
    """A process with a clock that a test moves."""

    def __init__(self, town: Town) -> None:
        self.now = NOW
        self.town = town
        self.worlds = WorldHolder(town.database, clock=lambda: self.now)
        self.first = self.worlds.current()

    def later(self, by: timedelta) -> World:
        """Let time pass and tick once."""
        self.now += by
        self.worlds.refresh()
        return self.worlds.current()


def put_in_force(town: Town, *, now: datetime, since: datetime | None = None, version: str = "v2") -> None:
    rule = rule_text("park", when='{class: "06010", jurisdiction: "370213900"}', then="{role: park_committee}")
    with town.database.transaction() as session:
        city = load_snapshot(session, today=beijing_day(now))
        published(session, a_file(rule, version=version), city, now, since=since)


def test_a_new_version_is_followed_by_the_next_tick(town: Town) -> None:
    holder = Holder(town)
    put_in_force(town, now=NOW)
    assert holder.worlds.current() is holder.first  # no request asks the database
    assert holder.later(2 * SECOND).rules.version == "v2"


def test_units_arrive_together_with_the_rules_that_name_them(town: Town) -> None:
    """The city was looked at less than a second ago, and is read again all the same."""
    holder = Holder(town)
    holder.later(2 * SECOND)
    put_in_force(town, now=holder.now)
    world = holder.later(0.1 * SECOND)
    assert world.rules.version == "v2"
    assert world.city.units["370213900.park"].is_active
    assert world.city.unit_at("park_committee", "370213900") == "370213900.park"


def test_a_version_of_tomorrow_decides_from_its_moment_on(town: Town) -> None:
    holder = Holder(town)
    put_in_force(town, now=NOW, since=NOW + TOMORROW)
    assert holder.later(TOMORROW - SECOND).rules.version == holder.first.rules.version
    world = holder.later(SECOND)
    assert world.rules.version == "v2"
    assert world.city.unit_at("park_committee", "370213900") == "370213900.park"


def test_a_version_taken_back_gives_way(town: Town) -> None:
    holder = Holder(town)
    put_in_force(town, now=NOW)
    holder.later(2 * SECOND)
    with town.database.transaction() as session:
        retire(session, "v2", editor="乙", reason="有误", now=holder.now)
    assert holder.later(2 * SECOND).rules.version == holder.first.rules.version


def test_a_version_that_cannot_be_read_leaves_the_old_one_deciding(town: Town) -> None:
    """Never published by the program; damaged by hand, it is logged by the ticker at every tick until repaired."""
    holder = Holder(town)
    worker = Worker(town.database, holder.worlds, BlobStore.memory(), clock=lambda: holder.now)
    worker.ticker.every(60, "follow", holder.worlds.refresh)
    put_in_force(town, now=NOW)
    with town.database.transaction() as session:
        version = version_named(session, "v2")
        damage = update(RoutingRule).where(col(RoutingRule.rule_set_id) == version.id, col(RoutingRule.key) == "park")
        session.execute(damage.values(decision={}))
    holder.now += 2 * SECOND
    worker.ticker.tick("follow")
    assert worker.ticker.failures["follow"].count == 1
    assert holder.worlds.current().rules is holder.first.rules
    with town.database.transaction() as session:
        repaired = update(RoutingRule).where(col(RoutingRule.key) == "park")
        session.execute(repaired.values(decision={"role": "park_committee"}))
    holder.now += 2 * SECOND
    worker.ticker.tick("follow")
    assert not worker.ticker.failures
    assert holder.worlds.current().rules.version == "v2"


def test_the_city_and_its_rules_are_swapped_as_one(town: Town) -> None:
    """Whoever took the world before keeps it whole."""
    holder = Holder(town)
    taken = holder.worlds.current()
    put_in_force(town, now=NOW)
    holder.later(2 * SECOND)
    assert taken.rules.version != "v2"
    assert "370213900.park" not in taken.city.units


def test_rules_are_compiled_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A city that changes does not cost ten thousand rules."""
    holder = Holder(town)
    monkeypatch.setattr("app.reports.world.load_rulebook", lambda *_: pytest.fail("compiled again"))
    holder.worlds.cities.reload()
    assert holder.later(2 * SECOND).rules is holder.first.rules


def test_following_waits_for_no_other_job(town: Town) -> None:
    """Every job but one of a worker hangs, and the rules are followed all the same."""
    worker = Worker(town.database, WorldHolder(town.database, clock=lambda: NOW), BlobStore.memory(), clock=lambda: NOW)
    hang, followed = threading.Event(), threading.Event()
    names: list[str] = []

    def every(_seconds: float, name: str, _job: Callable[[], int]) -> None:
        names.append(name)

    worker.ticker.every = every  # type: ignore[method-assign,assignment]  # to hear what a worker does
    start, worker.ticker.start = worker.ticker.start, lambda: None  # type: ignore[method-assign]  # as above
    worker.start(with_jobs=True)
    assert len(names) <= THREADS
    del worker.ticker.every

    def follow() -> int:
        followed.set()
        return 0

    def never_ends() -> int:
        hang.wait()
        return 0

    for name in names:
        worker.ticker.every(0.05, name, follow if name == "follow the city" else never_ends)
    start()
    try:
        assert followed.wait(10)
        followed.clear()
        assert followed.wait(10)
    finally:
        hang.set()
        worker.ticker.stop()


def test_a_published_version_has_a_moment(town: Town) -> None:
    with pytest.raises(Exception, match="published_from_a_moment"), town.database.transaction() as session:
        session.add(RuleSetVersion(version="x", state=RuleSetState.PUBLISHED, note="", editor="x", created_at=NOW))
