"""What `suishoupai demo` does before it serves: seed with bars, look at the result, print it."""

from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from app.demo.seeding import Script, seed
from app.demo.showing import save_picture, show
from app.demo.summary import summarise
from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.reports.world import WorldHolder
from app.stage_bars import bar_per_stage
from app.texts import text


def demonstrate(
    database: Database,
    blobs: BlobStore,
    *,
    wanted: Script,
    base: str,
    picture: Path | None,
    console: Console,
    bars: Progress,
    now: datetime,
) -> None:
    """Seed unless it is done, then print the summary; the schema must be the newest.

    :raises ForeignReports: the database holds reports that people really sent
    """
    with bars:
        is_new = seed(database, blobs, wanted=wanted, now=now, progress=bar_per_stage(bars, "demo", "city"))
    if not is_new:
        console.print(text("demo.kept"))
    world = WorldHolder(database, clock=lambda: now).current()
    with database.reading() as session:
        summary = summarise(session, world=world, now=now)
    show(summary, base=base, console=console)
    if picture is not None:
        save_picture(summary, base=base, path=picture)
