"""What sixteen dispatchers at once cost the server process, per report that is pulled and dispatched."""

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import insert

from app.domain.gcj02 import Datum
from app.domain.roles import Caller, Role
from app.infra.clock import now
from app.infra.database import Database
from app.media.models import Photo
from app.reports.access import get_for_update
from app.reports.actions.acceptance import accept, file
from app.reports.actions.engine import Context
from app.reports.actions.schemas import AcceptBody, FileBody
from app.reports.models import LocationSource
from app.reports.schemas import Location, SubmitReport
from app.reports.submit import submit
from app.reports.world import World, WorldHolder
from app.setup import load_city, prepare_schema
from bench.city import CATEGORY, DESCRIPTION, a_photo, add_user, certain_places
from bench.desk_crowd import work_off
from bench.lines import Line
from bench.servers import Server
from bench.submitting import a_postgres, an_application

DISPATCHERS = 16
WARM_UP = 80
REPORTS = 320
ROUNDS = 4
CPU_TARGET_MS = 10
SEED = 20230213


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of `REPORTS` reports took."""

    cpu_ms: float
    per_s: float


def dispatchers_sqlite() -> Iterator[Line]:
    with tempfile.TemporaryDirectory(prefix="suishoupai-bench-") as made:
        yield _measure("dispatchers_sqlite_cpu", f"sqlite:///{made}/city.db", Path(made))


def dispatchers_postgres() -> Iterator[Line]:
    """Measure the application's process only: what PostgreSQL's own processes use is not counted."""
    with tempfile.TemporaryDirectory(prefix="suishoupai-bench-") as made, a_postgres(Path(made)) as (city_url, _):
        yield _measure("dispatchers_postgres_cpu", city_url, Path(made))


def _measure(name: str, url: str, place: Path) -> Line:
    prepare_schema(url)
    with Database(url) as database:
        load_city(database, now=now())
        world = WorldHolder(database, clock=now).current()
        crowd = [add_user(database, Role.DISPATCHER) for _ in range(DISPATCHERS)]
        with an_application(url, place) as server:
            _file(database, world, WARM_UP)
            work_off([server.port], crowd, seed=SEED)
            rounds = [_round(database, world, server, crowd, seed=SEED + each) for each in range(1, ROUNDS + 1)]
    shown = "/".join(f"{each.cpu_ms:.1f}" for each in rounds)
    rates = "/".join(f"{each.per_s:.0f}" for each in rounds)
    print(f"{name}: {shown} ms of CPU per report, {rates} reports/s; load {os.getloadavg()[0]:.1f}")
    return Line(name, min(each.cpu_ms for each in rounds), "ms", CPU_TARGET_MS)


def _round(database: Database, world: World, server: Server, crowd: list[tuple[int, str]], *, seed: int) -> Round:
    """Fill the queue, let everybody empty it, and check that nothing is left out or done twice."""
    numbers = _file(database, world, REPORTS)
    before, began = server.cpu_s(), time.monotonic()
    board = work_off([server.port], crowd, seed=seed)
    took, cpu_s = time.monotonic() - began, server.cpu_s() - before
    assert sorted(number for number, _ in board.dispatched) == sorted(numbers)
    return Round(cpu_s * 1000 / REPORTS, REPORTS / took)


def _file(database: Database, world: World, wanted: int) -> list[str]:
    """Add reports that a person has accepted and filed, so that they wait for a dispatcher."""
    (citizen_id, _), (acceptor_id, _) = add_user(database, Role.CITIZEN), add_user(database, Role.ACCEPTOR)
    citizen, acceptor = Caller(citizen_id, frozenset({Role.CITIZEN})), Caller(acceptor_id, frozenset({Role.ACCEPTOR}))
    photos = [a_photo(citizen_id) for _ in range(wanted)]
    numbers = []
    with database.transaction() as session:
        session.execute(insert(Photo), photos)
        for photo, (lon, lat) in zip(photos, islice(certain_places(world), wanted), strict=True):
            at = now()
            place = Location(lon=lon, lat=lat, datum=Datum.GCJ02, source=LocationSource.PIN)
            ids = [str(photo["id"])]
            body = SubmitReport(description=DESCRIPTION, location=place, photo_ids=ids, duplicates_acknowledged=True)
            number = submit(session, body, context=Context(citizen, at, world)).number
            report = get_for_update(session, number, caller=acceptor, version=None, now=at)
            desk = Context(acceptor, at, world)
            accept(session, report, AcceptBody(category=CATEGORY), context=desk)
            file(session, report, FileBody(), context=desk)
            numbers.append(number)
    return numbers
