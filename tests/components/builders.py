"""Components for tests, as rows and as files of every format."""

import csv
import io
import json
from typing import Any

from openpyxl import Workbook

from app.components.models import Component, ComponentState
from app.components.squares import square_of
from tests.builders import NOW
from tests.builders_city import IN_LICUN, LICANG

GAS_COVER, LAMP, TREE = "01011", "01037", "04002"
"""燃气井盖异常 and 路灯异常 are filed under facilities, 行道树异常 under greenery."""


def a_code(number: int = 1, *, county: str = LICANG, class_code: str = GAS_COVER) -> str:
    return f"{county}{class_code}{number:06}"


def a_component(code: str | None = None, *, at: tuple[float, float] = IN_LICUN, **changes: Any) -> Component:
    """Return the row of a gas cover, by default in the middle of 李村街道."""
    wanted = code or a_code()
    row: dict[str, Any] = {
        "code": wanted,
        "scheme": "GB/T 47678.5-2026",
        "class_code": wanted[6:11],
        "name": "燃气井盖",
        "lon": at[0],
        "lat": at[1],
        "bucket": square_of(*at),
        "state": ComponentState.INTACT,
        "source": "test",
        "changed_at": NOW,
    }
    return Component(**row | changes)


CHINESE = {
    "code": "部件标识码",
    "name": "部件名称",
    "lon": "经度",
    "lat": "纬度",
    "state": "部件状态",
    "maintainer": "养护单位名称",
    "owner": "权属单位名称",
    "supervisor": "主管部门名称",
}


def a_line(number: int = 1, *, at: tuple[float, float] = IN_LICUN, **changes: object) -> dict[str, object]:
    """Return what a file says of one component, under the English names."""
    return {
        "code": a_code(number),
        "name": f"井盖{number}",
        "lon": at[0],
        "lat": at[1],
        "state": "完好",
        "maintainer": "",
        "owner": "",
        "supervisor": "",
    } | changes


def as_csv(lines: list[dict[str, object]], *, encoding: str = "utf-8") -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(_rows(lines))
    return written.getvalue().encode(encoding)


def as_xlsx(lines: list[dict[str, object]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in _rows(lines):
        sheet.append(row)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def as_geojson(lines: list[dict[str, object]], **members: object) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {key: value for key, value in line.items() if key not in {"lon", "lat"}},
            "geometry": {"type": "Point", "coordinates": [line["lon"], line["lat"]]},
        }
        for line in lines
    ]
    return json.dumps({"type": "FeatureCollection", "features": features, **members}, ensure_ascii=False).encode()


def in_chinese(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{CHINESE[key]: value for key, value in line.items()} for line in lines]


def _rows(lines: list[dict[str, object]]) -> list[list[object]]:
    names = list(dict.fromkeys(name for line in lines for name in line))
    return [list(names), *([line.get(name, "") for name in names] for line in lines)]
