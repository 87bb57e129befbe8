"""photos that wait for the worker, merged and reopened reports, assisting units

Deploy-safe (docs/decisions/0010-deploy-safe-migrations.md): the program before and the program after this revision
both work with the tables it leaves. Add nullable or with a server default, fill in batches, tighten in a later one.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "assisting_unit",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_assisting_unit_report_id_report")),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_assisting_unit_unit_code_unit")),
        sa.PrimaryKeyConstraint("report_id", "unit_code", name=op.f("pk_assisting_unit")),
    )
    with op.batch_alter_table("assisting_unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assisting_unit_unit_code"), ["unit_code"], unique=False)

    with op.batch_alter_table("grid_generation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("file_sha256", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("datum", sa.String(length=16), server_default="wgs84", nullable=False))
        batch_op.create_unique_constraint(batch_op.f("uq_grid_generation_file_sha256"), ["file_sha256"])

    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(length=32), server_default="ready", nullable=False))
        batch_op.add_column(sa.Column("dhash", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("render_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("render_attempts", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("failure", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("place_gap_m", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("time_gap_s", sa.Integer(), nullable=True))
        batch_op.alter_column("large_key", existing_type=sa.VARCHAR(length=80), nullable=True)
        batch_op.alter_column("small_key", existing_type=sa.VARCHAR(length=80), nullable=True)
        batch_op.create_index(
            "ix_photo_processing",
            ["render_at"],
            unique=False,
            postgresql_where=sa.text("state = 'processing'"),
            sqlite_where=sa.text("state = 'processing'"),
        )

    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("place_hint", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("master_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reopen_requested_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reopen_count", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index(batch_op.f("ix_report_master_id"), ["master_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_report_master_id_report"), "report", ["master_id"], ["id"])



def downgrade() -> None:
    # The program before knows no photo that waits: it shows the original in its place. Who followed a report forgets it.
    op.execute("UPDATE photo SET large_key = coalesce(large_key, original_key), small_key = coalesce(small_key, original_key)")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_report_master_id_report"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_report_master_id"))
        batch_op.drop_column("reopen_count")
        batch_op.drop_column("reopen_requested_at")
        batch_op.drop_column("master_id")
        batch_op.drop_column("place_hint")

    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_photo_processing",
            postgresql_where=sa.text("state = 'processing'"),
            sqlite_where=sa.text("state = 'processing'"),
        )
        batch_op.alter_column("small_key", existing_type=sa.VARCHAR(length=80), nullable=False)
        batch_op.alter_column("large_key", existing_type=sa.VARCHAR(length=80), nullable=False)
        batch_op.drop_column("time_gap_s")
        batch_op.drop_column("place_gap_m")
        batch_op.drop_column("failure")
        batch_op.drop_column("render_attempts")
        batch_op.drop_column("render_at")
        batch_op.drop_column("dhash")
        batch_op.drop_column("state")

    with op.batch_alter_table("grid_generation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_grid_generation_file_sha256"), type_="unique")
        batch_op.drop_column("datum")
        batch_op.drop_column("file_sha256")

    with op.batch_alter_table("assisting_unit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assisting_unit_unit_code"))

    op.drop_table("assisting_unit")
