"""A token that is not one, no longer one, or somebody else's idea of one opens nothing."""

import secrets
from datetime import timedelta

import pytest

from app.domain.roles import Role
from app.identity.tokens import issue_token
from app.infra.database import Database
from tests.builders import NOW, a_citizen
from tests.http.row_counts import rows_of
from tests.http.strict_client import Service
from tests.towns import Town

HEADERS = {
    "none": None,
    "empty": b"",
    "blank": b" ",
    "no token": b"Bearer",
    "an empty token": b"Bearer ",
    "a blank token": b"Bearer    ",
    "made up": b"Bearer " + secrets.token_urlsafe(32).encode(),
    "10 kB": b"Bearer " + b"x" * 10_000,
    "one too long": b"Bearer " + b"x" * 129,
    "not ASCII": "Bearer 令牌".encode(),
    "half a character": b"Bearer \xe4\xbb",
    "Latin-1": b"Bearer caf\xe9",
    "NUL": b"Bearer a\\x00b",
    "another scheme": b"Basic {token}",
    "no scheme": b"{token}",
    "a key": b"Token {token}",
    "quoted": b'Bearer "{token}"',
    "twice": b"Bearer {token} {token}",
    "two of them": b"Bearer {token}, Bearer {token}",
    "cut": b"Bearer {cut}",
    "altered": b"Bearer {altered}",
    "longer": b"Bearer {token}x",
    "in capitals": b"Bearer {capitals}",
    "its hash": b"Bearer {hash}",
}


def filled(header: bytes, token: str) -> bytes:
    """Put a good token, or a slightly wrong one, into a header."""
    other = "A" if token[5] != "A" else "B"
    forms = {
        b"{token}": token,
        b"{cut}": token[:-1],
        b"{altered}": token[:5] + other + token[6:],
        b"{capitals}": token.swapcase(),
        b"{hash}": secrets.token_hex(32),
    }
    for name, value in forms.items():
        header = header.replace(name, value.encode())
    return header


@pytest.mark.parametrize("name", HEADERS)
def test_what_is_no_good_token_is_401_and_changes_nothing(service: Service, name: str) -> None:
    citizen = service.citizen()
    body = citizen.submission()
    header = HEADERS[name]
    token = citizen.headers["Authorization"].removeprefix("Bearer ")
    headers = {} if header is None else {b"Authorization": filled(header, token)}
    before = rows_of(service.database)
    for answer in (
        service.client.get("/api/v1/me/reports", headers=headers),
        service.client.post("/api/v1/reports", json=body, headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert token not in answer.text
    assert rows_of(service.database) == before


def test_a_token_whose_time_is_over_says_so(service: Service) -> None:
    citizen = service.citizen()
    body = citizen.submission()
    service.clock.advance(days=30)
    before = rows_of(service.database)
    answer = citizen.post("/reports", body)
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_EXPIRED")
    assert rows_of(service.database) == before


def test_a_token_that_was_given_back_is_over(service: Service) -> None:
    citizen = service.citizen()
    body = citizen.submission()
    assert citizen.get("/me/reports").status_code == 200
    assert citizen.post("/auth/logout").status_code == 204
    assert citizen.post("/reports", body).json()["code"] == "UNAUTHENTICATED"


def test_a_token_of_another_server_is_nobodys(service: Service, committed_town: Town) -> None:
    """The same secret, the same city, another database."""
    other: Database = committed_town.database
    with other.transaction() as session:
        foreigner = a_citizen(session)
        token = issue_token(session, user_id=foreigner.user_id, lifetime=timedelta(days=1), now=NOW)
    answer = service.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_written_in_any_case(service: Service, scheme: str) -> None:
    """RFC 9110, 11.1."""
    token = service.as_role(Role.ACCEPTOR).headers["Authorization"].removeprefix("Bearer ")
    assert service.client.get("/api/v1/me", headers={"Authorization": f"{scheme} {token}"}).status_code == 200
