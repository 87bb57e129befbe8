"""Runs the two processes: the HTTP server and the worker."""

import uvicorn
from sqlalchemy import func
from sqlmodel import col, select

from app.identity.models import UserAccount
from app.infra.clock import now
from app.infra.database import Database
from app.main import create_app, create_blobs
from app.migrate import current, newest
from app.reports.world import WorldHolder
from app.routing.loading import version_in_force
from app.settings import Settings, StartRefused
from app.texts import text
from app.worker import Worker, run_until_told


def serve(settings: Settings) -> None:
    """Answer HTTP until told to stop.

    :raises StartRefused: the database is not ready, or others can reach the server and its accounts have a password
        that everybody knows
    """
    refuse_unprepared(settings)
    refuse_demo_accounts(settings)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def refuse_unprepared(settings: Settings) -> None:
    """Say in one line what is missing before anything can be served.

    :raises StartRefused: the schema is not the newest one, or no city has been loaded
    """
    if current(settings.database_url) != newest():
        raise StartRefused(text("serving.not_migrated"))
    try:
        with Database(settings.database_url, pool_size=1) as database, database.reading() as session:
            version_in_force(session, now=now())
    except LookupError:
        raise StartRefused(text("serving.no_city")) from None


def refuse_demo_accounts(settings: Settings) -> None:
    """Let demonstration accounts work for this machine only.

    :raises StartRefused: there are active ones, and `host` is no loopback address
    """
    if settings.is_loopback:
        return
    known = select(func.count()).where(col(UserAccount.is_demo), col(UserAccount.is_active))
    with Database(settings.database_url, pool_size=1) as database, database.reading() as session:
        count = session.exec(known).one()
    if count:
        raise StartRefused(text("demo.accounts_reachable", count=count, host=settings.host))


def work(settings: Settings) -> None:
    """Do the worker's job until told to stop.

    :raises StartRefused: the database is not ready
    """
    refuse_unprepared(settings)
    with Database(settings.database_url, sqlite_synchronous=settings.sqlite_synchronous) as database:
        world = WorldHolder(database, clock=now)
        run_until_told(Worker(database, world, create_blobs(settings), clock=now))
