"""Questions asked per category, whose answers rules may ask for: a place type or a consequence is never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.errors import Invalid

PLACE_TYPE = "place_type"
"""The question that says on what kind of place the problem is; its answer is `Facts.place_type`."""


class UnknownQuestion(Invalid):
    """An answer to a question that is not asked for the category."""

    code = "QUESTION_UNKNOWN"


class UnknownAnswer(Invalid):
    """An answer that is none of the question's choices."""

    code = "ANSWER_UNKNOWN"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: the code that rules name and the words a person picks."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its choices, asked for these categories."""

    code: str
    text: str
    categories: frozenset[str]
    choices: tuple[Choice, ...]


def questions_of(questions: Sequence[Question], category: str | None) -> list[Question]:
    """Return what is asked for a category, in the order of the rule set; without a category whatever is asked at all.

    Two questions may share a code when they are asked for different categories.
    """
    return [each for each in questions if category is None or category in each.categories]


def check_answers(questions: Sequence[Question], category: str | None, answers: Mapping[str, str]) -> None:
    """Refuse what was not asked or could not be answered so; an unanswered question is fine.

    :raises UnknownQuestion: no such question for this category
    :raises UnknownAnswer: not one of its choices
    """
    asked: dict[str, list[str]] = {}
    for each in questions_of(questions, category):
        asked.setdefault(each.code, []).extend(choice.code for choice in each.choices)
    for code, answer in answers.items():
        if code not in asked:
            raise UnknownQuestion(question=code, asked=sorted(asked))
        if answer not in asked[code]:
            raise UnknownAnswer(question=code, answer=answer, choices=asked[code])
