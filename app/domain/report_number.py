"""Public report numbers: 18 digits that sort by time, cannot be guessed and notice a mistyped digit.

Date and second of the Beijing day (YYMMDD + 5 digits), 6 random digits, and a check digit after
ISO/IEC 7064 MOD 11,10 (GB/T 17710), which detects every single wrong digit.
"""

from datetime import date, datetime, timedelta
from typing import Final

from app.domain.errors import Invalid
from app.domain.working_time import BEIJING

ENTROPY_RANGE: Final = 1_000_000
"""How many random parts there are: one in a million to guess a number even if its second is known."""

_DIGITS: Final = 18
_SECONDS_A_DAY: Final = 86_400
_SEPARATORS: Final = str.maketrans("", "", " -")
_LONGEST_WRITTEN: Final = 40
_DATE_DIGITS: Final = 6
_INSTANT_DIGITS: Final = 11


class InvalidReportNumber(Invalid):
    """Not a report number: mistyped, cut short, or something else."""

    code = "INVALID_REPORT_NUMBER"


def make(now: datetime, entropy: int) -> str:
    """Return the number of a report submitted at an aware instant; `entropy` is random in 0..999999.

    Two reports of one second may draw the same entropy: the caller keeps numbers unique and draws again.

    :raises ValueError: entropy outside its range
    """
    if not 0 <= entropy < ENTROPY_RANGE:
        raise ValueError("entropy is outside 0..999999")
    local = now.astimezone(BEIJING)
    second = local.hour * 3_600 + local.minute * 60 + local.second
    body = f"{local:%y%m%d}{second:05d}{entropy:06d}"
    return body + str((1 - _carry(body)) % 10)


def is_valid(number: str) -> bool:
    """Say whether this is a report number as stored: 18 digits, a real day and second, the right check digit."""
    if len(number) != _DIGITS or not (number.isascii() and number.isdigit()):
        return False
    return (_carry(number[:-1]) + int(number[-1])) % 10 == 1 and _is_instant(number)


def parse(written: str) -> str:
    """Return the stored form of a number as a person writes it, with or without spaces and dashes.

    :raises InvalidReportNumber: it is none
    """
    number = written.translate(_SEPARATORS)
    if is_valid(number):
        return number
    raise InvalidReportNumber(number=written[:_LONGEST_WRITTEN])


def beginning(written: str) -> tuple[str, datetime, datetime]:
    """Return the digits that numbers begin with, and the first instant and the end of the period of such numbers.

    At least the date, 6 digits, is needed; the whole number has to be right to the check digit.

    :raises InvalidReportNumber: no number begins so
    """
    digits = written.translate(_SEPARATORS)
    if len(digits) >= _DIGITS:
        digits = parse(written)
    if len(digits) < _DATE_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise InvalidReportNumber(number=written[:_LONGEST_WRITTEN])
    seconds = digits[_DATE_DIGITS:_INSTANT_DIGITS]
    first, last = int(seconds.ljust(5, "0")), min(int(seconds.ljust(5, "9")), _SECONDS_A_DAY - 1)
    if not _is_instant(digits[:_DATE_DIGITS] + f"{first:05d}"):
        raise InvalidReportNumber(number=written[:_LONGEST_WRITTEN])
    day = datetime(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:6]), tzinfo=BEIJING)
    return digits, day + timedelta(seconds=first), day + timedelta(seconds=last + 1)


def display(number: str) -> str:
    """Return the number in groups for reading aloud: `261120-43512-123456-7`."""
    return "-".join((number[:6], number[6:11], number[11:17], number[17:]))


def _carry(body: str) -> int:
    """Return the last product of the hybrid system MOD 11,10."""
    product = 10
    for digit in body:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return product


def _is_instant(number: str) -> bool:
    try:
        date(2000 + int(number[:2]), int(number[2:4]), int(number[4:6]))
    except ValueError:
        return False
    return int(number[6:11]) < _SECONDS_A_DAY
