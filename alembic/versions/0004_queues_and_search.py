"""queues and search: counts per queue, saved filters, templates of reasons, postings, and the roads of lists

Deploy-safe (docs/decisions/0010-deploy-safe-migrations.md): the program before and the program after this revision
both work with the tables it leaves. The counts and the search are fed by triggers, so the program before feeds them too.

WARNING for later revisions: on SQLite, `batch_alter_table` rebuilds a table when it adds or changes a column or a
constraint, and the rebuilt table has lost its triggers. Whoever alters `report`, `journal_text` or `assisting_unit`
so must create the triggers of this revision again; tests/dispatch/test_triggers.py finds who does not.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Name, columns, and of what rows; each list of the API walks along one of them.
_INDEXES = (
    ("ix_report_status_submitted_at_id", ("status", "submitted_at", "id"), None),
    ("ix_report_unit_code_submitted_at_id", ("unit_code", "submitted_at", "id"), None),
    ("ix_report_district_code_submitted_at_id", ("district_code", "submitted_at", "id"), None),
    ("ix_report_street_code_submitted_at_id", ("street_code", "submitted_at", "id"), None),
    ("ix_report_open", ("submitted_at", "id"), "holder IS NOT NULL"),
    ("ix_report_handler", ("handler_id", "submitted_at", "id"), "handler_id IS NOT NULL"),
    ("ix_report_leased", ("lease_owner_id",), "lease_owner_id IS NOT NULL"),
    ("ix_report_reopening", ("submitted_at", "id"), "reopen_requested_at IS NOT NULL"),
)

_MOVED = " OR ".join(f"OLD.{name} IS {{differs}} NEW.{name}" for name in ("holder", "street_code", "status"))
_RENAMED = " OR ".join(
    f"OLD.{name} IS {{differs}} NEW.{name}"
    for name in ("description", "address", "district_code", "street_code", "unit_code")
)

# Trigger, event and table, when, and what it writes down.
_TRIGGERS = (
    ("report_enters_queue", "INSERT ON report", "NEW.holder IS NOT NULL", "queue"),
    ("report_changes_queue", "UPDATE OF holder, street_code, status ON report", _MOVED, "queue"),
    ("report_leaves_queue", "DELETE ON report", "OLD.holder IS NOT NULL", "queue"),
    ("report_to_read", "INSERT ON report", None, "words"),
    (
        "report_to_read_again",
        "UPDATE OF description, address, district_code, street_code, unit_code ON report",
        _RENAMED,
        "words",
    ),
    ("report_with_text", "INSERT ON journal_text", None, "words"),
    ("report_with_assistance", "INSERT ON assisting_unit", None, "words"),
)

_CHANGE = "INSERT INTO queue_change (holder, street_code, status, delta)"
_OUT = _CHANGE + " {row} OLD.holder, OLD.street_code, OLD.status, -1"
_IN = _CHANGE + " {row} NEW.holder, NEW.street_code, NEW.status, 1"

_FUNCTIONS = (
    f"""
CREATE FUNCTION note_queue_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.holder IS NOT NULL THEN
        {_OUT.format(row="SELECT")};
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.holder IS NOT NULL THEN
        {_IN.format(row="SELECT")};
    END IF;
    RETURN NULL;
END
$$
""",
    """
CREATE FUNCTION note_words_to_read() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'report' THEN
        INSERT INTO search_todo (report_id) VALUES (NEW.id);
    ELSE
        INSERT INTO search_todo (report_id) VALUES (NEW.report_id);
    END IF;
    RETURN NULL;
END
$$
""",
)


def upgrade() -> None:
    _build_indexes()
    op.create_table(
        "queue_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("street_code", sa.String(length=9), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_change")),
    )
    op.create_table(
        "queue_tally",
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("street_code", sa.String(length=9), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("holder", "street_code", "status", name=op.f("pk_queue_tally")),
    )
    op.create_table(
        "reason_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reason_template")),
        sa.UniqueConstraint("action", "text", name=op.f("uq_reason_template_action_text")),
    )
    op.create_table(
        "search_block",
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("block", name=op.f("pk_search_block")),
    )
    op.create_table(
        "search_posting",
        sa.Column("gram", sa.String(length=72), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("gram", "block", name=op.f("pk_search_posting")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_todo",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_todo")),
    )
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("filters", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_saved_filter_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_saved_filter_user_id_name")),
    )

    # From the first trigger to the end of this revision nobody else writes reports: what is counted stays true.
    _create_triggers()
    op.execute(
        "INSERT INTO queue_tally (holder, street_code, status, n) SELECT holder, street_code, status, count(*) "
        "FROM report WHERE holder IS NOT NULL GROUP BY holder, street_code, status"
    )
    op.execute("INSERT INTO search_todo (report_id) SELECT id FROM report ORDER BY id DESC")


def downgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for name, event, _, _ in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name}" + (f" ON {event.rpartition(' ')[2]}" if is_postgresql else ""))
    if is_postgresql:
        op.execute("DROP FUNCTION note_queue_change()")
        op.execute("DROP FUNCTION note_words_to_read()")
    for name, _, _ in reversed(_INDEXES):
        op.drop_index(name, table_name="report")
    op.drop_table("saved_filter")
    op.drop_table("search_todo")
    op.drop_table("search_posting")
    op.drop_table("search_block")
    op.drop_table("reason_template")
    op.drop_table("queue_tally")
    op.drop_table("queue_change")


def _build_indexes() -> None:
    """Build them beside the traffic; outside a transaction, so an attempt that broke off is cleared away first."""
    if op.get_bind().dialect.name == "sqlite":
        for name, columns, rows in _INDEXES:
            op.create_index(name, "report", columns, sqlite_where=sa.text(rows) if rows else None)
        return
    with op.get_context().autocommit_block():
        for name, columns, rows in _INDEXES:
            op.drop_index(name, table_name="report", if_exists=True, postgresql_concurrently=True)
            op.create_index(
                name,
                "report",
                columns,
                postgresql_where=sa.text(rows) if rows else None,
                postgresql_concurrently=True,
            )


def _create_triggers() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for function in _FUNCTIONS:
            op.execute(function)
    for name, event, when, notes in _TRIGGERS:
        op.execute(_trigger(name, event, when, notes))


def _trigger(name: str, event: str, when: str | None, notes: str) -> str:
    if op.get_bind().dialect.name == "postgresql":
        condition = f"WHEN ({when.format(differs='DISTINCT FROM')})" if when else ""
        function = "note_queue_change" if notes == "queue" else "note_words_to_read"
        return f"CREATE TRIGGER {name} AFTER {event} FOR EACH ROW {condition} EXECUTE FUNCTION {function}()"
    condition = f"WHEN {when.format(differs='NOT')}" if when else ""
    return f"CREATE TRIGGER {name} AFTER {event} FOR EACH ROW {condition} BEGIN {_sqlite_body(event, notes)} END"


def _sqlite_body(event: str, notes: str) -> str:
    if notes == "words":
        row = "NEW.id" if event.endswith("ON report") else "NEW.report_id"
        return f"INSERT INTO search_todo (report_id) VALUES ({row});"
    leaves = _OUT.format(row="SELECT") + " WHERE OLD.holder IS NOT NULL;"
    enters = _IN.format(row="SELECT") + " WHERE NEW.holder IS NOT NULL;"
    return {"INSERT": enters, "DELETE": leaves}.get(event.split()[0], leaves + " " + enters)
