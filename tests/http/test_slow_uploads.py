"""Bodies that stop half-way or never end, sent to a real server on a real socket: nothing stays, nobody else waits."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from structlog.testing import capture_logs

from app.domain.roles import Role
from app.identity.tokens import issue_token
from app.infra.blobs import BlobStore
from app.main import create_app
from app.settings import LoginProvider, Settings
from tests.builders import staff
from tests.http.row_counts import rows_of
from tests.http.strict_client import Clock
from tests.media.pictures import a_jpeg
from tests.towns import Town

PATIENCE_S = 30.0
"""How long a test waits for what must come; no rule is about it."""

EDGE = b"a-line-that-is-in-no-picture"
FORM = b"multipart/form-data; boundary=" + EDGE
PHOTO = (
    b"--" + EDGE + b'\r\nContent-Disposition: form-data; name="file"; filename="x.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n" + a_jpeg(640, 480) + b"\r\n--" + EDGE + b"--\r\n"
)
JSON = b'{"reason": "' + "等".encode() * 40 + b'"}'


@dataclass
class Listening:
    """A server on a loopback port, what it logged so far, and somebody who may use it."""

    port: int
    token: str
    app: FastAPI
    logged: list[Any]

    def send(self, path: str, *parts: bytes, length: int | None, kind: bytes = FORM) -> socket.socket:
        """Open a connection and send the head of a POST and parts of its body."""
        connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)
        framing = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
        lines = (
            b"POST /api/v1%s HTTP/1.1" % path.encode(),
            b"Host: localhost",
            b"Authorization: Bearer %s" % self.token.encode(),
            b"Content-Type: %s" % kind,
            framing,
        )
        connection.sendall(b"\r\n".join((*lines, b"", b"")) + b"".join(parts))
        return connection

    def answers(self) -> bool:
        """Tell whether a whole photo is still taken, on a connection of its own."""
        with self.send("/photos", PHOTO, length=len(PHOTO)) as connection:
            return connection.recv(12) == b"HTTP/1.1 201"

    def requests(self) -> int:
        return sum(line["event"] == "request" for line in list(self.logged))

    def complaints(self) -> list[Any]:
        return [line for line in self.logged if line["log_level"] not in {"info", "debug"}]


@pytest.fixture
def server(committed_town: Town, caplog: pytest.LogCaptureFixture) -> Iterator[Listening]:
    """Run the application as `serve` does, with a body timeout of one second."""
    settings = Settings(
        database_url=committed_town.database.engine.url.set(
            drivername=committed_town.database.dialect
        ).render_as_string(hide_password=False),
        sqlite_synchronous="NORMAL",
        body_timeout_s=1,
        login_provider=LoginProvider.DEVELOPMENT,
        secret_key="for tests only, and long enough to be taken",
        worker_embedded=False,
    )
    app = create_app(settings, clock=Clock(), blobs=BlobStore.memory())
    with committed_town.database.transaction() as session:
        somebody = staff(session, Role.CITIZEN)
        token = issue_token(session, user_id=somebody.user_id, lifetime=timedelta(days=1), now=Clock().now)
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, server_header=False))
    thread = threading.Thread(target=running.run, daemon=True)
    with capture_logs() as logged:
        thread.start()
        wait_until(lambda: running.started)
        yield Listening(running.servers[0].sockets[0].getsockname()[1], token, app, logged)
        running.should_exit = True
        thread.join()
    assert [line.getMessage() for line in caplog.records if line.levelname in {"WARNING", "ERROR", "CRITICAL"}] == []


def wait_until(happened: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


CUTS = {
    "photo": ("/photos", FORM, len(PHOTO), (PHOTO[: len(PHOTO) // 2],)),
    "photo_without_its_last_byte": ("/photos", FORM, len(PHOTO), (PHOTO[:-1],)),
    "photo_in_chunks": ("/photos", FORM, None, (b"%x\r\n" % 1000, PHOTO[:1000], b"\r\n")),
    "report": ("/reports", b"application/json", 500, (b'{"category": "parking", ',)),
    "head_only": ("/reports", b"application/json", 500, ()),
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_client_that_goes_away_leaves_nothing_and_harms_nobody(server: Listening, cut: str) -> None:
    path, kind, length, parts = CUTS[cut]
    before = rows_of(server.app.state.database)
    server.send(path, *parts, length=length, kind=kind).close()
    wait_until(lambda: server.requests() == 1)
    assert rows_of(server.app.state.database) == before
    assert server.complaints() == []
    assert server.answers()


def trickle(server: Listening) -> socket.socket:
    """Send a photo ten bytes at a time, never pausing for long, until nobody listens."""
    connection = server.send("/photos", length=len(PHOTO))

    def drip() -> None:
        with suppress(OSError):
            for start in range(0, len(PHOTO), 10):
                connection.sendall(PHOTO[start : start + 10])
                time.sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    return connection


SLOW: dict[str, Callable[[Listening], socket.socket]] = {
    "trickles": trickle,
    "says_more_than_it_sends": lambda server: server.send("/photos", PHOTO, length=len(PHOTO) + 1),
    "stops_half_way": lambda server: server.send("/photos", PHOTO[:5000], length=len(PHOTO)),
    "sends_nothing": lambda server: server.send("/photos", length=len(PHOTO)),
    "never_ends_its_chunks": lambda server: server.send("/photos", b"5\r\n--a-l\r\n", length=None),
    "stops_in_a_report": lambda server: server.send("/reports", JSON[:9], length=90, kind=b"application/json"),
}


def read_to_the_end(connection: socket.socket) -> bytes:
    received = b""
    with connection:
        while part := connection.recv(65_536):
            received += part
    return received


def test_slow_clients_are_told_so_in_time_while_others_are_served(server: Listening) -> None:
    before = rows_of(server.app.state.database)
    connections = [open_slowly(server) for open_slowly in SLOW.values()]
    assert server.answers()
    with ThreadPoolExecutor(len(connections)) as readers:
        answers = dict(zip(SLOW, readers.map(read_to_the_end, connections), strict=True))
    for name, answer in answers.items():
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408"), name
        assert b"connection: close" in head.lower(), name
        problem = json.loads(body)
        assert (problem["code"], problem["retryable"]) == ("REQUEST_TIMEOUT", True), name
        assert problem["message"] == "上传用时过长，请检查网络后重试。", name
    after = rows_of(server.app.state.database)
    assert after == before | {"photo": before["photo"] + 1}  # that of `answers`
    assert server.complaints() == []
