"""Small grids to import, as files of every format: four streets side by side, or twelve cells in two of them."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import shapely
from openpyxl import Workbook

from app.city.facts import AreaFact
from app.city.importing.import_file import Examined, examine
from app.city.importing.known import Delivery, KnownCity
from app.city.importing.source_file import Content
from app.city.importing.wanted import GridLevel, Wanted
from app.domain.cells import Level
from app.domain.gcj02 import Datum
from tests.builders_city import LICUN, XIANGGANGZHONGLU, ZHENHUALU, ZHONGSHANLU

TODAY = date(2026, 11, 20)
WEST, SOUTH, SIDE = 120.35, 36.10, 0.02
STREETS = {
    XIANGGANGZHONGLU: ("香港中路街道", "市南区"),
    ZHONGSHANLU: ("中山路街道", "市南区"),
    ZHENHUALU: ("振华路街道", "李沧区"),
    LICUN: ("李村街道", "李沧区"),
}
"""From the south-west to the north-east, two in a row."""

Ring = list[list[float]]


@dataclass
class Grid:
    """Features that can be spoilt before they become a file; each holds its properties and rings of one polygon."""

    properties: list[dict[str, Any]]
    rings: list[list[Ring]]
    crs: str | None = None
    geometries: dict[int, Any] = field(default_factory=dict)
    """What a feature has instead of its polygon."""

    def geometry(self, index: int) -> Any:
        return self.geometries.get(index, {"type": "Polygon", "coordinates": self.rings[index]})

    def geojson(self) -> bytes:
        features = [
            {"type": "Feature", "properties": properties, "geometry": self.geometry(index)}
            for index, properties in enumerate(self.properties)
        ]
        crs = {"crs": {"type": "name", "properties": {"name": self.crs}}} if self.crs else {}
        return json.dumps({"type": "FeatureCollection", "features": features, **crs}, ensure_ascii=False).encode()

    def rows(self, *, geometry: str = "geometry") -> list[list[object]]:
        names = list(self.properties[0])
        return [
            [*names, geometry],
            *([*(row[name] for name in names), self.wkt(index)] for index, row in enumerate(self.properties)),
        ]

    def wkt(self, index: int) -> str:
        given = self.geometry(index)
        return given if isinstance(given, str) else shapely.from_geojson(json.dumps(given)).wkt


def a_box(west: float, south: float, side: float = SIDE) -> Ring:
    east, north = west + side, south + side
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def four_streets() -> Grid:
    codes = list(STREETS)
    return Grid(
        [{"street_code": code, "name": STREETS[code][0], "district": STREETS[code][1]} for code in codes],
        [[a_box(WEST + SIDE * (n % 2), SOUTH + SIDE * (n // 2))] for n in range(len(codes))],
    )


def twelve_cells() -> Grid:
    """Six cells in each of two streets, 2 to the east and 6 to the north, in one community each."""
    side = SIDE / 4
    codes = [f"{street}001{n + 1:03}" for street in (ZHONGSHANLU, LICUN) for n in range(6)]
    boxes = [[a_box(WEST + side * (n % 2), SOUTH + side * (n // 2), side)] for n in range(12)]
    return Grid([{"cell_code": code} for code in codes], boxes)


def csv_bytes(rows: Sequence[Sequence[object]], *, encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue().encode(encoding)


def xlsx_bytes(rows: Sequence[Sequence[object]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def the_small_city(newest: Delivery | None = None, *, offices: frozenset[str] = frozenset({""})) -> KnownCity:
    """Return what is known where the small city of the tests stands; its centres are those of the four streets.

    :param offices: the areas whose offices take what no rule decides; without more, one for the whole city
    """
    areas = {"370202": an_area("370202", "市南区"), "370213": an_area("370213", "李沧区")}
    for n, (code, (name, _)) in enumerate(STREETS.items()):
        areas[code] = an_area(code, name, WEST + SIDE * (n % 2 + 0.5), SOUTH + SIDE * (n // 2 + 0.5))
    return KnownCity(
        version=1,
        areas=areas,
        streets_in_force=frozenset(STREETS),
        newest=newest,
        offices=offices,
        unit_codes=frozenset(f"{area or 'qd'}.street_office" for area in offices),
    )


def an_area(code: str, name: str, lon: float = WEST, lat: float = SOUTH) -> AreaFact:
    level = Level.DISTRICT if len(code) == 6 else Level.STREET
    return AreaFact(
        code=code,
        name=name,
        level=level,
        parent_code=None,
        centre_lon=lon,
        centre_lat=lat,
        is_approximate=False,
    )


def examined(
    grid: Grid | bytes,
    level: GridLevel = GridLevel.STREET,
    *,
    name: str = "grid.geojson",
    known: KnownCity | None = None,
    datum: Datum | None = Datum.WGS84,
    **wanted: Any,
) -> Examined:
    """Return the examination of a grid, by default against the small city."""
    data = grid if isinstance(grid, bytes) else grid.geojson()
    return examine(
        Content(name, data),
        wanted=Wanted(level, datum, **wanted),
        known=known or the_small_city(),
        progress=silent,
    )


def silent(_stage: str, _done: int, _total: int) -> None:
    """Be told and say nothing."""
