"""A draft replayed over 100,000 reports, as the worker does it: reads, decisions, changes stored, version marked."""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from itertools import islice
from pathlib import Path

import yaml

from app.domain.cells import Level
from app.infra.clock import now
from app.infra.database import Database
from app.reports.models import Source
from app.reports.world import World, WorldHolder
from app.routing.words import RuleSetWords
from app.rulebook.rehearsals.claiming import claim_next
from app.rulebook.rehearsals.queries import get_dry_run, present
from app.rulebook.rehearsals.request import request_dry_run
from app.rulebook.rehearsals.running import carry_out
from app.setup import load_city, prepare_schema
from bench.lines import Line
from tests.rulebook.past import Past, store_past, store_version

REPORTS = 100_000
AT_ONCE = 10_000
TARGET_S = 60
ROUNDS = 3
CHANGED = ("class-06010", "class-06012", "class-09009", "class-06013", "class-01005")
"""Rules of the shipped set that the draft gives to somebody else: about every tenth report."""


def dry_run() -> Iterator[Line]:
    """Measure the best of three runs, by the clock on the wall and in CPU."""
    with tempfile.TemporaryDirectory(prefix="suishoupai-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'history.db'}"
        prepare_schema(url)
        with Database(url) as database:
            load_city(database, now=now())
            world = WorldHolder(database, clock=now).current()
            _fill(database, world)
            with database.transaction() as session:
                store_version(session, _draft())
            figures = [_run(database, world) for _ in range(ROUNDS)]
    yield Line("dry_run", min(wall for wall, _ in figures), "s", TARGET_S)
    yield Line("dry_run_cpu", min(cpu for _, cpu in figures), "s", TARGET_S)


def _run(database: Database, world: World) -> tuple[float, float]:
    """Return the seconds on the wall and of CPU that one dry run takes, and say what came out."""
    with database.transaction() as session:
        request_dry_run(session, "bench-draft", last=REPORTS, reason="bench", editor="bench", now=now())
    wall, cpu = time.perf_counter(), time.process_time()
    with database.transaction() as session:
        run = claim_next(session, now=now())
    assert run is not None
    carry_out(database, run, city=world.city, clock=now, tell=lambda _done, _total: None)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    with database.reading() as session:
        summary = present(get_dry_run(session, run.id)).summary
    assert summary is not None
    assert summary.reports == REPORTS
    told = f"{summary.reports:,} reports, {summary.other_unit:,} elsewhere"
    print(f"dry_run: {told}, {spent[0]:.1f} s, {spent[1]:.1f} s CPU", file=sys.stderr)
    return spent


def _fill(database: Database, world: World) -> None:
    """Store reports of every class all over the city, each decided by the rules in force."""
    history = _history(world)
    since = now() - timedelta(minutes=REPORTS)
    for done in range(0, REPORTS, AT_ONCE):
        with database.transaction() as session:
            store_past(session, world, islice(history, AT_ONCE), since=since + timedelta(minutes=done))


def _history(world: World) -> Iterator[Past]:
    dice = random.Random(20261121)
    streets = [area for area in world.city.areas.values() if area.level is Level.STREET]
    classes = sorted({each.class_code for each in world.city.conditions})
    while True:
        street = dice.choice(streets)
        place_type = dice.choice(["", "", "", "carriageway", "pavement"])
        yield Past(
            at=(street.centre_lon + dice.uniform(-0.002, 0.002), street.centre_lat + dice.uniform(-0.002, 0.002)),
            class_code=dice.choice(classes),
            answers={"place_type": place_type} if place_type else {},
            source=dice.choice(list(Source)),
            is_returned=dice.random() < 0.1,
        )


def _draft() -> RuleSetWords:
    text = files("app.routing").joinpath("default_rules.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text) | {"version": "bench-draft"}
    for rule in content["rules"]:
        if rule["key"] in CHANGED:
            rule["then"] = {"role": "urban_management"}
    return RuleSetWords.model_validate(content)
