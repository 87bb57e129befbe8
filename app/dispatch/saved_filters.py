"""This will keep a person's filters for them: nobody else sees them, and each has a name of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.dispatch.models import SavedFilter
from app.dispatch.queues import holder_for
from app.dispatch.schemas import ALL_REPORTS, FilterToSave
from app.domain.errors import Conflict, NotFound
from app.domain.roles import Caller
from app.identity.models import UserAccount
from app.reports.filters import understand

AT_MOST = 50


class FilterNotFound(NotFound):
    """No such filter, or somebody else's."""

    code = "FILTER_NOT_FOUND"


class FilterNameTaken(Conflict):
    code = "FILTER_NAME_TAKEN"


class TooManyFilters(Conflict):
    code = "TOO_MANY_FILTERS"


def list_filters(session: Session, *, caller: Caller) -> Sequence[SavedFilter]:
    """Return the caller's filters by name."""
    return session.exec(_own(caller).order_by(col(SavedFilter.name), col(SavedFilter.id))).all()


def save_filter(session: Session, body: FilterToSave, *, caller: Caller, now: datetime) -> SavedFilter:
    """Store a new filter.

    :raises QueueNotYours: for a queue the caller may not open
    :raises FilterNameTaken: the caller has one of this name
    :raises TooManyFilters: the caller has fifty
    :raises SearchTooShort: no word of its query has two characters
    :raises SearchForPerson: its query holds the number of a phone or a card
    :raises InvalidReportNumber: no report's number begins as the one in it
    """
    _check(body, caller=caller)
    _one_at_a_time(session, caller=caller)
    if len(session.exec(_own(caller).limit(AT_MOST)).all()) == AT_MOST:
        raise TooManyFilters(most=AT_MOST)
    _refuse_taken_name(session, body.name, caller=caller, except_id=None)
    saved = SavedFilter(user_id=caller.user_id, **_columns(body, now=now))
    session.add(saved)
    session.flush()  # for the id
    return saved


def replace_filter(
    session: Session, filter_id: int, body: FilterToSave, *, caller: Caller, now: datetime
) -> SavedFilter:
    """Give a filter another name and other contents.

    :raises FilterNotFound: the caller has no such filter
    :raises QueueNotYours: for a queue the caller may not open
    :raises FilterNameTaken: another one of the caller's has this name
    :raises SearchTooShort: no word of its query has two characters
    :raises SearchForPerson: its query holds the number of a phone or a card
    :raises InvalidReportNumber: no report's number begins as the one in it
    """
    _check(body, caller=caller)
    _one_at_a_time(session, caller=caller)
    saved = _find(session, filter_id, caller=caller)
    _refuse_taken_name(session, body.name, caller=caller, except_id=filter_id)
    saved.sqlmodel_update(_columns(body, now=now))
    session.add(saved)
    return saved


def delete_filter(session: Session, filter_id: int, *, caller: Caller) -> None:
    """Forget a filter.

    :raises FilterNotFound: the caller has no such filter
    """
    session.delete(_find(session, filter_id, caller=caller))


def _check(body: FilterToSave, *, caller: Caller) -> None:
    if body.queue != ALL_REPORTS:
        holder_for(body.queue, caller)
    understand(body.filters)


def _one_at_a_time(session: Session, *, caller: Caller) -> None:
    """Let one request of a person change their filters at a time, so that what is checked stays true."""
    session.exec(select(UserAccount.id).where(UserAccount.id == caller.user_id).with_for_update()).one()


def _refuse_taken_name(session: Session, name: str, *, caller: Caller, except_id: int | None) -> None:
    same = session.exec(_own(caller).where(SavedFilter.name == name)).first()
    if same is not None and same.id != except_id:
        raise FilterNameTaken(name=name)


def _find(session: Session, filter_id: int, *, caller: Caller) -> SavedFilter:
    saved = session.exec(_own(caller).where(SavedFilter.id == filter_id)).first()
    if saved is None:
        raise FilterNotFound
    return saved


def _own(caller: Caller) -> SelectOfScalar[SavedFilter]:
    return select(SavedFilter).where(SavedFilter.user_id == caller.user_id)


def _columns(body: FilterToSave, *, now: datetime) -> dict[str, Any]:
    filters = body.filters.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return {"queue": body.queue, "name": body.name, "filters": filters, "changed_at": now}
