"""What an administrator says about a file before it is read, and the refusal of a file as a whole."""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from app.domain.gcj02 import Datum
from app.texts import text


class GridLevel(str, Enum):
    """What one feature of the file is: a street (9 digits, cells are cut from it) or a cell (15 digits)."""

    STREET = "street"
    CELL = "cell"


CELL_M = 1_000.0
"""The side of cells cut from streets, as in the default city."""

DIGITS = {GridLevel.STREET: 9, GridLevel.CELL: 15}


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to read a file and what to make of it.

    :param datum: stated by a person; None leaves it to the file
    :param cell_m: the side of the cells cut from streets
    :param is_approximate: the borders are not official ones; gaps are then a warning
    :param end_others: districts that the file does not hold lose their cells
    :param add_offices: a street where nobody takes what no rule decides is given a unit that does
    """

    level: GridLevel
    datum: Datum | None = None
    cell_m: float = CELL_M
    is_approximate: bool = False
    end_others: bool = False
    code_field: str | None = None
    name_field: str | None = None
    add_offices: bool = False


class ImportRefused(Exception):
    """Nothing was changed, and one sentence says why; `str()` is that sentence."""

    texts: ClassVar[str] = "city_import.refused"

    def __init__(self, reason: str, /, **facts: object) -> None:
        super().__init__(printable(text(f"{self.texts}.{reason}", **facts)))
        self.reason = reason


def printable(words: str) -> str:
    """Return words of a file without the signs that steer a terminal or break a document."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in words)
