"""A migration that fails leaves nothing behind, and two processes that migrate at once do it once."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app import migrate

ROOT = Path(__file__).parents[2]

REVISION = '''"""For this test only."""

from alembic import op

revision = "{revision}"
down_revision = {before}


def upgrade() -> None:
    {steps}


def downgrade() -> None:
    pass
'''


def scripts(folder: Path, url: str, *steps: str) -> Config:
    """Return the configuration of an environment like ours with these revisions instead of our own."""
    (folder / "versions").mkdir(parents=True)
    shutil.copy(ROOT / "alembic" / "env.py", folder)
    for number, step in enumerate(steps, start=1):
        before = repr(str(number - 1)) if number > 1 else "None"
        revision = REVISION.format(revision=number, before=before, steps=step)
        (folder / "versions" / f"{number}.py").write_text(revision, "utf-8")
    configuration = migrate.configuration(url)
    configuration.set_main_option("script_location", str(folder))
    return configuration


def tables(url: str) -> set[str]:
    return set(inspect(create_engine(url, poolclass=NullPool)).get_table_names())


def test_a_revision_that_fails_leaves_nothing_behind(empty_url: str, tmp_path: Path) -> None:
    broken = scripts(
        tmp_path / "scripts",
        empty_url,
        'op.execute("CREATE TABLE half (id INTEGER)"); op.execute("INSERT INTO nowhere VALUES (1)")',
    )
    with pytest.raises(DBAPIError):
        command.upgrade(broken, "head")
    assert "half" not in tables(empty_url)
    assert migrate.current(empty_url) is None


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_rebuilding_a_table_must_not_leave_rows_that_point_at_nothing(empty_url: str, tmp_path: Path) -> None:
    """Foreign keys are off while SQLite rebuilds tables, so they are checked at the end."""
    careless = scripts(
        tmp_path / "scripts",
        empty_url,
        'op.execute("CREATE TABLE master (id INTEGER PRIMARY KEY)"); '
        'op.execute("CREATE TABLE follower (id INTEGER, master_id INTEGER REFERENCES master (id))"); '
        'op.execute("INSERT INTO master VALUES (1)"); op.execute("INSERT INTO follower VALUES (1, 1)")',
        'op.execute("DELETE FROM master")',
    )
    command.upgrade(careless, "1")
    with pytest.raises(RuntimeError, match="follower"):
        command.upgrade(careless, "2")
    assert migrate.current(empty_url) == "1"


def test_processes_that_migrate_at_once_do_it_once(empty_url: str) -> None:
    program = "import sys; from app import migrate; migrate.upgrade(sys.argv[1])"
    command_line = (sys.executable, "-c", program, empty_url)
    running = [subprocess.Popen(command_line, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    complaints = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], complaints
    assert migrate.current(empty_url) == migrate.newest()


def test_without_its_checkout_the_program_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "_CHECKOUT", tmp_path)
    with pytest.raises(FileNotFoundError, match="migration scripts"):
        migrate.upgrade("sqlite:///never.db")
