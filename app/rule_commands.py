"""`suishoupai rules ...`: the life of a rule set from the command line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from app.domain.errors import DomainError
from app.domain.working_time import BEIJING, beijing_day
from app.infra.clock import now
from app.stage_bars import bar_per_stage
from app.texts import text

if TYPE_CHECKING:
    from app.city.snapshot import CitySnapshot
    from app.infra.database import Database
    from app.routing.check_report import CheckReport

EDITOR_LONGEST = 64
SHOWN = 50
"""Lines of one kind that are printed; a file says all of it."""

Name = Annotated[str, typer.Argument(help=text("rules.option_version"))]
Editor = Annotated[str, typer.Option(help=text("rules.option_editor"))]
Reason = Annotated[str, typer.Option(help=text("rules.option_reason"))]


def add_rules(
    app: typer.Typer,
    *,
    open_database: Callable[[], "Database"],
    console: Console,
    progress_bars: Callable[[], Progress],
) -> typer.Typer:
    """Add the group `rules` and return it; the caller decides which database and where to print."""
    group = typer.Typer(no_args_is_help=True, help=text("rules.help"))
    app.add_typer(group, name="rules")
    desk = _Desk(open_database, console, progress_bars)
    _add_reading(group, desk)
    _add_writing(group, desk)
    return group


def _add_reading(group: typer.Typer, desk: "_Desk") -> None:
    @group.command("list", help=text("rules.help_list"))
    def list_versions() -> None:
        with desk.open() as database:
            desk.list_versions(database)

    @group.command("show", help=text("rules.help_show"))
    def show(version: Name) -> None:
        with desk.open() as database:
            desk.show(database, version)

    @group.command("export", help=text("rules.help_export"))
    def export(version: Name, file: Annotated[Path, typer.Argument(help=text("rules.option_target"))]) -> None:
        with desk.open() as database:
            desk.export(database, version, file)

    @group.command("diff", help=text("rules.help_diff"))
    def diff(before: Name, after: Name) -> None:
        with desk.open() as database:
            desk.diff(database, before, after)


def _add_writing(group: typer.Typer, desk: "_Desk") -> None:
    @group.command("import", help=text("rules.help_import"))
    def import_file(
        file: Annotated[Path, typer.Argument(help=text("rules.option_file"))],
        *,
        editor: Editor,
        reason: Reason,
        based_on: Annotated[str | None, typer.Option(help=text("rules.option_based_on"))] = None,
    ) -> None:
        with desk.open() as database:
            desk.import_file(database, file, editor=editor, reason=reason, based_on=based_on)

    @group.command("check", help=text("rules.help_check"))
    def check(
        version: Annotated[str, typer.Argument(help=text("rules.option_version_or_file"))],
        *,
        editor: Editor = "cli",
        reason: Reason = "",
    ) -> None:
        with desk.open() as database:
            is_good = desk.check(database, version, editor=editor, reason=reason)
        if not is_good:
            raise typer.Exit(1)

    @group.command("publish", help=text("rules.help_publish"))
    def publish(
        version: Name,
        *,
        editor: Editor,
        reason: Reason,
        effective_from: Annotated[datetime | None, typer.Option("--from", help=text("rules.option_from"))] = None,
    ) -> None:
        with desk.open() as database:
            desk.publish(database, version, since=effective_from, editor=editor, reason=reason)

    @group.command("retire", help=text("rules.help_retire"))
    def retire(version: Name, *, editor: Editor, reason: Reason) -> None:
        with desk.open() as database:
            desk.retire(database, version, editor=editor, reason=reason)


@dataclass(frozen=True, slots=True)
class _Desk:
    open_database: Callable[[], "Database"]
    console: Console
    progress_bars: Callable[[], Progress]

    @contextmanager
    def open(self) -> Iterator["Database"]:
        """Give the database; what is refused is said in Chinese, and the exit code is 1."""
        from sqlalchemy.exc import OperationalError, ProgrammingError

        from app.routing.findings import RuleFileRefused
        from app.routing.printing import print_findings

        try:
            with self.open_database() as database:
                yield database
        except RuleFileRefused as refused:
            print_findings(self.console, refused.told)
            raise typer.Exit(1) from None
        except DomainError as refused:
            self._print(text(f"problem.{refused.code}", **refused.facts), style="red")
            raise typer.Exit(1) from None
        except (OperationalError, ProgrammingError) as failed:  # not there, not migrated, or held for too long
            self._print(text("rules.database", detail=failed.orig), style="red")
            raise typer.Exit(1) from None

    def list_versions(self, database: "Database") -> None:
        from app.infra.paging import PageRequest
        from app.routing.present import rule_sets
        from app.routing.printing import print_versions

        with database.reading() as session:
            found = rule_sets(session, PageRequest(limit=SHOWN), now=now())
        print_versions(self.console, found)

    def show(self, database: "Database", name: str) -> None:
        from app.routing.present import rule_set
        from app.routing.printing import print_version

        with database.reading() as session:
            found = rule_set(session, name, now=now())
        print_version(self.console, found)

    def export(self, database: "Database", name: str, target: Path) -> None:
        from app.routing.file_format import FileFormat, write_rule_file
        from app.routing.findings import refused
        from app.routing.queries import words_named

        file_format = FileFormat.XLSX if target.suffix.lower() == ".xlsx" else FileFormat.YAML
        with database.reading() as session:
            words = words_named(session, name)
        try:
            target.write_bytes(write_rule_file(words, file_format))
        except OSError as failed:
            raise refused("unwritable", path=target, detail=failed.strerror) from None
        self._say("exported", version=name, path=target, count=len(words.rules))

    def diff(self, database: "Database", before: str, after: str) -> None:
        from app.routing.compare import compare
        from app.routing.printing import print_difference
        from app.routing.queries import words_named

        with database.reading() as session:
            old, new = words_named(session, before), words_named(session, after)
        print_difference(self.console, compare(old, new))

    def import_file(self, database: "Database", path: Path, *, editor: str, reason: str, based_on: str | None) -> None:
        from app.routing.file_format import take
        from app.routing.import_draft import import_draft
        from app.routing.validating import understand

        _refuse_unsigned(editor, reason)
        with self.progress_bars() as bars:
            task = bars.add_task(text("rules.progress.import"), total=3)
            data = take(path)
            bars.advance(task)
            words = understand(data, city=_city(database))
            bars.advance(task)
            with database.transaction() as session:
                import_draft(session, words, editor=editor, reason=reason, based_on=based_on, now=now())
            bars.advance(task)
        self._say("imported", version=words.version, count=len(words.rules))

    def check(self, database: "Database", name: str, *, editor: str, reason: str) -> bool:
        """Check a file as it is, or a version and keep the outcome; say whether it could be published."""
        from app.routing.printing import print_check

        path = Path(name)
        report = (
            self._check_file(database, path) if path.is_file() else self._check_version(database, name, editor, reason)
        )
        print_check(self.console, report)
        return report.is_publishable

    def _check_file(self, database: "Database", path: Path) -> "CheckReport":
        from app.routing.check import examine
        from app.routing.file_format import read_rule_file, take

        file = read_rule_file(take(path))
        with self.progress_bars() as bars:
            tell = bar_per_stage(bars, "rules")
            return examine(file, city=_city(database), from_day=beijing_day(now()), progress=tell)

    def _check_version(self, database: "Database", name: str, editor: str, reason: str) -> "CheckReport":
        from app.routing.check import examine_version, keep_check, to_check

        _refuse_long(editor, reason)
        with database.reading() as session:
            found = to_check(session, name)
        with self.progress_bars() as bars:
            tell = bar_per_stage(bars, "rules")
            report = examine_version(found, city=_city(database), from_day=beijing_day(now()), progress=tell)
        with database.transaction() as session:
            keep_check(session, found, report, editor=editor, reason=reason, now=now())
        return report

    def publish(self, database: "Database", name: str, *, since: datetime | None, editor: str, reason: str) -> None:
        from app.infra.wire import beijing_text
        from app.routing.publish import publish

        _refuse_unsigned(editor, reason)
        wanted = since.replace(tzinfo=since.tzinfo or BEIJING) if since else None
        with database.transaction() as session:
            version = publish(session, name, effective_from=wanted, editor=editor, reason=reason, now=now())
            begins = beijing_text(version.effective_from) if version.effective_from else ""
        self._say("published", version=name, since=begins)

    def retire(self, database: "Database", name: str, *, editor: str, reason: str) -> None:
        from app.routing.retire import retire

        _refuse_unsigned(editor, reason)
        with database.transaction() as session:
            retire(session, name, editor=editor, reason=reason, now=now())
        self._say("retired", version=name)

    def _say(self, key: str, **facts: object) -> None:
        self._print(text(f"rules.{key}", **facts))

    def _print(self, sentence: str, style: str | None = None) -> None:
        self.console.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)


def _refuse_unsigned(editor: str, reason: str) -> None:
    """Who and why are part of every step.

    :raises typer.BadParameter: one of them is missing or too long
    """
    _refuse_long(editor, reason)
    if not reason.strip():
        raise typer.BadParameter(text("rules.no_reason"))


def _refuse_long(editor: str, reason: str) -> None:
    if len(reason) > 1000:  # noqa: PLR2004 - as the column
        raise typer.BadParameter(text("rules.no_reason"))
    if not 0 < len(editor.strip()) <= EDITOR_LONGEST:
        raise typer.BadParameter(text("rules.no_editor", longest=EDITOR_LONGEST))


def _city(database: "Database") -> "CitySnapshot":
    from app.city.snapshot import load_snapshot

    with database.reading(snapshot=True) as session:
        return load_snapshot(session, today=beijing_day(now()))
