"""A new grid comes in while people look up places and send reports; what was sent before keeps the cell of its day."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from app.city.importing.import_file import put_in_force
from app.city.importing.known import known_city
from app.city.snapshot import CitySnapshot, Place
from app.domain.roles import Caller, Role
from app.domain.working_time import beijing_day
from app.infra.database import Database
from app.reports.actions.engine import Context
from app.reports.submit import submit
from app.reports.world import WorldHolder
from tests.builders import NOW, a_citizen, a_photo, submission
from tests.builders_city import IN_LICUN, IN_XIANGGANGZHONGLU, IN_ZHENHUALU, IN_ZHONGSHANLU, LICUN
from tests.city.grid_files import Grid, a_box, examined, four_streets, silent
from tests.http.conftest import a_service
from tests.http.strict_client import Clock
from tests.towns import Town

POINTS = (IN_LICUN, IN_XIANGGANGZHONGLU, IN_ZHENHUALU, IN_ZHONGSHANLU)


def new_streets() -> Grid:
    """Return streets with new names that lie where the four of the small city do, and all around them."""
    grid = four_streets()
    grid.rings = [[a_box(120.30 + 0.07 * (n % 2), 36.04 + 0.07 * (n // 2), 0.07)] for n in range(4)]
    for row in grid.properties:
        row["name"] = f"新{row['name']}"
    return grid


def import_grid(database: Database, grid: Grid) -> None:
    today = beijing_day(NOW)
    with database.reading() as session:
        file = examined(grid, known=known_city(session, today=today), cell_m=500.0)
    with database.transaction() as session:
        put_in_force(session, file, source=None, today=today, now=NOW, progress=silent)


def places(city: CitySnapshot) -> list[Place]:
    return [city.locate(*point) for point in POINTS]


@dataclass
class Rush:
    """Threads that look up places, send reports and follow the city until they are told to stop; what they saw."""

    database: Database
    citizen: Caller
    world: WorldHolder
    clock: Clock
    done: threading.Event = field(default_factory=threading.Event)
    seen: list[list[Place]] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)

    def look(self) -> None:
        while not self.done.is_set():
            self.seen.append(places(self.world.current().city))

    def send(self) -> None:
        while not self.done.is_set():
            with self.database.transaction() as session:
                photo = a_photo(session, self.citizen)
                body = submission(at=IN_LICUN, photo_ids=[photo], duplicates_acknowledged=True)
                context = Context(self.citizen, NOW, self.world.current())
                self.cells.append(submit(session, body, context=context).cell_code)

    def follow(self) -> None:
        while not self.done.is_set():
            self.clock.advance(seconds=5)
            self.world.refresh()

    def swap(self) -> None:
        """Bring the new grid in while the others are at work, and let them go on for a while."""
        version = self.world.current().city.version
        _until(lambda: len(self.seen) > 20 and len(self.cells) > 2)
        import_grid(self.database, new_streets())
        _until(lambda: self.world.current().city.version != version)
        looked, sent = len(self.seen), len(self.cells)
        _until(lambda: len(self.seen) > looked + 20 and len(self.cells) > sent + 2)

    def run(self) -> None:
        with ThreadPoolExecutor(7) as people:
            running = [people.submit(work) for work in (*[self.look] * 3, *[self.send] * 2, self.follow)]
            try:
                people.submit(self.swap).result(timeout=90)
            finally:
                self.done.set()
            for each in running:
                each.result(timeout=60)


def test_every_answer_belongs_wholly_to_one_grid_while_it_is_swapped(committed_town: Town) -> None:
    database, clock = committed_town.database, Clock()
    with database.transaction() as session:
        citizen = a_citizen(session)
    rush = Rush(database, citizen, WorldHolder(database, clock=clock), clock)
    old = places(rush.world.current().city)
    rush.run()
    new = places(rush.world.current().city)
    assert all(one.street_name != other.street_name for one, other in zip(old, new, strict=True))
    assert {(answer == old, answer == new) for answer in rush.seen} == {(True, False), (False, True)}
    assert set(rush.cells) == {old[0].cell_code, new[0].cell_code}


def _until(happened: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(3_000):
        if happened():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen within 30 s")


def test_a_report_keeps_the_cell_of_its_day_when_its_street_is_gone(committed_url: str) -> None:
    with a_service(committed_url) as service:
        citizen, acceptor = service.citizen(), service.as_role(Role.ACCEPTOR)
        number = citizen.report(category=None, at=IN_LICUN)["number"]
        before = acceptor.get(f"/reports/{number}").json()
        assert before["place"]["cell"].startswith(LICUN)
        grid = new_streets()
        gone = next(n for n, row in enumerate(grid.properties) if row["street_code"] == LICUN)
        del grid.properties[gone], grid.rings[gone]
        import_grid(service.database, grid)
        service.clock.now += timedelta(seconds=5)
        assert service.app.state.world.refresh()
        after = acceptor.get(f"/reports/{number}").json()
        assert after["place"] == before["place"]
        # The rules are asked again, about a cell that is no more.
        answer = acceptor.post(f"/reports/{number}/accept", {"category": "parking"})
        assert answer.status_code == 200, answer.text
        assert citizen.get(f"/reports/{number}").status_code == 200
        accepted = acceptor.get(f"/reports/{number}").json()
        assert accepted["place"]["cell"] == before["place"]["cell"]
        assert accepted["proposed_unit"].startswith(LICUN)
