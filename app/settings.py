"""Every setting of a deployment: typed, frozen, read once by a composition root; nothing else reads the environment.

`python -m app.settings` prints docs/configuration.md.
"""

import os
import secrets
import sys
import tempfile
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.texts import text

PREFIX = "SUISHOUPAI_"
SHORTEST_SECRET = 32


class StartRefused(SystemExit):
    """The process must not start; uncaught, its one line goes to standard error and the exit code is 1."""


class LoginProvider(str, Enum):
    """How a citizen proves who they are."""

    WECHAT = "wechat"
    DEVELOPMENT = "development"


class Settings(BaseSettings):
    """The environment variables `SUISHOUPAI_<FIELD>`; an empty variable counts as absent.

    :raises ValidationError: a value does not fit its field, or two fields contradict each other
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, use_attribute_docstrings=True
    )

    database_url: str = Field(default="sqlite:///var/suishoupai.db", pattern=r"^(sqlite|postgresql(\+psycopg)?)://")
    """The database: `sqlite:///path` or `postgresql://user:password@host/name`."""

    db_pool_size: int = Field(default=16, ge=1, le=200)
    """Connections, and threads that answer requests, per process."""

    sqlite_synchronous: Literal["FULL", "NORMAL"] = "FULL"
    """How hard SQLite syncs a commit: NORMAL may lose the last commits in a power cut."""

    blob_dir: Path = Path("var/blobs")
    """Directory of photos and other files, unless an S3 bucket is set."""

    s3_bucket: str | None = None
    """Bucket of photos and other files; setting it switches from the directory to S3-compatible storage."""

    s3_endpoint: str | None = None
    """Address of the S3-compatible storage, for instance `https://objects.example.org`."""

    s3_region: str = "us-east-1"
    """Region that requests to S3 are signed for."""

    s3_access_key_id: str | None = None
    """Name of the S3 key."""

    s3_secret_access_key: SecretStr | None = None
    """The S3 key itself."""

    max_upload_mb: int = Field(default=10, ge=1, le=100)
    """Largest photo accepted, in MB of 1,000,000 bytes."""

    reports_per_hour: int = Field(default=60, ge=0, le=1_000_000)
    """Reports that one caller may send in an hour and process, programs of the city aside; 0 sets no limit."""

    photos_per_hour: int = Field(default=600, ge=0, le=1_000_000)
    """Photos that one caller may upload in an hour and process, programs of the city aside; 0 sets no limit."""

    body_timeout_s: int = Field(default=60, ge=1, le=600)
    """Seconds in which the whole body of a request must have arrived."""

    host: str = "127.0.0.1"
    """Address to listen on. Anything but a loopback address demands a secret key and the WeChat login."""

    port: int = Field(default=8000, ge=0, le=65535)
    """TCP port to listen on; 0 takes a free one."""

    secret_key: SecretStr | None = None
    """Secret that signs photo links and makes pseudonyms, at least 32 characters; the same for every process of a
    deployment."""

    secret_key_file: Path = Path("var/secret_key")
    """File with the secret key, read when the variable is absent; on a loopback address it is made when missing."""

    login_provider: LoginProvider = LoginProvider.WECHAT
    """How citizens log in. `development` believes any name it is told and is refused unless `host` is a loopback
    address; never put a proxy in front of it."""

    wechat_app_id: str | None = None
    """AppID of the mini-program."""

    wechat_secret: SecretStr | None = None
    """AppSecret of the mini-program."""

    worker_embedded: bool | None = None
    """Whether the server also does the worker's job. Absent: yes on SQLite, no on PostgreSQL."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least important log line that is written."""

    log_json: bool = False
    """Log one JSON object per line, for machines, instead of text for people."""

    @model_validator(mode="after")
    def _login_fits_address(self) -> Self:
        if self.login_provider is LoginProvider.DEVELOPMENT and not self.is_loopback:
            raise ValueError(text("settings.development_login", host=self.host))
        return self

    @model_validator(mode="after")
    def _storage_is_complete(self) -> Self:
        needed = {"s3_endpoint", "s3_access_key_id", "s3_secret_access_key"} if self.s3_bucket else set()
        missing = sorted(_variable(name) for name in needed if getattr(self, name) is None)
        if missing:
            raise ValueError(text("settings.s3_missing", names="、".join(missing)))
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server; a name other than `localhost` counts as reachable."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def embeds_worker(self) -> bool:
        return self.is_sqlite if self.worker_embedded is None else self.worker_embedded

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * 1_000_000

    def signing_secret(self) -> str:
        """Return the secret key: the variable, else the file, else (on loopback) a new file readable by its owner.

        :raises StartRefused: there is none and the server can be reached from outside, or it is too short
        """
        if self.secret_key is not None:
            return _long_enough(self.secret_key.get_secret_value(), source=_variable("secret_key"))
        path = self.secret_key_file
        if not path.exists():
            if not self.is_loopback:
                raise StartRefused(text("settings.secret_missing", host=self.host, path=path, length=SHORTEST_SECRET))
            _create_secret(path)
        return _long_enough(path.read_text(encoding="ascii").strip(), source=str(path))

    def wechat_credentials(self) -> tuple[str, str] | None:
        """Return AppID and AppSecret, or None when the development login is on.

        :raises StartRefused: the WeChat login is on and one of them is missing
        """
        if self.login_provider is LoginProvider.DEVELOPMENT:
            return None
        if self.wechat_app_id is None or self.wechat_secret is None:
            raise StartRefused(text("settings.wechat_missing"))
        return self.wechat_app_id, self.wechat_secret.get_secret_value()


def load() -> Settings:
    """Read the environment once.

    :raises StartRefused: a variable is misspelt, a value does not fit, or two of them contradict each other
    """
    known = {_variable(name) for name in Settings.model_fields}
    given = {name.upper() for name in os.environ if name.upper().startswith(PREFIX)}  # noqa: TID251 - only here
    unknown = sorted(given - known)
    if unknown:
        raise StartRefused(text("settings.unknown", names="、".join(unknown)))
    try:
        return Settings()
    except ValidationError as refused:
        raise StartRefused(_one_line(refused)) from None


def _variable(field: str) -> str:
    return f"{PREFIX}{field.upper()}"


def _one_line(refused: ValidationError) -> str:
    first = refused.errors(include_url=False, include_input=False)[0]
    if not first["loc"]:  # two fields contradict each other: our own sentence says it all
        return str(first["ctx"]["error"])
    return text("settings.invalid", name=_variable(str(first["loc"][0])), reason=first["msg"])


def _long_enough(secret: str, *, source: str) -> str:
    if len(secret) < SHORTEST_SECRET:
        raise StartRefused(text("settings.secret_short", source=source, length=SHORTEST_SECRET))
    return secret


def _create_secret(path: Path) -> None:
    """Write a new secret; when server and worker start together, the first one wins and the other reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="ascii") as draft:  # made with mode 0600
        draft.write(secrets.token_urlsafe(48))
        draft.flush()
        try:
            os.link(draft.name, path)  # appears complete or not at all
        except FileExistsError:
            return


def render_markdown() -> str:
    """Return the page docs/configuration.md."""
    schema = Settings.model_json_schema()
    rows = (
        (f"`{_variable(name)}`", _values(field, schema), _default(field), " ".join(field["description"].split()))
        for name, field in schema["properties"].items()
    )
    return "\n".join((*_HEAD, *(f"| {' | '.join(row)} |" for row in rows), ""))


_HEAD = (
    "# Configuration",
    "",
    "Written by `python -m app.settings > docs/configuration.md`; a test fails when this page and the program differ.",
    "",
    f"Settings are environment variables that start with `{PREFIX}`. They are read once, at the start. A misspelt one,",
    "a value that does not fit or a missing secret stops the start with one line that says what to do.",
    "Rules, limits, calendars and areas of a city are data, not settings.",
    "",
    "| variable | values | default | meaning |",
    "|---|---|---|---|",
)


def _values(field: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return in words what a field takes, out of its JSON Schema."""
    choice = next((kind for kind in field.get("anyOf", [field]) if kind.get("type") != "null"), field)
    if "$ref" in choice:
        choice = schema["$defs"][choice["$ref"].rsplit("/", 1)[1]]
    if "enum" in choice:
        return ", ".join(f"`{value}`" for value in choice["enum"])
    if "minimum" in choice:
        return f"{choice['minimum']} to {choice['maximum']}"
    if choice["type"] == "boolean":
        return "`true`, `false`"
    return {"password": "secret", "path": "path"}.get(choice.get("format", ""), "text")


def _default(field: dict[str, Any]) -> str:
    value = field.get("default")
    if value is None:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    sys.stdout.write(render_markdown())
