"""Find codes and names among the properties of features: named by a person, or under the names files use."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.city.importing.source_file import RawFeature
from app.city.importing.wanted import GridLevel, ImportRefused, Wanted

CODES = {
    GridLevel.STREET: ("street_code", "code", "街道编码", "编码", "代码", "街道代码"),
    GridLevel.CELL: (
        "cell_code",
        "grid_code",
        "code",
        "bgcode",
        "网格编码",
        "编码",
        "代码",
        "网格代码",
        "单元网格编码",
    ),
}
NAMES = {
    GridLevel.STREET: ("street_name", "name", "街道名称", "名称", "街道"),
    GridLevel.CELL: ("name", "名称"),
}
DISTRICT_NAMES = ("district_name", "district", "区市名称", "区市", "区县", "所属区市")
DISTRICT_CODES = ("district_code", "adcode", "区市编码", "区县代码")
STREET_NAMES = ("street_name", "street", "街道名称", "街道", "镇街")
COMMUNITY_NAMES = ("community_name", "community", "社区名称", "社区", "村居")

_WHOLE = re.compile(r"(\d+)\.0+")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """What one feature says about itself; '' where it says nothing."""

    code: str
    name: str
    district: str
    district_code: str
    street: str
    community: str


def words_of(features: Sequence[RawFeature], wanted: Wanted) -> list[Words]:
    """Return the words of each feature, in order.

    :raises ImportRefused: a field that a person named is in no feature, or cells have no field of codes
    """
    present = {name.strip().lower(): name for feature in features for name in feature.properties}
    code = _field(present, CODES[wanted.level], stated=wanted.code_field)
    if code is None and wanted.level is GridLevel.CELL:
        raise ImportRefused("no_code_field", wanted="、".join(CODES[wanted.level]), found=_listed(present))
    columns = (
        code,
        _field(present, NAMES[wanted.level], stated=wanted.name_field),
        _field(present, DISTRICT_NAMES),
        _field(present, DISTRICT_CODES),
        _field(present, STREET_NAMES),
        _field(present, COMMUNITY_NAMES),
    )
    return [Words(*(_plain(feature.properties, column) for column in columns)) for feature in features]


def is_scientific(code: str) -> bool:
    """Whether a spreadsheet has turned a code into 3.70213E+14, which loses its last digits."""
    return _SCIENTIFIC.fullmatch(code) is not None


def _field(present: Mapping[str, str], aliases: Sequence[str], *, stated: str | None = None) -> str | None:
    if stated is not None:
        if stated.strip().lower() not in present:
            raise ImportRefused("no_such_field", field=stated, found=_listed(present))
        return present[stated.strip().lower()]
    return next((present[alias] for alias in aliases if alias in present), None)


def _listed(present: Mapping[str, str]) -> str:
    return "、".join(present.values())[:200] or "—"


def _plain(properties: Mapping[str, object], column: str | None) -> str:
    """Return a value as text; a spreadsheet makes 370202001.0 of a code."""
    value = properties.get(column) if column is not None else None
    if value is None or isinstance(value, bool | dict | list):
        return ""
    written = str(value).strip()
    whole = _WHOLE.fullmatch(written)
    return whole[1] if whole else written
