"""Runs the two processes: the HTTP server and the worker."""

import uvicorn

from app.infra.clock import now
from app.infra.database import Database
from app.main import create_app, create_blobs
from app.reports.world import WorldHolder
from app.settings import Settings
from app.worker import create_worker, run_until_told


def serve(settings: Settings) -> None:
    """Answer HTTP until told to stop."""
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def work(settings: Settings) -> None:
    """Do the worker's job until told to stop."""
    database = Database(settings.database_url, sqlite_synchronous=settings.sqlite_synchronous)
    world = WorldHolder(database, clock=now)
    run_until_told(create_worker(settings, database, world, create_blobs(settings), clock=now))
    database.dispose()
