"""我也遇到: a citizen follows a report instead of sending one more, and learns its fate and nothing of its reporter."""

import base64
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import Session, select

from app.domain.report_number import display
from app.domain.roles import Caller, Role
from app.domain.workflow import TERMINAL, Action, Status
from app.infra.paging import PageRequest
from app.reports.actions import schemas as words
from app.reports.alike.joining import join, leave
from app.reports.alike.queries import list_followed, read_followed
from app.reports.alike.refusals import FollowedNotFound, JoinOwnReport, JoinReportOver, JoinTokenInvalid
from app.reports.alike.schemas import FollowedRead
from app.reports.alike.tokens import LIFETIME, WRITTEN_AS, join_token, report_of_token
from app.reports.errors import HasFollowers
from app.reports.followers import relatives_of, relatives_statement
from app.reports.models import Follower, Report
from app.reports.present import Reader, read
from app.reports.schemas import ReportDetail, ReportRead
from app.reports.updates import MOST, updates
from tests.builders import NOW, PATHS, Case, a_case, a_citizen, a_photo, at_status, staff
from tests.query_recorder import QueryRecorder
from tests.towns import Town

A, R, S = Action, Role, Status
SECRET = b"for tests only"


def joined(session: Session, case: Case, by: Caller) -> int:
    token = join_token(case.report(session).id or 0, user_id=by.user_id, secret=SECRET, now=case.now)
    return join(session, token, caller=by, secret=SECRET, now=case.now)


def reader(town: Town, by: Caller, now: Any = NOW) -> Reader:
    return Reader(by, now, town.world, SECRET)


def followed(session: Session, town: Town, by: Caller, *, now: Any = NOW) -> list[FollowedRead]:
    return list_followed(session, PageRequest(), reader=reader(town, by, now)).items


def seen(session: Session, town: Town, case: Case, by: Caller) -> ReportRead:
    return read(session, case.report(session), reader=reader(town, by, case.now))


# Tokens --------------------------------------------------------------------------------------------------------------


def test_a_token_is_for_one_caller_and_an_hour() -> None:
    token = join_token(7, user_id=3, secret=SECRET, now=NOW)
    assert report_of_token(token, user_id=3, secret=SECRET, now=NOW + LIFETIME) == 7
    for user_id, secret, now in (
        (4, SECRET, NOW),
        (3, b"another secret", NOW),
        (3, SECRET, NOW + LIFETIME + timedelta(seconds=1)),
    ):
        with pytest.raises(JoinTokenInvalid):
            report_of_token(token, user_id=user_id, secret=secret, now=now)


def test_a_token_does_not_tell_which_report_it_is_for() -> None:
    tokens = [join_token(report_id, user_id=3, secret=SECRET, now=NOW) for report_id in (1, 2, 3)]
    plain = [base64.urlsafe_b64decode(token) for token in tokens]
    assert all((1).to_bytes(4, "big") not in each[4:] for each in plain)
    tails = [int.from_bytes(each[-8:], "big") for each in plain]
    assert tails[0] ^ tails[1] != 1 ^ 2
    assert join_token(1, user_id=3, secret=SECRET, now=NOW) == tokens[0]


def test_no_bit_of_a_token_can_be_changed() -> None:
    token = base64.urlsafe_b64decode(join_token(7, user_id=3, secret=SECRET, now=NOW))
    for bit in range(8 * len(token)):
        changed = bytearray(token)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(JoinTokenInvalid):
            report_of_token(base64.urlsafe_b64encode(changed).decode(), user_id=3, secret=SECRET, now=NOW)


@pytest.mark.parametrize("nonsense", ["", "x", "A" * 40, "_" * 40, "A" * 39, "A" * 44, "é" * 40])
def test_nonsense_is_no_token(nonsense: str) -> None:
    with pytest.raises(JoinTokenInvalid):
        report_of_token(nonsense, user_id=3, secret=SECRET, now=NOW)


def test_a_token_is_written_as_the_description_says() -> None:
    assert re.fullmatch(WRITTEN_AS, join_token(2**31 - 1, user_id=2**31 - 1, secret=SECRET, now=NOW))


# Joining and leaving -------------------------------------------------------------------------------------------------


def test_joining_twice_is_joining_once_and_leaving_ends_it(town: Town) -> None:
    with town.database.transaction() as session:
        case, joiner = a_case(session, town.world), a_citizen(session)
        first = joined(session, case, joiner)
        assert joined(session, case.later(minutes=5), joiner) == first
        (shown,) = followed(session, town, joiner)
        assert (shown.followed_id, shown.joined_at, shown.is_merged) == (str(first), NOW, False)
        leave(session, first, caller=joiner)
        assert followed(session, town, joiner) == []
        with pytest.raises(FollowedNotFound):
            leave(session, first, caller=joiner)


def test_nobody_reads_or_ends_what_somebody_else_follows(town: Town) -> None:
    with town.database.transaction() as session:
        case, joiner, other = a_case(session, town.world), a_citizen(session), a_citizen(session)
        followed_id = joined(session, case, joiner)
        for caller in (other, case.people[R.CITIZEN]):
            assert followed(session, town, caller) == []
            with pytest.raises(FollowedNotFound):
                leave(session, followed_id, caller=caller)
            with pytest.raises(FollowedNotFound):
                read_followed(session, followed_id, reader=reader(town, caller))
        assert len(followed(session, town, joiner)) == 1


def test_ones_own_report_is_not_joined_nor_one_merged_into_it(town: Town) -> None:
    with town.database.transaction() as session:
        own, other = a_case(session, town.world), a_case(session, town.world)
        reporter = own.people[R.CITIZEN]
        with pytest.raises(JoinOwnReport):
            joined(session, own, reporter)
        other.do(session, A.MERGE, master=own.number)
        with pytest.raises(JoinOwnReport):
            joined(session, other, reporter)


@pytest.mark.parametrize("status", sorted(TERMINAL - {S.MERGED}, key=str))
def test_what_is_over_is_not_joined_nor_what_was_merged_into_it(town: Town, status: Status) -> None:
    with town.database.transaction() as session:
        over = at_status(session, town.world, status)
        with pytest.raises(JoinReportOver):
            joined(session, over, a_citizen(session))
        master, merged = a_case(session, town.world), a_case(session, town.world)
        merged.do(session, A.MERGE, master=master.number)
        # Its reporter may not withdraw it while others follow it; the desk may end it in any other way.
        master.walk(session, *PATHS[S.VOIDED if status is S.WITHDRAWN else status])
        with pytest.raises(JoinReportOver):
            joined(session, merged, a_citizen(session))


def test_a_report_merged_meanwhile_is_joined_with_its_master(town: Town) -> None:
    with town.database.transaction() as session:
        master, merged, joiner = a_case(session, town.world), a_case(session, town.world), a_citizen(session)
        merged.do(session, A.MERGE, master=master.number)
        joined(session, merged, joiner)
        master.walk(session, *PATHS[S.HANDLING])
        (shown,) = followed(session, town, joiner)
        assert (shown.is_merged, shown.report.status) == (True, S.HANDLING)


def test_a_token_for_no_report_is_no_token(town: Town) -> None:
    with town.database.transaction() as session:
        joiner = a_citizen(session)
        token = join_token(999_999, user_id=joiner.user_id, secret=SECRET, now=NOW)
        with pytest.raises(JoinTokenInvalid):
            join(session, token, caller=joiner, secret=SECRET, now=NOW)


# What is seen --------------------------------------------------------------------------------------------------------


def test_the_joiner_learns_the_result_and_nothing_of_the_reporter(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world, description="三单元门口", photos=2)
        joiner = a_citizen(session)
        joined(session, case, joiner)
        case.walk(session, *PATHS[S.HANDLING])
        own = a_photo(session, case.people[R.CITIZEN])
        case.later(minutes=5).do(session, A.SUPPLEMENT, text="我家住三楼", photo_ids=[own])
        (waiting,) = followed(session, town, joiner)
        assert (waiting.report.status, waiting.report.result, waiting.report.photos) == (S.HANDLING, None, [])
        case.later(minutes=5).do(session, A.NOTE, text="内部备注")
        case.later(minutes=5).do(session, A.RESOLVE, result="已经修好")
        case.later(minutes=5).walk(session, A.PASS_REVIEW, A.PASS_CHECK, A.CLOSE)
        (told,) = followed(session, town, joiner, now=case.now)
    assert (told.report.status_text, told.report.result, len(told.report.photos)) == ("已结案", "已经修好", 1)
    assert told.report.closed_at == case.now
    shown = told.model_dump_json()
    for secret in (case.number, display(case.number), "三单元门口", "我家住三楼", "内部备注", own):
        assert secret not in shown


def test_the_page_goes_on_and_costs_the_same_however_long_it_is(town: Town) -> None:
    with town.database.transaction() as session:
        joiner = a_citizen(session)
        for minutes in range(5):
            case = at_status(session, town.world, S.CLOSED if minutes % 2 else S.SUBMITTED)
            if minutes % 2:
                continue
            joined(session, case.later(minutes=minutes), joiner)
            case.walk(session, *PATHS[S.CLOSED])
        counts, pages = [], []
        cursor = None
        for limit in (1, 2):
            with QueryRecorder(town.database) as recorder:
                page = list_followed(session, PageRequest(limit=limit, cursor=cursor), reader=reader(town, joiner))
            counts.append(len(recorder.statements))
            pages.append([each.joined_at for each in page.items])
            cursor = page.next_cursor
        assert pages == [[NOW + timedelta(minutes=4)], [NOW + timedelta(minutes=2), NOW]]
        assert cursor is None
        assert counts == [4, 4]


def test_everybody_learns_how_many_have_met_it_and_nobody_who(town: Town) -> None:
    with town.database.transaction() as session:
        master, merged, joiner = a_case(session, town.world), a_case(session, town.world), a_citizen(session)
        reporter, desk = master.people[R.CITIZEN], master.people[R.ACCEPTOR]
        assert seen(session, town, master, reporter).met_by == 0
        joined(session, master, joiner)
        joined(session, merged, joiner)  # the same person
        joined(session, merged, a_citizen(session))
        assert (seen(session, town, master, reporter).met_by, seen(session, town, merged, desk).met_by) == (1, 2)
        merged.do(session, A.MERGE, master=master.number)
        told = seen(session, town, master, reporter)
        assert told.met_by == 3  # two joiners and whoever reported it too
        assert seen(session, town, merged, merged.people[R.CITIZEN]).met_by == 3  # it is the same problem
        shown = seen(session, town, master, desk)
        assert isinstance(shown, ReportDetail)
        assert (shown.followers.count, shown.followers.joined, shown.met_by) == (1, 2, 3)
        assert str(joiner.user_id) not in told.model_dump_json(include={"met_by", "master", "timeline"})
        merged.do(session, A.UNMERGE)
        assert seen(session, town, master, reporter).met_by == 1


def test_a_joined_report_is_not_withdrawn_but_may_be_merged(town: Town) -> None:
    with town.database.transaction() as session:
        case, joiner = a_case(session, town.world), a_citizen(session)
        followed_id = joined(session, case, joiner)
        with pytest.raises(HasFollowers):
            case.do(session, A.WITHDRAW)
        master = a_case(session, town.world)
        assert case.do(session, A.MERGE, words.MergeBody(master=master.number)).status is S.MERGED
        # Whoever joined goes along, and back.
        master.walk(session, A.ACCEPT)
        assert [each.report.status for each in followed(session, town, joiner)] == [S.ACCEPTED]
        case.do(session, A.UNMERGE)
        assert [(each.report.status, each.is_merged) for each in followed(session, town, joiner)] == [
            (S.SUBMITTED, False)
        ]
        leave(session, followed_id, caller=joiner)
        assert case.do(session, A.WITHDRAW).status is S.WITHDRAWN


# News ----------------------------------------------------------------------------------------------------------------


def news(session: Session, by: Caller, *, since: Any = NOW) -> list[tuple[Action, bool]]:
    found = updates(session, since=since, caller=by, now=NOW + timedelta(hours=9)).items
    return [(each.action, each.is_followed) for each in found]


def test_the_joiner_hears_what_the_house_does_since_they_joined(town: Town) -> None:
    with town.database.transaction() as session:
        case, joiner = a_case(session, town.world), a_citizen(session)
        case.later(minutes=1).do(session, A.ACCEPT)
        followed_id = joined(session, case.later(minutes=1), joiner)
        case.later(minutes=1).do(session, A.FILE)
        case.later(minutes=1).do(session, A.SUPPLEMENT)
        case.later(minutes=1).do(session, A.NOTE)
        case.later(minutes=1).do(session, A.DISPATCH)
        told = updates(session, since=NOW, caller=joiner, now=NOW + timedelta(hours=1)).items
        assert [(each.number, each.followed_id, each.action) for each in told] == [
            (None, str(followed_id), A.FILE),
            (None, str(followed_id), A.DISPATCH),
        ]
        assert told[0].text == "您也遇到的问题：已立案"
        assert case.number not in str(told)
        assert news(session, joiner, since=told[0].at) == [(A.DISPATCH, True)]
        leave(session, followed_id, caller=joiner)
        assert news(session, joiner) == []


def test_the_joiner_hears_of_merging_the_masters_steps_and_unmerging(town: Town) -> None:
    with town.database.transaction() as session:
        master, case, joiner = a_case(session, town.world), a_case(session, town.world), a_citizen(session)
        joined(session, case, joiner)
        master.later(minutes=1).do(session, A.ACCEPT)  # before the two had to do with each other
        case.later(minutes=2).do(session, A.MERGE, master=master.number)
        master.later(minutes=2).do(session, A.FILE)
        assert news(session, joiner) == [(A.MERGE, True), (A.FILE, True)]
        case.later(minutes=3).do(session, A.UNMERGE)
        master.later(minutes=5).do(session, A.DISPATCH)
        case.later(minutes=5).do(session, A.ACCEPT)
        # Once it has gone its own way, the former master's steps are no news any more.
        assert news(session, joiner) == [(A.MERGE, True), (A.UNMERGE, True), (A.ACCEPT, True)]
        assert news(session, case.people[R.CITIZEN]) == [(A.MERGE, False), (A.UNMERGE, False), (A.ACCEPT, False)]


def test_more_news_than_fit_are_told_in_turns_and_none_is_lost(town: Town) -> None:
    with town.database.transaction() as session:
        joiner = a_citizen(session)
        wanted = MOST + 20
        desk = staff(session, R.ACCEPTOR)
        for minutes in range(wanted):
            case = a_case(session, town.world)
            joined(session, case, joiner)
            case.later(minutes=minutes + 1).do(session, A.ACCEPT, by=desk)
        late = NOW + timedelta(hours=9)
        first = updates(session, since=NOW, caller=joiner, now=late)
        rest = updates(session, since=first.next_since, caller=joiner, now=late)
        assert (len(first.items), len({each.followed_id for each in (*first.items, *rest.items)})) == (MOST, wanted)


# Cost ----------------------------------------------------------------------------------------------------------------


def test_reading_a_report_never_reads_who_has_joined_others(town: Town) -> None:
    """Told by the plan: with thousands of them, those of one report and its followers are looked up in an index."""
    with town.database.transaction() as session:
        case, joiner = a_case(session, town.world), a_citizen(session)
        report = case.report(session)
        others = [report.model_dump(exclude={"id"}) | {"number": f"x{each}"} for each in range(5_000)]
        session.execute(insert(Report), others)
        ids = session.exec(select(Report.id)).all()
        rows = [{"report_id": each, "user_id": joiner.user_id, "joined_at": NOW} for each in ids]
        session.execute(insert(Follower), rows)
        if town.database.dialect == "postgresql":  # which keeps statistics by itself; SQLite has none
            session.connection().exec_driver_sql("ANALYZE report, follower")
        connection = session.connection()
        statement = relatives_statement(report, caller=case.people[R.ACCEPTOR])
        sql = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
        explain = "EXPLAIN" if town.database.dialect == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {sql}"))
        assert relatives_of(session, report, caller=case.people[R.ACCEPTOR]).joined == 1
    assert "uq_follower_report_id_user_id" in plan or "autoindex_follower" in plan
    assert "Seq Scan on follower" not in plan
    assert "SCAN follower" not in plan
