"""Learning from returns: a street where a rule is wrong is found with its evidence, chance is not."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from math import sqrt
from typing import Any

import pytest
import yaml

from app.city.models import UnitLevel
from app.domain.limits import Limit, LimitUnit
from app.domain.questions import Choice, Question
from app.domain.routing.rules import FALLBACK_RULE, Facts, Link, Powers, Rule, Then, When, Window
from app.domain.workflow import Status
from app.infra.database import Database
from app.reports.models import Source
from app.reports.world import World
from app.routing.words import RuleSetWords, UnitWords, to_rule
from app.rulebook.draft_units import DraftUnits
from app.rulebook.history import Stretch
from app.rulebook.learning.candidates import LEAST_REPORTS, is_convincing
from app.rulebook.learning.evidence import Evidence, Sample, Samples, gather, wilson_lower
from app.rulebook.learning.suggest import Suggestion, suggest
from app.rulebook.learning.writing import present, words_of, write_suggestions
from app.rulebook.rehearsals.replay import Candidate
from app.rulebook.rehearsals.running import load_candidate
from tests.builders import NOW, the_world
from tests.builders_city import (
    IN_LICUN,
    IN_XIANGGANGZHONGLU,
    IN_ZHENHUALU,
    IN_ZHONGSHANLU,
    LICANG,
    LICUN,
)
from tests.rulebook.past import Past, a_rule, a_version, condition_of, store_past, store_version
from tests.towns import Town

REFUSE, DIRTY_ROAD = "06010", "06012"
RULE = f"class-{REFUSE}"
PLACES = (IN_LICUN, IN_ZHENHUALU, IN_ZHONGSHANLU, IN_XIANGGANGZHONGLU)
SUBTYPES = ("06010", "06012", "06042", "06029", "06013")


ASKED = tuple(
    Question(code, code, frozenset(), tuple(Choice(answer, answer) for answer in answers))
    for code, answers in {"depth": ("deep", "flat"), "smell": ("bad",)}.items()
)


def in_force(world: World, *, asked: tuple[Question, ...] = ASKED, units: Sequence[UnitWords] = ()) -> Candidate:
    """Return the rules in force, with further questions and units."""
    rulebook = replace(world.rulebook, questions=(*world.rulebook.questions, *asked))
    return Candidate(rulebook, world.city, DraftUnits(world.city, units))


def learn(town: Town, candidate: Candidate | None = None) -> list[Suggestion]:
    chosen = candidate or in_force(town.world)
    return suggest(gather(town.database.reading, Stretch(100_000), chosen), chosen)


def squad_at(world: World, place: tuple[float, float]) -> str:
    unit = world.city.unit_for("enforcement_squad", world.city.locate(*place).cell_code)
    assert unit is not None
    return unit


def a_history(world: World, seed: int, *, is_licun_wrong: bool = True, days: int = 600) -> list[Past]:
    """Return reports of five classes in four streets, a tenth handled by anybody; in 李村 refuse is for the squad."""
    dice = random.Random(seed)
    units = sorted(code for code, unit in world.city.units.items() if unit.is_active)
    history = []
    for _ in range(days):
        place, class_code = dice.choice(PLACES), dice.choice(SUBTYPES)
        common: dict[str, Any] = {
            "at": place,
            "class_code": class_code,
            "source": dice.choice([Source.CITIZEN, Source.INSPECTOR]),
            "answers": dice.choice([{}, {"depth": "deep"}, {"depth": "flat"}]),
        }
        if is_licun_wrong and place == IN_LICUN and class_code == REFUSE:
            history.append(Past(is_returned=True, handled_by=squad_at(world, place), **common))
        elif dice.random() < 0.1:
            history.append(Past(is_returned=True, handled_by=dice.choice(units), **common))
        else:
            history.append(Past(**common))
    return history


def test_the_street_where_a_rule_is_wrong_is_found_and_nothing_else(town: Town) -> None:
    history = a_history(town.world, seed=1, days=4_000)
    with town.database.transaction() as session:
        store_past(session, town.world, history, since=NOW - timedelta(days=90))
    (only,) = learn(town)
    assert (only.losing, only.replaces) == (RULE, False)
    assert only.rule.when == When(class_prefix=REFUSE, area=LICUN)
    assert (only.rule.then.role, only.rule.then.unit) == ("enforcement_squad", "")
    # By hand: all of them were wrong before and would have been right.
    cut = round(len(history) * 0.7)
    expected = [
        sum(past.at == IN_LICUN and past.class_code == REFUSE for past in part)
        for part in (history[:cut], history[cut:])
    ]
    assert min(expected) >= LEAST_REPORTS
    assert only.found == Evidence(expected[0], 0, expected[0], expected[0])
    assert only.tested == Evidence(expected[1], 0, expected[1], expected[1])


def test_the_figures_are_those_of_a_dry_run_of_the_proposal(town: Town) -> None:
    """With noise in the street as well: count by hand what the proposed rule would have decided."""
    dice = random.Random(3)
    squad, other = squad_at(town.world, IN_LICUN), "qd.water"
    history = []
    for _ in range(1_000):
        place = dice.choice(PLACES)
        ends = dice.choices([squad, other, ""], [80, 10, 10])[0] if place == IN_LICUN else ""
        history.append(Past(at=place, handled_by=ends, is_returned=bool(ends)))
    with town.database.transaction() as session:
        store_past(session, town.world, history)
    (only,) = learn(town)
    newer = [past for past in history[700:] if past.at == IN_LICUN]
    assert only.tested == Evidence(
        reports=len(newer),
        before=sum(not past.handled_by for past in newer),
        after=sum(past.handled_by == squad for past in newer),
        returned=sum(past.is_returned for past in newer),
    )
    assert only.tested.accuracy_before < 0.25
    assert 0.6 < only.tested.least_after < only.tested.accuracy_after


def samples_of(world: World, history: Sequence[Past]) -> Samples:
    """Return what `gather` would, without a database."""
    found = []
    for position, past in enumerate(history):
        condition, place = condition_of(world, past.class_code), world.city.locate(*past.at)
        facts = Facts(
            scheme=condition.scheme,
            class_code=condition.class_code,
            condition=condition.name,
            cell=place.cell_code,
            at=NOW - timedelta(minutes=len(history) - position),
            answers=past.answers,
            place_type=past.answers.get("place_type", ""),
            channel=past.source.value,
        )
        decision = world.rules.decide(facts, units=world.city)
        final = past.handled_by or decision.unit
        found.append(Sample(facts, decision.rule, decision.unit, final, past.is_returned))
    cut = round(len(found) * 0.7)
    return Samples(found[:cut], found[cut:])


@pytest.fixture(scope="module")
def small_world(sqlite_town_template: Any) -> World:
    with Database(f"sqlite:///{sqlite_town_template}") as database:
        return the_world(database)


@pytest.mark.parametrize("seed", range(30))
def test_chance_is_not_proposed(small_world: World, seed: int) -> None:
    """However many returns there are: who handled what has nothing to do with where, what or how."""
    dice = random.Random(seed)
    share = dice.choice([0.1, 0.3, 0.5])
    few = dice.sample(sorted(small_world.city.units), 3)
    history = []
    for _ in range(2_000):
        is_wrong = dice.random() < share
        history.append(
            Past(
                at=dice.choice(PLACES),
                class_code=dice.choice(SUBTYPES),
                answers=dice.choice([{}, {"depth": "deep"}, {"place_type": "market"}]),
                source=dice.choice(list(Source)),
                handled_by=dice.choice(few) if is_wrong else "",
                is_returned=is_wrong,
            )
        )
    assert suggest(samples_of(small_world, history), in_force(small_world)) == []


@pytest.mark.parametrize("seed", range(10))
def test_the_street_is_found_whatever_the_noise(small_world: World, seed: int) -> None:
    found = suggest(samples_of(small_world, a_history(small_world, seed, days=3_000)), in_force(small_world))
    assert [each.rule.key for each in found] == [f"{RULE}-street-{LICUN}"]


def wrong_when(world: World, condition: Any, *, to: str, days: int = 1_200) -> list[Suggestion]:
    """Learn from a history in which exactly the reports with a condition went to another unit."""
    dice = random.Random(7)
    history = []
    for _ in range(days):
        past = Past(
            at=dice.choice(PLACES),
            class_code=dice.choice([REFUSE, DIRTY_ROAD]),
            answers=dice.choice([{}, {"depth": "deep"}, {"place_type": "market"}]),
            source=dice.choice(list(Source)),
        )
        is_wrong = past.class_code == REFUSE and condition(past)
        history.append(Past(**vars(past) | {"handled_by": to if is_wrong else "", "is_returned": is_wrong}))
    return suggest(samples_of(world, history), in_force(world))


@pytest.mark.parametrize(
    ("condition", "when"),
    [
        (lambda past: past.at in {IN_LICUN, IN_ZHENHUALU}, {"area": LICANG}),
        (lambda past: "depth" in past.answers, {"facts": {"depth": "deep"}}),
        (lambda past: "place_type" in past.answers, {"place_type": "market"}),
        (lambda past: past.source is Source.SERVICE, {"channels": frozenset({"service"})}),
    ],
)
def test_each_kind_of_condition_can_be_what_separates(small_world: World, condition: Any, when: dict[str, Any]) -> None:
    (only,) = wrong_when(small_world, condition, to="qd.ocean")
    assert only.rule.when == When(class_prefix=REFUSE, **when)
    assert only.rule.then.unit == "qd.ocean"  # the districts have bureaus of their own: the kind would lead there


def test_a_rule_that_is_wrong_everywhere_is_replaced_under_its_own_key(small_world: World) -> None:
    (only,) = wrong_when(small_world, lambda _past: True, to="qd.health")
    assert (only.replaces, only.losing, only.rule.key) == (True, RULE, RULE)
    assert (only.rule.when, only.rule.then.unit) == (When(class_prefix=REFUSE), "qd.health")


def test_one_unit_for_the_whole_city_is_named_by_its_kind(small_world: World) -> None:
    (only,) = wrong_when(small_world, lambda _past: True, to="ent.power_company")
    assert (only.rule.then.role, only.rule.then.unit) == (small_world.city.units["ent.power_company"].kind, "")


def test_a_gap_gets_a_rule_for_its_class_that_does_not_dispatch_by_itself(town: Town) -> None:
    with town.database.transaction() as session:
        gappy = store_version(session, a_version("gappy", a_rule(RULE, {"class": REFUSE}, {"role": "sanitation_team"})))
        team = "sanitation_team"
        history = [
            Past(
                at=place, class_code=DIRTY_ROAD, handled_by=town.world.city.unit_for(team, street_of(town, place)) or ""
            )
            for place in PLACES * 30
        ]
        store_past(session, town.world, history)
    with town.database.reading() as session:
        candidate = load_candidate(session, gappy, city=town.world.city)
    (only,) = learn(town, candidate)
    assert (only.losing, only.replaces, only.rule.key) == (FALLBACK_RULE, False, f"fallback-class-{DIRTY_ROAD}")
    assert only.rule.when == When(class_prefix=DIRTY_ROAD)
    assert only.rule.then == Then(role=team, auto_dispatch=False)


def street_of(town: Town, place: tuple[float, float]) -> str:
    return town.world.city.locate(*place).street_code


def test_a_change_that_would_tie_is_not_proposed(small_world: World) -> None:
    """Two answers, each with its own unit: a report with both would be decided by two rules of the same rank."""
    history = [
        past
        for _ in range(60)
        for past in (
            Past(answers={"depth": "deep"}, handled_by="qd.ocean"),
            Past(answers={"smell": "bad"}, handled_by="qd.health"),
            Past(answers={"depth": "flat"}),
            Past(answers={"depth": "deep", "smell": "bad"}, handled_by="qd.ocean"),
        )
    ]
    (only,) = suggest(samples_of(small_world, history), in_force(small_world))
    assert only.rule.when.facts == {"depth": "deep"}


def test_what_a_replaced_rule_did_right_and_the_proposal_does_not_counts_against_it(small_world: World) -> None:
    """A kind of unit that three streets of four have: in the fourth its rule finds nobody, and another one decides."""
    crews = [
        UnitWords(code=f"crew.{n}", name=f"清运队{n}", kind="crew", level=UnitLevel.STREET, area=street)
        for n, street in enumerate(small_world.city.locate(*place).street_code for place in PLACES[:3])
    ]
    theirs = [Past(at=place, handled_by=f"crew.{n}") for n, place in enumerate(PLACES[:3])]
    history = [*theirs * 3, Past(at=PLACES[3])] * 100
    (only,) = suggest(samples_of(small_world, history), in_force(small_world, units=crews))
    assert (only.replaces, only.rule.then.role) == (True, "crew")
    assert only.tested == Evidence(reports=300, before=30, after=270, returned=0)


def test_what_is_not_asked_any_more_is_not_proposed(small_world: World) -> None:
    """A version that does not know the question could not be published with a rule that asks it."""
    history = [Past(answers={"depth": "deep"}, handled_by="qd.ocean"), Past(answers={"depth": "flat"})] * 100
    assert len(suggest(samples_of(small_world, history), in_force(small_world))) == 1
    assert suggest(samples_of(small_world, history), in_force(small_world, asked=())) == []


def test_a_street_that_is_not_there_any_more_is_not_proposed(small_world: World) -> None:
    history = [Past(at=IN_LICUN, handled_by="qd.ocean"), Past(at=IN_ZHENHUALU)] * 100
    samples, candidate = samples_of(small_world, history), in_force(small_world)
    (only,) = suggest(samples, candidate)
    assert only.rule.when.area == LICUN
    areas = {code: area for code, area in small_world.city.areas.items() if code != LICUN}
    assert suggest(samples, replace(candidate, city=replace(small_world.city, areas=areas))) == []


def test_what_no_longer_happens_is_not_proposed(small_world: World) -> None:
    """Wrong in the older part of the history, right in the newer one: somebody has dealt with it already."""
    history = [Past(at=place, handled_by="qd.ocean") for place in PLACES * 175] + [
        Past(at=place) for place in PLACES * 75
    ]
    assert suggest(samples_of(small_world, history), in_force(small_world)) == []


def test_too_few_reports_prove_nothing(small_world: World) -> None:
    many, few = 60, LEAST_REPORTS - 1
    history = [Past(handled_by="qd.ocean")] * many + [Past(class_code=DIRTY_ROAD)] * 40
    assert len(suggest(samples_of(small_world, history), in_force(small_world))) == 0
    assert not is_convincing(Evidence(few, 0, few, few))
    assert is_convincing(Evidence(few + 1, 0, few + 1, few + 1))


def test_open_reports_teach_nothing(town: Town) -> None:
    with town.database.transaction() as session:
        store_past(session, town.world, [Past(handled_by="qd.ocean", status=Status.HANDLING)] * 200)
    assert len(gather(town.database.reading, Stretch(1_000), in_force(town.world))) == 0


def test_nothing_is_learned_from_nothing(town: Town) -> None:
    assert learn(town) == []


@pytest.mark.parametrize(("hits", "of"), [(1, 10), (10, 10), (50, 100), (20, 20), (950, 1000)])
def test_the_bound_is_wilsons(hits: int, of: int) -> None:
    """It is the share below the one seen from which that lies exactly 2.576 standard errors away (Wilson 1927)."""
    bound = wilson_lower(hits, of)
    assert 0 < bound < hits / of
    assert (hits / of - bound) == pytest.approx(2.576 * sqrt(bound * (1 - bound) / of))


def test_the_bound_of_nothing_is_nothing() -> None:
    assert wilson_lower(0, 0) == 0
    assert wilson_lower(0, 10) == pytest.approx(0)


def test_a_proposal_can_be_pasted_into_a_rule_set(small_world: World) -> None:
    found = suggest(samples_of(small_world, a_history(small_world, 1, days=3_000)), in_force(small_world))
    written = "".join(write_suggestions(found, rule_set="default-1"))
    read = RuleSetWords.model_validate({"version": "draft"} | yaml.safe_load(written))
    assert [to_rule(each).when for each in read.rules] == [each.rule.when for each in found]
    assert [to_rule(each).then for each in read.rules] == [each.rule.then for each in found]
    shown = present(found[0])
    assert shown.yaml in written
    assert yaml.safe_load(shown.yaml) == [shown.rule]
    comments = [line for line in written.splitlines() if line.lstrip().startswith("#")]
    assert len(comments) == 1 + 3 * len(found)
    assert "准确率 0.0% → 100.0%" in shown.rule["basis"]


def test_the_words_of_a_rule_are_the_opposite_of_reading_them() -> None:
    rule = Rule(
        key="r",
        when=When(
            scheme="s",
            class_prefix=REFUSE,
            condition="c",
            area=LICUN,
            place_type="market",
            facts={"depth": "deep"},
            channels=frozenset({"service", "citizen"}),
            window=Window(from_day=(10, 1), to_day=(3, 31), hours=(22, 6)),
        ),
        then=Then(
            role="sanitation_team",
            chain=(Link.MAINTAINER,),
            assisting=("qd.water",),
            assisting_roles=("parks",),
            limit=Limit(Decimal("0.5"), LimitUnit.WORK_HOUR),
            priority=3,
            auto_dispatch=False,
        ),
        basis="b",
        powers=Powers.CONCENTRATED,
        valid_from=NOW.date(),
        valid_until=NOW.date() + timedelta(days=9),
    )
    assert to_rule(words_of(rule)) == rule
    assert to_rule(words_of(Rule("r", When(), Then(unit="qd.water"), "b"))) == Rule(
        "r", When(), Then(unit="qd.water"), "b"
    )
