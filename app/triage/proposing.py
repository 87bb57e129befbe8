"""What a text says about the class of a report: keyword rules first, then the city's own model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from app.city.facts import ConditionFact
from app.city.snapshot import CitySnapshot
from app.domain.keywords import Hit, Keyword, KeywordRules, clear_winner, is_one_matter
from app.triage.catalogue import Catalogue
from app.triage.model import Floats, Label, Model
from app.triage.models import ProposalSource

SHOWN = 3
SURE_OF_ANOTHER = 0.98
"""A model speaks against the category a person chose only above this, and above its own threshold."""

LIKELY_SHARE = 0.5
"""Of the probability, so much must lie within the category before shares inside it mean anything."""


class Verdict(Enum):
    """What may follow: the rules go on with the first choice, a person decides, or the category is doubted."""

    SURE = "sure"
    UNSURE = "unsure"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Choice:
    """A class with the condition it would come under; keyword rules give no `confidence`."""

    condition: ConditionFact
    confidence: float | None

    @property
    def label(self) -> Label:
        return self.condition.scheme, self.condition.class_code


@dataclass(frozen=True, slots=True)
class Proposal:
    """Up to three choices, best first, at least one; `rule_set_version` is the version whose keywords were asked."""

    source: ProposalSource
    choices: tuple[Choice, ...]
    verdict: Verdict
    rule_set_version: str
    model_version: str | None
    threshold: float


@dataclass(frozen=True, slots=True)
class _Columns:
    """The labels of a model that can be proposed, as columns of its probabilities, with what each stands for."""

    columns: npt.NDArray[np.intp]
    conditions: tuple[ConditionFact, ...]

    @classmethod
    def of(cls, model: Model, catalogue: Catalogue, category: str | None) -> "_Columns":
        found = [catalogue.labelled(label, category=category) for label in model.labels]
        columns = [column for column, condition in enumerate(found) if condition is not None]
        return cls(np.array(columns, dtype=np.intp), tuple(each for each in found if each is not None))

    def best(self, probabilities: Floats, *, is_category_known: bool) -> tuple[Choice, ...]:
        """Return the likeliest; inside a category that is likely itself, by their shares of its probability."""
        shares = probabilities[self.columns]
        within = float(shares.sum())
        if is_category_known and within >= LIKELY_SHARE:
            shares = shares / within
        order = np.argsort(-shares, kind="stable")[:SHOWN].tolist()
        return tuple(Choice(self.conditions[each], float(shares[each])) for each in order)


@dataclass(frozen=True, slots=True)
class Triage:
    """Keyword rules, model and catalogue of one reading of the city; `model_id` is the row that was tried."""

    keywords: KeywordRules
    rule_set_version: str
    catalogue: Catalogue
    model: Model | None
    model_id: int | None
    _columns: Mapping[str | None, _Columns]

    @classmethod
    def of(
        cls,
        city: CitySnapshot,
        keywords: Sequence[Keyword],
        *,
        rule_set_version: str,
        model: Model | None = None,
        model_id: int | None = None,
    ) -> "Triage":
        alone = cls(KeywordRules(keywords), rule_set_version, Catalogue.of(city), None, model_id, {})
        return alone.with_model(model) if model else alone

    def with_model(self, model: Model) -> "Triage":
        """Return the same triage with a model."""
        columns = {each: _Columns.of(model, self.catalogue, each) for each in (None, *self.catalogue.categories)}
        return replace(self, model=model, _columns=columns)

    def propose(self, text: str, *, category: str | None) -> Proposal | None:
        """Return what a text says, None when it says nothing.

        Where no category was chosen, words of two problems are for a person: the rules would dispatch one of them only.

        :param category: the code of the one that a person chose
        """
        found = self.keywords.find(text)
        here, anywhere = self._known(found, category), self._known(found, None)
        if category is None and here and not is_one_matter(list(here)):
            return self._by_keywords(here, Verdict.UNSURE)
        if clear_winner(list(here)):
            return self._by_keywords(here, Verdict.SURE)
        winner = clear_winner(list(anywhere))
        if not here and winner is not None and winner.is_strong:
            return self._by_keywords(anywhere, Verdict.ELSEWHERE)
        opinion = self._by_model(text, category)
        if opinion is None and anywhere:
            return self._by_keywords(here or anywhere, Verdict.UNSURE)
        return opinion

    def _known(self, hits: Sequence[Hit], category: str | None) -> dict[Hit, ConditionFact]:
        """Return the hits whose class exists (in the category) with the conditions they stand for, in their order."""
        found = ((hit, self.catalogue.condition(hit.class_code, category=category, name=hit.condition)) for hit in hits)
        return {hit: condition for hit, condition in found if condition is not None}

    def _by_keywords(self, found: Mapping[Hit, ConditionFact], verdict: Verdict) -> Proposal:
        choices = tuple(Choice(condition, None) for condition in list(found.values())[:SHOWN])
        return Proposal(ProposalSource.KEYWORD, choices, verdict, self.rule_set_version, None, 0)

    def _by_model(self, text: str, category: str | None) -> Proposal | None:
        model = self.model
        probabilities = model.probabilities(text) if model else None
        if model is None or probabilities is None:
            return None
        inside, anything = self._best(probabilities, category), self._best(probabilities, None)
        if _exceeds(inside, model.threshold):
            choices, verdict = inside, Verdict.SURE
        elif category is not None and _exceeds(anything, max(SURE_OF_ANOTHER, model.threshold)):
            choices, verdict = anything, Verdict.ELSEWHERE
        else:
            choices, verdict = inside or anything, Verdict.UNSURE
        if not choices:
            return None
        version = self.rule_set_version
        return Proposal(ProposalSource.MODEL, choices, verdict, version, model.version, model.threshold)

    def _best(self, probabilities: Floats, category: str | None) -> tuple[Choice, ...]:
        columns = self._columns.get(category)
        return columns.best(probabilities, is_category_known=category is not None) if columns else ()


def _exceeds(choices: Sequence[Choice], bar: float) -> bool:
    return bool(choices) and (choices[0].confidence or 0) > bar
