"""CPU of finding a point among 100,489 irregular cells: `CitySnapshot.locate`, as a submission calls it."""

import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import insert

from app.city.loading import add_generation
from app.city.models import Cell
from app.city.snapshot import CitySnapshot, load_snapshot
from app.infra.clock import now
from app.infra.database import Database
from app.setup import prepare_schema
from bench.lines import Line

TARGET_US = 15
CELLS_A_SIDE = 317
POINTS = 20_000
ROUNDS = 5

Numbers = npt.NDArray[np.float64]

_WEST, _SOUTH, _WIDE, _HIGH = 119.9, 35.9, 0.7, 0.6
_BENDS = 4
_CORNER_MOVES, _BEND_MOVES = 0.25, 0.05
"""Shares of a cell's side."""


def locate() -> Iterator[Line]:
    """Measure the look-up in CPU, the best of five rounds over the same points, each in some cell."""
    shapes = irregular_cells()
    with tempfile.TemporaryDirectory() as folder:
        city = _city(f"sqlite:///{Path(folder) / 'locate.db'}", shapes)
    points = _points()
    for lon, lat in points[:500]:
        place = city.locate(lon, lat)
        assert place.is_certain
        assert shapely.intersects_xy(shapes[int(place.cell_code[-6:])], lon, lat)
    yield Line("locate", min(_round_us(city, points) for _ in range(ROUNDS)), "us", TARGET_US)


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


def _city(url: str, shapes: npt.NDArray[np.object_]) -> CitySnapshot:
    """Return the snapshot of a database that holds the cells; their codes end in their six-digit number."""
    prepare_schema(url)
    with Database(url) as database:
        with database.transaction() as session:
            generation_id = add_generation(session, source="bench", note="", now=now())
            common = {"generation_id": generation_id, "area_m2": 1.0, "valid_from": date(2026, 1, 1)}
            rows = [
                {"code": f"370213001{number:06}", "shape": shape, **common}
                for number, shape in enumerate(shapely.to_wkb(shapes).tolist())
            ]
            session.connection().execute(insert(Cell), rows)
        with database.reading(snapshot=True) as session:
            return load_snapshot(session)


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
