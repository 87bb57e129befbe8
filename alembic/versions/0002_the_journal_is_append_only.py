"""the journal is append only

The database itself refuses to change or delete an entry. Erasing personal words touches journal_text only.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SQLITE = """
CREATE TRIGGER journal_entry_{name} BEFORE {event} ON journal_entry
BEGIN
    SELECT RAISE(ABORT, 'journal_entry is append-only');
END
"""

_FUNCTION = """
CREATE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'journal_entry is append-only';
END
$$
"""

_POSTGRESQL = """
CREATE TRIGGER journal_entry_{name} BEFORE {event} ON journal_entry
FOR EACH ROW EXECUTE FUNCTION refuse_journal_change()
"""

_EVENTS = {"no_update": "UPDATE", "no_delete": "DELETE"}

# REPLACE deletes without firing a delete trigger.
_SQLITE_NO_REPLACE = """
CREATE TRIGGER journal_entry_no_replace BEFORE INSERT ON journal_entry
WHEN EXISTS (SELECT 1 FROM journal_entry WHERE report_id = NEW.report_id AND seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'journal_entry is append-only');
END
"""

_POSTGRESQL_NO_TRUNCATE = """
CREATE TRIGGER journal_entry_no_truncate BEFORE TRUNCATE ON journal_entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change()
"""


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute(_FUNCTION)
    template = _POSTGRESQL if is_postgresql else _SQLITE
    for name, event in _EVENTS.items():
        op.execute(template.format(name=name, event=event))
    op.execute(_POSTGRESQL_NO_TRUNCATE if is_postgresql else _SQLITE_NO_REPLACE)


def downgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for name in _EVENTS:
        op.execute(f"DROP TRIGGER journal_entry_{name}" + (" ON journal_entry" if is_postgresql else ""))
    last = "no_truncate ON journal_entry" if is_postgresql else "no_replace"
    op.execute(f"DROP TRIGGER journal_entry_{last}")
    if is_postgresql:
        op.execute("DROP FUNCTION refuse_journal_change()")
