"""Puts together what a client needs to know before it can report, and tells versions of it apart."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from app.city.snapshot import CategoryFact
from app.domain.gcj02 import Datum
from app.domain.questions import Question, questions_of
from app.places.config.schemas import CategoryRead, ChoiceRead, ConfigRead, LimitsRead, QuestionRead
from app.reports.actions.schemas import MAX_PHOTOS
from app.reports.schemas import MAX_DESCRIPTION
from app.reports.world import World
from app.texts import text

MIN_CLIENT_VERSION = "1.0.0"


def config_of(world: World, *, photo_bytes_max: int, now: datetime) -> ConfigRead:
    """Return the public categories with their questions, the limits and the versions they belong to."""
    asked = world.rulebook.questions
    return ConfigRead(
        version=str(world.city.version),
        rule_set=world.rulebook.version,
        service_name=text("city.service_name"),
        categories=[_category(each, asked) for each in world.city.categories if each.is_public],
        questions=[_question(each) for each in asked],
        limits=LimitsRead(
            photos_max=MAX_PHOTOS,
            photo_bytes_max=photo_bytes_max,
            description_max=MAX_DESCRIPTION,
            datums=[datum.value for datum in _DATUMS],
        ),
        min_client_version=MIN_CLIENT_VERSION,
        now=now,
    )


_DATUMS = (Datum.GCJ02, Datum.WGS84, Datum.BD09, Datum.CGCS2000)
"""In the order in which clients meet them."""


def tag_of(world: World, *, photo_bytes_max: int) -> str:
    """Return the ETag: another one as soon as the city, its rules or the limits are others."""
    content = f"{world.city.version}:{world.rule_set_id}:{MIN_CLIENT_VERSION}:{photo_bytes_max}"
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:16]}"'


def _category(category: CategoryFact, asked: Sequence[Question]) -> CategoryRead:
    return CategoryRead(
        code=category.code,
        name=category.name,
        hint=category.hint,
        icon=category.icon,
        questions=[_question(each) for each in questions_of(asked, category.code)],
    )


def _question(question: Question) -> QuestionRead:
    choices = [ChoiceRead(code=choice.code, text=choice.text) for choice in question.choices]
    return QuestionRead(code=question.code, text=question.text, choices=choices)
