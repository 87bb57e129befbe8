"""Words beside the way: supplements by the reporter, notes among staff; they move nothing, and each has its readers."""

from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlmodel import Session

from app.domain.roles import Caller, Role
from app.domain.workflow import BESIDE, TERMINAL, Action, IllegalTransition, RoleMayNot, Status
from app.journal.queries import entries_of, texts_of
from app.media.refusals import PhotoNotFound
from app.reports.access import ReportNotFound
from app.reports.actions import schemas as words
from app.reports.actions.beside import MOST_NOTES, MOST_PHOTOS, MOST_SUPPLEMENTS
from app.reports.errors import NotesFull, NothingToAdd, SupplementsFull
from app.reports.present import Reader, read
from app.reports.schemas import ReportRead
from app.reports.updates import updates
from app.sla.timers import timers_of
from tests.builders import NOW, PATHS, Case, a_case, a_citizen, a_photo, a_report, at_status, staff
from tests.builders_city import SHINAN
from tests.towns import Town

A, R, S = Action, Role, Status


def seen(session: Session, case: Case, by: Caller) -> ReportRead:
    return read(session, case.report(session), reader=Reader(by, case.now, case.world, b"for tests only"))


@pytest.mark.parametrize("action", sorted(BESIDE, key=str))
@pytest.mark.parametrize("status", sorted(set(PATHS) - TERMINAL, key=str))
def test_words_move_nothing(town: Town, status: Status, action: Action) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, status)
        report = case.report(session)
        report.lease_owner_id, report.lease_until = staff(session, R.ACCEPTOR).user_id, NOW + timedelta(hours=1)
        session.add(report)
        session.flush()
        before = report.model_dump(exclude={"changed_at", "journal_seq", "journal_hash"})
        timers = [timer.model_dump() for timer in timers_of(session, report.id or 0)]
        case.later(minutes=1).do(session, action)
        assert report.model_dump(exclude={"changed_at", "journal_seq", "journal_hash"}) == before
        assert [timer.model_dump() for timer in timers_of(session, report.id or 0)] == timers
        assert report.changed_at == case.now
        last = entries_of(session, report.id or 0)[-1]
        assert (last.from_status, last.to_status, last.holder) == (status, status, report.holder)


# Supplements --------------------------------------------------------------------------------------------------------


def test_a_supplement_is_read_by_staff_and_by_who_sent_it(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        citizen = case.people[R.CITIZEN]
        photos = [a_photo(session, citizen) for _ in range(2)]
        case.later(minutes=1).do(session, A.SUPPLEMENT, text="在树后面", photo_ids=photos)
        for reader in (citizen, case.people[R.HANDLER], case.people[R.DISPATCHER]):
            shown = seen(session, case, reader)
            assert (shown.timeline[-1].action, shown.timeline[-1].note) == (A.SUPPLEMENT, "在树后面")
            assert {photo.photo_id for photo in shown.photos} >= set(photos)
        news = updates(session, since=NOW, caller=citizen, now=case.now).items
        assert [each.action for each in news] == [A.SUPPLEMENT]


def test_a_supplement_says_or_shows_something(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        with pytest.raises(NothingToAdd):
            case.do(session, A.SUPPLEMENT, text=" \n ")
        photo = a_photo(session, case.people[R.CITIZEN])
        report = case.do(session, A.SUPPLEMENT, text="", photo_ids=[photo])
        assert entries_of(session, report.id or 0)[-1].facts == {"photos": 1, "photo_ids": [photo]}
        assert report.journal_seq not in texts_of(session, report.id or 0)


def test_a_supplement_is_bounded_in_words_photos_and_number(town: Town) -> None:
    with pytest.raises(ValidationError):
        words.SupplementBody(text="长" * 1001)
    with pytest.raises(ValidationError):
        words.SupplementBody(photo_ids=["x"] * 10)
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        citizen = case.people[R.CITIZEN]
        for many in (9, 9, 8):  # one came with the report
            case.do(session, A.SUPPLEMENT, photo_ids=[a_photo(session, citizen) for _ in range(many)])
        with pytest.raises(SupplementsFull) as refused:
            case.do(session, A.SUPPLEMENT, photo_ids=[a_photo(session, citizen)])
        assert refused.value.facts == {"most": MOST_SUPPLEMENTS, "most_photos": MOST_PHOTOS}
        for _ in range(MOST_SUPPLEMENTS - 3):
            case.do(session, A.SUPPLEMENT)
        with pytest.raises(SupplementsFull):
            case.do(session, A.SUPPLEMENT)


def test_photos_of_the_unit_take_no_room_of_the_reporters(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.walk(session, A.RESOLVE, A.REWORK)
        for many in (9, 9, 8):
            case.do(session, A.SUPPLEMENT, photo_ids=[a_photo(session, case.people[R.CITIZEN]) for _ in range(many)])
        assert len(seen(session, case, case.people[R.CITIZEN]).photos) == MOST_PHOTOS + 1


def test_only_the_reporter_supplements_with_photos_of_their_own(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        stranger = a_citizen(session)
        with pytest.raises(ReportNotFound):
            case.do(session, A.SUPPLEMENT, by=stranger)
        for role in (R.ACCEPTOR, R.INSPECTOR, R.SUPERVISOR):
            with pytest.raises(RoleMayNot):
                case.do(session, A.SUPPLEMENT, by=role)
        with pytest.raises(PhotoNotFound):
            case.do(session, A.SUPPLEMENT, photo_ids=[a_photo(session, stranger)])


@pytest.mark.parametrize("status", sorted(TERMINAL, key=str))
def test_nothing_is_added_to_what_is_over(town: Town, status: Status) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, status)
        with pytest.raises(IllegalTransition):
            case.do(session, A.SUPPLEMENT)


def test_a_hotline_adds_to_its_own_report_although_a_colleague_holds_it(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        hotline = case.people[R.SERVICE]
        report = a_report(session, town.world, reporter=hotline, photos=0)
        report.lease_owner_id, report.lease_until = case.people[R.ACCEPTOR].user_id, NOW + timedelta(minutes=10)
        session.add(report)
        session.flush()
        own = Case(case.world, report.number, case.people, NOW)
        assert own.do(session, A.SUPPLEMENT, by=R.SERVICE).lease_owner_id == case.people[R.ACCEPTOR].user_id


# Notes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", sorted(PATHS, key=str))
def test_staff_note_something_whatever_the_status(town: Town, status: Status) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, status)
        case.do(session, A.NOTE, text="电话里说急")
        assert seen(session, case, case.people[R.ACCEPTOR]).timeline[-1].note == "电话里说急"


def test_a_note_is_for_everybody_at_work_and_never_for_the_reporter(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(minutes=1).do(session, A.NOTE, by=R.HANDLER, text="门锁着")
        case.later(minutes=1).do(session, A.NOTE, by=R.ACCEPTOR, text="已联系物业")
        for role in (R.UNIT_LEAD, R.SUPERVISOR, R.INSPECTOR):
            assert [step.note for step in seen(session, case, case.people[role]).timeline[-2:]] == [
                "门锁着",
                "已联系物业",
            ]
        citizen = case.people[R.CITIZEN]
        assert "物业" not in seen(session, case, citizen).model_dump_json()
        assert A.NOTE not in {step.action for step in seen(session, case, citizen).timeline}
        assert updates(session, since=NOW, caller=citizen, now=case.now).items == []


def test_who_does_not_work_on_it_notes_nothing(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        for stranger in (staff(session, R.UNIT_LEAD), staff(session, R.DISPATCHER, area_code=SHINAN)):
            with pytest.raises(ReportNotFound):
                case.do(session, A.NOTE, by=stranger)
        with pytest.raises(RoleMayNot):
            case.do(session, A.NOTE, by=R.CITIZEN)


def test_a_note_has_words_and_a_report_takes_two_hundred(town: Town) -> None:
    for nothing in ("", " ", "\n\t"):
        with pytest.raises(ValidationError):
            words.RemarkBody(text=nothing)
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        for _ in range(MOST_NOTES):
            case.do(session, A.NOTE)
        with pytest.raises(NotesFull) as refused:
            case.do(session, A.NOTE)
        assert refused.value.facts == {"most": MOST_NOTES}
