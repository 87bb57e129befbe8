"""A dry run over past reports has ended: the version it replayed may now be published."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from app.routing.models import RuleSetState, RuleSetVersion
from app.routing.recording import record
from app.routing.refusals import RuleSetChanged, RuleSetNotFound, RuleSetNotReady

REHEARSABLE = (RuleSetState.CHECKED, RuleSetState.REHEARSED)


def mark_rehearsed(
    session: Session,
    rule_set_id: int,
    *,
    content_sha256: str,
    editor: str,
    facts: Mapping[str, Any],
    now: datetime,
    reason: str = "",
) -> None:
    """Record that exactly this content was replayed.

    :param content_sha256: that of the content the replay saw
    :param facts: what came out, kept with the event
    :raises RuleSetNotFound: no such version
    :raises RuleSetNotReady: it is not checked (any more), or was published meanwhile
    :raises RuleSetChanged: the version holds other content by now
    """
    version = session.exec(select(RuleSetVersion).where(RuleSetVersion.id == rule_set_id).with_for_update()).first()
    if version is None:
        raise RuleSetNotFound(rule_set=str(rule_set_id))
    if version.content_sha256 != content_sha256:
        raise RuleSetChanged(rule_set=version.version)
    if version.state not in REHEARSABLE:
        raise RuleSetNotReady.of(version, *REHEARSABLE)
    record(
        session,
        version,
        RuleSetState.REHEARSED,
        editor=editor,
        reason=reason,
        now=now,
        facts={**facts, "content_sha256": content_sha256},
    )
