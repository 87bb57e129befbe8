"""Carry a dry run out: replay, store what would change, and mark the version as rehearsed."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import insert
from sqlmodel import Session

from app.city.snapshot import CitySnapshot
from app.domain.errors import DomainError
from app.infra.clock import Clock
from app.infra.database import Database
from app.routing.loading import load_rulebook
from app.routing.models import RuleSetVersion
from app.routing.rehearse import REHEARSABLE, mark_rehearsed
from app.routing.words import SectionWords
from app.rulebook.draft_units import DraftUnits
from app.rulebook.history import Stretch, count_past
from app.rulebook.models import DryRunChange, DryRunFailure, DryRunState
from app.rulebook.rehearsals.claiming import Claimed, ClaimLost, forget_some_changes, keep, replaced_by
from app.rulebook.rehearsals.replay import Candidate, Change, replay
from app.rulebook.rehearsals.schemas import DryRunSummary
from app.rulebook.rehearsals.tally import Tally

Tell = Callable[[int, int], None]
"""Told (done, total) after every chunk; it may raise `Stopped`."""


class Stopped(Exception):
    """The process is to end; the dry run waits for the next one."""


class CannotReplay(Exception):
    """The version is not what was asked for, or means nothing."""

    def __init__(self, failure: DryRunFailure) -> None:
        super().__init__(failure.value)
        self.failure = failure


def carry_out(database: Database, run: Claimed, *, city: CitySnapshot, clock: Clock, tell: Tell) -> None:
    """Carry a claimed dry run out to its end, which its row tells: done, failed, or waiting again after a stop.

    Whoever lost the claim leaves quietly: the row is somebody else's. Reads and writes alternate in short transactions.
    """
    try:
        summary = _replay(database, run, city=city, clock=clock, tell=tell)
        with database.transaction() as session:
            _finish(session, run, summary, now=clock())
        _forget_replaced(database, run)
    except CannotReplay as cannot:
        _fail(database, run, cannot.failure, clock=clock)
    except Stopped:
        # Being stopped is nobody's fault and counts as no attempt.
        with suppress(ClaimLost), database.transaction() as session:
            keep(session, run, state=DryRunState.WAITING, attempts=run.attempt - 1)
    except KeyboardInterrupt:
        _fail(database, run, DryRunFailure.INTERRUPTED, clock=clock)
        raise
    except ClaimLost:
        return


def _replay(database: Database, run: Claimed, *, city: CitySnapshot, clock: Clock, tell: Tell) -> DryRunSummary:
    if run.is_hopeless:
        raise CannotReplay(DryRunFailure.ATTEMPTS)
    stretch = Stretch(run.wanted)
    _forget_changes(database, run, clock=clock)
    with database.reading(snapshot=True) as session:  # rules and shapes of one content, whatever is imported meanwhile
        candidate = load_candidate(session, run.rule_set_id, city=city, content_sha256=run.content_sha256)
        total = count_past(session, stretch)
    tally, done = Tally(), 0
    tell(done, total)
    for count, changes in replay(database.reading, stretch, candidate, tally):
        done += count
        with database.transaction() as session:
            keep(session, run, done=done, total=total, claimed_at=clock())
            _store(session, run, changes)
        tell(done, total)
    return tally.summary(candidate.units.name_of)


def load_candidate(
    session: Session, rule_set_id: int, *, city: CitySnapshot, content_sha256: str | None = None
) -> Candidate:
    """Return a version ready to be replayed.

    :param content_sha256: the content that was meant, None for whatever it holds
    :raises CannotReplay: it holds other content by now, or its rules cannot be compiled
    """
    version = session.get_one(RuleSetVersion, rule_set_id)
    if content_sha256 not in {None, version.content_sha256}:
        raise CannotReplay(DryRunFailure.CHANGED)
    try:
        rulebook = load_rulebook(session, rule_set_id)
        sections = SectionWords.model_validate(version.sections)
    except (DomainError, ValueError) as broken:
        raise CannotReplay(DryRunFailure.BROKEN) from broken
    return Candidate(rulebook, city, DraftUnits(city, sections.units))


def _forget_changes(database: Database, run: Claimed, *, clock: Clock) -> None:
    """Forget what an earlier attempt stored."""
    is_any_left = True
    while is_any_left:
        with database.transaction() as session:
            keep(session, run, claimed_at=clock())
            is_any_left = forget_some_changes(session, run.id)


def _forget_replaced(database: Database, run: Claimed) -> None:
    """Forget the changes of the version's earlier dry runs, or they would grow with each; summaries stay."""
    with database.reading() as session:
        earlier = replaced_by(session, run)
    for dry_run_id in earlier:
        is_any_left = True
        while is_any_left:
            with database.transaction() as session:
                is_any_left = forget_some_changes(session, dry_run_id)


def _store(session: Session, run: Claimed, changes: Iterable[Change]) -> None:
    rows = [{"dry_run_id": run.id, **asdict(each)} for each in changes]
    if rows:
        session.connection().execute(insert(DryRunChange), rows)


def _finish(session: Session, run: Claimed, summary: DryRunSummary, *, now: datetime) -> None:
    """Keep the summary and, if the version has been checked and is still what was replayed, mark it."""
    version = session.get_one(RuleSetVersion, run.rule_set_id, with_for_update=True)
    if version.content_sha256 != run.content_sha256:
        raise CannotReplay(DryRunFailure.CHANGED)
    keep(
        session,
        run,
        state=DryRunState.DONE,
        done=summary.reports,
        total=summary.reports,
        summary=summary.model_dump(mode="json"),
        finished_at=now,
    )
    if version.state in REHEARSABLE:
        told = summary.model_dump(mode="json", exclude={"units", "rules", "units_left_out", "rules_left_out"})
        mark_rehearsed(
            session,
            run.rule_set_id,
            content_sha256=run.content_sha256,
            editor=run.editor,
            facts={"dry_run": run.id, **told},
            now=now,
            reason=run.reason,
        )


def _fail(database: Database, run: Claimed, failure: DryRunFailure, *, clock: Clock) -> None:
    """Let go of a dry run without a result and without half of one, if it is still ours."""
    with suppress(ClaimLost):
        _forget_changes(database, run, clock=clock)
        with database.transaction() as session:
            keep(session, run, state=DryRunState.FAILED, failure=failure, finished_at=clock())
