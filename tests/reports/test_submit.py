"""Taking a report in: who may, what it needs, where it goes by itself and where it waits."""

from typing import Any

import pytest
from sqlmodel import Session, select

from app.city.snapshot import OutOfArea, UnknownCategory
from app.domain.gcj02 import BadCoordinate, Datum, distance_m, wgs84_to_gcj02
from app.domain.roles import Role
from app.domain.routing.rules import FALLBACK_RULE
from app.domain.workflow import Action, Desk, Status
from app.journal.models import JournalEntry
from app.journal.queries import entries_of
from app.media.queries import photos_of
from app.media.refusals import PhotoNotFound, PhotoTaken
from app.reports.actions.engine import Context
from app.reports.errors import NothingToSay, NumberTaken, PhotoRequired
from app.reports.models import LocationSource, Report, Source
from app.reports.schemas import Location
from app.reports.submit import submit
from app.sla.models import Timer
from tests.builders import (
    DECISIVE_CATEGORY,
    NOW,
    SQUAD,
    a_citizen,
    a_photo,
    a_report,
    at_status,
    staff,
    submission,
)
from tests.builders_city import AT_SEA, IN_LICUN, LICUN
from tests.query_recorder import QueryRecorder
from tests.towns import Town

BESIDE_LICUN = (120.4350, 36.1602)
"""Some hundred metres east of 李村街道: in no cell, but near one."""


def journal(session: Session, report: Report) -> list[JournalEntry]:
    return list(entries_of(session, report.id or 0))


def test_a_decisive_rule_dispatches_at_once_and_every_step_names_it(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world, category=DECISIVE_CATEGORY)
        entries = journal(session, report)
    assert (report.status, report.unit_code, report.holder) == (Status.DISPATCHED, SQUAD, SQUAD)
    assert report.accepted_at == report.dispatched_at == report.submitted_at == NOW
    assert [(entry.action, entry.from_status, entry.to_status) for entry in entries] == [
        (Action.SUBMIT, None, Status.SUBMITTED),
        (Action.ACCEPT, Status.SUBMITTED, Status.ACCEPTED),
        (Action.FILE, Status.ACCEPTED, Status.FILED),
        (Action.DISPATCH, Status.FILED, Status.DISPATCHED),
    ]
    assert [entry.actor_kind for entry in entries] == ["user", "rule", "rule", "rule"]
    assert [entry.holder for entry in entries] == ["acceptance", "acceptance", "dispatch", SQUAD]
    for entry in entries[1:]:
        assert entry.facts["rule"] == report.rule_key == "class-09009"
        assert entry.facts["rule_set"] == "default-2"
        assert entry.facts["basis"]
    assert entries[3].facts["unit_name"] == town.world.city.units[SQUAD].name
    assert entries[2].facts["limit"] == "2"


def test_the_reason_is_kept_with_the_report(town: Town) -> None:
    answers = {"place_type": "pavement"}
    with town.database.transaction() as session:
        report = a_report(session, town.world, category=DECISIVE_CATEGORY, answers=answers)
    of_class = {"criterion": "class", "value": "09009", "name": "机动车乱停放"}
    squad = town.world.city.units[SQUAD].name
    assert report.routing == {
        "rule_set": "default-2",
        "effective_from": NOW.isoformat(),
        "editor": "suishoupai",
        "decided_at": NOW.isoformat(),
        "rule": "parking-on-pavement",
        "basis": "人行道上的机动车乱停放由城市管理（综合执法）查处；通行做法",
        "powers": "ordinary",
        "matched": [of_class, {"criterion": "place_type", "value": "pavement", "name": "人行道上"}],
        "then": {
            "chain": [],
            "role": "enforcement_squad",
            "unit": "",
            "unit_name": "",
            "assisting_names": [],
            "assisting_roles": [],
        },
        "unit": SQUAD,
        "unit_name": squad,
        "unit_area": "李村街道",
        "resolved_by": "role",
        "component": "",
        "jurisdiction": "",
        "jurisdictions": [],
        "assisting": [],
        "assisting_names": [],
        "limit": "",
        "priority": 0,
        "auto_dispatch": True,
        "passed_over": [
            {
                "key": "class-09009",
                "unit": SQUAD,
                "unit_name": squad,
                "lost_on": "attributes",
                "basis": "街面秩序由街道综合行政执法队处置平台线索；默认矩阵，非官方清单",
                "matched": [of_class],
            }
        ],
        "passed_over_count": 1,
        "is_gap": False,
        "is_tie": False,
    }
    assert (report.rule_set_id, report.place_type) == (town.world.rule_set_id, "pavement")


def test_words_without_a_category_wait_in_the_pool_with_a_proposal(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world)
        entries = journal(session, report)
    assert (report.status, report.holder, report.unit_code) == (Status.SUBMITTED, Desk.ACCEPTANCE.value, None)
    assert report.proposed_unit_code == f"{LICUN}.street_office"
    assert (report.rule_key, report.routing["is_gap"]) == (FALLBACK_RULE, True)
    assert [entry.action for entry in entries] == [Action.SUBMIT]


def test_what_rules_may_not_dispatch_waits_with_the_rules_proposal(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world, category="other")
    assert (report.status, report.class_code) == (Status.SUBMITTED, "99000")
    assert report.routing["is_gap"] is False


def test_a_class_that_needs_verification_is_never_filed_by_a_rule(town: Town) -> None:
    """Whatever category of the catalogue a citizen may pick."""
    city = town.world.city
    with town.database.transaction() as session:
        for category in city.categories:
            report = a_report(session, town.world, category=category.code)
            condition = city.condition(report.condition_id or 0)
            by_rule = report.status is Status.DISPATCHED
            assert by_rule == (condition.auto_dispatch and not condition.needs_verification), category.code
            assert report.status in {Status.SUBMITTED, Status.DISPATCHED}


def test_an_uncertain_place_waits_for_a_person(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world, category=DECISIVE_CATEGORY, at=BESIDE_LICUN)
    assert report.status is Status.SUBMITTED
    assert not report.is_place_certain
    assert 0 < report.place_offset_m < 2000
    assert (report.street_code, report.proposed_unit_code) == (LICUN, SQUAD)


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.WGS84])
def test_both_coordinates_are_kept_and_the_cell_is_that_of_the_real_place(town: Town, datum: Datum) -> None:
    sent = wgs84_to_gcj02(*IN_LICUN) if datum is Datum.GCJ02 else IN_LICUN
    location = Location(
        lon=sent[0], lat=sent[1], datum=datum, source=LocationSource.GPS, accuracy_m=12.5, address="路口"
    )
    with town.database.transaction() as session:
        report = a_report(session, town.world, location=location)
    assert (report.sent_lon, report.sent_lat, report.datum) == (*sent, datum)
    assert distance_m(report.lon, report.lat, *IN_LICUN) < 0.5
    assert report.cell_code == f"{LICUN}001005"
    assert (report.district_code, report.street_code) == (LICUN[:6], LICUN)
    assert (report.accuracy_m, report.location_source, report.address) == (12.5, LocationSource.GPS, "路口")


def test_a_citizens_photos_are_attached_in_their_order(town: Town) -> None:
    with town.database.transaction() as session:
        citizen = a_citizen(session)
        ids = [a_photo(session, citizen) for _ in range(9)]
        report = a_report(session, town.world, reporter=citizen, photo_ids=ids[::-1])
        assert [photo.id for photo in photos_of(session, [report.id or 0])[report.id or 0]] == ids[::-1]
        assert journal(session, report)[0].facts == {
            "photos": 9,
            "photo_ids": ids[::-1],
            "sent": f"{report.sent_lon!r},{report.sent_lat!r},{report.datum.value}",
            "cell": report.cell_code,
        }


@pytest.mark.parametrize(
    ("role", "source"),
    [(Role.CITIZEN, Source.CITIZEN), (Role.INSPECTOR, Source.INSPECTOR), (Role.SERVICE, Source.SERVICE)],
)
def test_three_kinds_of_callers_report_under_their_own_name(town: Town, role: Role, source: Source) -> None:
    with town.database.transaction() as session:
        reporter = staff(session, role)
        report = a_report(session, town.world, reporter=reporter)
        entry = journal(session, report)[0]
    assert (report.source, report.reporter_id) == (source, reporter.user_id)
    assert (entry.actor_kind, entry.actor_id, entry.actor_role) == ("user", reporter.user_id, role.value)


@pytest.mark.parametrize(("role", "is_needed"), [(Role.CITIZEN, True), (Role.INSPECTOR, True), (Role.SERVICE, False)])
def test_a_photo_is_needed_from_people_but_not_from_the_hotline(town: Town, role: Role, is_needed: bool) -> None:
    with town.database.transaction() as session:
        reporter = staff(session, role)
        if is_needed:
            with pytest.raises(PhotoRequired):
                a_report(session, town.world, reporter=reporter, photos=0)
        else:
            assert a_report(session, town.world, reporter=reporter, photos=0).status is Status.SUBMITTED


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"description": "", "category": None}, NothingToSay),
        ({"description": "  \n "}, NothingToSay),
        ({"category": "no_such"}, UnknownCategory),
        ({"at": AT_SEA}, OutOfArea),
        ({"at": (0.0, 0.0)}, OutOfArea),
        ({"at": (116.4, 39.9)}, OutOfArea),
        ({"at": (200.0, 36.0)}, BadCoordinate),
        ({"photo_ids": ["no_such"]}, PhotoNotFound),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name(town: Town, changes: dict[str, Any], refusal: type[Exception]) -> None:
    if refusal is BadCoordinate:
        with pytest.raises(ValueError, match="180"):
            submission(**changes)
        return
    with town.database.transaction() as session, pytest.raises(refusal):
        a_report(session, town.world, **changes)


def test_a_photo_of_somebody_else_looks_like_none(town: Town) -> None:
    with town.database.transaction() as session:
        photo = a_photo(session, a_citizen(session))
        with pytest.raises(PhotoNotFound):
            a_report(session, town.world, photo_ids=[photo])


def test_a_photo_belongs_to_one_report(town: Town) -> None:
    with town.database.transaction() as session:
        citizen = a_citizen(session)
        photo = a_photo(session, citizen)
        a_report(session, town.world, reporter=citizen, photo_ids=[photo])
        with pytest.raises(PhotoTaken):
            a_report(session, town.world, reporter=citizen, photo_ids=[photo])


def test_a_refused_report_leaves_nothing_behind(town: Town) -> None:
    with pytest.raises(PhotoNotFound), town.database.transaction() as session:
        a_report(session, town.world, category=DECISIVE_CATEGORY, photo_ids=["no_such"])
    with town.database.reading() as session:
        for table in (Report, Timer, JournalEntry):
            assert session.exec(select(table)).all() == []


def test_a_number_that_is_taken_is_said_so(town: Town) -> None:
    with town.database.transaction() as session:
        citizen = a_citizen(session)
        context = Context(citizen, NOW, town.world)
        submit(session, submission(photo_ids=[a_photo(session, citizen)]), context=context, draw=lambda: 7)
        second = a_photo(session, citizen)
    with pytest.raises(NumberTaken), town.database.transaction() as session:
        submit(session, submission(photo_ids=[second]), context=context, draw=lambda: 7)
    with town.database.transaction() as session:
        submit(session, submission(photo_ids=[second]), context=context, draw=lambda: 8)


def test_a_caller_with_two_roles_reports_as_a_citizen(town: Town) -> None:
    with town.database.transaction() as session:
        both = staff(session, Role.CITIZEN, Role.INSPECTOR)
        assert a_report(session, town.world, reporter=both).source is Source.CITIZEN


def test_numbers_are_public_and_tell_nothing_but_the_time(town: Town) -> None:
    with town.database.transaction() as session:
        numbers = {a_report(session, town.world).number for _ in range(20)}
    assert len(numbers) == 20
    assert all(number.startswith("26112036000") for number in numbers)


def test_taking_a_report_in_costs_few_statements(town: Town) -> None:
    with town.database.transaction() as session:
        citizen = a_citizen(session)
        ids = [a_photo(session, citizen) for _ in range(2)]
    body = submission(category=DECISIVE_CATEGORY, photo_ids=ids)
    with QueryRecorder(town.database) as recorder, town.database.transaction() as session:
        submit(session, body, context=Context(citizen, NOW, town.world))
    assert len(recorder.statements) <= 8, recorder.statements


def test_the_proposal_changes_with_the_class(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, Status.ACCEPTED)
        report = case.report(session)
    assert (report.proposed_unit_code, report.rule_key) == (SQUAD, "class-09009")
    assert report.unit_code is None
