"""One version of the rules in memory: what decides, where its areas lie, what is asked, which words mean what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.keywords import Keyword
from app.domain.questions import Question
from app.domain.routing.deciding import RuleSet
from app.routing.territory import Territory


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A compiled version; `rule_set_id` is its row, `rules.version` its name. Everything in it is read only.

    `area_names` are the Chinese names of its polygons by code; functional areas carry their own.
    """

    rule_set_id: int
    rules: RuleSet
    territory: Territory
    area_names: Mapping[str, str]
    questions: tuple[Question, ...]
    keywords: tuple[Keyword, ...]
    editor: str
    effective_from: datetime | None

    @property
    def version(self) -> str:
        return self.rules.version
