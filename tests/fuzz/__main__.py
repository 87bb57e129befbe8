"""`make fuzz`: round after round of made-up requests until the time is over, on SQLite and PostgreSQL in turn.

Prints the cases sent as each role and every finding with a request that shows it; ends with 1 if there is any. A round
is sent again with its seed: `make fuzz MINUTES=1 SEED=<seed>`.
"""

import argparse
import logging
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import schemathesis
import structlog
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from schemathesis import GenerationMode

from tests.conftest import ENGINES, a_postgres_server, create_schema, postgres_copy
from tests.fuzz.playground import ROLES, fill, playing
from tests.fuzz.rounds import Round, Tally

FITTING, WRONG = 10, 5
"""Requests per operation and round, as described and not as described; each is sent as every role."""

console = Console()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None, help="of the first round; each further round has the next")
    asked = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if asked.seed is None else asked.seed
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    console.print(f"{asked.minutes:g} min, first seed {seed}", highlight=False)
    tally = Tally()
    _fuzz(tally, seed, until=time.monotonic() + 60 * asked.minutes)
    _show(tally)
    return 1 if tally.findings else 0


def _fuzz(tally: Tally, first: int, *, until: float) -> None:
    began = time.monotonic()
    columns = (BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=until - began)
        for seed in count(first):
            for engine in _round(seed, tally):
                done = f"seed {seed} on {engine}: {tally.cases.total():,} cases, {len(tally.findings)} findings"
                progress.update(bar, description=done, completed=time.monotonic() - began)
                if time.monotonic() >= until:
                    return


def _round(seed: int, tally: Tally) -> Iterator[str]:
    """Send one round, and yield the name of the database after each operation."""
    engine = ENGINES[seed % len(ENGINES)]
    with _empty_database(engine) as url:
        fill(url)
        with playing(url) as playground:
            this = Round(playground, schemathesis.openapi.from_asgi("/openapi.json", playground.app), tally, seed)
            operations = this.operations()
            random.Random(seed).shuffle(operations)
            for operation in operations:
                this.send_boundaries(operation)
                yield engine
                this.send_made_up(operation, GenerationMode.POSITIVE, examples=FITTING)
                this.send_made_up(operation, GenerationMode.NEGATIVE, examples=WRONG)
                yield engine


@contextmanager
def _empty_database(engine: str) -> Iterator[str]:
    if engine == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'fuzz.db'}"
            create_schema(url)
            yield url
    else:
        with postgres_copy(a_postgres_server(), template="template1") as url:
            create_schema(url)
            yield url


def _show(tally: Tally) -> None:
    table = Table("sent as", "cases", title="make fuzz")
    for role in ROLES:
        table.add_row(role, f"{tally.cases[role]:,}")
    for database, cases in tally.databases.items():
        table.add_row(f"on {database}", f"{cases:,}", style="dim")
    table.add_row("in all", f"{tally.cases.total():,}", style="bold")
    console.print(table)
    statuses = ", ".join(f"{status}: {number:,}" for status, number in sorted(tally.statuses.items()))
    console.print(f"answers by status: {statuses}", highlight=False)
    for each in tally.findings.values():
        title = f"{each.operation} as {each.role}, seed {each.seed}: {each.what}"
        console.rule(escape(title), style="red")
        console.print(each.text, markup=False, highlight=False, soft_wrap=True)
    console.print(f"findings: {len(tally.findings)}", style="bold red" if tally.findings else "bold green")


if __name__ == "__main__":
    sys.exit(main())
