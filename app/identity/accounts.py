"""Accounts: made by an administrator or a first login, shown to units under a pseudonym."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.domain.roles import Role
from app.identity.models import UserAccount
from app.identity.passwords import hash_password
from app.identity.refusals import LoginNameTaken
from app.infra.upsert import insert_into
from app.texts import text

# 32 signs that nobody confuses when read out: no 0, 1, I or O.
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_TAG_LENGTH = 4


def create_account(
    session: Session,
    *,
    login_name: str,
    display_name: str,
    password: str | None,
    roles: Iterable[Role],
    unit_code: str | None = None,
    area_code: str = "",
    now: datetime,
) -> UserAccount:
    """Add an account that logs in by name; without a password it cannot log in until it is given one.

    :raises LoginNameTaken: another account has the name
    :raises PasswordTooShort: fewer than 8 characters
    """
    account = UserAccount(
        display_name=display_name,
        roles=sorted(role.value for role in roles),
        unit_code=unit_code,
        area_code=area_code,
        login_name=login_name,
        password_hash=None if password is None else hash_password(password),
        created_at=now,
    )
    if session.exec(select(UserAccount.id).where(col(UserAccount.login_name) == login_name)).first() is not None:
        raise LoginNameTaken(login_name=login_name)
    try:
        with session.begin_nested():
            session.add(account)
            session.flush()  # for the id, and for the name that somebody else may be taking right now
    except IntegrityError as refused:
        if "login_name" not in str(refused.orig):
            raise
        raise LoginNameTaken(login_name=login_name) from None
    return account


def citizen_with(session: Session, *, openid: str, now: datetime) -> UserAccount:
    """Return the account of a WeChat user, made at the first login; two first logins at once make one account."""
    query = select(UserAccount).where(col(UserAccount.wechat_openid) == openid)
    known = session.exec(query).first()
    if known is not None:
        return known
    fresh = insert_into(session, UserAccount).values(
        display_name=text("identity.citizen_name"),
        roles=[Role.CITIZEN.value],
        area_code="",
        wechat_openid=openid,
        created_at=now,
        is_active=True,
    )
    session.exec(fresh.on_conflict_do_nothing(index_elements=["wechat_openid"]))
    return session.exec(query).one()


def pseudonym(user_id: int, secret: bytes) -> str:
    """Return the name under which a unit sees a citizen, such as 市民-7F3K.

    Stable for as long as the secret is; there are a million tags, so two citizens may share one.
    """
    digest = hmac.digest(secret, f"pseudonym:{user_id}".encode(), hashlib.sha256)
    tag = "".join(_SIGNS[byte % len(_SIGNS)] for byte in digest[:_TAG_LENGTH])
    return text("identity.pseudonym", tag=tag)
