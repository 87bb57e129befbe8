"""Fills a database with the demonstration: everything in one transaction, so that a killed seeding leaves nothing."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, select

from app.demo.life import Life
from app.demo.people import add_people, has_people, load_cast
from app.demo.photos import make_album
from app.demo.plan import BY_CATEGORY, WEEK, load_streets, plan_week
from app.demo.scenario import load_scenario, script
from app.demo.simulation import Course, Play, Stage
from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.reports.models import Report
from app.reports.world import World, WorldHolder
from app.setup import load_city
from app.texts import text

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total); the words of a stage are the text `demo.progress.<stage>` or `city.progress.<stage>`."""

BEGINNING = 2 * WEEK
"""How long before now the demonstration's city and people began."""


class ForeignReports(SystemExit):
    """The database holds reports that people really sent; uncaught, its one line ends the program."""


@dataclass(frozen=True, slots=True)
class Script:
    """How much is to happen; the same seed gives the same week before the same instant."""

    reports: int = 1_500
    seed: int = 42
    scenario: Path | None = None


def seed(
    database: Database, blobs: BlobStore, *, wanted: Script, now: datetime, progress: Progress | None = None
) -> bool:
    """Make the demonstration unless it is there; return whether it was made. The schema must be the newest.

    :raises ForeignReports: there are reports, and they are not the demonstration's
    """
    tell = progress or _nobody
    with database.reading() as session:
        if has_people(session):
            return False
        if session.exec(select(Report.id).limit(1)).first() is not None:
            raise ForeignReports(text("demo.foreign"))
    load_city(database, now=now - BEGINNING, progress=progress)
    album = make_album(
        blobs, categories=tuple(BY_CATEGORY), now=now - WEEK, progress=lambda done, total: tell("photos", done, total)
    )
    world = WorldHolder(database, clock=lambda: now).current()
    with database.transaction() as session:
        tell("people", 0, 1)
        add_people(session, units=world.city.units.values(), now=now - BEGINNING)
        tell("people", 1, 1)
        stage = Stage(session, world, load_cast(session), album, random.Random(wanted.seed))  # noqa: S311 - a play
        courses = _courses(session, world, wanted=wanted, now=now)
        Play(stage, courses, until=now).run(lambda done, total: tell("reports", done, total))
    return True


def _courses(session: Session, world: World, *, wanted: Script, now: datetime) -> list[Course]:
    streets = load_streets(session, areas=world.city.areas)
    week = plan_week(streets, reports=wanted.reports, seed=wanted.seed, now=now)
    lives = [
        Life(planned, world, random.Random(f"{wanted.seed}:{place}"))  # noqa: S311 - a play
        for place, planned in enumerate(week)
    ]
    return [*lives, *(script(story, now=now) for story in load_scenario(wanted.scenario))]


def _nobody(_stage: str, _done: int, _total: int) -> None:
    pass
