"""What is found in a file of components: the first sentences of each kind, and how many there are."""

from collections import Counter, defaultdict
from enum import Enum

from app.city.importing.wanted import printable
from app.texts import text

SHOWN = 20
"""Sentences kept of each kind: a million faulty rows must not fill the memory, and nobody reads them."""


class Fault(str, Enum):
    """Every kind of finding; its sentence is the text `component_import.<value>`."""

    CODE_MISSING = "code_missing"
    CODE_MALFORMED = "code_malformed"
    CODE_TWICE = "code_twice"
    COUNTY_UNKNOWN = "county_unknown"
    MAJOR_UNKNOWN = "major_unknown"
    POSITION_BROKEN = "position_broken"
    AXES_SWAPPED = "axes_swapped"
    OUTSIDE = "outside"
    STATE_UNKNOWN = "state_unknown"
    NAME_BAD = "name_bad"
    # From here on warnings.
    CRS_OVERRULED = "crs_overruled"
    DATUM_DOUBTFUL = "datum_doubtful"
    CLASS_UNKNOWN = "class_unknown"
    STATE_MISSING = "state_missing"
    OUTSIDE_CELLS = "outside_cells"
    COUNTY_ELSEWHERE = "county_elsewhere"
    UNIT_AMBIGUOUS = "unit_ambiguous"
    UNIT_UNKNOWN = "unit_unknown"

    @property
    def is_error(self) -> bool:
        return self not in _WARNINGS


_WARNINGS = frozenset(list(Fault)[list(Fault).index(Fault.CRS_OVERRULED) :])


class Findings:
    """All findings of a file, counted; of each kind the first `SHOWN` in words."""

    def __init__(self) -> None:
        self.counts: Counter[Fault] = Counter()
        self._shown: defaultdict[Fault, list[str]] = defaultdict(list)

    def add(self, fault: Fault, /, **facts: object) -> None:
        self.counts[fault] += 1
        if len(self._shown[fault]) < SHOWN:
            self._shown[fault].append(printable(text(f"component_import.{fault.value}", **facts)))

    def count(self, *, errors: bool) -> int:
        return sum(count for fault, count in self.counts.items() if fault.is_error is errors)

    def lines(self, *, errors: bool) -> list[str]:
        """Return the sentences, and of each kind how many more there are."""
        told = []
        for fault in sorted(self._shown, key=list(Fault).index):
            if fault.is_error is errors:
                left = self.counts[fault] - len(self._shown[fault])
                told += [*self._shown[fault], *([text("component_import.more", count=left)] if left else [])]
        return told
