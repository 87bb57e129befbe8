"""The datum conversions against published figures, and their properties."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import mainland
from app.domain.gcj02 import (
    BadCoordinate,
    Datum,
    bd09_to_gcj02,
    bd09_to_wgs84,
    distance_m,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

# Figures of googollee/eviltransform (tests) and wandergis/coordtransform (README): WGS-84 and GCJ-02.
PUBLISHED = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
]
# Both programs run on places in Qingdao (their ellipsoids differ by 1 cm here): WGS-84, GCJ-02, BD-09.
QINGDAO = [
    ((120.30236, 36.066706), (120.30738638435206, 36.06685103843247), (120.31397978200826, 36.07251475458846)),
    ((120.326679, 36.065743), (120.33174246241462, 36.06593225672824), (120.33822666392874, 36.07196338666768)),
    ((120.368225, 36.063381), (120.37334798081835, 36.06364102690969), (120.37976143736097, 36.06991639169791)),
    ((120.405994, 36.078749), (120.41112415332029, 36.07903595133055), (120.41770473589831, 36.08470820629731)),
]
BD09_OF_GCJ02 = ((116.404, 39.915), (116.41036949371029, 39.92133699351021))

# All of it but the eastern tip and the south-west, and some kilometres inside the outline out at sea.
SHANDONG = {"lon": st.floats(114.8, 121.2), "lat": st.floats(35.5, 38.2)}
ABROAD = {
    "Seoul": (126.978, 37.5665),
    "Pyongyang": (125.75, 39.02),
    "Vladivostok": (131.9, 43.12),
    "Khabarovsk": (135.08, 48.48),
    "Ulaanbaatar": (106.9, 47.9),
    "Almaty": (76.95, 43.25),
    "Kathmandu": (85.32, 27.7),
    "Thimphu": (89.64, 27.47),
    "Hanoi": (105.85, 21.03),
    "Lang Son": (106.76, 21.85),
    "Hong Kong Central": (114.158, 22.281),
    "Tuen Mun": (113.97, 22.39),
    "Sheung Shui": (114.128, 22.502),
    "Macau": (113.54, 22.19),
    "Taipa": (113.56, 22.155),
    "Taipei": (121.56, 25.03),
    "Tokyo": (139.6917, 35.6895),
    "the Atlantic": (0.0, 0.0),
    "the far south": (-70.0, -55.0),
}
MAINLAND = {
    "Qingdao": (120.38, 36.07),
    "灵山岛": (120.16, 35.76),
    "朝连岛": (120.87, 35.89),
    "千里岩": (121.38, 36.26),
    "Weihai": (122.1, 37.5),
    "北隍城岛": (120.91, 38.39),
    "Dalian": (121.6, 38.9),
    "Dandong": (124.39, 40.12),
    "Hunchun": (130.37, 42.86),
    "Heihe": (127.5, 50.25),
    "Mohe": (122.54, 52.97),
    "Manzhouli": (117.44, 49.58),
    "Erenhot": (111.98, 43.65),
    "Khorgos": (80.42, 44.21),
    "Tashkurgan": (75.23, 37.77),
    "Yadong": (88.91, 27.49),
    "Ruili": (97.85, 24.01),
    "Hekou": (103.96, 22.51),
    "Dongxing": (107.97, 21.54),
    "Sanya": (109.5, 18.25),
    "Gongbei, Zhuhai": (113.55, 22.222),
    "Hengqin, Zhuhai": (113.52, 22.12),
    "Shekou, Shenzhen": (113.91, 22.48),
    "Luohu station, Shenzhen": (114.117, 22.5335),
    "Xiamen": (118.09, 24.48),
    "Zhoushan": (122.2, 29.99),
    "Shanghai": (121.5, 31.2),
    "Lianyungang": (119.3, 34.6),
}
CONVERSIONS = [
    wgs84_to_gcj02,
    gcj02_to_wgs84,
    gcj02_to_bd09,
    bd09_to_gcj02,
    bd09_to_wgs84,
    wgs84_to_bd09,
    lambda lon, lat: to_wgs84(lon, lat, Datum.WGS84),
]


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    return distance_m(*one, *other)


@pytest.mark.parametrize(("wgs", "gcj"), PUBLISHED)
def test_published_gcj02_figures_are_met_in_both_directions(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    assert metres(wgs84_to_gcj02(*wgs), gcj) < 0.000_1
    assert metres(gcj02_to_wgs84(*gcj), wgs) < 0.000_1


@pytest.mark.parametrize(("wgs", "gcj", "bd"), QINGDAO)
def test_places_in_qingdao_agree_with_two_other_programs(
    wgs: tuple[float, float], gcj: tuple[float, float], bd: tuple[float, float]
) -> None:
    assert metres(wgs84_to_gcj02(*wgs), gcj) < 0.01
    assert metres(gcj02_to_wgs84(*gcj), wgs) < 0.01
    assert metres(wgs84_to_bd09(*wgs), bd) < 0.000_1
    assert metres(bd09_to_wgs84(*bd), wgs) < 0.000_1


def test_the_published_bd09_figure_is_met_in_both_directions() -> None:
    gcj, bd = BD09_OF_GCJ02
    assert metres(gcj02_to_bd09(*gcj), bd) < 0.000_1
    assert metres(bd09_to_gcj02(*bd), gcj) < 0.000_1


def test_the_one_step_inverse_of_others_is_near_but_not_exact() -> None:
    """What coordtransform prints for the inverses of (116.404, 39.915) is 5 and 6 cm from the true inverse."""
    assert 0.01 < metres(bd09_to_gcj02(116.404, 39.915), (116.39762729119315, 39.90865673957631)) < 0.1
    assert 0.01 < metres(gcj02_to_wgs84(116.404, 39.915), (116.39775550083061, 39.91359571849836)) < 0.1


def test_the_shift_at_qingdao_is_some_460_metres() -> None:
    assert metres(wgs84_to_gcj02(120.3844, 36.1052), (120.3844, 36.1052)) == pytest.approx(460, abs=40)


@given(**SHANDONG)
def test_gcj02_survives_the_way_there_and_back_in_shandong(lon: float, lat: float) -> None:
    assert metres(gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat)), (lon, lat)) < 0.000_1


@given(**SHANDONG)
def test_bd09_survives_the_way_there_and_back_in_shandong(lon: float, lat: float) -> None:
    assert metres(bd09_to_wgs84(*wgs84_to_bd09(lon, lat)), (lon, lat)) < 0.000_1


@given(lon=st.floats(73, 136), lat=st.floats(18, 54))
def test_the_inverse_is_exact_wherever_the_shift_applies(lon: float, lat: float) -> None:
    shifted = wgs84_to_gcj02(lon, lat)
    if shifted != (lon, lat):
        assert metres(gcj02_to_wgs84(*shifted), (lon, lat)) < 0.000_1
        assert metres(shifted, (lon, lat)) < 1_500


@pytest.mark.parametrize("place", ABROAD.values(), ids=ABROAD.keys())
def test_outside_the_mainland_nothing_is_shifted(place: tuple[float, float]) -> None:
    assert not mainland.contains(*place)
    assert wgs84_to_gcj02(*place) == place
    assert gcj02_to_wgs84(*place) == place


def test_just_outside_the_outline_the_shifted_reading_wins() -> None:
    """Out at sea, where a GCJ-02 position has two origins: itself, unshifted, and one inside."""
    at_sea = (120.296875, 35.015625)
    assert wgs84_to_gcj02(*at_sea) == at_sea
    inside = gcj02_to_wgs84(*at_sea)
    assert metres(inside, at_sea) == pytest.approx(451, abs=1)
    assert metres(wgs84_to_gcj02(*inside), at_sea) < 0.000_1


@pytest.mark.parametrize("place", MAINLAND.values(), ids=MAINLAND.keys())
def test_inside_the_mainland_everything_is_shifted(place: tuple[float, float]) -> None:
    assert mainland.contains(*place)
    assert metres(wgs84_to_gcj02(*place), place) > 5


@given(lon=st.floats(-180, 73) | st.floats(136, 180), lat=st.floats(-90, 90))
def test_other_longitudes_are_never_shifted(lon: float, lat: float) -> None:
    assert wgs84_to_gcj02(lon, lat) == (lon, lat)
    assert gcj02_to_wgs84(lon, lat) == (lon, lat)


@given(lon=st.floats(72, 137), lat=st.floats(17, 55))
def test_the_banded_outline_answers_like_every_edge_would(lon: float, lat: float) -> None:
    crossings = sum(
        (lat1 > lat) is not (lat2 > lat) and lon < lon1 + (lat - lat1) / (lat2 - lat1) * (lon2 - lon1)
        for lon1, lat1, lon2, lat2 in mainland._EDGES
    )
    assert mainland.contains(lon, lat) == bool(crossings % 2)


@pytest.mark.parametrize("convert", CONVERSIONS)
@pytest.mark.parametrize(
    ("lon", "lat"),
    [(nan, 36.0), (120.0, nan), (inf, 36.0), (120.0, -inf), (180.1, 36.0), (-181.0, 0.0), (36.0, 120.0), (0.0, -90.1)],
)
def test_what_is_no_position_is_refused(convert: object, lon: float, lat: float) -> None:
    assert callable(convert)
    with pytest.raises(BadCoordinate) as refusal:
        convert(lon, lat)
    assert refusal.value.code == "BAD_COORDINATE"
    assert refusal.value.facts == {"lon": str(lon), "lat": str(lat)}


def test_to_wgs84_knows_every_datum() -> None:
    here = (120.3844, 36.1052)
    sent = {
        Datum.WGS84: here,
        Datum.CGCS2000: here,
        Datum.GCJ02: wgs84_to_gcj02(*here),
        Datum.BD09: wgs84_to_bd09(*here),
    }
    assert sent.keys() == set(Datum)
    for datum, (lon, lat) in sent.items():
        assert to_wgs84(lon, lat, datum) == pytest.approx(here, abs=1e-9)


@pytest.mark.parametrize(
    ("one", "other", "expected_m"),
    [
        ((120.0, 36.0), (120.0, 36.0), 0.0),
        ((120.0, 36.0), (120.0, 37.0), 111_195.08),
        ((0.0, 0.0), (1.0, 0.0), 111_195.08),
        ((0.0, 0.0), (180.0, 0.0), 20_015_114.4),
        ((120.0, 36.0), (-60.0, -36.0), 20_015_114.4),
    ],
)
def test_distances_on_the_mean_sphere(one: tuple[float, float], other: tuple[float, float], expected_m: float) -> None:
    assert metres(one, other) == pytest.approx(expected_m, rel=1e-6)
