"""How a rule set lies in a workbook: which sheet holds which section, what its columns are called and how they read.

A cell holds one value. Lists are parted by `；`, what a rule asks of answers is written `问题=答案；…`. A list whose
items hold such signs themselves is written as JSON, so that everything can be written and read back.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

ABOUT, RULES = "说明", "规则"
ITEM, CONTENT = "项目", "内容"
ABOUT_ROWS = {"版本": "version", "说明": "note"}

CELL_LONGEST = 32_000
"""Signs in one cell; Excel takes 32,767. A longer border goes on in the rows below."""

_PART = re.compile(r"[；;\n]")
_NEEDS_JSON = re.compile(r"[；;\n]|^[\[{]|^\s|\s$|^$")

Reader = Callable[[str], Any]
Writer = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, the path of the field in an item, and how a cell is read and written.

    `read` raises ValueError for what cannot be read; `goes_on`: rows below without a code add to it.
    """

    header: str
    path: tuple[str, ...]
    read: Reader
    write: Writer
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, the section of the rule set, its columns; the first one begins a new item."""

    name: str
    section: str
    columns: Sequence[Column]

    @property
    def headers(self) -> dict[str, Column]:
        return {column.header: column for column in self.columns}


def _text(header: str, *path: str) -> Column:
    return Column(header, path, read=str, write=str)


def _list(header: str, *path: str) -> Column:
    return Column(header, path, read=_read_list, write=_write_list)


def _named(header: str, *path: str, names: Mapping[str, str]) -> Column:
    """Return a column whose values have Chinese names; the values themselves are read, too."""
    values = {name: value for value, name in names.items()}
    return Column(header, path, read=lambda cell: values.get(cell, cell), write=lambda value: names[value])


def _read_list(cell: str) -> list[Any]:
    if cell.startswith("["):
        found = orjson.loads(cell)
        return found if isinstance(found, list) else [found]
    return [part.strip() for part in _PART.split(cell) if part.strip()]


def _write_list(items: Sequence[Any]) -> str:
    words = [str(item) for item in items]
    return orjson.dumps(words).decode() if any(map(_NEEDS_JSON.search, words)) else "；".join(words)


def _read_pairs(cell: str) -> Any:  # noqa: ANN401 - what is no mapping is refused where every value is
    if cell.startswith("{"):
        return orjson.loads(cell)
    pairs = [part.partition("=") for part in _PART.split(cell) if part.strip()]
    if not all(equals for _, equals, _ in pairs) or len({name.strip() for name, _, _ in pairs}) < len(pairs):
        raise ValueError(cell)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _write_pairs(pairs: Mapping[str, str]) -> str:
    is_plain = not any(
        "=" in name or _NEEDS_JSON.search(name) or _NEEDS_JSON.search(value) for name, value in pairs.items()
    )
    return "；".join(f"{name}={value}" for name, value in pairs.items()) if is_plain else orjson.dumps(pairs).decode()


def _read_span(cell: str) -> list[str]:
    first, dash, last = cell.partition("-")
    if not dash:
        raise ValueError(cell)
    return [first.strip(), last.strip()]


def _write_span(pair: Sequence[int]) -> str:
    return "-".join(str(number) for number in pair)


def _span(header: str, *path: str) -> Column:
    return Column(header, path, read=_read_span, write=_write_span)


_YES_NO = {"true": "是", "false": "否"}
_YES = Column(
    "自动派遣",
    ("then", "auto_dispatch"),
    read=lambda cell: {name: value for value, name in _YES_NO.items()}.get(cell, cell),
    write=lambda value: _YES_NO[str(value).lower()],
)
_LINKS = {"maintainer": "养护", "owner": "权属", "supervisor": "主管"}
_CHAIN = Column(
    "责任链",
    ("then", "chain"),
    read=lambda cell: [{name: link for link, name in _LINKS.items()}.get(part, part) for part in _read_list(cell)],
    write=lambda chain: _write_list([_LINKS[link] for link in chain]),
)
_DATUM = _named(
    "坐标系",
    "datum",
    names={"wgs84": "WGS-84", "gcj02": "GCJ-02", "bd09": "BD-09", "cgcs2000": "CGCS2000"},
)
_BORDER = Column("边界", ("shape",), read=str, write=str, goes_on=True)

SHEETS = (
    Sheet(
        RULES,
        "rules",
        (
            _text("编号", "key"),
            _text("立案标准", "when", "scheme"),
            _text("类别", "when", "class"),
            _text("立案条件", "when", "condition"),
            _text("区域", "when", "area"),
            _text("多边形", "when", "polygon"),
            _text("功能区", "when", "jurisdiction"),
            _text("场所类型", "when", "place_type"),
            Column("问题答案", ("when", "facts"), read=_read_pairs, write=_write_pairs),
            _list("渠道", "when", "channels"),
            _span("季节起", "when", "window", "from_day"),
            _span("季节止", "when", "window", "to_day"),
            _list("星期", "when", "window", "weekdays"),
            _span("钟点", "when", "window", "hours"),
            _named("日子", "when", "window", "days", names={"any": "每天", "working": "工作日", "rest": "休息日"}),
            _text("单位", "then", "unit"),
            _text("单位类型", "then", "role"),
            _CHAIN,
            _list("协办单位", "then", "assisting"),
            _list("协办类型", "then", "assisting_roles"),
            _text("时限", "then", "limit"),
            _text("优先级", "then", "priority"),
            _YES,
            _text("依据", "basis"),
            _named("职权", "powers", names={"ordinary": "一般", "withheld": "不行使", "concentrated": "集中行使"}),
            _text("生效日", "valid_from"),
            _text("失效日", "valid_until"),
        ),
    ),
    Sheet(
        "问题",
        "questions",
        (
            _text("编号", "code"),
            _text("问题", "text"),
            _list("上报类别", "categories"),
            Column("选项", ("choices", "code"), read=str, write=str, goes_on=True),
            Column("选项文字", ("choices", "text"), read=str, write=str, goes_on=True),
        ),
    ),
    Sheet(
        "区域",
        "areas",
        (_text("编号", "code"), _text("名称", "name"), _text("依据", "basis"), _DATUM, _BORDER),
    ),
    Sheet(
        "功能区",
        "jurisdictions",
        (
            _text("编号", "code"),
            _text("名称", "name"),
            _text("依据", "basis"),
            _list("行使", "holds"),
            _list("不行使", "withheld"),
            _DATUM,
            _BORDER,
        ),
    ),
    Sheet(
        "单位",
        "units",
        (
            _text("编号", "code"),
            _text("名称", "name"),
            _text("类型", "kind"),
            _named(
                "层级",
                "level",
                names={"municipal": "市级", "district": "区级", "street": "街道", "enterprise": "企业"},
            ),
            _text("区域", "area"),
            _text("上级", "parent"),
        ),
    ),
    Sheet(
        "关键词",
        "keywords",
        (
            _text("类别", "class"),
            _text("立案条件", "condition"),
            _list("任一", "any"),
            _list("全部", "all"),
            _list("排除", "none"),
        ),
    ),
)

_HEADERS = {
    (sheet.name, ".".join(column.path)): column.header for sheet in SHEETS for column in reversed(sheet.columns)
}


def header_of(sheet: str, field: str) -> str:
    """Return what the column of a field is called, the field itself where it has none."""
    steps = [step for step in field.split(".") if not step.isdigit()]
    found = (_HEADERS.get((sheet, ".".join(steps[:n]))) for n in range(len(steps), 0, -1))
    return next(filter(None, found), field)
