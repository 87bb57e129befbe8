"""Every figure opens: exactly its reports, in order, page by page."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.analytics.behind import handling_time_reports
from app.analytics.definitions import Duration
from app.analytics.grouping import GroupBy
from app.analytics.question import HandlingTimeReportsQuery
from app.analytics.refusals import UnknownFilterValue
from app.analytics.schemas import HandlingTimeRow, MeasuredReport
from app.domain.roles import Role
from app.domain.working_time import BEIJING
from app.infra.paging import BadCursor
from tests.analytics.conftest import LICANG_UM, LICUN_OFFICE, Town, closed_at
from tests.builders_city import IN_LICUN, IN_ZHENHUALU, IN_ZHONGSHANLU, LICANG

MIDNIGHT = datetime(2026, 11, 19, tzinfo=BEIJING).astimezone(UTC)


@pytest.fixture
def busy(town: Town) -> Town:
    """Give a town with reports in every state, in three streets, on three days."""
    returned = [*closed_at(42)[:4], (33, "return"), (40, f"dispatch {LICUN_OFFICE}"), (45, "sign"), (90, "resolve")]
    lives: list[Any] = [
        closed_at(42),
        closed_at(42, unit=LICUN_OFFICE),
        closed_at(7),
        closed_at(42)[:4],
        (*closed_at(42)[:5], (50, "rework")),
        returned,
        returned[:-1],
        ((5, "reject"),),
        (*closed_at(42)[:3], (4, "withdraw")),
        (),
    ]
    for number, life in enumerate(lives):
        place = (IN_LICUN, IN_ZHENHUALU, IN_ZHONGSHANLU)[number % 3]
        town.report(*life, place=place, at=MIDNIGHT - timedelta(hours=11 * (number % 4), minutes=number))
    return town


def follow(town: Town, url: str, **more: Any) -> list[MeasuredReport]:
    """Open a `reports_url` as a client would."""
    query: dict[str, Any] = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
    return town.open_row(**query, **more)


def check(row: HandlingTimeRow, behind: list[MeasuredReport]) -> None:
    done = [each.duration_s for each in behind if not each.is_open]
    assert (len(done), len(behind) - len(done)) == (row.n, row.open)
    assert min(done, default=None) == row.min_s
    assert sum(done) == pytest.approx((row.mean_s or 0) * row.n, abs=0.05 * max(1, row.n))
    assert row.min_report is None or row.min_report in {each.number for each in behind if each.duration_s == row.min_s}
    assert all((each.until is None) == each.is_open for each in behind)


@pytest.mark.parametrize("group_by", [each.value for each in GroupBy])
def test_every_row_opens_to_exactly_its_reports(busy: Town, group_by: str) -> None:
    queries: list[dict[str, Any]]
    queries = [{}, {"district": LICANG}, {"unit": LICANG_UM}, {"basis": "due"}, {"basis": "closed"}]
    for duration in (Duration.REPORT_TO_FEEDBACK, Duration.HELD_BY_UNIT, Duration.STAGE_HANDLE, Duration.HANDLE):
        for query in queries:
            answer = busy.ask(duration=duration, group_by=group_by, **query)
            total = follow(busy, answer.total.reports_url)
            check(answer.total, total)
            opened = []
            for row in answer.rows:
                if row.reports:
                    behind = follow(busy, row.reports_url, limit=2)
                    check(row, behind)
                    opened += behind
            if answer.rows:
                assert len(opened) == len(total)


def test_the_newest_report_comes_first_unless_asked_by_duration(busy: Town) -> None:
    newest = busy.open_row(limit=3)
    assert len(newest) == 8
    assert [each.submitted_at for each in newest] == sorted((each.submitted_at for each in newest), reverse=True)
    lengths = sorted(each.duration_s for each in newest)
    assert [each.duration_s for each in busy.open_row(order="shortest", limit=3)] == lengths
    assert [each.duration_s for each in busy.open_row(order="longest", limit=3)] == lengths[::-1]


def test_only_the_open_or_only_the_finished(busy: Town) -> None:
    total = busy.ask().total
    assert [each.is_open for each in busy.open_row(is_open=True)] == [True] * total.open
    assert [each.is_open for each in busy.open_row(is_open=False)] == [False] * total.n


def test_what_a_report_behind_a_figure_says(town: Town) -> None:
    """Its limit of four working hours ended on Thursday at noon, and a better result is still owed."""
    number = town.report(*closed_at(42)[:5], (50, "rework"), at=MIDNIGHT)
    (found,) = town.open_row()
    assert found.model_dump(exclude={"number_display"}, mode="json", by_alias=True) == {
        "number": number,
        "report_url": f"/api/v1/reports/{number}",
        "status": "handling",
        "status_text": "处置中",
        "category": "卫生脏乱",
        "district": "李沧区",
        "street": "李村街道",
        "unit": {"code": LICANG_UM, "name": "李沧区城市管理局"},
        "submitted_at": "2026-11-19T00:00:00+08:00",
        "duration": "report_to_feedback",
        "duration_s": 42 * 60,
        "from": "2026-11-19T00:00:00+08:00",
        "to": "2026-11-19T00:42:00+08:00",
        "stays": 1,
        "is_open": False,
        "is_in_time": False,
        "is_overturned": True,
    }


def test_open_reports_keep_their_place_while_pages_are_turned(town: Town) -> None:
    """An hour passes between the pages; what is open is measured up to the first one, so nothing comes twice."""
    for minute in range(5):
        town.report(at=MIDNIGHT + timedelta(minutes=minute))
    query = HandlingTimeReportsQuery.model_validate({"order": "longest", "limit": 2})
    numbers = []
    while True:
        with town.database.reading() as session:
            page = handling_time_reports(
                session, query, caller=town.caller(Role.SUPERVISOR), world=town.world, now=town.now
            )
        numbers += [each.number for each in page.items]
        if page.next_cursor is None:
            break
        query = query.model_copy(update={"cursor": page.next_cursor})
        town.now += timedelta(hours=1)
    assert len(numbers) == len(set(numbers)) == 5


def test_a_row_that_cannot_be_is_refused(town: Town) -> None:
    impossible = [
        ("none", LICANG),
        ("district", "370299"),
        ("unit", "nobody"),
        ("day", "2026-11-01"),
        ("hour", "24"),
        ("weekday", "0"),
    ]
    for group_by, key in impossible:
        with pytest.raises(UnknownFilterValue) as refused:
            town.open_row(group_by=group_by, key=key)
        assert refused.value.facts == {"parameter": "key", "value": key}


def test_an_empty_row_is_an_empty_list(town: Town) -> None:
    assert town.open_row(group_by="unit", key=LICANG_UM) == []
    assert town.open_row(group_by="day", key="2026-11-19") == []


def test_a_foreign_cursor_is_refused(town: Town) -> None:
    for cursor in ("x", "W10", "W1sibiIsMV1d"):
        with pytest.raises(BadCursor):
            town.open_row(cursor=cursor)
