"""The packed index answers as a plain R-tree over the same cells does, on borders and outside as well."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from app.city.buckets import Buckets
from app.city.locating import CRACK_M, NEAR_M, CellIndex
from app.city.packing import pack, pack_shapes
from app.city.plane import Numbers, Plane, Shapes

WEST, SOUTH, WIDE, HIGH = 120.3, 36.0, 0.06, 0.05


class PlainIndex:
    """What the index has to agree with: every shape in memory, GEOS asked about all of them."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._tree = shapely.STRtree(shapes)

    def find(self, lon: float, lat: float) -> tuple[int, float] | None:
        hits = self._tree.query(shapely.Point(lon, lat), predicate="intersects")
        if len(hits):
            return int(hits.min()), 0.0
        distances = shapely.distance(Plane(lon, lat).shapes_in_metres(self._shapes), shapely.Point(0, 0))
        best = int(distances.argmin())
        offset_m = float(distances[best])
        return None if offset_m > NEAR_M else (best, 0.0 if offset_m <= CRACK_M else offset_m)


def a_tiling(rng: np.random.Generator, columns: int, rows: int) -> Shapes:
    """Return cells with shared crooked borders; some are missing, some hold a hole or lie in two parts."""
    step = np.array([WIDE / columns, HIGH / rows])
    corners = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(rows + 1)), axis=-1) * step + (WEST, SOUTH)
    corners = corners + rng.uniform(-0.3, 0.3, corners.shape) * step
    cells = [
        shapely.polygons([corners[y, x], corners[y, x + 1], corners[y + 1, x + 1], corners[y + 1, x]])
        for y in range(rows)
        for x in range(columns)
    ]
    for index in range(0, len(cells) - 1, 5):
        middle = cells[index].centroid.buffer(float(step.min()) * 0.1)
        cells[index] = cells[index].difference(middle)
        cells[index + 1] = shapely.multipolygons([*shapely.get_parts(cells[index + 1]), middle])
    kept = rng.uniform(size=len(cells)) < 0.9
    kept[0] = True
    chosen: Shapes = np.array(cells, dtype=object)[kept]
    return chosen


def points_of(rng: np.random.Generator, shapes: Shapes) -> Numbers:
    """Return points anywhere, on vertices, in the middle of edges, and centimetres beside them."""
    vertices = shapely.get_coordinates(shapes)
    anywhere = rng.uniform((WEST - 0.04, SOUTH - 0.04), (WEST + WIDE + 0.04, SOUTH + HIGH + 0.04), (60, 2))
    chosen = rng.permutation(len(vertices) - 1)[:40]
    edges = (vertices[chosen] + vertices[chosen + 1]) / 2
    points: Numbers = np.concatenate([anywhere, vertices[chosen], edges, edges + rng.uniform(-3e-6, 3e-6, edges.shape)])
    return points


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), columns=st.integers(1, 12), rows=st.integers(1, 12))
def test_the_index_agrees_with_an_r_tree(seed: int, columns: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = a_tiling(rng, columns, rows)
    index = CellIndex(pack_shapes([f"{number:015}" for number in range(len(shapes))], shapes))
    plain = PlainIndex(shapes)
    for lon, lat in points_of(rng, shapes).tolist():
        found, expected = index.find(lon, lat), plain.find(lon, lat)
        assert (found is None) == (expected is None)
        if found and expected:
            assert (found[0], round(found[1], 6)) == (expected[0], round(expected[1], 6))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 60))
def test_no_box_is_missed(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    corners, sizes = rng.uniform(0, 1, (count, 2)), rng.uniform(0, 0.5, (count, 2)) ** 3
    boxes = np.concatenate([corners, corners + sizes], axis=1)
    buckets = Buckets(boxes)
    for lon, lat in [*rng.uniform(-0.2, 1.7, (30, 2)).tolist(), *boxes[:, :2].tolist(), *boxes[:, 2:].tolist()]:
        holding = np.flatnonzero((boxes[:, :2] <= (lon, lat)).all(axis=1) & (boxes[:, 2:] >= (lon, lat)).all(axis=1))
        asked = list(buckets.at(lon, lat))
        assert set(holding) <= set(asked)
        assert asked == sorted(set(asked))
        reach = (boxes[:, :2] <= (lon + 0.3, lat + 0.3)).all(axis=1) & (boxes[:, 2:] >= (lon, lat)).all(axis=1)
        assert set(np.flatnonzero(reach)) <= set(buckets.within(lon, lat, lon + 0.3, lat + 0.3))


def test_boxes_that_all_lie_across_each_other_take_no_more_memory() -> None:
    """A thousand diagonal strips, each with the box of the whole city."""
    boxes = np.tile([[WEST, SOUTH, WEST + WIDE, SOUTH + HIGH]], (1_000, 1))
    buckets = Buckets(boxes)
    assert len(buckets._entries) <= 16 * len(boxes)
    assert list(buckets.at(WEST + 0.01, SOUTH + 0.01)) == list(range(1_000))


def test_a_thin_city_has_few_buckets() -> None:
    lon = WEST + np.arange(1_000) * 1e-3
    boxes = np.column_stack([lon, np.full(1_000, SOUTH), lon + 1e-3, np.full(1_000, SOUTH + 1e-9)])
    assert len(Buckets(boxes)._firsts) < 50_000


def test_an_empty_shape_is_nowhere_and_disturbs_nobody() -> None:
    index = CellIndex(pack_shapes(["1" * 15, "2" * 15], [shapely.from_wkt("POLYGON EMPTY"), shapely.box(0, 0, 1, 1)]))
    assert index.find(0.5, 0.5) == (1, 0.0)


def test_cells_are_packed_by_code_whatever_their_order() -> None:
    boxes = [shapely.box(west, 0, west + 1, 1) for west in range(4)]
    codes = ["3" * 15, "1" * 15, "4" * 15, "1" * 15]
    rows = list(zip(codes, shapely.to_wkb(boxes).tolist(), strict=True))
    packed = pack([rows[:1], rows[1:3], rows[3:]])
    assert [packed.code(index) for index in range(len(packed))] == ["1" * 15, "1" * 15, "3" * 15, "4" * 15]
    assert packed.shapes([3, 0]).tolist() == [boxes[2], boxes[1]]  # of twins the one that came first goes first
    assert packed.boxes[:, 0].tolist() == [1.0, 3.0, 0.0, 2.0]


@pytest.mark.parametrize("chunks", [[], [[]]])
def test_no_cells_are_packed_into_nothing(chunks: list[list[tuple[str, bytes]]]) -> None:
    assert len(pack(chunks)) == 0
