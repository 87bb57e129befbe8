"""The durations and how they are counted; docs/metrics.md carries the same words."""

from enum import Enum
from typing import Final

from pydantic import BaseModel

from app.domain.durations import Milestone
from app.domain.limits import Clock
from app.domain.workflow import Stage
from app.texts import text
from app.texts.zh_cn_analytics import TEXTS

SMALL_N: Final = 10
"""Below this many reports no rank is given."""


class Duration(str, Enum):
    """What is measured; Chinese in `app.texts` (`duration.<value>`)."""

    REPORT_TO_ACCEPT = "report_to_accept"
    REPORT_TO_DISPATCH = "report_to_dispatch"
    REPORT_TO_FEEDBACK = "report_to_feedback"
    REPORT_TO_CLOSE = "report_to_close"
    HANDLE = "handle"
    STAGE_ACCEPT = "stage_accept"
    STAGE_VERIFY = "stage_verify"
    STAGE_FILE = "stage_file"
    STAGE_DISPATCH = "stage_dispatch"
    STAGE_HANDLE = "stage_handle"
    STAGE_REVIEW = "stage_review"
    STAGE_CHECK = "stage_check"
    STAGE_CLOSE = "stage_close"
    HELD_BY_UNIT = "held_by_unit"


MILESTONE_OF: Final = {Duration(milestone.value): milestone for milestone in Milestone}
STAGE_MEASURED: Final = {Duration(f"stage_{stage.value}"): stage for stage in Stage}

DUE_WITH_CLOSING: Final = frozenset(
    {Duration.REPORT_TO_CLOSE, Duration.STAGE_REVIEW, Duration.STAGE_CHECK, Duration.STAGE_CLOSE}
)
"""Durations whose own stage ends with the closing deadline; every other one has the handling deadline."""


class Basis(str, Enum):
    """By which of its instants a report belongs to a Beijing day of the period."""

    REPORTED = "reported"
    CLOSED = "closed"
    DUE = "due"


class LeftOut(str, Enum):
    """Why a report of the period has no duration and will have none; Chinese in `app.texts` (`left_out.<value>`)."""

    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"
    REJECTED = "rejected"
    FORCE_CLOSED = "force_closed"
    NOT_PASSED = "not_passed"


class DurationDefinition(BaseModel):
    """What a duration means, in words."""

    key: Duration
    name: str
    starts: str
    ends: str
    note: str


class Term(BaseModel):
    """A word of the figures and what it means."""

    key: str
    meaning: str


class Definitions(BaseModel):
    """Everything needed to explain a figure."""

    durations: list[DurationDefinition]
    clocks: list[Term]
    bases: list[Term]
    figures: list[Term]
    left_out: list[Term]


def define(duration: Duration) -> DurationDefinition:
    key = duration.value
    return DurationDefinition(
        key=duration,
        name=text(f"duration.{key}"),
        starts=text(f"duration_starts.{key}"),
        ends=text(f"duration_ends.{key}"),
        note=text(f"duration_note.{key}"),
    )


def definitions() -> Definitions:
    figures = [key.removeprefix("figure.") for key in TEXTS if key.startswith("figure.")]
    return Definitions(
        durations=[define(duration) for duration in Duration],
        clocks=[Term(key=clock.value, meaning=text(f"clock_note.{clock.value}")) for clock in Clock],
        bases=[Term(key=basis.value, meaning=text(f"basis.{basis.value}")) for basis in Basis],
        figures=[Term(key=key, meaning=text(f"figure.{key}")) for key in figures],
        left_out=[Term(key=reason.value, meaning=text(f"left_out.{reason.value}")) for reason in LeftOut],
    )
