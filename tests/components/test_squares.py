"""Nothing near a point is outside the squares around it, and every square has a number that fits an integer column."""

from hypothesis import given
from hypothesis import strategies as st

from app.components.squares import box_around, square_of, squares_of
from app.domain.gcj02 import distance_m

LON, LAT = st.floats(-180, 180), st.floats(-85, 85)


@given(lon=st.floats(73, 135), lat=st.floats(4, 53), east=st.floats(-1, 1), north=st.floats(-1, 1))
def test_what_is_near_lies_in_the_squares_around(lon: float, lat: float, east: float, north: float) -> None:
    box = box_around(lon, lat, 100)
    other = lon + east * (box[2] - lon), lat + north * (box[3] - lat)
    if distance_m(lon, lat, *other) <= 100:
        assert square_of(*other) in squares_of(box)


@given(lon=st.floats(73, 135), lat=st.floats(4, 53), bearing=st.sampled_from([(1, 0), (-1, 0), (0, 1), (0, -1)]))
def test_the_box_reaches_as_far_as_it_should(lon: float, lat: float, bearing: tuple[int, int]) -> None:
    west, south, east, north = box_around(lon, lat, 100)
    edge = lon + bearing[0] * (east - west) / 2, lat + bearing[1] * (north - south) / 2
    assert 99.5 < distance_m(lon, lat, *edge) < 100.5


@given(lon=LON, lat=LAT)
def test_a_square_fits_an_integer_column(lon: float, lat: float) -> None:
    assert 0 <= square_of(lon, lat) < 2**31


def test_neighbouring_squares_differ() -> None:
    around = squares_of(box_around(120.4, 36.1, 500))
    assert len(set(around)) == len(around) > 9
