"""Making heavy photos visible after their upload was answered: claimed by a lease, rendered outside any transaction.

A worker that dies leaves its claim behind, and whoever ticks next after the lease takes the photo again. One that was
only slow finds that the photo is no longer its own, and changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, col, select, update

from app.domain.errors import Invalid
from app.infra.blobs import BlobStore
from app.infra.claims import claim
from app.infra.database import Database
from app.media.budget import PhotoBudget, turn
from app.media.expire import delete_unused
from app.media.images import Rendering, outline_of, render
from app.media.models import Photo, PhotoState
from app.media.store import Shown, put_rendering

LEASE = timedelta(minutes=3)
"""Far longer than the heaviest photo takes, from the file store and back."""

RETRY_AFTER = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""How long to wait after each failure that may pass; the one after the last of these is final."""

MOST_ATTEMPTS = len(RETRY_AFTER) + 1

GAVE_UP = "PHOTO_NOT_RENDERED"
"""The failure of a photo on which every attempt failed without a verdict about the photo."""

_BUDGET = PhotoBudget(wait_s=60)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A photo that this worker may render until the lease ends; `attempt` counts from 1."""

    photo_id: str
    original_key: str
    attempt: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Rendered:
    """The photo's pictures, and where their files are."""

    rendering: Rendering
    shown: Shown


@dataclass(frozen=True, slots=True)
class Refused:
    """The photo cannot be rendered, ever; `code` says why."""

    code: str


@dataclass(frozen=True, slots=True)
class Delayed:
    """Something went wrong that may be right next time."""


Outcome = Rendered | Refused | Delayed


def claim_waiting(session: Session, *, now: datetime) -> Claimed | None:
    """Claim the photo that has been due longest, or return None if none is.

    A photo whose last attempt ended without a word, with its worker, has failed.
    """
    due = (
        select(Photo)
        .where(col(Photo.state) == PhotoState.PROCESSING, col(Photo.render_at) <= now)
        .order_by(col(Photo.render_at))
    )
    for photo in claim(session, due, limit=1):
        if photo.render_attempts < MOST_ATTEMPTS:
            photo.render_attempts += 1
            photo.render_at = now + LEASE
            return Claimed(photo.id, photo.original_key, photo.render_attempts, photo.render_at)
        photo.state, photo.failure, photo.render_at = PhotoState.FAILED, GAVE_UP, None
    return None


def render_claimed(blobs: BlobStore, claimed: Claimed) -> Outcome:
    """Render one photo and write its files; nothing that goes wrong is raised. Not to be called in a transaction."""
    try:
        rendering = _render(blobs.get(claimed.original_key))
        return Rendered(rendering, put_rendering(blobs, rendering))
    except Invalid as refusal:
        return Refused(refusal.code)
    except Exception as error:  # noqa: BLE001 - the photo waits for another try, whatever it was
        _log.error("photo not rendered", photo=claimed.photo_id, attempt=claimed.attempt, exc_info=error)
        return Delayed()


def _render(original: bytes) -> Rendering:
    photo_format, frame = outline_of(original)
    with turn(frame, _BUDGET.wait_s):
        return render(original, photo_format, budget=_BUDGET)


def settle(session: Session, claimed: Claimed, outcome: Outcome, *, now: datetime) -> bool:
    """Store what became of a claimed photo; return False if it is gone or somebody else's by now."""
    mine = (
        col(Photo.id) == claimed.photo_id,
        col(Photo.state) == PhotoState.PROCESSING,
        col(Photo.render_at) == claimed.until,
    )
    values = _outcome(claimed, outcome, now)
    statement = update(Photo).where(*mine).values(values)
    return session.exec(statement, execution_options={"synchronize_session": False}).rowcount == 1


def _outcome(claimed: Claimed, outcome: Outcome, now: datetime) -> dict[str, object]:
    if isinstance(outcome, Rendered):
        shown = outcome.shown
        files = {"large_key": shown.large, "small_key": shown.small, "dhash": shown.dhash}
        return {"state": PhotoState.READY, "render_at": None, **files}
    if isinstance(outcome, Delayed) and claimed.attempt < MOST_ATTEMPTS:
        return {"render_at": now + RETRY_AFTER[claimed.attempt - 1]}
    code = outcome.code if isinstance(outcome, Refused) else GAVE_UP
    return {"state": PhotoState.FAILED, "render_at": None, "failure": code}


def put_right(database: Database, blobs: BlobStore, rendered: Rendered, *, is_kept: bool) -> None:
    """Put the files right after the row was settled: nobody's go, and those that an expiring twin took come back."""
    shown = rendered.shown
    if not is_kept:
        delete_unused(database, blobs, {shown.large, shown.small})
    elif not (blobs.exists(shown.large) and blobs.exists(shown.small)):
        put_rendering(blobs, rendered.rendering)
