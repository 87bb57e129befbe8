"""Small lives of reports with every duration worked out by hand, in minutes unless said otherwise."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import update

from app.analytics.definitions import Duration
from app.analytics.schemas import HandlingTimeRow
from app.domain.workflow import Action, Status
from app.domain.working_time import BEIJING
from app.reports.models import Report
from tests.analytics.conftest import LICANG_UM, LICUN_OFFICE, Town, closed_at
from tests.builders_city import IN_LICUN, IN_ZHENHUALU, LICUN, ZHENHUALU

STRAIGHT = {
    "report_to_accept": 1,
    "report_to_dispatch": 3,
    "report_to_feedback": 42,
    "report_to_close": 72,
    "handle": 39,
    "stage_accept": 1,
    "stage_verify": None,
    "stage_file": 1,
    "stage_dispatch": 1,
    "stage_handle": 39,
    "stage_review": 10,
    "stage_check": 10,
    "stage_close": 10,
    "held_by_unit": 39,
}


def minutes(seconds: int | None) -> float | None:
    return None if seconds is None else seconds / 60


def measured(town: Town, **query: Any) -> dict[str, float | None]:
    """Return each duration of the single report that the query finds."""
    return {each.value: minutes(town.ask(duration=each, **query).total.p50_s) for each in Duration}


def total(town: Town, duration: str = "report_to_feedback", **query: Any) -> HandlingTimeRow:
    return town.ask(duration=duration, **query).total


def rows(town: Town, duration: str, group_by: str, **query: Any) -> dict[str, tuple[int, int, float | None]]:
    """Return (n, open, median in minutes) of each row."""
    answer = town.ask(duration=duration, group_by=group_by, **query)
    return {row.key: (row.n, row.open, minutes(row.p50_s)) for row in answer.rows}


def beijing(*fields: int) -> datetime:
    return datetime(*fields, tzinfo=BEIJING).astimezone(UTC)  # type: ignore[misc,arg-type]  # fields by count


@pytest.mark.parametrize("clock", ["natural", "working"])
def test_the_straight_way(town: Town, clock: str) -> None:
    """From 8:00 on a working Friday both clocks count the same."""
    town.report(*closed_at(42), at=town.now - timedelta(hours=2))
    assert measured(town, clock=clock) == STRAIGHT


def test_the_stages_add_up_to_the_whole(town: Town) -> None:
    town.report(
        (5, "verify"),
        (65, "verified"),
        (70, "accept"),
        (80, "file"),
        (81, f"dispatch {LICANG_UM}"),
        (90, "return"),
        (95, f"dispatch {LICUN_OFFICE}"),
        (96, "sign"),
        (200, "resolve"),
        (210, "pass_review"),
        (230, "fail_check"),
        (260, "resolve"),
        (270, "pass_review"),
        (280, "pass_check"),
        (290, "close"),
        at=town.now - timedelta(hours=12),
    )
    found = measured(town)
    stages = {name: value for name, value in found.items() if name.startswith("stage_")}
    assert stages == {
        "stage_accept": 5 + 5,
        "stage_verify": 60,
        "stage_file": 10,
        "stage_dispatch": 1 + 5,
        "stage_handle": 9 + 105 + 30,
        "stage_review": 10 + 10,
        "stage_check": 20 + 10,
        "stage_close": 10,
    }
    assert sum(value or 0 for value in stages.values()) == found["report_to_close"] == 290
    assert found["report_to_feedback"] == 200
    assert found["handle"] == 9 + 104 + 1 + 30


def test_a_returned_reports_time_belongs_to_who_held_it(town: Town) -> None:
    steps = [
        (1, "accept"),
        (2, "file"),
        (3, f"dispatch {LICANG_UM}"),
        (4, "sign"),
        (33, "return"),
        (40, f"dispatch {LICUN_OFFICE}"),
        (45, "sign"),
    ]
    number = town.report(*steps, at=town.now - timedelta(minutes=70))
    assert rows(town, "held_by_unit", "unit") == {LICANG_UM: (1, 0, 30), LICUN_OFFICE: (0, 1, None)}
    assert total(town, "held_by_unit", unit=LICUN_OFFICE).longest_open_s == 30 * 60
    gave_it_back = total(town, "held_by_unit", unit=LICANG_UM)
    assert (gave_it_back.n, gave_it_back.open, gave_it_back.p50_s) == (1, 0, 30 * 60)
    town.do(number, "resolve", at=town.now + timedelta(minutes=30))
    town.now += timedelta(minutes=60)
    assert rows(town, "held_by_unit", "unit") == {LICANG_UM: (1, 0, 30), LICUN_OFFICE: (1, 0, 60)}
    whole = total(town, "held_by_unit")
    assert (whole.reports, whole.n, whole.min_s, whole.max_s) == (1, 2, 1800, 3600)
    assert measured(town)["handle"] == 90
    assert measured(town)["stage_dispatch"] == 1 + 7
    # Every other duration is one of the report, and goes with the unit that has it now.
    assert rows(town, "handle", "unit") == {LICUN_OFFICE: (1, 0, 90)}


def test_rework_leaves_the_feedback_and_shows_beside_it(town: Town) -> None:
    steps = [*closed_at(42)[:5], (50, "rework"), (80, "resolve")]
    town.report(*steps, at=town.now - timedelta(minutes=100))
    feedback = total(town)
    assert (feedback.p50_s, feedback.overturned) == (42 * 60, 1)
    assert total(town, "handle").p50_s == (39 + 30) * 60
    assert total(town, "handle").overturned is None
    review = total(town, "stage_review")
    assert (review.n, review.open, review.longest_open_s) == (0, 1, (8 + 20) * 60)


def test_a_result_sent_back_is_still_owed(town: Town) -> None:
    steps = [*closed_at(42)[:5], (50, "rework")]
    town.report(*steps, at=town.now - timedelta(minutes=60))
    assert total(town).n == 1
    handle = total(town, "handle")
    assert (handle.n, handle.open, handle.longest_open_s) == (0, 1, (39 + 10) * 60)


def test_over_the_weekend(town: Town) -> None:
    """Friday 17:30 to Monday 8:30: 63 hours, of which one is worked."""
    start = beijing(2026, 11, 13, 17, 30)
    town.report(*closed_at(63 * 60), at=start)
    period: dict[str, Any] = {"since": date(2026, 11, 13), "until": date(2026, 11, 13)}
    assert total(town, **period).p50_s == 63 * 3600
    assert total(town, clock="working", **period).p50_s == 3600


def test_over_the_national_holiday_with_its_make_up_saturday(town: Town) -> None:
    """30 September 17:00 to Saturday 10 October 9:00, a make-up day: 1 + 8 + 8 + 1 working hours."""
    assert town.world.city.calendar.is_workday(date(2026, 10, 10))
    start, end = beijing(2026, 9, 30, 17), beijing(2026, 10, 10, 9)
    town.report(*closed_at((end - start).total_seconds() / 60), at=start)
    period: dict[str, Any] = {"since": date(2026, 9, 30), "until": date(2026, 9, 30)}
    assert total(town, clock="working", **period).p50_s == 18 * 3600
    assert total(town, **period).p50_s == (9 * 24 + 16) * 3600


def test_a_rule_dispatches_in_no_time(town: Town) -> None:
    town.report(category="sanitation", at=town.now - timedelta(minutes=10))
    assert total(town, "report_to_dispatch").p50_s == 0
    assert total(town, "stage_file").p50_s == 0
    assert total(town).longest_open_s == 600


def test_moving_one_action_moves_its_figures_and_no_other(town: Town) -> None:
    """The feedback comes seven minutes later; everything before and after stays where it was."""
    later = [(49, "resolve") if verb == "resolve" else (minute, verb) for minute, verb in closed_at(42)]
    town.report(*closed_at(42), at=town.now - timedelta(hours=2), place=IN_LICUN)
    town.report(*later, at=town.now - timedelta(hours=2), place=IN_ZHENHUALU)
    assert measured(town, street=LICUN) == STRAIGHT
    moved = {"report_to_feedback": 49, "handle": 46, "stage_handle": 46, "held_by_unit": 46, "stage_review": 3}
    assert measured(town, street=ZHENHUALU) == STRAIGHT | moved


def test_no_column_of_a_report_can_change_a_duration(town: Town) -> None:
    town.report(*closed_at(42), at=town.now - timedelta(hours=2))
    long_ago = town.now - timedelta(hours=1, minutes=59)
    columns = ("accepted_at", "dispatched_at", "signed_at", "feedback_at", "resolved_at", "closed_at", "changed_at")
    with town.database.transaction() as session:
        session.exec(update(Report).values(dict.fromkeys(columns, long_ago) | {"rework_count": 3}))
    assert measured(town) == STRAIGHT
    assert total(town).overturned == 0


def test_withdrawn_voided_and_merged_reports_are_in_no_duration(town: Town) -> None:
    handled = closed_at(42)
    start = town.now - timedelta(hours=2)
    town.report(*handled[:3], (4, "withdraw"), at=start)
    town.report(*handled[:5], (50, "void_later"), at=start)
    merged = town.report(*handled[:4], at=start)
    town.put(merged, Action.MERGE, Status.MERGED, at=start + timedelta(minutes=20))
    for duration in Duration:
        found = total(town, duration)
        assert (found.reports, found.n, found.open) == (3, 0, 0), duration
        left_out = found.left_out
        assert (left_out.withdrawn, left_out.voided, left_out.merged) == (1, 1, 1), duration
        assert {found.p50_s, found.min_s, found.min_report, found.within_1h, found.within_limit} == {None}


def test_rejection_is_no_feedback(town: Town) -> None:
    town.report((5, "reject"), at=town.now - timedelta(hours=1))
    feedback = total(town)
    assert (feedback.n, feedback.open, feedback.left_out.rejected) == (0, 0, 1)
    assert total(town, "report_to_close").left_out.rejected == 1
    assert total(town, "stage_accept").p50_s == 5 * 60


def test_closing_by_force_is_shown_apart(town: Town) -> None:
    start = town.now - timedelta(hours=2)
    number = town.report(*closed_at(42)[:6], at=start)
    town.put(number, Action.FORCE_CLOSE, Status.CLOSED, at=start + timedelta(minutes=60))
    assert total(town).p50_s == 42 * 60
    assert total(town, "stage_review").p50_s == 10 * 60
    for cut_short in ("report_to_close", "stage_check"):
        found = total(town, cut_short)
        assert (found.n, found.open, found.left_out.force_closed) == (0, 0, 1), cut_short


def test_a_unit_cut_short_by_force_has_no_time(town: Town) -> None:
    start = town.now - timedelta(hours=2)
    number = town.report(*closed_at(42)[:4], at=start)
    town.put(number, Action.FORCE_CLOSE, Status.CLOSED, at=start + timedelta(minutes=60))
    for duration in ("report_to_feedback", "handle", "held_by_unit", "stage_handle"):
        found = total(town, duration)
        assert (found.n, found.open, found.left_out.force_closed) == (0, 0, 1), duration


def test_a_reopened_report_is_not_closed_and_keeps_its_feedback(town: Town) -> None:
    number = town.report(*closed_at(42), at=town.now - timedelta(hours=2))
    town.put(number, Action.ACCEPT_REOPEN, Status.FILED, at=town.now - timedelta(minutes=10))
    assert total(town).p50_s == 42 * 60
    closing = total(town, "report_to_close")
    assert (closing.n, closing.open, closing.longest_open_s) == (0, 1, 7200)


def test_in_time_is_judged_by_the_last_result_that_was_not_sent_back(town: Town) -> None:
    """The limit is 4 working hours from dispatch at 8:03; the second result comes at 14:30, after it at 14:03."""
    start = beijing(2026, 11, 19, 8)
    town.report(*closed_at(42), at=start)
    town.report(*closed_at(42)[:5], (45, "rework"), (390, "resolve"), at=start)
    town.report(*closed_at(42)[:5], (45, "rework"), at=start)
    feedback = total(town)
    assert (feedback.n, feedback.judged, feedback.within_limit) == (3, 3, 0.3333)
    assert total(town, "report_to_close").within_limit == 1.0
    assert total(town, "stage_review").within_limit is None
