"""Write a rule set as a workbook, one sheet per section, one row per rule; see `xlsx_layout`."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from app.routing.xlsx_layout import ABOUT, ABOUT_ROWS, CELL_LONGEST, CONTENT, ITEM, SHEETS, Column, Sheet


def write_xlsx(content: Mapping[str, Any]) -> bytes:
    """Return the workbook; sheets without an item have their header all the same, to be filled in.

    :param content: what `RuleSetWords` dumps without defaults
    """
    book = Workbook(write_only=True)
    about = [(row, str(content.get(name, ""))) for row, name in ABOUT_ROWS.items()]
    _add(book, ABOUT, [ITEM, CONTENT], about)
    for layout in SHEETS:
        rows = (row for item in content.get(layout.section, ()) for row in _rows(layout, item))
        _add(book, layout.name, list(layout.headers), rows)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _add(book: Any, name: str, header: Sequence[str], rows: Any) -> None:  # noqa: ANN401 - openpyxl's workbook
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    cells = [WriteOnlyCell(sheet, value=each) for each in header]
    for cell in cells:
        cell.font = Font(bold=True)
    sheet.append(cells)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet: Any, value: str) -> Any:  # noqa: ANN401 - openpyxl's cell
    if not value.startswith(("=", "#")):
        return value or None
    cell = WriteOnlyCell(sheet, value=value)
    cell.data_type = "s"  # neither a formula nor an error
    return cell


def _rows(layout: Sheet, item: Mapping[str, Any]) -> Iterator[list[str]]:
    """Give the row of an item, and those in which its choices or its border go on."""
    parts = [_parts(column, item) for column in layout.columns]
    for n in range(max(map(len, parts))):
        yield [part[n] if n < len(part) else "" for part in parts]


def _parts(column: Column, item: Mapping[str, Any]) -> list[str]:
    if column.path[0] == "choices":
        return [choice[column.path[1]] for choice in item["choices"]]
    value: Any = item
    for step in column.path:
        value = value.get(step) if value is not None else None
    if value is None:
        return [""]
    written = column.write(value)
    return _pieces(written) if column.goes_on else [written]


def _pieces(border: str) -> list[str]:
    """Cut a long border after commas; the blank that follows each is put back in reading."""
    pieces = []
    while len(border) > CELL_LONGEST:
        cut = border.rindex(",", 0, CELL_LONGEST) + 1
        pieces.append(border[:cut])
        border = border[cut:].lstrip()
    return [*pieces, border]
