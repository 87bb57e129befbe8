"""Read a table of features, CSV or XLSX: one header row, one feature per row, its geometry as text."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from openpyxl import load_workbook

from app.city.importing.polygons import polygon_or_fault
from app.city.importing.source_file import MAX_FEATURES, RawFeature, RawFile, encoding_of
from app.city.importing.wanted import ImportRefused
from app.city.loading import Progress

GEOMETRY_FIELDS = ("geometry", "geom", "wkt", "geojson", "边界", "几何", "坐标")

MAX_UNPACKED = 300 * 1024 * 1024
"""How much a workbook may unpack to: a bomb of kilobytes unpacks to gigabytes."""

MAX_ROWS = 1_048_576
"""As many as a sheet can have; a row that claims a higher number is made up."""

MAX_EMPTY_ROWS = 100_000
"""In a row: the reader makes each of them up, and a file of one kilobyte can ask for a million."""

_MAX_COLUMNS = 64
_MAX_CUTS = 5_000_000
"""Delimiters in one row, those inside borders too: a gigabyte of them alone would make a row of 16."""

_STEP = 2_000
Row = Sequence[object]


def read_csv(data: bytes, *, progress: Progress) -> RawFile:
    """Read comma, semicolon or tab separated rows.

    :raises ImportRefused: an unknown encoding, broken quoting, no geometry column, no row or too many
    """
    return RawFile("CSV", _features(csv_rows(data, progress=progress)))


def read_xlsx(data: bytes, *, progress: Progress) -> RawFile:
    """Read the first sheet of a workbook, row by row.

    :raises ImportRefused: as `xlsx_rows`; no geometry column, no row or too many
    """
    return RawFile("XLSX", _features(xlsx_rows(data, progress=progress)))


def csv_rows(data: bytes, *, progress: Progress) -> Iterator[Row]:
    """Yield comma, semicolon or tab separated rows, the header first.

    :raises ImportRefused: an unknown encoding, broken quoting, a row of too many columns
    """
    source = io.BytesIO(data)
    content = io.TextIOWrapper(source, encoding=encoding_of(data), newline="")
    delimiter = max(",;\t", key=content.readline().count)
    content.seek(0)
    csv.field_size_limit(MAX_UNPACKED)  # of the process; the default is shorter than the border of a street
    try:
        for number, row in enumerate(_cut(content, delimiter)):
            if number % _STEP == 0:
                progress("import_read", source.tell(), len(data))
            yield row
    except csv.Error as broken:
        raise ImportRefused("broken_csv", detail=broken) from None


def _cut(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    cuts, number = 0, 1

    def counted() -> Iterator[str]:
        nonlocal cuts
        for line in lines:
            cuts += line.count(delimiter)
            if cuts > _MAX_CUTS:
                raise ImportRefused("too_wide", row=number, limit=_MAX_CUTS)
            yield line

    for row in csv.reader(counted(), delimiter=delimiter, strict=True):
        cuts, number = 0, number + 1
        yield row


def xlsx_rows(data: bytes, *, progress: Progress) -> Iterator[Row]:
    """Yield the rows of the first sheet of a workbook.

    :raises ImportRefused: not a workbook, unpacks to too much, holds formulas, too many rows, also of empty ones
    """
    _refuse_bombs(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells what it does not support; nothing here needs it
            book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
            sheet = book.worksheets[0]
            claimed = sheet.max_row or 0
            sheet.reset_dimensions()  # a sheet may claim a million columns
            for number, row in enumerate(_plain(sheet.iter_rows(max_col=_MAX_COLUMNS, values_only=True))):
                if number % _STEP == 0:
                    progress("import_read", min(number, claimed), claimed)
                yield row
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
        features.append(RawFeature(number, properties, polygon_or_fault(properties.pop(shape, None))))
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
