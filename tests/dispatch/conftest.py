"""The running service, as for the tests of HTTP."""

from tests.http.conftest import postgres_service, service, sqlite_service

__all__ = ["postgres_service", "service", "sqlite_service"]
