"""This will answer how long things take: a total and a row per group, exactly, out of the journal."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from app.analytics.collect import Case, Question, ask, collect, groups_of
from app.analytics.definitions import SMALL_N, Duration, LeftOut, define
from app.analytics.figures import quantile, quantile_with_open, share, share_within
from app.analytics.grouping import TIMES, TOTAL, GroupBy, names_of, rows_of_time
from app.analytics.measuring import Measured
from app.analytics.question import HandlingTimeQuery, days_of, reports_url
from app.analytics.schemas import HandlingTime, HandlingTimeRow, LeftOutCounts, PeriodRead
from app.domain.limits import Clock
from app.domain.roles import Caller
from app.reports.world import World
from app.texts import text

HOUR_S = 3_600


def handling_time(
    session: Session, query: HandlingTimeQuery, *, caller: Caller, world: World, now: datetime
) -> HandlingTime:
    """Measure the reports of a period in two statements.

    A caller without `Permission.VIEW_ANALYTICS` has no reports; `caller.area_code` bounds everybody else's.

    :raises PeriodInverted: `from` is after `to`
    :raises PeriodTooLong: more than 92 days
    :raises UnknownFilterValue: the city has no such unit, category, class, district or street
    :raises OutsideCalendar: a working-time duration leaves the years of the calendar
    """
    question = ask(query, caller=caller, city=world.city, now=now)
    cases = collect(session, question)
    period = question.period
    area = world.city.areas.get(caller.area_code)
    return HandlingTime(
        duration=define(query.duration),
        clock=query.clock,
        clock_text=text(f"clock_note.{query.clock.value}"),
        basis=query.basis,
        basis_text=text(f"basis.{query.basis.value}"),
        group_by=query.group_by,
        period=PeriodRead(since=period.first, until=period.last, days=period.days),
        area_code=caller.area_code,
        area_name=area.name if area else caller.area_code or text("level.city"),
        as_of=now,
        is_calendar_provisional=_is_provisional(question),
        small_n=SMALL_N,
        total=_row(TOTAL, text("row.total"), cases, url=reports_url(query, period=period, key=None), question=question),
        rows=_rows(cases, question),
    )


def _is_provisional(question: Question) -> bool:
    """Say whether working time touches a year whose holidays are not announced yet."""
    since = question.period.since
    calendar = question.city.calendar
    return question.query.clock is Clock.WORKING and calendar.is_provisional(since, max(since, question.now))


def _rows(cases: Sequence[Case], question: Question) -> list[HandlingTimeRow]:
    query, period = question.query, question.period
    if query.group_by is GroupBy.NONE:
        return []
    groups = groups_of(cases, rows_of_time(query.group_by, days=days_of(period)))
    names = names_of(query.group_by, groups, city=question.city)
    rows = [
        _row(key, names[key], group, url=reports_url(query, period=period, key=key), question=question)
        for key, group in groups.items()
    ]
    return rows if query.group_by in TIMES else _ranked(rows)


def _ranked(rows: list[HandlingTimeRow]) -> list[HandlingTimeRow]:
    """Give ranks by the median to rows that are not small, and put the fullest rows first."""
    medians = sorted(row.p50_s for row in rows if not row.is_small and row.p50_s is not None)
    for row in rows:
        if not row.is_small and row.p50_s is not None:
            row.rank = medians.index(row.p50_s) + 1
    return sorted(rows, key=lambda row: (-row.reports, row.key))


def _row(key: str, name: str, cases: Sequence[Case], *, url: str, question: Question) -> HandlingTimeRow:
    measured = sorted(
        ((case.outcome, case) for case in cases if isinstance(case.outcome, Measured)),
        key=lambda pair: (pair[0].seconds, pair[1].subject.submitted_at, pair[1].subject.number),
    )
    done = [(outcome.seconds, case) for outcome, case in measured if outcome.until is not None]
    waiting = [(outcome.seconds, case) for outcome, case in measured if outcome.until is None]
    seconds, waited = [value for value, _ in done], [value for value, _ in waiting]
    verdicts = [case.in_time for _, case in done if case.in_time is not None]
    has_overturned = question.query.duration is Duration.REPORT_TO_FEEDBACK
    return HandlingTimeRow(
        key=key,
        name=name,
        reports=len({case.subject.id for case in cases}),
        n=len(done),
        open=len(waiting),
        left_out=_left_out(cases),
        min_s=seconds[0] if done else None,
        min_report=done[0][1].subject.number if done else None,
        max_s=seconds[-1] if done else None,
        max_report=done[-1][1].subject.number if done else None,
        mean_s=round(sum(seconds) / len(seconds), 1) if done else None,
        p50_s=quantile(seconds, 0.5),
        p75_s=quantile(seconds, 0.75),
        p90_s=quantile(seconds, 0.9),
        p95_s=quantile(seconds, 0.95),
        p99_s=quantile(seconds, 0.99),
        within_1h=share_within(seconds, HOUR_S),
        within_4h=share_within(seconds, 4 * HOUR_S),
        within_24h=share_within(seconds, 24 * HOUR_S),
        within_limit=share(sum(verdicts), len(verdicts)),
        judged=len(verdicts),
        overturned=sum(case.is_overturned for _, case in done) if has_overturned else None,
        longest_open_s=waited[-1] if waiting else None,
        longest_open_report=waiting[-1][1].subject.number if waiting else None,
        p50_with_open_s=quantile_with_open(seconds, waited, 0.5),
        p90_with_open_s=quantile_with_open(seconds, waited, 0.9),
        is_small=len(done) < SMALL_N,
        rank=None,
        reports_url=url,
    )


def _left_out(cases: Sequence[Case]) -> LeftOutCounts:
    counted = Counter(case.outcome for case in cases if isinstance(case.outcome, LeftOut))
    return LeftOutCounts(**{reason.value: counted[reason] for reason in LeftOut})
