"""The table of photos: what is known of each, and where its three files are."""

from datetime import datetime
from enum import Enum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.infra.columns import choice

PHOTO_ID = r"^[0-9A-Za-z_-]{22}$"
"""What a photo's id looks like: 128 random bits in base64url."""

_UNATTACHED = text("report_id IS NULL")
_PROCESSING = text("state = 'processing'")


class PhotoKind(str, Enum):
    """What a photo shows: the problem from near (近景) or far (远景), the result, or a check on the spot."""

    NEAR = "near"
    FAR = "far"
    AFTER = "after"
    CHECK = "check"
    OTHER = "other"


class PhotoState(str, Enum):
    """Whether a photo can be shown: heavy formats are rendered by the worker after the upload was acknowledged."""

    READY = "ready"
    PROCESSING = "processing"
    FAILED = "failed"


class Photo(SQLModel, table=True):
    """One uploaded photo; until `report_id` is set it belongs to its uploader only, and expires.

    `width`, `height` and the EXIF hints are those of `app.media.images.RenderedPhoto`. The original is evidence and
    never altered. Files are kept by content, so several photos may share one.

    `large_key`, `small_key` and `dhash` (16 hexadecimal digits) are null unless the photo is ready; `render_at` says
    when the worker may next try one that is processing, `failure` is the code of the refusal of one that failed.
    `place_gap_m` and `time_gap_s` compare the camera's notes with the report's place and time: metres between the two
    places, seconds from the picture to the report (negative when the camera's clock was ahead).
    """

    __tablename__ = "photo"
    __table_args__ = (
        UniqueConstraint("owner_id", "client_id"),
        Index("ix_photo_unattached", "created_at", postgresql_where=_UNATTACHED, sqlite_where=_UNATTACHED),
        Index("ix_photo_processing", "render_at", postgresql_where=_PROCESSING, sqlite_where=_PROCESSING),
    )

    id: str = Field(primary_key=True, max_length=22)
    owner_id: int = Field(foreign_key="user_account.id")
    report_id: int | None = Field(default=None, foreign_key="report.id", index=True)
    kind: PhotoKind = choice(PhotoKind)
    client_id: str | None = Field(default=None, max_length=64)
    sha256: str = Field(max_length=64)
    original_key: str = Field(max_length=80, index=True)
    large_key: str | None = Field(default=None, max_length=80, index=True)
    small_key: str | None = Field(default=None, max_length=80, index=True)
    state: PhotoState = choice(PhotoState, default=PhotoState.READY, sa_column_kwargs={"server_default": "ready"})
    dhash: str | None = Field(default=None, max_length=16)
    render_at: datetime | None = None
    render_attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    failure: str | None = Field(default=None, max_length=64)
    mime: str = Field(max_length=32)
    size_bytes: int
    width: int
    height: int
    taken_at: datetime | None = None
    taken_at_is_assumed: bool = False
    exif_lon: float | None = None
    exif_lat: float | None = None
    place_gap_m: float | None = None
    time_gap_s: int | None = None
    created_at: datetime
    attached_at: datetime | None = None
    position: int = 0
