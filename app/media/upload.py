"""Receiving a photo, in the order that holds no connection while pixels are worked on or files are written."""

import hashlib
from datetime import datetime

from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.media.budget import PhotoBudget, turn_in_request
from app.media.images import PhotoFacts, Rendering, inspect, render
from app.media.models import Photo, PhotoKind
from app.media.resend import renewed, restore_original
from app.media.store import has_files, put_files, same_photo, store_photo


def upload_photo(
    database: Database,
    blobs: BlobStore,
    original: bytes,
    *,
    owner_id: int,
    kind: PhotoKind,
    client_id: str | None,
    budget: PhotoBudget,
    now: datetime,
) -> Photo:
    """Check and keep a photo, and render it unless it is a heavy one: that is left to the worker.

    The same bytes under the same `client_id` are kept once; sent again, they count as new (`app.media.resend`).

    :raises PhotoClientIdReused: the id stands for another picture
    :raises PhotoServiceBusy: all decoders are taken, or memory is short
    :raises DomainError: any refusal of `inspect` and `render`
    """
    sha256 = hashlib.sha256(original).hexdigest()
    with database.reading() as session:
        known = same_photo(session, owner_id=owner_id, client_id=client_id, sha256=sha256)
    if known is not None:
        restore_original(blobs, original, known)
        with database.transaction() as session:
            known = renewed(session, known, now=now)
    if known is not None:
        return known
    facts = inspect(original, budget=budget)
    rendering = None if facts.is_heavy else _rendered(original, facts, budget)
    files = put_files(blobs, original, facts, rendering)
    with database.transaction() as session:
        photo = store_photo(session, facts, files, owner_id=owner_id, kind=kind, client_id=client_id, now=now)
    # An expiring photo of the same content may have taken the files along between the two steps above.
    # `delete_unused` looks for new rows after deleting, this looks for files after adding: one of the two notices.
    if not has_files(blobs, files):
        put_files(blobs, original, facts, rendering)
    return photo


def _rendered(original: bytes, facts: PhotoFacts, budget: PhotoBudget) -> Rendering:
    with turn_in_request(facts.frame, budget.wait_s):
        return render(original, facts.format, budget=budget)
