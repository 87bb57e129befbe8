"""What is wrong with a file is found, all of it, and told in a sentence with the place."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely

from app.city.importing.findings import Fault, Findings
from app.city.importing.wanted import GridLevel
from app.domain.gcj02 import Datum, wgs84_to_gcj02
from app.texts import has_text
from tests.city.grid_files import (
    SIDE,
    SOUTH,
    WEST,
    Grid,
    a_box,
    an_area,
    examined,
    four_streets,
    the_small_city,
    twelve_cells,
)

Spoil = Callable[[Grid], object]


def faults(findings: Findings) -> list[Fault]:
    return [each.fault for each in findings]


def the_sentence(findings: Findings, fault: Fault) -> str:
    (found,) = (each for each in findings if each.fault is fault)
    return found.sentence


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_its_sentence(fault: Fault) -> None:
    assert has_text(f"city_import.{fault.value}")


@pytest.mark.parametrize("grid", [(four_streets, GridLevel.STREET), (twelve_cells, GridLevel.CELL)])
def test_a_good_file_has_no_errors(grid: tuple[Callable[[], Grid], GridLevel]) -> None:
    make, level = grid
    found = examined(make(), level)
    assert found.judged.findings.errors == []
    assert found.plan is not None


def move(grid: Grid, index: int, east: float, north: float = 0.0) -> None:
    grid.rings[index] = [[[x + east, y + north] for x, y in ring] for ring in grid.rings[index]]


def put(grid: Grid, index: int, ring: list[Any]) -> None:
    grid.rings[index] = [ring]


def say(grid: Grid, index: int, **words: Any) -> None:
    grid.properties[index] |= words


def geometry(grid: Grid, index: int, value: Any) -> None:
    grid.geometries[index] = value


BOX = a_box(WEST, SOUTH)
BOW_TIE = [BOX[0], BOX[2], BOX[1], BOX[3], BOX[0]]
PROJECTED = [[x * 1e5, y * 1e5] for x, y in BOX]
SWAPPED = [[y, x] for x, y in BOX]

STREET_FAULTS: dict[str, tuple[Spoil, Fault]] = {
    "no geometry": (lambda g: geometry(g, 0, None), Fault.GEOMETRY_MISSING),
    "no parts": (lambda g: geometry(g, 0, {"type": "MultiPolygon", "coordinates": []}), Fault.GEOMETRY_MISSING),
    "no rings": (lambda g: geometry(g, 0, {"type": "Polygon", "coordinates": []}), Fault.GEOMETRY_MISSING),
    "a point": (lambda g: geometry(g, 0, {"type": "Point", "coordinates": [1, 2]}), Fault.GEOMETRY_KIND),
    "a list": (lambda g: geometry(g, 0, [1, 2]), Fault.GEOMETRY_BROKEN),
    "numbers where points belong": (lambda g: put(g, 0, [1, 2, 3, 4]), Fault.GEOMETRY_BROKEN),
    "points of one number": (lambda g: put(g, 0, [[1], [2], [3], [1]]), Fault.GEOMETRY_BROKEN),
    "points of different lengths": (lambda g: put(g, 0, [[1, 2], [3], [4, 5], [1, 2]]), Fault.GEOMETRY_BROKEN),
    "words": (lambda g: put(g, 0, [["东", "北"]] * 4), Fault.GEOMETRY_BROKEN),
    "an empty ring": (lambda g: put(g, 0, []), Fault.GEOMETRY_BROKEN),
    "an object for a ring": (lambda g: geometry(g, 0, {"type": "Polygon", "coordinates": [{}]}), Fault.GEOMETRY_BROKEN),
    "a null": (lambda g: put(g, 0, [*BOX[:-1], [None, 1], BOX[0]]), Fault.NOT_FINITE),
    "an open ring": (lambda g: put(g, 0, BOX[:-1]), Fault.RING_OPEN),
    "there and back": (lambda g: put(g, 0, [BOX[0], BOX[2], BOX[0]]), Fault.RING_SHORT),
    "a bow tie": (lambda g: put(g, 0, BOW_TIE), Fault.INVALID_SHAPE),
    "one point four times": (lambda g: put(g, 0, [BOX[0]] * 4), Fault.INVALID_SHAPE),
    "a square of half a metre": (lambda g: put(g, 0, a_box(WEST - 1, SOUTH, 0.000005)), Fault.NO_AREA),
    "swapped axes": (lambda g: put(g, 0, SWAPPED), Fault.AXES_SWAPPED),
    "metres": (lambda g: put(g, 0, PROJECTED), Fault.PROJECTED),
    "off the Earth": (lambda g: put(g, 0, a_box(180, 36)), Fault.OFF_EARTH),
    "another country": (lambda g: move(g, 0, 0, -5), Fault.FAR_AWAY),
    "one digit lost": (lambda g: put(g, 0, [*BOX[:2], [20.37, 36.12], *BOX[3:]]), Fault.FAR_AWAY),
    "no code and no known name": (lambda g: say(g, 0, street_code=None, name="别的街道"), Fault.CODE_MISSING),
    "no code and a namesake": (lambda g: say(g, 0, street_code="", district="李沧区"), Fault.CODE_MISSING),
    "letters": (lambda g: say(g, 0, street_code="37020200A"), Fault.CODE_MALFORMED),
    "full-width digits": (lambda g: say(g, 0, street_code="３７０２０２００１"), Fault.CODE_MALFORMED),
    "scientific": (lambda g: say(g, 0, street_code="3.70202E+08"), Fault.CODE_MALFORMED),
    "eight digits": (lambda g: say(g, 0, street_code="37020200"), Fault.CODE_LENGTH),
    "the same code twice": (lambda g: say(g, 0, street_code=g.properties[1]["street_code"]), Fault.CODE_TWICE),
    "an unknown district": (lambda g: say(g, 0, street_code="370299001", district=""), Fault.DISTRICT_UNKNOWN),
    "another district's name": (lambda g: say(g, 0, district="李沧区"), Fault.DISTRICT_MISMATCH),
    "a district left out": (lambda g: (g.properties.pop(), g.properties.pop()), Fault.DISTRICT_GONE),
    "no name": (lambda g: say(g, 0, street_code="370202099", name=None), Fault.NAME_MISSING),
    "a name of 101 signs": (lambda g: say(g, 0, name="街" * 101), Fault.NAME_BAD),
    "a name with a NUL": (lambda g: say(g, 0, name="街\0道"), Fault.NAME_BAD),
    "an overlap": (lambda g: move(g, 0, 0.0001), Fault.OVERLAP),
    "one inside another": (lambda g: put(g, 0, a_box(WEST + 1.3 * SIDE, SOUTH + 0.3 * SIDE, SIDE / 3)), Fault.OVERLAP),
    "the same place twice": (lambda g: g.rings.__setitem__(0, g.rings[1]), Fault.OVERLAP),
}


@pytest.mark.parametrize("case", STREET_FAULTS)
def test_a_fault_of_a_street_is_an_error(case: str) -> None:
    spoil, fault = STREET_FAULTS[case]
    grid = four_streets()
    spoil(grid)
    found = examined(grid)
    assert fault in {each.fault for each in found.judged.findings.errors}
    assert found.plan is None


def a_ring_of_cells() -> Grid:
    """Return eight cells around a hole of 0.005 degrees."""
    side, places = SIDE / 4, [(x, y) for y in range(3) for x in range(3) if (x, y) != (1, 1)]
    return Grid(
        [{"code": f"370202005001{n:03}"} for n in range(8)],
        [[a_box(WEST + side * x, SOUTH + side * y, side)] for x, y in places],
    )


@pytest.mark.parametrize(("is_approximate", "fault"), [(False, Fault.GAP), (True, Fault.GAP_APPROXIMATE)])
def test_a_gap_between_cells_is_an_error_unless_the_set_is_approximate(*, is_approximate: bool, fault: Fault) -> None:
    found = examined(a_ring_of_cells(), GridLevel.CELL, end_others=True, is_approximate=is_approximate)
    (gap,) = (each for each in found.judged.findings if each.fault is fault)
    assert gap.spot is not None
    assert shapely.box(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE).contains(gap.spot)
    assert (found.plan is None) is fault.is_error


def test_a_gap_between_streets_is_a_warning_with_its_place() -> None:
    grid = four_streets()
    hole = a_box(WEST + 0.9 * SIDE, SOUTH + 0.9 * SIDE, 0.2 * SIDE)
    for index, rings in enumerate(grid.rings):
        rest = shapely.Polygon(rings[0]) - shapely.Polygon(hole)
        put(grid, index, [list(point) for point in rest.exterior.coords])
    found = examined(grid)
    sentence = the_sentence(found.judged.findings, Fault.GAP_APPROXIMATE)
    metres = 0.2 * SIDE * 111_195
    assert square_metres(sentence) == pytest.approx(metres**2 * math.cos(math.radians(36)), rel=0.001)
    assert f"位置 {WEST + SIDE:.6f}, " in sentence
    assert found.plan is not None


def square_metres(sentence: str) -> float:
    return float(sentence.split(" 平方米", maxsplit=1)[0].rpartition(" ")[2].rpartition("，")[2].replace(",", ""))


@pytest.mark.parametrize("metres", [0.0, 1e-9, 0.01, 0.4])
def test_a_gap_that_a_crack_connects_with_the_outside_is_still_a_gap(metres: float) -> None:
    grid = a_ring_of_cells()
    move(grid, 1, 0, -metres / 111_195)
    sentence = the_sentence(examined(grid, GridLevel.CELL, end_others=True).judged.findings, Fault.GAP)
    assert square_metres(sentence) == pytest.approx((SIDE / 4 * 111_195) ** 2 * math.cos(math.radians(36)), rel=0.005)


@pytest.mark.parametrize(("metres", "fault"), [(0.2, Fault.GAP_SLIVERS), (0.6, Fault.GAP)])
def test_a_gap_is_forgiven_while_it_is_a_crack(metres: float, fault: Fault) -> None:
    grid = a_ring_of_cells()
    side, crack = SIDE / 4, metres / 111_195
    grid.properties.append({"code": "370202005001099"})
    grid.rings.append([a_box(WEST + side, SOUTH + side, side)])
    grid.rings[-1][0][2][1] -= crack
    grid.rings[-1][0][3][1] -= crack
    found = faults(examined(grid, GridLevel.CELL, end_others=True).judged.findings)
    assert [each for each in found if each in {Fault.GAP, Fault.GAP_SLIVERS}] == [fault]


def test_an_island_in_a_lake_leaves_no_gap_of_its_own() -> None:
    """The hole around an island counts without the island."""
    grid = a_ring_of_cells()
    side = SIDE / 4
    grid.properties.append({"code": "370202005001099"})
    grid.rings.append([a_box(WEST + 1.4 * side, SOUTH + 1.4 * side, 0.2 * side)])
    found = examined(grid, GridLevel.CELL, end_others=True)
    (gap,) = (each for each in found.judged.findings if each.fault is Fault.GAP)
    assert gap.spot is not None
    assert gap.spot.area == pytest.approx(side**2 * 0.96, rel=1e-6)


WARNINGS: dict[str, tuple[Spoil, Fault]] = {
    "no code but a known name": (lambda g: say(g, 0, street_code=""), Fault.CODE_BY_NAME),
    "a new district": (lambda g: say(g, 0, street_code="370299001", district="新区"), Fault.DISTRICT_NEW),
    "a new street": (lambda g: say(g, 0, street_code="370202099"), Fault.STREET_NEW),
    "a street left out": (lambda g: (g.properties.pop(), g.rings.pop()), Fault.STREET_GONE),
    "a new name": (lambda g: say(g, 0, name="香港西路街道"), Fault.NAME_CHANGED),
    "a name twice": (lambda g: say(g, 0, name="中山路街道"), Fault.NAME_TWICE),
    "a sliver of an overlap": (lambda g: move(g, 0, 0.000003), Fault.OVERLAP_SLIVERS),
}


@pytest.mark.parametrize("case", WARNINGS)
def test_a_warning_does_not_stop_an_import(case: str) -> None:
    spoil, fault = WARNINGS[case]
    grid = four_streets()
    spoil(grid)
    found = examined(grid)
    assert fault in {each.fault for each in found.judged.findings.warnings}
    assert found.judged.findings.errors == []
    assert found.plan is not None


def test_districts_may_be_ended_if_that_is_said() -> None:
    grid = four_streets()
    del grid.properties[2:], grid.rings[2:]
    found = examined(grid, end_others=True)
    assert "李沧区（370213）" in the_sentence(found.judged.findings, Fault.DISTRICT_ENDS)
    assert found.plan is not None


def test_the_whole_file_is_judged_not_the_first_fault_only() -> None:
    grid = four_streets()
    put(grid, 0, BOW_TIE)
    say(grid, 1, street_code="12")
    put(grid, 2, BOX[:-1])
    move(grid, 3, -0.0001)
    found = faults(examined(grid).judged.findings)
    assert {Fault.INVALID_SHAPE, Fault.CODE_LENGTH, Fault.RING_OPEN, Fault.STREET_GONE} <= set(found)


def test_a_fault_names_the_feature_and_the_place() -> None:
    grid = four_streets()
    put(grid, 0, BOW_TIE)
    sentence = the_sentence(examined(grid).judged.findings, Fault.INVALID_SHAPE)
    middle = f"{WEST + SIDE / 2:.6f}, {SOUTH + SIDE / 2:.6f}"
    assert sentence == f"第 1 个（370202001 香港中路街道）：边界无效，边界自相交，位置 {middle}。"


def test_an_overlap_names_both_features_and_its_size() -> None:
    grid = four_streets()
    move(grid, 0, 0.0001)  # 9 m, along 2,224 m
    (overlap,) = examined(grid).judged.findings.errors
    assert overlap.features == (0, 1)
    expected = 0.0001 * SIDE * 111_195**2 * math.cos(math.radians(36))
    assert square_metres(overlap.sentence) == pytest.approx(expected, rel=0.001)


def test_a_hole_left_by_a_faulty_shape_is_not_a_fault_of_its_own() -> None:
    grid = a_ring_of_cells()
    side = SIDE / 4
    x, y = WEST + side, SOUTH + side
    grid.properties.append({"code": "370202005001099"})
    grid.rings.append([[[x, y], [x + side, y + side], [x + side, y], [x, y + side], [x, y]]])
    assert faults(examined(grid, GridLevel.CELL, end_others=True).judged.findings) == [
        Fault.DISTRICT_ENDS,
        Fault.STREET_GONE,
        Fault.INVALID_SHAPE,
    ]


def test_every_overlap_is_found_and_no_other() -> None:
    """Against every pair looked at one by one, on boxes thrown at random."""
    rng = np.random.default_rng(7)
    corners = rng.uniform(0, SIDE, (40, 2))
    sides = rng.uniform(SIDE / 20, SIDE / 4, 40)
    rings = [[a_box(WEST + x, SOUTH + y, side)] for (x, y), side in zip(corners.tolist(), sides.tolist(), strict=True)]
    grid = Grid([{"code": f"370202005001{n:03}"} for n in range(40)], rings)
    shapes = [shapely.Polygon(ring[0]) for ring in rings]
    expected = {(a, b) for b in range(40) for a in range(b) if shapes[a].intersection(shapes[b]).area > 0}
    found = examined(grid, GridLevel.CELL, end_others=True).judged.findings
    assert {each.features for each in found if each.fault is Fault.OVERLAP} == expected
    assert len(expected) > 20


def test_a_border_scribbled_at_random_is_told_in_time() -> None:
    """Repairing thousands of crossings would take minutes; nothing tries to."""
    scribble = np.random.default_rng(3).uniform([WEST, SOUTH], [WEST + SIDE, SOUTH + SIDE], (20_000, 2)).tolist()
    grid = four_streets()
    put(grid, 0, [*scribble, scribble[0]])
    assert Fault.INVALID_SHAPE in faults(examined(grid).judged.findings)


def test_a_file_in_another_datum_than_it_claims_is_doubted() -> None:
    shifted = four_streets()
    for index, rings in enumerate(shifted.rings):
        put(shifted, index, [list(wgs84_to_gcj02(x, y)) for x, y in rings[0]])
    assert Fault.DATUM_DOUBTFUL in faults(examined(shifted, datum=Datum.WGS84).judged.findings)
    assert Fault.DATUM_DOUBTFUL not in faults(examined(shifted, datum=Datum.GCJ02).judged.findings)
    assert Fault.DATUM_DOUBTFUL in faults(examined(four_streets(), datum=Datum.GCJ02).judged.findings)
    assert Fault.DATUM_DOUBTFUL not in faults(examined(four_streets(), datum=Datum.CGCS2000).judged.findings)


def test_a_city_that_is_suddenly_elsewhere_is_doubted() -> None:
    grid = four_streets()
    for index in range(4):
        move(grid, index, 1.0)
    assert "90 公里" in the_sentence(examined(grid).judged.findings, Fault.FAR_FROM_BEFORE)


def test_a_namesake_is_told_by_its_district() -> None:
    known = the_small_city()
    known = replace(known, areas={**known.areas, "370213099": an_area("370213099", "中山路街道")})
    grid = four_streets()
    say(grid, 1, street_code="", district="市南区")
    assert "370202005" in the_sentence(examined(grid, known=known).judged.findings, Fault.CODE_BY_NAME)
    say(grid, 1, district="")
    sentence = the_sentence(examined(grid, known=known).judged.findings, Fault.CODE_MISSING)
    assert "370202005、370213099" in sentence
    say(grid, 1, adcode="370202")
    assert "370202005" in the_sentence(examined(grid, known=known).judged.findings, Fault.CODE_BY_NAME)


def test_streets_are_not_cut_into_more_cells_than_an_index_holds() -> None:
    grid = Grid(four_streets().properties[:1], [[a_box(WEST, SOUTH, 1.0)]])
    found = examined(grid, cell_m=20.0, end_others=True)
    assert Fault.TOO_MANY_CELLS in faults(found.judged.findings)
    assert found.plan is None


@pytest.mark.parametrize(
    ("offices", "lacking"),
    [({""}, 0), ({"3702"}, 0), ({"370202", "370213"}, 0), ({"370202"}, 2), ({"370213006"}, 3), (set(), 0)],
)
def test_a_street_where_nobody_takes_what_no_rule_decides_is_an_error(offices: set[str], lacking: int) -> None:
    known = the_small_city(offices=frozenset(offices))
    found = examined(four_streets(), known=known)
    assert faults(found.judged.findings) == [Fault.OFFICE_MISSING] * lacking
    assert (found.plan is None) == (lacking > 0)
    added = examined(four_streets(), known=known, add_offices=True)
    assert added.judged.findings.errors == []
    assert added.plan is not None
    assert len(added.plan.offices) == lacking


def test_a_street_in_parts_far_apart_is_not_covered_with_squares() -> None:
    grid = four_streets()
    grid.geometries[0] = {
        "type": "MultiPolygon",
        "coordinates": [[a_box(WEST, SOUTH, 0.001)], [a_box(WEST - 1.0, SOUTH - 1.0, 0.001)]],
    }
    found = examined(grid, cell_m=20.0)
    assert Fault.TOO_SCATTERED in faults(found.judged.findings)
    assert found.plan is None
