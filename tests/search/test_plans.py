"""No list sorts or reads through the history: the plans of the databases say so, and a page looks at a bounded part."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlmodel import Session

from app.domain.roles import Caller, Role
from app.domain.workflow import Desk, Status
from app.infra.database import Database
from app.reports import walk
from app.reports.filters import ListRequest, QueueRequest, understand
from app.reports.queries import list_waiting
from app.reports.walk import Found
from app.search.find import find_reports
from tests.builders import NOW
from tests.builders_city import LICANG, LICUN
from tests.query_recorder import QueryRecorder
from tests.search.conftest import OldTown
from tests.search.many_reports import COMMON_WORD, RARE_WORD

CITY = Caller(1, frozenset({Role.ADMINISTRATOR}))
DESK = Caller(2, frozenset({Role.DISPATCHER}), area_code=LICANG)

Ask = Callable[[Session, OldTown], Found]


def reports(caller: Caller = CITY, **given: Any) -> Ask:
    def ask(session: Session, _: OldTown) -> Found:
        request = ListRequest(**given)
        return find_reports(session, request, understand(request), caller=caller, now=NOW)

    return ask


def queue(caller: Caller = CITY, **given: Any) -> Ask:
    def ask(session: Session, _: OldTown) -> Found:
        request, holder = QueueRequest(**given), Desk.DISPATCH.value
        return list_waiting(session, request, understand(request), holder=holder, caller=caller, now=NOW)

    return ask


def by_a_unit(**given: Any) -> Ask:
    def ask(session: Session, town: OldTown) -> Found:
        caller = Caller(3, frozenset({Role.HANDLER}), unit_code=town.history.units[0])
        return reports(caller, **given)(session, town)

    return ask


IN_ORDER: dict[str, Ask] = {
    "all": reports(),
    "of a district's desk": reports(DESK),
    "status": reports(status=[Status.HANDLING]),
    "closed": reports(status=[Status.CLOSED]),
    "open statuses": reports(status=[Status.HANDLING, Status.CHECKING]),
    "any statuses": reports(status=[Status.CLOSED, Status.HANDLING]),
    "category": reports(category="sanitation"),
    "class": reports(class_code="06"),
    "district": reports(area=LICANG),
    "street": reports(area=LICUN),
    "cell": reports(area=LICUN + "001001"),
    "category and area": reports(category="sanitation", area=LICUN),
    "unit": lambda session, town: reports(unit=town.history.units[0])(session, town),
    "overdue": reports(is_overdue=True),
    "due": reports(due_before=NOW),
    "source": reports(source="service"),
    "reopening": reports(reopen_requested=True),
    "dates": reports(submitted_from=NOW, status=[Status.CLOSED]),
    "number's beginning": reports(number="261119"),
    "queue": queue(),
    "queue of a district": queue(DESK),
    "queue, overdue": queue(is_overdue=True),
    "queue, by words": queue(q="垃圾"),
    "queue, by area and category": queue(area=LICUN, category="sanitation"),
}
"""Lists along one road."""

TOGETHER: dict[str, Ask] = {
    "mine": reports(mine=True),
    "of a unit's people": by_a_unit(),
    "of a unit's people, by status": by_a_unit(status=[Status.CLOSED]),
}
"""Lists along several roads: what each of them gave is put in order in the end, a page from each."""

FOUND: dict[str, Ask] = {
    "common word": reports(q=COMMON_WORD),
    "rare word": reports(q=RARE_WORD),
    "word, by a desk": reports(DESK, q=COMMON_WORD),
    "word, by a unit": by_a_unit(q=COMMON_WORD),
    "word and filters": reports(q=COMMON_WORD, status=[Status.CLOSED], area=LICUN),
}


@contextmanager
def plans_of(database: Database) -> Iterator[list[Any]]:
    """Collect the plan of every question that is asked inside; each engine's own words."""
    plans: list[Any] = []
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN (FORMAT JSON) "

    def note(connection: Connection, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            plans.append(connection.connection.cursor().execute(explain + statement, given).fetchall())

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", note)
    yield plans
    for engine in database.engines:
        event.remove(engine, "before_cursor_execute", note)


def steps(plan: Any) -> list[str]:
    """Return the steps of a plan as words: SQLite's own, or PostgreSQL's `Node Type on table using index`."""
    if isinstance(plan[0][-1], str):
        return [row[-1] for row in plan]
    found: list[str] = []
    waiting = [node["Plan"] for node in plan[0][0]]
    while waiting:
        node = waiting.pop()
        found.append(f"{node['Node Type']} on {node.get('Relation Name')} using {node.get('Index Name')}")
        waiting += node.get("Plans", [])
    return found


def plan_steps(town: OldTown, ask: Ask) -> list[str]:
    with plans_of(town.database) as plans, town.database.reading() as session:
        if town.database.dialect == "postgresql":
            # Five thousand rows are sorted and scanned in no time; with a million the indexes win by themselves.
            for way in ("seqscan", "sort", "bitmapscan"):
                session.execute(text(f"SET LOCAL enable_{way} = off"))
        ask(session, town)
    return [step for plan in plans for step in steps(plan)]


def reads_all(step: str) -> bool:
    return step == "SCAN report" or step.startswith(("Seq Scan on report", "Seq Scan on search_posting"))


@pytest.mark.parametrize("name", IN_ORDER)
def test_a_list_is_walked_along_an_index_and_not_sorted(old_town: OldTown, name: str) -> None:
    found = plan_steps(old_town, IN_ORDER[name])
    assert [step for step in found if reads_all(step)] == []
    assert [step for step in found if "ORDER BY" in step or step.startswith(("Sort", "Incremental Sort"))] == []


@pytest.mark.parametrize("name", [*TOGETHER, *FOUND])
def test_no_list_or_search_reads_all_reports(old_town: OldTown, name: str) -> None:
    found = plan_steps(old_town, (TOGETHER | FOUND)[name])
    assert any("report" in step for step in found)
    assert [step for step in found if reads_all(step)] == []


@pytest.mark.parametrize("name", [*IN_ORDER, *TOGETHER, *FOUND])
def test_a_page_takes_few_statements_whatever_is_asked(old_town: OldTown, name: str) -> None:
    """Beside them stand the look-up of the caller and that of the photos."""
    with QueryRecorder(old_town.database) as recorder, old_town.database.reading() as session:
        (IN_ORDER | TOGETHER | FOUND)[name](session, old_town)
    most = 5 if name in FOUND else 4 if "words" in name else 2
    assert 1 <= len(recorder.statements) <= most, recorder.statements


def test_a_request_that_finds_little_ends_with_a_cursor(old_town: OldTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way goes on where it ended, and the pages together are the list."""
    whole = reports(area=LICUN + "001001", limit=100)
    with old_town.database.reading() as session:
        everything = [row.number for row in whole(session, old_town).rows]
        monkeypatch.setattr(walk, "BUDGET", 50)
        seen: list[str] = []
        lengths: list[int] = []
        cursor: str | None = None
        while not lengths or cursor:
            page = reports(area=LICUN + "001001", limit=100, cursor=cursor)(session, old_town)
            seen += [row.number for row in page.rows]
            lengths.append(len(page.rows))
            cursor = page.next_cursor
    assert (seen, len(everything) > 3) == (everything, True)
    assert 0 in lengths
    assert len(lengths) > 10
