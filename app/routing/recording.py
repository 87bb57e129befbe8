"""Find a version and record what becomes of it: every step of its life passes here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from app.routing.models import RuleSetEvent, RuleSetState, RuleSetVersion
from app.routing.refusals import RuleSetFrozen, RuleSetNotFound

FROZEN = frozenset({RuleSetState.PUBLISHED, RuleSetState.RETIRED})


def version_to_change(session: Session, name: str) -> RuleSetVersion:
    """Return a version by name, its row locked until the transaction ends.

    :raises RuleSetNotFound: no such version
    """
    version = version_if_any(session, name)
    if version is None:
        raise RuleSetNotFound(rule_set=name)
    return version


def version_if_any(session: Session, name: str) -> RuleSetVersion | None:
    """Return a version by name as it is now, its row locked until the transaction ends; None if there is none.

    The session may have read the row before it got the lock, and somebody may have published it in between.
    """
    wanted = select(RuleSetVersion).where(RuleSetVersion.version == name).with_for_update()
    return session.exec(wanted.execution_options(populate_existing=True)).first()


def refuse_frozen(version: RuleSetVersion) -> None:
    """Let only versions pass that may still change.

    :raises RuleSetFrozen: the version was published
    """
    if version.state in FROZEN:
        raise RuleSetFrozen(rule_set=version.version)


def record(
    session: Session,
    version: RuleSetVersion,
    state: RuleSetState,
    *,
    editor: str,
    reason: str,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Put a version into a state and append who did it, when and why.

    :param editor: at most 64 signs
    :param facts: what the step was about, readable without the version
    """
    version.state = state
    session.add(version)
    session.add(
        RuleSetEvent(
            rule_set_id=version.id or 0, at=now, editor=editor, state=state, reason=reason, facts=dict(facts or {})
        )
    )
