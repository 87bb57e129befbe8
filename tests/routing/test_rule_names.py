"""A rule file that names what the city does not have is refused with the line and the reason."""

import pytest

from app.city.snapshot import CitySnapshot
from app.domain.gcj02 import wgs84_to_gcj02
from app.reports.models import Source
from app.routing.file_format import read_rule_file
from app.routing.findings import MOST, RuleFileRefused
from app.routing.known import CHANNELS
from app.routing.validating import understand
from app.texts import text
from tests.routing.rule_sets import HEAD, SCHEME, a_file, complaints, line_of, rule_text

BOW_TIE = "POLYGON ((120.41 36.15, 120.42 36.17, 120.42 36.15, 120.41 36.17, 120.41 36.15))"
SQUARE = "POLYGON ((120.41 36.15, 120.42 36.15, 120.42 36.17, 120.41 36.17, 120.41 36.15))"


def test_a_good_file_is_understood(city: CitySnapshot) -> None:
    full = rule_text(
        "full",
        when=(
            f'{{scheme: {SCHEME}, class: "09009", area: "370213006", place_type: pavement, channels: [citizen],'
            " window: {weekdays: [6, 7], hours: [8, 18]}}"
        ),
        then="{unit: 370213900.park, assisting_roles: [park_committee], chain: [owner], limit: 2 work_hour}",
        more="    valid_from: 2026-01-01\n    powers: concentrated\n",
    )
    words = understand(a_file(full), city=city)
    assert [rule.key for rule in words.rules] == ["everything", "full"]
    assert words.rules[1].when.class_prefix == "09009"


@pytest.mark.parametrize(
    ("when", "field", "fault", "value"),
    [
        ("{scheme: 没有}", "when.scheme", "scheme_unknown", "没有"),
        ('{class: "98765"}', "when.class", "class_unknown", "98765"),
        ('{class: "98"}', "when.class", "class_unknown", "98"),
        ('{class: "06010", condition: 没有}', "when.condition", "condition_unknown", "没有"),
        ('{area: "370299"}', "when.area", "area_unknown", "370299"),
        ('{area: "9999"}', "when.area", "area_unknown", "9999"),
        ('{area: "370213006001999"}', "when.area", "area_unknown", "370213006001999"),
        ("{polygon: 没有}", "when.polygon", "polygon_unknown", "没有"),
        ('{jurisdiction: "370213901"}', "when.jurisdiction", "jurisdiction_unknown", "370213901"),
        ("{place_type: 没有}", "when.place_type", "place_type_unknown", "没有"),
        ("{facts: {没有: a}}", "when.facts.没有", "question_unknown", "没有"),
    ],
)
def test_an_unknown_name_in_a_condition(city: CitySnapshot, when: str, field: str, fault: str, value: str) -> None:
    data = a_file(rule_text("wrong", when=when))
    sentence = text(f"rule_file.{fault}", value=value)
    assert complaints(data, city) == [(line_of(data, "when: " + when), "wrong", field, sentence)]


@pytest.mark.parametrize(
    ("then", "field", "fault", "value"),
    [
        ("{unit: nobody}", "then.unit", "unit_unknown", "nobody"),
        ("{role: nobody}", "then.role", "role_unknown", "nobody"),
        ("{role: street_office, assisting: [nobody]}", "then.assisting.0", "unit_unknown", "nobody"),
        ("{role: street_office, assisting_roles: [nobody]}", "then.assisting_roles.0", "role_unknown", "nobody"),
    ],
)
def test_an_unknown_unit(city: CitySnapshot, then: str, field: str, fault: str, value: str) -> None:
    data = a_file(rule_text("wrong", then=then))
    sentence = text(f"rule_file.{fault}", value=value)
    assert complaints(data, city) == [(line_of(data, "then: " + then), "wrong", field, sentence)]


def test_an_unknown_answer_and_channel_name_those_there_are(city: CitySnapshot) -> None:
    data = a_file(
        rule_text("answer", when="{facts: {place_type: sea}}"), rule_text("channel", when="{channels: [fax]}")
    )
    answer, channel = complaints(data, city)
    assert answer[1:3] == ("answer", "when.facts.place_type")
    assert "carriageway、pavement" in answer[3]
    assert channel[1:3] == ("channel", "when.channels")
    assert "citizen、inspector、service" in channel[3]


def test_channels_are_where_reports_come_from() -> None:
    assert {source.value for source in Source} == CHANNELS


def test_all_faults_are_told_not_only_the_first(city: CitySnapshot) -> None:
    rules = [rule_text(f"r{n}", then="{unit: nobody}") for n in range(MOST + 50)]
    with pytest.raises(RuleFileRefused) as refused:
        understand(a_file(*rules), city=city)
    assert refused.value.told.count == MOST + 50
    assert len(list(refused.value.told)) == MOST
    assert len(refused.value.facts["findings"]) == MOST  # type: ignore[arg-type]  # a list


def test_a_rule_that_is_there_twice(city: CitySnapshot) -> None:
    data = a_file(rule_text("twin"), rule_text("twin", when='{class: "06"}'))
    first, second = (n for n, line in enumerate(data.decode().splitlines(), start=1) if "key: twin" in line)
    sentence = text("rule_file.twice", value="twin", before=text("rule_file.line", line=first))
    assert complaints(data, city) == [(second, "twin", "key", sentence)]


def test_the_key_of_the_fallback_is_not_for_rules(city: CitySnapshot) -> None:
    ((_, item, field, reason),) = complaints(a_file(rule_text("fallback")), city)
    assert (item, field, reason) == ("fallback", "key", text("rule_file.key_reserved", value="fallback"))


def units(*written: str) -> bytes:
    """Return a good file with these units instead of its own."""
    before, _, after = HEAD.partition("units:\n")
    rules = after[after.index("rules:") :]
    return a_file(head=before + "units:\n" + "".join(f"  - {each}\n" for each in written) + rules)


def unit(code: str, *, kind: str = "squad", level: str = "district", area: str = "370213", parent: str = "") -> str:
    return f'{{{{code: {code}, name: 单位, kind: {kind}, level: {level}, area: "{area}", parent: "{parent}"}}}}'


def test_a_cycle_of_units_is_told_once_with_its_way(city: CitySnapshot) -> None:
    data = units(unit("a", parent="b"), unit("b", parent="c"), unit("c", parent="a"))
    sentence = text("rule_file.unit_cycle", cycle="a → b → c → a")
    assert complaints(data, city) == [(line_of(data, "code: a,"), "a", "parent", sentence)]


def test_a_unit_that_is_its_own_parent(city: CitySnapshot) -> None:
    ((_, item, field, _),) = complaints(units(unit("a", parent="a")), city)
    assert (item, field) == ("a", "parent")


def test_a_cycle_through_a_unit_of_the_city(city: CitySnapshot) -> None:
    """Redefining a unit of the city is refused as such, and the cycle it would make is told beside it."""
    there = city.units["370213.urban_management"]
    redefined = unit("370213.urban_management", kind=there.kind, parent="new")
    found = complaints(units(redefined, unit("new", parent="370213.urban_management")), city)
    assert text("rule_file.unit_cycle", cycle="370213.urban_management → new → 370213.urban_management") in [
        reason for *_, reason in found
    ]
    assert any(there.name in reason for *_, reason in found)


@pytest.mark.parametrize(
    ("written", "field", "words"),
    [
        (unit("a", level="district", area="370213006"), "area", "位数不符"),
        (unit("a", level="street", area="370213"), "area", "位数不符"),
        (unit("a", level="municipal", area="370213"), "area", "位数不符"),
        (unit("a", area="370299"), "area", "370299"),
        (unit("a", parent="nobody"), "parent", "nobody"),
        (unit("a", level="galaxy"), "level", "只能是"),
    ],
)
def test_a_unit_that_does_not_fit_in(city: CitySnapshot, written: str, field: str, words: str) -> None:
    data = units(written)
    ((line, item, at, reason),) = complaints(data, city)
    assert (line, item, at) == (line_of(data, "code: a,"), "a", field)
    assert words in reason


def test_a_unit_that_is_there_already_may_be_named_again(city: CitySnapshot) -> None:
    there = city.units["370213.urban_management"]
    same = f"{{{{code: {there.code}, name: {there.name}, kind: {there.kind}, level: district, area: '370213'"
    same += f", parent: {there.parent_code}}}}}"
    assert complaints(units(same), city) == []


def shapes(square: str = SQUARE, *, jurisdiction: str = "", datum: str = "wgs84") -> bytes:
    before, _, after = HEAD.partition("    shape: ")
    head = f"{before}    datum: {datum}\n    shape: {square}\n{after.partition(chr(10))[2]}"
    if jurisdiction:
        second = f'  - code: "370213901"\n    name: 邻区\n    basis: 示例\n    shape: {jurisdiction}\n'
        head = head.replace("units:\n", second + "units:\n")
    return a_file(head=head)


def test_a_polygon_that_crosses_itself_is_told_where(city: CitySnapshot) -> None:
    data = shapes(BOW_TIE)
    ((line, item, field, reason),) = complaints(data, city)
    assert (line, item, field) == (line_of(data, BOW_TIE), "square", "shape")
    assert "边界自相交，位置 120.415000, 36.160000" in reason


@pytest.mark.parametrize(
    ("wkt", "words"),
    [
        ("POINT (120 36)", "POINT"),
        ("POLYGON ((120.41 36.15, 120.42 36.15, 120.42 36.17))", "没有闭合"),
        ("POLYGON ((nonsense))", "无法读取"),
        ("POLYGON EMPTY", "没有边界"),
        ("POLYGON ((36.15 120.41, 36.15 120.42, 36.17 120.42, 36.15 120.41))", "经纬度颠倒"),
        ("POLYGON ((120.41 36.15, 120.41001 36.15, 120.41 36.15001, 120.41 36.15))", "面积不足"),
        ("POLYGON ((116.41 39.15, 116.42 39.15, 116.42 39.17, 116.41 39.15))", "不在本市的任何网格内"),
        ("GEOMETRYCOLLECTION (POLYGON ((120.41 36.15, 120.42 36.15, 120.42 36.17, 120.41 36.15)))", "GEOMETRYCOLLECTI"),
    ],
)
def test_a_shape_that_is_none(city: CitySnapshot, wkt: str, words: str) -> None:
    data = shapes(wkt)
    ((line, item, field, reason),) = complaints(data, city)
    assert (line, item, field) == (line_of(data, wkt), "square", "shape")
    assert words in reason


def test_functional_areas_that_overlap(city: CitySnapshot) -> None:
    over = "POLYGON ((120.38 36.16, 120.39 36.16, 120.39 36.165, 120.38 36.165, 120.38 36.16))"
    data = shapes(jurisdiction=over)
    ((line, item, field, reason),) = complaints(data, city)
    assert (line, item, field) == (line_of(data, over), "370213901", "shape")
    assert "园区（370213900）" in reason
    assert "邻区（370213901）" in reason
    assert "重叠约 24" in reason  # 449 m by 556 m


def test_functional_areas_whose_border_was_drawn_twice_do_not_overlap(city: CitySnapshot) -> None:
    """Half a metre is what two surveys of one line differ by."""
    beside = "POLYGON ((120.384998 36.16, 120.39 36.16, 120.39 36.165, 120.384998 36.165, 120.384998 36.16))"
    assert complaints(shapes(jurisdiction=beside), city) == []


def test_shapes_in_another_datum_are_turned_vertex_by_vertex(city: CitySnapshot) -> None:
    corners = [(120.41, 36.15), (120.42, 36.15), (120.42, 36.17), (120.41, 36.17), (120.41, 36.15)]
    sent = ", ".join("{:.9f} {:.9f}".format(*wgs84_to_gcj02(*corner)) for corner in corners)
    (area,) = understand(shapes(f"POLYGON (({sent}))", datum="gcj02"), city=city).areas
    assert (area.datum.value, area.shape) == ("wgs84", SQUARE)


def test_too_many_vertices_are_not_turned(city: CitySnapshot) -> None:
    ring = ", ".join(f"120.41 {36.15 + n / 1e8:.8f}" for n in range(100_000))
    wkt = f"POLYGON (({ring}, 120.42 36.16, 120.41 36.15))"
    file = shapes(f"MULTIPOLYGON ({wkt[8:]}, {wkt[8:]}, {wkt[8:]})", datum="gcj02")
    ((_, _, field, reason),) = complaints(file, city)
    assert (field, reason) == ("shape", text("rule_file.too_many_vertices", limit=200_000))


@pytest.mark.parametrize(
    ("before", "after", "field", "words"),
    [
        ("categories: [parking]", "categories: [nothing]", "categories.0", "nothing"),
        ("code: pavement", "code: carriageway", "choices", "carriageway"),
        ('withheld: ["09"]', 'withheld: ["98"]', "withheld", "98"),
        ('withheld: ["09"]', 'withheld: ["9"]', "withheld.0", "2 位或 5 位"),
    ],
)
def test_the_other_sections_are_held_to_the_city_too(
    city: CitySnapshot, before: str, after: str, field: str, words: str
) -> None:
    data = a_file(head=HEAD.replace(before, after))
    ((line, _, at, reason),) = complaints(data, city)
    assert at == field
    assert words in reason
    assert line > 0


def test_a_question_asked_twice_for_a_category(city: CitySnapshot) -> None:
    question = HEAD[HEAD.index("  - code: place_type") : HEAD.index("areas:")]
    data = a_file(head=HEAD.replace("areas:", question + "areas:"))
    ((_, item, _, reason),) = complaints(data, city)
    assert (item, reason) == ("place_type", text("rule_file.asked_twice", value="parking"))


@pytest.mark.parametrize(
    ("keyword", "field", "words"),
    [
        ('{class: "98765", any: [垃圾]}', "class", "98765"),
        ('{class: "06010", condition: 没有, any: [垃圾]}', "condition", "没有"),
        ('{class: "06010"}', "", "至少写一个词"),
    ],
)
def test_a_keyword_that_means_nothing(city: CitySnapshot, keyword: str, field: str, words: str) -> None:
    written = keyword.replace("{", "{{").replace("}", "}}")
    data = a_file(head=HEAD.replace("rules:\n", f"keywords:\n  - {written}\nrules:\n"))
    ((line, _, at, reason),) = complaints(data, city)
    assert (line, at) == (line_of(data, keyword), field)
    assert words in reason


def test_a_file_of_a_city_that_changed_is_read_all_the_same() -> None:
    """Shape and names are two things: a stored file stays readable whatever becomes of the city."""
    assert read_rule_file(a_file(rule_text("later", then="{unit: gone}"))).words.rules[1].then.unit == "gone"
