"""What lists and searches cost in a city with a hundred times the history: the largest ratio of any question.

Both cities are made straight in the tables (tests/search/many_reports.py). Asked are the real functions, from what the
client sent to the JSON it gets, without HTTP. What counts is CPU time, that of PostgreSQL's process included.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from app.domain.roles import Caller, Role
from app.domain.workflow import Desk, Status
from app.infra.clock import now
from app.infra.database import Database
from app.infra.paging import Page, encode_cursor
from app.reports.filters import ListRequest, QueueRequest, understand
from app.reports.present import Reader, items
from app.reports.queries import list_waiting
from app.reports.schemas import ReportItem
from app.reports.walk import Found
from app.reports.world import World, WorldHolder
from app.search.find import find_reports
from app.setup import load_city, prepare_schema
from bench.lines import Line
from bench.submitting import a_postgres
from tests.search.filling import fill
from tests.search.many_reports import COMMON_WORD, NEWEST_SHARE, RARE_WORD, SECOND_WORD, History

SIZES = (10_000, 1_000_000)
UNITS = 10
ROUNDS = 30
WARM_UP = 5
TARGET = 1.5
PAGE = 20
CATEGORY = "sanitation"

CITY = Caller(1, frozenset({Role.ADMINISTRATOR}))


@dataclass(frozen=True, slots=True)
class City:
    """A city with so many reports, and where its lists have got half-way."""

    database: Database
    world: World
    history: History
    half_queue: str
    half_list: str
    half_search: str
    backend: int | None

    def cpu_ms(self) -> float:
        """Return the CPU time that this process and the database's process that serves it have used (Linux only)."""
        if self.backend is None:
            return time.process_time() * 1000
        # The first figure is nanoseconds on a CPU; /proc/<pid>/stat counts in hundredths of a second.
        theirs = int(Path(f"/proc/{self.backend}/schedstat").read_text("ascii").split()[0])
        return time.process_time() * 1000 + theirs / 1e6

    @property
    def district(self) -> str:
        """Return the code of the district with the most streets."""
        return Counter(code[:6] for code in self.history.streets).most_common(1)[0][0]

    @property
    def desk(self) -> Caller:
        return Caller(2, frozenset({Role.DISPATCHER}), area_code=self.district)

    @property
    def unit(self) -> Caller:
        return Caller(3, frozenset({Role.UNIT_LEAD}), unit_code=self.history.units[0])

    def queue(self, holder: str, caller: Caller, **given: Any) -> int:  # noqa: ANN401 - as the client sends it
        """Answer a question about a queue as its endpoint does, and return the number of items."""
        request = QueueRequest(limit=PAGE, **given)
        with self.database.reading() as session:
            found = list_waiting(
                session, request, understand(request), holder=holder, caller=caller, now=self.history.until
            )
            return self._shown(session, found, caller)

    def reports(self, caller: Caller, **given: Any) -> int:  # noqa: ANN401 - as the client sends it
        """Answer a question about all reports as its endpoint does, and return the number of items."""
        request = ListRequest(limit=PAGE, **given)
        with self.database.reading() as session:
            found = find_reports(session, request, understand(request), caller=caller, now=self.history.until)
            return self._shown(session, found, caller)

    def _shown(self, session: Session, found: Found, caller: Caller) -> int:
        reader = Reader(caller, self.history.until, self.world, b"secret")
        page = Page[ReportItem](items=items(session, found.rows, reader=reader), next_cursor=found.next_cursor)
        page.model_dump_json()
        return len(page.items)


Question = Callable[[City], int]

LISTS: Mapping[str, Question] = {
    "a queue": lambda city: city.queue(Desk.DISPATCH.value, CITY),
    "a queue, half-way": lambda city: city.queue(Desk.DISPATCH.value, CITY, cursor=city.half_queue),
    "a queue, of a district": lambda city: city.queue(Desk.DISPATCH.value, city.desk),
    "a queue, overdue": lambda city: city.queue(Desk.DISPATCH.value, CITY, is_overdue=True),
    "a unit's queue": lambda city: city.queue(city.history.units[0], city.unit),
    "all": lambda city: city.reports(CITY),
    "all, half-way": lambda city: city.reports(CITY, cursor=city.half_list),
    "of a district's desk": lambda city: city.reports(city.desk),
    "of a unit's people": lambda city: city.reports(city.unit),
    "by status": lambda city: city.reports(CITY, status=[Status.HANDLING]),
    "by two statuses": lambda city: city.reports(CITY, status=[Status.CLOSED, Status.REJECTED]),
    "by category and area": lambda city: city.reports(CITY, category=CATEGORY, area=city.district),
    "by unit": lambda city: city.reports(CITY, unit=city.history.units[0]),
    "by unit and status": lambda city: city.reports(CITY, unit=city.history.units[0], status=[Status.CLOSED]),
    "overdue": lambda city: city.reports(CITY, is_overdue=True),
    "by number": lambda city: city.reports(CITY, q=city.history.report(city.history.count // 3)["number"]),
}

SEARCHES: Mapping[str, Question] = {
    "a common word": lambda city: city.reports(CITY, q=COMMON_WORD),
    "a common word, half-way": lambda city: city.reports(CITY, q=COMMON_WORD, cursor=city.half_search),
    "a common word, by a district's desk": lambda city: city.reports(city.desk, q=COMMON_WORD),
    "a common word, by a unit's people": lambda city: city.reports(city.unit, q=COMMON_WORD),
    "a common word and a status": lambda city: city.reports(CITY, q=COMMON_WORD, status=[Status.HANDLING]),
    "two words": lambda city: city.reports(CITY, q=f"{COMMON_WORD} {SECOND_WORD}"),
    "a rare word": lambda city: city.reports(CITY, q=RARE_WORD),
    "a rare and a common word": lambda city: city.reports(CITY, q=f"{RARE_WORD} 号"),
}


def list_sqlite() -> Iterator[Line]:
    yield from _measure("list_sqlite", LISTS)


def list_postgres() -> Iterator[Line]:
    yield from _measure("list_postgres", LISTS)


def search_sqlite() -> Iterator[Line]:
    yield from _measure("search_sqlite", SEARCHES)


def search_postgres() -> Iterator[Line]:
    yield from _measure("search_postgres", SEARCHES)


def _measure(name: str, questions: Mapping[str, Question]) -> Iterator[Line]:
    """Ask both cities in turn; the best answer of each counts, for each question."""
    dialect = name.rpartition("_")[2]
    with _cities(dialect) as cities:
        worst = 0.0
        for question, ask in questions.items():
            counts = [ask(city) for city in cities]
            if len(set(counts)) > 1:
                raise RuntimeError(f"{question}: {counts} items cannot be compared")
            small, large = _best(ask, cities)
            worst = max(worst, large / small)
            print(f"{name}: {question}: {counts[0]} items, {small:.2f} and {large:.2f} ms, {large / small:.2f} x")
    yield Line(name, worst, "x", TARGET)


def _best(ask: Question, cities: Sequence[City]) -> list[float]:
    best = [float("inf")] * len(cities)
    for turn in range(WARM_UP + ROUNDS):
        for place, city in enumerate(cities):
            before = city.cpu_ms()
            ask(city)
            spent = city.cpu_ms() - before
            best[place] = min(best[place], spent) if turn >= WARM_UP else best[place]
    return best


@contextmanager
def _cities(dialect: str) -> Iterator[list[City]]:
    """Make the two cities, and clear them away."""
    with ExitStack() as made:
        place = Path(made.enter_context(tempfile.TemporaryDirectory(prefix="suishoupai-bench-")))
        if dialect == "sqlite":
            urls = [f"sqlite:///{place}/{size}.db" for size in SIZES]
        else:
            urls = list(made.enter_context(a_postgres(place)))
        yield [made.enter_context(_city(url, size)) for url, size in zip(urls, SIZES, strict=True)]


@contextmanager
def _city(url: str, size: int) -> Iterator[City]:
    started = time.monotonic()

    def tell(stage: str) -> None:
        print(f"{size:,} reports, {time.monotonic() - started:.0f} s: {stage}", file=sys.stderr, flush=True)

    prepare_schema(url)
    with Database(url, pool_size=1, sqlite_synchronous="OFF") as database:
        load_city(database, now=now())
        world = WorldHolder(database, clock=now).current()
        history = History(world, size, until=now().replace(microsecond=0), units=UNITS)
        fill(database, history, tell=tell)
        tell("made")
        yield _half_way(database, world, history)


def _half_way(database: Database, world: World, history: History) -> City:
    half = history.count // 2
    waiting = sorted(
        (row["due_at"], row["id"])
        for row in map(history.report, range(int(history.count * (1 - NEWEST_SHARE)), history.count + 1))
        if row["holder"] == Desk.DISPATCH and row["due_at"]
    )
    return City(
        database,
        world,
        history,
        half_queue=encode_cursor(waiting[len(waiting) // 2 - PAGE]),
        half_list=encode_cursor((history.submitted_at(half), half)),
        half_search=encode_cursor([half]),
        backend=_backend(database),
    )


def _backend(database: Database) -> int | None:
    """Return the process that serves the one connection of a PostgreSQL database."""
    if database.dialect == "sqlite":
        return None
    with database.reading() as session:
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
