"""Closed reports as triage learns from them: what was written, and the class each was closed under."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, func, not_, or_, select
from sqlmodel import Session, col

from app.domain.workflow import Status
from app.identity.models import UserAccount
from app.reports.models import Report
from app.triage.model import READ_MAX
from app.triage.samples import Sample

DEVELOPMENT_OPENID = "dev:"
"""How the openids of the development login begin; WeChat's have no colon."""

_BATCH = 1000


def closed_texts(session: Session, *, last: int, with_demo: bool) -> Iterator[Sample]:
    """Yield the newest closed reports that have words, newest first, in bounded memory.

    :param last: how many at most
    :param with_demo: also those that nobody real sent: of a demonstration, or through the development login
    """
    statement = (
        select(
            func.substr(Report.description, 1, READ_MAX),
            col(Report.scheme),
            col(Report.class_code),
            col(Report.category_code),
            col(Report.closed_at),
            _is_synthetic(),
        )
        .join(UserAccount, col(UserAccount.id) == col(Report.reporter_id))
        .where(*_is_telling(with_demo=with_demo))
        .order_by(col(Report.closed_at).desc(), col(Report.id).desc())
        .limit(last)
    )
    for text, scheme, class_code, category, closed_at, is_synthetic in session.execute(
        statement.execution_options(yield_per=_BATCH)
    ):
        yield Sample(text, (scheme, class_code), category, closed_at, bool(is_synthetic))


def count_demo_texts(session: Session) -> int:
    """Return how many of the closed reports with words a demonstration made up."""
    statement = (
        select(func.count())
        .select_from(Report)
        .join(UserAccount, col(UserAccount.id) == col(Report.reporter_id))
        .where(*_is_telling(with_demo=True), _is_synthetic())
    )
    return int(session.execute(statement).scalar_one())


def _is_synthetic() -> ColumnElement[bool]:
    """Tell who is nobody: an account of the demonstration, or a citizen of the development login."""
    developer = func.coalesce(col(UserAccount.wechat_openid), "").startswith(DEVELOPMENT_OPENID)
    return or_(col(UserAccount.is_demo), developer)


def _is_telling(*, with_demo: bool) -> list[ColumnElement[bool]]:
    conditions = [
        col(Report.status) == Status.CLOSED,
        col(Report.closed_at).is_not(None),
        col(Report.class_code).is_not(None),
        col(Report.description) != "",
    ]
    return conditions if with_demo else [*conditions, not_(_is_synthetic())]
