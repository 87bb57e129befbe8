"""Codes of the unit grid: 15 digits from the district down to the cell (GB/T 30428.1, GB/T 47678)."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from app.domain.errors import Invalid


class Level(str, Enum):
    """What a code prefix names; Chinese names in `app.texts` (`level.<value>`)."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    CELL = "cell"


_LEVELS: Final = {
    0: Level.CITY,
    4: Level.CITY,
    6: Level.DISTRICT,
    9: Level.STREET,
    12: Level.COMMUNITY,
    15: Level.CELL,
}
_CELL_DIGITS: Final = 15


class InvalidCellCode(Invalid):
    """A code that is not made of digits, or not of a length the standard knows."""

    code = "INVALID_CELL_CODE"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell code (单元网格): 6 digits county + 3 street + 3 community + 3 sequence.

    :raises InvalidCellCode: not exactly 15 ASCII digits
    """

    code: str

    def __post_init__(self) -> None:
        if len(self.code) != _CELL_DIGITS or not _is_digits(self.code):
            raise InvalidCellCode(cell_code=self.code)

    @property
    def district(self) -> str:
        return district_of(self.code)

    @property
    def street(self) -> str:
        return street_of(self.code)

    @property
    def community(self) -> str:
        return community_of(self.code)

    @property
    def sequence(self) -> str:
        return self.code[12:]


def parse(code: str) -> Cell:
    """Return the cell behind a 15-digit code.

    :raises InvalidCellCode: not exactly 15 ASCII digits
    """
    return Cell(code)


def district_of(code: str) -> str:
    return code[:6]


def street_of(code: str) -> str:
    return code[:9]


def community_of(code: str) -> str:
    return code[:12]


def level_of(prefix: str) -> Level:
    """Return what a code prefix names: nothing or 4 digits is the city, 15 are a cell.

    :raises InvalidCellCode: not digits, or a length between two levels
    """
    level = _LEVELS.get(len(prefix))
    if level is None or not (prefix == "" or _is_digits(prefix)):
        raise InvalidCellCode(cell_code=prefix)
    return level


def _is_digits(code: str) -> bool:
    # isdigit alone also accepts full-width and other digits
    return code.isascii() and code.isdigit()
