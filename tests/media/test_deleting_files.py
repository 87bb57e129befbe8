"""Deleting files while new photos of the same content come in, and while the file store or the database fails."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta

import pytest
from obstore.store import MemoryStore, ObjectStore
from sqlalchemy import event

from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.media.budget import PhotoBudget
from app.media.expire import delete_unused, expire_unattached
from app.media.models import Photo, PhotoKind
from app.media.upload import upload_photo
from tests.media.pictures import a_jpeg


class FailingStore(BlobStore):
    """Does something before the n-th get or behind the n-th delete, counting from 1."""

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store)
        self.before_get: dict[int, Callable[[], object]] = {}
        self.behind_delete: dict[int, Callable[[], object]] = {}
        self.gets = self.deletes = 0

    def get(self, key: str) -> bytes:
        self.gets += 1
        self.before_get.get(self.gets, int)()
        return super().get(key)

    def delete(self, key: str) -> None:
        self.deletes += 1
        super().delete(key)
        self.behind_delete.get(self.deletes, int)()


def fail() -> None:
    raise ConnectionError


@pytest.fixture
def failing() -> FailingStore:
    return FailingStore(MemoryStore())


def keep(database: Database, blobs: BlobStore, owner_id: int, at: datetime) -> Photo:
    return upload_photo(
        database,
        blobs,
        a_jpeg(),
        owner_id=owner_id,
        kind=PhotoKind.NEAR,
        client_id=None,
        budget=PhotoBudget(),
        now=at,
    )


def expired_keys(database: Database, failing: FailingStore, owner_id: int, now: datetime) -> list[str]:
    """Expire a photo; return its files in order, none of them deleted yet."""
    photo = keep(database, failing, owner_id, now - timedelta(days=2))
    with database.transaction() as session:
        expire_unattached(session, before=now - timedelta(days=1), limit=10)
    return [str(key) for key in (photo.original_key, photo.large_key, photo.small_key)]


@pytest.mark.parametrize("trouble", ["get", "delete"])
def test_a_file_store_that_fails_half_way_loses_nothing_of_a_new_photo(
    *, database: Database, failing: FailingStore, owner_id: int, now: datetime, trouble: str
) -> None:
    """The new photo of the same content is there just before its first file goes; the second file fails."""
    keys = expired_keys(database, failing, owner_id, now)
    failing.before_get = {1: lambda: keep(database, failing, owner_id, now)}
    if trouble == "get":
        failing.before_get[2] = fail  # it never comes to that: the other files are seen to be used before
    else:
        failing.behind_delete[1] = fail
    with suppress(ConnectionError):
        delete_unused(database, failing, keys)
    assert failing.deletes == 1
    assert all(failing.exists(key) for key in keys)


def test_a_file_store_that_fails_half_way_has_finished_what_it_began(
    database: Database, failing: FailingStore, owner_id: int, now: datetime
) -> None:
    keys = expired_keys(database, failing, owner_id, now)
    failing.before_get = {2: fail}
    with pytest.raises(ConnectionError):
        delete_unused(database, failing, keys)
    assert [failing.exists(key) for key in keys] == [False, True, True]


def test_a_file_is_put_back_when_the_database_cannot_be_asked(
    database: Database, failing: FailingStore, owner_id: int, now: datetime
) -> None:
    keys = expired_keys(database, failing, owner_id, now)
    with ExitStack() as broken:

        def lose_the_database() -> None:
            def refuse(*_: object) -> None:
                raise ConnectionError

            for engine in database.engines:
                event.listen(engine, "before_cursor_execute", refuse)
                broken.callback(event.remove, engine, "before_cursor_execute", refuse)

        failing.behind_delete = {1: lose_the_database}
        with pytest.raises(ConnectionError):
            delete_unused(database, failing, keys)
    assert failing.deletes == 1
    assert failing.get(keys[0]) == a_jpeg()
