"""What the check of a rule set finds. Values only: the words are `app.texts`, the lines of a file the shell's."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from app.domain.routing.rules import Facts


class DeadBecause(str, Enum):
    """Why a rule can never decide."""

    SHADOWED = "shadowed"
    MATCHES_NOTHING = "matches_nothing"
    NO_UNIT = "no_unit"


class GapKind(str, Enum):
    """Whether a class has no rule in a street, or only for some of its reports."""

    NO_RULE = "no_rule"
    SOMETIMES = "sometimes"


@dataclass(frozen=True, slots=True)
class Witness:
    """A report for which a finding holds, and an example of where it lies in WGS-84 degrees."""

    facts: Facts
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Tie:
    """Two rules, by key in ascending order, of which neither is more specific for the witness, nor any third."""

    rules: tuple[str, str]
    witness: Witness


@dataclass(frozen=True, slots=True)
class Dead:
    """A rule that can never decide.

    `SHADOWED`: the rules `by` are more specific wherever it applies (the ones a proof needed, at most 20).
    `MATCHES_NOTHING`: no report of the city meets it; `criterion` is the first, in the order scheme, class, condition,
    powers, area, polygon, jurisdiction, the answers by name, channel, valid, window, that leaves nothing.
    `NO_UNIT`: the city has no unit that it could mean, anywhere it applies.
    """

    rule: str
    because: DeadBecause
    criterion: str = ""
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A class for which some report in each of the streets finds only the territorial fallback.

    `conditions` are the filing conditions concerned, `streets` their nine-digit codes in ascending order, `by_district`
    how many of them lie in each district, `is_city_wide` whether they are all there are. With `SOMETIMES`, `only_when`
    says what is special about the witness: criteria and its values, '' for a question not answered or no rule's answer.
    """

    scheme: str
    class_code: str
    kind: GapKind
    conditions: tuple[str, ...]
    streets: tuple[str, ...]
    by_district: Mapping[str, int]
    is_city_wide: bool
    only_when: tuple[tuple[str, str], ...]
    witness: Witness


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name that nobody knows, in the criterion of a rule.

    `criterion` is a field of `When`, the name of a question (with an answer that is none of its choices), `question`
    (with its name), or `unit`, `role`, `assisting`, `assisting_roles`. For `holds` and `withheld`, `rule` is the
    code of the functional area that names the class.
    """

    rule: str
    criterion: str
    value: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the check found, each kind in a fixed order.

    `ties` are the first 200 of `tie_count`; counting ends at 10,000. `undecided` are the rules, `undecided_classes` the
    classes that so many rules are entangled over that the proof was given up. `streets_without_fallback` have no street
    office of their own, their district's or the city's: a gap there would leave a report with nobody.
    """

    ties: tuple[Tie, ...]
    tie_count: int
    dead: tuple[Dead, ...]
    gaps: tuple[Gap, ...]
    unknown: tuple[Unknown, ...]
    undecided: tuple[str, ...]
    undecided_classes: tuple[str, ...]
    streets_without_fallback: tuple[str, ...]

    @property
    def is_publishable(self) -> bool:
        """Gaps and dead rules are shown; ties, unknown names and what could not be proved forbid publication."""
        return not (self.tie_count or self.unknown or self.undecided)
