"""The classes a report can come under today, and the filing condition that each stands for when no other is named."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.city.facts import ConditionFact
from app.city.snapshot import CitySnapshot, UnknownCategory
from app.triage.model import Label


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Filing conditions of the schemes in force, by class, the one that stands for its class first.

    That is the category's default where the class has it, else the one that was listed first.
    """

    _by_class: dict[str, list[ConditionFact]] = field(default_factory=dict)

    @classmethod
    def of(cls, city: CitySnapshot) -> "Catalogue":
        defaults = list(_defaults(city))
        schemes = {each.scheme for each in defaults}
        by_class: dict[str, list[ConditionFact]] = {}
        for condition in city.conditions:
            if condition.scheme in schemes:
                by_class.setdefault(condition.class_code, []).append(condition)
        chosen = {each.id for each in defaults}
        return cls({code: sorted(each, key=lambda fact: fact.id not in chosen) for code, each in by_class.items()})

    @property
    def categories(self) -> set[str]:
        return {each.category_code for conditions in self._by_class.values() for each in conditions}

    def condition(self, class_code: str, *, category: str | None = None, name: str = "") -> ConditionFact | None:
        """Return the condition of a class, if it has one by that name; None for a class that is not in the category."""
        fitting = [
            each for each in self._by_class.get(class_code, ()) if category is None or each.category_code == category
        ]
        named = [each for each in fitting if each.name == name]
        return next(iter([*named, *fitting]), None)

    def labelled(self, label: Label, *, category: str | None = None) -> ConditionFact | None:
        """Return the condition of a model's label; None for a class of a scheme no longer in force."""
        scheme, class_code = label
        condition = self.condition(class_code, category=category)
        return condition if condition is not None and condition.scheme == scheme else None


def _defaults(city: CitySnapshot) -> Iterable[ConditionFact]:
    for category in city.categories:
        try:
            yield city.default_condition(category.code)
        except UnknownCategory:  # a category that only old reports have
            continue
