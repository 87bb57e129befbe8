"""Sending what is probably there already: who is asked, what they are shown, and what the desk finds afterwards."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.domain.roles import Caller, Role
from app.domain.workflow import Action, Status
from app.journal.queries import entries_of
from app.media.budget import PhotoBudget
from app.media.images import inspect_and_render
from app.media.models import Photo
from app.media.refusals import PhotoNotFound
from app.reports.access import ReportNotFound
from app.reports.actions import schemas as words
from app.reports.actions.engine import Context
from app.reports.alike.finding import find_duplicates
from app.reports.alike.refusals import PossibleDuplicates
from app.reports.alike.schemas import DuplicatesRead
from app.reports.alike.tokens import report_of_token
from app.reports.models import Report
from app.reports.present import Reader
from app.reports.submit import submit
from tests.builders import DECISIVE_CATEGORY, NOW, Case, a_citizen, a_photo, a_report, people, staff, submission
from tests.builders_city import IN_LICUN, IN_ZHONGSHANLU, LICANG, ZHENHUALU
from tests.media.pictures import encoded
from tests.media.test_dhash import a_view
from tests.places.test_nearby import north_of
from tests.query_recorder import QueryRecorder
from tests.towns import Town

A, R = Action, Role
SECRET = b"for tests only"
PICTURE, ANOTHER, FLAT = "d8c84849d94f3f1f", "2a890e5e32f906d1", "0" * 16
MINE: dict[str, Any] = {"category": DECISIVE_CATEGORY, "duplicates_acknowledged": False}


def send(session: Session, town: Town, sender: Caller, *, hashes: Sequence[str] = (), **changes: Any) -> Report:
    """Send a report with photos of these hashes, by default without having seen what may be the same."""
    now = changes.pop("now", NOW)
    photos = [a_photo(session, sender) for _ in hashes or (None,)]
    for photo_id, dhash in zip(photos, hashes, strict=False):
        photo = session.get_one(Photo, photo_id)
        session.add(photo.sqlmodel_update({"dhash": dhash}))
    session.flush()
    body = submission(**MINE | {"photo_ids": photos} | changes)
    return submit(session, body, context=Context(sender, now, town.world), join_secret=SECRET)


def refused(session: Session, town: Town, sender: Caller | None = None, **changes: Any) -> list[dict[str, Any]]:
    """Return the candidates that a submission is refused with."""
    with pytest.raises(PossibleDuplicates) as refusal:
        send(session, town, sender or a_citizen(session), **changes)
    candidates: Any = refusal.value.facts["candidates"]
    found: list[dict[str, Any]] = candidates
    return found


def hash_of(data: bytes) -> str:
    return inspect_and_render(data, budget=PhotoBudget())[1].dhash


# At submission -------------------------------------------------------------------------------------------------------


def test_somebody_elses_is_shown_without_telling_whose_or_which(town: Town) -> None:
    with town.database.transaction() as session:
        there = a_report(
            session, town.world, category=DECISIVE_CATEGORY, description="我家门口", at=north_of(IN_LICUN, 23)
        )
        late = NOW + timedelta(minutes=47, seconds=11)
        sender = a_citizen(session)
        (shown,) = refused(session, town, sender, now=late)
        token = shown.pop("join_token")
        assert shown == {
            "number": None,
            "why": "near",
            "why_text": "位置相近",
            "distance_m": 20,
            "submitted_at": "2026-11-20T10:00:00+08:00",
            "status_text": "已派遣",
            "category": {"code": DECISIVE_CATEGORY, "name": "车辆乱停乱放"},
        }
        assert report_of_token(token, user_id=sender.user_id, secret=SECRET, now=late) == there.id
        assert session.exec(select(Report.id)).all() == [there.id]


def test_the_distance_told_is_that_of_a_square_of_ten_metres(town: Town) -> None:
    """Else whoever tries many points, with a photo that is none and nothing stored, would find the very doorstep."""
    with town.database.transaction() as session:
        for aside, days in ((-4, 0), (4, 40)):
            now = NOW + timedelta(days=days)
            a_report(session, town.world, category=DECISIVE_CATEGORY, at=north_of(IN_LICUN, aside), now=now)
            (near,) = refused(session, town, at=north_of(IN_LICUN, 18), now=now)
            (edge,) = refused(session, town, at=north_of(IN_LICUN, 49.9), now=now)
            assert (near["distance_m"], edge["distance_m"]) == (20, 50)
            with pytest.raises(PhotoNotFound):
                send(session, town, a_citizen(session), at=north_of(IN_LICUN, 50.1), now=now, photo_ids=["x" * 22])


def test_ones_own_is_shown_with_its_number_and_cannot_be_joined(town: Town) -> None:
    with town.database.transaction() as session:
        sender = a_citizen(session)
        first = send(session, town, sender)
        (shown,) = refused(session, town, sender)
        assert (shown["number"], shown["join_token"], shown["distance_m"]) == (first.number, None, 0)


def test_who_has_seen_them_sends_it_and_the_journal_says_how_many(town: Town) -> None:
    with town.database.transaction() as session:
        sender = a_citizen(session)
        alone = send(session, town, sender, duplicates_acknowledged=True)
        for metres in (5, 10):
            a_report(session, town.world, category=DECISIVE_CATEGORY, at=north_of(IN_LICUN, metres))
        assert len(refused(session, town, sender)) == 3
        again = send(session, town, sender, duplicates_acknowledged=True)
        facts = [entries_of(session, each.id or 0)[0].facts for each in (alone, again)]
        assert [each.get("duplicates_acknowledged") for each in facts] == [None, 3]


def test_at_most_ten_are_shown_and_all_are_counted(town: Town) -> None:
    with town.database.transaction() as session:
        for metres in range(13):
            a_report(session, town.world, category=DECISIVE_CATEGORY, at=north_of(IN_LICUN, metres))
        with pytest.raises(PossibleDuplicates) as refusal:
            send(session, town, a_citizen(session))
        candidates: Any = refusal.value.facts["candidates"]
        assert (refusal.value.facts["count"], len(candidates)) == (13, 10)


@pytest.mark.parametrize(
    "changes",
    [
        {"category": "sanitation"},
        {"category": None},
        {"at": north_of(IN_LICUN, 51)},
        {"now": NOW + timedelta(hours=6, seconds=1)},
    ],
)
def test_what_is_another_problem_is_taken_at_once(town: Town, changes: dict[str, Any]) -> None:
    with town.database.transaction() as session:
        send(session, town, a_citizen(session))
        assert send(session, town, a_citizen(session), **changes).id


@pytest.mark.parametrize("action", [A.WITHDRAW, A.MERGE])
def test_what_is_over_is_no_duplicate(town: Town, action: Action) -> None:
    with town.database.transaction() as session:
        crew = people(session)
        report = a_report(session, town.world, category="facilities", reporter=crew[R.CITIZEN])
        master = a_report(session, town.world, category="facilities", at=IN_ZHONGSHANLU)
        case = Case(town.world, report.number, crew, NOW)
        assert len(refused(session, town, category="facilities")) == 1
        body = words.MergeBody(master=master.number) if action is A.MERGE else None
        case.do(session, action, body)
        assert send(session, town, a_citizen(session), category="facilities").id


def test_an_inspector_is_asked_too_and_joins_nothing_and_a_service_is_not_asked(town: Town) -> None:
    with town.database.transaction() as session:
        send(session, town, a_citizen(session))
        (shown,) = refused(session, town, staff(session, R.INSPECTOR))
        assert (shown["join_token"], shown["number"]) == (None, None)
        assert send(session, town, staff(session, R.SERVICE)).id


def test_without_a_secret_nothing_can_be_joined(town: Town) -> None:
    with town.database.transaction() as session:
        send(session, town, a_citizen(session))
        sender = a_citizen(session)
        body = submission(**MINE, photo_ids=[a_photo(session, sender)])
        with pytest.raises(PossibleDuplicates) as refusal:
            submit(session, body, context=Context(sender, NOW, town.world))
        candidates: Any = refusal.value.facts["candidates"]
        assert candidates[0]["join_token"] is None


def test_a_report_across_the_border_of_the_street_counts_too(town: Town) -> None:
    border = (120.3968, 36.1610)
    with town.database.transaction() as session:
        west = send(session, town, a_citizen(session), at=(border[0] - 0.00018, border[1]))
        assert west.street_code == ZHENHUALU
        (shown,) = refused(session, town, at=(border[0] + 0.00018, border[1]))
        assert shown["distance_m"] == 30


def test_the_reach_is_the_categorys_own(town: Town) -> None:
    """施工问题 is heard 150 m away, 其他 says nothing about being one problem unless the picture is the same."""
    with town.database.transaction() as session:
        send(session, town, a_citizen(session), category="construction", at=north_of(IN_LICUN, 140))
        assert len(refused(session, town, category="construction")) == 1
        send(session, town, a_citizen(session), category="other", hashes=[PICTURE])
        assert send(session, town, a_citizen(session), category="other", hashes=[ANOTHER]).id
        (shown,) = refused(session, town, category="other", hashes=[PICTURE])
        assert shown["why"] == "same_photo"
        nowhere = replace(town.world, city=_with_reach(town, "construction", radius_m=0, photo_bits=-1))
        assert send(session, Town(town.database, nowhere), a_citizen(session), category="construction").id


def _with_reach(town: Town, code: str, **changes: Any) -> Any:
    city = town.world.city
    categories = tuple(
        replace(each, reach=replace(each.reach, **changes)) if each.code == code else each for each in city.categories
    )
    return replace(city, categories=categories)


# Photos --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hashes", "metres", "hours", "shown"),
    [
        ([PICTURE], 290, 600, ["same_photo"]),
        ([ANOTHER, "d8c84849d94f3f10"], 290, 600, ["same_photo"]),  # four bits of another picture
        ([ANOTHER], 290, 600, []),
        ([PICTURE], 310, 600, []),
        ([PICTURE], 290, 721, []),
        ([], 290, 600, []),
        ([PICTURE], 10, 1, ["same_photo"]),
        ([], 10, 1, ["near"]),
    ],
)
def test_one_picture_counts_further_away_and_longer(
    town: Town, hashes: list[str], metres: float, hours: float, shown: list[str]
) -> None:
    with town.database.transaction() as session:
        send(session, town, a_citizen(session), category="sanitation", hashes=[ANOTHER[::-1], PICTURE])
        changes: dict[str, Any] = {
            "category": "sanitation",
            "at": north_of(IN_LICUN, metres),
            "now": NOW + timedelta(hours=hours),
        }
        if shown:
            assert [each["why"] for each in refused(session, town, hashes=hashes, **changes)] == shown
        else:
            assert send(session, town, a_citizen(session), hashes=hashes, **changes).id


def test_flat_pictures_are_not_compared(town: Town) -> None:
    with town.database.transaction() as session:
        send(session, town, a_citizen(session), category="sanitation", hashes=[FLAT])
        at = north_of(IN_LICUN, 60)
        assert send(session, town, a_citizen(session), category="sanitation", hashes=[FLAT], at=at).id


def test_photos_of_a_result_are_not_what_was_reported(town: Town) -> None:
    with town.database.transaction() as session:
        crew = people(session)
        report = a_report(session, town.world, category="sanitation", reporter=crew[R.CITIZEN])
        photo = a_photo(session, crew[R.HANDLER])
        row = session.get_one(Photo, photo)
        session.add(row.sqlmodel_update({"dhash": PICTURE, "report_id": report.id}))
        session.flush()
        at = north_of(IN_LICUN, 60)
        assert send(session, town, a_citizen(session), category="sanitation", hashes=[PICTURE], at=at).id


def test_somebody_elses_photo_tells_nothing(town: Town) -> None:
    """Its id may be guessed, but then the answer must be the same whatever it shows."""
    with town.database.transaction() as session:
        send(session, town, a_citizen(session), category="sanitation", hashes=[PICTURE])
        owner, sender = a_citizen(session), a_citizen(session)
        photo = session.get_one(Photo, a_photo(session, owner))
        session.add(photo.sqlmodel_update({"dhash": PICTURE}))
        session.flush()
        changes: dict[str, Any] = {"category": "sanitation", "at": north_of(IN_LICUN, 60), "photo_ids": [photo.id]}
        with pytest.raises(Exception, match="PHOTO_NOT_FOUND"):
            send(session, town, sender, **changes)


@pytest.mark.parametrize("seed", range(3))
def test_real_pictures_cut_and_squeezed_are_one_and_other_pictures_are_not(town: Town, seed: int) -> None:
    """The hashes are those that an upload gets: rendered from real JPEGs."""
    image = a_view(seed)
    width, height = image.size
    squeezed = encoded(image.resize((width // 3, height // 3)), quality=45)
    cut = encoded(image.crop((width // 100, height // 100, width - width // 100, height - height // 100)), quality=80)
    with town.database.transaction() as session:
        send(session, town, a_citizen(session), category="sanitation", hashes=[hash_of(encoded(image))])
        changes: dict[str, Any] = {"category": "sanitation", "at": north_of(IN_LICUN, 120)}
        for data in (squeezed, cut):
            (shown,) = refused(session, town, hashes=[hash_of(data)], **changes)
            assert shown["why"] == "same_photo"
        other = hash_of(encoded(a_view(seed + 10)))
        assert send(session, town, a_citizen(session), hashes=[other], **changes).id


# What it costs -------------------------------------------------------------------------------------------------------


def test_looking_costs_one_statement_and_photos_two_more_only_when_there_is_something_near(town: Town) -> None:
    with town.database.transaction() as session:
        a_citizen(session)
    counts = []
    for hashes, category in (
        ([PICTURE], None),
        ([PICTURE], "sanitation"),
        ([PICTURE], "sanitation"),
        ([], "sanitation"),
    ):
        with town.database.transaction() as session:
            sender = a_citizen(session)
            photo = a_photo(session, sender)
            session.add(session.get_one(Photo, photo).sqlmodel_update({"dhash": next(iter(hashes), None)}))
            session.flush()
            body = submission(category=category, photo_ids=[photo])
            with QueryRecorder(town.database) as recorder:
                submit(session, body, context=Context(sender, NOW, town.world))
        looked = [each for each in recorder.statements if each.lstrip().startswith("SELECT")]
        counts.append((len(looked), len(recorder.statements) <= 12))
    first = counts[0][0]
    assert counts == [(first, True), (first + 1, True), (first + 3, True), (first + 2, True)]


# For the desk --------------------------------------------------------------------------------------------------------


def found(session: Session, town: Town, number: str, by: Caller, *, now: Any = NOW) -> DuplicatesRead:
    return find_duplicates(session, number, reader=Reader(by, now, town.world, SECRET))


def test_the_desk_sees_which_they_are_how_far_and_why(town: Town) -> None:
    known: dict[str, Any] = {"duplicates_acknowledged": True, "category": "facilities"}
    with town.database.transaction() as session:
        desk = staff(session, R.ACCEPTOR)
        master = send(session, town, a_citizen(session), at=north_of(IN_LICUN, 31), **known)
        asked = send(session, town, a_citizen(session), hashes=[PICTURE], **known, now=NOW + timedelta(days=3))
        same = send(session, town, a_citizen(session), hashes=[PICTURE], at=north_of(IN_LICUN, 210), **known)
        later = NOW + timedelta(days=9)
        last = send(session, town, a_citizen(session), hashes=[ANOTHER], at=north_of(IN_LICUN, 3), **known, now=later)
        merged = Case(town.world, asked.number, people(session), NOW + timedelta(days=4))
        merged.do(session, A.MERGE, master=master.number)
        told = found(session, town, asked.number, desk, now=later).items
        assert [(each.report.number, each.why.value, each.distance_m, each.photo_bits) for each in told] == [
            (same.number, "same_photo", 210, 0),
            (last.number, "near", 3, 34),
            (master.number, "near", 31, None),
        ]
        assert [(each.follower_count, each.is_master) for each in told] == [(0, False), (0, False), (1, True)]
        # The merged one is over, and whoever asks about another does not find it.
        assert asked.number not in {each.report.number for each in found(session, town, last.number, desk).items}


def test_the_desk_finds_only_what_it_sees_at_work(town: Town) -> None:
    border = (120.3968, 36.1610)
    with town.database.transaction() as session:
        here = staff(session, R.ACCEPTOR, area_code=LICANG)
        both = staff(session, R.ACCEPTOR, R.CITIZEN, area_code=ZHENHUALU)
        east = send(session, town, both, at=(border[0] + 0.00018, border[1]), duplicates_acknowledged=True)
        west = send(
            session, town, a_citizen(session), at=(border[0] - 0.00018, border[1]), duplicates_acknowledged=True
        )
        assert [each.report.number for each in found(session, town, east.number, here).items] == [west.number]
        street = staff(session, R.ACCEPTOR, area_code=ZHENHUALU)
        assert found(session, town, west.number, street).items == []
        # What they have sent themselves elsewhere is not their desk's.
        assert found(session, town, west.number, both).items == []
        for caller in (street, both):
            with pytest.raises(ReportNotFound):
                found(session, town, east.number, caller)


def test_a_report_without_a_category_has_no_duplicates(town: Town) -> None:
    with town.database.transaction() as session:
        numbers = [a_report(session, town.world).number for _ in range(2)]
        assert found(session, town, numbers[0], staff(session, R.ACCEPTOR)).items == []


def test_finding_costs_the_same_however_many_there_are(town: Town) -> None:
    with town.database.transaction() as session:
        desk = staff(session, R.ACCEPTOR)
        counts = []
        for many in (2, 20):
            at = north_of(IN_LICUN, 1_000 if many > 2 else 0)
            numbers = [
                send(session, town, a_citizen(session), hashes=[PICTURE], at=at, duplicates_acknowledged=True).number
                for _ in range(many)
            ]
            with QueryRecorder(town.database) as recorder:
                assert len(found(session, town, numbers[0], desk).items) == many - 1
            counts.append(len(recorder.statements))
        assert counts[0] == counts[1] <= 6
        statuses = session.exec(select(col(Report.status)).distinct()).all()
        assert statuses == [Status.DISPATCHED]
