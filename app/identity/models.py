"""The two tables of identity: accounts and the tokens that stand for them."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.domain.roles import Role
from app.infra.columns import json_column


class UserAccount(SQLModel, table=True):
    """A person or a client program; citizens have a WeChat openid, everybody else a login name.

    No phone number is kept. A demo account has a password everybody knows: no server that can be reached uses one.
    `roles` holds values of `app.domain.roles.Role`.
    """

    __tablename__ = "user_account"

    id: int | None = Field(default=None, primary_key=True)
    display_name: str = Field(max_length=64)
    roles: list[str] = json_column(default_factory=list)
    unit_code: str | None = Field(default=None, max_length=64, foreign_key="unit.code", index=True)
    area_code: str = Field(default="", max_length=15)
    login_name: str | None = Field(default=None, max_length=64, unique=True)
    password_hash: str | None = Field(default=None, max_length=255)
    wechat_openid: str | None = Field(default=None, max_length=128, unique=True)
    created_at: datetime
    is_active: bool = True
    is_demo: bool = False

    @property
    def role_set(self) -> frozenset[Role]:
        return frozenset(Role(value) for value in self.roles)


class AccessToken(SQLModel, table=True):
    """A token by its SHA-256: who reads the table cannot use what it holds."""

    __tablename__ = "access_token"

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    created_at: datetime
    expires_at: datetime = Field(index=True)
    revoked_at: datetime | None = None
