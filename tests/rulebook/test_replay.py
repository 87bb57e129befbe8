"""Replaying past reports through a version: what is compared, what is counted, what it costs."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from sqlmodel import select

from app.components.models import Component, ComponentState
from app.domain.roles import Role
from app.domain.routing.rules import FALLBACK_RULE
from app.domain.workflow import Status
from app.reports.models import Report, Source
from app.routing.loading import load_rulebook
from app.routing.models import RuleSetState, RuleSetVersion
from app.routing.territory import Territory
from app.routing.words import UnitWords
from app.rulebook.draft_units import DraftUnits
from app.rulebook.history import CHUNK, Stretch, outcomes
from app.rulebook.rehearsals.schemas import RuleMove, UnitMove
from app.triage.proposing import Triage
from tests.builders import NOW, OTHER_UNIT, SQUAD, a_report, staff
from tests.builders_city import IN_LICUN, IN_ZHENHUALU, IN_ZHONGSHANLU, LICUN, SHINAN, ZHENHUALU
from tests.rulebook.past import Past, a_rule, a_version, condition_of, store_past, store_version
from tests.rulebook.replaying import (
    REFUSE,
    SANITATION,
    SQUAD_SWEEPS,
    TEAM_SWEEPS,
    again,
    ask,
    changes,
    history,
    rehearse,
    state_of,
    summary,
    work,
)
from tests.towns import Town


def test_every_kind_of_difference_is_counted(town: Town) -> None:
    squad = f"{LICUN}.enforcement_squad"
    history(
        town,
        Past(is_returned=True, handled_by=squad),  # the draft would have been right at once
        Past(),  # the draft would have been wrong
        Past(status=Status.HANDLING),  # nobody knows yet
        Past(at=IN_ZHENHUALU),  # the same unit, by a rule of another name
        Past(at=IN_ZHONGSHANLU, class_code="06011"),  # nobody but the street office
        Past(at=IN_ZHONGSHANLU, class_code="06012"),  # the same
    )
    draft = a_version(
        "draft",
        SQUAD_SWEEPS,
        a_rule("sweeping", {"class": REFUSE}, {"role": "sanitation_team"}),
        a_rule("class-06012", {"class": "06012"}, {"role": "sanitation_team"}),
    )
    found = rehearse(town, draft)
    moved = {"from_unit": OTHER_UNIT, "to_unit": squad, "reports": 3, "returned": 1}
    city = town.world.city.units
    names = {"from_name": city[OTHER_UNIT].name, "to_name": city[squad].name}
    office, team = "370202005.street_office", "370202005.sanitation_team"
    assert found.units == [
        UnitMove(**moved | names),
        UnitMove(
            from_unit=team,
            from_name=city[team].name,
            to_unit=office,
            to_name=city[office].name,
            reports=1,
            returned=0,
        ),
    ]
    assert found.rules == [
        RuleMove(from_rule=SANITATION, to_rule="squad-sweeps", reports=3, elsewhere=3),
        RuleMove(from_rule=SANITATION, to_rule="sweeping", reports=1, elsewhere=0),
        RuleMove(from_rule="class-06011", to_rule=FALLBACK_RULE, reports=1, elsewhere=1),
    ]
    assert found.model_dump(exclude={"units", "rules"}) == {
        "reports": 6,
        "same": 1,
        "other_rule": 1,
        "other_unit": 4,
        "undecided": 0,
        "newly_gap": 1,
        "gap_no_more": 0,
        "newly_tied": 0,
        "returned_by_old": 1,
        "closed": 5,
        "closed_agreed_before": 4,
        "closed_agreed_after": 3,
        "changed_closed": 3,
        "changed_agreed_before": 2,
        "changed_agreed_after": 1,
        "units_left_out": 0,
        "rules_left_out": 0,
    }


def test_the_changes_are_stored_one_by_one(town: Town) -> None:
    history(town, Past(is_returned=True), Past(at=IN_ZHENHUALU), Past())
    run_id = ask(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS))
    work(town)
    stored = changes(town.database, run_id)
    assert [(each.from_rule, each.from_unit, each.to_rule, each.to_unit, each.was_returned) for each in stored] == [
        (SANITATION, OTHER_UNIT, "squad-sweeps", SQUAD, True),
        (SANITATION, OTHER_UNIT, "squad-sweeps", SQUAD, False),
    ]


def test_what_the_rules_in_force_decided_they_decide_again(town: Town) -> None:
    """Real reports of every way to be sent: the facts of the past are those of the moment."""
    component = "37021304013000001"
    with town.database.transaction() as session:
        session.add(a_component(component))
        session.flush()  # the reports refer to it
        for place in (IN_LICUN, IN_ZHENHUALU, IN_ZHONGSHANLU):
            for answers in ({}, {"place_type": "carriageway"}, {"place_type": "pavement"}):
                a_report(session, town.world, at=place, category="parking", answers=answers)
            a_report(session, town.world, at=place)
        inspector = staff(session, Role.INSPECTOR)
        a_report(session, town.world, reporter=inspector, category="sanitation")
        kind = condition_of(town.world, "04013").category_code
        a_report(session, town.world, category=kind, component=component)
        in_force = session.get_one(RuleSetVersion, town.world.rule_set_id).version
        run_id = again(session, in_force)
    work(town)
    found = summary(town.database, run_id)
    assert (found.reports, found.same) == (14, 14)
    with town.database.reading() as session:
        assert session.get_one(RuleSetVersion, town.world.rule_set_id).state is RuleSetState.PUBLISHED


def test_borders_midnights_and_texts_are_decided_again_as_they_were(town: Town) -> None:
    """Really submitted under a version with areas, windows and keywords: on a border, at Beijing's midnight."""
    lon, lat = IN_LICUN
    west, east = (
        shapely.box(lon - 0.01, lat - 0.01, lon, lat + 0.01),
        shapely.box(lon, lat - 0.01, lon + 0.01, lat + 0.01),
    )
    refuse = {"class": REFUSE}
    words = a_version(
        "bordering",
        TEAM_SWEEPS,
        a_rule("west", refuse | {"polygon": "west"}, {"unit": "qd.water"}),
        a_rule("east", refuse | {"jurisdiction": SHINAN}, {"unit": "qd.parks"}),
        a_rule("roads", {"class": "06012", "window": {"days": "working"}}, {"unit": "qd.ocean"}),
        a_rule("night", {"class": "06011", "window": {"hours": [0, 1]}}, {"unit": "qd.health"}),
        a_rule("young", {"class": "06042"}, {"unit": "qd.culture"}, valid_from="2026-11-21"),
        areas=[{"code": "west", "name": "西", "basis": "测试", "shape": west.wkt}],
        jurisdictions=[{"code": SHINAN, "name": "功能区", "basis": "测试", "shape": east.wkt}],
        keywords=[
            {"class": "06011", "any": ["渣土"]},
            {"class": "06012", "any": ["落叶"]},
            {"class": "06042", "any": ["满溢"]},
        ],
    )
    with town.database.transaction() as session:
        rule_set_id = store_version(session, words)
    with town.database.reading() as session:
        rulebook = load_rulebook(session, rule_set_id)
    triage = Triage.of(town.world.city, rulebook.keywords, rule_set_version="bordering", model=None, model_id=None)
    world = replace(town.world, rulebook=rulebook, triage=triage)
    # 16:00 UTC is midnight in Beijing: of a Friday and Saturday, and of the day from which a rule holds.
    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)
    moments = [
        midnight - timedelta(seconds=1),
        midnight,
        midnight + timedelta(minutes=59),
        midnight + timedelta(hours=1),
    ]
    with town.database.transaction() as session:
        for at in (IN_LICUN, (lon - 0.001, lat), (lon + 0.001, lat), IN_ZHENHUALU):
            for category, description in (
                ("sanitation", ""),
                (None, "一堆渣土"),
                (None, "全是落叶"),
                (None, "满溢了"),
                (None, "说不清"),
            ):
                for moment in moments:
                    a_report(session, world, at=at, category=category, description=description, now=moment)
        run_id = again(session, "bordering")
    work(town)
    found = summary(town.database, run_id)
    assert (found.reports, found.same) == (80, 80)
    with town.database.reading() as session:
        decided = Counter(session.exec(select(Report.rule_key)))
    assert {"west", "east", SANITATION, "roads", "night", "young", FALLBACK_RULE} == set(decided), decided


def a_component(code: str, **units: Any) -> Component:
    return Component(
        code=code,
        scheme="test",
        class_code="04013",
        name="行道树",
        lon=IN_LICUN[0],
        lat=IN_LICUN[1],
        bucket=0,
        state=ComponentState.INTACT,
        source="test",
        changed_at=NOW,
        **units,
    )


def test_areas_channels_days_answers_and_components_are_those_of_the_report(town: Town) -> None:
    code = "37021304013000001"
    with town.database.transaction() as session:
        session.add(a_component(code, maintainer_unit=OTHER_UNIT))
        session.flush()  # the report refers to it
    square = shapely.box(IN_ZHENHUALU[0] - 0.01, IN_ZHENHUALU[1] - 0.01, IN_ZHENHUALU[0] + 0.01, IN_ZHENHUALU[1] + 0.01)
    wide = {"class": REFUSE}
    draft = a_version(
        "draft",
        TEAM_SWEEPS,
        a_rule("in-polygon", wide | {"polygon": "square"}, {"unit": "qd.water"}),
        a_rule("in-zone", {"class": "06011", "jurisdiction": SHINAN}, {"unit": "qd.parks"}),
        a_rule("by-answer", wide | {"facts": {"depth": "deep"}}, {"unit": "qd.ocean"}),
        a_rule("by-channel", wide | {"channels": ["service"]}, {"unit": "qd.health"}),
        a_rule("at-rest", {"class": "06012", "window": {"days": "rest"}}, {"unit": "qd.culture"}),
        a_rule("by-chain", {"class": "04013"}, {"chain": ["maintainer"], "unit": "qd.parks"}),
        a_rule("by-condition", {"class": "06013", "condition": "塌陷或积水影响通行安全"}, {"unit": "qd.transport"}),
        areas=[{"code": "square", "name": "方块", "basis": "测试", "shape": square.wkt}],
        jurisdictions=[
            {"code": SHINAN, "name": "功能区", "basis": "测试", "shape": shapely.box(120.3, 36.05, 120.33, 36.08).wkt}
        ],
    )
    history(
        town,
        Past(at=IN_ZHENHUALU),
        Past(at=IN_ZHONGSHANLU, class_code="06011"),
        Past(answers={"depth": "deep"}),
        Past(source=Source.SERVICE),
        Past(class_code="04013", component=code),
    )
    friday, saturday = NOW - timedelta(days=7), NOW - timedelta(days=6)
    with town.database.transaction() as session:
        for day in (friday, saturday):
            store_past(session, town.world, [Past(class_code="06012")], since=day)
    run_id = ask(town, draft)
    work(town)
    assert [(each.to_rule, each.to_unit) for each in changes(town.database, run_id)] == [
        ("in-polygon", "qd.water"),
        ("in-zone", "qd.parks"),
        ("by-answer", "qd.ocean"),
        ("by-channel", "qd.health"),
        ("by-chain", OTHER_UNIT),
        (FALLBACK_RULE, f"{LICUN}.street_office"),
        ("at-rest", "qd.culture"),
    ]


def test_units_that_the_version_brings_along_work_already(town: Town) -> None:
    history(town, Past(), Past(at=IN_ZHENHUALU))
    crew = {
        "code": "new.crew",
        "name": "清运队",
        "kind": "sanitation_team",
        "level": "street",
        "area": f"{LICUN}001005",
    }
    found = rehearse(town, a_version("draft", TEAM_SWEEPS, units=[crew | {"area": f"{LICUN}001005"}]))
    assert [(move.to_unit, move.to_name, move.reports) for move in found.units] == [("new.crew", "清运队", 1)]


def test_only_the_newest_reports_are_replayed(town: Town) -> None:
    history(town, *[Past() for _ in range(5)], *[Past(at=IN_ZHENHUALU) for _ in range(3)])
    assert rehearse(town, a_version("draft", SQUAD_SWEEPS, TEAM_SWEEPS), last=4).other_unit == 1


def test_without_history_the_version_is_rehearsed_too(town: Town) -> None:
    found = rehearse(town, a_version("draft", TEAM_SWEEPS))
    assert (found.reports, found.units) == (0, [])
    assert state_of(town.database, "draft") is RuleSetState.REHEARSED


def test_a_place_without_any_unit_is_counted_and_stops_nothing(town: Town) -> None:
    history(town, Past(), Past())
    with town.database.transaction() as session:
        for report in session.exec(select(Report).limit(1)):
            session.add(report.sqlmodel_update({"cell_code": "999999001001001"}))
    found = rehearse(town, a_version("draft", TEAM_SWEEPS))
    assert (found.reports, found.undecided, found.same) == (2, 1, 1)


def test_a_tie_would_be_told(town: Town) -> None:
    history(town, Past())
    twin = a_rule("twin", {"class": REFUSE}, {"role": "enforcement_squad"})
    assert rehearse(town, a_version("draft", TEAM_SWEEPS, twin), state=RuleSetState.DRAFT).newly_tied == 1


def test_nothing_is_open_while_a_chunk_is_worked_on(town: Town) -> None:
    history(town, *[Past() for _ in range(3)])
    for chunk in outcomes(town.database.reading, Stretch(10)):
        with town.database.transaction():  # refused in a thread that already holds a session
            assert len(chunk) == 3


def test_a_stretch_of_days_and_the_end_of_history(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.rulebook.history.CHUNK", 4)
    assert CHUNK > 4
    with town.database.transaction() as session:
        store_past(session, town.world, [Past()] * 8, since=NOW - timedelta(days=30))
        store_past(session, town.world, [Past()] * 8, since=NOW - timedelta(days=2))
    counts = [
        [len(chunk) for chunk in outcomes(town.database.reading, stretch)]
        for stretch in (Stretch(100), Stretch(7), Stretch(100, NOW - timedelta(days=3)))
    ]
    assert counts == [[4, 4, 4, 4], [4, 3], [4, 4]]


def test_a_returned_report_has_no_unit_that_answers(town: Town) -> None:
    history(
        town,
        Past(status=Status.RETURNED, is_returned=True),
        Past(status=Status.HANDLING),
        Past(status=Status.VOIDED),
        Past(status=Status.CLOSED, handled_by=SQUAD),
    )
    found = [each.final_unit for chunk in outcomes(town.database.reading, Stretch(9)) for each in chunk]
    assert found == [SQUAD, "", OTHER_UNIT, ""]


def test_an_old_report_without_reasons_counts_by_its_proposal(town: Town) -> None:
    history(town, Past())
    with town.database.transaction() as session:
        report = session.exec(select(Report)).one()
        session.add(report.sqlmodel_update({"routing": {}}))
    assert rehearse(town, a_version("draft", TEAM_SWEEPS)).same == 1


def test_only_so_many_moves_are_shown(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.rulebook.rehearsals.tally.SHOWN", 1)
    history(town, Past(), Past(), Past(at=IN_ZHENHUALU))
    everywhere = a_rule("squads", {"class": REFUSE}, {"role": "enforcement_squad"})
    found = rehearse(town, a_version("draft", everywhere))
    assert [move.from_unit for move in found.units] == [OTHER_UNIT]
    assert (found.units_left_out, found.rules_left_out) == (1, 0)


def test_own_units_of_a_version_answer_where_they_are_nearest(town: Town) -> None:
    city = town.world.city
    words = [
        {"code": "a.team", "name": "甲队", "kind": "sanitation_team", "level": "street", "area": LICUN},
        {"code": "b.crew", "name": "乙队", "kind": "sanitation_team", "level": "street", "area": f"{LICUN}001"},
        {"code": "c.new", "name": "新局", "kind": "brand_new", "level": "municipal"},
        {"code": SQUAD, "name": "别名", "kind": "brand_new", "level": "street", "area": LICUN},
    ]
    units = DraftUnits(city, [UnitWords.model_validate(each) for each in words])
    cell = f"{LICUN}001005"
    assert units.unit_for("sanitation_team", cell) == "b.crew"
    assert units.unit_for("sanitation_team", f"{LICUN}002001") == min("a.team", OTHER_UNIT)
    assert units.unit_for("sanitation_team", ZHENHUALU) == city.unit_for("sanitation_team", ZHENHUALU)
    assert units.unit_for("brand_new", cell) == "c.new"  # the city knows SQUAD, and knows it as what it is
    assert units.unit_for("nobody", cell) is None
    assert (units.is_at_work("b.crew"), units.is_at_work(SQUAD), units.is_at_work("x")) == (True, True, False)
    assert (units.name_of("b.crew"), units.name_of(SQUAD), units.name_of("x")) == ("乙队", city.units[SQUAD].name, "x")
    assert (units.kind_of("c.new"), units.kind_of(SQUAD), units.kind_of("x")) == (
        "brand_new",
        "enforcement_squad",
        "",
    )


def test_a_unit_of_the_version_that_the_city_knows_for_later_works_already(town: Town) -> None:
    """Another version that brings it was published for next month: this one would let it begin with itself."""
    later = replace(town.world.city.units[SQUAD], code="new.crew", kind="crew", area_code=LICUN, is_active=False)
    city = replace(town.world.city, units={**town.world.city.units, "new.crew": later})
    words = UnitWords(code="new.crew", name=later.name, kind="crew", level=later.level, area=LICUN)
    units = DraftUnits(city, [words])
    assert (units.unit_for("crew", f"{LICUN}001005"), units.is_at_work("new.crew")) == ("new.crew", True)


@pytest.mark.parametrize("kind", ["sanitation_team", "street_office", "water", "nobody"])
def test_without_own_units_the_city_answers(town: Town, kind: str) -> None:
    city = town.world.city
    units = DraftUnits(city, ())
    for code in (f"{LICUN}001005", LICUN, LICUN[:6], ""):
        assert units.unit_for(kind, code) == city.unit_for(kind, code)
        assert units.unit_at(kind, code) == city.unit_at(kind, code)


@pytest.mark.parametrize("seed", range(5))
def test_many_points_at_once_are_where_each_is(seed: int) -> None:
    dice = random.Random(seed)

    def box() -> shapely.Geometry:
        x, y = dice.random(), dice.random()
        return shapely.box(x, y, x + dice.random() / 2, y + dice.random() / 2)

    territory = Territory(
        areas={f"a{n}": box() for n in range(6)}, jurisdictions={f"37020{n}": box() for n in range(3)}
    )
    points = [(dice.random(), dice.random()) for _ in range(200)]
    found = territory.around_all([lon for lon, _ in points], [lat for _, lat in points])
    assert found == [territory.around(lon, lat) for lon, lat in points]
    assert territory.around_all([], []) == []
    assert Territory(areas={}, jurisdictions={}).around_all([1.0], [2.0]) == [(frozenset(), frozenset())]
