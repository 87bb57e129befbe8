"""CPU and memory of `city import`: files of 102,400 and 1,000,000 irregular cells, judged whole and put in force.

And CPU of `component import`.
"""

import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from multiprocessing import Queue, get_context
from pathlib import Path

import shapely

from app.city.importing.import_file import examine, put_in_force
from app.city.importing.known import known_city
from app.city.importing.source_file import Content, take
from app.city.importing.wanted import GridLevel, Wanted
from app.city.reading import schemes_in_force
from app.city.snapshot import CitySnapshot, load_snapshot
from app.components.importing.import_file import examine as examine_components
from app.components.importing.storing import chunks, store
from app.components.importing.wanted import Wanted as Delivered
from app.domain.cells import Level
from app.domain.gcj02 import Datum
from app.infra.clock import now
from app.infra.database import Database
from app.setup import load_city, prepare_schema
from bench.lines import Line
from bench.locating import irregular_cells

TODAY = date(2026, 11, 20)
COMMUNITY, STREET = 20, 160
"""Cells along the side of a community (400 of them) and of a street (64 communities)."""
TARGET_MB = 6_000
COMPONENTS = 100_000
TARGET_COMPONENTS_S = 60
_CHUNK = 20_000


def import_cells() -> Iterator[Line]:
    """Import 102,400 cells."""
    yield from _measure("import_cells", 320, target_s=60)


def import_million() -> Iterator[Line]:
    """Import 1,000,000 cells."""
    yield from _measure("import_million", 1_000, target_s=600)


def _measure(name: str, side: int, *, target_s: float) -> Iterator[Line]:
    context = get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path, told = Path(folder) / "cells.csv", context.Queue()
        # Each in a process of its own, for the most memory that a process ever took is never forgotten.
        for work in (
            context.Process(target=write_cells, args=(path, side)),
            context.Process(target=_take_in, args=(path, told)),
        ):
            work.start()
            work.join()
            assert work.exitcode == 0
        cpu_s, peak_mb = told.get()
    yield Line(name, cpu_s, "s", target_s)
    yield Line(f"{name}_memory", peak_mb, "MB", TARGET_MB)


def write_cells(path: Path, side: int) -> None:
    """Write `side` x `side` cells with 20 vertices each, in communities and streets of one district."""
    wide = -(-side // STREET)
    cells = irregular_cells(side)
    with path.open("w", encoding="utf-8") as file:
        file.write("cell_code,district_name,geometry\n")
        for start in range(0, len(cells), _CHUNK):
            written = shapely.to_wkt(cells[start : start + _CHUNK], rounding_precision=9)
            for number, wkt in enumerate(written.tolist(), start):
                file.write(f'{_code(*divmod(number, side), wide)},崂山区,"{wkt}"\n')


def _code(row: int, column: int, streets_wide: int) -> str:
    street = row // STREET * streets_wide + column // STREET
    inner_row, inner_column = row % STREET, column % STREET
    community = inner_row // COMMUNITY * (STREET // COMMUNITY) + inner_column // COMMUNITY
    sequence = inner_row % COMMUNITY * COMMUNITY + inner_column % COMMUNITY
    return f"370212{street + 1:03}{community + 1:03}{sequence + 1:03}"


def _take_in(path: Path, told: "Queue[tuple[float, float]]") -> None:
    url = f"sqlite:///{path.with_suffix('.db')}"
    prepare_schema(url)
    began = time.process_time()
    with Database(url) as database:
        with database.reading() as session:
            known = known_city(session, today=TODAY)
        examined = examine(take(path), wanted=Wanted(GridLevel.CELL, Datum.WGS84), known=known, progress=_tell)
        assert not examined.judged.findings.errors, examined.judged.findings.errors[:5]
        with database.transaction() as session:
            put_in_force(session, examined, source=None, today=TODAY, now=now(), progress=_tell)
    told.put((time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3))


def import_components() -> Iterator[Line]:
    """Import 100,000 components into the default city, judged and stored; then the same file again."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'components.db'}"
        prepare_schema(url)
        with Database(url) as database:
            load_city(database, now=now())
            with database.reading(snapshot=True) as session:
                city, schemes = load_snapshot(session), schemes_in_force(session, today=None)
            content = Content("components.csv", _components(city))
            for name in ("import_components", "import_components_again"):
                began = time.process_time()
                examined = examine_components(
                    content, wanted=Delivered(Datum.WGS84), city=city, schemes=schemes, progress=_tell
                )
                assert not examined.findings.count(errors=True), examined.findings.lines(errors=True)[:5]
                for rows in chunks(examined.rows):
                    with database.transaction() as session:
                        store(session, rows, source="bench", now=now())
                yield Line(name, time.process_time() - began, "s", TARGET_COMPONENTS_S)


def _components(city: CitySnapshot) -> bytes:
    """Write lamps and covers in a grid of 100 m or so around the middles of the streets."""
    middles = [area for area in city.areas.values() if area.level is Level.STREET]
    lines = ["部件标识码,部件名称,经度,纬度,部件状态,养护单位名称,权属单位名称,主管部门名称"]
    for number in range(COMPONENTS):
        step, middle = divmod(number, len(middles))
        lon = middles[middle].centre_lon + (step % 32 - 16) * 1e-4
        lat = middles[middle].centre_lat + (step // 32 % 32 - 16) * 1e-4
        code = f"{middles[middle].parent_code}{('01037', '01011')[number % 2]}{number:06}"
        lines.append(f"{code},井盖{number},{lon:.6f},{lat:.6f},完好,某某养护公司,某某公司,市城市管理局")
    return "\n".join(lines).encode()


def _tell(_stage: str, _done: int, _total: int) -> None:
    """Say nothing."""
