"""What a check of a version finds in the city, what it stores, and what it costs."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import shapely

from app.city.packing import pack_shapes
from app.city.snapshot import CitySnapshot
from app.domain.routing.universe import PlaceAtom
from app.routing.atoms import place_atoms
from app.routing.check import examine, keep_check, to_check
from app.routing.check_report import SHOWN
from app.routing.file_format import read_rule_file
from app.routing.models import RuleSetState
from app.routing.queries import version_named
from app.routing.units import UnitsWith
from app.routing.words import UnitWords
from tests.builders import NOW
from tests.routing.rule_sets import a_file, checked, checked_file, imported, rehearsed, rule_text
from tests.towns import Town

S = RuleSetState


def test_a_good_set_is_checked(town: Town) -> None:
    with town.database.transaction() as session:
        imported(session, a_file(), town.world.city, NOW)
        report = checked(session, "v2", town.world.city, NOW)
        version = version_named(session, "v2")
        assert report.is_publishable
        assert report.counts == {
            "rule_count": 1,
            "fault_count": 0,
            "tie_count": 0,
            "undecided_count": 0,
            "dead_count": 0,
            "gap_count": 0,
        }
        assert (version.state, version.checked_city_version) == (S.CHECKED, town.world.city.version)
        assert version.check_report == report.model_dump(mode="json")


def test_a_tie_keeps_a_version_a_draft_and_shows_a_witness(town: Town) -> None:
    one = rule_text("one", when='{class: "06010", polygon: square}')
    other = rule_text("other", when='{class: "06010", polygon: square}', then="{role: sanitation_team}")
    with town.database.transaction() as session:
        imported(session, a_file(one, other), town.world.city, NOW)
        report = checked(session, "v2", town.world.city, NOW)
        version = version_named(session, "v2")
        assert (report.is_publishable, report.tie_count) == (False, 1)
        (tie,) = report.ties
        assert tie.rules == ["one", "other"]
        assert tie.witness.facts["class"] == "06010"
        assert tie.witness.facts["polygons"] == ["square"]
        assert shapely.box(120.41, 36.15, 120.42, 36.17).contains(shapely.Point(tie.witness.lon, tie.witness.lat))
        assert (version.state, version.check_report is not None) == (S.DRAFT, True)


def test_a_check_that_finds_something_later_makes_a_rehearsed_version_a_draft_again(town: Town) -> None:
    with town.database.transaction() as session:
        imported(session, a_file(), town.world.city, NOW)
        good = checked(session, "v2", town.world.city, NOW)
        rehearsed(session, "v2", NOW)
        found = to_check(session, "v2")
        keep_check(session, found, good, editor="甲", reason="", now=NOW)
        assert version_named(session, "v2").state is S.REHEARSED
        bad = good.model_copy(update={"is_publishable": False})
        keep_check(session, found, bad, editor="甲", reason="", now=NOW)
        assert version_named(session, "v2").state is S.DRAFT


def test_a_unit_that_ends_is_found_by_the_next_check(city: CitySnapshot) -> None:
    data = a_file(rule_text("x", when='{class: "06010"}', then="{unit: 370213.water}"))
    assert checked_file(data, city, NOW).is_publishable
    ended = replace(city.units["370213.water"], is_active=False)
    report = checked_file(data, replace(city, units=dict(city.units) | {"370213.water": ended}), NOW)
    (fault,) = report.faults
    assert (fault.item, fault.field, report.is_publishable) == ("x", "then.unit", False)
    assert "已停用" in fault.reason


def test_a_city_without_conditions_has_nothing_to_check(city: CitySnapshot) -> None:
    report = checked_file(a_file(), replace(city, conditions=()), NOW)
    assert "还没有网格或立案条件" in report.faults[0].reason


def test_rules_that_never_decide_are_only_a_warning(city: CitySnapshot) -> None:
    sea = rule_text("sea", when='{class: "06010", jurisdiction: "370213900"}', more="    valid_until: 2020-01-01\n")
    report = checked_file(a_file(sea), city, NOW)
    (dead,) = report.dead
    assert (dead.rule, dead.because, report.is_publishable) == ("sea", "matches_nothing", True)
    assert "没有任何上报件" in dead.reason


def test_a_class_without_an_owner_is_only_a_warning(city: CitySnapshot) -> None:
    data = a_file(rule_text("x", when='{class: "06010"}')).replace(
        b"  - key: everything\n", b"  - key: some\n    when: {class: '09'}\n"
    )
    report = checked_file(data, city, NOW)
    gaps = {gap.class_code: gap for gap in report.gaps}
    assert report.is_publishable
    assert {"06010", "09009"}.isdisjoint(gaps)
    assert gaps["06011"].is_city_wide
    assert gaps["06011"].streets == ["370202001", "370202005", "370213001", "370213006"]


def test_a_report_of_thousands_is_bounded(city: CitySnapshot) -> None:
    rules = [rule_text(f"r{n:04}", when='{class: "06010"}', then="{unit: 370213.water}") for n in range(300)]
    report = checked_file(a_file(*rules), city, NOW)
    assert report.tie_count > SHOWN
    assert len(report.ties) == SHOWN


def test_steps_of_a_check_are_told(city: CitySnapshot) -> None:

    told: list[tuple[str, int, int]] = []
    examine(
        read_rule_file(a_file()),
        city=city,
        from_day=date(2026, 11, 20),
        progress=lambda step, done, total: told.append((step, done, total)),
    )
    assert {step for step, _, _ in told} >= {"cut"}
    assert all(0 <= done <= total for _, done, total in told)


CELLS = [shapely.box(x, 0, x + 1, 1) for x in range(4)]


def atoms(areas: dict[str, Any], jurisdictions: dict[str, Any] | None = None) -> list[PlaceAtom]:
    cells = pack_shapes([f"37020200100100{n}" for n in range(4)], CELLS)
    return place_atoms(cells, areas=areas, jurisdictions=jurisdictions or {}, progress=lambda *_: None)


def combinations(found: list[PlaceAtom]) -> list[tuple[str, str]]:
    return sorted((atom.cell[-1], "".join(sorted(atom.polygons | atom.jurisdictions))) for atom in found)


@pytest.mark.parametrize(
    ("areas", "wanted"),
    [
        ({}, [("0", ""), ("1", ""), ("2", ""), ("3", "")]),
        ({"a": shapely.box(0, 0, 2, 1)}, [("0", "a"), ("1", "a"), ("2", ""), ("3", "")]),
        ({"a": shapely.box(0.5, 0, 1.5, 1)}, [("0", ""), ("0", "a"), ("1", ""), ("1", "a"), ("2", ""), ("3", "")]),
        (
            {"a": shapely.box(1.2, 0, 1.6, 1), "b": shapely.box(1.4, 0, 1.8, 1)},
            [("0", ""), ("1", ""), ("1", "a"), ("1", "ab"), ("1", "b"), ("2", ""), ("3", "")],
        ),
        (
            {"a": shapely.box(1.1, 0.1, 1.2, 0.2), "b": shapely.box(1.8, 0.1, 1.9, 0.2)},
            [("0", ""), ("1", ""), ("1", "a"), ("1", "b"), ("2", ""), ("3", "")],
        ),
        ({"a": shapely.box(-9, -9, 9, 9), "b": shapely.box(3, 0, 4, 1)}, [(n, "a") for n in "012"] + [("3", "ab")]),
        ({"a": shapely.box(100, 100, 101, 101)}, [("0", ""), ("1", ""), ("2", ""), ("3", "")]),
    ],
)
def test_every_combination_of_areas_that_occurs_is_an_atom(
    areas: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    found = atoms(areas)
    assert combinations(found) == wanted
    for atom in found:
        spot = shapely.Point(atom.lon, atom.lat)
        assert CELLS[int(atom.cell[-1])].contains(spot)
        assert {code for code, shape in areas.items() if shape.intersects(spot)} == atom.polygons


def test_polygons_and_functional_areas_are_told_apart() -> None:
    (atom,) = [
        atom for atom in atoms({"a": shapely.box(0, 0, 1, 1)}, {"j": shapely.box(0, 0, 0.5, 1)}) if atom.jurisdictions
    ]
    assert (atom.polygons, atom.jurisdictions) == (frozenset("a"), frozenset("j"))


def test_units_of_a_version_are_found_beside_those_of_the_city(city: CitySnapshot) -> None:
    def unit(code: str, kind: str, area: str) -> UnitWords:
        return UnitWords.model_validate({"code": code, "name": "x", "kind": kind, "level": "street", "area": area})

    units = UnitsWith(
        city, [unit("zone.squad", "enforcement_squad", "370213900"), unit("0.water", "water", "370213006")]
    )
    assert units.unit_at("enforcement_squad", "370213900") == "zone.squad"
    assert units.unit_for("enforcement_squad", "370213900001001") == "zone.squad"
    assert units.unit_for("water", "370213006001001") == "0.water"
    assert units.unit_for("water", "370213001001001") == city.unit_for("water", "370213001001001")
    assert units.unit_for("nothing", "370213001001001") is None
    assert units.is_at_work("zone.squad")
    assert not units.is_at_work("nobody")
