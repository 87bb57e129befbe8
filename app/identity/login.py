"""Logging in: a WeChat user by openid, everybody else by name and password.

Password work happens between two short sessions, never inside one: it takes 20 ms and may have to queue.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.identity.accounts import citizen_with
from app.identity.models import UserAccount
from app.identity.passwords import is_password
from app.identity.refusals import AccountInactive, WrongCredentials
from app.identity.throttle import LoginThrottle
from app.identity.tokens import TokenLifetimes, as_caller, issue_token


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """An account with its new token, good for `lifetime`."""

    account: UserAccount
    token: str
    lifetime: timedelta


def login_wechat(session: Session, openid: str, *, lifetimes: TokenLifetimes, now: datetime) -> LoggedIn:
    """Let a WeChat user in; the first login makes the citizen's account.

    :raises AccountInactive: the account was closed
    """
    return _logged_in(session, citizen_with(session, openid=openid, now=now), lifetimes=lifetimes, now=now)


def account_named(session: Session, login_name: str) -> UserAccount | None:
    return session.exec(select(UserAccount).where(col(UserAccount.login_name) == login_name)).first()


def check_password(
    account: UserAccount | None,
    *,
    login_name: str,
    password: str,
    throttle: LoginThrottle,
    allows_demo: bool,
    now: datetime,
) -> int:
    """Return the id of the account when the password is right; an unknown name takes as long as a wrong password.

    The passwords of demonstration accounts are public: unless `allows_demo`, theirs count as wrong.

    :raises WrongCredentials: unknown name, no password set, a wrong one, or a demonstration account
    :raises TooManyAttempts: the name has used up its tries
    """
    throttle.begin_try(login_name, now=now)
    is_right = is_password(password, account.password_hash if account else None)
    if account is None or account.id is None or not is_right or (account.is_demo and not allows_demo):
        raise WrongCredentials
    throttle.succeeded(login_name)
    return account.id


def login_checked(session: Session, user_id: int, *, lifetimes: TokenLifetimes, now: datetime) -> LoggedIn:
    """Let in the user whose password was just found right.

    :raises AccountInactive: the account was closed
    """
    return _logged_in(session, session.get_one(UserAccount, user_id), lifetimes=lifetimes, now=now)


def _logged_in(session: Session, account: UserAccount, *, lifetimes: TokenLifetimes, now: datetime) -> LoggedIn:
    if not account.is_active:
        raise AccountInactive
    caller = as_caller(account)
    lifetime = lifetimes.of(caller.roles)
    token = issue_token(session, user_id=caller.user_id, lifetime=lifetime, now=now)
    return LoggedIn(account=account, token=token, lifetime=lifetime)
