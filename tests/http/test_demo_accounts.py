"""Demonstration accounts have a public password: a server that others can reach does not know them."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from pydantic import SecretStr

from app.domain.roles import Role
from app.identity.accounts import create_account
from app.identity.tokens import issue_token
from app.infra.blobs import BlobStore
from app.main import create_app
from app.settings import Settings
from tests.http.strict_client import Service, StrictClient

PASSWORD = "everybody knows it"

_numbers = count(1)


@pytest.fixture
def reachable(service: Service) -> Iterator[StrictClient]:
    """Start a second server on the same database, one that others can reach."""
    settings = Settings(
        database_url=service.app.state.settings.database_url,
        host="0.0.0.0",  # noqa: S104 - nothing listens, only the setting counts
        secret_key=SecretStr("for tests only, and long enough to be taken"),
        wechat_app_id="wx0",
        wechat_secret=SecretStr("x"),
        worker_embedded=False,
    )
    with StrictClient(create_app(settings, clock=service.clock, blobs=BlobStore.memory())) as client:
        yield client


def new_account(service: Service, *, is_demo: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Return what somebody new logs in with, and the header of a token they have already."""
    name = f"somebody{next(_numbers)}"
    now = service.clock.now
    with service.database.transaction() as session:
        account = create_account(
            session, login_name=name, display_name="某人", password=PASSWORD, roles=[Role.ACCEPTOR], now=now
        )
        account.is_demo = is_demo
        assert account.id is not None
        token = issue_token(session, user_id=account.id, lifetime=timedelta(hours=1), now=now)
    return {"login_name": name, "password": PASSWORD}, {"Authorization": f"Bearer {token}"}


def test_a_reachable_server_lets_no_demonstration_account_in(service: Service, reachable: StrictClient) -> None:
    credentials, token = new_account(service, is_demo=True)
    refused = reachable.post("/api/v1/auth/login", json=credentials)
    wrong = reachable.post("/api/v1/auth/login", json=credentials | {"login_name": "nobody"})
    assert (refused.status_code, refused.json()["code"]) == (401, "WRONG_CREDENTIALS")
    assert refused.json()["message"] == wrong.json()["message"]
    answer = reachable.get("/api/v1/me", headers=token)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")


def test_everybody_else_comes_in(service: Service, reachable: StrictClient) -> None:
    credentials, token = new_account(service, is_demo=False)
    assert reachable.post("/api/v1/auth/login", json=credentials).status_code == 200
    assert reachable.get("/api/v1/me", headers=token).status_code == 200


def test_on_this_machine_demonstration_accounts_work(service: Service) -> None:
    credentials, token = new_account(service, is_demo=True)
    assert service.client.post("/api/v1/auth/login", json=credentials).status_code == 200
    assert service.client.get("/api/v1/me", headers=token).status_code == 200
