"""What each reader is shown: names and links, the story in words, and nothing of the house to the citizen."""

from datetime import timedelta

from sqlmodel import Session

from app.city.version import bump_version
from app.domain.roles import Role
from app.domain.workflow import Action, Status
from app.reports.present import Reader, items, read, state
from app.reports.schemas import ReportDetail, ReportRead
from app.reports.updates import MOST, updates
from app.reports.world import WorldHolder
from app.routing.models import RuleSetState, RuleSetVersion
from tests.builders import DECISIVE_CATEGORY, NOW, SQUAD, Case, a_photo, a_report, at_status, people, staff
from tests.query_recorder import QueryRecorder
from tests.towns import Town

A, R, S = Action, Role, Status
SECRET = b"for tests only"


def seen_by(session: Session, case: Case, role: Role) -> ReportRead:
    reader = Reader(case.people[role], case.now, case.world, SECRET)
    return read(session, case.report(session), reader=reader)


def test_staff_see_the_whole_and_the_citizen_their_part(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.RETURNED)
        citizens, desks = seen_by(session, case, R.CITIZEN), seen_by(session, case, R.DISPATCHER)
    assert type(citizens) is ReportRead
    assert type(desks) is ReportDetail
    assert desks.reporter.startswith("市民-")
    assert citizens.timeline[-1].text == "该单位认为不属其职责，正在重新派遣"
    assert citizens.timeline[-1].note is None
    assert desks.timeline[-1].note == "有原因"


def test_what_the_unit_tries_inside_stays_inside(town: Town) -> None:
    """Proposals and their photos, rework inside, warnings: the citizen reads of none of it."""
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(minutes=1).walk(session, A.SUBMIT_RESULT, A.INTERNAL_REWORK)
        before = seen_by(session, case, R.CITIZEN)
        assert len(before.photos) == 1
        assert len(seen_by(session, case, R.DISPATCHER).photos) == 2
        assert {step.action for step in before.timeline}.isdisjoint({A.SUBMIT_RESULT, A.INTERNAL_REWORK})
        case.later(hours=3).do(session, A.RESOLVE)
        after = seen_by(session, case, R.CITIZEN)
        assert len(after.photos) == 2  # what the lead sent back stays inside for good
        assert {step.action for step in after.timeline}.isdisjoint({A.WARN, A.BREACH})
        assert {A.WARN, A.BREACH} <= {step.action for step in seen_by(session, case, R.DISPATCHER).timeline}
        # A second proposal after a rework is again the unit's own business.
        case.later(minutes=1).do(session, A.REWORK)
        case.later(minutes=1).do(session, A.SUBMIT_RESULT)
        assert len(seen_by(session, case, R.CITIZEN).photos) == 2
        case.later(minutes=1).do(session, A.RESOLVE)
        assert len(seen_by(session, case, R.CITIZEN).photos) == 4  # the proposal that the lead gave, and theirs


def test_the_list_shows_only_what_the_report_itself_would_show(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        hotline = case.people[R.SERVICE]
        report = a_report(session, town.world, reporter=hotline, photos=0, category=DECISIVE_CATEGORY)
        mine = Case(case.world, report.number, case.people, case.now)
        mine.walk(session, A.SIGN, A.SUBMIT_RESULT)
        readers = {role: Reader(case.people[role], NOW, town.world, SECRET) for role in (R.SERVICE, R.DISPATCHER)}
        thumbs = {role: items(session, [report], reader=reader)[0].thumb_url for role, reader in readers.items()}
    assert thumbs[R.SERVICE] is None
    assert thumbs[R.DISPATCHER] is not None


def test_an_overdue_clock_is_shown_as_it_stands_now(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        in_time = seen_by(session, case.later(hours=2), R.DISPATCHER)
        late = seen_by(session, case.later(minutes=30), R.DISPATCHER)  # noon is past; the lunch break counts nothing
        assert isinstance(in_time, ReportDetail)
        assert isinstance(late, ReportDetail)
        assert [(each.timers[-1].used_s, each.timers[-1].is_late) for each in (in_time, late)] == [
            (7200, False),
            (7200, True),
        ]
        reader = Reader(case.people[R.DISPATCHER], case.now, case.world, SECRET)
        assert items(session, [case.report(session)], reader=reader)[0].is_overdue


def test_the_reason_is_shown_while_the_chosen_unit_has_the_report(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.DISPATCHED)
        basis = case.report(session).routing["basis"]
        squad = town.world.city.units[SQUAD].name
        assert seen_by(session, case, R.CITIZEN).why == f"派发至{squad}，依据：{basis}"
        case.do(session, A.RETURN)
        case.do(session, A.DISPATCH, unit="370213.urban_management")
        assert seen_by(session, case, R.CITIZEN).why is None


def test_what_is_done_once_and_for_all_is_offered_no_more(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED)
        assert seen_by(session, case, R.CITIZEN).allowed_actions == [A.RATE, A.REQUEST_REOPEN]
        case.do(session, A.RATE)
        case.do(session, A.REQUEST_REOPEN)
        read_again = seen_by(session, case, R.CITIZEN)
        assert read_again.allowed_actions == []
        assert read_again.rating is not None
        signed = at_status(session, town.world, S.HANDLING)
        signed.do(session, A.RETURN)
        assert seen_by(session, signed, R.CITIZEN).allowed_actions == [A.SUPPLEMENT]


def test_a_leased_report_is_shown_as_held(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.SUBMITTED)
        report = case.report(session)
        report.lease_owner_id, report.lease_until = case.people[R.ACCEPTOR].user_id, NOW + timedelta(minutes=10)
        shown = [seen_by(session, case.later(minutes=minutes), R.ACCEPTOR) for minutes in (0, 10)]
    assert [(each.is_leased, each.leased_until) for each in shown if isinstance(each, ReportDetail)] == [
        (True, NOW + timedelta(minutes=10)),
        (False, None),
    ]


def test_an_answer_to_an_action_says_where_the_report_stands(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.DISPATCHED)
        answer = state(case.report(session), reader=Reader(case.people[R.UNIT_LEAD], NOW, town.world, SECRET))
    assert (answer.status_text, answer.unit, answer.holder) == ("已派遣", SQUAD, SQUAD)
    assert answer.allowed_actions == [A.SIGN, A.ASSIGN, A.RETURN, A.NOTE]


def test_news_are_bounded_in_order_and_cost_four_statements(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        citizen = case.people[R.CITIZEN]
        since = NOW
        for minute in range(MOST):
            a_report(
                session,
                town.world,
                reporter=citizen,
                photos=0,
                photo_ids=[a_photo(session, citizen)],
                now=NOW + timedelta(minutes=1 + minute),
            )
        case.later(seconds=30).do(session, A.SUBMIT_RESULT)
    with QueryRecorder(town.database) as recorder, town.database.reading() as session:
        news = updates(session, since=since, caller=citizen, now=NOW + timedelta(days=1)).items
    assert len(recorder.statements) == 4
    assert len(news) == MOST
    assert [each.at for each in news] == sorted(each.at for each in news)
    assert {each.action for each in news} == {A.SUBMIT}
    with town.database.reading() as session:
        again = updates(session, since=news[-1].at, caller=citizen, now=NOW + timedelta(days=1))
        others = updates(session, since=since, caller=case.people[R.ACCEPTOR], now=NOW + timedelta(days=1))
    assert (again.items, others.items) == ([], [])


def test_a_changed_city_gives_a_new_world_with_its_rules(town: Town) -> None:
    now = NOW
    holder = WorldHolder(town.database, clock=lambda: now)
    before = holder.current()
    assert holder.current() is before
    with town.database.transaction() as session:
        _publish_again(session)
        bump_version(session, now=NOW)
    now += timedelta(seconds=5)
    assert holder.refresh()
    assert holder.current().rules.version == "second"
    assert holder.current().city.version == before.city.version + 1
    now += timedelta(seconds=5)
    assert not holder.refresh()


def _publish_again(session: Session) -> None:
    session.add(
        RuleSetVersion(
            version="second",
            state=RuleSetState.PUBLISHED,
            note="",
            editor="test",
            effective_from=NOW + timedelta(seconds=1),
            created_at=NOW,
        )
    )


def test_more_steps_at_one_instant_than_an_answer_holds_are_all_told_and_then_the_later_ones(town: Town) -> None:
    """One request may do the same to a hundred reports of one hotline at one instant; asking again must go on."""
    with town.database.transaction() as session:
        hotline = staff(session, R.SERVICE)
        cases = [
            Case(town.world, a_report(session, town.world, reporter=hotline, photos=0).number, people(session), NOW)
            for _ in range(MOST + 1)
        ]
        for case in cases:
            case.later(minutes=5).do(session, A.ACCEPT)
        cases[-1].later(minutes=1).do(session, A.VOID)
        told: list[tuple[str | None, Action]] = []
        since, later = NOW, NOW + timedelta(days=1)
        for _ in range(3):
            news = updates(session, since=since, caller=hotline, now=later)
            told += [(item.number, item.action) for item in news.items]
            since = news.next_since
    assert len(told) == len(set(told)) == MOST + 2
    assert told[-1] == (cases[-1].number, A.VOID)
