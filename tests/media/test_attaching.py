"""Binding photos to a report: one that waits is as good as any, a failed one is not, cameras are held against it."""

import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import col, select

from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.media.attach import attach_photos
from app.media.jobs import render_photos
from app.media.models import Photo, PhotoState
from app.media.queries import photos_of
from app.media.refusals import PhotoFailed
from tests.media.pictures import A_HEIC, a_jpeg, a_png, exif

Upload = Callable[..., Photo]
NewId = Callable[..., int]

PLACE = 120.383, 36.067
"""Where the report is, WGS-84."""
NORTH_OF_IT: dict[int, Any] = {1: "N", 2: (36.0, 5.0, 1.2), 3: "E", 4: (120.0, 22.0, 58.8)}
"""One minute of latitude further."""


def attach(database: Database, photos: list[str], report_id: int, owner_id: int, now: datetime) -> None:
    with database.transaction() as session:
        attach_photos(session, photo_ids=photos, report_id=report_id, owner_id=owner_id, place=PLACE, now=now)


def gaps(
    database: Database, upload: Upload, new_report: NewId, owner_id: int, now: datetime, *, original: bytes
) -> tuple[float | None, int | None]:
    photo, report_id = upload(owner_id, original), new_report(owner_id)
    attach(database, [photo.id], report_id, owner_id, now)
    with database.reading() as session:
        (ref,) = photos_of(session, [report_id])[report_id]
    return ref.place_gap_m, ref.time_gap_s


@pytest.mark.parametrize(
    ("written", "offset", "seconds"),
    [
        ("2026:11:20 09:58:30", None, 90),  # the report is of 10:00 in Beijing
        ("2026:11:20 10:00:00", None, 0),
        ("2026:11:20 10:05:00", None, -300),
        ("2026:11:20 03:00:00", "+01:00", 0),
        ("2026:11:19 21:00:00", "-05:00", 0),
        ("2026:07:20 10:00:00", None, 123 * 86_400),  # no summer time between
        ("1990:07:20 10:00:00", None, 13_272 * 86_400),  # nor then, when China had one: no camera knew
        ("2099:09:29 10:10:10", None, -(2**31 - 1)),  # further off than the column can say
    ],
)
def test_the_gap_in_time_is_from_the_picture_to_the_report(
    *,
    database: Database,
    upload: Upload,
    new_report: NewId,
    owner_id: int,
    now: datetime,
    written: str,
    offset: str | None,
    seconds: int,
) -> None:
    detail = {0x9003: written} | ({0x9011: offset} if offset else {})
    original = a_jpeg(exif=exif(detail=detail))
    assert gaps(database, upload, new_report, owner_id, now, original=original) == (None, seconds)


def test_the_gap_in_place_is_in_metres(
    database: Database, upload: Upload, new_report: NewId, owner_id: int, now: datetime
) -> None:
    metres, seconds = gaps(database, upload, new_report, owner_id, now, original=a_jpeg(exif=exif(gps=NORTH_OF_IT)))
    assert metres == pytest.approx(1852, rel=0.005)  # a minute of latitude is a nautical mile
    assert seconds is None


def test_a_heic_is_compared_before_it_is_rendered(
    database: Database, upload: Upload, new_report: NewId, owner_id: int, now: datetime
) -> None:
    assert gaps(database, upload, new_report, owner_id, now, original=A_HEIC) == (0, 0)


def test_a_camera_that_notes_nothing_leaves_no_gaps(
    database: Database, upload: Upload, new_report: NewId, owner_id: int, now: datetime
) -> None:
    assert gaps(database, upload, new_report, owner_id, now, original=a_jpeg()) == (None, None)


def test_a_photo_that_waits_can_be_sent_at_once_and_becomes_visible(
    *, database: Database, blobs: BlobStore, upload: Upload, new_report: NewId, owner_id: int, now: datetime
) -> None:
    photo, report_id = upload(owner_id, A_HEIC), new_report(owner_id)
    attach(database, [photo.id], report_id, owner_id, now)
    assert render_photos(database, blobs, lambda: now) == 1
    with database.reading() as session:
        (ref,) = photos_of(session, [report_id])[report_id]
    assert (ref.state, ref.place_gap_m) == (PhotoState.READY, 0)


def test_a_failed_photo_is_refused_with_all_that_came_with_it(
    *, database: Database, blobs: BlobStore, upload: Upload, new_report: NewId, owner_id: int, now: datetime
) -> None:
    damaged = a_png((3000, 2900), zlib.compress(b"\x00"))
    failed = [upload(owner_id, damaged + bytes([each])).id for each in range(2)]
    for _ in failed:
        assert render_photos(database, blobs, lambda: now) == 1
    fine = upload(owner_id).id
    with pytest.raises(PhotoFailed) as refused:
        attach(database, [failed[1], fine, failed[0]], new_report(owner_id), owner_id, now)
    assert refused.value.facts == {"photo_ids": [failed[1], failed[0]]}
    with database.reading() as session:
        assert session.exec(select(Photo.id).where(col(Photo.report_id).is_not(None))).all() == []
    attach(database, [fine], new_report(owner_id), owner_id, now)
