"""Heavy photos: stored at once, rendered by whoever claims them, once, and failed for good only with a verdict."""

import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import obstore
import pytest
from PIL import Image
from sqlmodel import select

from app.identity.models import UserAccount
from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.media.budget import PhotoBudget
from app.media.jobs import expire_photos, render_photos
from app.media.models import Photo, PhotoKind, PhotoState
from app.media.refusals import PhotoServiceBusy
from app.media.rendering import GAVE_UP, LEASE, MOST_ATTEMPTS, RETRY_AFTER, claim_waiting
from app.media.upload import upload_photo
from tests.media.pictures import A_HEIC, QUARTERS, a_box, a_png, corners, decoded

Upload = Callable[..., Photo]

HUGE = 3000, 2900
DAMAGED = a_png(HUGE, zlib.compress(b"\x00" * 1000))
"""Sound by its chunks and their checksums, but nearly all of the pixels are missing."""


class OddStore(BlobStore):
    """Answers nothing while it is `away`, loses the next `losses` files, does something before the next get or put."""

    away = False
    losses = 0
    before_get: Callable[[], object] | None = None
    before_put: Callable[[], object] | None = None

    def get(self, key: str) -> bytes:
        if self.away:
            raise ConnectionError
        do, self.before_get = self.before_get, None
        if do is not None:
            do()
        return super().get(key)

    def put(self, data: bytes, *, suffix: str) -> str:
        do, self.before_put = self.before_put, None
        if do is not None:
            do()
        key = super().put(data, suffix=suffix)
        if self.losses > 0:
            self.losses -= 1
            self.delete(key)
        return key

    def keys(self) -> list[str]:
        return [file["path"] for file in obstore.list(self._store).collect()]


@pytest.fixture
def blobs() -> OddStore:
    return OddStore.memory()


def stored(database: Database, photo: Photo) -> Photo:
    with database.reading() as session:
        return session.get_one(Photo, photo.id)


SHORTAGES = (
    MemoryError(),
    OSError("out of memory error when reading image file"),  # as Pillow's decoders say it
    RuntimeError("can't start new thread"),
)


def render_once(database: Database, blobs: BlobStore, now: datetime) -> int:
    return render_photos(database, blobs, lambda: now)


def test_a_heavy_photo_is_kept_at_once_and_waits(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    photo = stored(database, upload(owner_id, A_HEIC))
    assert (photo.state, photo.render_at, photo.render_attempts) == (PhotoState.PROCESSING, now, 0)
    assert (photo.large_key, photo.small_key, photo.dhash, photo.failure) == (None, None, None, None)
    assert blobs.get(photo.original_key) == A_HEIC
    assert (photo.mime, photo.width, photo.height, photo.exif_lon) == ("image/heic", 64, 48, 120.383)


def test_a_light_photo_has_its_hash_and_does_not_wait(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    photo = stored(database, upload(owner_id))
    assert (photo.state, photo.render_at) == (PhotoState.READY, None)
    assert len(photo.dhash or "") == 16
    assert render_once(database, blobs, now) == 0


def test_the_worker_renders_what_waits(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    waiting = upload(owner_id, A_HEIC)
    assert render_once(database, blobs, now) == 1
    photo = stored(database, waiting)
    assert (photo.state, photo.render_at, photo.failure) == (PhotoState.READY, None, None)
    assert len(photo.dhash or "") == 16
    for key in (photo.large_key, photo.small_key):
        assert corners(decoded(blobs.get(str(key)))) == list(QUARTERS)
    assert render_once(database, blobs, now) == 0


def test_who_has_waited_longest_is_first_and_nobody_is_taken_before_their_time(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    ages = {minutes: upload(owner_id, A_HEIC, at=now - timedelta(minutes=minutes)) for minutes in (1, 3, 2, -1)}
    order = []
    while render_once(database, blobs, now):
        order += [age for age in ages if age not in order and stored(database, ages[age]).state is PhotoState.READY]
    assert order == [3, 2, 1]


def test_damaged_pixels_are_a_verdict(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    waiting = upload(owner_id, DAMAGED)
    assert waiting.state is PhotoState.PROCESSING
    assert render_once(database, blobs, now) == 1
    photo = stored(database, waiting)
    assert (photo.state, photo.failure, photo.render_at) == (PhotoState.FAILED, "PHOTO_UNREADABLE", None)
    assert (photo.large_key, photo.dhash) == (None, None)
    assert blobs.get(photo.original_key) == DAMAGED
    assert render_once(database, blobs, now + timedelta(days=1)) == 0


def test_no_transaction_is_open_while_pixels_are_worked_on(
    database: Database, blobs: OddStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    waiting = upload(owner_id, A_HEIC)

    def look() -> None:
        with database.reading() as session:  # raises where this thread holds a session already
            session.get_one(Photo, waiting.id)

    blobs.before_get = blobs.before_put = look
    assert render_once(database, blobs, now) == 1
    assert stored(database, waiting).state is PhotoState.READY


def test_what_may_pass_is_tried_again_later_and_given_up_in_the_end(
    database: Database, blobs: OddStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    waiting = upload(owner_id, A_HEIC)
    blobs.away = True
    for attempt, wait in enumerate(RETRY_AFTER, start=1):
        assert render_once(database, blobs, now) == 1
        photo = stored(database, waiting)
        assert (photo.state, photo.render_attempts, photo.render_at) == (PhotoState.PROCESSING, attempt, now + wait)
        assert render_once(database, blobs, now + wait - timedelta(seconds=1)) == 0
        now += wait
    assert render_once(database, blobs, now) == 1
    photo = stored(database, waiting)
    assert (photo.state, photo.failure, photo.render_attempts) == (PhotoState.FAILED, GAVE_UP, MOST_ATTEMPTS)


def test_a_trouble_that_passes_leaves_no_trace(
    database: Database, blobs: OddStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    waiting = upload(owner_id, A_HEIC)
    blobs.away = True
    render_once(database, blobs, now)
    blobs.away = False
    assert render_once(database, blobs, now + RETRY_AFTER[0]) == 1
    photo = stored(database, waiting)
    assert (photo.state, photo.failure, photo.render_attempts) == (PhotoState.READY, None, 2)


def test_a_photo_given_up_is_tried_again_when_it_is_sent_again(
    database: Database, blobs: OddStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    """Even its original was lost in the outage."""
    waiting = upload(owner_id, A_HEIC, client_id="a")
    blobs.away = True
    for wait in (*RETRY_AFTER, timedelta(0)):
        assert render_once(database, blobs, now) == 1
        now += wait
    blobs.away = False
    assert stored(database, waiting).failure == GAVE_UP
    blobs.delete(waiting.original_key)
    again = upload(owner_id, A_HEIC, client_id="a", at=now)
    assert (again.id, again.state, again.failure) == (waiting.id, PhotoState.PROCESSING, None)
    assert (again.render_at, again.render_attempts) == (now, 0)
    assert render_once(database, blobs, now) == 1
    assert stored(database, waiting).state is PhotoState.READY


def test_a_verdict_stands_when_the_photo_is_sent_again(
    database: Database, blobs: OddStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    upload(owner_id, DAMAGED, client_id="a")
    assert render_once(database, blobs, now) == 1
    again = upload(owner_id, DAMAGED, client_id="a")
    assert (again.state, again.failure, again.render_attempts) == (PhotoState.FAILED, "PHOTO_UNREADABLE", 1)
    assert render_once(database, blobs, now) == 0


@pytest.mark.parametrize("shortage", SHORTAGES, ids=str)
def test_a_lack_of_memory_is_no_verdict(
    *,
    database: Database,
    blobs: OddStore,
    owner_id: int,
    upload: Upload,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    shortage: Exception,
) -> None:
    waiting = upload(owner_id, A_HEIC)

    def fail(*_: object, **__: object) -> None:
        raise shortage

    with monkeypatch.context() as short:
        short.setattr(Image, "open", fail)
        assert render_once(database, blobs, now) == 1
        with pytest.raises(PhotoServiceBusy) as refused:
            upload(owner_id)
        assert refused.value.facts == {"retry_after_s": 5}
    photo = stored(database, waiting)
    assert (photo.state, photo.failure, photo.render_at) == (PhotoState.PROCESSING, None, now + RETRY_AFTER[0])
    assert render_once(database, blobs, now + RETRY_AFTER[0]) == 1
    assert stored(database, waiting).state is PhotoState.READY


def test_a_worker_that_dies_is_replaced_and_dies_five_times_at_most(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    waiting = upload(owner_id, A_HEIC)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        with database.transaction() as session:
            claimed = claim_waiting(session, now=now)  # and nothing more is heard of it
        assert claimed is not None
        assert claimed.attempt == attempt
        assert render_once(database, blobs, now + LEASE - timedelta(seconds=1)) == 0
        now += LEASE
    assert render_once(database, blobs, now) == 0
    photo = stored(database, waiting)
    assert (photo.state, photo.failure) == (PhotoState.FAILED, GAVE_UP)


def test_a_slow_worker_changes_nothing_that_another_has_done(
    database: Database, blobs: OddStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    waiting = upload(owner_id, A_HEIC)
    blobs.before_put = partial(render_once, database, blobs, now + LEASE)
    assert render_once(database, blobs, now) == 1
    photo = stored(database, waiting)
    assert (photo.state, photo.render_attempts) == (PhotoState.READY, 2)
    assert {photo.original_key, photo.large_key, photo.small_key} == set(blobs.keys())


def test_a_slow_worker_does_not_delay_what_another_has_taken_over(
    database: Database, blobs: OddStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    waiting = upload(owner_id, A_HEIC)

    def be_replaced() -> None:
        with database.transaction() as session:
            assert claim_waiting(session, now=now + LEASE) is not None
        raise ConnectionError

    blobs.before_get = be_replaced
    assert render_once(database, blobs, now) == 1
    photo = stored(database, waiting)
    assert (photo.state, photo.render_attempts, photo.render_at) == (PhotoState.PROCESSING, 2, now + 2 * LEASE)


def test_a_photo_that_expired_meanwhile_leaves_no_files(
    database: Database, blobs: OddStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    upload(owner_id, A_HEIC)
    blobs.before_put = partial(expire_photos, database, blobs, now + timedelta(hours=25))
    assert render_once(database, blobs, now) == 1
    assert blobs.keys() == []
    with database.reading() as session:
        assert session.exec(select(Photo.id)).all() == []


def test_pictures_that_an_expiring_twin_took_along_come_back(
    database: Database, blobs: OddStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    """As when the same picture expires between the files of this one and its row."""
    waiting = upload(owner_id, A_HEIC)
    blobs.losses = 2
    assert render_once(database, blobs, now) == 1
    photo = stored(database, waiting)
    assert {photo.original_key, photo.large_key, photo.small_key} == set(blobs.keys())


def test_a_waiting_photo_that_nobody_attached_is_forgotten(
    database: Database, blobs: OddStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    upload(owner_id, A_HEIC)
    assert expire_photos(database, blobs, now + timedelta(hours=25)) == 1
    assert blobs.keys() == []


class CountingStore(BlobStore):
    """Counts how often each file was read."""

    def get(self, key: str) -> bytes:
        reads[key] += 1
        return super().get(key)


reads: Counter[str] = Counter()


def test_workers_side_by_side_render_each_photo_once(committed_database: Database, now: datetime) -> None:
    """Originals that differ behind the picture, so that each read can be told from the others."""
    blobs = CountingStore.memory()
    reads.clear()
    with committed_database.transaction() as session:
        owner = UserAccount(display_name="某人", roles=[], created_at=now)
        session.add(owner)
        session.flush()
        owner_id = owner.id
    assert owner_id is not None
    photos = [
        upload_photo(
            committed_database,
            blobs,
            A_HEIC + a_box(b"free", bytes([each])),
            owner_id=owner_id,
            kind=PhotoKind.NEAR,
            client_id=None,
            budget=PhotoBudget(),
            now=now,
        )
        for each in range(12)
    ]

    def work() -> int:
        done = 0
        while render_once(committed_database, blobs, now):
            done += 1
        return done

    with ThreadPoolExecutor(4) as workers:
        done = [future.result() for future in [workers.submit(work) for _ in range(4)]]
    assert sum(done) == len(photos)
    assert reads == {photo.original_key: 1 for photo in photos}
    assert {(each.state, each.render_attempts) for each in (stored(committed_database, photo) for photo in photos)} == {
        (PhotoState.READY, 1)
    }
