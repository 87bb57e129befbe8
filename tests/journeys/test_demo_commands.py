"""The commands as a person types them: each in a process of its own."""

import io
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console
from rich.progress import Progress
from sqlmodel import select

from app.demo.command import demonstrate
from app.demo.people import DEMO_PASSWORD
from app.demo.seeding import Script
from app.domain.roles import Role
from app.identity.models import UserAccount
from app.identity.passwords import is_password
from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.serving import refuse_demo_accounts
from app.settings import Settings, StartRefused
from app.texts import text
from tests.journeys.conftest import NOW, REPORTS, Demo

ROOT = Path(__file__).parents[2]


def suishoupai(*arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SUISHOUPAI_")}
    return subprocess.run(
        (sys.executable, "-m", "app", *arguments),
        cwd=ROOT,
        env=plain
        | {"COLUMNS": "120", "NO_COLOR": "1"}
        | {f"SUISHOUPAI_{key}": environment[key] for key in environment},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def url_of(demo: Demo) -> str:
    return f"sqlite:///{demo.path}"


def test_the_command_starts_a_seeded_demonstration_again(demo: Demo) -> None:
    ran = suishoupai("demo", "--no-serve", DATABASE_URL=url_of(demo), BLOB_DIR=str(demo.blobs))
    assert ran.returncode == 0, ran.stderr
    assert text("demo.kept") in ran.stdout


def test_the_demonstration_prints_itself_and_draws_its_picture(demo: Demo, tmp_path: Path) -> None:
    printed, picture = io.StringIO(), tmp_path / "demo.svg"
    console = Console(file=printed, width=100)
    demonstrate(
        demo.database,
        BlobStore.local(demo.blobs),
        wanted=Script(reports=REPORTS),
        base="http://127.0.0.1:8000",
        picture=picture,
        console=console,
        bars=Progress(console=console, disable=True),
        now=NOW,
    )
    for words in (text("demo.kept"), DEMO_PASSWORD, "42 分钟", "http://127.0.0.1:8000/health", "admin1"):
        assert words in printed.getvalue()
    drawn = picture.read_text("utf-8")
    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314 - our own picture
    assert "@font-face" not in drawn
    assert "url(http" not in drawn


def test_a_demonstration_is_never_shown_to_others() -> None:
    ran = suishoupai("demo", "--no-serve", HOST="0.0.0.0")  # noqa: S104 - the case
    assert ran.returncode == 1
    assert ran.stderr.strip() == text("demo.not_loopback", host="0.0.0.0")  # noqa: S104 - the case


def test_a_reachable_server_refuses_the_demonstrations_accounts(demo: Demo) -> None:
    reachable = Settings(database_url=url_of(demo), host="192.0.2.7")
    with pytest.raises(StartRefused) as refused:
        refuse_demo_accounts(reachable)
    line = str(refused.value.code)
    assert "192.0.2.7" in line
    assert "\n" not in line
    refuse_demo_accounts(Settings(database_url=url_of(demo)))


def test_a_reachable_server_without_them_may_start(city: Path) -> None:
    refuse_demo_accounts(Settings(database_url=f"sqlite:///{city}", host="192.0.2.7"))


def test_the_serve_command_refuses_in_one_line(demo: Demo) -> None:
    ran = suishoupai("serve", DATABASE_URL=url_of(demo), HOST="0.0.0.0", SECRET_KEY="x" * 32)  # noqa: S104 - the case
    assert ran.returncode == 1
    assert ran.stderr.strip().startswith("数据库里有")
    assert len(ran.stderr.strip().splitlines()) == 1


def test_an_account_is_added_for_a_unit(city: Path) -> None:
    url, unit = f"sqlite:///{city}", "370213006.enforcement_squad"
    words = ("account", "add", "--login", "li.lei", "--name", "李雷", "--role", "unit_lead", "--unit", unit)
    ran = suishoupai(*words, "--password-stdin", typed="long enough\n", DATABASE_URL=url)
    assert ran.returncode == 0, ran.stderr
    database = Database(url)
    with database.reading() as session:
        account = session.exec(select(UserAccount).where(UserAccount.login_name == "li.lei")).one()
    assert (account.role_set, account.unit_code, account.is_demo) == (frozenset({Role.UNIT_LEAD}), unit, False)
    assert is_password("long enough", account.password_hash)
    again = suishoupai(*words, "--password-stdin", typed="long enough\n", DATABASE_URL=url)
    assert (again.returncode, again.stderr.strip()) == (1, text("problem.LOGIN_NAME_TAKEN", login_name="li.lei"))
    with database.transaction() as session:
        session.delete(session.get_one(UserAccount, account.id))
    database.dispose()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--role", "handler"), text("account.unit_needed", role=text("role.handler"))),
        (("--role", "handler", "--unit", "370213.nobody"), text("account.no_unit", unit="370213.nobody")),
        (("--role", "acceptor", "--area", "370299"), text("account.no_area", area="370299")),
        (("--role", "citizen"), text("account.no_citizen")),
    ],
)
def test_a_seat_that_cannot_be_is_refused(city: Path, words: tuple[str, ...], line: str) -> None:
    common = ("account", "add", "--login", "somebody", "--name", "某人", "--password-stdin")
    ran = suishoupai(*common, *words, typed="long enough\n", DATABASE_URL=f"sqlite:///{city}")
    assert (ran.returncode, ran.stderr.strip()) == (1, line)
