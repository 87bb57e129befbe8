"""The command line: `suishoupai serve | run | worker | migrate | city | journal | openapi | demo | journey`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from app import __version__
from app.infra.clock import now
from app.infra.logging import configure_logging
from app.settings import Settings, load
from app.texts import text

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
city = typer.Typer(no_args_is_help=True, help=text("cli.city"))
journal = typer.Typer(no_args_is_help=True, help=text("cli.journal"))
app.add_typer(city, name="city")
app.add_typer(journal, name="journal")

console = Console()


@app.callback()
def _start() -> None:
    """Set up logging before any command."""


def _settings() -> Settings:
    settings = load()
    configure_logging(settings.log_level, json=settings.log_json)
    return settings


@app.command(help=text("cli.version"))
def version() -> None:
    console.print(__version__)


@app.command(help=text("cli.migrate"))
def migrate() -> None:
    from app.setup import prepare_schema  # noqa: PLC0415 - Alembic takes half a second to import

    prepare_schema(_settings().database_url)
    console.print(text("cli.migrated"))


@city.command("load-default", help=text("cli.city_load"))
def load_default() -> None:
    from app.infra.database import Database  # noqa: PLC0415 - as above

    settings = _settings()
    database = Database(settings.database_url, sqlite_synchronous=settings.sqlite_synchronous)
    load_city_with_bars(database)
    database.dispose()


def load_city_with_bars(database: "Database") -> None:  # noqa: F821 - imported where it is used
    from app.setup import load_city  # noqa: PLC0415 - as above

    with progress_bars() as bars:
        tasks: dict[str, object] = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(text(f"city.progress.{step}"), total=total)
            bars.update(tasks[step], completed=done, total=total)  # type: ignore[arg-type]  # a TaskID

        load_city(database, now=now(), progress=tell)


def progress_bars() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn(), console=console)


@app.command(help=text("cli.serve"))
def serve() -> None:
    from app.serving import serve as run_server  # noqa: PLC0415 - the web stack takes a second to import

    run_server(_settings())


@app.command(help=text("cli.run"))
def run() -> None:
    from app.infra.database import Database  # noqa: PLC0415
    from app.serving import serve as run_server  # noqa: PLC0415
    from app.setup import prepare_schema  # noqa: PLC0415

    settings = _settings()
    prepare_schema(settings.database_url)
    database = Database(settings.database_url, sqlite_synchronous=settings.sqlite_synchronous)
    load_city_with_bars(database)
    database.dispose()
    run_server(settings)


@app.command(help=text("cli.worker"))
def worker() -> None:
    from app.serving import work  # noqa: PLC0415

    work(_settings())


@journal.command("verify", help=text("cli.journal_verify"))
def verify(number: Annotated[str | None, typer.Argument(help=text("cli.number"))] = None) -> None:
    from app.infra.database import Database  # noqa: PLC0415
    from app.journal.queries import verify as verify_chains  # noqa: PLC0415
    from app.reports.queries import chain_heads, count_reports  # noqa: PLC0415

    database = Database(_settings().database_url)
    with database.reading() as session, progress_bars() as bars:
        total = count_reports(session, number=number)
        heads = bars.track(chain_heads(session, number=number), total=total, description=text("cli.verifying"))
        breaks = list(verify_chains(session, heads))
    database.dispose()
    for each in breaks:
        console.print(text(f"journal.{each.kind.value}", number=each.number, seq=each.seq), style="red")
    if breaks:
        raise typer.Exit(1)
    console.print(text("cli.verified", count=total))


@app.command(help=text("cli.openapi"))
def openapi(check: Annotated[bool, typer.Option("--check", help=text("cli.openapi_check"))] = False) -> None:
    from app.main import describe  # noqa: PLC0415
    from app.problem_docs import render  # noqa: PLC0415

    wanted = {
        Path("openapi/openapi.json"): json.dumps(describe(), ensure_ascii=False, indent=1, sort_keys=True) + "\n",
        Path("openapi/problems.md"): render(),
    }
    stale = [path for path, content in wanted.items() if not path.exists() or path.read_text("utf-8") != content]
    if check and stale:
        sys.exit(text("cli.openapi_stale", files="、".join(map(str, stale))))
    for path in [] if check else stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
