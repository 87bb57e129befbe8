"""The changes of a dry run as a CSV file that a spreadsheet opens: UTF-8 with its mark, no cell that calculates."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime

from app.city.snapshot import CitySnapshot
from app.domain.roles import Caller
from app.infra.wire import beijing_text
from app.rulebook.history import Opener
from app.rulebook.rehearsals.queries import BUDGET, Stored, change, changes_after, get_done, units_of
from app.rulebook.rehearsals.schemas import DryRunChangeRead
from app.texts import text

BYTE_ORDER_MARK = "\ufeff"
"""Without it spreadsheets read Chinese as Latin."""

COLUMNS = tuple(DryRunChangeRead.model_fields)

# Sheets calculate what begins so, full-width signs as well (OWASP, "CSV Injection").
_CALCULATES = tuple("=+-@\t\r\n＝＋－＠")


def plain_cell(value: str) -> str:
    """Return a text that a spreadsheet shows and does not calculate."""
    return f"'{value}" if value.startswith(_CALCULATES) else value


def changes_csv(opened: Opener, stored: Stored, *, caller: Caller, city: CitySnapshot) -> Iterator[bytes]:
    """Yield the file part by part, each part read in a session of its own: the changes that the caller sees.

    :raises DryRunReplaced: a newer dry run of the version is done by now
    """
    with opened() as session:
        units = units_of(session, stored, city=city)
    yield (BYTE_ORDER_MARK + _lines([[text(f"dry_run.column.{name}") for name in COLUMNS]])).encode()
    cursor: str | None = None
    is_more = True
    while is_more:
        with opened() as session:
            rows, cursor = changes_after(session, stored, cursor, limit=BUDGET, caller=caller)
            get_done(session, stored.run.id or 0)  # a list forgotten meanwhile breaks off instead of looking complete
        is_more = cursor is not None
        yield _lines(_cells(change(row, units)) for row in rows).encode()


def _cells(each: DryRunChangeRead) -> list[str]:
    return [_cell(getattr(each, name)) for name in COLUMNS]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return text("dry_run.yes") if value else text("dry_run.no")
    return beijing_text(value) if isinstance(value, datetime) else plain_cell(str(value or ""))


def _lines(rows: Iterable[list[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
