"""A pair read in another datum or order: what is offered, in which order, and what a camera says to it."""

import pytest

from app.domain.gcj02 import BadCoordinate, Datum, gcj02_to_bd09, wgs84_to_bd09, wgs84_to_gcj02
from app.domain.plausible_place import Fit, Reading, plausible_readings, reading_of_camera

HERE = (120.4149, 36.1602)
AS_GCJ02 = wgs84_to_gcj02(*HERE)
AS_BD09 = wgs84_to_bd09(*HERE)
ABOUT_10_M = 0.0001


def only_here(lon: float, lat: float) -> Fit:
    """Judge for a city that is one cell of some 20 m."""
    return Fit.INSIDE if abs(lon - HERE[0]) < ABOUT_10_M and abs(lat - HERE[1]) < ABOUT_10_M else Fit.OUTSIDE


@pytest.mark.parametrize(
    ("sent", "datum", "readings"),
    [
        (AS_GCJ02, Datum.WGS84, (Reading.GCJ02,)),
        (AS_GCJ02, Datum.CGCS2000, (Reading.GCJ02,)),
        (AS_BD09, Datum.WGS84, (Reading.BD09,)),
        (AS_BD09, Datum.GCJ02, (Reading.BD09,)),
        (AS_GCJ02, Datum.BD09, (Reading.GCJ02,)),
        (HERE, Datum.GCJ02, (Reading.WGS84,)),
        (HERE, Datum.BD09, (Reading.WGS84,)),
        (HERE[::-1], Datum.WGS84, (Reading.SWAPPED,)),
        (HERE[::-1], Datum.CGCS2000, (Reading.SWAPPED,)),
        (AS_GCJ02[::-1], Datum.GCJ02, (Reading.SWAPPED,)),
        (AS_BD09[::-1], Datum.BD09, (Reading.SWAPPED,)),
        ((0.0, 0.0), Datum.WGS84, ()),
        ((116.4, 39.9), Datum.GCJ02, ()),
        (AS_GCJ02, Datum.GCJ02, ()),
        (HERE, Datum.CGCS2000, ()),
        # two mistakes at once are too much to guess
        (AS_GCJ02[::-1], Datum.WGS84, ()),
    ],
)
def test_the_reading_that_leads_into_a_cell_is_offered(
    sent: tuple[float, float], datum: Datum, readings: tuple[Reading, ...]
) -> None:
    assert plausible_readings(*sent, datum, fit=only_here) == readings


def test_the_likeliest_mistake_comes_first() -> None:
    readings = plausible_readings(*HERE, Datum.CGCS2000, fit=lambda *_: Fit.INSIDE)
    assert readings == (Reading.GCJ02, Reading.BD09)
    assert plausible_readings(50, 60, Datum.BD09, fit=lambda *_: Fit.INSIDE) == (
        Reading.GCJ02,
        Reading.WGS84,
        Reading.SWAPPED,
    )


def test_near_the_city_is_enough_for_exchanged_axes_only() -> None:
    assert plausible_readings(50, 60, Datum.WGS84, fit=lambda *_: Fit.NEAR) == (Reading.SWAPPED,)


CAMERA = HERE
STEPS_AWAY = (HERE[0], HERE[1] + 0.0010)
"""Some 110 m north: whoever photographs a thing across the road."""
FAR_AWAY = (HERE[0], HERE[1] + 0.01)


@pytest.mark.parametrize(
    ("sent", "datum", "camera", "reading"),
    [
        (AS_GCJ02, Datum.GCJ02, CAMERA, None),
        (HERE, Datum.CGCS2000, CAMERA, None),
        (AS_GCJ02, Datum.GCJ02, STEPS_AWAY, None),
        (AS_GCJ02, Datum.WGS84, CAMERA, Reading.GCJ02),
        (AS_GCJ02, Datum.CGCS2000, STEPS_AWAY, Reading.GCJ02),
        (HERE, Datum.GCJ02, CAMERA, Reading.WGS84),
        (AS_BD09, Datum.GCJ02, CAMERA, Reading.BD09),
        (gcj02_to_bd09(*AS_GCJ02), Datum.WGS84, STEPS_AWAY, Reading.BD09),
        # a photo from somewhere else says nothing about the datum
        (AS_GCJ02, Datum.GCJ02, FAR_AWAY, None),
        (AS_GCJ02, Datum.WGS84, FAR_AWAY, None),
    ],
)
def test_a_camera_that_disagrees_with_the_datum_names_the_one_it_agrees_with(
    sent: tuple[float, float], datum: Datum, camera: tuple[float, float], reading: Reading | None
) -> None:
    assert reading_of_camera(*sent, datum, camera=camera) is reading


def test_a_pair_that_is_no_position_is_not_compared() -> None:
    with pytest.raises(BadCoordinate):
        reading_of_camera(36.1, 120.4, Datum.WGS84, camera=CAMERA)
