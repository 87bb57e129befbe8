"""What is said about a file of components, row by row, and what of it is taken."""

import json
from typing import Any

import pytest

from app.city import reading
from app.city.importing.source_file import Content
from app.city.importing.wanted import ImportRefused
from app.components.importing import fields
from app.components.importing.findings import Fault
from app.components.importing.import_file import Examined, compare_with_stored, examine
from app.components.importing.wanted import Wanted
from app.components.models import ComponentState
from app.components.squares import square_of
from app.domain.gcj02 import Datum, wgs84_to_bd09, wgs84_to_gcj02
from tests.builders import SQUAD
from tests.builders_city import AT_SEA, IN_LICUN, IN_ZHONGSHANLU
from tests.city.grid_files import silent
from tests.components.builders import (
    GAS_COVER,
    a_code,
    a_component,
    a_line,
    as_csv,
    as_geojson,
    as_xlsx,
    in_chinese,
)
from tests.towns import Town

MANAGED_BY = "李村街道综合行政执法队"
"""The name of `SQUAD`."""


def examined(
    town: Town, data: bytes, *, name: str = "parts.csv", datum: Datum | None = Datum.WGS84, **wanted: Any
) -> Examined:
    with town.database.reading() as session:
        schemes = reading.schemes_in_force(session, today=None)
    return examine(
        Content(name, data), wanted=Wanted(datum, **wanted), city=town.world.city, schemes=schemes, progress=silent
    )


def faults(found: Examined) -> dict[Fault, int]:
    return dict(found.findings.counts)


@pytest.mark.parametrize(
    ("name", "write"), [("x.csv", as_csv), ("x.xlsx", as_xlsx), ("x.geojson", as_geojson)], ids=["csv", "xlsx", "json"]
)
def test_every_format_tells_the_same(town: Town, name: str, write: Any) -> None:
    lines = [a_line(1, maintainer=MANAGED_BY, state="破损"), a_line(2, at=(120.4150, 36.1603), owner="青岛燃气")]
    found = examined(town, write(lines), name=name)
    first, second = found.rows
    assert first == {
        "code": a_code(1),
        "scheme": "GB/T 47678.5-2026",
        "class_code": GAS_COVER,
        "name": "井盖1",
        "lon": IN_LICUN[0],
        "lat": IN_LICUN[1],
        "bucket": square_of(*IN_LICUN),
        "state": ComponentState.DAMAGED,
        "is_removed": False,
        "maintainer_name": MANAGED_BY,
        "maintainer_unit": SQUAD,
        "owner_name": "",
        "owner_unit": None,
        "supervisor_name": "",
        "supervisor_unit": None,
    }
    assert (second["owner_name"], second["owner_unit"]) == ("青岛燃气", None)
    assert faults(found) == {Fault.UNIT_UNKNOWN: 1}
    assert found.count == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_headers_may_be_chinese_in_any_encoding(town: Town, encoding: str) -> None:
    lines = [a_line(1, supervisor=MANAGED_BY)]
    assert examined(town, as_csv(in_chinese(lines), encoding=encoding)).rows == examined(town, as_csv(lines)).rows


@pytest.mark.parametrize(
    ("datum", "at"),
    [(Datum.GCJ02, wgs84_to_gcj02(*IN_LICUN)), (Datum.BD09, wgs84_to_bd09(*IN_LICUN)), (Datum.CGCS2000, IN_LICUN)],
)
def test_positions_are_kept_in_wgs84(town: Town, datum: Datum, at: tuple[float, float]) -> None:
    (row,) = examined(town, as_csv([a_line(at=at)]), datum=datum).rows
    assert (row["lon"], row["lat"]) == pytest.approx(IN_LICUN, abs=1e-8)


BAD: list[tuple[dict[str, Any], Fault]] = [
    ({"code": ""}, Fault.CODE_MISSING),
    ({"code": "370213010110001"}, Fault.CODE_MALFORMED),
    ({"code": "3702130101100000x"}, Fault.CODE_MALFORMED),
    ({"code": "３７０２１３０１０１１００００１"}, Fault.CODE_MALFORMED),
    ({"code": "3.70213E+16"}, Fault.CODE_MALFORMED),
    ({"code": a_code(county="370299")}, Fault.COUNTY_UNKNOWN),
    ({"code": a_code(class_code="06010")}, Fault.MAJOR_UNKNOWN),
    ({"lon": ""}, Fault.POSITION_BROKEN),
    ({"lat": "北纬36度"}, Fault.POSITION_BROKEN),
    ({"lon": "nan"}, Fault.OUTSIDE),
    ({"lon": IN_LICUN[1], "lat": IN_LICUN[0]}, Fault.AXES_SWAPPED),
    ({"lon": AT_SEA[0], "lat": AT_SEA[1]}, Fault.OUTSIDE),
    ({"lon": 39_500_000, "lat": 4_003_000}, Fault.OUTSIDE),
    ({"state": "还行"}, Fault.STATE_UNKNOWN),
    ({"name": "井" * 101}, Fault.NAME_BAD),
    ({"owner": "燃气\x07公司"}, Fault.NAME_BAD),
]


@pytest.mark.parametrize(("change", "fault"), BAD)
def test_a_bad_row_is_named_with_its_line_and_left_out(town: Town, change: dict[str, Any], fault: Fault) -> None:
    found = examined(town, as_csv([a_line(1), a_line(2, **change), a_line(3)]))
    assert faults(found) == {fault: 1}
    assert [row["code"] for row in found.rows] == [a_code(1), a_code(3)]
    (sentence,) = found.findings.lines(errors=True)
    assert sentence.startswith("第 3 行")
    assert found.count == 3


def test_a_spreadsheet_that_holds_codes_as_numbers_has_lost_their_ends(town: Town) -> None:
    found = examined(town, as_xlsx([a_line(1, code=int(a_code(1)))]), name="x.xlsx")
    assert faults(found) == {Fault.CODE_MALFORMED: 1}
    assert "末位已丢失" in found.findings.lines(errors=True)[0]


def test_the_second_row_with_a_code_is_an_error_that_names_the_first(town: Town) -> None:
    found = examined(town, as_csv([a_line(1), a_line(2), a_line(1, name="另一个")]))
    assert [row["name"] for row in found.rows] == ["井盖1", "井盖2"]
    assert "与第 2 行" in found.findings.lines(errors=True)[0]


def test_a_faulty_row_still_names_its_component(town: Town) -> None:
    found = examined(town, as_csv([a_line(1), a_line(2, state="?")]))
    assert found.codes == {a_code(1), a_code(2)}


WARNED: list[tuple[dict[str, Any], Fault]] = [
    ({"code": a_code(class_code="03099")}, Fault.CLASS_UNKNOWN),
    ({"state": ""}, Fault.STATE_MISSING),
    ({"owner": "某某公司"}, Fault.UNIT_UNKNOWN),
    ({"lon": IN_LICUN[0] + 0.0200}, Fault.OUTSIDE_CELLS),
    ({"lon": IN_ZHONGSHANLU[0], "lat": IN_ZHONGSHANLU[1]}, Fault.COUNTY_ELSEWHERE),
]


@pytest.mark.parametrize(("change", "fault"), WARNED)
def test_a_doubtful_row_is_taken_with_a_warning(town: Town, change: dict[str, Any], fault: Fault) -> None:
    found = examined(town, as_csv([a_line(1, **change)]))
    assert (len(found.rows), faults(found)) == (1, {fault: 1})
    assert found.findings.lines(errors=False)


def test_what_has_no_name_is_called_by_its_class(town: Town) -> None:
    rows = examined(town, as_csv([a_line(1, name=""), a_line(2, code=a_code(2, class_code="03099"), name="")])).rows
    assert [row["name"] for row in rows] == ["燃气井盖异常", "部件"]


@pytest.mark.parametrize("state", ["完好", "intact", "INTACT"])
def test_states_are_read_in_chinese_and_english(town: Town, state: str) -> None:
    assert examined(town, as_csv([a_line(state=state)])).rows[0]["state"] is ComponentState.INTACT


def test_a_unit_is_found_by_its_code_in_either_column(town: Town) -> None:
    by_name = examined(town, as_csv([a_line(owner=SQUAD)])).rows[0]
    assert (by_name["owner_name"], by_name["owner_unit"]) == (SQUAD, SQUAD)
    by_code = examined(town, as_csv([a_line(owner="", 权属单位代码=SQUAD)])).rows[0]
    assert (by_code["owner_name"], by_code["owner_unit"]) == (MANAGED_BY, SQUAD)
    foreign = examined(town, as_csv([a_line(owner=MANAGED_BY, 权属单位代码="91370200X")])).rows[0]
    assert foreign["owner_unit"] == SQUAD


def test_only_so_many_sentences_of_a_kind_are_kept(town: Town) -> None:
    found = examined(town, as_csv([a_line(n, state="?") for n in range(1, 51)]))
    lines = found.findings.lines(errors=True)
    assert (found.findings.count(errors=True), len(lines), lines[-1]) == (50, 21, "……另有 30 条同类")


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "x.geojson", "not_json"),
        (b'{"type": "FeatureCollection", "features": []}', "x.geojson", "no_features"),
        (b"code,lon\n1,2\n", "x.csv", "no_column"),
        (b"lon,lat\n1,2\n", "x.csv", "no_column"),
        (as_geojson([{"bgcode": "1", "lon": 1, "lat": 2}]), "x.geojson", "no_column"),
        (b"code,lon,lat\n", "x.csv", "no_rows"),
        (b"", "x.csv", "no_column"),
        (b'code,lon,lat\n"1,2,3\n', "x.csv", "broken_csv"),
        (b"PK\x03\x04 no workbook", "x.xlsx", "no_workbook"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(town: Town, data: bytes, name: str, reason: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        examined(town, data, name=name)
    assert refused.value.reason == reason
    assert str(refused.value)


@pytest.mark.parametrize(("name", "write"), [("x.csv", as_csv), ("x.geojson", as_geojson)], ids=["csv", "json"])
def test_a_file_of_too_many_rows_is_refused(town: Town, name: str, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "MAX_ROWS", 2)
    assert len(examined(town, write([a_line(1), a_line(2)]), name=name).rows) == 2
    with pytest.raises(ImportRefused) as refused:
        examined(town, write([a_line(1), a_line(2), a_line(3)]), name=name)
    assert refused.value.reason == "too_many"


@pytest.mark.parametrize("geometry", [None, {"type": "Polygon", "coordinates": []}, {"type": "Point"}, "POINT(1 2)"])
def test_a_feature_without_a_point_has_no_position(town: Town, geometry: object) -> None:
    data = as_geojson([a_line(1)]).replace(
        b'{"type": "Point", "coordinates": [120.4149, 36.1602]}', json.dumps(geometry).encode()
    )
    assert faults(examined(town, data, name="x.geojson")) == {Fault.POSITION_BROKEN: 1}


def test_features_that_are_none_are_named(town: Town) -> None:
    data = as_geojson([a_line(1)]).replace(b'"features": [', b'"features": [7, {"properties": []}, ')
    assert faults(examined(town, data, name="x.geojson")) == {Fault.CODE_MISSING: 2}


def test_the_file_states_its_datum_or_a_person_does(town: Town) -> None:
    with pytest.raises(ImportRefused) as refused:
        examined(town, as_csv([a_line()]), datum=None)
    assert refused.value.reason == "no_datum"
    crs = {"type": "name", "properties": {"name": "EPSG:4490"}}
    data = as_geojson([a_line()], crs=crs)
    assert examined(town, data, name="x.geojson", datum=None).datum is Datum.CGCS2000
    assert faults(examined(town, data, name="x.geojson", datum=Datum.WGS84)) == {}
    assert Fault.CRS_OVERRULED in faults(examined(town, data, name="x.geojson", datum=Datum.GCJ02))
    unknown = as_geojson([a_line()], crs={"type": "name", "properties": {"name": "EPSG:4528"}})
    with pytest.raises(ImportRefused) as refused:
        examined(town, unknown, name="x.geojson", datum=None)
    assert refused.value.reason == "unknown_crs"


@pytest.mark.parametrize(
    ("stated", "true", "likely"),
    [
        (Datum.WGS84, wgs84_to_gcj02, "火星坐标"),
        (Datum.GCJ02, lambda lon, lat: (lon, lat), "GPS 坐标"),
        (Datum.GCJ02, wgs84_to_bd09, "百度坐标"),
        (Datum.BD09, wgs84_to_gcj02, "火星坐标"),
    ],
)
def test_a_whole_file_in_another_datum_is_noticed_by_what_is_known(
    town: Town, stated: Datum, true: Any, likely: str
) -> None:
    places = [(IN_LICUN[0] + step / 10_000, IN_LICUN[1]) for step in range(6)]
    data = as_csv([a_line(n, at=true(*at)) for n, at in enumerate(places, 1)])
    found = examined(town, data, datum=stated)
    with town.database.transaction() as session:
        session.add_all(a_component(a_code(n), at=at) for n, at in enumerate(places, 1))
        session.flush()
        compare_with_stored(session, found)
    (sentence,) = found.findings.lines(errors=False)
    assert likely in sentence.split("如果其实是")[1]


def test_components_that_moved_a_little_or_anywhere_are_no_other_datum(town: Town) -> None:
    places = [(IN_LICUN[0] + step / 10_000, IN_LICUN[1]) for step in range(6)]
    with town.database.transaction() as session:
        session.add_all(a_component(a_code(n), at=at) for n, at in enumerate(places, 1))
        session.flush()
        for north in (0.0003, 0.005):
            moved = [a_line(n, at=(lon, lat + north)) for n, (lon, lat) in enumerate(places, 1)]
            found = examined_in(session, town, as_csv(moved))
            assert faults(found) == {}


def examined_in(session: Any, town: Town, data: bytes) -> Examined:
    schemes = reading.schemes_in_force(session, today=None)
    found = examine(
        Content("x.csv", data), wanted=Wanted(Datum.WGS84), city=town.world.city, schemes=schemes, progress=silent
    )
    compare_with_stored(session, found)
    return found
