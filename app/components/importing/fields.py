"""Find the fields of components under the names that files use, Chinese or English, in tables and GeoJSON."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from app.city.importing.geojson import datum_of, features_of
from app.city.importing.source_file import Content, format_of
from app.city.importing.tables import Row, csv_rows, xlsx_rows
from app.city.importing.wanted import ImportRefused
from app.city.loading import Progress
from app.components.importing.wanted import ComponentsRefused
from app.domain.gcj02 import Datum

MAX_ROWS = 1_000_000


class Column(Enum):
    """What a row may say of a component; the value lists the names it goes by, in lower case."""

    CODE = ("code", "component_code", "objcode", "部件编码", "部件标识码", "部件代码", "标识码", "编码")
    NAME = ("name", "component_name", "objname", "部件名称", "名称")
    LON = ("lon", "lng", "longitude", "经度")
    LAT = ("lat", "latitude", "纬度")
    STATE = ("state", "objstate", "部件状态", "状态")
    MAINTAINER = ("maintainer", "maintainer_name", "养护单位", "养护单位名称")
    MAINTAINER_CODE = ("maintainer_code", "maintainer_unit", "养护单位代码", "养护单位编码")
    OWNER = ("owner", "owner_name", "权属单位", "权属单位名称")
    OWNER_CODE = ("owner_code", "owner_unit", "权属单位代码", "权属单位编码")
    SUPERVISOR = ("supervisor", "supervisor_name", "主管部门", "主管部门名称", "主管单位", "主管单位名称")
    SUPERVISOR_CODE = ("supervisor_code", "supervisor_unit", "主管部门代码", "主管部门编码", "主管单位代码")


@dataclass(frozen=True, slots=True)
class Record:
    """One component as delivered, with '' for what is not said; `number` is the row, or the position of the feature."""

    number: int
    said: Mapping[Column, str]

    def __getitem__(self, column: Column) -> str:
        return self.said.get(column, "")


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file opened for reading; `records` can be gone through once. `crs` and `datum` as the file states them."""

    format: str
    records: Iterator[Record]
    crs: str | None = None
    datum: Datum | None = None

    @property
    def is_table(self) -> bool:
        return self.format != "GeoJSON"


def open_file(content: Content, *, progress: Progress) -> Delivered:
    """Begin to read a file; its rows come as they are asked for.

    :raises ImportRefused: not a file of a known format, also later, while rows are read
    :raises ComponentsRefused: no column of codes or positions, no row or too many, also later
    """
    kind = format_of(content)
    if kind == "geojson":
        features, crs = features_of(content.data)
        if len(features) > MAX_ROWS:
            raise ImportRefused("too_many", count=len(features), limit=MAX_ROWS)
        return Delivered("GeoJSON", _of_features(features, progress), crs, datum_of(crs))
    rows = csv_rows if kind == "csv" else xlsx_rows
    return Delivered(kind.upper(), _of_table(rows(content.data, progress=progress)))


def _of_table(rows: Iterator[Row]) -> Iterator[Record]:
    numbered = ((number, row) for number, row in enumerate(rows, start=1) if any(map(_plain, row)))
    _, header = next(numbered, (0, ()))
    names = [_plain(value) for value in header]
    columns = _columns(names, needed=(Column.CODE, Column.LON, Column.LAT))
    places = {column: names.index(name) for column, name in columns.items()}
    return _bounded(
        Record(number, {column: _cell(column, row[place]) for column, place in places.items() if place < len(row)})
        for number, row in numbered
    )


def _cell(column: Column, value: object) -> str:
    """Return a value of a table as text; a code that a spreadsheet holds as a number has lost its last digits."""
    if column is Column.CODE and isinstance(value, int | float) and abs(value) >= _EXACT:
        return f"{value:E}"
    return _plain(value)


_EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number."""


def _of_features(features: Sequence[object], progress: Progress) -> Iterator[Record]:
    properties = [_members(_members(feature).get("properties")) for feature in features]
    present = dict.fromkeys(str(name) for each in properties for name in each)
    columns = _columns([name.strip() for name in present], needed=(Column.CODE,))
    return _bounded(_records_of(features, properties, columns, progress))


def _records_of(
    features: Sequence[object],
    properties: Sequence[Mapping[str, object]],
    columns: Mapping[Column, str],
    progress: Progress,
) -> Iterator[Record]:
    for index, (feature, own) in enumerate(zip(features, properties, strict=True)):
        if index % _STEP == 0:
            progress("import_read", index, len(features))
        said = {column: _plain(own.get(name)) for column, name in columns.items()}
        yield Record(index + 1, said | _point_of(_members(feature).get("geometry")))


_STEP = 2_000


def _point_of(geometry: object) -> dict[Column, str]:
    """Return a position as text; where there is no point, nothing, whatever the properties say."""
    place = _members(geometry)
    pair = place.get("coordinates") if place.get("type") == "Point" else None
    if not isinstance(pair, list) or len(pair) < 2:  # noqa: PLR2004 - longitude, latitude, perhaps a height
        return {Column.LON: "", Column.LAT: ""}
    return {Column.LON: _plain(pair[0]), Column.LAT: _plain(pair[1])}


def _members(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _columns(names: Sequence[str], *, needed: Sequence[Column]) -> dict[Column, str]:
    """Return the name of each column that is there.

    :raises ComponentsRefused: one that is needed is not
    """
    present = {name.lower(): name for name in names if name}
    found = {
        column: present[alias]
        for column in Column
        for alias in reversed(column.value)  # the first alias of a column comes last and stays
        if alias in present
    }
    for column in needed:
        if column not in found:
            listed = "、".join(present.values())[:200] or "—"
            raise ComponentsRefused("no_column", wanted="、".join(column.value), found=listed)
    return found


def _bounded(records: Iterator[Record]) -> Iterator[Record]:
    count = 0
    for count, record in enumerate(records, start=1):
        if count > MAX_ROWS:
            raise ImportRefused("too_many", count=f"{MAX_ROWS}+", limit=MAX_ROWS)
        yield record
    if not count:
        raise ComponentsRefused("no_rows")


_WHOLE = re.compile(r"(\d+)\.0+")


def _plain(value: object) -> str:
    """Return a value as text; a spreadsheet makes 370202001.0 of a code."""
    if value is None or isinstance(value, bool | dict | list):
        return ""
    written = str(value).strip()
    whole = _WHOLE.fullmatch(written)
    return whole[1] if whole else written
