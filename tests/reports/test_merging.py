"""One problem reported twice: a report follows its master, without chains, and goes its own way again."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from app.domain.report_number import InvalidReportNumber, display
from app.domain.roles import Caller, Role
from app.domain.workflow import TERMINAL, Action, Status
from app.journal.queries import entries_of
from app.reports.access import LeasedByAnother, ReportNotFound, get_visible
from app.reports.actions import schemas as words
from app.reports.actions.engine import Context
from app.reports.actions.verbs import perform
from app.reports.errors import HasFollowers, MasterClosed, MasterIsMerged, MasterIsSelf, MasterNotFound
from app.reports.followers import MOST_SHOWN
from app.reports.present import Reader, read
from app.reports.schemas import ReportDetail, ReportRead
from app.reports.updates import updates
from tests.builders import NOW, PATHS, SQUAD, Case, a_case, a_citizen, a_photo, a_report, at_status, staff
from tests.builders_city import IN_ZHONGSHANLU, LICANG
from tests.towns import Town

A, R, S = Action, Role, Status
SECRET = b"for tests only"


def followed(session: Session, town: Town, *, status: Status = S.DISPATCHED) -> tuple[Case, Case]:
    """Return a master at a status, and a report that has followed it from before."""
    master = a_case(session, town.world, description="三单元门口")
    follower = a_case(session, town.world)
    follower.do(session, A.MERGE, master=master.number)
    master.walk(session, *PATHS[status])
    return master, follower


def seen(session: Session, case: Case, by: Caller) -> ReportRead:
    return read(session, case.report(session), reader=Reader(by, case.now, case.world, SECRET))


# What is refused ---------------------------------------------------------------------------------------------------


def test_a_report_does_not_follow_itself(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        for written in (case.number, display(case.number)):
            with pytest.raises(MasterIsSelf):
                case.do(session, A.MERGE, master=written)


def test_the_master_is_one_that_the_caller_may_accept(town: Town) -> None:
    with town.database.transaction() as session:
        here, elsewhere = a_case(session, town.world), a_report(session, town.world, at=IN_ZHONGSHANLU)
        acceptor = staff(session, R.ACCEPTOR, area_code=LICANG)
        with pytest.raises(MasterNotFound):
            here.do(session, A.MERGE, by=acceptor, master=elsewhere.number)
        # Nor one that they see only because they have sent it.
        both = staff(session, R.CITIZEN, R.ACCEPTOR, area_code=LICANG)
        own = a_report(session, town.world, reporter=both, at=IN_ZHONGSHANLU)
        with pytest.raises(MasterNotFound):
            here.do(session, A.MERGE, by=both, master=own.number)
        with pytest.raises(InvalidReportNumber):
            here.do(session, A.MERGE, master="261120360000000000")
        assert here.do(session, A.MERGE, master=elsewhere.number).status is S.MERGED


@pytest.mark.parametrize("status", sorted(TERMINAL - {S.MERGED}, key=str))
def test_nobody_follows_what_is_over(town: Town, status: Status) -> None:
    with town.database.transaction() as session:
        master = at_status(session, town.world, status)
        with pytest.raises(MasterClosed):
            a_case(session, town.world).do(session, A.MERGE, master=master.number)


@pytest.mark.parametrize("status", sorted(set(PATHS) - TERMINAL, key=str))
def test_anything_open_can_be_followed(town: Town, status: Status) -> None:
    with town.database.transaction() as session:
        master = at_status(session, town.world, status)
        before = master.report(session).model_dump()
        assert a_case(session, town.world).do(session, A.MERGE, master=master.number).status is S.MERGED
        session.expire_all()
        assert master.report(session).model_dump() == before


def test_no_chain_is_made_from_either_end(town: Town) -> None:
    with town.database.transaction() as session:
        master, follower = followed(session, town)
        third = a_case(session, town.world)
        with pytest.raises(MasterIsMerged):
            third.do(session, A.MERGE, master=follower.number)
        with pytest.raises(HasFollowers):
            master.do(session, A.MERGE, master=third.number)
        # A star is fine.
        assert third.do(session, A.MERGE, master=master.number).status is S.MERGED


def test_a_master_is_not_withdrawn_from_under_its_followers(town: Town) -> None:
    with town.database.transaction() as session:
        master, follower = followed(session, town)
        with pytest.raises(HasFollowers):
            master.do(session, A.WITHDRAW)
        follower.do(session, A.UNMERGE)
        assert master.do(session, A.WITHDRAW).status is S.WITHDRAWN


def test_a_colleagues_lease_keeps_the_follower_but_not_the_master(town: Town) -> None:
    with town.database.transaction() as session:
        master, follower = a_case(session, town.world), a_case(session, town.world)
        colleague = staff(session, R.ACCEPTOR)
        for case in (master, follower):
            report = case.report(session)
            report.lease_owner_id, report.lease_until = colleague.user_id, NOW + timedelta(minutes=10)
            session.add(report)
        session.flush()
        with pytest.raises(LeasedByAnother):
            follower.do(session, A.MERGE, master=master.number)
        assert follower.do(session, A.MERGE, by=colleague, master=master.number).lease_owner_id is None
        assert master.report(session).lease_owner_id == colleague.user_id


# What becomes of the follower ---------------------------------------------------------------------------------------


def test_nobody_holds_a_follower_and_its_start_is_kept(town: Town) -> None:
    with town.database.transaction() as session:
        master = a_case(session, town.world)
        follower = at_status(session, town.world, S.HANDLING)
        follower.walk(session, A.ASSIGN, A.SUBMIT_RESULT)
        lead = follower.people[R.UNIT_LEAD]
        report = follower.later(minutes=20).do(session, A.MERGE, master=master.number)
        assert (report.status, report.holder, report.unit_code, report.handler_id) == (S.MERGED, None, None, None)
        assert (report.due_at, report.handle_due_at, report.closing_due_at) == (None, None, None)
        assert (report.submitted_at, report.has_result) == (NOW, False)
        assert entries_of(session, report.id or 0)[-1].facts == {"master": master.number, "unit": SQUAD}
        with pytest.raises(ReportNotFound):
            get_visible(session, follower.number, caller=lead)


def test_unmerging_begins_anew_with_the_rules_proposal(town: Town) -> None:
    with town.database.transaction() as session:
        master = a_case(session, town.world)
        follower = at_status(session, town.world, S.RETURNED)
        follower.do(session, A.MERGE, master=master.number)
        report = follower.later(minutes=30).do(session, A.UNMERGE)
        assert (report.status, report.holder, report.master_id) == (S.SUBMITTED, "acceptance", None)
        assert (report.accepted_at, report.dispatched_at, report.signed_at) == (None, None, None)
        assert report.submitted_at == NOW
        # The squad has returned it, so the rules' choice is not proposed again.
        assert report.routing["unit"] == SQUAD
        assert report.proposed_unit_code != SQUAD
        again = follower.walk(session, A.ACCEPT, A.FILE)
        assert again.accepted_at == follower.now


def test_a_report_may_follow_another_after_it_was_unmerged(town: Town) -> None:
    with town.database.transaction() as session:
        first, second, follower = (a_case(session, town.world) for _ in range(3))
        follower.do(session, A.MERGE, master=first.number)
        follower.do(session, A.UNMERGE)
        report = follower.do(session, A.MERGE, master=second.number)
        assert report.master_id == second.report(session).id
        assert first.do(session, A.WITHDRAW).status is S.WITHDRAWN


# What the follower's reporter learns --------------------------------------------------------------------------------


def test_the_follower_learns_the_masters_result_and_nothing_of_its_reporter(town: Town) -> None:
    with town.database.transaction() as session:
        master, follower = followed(session, town, status=S.HANDLING)
        citizen = follower.people[R.CITIZEN]
        master.later(minutes=5).do(session, A.SUPPLEMENT, text="我家住三楼")
        waiting = seen(session, follower, citizen).master
        assert waiting is not None
        assert (waiting.status, waiting.result, waiting.photos, waiting.feedback_at) == (S.HANDLING, None, [], None)
        master.later(minutes=5).do(session, A.SUBMIT_RESULT)
        master.later(minutes=5).do(session, A.NOTE, text="内部备注")
        master.later(minutes=5).do(session, A.RESOLVE, result="已经修好")
        master.later(minutes=5).walk(session, A.PASS_REVIEW, A.PASS_CHECK, A.CLOSE)
        told = seen(session, follower, citizen)
    assert told.master is not None
    assert (told.master.result, len(told.master.photos)) == ("已经修好", 2)  # the handler's and the lead's
    assert told.master.unit_name == town.world.city.units[SQUAD].name
    assert (told.master.status_text, told.master.closed_at) == ("已结案", master.now)
    shown = told.model_dump_json()
    for secret in (master.number, "三单元门口", "我家住三楼", "内部备注", display(master.number)):
        assert secret not in shown
    assert told.status is S.MERGED


def test_a_result_that_was_sent_back_is_not_shown_to_followers(town: Town) -> None:
    with town.database.transaction() as session:
        master, follower = followed(session, town, status=S.HANDLING)
        master.later(minutes=1).do(session, A.RESOLVE)
        master.later(minutes=1).do(session, A.REWORK)
        told = seen(session, follower, follower.people[R.CITIZEN]).master
        assert told is not None
        assert (told.result, told.photos, told.feedback_at) == (None, [], NOW + timedelta(minutes=1))
        master.later(minutes=1).do(session, A.RESOLVE, result="这次真的好了")
        told = seen(session, follower, follower.people[R.CITIZEN]).master
        assert told is not None
        assert (told.result, len(told.photos)) == ("这次真的好了", 1)


def test_a_reopened_masters_result_is_shown_no_more(town: Town) -> None:
    with town.database.transaction() as session:
        master, follower = followed(session, town, status=S.CLOSED)
        master.walk(session, A.REQUEST_REOPEN)
        citizen = follower.people[R.CITIZEN]
        before = seen(session, follower, citizen).master
        assert before is not None
        assert before.result == "已清理"
        master.walk(session, A.ACCEPT_REOPEN)
        told = seen(session, follower, citizen).master
        assert told is not None
        assert (told.status, told.result, told.photos, told.closed_at) == (S.FILED, None, [], None)


def test_a_photo_of_the_masters_reporter_is_never_taken_for_the_result(town: Town) -> None:
    """Even if it came at the very instant of the result."""
    with town.database.transaction() as session:
        master, follower = followed(session, town, status=S.HANDLING)
        own = a_photo(session, master.people[R.CITIZEN])
        master.later(minutes=1).do(session, A.SUPPLEMENT, photo_ids=[own])
        master.do(session, A.RESOLVE)
        told = seen(session, follower, follower.people[R.CITIZEN]).master
        assert told is not None
        assert len(told.photos) == 1
        assert own not in told.model_dump_json()


@pytest.mark.parametrize(("action", "shown"), [(A.REJECT, "不予受理"), (A.VOID, "已作废")])
def test_the_follower_sees_that_the_master_came_to_nothing(town: Town, action: Action, shown: str) -> None:
    with town.database.transaction() as session:
        master, follower = followed(session, town, status=S.SUBMITTED)
        master.do(session, action)
        told = seen(session, follower, follower.people[R.CITIZEN])
        assert told.master is not None
        assert (told.master.status_text, told.status_text) == (shown, "已并案")


def test_the_masters_steps_are_news_under_the_followers_number(town: Town) -> None:
    with town.database.transaction() as session:
        master, follower, other = (a_case(session, town.world) for _ in range(3))
        master.later(minutes=1).walk(session, A.ACCEPT)
        follower.later(minutes=2).do(session, A.MERGE, master=master.number)
        master.later(minutes=2).walk(session, A.FILE)
        master.later(minutes=1).do(session, A.SUPPLEMENT)
        master.later(minutes=1).do(session, A.NOTE)
        master.later(minutes=1).walk(session, A.DISPATCH)

        def news(case: Case, since: int) -> list[tuple[str | None, Action, bool]]:
            asked = NOW + timedelta(minutes=since)
            found = updates(session, since=asked, caller=case.people[R.CITIZEN], now=NOW + timedelta(hours=1)).items
            return [(each.number, each.action, each.is_followed) for each in found]

        number = follower.number
        # Accepting happened before the merge, supplements and notes are nobody else's business.
        assert news(follower, 0) == [(number, A.MERGE, False), (number, A.FILE, True), (number, A.DISPATCH, True)]
        assert news(follower, 3) == [(number, A.DISPATCH, True)]
        assert news(other, 0) == []
        follower.later(minutes=10).do(session, A.UNMERGE)
        assert news(follower, 3) == [(number, A.UNMERGE, False)]


def test_news_of_a_former_master_are_no_news(town: Town) -> None:
    with town.database.transaction() as session:
        first, second, follower = (a_case(session, town.world) for _ in range(3))
        second.later(minutes=2).do(session, A.ACCEPT)
        follower.later(minutes=1).do(session, A.MERGE, master=first.number)
        follower.later(minutes=1).do(session, A.UNMERGE)
        follower.later(minutes=1).do(session, A.MERGE, master=second.number)
        first.later(minutes=4).do(session, A.ACCEPT)
        second.later(minutes=3).do(session, A.FILE)
        found = updates(session, since=NOW, caller=follower.people[R.CITIZEN], now=NOW + timedelta(hours=1)).items
        assert [(each.action, each.is_followed) for each in found] == [
            (A.MERGE, False),
            (A.UNMERGE, False),
            (A.MERGE, False),
            (A.FILE, True),
        ]


def test_staff_see_who_follows_whom(town: Town) -> None:
    with town.database.transaction() as session:
        master, follower = followed(session, town)
        acceptor = master.people[R.ACCEPTOR]
        on_master, on_follower = seen(session, master, acceptor), seen(session, follower, acceptor)
    assert isinstance(on_master, ReportDetail)
    assert isinstance(on_follower, ReportDetail)
    assert (on_master.followers.count, on_master.followers.numbers) == (1, [follower.number])
    assert (on_master.master_number, on_follower.master_number) == (None, master.number)
    assert (on_follower.followers.count, on_follower.followers.numbers) == (0, [])


def test_of_many_followers_the_first_fifty_are_named_and_all_are_counted(town: Town) -> None:
    with town.database.transaction() as session:
        master, sender = a_case(session, town.world), a_citizen(session)
        acceptor = master.people[R.ACCEPTOR]
        numbers = []
        for second in range(MOST_SHOWN + 3):
            now = NOW + timedelta(seconds=second)
            numbers.append(a_report(session, town.world, reporter=sender, now=now).number)
            context = Context(acceptor, now, town.world)
            body = words.MergeBody(master=master.number)
            perform(session, numbers[-1], A.MERGE, body, version=None, context=context)
        detail = seen(session, master, acceptor)
    assert isinstance(detail, ReportDetail)
    assert (detail.followers.count, detail.followers.numbers) == (MOST_SHOWN + 3, numbers[:MOST_SHOWN])


def test_a_draft_that_was_merged_away_is_never_given_to_anybody(town: Town) -> None:
    """What a handler had proposed was dropped with the merge; the result of whoever handles it later is another."""
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        draft = a_photo(session, case.people[R.HANDLER])
        case.later(minutes=1).do(session, A.SUBMIT_RESULT, photo_ids=[draft])
        master = a_case(session, town.world)
        case.later(minutes=1).do(session, A.MERGE, master=master.number)
        for action in (A.UNMERGE, A.ACCEPT, A.FILE, A.DISPATCH, A.SIGN, A.RESOLVE):
            case.later(minutes=1).do(session, action)
        shown = {photo.photo_id for photo in seen(session, case, case.people[R.CITIZEN]).photos}
        everything = {photo.photo_id for photo in seen(session, case, case.people[R.DISPATCHER]).photos}
    assert draft in everything - shown
    assert len(shown) == 2


def test_another_districts_reports_are_counted_and_not_named(town: Town) -> None:
    with town.database.transaction() as session:
        master = a_case(session, town.world)
        follower = a_case(session, town.world, at=IN_ZHONGSHANLU)
        follower.do(session, A.MERGE, master=master.number)
        here = seen(session, master, staff(session, R.ACCEPTOR, area_code=LICANG))
        city = seen(session, master, staff(session, R.ACCEPTOR))
    assert isinstance(here, ReportDetail)
    assert isinstance(city, ReportDetail)
    assert (here.followers.count, here.followers.numbers) == (1, [])
    assert (city.followers.count, city.followers.numbers) == (1, [follower.number])
