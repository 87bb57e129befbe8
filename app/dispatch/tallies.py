"""This will fold the changes of queues into their tallies, a batch at a time, and read both as one number."""

from collections import Counter
from collections.abc import Collection

from sqlalchemy import Select, delete, func, select, union_all
from sqlmodel import Session, col

from app.dispatch.models import QueueChange, QueueTally
from app.domain.workflow import Status
from app.infra.upsert import insert_into

AT_A_TIME = 2_000

_Key = tuple[str, str, Status]


def fold(session: Session, *, limit: int = AT_A_TIME) -> int:
    """Move up to `limit` changes into the tallies and return how many; any number of workers may do so at once.

    Each takes other changes, and all touch the tallies in one order, so nobody waits for somebody who waits for them.
    """
    waiting = select(col(QueueChange.id)).order_by(col(QueueChange.id)).limit(limit).with_for_update(skip_locked=True)
    changes = (
        delete(QueueChange)
        .where(col(QueueChange.id).in_(waiting))
        .returning(
            col(QueueChange.holder), col(QueueChange.street_code), col(QueueChange.status), col(QueueChange.delta)
        )
        .execution_options(synchronize_session=False)
    )
    sums: Counter[_Key] = Counter()
    count = 0
    for holder, street_code, status, delta in session.execute(changes):
        sums[holder, street_code, status] += delta
        count += 1
    _add(session, sums)
    return count


def _add(session: Session, sums: Counter[_Key]) -> None:
    rows = [
        {"holder": holder, "street_code": street_code, "status": status, "n": delta}
        for (holder, street_code, status), delta in sorted(sums.items())
        if delta
    ]
    if not rows:
        return
    insert = insert_into(session, QueueTally)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=[col(QueueTally.holder), col(QueueTally.street_code), col(QueueTally.status)],
            set_={"n": col(QueueTally.n) + insert.excluded.n},
        ),
        rows,
    )


def tallies(session: Session, holders: Collection[str], *, area_code: str = "") -> dict[str, dict[Status, int]]:
    """Return how many reports each holder has by status, in an area down to a street; without those of none.

    One statement, so that a change is seen either waiting or folded.
    """
    parts = [_numbers(QueueTally, "n", holders, area_code), _numbers(QueueChange, "delta", holders, area_code)]
    both = union_all(*parts).subquery()
    statement = select(both.c.holder, both.c.status, func.sum(both.c.n)).group_by(both.c.holder, both.c.status)
    counts: dict[str, dict[Status, int]] = {holder: {} for holder in holders}
    for holder, status, number in session.execute(statement):
        if number:
            counts[holder][status] = number
    return counts


def _numbers(
    table: type[QueueTally | QueueChange], number: str, holders: Collection[str], area_code: str
) -> Select[str, Status, int]:
    statement = select(col(table.holder), col(table.status), getattr(table, number).label("n"))
    statement = statement.where(col(table.holder).in_(holders))
    if not area_code:
        return statement
    return statement.where(col(table.street_code).startswith(area_code, autoescape=True))
