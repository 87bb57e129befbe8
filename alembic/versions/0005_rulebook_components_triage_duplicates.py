"""rulebook, components, triage, duplicates

Deploy-safe (docs/decisions/0010-deploy-safe-migrations.md): the program before and the program after this revision
both work with the tables it leaves. Add nullable or with a server default, fill in batches, tighten in a later one.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


_ALIKE = ("ix_report_open_alike", "report", ["street_code", "category_code", "submitted_at", "lon", "lat"])


def upgrade() -> None:
    _build_index()
    op.create_table(
        "triage_model",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("editor", sa.String(length=64), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("is_synthetic", sa.Boolean(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("evaluation", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triage_model")),
        sa.UniqueConstraint("version", name=op.f("uq_triage_model_version")),
    )
    with op.batch_alter_table("triage_model", schema=None) as batch_op:
        batch_op.create_index(
            "uq_triage_model_active",
            ["is_active"],
            unique=True,
            sqlite_where=sa.text("is_active"),
            postgresql_where=sa.text("is_active"),
        )

    op.create_table(
        "component",
        sa.Column("code", sa.String(length=17), nullable=False),
        sa.Column("scheme", sa.String(length=40), nullable=False),
        sa.Column("class_code", sa.String(length=5), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("maintainer_name", sa.String(length=100), nullable=False),
        sa.Column("maintainer_unit", sa.String(length=64), nullable=True),
        sa.Column("owner_name", sa.String(length=100), nullable=False),
        sa.Column("owner_unit", sa.String(length=64), nullable=True),
        sa.Column("supervisor_name", sa.String(length=100), nullable=False),
        sa.Column("supervisor_unit", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(code) = 17", name=op.f("ck_component_code_length")),
        sa.CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name=op.f("ck_component_on_earth")),
        sa.ForeignKeyConstraint(["maintainer_unit"], ["unit.code"], name=op.f("fk_component_maintainer_unit_unit")),
        sa.ForeignKeyConstraint(["owner_unit"], ["unit.code"], name=op.f("fk_component_owner_unit_unit")),
        sa.ForeignKeyConstraint(["supervisor_unit"], ["unit.code"], name=op.f("fk_component_supervisor_unit_unit")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_component")),
    )
    with op.batch_alter_table("component", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_component_class_code_bucket"), ["class_code", "bucket"], unique=False)

    op.create_table(
        "dry_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_set_id", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("editor", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("summary", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("failure", sa.String(length=200), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["rule_set_id"], ["rule_set.id"], name=op.f("fk_dry_run_rule_set_id_rule_set")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dry_run")),
    )
    with op.batch_alter_table("dry_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dry_run_rule_set_id"), ["rule_set_id"], unique=False)
        batch_op.create_index(
            "ix_dry_run_to_do",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'running')"),
            postgresql_where=sa.text("state IN ('waiting', 'running')"),
        )

    op.create_table(
        "rule_set_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_set_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("editor", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["rule_set_id"], ["rule_set.id"], name=op.f("fk_rule_set_event_rule_set_id_rule_set")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_set_event")),
    )
    with op.batch_alter_table("rule_set_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rule_set_event_rule_set_id"), ["rule_set_id"], unique=False)

    op.create_table(
        "dry_run_change",
        sa.Column("dry_run_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("from_rule", sa.String(length=64), nullable=False),
        sa.Column("from_unit", sa.String(length=64), nullable=False),
        sa.Column("to_rule", sa.String(length=64), nullable=False),
        sa.Column("to_unit", sa.String(length=64), nullable=False),
        sa.Column("was_returned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dry_run_id"], ["dry_run.id"], name=op.f("fk_dry_run_change_dry_run_id_dry_run"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_dry_run_change_report_id_report")),
        sa.PrimaryKeyConstraint("dry_run_id", "report_id", name=op.f("pk_dry_run_change")),
    )
    op.create_table(
        "follower",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_follower_report_id_report")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_follower_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follower")),
        sa.UniqueConstraint("report_id", "user_id", name=op.f("uq_follower_report_id_user_id")),
    )
    with op.batch_alter_table("follower", schema=None) as batch_op:
        batch_op.create_index("ix_follower_user_id_joined_at_id", ["user_id", "joined_at", "id"], unique=False)

    op.create_table(
        "triage_proposal",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("rule_set_version", sa.String(length=32), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("top", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("is_adopted", sa.Boolean(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_class", sa.String(length=5), nullable=True),
        sa.Column("decided_condition_id", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_triage_proposal_decided_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["decided_condition_id"],
            ["filing_condition.id"],
            name=op.f("fk_triage_proposal_decided_condition_id_filing_condition"),
        ),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_triage_proposal_report_id_report")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_triage_proposal")),
    )
    with op.batch_alter_table("category", schema=None) as batch_op:
        batch_op.add_column(sa.Column("duplicate_radius_m", sa.Integer(), server_default="50", nullable=False))
        batch_op.add_column(sa.Column("duplicate_window_h", sa.Integer(), server_default="24", nullable=False))
        batch_op.add_column(sa.Column("duplicate_photo_radius_m", sa.Integer(), server_default="300", nullable=False))
        batch_op.add_column(sa.Column("duplicate_photo_window_h", sa.Integer(), server_default="720", nullable=False))
        batch_op.add_column(sa.Column("duplicate_photo_bits", sa.Integer(), server_default="5", nullable=False))
        batch_op.create_check_constraint(
            batch_op.f("ck_category_duplicate_reach"),
            "duplicate_radius_m BETWEEN 0 AND 1000 AND duplicate_window_h BETWEEN 0 AND 8760"
            " AND duplicate_photo_radius_m BETWEEN 0 AND 2000 AND duplicate_photo_window_h BETWEEN 0 AND 8760"
            " AND duplicate_photo_bits BETWEEN -1 AND 20",
        )

    # Not in a batch: on SQLite that would rebuild the table and lose the triggers of 0004.
    op.add_column("report", sa.Column("component_code", sa.String(length=17), nullable=True))

    with op.batch_alter_table("routing_rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("position", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("powers", sa.String(length=32), server_default="ordinary", nullable=False))
        batch_op.add_column(sa.Column("editor", sa.String(length=64), server_default="", nullable=False))

    with op.batch_alter_table("rule_set", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "sections",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                server_default="{}",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("content_sha256", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("based_on", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("checked_city_version", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("check_report", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True)
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_rule_set_published_from_a_moment"), "state <> 'published' OR effective_from IS NOT NULL"
        )



def downgrade() -> None:
    with op.batch_alter_table("rule_set", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_rule_set_published_from_a_moment"), type_="check")
        batch_op.drop_column("check_report")
        batch_op.drop_column("checked_city_version")
        batch_op.drop_column("based_on")
        batch_op.drop_column("content_sha256")
        batch_op.drop_column("sections")

    with op.batch_alter_table("routing_rule", schema=None) as batch_op:
        batch_op.drop_column("editor")
        batch_op.drop_column("powers")
        batch_op.drop_column("position")

    op.drop_index(_ALIKE[0], table_name="report")
    op.execute("ALTER TABLE report DROP COLUMN component_code")

    with op.batch_alter_table("category", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_category_duplicate_reach"), type_="check")
        batch_op.drop_column("duplicate_photo_bits")
        batch_op.drop_column("duplicate_photo_window_h")
        batch_op.drop_column("duplicate_photo_radius_m")
        batch_op.drop_column("duplicate_window_h")
        batch_op.drop_column("duplicate_radius_m")

    op.drop_table("triage_proposal")
    with op.batch_alter_table("follower", schema=None) as batch_op:
        batch_op.drop_index("ix_follower_user_id_joined_at_id")

    op.drop_table("follower")
    op.drop_table("dry_run_change")
    with op.batch_alter_table("rule_set_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rule_set_event_rule_set_id"))

    op.drop_table("rule_set_event")
    with op.batch_alter_table("dry_run", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_dry_run_to_do",
            sqlite_where=sa.text("state IN ('waiting', 'running')"),
            postgresql_where=sa.text("state IN ('waiting', 'running')"),
        )
        batch_op.drop_index(batch_op.f("ix_dry_run_rule_set_id"))

    op.drop_table("dry_run")
    with op.batch_alter_table("component", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_component_class_code_bucket"))

    op.drop_table("component")
    with op.batch_alter_table("triage_model", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_triage_model_active", sqlite_where=sa.text("is_active"), postgresql_where=sa.text("is_active")
        )

    op.drop_table("triage_model")


def _build_index() -> None:
    """Build it beside the traffic; outside a transaction, so an attempt that broke off is cleared away first."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(*_ALIKE, sqlite_where=sa.text("holder IS NOT NULL"))
        return
    with op.get_context().autocommit_block():
        op.drop_index(_ALIKE[0], table_name="report", if_exists=True, postgresql_concurrently=True)
        op.create_index(*_ALIKE, postgresql_where=sa.text("holder IS NOT NULL"), postgresql_concurrently=True)
