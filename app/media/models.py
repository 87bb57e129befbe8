"""The table of photos: what is known of each, and where its three files are."""

from datetime import datetime
from enum import Enum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.infra.columns import choice

PHOTO_ID = r"^[0-9A-Za-z_-]{22}$"
"""What a photo's id looks like: 128 random bits in base64url."""

_UNATTACHED = text("report_id IS NULL")


class PhotoKind(str, Enum):
    """What a photo shows: the problem from near (近景) or far (远景), the result, or a check on the spot."""

    NEAR = "near"
    FAR = "far"
    AFTER = "after"
    CHECK = "check"
    OTHER = "other"


class Photo(SQLModel, table=True):
    """One uploaded photo; until `report_id` is set it belongs to its uploader only, and expires.

    `width`, `height` and the EXIF hints are those of `app.media.images.RenderedPhoto`. The original is evidence and
    never altered. Files are kept by content, so several photos may share one.
    """

    __tablename__ = "photo"
    __table_args__ = (
        UniqueConstraint("owner_id", "client_id"),
        Index("ix_photo_unattached", "created_at", postgresql_where=_UNATTACHED, sqlite_where=_UNATTACHED),
    )

    id: str = Field(primary_key=True, max_length=22)
    owner_id: int = Field(foreign_key="user_account.id")
    report_id: int | None = Field(default=None, foreign_key="report.id", index=True)
    kind: PhotoKind = choice(PhotoKind)
    client_id: str | None = Field(default=None, max_length=64)
    sha256: str = Field(max_length=64)
    original_key: str = Field(max_length=80, index=True)
    large_key: str = Field(max_length=80, index=True)
    small_key: str = Field(max_length=80, index=True)
    mime: str = Field(max_length=32)
    size_bytes: int
    width: int
    height: int
    taken_at: datetime | None = None
    taken_at_is_assumed: bool = False
    exif_lon: float | None = None
    exif_lat: float | None = None
    created_at: datetime
    attached_at: datetime | None = None
    position: int = 0
