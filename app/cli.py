"""The command line: `suishoupai serve | run | worker | migrate | city | journal | account | demo | journey | ...`.

Each command imports what it needs where it needs it: the web stack and Alembic take half a second and more.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from app import __version__
from app.city_commands import add_import
from app.component_commands import add_components
from app.domain.errors import DomainError
from app.domain.roles import UNIT_ROLES, Role
from app.infra.clock import now
from app.infra.logging import configure_logging
from app.rehearsal_commands import add_rehearsals
from app.rule_commands import add_rules
from app.settings import LoginProvider, Settings, StartRefused, load
from app.stage_bars import bar_per_stage
from app.texts import text
from app.triage_commands import add_triage

if TYPE_CHECKING:
    from sqlmodel import Session

    from app.infra.database import Database
    from app.journal.chain import Head

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
city = typer.Typer(no_args_is_help=True, help=text("cli.city"))
journal = typer.Typer(no_args_is_help=True, help=text("cli.journal"))
account = typer.Typer(no_args_is_help=True, help=text("account.help"))
app.add_typer(city, name="city")
app.add_typer(journal, name="journal")
app.add_typer(account, name="account")

console = Console()


@app.callback()
def _start() -> None:
    """Set up logging before any command."""


def _settings() -> Settings:
    settings = load()
    configure_logging(settings.log_level, json=settings.log_json)
    return settings


def _database(settings: Settings) -> "Database":
    from app.infra.database import Database

    return Database(settings.database_url, sqlite_synchronous=settings.sqlite_synchronous)


@app.command(help=text("cli.version"))
def version() -> None:
    console.print(__version__)


@app.command(help=text("cli.migrate"))
def migrate() -> None:
    from app.setup import prepare_schema

    prepare_schema(_settings().database_url)
    console.print(text("cli.migrated"))


@city.command("load-default", help=text("cli.city_load"))
def load_default() -> None:
    with _database(_settings()) as database:
        load_city_with_bars(database)


def load_city_with_bars(database: "Database") -> None:
    from app.setup import load_city

    with progress_bars() as bars:
        load_city(database, now=now(), progress=bar_per_stage(bars, "city"))


def progress_bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=console,
    )


add_import(city, open_database=lambda: _database(_settings()), console=console, progress_bars=progress_bars)
add_components(app, open_database=lambda: _database(_settings()), console=console, progress_bars=progress_bars)
add_triage(app, open_database=lambda: _database(_settings()), console=console, progress_bars=progress_bars)
rules = add_rules(app, open_database=lambda: _database(_settings()), console=console, progress_bars=progress_bars)
add_rehearsals(rules, open_database=lambda: _database(_settings()), console=console, progress_bars=progress_bars)


@app.command(help=text("cli.serve"))
def serve() -> None:
    from app.serving import serve as run_server

    run_server(_settings())


@app.command(help=text("cli.run"))
def run() -> None:
    from app.serving import serve as run_server
    from app.setup import prepare_schema

    settings = _settings()
    prepare_schema(settings.database_url)
    with _database(settings) as database:
        load_city_with_bars(database)
    run_server(settings)


@app.command(help=text("cli.worker"))
def worker() -> None:
    from app.serving import work

    work(_settings())


@journal.command("verify", help=text("cli.journal_verify"))
def verify(
    number: Annotated[str | None, typer.Argument(help=text("cli.number"))] = None,
    *,
    anchor: Annotated[Path | None, typer.Option(help=text("cli.anchor_option"))] = None,
) -> None:
    from app.journal.queries import verify as verify_chains
    from app.reports.queries import chain_heads, count_reports

    anchors = {} if anchor is None else _read_anchors(anchor)
    wanted = {each: head for each, head in anchors.items() if number in {None, each}}
    with (
        _database(_settings()) as database,
        database.reading(snapshot=True) as session,
        progress_bars() as bars,
    ):
        total = count_reports(session, number=number)
        heads = bars.track(chain_heads(session, number=number), total=total, description=text("cli.verifying"))
        breaks = list(verify_chains(session, heads, anchors=wanted))
    for each in breaks:
        console.print(text(f"journal.{each.kind.value}", number=each.number, seq=each.seq), style="red")
    if breaks:
        raise typer.Exit(1)
    console.print(text("cli.verified", count=total))


@journal.command("anchor", help=text("cli.journal_anchor"))
def write_anchor(path: Annotated[Path, typer.Argument()]) -> None:
    from app.reports.queries import chain_heads

    with _database(_settings()) as database, database.reading(snapshot=True) as session:
        lines = [f"{number} {head.seq} {head.hash}" for _, number, head in chain_heads(session)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    console.print(text("cli.anchored", count=len(lines), path=path))


def _read_anchors(path: Path) -> dict[str, "Head"]:
    from app.journal.chain import Head

    try:
        rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        return {number: Head(int(seq), chain_hash) for number, seq, chain_hash in rows}
    except (OSError, ValueError):
        sys.exit(text("cli.anchor_unreadable", path=path))


@app.command(help=text("cli.openapi"))
def openapi(*, check: Annotated[bool, typer.Option("--check", help=text("cli.openapi_check"))] = False) -> None:
    from app.main import describe
    from app.problem_docs import render

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


@account.command("add", help=text("account.add"))
def add_account(
    *,
    login: Annotated[str, typer.Option(help=text("account.login"))],
    name: Annotated[str, typer.Option(help=text("account.name"))],
    role: Annotated[Role, typer.Option(help=text("account.role"))],
    unit: Annotated[str | None, typer.Option(help=text("account.unit"))] = None,
    area: Annotated[str, typer.Option(help=text("account.area"))] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help=text("account.password_stdin"))] = False,
) -> None:
    from app.identity.accounts import create_account

    settings = _settings()
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else typer.prompt(text("account.prompt"), hide_input=True, confirmation_prompt=True)
    )
    try:
        with _database(settings) as database, database.transaction() as session:
            _check_seat(session, role=role, unit=unit, area=area)
            create_account(
                session,
                login_name=login,
                display_name=name,
                password=password,
                roles=[role],
                unit_code=unit,
                area_code=area,
                now=now(),
            )
    except DomainError as refused:
        sys.exit(text(f"problem.{refused.code}", **refused.facts))
    console.print(text("account.added", login=login, role=text(f"role.{role.value}")))


def _check_seat(session: "Session", *, role: Role, unit: str | None, area: str) -> None:
    """Refuse a seat that cannot be: a unit's people without their unit, a unit or an area that does not exist."""
    from app.city.models import Area, Unit

    if role is Role.CITIZEN:
        sys.exit(text("account.no_citizen"))
    if role in UNIT_ROLES and unit is None:
        sys.exit(text("account.unit_needed", role=text(f"role.{role.value}")))
    if unit is not None and session.get(Unit, unit) is None:
        sys.exit(text("account.no_unit", unit=unit))
    if area and session.get(Area, area) is None:
        sys.exit(text("account.no_area", area=area))


@app.command(help=text("demo.help"))
def demo(
    *,
    serve: Annotated[bool, typer.Option(help=text("demo.help_serve"))] = True,
    reports: Annotated[int, typer.Option(min=0, max=20_000, help=text("demo.help_reports"))] = 1_500,
    seed: Annotated[int, typer.Option(help=text("demo.help_seed"))] = 42,
    save_picture: Annotated[Path | None, typer.Option(help=text("demo.help_picture"))] = None,
) -> None:
    from app.demo.command import demonstrate
    from app.demo.seeding import Script
    from app.main import create_blobs
    from app.serving import serve as run_server
    from app.setup import prepare_schema

    settings = _demo_settings()
    configure_logging("WARNING", json=settings.log_json)  # the bars are for people
    prepare_schema(settings.database_url)
    with _database(settings) as database:
        demonstrate(
            database,
            create_blobs(settings),
            wanted=Script(reports=reports, seed=seed),
            base=f"http://{settings.host}:{settings.port}",
            picture=save_picture,
            console=console,
            bars=progress_bars(),
            now=now(),
        )
    if serve:
        console.print(text("demo.stop"))
        configure_logging(settings.log_level, json=settings.log_json)
        run_server(settings)


def _demo_settings() -> Settings:
    """Return the settings of a demonstration: files of its own unless some are named, and nobody from outside.

    :raises StartRefused: others could reach it, and its passwords are public
    """
    settings = _settings()
    if not settings.is_loopback:
        raise StartRefused(text("demo.not_loopback", host=settings.host))
    own = {"database_url": "sqlite:///var/demo.db", "blob_dir": Path("var/demo-blobs")}
    named = settings.model_fields_set
    fitting = {"login_provider": LoginProvider.DEVELOPMENT, "worker_embedded": True}
    return settings.model_copy(update={**{key: own[key] for key in own.keys() - named}, **fitting})


@app.command(help=text("journey.help"))
def journey(
    base: Annotated[str, typer.Option(help=text("journey.help_base"))] = "http://127.0.0.1:8000",
    password: Annotated[str | None, typer.Option(help=text("journey.help_password"))] = None,
    timeout: Annotated[float, typer.Option(min=0.1, max=120, help=text("journey.help_timeout"))] = 10,
) -> None:
    from app.demo.people import DEMO_PASSWORD
    from app.journey.running import travel

    if not travel(base, password=password or DEMO_PASSWORD, timeout_s=timeout, console=console):
        raise typer.Exit(1)
