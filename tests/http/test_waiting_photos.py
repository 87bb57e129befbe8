"""A report is sent with a photo that nobody can see yet; it appears, and what its camera noted is for the desk only."""

from typing import Any

import pytest

from app.domain.roles import Role
from app.infra.blobs import BlobStore
from app.media.models import PhotoState
from app.reports.world import WorldHolder
from app.worker import Worker
from tests.builders_city import LICANG
from tests.http.strict_client import Person, Service
from tests.media.pictures import A_DAMAGED_HEIC, A_HEIC, a_box

_different = iter(range(1000))


def a_heic() -> bytes:
    return A_HEIC + a_box(b"free", str(next(_different)).encode())


def send_heic(person: Person, heic: bytes) -> str:
    files = {"file": ("photo.heic", heic, "image/heic")}
    answer = person.client.post("/api/v1/photos", headers=person.headers, files=files)
    assert (answer.status_code, answer.json()["state"]) == (201, "processing")
    return str(answer.json()["photo_id"])


def photos_seen_by(person: Person, number: str) -> list[dict[str, Any]]:
    photos: list[dict[str, Any]] = person.get(f"/reports/{number}").json()["photos"]
    return photos


def test_a_report_does_not_wait_for_its_photos(service: Service) -> None:
    citizen = service.citizen()
    photo_id = send_heic(citizen, a_heic())
    number = citizen.report(photo_ids=[photo_id])["number"]
    (photo,) = photos_seen_by(citizen, number)
    assert (photo["state"], photo["url"], photo["thumb_url"]) == ("processing", None, None)
    assert citizen.get("/me/reports").json()["items"][0]["thumb_url"] is None
    service.render_photos()
    (photo,) = photos_seen_by(citizen, number)
    assert (photo["photo_id"], photo["state"], photo["state_text"]) == (photo_id, "ready", "可以查看")
    for link in (photo["url"], photo["thumb_url"], citizen.get("/me/reports").json()["items"][0]["thumb_url"]):
        assert service.client.get(link).status_code == 200


def test_a_list_shows_the_first_photo_that_can_be_seen(service: Service) -> None:
    citizen = service.citizen()
    waiting, ready = send_heic(citizen, a_heic()), citizen.photo()
    citizen.report(photo_ids=[waiting, ready])
    assert f"/media/{ready}/small.jpg" in citizen.get("/me/reports").json()["items"][0]["thumb_url"]
    service.render_photos()
    assert f"/media/{waiting}/small.jpg" in citizen.get("/me/reports").json()["items"][0]["thumb_url"]


def test_staff_and_reporter_read_why_a_photo_cannot_be_seen(service: Service) -> None:
    citizen, desk = service.citizen(), service.as_role(Role.ACCEPTOR, area_code=LICANG)
    number = citizen.report(photo_ids=[send_heic(citizen, A_DAMAGED_HEIC)])["number"]
    service.render_photos()
    for person in (citizen, desk):
        (photo,) = photos_seen_by(person, number)
        assert (photo["state"], photo["url"]) == (PhotoState.FAILED, None)
        assert photo["state_text"] == "照片已损坏或不完整，无法显示，原件已留存"
    assert desk.get(f"/photos/{photo['photo_id']}/original").content == A_DAMAGED_HEIC


def test_the_desk_sees_what_the_camera_noted(service: Service) -> None:
    citizen, desk = service.citizen(), service.as_role(Role.ACCEPTOR, area_code=LICANG)
    number = citizen.report(photo_ids=[send_heic(citizen, a_heic()), citizen.photo()])["number"]
    noted, nothing = photos_seen_by(desk, number)
    assert nothing["camera"] is None
    assert noted["camera"].pop("place_gap_m") > 1000  # the camera was in another district
    assert noted["camera"] == {
        "taken_at": "2026-11-20T10:00:00+08:00",
        "taken_at_is_assumed": False,
        "time_gap_s": 0,
        "lon_wgs84": 120.383,
        "lat_wgs84": 36.067,
    }


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.UNIT_LEAD, Role.HANDLER])
def test_nobody_else_learns_where_and_when_somebody_took_a_photo(service: Service, role: Role) -> None:
    citizen = service.citizen()
    number = citizen.report(photo_ids=[send_heic(citizen, a_heic())])["number"]
    reader = citizen if role is Role.CITIZEN else service.as_role(role)
    (photo,) = photos_seen_by(reader, number)
    assert photo["camera"] is None
    assert not {"taken_at", "exif_lon", "place_gap_m", "time_gap_s"} & photo.keys()


def test_a_worker_with_jobs_renders_photos(service: Service) -> None:
    """Whichever comes first, its own tick or this one; the other finds nothing to do."""
    citizen = service.citizen()
    photo_id = send_heic(citizen, a_heic())
    blobs: BlobStore = service.app.state.blobs
    worker = Worker(service.database, WorldHolder(service.database, clock=service.clock), blobs, clock=service.clock)
    worker.start(with_jobs=True)
    worker.ticker.tick("render photos")
    worker.stop()
    assert citizen.get(f"/photos/{photo_id}").json()["state"] == "ready"
