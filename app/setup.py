"""Brings an empty or older database to where the program can run: schema, default city, limits, rules and templates."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from app.city.load_default import load_default_city
from app.dispatch.load_templates import load_default_templates
from app.domain.working_time import beijing_day
from app.infra.database import Database
from app.migrate import upgrade
from app.routing.rule_files import load_default_rules
from app.sla.policies import load_default_limits

Progress = Callable[[str, int, int], None]


def prepare_schema(database_url: str) -> None:
    """Migrate; for SQLite, the directory of the file is made first."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    upgrade(database_url)


def load_city(database: Database, *, now: datetime, progress: Progress | None = None) -> None:
    """Load what is missing of the default city; what a city has loaded itself stays."""
    with database.transaction() as session:
        load_default_city(session, today=beijing_day(now), now=now, progress=progress)
        load_default_limits(session)
        load_default_rules(session, now=now)
        load_default_templates(session, now=now)
