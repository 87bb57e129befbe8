"""Public report numbers."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.report_number import InvalidReportNumber, _carry, display, is_valid, make, parse
from app.domain.working_time import BEIJING

NOW = datetime(2026, 11, 20, 4, 5, 12, tzinfo=UTC)  # 12:05:12 in Beijing
NUMBERS = [make(NOW.replace(day=1 + i % 28, hour=i % 24), (i * 104_729) % 1_000_000) for i in range(200)]

instants = st.timedeltas(timedelta(0), timedelta(days=25_000)).map(datetime(2020, 1, 1, tzinfo=UTC).__add__)
entropies = st.integers(0, 999_999)


def test_a_number_says_its_beijing_day_and_second() -> None:
    assert make(NOW, 123_456)[:17] == "261120" + "43512" + "123456"


@pytest.mark.parametrize(
    ("instant", "begins"),
    [
        (datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), "26123186399"),
        (datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC), "27010100000"),
        (datetime(2027, 1, 1, 0, 0, 1, tzinfo=BEIJING), "27010100001"),
    ],
)
def test_the_day_begins_at_midnight_in_beijing(instant: datetime, begins: str) -> None:
    assert make(instant, 0).startswith(begins)


@pytest.mark.parametrize(("body", "check"), [("0794", 5), ("79462", 3), ("00200667308", 5)])
def test_the_check_digit_follows_iso_7064(body: str, check: int) -> None:
    """Examples known from elsewhere: the standard's own 0794-5, and two of python-stdnum's documentation."""
    assert (_carry(body) + check) % 10 == 1


def test_the_check_digit_comes_last() -> None:
    number = make(NOW, 123_456)
    assert (_carry(number[:-1]) + int(number[-1])) % 10 == 1
    assert number[-1] == "2"


@given(now=instants, entropy=entropies)
def test_every_number_made_is_valid_and_reads_back(now: datetime, entropy: int) -> None:
    number = make(now, entropy)
    assert re.fullmatch(r"[0-9]{18}", number)
    assert is_valid(number)
    assert parse(number) == parse(display(number)) == parse(display(number).replace("-", " ")) == number


@given(earlier=instants, later=instants, one=entropies, other=entropies)
def test_numbers_sort_by_time(earlier: datetime, later: datetime, one: int, other: int) -> None:
    earlier, later = sorted((earlier.replace(microsecond=0), later.replace(microsecond=0)))
    if earlier < later:
        assert make(earlier, one) < make(later, other)


def test_every_single_wrong_digit_is_noticed() -> None:
    wrong = [
        number[:place] + digit + number[place + 1 :]
        for number in NUMBERS
        for place in range(18)
        for digit in "0123456789"
        if digit != number[place]
    ]
    assert len(wrong) == 200 * 18 * 9
    assert not any(is_valid(number) for number in wrong)


def test_almost_every_pair_of_swapped_neighbours_is_noticed() -> None:
    swapped = {
        number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        for number in NUMBERS
        for place in range(17)
        if number[place] != number[place + 1]
    }
    missed = sum(is_valid(number) for number in swapped)
    assert missed / len(swapped) < 0.025


def test_a_number_is_shown_in_groups() -> None:
    assert display("261120435121234562") == "261120-43512-123456-2"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "261120435121234563",
        "26112043512123456",
        "2611204351212345620",
        "２61120435121234562",
        "261120/43512/123456/2",
        "一二三",
        "x" * 100,
    ],
)
def test_anything_else_is_refused(written: str) -> None:
    assert not is_valid(written)
    with pytest.raises(InvalidReportNumber) as refusal:
        parse(written)
    assert refusal.value.code == "INVALID_REPORT_NUMBER"
    assert refusal.value.facts == {"number": written[:40]}


@pytest.mark.parametrize("body", ["26133043512123456", "26022943512123456", "26112086400123456"])
def test_a_day_or_second_that_does_not_exist_is_no_number(body: str) -> None:
    assert not any(is_valid(f"{body}{check}") for check in range(10))


@pytest.mark.parametrize("entropy", [-1, 1_000_000])
def test_entropy_has_six_digits(entropy: int) -> None:
    with pytest.raises(ValueError, match="entropy"):
        make(NOW, entropy)
