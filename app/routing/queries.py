"""Read versions, their rules and their history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from app.infra.paging import PageRequest, keyset
from app.routing.loading import version_in_force, words_of
from app.routing.models import RoutingRule, RuleSetEvent, RuleSetVersion
from app.routing.refusals import RuleSetNotFound
from app.routing.words import RuleSetWords

EVENTS_SHOWN = 100


def version_named(session: Session, name: str) -> RuleSetVersion:
    """Return a version.

    :raises RuleSetNotFound: no such version
    """
    found = session.exec(select(RuleSetVersion).where(RuleSetVersion.version == name)).first()
    if found is None:
        raise RuleSetNotFound(rule_set=name)
    return found


def words_named(session: Session, name: str) -> RuleSetWords:
    """Return what a version says.

    :raises RuleSetNotFound: no such version
    """
    return words_of(session, version_named(session, name))


def list_versions(session: Session, request: PageRequest) -> Sequence[RuleSetVersion]:
    """Return one row more than a page of versions, the newest first.

    :raises BadCursor: the cursor belongs to another list
    """
    table: Any = RuleSetVersion
    # Shapes and findings are megabytes a version; no list shows them.
    wanted = select(RuleSetVersion).options(defer(table.sections), defer(table.check_report))
    keys = ((col(RuleSetVersion.id), True),)
    return session.scalars(keyset(wanted, *keys, cursor=request.cursor, limit=request.limit)).all()


def list_rules(session: Session, rule_set_id: int, request: PageRequest) -> Sequence[RoutingRule]:
    """Return one row more than a page of rules, in the order of the file.

    :raises BadCursor: the cursor belongs to another list
    """
    wanted = select(RoutingRule).where(RoutingRule.rule_set_id == rule_set_id)
    keys = ((col(RoutingRule.position), False), (col(RoutingRule.id), False))
    return session.scalars(keyset(wanted, *keys, cursor=request.cursor, limit=request.limit)).all()


def count_rules(session: Session, rule_set_id: int) -> int:
    return session.exec(select(func.count()).where(RoutingRule.rule_set_id == rule_set_id)).one()


def events_of(session: Session, rule_set_id: int) -> Sequence[RuleSetEvent]:
    """Return the newest `EVENTS_SHOWN` steps of a version, the newest first."""
    wanted = select(RuleSetEvent).where(RuleSetEvent.rule_set_id == rule_set_id)
    return session.exec(wanted.order_by(col(RuleSetEvent.id).desc()).limit(EVENTS_SHOWN)).all()


def in_force(session: Session, *, now: datetime) -> int | None:
    """Return the id of the version that decides, None before any was published."""
    try:
        return version_in_force(session, now=now)
    except LookupError:
        return None
