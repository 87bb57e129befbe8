"""CPU of a decision with 10,000 rules in a city of 100,000 cells, how it grows, and of compiling and checking them."""

import gc
import random
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from app.domain.routing.checking import check
from app.domain.routing.deciding import RuleSet
from app.domain.routing.rules import Facts, Jurisdiction, Powers, Rule, Then, When, Window
from app.domain.routing.universe import Catalogue, Names, PlaceAtom
from app.domain.working_time import BEIJING
from bench.lines import Line

TARGET_US = 20
TARGET_GROWTH = 1.5
TARGET_COMPILE_S = 5
TARGET_CHECK_S = 60
RULES, FEW_RULES = 10_000, 100
REPORTS = 20_000
ROUNDS = 5

DISTRICTS = [f"3702{n:02}" for n in (2, 3, 11, 12, 13, 14, 15, 81, 83, 85)]
STREETS = [f"{district}{n:03}" for district in DISTRICTS for n in range(1, 18)]
COMMUNITIES = [f"{street}{n:03}" for street in STREETS for n in range(1, 8)]
CELLS = [f"{community}{n:03}" for community in COMMUNITIES for n in range(1, 86)][:100_000]
MAJORS = [f"{major:02}" for major in range(1, 11)]
CLASSES = [f"{major}{n:03}" for major in MAJORS for n in range(1, 31)]
CONDITIONS = ("满溢", "破损", "缺失", "其他")
PLACE_TYPES = ("market", "road", "rural", "pavement", "carriageway")
CONSEQUENCES = ("water_polluted", "flood_obstructed", "traffic_blocked")
POLYGONS = [f"area-{n}" for n in range(40)]
CHANNELS = ("citizen", "hotline", "service")
BUREAUS = [f"bureau_{n}" for n in range(18)]
LOCAL = ("sanitation_team", "enforcement_squad", "greening")
ZONE = Jurisdiction("370299", "功能区", "依据", withheld=("03",))


class GeneratedCity:
    """Units by kind and area, looked for as `CitySnapshot` looks for them: bureaus, district and street units."""

    def __init__(self) -> None:
        kinds = [(kind, "") for kind in BUREAUS]
        kinds += [(kind, area) for kind in BUREAUS for area in (*DISTRICTS, ZONE.code)]
        kinds += [(kind, street) for kind in ("street_office", *LOCAL) for street in STREETS]
        self._units = {(kind, area): f"{area}.{kind}" for kind, area in kinds}
        self._codes = set(self._units.values())

    def unit_for(self, kind: str, area_code: str) -> str | None:
        for length in (15, 12, 9, 6, 4, 0):
            if length <= len(area_code):
                unit = self._units.get((kind, area_code[:length]))
                if unit is not None:
                    return unit
        return None

    def unit_at(self, kind: str, area_code: str) -> str | None:
        return self._units.get((kind, area_code))

    def is_at_work(self, unit_code: str) -> bool:
        return unit_code in self._codes


def decide() -> Iterator[Line]:
    """Measure a decision with winner, unit and everything passed over, reports drawn from all cells and classes."""
    ruleset, units, reports = RuleSet(generated_rules(), version="v", jurisdictions=[ZONE]), GeneratedCity(), _reports()
    decisions = [ruleset.decide(facts, units=units) for facts in reports]
    assert not any(decision.is_gap for decision in decisions)
    assert sum(len(decision.passed_over) for decision in decisions) > 2 * REPORTS
    yield Line("decide", min(_round_us(ruleset, units, reports) for _ in range(ROUNDS)), "us", TARGET_US)


def decide_growth() -> Iterator[Line]:
    """Measure the same reports with the first 100 rules, a whole city's, and with all 10,000, in turns."""
    rules, units, reports = generated_rules(), GeneratedCity(), _reports()
    few, many = (RuleSet(rules[:n], version="v", jurisdictions=[ZONE]) for n in (FEW_RULES, RULES))
    rounds = [(_round_us(few, units, reports), _round_us(many, units, reports)) for _ in range(ROUNDS)]
    with_few, with_many = (min(times) for times in zip(*rounds, strict=True))
    yield Line("decide_growth", with_many / with_few, "x", TARGET_GROWTH)


def compile_rules() -> Iterator[Line]:
    """Measure compiling 10,000 rules from values."""
    rules = generated_rules()
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        RuleSet(rules, version="v", jurisdictions=[ZONE])
        times.append(time.process_time() - began)
    yield Line("compile_rules", min(times), "s", TARGET_COMPILE_S)


def check_rules() -> Iterator[Line]:
    """Measure the check of the 10,000 rules for the 100,000 cells, some of them in areas and a functional area."""
    rng = random.Random(3)
    places = [
        PlaceAtom(
            cell,
            120.0,
            36.0,
            polygons=frozenset({rng.choice(POLYGONS)} if rng.random() < 0.05 else ()),
            jurisdictions=frozenset({ZONE.code} if rng.random() < 0.02 else ()),
        )
        for cell in CELLS
    ]
    began = time.process_time()
    report = check(
        generated_rules(),
        jurisdictions=[ZONE],
        catalogue=Catalogue.of(("gbt", code, condition) for code in CLASSES for condition in CONDITIONS),
        places=places,
        names=Names(),
        units=GeneratedCity(),
        is_workday=lambda day: day.isoweekday() < 6,
        from_day=date(2026, 12, 1),
    )
    took = time.process_time() - began
    assert report.tie_count == 0
    yield Line("check_rules", took, "s", TARGET_CHECK_S)


def _round_us(ruleset: RuleSet, units: GeneratedCity, reports: list[Facts]) -> float:
    gc.collect()
    began = time.process_time()
    for facts in reports:
        ruleset.decide(facts, units=units)
    return (time.process_time() - began) / len(reports) * 1e6


def generated_rules() -> list[Rule]:
    """Return 10,000 rules. The first 100 are a whole small city's: every criterion there is, by major class.

    The rest are each class's own rule and what is different in a district, street, community, area or season.
    """
    rng = random.Random(1)
    then = [Then(role=role) for role in (*BUREAUS, *LOCAL)]
    whens = [When(class_prefix=major) for major in MAJORS]
    whens += [When(class_prefix=major, place_type=place) for major in MAJORS for place in PLACE_TYPES]
    whens += [
        When(class_prefix=major, condition=CONDITIONS[1], facts={"consequence": name})
        for major in MAJORS
        for name in CONSEQUENCES
    ]
    whens += [When(class_prefix=major, condition=CONDITIONS[0]) for major in MAJORS]
    whens += [When(class_prefix=code) for code in CLASSES]
    whens += [When(class_prefix=major, jurisdiction=ZONE.code) for major in MAJORS]
    whens += [When(class_prefix=code, area=district) for code in CLASSES for district in rng.sample(DISTRICTS, 4)]
    whens += [
        When(class_prefix=code, polygon=rng.choice(POLYGONS), channels=frozenset({"hotline"})) for code in CLASSES
    ]
    whens += [
        When(class_prefix=code, area=rng.choice(STREETS), window=Window((6, 1), (8, 31), hours=(8, 20)))
        for code in CLASSES
    ]
    whens += [
        When(class_prefix=code, area=community) for community in COMMUNITIES[::7] for code in rng.sample(CLASSES, 3)
    ]
    streets = [When(class_prefix=code, area=street) for code in CLASSES for street in rng.sample(STREETS, 25)]
    whens += streets[: RULES - len(whens)]
    return [
        Rule(
            f"rule-{n}",
            when,
            rng.choice(then),
            "依据",
            powers=Powers.WITHHELD if when.jurisdiction and when.class_prefix == "03" else Powers.ORDINARY,
            valid_from=date(2026, 1, 1) if n % 3 == 0 else None,
        )
        for n, when in enumerate(whens)
    ]


def _reports() -> list[Facts]:
    rng = random.Random(2)
    began = datetime(2026, 6, 1, tzinfo=BEIJING)
    reports = []
    for _ in range(REPORTS):
        place_type = rng.choice(("", *PLACE_TYPES))
        asked = {"place_type": place_type, "consequence": rng.choice(("", "", *CONSEQUENCES))}
        reports.append(
            Facts(
                scheme="gbt",
                class_code=rng.choice(CLASSES),
                condition=rng.choice(CONDITIONS),
                cell=rng.choice(CELLS),
                at=began + timedelta(minutes=rng.randrange(500_000)),
                is_working_day=rng.random() < 0.7,
                place_type=place_type,
                answers={question: answer for question, answer in asked.items() if answer},
                channel=rng.choice(CHANNELS),
                polygons=frozenset(rng.sample(POLYGONS, rng.choice((0, 0, 0, 1, 2)))),
                jurisdictions=frozenset({ZONE.code} if rng.random() < 0.1 else ()),
            )
        )
    return reports
