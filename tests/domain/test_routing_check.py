"""What the check of a rule set says, case by case; that it misses nothing is shown on random rules elsewhere."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeVar

import pytest

from app.domain.routing.checking import check
from app.domain.routing.dead import MOST_NAMED
from app.domain.routing.findings import Dead, DeadBecause, Gap, GapKind, Report, Unknown
from app.domain.routing.rules import BadRule, DayKind, Jurisdiction, Link, Powers, Rule, Then, Window
from app.domain.routing.ties import MOST_COUNTED, MOST_LISTED, InconsistentUnits
from app.domain.routing.universe import Catalogue, Names, PlaceAtom
from tests.domain.routing_samples import Units, a_rule
from tests.domain.routing_worlds import CATALOGUE, FROM_DAY, NAMES, PLACES, UNITS, ZONES, is_workday

T = TypeVar("T")
NEW_YEAR = date(2027, 1, 1)


def checked(*rules: Rule, **other: Any) -> Report:
    given: dict[str, Any] = {
        "jurisdictions": ZONES,
        "catalogue": CATALOGUE,
        "places": PLACES,
        "names": NAMES,
        "units": UNITS,
        "is_workday": is_workday,
        "from_day": FROM_DAY,
    }
    return check(rules, **{**given, **other})


def the_only(things: Sequence[T]) -> T:
    (thing,) = things
    return thing


def rule(key: str = "r", *, powers: Powers = Powers.ORDINARY, **when: Any) -> Rule:
    return replace(a_rule(key, unit="u1", **when), powers=powers)


EVERYTHING = rule("everything")


def test_a_rule_for_everything_leaves_nothing_to_find() -> None:
    report = checked(EVERYTHING)
    assert report == Report((), 0, (), (), (), (), (), streets_without_fallback=())
    assert report.is_publishable


@pytest.mark.parametrize(
    ("dead", "criterion"),
    [
        (rule(scheme="sjz"), "scheme"),
        (rule(class_prefix="77"), "class"),
        (rule(class_prefix="06012", scheme="cjt"), "class"),
        (rule(class_prefix="06012", condition="d"), "condition"),
        (rule(jurisdiction="370299", class_prefix="09"), "powers"),
        (rule(jurisdiction="370212"), "powers"),
        (rule(jurisdiction="370212", powers=Powers.WITHHELD), "jurisdiction"),
        (rule(area="370285"), "area"),
        (rule(polygon="nowhere"), "polygon"),
        (rule(place_type="market", facts={"place_type": "road"}), "place_type"),
        (rule(facts={"a": ""}), "a"),
        (replace(rule(), valid_until=FROM_DAY), "valid"),
        (replace(rule(), valid_from=NEW_YEAR, valid_until=NEW_YEAR), "valid"),
        (replace(rule(), valid_from=FROM_DAY + timedelta(days=5 * 366)), "valid"),
        (rule(window=Window((2, 30), (2, 30))), "window"),
        (rule(window=Window(weekdays=frozenset())), "window"),
        (replace(rule(window=Window((1, 1), (1, 31))), valid_until=NEW_YEAR), "window"),
        (rule(window=Window((12, 31), (1, 1), frozenset({4}), days=DayKind.REST)), "window"),
    ],
)
def test_a_rule_that_no_report_meets_is_dead_and_it_says_by_what(dead: Rule, criterion: str) -> None:
    horizon = 4 if criterion == "window" else 5 * 366
    report = checked(dead, horizon_days=horizon)
    assert report.dead == (Dead("r", DeadBecause.MATCHES_NOTHING, criterion),)


@pytest.mark.parametrize(
    "alive",
    [
        rule(jurisdiction="370299", class_prefix="06"),
        rule(jurisdiction="370299", class_prefix="09", powers=Powers.WITHHELD),
        rule(window=Window((2, 29), (2, 29))),
        replace(rule(), valid_from=FROM_DAY + timedelta(days=5 * 366 - 1)),
        replace(rule(), valid_until=FROM_DAY + timedelta(days=1)),
        rule(window=Window(days=DayKind.REST)),
    ],
)
def test_a_rule_that_some_report_meets_is_not_dead(alive: Rule) -> None:
    assert checked(alive).dead == ()


@pytest.mark.parametrize(
    "then",
    [
        Then(unit="away"),
        Then(role="nobody"),
        Then(role="nobody", assisting_roles=("squad",)),
    ],
)
def test_a_rule_without_a_unit_anywhere_is_dead(then: Then) -> None:
    assert checked(replace(rule(), then=then)).dead == (Dead("r", DeadBecause.NO_UNIT, "unit"),)


def test_a_role_of_a_functional_area_that_withholds_it_has_no_unit() -> None:
    harbour = replace(rule(jurisdiction="370299", class_prefix="06"), then=Then(role="harbour"))
    assert checked(harbour).dead == ()
    assert the_only(checked(replace(harbour, powers=Powers.WITHHELD)).dead).because is DeadBecause.NO_UNIT


def test_a_chain_is_alive_only_where_some_unit_is_at_work() -> None:
    chained = replace(rule(), then=Then(role="nobody", chain=(Link.OWNER,)))
    assert checked(chained).dead == ()
    nobody = replace(NAMES, units=frozenset({"away"}))
    assert the_only(checked(chained, names=nobody).dead).because is DeadBecause.NO_UNIT


def test_a_rule_is_dead_when_several_stronger_ones_share_all_it_applies_to() -> None:
    districts = [rule(f"d{code}", area=code) for code in ("370202", "370203")]
    report = checked(EVERYTHING, *districts, rule("class", class_prefix="06", area="370203001"))
    assert report.dead == (Dead("everything", DeadBecause.SHADOWED, by=("d370202", "d370203")),)
    assert report.is_publishable


def test_only_so_many_rules_are_named_that_hide_another() -> None:
    days = [FROM_DAY + timedelta(days=number) for number in range(MOST_NAMED + 5)]
    daily = [
        replace(rule(f"d{number:02}", window=Window()), valid_from=day, valid_until=day + timedelta(days=1))
        for number, day in enumerate(days)
    ]
    weak = replace(rule("weak"), valid_until=days[-1] + timedelta(days=1))
    hidden = the_only(checked(*daily, weak).dead)
    assert hidden.by == tuple(f"d{number:02}" for number in range(MOST_NAMED))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (rule("a"), rule("b")),
        (rule("a", scheme="gbt"), rule("b", scheme="gbt")),
        (rule("a", polygon="p"), rule("b", polygon="q")),
        (rule("a", jurisdiction="370211"), rule("b", jurisdiction="370299")),
        (rule("a", place_type="market"), rule("b", facts={"a": "1"})),
        (rule("a", window=Window((1, 1), (3, 31))), rule("b", window=Window(hours=(22, 6)))),
        (rule("a", channels=frozenset({"citizen"})), rule("b", channels=frozenset({"citizen", "service"}))),
        (rule("a"), rule("b", area="3702")),
        (
            replace(rule("a"), then=Then(role="nobody", chain=(Link.OWNER,))),
            replace(rule("b"), then=Then(unit="u2", chain=(Link.OWNER,))),
        ),
        (
            replace(rule("a"), then=Then(role="nobody", chain=(Link.OWNER, Link.SUPERVISOR))),
            replace(rule("b"), then=Then(role="nobody", chain=(Link.MAINTAINER,))),
        ),
    ],
)
def test_two_rules_that_some_report_cannot_tell_apart_tie(one: Rule, other: Rule) -> None:
    report = checked(one, other)
    assert the_only(report.ties).rules == ("a", "b")
    assert not report.is_publishable


def test_rules_tie_also_for_a_report_that_nobody_has_sorted_yet() -> None:
    """Every sorted report is the third rule's; one without a class has no scheme either."""
    both: dict[str, Any] = {"place_type": "market", "facts": {"a": "1"}}
    schemes = sorted({scheme for scheme, _, _ in CATALOGUE.conditions})
    stronger = [rule(f"s-{scheme}", scheme=scheme, **both) for scheme in schemes]
    tie = the_only(checked(rule("a", place_type="market"), rule("b", facts={"a": "1"}), *stronger).ties)
    assert (tie.rules, tie.witness.facts.scheme, tie.witness.facts.class_code) == (("a", "b"), "", "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (rule("a", place_type="market"), rule("b", place_type="road")),
        (rule("a", condition="c"), rule("b", condition="d")),
        (rule("a", class_prefix="09", scheme="gbt"), rule("b", class_prefix="06", scheme="cjt")),
        (rule("a", channels=frozenset({"citizen"})), rule("b", channels=frozenset({"service"}))),
        (rule("a", window=Window(days=DayKind.WORKING)), rule("b", window=Window(days=DayKind.REST))),
        (rule("a", window=Window(hours=(8, 18))), rule("b", window=Window(hours=(18, 8)))),
        (rule("a", window=Window((4, 1), (10, 31))), rule("b", window=Window((11, 1), (3, 31)))),
        (replace(rule("a"), valid_until=NEW_YEAR), replace(rule("b"), valid_from=NEW_YEAR)),
        (rule("a"), replace(rule("b"), then=Then(unit="away"))),
        (replace(rule("a"), then=Then(role="harbour")), replace(rule("b"), then=Then(role="nobody"))),
    ],
)
def test_two_rules_that_no_report_meets_both_do_not_tie(one: Rule, other: Rule) -> None:
    assert checked(one, other).ties == ()


def test_rules_that_only_meet_where_a_stronger_one_decides_do_not_tie() -> None:
    one, other = rule("a", polygon="p"), rule("b", polygon="q")
    assert checked(one, other, rule("c", area="370202001002")).ties == ()


def test_ties_are_counted_beyond_those_listed_and_counting_ends() -> None:
    same = [rule(f"{number:03}") for number in range(30)]
    report = checked(*same)
    assert (len(report.ties), report.tie_count) == (MOST_LISTED, 30 * 29 // 2)
    many = checked(*(rule(f"{number:03}") for number in range(150)))
    assert (len(many.ties), many.tie_count) == (MOST_LISTED, MOST_COUNTED)


def test_units_that_answer_otherwise_later_are_noticed() -> None:
    class Fickle(Units):
        def unit_for(self, kind: str, area_code: str) -> str | None:
            return kind if kind == "street_office" or len(area_code) < 15 else None

    squads = [replace(rule(key), then=Then(role="squad")) for key in "ab"]
    with pytest.raises(InconsistentUnits):
        checked(*squads, units=Fickle())


GBT_06010 = Catalogue.of([("gbt", "06010", "c"), ("gbt", "06010", "d")])


def gap_of(*rules: Rule, **other: Any) -> Gap:
    return the_only(checked(*rules, catalogue=GBT_06010, **other).gaps)


def test_a_class_that_no_rule_knows_is_a_gap_in_the_whole_city() -> None:
    gap = gap_of(rule(class_prefix="09"))
    assert (gap.scheme, gap.class_code, gap.conditions) == ("gbt", "06010", ("c", "d"))
    assert (gap.kind, gap.is_city_wide, gap.only_when) == (GapKind.NO_RULE, True, ())
    assert gap.streets == ("370202001", "370202002", "370203001")
    assert gap.by_district == {"370202": 2, "370203": 1}
    assert (gap.witness.lon, gap.witness.lat) == (120.31, 36.01)


def test_a_gap_names_the_streets_and_conditions_that_have_it() -> None:
    gap = gap_of(rule("a", area="370202"), rule("b", condition="c"))
    assert (gap.kind, gap.is_city_wide) == (GapKind.NO_RULE, False)
    assert (gap.streets, gap.conditions) == (("370203001",), ("d",))


@pytest.mark.parametrize(
    ("rules", "only_when"),
    [
        ([rule(place_type="market")], (("place_type", ""),)),
        ([rule("a", place_type="market"), rule("b", facts={"a": "1"})], (("a", ""), ("place_type", ""))),
        ([rule(channels=frozenset({"citizen"}))], (("channel", "hotline"),)),
        ([rule(window=Window(hours=(8, 18)))], (("hour", "0"),)),
        ([rule(window=Window(days=DayKind.WORKING))], (("day", "2027-01-01"),)),
        ([replace(rule(), then=Then(role="nobody", chain=tuple(Link)))], (("component", ""),)),
        (
            [rule(area="370202001001001"), rule("b", area="370202002"), rule("c", area="370203")],
            (("area", PLACES[1].cell),),
        ),
    ],
)
def test_a_gap_that_only_some_reports_fall_into_says_which(
    rules: list[Rule], only_when: tuple[tuple[str, str], ...]
) -> None:
    gap = gap_of(*rules)
    assert (gap.kind, gap.only_when) == (GapKind.SOMETIMES, only_when)


def test_rules_that_share_a_class_out_leave_no_gap() -> None:
    halves = [rule("a", window=Window(hours=(8, 18))), rule("b", window=Window(hours=(18, 8)))]
    assert checked(*halves, catalogue=GBT_06010).gaps == ()


def test_a_street_without_an_office_is_named() -> None:
    offices = Units({("street_office", "370202001"): "office"})
    assert checked(EVERYTHING, units=offices).streets_without_fallback == ("370202002", "370203001")


@pytest.mark.parametrize(
    ("unknown", "criterion", "value"),
    [
        (rule(scheme="sjz"), "scheme", "sjz"),
        (rule(class_prefix="77"), "class", "77"),
        (rule(class_prefix="06099"), "class", "06099"),
        (rule(condition="x"), "condition", "x"),
        (rule(area="370285"), "area", "370285"),
        (rule(polygon="nowhere"), "polygon", "nowhere"),
        (rule(jurisdiction="370212"), "jurisdiction", "370212"),
        (rule(place_type="moon"), "place_type", "moon"),
        (rule(facts={"a": "9"}), "a", "9"),
        (rule(facts={"colour": "red"}), "question", "colour"),
        (rule(channels=frozenset({"fax", "citizen"})), "channel", "fax"),
        (replace(rule(), then=Then(unit="u9")), "unit", "u9"),
        (replace(rule(), then=Then(role="king")), "role", "king"),
        (replace(rule(), then=Then(unit="u1", assisting=("u2", "u9"))), "assisting", "u9"),
        (replace(rule(), then=Then(unit="u1", assisting_roles=("squad", "king"))), "assisting_roles", "king"),
    ],
)
def test_a_name_that_nobody_knows_is_found(unknown: Rule, criterion: str, value: str) -> None:
    report = checked(unknown)
    assert report.unknown == (Unknown("r", criterion, value),)
    assert not report.is_publishable


def test_names_that_the_city_knows_are_not_held_against_a_rule() -> None:
    known = rule(
        scheme="gbt",
        class_prefix="06010",
        condition="c",
        area="3702",
        place_type="market",
        facts={"a": "1", "place_type": "market"},
        channels=frozenset({"citizen"}),
    )
    assert checked(known, rule("b", polygon="p"), rule("c", area="370285")).unknown == (Unknown("c", "area", "370285"),)
    assert checked(rule(area="370285"), names=replace(NAMES, areas=frozenset({"370285"}))).unknown == ()


def test_place_types_without_a_question_are_unknown() -> None:
    report = checked(rule(place_type="market"), names=replace(NAMES, answers={}))
    assert report.unknown == (Unknown("r", "question", "place_type"),)


def test_a_functional_area_may_name_known_classes_only() -> None:
    zone = Jurisdiction("370211", "新区", "依据", holds=("06", "55"), withheld=("06010", "06099"))
    report = checked(EVERYTHING, jurisdictions=[zone])
    assert report.unknown == (Unknown("370211", "holds", "55"), Unknown("370211", "withheld", "06099"))


def entangled(key: str, count: int) -> list[Rule]:
    return [
        rule(f"{key}{number:02}", facts={f"q{number}": "1", f"q{(number * 7 + 3) % count}": "1"})
        for number in range(count)
    ]


def test_what_cannot_be_proved_in_time_is_named_and_forbids_publication() -> None:
    report = checked(EVERYTHING, *entangled("x", 20), looks=40)
    assert report.undecided
    assert "everything" in report.undecided
    assert not report.is_publishable


def test_a_class_whose_gaps_cannot_be_proved_in_time_is_named() -> None:
    report = checked(*entangled("x", 20), looks=25, catalogue=GBT_06010)
    assert report.undecided_classes == ("06010",)
    assert report.gaps == ()


def test_a_rule_set_that_cannot_mean_anything_is_refused() -> None:
    with pytest.raises(BadRule):
        checked(rule(), rule())


@pytest.mark.parametrize("nothing", [{"places": ()}, {"catalogue": Catalogue(())}])
def test_a_city_without_places_or_conditions_cannot_be_checked_for(nothing: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no reports"):
        checked(EVERYTHING, **nothing)


def test_a_city_without_known_channels_has_one_channel_that_no_rule_names() -> None:
    report = checked(rule(channels=frozenset({"citizen"})), names=Names(), catalogue=GBT_06010)
    assert the_only(report.gaps).only_when == (("channel", ""),)


def test_progress_is_told_step_by_step() -> None:
    told: list[str] = []
    places = [PlaceAtom(f"370202001001{number:03}", 120.0, 36.0) for number in range(3)]
    checked(EVERYTHING, places=places, progress=lambda step, done, total: told.append(f"{step} {done}/{total}"))
    assert told == ["places 0/3", "dead 0/1", "ties 0/1", *(f"gaps {done}/4" for done in range(4))]
