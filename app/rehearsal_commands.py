"""`suishoupai rules dry-run | statistics | suggest`: the rules and the city's history, from the command line."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from app.domain.errors import DomainError
from app.infra.clock import now
from app.texts import text

if TYPE_CHECKING:
    from sqlmodel import Session

    from app.infra.database import Database
    from app.rulebook.learning.schemas import RuleStatistics
    from app.rulebook.learning.suggest import Suggestion
    from app.rulebook.rehearsals.claiming import Claimed
    from app.rulebook.rehearsals.queries import Stored
    from app.rulebook.rehearsals.replay import Candidate
    from app.rulebook.rehearsals.schemas import DryRunSummary

REPLAYED, REPLAYED_MOST = 100_000, 1_000_000
LEARNED_FROM, LEARNED_FROM_MOST = 50_000, 200_000
ALL = 2**31 - 1
LONGEST_EDITOR, LONGEST_REASON = 64, 1_000
SHOWN = 30
"""Lines of a table on the screen; files hold everything."""

Days = Annotated[int | None, typer.Option(min=1, max=36_500, help=text("rehearsal.option_days"))]
Version = Annotated[str, typer.Argument(help=text("rehearsal.argument_version"))]


def add_rehearsals(
    group: typer.Typer,
    *,
    open_database: Callable[[], "Database"],
    console: Console,
    progress_bars: Callable[[], Progress],
) -> None:
    """Add the commands to the group `rules`; the caller decides which database and where to print."""
    desk = _Desk(open_database, console, progress_bars)

    @group.command("dry-run", help=text("rehearsal.help_dry_run"))
    def dry_run(
        version: Version,
        *,
        last: Annotated[int, typer.Option(min=1, max=REPLAYED_MOST, help=text("rehearsal.option_last"))] = REPLAYED,
        reason: Annotated[str, typer.Option(help=text("rehearsal.option_reason"))] = text("rehearsal.default_reason"),
        editor: Annotated[str, typer.Option(help=text("rehearsal.option_editor"))] = "cli",
        csv: Annotated[Path | None, typer.Option(help=text("rehearsal.option_csv"))] = None,
    ) -> None:
        desk.refuse_existing(csv)
        desk.refuse_unsigned(editor, reason)
        with desk.at_work() as database:
            run = _begin(database, version, last=last, reason=reason, editor=editor)
            desk.rehearse(database, run, csv=csv)

    @group.command("statistics", help=text("rehearsal.help_statistics"))
    def statistics(
        *,
        rule_set: Annotated[str | None, typer.Option(help=text("rehearsal.option_rule_set"))] = None,
        last: Annotated[int, typer.Option(min=1, help=text("rehearsal.option_last"))] = LEARNED_FROM,
        days: Days = None,
        everything: Annotated[bool, typer.Option("--all", help=text("rehearsal.option_all"))] = False,
    ) -> None:
        with desk.at_work() as database:
            desk.count(database, rule_set, last=ALL if everything else last, since=_since(days))

    @group.command("suggest", help=text("rehearsal.help_suggest"))
    def suggest(
        *,
        rule_set: Annotated[str | None, typer.Option(help=text("rehearsal.option_base"))] = None,
        last: Annotated[
            int, typer.Option(min=1, max=LEARNED_FROM_MOST, help=text("rehearsal.option_last"))
        ] = LEARNED_FROM,
        days: Days = None,
        into: Annotated[Path | None, typer.Option(help=text("rehearsal.option_into"))] = None,
    ) -> None:
        desk.refuse_existing(into)
        with desk.at_work() as database:
            desk.suggest(database, rule_set, last=last, since=_since(days), into=into)


def _since(days: int | None) -> datetime | None:
    return None if days is None else now() - timedelta(days=days)


@dataclass(frozen=True, slots=True)
class _Desk:
    open_database: Callable[[], "Database"]
    console: Console
    progress_bars: Callable[[], Progress]

    @contextmanager
    def at_work(self) -> Iterator["Database"]:
        """Give the database; whatever is refused ends the command with a sentence."""
        from sqlalchemy.exc import OperationalError, ProgrammingError

        from app.rulebook.rehearsals.running import CannotReplay

        try:
            with self.open_database() as database:
                yield database
        except DomainError as refused:
            self.refuse(f"problem.{refused.code}", **refused.facts)
        except CannotReplay as cannot:
            self.refuse(f"dry_run.failure.{cannot.failure.value}")
        except LookupError:
            self.refuse("rehearsal.no_rules")
        except (OperationalError, ProgrammingError) as failed:  # not there, of an older program, or held for too long
            self.refuse("rehearsal.database", detail=failed.orig)
        except KeyboardInterrupt:
            self.refuse("rehearsal.interrupted")

    def say(self, key: str, **facts: object) -> None:
        self.console.print(text(key, **facts), markup=False, highlight=False, soft_wrap=True)

    def refuse(self, key: str, **facts: object) -> NoReturn:
        self.console.print(text(key, **facts), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None

    def refuse_existing(self, path: Path | None) -> None:
        """Nothing is written over: it may be what somebody has worked on since."""
        if path is not None and path.exists():
            self.refuse("rehearsal.file_exists", path=path)

    def refuse_unsigned(self, editor: str, reason: str) -> None:
        if not 0 < len(editor.strip()) <= LONGEST_EDITOR:
            self.refuse("rehearsal.bad_editor", most=LONGEST_EDITOR)
        if not 0 < len(reason.strip()) <= LONGEST_REASON:
            self.refuse("rehearsal.bad_reason", most=LONGEST_REASON)

    def rehearse(self, database: "Database", run: "Claimed", *, csv: Path | None) -> None:
        from app.city.holder import SnapshotHolder
        from app.routing.models import RuleSetState
        from app.rulebook.models import DryRunState
        from app.rulebook.rehearsals.queries import get_dry_run, present
        from app.rulebook.rehearsals.running import carry_out

        city = SnapshotHolder(database, clock=now).current()
        with self.progress_bars() as bars:
            task = bars.add_task(text("rehearsal.replaying"), total=run.wanted)
            carry_out(
                database,
                run,
                city=city,
                clock=now,
                tell=lambda done, total: bars.update(task, completed=done, total=total),
            )
        with database.reading() as session:
            stored = get_dry_run(session, run.id)
        shown = present(stored)
        if stored.run.state is not DryRunState.DONE or shown.summary is None:
            self.refuse("rehearsal.failed", reason=shown.failure or shown.state_text)
        self._print_summary(shown.summary)
        if stored.rule_set_state is RuleSetState.DRAFT:
            self.say("rehearsal.not_checked")
        if csv is not None:
            self._save(csv, _csv(database, stored))

    def count(self, database: "Database", rule_set: str | None, *, last: int, since: datetime | None) -> None:
        from app.rulebook.history import Stretch
        from app.rulebook.learning.statistics import rule_statistics

        found = rule_statistics(database.reading, Stretch(last, since), rule_set=rule_set)
        self._print_statistics(found)

    def suggest(
        self, database: "Database", rule_set: str | None, *, last: int, since: datetime | None, into: Path | None
    ) -> None:
        from app.rulebook.history import Stretch
        from app.rulebook.learning.evidence import gather
        from app.rulebook.learning.suggest import suggest
        from app.rulebook.learning.writing import write_suggestions

        candidate = _candidate(database, rule_set)
        samples = gather(database.reading, Stretch(last, since), candidate)
        found = suggest(samples, candidate)
        name = candidate.rulebook.version
        self.say("learning.looked_at", rule_set=name, older=len(samples.older), newer=len(samples.newer))
        self._print_suggestions(found)
        if into is not None and found:
            self._save(into, (line.encode() for line in write_suggestions(found, rule_set=name)))

    def _save(self, path: Path, parts: Iterable[bytes]) -> None:
        try:
            with path.open("xb") as file:
                try:
                    file.writelines(parts)
                except BaseException:  # half a file would look whole
                    path.unlink()
                    raise
        except OSError as failed:
            self.refuse("rehearsal.not_written", path=path, detail=failed.strerror)
        self.say("rehearsal.written", path=path)

    def _print_summary(self, found: "DryRunSummary") -> None:
        if not found.reports:
            self.say("rehearsal.no_history")
            return
        for name in ("all", "gaps", "closed", "changed"):
            self.say(f"rehearsal.summary.{name}", **found.model_dump(exclude={"units", "rules"}))
        moves = [[each.from_name, each.to_name, each.reports, each.returned] for each in found.units]
        self._print_table("rehearsal.units", ["from_unit", "to_unit", "reports", "returned"], moves)
        rules = [[each.from_rule, each.to_rule, each.reports, each.elsewhere] for each in found.rules]
        self._print_table("rehearsal.rules", ["from_rule", "to_rule", "reports", "elsewhere"], rules)

    def _print_statistics(self, found: "RuleStatistics") -> None:
        from app.rulebook.learning.writing import percent

        self.say("learning.counted", reports=found.reports)
        rows = [
            [
                each.rule_set,
                each.rule,
                each.reports,
                each.dispatched,
                each.returned,
                each.elsewhere,
                "" if each.accuracy is None else percent(each.accuracy),
            ]
            for each in found.items
        ]
        columns = ["rule_set", "rule", "reports", "dispatched", "returned", "elsewhere", "accuracy"]
        self._print_table("learning.figures", columns, rows)

    def _print_suggestions(self, found: Sequence["Suggestion"]) -> None:
        from app.rulebook.learning.writing import percent

        if not found:
            self.say("learning.nothing")
            return
        rows = [
            [
                each.losing,
                each.rule.key,
                each.rule.then.role or each.rule.then.unit,
                each.tested.reports,
                each.tested.returned,
                percent(each.tested.accuracy_before),
                percent(each.tested.accuracy_after),
                percent(each.tested.least_after),
            ]
            for each in found
        ]
        columns = ["losing", "rule", "then", "reports", "returned", "before", "after", "least"]
        self._print_table("learning.proposals", columns, rows)
        self.say("learning.people_decide")

    def _print_table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        table = Table(title=text(title), title_justify="left")
        for name in columns:
            table.add_column(text(f"{title}.{name}"), overflow="fold")
        for row in rows[:SHOWN]:
            table.add_row(*(escape(str(cell)) for cell in row))
        if rows:
            self.console.print(table)
        if len(rows) > SHOWN:
            self.say("rehearsal.more", count=len(rows) - SHOWN)


def _begin(database: "Database", version: str, *, last: int, reason: str, editor: str) -> "Claimed":
    from app.rulebook.rehearsals.claiming import claimed, take
    from app.rulebook.rehearsals.request import request_dry_run

    with database.transaction() as session:
        run = request_dry_run(session, version, last=last, reason=reason, editor=editor, now=now())
        take(run, now=now())
        session.add(run)
        return claimed(run)


def _csv(database: "Database", stored: "Stored") -> Iterator[bytes]:
    from app.city.holder import SnapshotHolder
    from app.domain.roles import Caller, Role
    from app.rulebook.rehearsals.csv_file import changes_csv

    city = SnapshotHolder(database, clock=now).current()
    whole_city = Caller(0, frozenset({Role.ADMINISTRATOR}))
    return changes_csv(database.reading, stored, caller=whole_city, city=city)


def _candidate(database: "Database", rule_set: str | None) -> "Candidate":
    from app.city.holder import SnapshotHolder
    from app.rulebook.rehearsals.running import load_candidate

    city = SnapshotHolder(database, clock=now).current()
    with database.reading() as session:
        return load_candidate(session, _id_of(session, rule_set), city=city)


def _id_of(session: "Session", rule_set: str | None) -> int:
    from app.routing.loading import version_in_force
    from app.routing.queries import version_named

    return version_in_force(session, now=now()) if rule_set is None else version_named(session, rule_set).id or 0
