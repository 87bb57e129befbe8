"""Files that must not get in: each is refused with its code and a Chinese sentence, and leaves neither row nor file."""

import json
from collections.abc import Callable
from typing import Any

import obstore
import pytest
from PIL import Image

from app.media.models import Photo
from tests.http.row_counts import rows_of
from tests.http.strict_client import Person, Service
from tests.media.pictures import A_DAMAGED_HEIC, A_HEIC, a_jpeg, a_png_bomb, a_zip, encoded, quarters

MEGABYTE = 1_000_000

WHOLE = {
    "JPEG": encoded(quarters(400, 300)),
    "progressive JPEG": encoded(quarters(400, 300), progressive=True),
    "PNG": encoded(quarters(400, 300), "PNG"),
    "WebP": encoded(quarters(400, 300), "WEBP"),
    "lossless WebP": encoded(Image.effect_noise((64, 48), 90), "WEBP", lossless=True),
    "HEIC": A_HEIC,
}

BAD: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "11 MB": (lambda: a_jpeg() + bytes(11 * MEGABYTE), 413, "PAYLOAD_TOO_LARGE"),
    "a byte over 10 MB": (lambda: a_jpeg() + bytes(10 * MEGABYTE + 1 - len(a_jpeg())), 413, "PHOTO_TOO_LARGE"),
    "a renamed text file": (lambda: "路边堆了很多垃圾，请来看看。\n".encode() * 99, 422, "PHOTO_FORMAT_UNSUPPORTED"),
    "an empty file": (lambda: b"", 422, "PHOTO_FORMAT_UNSUPPORTED"),
    "a GIF": (lambda: encoded(quarters(mode="P"), "GIF"), 422, "PHOTO_FORMAT_UNSUPPORTED"),
    "700 bytes of a JPEG": (lambda: WHOLE["JPEG"][:700], 422, "PHOTO_UNREADABLE"),
    "169 megapixels": (lambda: a_png_bomb(13_000), 422, "PHOTO_TOO_MANY_PIXELS"),
    "a JPEG with a ZIP behind": (lambda: a_jpeg() + a_zip(), 422, "PHOTO_POLYGLOT"),
    "a HEIC with a page behind": (lambda: A_HEIC + b"<html><body>", 422, "PHOTO_POLYGLOT"),
}


def files_of(service: Service) -> list[str]:
    return sorted(file["path"] for file in obstore.list(service.app.state.blobs._store).collect())


def check_refused(service: Service, person: Person, status: int, code: str, **request: Any) -> None:
    rows, files = rows_of(service.database), files_of(service)
    answer = person.client.post("/api/v1/photos", headers=person.headers, **request)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert (rows_of(service.database), files_of(service)) == (rows, files)


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_must_not_get_in(service: Service, name: str) -> None:
    make, status, code = BAD[name]
    check_refused(service, service.citizen(), status, code, files={"file": ("photo.jpg", make(), "image/jpeg")})


@pytest.mark.parametrize("tenth", range(1, 10))
@pytest.mark.parametrize("name", WHOLE)
def test_a_photo_cut_off_at_any_tenth(service: Service, name: str, tenth: int) -> None:
    cut = WHOLE[name][: len(WHOLE[name]) * tenth // 10]
    check_refused(service, service.citizen(), 422, "PHOTO_UNREADABLE", files={"file": ("photo.jpg", cut, "image/jpeg")})


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_of_it_gets_in(service: Service, name: str) -> None:
    person = service.citizen()
    files = {"file": ("photo.jpg", WHOLE[name], "image/jpeg")}
    answer = person.client.post("/api/v1/photos", headers=person.headers, files=files)
    assert answer.status_code == 201
    service.render_photos()
    assert person.get(f"/photos/{answer.json()['photo_id']}").json()["state"] == "ready"


def test_no_file_and_two_files(service: Service) -> None:
    person = service.citizen()
    two = [("file", ("near.jpg", a_jpeg(70, 70), "image/jpeg")), ("file", ("far.jpg", a_jpeg(71, 71), "image/jpeg"))]
    check_refused(service, person, 422, "PHOTO_ONE_PER_REQUEST", files=two)
    check_refused(service, person, 422, "VALIDATION", data={"kind": "near"})
    check_refused(service, person, 422, "VALIDATION", files={"picture": ("a.jpg", a_jpeg(), "image/jpeg")})
    check_refused(service, person, 422, "VALIDATION", content=json.dumps({"file": "x"}))
    check_refused(service, person, 422, "VALIDATION", files={"file": (None, "words, not a file")})


def test_a_photo_that_failed_cannot_be_sent_with_a_report(service: Service) -> None:
    """The worker finds out what no look at the bytes could: then the report is refused, and nothing of it stays."""
    person = service.citizen()
    files = {"file": ("photo.heic", A_DAMAGED_HEIC, "image/heic")}
    photo = person.client.post("/api/v1/photos", headers=person.headers, files=files).json()
    service.render_photos()
    with service.database.reading() as session:
        assert session.get_one(Photo, photo["photo_id"]).failure == "PHOTO_UNREADABLE"
    body, before = person.submission(photo_ids=[photo["photo_id"], person.photo()]), rows_of(service.database)
    answer = person.post("/reports", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "PHOTO_FAILED")
    assert answer.json()["photo_ids"] == [photo["photo_id"]]
    assert rows_of(service.database) == before
