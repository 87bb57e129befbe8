"""The default tables: complete, consistent, and the working days of the State Council's notices."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.city import default_data
from app.domain.limits import LimitUnit
from app.texts import has_text

# Working days per year as counted from the notices, 2019 to 2026.
WORKDAYS_BY_YEAR = {2019: 250, 2020: 249, 2021: 250, 2022: 249, 2023: 249, 2024: 251, 2025: 248, 2026: 248}

# The notice for 2026: holidays that fall on weekdays, and make-up days on weekends.
OFF_2026 = {
    1: [1, 2],
    2: [16, 17, 18, 19, 20, 23],
    4: [6],
    5: [1, 4, 5],
    6: [19],
    9: [25],
    10: [1, 2, 5, 6, 7],
}
ON_2026 = {1: [4], 2: [14, 28], 5: [9], 9: [20], 10: [10]}


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


@pytest.mark.parametrize("year", WORKDAYS_BY_YEAR)
def test_every_noticed_year_has_its_number_of_working_days(year: int) -> None:
    exceptions = {day.day: day.is_working for day in default_data.exceptional_days(2019, 2028)}
    working = sum(exceptions.get(day, day.weekday() < 5) for day in days_of(year))
    assert working == WORKDAYS_BY_YEAR[year]


def test_the_exceptions_of_2026_are_those_of_the_notice() -> None:
    days = [day for day in default_data.exceptional_days(2019, 2028) if day.day.year == 2026]
    for is_working, expected in ((False, OFF_2026), (True, ON_2026)):
        found: dict[int, list[int]] = {}
        for day in days:
            if day.is_working == is_working:
                found.setdefault(day.day.month, []).append(day.day.day)
        assert found == expected


def test_only_days_that_contradict_their_weekday_are_kept() -> None:
    assert all(day.is_working == (day.day.weekday() >= 5) for day in default_data.exceptional_days(2019, 2028))


def test_days_after_the_last_notice_are_provisional_and_have_no_make_up_days() -> None:
    later = [day for day in default_data.exceptional_days(2019, 2028) if day.day.year > 2026]
    assert {day.day.year for day in later} == {2027, 2028}
    assert not any(day.is_confirmed or day.is_working for day in later)
    assert all(day.is_confirmed for day in default_data.exceptional_days(2019, 2026))


def test_days_say_why_in_chinese() -> None:
    notes = {day.day: day.note for day in default_data.exceptional_days(2019, 2028)}
    assert "春节" in notes[date(2026, 2, 17)]
    assert notes[date(2026, 2, 14)] == "调休上班"


def test_streets_lie_in_their_districts_by_code() -> None:
    districts = {district.code for district in default_data.districts()}
    streets, zones = default_data.streets(), default_data.zones()
    assert (len(districts), len(streets), len(zones)) == (10, 135, 6)
    assert {street.code[:6] for street in streets} == districts
    assert {zone.code[:6] for zone in zones} <= districts
    assert all(119.5 < street.centre[0] < 121 and 35.5 < street.centre[1] < 37.2 for street in streets)


def test_ten_categories_are_public_and_two_are_for_staff() -> None:
    categories = default_data.catalogue().categories
    assert Counter(category.is_public for category in categories) == {True: 10, False: 2}
    assert [category.position for category in categories] == list(range(1, 13))
    assert {category.name for category in categories if not category.is_public} == {"施工问题", "其他"}


def test_every_category_has_exactly_one_default_condition() -> None:
    catalogue = default_data.catalogue()
    defaults = Counter(condition.category for condition in catalogue.conditions if condition.is_default)
    assert defaults == {category.code: 1 for category in catalogue.categories}


def test_no_condition_is_both_verified_and_dispatched_by_rule() -> None:
    conditions = default_data.catalogue().conditions
    assert len(conditions) == 75
    assert not [c for c in conditions if c.needs_verification and c.auto_dispatch]


def test_a_limit_of_the_catalogue() -> None:
    (condition,) = [c for c in default_data.catalogue().conditions if c.class_code == "09006"]
    assert condition.category == "street_vending"
    assert (condition.limit_amount, condition.limit_unit) == (Decimal(2), LimitUnit.URGENT_HOUR)


def test_every_kind_exists_on_a_known_level() -> None:
    levels = {kind.exists_on for kind in default_data.unit_kinds()}
    assert levels == {"municipal", "district", "street", "zone", "enterprise"}


@pytest.mark.parametrize("stage", ["units", "areas", "cells", "catalogue", "calendar"])
def test_every_stage_has_its_words(stage: str) -> None:
    assert has_text(f"city.progress.{stage}")
