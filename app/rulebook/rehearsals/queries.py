"""Reads of dry runs: how far one is, what came out, and the reports that would have gone elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.city.snapshot import CitySnapshot
from app.domain.errors import Conflict, NotFound
from app.domain.roles import Caller
from app.domain.workflow import Status
from app.infra.paging import Page, PageRequest, encode_cursor, keyset
from app.reports.access import seen_at_work
from app.reports.models import Report
from app.routing.models import RuleSetState, RuleSetVersion
from app.routing.words import UnitWords
from app.rulebook.draft_units import DraftUnits
from app.rulebook.history import with_their_unit
from app.rulebook.models import DryRun, DryRunChange, DryRunState
from app.rulebook.rehearsals.schemas import DryRunChangeRead, DryRunRead, DryRunSummary
from app.texts import text

BUDGET = 2_000
"""Changes that a request looks at; the caller's area may hold few of them."""

NEWEST = 50
"""Dry runs of a version that are listed."""

_COLUMNS: tuple[Any, ...] = (
    DryRunChange,
    Report.number,
    Report.submitted_at,
    Report.class_code,
    Report.street_code,
    Report.unit_code,
    Report.status,
)


class DryRunNotFound(NotFound):
    code = "DRY_RUN_NOT_FOUND"


class DryRunNotDone(Conflict):
    """It still waits or runs, or it failed: there are no changes to show."""

    code = "DRY_RUN_NOT_DONE"


class DryRunReplaced(Conflict):
    """A newer dry run of the version is done, and only that one's changes are kept; `newer` is its id."""

    code = "DRY_RUN_REPLACED"


@dataclass(frozen=True, slots=True)
class Stored:
    """A dry run, and its version's name and state."""

    run: DryRun
    rule_set: str
    rule_set_state: RuleSetState


def get_dry_run(session: Session, dry_run_id: int) -> Stored:
    """Return a dry run.

    :raises DryRunNotFound: there is none
    """
    wanted = (
        select(DryRun, RuleSetVersion.version, RuleSetVersion.state)
        .join(RuleSetVersion, col(RuleSetVersion.id) == col(DryRun.rule_set_id))
        .where(DryRun.id == dry_run_id)
    )
    found = session.exec(wanted).first()
    if found is None:
        raise DryRunNotFound(dry_run=str(dry_run_id))
    return _stored(found)


def _stored(row: tuple[DryRun, str, str]) -> Stored:
    run, name, state = row
    return Stored(run, name, RuleSetState(state))


def list_dry_runs(session: Session, rule_set: str) -> list[Stored]:
    """Return a version's newest dry runs, the newest first; none for a version that does not exist."""
    wanted = (
        select(DryRun, RuleSetVersion.version, RuleSetVersion.state)
        .join(RuleSetVersion, col(RuleSetVersion.id) == col(DryRun.rule_set_id))
        .where(RuleSetVersion.version == rule_set)
        .order_by(col(DryRun.id).desc())
        .limit(NEWEST)
    )
    return [_stored(row) for row in session.exec(wanted)]


def get_done(session: Session, dry_run_id: int) -> Stored:
    """Return a dry run that is done and whose changes are kept.

    :raises DryRunNotFound: there is none
    :raises DryRunNotDone: it has no result (yet)
    :raises DryRunReplaced: there is a newer result of the version
    """
    stored = get_dry_run(session, dry_run_id)
    if stored.run.state is not DryRunState.DONE:
        raise DryRunNotDone(dry_run=str(dry_run_id), state=text(f"dry_run.state.{stored.run.state.value}"))
    newer = select(func.max(DryRun.id)).where(
        DryRun.rule_set_id == stored.run.rule_set_id,
        col(DryRun.id) > dry_run_id,
        DryRun.state == DryRunState.DONE,
    )
    replaced_by = session.exec(newer).one()
    if replaced_by is not None:
        raise DryRunReplaced(dry_run=str(dry_run_id), newer=str(replaced_by))
    return stored


def present(stored: Stored) -> DryRunRead:
    """Return a dry run as the API shows it."""
    run = stored.run
    return DryRunRead(
        id=str(run.id),
        rule_set=stored.rule_set,
        content_sha256=run.content_sha256,
        state=run.state,
        state_text=text(f"dry_run.state.{run.state.value}"),
        editor=run.editor,
        reason=run.reason,
        last=run.wanted,
        done=run.done,
        total=run.total,
        requested_at=run.requested_at,
        finished_at=run.finished_at,
        failure=text(f"dry_run.failure.{run.failure.value}") if run.failure else None,
        summary=DryRunSummary.model_validate(run.summary) if run.summary else None,
    )


def list_changes(
    session: Session, stored: Stored, request: PageRequest, *, caller: Caller, city: CitySnapshot
) -> Page[DryRunChangeRead]:
    """Return a page of the changes that the caller sees, the newest report first.

    A page may be shorter than asked for, even empty; the list ends where `next_cursor` is null.

    :raises BadCursor: the cursor is of another list
    """
    units = units_of(session, stored, city=city)
    rows, cursor = changes_after(session, stored, request.cursor, limit=request.limit, caller=caller)
    return Page(items=[change(row, units) for row in rows], next_cursor=cursor)


def units_of(session: Session, stored: Stored, *, city: CitySnapshot) -> DraftUnits:
    """Return the units that a dry run may name; of the version's sections only the units are read."""
    own = session.scalar(
        select(col(RuleSetVersion.sections)["units"]).where(RuleSetVersion.id == stored.run.rule_set_id)
    )
    return DraftUnits(city, [UnitWords.model_validate(each) for each in own or ()])


def changes_after(
    session: Session, stored: Stored, cursor: str | None, *, limit: int, caller: Caller
) -> tuple[Sequence[Any], str | None]:
    """Return up to `limit` changes that the caller sees, and the cursor to go on with."""
    key = (col(DryRunChange.report_id), True)
    of_run = select(DryRunChange.report_id).where(col(DryRunChange.dry_run_id) == stored.run.id)
    looked_at = keyset(of_run, key, cursor=cursor, limit=BUDGET - 1).subquery()
    wanted: Any = (
        select(*_COLUMNS)
        .join(Report, col(Report.id) == col(DryRunChange.report_id))
        .where(col(DryRunChange.dry_run_id) == stored.run.id, seen_at_work(caller))
        .where(col(DryRunChange.report_id).in_(select(looked_at.c.report_id)))
        .order_by(col(DryRunChange.report_id).desc())
        .limit(limit + 1)
    )
    rows = session.execute(wanted).all()
    if len(rows) > limit:
        return rows[:limit], encode_cursor((rows[limit - 1].DryRunChange.report_id,))
    # All that was looked at is shown; was that all there is?
    last = session.scalar(keyset(of_run, key, cursor=cursor, limit=0).offset(BUDGET - 1))
    return rows, None if last is None else encode_cursor((last,))


def change(row: Any, units: DraftUnits) -> DryRunChangeRead:  # noqa: ANN401 - a row of `_COLUMNS`
    """Return a change as the API shows it."""
    stored: DryRunChange = row.DryRunChange
    return DryRunChangeRead(
        number=row.number,
        submitted_at=row.submitted_at,
        class_code=row.class_code,
        street_code=row.street_code,
        from_rule=stored.from_rule,
        from_unit=stored.from_unit,
        from_name=units.name_of(stored.from_unit),
        to_rule=stored.to_rule,
        to_unit=stored.to_unit,
        to_name=units.name_of(stored.to_unit),
        was_returned=stored.was_returned,
        final_unit=with_their_unit(row.status, row.unit_code) or None,
        is_closed=row.status is Status.CLOSED,
    )
