"""Uploading and showing photos over HTTP."""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response

from app.domain.roles import Role
from app.media.formats import Outline
from app.media.images import _turn
from tests.media.pictures import a_jpeg, decoded, exif

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
    assert photo.keys() == {"photo_id", "kind", "url", "thumb_url", "sha256", "width", "height"}
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
            held.enter_context(_turn(Outline(end=0, size=(64, 48)), 0))
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
