"""The shapes a rule can take and what is known of a report when it is routed; no decision is made here.

The shapes are those found in the city's regulations (docs/decisions/0007 and 0016).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, IntEnum
from typing import Protocol

from app.domain.errors import Invalid
from app.domain.limits import Limit
from app.domain.working_time import BEIJING

MAJOR_DIGITS = 2
CLASS_DIGITS = 5

FALLBACK_RULE = "fallback"
FALLBACK_ROLE = "street_office"


class BadRule(Invalid):
    """A rule that cannot mean anything: wrong area code, no unit, class without scheme."""

    code = "BAD_RULE"


class AreaRank(IntEnum):
    """How narrow the area of a rule is."""

    CITY = 1
    DISTRICT = 2
    JURISDICTION = 3
    POLYGON = 4
    STREET = 5
    COMMUNITY = 6
    CELL = 7


class Powers(str, Enum):
    """Why a rule stands above all others: a power withheld from a jurisdiction, or concentrated elsewhere."""

    ORDINARY = "ordinary"
    WITHHELD = "withheld"
    CONCENTRATED = "concentrated"


class DayKind(str, Enum):
    """Which days of the working calendar a window holds on."""

    ANY = "any"
    WORKING = "working"
    REST = "rest"


class Link(str, Enum):
    """A link of a component's owner chain (GB/T 47678.5: 养护, 权属, 主管)."""

    MAINTAINER = "maintainer"
    OWNER = "owner"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Window:
    """When in the year, week and day a rule holds, Beijing time.

    `from_day`/`to_day` are (month, day) inclusive, `weekdays` ISO numbers 1-7, `hours` whole hours half-open
    [from, to). A season or an hour that ends before it begins wraps over New Year or midnight.
    """

    from_day: tuple[int, int] = (1, 1)
    to_day: tuple[int, int] = (12, 31)
    weekdays: frozenset[int] = frozenset(range(1, 8))
    hours: tuple[int, int] = (0, 24)
    days: DayKind = DayKind.ANY

    def holds(self, at: datetime, *, is_working_day: bool) -> bool:
        local = at.astimezone(BEIJING)
        return self.holds_on(local.date(), is_working_day=is_working_day) and self.holds_in_hour(local.hour)

    def holds_on(self, day: date, *, is_working_day: bool) -> bool:
        if self.days is not DayKind.ANY and is_working_day is not (self.days is DayKind.WORKING):
            return False
        return day.isoweekday() in self.weekdays and self._in_season((day.month, day.day))

    def holds_in_hour(self, hour: int) -> bool:
        first, end = self.hours
        return first <= hour < end if first < end else hour >= first or hour < end

    def _in_season(self, day: tuple[int, int]) -> bool:
        if self.from_day <= self.to_day:
            return self.from_day <= day <= self.to_day
        return day >= self.from_day or day <= self.to_day


@dataclass(frozen=True, slots=True)
class When:
    """What a rule asks for; an empty field asks for nothing.

    `class_prefix` is 2 digits (major) or 5 (class). `area` is a code prefix of 0, 4, 6, 9, 12 or 15 digits; a rule
    names at most one of `area`, `polygon` and `jurisdiction`. `facts` are answers and attributes that must be equal.
    """

    scheme: str = ""
    class_prefix: str = ""
    condition: str = ""
    area: str = ""
    polygon: str = ""
    jurisdiction: str = ""
    place_type: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    channels: frozenset[str] = frozenset()
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Then:
    """What a rule decides.

    The lead is a unit by code, or a role (unit kind) to be resolved where the report lies, or the first known link of
    the component's owner `chain`, after which the role or unit stands. `assisting` are unit codes, `assisting_roles`
    unit kinds resolved like the lead's. `limit` overrides the filing condition's.
    """

    unit: str = ""
    role: str = ""
    chain: tuple[Link, ...] = ()
    assisting: tuple[str, ...] = ()
    assisting_roles: tuple[str, ...] = ()
    limit: Limit | None = None
    priority: int = 0
    auto_dispatch: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a set, valid on the Beijing days [`valid_from`, `valid_until`)."""

    key: str
    when: When
    then: Then
    basis: str
    powers: Powers = Powers.ORDINARY
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A functional area that overlays the districts: what it may decide, and the basis of that.

    `code` is also the `area_code` of its own units. It holds the powers over `holds` (class prefixes; empty: all)
    except for those over `withheld`.
    """

    code: str
    name: str
    basis: str
    holds: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()

    def has_power(self, class_code: str) -> bool:
        is_held = not self.holds or class_code.startswith(self.holds)
        return is_held and not (self.withheld and class_code.startswith(self.withheld))


@dataclass(frozen=True, slots=True)
class Component:
    """The component (部件) a report is about, and the units of its owner chain; '' where nobody is known."""

    code: str
    maintainer: str = ""
    owner: str = ""
    supervisor: str = ""

    def unit_of(self, link: Link) -> str:
        return {Link.MAINTAINER: self.maintainer, Link.OWNER: self.owner, Link.SUPERVISOR: self.supervisor}[link]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a report when it is routed.

    `cell` is the 15-digit code that holds district, street and community; `polygons` and `jurisdictions` are the codes
    of the rule set's areas that contain the point; `at` is an aware instant and `is_working_day` says what the city's
    calendar makes of its Beijing day.
    """

    scheme: str
    class_code: str
    condition: str
    cell: str
    at: datetime
    is_working_day: bool = True
    place_type: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""
    polygons: frozenset[str] = frozenset()
    jurisdictions: frozenset[str] = frozenset()
    component: Component | None = None


class UnitFinder(Protocol):
    """The city's units, as far as a decision needs them; only active ones are found."""

    def unit_for(self, kind: str, area_code: str) -> str | None:
        """Return the unit of a kind that answers for an area code (0 to 15 digits): the nearest one upwards."""

    def unit_at(self, kind: str, area_code: str) -> str | None:
        """Return the unit of a kind whose own area has exactly this code."""

    def is_at_work(self, unit_code: str) -> bool:
        """Tell whether a unit exists and is active."""
