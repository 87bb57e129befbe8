"""An application that knows people, and a WeChat that answers as documented."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

import app.tables  # noqa: F401 - an account refers to units
from app.domain.roles import Caller, Permission, Role
from app.identity import api
from app.identity.accounts import create_account
from app.identity.caller import CallerCache, require
from app.identity.throttle import LoginThrottle
from app.identity.tokens import TokenLifetimes, issue_token
from app.identity.wechat import DevelopmentProvider
from app.infra import problems
from app.infra.database import Database

PASSWORD = "correct horse"


@dataclass
class World:
    """The application with its clock."""

    client: TestClient
    database: Database
    now: datetime
    callers: CallerCache = field(default_factory=CallerCache)

    def new_staff(self, login_name: str = "zhang", *, roles: tuple[Role, ...] = (Role.ACCEPTOR,), **more: Any) -> int:
        with self.database.transaction() as session:
            account = create_account(
                session,
                login_name=login_name,
                display_name="张三",
                password=more.pop("password", PASSWORD),
                roles=roles,
                now=self.now,
                **more,
            )
            assert account.id is not None
            return account.id

    def token(self, user_id: int, lifetime: timedelta = timedelta(hours=12)) -> str:
        with self.database.transaction() as session:
            return issue_token(session, user_id=user_id, lifetime=lifetime, now=self.now)

    def get(self, path: str, token: str | None = None) -> Any:
        return self.client.get(path, headers={} if token is None else {"Authorization": f"Bearer {token}"})


@pytest.fixture
def world(database: Database, now: datetime) -> World:
    application = FastAPI()
    problems.install(application)
    application.include_router(api.router)

    @application.get("/queue")
    def queue(caller: Annotated[Caller, Depends(require(Permission.VIEW_QUEUE))]) -> int:
        return caller.user_id

    there = World(client=TestClient(application), database=database, now=now)
    application.state.database = database
    application.state.callers = there.callers
    application.state.allows_demo_accounts = False
    application.state.code_exchange = DevelopmentProvider()
    application.state.token_lifetimes = TokenLifetimes()
    application.state.login_throttle = LoginThrottle()
    application.state.clock = lambda: there.now
    return there
