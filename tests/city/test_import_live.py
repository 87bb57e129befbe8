"""A running service sees the old grid or the new one, never parts of both."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event

from app.city.importing.import_file import put_in_force
from app.city.importing.known import known_city
from app.city.snapshot import CitySnapshot
from app.domain.cells import Level, street_of
from app.domain.working_time import beijing_day
from app.infra.database import Database
from app.reports.routing_step import facts_about
from app.reports.world import WorldHolder
from tests.builders import NOW, the_world
from tests.city.grid_files import SIDE, SOUTH, WEST, examined, four_streets, silent
from tests.towns import Town

OLD_CELLS = 36


class MovableClock:
    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def __call__(self) -> datetime:
        return self.instant


def in_a_thread(work: Callable[[], object]) -> None:
    """Do something as another process would: with a session of its own, and wait for it."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=60)
    assert not thread.is_alive()


def import_streets(database: Database, *, before_commit: Callable[[], None] = lambda: None) -> None:
    today = beijing_day(NOW)
    with database.reading() as session:
        file = examined(renamed_streets(), known=known_city(session, today=today), cell_m=500.0)
    with database.transaction() as session:
        put_in_force(session, file, source=None, today=today, now=NOW, progress=silent)
        before_commit()


def renamed_streets() -> Any:
    """Return streets whose names tell which grid they belong to."""
    grid = four_streets()
    for row in grid.properties:
        row["name"] = f"新{row['name']}"
    return grid


def is_old(city: CitySnapshot) -> bool:
    """Say whether a city is all old: 36 cells, old names; one that is mixed fails."""
    streets = {area.name for area in city.areas.values() if area.level is Level.STREET}
    codes = [city._cells.code(index) for index in range(len(city._cells))]
    streets |= {city.area_name(street_of(code)) for code in codes}
    is_new = {name.startswith("新") for name in streets}
    assert is_new == {len(codes) != OLD_CELLS}, streets
    return is_new == {False}


def test_the_service_follows_an_import_without_a_restart(committed_town: Town) -> None:
    clock = MovableClock(NOW)
    world = WorldHolder(committed_town.database, clock=clock)
    assert is_old(world.current().city)
    seen: list[bool] = []

    def look() -> None:
        clock.instant += timedelta(seconds=5)
        world.refresh()
        seen.append(is_old(world.current().city))

    import_streets(committed_town.database, before_commit=lambda: in_a_thread(look))
    assert seen == [True]  # written, but not committed
    look()
    assert seen == [True, False]


def test_a_city_that_is_read_while_a_grid_comes_in_is_of_one_piece(committed_town: Town) -> None:
    """The grid is committed between two statements of the reader."""
    database = committed_town.database
    world = WorldHolder(Database(database.engine.url.render_as_string(hide_password=False)), clock=MovableClock(NOW))
    imported = threading.Event()

    def interrupt(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM cell" in statement and not imported.is_set():
            imported.set()
            in_a_thread(lambda: import_streets(database))

    reader = world.cities._database.engines[-1]
    event.listen(reader, "before_cursor_execute", interrupt)
    assert is_old(world.current().city)
    assert imported.is_set()
    world.cities._database.dispose()


def test_a_report_without_a_rule_in_a_new_street_goes_to_the_office_that_came_with_it(committed_town: Town) -> None:
    database, today = committed_town.database, beijing_day(NOW)
    grid = four_streets()
    grid.properties[0] |= {"street_code": "370202099", "name": "新街道"}
    with database.reading() as session:
        file = examined(grid, known=known_city(session, today=today), add_offices=True)
    with database.transaction() as session:
        put_in_force(session, file, source=None, today=today, now=NOW, progress=silent)
    world = the_world(database)
    cell = world.city.locate(WEST + SIDE / 2, SOUTH + SIDE / 2).cell_code
    facts = facts_about(
        spot=(WEST + SIDE / 2, SOUTH + SIDE / 2),
        cell_code=cell,
        condition=None,
        answers={},
        channel="citizen",
        component=None,
        world=world,
        now=NOW,
    )
    decision = world.rules.decide(facts, units=world.city)
    assert (cell[:9], decision.unit, decision.is_gap) == ("370202099", "370202099.street_office", True)
