"""Reads `scenario.yaml`: stories that happen step by step as a person wrote them down."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict

from app.demo.deeds import DEEDS, Step
from app.demo.plan import Submission
from app.domain.roles import Role
from app.domain.working_time import BEIJING
from app.media.models import PhotoKind
from app.reports.models import Report
from app.reports.schemas import Location

FASTEST_STORY = "licang-42-minutes"

_LENGTH = re.compile(r"(?:(\d+) h)? ?(?:(\d+) min)?")


def _length(written: object) -> object:
    """Return `1 h 48 min` as a length of time."""
    found = _LENGTH.fullmatch(written) if isinstance(written, str) and written else None
    if found is None:
        return written
    return timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))


def _deed(written: object) -> object:
    if written not in DEEDS:
        raise ValueError(f"nobody can {written}")
    return written


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Sent(_Strict):
    days_ago: int
    at: time


class _Step(_Strict):
    after: Annotated[timedelta, BeforeValidator(_length)]
    who: Role
    does: Annotated[str, BeforeValidator(_deed)]
    words: str = ""
    choice: str = ""


class Story(_Strict):
    """One report from the first photo to its end; `reporter` is a citizen's name, or the inspector's login name."""

    key: str
    reporter: str
    sent: _Sent
    category: str
    words: str
    place: Location
    steps: list[_Step]

    def submission(self, *, now: datetime) -> Submission:
        day = now.astimezone(BEIJING).date() - timedelta(days=self.sent.days_ago)
        return Submission(
            at=datetime.combine(day, self.sent.at, tzinfo=BEIJING).astimezone(now.tzinfo),
            role=Role.INSPECTOR if self.reporter.startswith(Role.INSPECTOR.value) else Role.CITIZEN,
            reporter=self.reporter,
            shows=self.category,
            category=self.category,
            words=self.words,
            location=self.place,
            views=(PhotoKind.NEAR, PhotoKind.FAR),
            answers={},
        )


class _Scenario(_Strict):
    stories: list[Story]


@dataclass
class Script:
    """A story under way: its steps come when they are written, whatever the report looks like."""

    submission: Submission
    steps: Iterator[_Step] = field(repr=False)

    def next_step(self, _report: Report, *, now: datetime) -> Step | None:
        """Return the next written step; None at the end of the story.

        :raises ValueError: a step is written before the one it follows
        """
        step = next(self.steps, None)
        if step is None:
            return None
        at = self.submission.at + step.after
        if at < now:
            raise ValueError(f"{self.submission.reporter}: {step.does} comes before the step it follows")
        return Step(at, step.who, step.does, step.words, step.choice)


def load_scenario(path: Path | None = None) -> list[Story]:
    """Read the stories of a file, the shipped one by default.

    :raises pydantic.ValidationError: a deed, role or length of time that does not exist
    """
    written = path.read_text("utf-8") if path else files("app.demo").joinpath("scenario.yaml").read_text("utf-8")
    return _Scenario.model_validate(yaml.safe_load(written)).stories


def script(story: Story, *, now: datetime) -> Script:
    return Script(story.submission(now=now), iter(story.steps))
