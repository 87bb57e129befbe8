"""The words of the API about what a client may send."""

from pydantic import BaseModel

from app.infra.wire import BeijingTime


class ChoiceRead(BaseModel):
    """One answer: the code that is sent and the words a person picks."""

    code: str
    text: str


class QuestionRead(BaseModel):
    """A question whose answer decides who is responsible; leaving it open is fine, guessing is not."""

    code: str
    text: str
    choices: list[ChoiceRead]


class CategoryRead(BaseModel):
    """A category as citizens see it; icon is the name of a picture that the client ships."""

    code: str
    name: str
    hint: str
    icon: str
    questions: list[QuestionRead]


class LimitsRead(BaseModel):
    """What the server accepts, so that a client can refuse early."""

    photos_max: int
    photo_bytes_max: int
    description_max: int
    datums: list[str]


class ConfigRead(BaseModel):
    """The categories with their questions, and the limits.

    `questions` are all there are, each of a category that may not be public: they may be asked of a report without a
    category, and of what staff report. Two of them may share a code; an answer is one choice of either.
    """

    version: str
    rule_set: str
    service_name: str
    categories: list[CategoryRead]
    questions: list[QuestionRead]
    limits: LimitsRead
    min_client_version: str
    now: BeijingTime
