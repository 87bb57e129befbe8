"""What a decision says: who is responsible, by which rule, and which rules were passed over."""

from dataclasses import dataclass
from enum import Enum

from app.domain.limits import Limit


class ResolvedBy(str, Enum):
    """How the winning rule's lead became a unit; Chinese in `app.texts` (`resolved_by.<value>`)."""

    UNIT = "unit"
    ROLE = "role"
    MAINTAINER = "maintainer"
    OWNER = "owner"
    SUPERVISOR = "supervisor"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A rule that matched and lost, with the first criterion it lost on.

    `lost_on` is `unit`, and `unit` empty, when the city has no unit that the rule could mean there.
    """

    key: str
    unit: str
    lost_on: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Who is responsible and why.

    `jurisdiction` is the functional area whose own unit was found for a role, '' otherwise. `is_gap`: only the
    territorial fallback was found; `is_tie`: several rules won (never with a rule set that passed its check).
    """

    unit: str
    resolved_by: ResolvedBy
    rule: str
    basis: str
    matched: tuple[tuple[str, str], ...]
    passed_over: tuple[PassedOver, ...]
    assisting: tuple[str, ...]
    limit: Limit | None
    priority: int
    auto_dispatch: bool
    jurisdiction: str
    is_gap: bool
    is_tie: bool
