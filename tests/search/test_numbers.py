"""The beginning of a number says when its reports were submitted."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.report_number import InvalidReportNumber, beginning, make
from app.domain.working_time import BEIJING

DAY = datetime(2026, 11, 20, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("written", "since_s", "until_s"),
    [
        ("261120", 0, 86_400),
        ("261120-0", 0, 10_000),
        ("261120-8", 80_000, 86_400),
        ("261120 36", 36_000, 37_000),
        ("261120-36000", 36_000, 36_001),
        ("26112036000415", 36_000, 36_001),
    ],
)
def test_a_beginning_is_a_period(written: str, since_s: int, until_s: int) -> None:
    digits, since, until = beginning(written)
    assert digits == written.replace("-", "").replace(" ", "")
    assert (since, until) == (DAY + timedelta(seconds=since_s), DAY + timedelta(seconds=until_s))


@pytest.mark.parametrize(
    "written", ["", "26112", "261320", "260230", "26112086400", "261120-9", "abcdef", "２６１１２０", "2" * 40]
)
def test_what_no_number_begins_with_is_refused(written: str) -> None:
    with pytest.raises(InvalidReportNumber):
        beginning(written)


@given(st.integers(0, 86_399), st.integers(0, 999_999), st.integers(6, 18))
def test_every_number_lies_in_the_period_of_its_beginning(second: int, entropy: int, length: int) -> None:
    at = DAY + timedelta(seconds=second)
    digits, since, until = beginning(make(at, entropy)[:length])
    assert len(digits) == length
    assert since <= at < until


def test_a_whole_number_is_right_to_its_check_digit() -> None:
    number = make(DAY, 415_926)
    assert beginning(number)[0] == number
    with pytest.raises(InvalidReportNumber):
        beginning(number[:-1] + str((int(number[-1]) + 1) % 10))
