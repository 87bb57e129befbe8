"""A grid goes in as one generation: old cells end, new ones begin, what was known keeps its name."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from sqlalchemy import update
from sqlmodel import col, select

from app.city import load_default
from app.city.importing.findings import Fault
from app.city.importing.import_file import Examined, put_in_force
from app.city.importing.known import known_city
from app.city.importing.wanted import GridLevel, ImportRefused, Wanted
from app.city.models import Area, Cell, GridGeneration, Unit
from app.city.snapshot import CitySnapshot, OutOfArea, load_snapshot
from app.city.version import bump_version, current_version
from app.domain.cells import Level
from app.domain.gcj02 import Datum, wgs84_to_gcj02
from app.domain.routing.rules import FALLBACK_ROLE
from app.infra.database import Database
from tests.builders_city import IN_LICUN, LICUN, ZHONGSHANLU, a_small_city
from tests.city.grid_files import (
    SIDE,
    SOUTH,
    STREETS,
    TODAY,
    WEST,
    Grid,
    a_box,
    examined,
    four_streets,
    silent,
    twelve_cells,
)

TOMORROW = TODAY + timedelta(days=1)


@dataclass
class Office:
    """Somebody with a database and files to import."""

    database: Database
    now: datetime

    def examine(self, grid: Grid, level: GridLevel = GridLevel.STREET, *, day: date = TODAY, **wanted: Any) -> Examined:
        with self.database.reading() as session:
            known = known_city(session, today=day)
        return examined(grid, level, known=known, **wanted)

    def apply(self, file: Examined, *, day: date = TODAY) -> int:
        with self.database.transaction() as session:
            return put_in_force(session, file, source=None, today=day, now=self.now, progress=silent)

    def bring(self, grid: Grid, level: GridLevel = GridLevel.STREET, *, day: date = TODAY, **wanted: Any) -> int:
        """Return which generation it has become, counted from 1: the ids themselves leave numbers out."""
        file = self.examine(grid, level, day=day, **wanted)
        assert file.judged.findings.errors == []
        generation_id = self.apply(file, day=day)
        return self.generations().index(generation_id) + 1

    def city(self, day: date = TODAY) -> CitySnapshot:
        with self.database.reading() as session:
            return load_snapshot(session, today=day)

    def periods(self) -> set[tuple[int, date, date | None]]:
        """Return (generation, first day, end) of all cells."""
        counted = self.generations()
        with self.database.reading() as session:
            cells = session.exec(select(Cell)).all()
        return {(counted.index(cell.generation_id) + 1, cell.valid_from, cell.valid_until) for cell in cells}

    def generations(self) -> list[int | None]:
        with self.database.reading() as session:
            return list(session.exec(select(GridGeneration.id).order_by(col(GridGeneration.id))))


@pytest.fixture
def office(database: Database, now: datetime) -> Office:
    """Return an office in which the small city has stood since 2019."""
    with database.transaction() as session:
        a_small_city(session, now)
    return Office(database, now)


def test_the_old_cells_end_on_the_day_the_new_ones_begin(office: Office) -> None:
    assert office.periods() == {(1, date(2019, 1, 1), None)}
    assert office.bring(four_streets()) == 2
    assert office.periods() == {(1, date(2019, 1, 1), TODAY), (2, TODAY, None)}
    before, after = (office.city(day) for day in (TODAY - timedelta(days=1), TODAY))
    assert before.locate(*IN_LICUN).cell_code == "370213006001005"
    assert before.version == after.version == 2
    assert after.locate(WEST + 1.5 * SIDE, SOUTH + 1.5 * SIDE).street_code == LICUN
    with pytest.raises(OutOfArea):
        before.locate(WEST + 0.5 * SIDE, SOUTH + 0.5 * SIDE)


def test_a_generation_says_where_it_came_from(office: Office) -> None:
    file = office.examine(four_streets(), is_approximate=True, datum=Datum.CGCS2000)
    generation_id = office.apply(file)
    with office.database.reading() as session:
        generation = session.get_one(GridGeneration, generation_id)
    assert (generation.source, generation.datum) == ("grid.geojson", "cgcs2000")
    assert generation.file_sha256 == file.content.sha256
    assert generation.note == "街道边界，按 1000 米切分网格；近似边界"


def test_the_same_file_again_is_in_force_already(office: Office) -> None:
    office.bring(four_streets())
    assert office.examine(four_streets()).is_in_force
    assert not office.examine(four_streets(), cell_m=500.0).is_in_force
    assert not office.examine(four_streets(), is_approximate=True).is_in_force
    changed = four_streets()
    changed.properties[0]["name"] = "香港路街道"
    assert not office.examine(changed).is_in_force


def test_a_second_import_on_a_day_replaces_the_first(office: Office) -> None:
    office.bring(four_streets())
    assert office.bring(four_streets(), cell_m=500.0) == 3
    assert office.periods() == {(1, date(2019, 1, 1), TODAY), (3, TODAY, None)}


def test_an_earlier_file_can_come_back(office: Office) -> None:
    office.bring(four_streets())
    office.bring(twelve_cells(), GridLevel.CELL, day=TOMORROW)
    assert not office.examine(four_streets(), day=TOMORROW).is_in_force
    later = TOMORROW + timedelta(days=1)
    assert office.bring(four_streets(), day=later) == 4
    assert office.examine(four_streets(), day=later).is_in_force
    assert office.periods() == {
        (1, date(2019, 1, 1), TODAY),
        (2, TODAY, TOMORROW),
        (3, TOMORROW, later),
        (4, later, None),
    }


def test_of_two_imports_at_once_the_second_is_refused(office: Office) -> None:
    first, second = office.examine(four_streets()), office.examine(twelve_cells(), GridLevel.CELL)
    office.apply(first)
    before = office.periods()
    with pytest.raises(ImportRefused) as refused:
        office.apply(second)
    assert refused.value.reason == "changed_meanwhile"
    assert office.periods() == before
    assert office.city().version == 2


def test_a_file_with_errors_is_never_applied(office: Office) -> None:
    grid = four_streets()
    grid.properties[0]["street_code"] = "1"
    with pytest.raises(ImportRefused) as refused:
        office.apply(office.examine(grid))
    assert refused.value.reason == "has_errors"
    assert office.periods() == {(1, date(2019, 1, 1), None)}


def test_areas_are_renewed_and_those_that_are_gone_keep_their_names(office: Office) -> None:
    grid = four_streets()
    grid.properties[0] |= {"street_code": "370202099", "name": "新街道"}
    office.bring(grid, add_offices=True)
    with office.database.reading() as session:
        areas = {area.code: area for area in session.exec(select(Area))}
    new, old, district = areas["370202099"], areas["370202001"], areas["370202"]
    assert (new.name, new.parent_code, new.level) == ("新街道", "370202", Level.STREET)
    assert (old.name, old.shape) == ("香港中路街道", None)
    assert old.generation_id < new.generation_id == district.generation_id
    assert district.shape is not None
    assert shapely.from_wkb(district.shape).bounds == pytest.approx((WEST, SOUTH, WEST + 2 * SIDE, SOUTH + SIDE))
    assert (new.is_approximate, areas["370202099001"].is_approximate) == (False, True)
    assert areas["370202099001"].name == "新街道第 1 片区"


def test_cells_make_the_areas_above_them(office: Office) -> None:
    grid = twelve_cells()
    for row in grid.properties:
        row |= {"区市": "市南", "街道": "中山路" if row["cell_code"].startswith(ZHONGSHANLU) else "", "社区": "某社区"}
    file = office.examine(grid, GridLevel.CELL)
    assert file.plan is not None
    levels = (Level.DISTRICT, Level.STREET, Level.COMMUNITY, Level.CELL)
    assert [file.plan.count(level) for level in levels] == [2, 2, 2, 12]
    office.apply(file)
    city = office.city()
    place = city.locate(WEST + 0.1 * SIDE, SOUTH + 0.1 * SIDE)
    assert place.cell_code == f"{ZHONGSHANLU}001001"
    assert (place.street_name, place.district_name) == ("中山路", "市南区")  # a known district keeps its name
    assert (city.areas[f"{ZHONGSHANLU}001"].name, city.areas[LICUN].name) == ("某社区", "李村街道")
    assert city.unit_for("enforcement_squad", place.cell_code) == f"{ZHONGSHANLU}.enforcement_squad"


def test_a_community_keeps_its_name_but_a_made_up_block_hands_down_none(office: Office) -> None:
    assert office.city().areas[f"{LICUN}001"].name == "李村街道第 1 片区"
    office.bring(twelve_cells(), GridLevel.CELL)
    assert office.city().areas[f"{LICUN}001"].name == "李村街道第 1 社区"
    named = twelve_cells()
    for row in named.properties:
        row["社区"] = "某社区"
    office.bring(named, GridLevel.CELL)
    office.bring(twelve_cells(), GridLevel.CELL)
    assert office.city().areas[f"{LICUN}001"].name == "某社区"


def test_cells_of_places_without_a_name_are_called_by_their_code(office: Office) -> None:
    grid = twelve_cells()
    for row in grid.properties:
        row["cell_code"] = row["cell_code"].replace(LICUN, "370213099")
    office.bring(grid, GridLevel.CELL, add_offices=True)
    city = office.city()
    assert city.areas["370213099"].name == "区域 370213099"
    assert city.areas["370213099001"].name == "区域 370213099第 1 社区"


def test_a_grid_may_come_before_anything_else(database: Database, now: datetime) -> None:
    office = Office(database, now)
    assert office.bring(four_streets()) == 1
    assert office.city().locate(WEST + 0.5 * SIDE, SOUTH + 0.5 * SIDE).district_name == "市南区"
    with database.transaction() as session:
        load_default.load_default_city(session, today=TODAY, now=now)
    assert office.periods() == {(1, TODAY, None)}


def test_gcj02_borders_come_to_lie_where_they_belong(office: Office) -> None:
    grid = four_streets()
    for rings in grid.rings:
        rings[0] = [list(wgs84_to_gcj02(x, y)) for x, y in rings[0]]
    office.bring(grid, datum=Datum.GCJ02)
    shapes = cell_shapes(office)
    expected = (WEST, SOUTH, WEST + 2 * SIDE, SOUTH + 2 * SIDE)
    assert shapely.total_bounds(shapes).tolist() == pytest.approx(expected, abs=1e-8)
    assert float(shapely.area(shapes).sum()) == pytest.approx(4 * SIDE**2, rel=1e-6)
    city = office.city()
    for n, code in enumerate(STREETS):
        assert city.locate(WEST + SIDE * (n % 2 + 0.5), SOUTH + SIDE * (n // 2 + 0.5)).street_code == code


def cell_shapes(office: Office) -> Any:
    with office.database.reading() as session:
        return shapely.from_wkb(session.exec(select(Cell.shape).where(col(Cell.valid_until).is_(None))).all())


@pytest.mark.parametrize("cell_m", [1_000.0, 130.0])
def test_every_point_of_a_street_is_found_in_that_street(office: Office, cell_m: float) -> None:
    """Streets with ragged borders; a millimetre is what cutting may move a border by."""
    grid = ragged_streets()
    office.bring(grid, cell_m=cell_m)
    city = office.city()
    rng = np.random.default_rng(5)
    checked = 0
    for row, rings in zip(grid.properties, grid.rings, strict=True):
        inside = shapely.Polygon(rings[0]).buffer(-1e-8)
        west, south, east, north = inside.bounds
        for lon, lat in rng.uniform((west, south), (east, north), (400, 2)).tolist():
            if inside.contains(shapely.Point(lon, lat)):
                place = city.locate(lon, lat)
                assert (place.street_code, place.is_certain) == (row["street_code"], True)
                checked += 1
    assert checked > 1_000


def test_off_the_shore_the_nearest_street_answers_and_the_distance_is_told(office: Office) -> None:
    grid = ragged_streets()
    office.bring(grid, cell_m=130.0)
    city = office.city()
    streets = {
        row["street_code"]: shapely.Polygon(rings[0]) for row, rings in zip(grid.properties, grid.rings, strict=True)
    }
    for lon in np.linspace(WEST - 0.01, WEST + 2 * SIDE + 0.01, 40).tolist():
        point = shapely.Point(lon, SOUTH - 0.008)
        place = city.locate(point.x, point.y)
        assert not place.is_certain
        metres = {code: in_metres(point, shape) for code, shape in streets.items()}
        assert place.offset_m == pytest.approx(min(metres.values()), abs=0.5)
        assert metres[place.street_code] == pytest.approx(min(metres.values()), abs=0.5)
        assert place.offset_m > 300


def in_metres(point: Any, shape: Any) -> float:
    """Return the distance on a plane around the point."""

    def scaled(degrees: Any) -> Any:
        return (degrees - [point.x, point.y]) * [111_195 * np.cos(np.radians(point.y)), 111_195]

    return float(shapely.distance(shapely.transform(shape, scaled), shapely.Point(0, 0)))


def ragged_streets() -> Grid:
    """Return the four streets with every border, also the shared ones, bent fifty times."""
    rng = np.random.default_rng(11)
    bent: dict[tuple[float, float], list[list[float]]] = {}

    def side(start: list[float], end: list[float]) -> list[list[float]]:
        """Return the points from start to end, without the end; there and back it is the same line."""
        first, last = sorted([start, end])
        middle = (round(first[0] + last[0], 6), round(first[1] + last[1], 6))
        if middle not in bent:
            share = np.linspace(0, 1, 51)[:, None]
            across = np.array([[last[1] - first[1], first[0] - last[0]]]) / SIDE
            waves = rng.uniform(-0.0004, 0.0004, (51, 1)) * np.sin(np.pi * share)
            bent[middle] = (np.array(first) * (1 - share) + np.array(last) * share + across * waves).tolist()
            bent[middle][0], bent[middle][-1] = first, last
        return bent[middle][:-1] if start == first else bent[middle][:0:-1]

    corners = [[[WEST + SIDE * x, SOUTH + SIDE * y] for x in range(3)] for y in range(3)]
    grid = four_streets()
    for n in range(len(STREETS)):
        x, y = n % 2, n // 2
        around = [corners[y][x], corners[y][x + 1], corners[y + 1][x + 1], corners[y + 1][x], corners[y][x]]
        points = [point for start, end in pairwise(around) for point in side(start, end)]
        grid.rings[n] = [[*points, points[0]]]
    return grid


def test_streets_are_cut_as_those_of_the_default_city() -> None:
    assert Wanted(GridLevel.STREET).cell_m == load_default.CELL_M


def test_a_crumb_of_a_street_makes_no_cell(office: Office) -> None:
    """A corner that reaches centimetres into the next square is too small to be a cell of its own."""
    grid = four_streets()
    grid.geometries[0] = {
        "type": "MultiPolygon",
        "coordinates": [grid.rings[0], [a_box(WEST - 0.001, SOUTH, 0.000005)]],
    }
    office.bring(grid)
    with office.database.reading() as session:
        assert min(session.exec(select(Cell.area_m2).where(col(Cell.valid_until).is_(None)))) >= 1


def test_a_later_change_of_the_city_is_not_overlooked(office: Office) -> None:
    file = office.examine(four_streets())
    with office.database.transaction() as session:
        bump_version(session, now=office.now)
    with pytest.raises(ImportRefused):
        office.apply(file)
    with office.database.reading() as session:
        assert current_version(session) == 2


def with_a_new_street(name: str) -> Grid:
    grid = four_streets()
    grid.properties[0] |= {"street_code": "370202099", "name": name}
    return grid


@pytest.mark.parametrize(
    ("name", "called"), [("新街道", "新街道办事处"), ("新镇", "新镇人民政府"), ("新区", "新区管理委员会")]
)
def test_the_office_of_a_new_street_may_come_with_it(office: Office, name: str, called: str) -> None:
    office.bring(with_a_new_street(name), add_offices=True)
    city = office.city()
    unit = city.unit_for(FALLBACK_ROLE, "370202099001001")
    assert unit == "370202099.street_office"
    assert (city.units[unit].name, city.units[unit].area_code) == (called, "370202099")
    assert office.examine(with_a_new_street(name)).judged.findings.errors == []


def test_an_office_that_has_ended_is_not_founded_again(office: Office) -> None:
    with office.database.transaction() as session:
        session.execute(update(Unit).where(col(Unit.code) == f"{LICUN}.street_office").values(valid_until=TODAY))
    found = office.examine(four_streets(), add_offices=True).judged.findings.errors
    assert [each.fault for each in found] == [Fault.OFFICE_ENDED]
    assert office.examine(four_streets(), day=TODAY - timedelta(days=1)).judged.findings.errors == []
