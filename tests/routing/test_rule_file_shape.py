"""What is no rule file is refused with its line and reason, quickly and within bounds of memory."""

import io
import re
import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from openpyxl import Workbook, load_workbook

from app.routing import yaml_reading
from app.routing.file_format import MAX_BYTES, FileFormat, read_rule_file, take, write_rule_file
from app.routing.findings import RuleFileRefused
from app.routing.xlsx_reading import MAX_EMPTY_ROWS, MAX_UNPACKED
from tests.routing.rule_sets import REST, a_file, line_of, rule_text

START = b"version: v1\nrules:\n" + REST.encode()


def told(data: bytes) -> list[tuple[int, str, str, str, str]]:
    """Return (line, sheet, item, field, reason) of each finding."""
    with pytest.raises(RuleFileRefused) as refused:
        read_rule_file(data)
    return [(each.spot.line, each.spot.sheet, each.item, each.field, each.reason) for each in refused.value.told]


def the_only(data: bytes) -> tuple[int, str]:
    """Return line and reason of the only finding."""
    ((line, _, _, _, reason),) = told(data)
    return line, reason


@pytest.fixture(params=["C", "Python"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = yaml.CSafeLoader if request.param == "C" else yaml.SafeLoader
    monkeypatch.setattr(yaml_reading, "_LOADER", loader)


BOMB = "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\n"


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 0, "空的"),
        (b" \n\n ", 0, "空的"),
        (START + BOMB.encode(), 6, "锚点和引用"),
        (START + b"note: *a\n", 6, "锚点和引用"),
        (START + b"note: &a x\n", 6, "锚点和引用"),
        (START + b"note: !!python/object/apply:os.system [ls]\n", 6, "类型标记"),
        (START + b"note: !!str x\n", 6, "类型标记"),
        (START + b"<<: {note: x}\n", 6, "名称不能为空"),
        (START + b"? [a, b]\n: x\n", 6, "名称不能为空"),
        (START + b"? {a: b}\n: x\n", 6, "名称不能为空"),
        (START + b"note: x\nnote: y\n", 7, "写了两次"),
        (START + b"---\nversion: v2\n", 6, "一份规则"),
        (START + b"note: [[[[[[[[[[[[x]]]]]]]]]]]]\n", 6, "嵌套超过"),
        (START + b"note: [x\n", 7, "不是完好的 YAML"),
        (START + b"note: 'x\n", 7, "不是完好的 YAML"),
        (START + b"\tnote: x\n", 6, "不是完好的 YAML"),
        (START + b"note: a\x07b\n", 6, "不可见"),
        (START + "note: 说明\n# 说明\x00\n".encode(), 7, "不可见"),
        (START + b'note: "a\\0b"\n', 6, "不可见"),
        (START + b'note: "a\\u202eb"\n', 6, "不可见"),
        (START + "note: 说明".encode()[:-1], 6, "UTF-8"),
        (START + "note: 说明\n".encode("gb18030"), 6, "UTF-8"),
        (b"- a\n- b\n", 1, "最外层"),
        (b"just words\n", 1, "最外层"),
        (b"# nothing\n", 1, "最外层"),
        (b"\xd0\xcf\x11\xe0 an old workbook", 0, "旧版 Excel"),
        (b"PK\x03\x04 no workbook", 0, "不是完好的 XLSX"),
    ],
)
def test_what_is_no_rule_file(data: bytes, line: int, words: str) -> None:
    found, reason = the_only(data)
    assert words in reason
    assert found == line


@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        ("wrong: 1\n", "wrong", "没有这样的字段"),
        ("rules: 1\n", "rules", "写了两次"),
        ("areas: here\n", "areas", "应为列表"),
        ("areas:\n  - here\n", "", "名称: 内容"),
        ("units: [{code: a}]\n", "name", "缺少"),
    ],
)
def test_a_section_that_is_none(more: str, field: str, words: str) -> None:
    found = told(START + more.encode())
    assert (found[0][3], found[0][0] > 5) == (field, True)
    assert words in found[0][4]


@pytest.mark.parametrize("version", ["", "a b", "a/b", "a?b", "..", ".a", "a" * 33, "[a]"])
def test_a_version_name_that_no_address_can_hold(version: str) -> None:
    ((line, _, _, field, reason),) = told(f"version: {version or '~'}\nrules:\n{REST}".encode())
    assert (line, field) == (1, "version")
    assert "位数" not in reason


@pytest.mark.parametrize(
    ("rule", "field", "words"),
    [
        (rule_text("x", when="{clas: '06'}"), "when.clas", "没有这样的字段"),
        (rule_text("x", when="{class: '6'}"), "when.class", "2 位或 5 位"),
        (rule_text("x", when="{area: '37021'}"), "when", "4（市）"),
        (rule_text("x", when="{area: shinan}"), "when.area", "数字"),
        (rule_text("x", when="{area: '3702', polygon: p}"), "when", "只能写其中一个"),
        (rule_text("x", when="{window: {}}"), "when", "没有任何限制"),
        (rule_text("x", when="{window: {weekdays: [8]}}"), "when.window.weekdays.0", "不能大于 7"),
        (rule_text("x", when="{window: {weekdays: [Monday]}}"), "when.window.weekdays.0", "整数"),
        (rule_text("x", when="{window: {weekdays: []}}"), "when.window.weekdays", "至少 1 项"),
        (rule_text("x", when="{window: {from_day: [2, 30]}}"), "when.window.from_day", "没有这样的月、日"),
        (rule_text("x", when="{window: {hours: [8, 8]}}"), "when.window", "没有意义"),
        (rule_text("x", when="{window: {hours: [8]}}"), "when.window.hours.1", "缺少"),
        (rule_text("x", then="{}"), "then", "必须且只能写一个"),
        (rule_text("x", then="{unit: a, role: b}"), "then", "必须且只能写一个"),
        (rule_text("x", then="{role: a, limit: soon}"), "then.limit", "4 work_hour"),
        (rule_text("x", then="{role: a, limit: -1 work_hour}"), "then.limit", "4 work_hour"),
        (rule_text("x", then="{role: a, limit: 2 fortnights}"), "then.limit", "4 work_hour"),
        (rule_text("x", then="{role: a, chain: [neighbour]}"), "then.chain.0", "只能是"),
        (rule_text("x", then="{role: a, auto_dispatch: maybe}"), "then.auto_dispatch", "true 或 false"),
        (rule_text("x", then="{role: a, priority: 101}"), "then.priority", "不能大于 100"),
        (rule_text("x", more="    powers: all\n"), "powers", "只能是"),
        (rule_text("x", more="    valid_from: soon\n"), "valid_from", "2026-01-31"),
        (rule_text("x", more="    valid_from: 20260101\n"), "valid_from", "2026-01-31"),
        (rule_text("x", more="    valid_from: 2026-02-30\n"), "valid_from", ""),
        (rule_text("x", more="    valid_from: 2026-02-03\n    valid_until: 2026-02-03\n"), "", "晚于"),
        (rule_text("x" * 65), "key", "太长"),
    ],
)
def test_a_misspelt_rule(rule: str, field: str, words: str) -> None:
    data = a_file(rule)
    ((line, _, item, at, reason),) = told(data)
    assert (item[:1], at) == ("x", field)
    assert words in reason
    assert re.search("[\u4e00-\u9fff]", reason)
    assert line_of(data, "key: x") <= line < line_of(data, "key: x") + rule.count("\n")


def test_numbers_and_words_of_yaml_stay_what_was_written() -> None:
    """Of an unquoted 06010 YAML 1.1 makes the octal number 3080, and of `no` a false."""
    rule = rule_text("1.0", when="{class: 06010, facts: {on: no}}", then="{role: off}")
    made = read_rule_file(a_file(rule)).words.rules[1]
    assert (made.key, made.when.class_prefix, made.when.facts, made.then.role) == ("1.0", "06010", {"on": "no"}, "off")


def test_a_hundred_megabytes_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    started = time.process_time()
    with pytest.raises(RuleFileRefused, match="16 MB"):
        take(path)
    with pytest.raises(RuleFileRefused, match="16 MB"):
        read_rule_file(b"x" * (MAX_BYTES + 1))
    assert time.process_time() - started < 0.5


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RuleFileRefused, match="无法读取"):
        take(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    "data",
    [b"[" * MAX_BYTES, b"{a: " * (MAX_BYTES // 4), b"- " * (MAX_BYTES // 2), b"? " * (MAX_BYTES // 2)],
    ids=["lists", "mappings", "blocks", "keys"],
)
def test_endless_nesting_costs_nothing(data: bytes) -> None:
    started = time.process_time()
    the_only(data)
    assert time.process_time() - started < 3


def test_endless_values_are_counted() -> None:
    started = time.process_time()
    line, reason = the_only(b"version: v1\nrules: [" + b"a," * (MAX_BYTES // 2 - 30) + b"]")
    assert (line, "1000000" in reason) == (2, True)
    assert time.process_time() - started < 10


def test_more_rules_than_a_city_can_have() -> None:
    rules = "".join(f"  - {n}\n" for n in range(20_001))
    line, reason = the_only(f"version: v1\nrules:\n{rules}".encode())
    assert (line, "20000" in reason) == (3, True)


def workbook(change: Callable[[Workbook], None]) -> bytes:
    """Return a good workbook after a change."""
    words = read_rule_file(a_file(rule_text("one", when='{class: "06010"}'))).words
    book = load_workbook(io.BytesIO(write_rule_file(words, FileFormat.XLSX)))
    change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def put(sheet: str, cell: str, value: str | int | None) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        book[sheet][cell] = value

    return change


def without(name: str) -> Callable[[Workbook], None]:
    return lambda book: book.remove(book[name])


@pytest.mark.parametrize(
    ("change", "line", "sheet", "field", "words"),
    [
        (without("规则"), 0, "规则", "", "缺少工作表"),
        (without("说明"), 0, "说明", "", "缺少工作表"),
        (lambda book: book.create_sheet("Sheet1"), 1, "Sheet1", "", "可用的工作表"),
        (put("规则", "A1", "编码"), 1, "规则", "", "第一行应是表头"),
        (put("规则", "B1", "标准"), 1, "规则", "标准", "可用的列"),
        (put("规则", "B1", "类别"), 1, "规则", "类别", "写了两次"),
        (put("说明", "A1", "标题"), 1, "说明", "", "项目、内容"),
        (put("说明", "A3", "备注"), 3, "说明", "备注", "没有这一项"),
        (put("规则", "C3", 6010), 3, "规则", "类别", "2 位或 5 位"),
        (put("规则", "A3", None), 3, "规则", "编号", "没有填首列"),
        (put("规则", "Q3", "=1+1"), 3, "规则", "Q3", "公式"),
        (put("规则", "I3", "乱写"), 3, "规则", "问题答案", "写法不对"),
        (put("规则", "M3", "八点"), 3, "规则", "星期", "整数"),
        (put("规则", "N3", "8"), 3, "规则", "钟点", "写法不对"),
        (put("规则", "N3", "8-25"), 3, "规则", "钟点", "不能大于 24"),
        (put("规则", "W3", "可能"), 3, "规则", "自动派遣", "是 或 否"),
        (put("规则", "X3", None), 3, "规则", "依据", "缺少"),
        (put("规则", "P3", "a"), 3, "规则", "then", "只能写一个"),
        (put("区域", "D2", "北京54"), 2, "区域", "坐标系", "只能是"),
    ],
)
def test_a_workbook_tells_sheet_and_row(
    change: Callable[[Workbook], None], line: int, sheet: str, field: str, words: str
) -> None:
    found = [(n, name, at, reason) for n, name, _, at, reason in told(workbook(change))]
    assert (line, sheet, field) in [each[:3] for each in found], found
    assert any(words in each[3] for each in found), found


def test_numbers_dates_and_answers_in_cells_are_read_as_meant() -> None:
    def change(book: Workbook) -> None:
        sheet = book["规则"]
        sheet["V3"], sheet["W3"], sheet["Z3"] = 2, "否", datetime(2026, 1, 1)  # noqa: DTZ001 - as Excel has it
        sheet["E3"] = 370213
        sheet["M3"] = "6；7"

    rule = read_rule_file(workbook(change)).words.rules[1]
    assert (rule.then.priority, rule.then.auto_dispatch, str(rule.valid_from)) == (2, False, "2026-01-01")
    assert rule.when.area == "370213"
    assert rule.when.window is not None
    assert rule.when.window.weekdays == {6, 7}


def test_a_workbook_that_unpacks_to_gigabytes() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts, parts.open("xl/workbook.xml", "w") as part:
        for _ in range(MAX_UNPACKED // 1024 // 1024 + 1):
            part.write(b"\0" * 1024 * 1024)
    data = file.getvalue()
    assert len(data) < 200_000
    started = time.process_time()
    assert "64 MB" in the_only(data)[1]
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("part", "before", "piece"),
    [
        ("xl/styles.xml", b"</cellXfs>", b"<xf/>"),
        ("xl/workbook.xml", b"</workbook>", b"<a/>"),
        ("xl/worksheets/sheet2.xml", b"</sheetData>", b"<row><c/></row>" + b"<c/>" * 10_000),
    ],
)
def test_a_workbook_of_more_things_than_a_rule_set_needs(part: str, before: bytes, piece: bytes) -> None:
    """Unpacked it is small, but each tag would become an object: 6 MB of styles took 700 MB and 15 seconds."""
    good = io.BytesIO(workbook(lambda _book: None))
    file = io.BytesIO()
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.infolist():
            content = old.read(each.filename)
            if each.filename == part:
                assert before in content
                content = content.replace(before, piece * (10 * 1024 * 1024 // len(piece)) + before)
            new.writestr(each.filename, content)
    data = file.getvalue()
    assert len(data) < 200_000
    started = time.process_time()
    assert "用不到的大量内容" in the_only(data)[1]
    assert time.process_time() - started < 1


def test_a_workbook_of_entities_is_no_workbook() -> None:
    """A billion laughs: expat stops, and what it raises is told as a broken workbook."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 20}">' for n in range(1, 9))
    xml = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "{"lol" * 50}">{entities}]><workbook>&l8;</workbook>'
    good = io.BytesIO(workbook(lambda _book: None))
    file = io.BytesIO()
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(file, "w") as new:
        for part in old.infolist():
            new.writestr(part.filename, xml if part.filename == "xl/workbook.xml" else old.read(part.filename))
    started = time.process_time()
    assert "不是完好的 XLSX" in the_only(file.getvalue())[1]
    assert time.process_time() - started < 5


def test_rows_that_are_made_up() -> None:
    def change(book: Workbook) -> None:
        book["规则"]["A1048576"] = "far"

    ((line, sheet, _, _, reason),) = told(workbook(change))
    assert (sheet, "空行太多" in reason) == ("规则", True)
    assert line == 3 + MAX_EMPTY_ROWS + 1
