"""Uploading and showing photos over HTTP."""

import hashlib
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response

from app.domain.roles import Role
from app.media.budget import turn_in_request
from app.media.formats import Outline
from app.media.jobs import render_photos
from app.media.links import PhotoSize, photo_url
from app.media.models import PhotoState
from app.media.refusals import PhotoTooManyPixels, PhotoUnreadable
from app.media.rendering import GAVE_UP
from app.media.schemas import state_text
from tests.media.pictures import A_HEIC, QUARTERS, a_jpeg, a_png, corners, decoded, exif

NewUser = Callable[..., int]


@pytest.fixture
def citizen(world: Any, owner_id: int) -> dict[str, str]:
    headers: dict[str, str] = world.token(owner_id)
    return headers


def upload(world: Any, headers: dict[str, str], data: bytes, *, name: str = "x", **fields: str) -> Response:
    answer: Response = world.client.post(
        "/api/v1/photos", headers=headers, files={"file": (name, data, "text/html")}, data=fields
    )
    return answer


def test_a_photo_is_taken_whatever_it_is_called(world: Any, citizen: dict[str, str]) -> None:
    original = a_jpeg(2000, 1500)
    answer = upload(world, citizen, original, name="file-1795197194114", kind="near", client_id="draft-1")
    assert answer.status_code == 201
    photo = answer.json()
    assert photo.keys() == {
        "photo_id", "kind", "state", "state_text", "url", "thumb_url", "sha256", "width", "height"
    }  # fmt: skip
    assert photo["sha256"] == hashlib.sha256(original).hexdigest()
    assert (photo["kind"], photo["width"], photo["height"]) == ("near", 2000, 1500)
    again = upload(world, citizen, original, client_id="draft-1", kind="near")
    assert again.status_code == 201
    assert again.json() == photo


def test_the_links_show_the_photo_without_a_login(world: Any, citizen: dict[str, str]) -> None:
    tags = exif(gps={1: "N", 2: (36.0, 0.0, 0.0), 3: "E", 4: (120.0, 0.0, 0.0)})
    photo = upload(world, citizen, a_jpeg(2000, 1500, exif=tags)).json()
    large, small = world.client.get(photo["url"]), world.client.get(photo["thumb_url"])
    assert (decoded(large.content).size, decoded(small.content).size) == ((1600, 1200), (320, 240))
    assert b"Exif" not in large.content + small.content
    assert large.headers["content-type"] == "image/jpeg"
    assert large.headers["x-content-type-options"] == "nosniff"
    caching = large.headers["cache-control"]
    assert caching.startswith("private, max-age=")
    assert caching.endswith(", immutable")


def test_a_link_expires(world: Any, citizen: dict[str, str]) -> None:
    photo = upload(world, citizen, a_jpeg()).json()
    world.now += timedelta(hours=2)
    answer = world.client.get(photo["url"])
    assert (answer.status_code, answer.json()["code"]) == (403, "PHOTO_LINK_INVALID")


def test_a_link_for_one_size_is_none_for_the_other(world: Any, citizen: dict[str, str]) -> None:
    photo = upload(world, citizen, a_jpeg()).json()
    assert world.client.get(photo["thumb_url"].replace("small", "large")).status_code == 403


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"just some text", 422, "PHOTO_FORMAT_UNSUPPORTED"),
        (b"", 422, "PHOTO_FORMAT_UNSUPPORTED"),
        (a_jpeg()[:500], 422, "PHOTO_UNREADABLE"),
        (a_jpeg() + b"<html></html>", 422, "PHOTO_POLYGLOT"),
        (a_jpeg() + bytes(300_000), 413, "PHOTO_TOO_LARGE"),
        (a_jpeg() + bytes(400_000), 413, "PAYLOAD_TOO_LARGE"),
    ],
)
def test_a_bad_file_is_refused_with_a_reason(
    world: Any, citizen: dict[str, str], data: bytes, status: int, code: str
) -> None:
    answer = upload(world, citizen, data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "照片" in answer.json()["message"] or code == "PAYLOAD_TOO_LARGE"


@pytest.mark.parametrize("fields", [{"kind": "selfie"}, {"client_id": "x" * 65}, {"client_id": "a\x00"}])
def test_bad_fields_are_refused(world: Any, citizen: dict[str, str], fields: dict[str, str]) -> None:
    answer = upload(world, citizen, a_jpeg(), **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION")


def test_a_file_is_needed(world: Any, citizen: dict[str, str]) -> None:
    assert world.client.post("/api/v1/photos", headers=citizen, data={"kind": "near"}).status_code == 422


def test_a_second_file_is_not_dropped_without_a_word(world: Any, citizen: dict[str, str]) -> None:
    files = [("file", ("near.jpg", a_jpeg(), "image/jpeg")), ("file", ("far.jpg", a_jpeg(64, 48), "image/jpeg"))]
    answer = world.client.post("/api/v1/photos", headers=citizen, files=files)
    assert (answer.status_code, answer.json()["code"]) == (422, "PHOTO_ONE_PER_REQUEST")
    assert world.client.post("/api/v1/photos", files=files).status_code == 401


def test_when_all_decoders_are_taken_the_client_is_told_when_to_come_back(world: Any, citizen: dict[str, str]) -> None:
    state = world.client.app.state
    state.photo_budget = replace(state.photo_budget, wait_s=0)
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(turn_in_request(Outline(end=0, size=(64, 48)), 0))
        answer = upload(world, citizen, a_jpeg())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (answer.json()["code"], answer.json()["retryable"]) == ("PHOTO_SERVICE_BUSY", True)
    assert upload(world, citizen, a_jpeg()).status_code == 201


def test_uploading_needs_a_login_and_the_permission(world: Any, new_user: NewUser) -> None:
    assert upload(world, {}, a_jpeg()).status_code == 401
    acceptor = world.token(new_user(Role.ACCEPTOR))
    assert upload(world, acceptor, a_jpeg()).json()["code"] == "PERMISSION_MISSING"
    for role in (Role.INSPECTOR, Role.SERVICE, Role.HANDLER, Role.UNIT_LEAD):
        assert upload(world, world.token(new_user(role)), a_jpeg()).status_code == 201


def work(world: Any) -> int:
    return render_photos(world.database, world.blobs, lambda: world.now)


def test_a_heavy_photo_is_taken_at_once_and_seen_when_the_worker_has_rendered_it(
    world: Any, citizen: dict[str, str]
) -> None:
    taken = upload(world, citizen, A_HEIC, client_id="draft-1")
    photo = taken.json()
    assert (taken.status_code, photo["state"], photo["width"], photo["height"]) == (201, "processing", 64, 48)
    assert (photo["url"], photo["thumb_url"], photo["state_text"]) == (None, None, "正在处理，请稍后查看")
    mine = f"/api/v1/photos/{photo['photo_id']}"
    assert world.client.get(mine, headers=citizen).json() == photo
    assert work(world) == 1
    seen = world.client.get(mine, headers=citizen).json()
    assert seen == photo | {
        "state": "ready", "state_text": "可以查看", "url": seen["url"], "thumb_url": seen["thumb_url"]
    }  # fmt: skip
    assert corners(decoded(world.client.get(seen["url"]).content)) == list(QUARTERS)
    assert corners(decoded(world.client.get(seen["thumb_url"]).content)) == list(QUARTERS)
    assert upload(world, citizen, A_HEIC, client_id="draft-1").json() == seen


def test_a_photo_that_cannot_be_rendered_says_so_in_words(world: Any, citizen: dict[str, str]) -> None:
    photo = upload(world, citizen, a_png((3000, 2900), zlib.compress(b"\x00"))).json()
    assert photo["state"] == "processing"
    work(world)
    seen = world.client.get(f"/api/v1/photos/{photo['photo_id']}", headers=citizen).json()
    assert (seen["state"], seen["url"], seen["thumb_url"]) == ("failed", None, None)
    assert seen["state_text"] == "照片已损坏或不完整，无法显示，原件已留存"


def test_a_picture_that_is_not_there_yet_is_not_found(world: Any, citizen: dict[str, str]) -> None:
    photo_id = upload(world, citizen, A_HEIC).json()["photo_id"]
    for size in PhotoSize:
        link = photo_url(photo_id, size, secret=world.client.app.state.link_secret, now=world.now)
        answer = world.client.get(link)
        assert (answer.status_code, answer.json()["code"]) == (404, "PHOTO_NOT_FOUND")


def test_only_its_uploader_asks_for_a_photo(world: Any, citizen: dict[str, str], new_user: NewUser) -> None:
    photo = upload(world, citizen, a_jpeg()).json()
    mine = f"/api/v1/photos/{photo['photo_id']}"
    assert world.client.get(mine, headers=citizen).json() == photo
    assert world.client.get(mine).status_code == 401
    for role, status, code in (
        (Role.CITIZEN, 404, "PHOTO_NOT_FOUND"),
        (Role.INSPECTOR, 404, "PHOTO_NOT_FOUND"),
        (Role.SUPERVISOR, 403, "PERMISSION_MISSING"),
    ):
        answer = world.client.get(mine, headers=world.token(new_user(role)))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert world.client.get("/api/v1/photos/" + "x" * 22, headers=citizen).status_code == 404
    assert world.client.get("/api/v1/photos/" + "x" * 10_000, headers=citizen).status_code == 422


@pytest.mark.parametrize("failure", [*(refusal.code for refusal in (PhotoUnreadable, PhotoTooManyPixels)), GAVE_UP])
def test_every_failure_has_its_words(failure: str) -> None:
    words = state_text(PhotoState.FAILED, failure)
    assert words.endswith("原件已留存")
    assert words != state_text(PhotoState.FAILED, None)
