"""Finds the rules that may apply to a report by what they ask for, so that the cost depends on what matches.

A rule hangs under its area and its class, and where many hang together under one more thing it asks for, and so on.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from app.domain.routing.rules import CLASS_DIGITS, MAJOR_DIGITS, Facts, Jurisdiction, Powers, Rule, When
from app.domain.working_time import BEIJING

Token = tuple[int | str, str]
"""One thing a rule asks for and a report has: a question and its answer, or one of the kinds below and its value."""

_SCHEME, _CONDITION, _PLACE_TYPE, _CHANNEL = range(4)
_CROWD = 4
"""Rules that hang together; more of them are told apart by another token. Reading a few is as quick as a look-up."""

_NEVER = date.max.toordinal() + 1

_CELL, _COMMUNITY, _STREET, _DISTRICT, _CITY = 15, 12, 9, 6, 4


class Entry(NamedTuple):
    """A rule after its place among all, the strongest first, so that entries sort, and what is worked out about it.

    `plain_role` is the role of a rule without an owner chain: what most decisions resolve. `is_timed` says that tokens
    do not tell all: there is a window, or several channels, or days [`first_day`, `end_day`), counted from year 1.
    """

    order: int
    key: str
    rule: Rule
    rank: int
    matched: tuple[tuple[str, str], ...]
    plain_role: str
    is_timed: bool
    first_day: int
    end_day: int

    @classmethod
    def of(cls, rule: Rule, *, order: int, rank: int, matched: tuple[tuple[str, str], ...]) -> "Entry":
        when, first, end = rule.when, rule.valid_from, rule.valid_until
        return cls(
            order=order,
            key=rule.key,
            rule=rule,
            rank=rank,
            matched=matched,
            plain_role="" if rule.then.chain else rule.then.role,
            is_timed=when.window is not None or len(when.channels) > 1 or first is not None or end is not None,
            first_day=0 if first is None else first.toordinal(),
            end_day=_NEVER if end is None else end.toordinal(),
        )


_Asking = tuple[frozenset[Token], Entry]
"""An entry under the tokens that the way to it has not asked for yet."""


class _Bucket:
    """Rules of one area and class: those that ask for nothing more, those to be read, those under a token."""

    __slots__ = ("by_token", "is_plain", "plain", "read")

    def __init__(self, asking: list[_Asking]) -> None:
        self.plain = [entry for tokens, entry in asking if not tokens]
        self.read = [each for each in asking if each[0]]
        self.by_token: dict[Token, _Bucket] = {}
        if len(self.read) > _CROWD:
            self._spread()
        self.is_plain = not self.read and not self.by_token

    def _spread(self) -> None:
        """Hang each rule under its rarest token."""
        count = Counter(token for tokens, _ in self.read for token in tokens)
        under: dict[Token, list[_Asking]] = {}
        for tokens, entry in self.read:
            rarest = min(tokens, key=lambda token: (count[token], str(token)))
            under.setdefault(rarest, []).append((tokens - {rarest}, entry))
        self.read = []
        self.by_token = {token: _Bucket(rules) for token, rules in under.items()}

    def collect(self, tokens: frozenset[Token], found: list[Entry]) -> None:
        found += self.plain
        for asked, entry in self.read:
            if asked <= tokens:
                found.append(entry)
        if self.by_token:
            for token in tokens:
                bucket = self.by_token.get(token)
                if bucket is not None:
                    bucket.collect(tokens, found)


_ByClass = dict[str, _Bucket]


class RuleIndex:
    """The entries of one rule set, by area, then class, then whatever tells them apart."""

    def __init__(self, entries: Iterable[Entry], jurisdictions: Mapping[str, Jurisdiction]) -> None:
        self._jurisdictions = jurisdictions
        grouped: dict[tuple[str, str], dict[str, list[_Asking]]] = {}
        for entry in entries:
            asking = (_tokens_asked_for(entry.rule), entry)
            by_class = grouped.setdefault(_area_of(entry.rule), {})
            by_class.setdefault(entry.rule.when.class_prefix, []).append(asking)
        self._areas: dict[str, _ByClass] = {}
        self._polygons: dict[str, _ByClass] = {}
        self._held: dict[str, _ByClass] = {}
        self._withheld: dict[str, _ByClass] = {}
        kinds = {"area": self._areas, "polygon": self._polygons, "held": self._held, "withheld": self._withheld}
        for (kind, code), by_class in grouped.items():
            kinds[kind][code] = {prefix: _Bucket(asking) for prefix, asking in by_class.items()}

    def find(self, facts: Facts) -> list[Entry]:
        """Return the entries whose rules apply, the strongest first."""
        code = facts.class_code
        prefixes = {code[:CLASS_DIGITS], code[:MAJOR_DIGITS], ""}
        tokens = _tokens_of(facts)
        found: list[Entry] = []
        for by_class in self._around(facts):
            for prefix in prefixes:
                bucket = by_class.get(prefix)
                if bucket is None:
                    continue
                if bucket.is_plain:
                    found += bucket.plain
                else:
                    bucket.collect(tokens, found)
        found.sort()
        return _in_time(found, facts)

    def _around(self, facts: Facts) -> list[_ByClass]:
        cell, areas = facts.cell, self._areas
        codes = {cell[:_CELL], cell[:_COMMUNITY], cell[:_STREET], cell[:_DISTRICT], cell[:_CITY], ""}
        around = [by_class for by_class in map(areas.get, codes) if by_class]
        if facts.polygons:
            around += [self._polygons[code] for code in facts.polygons if code in self._polygons]
        for code in facts.jurisdictions:
            zone = self._jurisdictions.get(code)
            if code in self._held and zone is not None and zone.has_power(facts.class_code):
                around.append(self._held[code])
            if code in self._withheld:
                around.append(self._withheld[code])
        return around


def _in_time(found: list[Entry], facts: Facts) -> list[Entry]:
    """Leave out what no token tells apart: rules not in force at the instant, or of several channels but not this."""
    entries = []
    local: datetime | None = None
    today = 0
    for entry in found:
        if entry.is_timed:
            if local is None:
                local = facts.at.astimezone(BEIJING)
                today = local.toordinal()
            if not entry.first_day <= today < entry.end_day or not _holds(entry.rule.when, facts, local):
                continue
        entries.append(entry)
    return entries


def _holds(when: When, facts: Facts, local: datetime) -> bool:
    if when.channels and facts.channel not in when.channels:
        return False
    return when.window is None or (
        when.window.holds_on(local.date(), is_working_day=facts.is_working_day)
        and when.window.holds_in_hour(local.hour)
    )


def _area_of(rule: Rule) -> tuple[str, str]:
    when = rule.when
    if when.polygon:
        return "polygon", when.polygon
    if when.jurisdiction:
        return "withheld" if rule.powers is Powers.WITHHELD else "held", when.jurisdiction
    return "area", when.area


def _tokens_asked_for(rule: Rule) -> frozenset[Token]:
    when = rule.when
    single: list[Token] = [(_SCHEME, when.scheme), (_CONDITION, when.condition), (_PLACE_TYPE, when.place_type)]
    if len(when.channels) == 1:
        single += [(_CHANNEL, channel) for channel in when.channels]
    return frozenset([token for token in single if token[1]] + list(when.facts.items()))


def _tokens_of(facts: Facts) -> frozenset[Token]:
    return frozenset(
        (
            (_SCHEME, facts.scheme),
            (_CONDITION, facts.condition),
            (_PLACE_TYPE, facts.place_type),
            (_CHANNEL, facts.channel),
            *facts.answers.items(),
        )
    )
