"""A flood is stopped per caller, never per address, and a program of the city is trusted."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.domain.roles import Role
from app.identity.throttle import CallerThrottle
from tests.http.strict_client import Service


@pytest.fixture
def narrow(service: Service) -> Iterator[Service]:
    """Give the service with room for two reports and three photos an hour."""
    usual = service.app.state.throttles
    service.app.state.throttles = {"reports": CallerThrottle(per_hour=2), "photos": CallerThrottle(per_hour=3)}
    yield service
    service.app.state.throttles = usual


def test_who_sends_too_many_reports_is_told_when_to_come_back(narrow: Service) -> None:
    citizen = narrow.citizen()
    photos = [citizen.photo() for _ in range(3)]
    for photo in photos[:2]:
        citizen.report(photo_ids=[photo])
    refused = citizen.post("/reports", citizen.submission(photo_ids=photos[2:]))
    assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_REQUESTS")
    assert refused.json()["retryable"] is True
    assert refused.headers["retry-after"] == "3600"

    narrow.clock.advance(hours=1)
    citizen.report(photo_ids=photos[2:])


def test_one_flood_does_not_stop_a_neighbour_behind_the_same_gateway(narrow: Service) -> None:
    flood, neighbour = narrow.citizen(), narrow.citizen()
    for _ in range(3):
        flood.photo()
    answer = narrow.client.post("/api/v1/photos", files={"file": ("a.jpg", b"x")}, headers=flood.headers)
    assert answer.status_code == 429
    neighbour.report()


def test_a_program_of_the_city_has_no_limit(narrow: Service) -> None:
    hotline = narrow.as_role(Role.SERVICE)
    for _ in range(4):
        hotline.report()


def test_no_limit_is_a_limit_of_zero(service: Service) -> None:
    throttle, caller = CallerThrottle(per_hour=0), service.citizen().caller
    for _ in range(1000):
        throttle.count(caller, now=service.clock.now + timedelta(seconds=1))
