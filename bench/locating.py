"""CPU of finding a point among 100,489 and 1,000,000 irregular cells: `CitySnapshot.locate`, as a submission calls it.

And what a process pays for a million: seconds of CPU until they are read, and the memory that they then take.
"""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import date
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import insert

from app.city.holder import SnapshotHolder
from app.city.loading import add_generation
from app.city.models import Cell
from app.city.snapshot import CitySnapshot, load_snapshot
from app.infra.clock import now
from app.infra.database import Database
from app.setup import prepare_schema
from bench.lines import Line

TARGET_US = 15
TARGET_LOAD_S = 15
TARGET_MB = 700
TARGET_RELOAD_S = 2
TARGET_PAUSE_MS = 500
CELLS_A_SIDE = 317
MANY_A_SIDE = 1_000
POINTS = 20_000
ROUNDS = 5

Numbers = npt.NDArray[np.float64]

_WEST, _SOUTH, _WIDE, _HIGH = 119.9, 35.9, 0.7, 0.6
_BENDS = 4
_CHUNK = 20_000
_CORNER_MOVES, _BEND_MOVES = 0.25, 0.05
"""Shares of a cell's side."""


def locate() -> Iterator[Line]:
    """Measure the look-up in CPU, the best of five rounds over the same points, each in some cell."""
    yield from _measure("locate", CELLS_A_SIDE)


def locate_million() -> Iterator[Line]:
    """As `locate`, with a million cells; first what it costs to have them."""
    yield from _measure("locate_million", MANY_A_SIDE, tells_costs=True)


def _measure(name: str, side: int, *, tells_costs: bool = False) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'locate.db'}"
        # In a process of its own: what it leaves in memory must not be taken for the city's.
        filling = get_context("spawn").Process(target=fill, args=(url, side))
        filling.start()
        filling.join()
        began, before_mb = time.process_time(), _resident_mb()
        with Database(url) as database, database.reading(snapshot=True) as session:
            city = load_snapshot(session)
    if tells_costs:
        yield Line(f"{name}_load", time.process_time() - began, "s", TARGET_LOAD_S)
        yield Line(f"{name}_memory", _resident_mb() - before_mb, "MB", TARGET_MB)
    points = _points()
    assert all(city.locate(lon, lat).is_certain for lon, lat in points[:500])
    yield Line(name, min(_round_us(city, points) for _ in range(ROUNDS)), "us", TARGET_US)


def reload_cells() -> Iterator[Line]:
    """Read 100,489 cells anew, as when a grid was imported, while another thread looks up places.

    The pause is the longest that one look-up took meanwhile, from its call to its answer.
    """
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'reload.db'}"
        fill(url, CELLS_A_SIDE)
        with Database(url) as database:
            holder = SnapshotHolder(database, clock=now)
            holder.current()
            points, costs = _points(), [_reload(holder) for _ in range(ROUNDS)]
            pauses = [_longest_pause_ms(holder, points) for _ in range(ROUNDS)]
    yield Line("reload_cells", min(costs), "s", TARGET_RELOAD_S)
    yield Line("reload_cells_pause", min(pauses), "ms", TARGET_PAUSE_MS)


def _reload(holder: SnapshotHolder) -> float:
    began = time.process_time()
    holder.reload()
    return time.process_time() - began


def _longest_pause_ms(holder: SnapshotHolder, points: list[tuple[float, float]]) -> float:
    reading = threading.Thread(target=holder.reload)
    reading.start()
    longest, before = 0.0, time.perf_counter()
    for point in cycle(points):
        holder.current().locate(*point)
        after = time.perf_counter()
        longest, before = max(longest, after - before), after
        if not reading.is_alive():
            break
    reading.join()
    return longest * 1e3


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _round_us(city: CitySnapshot, points: list[tuple[float, float]]) -> float:
    began = time.process_time()
    for lon, lat in points:
        city.locate(lon, lat)
    return (time.process_time() - began) / len(points) * 1e6


def _points() -> list[tuple[float, float]]:
    rng = np.random.default_rng(2)
    margin = 0.01  # the outline of the whole is jagged, too
    low, high = (_WEST + margin, _SOUTH + margin), (_WEST + _WIDE - margin, _SOUTH + _HIGH - margin)
    return [(lon, lat) for lon, lat in rng.uniform(low, high, (POINTS, 2)).tolist()]


def fill(url: str, side: int) -> None:
    """Make a database that holds `side` x `side` cells; their codes end in their six-digit number."""
    prepare_schema(url)
    shapes = irregular_cells(side)
    with Database(url) as database, database.transaction() as session:
        generation_id = add_generation(session, source="bench", note="", now=now())
        common = {"generation_id": generation_id, "area_m2": 1.0, "valid_from": date(2026, 1, 1)}
        for start in range(0, len(shapes), _CHUNK):
            rows = [
                {"code": f"370213001{number:06}", "shape": shape, **common}
                for number, shape in enumerate(shapely.to_wkb(shapes[start : start + _CHUNK]).tolist(), start)
            ]
            session.connection().execute(insert(Cell), rows)


def irregular_cells(side: int = CELLS_A_SIDE) -> npt.NDArray[np.object_]:
    """Return `side` x `side` cells of 20 vertices that tile 0.7 x 0.6 degrees exactly, neighbours sharing theirs."""
    rng = np.random.default_rng(1)
    step = np.array([_WIDE, _HIGH]) / side
    corners = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1)), axis=-1) * step + (_WEST, _SOUTH)
    corners = corners + rng.uniform(-_CORNER_MOVES, _CORNER_MOVES, corners.shape) * step
    share = (np.arange(1, _BENDS + 1) / (_BENDS + 1))[:, None]

    def bent(start: Numbers, end: Numbers) -> Numbers:
        line = start[..., None, :] * (1 - share) + end[..., None, :] * share
        moved: Numbers = line + rng.uniform(-_BEND_MOVES, _BEND_MOVES, line.shape) * step
        return moved

    across, along = bent(corners[:, :-1], corners[:, 1:]), bent(corners[:-1], corners[1:])
    south, north, west, east = across[:-1], across[1:, :, ::-1], along[:, :-1, ::-1], along[:, 1:]
    sw, se, ne, nw = corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]
    parts = (sw[:, :, None], south, se[:, :, None], east, ne[:, :, None], north, nw[:, :, None], west, sw[:, :, None])
    cells: npt.NDArray[np.object_] = shapely.polygons(np.concatenate(parts, axis=2).reshape(side * side, -1, 2))
    return cells
