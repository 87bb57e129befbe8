"""Request and response words of logging in."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.domain.roles import Role
from app.identity.login import LoggedIn
from app.identity.models import UserAccount
from app.infra.wire import NO_NUL


class WeChatLogin(BaseModel):
    """What the mini-program got from `wx.login`."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=1, max_length=128, pattern=NO_NUL, examples=["dev-anna"])]


class PasswordLogin(BaseModel):
    model_config = ConfigDict(extra="forbid")

    login_name: Annotated[str, Field(min_length=1, max_length=64, pattern=NO_NUL)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=256)]


class UserRead(BaseModel):
    id: str
    name: str
    roles: list[Role]


class MeRead(UserRead):
    """The caller; `unit_code` is the unit they work for, `area_code` bounds what they see, empty is the whole city."""

    unit_code: str | None
    area_code: str


class SignedIn(BaseModel):
    """The token is shown once: send it as `Authorization: Bearer`. `expires_in` is in seconds."""

    token: str
    expires_in: int
    user: UserRead


def signed_in(login: LoggedIn) -> SignedIn:
    return SignedIn(
        token=login.token,
        expires_in=int(login.lifetime.total_seconds()),
        user=UserRead(id=str(login.account.id), name=login.account.display_name, roles=_roles(login.account)),
    )


def me(account: UserAccount) -> MeRead:
    return MeRead(
        id=str(account.id),
        name=account.display_name,
        roles=_roles(account),
        unit_code=account.unit_code,
        area_code=account.area_code,
    )


def _roles(account: UserAccount) -> list[Role]:
    return sorted(account.role_set, key=lambda role: role.value)
