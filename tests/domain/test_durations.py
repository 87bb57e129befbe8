"""Handling time out of hand-made histories: what counts, from when to when, and that nothing is lost."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.durations import (
    Happening,
    Milestone,
    Span,
    confirmed_handling_end,
    feedback_overturned,
    handle_spans,
    holder_spans,
    milestones,
    stage_spans,
    total,
)
from app.domain.workflow import DESK_OF, STAGE_OF, TERMINAL, TRANSITIONS, Action, Stage, Status, Target
from app.domain.working_time import WorkingCalendar

A, S = Action, Status
START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
CALENDAR = WorkingCalendar({})


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def holder(status: Status, unit: str = "squad") -> str | None:
    if status in TERMINAL:
        return None
    desk = DESK_OF[status]
    return desk.value if desk else unit


def history(*steps: tuple[float, Action, Status]) -> list[Happening]:
    return [Happening(at(minutes), action, status, holder(status)) for minutes, action, status in steps]


def natural(a: datetime, b: datetime) -> int:
    return (b - a) // timedelta(seconds=1)


# The 42 minutes: submitted, dispatched by rule at once, resolved after 42 minutes, closed after an hour and a half.
FORTY_TWO = history(
    (0, A.SUBMIT, S.SUBMITTED),
    (0, A.ACCEPT, S.ACCEPTED),
    (0, A.FILE, S.FILED),
    (0, A.DISPATCH, S.DISPATCHED),
    (5, A.SIGN, S.HANDLING),
    (30, A.SUBMIT_RESULT, S.HANDLING),
    (42, A.RESOLVE, S.RESOLVED),
    (50, A.PASS_REVIEW, S.CHECKING),
    (80, A.PASS_CHECK, S.CHECKED),
    (90, A.CLOSE, S.CLOSED),
)
# Sorted by hand, returned once, sent to another unit, reworked after the check, rated long after.
LONG_WAY = history(
    (0, A.SUBMIT, S.SUBMITTED),
    (10, A.REQUEST_VERIFICATION, S.VERIFYING),
    (40, A.REPORT_VERIFICATION, S.SUBMITTED),
    (45, A.ACCEPT, S.ACCEPTED),
    (50, A.FILE, S.FILED),
    (60, A.DISPATCH, S.DISPATCHED),
    (90, A.RETURN, S.RETURNED),
    (100, A.DISPATCH, S.DISPATCHED),
    (110, A.SIGN, S.HANDLING),
    (200, A.RESOLVE, S.RESOLVED),
    (210, A.PASS_REVIEW, S.CHECKING),
    (300, A.FAIL_CHECK, S.HANDLING),
    (360, A.RESOLVE, S.RESOLVED),
    (370, A.PASS_REVIEW, S.CHECKING),
    (400, A.PASS_CHECK, S.CHECKED),
    (405, A.CLOSE, S.CLOSED),
    (9000, A.RATE, S.CLOSED),
)


def test_forty_two_minutes_are_from_submission_to_the_units_confirmed_result() -> None:
    assert milestones(FORTY_TWO) == {
        Milestone.ACCEPT: at(0),
        Milestone.DISPATCH: at(0),
        Milestone.FEEDBACK: at(42),
        Milestone.CLOSE: at(90),
    }
    assert not feedback_overturned(FORTY_TWO)
    assert confirmed_handling_end(FORTY_TWO) == at(42)


def test_the_first_feedback_counts_and_a_later_rework_is_said_beside_it() -> None:
    assert milestones(LONG_WAY) == {
        Milestone.ACCEPT: at(45),
        Milestone.DISPATCH: at(60),
        Milestone.FEEDBACK: at(200),
        Milestone.CLOSE: at(405),
    }
    assert feedback_overturned(LONG_WAY)
    assert confirmed_handling_end(LONG_WAY) == at(360)


@pytest.mark.parametrize("rework", [A.REWORK, A.FAIL_CHECK])
def test_a_result_sent_back_is_owed_again(rework: Action) -> None:
    steps = [*FORTY_TWO[:8], Happening(at(85), rework, S.HANDLING, "squad")]
    assert feedback_overturned(steps)
    assert confirmed_handling_end(steps) is None
    assert milestones(steps)[Milestone.FEEDBACK] == at(42)


@pytest.mark.parametrize(
    ("action", "status"),
    [(A.REJECT, S.REJECTED), (A.VOID, S.VOIDED), (A.WITHDRAW, S.WITHDRAWN), (A.MERGE, S.MERGED)],
)
def test_an_end_without_work_is_neither_feedback_nor_closing(action: Action, status: Status) -> None:
    steps = history((0, A.SUBMIT, S.SUBMITTED), (5, action, status))
    assert milestones(steps) == {}
    assert confirmed_handling_end(steps) is None


def test_a_rating_is_nobodys_handling_time() -> None:
    assert milestones(LONG_WAY) == milestones(LONG_WAY[:-1])
    assert stage_spans(LONG_WAY) == stage_spans(LONG_WAY[:-1])


def test_a_reopened_report_is_not_closed_until_it_is_closed_again() -> None:
    reopened = [*FORTY_TWO, Happening(at(200), A.ACCEPT_REOPEN, S.FILED, "dispatch")]
    assert Milestone.CLOSE not in milestones(reopened)
    again = [*reopened, Happening(at(300), A.FORCE_CLOSE, S.CLOSED, None)]
    assert milestones(again)[Milestone.CLOSE] == at(300)
    assert milestones(again)[Milestone.FEEDBACK] == at(42)


def test_a_reopened_report_owes_its_result_again_and_no_stage_counts_the_time_it_lay_closed() -> None:
    reopened = [
        *FORTY_TWO,
        *history(
            (1000, A.REQUEST_REOPEN, S.CLOSED),
            (1060, A.ACCEPT_REOPEN, S.FILED),
            (1070, A.DISPATCH, S.DISPATCHED),
            (1080, A.SIGN, S.HANDLING),
        ),
    ]
    assert confirmed_handling_end(reopened) is None
    assert [(span.key, span.since, span.until) for span in stage_spans(reopened)[-3:]] == [
        ("close", at(80), at(90)),
        ("dispatch", at(1060), at(1070)),
        ("handle", at(1070), None),
    ]
    done = [*reopened, *history((1100, A.RESOLVE, S.RESOLVED), (1105, A.PASS_REVIEW, S.CHECKING))]
    assert total(handle_spans(done), measure=natural, until=at(0)) == (42 + 30) * 60
    assert confirmed_handling_end(done) == at(1100)
    assert milestones(done)[Milestone.FEEDBACK] == at(42)


def test_an_unmerged_report_goes_on_from_its_submission_and_nobody_held_it_meanwhile() -> None:
    steps = history(
        (0, A.SUBMIT, S.SUBMITTED),
        (10, A.ACCEPT, S.ACCEPTED),
        (20, A.MERGE, S.MERGED),
        (500, A.UNMERGE, S.SUBMITTED),
        (505, A.ACCEPT, S.ACCEPTED),
        (510, A.FILE, S.FILED),
        (515, A.DISPATCH, S.DISPATCHED),
        (545, A.RESOLVE, S.RESOLVED),
    )
    assert milestones(steps) == {Milestone.ACCEPT: at(10), Milestone.DISPATCH: at(515), Milestone.FEEDBACK: at(545)}
    assert total(holder_spans(steps), measure=natural, until=at(545)) == (20 + 45) * 60
    assert total(stage_spans(steps), measure=natural, until=at(545)) == (20 + 45) * 60


@pytest.mark.parametrize("action", [A.NOTE, A.SUPPLEMENT])
def test_words_beside_the_way_are_nobodys_time(action: Action) -> None:
    told = [*FORTY_TWO[:7], Happening(at(45), action, S.RESOLVED, "dispatch"), *FORTY_TWO[7:]]
    for measured in (stage_spans, holder_spans, handle_spans, milestones, confirmed_handling_end):
        assert measured(told) == measured(FORTY_TWO)


def test_a_closed_report_that_is_voided_is_not_closed() -> None:
    voided = [*FORTY_TWO, Happening(at(200), A.VOID, S.VOIDED, None)]
    assert Milestone.CLOSE not in milestones(voided)


def test_each_stay_in_a_stage_is_a_span() -> None:
    assert stage_spans(LONG_WAY) == [
        Span("accept", at(0), at(10)),
        Span("verify", at(10), at(40)),
        Span("accept", at(40), at(45)),
        Span("file", at(45), at(50)),
        Span("dispatch", at(50), at(60)),
        Span("handle", at(60), at(90)),
        Span("dispatch", at(90), at(100)),
        Span("handle", at(100), at(200)),
        Span("review", at(200), at(210)),
        Span("check", at(210), at(300)),
        Span("handle", at(300), at(360)),
        Span("review", at(360), at(370)),
        Span("check", at(370), at(400)),
        Span("close", at(400), at(405)),
    ]


def test_a_stage_passed_in_no_time_is_still_a_stay() -> None:
    assert stage_spans(FORTY_TWO)[:4] == [
        Span("accept", at(0), at(0)),
        Span("file", at(0), at(0)),
        Span("dispatch", at(0), at(0)),
        Span("handle", at(0), at(42)),
    ]


def test_time_belongs_to_who_held_the_report() -> None:
    steps = [
        Happening(at(0), A.SUBMIT, S.SUBMITTED, "acceptance"),
        Happening(at(10), A.ACCEPT, S.ACCEPTED, "acceptance"),
        Happening(at(20), A.FILE, S.FILED, "dispatch"),
        Happening(at(30), A.DISPATCH, S.DISPATCHED, "squad"),
        Happening(at(60), A.RETURN, S.RETURNED, "dispatch"),
        Happening(at(70), A.DISPATCH, S.DISPATCHED, "office"),
        Happening(at(75), A.SIGN, S.HANDLING, "office"),
    ]
    assert holder_spans(steps) == [
        Span("acceptance", at(0), at(20)),
        Span("dispatch", at(20), at(30)),
        Span("squad", at(30), at(60)),
        Span("dispatch", at(60), at(70)),
        Span("office", at(70), None),
    ]


def test_handling_stands_while_returned_or_suspended() -> None:
    steps = history(
        (0, A.SUBMIT, S.SUBMITTED),
        (5, A.DISPATCH, S.DISPATCHED),
        (15, A.RETURN, S.RETURNED),
        (25, A.DISPATCH, S.DISPATCHED),
        (30, A.SIGN, S.HANDLING),
        (40, A.APPROVE_SUSPENSION, S.SUSPENDED),
        (100, A.RESUME, S.HANDLING),
        (110, A.RESOLVE, S.RESOLVED),
    )
    spans = handle_spans(steps)
    assert [(span.since, span.until) for span in spans] == [
        (at(5), at(15)),
        (at(25), at(40)),
        (at(100), at(110)),
    ]
    assert total(spans, measure=natural, until=at(500)) == 35 * 60


def test_an_open_span_counts_up_to_the_given_instant() -> None:
    spans = stage_spans(FORTY_TWO[:5])
    assert spans[-1] == Span("handle", at(0), None)
    assert total(spans, measure=natural, until=at(20)) == 20 * 60


def test_the_same_spans_are_measured_in_working_time() -> None:
    spans = [Span("handle", at(0), at(24 * 60))]  # Friday 10:00 to Saturday 10:00
    assert total(spans, measure=CALENDAR.between, until=at(0)) == 6 * 3600


def test_nothing_has_no_spans_and_no_milestones() -> None:
    assert stage_spans([]) == holder_spans([]) == handle_spans([]) == []
    assert milestones([]) == {}


@st.composite
def histories(draw: st.DrawFn) -> list[Happening]:
    """Walk the workflow table at random; the clock goes on by whole seconds, often not at all."""
    now, status, came_from = START, S.SUBMITTED, None
    found = [Happening(now, A.SUBMIT, status, holder(status))]
    for _ in range(draw(st.integers(0, 25))):
        rows = [row for row in TRANSITIONS if status in row.sources]
        if not rows:
            break
        row = draw(st.sampled_from(rows))
        new = status if row.target is Target.SAME else came_from if row.target is Target.BACK else Status(row.target)
        if new is None:
            continue
        if new is not status:
            came_from = status if new in {S.VERIFYING, S.SUSPENDED} else None
        status = new
        now += timedelta(seconds=draw(st.integers(0, 200_000)))
        found.append(Happening(now, row.action, status, holder(status)))
    return found


@given(histories(), st.integers(0, 100_000))
def test_the_stages_of_a_report_add_up_to_the_whole(steps: list[Happening], more: int) -> None:
    until = steps[-1].at + timedelta(seconds=more)
    live = [
        (one, other)
        for one, other in zip(steps, [*steps[1:], Happening(until, A.RATE, S.CLOSED, None)], strict=True)
        if one.status in STAGE_OF
    ]
    for measure in (natural, CALENDAR.between):
        whole = sum(measure(one.at, other.at) for one, other in live)
        assert total(stage_spans(steps), measure=measure, until=until) == whole
        assert total(holder_spans(steps), measure=measure, until=until) == whole


@given(histories())
def test_spans_touch_and_never_overlap(steps: list[Happening]) -> None:
    for spans in (stage_spans(steps), holder_spans(steps), handle_spans(steps)):
        assert all(span.until is not None for span in spans[:-1])
        assert all(one.until is not None and one.until <= two.since for one, two in itertools.pairwise(spans))
        assert all(span.until is None or span.since <= span.until for span in spans)
    assert all(span.key in {stage.value for stage in Stage} for span in stage_spans(steps))
    is_open = steps[-1].status not in TERMINAL
    assert bool(stage_spans(steps) and stage_spans(steps)[-1].until is None) is is_open


@given(histories())
def test_milestones_come_in_order_and_lie_in_the_history(steps: list[Happening]) -> None:
    reached = milestones(steps)
    instants = {step.at for step in steps}
    assert set(reached.values()) <= instants
    assert (Milestone.CLOSE in reached) == (steps[-1].status is S.CLOSED)
