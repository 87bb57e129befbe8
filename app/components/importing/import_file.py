"""The import of components from one file: all of it is judged before anything is stored."""

from dataclasses import dataclass

from sqlmodel import Session

from app.city.importing.source_file import Content
from app.city.importing.wanted import ImportRefused
from app.city.loading import Progress
from app.city.snapshot import CitySnapshot
from app.components.importing.comparing import doubt_datum
from app.components.importing.fields import Delivered, open_file
from app.components.importing.findings import Fault, Findings
from app.components.importing.judging import Judge, Row
from app.components.importing.wanted import Wanted
from app.domain.gcj02 import Datum
from app.texts import text


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of a file before anything is changed.

    `rows` are those without errors, by code; `codes` all that the file names, of faulty rows too.
    """

    format: str
    datum: Datum
    rows: list[Row]
    codes: frozenset[str]
    findings: Findings

    @property
    def count(self) -> int:
        return len(self.rows) + self.findings.count(errors=True)


def examine(
    content: Content,
    *,
    wanted: Wanted,
    city: CitySnapshot,
    schemes: tuple[str, ...],
    progress: Progress,
) -> Examined:
    """Read and judge; needs no session, so it may take its time.

    :raises ImportRefused: the file cannot be judged at all
    """
    delivered = open_file(content, progress=progress)
    findings = Findings()
    datum = _datum(delivered, wanted, findings)
    judge = Judge(city, datum, delivered.is_table, schemes, findings)
    rows = [row for row in map(judge.row_of, delivered.records) if row is not None]
    progress("import_read", 1, 1)
    judge.sum_up()
    rows.sort(key=lambda row: str(row["code"]))  # near each other in the file or not: in the index they are
    return Examined(delivered.format, datum, rows, frozenset(judge.codes), findings)


def compare_with_stored(session: Session, examined: Examined) -> None:
    """Add what the stored positions say about the datum of the file."""
    doubt_datum(session, examined.rows, datum=examined.datum, findings=examined.findings)


def _datum(delivered: Delivered, wanted: Wanted, findings: Findings) -> Datum:
    """Return what a person stated, else what the file states."""
    if wanted.datum is None:
        if delivered.datum is not None:
            return delivered.datum
        raise ImportRefused("unknown_crs", crs=delivered.crs) if delivered.crs else ImportRefused("no_datum")
    same = {Datum.WGS84, Datum.CGCS2000}
    if (
        delivered.crs is not None
        and not {delivered.datum, wanted.datum} <= same
        and delivered.datum is not wanted.datum
    ):
        findings.add(Fault.CRS_OVERRULED, crs=delivered.crs, stated=text(f"datum.{wanted.datum.value}"))
    return wanted.datum
