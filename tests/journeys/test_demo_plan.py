"""The plan of a demonstration's week: everything a city knows occurs in it, in plausible shares."""

from collections import Counter
from datetime import timedelta

import pytest

from app.demo.plan import BY_CATEGORY, BY_DISTRICT, STAFF_SIDE, Planned, load_streets, plan_week
from app.domain.gcj02 import to_wgs84
from app.domain.roles import Role
from app.domain.working_time import BEIJING
from tests.journeys.conftest import NOW, Demo

MANY = 1_500


@pytest.fixture(scope="module")
def week(demo: Demo) -> list[Planned]:
    return a_week(demo, seed=42)


def a_week(demo: Demo, *, seed: int) -> list[Planned]:
    with demo.database.reading() as session:
        streets = load_streets(session, areas=demo.world.city.areas)
    return plan_week(streets, reports=MANY, seed=seed, now=NOW)


def test_every_category_and_every_district_occurs(demo: Demo, week: list[Planned]) -> None:
    assert {planned.submission.shows for planned in week} == {each.code for each in demo.world.city.categories}
    places = [demo.world.city.locate(*wgs84(planned)) for planned in week]
    assert {place.district_code for place in places} == set(BY_DISTRICT)
    assert all(place.is_certain for place in places)


def wgs84(planned: Planned) -> tuple[float, float]:
    location = planned.submission.location
    return to_wgs84(location.lon, location.lat, location.datum)


def test_an_address_names_the_street_the_point_lies_in(demo: Demo, week: list[Planned]) -> None:
    """Half a metre of conversion may put a point across a border, no more."""
    located = [(planned, demo.world.city.locate(*wgs84(planned))) for planned in week]
    wrong = [place for planned, place in located if place.street_name not in planned.submission.location.address]
    assert len(wrong) <= 3


def test_everything_is_sent_within_the_last_seven_days(week: list[Planned]) -> None:
    instants = [planned.submission.at for planned in week]
    assert instants == sorted(instants)
    assert NOW - timedelta(days=7) - timedelta(seconds=1) < instants[0]
    assert instants[-1] <= NOW


def test_the_same_seed_is_the_same_week(demo: Demo, week: list[Planned]) -> None:
    assert a_week(demo, seed=42) == week
    assert a_week(demo, seed=43) != week


def test_more_is_sent_by_day_than_by_night(week: list[Planned]) -> None:
    hours = Counter(planned.submission.at.astimezone(BEIJING).hour for planned in week)
    assert sum(hours[hour] for hour in range(5)) < sum(hours[hour] for hour in range(8, 13)) / 5


def test_the_staff_side_categories_come_from_inspectors(week: list[Planned]) -> None:
    senders = {planned.submission.role for planned in week if planned.submission.shows in STAFF_SIDE}
    assert senders == {Role.INSPECTOR}


@pytest.mark.parametrize(
    ("turn", "least", "most"),
    [("returned", 0.03, 0.07), ("withdrawn", 0.004, 0.02), ("rated", 0.4, 0.56), ("reworked", 0.025, 0.06)],
)
def test_turns_have_plausible_shares(week: list[Planned], turn: str, least: float, most: float) -> None:
    assert least <= sum(getattr(planned.fate, f"is_{turn}") for planned in week) / MANY <= most


def test_about_one_in_ten_is_handled_late(week: list[Planned]) -> None:
    assert 0.06 <= sum(planned.fate.pace > 1 for planned in week) / MANY <= 0.16


def test_categories_follow_their_weights(week: list[Planned]) -> None:
    counts = Counter(planned.submission.shows for planned in week)
    whole = sum(BY_CATEGORY.values())
    assert all(abs(counts[code] / MANY - weight / whole) < 0.04 for code, weight in BY_CATEGORY.items())
