"""The words of the API about reports of one problem."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.duplicates import Why
from app.infra.wire import BeijingTime
from app.reports.alike.tokens import WRITTEN_AS
from app.reports.schemas import CategoryRef, MasterRead, ReportItem


class DuplicateRead(BaseModel):
    """An open report that is probably the same problem, for somebody about to report it.

    `distance_m` is rounded to ten metres and `submitted_at` down to the hour; nothing tells who sent it or which it is.
    Only one's own has its `number`, and no `join_token`.
    """

    join_token: str | None
    number: str | None
    why: Why
    why_text: str
    distance_m: int
    submitted_at: BeijingTime
    status_text: str
    category: CategoryRef


class JoinReport(BaseModel):
    """The wish to follow a report instead of sending the same once more."""

    model_config = ConfigDict(extra="forbid")

    join_token: Annotated[str, StringConstraints(pattern=WRITTEN_AS)] = Field(
        description="409 POSSIBLE_DUPLICATES 中该候选的 join_token，一小时内有效，仅限本人"
    )


class FollowedRead(BaseModel):
    """A report that the caller has joined: where it stands, or where the one it was merged into stands.

    As with a merged report, neither its number nor anything that its own reporter sent.
    """

    followed_id: str
    joined_at: BeijingTime
    category: CategoryRef | None
    is_merged: bool
    report: MasterRead


class DuplicateItem(BaseModel):
    """A report that is probably the same problem, for the desk.

    `photo_bits` says in how many of 64 bits the likest pictures differ, null when there was nothing to compare;
    `follower_count` how many reports follow this one already.
    """

    report: ReportItem
    why: Why
    why_text: str
    distance_m: int
    photo_bits: int | None
    follower_count: int
    is_master: bool = Field(description="即所查上报件已并入的那一件")


class DuplicatesRead(BaseModel):
    """What a report may be merged with, the likeliest first; at most twenty."""

    items: list[DuplicateItem]
    now: BeijingTime
