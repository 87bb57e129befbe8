"""Which reports are in a period, in which row, and for whom."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import select, update

from app.analytics.definitions import Basis
from app.analytics.grouping import GroupBy
from app.analytics.question import HandlingTimeQuery
from app.analytics.refusals import PeriodInverted, PeriodTooLong, UnknownFilterValue
from app.domain.roles import Role
from app.domain.workflow import Action, Status
from app.domain.working_time import BEIJING
from app.reports.models import Report
from tests.analytics.conftest import LICANG_UM, LICUN_OFFICE, Town, closed_at
from tests.builders_city import IN_LICUN, IN_ZHENHUALU, IN_ZHONGSHANLU, LICANG, LICUN, SHINAN, ZHENHUALU
from tests.query_recorder import QueryRecorder

THURSDAY = date(2026, 11, 19)
MIDNIGHT = datetime(2026, 11, 19, tzinfo=BEIJING).astimezone(UTC)


def counts(town: Town, group_by: str, **query: Any) -> dict[str, int]:
    answer = town.ask(group_by=group_by, **query)
    assert sum(row.reports for row in answer.rows) == answer.total.reports
    return {row.key: row.reports for row in answer.rows if row.reports}


def test_a_day_is_a_beijing_day_from_midnight_to_midnight(town: Town) -> None:
    second = timedelta(microseconds=1)
    town.report(at=MIDNIGHT - second)
    first, last = town.report(at=MIDNIGHT), town.report(at=MIDNIGHT + timedelta(days=1) - second)
    town.report(at=MIDNIGHT + timedelta(days=1))
    assert {each.number for each in town.open_row(since=THURSDAY, until=THURSDAY)} == {first, last}
    assert counts(town, "day") == {"2026-11-18": 1, "2026-11-19": 2, "2026-11-20": 1}


def test_the_last_seven_days_unless_told_otherwise(town: Town) -> None:
    answer = town.ask()
    assert (answer.period.since, answer.period.until, answer.period.days) == (date(2026, 11, 14), date(2026, 11, 20), 7)
    answer = town.ask(until=date(2026, 3, 1))
    assert (answer.period.since, answer.period.until) == (date(2026, 2, 23), date(2026, 3, 1))
    assert town.ask(since=date(2026, 8, 21)).period.days == 92


def test_a_period_that_makes_no_sense_is_refused(town: Town) -> None:
    friday, saturday = date(2026, 11, 20), date(2026, 11, 21)
    with pytest.raises(PeriodInverted) as inverted:
        town.ask(since=friday, until=THURSDAY)
    assert inverted.value.facts == {"first_day": "2026-11-20", "last_day": "2026-11-19"}
    with pytest.raises(PeriodInverted) as ahead:
        town.ask(since=saturday)
    assert ahead.value.facts == {"first_day": "2026-11-21", "last_day": "2026-11-20"}
    with pytest.raises(PeriodTooLong) as long:
        town.ask(since=date(2026, 8, 20))
    assert long.value.facts == {"days": 93, "max_days": 92}


def test_what_the_city_does_not_know_is_refused(town: Town) -> None:
    unknown = [
        ("unit", "nobody"),
        ("category", "nothing"),
        ("district", "999999"),
        ("district", LICUN[:5]),
        ("street", LICANG),
        ("class", "00000"),
    ]
    for parameter, value in unknown:
        with pytest.raises(UnknownFilterValue) as refused:
            town.ask(**dict[str, Any]({parameter: value}))
        assert refused.value.facts == {"parameter": parameter, "value": value}


@pytest.mark.parametrize(
    "query", [{"from": "0001-01-01"}, {"to": "9999-12-31"}, {"distrikt": LICANG}, {"since": "2026-01-01"}]
)
def test_a_misspelt_or_absurd_parameter_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        HandlingTimeQuery.model_validate(query)


def test_rows_by_place_unit_category_class_and_source(town: Town) -> None:
    town.report(*closed_at(42), place=IN_LICUN, at=MIDNIGHT)
    town.report(*closed_at(42, unit=LICUN_OFFICE), place=IN_ZHENHUALU, at=MIDNIGHT)
    town.report(place=IN_ZHONGSHANLU, at=MIDNIGHT)
    assert counts(town, "district") == {LICANG: 2, SHINAN: 1}
    assert counts(town, "street") == {LICUN: 1, ZHENHUALU: 1, "370202005": 1}
    assert counts(town, "unit") == {LICANG_UM: 1, LICUN_OFFICE: 1, "-": 1}
    assert counts(town, "category") == {"sanitation": 2, "-": 1}
    assert counts(town, "source") == {"citizen": 3}
    assert counts(town, "class") == {"GB/T 47678.5-2026:06010": 2, "-": 1}
    names = {row.key: row.name for row in town.ask(group_by="unit").rows}
    assert names == {LICANG_UM: "李沧区城市管理局", LICUN_OFFICE: "李村街道办事处", "-": "未派遣"}
    assert town.ask(group_by="class").rows[0].name == "暴露垃圾"


def test_rows_of_time_are_all_there_and_in_order(town: Town) -> None:
    town.report(at=MIDNIGHT + timedelta(hours=13, minutes=59))
    assert counts(town, "hour") == {"13": 1}
    assert counts(town, "weekday") == {"4": 1}
    assert counts(town, "week") == {"2026-W47": 1}
    assert counts(town, "month") == {"2026-11": 1}
    rows = town.ask(group_by="day").rows
    assert [row.key for row in rows] == [f"2026-11-{day}" for day in range(14, 21)]
    assert (rows[0].n, rows[0].p50_s, rows[0].within_24h, rows[0].is_small) == (0, None, None, True)
    assert [row.name for row in town.ask(group_by="weekday").rows] == [f"周{day}" for day in "一二三四五六日"]
    weeks = town.ask(group_by="week", since=date(2025, 12, 29), until=date(2026, 1, 5)).rows
    assert [row.name for row in weeks] == ["2026年第1周", "2026年第2周"]


def test_filters(town: Town) -> None:
    town.report(*closed_at(42), place=IN_LICUN, at=MIDNIGHT)
    town.report(*closed_at(42), place=IN_ZHENHUALU, at=MIDNIGHT)
    town.report(place=IN_ZHONGSHANLU, at=MIDNIGHT)
    cases: list[tuple[dict[str, Any], int]] = [
        ({"district": SHINAN}, 1),
        ({"street": LICUN}, 1),
        ({"unit": LICANG_UM}, 2),
        ({"category": "sanitation"}, 2),
        ({"class": "06010"}, 2),
        ({"source": "citizen"}, 3),
        ({"source": "service"}, 0),
        ({"status": "closed"}, 2),
        ({"status": "closed", "street": LICUN}, 1),
    ]
    for query, expected in cases:
        assert town.ask(**query).total.reports == expected, query


def test_by_the_last_close(town: Town) -> None:
    """Reported on Thursday, closed 72 minutes later or on Friday; what was reopened or voided is not closed."""
    town.report(*closed_at(42), at=MIDNIGHT)
    town.report(*closed_at(24 * 60), at=MIDNIGHT)
    reopened, again, voided = (town.report(*closed_at(42), at=MIDNIGHT) for _ in range(3))
    town.put(reopened, Action.ACCEPT_REOPEN, Status.FILED, at=MIDNIGHT + timedelta(hours=2))
    town.put(voided, Action.VOID, Status.VOIDED, at=MIDNIGHT + timedelta(hours=2))
    town.put(again, Action.ACCEPT_REOPEN, Status.FILED, at=MIDNIGHT + timedelta(hours=2))
    town.put(again, Action.CLOSE, Status.CLOSED, at=MIDNIGHT + timedelta(hours=26))
    assert counts(town, "day", basis="closed") == {"2026-11-19": 1, "2026-11-20": 2}
    assert town.ask(basis="closed", since=THURSDAY, until=THURSDAY).total.n == 1
    assert town.ask(basis="closed", duration="report_to_close").total.max_s == 26 * 3600


def test_the_last_close_is_the_journals(town: Town) -> None:
    town.report(*closed_at(42), at=MIDNIGHT)
    with town.database.transaction() as session:
        session.exec(update(Report).values(closed_at=None))
    assert counts(town, "day", basis="closed") == {"2026-11-19": 1}


def test_by_the_deadline_of_the_durations_own_stage(town: Town) -> None:
    """Dispatched on Thursday at 17:30 with 4 working hours: handling is due on Friday, closing on Monday."""
    town.report(category="sanitation", at=MIDNIGHT + timedelta(hours=17, minutes=30))
    town.report(at=MIDNIGHT)
    with town.database.reading() as session:
        handling, closing = session.exec(
            select(Report.handle_due_at, Report.closing_due_at).where(Report.category_code == "sanitation")
        ).one()
    assert handling is not None
    assert closing is not None
    keys = [f"{due.astimezone(BEIJING):%Y-%m-%d}" for due in (handling, closing)]
    assert keys == ["2026-11-20", "2026-11-23"]
    period = {"since": THURSDAY, "until": date(2026, 11, 30)}
    assert counts(town, "day", basis="due", **period) == {"2026-11-20": 1}
    assert counts(town, "day", basis="due", duration="report_to_close", **period) == {"2026-11-23": 1}


def test_open_is_what_has_begun_and_may_still_end(town: Town) -> None:
    town.report(at=MIDNIGHT)
    town.report(*closed_at(42)[:3], at=MIDNIGHT)
    town.report(*closed_at(42), at=MIDNIGHT)
    for duration, expected in {
        "report_to_accept": (2, 1),
        "report_to_feedback": (1, 2),
        "stage_accept": (2, 1),
        "stage_handle": (1, 1),
        "handle": (1, 1),
        "stage_close": (1, 0),
    }.items():
        total = town.ask(duration=duration).total
        assert (total.n, total.open) == expected, duration
        assert total.n + total.open + total.left_out.not_passed == total.reports == 3


def test_a_rank_needs_ten_reports(town: Town) -> None:
    for _ in range(10):
        town.report(*closed_at(42), place=IN_LICUN, at=MIDNIGHT)
        town.report(*closed_at(30, unit=LICUN_OFFICE), place=IN_LICUN, at=MIDNIGHT)
    for _ in range(9):
        town.report(*closed_at(10), place=IN_ZHONGSHANLU, at=MIDNIGHT)
    by_district = town.ask(group_by="district")
    assert [(row.key, row.n, row.is_small, row.rank) for row in by_district.rows] == [
        (LICANG, 20, False, 1),
        (SHINAN, 9, True, None),
    ]
    by_unit = {row.key: row.rank for row in town.ask(group_by="unit", district=LICANG).rows}
    assert by_unit == {LICUN_OFFICE: 1, LICANG_UM: 2}
    assert {row.rank for row in town.ask(group_by="day").rows} == {None}
    assert by_district.small_n == 10


def test_of_equally_fast_reports_the_first_is_named(town: Town) -> None:
    later = town.report(*closed_at(42), at=MIDNIGHT + timedelta(hours=1))
    first = town.report(*closed_at(42), at=MIDNIGHT)
    total = town.ask().total
    assert (total.min_report, total.max_report) == (first, later)


def test_everybody_sees_figures_of_their_area_only(town: Town) -> None:
    town.report(place=IN_LICUN, at=MIDNIGHT)
    town.report(place=IN_ZHENHUALU, at=MIDNIGHT)
    town.report(place=IN_ZHONGSHANLU, at=MIDNIGHT)
    seen = {area: town.ask(by=town.caller(Role.DISPATCHER, area_code=area)) for area in ("", LICANG, LICUN, "370202")}
    assert {area: answer.total.reports for area, answer in seen.items()} == {"": 3, LICANG: 2, LICUN: 1, "370202": 1}
    assert [answer.area_name for answer in seen.values()] == ["全市", "李沧区", "李村街道", "市南区"]
    for role in set(Role) - {Role.SUPERVISOR, Role.ADMINISTRATOR, Role.DISPATCHER}:
        assert town.ask(by=town.caller(role)).total.reports == 0


def test_the_number_of_statements_does_not_grow(town: Town) -> None:
    for _ in range(3):
        town.report(*closed_at(42), at=MIDNIGHT)
    for basis in Basis:
        for group_by in (GroupBy.NONE, GroupBy.UNIT, GroupBy.DAY):
            with QueryRecorder(town.database) as recorder:
                town.ask(basis=basis, group_by=group_by)
            assert len(recorder.statements) == 2
    with QueryRecorder(town.database) as recorder:
        town.open_row(limit=3)
    assert len(recorder.statements) == 2
