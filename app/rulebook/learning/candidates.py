"""Conditions that might separate the reports for which a rule was wrong, and who should have had them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from app.domain.questions import PLACE_TYPE
from app.domain.routing.resolving import resolve
from app.domain.routing.rules import (
    CLASS_DIGITS,
    FALLBACK_ROLE,
    FALLBACK_RULE,
    Facts,
    Jurisdiction,
    Rule,
    Then,
    When,
)
from app.rulebook.draft_units import DraftUnits
from app.rulebook.learning.evidence import Evidence, Sample

LEAST_REPORTS = 20
"""Fewer prove nothing, in either part of the history."""

LEAST_GAIN = 0.1
"""What the accuracy must gain, even if luck is taken off the accuracy afterwards."""

PER_RULE = 5

_LONGEST_KEY = 64
_DIGEST = 8
_AREAS = ((9, "street"), (6, "district"))

Extra = tuple[str, str, str]
"""A condition to be added: its kind, the name of the answer ('' for other kinds), and the value."""

Extras = tuple[Extra, ...]

# Of conditions that separate equally well the first: an area claims no more than was seen, an attribute comes late.
_ORDER = ("street", "district", "", "condition", "place_type", "facts", "channel")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that would have done better than the one that decided, on the older part of the history."""

    losing: str
    rule: Rule
    extras: Extras
    evidence: Evidence

    @property
    def replaces(self) -> bool:
        """Whether the rule takes the place of the one that was wrong, instead of standing beside it."""
        return not self.extras


@dataclass
class _Stat:
    """Who handled the reports that have a condition."""

    reports: int = 0
    before: int = 0
    returned: int = 0
    units: Counter[str] = field(default_factory=Counter)
    roles: Counter[str] = field(default_factory=Counter)

    def add(self, sample: Sample, role: str) -> None:
        self.reports += 1
        self.before += sample.is_right
        self.returned += sample.was_returned
        self.units[sample.final_unit] += 1
        if role:
            self.roles[role] += 1

    @property
    def lead(self) -> tuple[str, str, int]:
        """Return (unit, role, reports it is right for): the role, unless a unit is right more often."""
        role, with_role = _first(self.roles)
        unit, with_unit = _first(self.units)
        return ("", role, with_role) if role and with_role >= with_unit else (unit, "", with_unit)

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.reports, self.before, self.lead[2], self.returned)


def is_convincing(evidence: Evidence) -> bool:
    """Tell whether a change is worth a person's look: enough reports, and better even with bad luck."""
    return evidence.reports >= LEAST_REPORTS and evidence.least_after >= evidence.accuracy_before + LEAST_GAIN


def find(
    samples: Iterable[Sample],
    rules: Mapping[str, Rule],
    *,
    jurisdictions: Mapping[str, Jurisdiction],
    units: DraftUnits,
    is_known: Callable[[Extra], bool],
) -> list[Finding]:
    """Return what would have gained most, the greatest gain first; reports are explained by one finding each.

    :param is_known: whether a rule may ask for a condition at all
    """
    by_rule: dict[str, list[Sample]] = {}
    for sample in samples:
        by_rule.setdefault(sample.rule, []).append(sample)
    gap = Rule(FALLBACK_RULE, When(), Then(role=FALLBACK_ROLE, auto_dispatch=False), basis="")
    findings = [
        finding
        for key, own in sorted(by_rule.items())
        for finding in _findings(
            gap if key == FALLBACK_RULE else rules[key], own, rules, jurisdictions, units, is_known=is_known
        )
    ]
    return sorted(findings, key=lambda each: (each.evidence.before - each.evidence.after, each.rule.key))


def _findings(
    losing: Rule,
    samples: list[Sample],
    rules: Mapping[str, Rule],
    jurisdictions: Mapping[str, Jurisdiction],
    units: DraftUnits,
    *,
    is_known: Callable[[Extra], bool],
) -> Iterator[Finding]:
    left = [(each, _role_of(each, losing, jurisdictions, units)) for each in samples]
    for _ in range(PER_RULE):
        best = _best(losing, left, is_known)
        if best is None:
            return
        extras, stat = best
        yield Finding(losing.key, _changed(losing, extras, stat, rules), extras, stat.evidence)
        wanted = set(extras)
        left = [each for each in left if not wanted <= set(_known(each[0].facts))]


def _best(
    losing: Rule, samples: Sequence[tuple[Sample, str]], is_known: Callable[[Extra], bool]
) -> tuple[Extras, _Stat] | None:
    """Return the condition under which another lead would have gained most, None if no gain convinces."""
    wrong = [sample for sample, _ in samples if not sample.is_right]
    if len(wrong) < LEAST_REPORTS * LEAST_GAIN:
        return None
    seen = dict.fromkeys(extras for each in wrong for extras in extras_for(losing, each.facts))
    stats = {extras: _Stat() for extras in seen if all(map(is_known, extras))}
    for sample, role in samples:
        for extras in extras_for(losing, sample.facts):
            if extras in stats:
                stats[extras].add(sample, role)
    convincing = [(extras, stat) for extras, stat in stats.items() if is_convincing(stat.evidence)]
    return min(convincing, key=lambda each: _rank(*each), default=None)


def _rank(extras: Extras, stat: _Stat) -> tuple[int, int, Extras]:
    kind = next((kind for kind, _, _ in reversed(extras) if kind != "class"), "")
    return stat.before - stat.evidence.after, _ORDER.index(kind), extras


def extras_for(losing: Rule, facts: Facts) -> Iterator[Extras]:
    """Yield the conditions that may be added to a rule and that a report fulfils: none, a class, one more.

    A rule for several classes is narrowed to the report's class first; the fallback always is.
    """
    when = losing.when
    has_class = len(when.class_prefix) == CLASS_DIGITS
    if has_class:
        base: Extras = ()
    elif facts.class_code:
        base = (("class", "", facts.class_code),)
        if losing.key != FALLBACK_RULE:
            yield ()
    else:
        return
    yield base
    for extra in _known(facts):
        if extra[0] != "class" and _may_add(when, extra):
            yield (*base, extra)


def _known(facts: Facts) -> Iterator[Extra]:
    """Yield everything a single condition could ask of a report."""
    yield "class", "", facts.class_code
    for digits, kind in _AREAS:
        yield kind, "", facts.cell[:digits]
    if facts.condition:
        yield "condition", "", facts.condition
    if facts.place_type:
        yield "place_type", "", facts.place_type
    for name, answer in facts.answers.items():
        if name != PLACE_TYPE:
            yield "facts", name, answer
    yield "channel", "", facts.channel


def _may_add(when: When, extra: Extra) -> bool:
    """Tell whether a rule does not ask for this already, and can ask for it at all."""
    kind, name, value = extra
    if kind in {"street", "district"}:
        return not when.polygon and not when.jurisdiction and len(when.area) < len(value)
    asked = {
        "condition": when.condition,
        "place_type": when.place_type,
        "facts": when.facts.get(name, ""),
        "channel": when.channels,
    }
    return not asked[kind]


def _changed(losing: Rule, extras: Extras, stat: _Stat, rules: Mapping[str, Rule]) -> Rule:
    unit, role, _ = stat.lead
    then = replace(
        losing.then,
        unit=unit,
        role=role,
        chain=(),
        assisting=tuple(each for each in losing.then.assisting if each != unit),
        assisting_roles=tuple(each for each in losing.then.assisting_roles if each != role),
    )
    return replace(losing, key=_key(losing, extras, rules), when=_narrowed(losing.when, extras), then=then)


def _narrowed(when: When, extras: Extras) -> When:
    for kind, name, value in extras:
        changes: dict[str, dict[str, object]] = {
            "class": {"class_prefix": value},
            "street": {"area": value},
            "district": {"area": value},
            "condition": {"condition": value},
            "place_type": {"place_type": value},
            "facts": {"facts": {**when.facts, name: value}},
            "channel": {"channels": frozenset({value})},
        }
        when = replace(when, **changes[kind])  # type: ignore[arg-type]  # fields of `When`
    return when


def _key(losing: Rule, extras: Extras, rules: Mapping[str, Rule]) -> str:
    if not extras:
        return losing.key
    parts = [part for extra in extras for part in extra if part]
    key = "-".join((losing.key, *parts))
    if len(key) <= _LONGEST_KEY and key not in rules:
        return key
    digest = sha256(repr((losing.key, extras)).encode()).hexdigest()[:_DIGEST]
    return f"{key[: _LONGEST_KEY - _DIGEST - 1]}-{digest}"


def _role_of(sample: Sample, losing: Rule, jurisdictions: Mapping[str, Jurisdiction], units: DraftUnits) -> str:
    """Return the kind of the unit that handled a report, '' where that kind would not have led to it."""
    kind = units.kind_of(sample.final_unit)
    if not kind:
        return ""
    found = resolve(kind, sample.facts, powers=losing.powers, jurisdictions=jurisdictions, units=units)
    return kind if found is not None and found[0] == sample.final_unit else ""


def _first(counted: Counter[str]) -> tuple[str, int]:
    """Return the most frequent, of equal ones the first by name."""
    return min(counted.items(), key=lambda each: (-each[1], each[0]), default=("", 0))
