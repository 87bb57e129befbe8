"""Who carries a dry run out: one process at a time, and another one after it when it dies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, or_, select

from app.infra.claims import claim
from app.rulebook.models import DryRun, DryRunChange, DryRunState

LEASE = timedelta(minutes=2)
"""Longer than any chunk takes; whoever is silent for so long is dead, and the run begins again."""

ATTEMPTS = 3

_DELETED_AT_ONCE = 10_000


class ClaimLost(Exception):
    """Somebody else carries the dry run out by now, or it has ended."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A dry run in the hands of one process; `attempt` tells it from whoever had it before."""

    id: int
    rule_set_id: int
    content_sha256: str
    wanted: int
    editor: str
    reason: str
    attempt: int

    @property
    def is_hopeless(self) -> bool:
        """Whether this is one attempt more than a dry run gets."""
        return self.attempt > ATTEMPTS


def is_any_waiting(session: Session) -> bool:
    """Tell whether there is a dry run to carry out or to look after."""
    to_do = col(DryRun.state).in_((DryRunState.WAITING, DryRunState.RUNNING))
    return session.exec(select(DryRun.id).where(to_do).limit(1)).first() is not None


def claim_next(session: Session, *, now: datetime) -> Claimed | None:
    """Take the oldest dry run that waits or whose process is silent, also for the one attempt that only ends it."""
    is_abandoned = (col(DryRun.state) == DryRunState.RUNNING) & (col(DryRun.claimed_at) < now - LEASE)
    wanted = select(DryRun).where(or_(col(DryRun.state) == DryRunState.WAITING, is_abandoned)).order_by(col(DryRun.id))
    found = claim(session, wanted, limit=1)
    if not found:
        return None
    run = found[0]
    take(run, now=now)
    session.add(run)
    return claimed(run)


def take(run: DryRun, *, now: datetime) -> None:
    """Mark a dry run as being carried out, from its beginning."""
    run.state, run.claimed_at = DryRunState.RUNNING, now
    run.attempts, run.done, run.total = run.attempts + 1, 0, 0


def claimed(run: DryRun) -> Claimed:
    return Claimed(
        id=run.id or 0,
        rule_set_id=run.rule_set_id,
        content_sha256=run.content_sha256,
        wanted=run.wanted,
        editor=run.editor,
        reason=run.reason,
        attempt=run.attempts,
    )


def keep(session: Session, run: Claimed, **values: Any) -> None:  # noqa: ANN401 - columns of the row
    """Change the row of a dry run that is still ours; until the transaction ends nobody else can take it.

    :raises ClaimLost: it is not ours any more
    """
    is_ours = (
        col(DryRun.id) == run.id,
        col(DryRun.state) == DryRunState.RUNNING,
        col(DryRun.attempts) == run.attempt,
    )
    if session.exec(update(DryRun).where(*is_ours).values(**values)).rowcount == 0:
        raise ClaimLost


def forget_some_changes(session: Session, dry_run_id: int) -> bool:
    """Delete a part of the changes of a dry run; False when nothing is left."""
    some = select(DryRunChange.report_id).where(col(DryRunChange.dry_run_id) == dry_run_id).limit(_DELETED_AT_ONCE)
    gone = delete(DryRunChange).where(col(DryRunChange.dry_run_id) == dry_run_id, col(DryRunChange.report_id).in_(some))
    return session.exec(gone).rowcount > 0


def replaced_by(session: Session, run: Claimed) -> Sequence[int]:
    """Return the earlier dry runs of a version whose changes a result now takes the place of."""
    earlier = select(DryRun.id).where(DryRun.rule_set_id == run.rule_set_id, col(DryRun.id) < run.id)
    has_changes = select(DryRunChange.report_id).where(DryRunChange.dry_run_id == DryRun.id).exists()
    return [found for found in session.exec(earlier.where(has_changes)) if found is not None]
