"""A doubtful place is taken, kept with its doubt and shown to staff; an impossible one is refused with a guess."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from app.domain.gcj02 import distance_m, gcj02_to_wgs84, wgs84_to_gcj02
from app.domain.roles import Role
from app.domain.working_time import BEIJING
from app.media.models import Photo
from tests.builders_city import AT_SEA, IN_LICUN
from tests.http.strict_client import Person, Service
from tests.media.pictures import a_jpeg, exif

BESIDE_LICUN = (120.4350, 36.1602)
"""300 m east of 李村街道, in no cell; 460 m further west, where GCJ-02 would put it, there is one."""

_widths = count(500)


def location(at: tuple[float, float], datum: str = "wgs84") -> dict[str, Any]:
    return {"lon": at[0], "lat": at[1], "datum": datum, "source": "pin"}


def photo_taken(person: Person, at: tuple[float, float], **detail: Any) -> str:
    """Upload a photo whose camera noted a place (WGS-84)."""
    lon, lat = at
    tags = exif(gps={1: "N", 2: (lat, 0.0, 0.0), 3: "E", 4: (lon, 0.0, 0.0)}, **detail)
    files = {"file": ("photo.jpg", a_jpeg(next(_widths), 48, exif=tags), "image/jpeg")}
    answer = person.client.post("/api/v1/photos", files=files, data={"kind": "near"}, headers=person.headers)
    assert answer.status_code == 201, answer.text
    photo_id: str = answer.json()["photo_id"]
    return photo_id


def seen_by_staff(service: Service, number: str) -> dict[str, Any]:
    report: dict[str, Any] = service.as_role(Role.SUPERVISOR).get(f"/reports/{number}").json()
    return report


def test_a_point_beside_the_grid_is_kept_with_the_doubt_about_its_datum(service: Service) -> None:
    citizen = service.citizen()
    sent = citizen.report(location=location(BESIDE_LICUN))
    assert sent["status"] == "submitted"  # a person looks at it, although its category is decisive
    place = seen_by_staff(service, sent["number"])["place"]
    assert (place["is_certain"], place["hint"]) == (False, "maybe_gcj02")
    assert place["hint_text"] == "如果这其实是火星坐标（GCJ-02），位置就在网格之内，请核对坐标系。"
    assert "place" not in citizen.get(f"/reports/{sent['number']}").json()


@pytest.mark.parametrize("datum", ["wgs84", "cgcs2000"])
def test_a_point_in_a_cell_leaves_no_doubt(service: Service, datum: str) -> None:
    number = service.citizen().report(location=location(IN_LICUN, datum))["number"]
    place = seen_by_staff(service, number)["place"]
    assert (place["is_certain"], place["hint"], place["hint_text"]) == (True, None, None)


@pytest.mark.parametrize(
    ("at", "datum", "code", "plausible"),
    [
        (IN_LICUN[::-1], "wgs84", "REPORT_OUT_OF_AREA", ["swapped"]),
        (wgs84_to_gcj02(*IN_LICUN)[::-1], "gcj02", "REPORT_OUT_OF_AREA", ["swapped"]),
        (AT_SEA, "wgs84", "REPORT_OUT_OF_AREA", []),
        (AT_SEA[::-1], "wgs84", "BAD_COORDINATE", None),
    ],
)
def test_a_refused_place_says_what_was_perhaps_meant(
    service: Service, at: tuple[float, float], datum: str, code: str, plausible: list[str] | None
) -> None:
    citizen = service.citizen()
    answer = citizen.post("/reports", citizen.submission(location=location(at, datum)))
    assert (answer.status_code, answer.json()["code"], answer.json().get("plausible")) == (422, code, plausible)
    assert ("填反了" in answer.json()["message"]) is bool(plausible)
    assert citizen.get("/me/reports").json()["items"] == []


@pytest.mark.parametrize(
    ("datum", "taken_at", "hint"),
    [
        # What a Chinese map gave was sent as a GPS position: 460 m off, still in a cell, and only the camera knows.
        ("wgs84", IN_LICUN, "camera_gcj02"),
        ("gcj02", IN_LICUN, None),
        ("wgs84", (IN_LICUN[0], IN_LICUN[1] + 0.01), None),
    ],
)
def test_a_camera_that_was_where_another_datum_points_raises_the_doubt(
    service: Service, datum: str, taken_at: tuple[float, float], hint: str | None
) -> None:
    citizen = service.citizen()
    photos = [citizen.photo(), photo_taken(citizen, taken_at)]
    sent = citizen.report(location=location(wgs84_to_gcj02(*IN_LICUN), datum), photo_ids=photos)
    place = seen_by_staff(service, sent["number"])["place"]
    assert (place["is_certain"], place["hint"]) == (True, hint)
    assert (place["hint_text"] is None) is (hint is None)


def test_only_the_reporters_camera_speaks_about_the_reporters_place(service: Service) -> None:
    citizen, lead = service.citizen(), service.as_role(Role.UNIT_LEAD)
    number = citizen.report(location=location(wgs84_to_gcj02(*IN_LICUN)))["number"]
    lead.post(f"/reports/{number}/sign")
    done = {"result": "已劝离", "photo_ids": [photo_taken(lead, IN_LICUN)]}
    assert lead.post(f"/reports/{number}/resolve", done).status_code == 200
    assert seen_by_staff(service, number)["place"]["hint"] is None


def test_what_the_camera_noted_is_compared_with_the_claim_and_shown_to_staff_only(service: Service) -> None:
    """A photo a day old, taken a kilometre away, goes with the report: staff see both gaps, the citizen does not."""
    citizen = service.citizen()
    a_kilometre_north = (IN_LICUN[0], IN_LICUN[1] + 1000 / 111_195)
    yesterday = service.clock.now - timedelta(days=1)
    written = yesterday.astimezone(BEIJING).strftime("%Y:%m:%d %H:%M:%S")
    photo = photo_taken(citizen, a_kilometre_north, detail={0x9003: written, 0x9011: "+08:00"})
    claimed = wgs84_to_gcj02(*IN_LICUN)
    number = citizen.report(location=location(claimed, "gcj02"), photo_ids=[photo])["number"]
    (shown,) = seen_by_staff(service, number)["photos"]
    gap_m = distance_m(*gcj02_to_wgs84(*claimed), *a_kilometre_north)
    assert gap_m == pytest.approx(1000, rel=0.001)
    assert shown["camera"]["place_gap_m"] == pytest.approx(gap_m, abs=0.2)
    assert shown["camera"]["time_gap_s"] == 86_400
    (own,) = citizen.get(f"/reports/{number}").json()["photos"]
    assert own["camera"] is None
    with service.database.reading() as session:
        stored = session.get_one(Photo, photo)
        assert (stored.place_gap_m, stored.time_gap_s) == (shown["camera"]["place_gap_m"], 86_400)
