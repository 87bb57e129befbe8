"""Logging in and out, and who am I.

The application holds `app.state.code_exchange` (a `CodeExchange`), `app.state.token_lifetimes` (`TokenLifetimes`),
`app.state.login_throttle` (`LoginThrottle`), `app.state.callers` (`CallerCache`) and `app.state.allows_demo_accounts`.
"""

from typing import Annotated

from fastapi import APIRouter, Depends

from app.domain.roles import Caller, Permission
from app.identity.caller import AllowsDemo, CallerCacheDep, TokenHash, require
from app.identity.login import account_named, check_password, login_checked, login_wechat
from app.identity.models import UserAccount
from app.identity.schemas import MeRead, PasswordLogin, SignedIn, WeChatLogin, me, signed_in
from app.identity.throttle import LoginThrottle
from app.identity.tokens import TokenLifetimes, revoke_token
from app.identity.wechat import CodeExchange
from app.infra.app_state import from_state
from app.infra.clock import Now
from app.infra.database import DatabaseDep
from app.infra.problems import problems

router = APIRouter(prefix="/api/v1", tags=["identity"])


Lifetimes = Annotated[TokenLifetimes, from_state("token_lifetimes")]

SignedInCaller = Annotated[Caller, Depends(require(Permission.USE_ACCOUNT))]


@router.post("/auth/wechat", responses=problems(401, 403, 413, 422, 429, 503))
def log_in_by_wechat(
    body: WeChatLogin,
    exchange: Annotated[CodeExchange, from_state("code_exchange")],
    lifetimes: Lifetimes,
    database: DatabaseDep,
    now: Now,
) -> SignedIn:
    """Log a citizen in with the code of `wx.login`; the first time makes the account."""
    openid = exchange.openid_for(body.code)
    with database.transaction() as session:
        return signed_in(login_wechat(session, openid, lifetimes=lifetimes, now=now))


@router.post("/auth/login", responses=problems(401, 403, 413, 422, 429))
def log_in_by_password(
    *,
    body: PasswordLogin,
    throttle: Annotated[LoginThrottle, from_state("login_throttle")],
    allows_demo: AllowsDemo,
    lifetimes: Lifetimes,
    database: DatabaseDep,
    now: Now,
) -> SignedIn:
    """Log a member of staff in by name and password."""
    with database.reading() as session:
        account = account_named(session, body.login_name)
    password = body.password.get_secret_value()
    user_id = check_password(
        account, login_name=body.login_name, password=password, throttle=throttle, allows_demo=allows_demo, now=now
    )
    with database.transaction() as session:
        return signed_in(login_checked(session, user_id, lifetimes=lifetimes, now=now))


@router.post("/auth/logout", status_code=204, responses=problems(401, 403))
def log_out(_caller: SignedInCaller, hashed: TokenHash, cache: CallerCacheDep, database: DatabaseDep, now: Now) -> None:
    """End the token of this request."""
    with database.transaction() as session:
        revoke_token(session, hashed=hashed, now=now)
    cache.forget(hashed)


@router.get("/me", responses=problems(401, 403))
def who_am_i(caller: SignedInCaller, database: DatabaseDep) -> MeRead:
    """Say who the token belongs to."""
    with database.reading() as session:
        return me(session.get_one(UserAccount, caller.user_id))
