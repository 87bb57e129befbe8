"""Show versions, rules and differences in the words of the API."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.domain.roles import Caller
from app.infra.paging import Page, PageRequest, page
from app.routing.check_report import CheckReport
from app.routing.compare import FieldChange, SectionDifference
from app.routing.models import RoutingRule, RuleSetEvent, RuleSetVersion
from app.routing.queries import count_rules, events_of, in_force, list_rules, list_versions, version_named
from app.routing.schemas import (
    DIFFERENCES_SHOWN,
    DifferenceRead,
    FieldChangeRead,
    ItemChangeRead,
    RuleRead,
    RuleSetEventRead,
    RuleSetItem,
    RuleSetRead,
    SectionDifferenceRead,
)
from app.texts import text


def editor_of(caller: Caller) -> str:
    """Return under what a person is named in the history of rule sets."""
    return f"user:{caller.user_id}"


def rule_sets(session: Session, request: PageRequest, *, now: datetime) -> Page[RuleSetItem]:
    """Return a page of versions, the newest first."""
    deciding = in_force(session, now=now)
    rows = list_versions(session, request)
    return page(
        rows,
        limit=request.limit,
        key_of=lambda row: (row.id or 0,),
        present=lambda row: RuleSetItem(**_item(row, deciding)),
    )


def rule_set(session: Session, name: str, *, now: datetime) -> RuleSetRead:
    """Return one version.

    :raises RuleSetNotFound: no such version
    """
    row = version_named(session, name)
    return RuleSetRead(
        **_item(row, in_force(session, now=now)),
        rule_count=count_rules(session, row.id or 0),
        section_counts={section: len(items) for section, items in row.sections.items()},
        events=[_event(each) for each in events_of(session, row.id or 0)],
        check=CheckReport.model_validate(row.check_report) if row.check_report else None,
    )


def rules(session: Session, name: str, request: PageRequest) -> Page[RuleRead]:
    """Return a page of a version's rules, in the order of its file.

    :raises RuleSetNotFound: no such version
    """
    rows = list_rules(session, version_named(session, name).id or 0, request)
    return page(rows, limit=request.limit, key_of=lambda row: (row.position, row.id or 0), present=_rule)


def difference(before: str, after: str, sections: Sequence[SectionDifference]) -> DifferenceRead:
    return DifferenceRead(before=before, after=after, sections=[_section(each) for each in sections])


def _item(row: RuleSetVersion, deciding: int | None) -> dict[str, Any]:
    return {
        "version": row.version,
        "state": row.state.value,
        "state_name": text(f"rule_set.state.{row.state.value}"),
        "note": row.note,
        "editor": row.editor,
        "based_on": row.based_on,
        "content_sha256": row.content_sha256,
        "checked_city_version": row.checked_city_version,
        "effective_from": row.effective_from,
        "created_at": row.created_at,
        "is_in_force": row.id == deciding,
    }


def _event(row: RuleSetEvent) -> RuleSetEventRead:
    return RuleSetEventRead(
        at=row.at,
        editor=row.editor,
        state=row.state.value,
        state_name=text(f"rule_set.state.{row.state.value}"),
        reason=row.reason,
        facts=row.facts,
    )


def _rule(row: RoutingRule) -> RuleRead:
    return RuleRead(
        key=row.key,
        when=row.conditions,
        then=row.decision,
        basis=row.basis,
        powers=row.powers.value,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        editor=row.editor,
    )


def _section(found: SectionDifference) -> SectionDifferenceRead:
    return SectionDifferenceRead(
        section=found.section,
        added_count=len(found.added),
        removed_count=len(found.removed),
        changed_count=len(found.changed),
        added=list(found.added[:DIFFERENCES_SHOWN]),
        removed=list(found.removed[:DIFFERENCES_SHOWN]),
        changed=[
            ItemChangeRead(item=each.item, fields=[_field(change) for change in each.fields])
            for each in found.changed[:DIFFERENCES_SHOWN]
        ],
    )


def _field(change: FieldChange) -> FieldChangeRead:
    return FieldChangeRead(field=change.field, before=change.before, after=change.after)
