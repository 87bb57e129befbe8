"""Read a table of features, CSV or XLSX: one header row, one feature per row, its geometry as text."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from openpyxl import load_workbook

from app.city.importing.source_file import MAX_BYTES, MAX_FEATURES, RawFeature, RawFile, decoded
from app.city.importing.wanted import ImportRefused

GEOMETRY_FIELDS = ("geometry", "geom", "wkt", "geojson", "边界", "几何", "坐标")

MAX_UNPACKED = 3 * MAX_BYTES
"""How much a workbook may unpack to: a bomb of kilobytes unpacks to gigabytes."""

MAX_ROWS = 1_048_576
"""As many as a sheet can have; a row that claims a higher number is made up."""

MAX_EMPTY_ROWS = 100_000
"""In a row: the reader makes each of them up, and a file of one kilobyte can ask for a million."""

_MAX_COLUMNS = 64
Row = Sequence[object]


def read_csv(data: bytes) -> RawFile:
    """Read comma, semicolon or tab separated rows.

    :raises ImportRefused: an unknown encoding, broken quoting, no geometry column, no row or too many
    """
    content = decoded(data)
    header = content.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    csv.field_size_limit(MAX_BYTES)  # of the process; the default is shorter than the border of a street
    try:
        return RawFile("CSV", _features(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)))
    except csv.Error as broken:
        raise ImportRefused("broken_csv", detail=broken) from None


def read_xlsx(data: bytes) -> RawFile:
    """Read the first sheet of a workbook, row by row.

    :raises ImportRefused: not a workbook, unpacks to too much, holds formulas, no geometry column, no row or too many,
        also of empty ones
    """
    _refuse_bombs(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells what it does not support; nothing here needs it
            book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # a sheet may claim a million columns
            return RawFile("XLSX", _features(_plain(sheet.iter_rows(max_col=_MAX_COLUMNS, values_only=True))))
    except ImportRefused:
        raise
    except Exception as broken:
        # Of a damaged workbook openpyxl lets out whatever its parsers raise.
        raise ImportRefused("no_workbook", detail=type(broken).__name__) from broken


def _refuse_bombs(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())  # zipfile reads no more than it declares
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as broken:
        raise ImportRefused("no_workbook", detail=type(broken).__name__) from None
    if unpacked > MAX_UNPACKED:
        raise ImportRefused("bomb", limit_mb=MAX_UNPACKED // 1024 // 1024)


def _plain(rows: Iterable[Row]) -> Iterator[Row]:
    """Let rows through that hold values only; what a formula would give is not in the file for certain."""
    empty = 0
    for number, row in enumerate(rows, start=1):
        if any(value is not None and _is_formula(value) for value in row):
            raise ImportRefused("formula", row=number)
        empty = 0 if any(_is_filled(value) for value in row) else empty + 1
        if number > MAX_ROWS or empty > MAX_EMPTY_ROWS:
            raise ImportRefused("too_many_rows", row=number)
        yield row


def _is_formula(value: object) -> bool:
    return value.startswith("=") if isinstance(value, str) else type(value).__module__.startswith("openpyxl")


def _features(rows: Iterable[Row]) -> list[RawFeature]:
    numbered = ((number, row) for number, row in enumerate(rows, start=1) if any(_is_filled(value) for value in row))
    _, header = next(numbered, (0, ()))
    names = [str(value).strip() if value is not None else "" for value in header]
    shape = _geometry_column(names)
    features = []
    for number, row in numbered:
        properties = {name: value for name, value in zip(names, row, strict=False) if name}
        features.append(RawFeature(number, properties, properties.pop(shape, None)))
        if len(features) > MAX_FEATURES:
            raise ImportRefused("too_many", count=f"{MAX_FEATURES}+", limit=MAX_FEATURES)
    if not features:
        raise ImportRefused("no_features")
    return features


def _is_filled(value: object) -> bool:
    return value is not None and value != ""


def _geometry_column(names: Sequence[str]) -> str:
    known = {name.lower(): name for name in names if name}
    for alias in GEOMETRY_FIELDS:
        if alias in known:
            return known[alias]
    raise ImportRefused("no_geometry_column", wanted="、".join(GEOMETRY_FIELDS), found="、".join(known)[:200] or "—")
