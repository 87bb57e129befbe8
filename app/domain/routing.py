"""Who is responsible: rules with legal bases, the most specific wins, and every decision says why.

The order of specificity and the shapes a rule can take are those of the city's regulations as collected in
docs/decisions/0007: power withheld or concentrated > place type, consequence, attribute > cell > community > street >
polygon > jurisdiction > district > city; then filing condition > class > major > any.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum

from app.domain.errors import Invalid
from app.domain.working_time import BEIJING

MAJOR_DIGITS = 2
CLASS_DIGITS = 5


class AreaRank(IntEnum):
    """How narrow the area of a rule is."""

    CITY = 1
    DISTRICT = 2
    JURISDICTION = 3
    POLYGON = 4
    STREET = 5
    COMMUNITY = 6
    CELL = 7


_RANK_OF_LENGTH = {
    0: AreaRank.CITY,
    4: AreaRank.CITY,
    6: AreaRank.DISTRICT,
    9: AreaRank.STREET,
    12: AreaRank.COMMUNITY,
    15: AreaRank.CELL,
}


class BadRule(Invalid):
    """A rule that cannot mean anything: wrong area code, no unit, class without scheme."""

    code = "BAD_RULE"


@dataclass(frozen=True, slots=True)
class Window:
    """When in the year, week and day a rule holds, Beijing time; `from_day` > `to_day` wraps over New Year.

    `from_day`/`to_day` are (month, day) inclusive, `weekdays` ISO numbers 1-7, `hours` half-open [from, to).
    """

    from_day: tuple[int, int] = (1, 1)
    to_day: tuple[int, int] = (12, 31)
    weekdays: frozenset[int] = frozenset(range(1, 8))
    hours: tuple[int, int] = (0, 24)

    def holds(self, at: datetime) -> bool:
        local = at.astimezone(BEIJING)
        day = (local.month, local.day)
        if self.from_day <= self.to_day:
            in_season = self.from_day <= day <= self.to_day
        else:
            in_season = day >= self.from_day or day <= self.to_day
        return in_season and local.isoweekday() in self.weekdays and self.hours[0] <= local.hour < self.hours[1]


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
    """What a rule decides: a unit by code, or a role (unit kind) to be resolved where the report lies."""

    unit: str = ""
    role: str = ""
    assisting: tuple[str, ...] = ()
    limit: str = ""
    priority: int = 0
    auto_dispatch: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a published set. `overrides_powers`: power withheld from a jurisdiction or concentrated here."""

    key: str
    when: When
    then: Then
    basis: str
    overrides_powers: bool = False
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a report when it is routed; codes as in the city's grid, `at` an aware instant."""

    scheme: str
    class_code: str
    condition: str
    district: str
    street: str
    community: str
    cell: str
    at: datetime
    place_type: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""
    polygons: frozenset[str] = frozenset()
    jurisdictions: frozenset[str] = frozenset()


Specificity = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A rule that matched and lost, with the first criterion it lost on.

    `lost_on` is `unit`, and `unit` empty, when the city has no unit of the rule's role there.
    """

    key: str
    unit: str
    lost_on: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Who is responsible and why. `is_gap`: only the territorial fallback was found; `is_tie`: several rules won."""

    unit: str
    rule: str
    basis: str
    matched: tuple[str, ...]
    passed_over: tuple[PassedOver, ...]
    assisting: tuple[str, ...]
    limit: str
    priority: int
    auto_dispatch: bool
    is_gap: bool
    is_tie: bool


# (unit kind, narrowest area code) -> unit code or None when the city has no such unit there or above.
UnitFinder = Callable[[str, str], str | None]

FALLBACK_RULE = "fallback"
FALLBACK_ROLE = "street_office"


def area_rank(when: When) -> AreaRank:
    """Return how narrow a rule's area is.

    :raises BadRule: the code has a length no area has, or two kinds of area are named
    """
    if sum(map(bool, (when.area, when.polygon, when.jurisdiction))) > 1:
        raise BadRule(reason="area")
    if when.polygon:
        return AreaRank.POLYGON
    if when.jurisdiction:
        return AreaRank.JURISDICTION
    rank = _RANK_OF_LENGTH.get(len(when.area))
    if rank is None:
        raise BadRule(reason="area")
    return rank


def specificity(rule: Rule) -> Specificity:
    """Return the key that the winner has the greatest of."""
    when = rule.when
    attributes = bool(when.place_type) + len(when.facts)
    if when.condition:
        topic = 3
    elif len(when.class_prefix) == CLASS_DIGITS:
        topic = 2
    else:
        topic = 1 if when.class_prefix else 0
    return (int(rule.overrides_powers), attributes, int(area_rank(when)), topic)


_CRITERIA = ("powers", "attributes", "area", "topic")


def matches(rule: Rule, facts: Facts) -> bool:
    """Tell whether a rule applies; the plain reading that the compiled set must agree with."""
    return (
        _matches_topic(rule.when, facts)
        and _matches_area(rule.when, facts)
        and _matches_circumstances(rule.when, facts)
        and _is_valid(rule, facts)
    )


def _matches_topic(when: When, facts: Facts) -> bool:
    return (
        (not when.scheme or when.scheme == facts.scheme)
        and facts.class_code.startswith(when.class_prefix)
        and (not when.condition or when.condition == facts.condition)
    )


def _matches_area(when: When, facts: Facts) -> bool:
    return (
        (not when.area or facts.cell.startswith(when.area))
        and (not when.polygon or when.polygon in facts.polygons)
        and (not when.jurisdiction or when.jurisdiction in facts.jurisdictions)
    )


def _matches_circumstances(when: When, facts: Facts) -> bool:
    return (
        (not when.place_type or when.place_type == facts.place_type)
        and all(facts.answers.get(name) == value for name, value in when.facts.items())
        and (not when.channels or facts.channel in when.channels)
        and (when.window is None or when.window.holds(facts.at))
    )


def _is_valid(rule: Rule, facts: Facts) -> bool:
    day = facts.at.astimezone(BEIJING).date()
    return (rule.valid_from is None or rule.valid_from <= day) and (rule.valid_until is None or day < rule.valid_until)


class RuleSet:
    """Rules compiled for quick decisions: candidates are found by class and area, never by walking all rules."""

    def __init__(self, rules: Iterable[Rule], *, version: str) -> None:
        """Index the rules of one published version.

        :raises BadRule: a rule cannot mean anything, or two rules share a key
        """
        self.version = version
        self.rules: dict[str, Rule] = {}
        self._index: dict[tuple[str, str], list[Rule]] = {}
        for rule in rules:
            self._add(rule)
        self._rank = {key: specificity(rule) for key, rule in self.rules.items()}

    def _add(self, rule: Rule) -> None:
        if rule.key in self.rules or rule.key == FALLBACK_RULE:
            raise BadRule(reason="key", rule=rule.key)
        if bool(rule.then.unit) == bool(rule.then.role):
            raise BadRule(reason="unit", rule=rule.key)
        if len(rule.when.class_prefix) not in {0, MAJOR_DIGITS, CLASS_DIGITS}:
            raise BadRule(reason="class", rule=rule.key)
        specificity(rule)
        self.rules[rule.key] = rule
        self._index.setdefault((rule.when.class_prefix, _area_key(rule.when)), []).append(rule)

    def _candidates(self, facts: Facts) -> Iterator[Rule]:
        # A report without a class asks for any class only once.
        for prefix in dict.fromkeys((facts.class_code, facts.class_code[:MAJOR_DIGITS], "")):
            for area in _area_keys(facts):
                yield from self._index.get((prefix, area), ())

    def matching(self, facts: Facts) -> list[Rule]:
        """Return every rule that applies, the most specific first, ties by key."""
        found = [rule for rule in self._candidates(facts) if matches(rule, facts)]
        found.sort(key=lambda rule: (tuple(-part for part in self._rank[rule.key]), rule.key))
        return found

    def decide(self, facts: Facts, *, find_unit: UnitFinder) -> Decision:
        """Return who is responsible. Total: an unmatched report goes to the street office and is counted as a gap."""
        found = [(rule, rule.then.unit or find_unit(rule.then.role, facts.cell)) for rule in self.matching(facts)]
        able = [(rule, unit) for rule, unit in found if unit]
        unable = tuple(PassedOver(rule.key, "", "unit") for rule, unit in found if not unit)
        if not able:
            return _fallback(facts, find_unit, unable)
        (winner, unit), *rest = able
        rank = self._rank[winner.key]
        return Decision(
            unit=unit,
            rule=winner.key,
            basis=winner.basis,
            matched=_matched_on(winner.when),
            passed_over=(*(PassedOver(r.key, u, self._lost_on(r.key, rank)) for r, u in rest), *unable),
            assisting=winner.then.assisting,
            limit=winner.then.limit,
            priority=winner.then.priority,
            auto_dispatch=winner.then.auto_dispatch,
            is_gap=False,
            is_tie=bool(rest) and self._rank[rest[0][0].key] == rank,
        )

    def _lost_on(self, key: str, rank: Specificity) -> str:
        mine = self._rank[key]
        return next((name for name, a, b in zip(_CRITERIA, mine, rank, strict=True) if a != b), "key")


def _area_key(when: When) -> str:
    if when.polygon:
        return f"polygon:{when.polygon}"
    if when.jurisdiction:
        return f"jurisdiction:{when.jurisdiction}"
    return when.area


def _area_keys(facts: Facts) -> Iterator[str]:
    cell = facts.cell
    yield from (cell, cell[:12], cell[:9], cell[:6], cell[:4], "")
    yield from (f"polygon:{name}" for name in facts.polygons)
    yield from (f"jurisdiction:{name}" for name in facts.jurisdictions)


def _matched_on(when: When) -> tuple[str, ...]:
    """Name the criteria a rule asked for, as `kind=value`, for the explanation."""
    named = {
        "class": when.class_prefix,
        "condition": when.condition,
        "area": when.area,
        "polygon": when.polygon,
        "jurisdiction": when.jurisdiction,
        "place_type": when.place_type,
        **when.facts,
    }
    parts = [f"{name}={value}" for name, value in named.items() if value]
    if when.channels:
        parts.append("channel=" + ",".join(sorted(when.channels)))
    if when.window is not None:
        parts.append("window")
    return tuple(parts)


def _fallback(facts: Facts, find_unit: UnitFinder, unable: tuple[PassedOver, ...]) -> Decision:
    unit = find_unit(FALLBACK_ROLE, facts.cell)
    if unit is None:
        raise BadRule(reason="no_fallback", rule=FALLBACK_RULE)
    return Decision(
        unit=unit,
        rule=FALLBACK_RULE,
        basis="属地管理",
        matched=(f"area={facts.street}",),
        passed_over=unable,
        assisting=(),
        limit="",
        priority=0,
        auto_dispatch=False,
        is_gap=True,
        is_tie=False,
    )
