"""The untouched original of a photo: for the desk that sees the report, and for nobody else."""

import pytest

from app.domain.roles import DESK_ROLES, Role
from app.media.models import Photo
from tests.builders_city import LICANG, SHINAN
from tests.http.strict_client import Service


def a_reported_photo(service: Service) -> str:
    citizen = service.citizen()
    photo_id = citizen.photo()
    citizen.report(photo_ids=[photo_id])
    return photo_id


@pytest.mark.parametrize("role", sorted(DESK_ROLES, key=str))
def test_the_desk_saves_the_original_with_its_metadata(service: Service, role: Role) -> None:
    photo_id = a_reported_photo(service)
    answer = service.as_role(role, area_code=LICANG).get(f"/photos/{photo_id}/original")
    with service.database.reading() as session:
        photo = session.get_one(Photo, photo_id)
    assert answer.status_code == 200
    assert answer.content == service.app.state.blobs.get(photo.original_key)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith('attachment; filename="' + photo.sha256)
    assert answer.headers["cache-control"] == "private, no-store"


def test_another_districts_desk_does_not_find_it(service: Service) -> None:
    photo_id = a_reported_photo(service)
    answer = service.as_role(Role.ACCEPTOR, area_code=SHINAN).get(f"/photos/{photo_id}/original")
    assert (answer.status_code, answer.json()["code"]) == (404, "PHOTO_NOT_FOUND")


def test_a_photo_that_is_not_reported_is_its_uploaders_own(service: Service) -> None:
    photo_id = service.citizen().photo()
    for wanted in (photo_id, "x" * 22):
        answer = service.as_role(Role.ACCEPTOR).get(f"/photos/{wanted}/original")
        assert (answer.status_code, answer.json()["code"]) == (404, "PHOTO_NOT_FOUND")


@pytest.mark.parametrize("role", sorted(set(Role) - DESK_ROLES, key=str))
def test_nobody_else_gets_an_original(service: Service, role: Role) -> None:
    photo_id = a_reported_photo(service)
    assert service.as_role(role).get(f"/photos/{photo_id}/original").status_code == 403
