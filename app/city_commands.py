"""`suishoupai city import`: report, picture and, unless there are errors or it is a dry run, the new grid."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from app.city.importing.wanted import CELL_M, GridLevel, ImportRefused, Wanted
from app.domain.cells import Level
from app.domain.gcj02 import Datum
from app.domain.working_time import beijing_day
from app.infra.clock import now
from app.stage_bars import bar_per_stage
from app.texts import text

if TYPE_CHECKING:
    from app.city.importing.findings import Finding
    from app.city.importing.import_file import Examined
    from app.infra.database import Database

_SHOWN_PER_FAULT = 20


def add_import(
    group: typer.Typer,
    *,
    open_database: Callable[[], "Database"],
    console: Console,
    progress_bars: Callable[[], Progress],
) -> None:
    """Add the command to its group; the caller decides which database and where to print."""

    @group.command("import", help=text("city_import.help"))
    def import_grid(
        file: Annotated[Path, typer.Argument(help=text("city_import.option_file"))],
        *,
        level: Annotated[GridLevel | None, typer.Option(help=text("city_import.option_level"))] = None,
        datum: Annotated[Datum | None, typer.Option(help=text("city_import.option_datum"))] = None,
        cell_m: Annotated[float, typer.Option(min=20, max=10_000, help=text("city_import.option_cell_m"))] = CELL_M,
        approximate: Annotated[
            bool, typer.Option("--approximate", help=text("city_import.option_approximate"))
        ] = False,
        end_others: Annotated[bool, typer.Option("--end-others", help=text("city_import.option_end_others"))] = False,
        code_field: Annotated[str | None, typer.Option(help=text("city_import.option_code_field"))] = None,
        name_field: Annotated[str | None, typer.Option(help=text("city_import.option_name_field"))] = None,
        add_offices: Annotated[
            bool, typer.Option("--add-offices", help=text("city_import.option_add_offices"))
        ] = False,
        source: Annotated[str | None, typer.Option(help=text("city_import.option_source"))] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help=text("city_import.option_dry_run"))] = False,
        picture: Annotated[Path | None, typer.Option(help=text("city_import.option_picture"))] = None,
    ) -> None:
        from sqlalchemy.exc import OperationalError

        try:
            wanted = Wanted(_stated(level), datum, cell_m, approximate, end_others, code_field, name_field, add_offices)
            with open_database() as database:
                _refuse_old_schema(database)
                command = _Import(database, console, progress_bars, now())
                is_good = command.run(file, wanted, source=source, dry_run=dry_run, picture=picture)
        except ImportRefused as refused:
            console.print(str(refused), style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(1) from None
        except OperationalError as failed:  # not there, or held by somebody for too long
            sentence = text("city_import.refused.database", detail=failed.orig)
            console.print(sentence, style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(1) from None
        if not is_good:
            raise typer.Exit(1)


def _stated(level: GridLevel | None) -> GridLevel:
    if level is None:
        raise ImportRefused("no_level")
    return level


def _refuse_old_schema(database: "Database") -> None:
    from app.migrate import current, newest

    if current(database.engine.url.render_as_string(hide_password=False)) != newest():
        raise ImportRefused("not_migrated")


@dataclass(frozen=True, slots=True)
class _Import:
    database: "Database"
    console: Console
    progress_bars: Callable[[], Progress]
    now: datetime

    def run(self, path: Path, wanted: Wanted, *, source: str | None, dry_run: bool, picture: Path | None) -> bool:
        """Return whether the file is without errors."""
        from app.city.importing.import_file import examine
        from app.city.importing.known import known_city
        from app.city.importing.source_file import take

        with self.progress_bars() as bars:
            content = take(path)
            with self.database.reading(snapshot=True) as session:
                known = known_city(session, today=beijing_day(self.now))
            examined = examine(content, wanted=wanted, known=known, progress=bar_per_stage(bars, "city_import"))
        self._print_report(examined)
        if picture is not None:
            self._save_picture(examined, picture)
        if examined.is_in_force:
            self._say("unchanged")
        elif examined.plan is None:
            self._say("refused")
        elif dry_run:
            self._say("dry_run")
        else:
            self._apply(examined, source)
        return examined.is_in_force or examined.plan is not None

    def _apply(self, examined: "Examined", source: str | None) -> None:
        from app.city.importing.import_file import put_in_force

        today = beijing_day(self.now)
        with self.progress_bars() as bars, self.database.transaction() as session:
            generation_id = put_in_force(
                session, examined, source=source, today=today, now=self.now, progress=bar_per_stage(bars, "city_import")
            )
        cells = examined.plan.count(Level.CELL) if examined.plan else 0
        self._say("done", generation=generation_id, cells=cells, day=today.isoformat())

    def _print_report(self, examined: "Examined") -> None:
        for name, value in _facts(examined):
            self.console.print(f"{name}  {value}", markup=False, highlight=False, soft_wrap=True)
        findings = examined.judged.findings
        for kind, style, told in (("error", "red", findings.errors), ("warning", "yellow", findings.warnings)):
            for line in _lines(told):
                self.console.print(
                    f"{text(f'city_import.report.{kind}')}  {line}", style=style, markup=False, soft_wrap=True
                )
        if any(each.spot is not None for each in findings):
            self._say("where")
        self._say("total", errors=len(findings.errors), warnings=len(findings.warnings))

    def _save_picture(self, examined: "Examined", path: Path) -> None:
        from app.city.importing.picture import draw

        summary = " · ".join(value for _, value in _facts(examined)[1:])
        try:
            path.write_text(draw(examined.judged, name=examined.content.name, summary=summary), encoding="utf-8")
        except OSError as failed:
            raise ImportRefused("picture", path=path, detail=failed.strerror) from None
        self._say("picture", path=path)

    def _say(self, key: str, **facts: object) -> None:
        sentence = text(f"city_import.report.{key}", **facts)
        self.console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _facts(examined: "Examined") -> list[tuple[str, str]]:
    plan = examined.plan
    levels = {"districts": Level.DISTRICT, "streets": Level.STREET, "communities": Level.COMMUNITY, "cells": Level.CELL}
    result = (
        text("city_import.report.result_value", **{name: plan.count(level) for name, level in levels.items()})
        if plan
        else text("city_import.report.no_result")
    )
    file = text(
        "city_import.report.file_value", name=examined.content.name, format=examined.format, count=examined.count
    )
    datum = text(f"datum.{examined.judged.datum.value}")
    values = {"file": file, "sha256": f"SHA-256 {examined.content.sha256}", "datum": datum, "result": result}
    return [(text(f"city_import.report.{key}"), value) for key, value in values.items()]


def _lines(told: "list[Finding]") -> list[str]:
    """Return the sentences, of each kind the first twenty and how many more there are."""
    counts: Counter[object] = Counter()
    lines = []
    for each in told:
        counts[each.fault] += 1
        if counts[each.fault] <= _SHOWN_PER_FAULT:
            lines.append(each.sentence)
    more = [
        text("city_import.report.more", count=n - _SHOWN_PER_FAULT) for n in counts.values() if n > _SHOWN_PER_FAULT
    ]
    return lines + more
