"""`suishoupai component import`: report and, unless there are errors or it is a dry run, the components of a file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress

from app.city.importing.wanted import ImportRefused
from app.components.importing.wanted import ComponentsRefused, Wanted
from app.domain.gcj02 import Datum
from app.domain.working_time import beijing_day
from app.infra.clock import now
from app.stage_bars import bar_per_stage
from app.texts import text

if TYPE_CHECKING:
    from app.city.importing.source_file import Content
    from app.components.importing.import_file import Examined
    from app.components.importing.storing import Change
    from app.infra.database import Database

_SOURCE_LONGEST = 100
Tell = Callable[[str, int, int], None]


def add_components(
    app: typer.Typer,
    *,
    open_database: Callable[[], "Database"],
    console: Console,
    progress_bars: Callable[[], Progress],
) -> None:
    """Add the group `component` to the program; the caller decides which database and where to print."""
    group = typer.Typer(no_args_is_help=True, help=text("component_import.group"))
    app.add_typer(group, name="component")

    @group.callback()
    def _components() -> None:
        """Keep the group a group while it has one command."""

    @group.command("import", help=text("component_import.help"))
    def import_components(
        file: Annotated[Path, typer.Argument(help=text("component_import.option_file"))],
        *,
        datum: Annotated[Datum | None, typer.Option(help=text("component_import.option_datum"))] = None,
        skip_bad: Annotated[bool, typer.Option("--skip-bad", help=text("component_import.option_skip_bad"))] = False,
        end_others: Annotated[
            bool, typer.Option("--end-others", help=text("component_import.option_end_others"))
        ] = False,
        source: Annotated[str | None, typer.Option(help=text("component_import.option_source"))] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help=text("component_import.option_dry_run"))] = False,
    ) -> None:
        from sqlalchemy.exc import OperationalError

        try:
            with open_database() as database:
                command = _Import(database, console, progress_bars, now())
                is_good = command.run(file, Wanted(datum, skip_bad, end_others), source=source, dry_run=dry_run)
        except ImportRefused as refused:
            _complain(console, str(refused))
        except OperationalError as failed:  # not there, or held by somebody for too long
            _complain(console, text("city_import.refused.database", detail=failed.orig))
        if not is_good:
            raise typer.Exit(1)


def _complain(console: Console, sentence: str) -> NoReturn:
    console.print(sentence, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Import:
    database: "Database"
    console: Console
    progress_bars: Callable[[], Progress]
    now: datetime

    def run(self, path: Path, wanted: Wanted, *, source: str | None, dry_run: bool) -> bool:
        """Return whether the file was taken, or would be."""
        from app.city.importing.source_file import take

        with self.progress_bars() as bars:
            content = take(path)
            examined = self._examine(content, wanted, bar_per_stage(bars, "component_import"))
        self._print_report(content.name, examined)
        if examined.findings.count(errors=True) and not wanted.skip_bad:
            self._say("refused")
            return False
        with self.progress_bars() as bars:
            tell = bar_per_stage(bars, "component_import")
            change = self._compare(examined, tell) if dry_run else self._store(examined, source or content.name, tell)
            gone = self._end_others(examined, tell, dry_run=dry_run) if wanted.end_others else 0
        self._say("dry_run" if dry_run else "done", new=change.new, changed=change.changed, same=change.same, gone=gone)
        if examined.findings.count(errors=True):
            self._say("skipped", count=examined.findings.count(errors=True))
        return True

    def _examine(self, content: "Content", wanted: Wanted, tell: Tell) -> "Examined":
        from app.city import reading
        from app.city.snapshot import load_snapshot
        from app.components.importing.import_file import compare_with_stored, examine

        _refuse_old_schema(self.database)
        today = beijing_day(self.now)
        with self.database.reading(snapshot=True) as session:
            city, schemes = load_snapshot(session, today=today), reading.schemes_in_force(session, today=today)
        if not city.areas:
            raise ComponentsRefused("no_city")
        examined = examine(content, wanted=wanted, city=city, schemes=schemes, progress=tell)
        with self.database.reading() as session:
            compare_with_stored(session, examined)
        return examined

    def _compare(self, examined: "Examined", tell: Tell) -> "Change":
        from app.components.importing.storing import CHUNK, Change, chunks, compare

        change = Change()
        for number, rows in enumerate(chunks(examined.rows)):
            tell("compare", number * CHUNK, len(examined.rows))
            with self.database.reading() as session:
                change += compare(session, rows)[0]
        tell("compare", len(examined.rows), len(examined.rows))
        return change

    def _store(self, examined: "Examined", source: str, tell: Tell) -> "Change":
        """Write in transactions of a tenth of a second; an import that is broken off is simply repeated."""
        from app.components.importing.storing import CHUNK, Change, chunks, store

        change = Change()
        for number, rows in enumerate(chunks(examined.rows)):
            tell("store", number * CHUNK, len(examined.rows))
            with self.database.transaction() as session:
                change += store(session, rows, source=source[:_SOURCE_LONGEST], now=self.now)
        tell("store", len(examined.rows), len(examined.rows))
        return change

    def _end_others(self, examined: "Examined", tell: Tell, *, dry_run: bool) -> int:
        from app.components.importing.storing import CHUNK, missing, prefixes, remove

        gone, about = 0, prefixes(examined.codes)
        for number, prefix in enumerate(about):
            tell("remove", number, len(about))
            with self.database.reading() as session:
                codes = missing(session, prefix, codes=examined.codes)
            gone += len(codes)
            for start in range(0, 0 if dry_run else len(codes), CHUNK):
                with self.database.transaction() as session:
                    remove(session, codes[start : start + CHUNK], now=self.now)
        tell("remove", len(about), len(about))
        return gone

    def _print_report(self, name: str, examined: "Examined") -> None:
        findings, datum = examined.findings, text(f"datum.{examined.datum.value}")
        self._say("file", name=name, format=examined.format, count=examined.count, datum=datum)
        for kind, style, errors in (("error", "red", True), ("warning", "yellow", False)):
            for line in findings.lines(errors=errors):
                heading = text(f"component_import.report.{kind}")
                self.console.print(f"{heading}  {line}", style=style, markup=False, highlight=False, soft_wrap=True)
        self._say("total", errors=findings.count(errors=True), warnings=findings.count(errors=False))

    def _say(self, key: str, **facts: object) -> None:
        sentence = text(f"component_import.report.{key}", **facts)
        self.console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _refuse_old_schema(database: "Database") -> None:
    from app.migrate import current, newest

    if current(database.engine.url.render_as_string(hide_password=False)) != newest():
        raise ImportRefused("not_migrated")
