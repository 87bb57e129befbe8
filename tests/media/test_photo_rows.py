"""Photos in the database: kept once per client id, bound once, forgotten when nobody sends them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.media.attach import attach_photos
from app.media.budget import PhotoBudget
from app.media.expire import KEPT_UNATTACHED, delete_unused, expire_unattached
from app.media.images import inspect_and_render
from app.media.jobs import expire_photos
from app.media.models import Photo, PhotoKind, PhotoState
from app.media.queries import photos_of
from app.media.refusals import PhotoClientIdReused, PhotoNotFound, PhotoTaken
from app.media.rendering import GAVE_UP
from app.media.resend import renewed
from app.media.store import put_files, store_photo
from app.media.upload import upload_photo
from tests.media.pictures import a_jpeg, exif

Upload = Callable[..., Photo]
NewId = Callable[..., int]


def stored(database: Database, photo: Photo) -> Photo | None:
    with database.reading() as session:
        return session.get(Photo, photo.id)


def keys_of(photo: Photo) -> list[str]:
    """Return where the files of a ready photo are: original, large and small."""
    keys = [photo.original_key, photo.large_key, photo.small_key]
    assert all(keys)
    return [str(key) for key in keys]


def count(database: Database) -> int:
    with database.reading() as session:
        return len(session.exec(select(Photo.id)).all())


def attach(database: Database, photo_ids: list[str], report_id: int, owner_id: int, now: datetime) -> None:
    with database.transaction() as session:
        attach_photos(
            session, photo_ids=photo_ids, report_id=report_id, owner_id=owner_id, place=(120.4, 36.1), now=now
        )


def test_everything_known_of_a_photo_is_kept(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    original = a_jpeg(
        80,
        60,
        exif=exif(
            base={0x0112: 6},
            detail={0x9003: "2026:11:20 09:59:00"},
            gps={1: "N", 2: (36.0, 4.0, 1.2), 3: "E", 4: (120.0, 22.0, 58.8)},
        ),
    )
    photo = stored(database, upload(owner_id, original, client_id="draft-1"))
    assert photo is not None
    assert (photo.owner_id, photo.client_id, photo.kind, photo.report_id) == (owner_id, "draft-1", "near", None)
    assert (photo.width, photo.height, photo.mime, photo.size_bytes) == (60, 80, "image/jpeg", len(original))
    assert photo.taken_at == datetime(2026, 11, 20, 1, 59, tzinfo=UTC)
    assert photo.taken_at_is_assumed
    assert (photo.exif_lon, photo.exif_lat) == (120.383, 36.067)
    assert photo.created_at == now
    assert [blobs.get(key)[:2] for key in keys_of(photo)] == [b"\xff\xd8"] * 3
    assert blobs.get(photo.original_key) == original
    assert len(photo.id) == 22


def test_the_same_photo_sent_again_is_the_same_photo(database: Database, owner_id: int, upload: Upload) -> None:
    first = upload(owner_id, client_id="draft-1")
    assert upload(owner_id, client_id="draft-1").id == first.id
    assert count(database) == 1


def test_a_client_id_belongs_to_one_user(database: Database, upload: Upload, new_user: NewId) -> None:
    assert upload(new_user(), client_id="a").id != upload(new_user(), client_id="a").id
    assert count(database) == 2


def test_without_a_client_id_every_upload_is_a_photo(database: Database, owner_id: int, upload: Upload) -> None:
    assert upload(owner_id).id != upload(owner_id).id
    assert count(database) == 2


def test_a_client_id_cannot_stand_for_two_pictures(owner_id: int, upload: Upload) -> None:
    upload(owner_id, a_jpeg(64, 48), client_id="a")
    with pytest.raises(PhotoClientIdReused):
        upload(owner_id, a_jpeg(48, 64), client_id="a")


def test_two_uploads_at_once_under_one_client_id_make_one_photo(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    """The second one was still rendering when the first was stored."""
    first = upload(owner_id, client_id="a")
    facts, rendering = inspect_and_render(a_jpeg(), budget=PhotoBudget())
    files = put_files(blobs, a_jpeg(), facts, rendering)
    with database.transaction() as session:
        late = store_photo(session, facts, files, owner_id=owner_id, kind=PhotoKind.NEAR, client_id="a", now=now)
    assert late.id == first.id
    assert count(database) == 1


def test_a_photo_needs_an_owner(database: Database, upload: Upload) -> None:
    with pytest.raises(IntegrityError):
        upload(987654)
    assert count(database) == 0


def test_photos_keep_the_order_they_were_given_in(
    database: Database, owner_id: int, upload: Upload, new_report: NewId, now: datetime
) -> None:
    report_id, other_id = new_report(owner_id), new_report(owner_id)
    photos = [upload(owner_id).id for _ in range(4)]
    wanted = [photos[2], photos[0], photos[3]]
    attach(database, [*wanted, photos[2]], report_id, owner_id, now)
    attach(database, [photos[1]], report_id, owner_id, now + timedelta(hours=1))
    with database.reading() as session:
        found = photos_of(session, [report_id, other_id])
    assert [ref.id for ref in found[report_id]] == [*wanted, photos[1]]
    assert [ref.attached_at for ref in found[report_id]] == [now] * 3 + [now + timedelta(hours=1)]
    assert found[other_id] == []


def test_attaching_nothing_is_fine(database: Database, owner_id: int, now: datetime) -> None:
    attach(database, [], 1, owner_id, now)
    with database.reading() as session:
        assert photos_of(session, []) == {}


def test_somebody_elses_photo_is_not_found(
    database: Database, upload: Upload, new_user: NewId, new_report: NewId, now: datetime
) -> None:
    owner_id, thief_id = new_user(), new_user()
    mine, theirs = upload(thief_id).id, upload(owner_id).id
    report_id = new_report(thief_id)
    with pytest.raises(PhotoNotFound) as refused:
        attach(database, [mine, theirs, "x" * 22], report_id, thief_id, now)
    assert refused.value.facts == {"photo_ids": [theirs, "x" * 22]}
    with database.reading() as session:
        assert session.exec(select(Photo.id).where(col(Photo.report_id).is_not(None))).all() == []


def test_a_photo_serves_one_report_only(
    database: Database, owner_id: int, upload: Upload, new_report: NewId, now: datetime
) -> None:
    used, free = upload(owner_id).id, upload(owner_id).id
    first_report = new_report(owner_id)
    attach(database, [used], first_report, owner_id, now)
    for report_id in (new_report(owner_id), first_report):
        with pytest.raises(PhotoTaken) as refused:
            attach(database, [free, used], report_id, owner_id, now)
        assert refused.value.facts == {"photo_ids": [used]}
    attach(database, [free], new_report(owner_id), owner_id, now)


def test_a_photo_that_nobody_attached_is_forgotten(
    *, database: Database, blobs: BlobStore, owner_id: int, upload: Upload, new_report: NewId, now: datetime
) -> None:
    old = now - KEPT_UNATTACHED - timedelta(seconds=1)
    forgotten = upload(owner_id, a_jpeg(50, 50), at=old)
    attached = upload(owner_id, a_jpeg(51, 51), at=old)
    young = upload(owner_id, a_jpeg(52, 52), at=now - KEPT_UNATTACHED)
    attach(database, [attached.id], new_report(owner_id), owner_id, now)
    assert expire_photos(database, blobs, now) == 1
    assert expire_photos(database, blobs, now) == 0
    assert stored(database, forgotten) is None
    assert not any(blobs.exists(key) for key in keys_of(forgotten))
    for kept in (attached, young):
        assert stored(database, kept) is not None
        assert all(blobs.exists(key) for key in keys_of(kept))


def test_files_that_another_photo_shares_stay(
    database: Database, blobs: BlobStore, upload: Upload, new_user: NewId, now: datetime
) -> None:
    old = now - timedelta(days=2)
    first = upload(new_user(), at=old)
    twin = upload(new_user(), at=now)
    large_key = keys_of(upload(new_user(), a_jpeg(2000, 60), at=old))[1]
    copied_rendering = upload(new_user(), blobs.get(large_key), at=now)
    assert expire_photos(database, blobs, now) == 2
    assert stored(database, first) is None
    assert blobs.get(twin.original_key) == a_jpeg()
    assert blobs.exists(copied_rendering.original_key)


def test_expiry_takes_the_oldest_first_and_no_more_than_asked(
    database: Database, owner_id: int, upload: Upload, now: datetime
) -> None:
    ages = [3, 5, 4]
    photos = {days: upload(owner_id, at=now - timedelta(days=days)) for days in ages}
    with database.transaction() as session:
        expired = expire_unattached(session, before=now - timedelta(days=1), limit=2)
    assert (expired.count, expired.unused_keys) == (2, frozenset())
    assert stored(database, photos[3]) is not None
    assert count(database) == 1


def test_a_file_taken_up_while_it_was_being_deleted_is_put_back(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    old = upload(owner_id, at=now - timedelta(days=2))
    with database.transaction() as session:
        expired = expire_unattached(session, before=now - timedelta(days=1), limit=10)
    assert old.original_key in expired.unused_keys
    fresh = upload(owner_id)  # same content, same files
    assert delete_unused(database, blobs, expired.unused_keys) == 0
    assert blobs.get(fresh.original_key) == a_jpeg()


def test_a_photo_sent_again_is_as_young_as_a_new_one(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    first = upload(owner_id, client_id="a", at=now - KEPT_UNATTACHED - timedelta(seconds=1))
    again = upload(owner_id, client_id="a", at=now)
    assert (again.id, again.created_at) == (first.id, now)
    assert expire_photos(database, blobs, now) == 0
    assert stored(database, first) is not None
    assert expire_photos(database, blobs, now + KEPT_UNATTACHED + timedelta(seconds=1)) == 1


def test_a_photo_of_a_report_keeps_its_age_when_it_is_sent_again(
    database: Database, owner_id: int, upload: Upload, new_report: NewId, now: datetime
) -> None:
    first = upload(owner_id, client_id="a")
    attach(database, [first.id], new_report(owner_id), owner_id, now)
    again = upload(owner_id, client_id="a", at=now + timedelta(days=3))
    assert (again.id, again.created_at) == (first.id, now)


def test_a_photo_that_expired_before_it_could_be_renewed_is_gone(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    known = upload(owner_id, client_id="a", at=now - timedelta(days=2))
    assert expire_photos(database, blobs, now) == 1
    with database.transaction() as session:
        assert renewed(session, known, now=now) is None


def test_a_photo_that_expires_while_it_is_sent_again_is_kept_as_new(
    database: Database, blobs: BlobStore, owner_id: int, upload: Upload, now: datetime
) -> None:
    """It expires when its lookup has ended, before it is renewed."""
    first = upload(owner_id, client_id="a", at=now - timedelta(days=2))
    with database.transaction() as session:
        session.get_one(Photo, first.id).failure = GAVE_UP
        session.get_one(Photo, first.id).state = PhotoState.FAILED

    class ExpiringStore(BlobStore):
        expired = 0

        def put(self, data: bytes, *, suffix: str) -> str:
            if not self.expired:
                self.expired = expire_photos(database, blobs, now)
            return blobs.put(data, suffix=suffix)

        def exists(self, key: str) -> bool:
            return blobs.exists(key)

    expiring = ExpiringStore.memory()
    again = upload_photo(
        database,
        expiring,
        a_jpeg(),
        owner_id=owner_id,
        kind=PhotoKind.NEAR,
        client_id="a",
        budget=PhotoBudget(),
        now=now,
    )
    assert expiring.expired == 1
    assert again.id != first.id
    assert stored(database, again) is not None
    assert all(blobs.exists(key) for key in keys_of(again))


class ForgetfulStore(BlobStore):
    """Loses what it was given first: as when the same content expires between the files and the row."""

    losses = 3

    def put(self, data: bytes, *, suffix: str) -> str:
        key = super().put(data, suffix=suffix)
        if self.losses > 0:
            self.losses -= 1
            self.delete(key)
        return key


def test_files_deleted_while_a_photo_was_being_stored_are_written_again(
    database: Database, owner_id: int, now: datetime
) -> None:
    blobs = ForgetfulStore.memory()
    photo = upload_photo(
        database,
        blobs,
        a_jpeg(),
        owner_id=owner_id,
        kind=PhotoKind.NEAR,
        client_id=None,
        budget=PhotoBudget(),
        now=now,
    )
    assert blobs.get(photo.original_key) == a_jpeg()
    assert all(blobs.exists(key) for key in keys_of(photo))
