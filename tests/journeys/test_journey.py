"""The journey plays all roles against a real server, and stops with a clear line where it is not one it expects."""

import io
import shutil
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from rich.console import Console

from app.demo.people import DEMO_PASSWORD
from app.journey.running import travel
from app.journey.server import Server, Unexpected
from app.journey.steps import STEPS
from app.main import create_app
from app.settings import LoginProvider, Settings
from app.texts import text
from tests.journeys.conftest import Demo


@pytest.fixture(scope="module")
def base(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a copy of the demonstration on a free port of this machine."""
    root = tmp_path_factory.mktemp("served")
    settings = Settings(
        database_url=f"sqlite:///{shutil.copy(demo.path, root / 'served.db')}",
        blob_dir=root / "blobs",
        secret_key_file=root / "secret",
        login_provider=LoginProvider.DEVELOPMENT,
        port=0,
    )
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_config=None, access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    deadline = time.monotonic() + 15
    while not server.started:
        assert time.monotonic() < deadline
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(15)
    listening.close()
    assert not thread.is_alive()


def journey(base: str, *, password: str = DEMO_PASSWORD) -> tuple[bool, str]:
    printed = io.StringIO()
    console = Console(file=printed, width=400, color_system=None)
    return travel(base, password=password, timeout_s=10, console=console), printed.getvalue()


def test_from_the_photo_to_the_rating_over_http(base: str) -> None:
    went_well, printed = journey(base)
    assert went_well, printed
    lines = printed.splitlines()
    for place, name in enumerate(STEPS, start=1):
        assert text(f"journey.step.{name}") in lines[place]


def test_it_can_be_travelled_again(base: str) -> None:
    assert journey(base)[0]


def test_a_wrong_password_says_that_this_is_no_demonstration(base: str) -> None:
    went_well, printed = journey(base, password="something else")
    assert not went_well
    assert text("journey.no_accounts", login="acceptor1") in printed


def test_no_server_says_where_it_looked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
    went_well, printed = journey(base)
    assert not went_well
    assert base in printed.splitlines()[-1]


def test_an_answer_that_is_not_as_expected_says_both(base: str) -> None:
    with Server(base, timeout_s=5) as server, pytest.raises(Unexpected) as differs:
        server.get("/api/v1/me")
    assert differs.value.expected == "GET /api/v1/me 200"
    assert differs.value.got.startswith("401 UNAUTHENTICATED")


def test_every_step_is_named() -> None:
    assert all(text(f"journey.step.{name}") for name in STEPS)
