"""What a report's words do at submission: which condition, dispatched or left to a person, and what is kept."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from app.city.snapshot import UnknownCategory
from app.domain.keywords import Keyword
from app.domain.roles import Role
from app.domain.workflow import Action, Status
from app.reports.actions.schemas import AcceptBody, FileBody
from app.reports.clocks import id_of
from app.reports.models import Report
from app.reports.world import World
from app.triage.model import Model
from app.triage.models import ProposalSource, TriageProposal
from app.triage.proposing import Triage
from tests.builders import NOW, Case, a_case, a_report
from tests.components.builders import a_component
from tests.query_recorder import QueryRecorder
from tests.towns import Town
from tests.triage.test_proposing import BIKES, CARS, LAMP, POTHOLE, a_model

KEYWORDS = (
    Keyword(LAMP, "单盏不亮", any_of=("不亮",), all_of=("路灯",)),
    Keyword(BIKES, any_of=("共享单车",)),
    Keyword("06001", any_of=("违章建筑",)),
)


@pytest.fixture
def session(town: Town) -> Iterator[Session]:
    with town.database.transaction() as session:
        yield session


def world_with(town: Town, model: Model | None = None) -> World:
    triage = Triage.of(town.world.city, KEYWORDS, rule_set_version="r1", model=model, model_id=7 if model else None)
    return replace(town.world, triage=triage)


def kept(session: Session, report: Report) -> TriageProposal | None:
    return session.get(TriageProposal, id_of(report))


def outcome(session: Session, world: World, **sent: Any) -> tuple[Status, str | None, str | None]:
    report = a_report(session, world, **sent)
    return report.status, report.category_code, report.class_code


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        # a category, and words that are clear within it: their class instead of the default
        ({"category": "parking", "description": "共享单车堵路"}, (Status.DISPATCHED, "parking", BIKES)),
        # a category and nothing clear: its default, as ever
        ({"category": "parking", "description": "请来看一看"}, (Status.DISPATCHED, "parking", CARS)),
        ({"category": "parking", "description": ""}, (Status.DISPATCHED, "parking", CARS)),
        # a category, and words that clearly speak of another: the default, but a person decides
        ({"category": "parking", "description": "路灯不亮"}, (Status.SUBMITTED, "parking", CARS)),
        # words only
        ({"category": None, "description": "路灯不亮"}, (Status.DISPATCHED, "facilities", LAMP)),
        ({"category": None, "description": "请来看一看"}, (Status.SUBMITTED, None, None)),
        # words of two problems, whichever has more: a person sees both
        ({"category": None, "description": "路灯不亮，共享单车"}, (Status.SUBMITTED, None, None)),
        ({"category": "facilities", "description": "路灯不亮，共享单车"}, (Status.DISPATCHED, "facilities", LAMP)),
        # a class that is never filed unseen is not dispatched by words either
        ({"category": None, "description": "有违章建筑"}, (Status.SUBMITTED, "street_vending", "06001")),
    ],
)
def test_what_words_decide(
    session: Session, town: Town, sent: Mapping[str, Any], expected: tuple[Status, str | None, str | None]
) -> None:
    assert outcome(session, world_with(town), **sent) == expected


@pytest.mark.parametrize(
    ("category", "shares", "expected"),
    [
        (None, {LAMP: 0.9, CARS: 0.1}, (Status.DISPATCHED, "facilities", LAMP)),
        (None, {LAMP: 0.7, CARS: 0.3}, (Status.SUBMITTED, None, None)),
        ("facilities", {LAMP: 0.9, CARS: 0.1}, (Status.DISPATCHED, "facilities", LAMP)),
        ("facilities", {LAMP: 0.5, POTHOLE: 0.5}, (Status.DISPATCHED, "facilities", POTHOLE)),
        ("parking", {LAMP: 0.9, CARS: 0.1}, (Status.DISPATCHED, "parking", CARS)),
        ("parking", {LAMP: 0.99, CARS: 0.01}, (Status.SUBMITTED, "parking", CARS)),
    ],
)
def test_what_a_model_decides(
    session: Session,
    town: Town,
    category: str | None,
    shares: dict[str, float],
    expected: tuple[Status, str | None, str | None],
) -> None:
    world = world_with(town, a_model(shares))
    assert outcome(session, world, category=category, description="这条路") == expected


def test_an_unknown_category_is_refused_whatever_the_words_say(session: Session, town: Town) -> None:
    with pytest.raises(UnknownCategory):
        a_report(session, world_with(town), category="nothing", description="路灯不亮")


def test_the_proposal_is_kept_with_versions_and_confidence(session: Session, town: Town) -> None:
    world = world_with(town, a_model({LAMP: 0.7, CARS: 0.2, POTHOLE: 0.06, BIKES: 0.04}))
    row = kept(session, a_report(session, world, category=None, description="这条路"))
    assert row is not None
    assert (row.source, row.model_version, row.rule_set_version) == (ProposalSource.MODEL, "m1", "r1")
    assert (row.threshold, row.is_adopted, row.proposed_at, row.decided_class) == (0.8, False, NOW, None)
    assert [(each["class"], each["confidence"]) for each in row.top] == [(LAMP, 0.7), (CARS, 0.2), (POTHOLE, 0.06)]
    assert {each["scheme"] for each in row.top} == {"GB/T 47678.5-2026"}
    assert [town.world.city.condition(each["condition_id"]).class_code for each in row.top] == [LAMP, CARS, POTHOLE]


def test_an_adopted_keyword_is_kept_without_confidence(session: Session, town: Town) -> None:
    row = kept(session, a_report(session, world_with(town), category=None, description="路灯不亮"))
    assert row is not None
    assert (row.source, row.model_version, row.is_adopted) == (ProposalSource.KEYWORD, None, True)
    assert [(each["class"], each["confidence"]) for each in row.top] == [(LAMP, None)]


@pytest.mark.parametrize("description", ["", "请来看一看"])
def test_nothing_is_kept_of_words_that_say_nothing(session: Session, town: Town, description: str) -> None:
    assert kept(session, a_report(session, world_with(town), category="parking", description=description)) is None


def test_it_takes_one_statement_and_without_words_none(session: Session, town: Town) -> None:
    def statements(description: str) -> int:
        with QueryRecorder(town.database) as recorder:
            a_report(session, world_with(town), category="parking", description=description)
        return len(recorder.statements)

    statements("")  # warms what is read once
    assert statements("共享单车堵路") == statements("") + 1
    assert statements("请来看一看") == statements("")


def waiting(session: Session, town: Town, **sent: Any) -> Case:
    """Return a report that waits for a person, with a proposal of the model."""
    return a_case(session, world_with(town, a_model({LAMP: 0.7, CARS: 0.3})), **{"description": "这条路"} | sent)


@pytest.mark.parametrize(("category", "decided"), [("facilities", POTHOLE), ("parking", CARS)])
def test_what_the_person_decides_is_kept_beside_the_proposal(
    session: Session, town: Town, category: str, decided: str
) -> None:
    case = waiting(session, town).later(minutes=5)
    report = case.do(session, Action.ACCEPT, AcceptBody(category=category))
    row = kept(session, report)
    assert row is not None
    session.refresh(row)
    assert (row.decided_class, row.decided_by) == (decided, case.people[Role.ACCEPTOR].user_id)
    assert row.decided_condition_id == report.condition_id
    assert row.decided_at == NOW + timedelta(minutes=5)
    assert [each["class"] for each in row.top] == [LAMP, CARS]


def test_filing_under_the_same_class_changes_nothing_and_under_another_does(session: Session, town: Town) -> None:
    case = waiting(session, town)
    report = case.do(session, Action.ACCEPT, AcceptBody(category="facilities"))
    case.later(minutes=5)
    row = kept(session, report)
    assert row is not None
    case.do(session, Action.FILE, FileBody())
    session.refresh(row)
    assert (row.decided_class, row.decided_at) == (POTHOLE, NOW)
    other = waiting(session, town)
    report = other.do(session, Action.ACCEPT, AcceptBody(category="facilities"))
    lamp = next(each for each in town.world.city.conditions if each.class_code == LAMP)
    other.later(minutes=5).do(session, Action.FILE, FileBody(condition_id=str(lamp.id)))
    row = kept(session, report)
    assert row is not None
    session.refresh(row)
    assert (row.decided_class, row.decided_at) == (LAMP, NOW + timedelta(minutes=5))


def test_rules_that_decide_leave_the_persons_part_empty(session: Session, town: Town) -> None:
    row = kept(session, a_report(session, world_with(town), category=None, description="路灯不亮"))
    assert row is not None
    assert (row.decided_class, row.decided_by, row.decided_at) == (None, None, None)


def test_a_report_without_a_proposal_is_decided_as_ever(session: Session, town: Town) -> None:
    case = a_case(session, town.world, description="请来看一看")
    report = case.do(session, Action.ACCEPT, AcceptBody(category="facilities"))
    assert (report.class_code, kept(session, report)) == (POTHOLE, None)


COVER = "37021301011000031"
GAS_COVER = "01011"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        # its class is the report's, with a category and without
        ({"category": "facilities", "description": ""}, (Status.DISPATCHED, "facilities", GAS_COVER)),
        ({"category": None, "description": "请来看一看"}, (Status.DISPATCHED, "facilities", GAS_COVER)),
        # words that clearly speak of something else: a person decides
        ({"category": "facilities", "description": "路灯不亮"}, (Status.SUBMITTED, "facilities", GAS_COVER)),
    ],
)
def test_a_component_names_the_class(
    session: Session, town: Town, sent: Mapping[str, Any], expected: tuple[Status, str, str]
) -> None:
    session.add(a_component(COVER))
    session.flush()
    report = a_report(session, world_with(town), component=COVER, **sent)
    assert (report.status, report.category_code, report.class_code) == expected
    row = kept(session, report)
    assert row is None or not row.is_adopted


def test_a_component_of_a_class_that_nothing_is_filed_under_is_left_to_a_person(session: Session, town: Town) -> None:
    code = "37021301099000031"
    session.add(a_component(code))
    session.flush()
    assert outcome(session, world_with(town), component=code, category=None, description="请来看一看") == (
        Status.SUBMITTED,
        None,
        None,
    )
