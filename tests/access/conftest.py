"""The scene of this folder, once per kind of database: its service is no other folder's, so nobody else works in it."""

import pytest

from tests.access.scene import Scene, build
from tests.http.conftest import postgres_service, service, sqlite_service
from tests.http.strict_client import Service

__all__ = ["postgres_service", "service", "sqlite_service"]

_scenes: dict[int, Scene] = {}


@pytest.fixture
def scene(service: Service) -> Scene:
    if id(service) not in _scenes:
        _scenes[id(service)] = build(service)
    return _scenes[id(service)]
