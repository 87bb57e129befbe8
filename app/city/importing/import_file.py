"""The import of a grid from one file, in the two steps between which a person, or `--dry-run`, may stop."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.city.importing.applying import apply_generation
from app.city.importing.geojson import read_geojson
from app.city.importing.judging import Judged, judge
from app.city.importing.known import Delivery, KnownCity
from app.city.importing.planning import Plan, is_too_fine, plan_rows
from app.city.importing.source_file import Content, format_of
from app.city.importing.tables import read_csv, read_xlsx
from app.city.importing.wanted import ImportRefused, Wanted
from app.city.loading import Progress
from app.texts import text

_READERS = {"geojson": read_geojson, "csv": read_csv, "xlsx": read_xlsx}
_SOURCE_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Examined:
    """All that is known of a file before anything is changed; without a `plan` there is nothing to apply.

    `format` is the file's, `count` how many features it has.
    """

    content: Content
    format: str
    count: int
    judged: Judged
    known: KnownCity
    delivery: Delivery
    plan: Plan | None

    @property
    def is_in_force(self) -> bool:
        """Whether the newest generation came from the same bytes, read in the same way, and no office is lacking."""
        return self.known.newest == self.delivery and not (self.plan and self.plan.offices)


def examine(content: Content, *, wanted: Wanted, known: KnownCity, progress: Progress) -> Examined:
    """Read, judge and plan; holds no session, so it may take its time.

    :raises ImportRefused: the file cannot be judged at all
    """
    raw = _READERS[format_of(content)](content.data, progress=progress)
    progress("import_read", 1, 1)
    judged = judge(raw, wanted=wanted, known=known, progress=progress)
    is_good = not judged.findings.errors and not is_too_fine(judged, wanted)
    plan = plan_rows(judged, wanted=wanted, known=known, progress=progress) if is_good else None
    delivery = Delivery(content.sha256, judged.datum.value, _note(wanted))
    return Examined(content, raw.format, len(raw.features), judged, known, delivery, plan)


def _note(wanted: Wanted) -> str:
    """Say how the file was read: whatever leads to other cells from the same bytes is in it."""
    made = text(f"city_import.note_{wanted.level.value}", cell_m=f"{wanted.cell_m:g}")
    fields = [each for each in (wanted.code_field, wanted.name_field) if each]
    parts = [made, text("city_import.note_approximate") if wanted.is_approximate else "", *fields]
    return "；".join(part for part in parts if part)[:500]


def put_in_force(
    session: Session, examined: Examined, *, source: str | None, today: date, now: datetime, progress: Progress
) -> int:
    """Apply what was examined and return the id of the new generation.

    :raises ImportRefused: the file has errors, or the city has changed since it was examined
    """
    if examined.plan is None:
        raise ImportRefused("has_errors")
    return apply_generation(
        session,
        examined.plan,
        delivery=examined.delivery,
        source=(source or examined.content.name)[:_SOURCE_LONGEST],
        known_version=examined.known.version,
        today=today,
        now=now,
        progress=progress,
    )
