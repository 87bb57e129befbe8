"""Who carries a dry run out, what happens when it dies, is stopped or finds another version, and what it costs."""

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlmodel import select

from app.infra.database import Database
from app.reports.world import WorldHolder
from app.routing.models import RoutingRule, RuleSetEvent, RuleSetState, RuleSetVersion
from app.rulebook.models import DryRunFailure, DryRunState
from app.rulebook.rehearsals.claiming import ATTEMPTS, LEASE, claim_next
from app.rulebook.rehearsals.jobs import Rehearsing
from app.rulebook.rehearsals.queries import DryRunReplaced, get_done
from app.rulebook.rehearsals.request import DryRunUnderWay
from app.rulebook.rehearsals.running import Stopped, carry_out
from tests.builders import NOW
from tests.query_recorder import QueryRecorder
from tests.rulebook.past import Past, a_version
from tests.rulebook.replaying import (
    SQUAD_SWEEPS,
    TEAM_SWEEPS,
    again,
    ask,
    changes,
    claimed,
    history,
    nothing,
    rehearse,
    row,
    state_of,
    summary,
    work,
)
from tests.towns import Town


@pytest.mark.parametrize(
    ("state", "afterwards"),
    [
        (RuleSetState.DRAFT, RuleSetState.DRAFT),  # not checked: it cannot be published whatever comes out
        (RuleSetState.CHECKED, RuleSetState.REHEARSED),
        (RuleSetState.REHEARSED, RuleSetState.REHEARSED),
        (RuleSetState.RETIRED, RuleSetState.RETIRED),
    ],
)
def test_a_checked_version_counts_as_rehearsed_afterwards(
    town: Town, state: RuleSetState, afterwards: RuleSetState
) -> None:
    history(town, Past())
    rehearse(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS), state=state)
    assert state_of(town.database, "draft") is afterwards


def test_the_event_says_who_why_and_what_came_out(town: Town) -> None:
    history(town, Past())
    run_id = ask(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS))
    work(town)
    with town.database.reading() as session:
        event = session.exec(select(RuleSetEvent).where(RuleSetEvent.editor == "user:7")).one()
    assert (event.state, event.reason) == (RuleSetState.REHEARSED, "看看影响")
    assert (event.facts["dry_run"], event.facts["other_unit"]) == (run_id, 1)


def test_a_version_that_was_changed_meanwhile_is_not_rehearsed(town: Town) -> None:
    history(town, Past())
    run_id = ask(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS))

    def change_it(done: int, _total: int) -> None:
        if done:
            with town.database.transaction() as session:
                version = session.exec(select(RuleSetVersion).where(RuleSetVersion.version == "draft")).one()
                session.add(version.sqlmodel_update({"content_sha256": "b" * 64}))

    work(town, tell=change_it)
    run = row(town.database, run_id)
    assert (run.state, run.failure, run.summary) == (DryRunState.FAILED, DryRunFailure.CHANGED, None)
    assert changes(town.database, run_id) == []
    assert state_of(town.database, "draft") is RuleSetState.CHECKED


def test_a_version_that_was_changed_before_is_not_replayed(town: Town) -> None:
    run_id = ask(town, a_version("draft", TEAM_SWEEPS))
    with town.database.transaction() as session:
        version = session.exec(select(RuleSetVersion).where(RuleSetVersion.version == "draft")).one()
        session.add(version.sqlmodel_update({"content_sha256": "b" * 64}))
    work(town)
    assert row(town.database, run_id).failure is DryRunFailure.CHANGED


def test_a_version_that_means_nothing_fails_visibly(town: Town) -> None:
    run_id = ask(town, a_version("draft", TEAM_SWEEPS), state=RuleSetState.DRAFT)
    with town.database.transaction() as session:
        rule = session.exec(select(RoutingRule).where(RoutingRule.rule_set_id != town.world.rule_set_id)).one()
        session.add(rule.sqlmodel_update({"decision": {}}))
    work(town)
    run = row(town.database, run_id)
    assert (run.state, run.failure, run.finished_at) == (DryRunState.FAILED, DryRunFailure.BROKEN, NOW)


def test_one_dry_run_of_a_version_at_a_time(town: Town) -> None:
    run_id = ask(town, a_version("draft", TEAM_SWEEPS))
    with pytest.raises(DryRunUnderWay) as refused, town.database.transaction() as session:
        again(session, "draft")
    assert refused.value.facts == {"dry_run": str(run_id)}
    work(town)
    with town.database.transaction() as session:
        assert again(session, "draft") > run_id


def test_a_silent_worker_is_replaced_and_its_half_is_forgotten(town: Town) -> None:
    history(town, *[Past() for _ in range(3)])
    run_id = ask(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS))

    class Killed(BaseException):
        """What no process survives."""

    def die(done: int, _total: int) -> None:
        if done:
            raise Killed

    with pytest.raises(Killed):
        work(town, tell=die)
    assert len(changes(town.database, run_id)) == 3
    with town.database.transaction() as session:
        assert claim_next(session, now=NOW + LEASE) is None  # it may still be at work
    later = NOW + LEASE + timedelta(seconds=1)
    run = claimed(town, at=later)
    carry_out(town.database, run, city=town.world.city, clock=lambda: later, tell=nothing)
    assert summary(town.database, run_id).other_unit == 3
    assert len(changes(town.database, run_id)) == 3


def test_only_the_newest_result_of_a_version_keeps_its_changes(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or they would grow with every dry run; the summaries stay."""
    monkeypatch.setattr("app.rulebook.rehearsals.claiming._DELETED_AT_ONCE", 2)
    history(town, *[Past() for _ in range(5)])
    other = ask(town, a_version("other", SQUAD_SWEEPS))
    first = ask(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS))
    work(town)
    work(town)
    with town.database.transaction() as session:
        second = again(session, "draft")
    assert len(changes(town.database, first)) == 5
    with town.database.reading() as session:
        get_done(session, first)  # what only waits replaces nothing
    work(town)
    assert [len(changes(town.database, each)) for each in (other, first, second)] == [5, 0, 5]
    assert summary(town.database, first) == summary(town.database, second)
    with town.database.reading() as session:
        assert get_done(session, second).run.id == second
        with pytest.raises(DryRunReplaced) as refused:
            get_done(session, first)
    assert refused.value.facts == {"dry_run": str(first), "newer": str(second)}


def test_a_dry_run_that_fails_takes_no_older_result_away(town: Town) -> None:
    history(town, Past())
    first = ask(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS))
    work(town)
    with town.database.transaction() as session:
        again(session, "draft")
        version = session.exec(select(RuleSetVersion).where(RuleSetVersion.version == "draft")).one()
        session.add(version.sqlmodel_update({"content_sha256": "b" * 64}))
    work(town)
    assert len(changes(town.database, first)) == 1
    with town.database.reading() as session:
        assert get_done(session, first).run.id == first


def test_who_lost_the_claim_writes_nothing_more(town: Town) -> None:
    history(town, Past())
    run_id = ask(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS))
    slow = claimed(town)
    quick = claimed(town, at=NOW + 2 * LEASE)
    carry_out(town.database, quick, city=town.world.city, clock=lambda: NOW, tell=nothing)
    done = row(town.database, run_id)
    carry_out(town.database, slow, city=town.world.city, clock=lambda: NOW + timedelta(days=1), tell=nothing)
    assert row(town.database, run_id) == done
    assert len(changes(town.database, run_id)) == 1


def test_a_stopped_worker_gives_the_run_back_and_loses_no_attempt(town: Town) -> None:
    history(town, Past())
    run_id = ask(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS))

    def stop(_done: int, _total: int) -> None:
        raise Stopped

    work(town, tell=stop)
    run = row(town.database, run_id)
    assert (run.state, run.attempts) == (DryRunState.WAITING, 0)
    work(town)
    assert summary(town.database, run_id).other_unit == 1


def test_an_interrupted_run_has_failed_and_left_nothing(town: Town) -> None:
    history(town, Past())
    run_id = ask(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS))

    def interrupt(done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(town, tell=interrupt)
    run = row(town.database, run_id)
    assert (run.state, run.failure) == (DryRunState.FAILED, DryRunFailure.INTERRUPTED)
    assert changes(town.database, run_id) == []


def test_two_workers_share_the_work_and_never_a_run(committed_town: Town) -> None:
    town = committed_town
    history(town, *[Past() for _ in range(30)])
    runs = [ask(town, a_version(f"draft-{number}", SQUAD_SWEEPS, TEAM_SWEEPS)) for number in range(6)]
    counts: list[int] = []

    def worker() -> None:
        with Database(town.database.engine.url.render_as_string(hide_password=False)) as database:
            job = Rehearsing(database, WorldHolder(database, clock=lambda: NOW), clock=lambda: NOW)
            counts.append(sum(iter(job, 0)))

    workers = [threading.Thread(target=worker) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sum(counts) == len(runs)
    for run_id in runs:
        assert summary(town.database, run_id).other_unit == len(changes(town.database, run_id)) == 30
        assert row(town.database, run_id).attempts == 1


def test_after_three_attempts_it_ends(town: Town) -> None:
    run_id = ask(town, a_version("draft", TEAM_SWEEPS))
    at = NOW
    for _ in range(ATTEMPTS):
        claimed(town, at=at)
        at += 2 * LEASE
    carry_out(town.database, claimed(town, at=at), city=town.world.city, clock=lambda: at, tell=nothing)
    run = row(town.database, run_id)
    assert (run.state, run.failure) == (DryRunState.FAILED, DryRunFailure.ATTEMPTS)
    with town.database.transaction() as session:
        assert claim_next(session, now=at + 2 * LEASE) is None


def test_statements_and_progress_per_chunk(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk is one read, the claim kept, and one insert; the second read is the components of those that have one."""
    monkeypatch.setattr("app.rulebook.history.CHUNK", 10)
    history(town, *[Past() for _ in range(25)])
    ask(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS))
    run = claimed(town)
    told: list[tuple[int, int]] = []
    counted: list[int] = []
    with QueryRecorder(town.database) as recorder:

        def tell(done: int, total: int) -> None:
            told.append((done, total))
            counted.append(len(recorder.statements))

        carry_out(town.database, run, city=town.world.city, clock=lambda: NOW, tell=tell)
    assert told == [(0, 25), (10, 25), (20, 25), (25, 25)]
    assert [after - before for before, after in pairwise(counted)] == [3, 3, 3]
    assert len(recorder.statements) <= counted[-1] + 6
