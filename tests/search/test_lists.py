"""The staff's list: each filter leaves what it says and nothing else, page by page, whoever asks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.dispatch.queues import holder_for
from app.domain.bigrams import contains, searchable, words
from app.domain.roles import Caller, Role
from app.domain.workflow import Status
from app.reports import walk
from app.reports.access import seen_at_work
from app.reports.filters import ListRequest, QueueRequest, understand
from app.reports.models import AssistingUnit, Report, Source
from app.reports.queries import list_waiting
from app.search import find
from app.search.find import find_reports
from app.search.index import index_waiting
from tests.builders import NOW
from tests.builders_city import LICANG, LICUN, SHINAN
from tests.search.conftest import REPORTS, OldTown
from tests.search.many_reports import CITIZENS, RARE, RARE_WORD

R, S = Role, Status
HANDLER = CITIZENS + 7
"""Somebody's id to whom things are assigned."""

CALLERS: dict[str, Callable[[OldTown], Caller]] = {
    "the city": lambda _: Caller(1, frozenset({R.ADMINISTRATOR})),
    "the city by its code": lambda _: Caller(9, frozenset({R.SUPERVISOR}), area_code="3702"),
    "a district": lambda _: Caller(2, frozenset({R.DISPATCHER}), area_code=SHINAN),
    "a street": lambda _: Caller(3, frozenset({R.ACCEPTOR}), area_code=LICUN),
    "a community": lambda _: Caller(4, frozenset({R.ACCEPTOR}), area_code=LICUN + "003"),
    "an inspector who reports": lambda _: Caller(5, frozenset({R.INSPECTOR}), area_code=LICANG),
    "a unit": lambda town: Caller(HANDLER, frozenset({R.HANDLER}), unit_code=town.history.units[3]),
    "a unit's lead who reports": lambda town: Caller(
        6, frozenset({R.UNIT_LEAD, R.CITIZEN}), unit_code=town.history.units[4]
    ),
    "a unit and a desk": lambda town: Caller(
        7, frozenset({R.UNIT_LEAD, R.DISPATCHER}), unit_code=town.history.units[5], area_code=LICUN
    ),
    "nobody's unit": lambda _: Caller(8, frozenset({R.HANDLER})),
}

Keeps = Callable[[Report, Caller], bool]
A_DAY_AGO = NOW - timedelta(days=1)


def is_of(row: Report, caller: Caller) -> bool:
    leased = row.lease_owner_id == caller.user_id and row.lease_until is not None and row.lease_until > NOW
    return row.handler_id == caller.user_id or leased


FILTERS: dict[str, tuple[dict[str, Any], Keeps]] = {
    "nothing": ({}, lambda *_: True),
    "one open status": ({"status": [S.HANDLING]}, lambda row, _: row.status is S.HANDLING),
    "a rare end": ({"status": [S.REJECTED]}, lambda row, _: row.status is S.REJECTED),
    "two open ones": (
        {"status": [S.CHECKING, S.SUSPENDED]},
        lambda row, _: row.status in {S.CHECKING, S.SUSPENDED},
    ),
    "open or not": (
        {"status": [S.SUBMITTED, S.WITHDRAWN]},
        lambda row, _: row.status in {S.SUBMITTED, S.WITHDRAWN},
    ),
    "category": ({"category": "sanitation"}, lambda row, _: row.category_code == "sanitation"),
    "major class": ({"class_code": "09"}, lambda row, _: (row.class_code or "").startswith("09")),
    "class": ({"class_code": "06010"}, lambda row, _: row.class_code == "06010"),
    "district": ({"area": SHINAN}, lambda row, _: row.district_code == SHINAN),
    "street": ({"area": LICUN}, lambda row, _: row.street_code == LICUN),
    "community": ({"area": LICUN + "002"}, lambda row, _: row.cell_code.startswith(LICUN + "002")),
    "cell": ({"area": LICUN + "002003"}, lambda row, _: row.cell_code == LICUN + "002003"),
    "source": ({"source": Source.SERVICE}, lambda row, _: row.source is Source.SERVICE),
    "due before": (
        {"due_before": NOW + timedelta(hours=2)},
        lambda row, _: row.due_at is not None and row.due_at < NOW + timedelta(hours=2),
    ),
    "overdue": ({"is_overdue": True}, lambda row, _: row.due_at is not None and row.due_at < NOW),
    "in time": ({"is_overdue": False}, lambda row, _: row.due_at is None or row.due_at >= NOW),
    "mine": ({"mine": True}, is_of),
    "not mine": ({"mine": False}, lambda row, caller: not is_of(row, caller)),
    "asked to reopen": ({"reopen_requested": True}, lambda row, _: row.reopen_requested_at is not None),
    "not asked to": ({"reopen_requested": False}, lambda row, _: row.reopen_requested_at is None),
    "since": ({"submitted_from": A_DAY_AGO}, lambda row, _: row.submitted_at >= A_DAY_AGO),
    "until": ({"submitted_to": A_DAY_AGO}, lambda row, _: row.submitted_at < A_DAY_AGO),
    "an hour": (
        {"submitted_from": A_DAY_AGO, "submitted_to": A_DAY_AGO + timedelta(hours=1), "status": [S.CLOSED]},
        lambda row, _: A_DAY_AGO <= row.submitted_at < A_DAY_AGO + timedelta(hours=1) and row.status is S.CLOSED,
    ),
    "number of a day": ({"number": "261119"}, lambda row, _: row.number.startswith("261119")),
    "number to the minute": ({"number": "261119-432"}, lambda row, _: row.number.startswith("261119432")),
    "number in the search": ({"q": "261119 43200"}, lambda row, _: row.number.startswith("26111943200")),
    "category, area and status": (
        {"category": "parking", "area": LICANG, "status": [S.CLOSED]},
        lambda row, _: (row.category_code, row.district_code, row.status) == ("parking", LICANG, S.CLOSED),
    ),
    "word": ({"q": "井盖"}, lambda row, _: says(row, "井盖")),
    "phrase": ({"q": "垃圾成堆没有人"}, lambda row, _: says(row, "垃圾成堆没有人")),
    "two words": ({"q": "学校 垃圾"}, lambda row, _: says(row, "学校 垃圾")),
    "rare word": ({"q": RARE_WORD}, lambda row, _: says(row, RARE_WORD)),
    "a long phrase": ({"q": "共享单车占用盲道架空缆线低垂杂乱"}, lambda *_: False),
    "no such word": ({"q": "恐龙"}, lambda *_: False),
    "word and status": (
        {"q": "路灯", "status": [S.HANDLING]},
        lambda row, _: says(row, "路灯") and row.status is S.HANDLING,
    ),
    "word, area and overdue": (
        {"q": "垃圾", "area": SHINAN, "is_overdue": True},
        lambda row, _: (
            says(row, "垃圾") and row.district_code == SHINAN and row.due_at is not None and row.due_at < NOW
        ),
    ),
    "word, lately": (
        {"q": "垃圾", "submitted_from": NOW - timedelta(hours=3)},
        lambda row, _: says(row, "垃圾") and row.submitted_at >= NOW - timedelta(hours=3),
    ),
    "word, before the first": ({"q": "垃圾", "submitted_to": NOW - timedelta(days=9)}, lambda *_: False),
    "word, long ago": (
        {"q": "垃圾", "submitted_to": NOW - timedelta(days=1.5)},
        lambda row, _: says(row, "垃圾") and row.submitted_at < NOW - timedelta(days=1.5),
    ),
}


FINDING_NOTHING = {"no such word", "a long phrase", "word, before the first"}


def says(row: Report, query: str) -> bool:
    return contains(searchable(row.description, row.address), words(query))


def numbers(rows: Sequence[Report]) -> list[str]:
    return [row.number for row in rows]


def every_page(session: Session, given: dict[str, Any], caller: Caller, *, limit: int = 100) -> list[str]:
    """Follow the cursors to the end."""
    found: list[str] = []
    cursor: str | None = None
    for _ in range(10_000):
        request = ListRequest(limit=limit, cursor=cursor, **given)
        page = find_reports(session, request, understand(request), caller=caller, now=NOW)
        assert len(page.rows) <= limit
        found += numbers(page.rows)
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError("the list has no end")


@dataclass
class Company:
    """A town in which units assist each other and people hold leases, and what everybody sees of it."""

    town: OldTown
    rows: list[Report]
    callers: dict[str, Caller]
    visible: dict[str, set[str]]

    def expected(self, who: str, keeps: Keeps) -> list[str]:
        caller, visible = self.callers[who], self.visible[who]
        return [row.number for row in self.rows if row.number in visible and keeps(row, caller)]


@pytest.fixture(scope="module")
def company(old_town: OldTown) -> Company:
    with old_town.database.transaction() as session:
        for number in range(50, REPORTS, 97):
            session.add(AssistingUnit(report_id=number, unit_code=old_town.history.units[3 + number % 3]))
        rows = session.exec(select(Report).where(col(Report.status).in_([S.SUBMITTED, S.FILED, S.HANDLING])))
        for place, row in enumerate(rows):
            row.lease_owner_id = (1, 2, HANDLER, None)[place % 4]
            row.lease_until = NOW + timedelta(minutes=5 if place % 3 else -5) if row.lease_owner_id else None
            session.add(row)
    with old_town.database.transaction() as session:
        assert index_waiting(session, limit=1_000) > 10
    callers = {who: caller_of(old_town) for who, caller_of in CALLERS.items()}
    with old_town.database.reading() as session:
        newest_first = session.exec(select(Report).order_by(col(Report.submitted_at).desc())).all()
        visible = {
            who: set(session.exec(select(Report.number).where(seen_at_work(caller)))) for who, caller in callers.items()
        }
    return Company(old_town, list(newest_first), callers, visible)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_leaves_what_it_says_newest_first(company: Company, name: str) -> None:
    given, keeps = FILTERS[name]
    assert bool(company.expected("the city", keeps)) == (name not in FINDING_NOTHING)
    for who, caller in company.callers.items():
        with company.town.database.reading() as session:
            assert every_page(session, given, caller) == company.expected(who, keeps), who


def test_small_pages_give_each_row_once(company: Company) -> None:
    for name in ("nothing", "two words", "mine"):
        given, keeps = FILTERS[name]
        with company.town.database.reading() as session:
            assert every_page(session, given, company.callers["a unit"], limit=1) == company.expected("a unit", keeps)


@pytest.mark.parametrize("name", ["category", "two open ones", "not asked to", "word and status"])
def test_short_looks_together_see_everything_once(company: Company, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Along several roads at once, too, and where the last report looked at is one that is wanted."""
    monkeypatch.setattr(walk, "BUDGET", 60)
    monkeypatch.setattr(find, "CANDIDATES", 60)
    given, keeps = FILTERS[name]
    for who in ("the city", "a street", "a unit", "a unit's lead who reports", "a unit and a desk"):
        with company.town.database.reading() as session:
            assert every_page(session, given, company.callers[who]) == company.expected(who, keeps), who


def test_a_rare_word_is_found_on_one_page_whatever_lies_between(old_town: OldTown) -> None:
    caller = CALLERS["the city"](old_town)
    request = ListRequest(q=RARE_WORD, limit=100)
    with old_town.database.reading() as session:
        page = find_reports(session, request, understand(request), caller=caller, now=NOW)
        assert (len(page.rows), page.next_cursor) == (RARE, None)


@pytest.mark.parametrize(("who", "queue"), [("a street", "acceptance"), ("a district", "dispatch"), ("a unit", "unit")])
def test_a_queue_is_narrowed_down_the_same_way(company: Company, who: str, queue: str) -> None:
    caller = company.callers[who]
    holder = holder_for(queue, caller)
    most_urgent_first = sorted(company.rows, key=lambda row: (row.due_at or NOW, row.id or 0))
    waiting = [row for row in most_urgent_first if row.due_at and row.holder == holder]
    assert len([row for row in waiting if row.number in company.visible[who]]) > 2
    with company.town.database.reading() as session:
        for name, (given, keeps) in FILTERS.items():
            if "reopen_requested" not in given:
                request = QueueRequest(limit=100, **given)
                page = list_waiting(session, request, understand(request), holder=holder, caller=caller, now=NOW)
                kept = [row.number for row in waiting if row.number in company.visible[who] and keeps(row, caller)]
                assert numbers(page.rows) == kept[:100], name
                assert (page.next_cursor is not None) == (len(kept) > 100), name
