"""Read the workbook of a rule set, row by row, within bounds of what it may unpack to."""

import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook

from app.routing.findings import Findings, Path, RuleFileRefused, Spot, refused
from app.routing.xlsx_layout import ABOUT, ABOUT_ROWS, CONTENT, ITEM, RULES, SHEETS, Column, Sheet
from app.routing.yaml_reading import is_unclean, tidied

MAX_UNPACKED = 64 * 1024 * 1024
"""How much a workbook may unpack to: a bomb of kilobytes unpacks to gigabytes. 10,000 rules take some 10 MB."""

MAX_TAGS = 2_000_000
"""In all parts together: each tag becomes an object of hundreds of bytes. 20,000 rules take some 1.2 million."""

MAX_PART = 1024 * 1024
"""Of a part that is neither a sheet nor the texts of the sheets: the reader holds styles and the like in memory whole,
and makes a thousandfold of them."""

MAX_EMPTY_ROWS = 1_000
"""In a row: the reader makes each of them up, and a file of one kilobyte can ask for a million."""

_MAX_COLUMNS = 64
_AT_ONCE = 1024 * 1024
_XML = (".xml", ".rels")
_STREAMED = ("xl/worksheets/", "xl/sharedStrings.xml")


@dataclass(slots=True)
class Rows:
    """In which row of which sheet each item stands."""

    spots: dict[tuple[str | int, ...], Spot] = field(default_factory=dict)

    def of(self, path: Path) -> Spot:
        steps = tuple(path)
        return next((self.spots[steps[:n]] for n in (2, 1) if steps[:n] in self.spots), Spot(1, RULES))


def read_xlsx(data: bytes, findings: Findings) -> tuple[dict[str, Any], Rows]:
    """Return the document and the rows of its items; what a cell cannot hold is a finding.

    :raises RuleFileRefused: not a workbook, unpacks to too much, sheets that are none of a rule set's, too many rows
    """
    _refuse_bombs(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells what it does not support; nothing here needs it
            book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
            return _Reader(findings).read({sheet.title.strip(): sheet for sheet in book.worksheets})
    except RuleFileRefused:
        raise
    except Exception as broken:
        # Of a damaged workbook openpyxl lets out whatever its parsers raise.
        raise refused("no_workbook", detail=type(broken).__name__) from broken


def _refuse_bombs(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            is_bomb = _is_bomb(parts)
    except Exception as broken:
        # Of a damaged archive zipfile lets out whatever its decompressors raise.
        raise refused("no_workbook", detail=type(broken).__name__) from broken
    if is_bomb:
        raise refused("bomb", limit_mb=MAX_UNPACKED // 1024 // 1024)


def _is_bomb(parts: zipfile.ZipFile) -> bool:
    """Tell whether a workbook unpacks to more, or to more things, than any rule set needs."""
    listed = parts.infolist()
    if sum(part.file_size for part in listed) > MAX_UNPACKED:  # zipfile reads no more than it declares
        return True
    whole = (part for part in listed if part.filename.endswith(_XML) and not part.filename.startswith(_STREAMED))
    if any(part.file_size > MAX_PART for part in whole):
        return True
    tags = 0
    for part in listed:
        with parts.open(part) as content:
            while tags <= MAX_TAGS and (piece := content.read(_AT_ONCE)):
                tags += piece.count(b"<")
    return tags > MAX_TAGS


class _Reader:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._document: dict[str, Any] = {}
        self._rows = Rows()

    def read(self, sheets: Mapping[str, Any]) -> tuple[dict[str, Any], Rows]:
        known = [ABOUT, *(each.name for each in SHEETS)]
        for name in sheets:
            if name not in known:
                raise refused("sheet_unknown", line=1, sheet=name, known="、".join(known))
        for name in (ABOUT, RULES):
            if name not in sheets:
                raise refused("sheet_missing", sheet=name, wanted=name, found="、".join(sheets))
        self._read_about(sheets[ABOUT])
        for layout in SHEETS:
            if layout.name in sheets:
                self._read_items(layout, sheets[layout.name])
        return self._document, self._rows

    def _read_about(self, sheet: Any) -> None:  # noqa: ANN401 - openpyxl's read-only sheet has no public type
        rows = self._texts(ABOUT, sheet)
        _, header = next(rows, (1, []))
        if header[:2] != [ITEM, CONTENT]:
            raise refused("header_wrong", line=1, sheet=ABOUT, wanted=f"{ITEM}、{CONTENT}")
        for line, (item, content, *_) in rows:
            name = ABOUT_ROWS.get(item)
            if name is None or name in self._document:
                self._findings.add(Spot(line, ABOUT), "", item, "about_unknown", known="、".join(ABOUT_ROWS))
            elif content:
                self._document[name] = content
                self._rows.spots[(name,)] = Spot(line, ABOUT)

    def _read_items(self, layout: Sheet, sheet: Any) -> None:  # noqa: ANN401 - as above
        rows = self._texts(layout.name, sheet)
        first, header = next(rows, (1, []))
        columns = self._columns(layout, header, first)
        items: list[dict[str, Any]] = self._document.setdefault(layout.section, [])
        self._rows.spots[(layout.section,)] = Spot(first, layout.name)
        for line, cells in rows:
            filled = [(column, cell) for column, cell in zip(columns, cells, strict=False) if column and cell]
            goes_on = bool(items) and all(column.goes_on for column, _ in filled)
            if not goes_on:
                if not any(column is layout.columns[0] for column, _ in filled):
                    self._findings.add(Spot(line, layout.name), "", layout.columns[0].header, "row_without_code")
                items.append({})
                self._rows.spots[(layout.section, len(items) - 1)] = Spot(line, layout.name)
            self._fill(items[-1], filled, spot=Spot(line, layout.name))

    def _columns(self, layout: Sheet, header: Sequence[str], line: int) -> list[Column | None]:
        if layout.columns[0].header not in header:
            raise refused("header_wrong", line=line, sheet=layout.name, wanted="、".join(layout.headers))
        for name in header:
            if name and (name not in layout.headers or header.count(name) > 1):
                wanted = "、".join(layout.headers)
                self._findings.add(Spot(line, layout.name), "", name, "column_unknown", wanted=wanted)
        return [layout.headers.get(name) for name in header]

    def _fill(self, item: dict[str, Any], filled: Sequence[tuple[Column, str]], *, spot: Spot) -> None:
        choice: dict[str, Any] = {}
        for column, cell in filled:
            try:
                value = column.read(cell)
            except ValueError:
                self._findings.add(spot, "", column.header, "cell_unreadable", cell=cell[:50])
                continue
            if column.path[0] == "choices":
                choice[column.path[1]] = value
            elif column.goes_on:
                before = item.get(column.path[0])
                item[column.path[0]] = f"{before} {value}" if before else value
            else:
                _put(item, column.path, value)
        if choice:
            item.setdefault("choices", []).append(choice)

    def _texts(self, name: str, sheet: Any) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401 - as above
        """Give the rows that hold something, each cell as a text.

        :raises RuleFileRefused: too many empty rows
        """
        sheet.reset_dimensions()  # a sheet may claim a million columns
        empty = 0
        for line, row in enumerate(sheet.iter_rows(max_col=_MAX_COLUMNS), start=1):
            texts = [self._text(cell, Spot(line, name)) for cell in row]
            if any(texts):
                empty = 0
                yield line, texts + [""] * (2 - len(texts))
                continue
            empty += 1
            if empty > MAX_EMPTY_ROWS:
                raise refused("too_many_rows", line=line, sheet=name)

    def _text(self, cell: Any, spot: Spot) -> str:  # noqa: ANN401 - as above
        value = cell.value
        if value is None:
            return ""
        if cell.data_type == "f":
            self._findings.add(spot, "", cell.coordinate, "formula")
            return ""
        written = _written(value)
        if is_unclean(written):
            self._findings.add(spot, "", cell.coordinate, "unclean")
        return written


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return tidied(str(value))


def _put(item: dict[str, Any], path: Sequence[str], value: Any) -> None:  # noqa: ANN401 - whatever a cell reads as
    *way, last = path
    for step in way:
        item = item.setdefault(step, {})
    item[last] = value
