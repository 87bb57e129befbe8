"""What is found in a file: one finding per fault, an error or a warning, with where it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from shapely.geometry.base import BaseGeometry

from app.city.importing.wanted import printable
from app.texts import text


class Fault(str, Enum):
    """Every kind of finding; its sentence is the text `city_import.<value>`."""

    GEOMETRY_MISSING = "geometry_missing"
    GEOMETRY_KIND = "geometry_kind"
    GEOMETRY_BROKEN = "geometry_broken"
    GEOMETRY_CUT_OFF = "geometry_cut_off"
    RING_OPEN = "ring_open"
    RING_SHORT = "ring_short"
    NOT_FINITE = "not_finite"
    OFF_EARTH = "off_earth"
    AXES_SWAPPED = "axes_swapped"
    PROJECTED = "projected"
    INVALID_SHAPE = "invalid_shape"
    NO_AREA = "no_area"
    FAR_AWAY = "far_away"
    CODE_MISSING = "code_missing"
    CODE_MALFORMED = "code_malformed"
    CODE_LENGTH = "code_length"
    CODE_TWICE = "code_twice"
    DISTRICT_UNKNOWN = "district_unknown"
    DISTRICT_MISMATCH = "district_mismatch"
    DISTRICT_GONE = "district_gone"
    NAME_MISSING = "name_missing"
    NAME_BAD = "name_bad"
    OVERLAP = "overlap"
    GAP = "gap"
    OFFICE_MISSING = "office_missing"
    OFFICE_ENDED = "office_ended"
    TOO_MANY_CELLS = "too_many_cells"
    TOO_SCATTERED = "too_scattered"
    # From here on warnings.
    CRS_OVERRULED = "crs_overruled"
    DATUM_DOUBTFUL = "datum_doubtful"
    FAR_FROM_BEFORE = "far_from_before"
    CODE_BY_NAME = "code_by_name"
    DISTRICT_NEW = "district_new"
    DISTRICT_ENDS = "district_ends"
    STREET_NEW = "street_new"
    OFFICE_ADDED = "office_added"
    STREET_GONE = "street_gone"
    NAME_CHANGED = "name_changed"
    NAME_TWICE = "name_twice"
    NAME_INVENTED = "name_invented"
    OVERLAP_SLIVERS = "overlap_slivers"
    GAP_APPROXIMATE = "gap_approximate"
    GAP_SLIVERS = "gap_slivers"

    @property
    def is_error(self) -> bool:
        return self not in _WARNINGS


_WARNINGS = frozenset(list(Fault)[list(Fault).index(Fault.CRS_OVERRULED) :])


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault with the sentence that tells it.

    `features` are positions in the list of features; `spot` is the place in WGS-84 degrees, if it has one.
    """

    fault: Fault
    sentence: str
    features: tuple[int, ...]
    spot: BaseGeometry | None


@dataclass(slots=True)
class Findings:
    """All findings of a file, in the order in which they were made."""

    _found: list[Finding] = field(default_factory=list)

    def add(self, fault: Fault, /, *features: int, spot: BaseGeometry | None = None, **facts: object) -> None:
        sentence = printable(text(f"city_import.{fault.value}", **facts))
        self._found.append(Finding(fault, sentence, features, spot))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    @property
    def errors(self) -> list[Finding]:
        return [each for each in self._found if each.fault.is_error]

    @property
    def warnings(self) -> list[Finding]:
        return [each for each in self._found if not each.fault.is_error]
