"""The compiled rule set against a plain reading of every rule, on random rules and reports."""

from collections.abc import Callable
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.routing import (
    Facts,
    Rule,
    RuleSet,
    Then,
    When,
    Window,
    matches,
    specificity,
)
from tests.domain.routing_samples import AT, CELL

# Random rule sets over a small vocabulary, so that rules and reports meet often.
CODES = [CELL, "370213006001006", "370213006002001", "370213001001001", "370202005001001"]
areas = st.sampled_from(["", "3702", *sorted({code[:n] for code in CODES for n in (6, 9, 12, 15)})])
windows = st.builds(
    Window,
    from_day=st.sampled_from([(1, 1), (11, 15)]),
    to_day=st.sampled_from([(12, 31), (3, 31)]),
    weekdays=st.sampled_from([frozenset(range(1, 8)), frozenset({6, 7})]),
    hours=st.sampled_from([(0, 24), (8, 18)]),
)
places: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.builds(lambda area: {"area": area}, areas),
    st.sampled_from([{"polygon": "p"}, {"polygon": "q"}, {"jurisdiction": "j"}]),
)


@st.composite
def whens(draw: st.DrawFn) -> When:
    return When(
        scheme=draw(st.sampled_from(["", "gbt", "cjt"])),
        class_prefix=draw(st.sampled_from(["", "06", "09", "06010", "06012"])),
        condition=draw(st.sampled_from(["", "", "c"])),
        place_type=draw(st.sampled_from(["", "", "market"])),
        facts=draw(st.sampled_from([{}, {}, {"a": "1"}, {"a": "1", "b": "2"}])),
        channels=draw(st.sampled_from([frozenset(), frozenset({"citizen"})])),
        window=draw(st.none() | windows),
        **draw(places),
    )


rule_lists = st.lists(
    st.builds(
        Rule,
        key=st.from_regex(r"[a-z]{3}", fullmatch=True),
        when=whens(),
        then=st.sampled_from([Then(unit="u1"), Then(unit="u2"), Then(role="squad"), Then(role="nobody")]),
        basis=st.just("依据"),
        overrides_powers=st.booleans(),
        valid_from=st.none() | st.just(date(2026, 11, 20)),
        valid_until=st.none() | st.just(date(2027, 1, 1)),
    ),
    max_size=12,
    unique_by=lambda rule: rule.key,
)


@st.composite
def reports(draw: st.DrawFn) -> Facts:
    cell = draw(st.sampled_from(CODES))
    return Facts(
        scheme=draw(st.sampled_from(["gbt", "cjt"])),
        class_code=draw(st.sampled_from(["", "06010", "06012", "09001", "10001"])),
        condition=draw(st.sampled_from(["", "c", "d"])),
        district=cell[:6],
        street=cell[:9],
        community=cell[:12],
        cell=cell,
        at=AT + timedelta(hours=draw(st.integers(0, 2400))),
        place_type=draw(st.sampled_from(["", "market"])),
        answers=draw(st.sampled_from([{}, {"a": "1"}, {"a": "1", "b": "2"}, {"a": "2"}])),
        channel=draw(st.sampled_from(["citizen", "service"])),
        polygons=draw(st.sampled_from([frozenset(), frozenset({"p"}), frozenset({"p", "q"})])),
        jurisdictions=draw(st.sampled_from([frozenset(), frozenset({"j"})])),
    )


def squad_or_office(kind: str, area: str) -> str | None:
    return None if kind == "nobody" else f"{area[:9]}.{kind}"


def ranked(rules: list[Rule], applies: Callable[[Rule], bool]) -> list[Rule]:
    """Return the rules that apply, read one by one, the most specific first."""
    found = sorted((rule for rule in rules if applies(rule)), key=lambda rule: rule.key)
    return sorted(found, key=specificity, reverse=True)


@given(rule_lists, reports())
def test_the_compiled_set_decides_as_reading_every_rule_would(rules: list[Rule], facts: Facts) -> None:
    decision = RuleSet(rules, version="v").decide(facts, find_unit=squad_or_office)
    found = ranked(rules, lambda rule: matches(rule, facts))
    able = [rule for rule in found if rule.then.role != "nobody"]
    unable = [rule.key for rule in found if rule.then.role == "nobody"]
    if not able:
        assert decision.is_gap
        assert decision.unit == f"{facts.street}.street_office"
        assert [each.key for each in decision.passed_over] == unable
        return
    best = able[0]
    assert decision.rule == best.key
    assert decision.unit == (best.then.unit or f"{facts.street}.squad")
    assert [each.key for each in decision.passed_over] == [rule.key for rule in able[1:]] + unable
    assert decision.is_tie == (len(able) > 1 and specificity(able[1]) == specificity(best))
    assert not decision.is_gap


@given(st.lists(whens(), min_size=2, max_size=6), reports())
def test_two_rules_that_tie_are_flagged(all_whens: list[When], facts: Facts) -> None:
    twins = [
        Rule(f"{name}{n}", when, Then(unit="u"), "依据") for n, when in enumerate(all_whens) for name in ("a", "b")
    ]
    decision = RuleSet(twins, version="v").decide(facts, find_unit=squad_or_office)
    assert decision.is_tie != decision.is_gap
