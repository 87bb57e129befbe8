"""This will ask for a dry run of a version; a process that has time carries it out."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.domain.errors import Conflict
from app.routing.recording import version_to_change
from app.rulebook.models import DryRun, DryRunState


class DryRunUnderWay(Conflict):
    """The version is being replayed already; `dry_run` is that run's id."""

    code = "DRY_RUN_UNDER_WAY"


def request_dry_run(session: Session, rule_set: str, *, last: int, reason: str, editor: str, now: datetime) -> DryRun:
    """Store a dry run that waits.

    :param last: how many of the newest reports to replay
    :param editor: who asks, at most 64 signs
    :raises RuleSetNotFound: no such version
    :raises DryRunUnderWay: one of this version waits or runs
    """
    # The version's row is locked, so two requests at once do not both find nothing under way.
    version = version_to_change(session, rule_set)
    under_way = session.exec(
        select(DryRun.id).where(
            DryRun.rule_set_id == version.id,
            col(DryRun.state).in_((DryRunState.WAITING, DryRunState.RUNNING)),
        )
    ).first()
    if under_way is not None:
        raise DryRunUnderWay(dry_run=str(under_way))
    run = DryRun(
        rule_set_id=version.id or 0,
        content_sha256=version.content_sha256,
        state=DryRunState.WAITING,
        editor=editor,
        reason=reason,
        wanted=last,
        requested_at=now,
    )
    session.add(run)
    session.flush()  # for the id
    return run
