"""The cell of a point: inside, on a border, in a crack, on the beach, at sea."""

from collections.abc import Sequence

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from app.city.locating import CellIndex
from app.city.packing import pack_shapes
from app.domain.gcj02 import distance_m

STEP = 0.01
WEST, SOUTH = 120.3, 36.0


def index() -> CellIndex:
    """Return two cells side by side: 0 in the west, 1 in the east."""
    west = shapely.box(WEST, SOUTH, WEST + STEP, SOUTH + STEP)
    return indexed([west, shapely.box(WEST + STEP, SOUTH, WEST + 2 * STEP, SOUTH + STEP)])


def indexed(shapes: Sequence[BaseGeometry]) -> CellIndex:
    return CellIndex(pack_shapes([f"{number:015}" for number in range(len(shapes))], shapes))


@pytest.mark.parametrize(("lon", "expected"), [(WEST + 0.004, 0), (WEST + 0.016, 1)])
def test_a_point_inside_a_cell_is_in_it(lon: float, expected: int) -> None:
    assert index().find(lon, SOUTH + 0.005) == (expected, 0.0)


def test_on_a_shared_border_the_first_cell_answers() -> None:
    assert index().find(WEST + STEP, SOUTH + 0.005) == (0, 0.0)


def test_the_outer_border_belongs_to_the_city() -> None:
    assert index().find(WEST, SOUTH) == (0, 0.0)


def test_a_crack_of_centimetres_counts_as_inside() -> None:
    assert index().find(WEST + 2 * STEP + 2e-6, SOUTH + 0.005) == (1, 0.0)


@pytest.mark.parametrize("offset", [0.0001, 0.005, 0.017])
def test_outside_the_nearest_cell_is_given_with_its_distance(offset: float) -> None:
    found = index().find(WEST + 0.005, SOUTH - offset)
    assert found is not None
    assert found[0] == 0
    assert found[1] == pytest.approx(distance_m(WEST + 0.005, SOUTH - offset, WEST + 0.005, SOUTH), rel=0.01)


def test_nearest_is_measured_in_metres_not_in_degrees() -> None:
    """East of one cell and north of another: fewer degrees north are more metres."""
    cells = indexed([shapely.box(120.30, 36.0, 120.31, 36.01), shapely.box(120.30, 36.0240, 120.32, 36.03)])
    # 0.0100 degrees of longitude are 900 m, 0.0090 of latitude 1,000 m.
    found = cells.find(120.32, 36.0150 - 0.0070)
    assert found is not None
    assert (found[0], round(found[1], -1)) == (0, 900)


def test_beyond_two_kilometres_there_is_nothing() -> None:
    assert index().find(WEST + 0.005, SOUTH - 0.0185) is None
    assert index().find(WEST - 0.03, SOUTH) is None
    assert index().find(WEST - 0.02, SOUTH - 0.017) is None  # 1.8 km west and 1.9 km south


@pytest.mark.parametrize("point", [(0.0, 0.0), (-180.0, 90.0), (180.0, -90.0), (116.4, 39.9)])
def test_far_away_there_is_nothing(point: tuple[float, float]) -> None:
    assert index().find(*point) is None


def test_an_empty_city_holds_no_point() -> None:
    assert indexed([]).find(120.3, 36.0) is None
