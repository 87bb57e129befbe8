"""Files of every format and none: the same features from all, one Chinese sentence for what cannot be read."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.city.importing import source_file, tables
from app.city.importing.findings import Fault
from app.city.importing.geojson import datum_of, read_geojson
from app.city.importing.source_file import Content, encoding_of, format_of, take
from app.city.importing.tables import read_csv
from app.city.importing.wanted import GridLevel, ImportRefused
from app.domain.gcj02 import Datum
from tests.city.grid_files import csv_bytes, examined, four_streets, silent, twelve_cells, xlsx_bytes


def refusal(data: bytes, *, name: str = "grid.geojson", **wanted: Any) -> str:
    """Return the reason why a file is refused; its sentence is Chinese."""
    with pytest.raises(ImportRefused) as refused:
        examined(data, name=name, **wanted)
    assert re.search(r"[\u4e00-\u9fff]", str(refused.value))
    return refused.value.reason


AS_FILE: dict[str, Callable[[list[list[object]]], bytes]] = {
    "csv": csv_bytes,
    "csv in GBK": lambda rows: csv_bytes(rows, encoding="gbk"),
    "csv in UTF-16": lambda rows: csv_bytes(rows, encoding="utf-16"),
    "csv with semicolons": lambda rows: csv_bytes(rows, delimiter=";"),
    "csv with tabs": lambda rows: csv_bytes(rows, encoding="utf-8", delimiter="\t"),
    "xlsx": xlsx_bytes,
}


@pytest.mark.parametrize("kind", AS_FILE)
def test_a_table_gives_the_same_plan_as_geojson(kind: str) -> None:
    grid = four_streets()
    name = "grid.xlsx" if kind == "xlsx" else "grid.csv"
    from_table = examined(AS_FILE[kind](grid.rows()), name=name)
    assert from_table.judged.findings.errors == []
    assert from_table.plan == examined(grid).plan


def test_a_table_may_speak_chinese_and_hold_geojson() -> None:
    grid = four_streets()
    rows: list[list[object]] = [["编码", "名称", "边界"]]
    rows += [
        [row["street_code"], row["name"], json.dumps(grid.geometry(index))] for index, row in enumerate(grid.properties)
    ]
    assert examined(csv_bytes(rows), name="x.csv").plan == examined(grid).plan


def test_a_spreadsheet_may_make_numbers_of_codes() -> None:
    grid = twelve_cells()
    expected = examined(grid, GridLevel.CELL).plan
    grid.properties = [{"编码": float(row["cell_code"])} for row in grid.properties]
    assert examined(xlsx_bytes(grid.rows(geometry="WKT")), GridLevel.CELL, name="x.xlsx").plan == expected


def test_empty_rows_count_for_the_numbering_and_for_nothing_else() -> None:
    rows = four_streets().rows()
    rows.insert(1, [])
    rows[3][-1] = "POLYGON EMPTY"
    (finding,) = examined(xlsx_bytes(rows), name="x.xlsx").judged.findings.errors
    assert finding.sentence.startswith("第 4 行（370202005 中山路街道）")


def test_fields_may_be_named_by_a_person() -> None:
    grid = four_streets()
    expected = examined(grid).plan
    for row in grid.properties:
        row["JDDM"], row["JDMC"] = row.pop("street_code"), row.pop("name")
    assert examined(grid, code_field="jddm", name_field="JDMC").plan == expected
    assert refusal(grid.geojson(), code_field="nothing") == "no_such_field"


def deep(levels: int) -> bytes:
    return b'{"type": "FeatureCollection", "features": ' + b"[" * levels + b"]" * levels + b"}"


GOOD = four_streets().geojson()
ROWS = four_streets().rows()
BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "not JSON": ("x.geojson", b"hello", "not_json"),
    "half a JSON": ("x.geojson", GOOD[: len(GOOD) // 2], "not_json"),
    "NaN": ("x.geojson", GOOD.replace(b"120.35", b"NaN"), "not_json"),
    "nested too deeply": ("x.geojson", deep(100_000), "not_json"),
    "one feature": ("x.geojson", b'{"type": "Feature"}', "not_a_collection"),
    "a list": ("x.geojson", b"[1, 2]", "not_a_collection"),
    "no features": ("x.geojson", b'{"type": "FeatureCollection", "features": []}', "no_features"),
    "features that are none": ("x.geojson", b'{"type": "FeatureCollection", "features": {"a": 1}}', "no_features"),
    "an old workbook": ("x.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old_excel"),
    "a workbook that is text": ("x.xlsx", b"code,name", "no_workbook"),
    "half a workbook": ("x.xlsx", xlsx_bytes(ROWS)[:3_000], "no_workbook"),
    "a csv that ends in a quote": ("x.csv", csv_bytes(ROWS).rstrip()[:-5], "broken_csv"),
    "a csv that ends in a sign": ("x.csv", "编码,名称,边界\n370202001,香".encode()[:-1], "cut_off"),
    "a csv without geometry": ("x.csv", b"code,name\n370202001,x\n", "no_geometry_column"),
    "a csv of one row": ("x.csv", b"code,name,geometry\n", "no_features"),
    "noise": ("noise", bytes(range(128, 256)) * 9, "encoding"),
    "a picture": ("x.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "encoding"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(case: str) -> None:
    name, data, reason = BAD_FILES[case]
    assert refusal(data, name=name) == reason


def test_every_way_to_cut_a_file_short_is_refused_or_judged() -> None:
    """Never a traceback, wherever the transfer broke off."""
    for data, name in ((GOOD, "x.geojson"), (csv_bytes(ROWS), "x.csv"), (xlsx_bytes(ROWS), "x.xlsx")):
        for tenth in range(1, 10):
            part = data[: len(data) * tenth // 10]
            try:
                findings = examined(part, name=name).judged.findings
            except ImportRefused:
                continue
            assert findings.errors, (name, tenth)


def test_formulas_are_refused_with_their_row() -> None:
    rows = four_streets().rows()
    rows[2][0] = '="370202005"'
    with pytest.raises(ImportRefused, match="第 3 行"):
        examined(xlsx_bytes(rows), name="x.xlsx")


def test_merged_cells_are_missing_values_of_the_rows_below() -> None:
    rows = four_streets().rows()
    rows[2][0], rows[2][1] = None, None  # what a file holds of merged cells but the first
    (finding,) = examined(xlsx_bytes(rows), name="x.xlsx").judged.findings.errors
    assert finding.fault is Fault.CODE_MISSING
    assert "合并" in finding.sentence


def test_a_geometry_that_excel_has_cut_off_is_called_that() -> None:
    grid = twelve_cells()
    grid.geometries[0] = ("POLYGON((" + "120.35 36.10, " * 3_000)[:32_767]
    (finding,) = (
        each
        for each in examined(xlsx_bytes(grid.rows()), GridLevel.CELL, name="x.xlsx").judged.findings
        if each.features == (0,)
    )
    assert finding.fault is Fault.GEOMETRY_CUT_OFF


WKT_FAULTS = {
    "POLYGON((0 0, 1 0, 1 1": Fault.GEOMETRY_BROKEN,
    "POLYGON((0 0, 1 0, 1 1))": Fault.RING_OPEN,
    "POLYGON((119 36, nan 36, 120 37, 119 36))": Fault.NOT_FINITE,
    "POLYGON((36 120, 37 120, 37 121, 36 120))": Fault.AXES_SWAPPED,
    "POLYGON EMPTY": Fault.GEOMETRY_MISSING,
    "POINT(120 36)": Fault.GEOMETRY_KIND,
    "GEOMETRYCOLLECTION(" * 100_000: Fault.GEOMETRY_KIND,
    "SRID=4326;POLYGON((0 0, 1 0, 1 1, 0 0))": Fault.GEOMETRY_KIND,
    '{"type": "Polygon"': Fault.GEOMETRY_BROKEN,
    '{"type": "Polygon"}': Fault.GEOMETRY_MISSING,
    "   ": Fault.GEOMETRY_MISSING,
    "位置": Fault.GEOMETRY_KIND,
}


@pytest.mark.parametrize("wkt", WKT_FAULTS, ids=lambda wkt: wkt[:30])
def test_a_bad_geometry_in_a_table_is_a_fault_of_its_row(wkt: str) -> None:
    grid = four_streets()
    grid.geometries[2] = wkt
    found = examined(csv_bytes(grid.rows()), name="x.csv").judged.findings
    assert [each.fault for each in found.errors if each.features == (2,)] == [WKT_FAULTS[wkt]]


def test_a_height_is_ignored() -> None:
    grid = four_streets()
    expected = examined(grid).plan
    for rings in grid.rings:
        rings[0] = [[*point, 12.5] for point in rings[0]]
    assert examined(grid).plan == expected


def test_a_street_of_thousands_of_vertices_may_stand_in_one_field() -> None:
    grid = four_streets()
    ring = grid.rings[0][0]
    (x1, y), (x2, _) = ring[:2]
    bottom = [[x1 + (x2 - x1) * n / 10_000, y] for n in range(10_000)]
    grid.rings[0] = [[*bottom, *ring[1:]]]
    data = csv_bytes(grid.rows())
    assert len(data) > 131_072  # the csv module's own limit for a field
    assert examined(data, name="x.csv").plan is not None


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_UNPACKED", 1_000_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * 1_000_001)
    assert len(packed.getvalue()) < 2_000
    assert refusal(packed.getvalue(), name="x.xlsx") == "bomb"


@pytest.mark.parametrize("claimed", [b"A1", b"A1:XFD1048576"])
def test_a_sheet_is_read_by_what_it_has_not_by_what_it_claims(claimed: bytes) -> None:
    data = xlsx_bytes(ROWS)
    grown = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as parts, zipfile.ZipFile(grown, "w") as copy:
        for part in parts.infolist():
            content = parts.read(part)
            copy.writestr(part, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="%b"' % claimed, content))
    assert examined(grown.getvalue(), name="x.xlsx").plan == examined(GOOD).plan


@pytest.mark.parametrize(("row", "reason"), [(100_006, "too_many_rows"), (3_000_000, "too_many_rows"), (90_000, None)])
def test_a_row_that_claims_a_number_far_below_is_refused(row: int, reason: str | None) -> None:
    grown = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes(ROWS))) as parts, zipfile.ZipFile(grown, "w") as copy:
        for part in parts.infolist():
            content = re.sub(rb'<row r="%d"' % len(ROWS), b'<row r="%d"' % row, parts.read(part))
            copy.writestr(part, re.sub(rb'(<c r="[A-Z]+)%d"' % len(ROWS), rb'\g<1>%d"' % row, content))
    if reason is None:
        assert examined(grown.getvalue(), name="x.xlsx").plan == examined(GOOD).plan
    else:
        assert refusal(grown.getvalue(), name="x.xlsx") == reason


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as parts:
        parts.writestr("streets.shp", b"0")
    assert refusal(packed.getvalue(), name="streets.zip") == "no_workbook"


def test_a_file_is_read_up_to_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_file, "MAX_BYTES", 1_000)
    path = tmp_path / "grid.geojson"
    path.write_bytes(b"x" * 1_000)
    assert len(take(path).data) == 1_000
    path.write_bytes(b"x" * 1_001)
    with pytest.raises(ImportRefused) as refused:
        take(path)
    assert refused.value.reason == "too_long"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("piece", range(1, 9))
def test_signs_that_lie_across_two_pieces_are_read(encoding: str, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_file, "_CHUNK", piece)
    data = csv_bytes(ROWS, encoding=encoding)
    assert encoding_of(data) == encoding
    assert examined(data, name="x.csv").plan is not None
    cut_off = "street_code,name\n370202001,香港中路".encode()[:-1]
    with pytest.raises(ImportRefused) as refused:
        encoding_of(cut_off)
    assert refused.value.reason == "cut_off"


@pytest.mark.parametrize(("name", "reason"), [("nothing", "unreadable"), (".", "unreadable"), ("blank", "empty")])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "blank").write_bytes(b" \n\t ")
    with pytest.raises(ImportRefused) as refused:
        take(tmp_path / name)
    assert refused.value.reason == reason


@pytest.mark.parametrize("make", [lambda: (read_geojson, GOOD), lambda: (read_csv, csv_bytes(ROWS))])
def test_a_file_of_too_many_features_is_refused(
    make: Callable[[], tuple[Callable[..., object], bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("geojson", "tables"):
        monkeypatch.setattr(f"app.city.importing.{module}.MAX_FEATURES", 3)
    read, data = make()
    with pytest.raises(ImportRefused) as refused:
        read(data, progress=silent)
    assert refused.value.reason == "too_many"


@pytest.mark.parametrize(("sign", "limit"), [(b"{", 8), (b"[", 20), (b",", 30)])
def test_a_file_that_would_become_too_many_objects_is_refused_before_it_is_parsed(
    sign: bytes, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.city.importing.geojson._MOST_SIGNS", {sign: limit})
    assert refusal(b'{"features":' + sign * (limit + 1)) == "too_dense"
    assert refusal(sign * limit) == "not_json"


def test_a_row_of_too_many_columns_is_refused_and_many_rows_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_MAX_CUTS", 60)
    rows = [b"a," * 50, b'"' + b"a,\n" * 40 + b'",' + b"," * 30]
    with pytest.raises(ImportRefused) as refused:
        list(tables.csv_rows(b"\n".join(rows), progress=silent))
    assert (refused.value.reason, "第 2 行" in str(refused.value)) == ("too_wide", True)
    assert len(list(tables.csv_rows(b"\n".join([rows[0]] * 9), progress=silent))) == 9


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("x.geojson", b"{", "geojson"),
        ("x.json", b"{", "geojson"),
        ("X.CSV", b"{", "csv"),
        ("x", b'\xef\xbb\xbf {"a"', "geojson"),
        ("x", b"code;name", "csv"),
        ("x.csv", xlsx_bytes(ROWS), "xlsx"),
    ],
)
def test_the_format_is_seen_from_the_bytes_and_the_name(name: str, data: bytes, expected: str) -> None:
    assert format_of(Content(name, data)) == expected


@pytest.mark.parametrize(
    ("crs", "datum"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", Datum.WGS84),
        ("urn:ogc:def:crs:OGC::CRS84", Datum.WGS84),
        ("EPSG:4326", Datum.WGS84),
        ("urn:ogc:def:crs:EPSG::4490", Datum.CGCS2000),
        ("epsg:4490", Datum.CGCS2000),
        ("EPSG:4528", None),
        ("EPSG:44900", None),
        ("GCJ02", None),
        (None, None),
    ],
)
def test_a_reference_system_stands_for_a_datum_or_for_nothing_we_know(crs: str | None, datum: Datum | None) -> None:
    assert datum_of(crs) is datum


def test_the_file_states_its_datum_or_a_person_does() -> None:
    grid = four_streets()
    assert refusal(grid.geojson(), datum=None) == "no_datum"
    grid.crs = "EPSG:4490"
    assert examined(grid, datum=None).judged.datum is Datum.CGCS2000
    assert list(examined(grid, datum=Datum.WGS84).judged.findings) == []
    (overruled,) = (
        each for each in examined(grid, datum=Datum.GCJ02).judged.findings if each.fault is Fault.CRS_OVERRULED
    )
    assert "火星坐标" in overruled.sentence
    grid.crs = "EPSG:4528"
    assert refusal(grid.geojson(), datum=None) == "unknown_crs"


def test_a_crs_that_is_no_object_is_one_we_do_not_know() -> None:
    data = GOOD.replace(b'"FeatureCollection"', b'"FeatureCollection", "crs": "EPSG:4326"')
    assert refusal(data, datum=None) == "unknown_crs"


def test_a_table_states_no_datum() -> None:
    assert refusal(csv_bytes(ROWS), name="x.csv", datum=None) == "no_datum"
