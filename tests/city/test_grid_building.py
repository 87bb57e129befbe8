"""Made-up streets and cut cells: no gap, no overlap, no sliver, codes that never change."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from app.city import default_data
from app.city.grid_building import GRID_M, CutCell, cut_cells, street_shapes
from app.city.load_default import PLANE
from app.city.plane import Numbers, Plane, Shapes


def qingdao() -> tuple[list[str], Numbers, Shapes]:
    streets = default_data.streets()
    centres = PLANE.metres([street.centre for street in streets])
    shapes = street_shapes(centres, np.array([street.area_km2 for street in streets]))
    return [street.code for street in streets], centres, shapes


def shapes_of(cells: list[CutCell]) -> Shapes:
    return np.array([cell.shape for cell in cells])


def squares(*bounds: tuple[float, float, float, float]) -> Shapes:
    return np.array([shapely.box(*each) for each in bounds])


def test_every_centre_lies_in_its_own_street_and_streets_do_not_overlap() -> None:
    _, centres, shapes = qingdao()
    assert shapely.contains(shapes, shapely.points(centres)).all()
    assert shapely.area(shapes).sum() - shapely.area(shapely.union_all(shapes)) == pytest.approx(0, abs=1)


def test_the_city_has_no_holes_and_is_about_as_large_as_qingdao() -> None:
    _, _, shapes = qingdao()
    parts = shapely.get_parts(shapely.union_all(shapes))
    assert shapely.get_num_interior_rings(parts).sum() == 0
    assert 11_000 < shapely.area(parts).sum() / 1e6 < 13_500


def test_cells_fill_their_streets_without_gap_overlap_or_sliver() -> None:
    codes, _, streets = qingdao()
    cells = cut_cells(codes, streets, size_m=2_000)
    shapes = shapes_of(cells)
    whole = shapely.union_all(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(shapely.area(whole), abs=20)
    assert shapely.area(whole) == pytest.approx(shapely.area(streets).sum(), abs=20)
    assert shapely.area(shapes).min() >= 0.02 * 2_000**2
    assert len({cell.code for cell in cells}) == len(cells)
    for code, street in zip(codes, streets, strict=True):
        own = shapely.union_all([cell.shape for cell in cells if cell.code.startswith(code)])
        along_the_border = shapely.length(street) * GRID_M
        assert shapely.area(shapely.symmetric_difference(own, street)) < along_the_border


def test_the_same_streets_give_the_same_cells() -> None:
    codes, _, streets = qingdao()
    first, second = (cut_cells(codes[:20], streets[:20], size_m=1_000) for _ in range(2))
    assert [cell.code for cell in first] == [cell.code for cell in second]
    assert shapely.equals_exact(shapes_of(first), shapes_of(second), tolerance=0).all()


def test_cells_are_numbered_from_the_north_west_row_by_row() -> None:
    cells = cut_cells(["370202001"], squares((0, -200, 300, 0)), size_m=100)
    middles = {cell.code: (cell.shape.centroid.x, cell.shape.centroid.y) for cell in cells}
    assert middles == {
        "370202001001001": (50, -50),
        "370202001001002": (150, -50),
        "370202001001003": (250, -50),
        "370202001001004": (50, -150),
        "370202001001005": (150, -150),
        "370202001001006": (250, -150),
    }


def test_every_street_counts_for_itself() -> None:
    cells = cut_cells(["370202001", "370202002"], squares((0, 0, 200, 100), (200, 0, 300, 100)), size_m=100)
    assert [cell.code for cell in cells] == ["370202001001001", "370202001001002", "370202002001001"]


def test_the_thousandth_cell_begins_the_second_block() -> None:
    cells = cut_cells(["370202001"], squares((0, 0, 400, 251)), size_m=10)
    assert len(cells) == 40 * 26
    assert cells[998].code == "370202001001999"
    assert cells[999].code == "370202001002001"


def test_a_sliver_joins_its_neighbour_and_leaves_no_gap() -> None:
    cells = cut_cells(["370202001"], squares((0, 0, 201, 100)), size_m=100)
    assert [cell.shape.area for cell in cells] == [pytest.approx(10_000), pytest.approx(10_100)]


def test_a_sliver_without_a_neighbour_stays() -> None:
    (cell,) = cut_cells(["370202001"], squares((0, 0, 5, 5)), size_m=100)
    assert cell.shape.area == pytest.approx(25)


def test_a_sliver_that_only_lies_near_another_piece_stays() -> None:
    parts = np.array([shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(105, 105, 110, 110)])])
    cells = cut_cells(["370202001"], parts, size_m=100)
    assert sorted(cell.shape.area for cell in cells) == [pytest.approx(25), pytest.approx(10_000)]


def test_a_street_in_two_parts_gets_cells_in_both() -> None:
    islands = np.array([shapely.MultiPolygon([shapely.box(0, 0, 80, 80), shapely.box(500, 0, 580, 80)])])
    assert len(cut_cells(["370202001"], islands, size_m=100)) == 2


@given(lon=st.floats(119, 121), lat=st.floats(35, 37.5), east=st.floats(-1e5, 1e5), north=st.floats(-1e5, 1e5))
@settings(deadline=None)
def test_metres_and_degrees_undo_each_other(lon: float, lat: float, east: float, north: float) -> None:
    plane = Plane(lon, lat)
    assert plane.metres(plane.degrees([[east, north]]))[0] == pytest.approx([east, north], abs=1e-4)


def test_areas_are_corrected_for_their_latitude() -> None:
    plane = Plane(120.3, 36.1)
    far = plane.metres([[120.3, 37.1]])[0]
    box = np.array([shapely.box(far[0], far[1], far[0] + 1_000, far[1] + 1_000)])
    # One degree further north a degree of longitude is 1.3 % shorter.
    assert plane.areas_m2(box)[0] == pytest.approx(1e6 * 0.9871, rel=1e-3)


def test_streets_far_apart_cost_no_more_squares_than_streets_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    box = shapely.box

    def counted(west: Numbers, *rest: Numbers) -> Shapes:
        asked.append(np.size(west))
        made: Shapes = box(west, *rest)
        return made

    near = squares((0, 0, 400, 400), (400, 0, 800, 400))
    far = squares((0, 0, 400, 400), (120_000, 120_000, 120_400, 120_400))
    monkeypatch.setattr(shapely, "box", counted)
    for shapes in (near, far):
        assert len(cut_cells(["370202001", "370202002"], shapes, size_m=20.0)) == 800
    assert sum(asked) == 1_600
