"""Settings: every variable is documented, and a wrong one stops the start with one line that says what to do."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import LoginProvider, Settings, StartRefused, load, render_markdown

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in an empty folder without any variable of ours."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SUISHOUPAI_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def start() -> None:
    """Ask for all that a server needs."""
    settings = load()
    settings.wechat_credentials()
    settings.signing_secret()


def refusal() -> str:
    """Return the line with which the start is refused."""
    with pytest.raises(StartRefused) as refused:
        start()
    line = str(refused.value.code)
    assert "\n" not in line
    return line


def test_the_page_of_settings_is_up_to_date() -> None:
    """Repair with `make openapi`."""
    assert (ROOT / "docs" / "configuration.md").read_text("utf-8") == render_markdown()


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_setting_is_used() -> None:
    """A setting without effect would be a promise nobody keeps."""
    readers = [file.read_text("utf-8") for file in (ROOT / "app").glob("*.py") if file.name != "settings.py"]
    through = {
        "secret_key": "settings.signing_secret()",
        "secret_key_file": "settings.signing_secret()",
        "login_provider": "settings.wechat_credentials()",
        "wechat_app_id": "settings.wechat_credentials()",
        "wechat_secret": "settings.wechat_credentials()",
        "worker_embedded": "settings.embeds_worker",
        "max_upload_mb": "settings.max_upload_bytes",
    }
    unused = [
        name
        for name in Settings.model_fields
        if not any(through.get(name, f"settings.{name}") in reader for reader in readers)
    ]
    assert unused == []


def test_nothing_needs_to_be_set_to_migrate() -> None:
    assert load().database_url == "sqlite:///var/suishoupai.db"


def test_an_empty_variable_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUISHOUPAI_S3_BUCKET", "")
    assert load().s3_bucket is None


def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUISHOUPAI_DATABSE_URL", "sqlite:///var/other.db")
    assert "SUISHOUPAI_DATABSE_URL" in refusal()


def test_a_value_that_does_not_fit_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUISHOUPAI_DATABASE_URL", "mysql://somebody:password@host/name")
    line = refusal()
    assert "SUISHOUPAI_DATABASE_URL" in line
    assert "password" not in line


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 9000  # type: ignore[misc]  # frozen: that is the case


@pytest.mark.parametrize("secret", ["secret_key", "wechat_secret", "s3_secret_access_key"])
def test_secrets_are_not_printed(secret: str) -> None:
    assert SECRET not in repr(Settings.model_validate({secret: SECRET}))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - the case
        ("::", False),
        ("192.168.1.5", False),
        ("city.example.org", False),
    ],
)
def test_only_loopback_addresses_are_loopback(host: str, expected: bool) -> None:
    assert Settings(host=host).is_loopback is expected


def test_development_login_is_refused_when_others_can_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUISHOUPAI_LOGIN_PROVIDER", "development")
    assert load().wechat_credentials() is None
    monkeypatch.setenv("SUISHOUPAI_HOST", "0.0.0.0")  # noqa: S104 - the case
    assert "SUISHOUPAI_LOGIN_PROVIDER=wechat" in refusal()


def test_wechat_login_needs_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SUISHOUPAI_WECHAT_SECRET" in refusal()
    monkeypatch.setenv("SUISHOUPAI_WECHAT_APP_ID", "wx0123456789abcdef")
    monkeypatch.setenv("SUISHOUPAI_WECHAT_SECRET", "hidden")
    assert load().wechat_credentials() == ("wx0123456789abcdef", "hidden")


def test_a_bucket_needs_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUISHOUPAI_S3_BUCKET", "photos")
    monkeypatch.setenv("SUISHOUPAI_S3_ENDPOINT", "https://objects.example.org")
    assert "SUISHOUPAI_S3_ACCESS_KEY_ID、SUISHOUPAI_S3_SECRET_ACCESS_KEY" in refusal()


def test_on_loopback_a_secret_is_made_once_for_its_owner_only() -> None:
    secret = Settings().signing_secret()
    assert len(secret) >= 32
    assert Settings().signing_secret() == secret
    assert Path("var/secret_key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in Path("var").iterdir()] == ["secret_key"]


def test_a_reachable_server_makes_no_secret() -> None:
    settings = Settings(host="0.0.0.0")  # noqa: S104 - the case
    with pytest.raises(StartRefused, match="SUISHOUPAI_SECRET_KEY"):
        settings.signing_secret()
    assert not Path("var").exists()


def test_the_secret_may_come_from_the_variable_or_a_file() -> None:
    Path("key").write_text(f"{SECRET}\n", "ascii")
    assert Settings(host="city.example.org", secret_key_file=Path("key")).signing_secret() == SECRET
    given = Settings.model_validate({"host": "city.example.org", "secret_key": SECRET})
    assert given.signing_secret() == SECRET


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(StartRefused, match="32"):
        Settings.model_validate({"secret_key": "short"}).signing_secret()


@pytest.mark.parametrize(
    ("url", "chosen", "expected"),
    [
        ("sqlite:///var/a.db", None, True),
        ("postgresql://host/name", None, False),
        ("postgresql://host/name", True, True),
        ("sqlite:///var/a.db", False, False),
    ],
)
def test_the_server_carries_the_worker_on_sqlite(url: str, chosen: bool | None, expected: bool) -> None:
    assert Settings(database_url=url, worker_embedded=chosen).embeds_worker is expected


def test_a_megabyte_is_a_million_bytes() -> None:
    assert Settings(max_upload_mb=3).max_upload_bytes == 3_000_000


def test_the_default_login_is_the_real_one() -> None:
    assert Settings().login_provider is LoginProvider.WECHAT
