"""Whatever a file is made of, it is judged or refused, and drawn: never a traceback."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from app.city.importing.picture import draw
from app.city.importing.wanted import GridLevel, ImportRefused
from app.domain.gcj02 import Datum
from tests.city.grid_files import csv_bytes, examined, four_streets, twelve_cells, xlsx_bytes

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e308, -1e308, 1e-320, 2**63, 10**30, 90.0, 180.0, -180.0, 89.9999, 120.35),
    *("", "街", "\u202e\x1b", "1" * 200, "POLYGON EMPTY", "3.7E+8", "=1"),
    *([], {}, [[]], [[[]]], [1, 2], [[1, 2]], {"type": "Polygon"}),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value inside a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*path, key)
        yield from places(each, (*path, key))


def spoil(document: Any, chance: random.Random) -> None:
    """Put something odd in place of up to four values."""
    for _ in range(chance.randint(1, 4)):
        *way, last = chance.choice(list(places(document)))
        parent = document
        for key in way:
            parent = parent[key]
        parent[last] = copy.deepcopy(chance.choice(ODD))


def cut(data: bytes, chance: random.Random) -> bytes:
    """Take some bytes out and change others."""
    spoilt = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(spoilt))
        if chance.random() < 0.5:
            spoilt[at] = chance.randrange(256)
        else:
            del spoilt[at : at + chance.randint(1, 50)]
    return bytes(spoilt)


def a_spoilt_file(chance: random.Random) -> tuple[bytes, str, GridLevel]:
    grid, level = chance.choice([(four_streets(), GridLevel.STREET), (twelve_cells(), GridLevel.CELL)])
    name = chance.choice(["x.geojson", "x.csv", "x.xlsx"])
    if name == "x.geojson":
        grid.crs = chance.choice(["EPSG:4490", "EPSG:4528", None])
        document = json.loads(grid.geojson())
        spoil(document, chance)
        return json.dumps(document).encode(), name, level
    return cut(csv_bytes(grid.rows()) if name == "x.csv" else xlsx_bytes(grid.rows()), chance), name, level


@pytest.mark.parametrize("seed", range(4))
def test_a_spoilt_file_is_judged_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    outcomes = set()
    for _ in range(40):
        data, name, level = a_spoilt_file(chance)
        try:
            found = examined(data, level, name=name, datum=chance.choice([None, *Datum]))
        except ImportRefused:
            outcomes.add("refused")
            continue
        assert draw(found.judged, name=name, summary="").startswith("<svg")
        outcomes.add("errors" if found.judged.findings.errors else "good")
    assert outcomes >= {"refused", "errors"}
