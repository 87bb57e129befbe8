"""Take a published version back: the one before it decides again."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.city.version import locked_version
from app.routing.models import RuleSetState, RuleSetVersion
from app.routing.recording import record, version_to_change
from app.routing.refusals import LastRuleSet, RuleSetNotReady


def retire(session: Session, name: str, *, editor: str, reason: str, now: datetime) -> RuleSetVersion:
    """Retire a version, whether it decides now or was to decide later; reports keep the version that decided them.

    Units it brought into the city stay: reports lie with them.

    :raises RuleSetNotFound: no such version
    :raises RuleSetNotReady: it is not published
    :raises LastRuleSet: no other version would decide now
    """
    locked_version(session)  # of two retirements one waits, or both would leave the other
    version = version_to_change(session, name)
    if version.state is not RuleSetState.PUBLISHED:
        raise RuleSetNotReady.of(version, RuleSetState.PUBLISHED)
    others = select(RuleSetVersion.id).where(
        RuleSetVersion.state == RuleSetState.PUBLISHED,
        col(RuleSetVersion.effective_from) <= now,
        RuleSetVersion.id != version.id,
    )
    if session.exec(others.limit(1)).first() is None:
        raise LastRuleSet(rule_set=name)
    record(session, version, RuleSetState.RETIRED, editor=editor, reason=reason, now=now)
    return version
