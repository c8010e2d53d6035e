"""What an enterprise was called on a day; late entries by unit; the public notice of money for talent and what is said against it

Revision ID: 0040
Revises: 0039
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. What an enterprise was called before is not known: it counts as it is; money that was paid before had no notice."""
    op.create_table(
        "organisation_past",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Boolean(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("replaced_by_id", sa.BigInteger(), nullable=True),
        sa.Column("replaced_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_organisation_past_organisation_id_organisation"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_past")),
    )
    op.create_index(op.f("ix_organisation_past_organisation_id"), "organisation_past", ["organisation_id"])
    op.add_column("goal", sa.Column("late_by_unit", Json, nullable=True))
    op.drop_column("goal", "late_persons")
    op.add_column("talent_award", sa.Column("published_on", sa.Date(), nullable=True))
    op.add_column("talent_award", sa.Column("notice_until", sa.Date(), nullable=True))
    op.create_table(
        "talent_objection",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("award_id", BigKey, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("objector", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("recorded_by_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("is_upheld", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["award_id"], ["talent_award.id"], name=op.f("fk_talent_objection_award_id_talent_award"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talent_objection")),
    )
    op.create_index(op.f("ix_talent_objection_award_id"), "talent_objection", ["award_id"])


def downgrade() -> None:
    """Back. What somebody said against an award is not thrown away."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM talent_objection")):
        raise RuntimeError("Objections to money for talent stand, and the earlier version cannot keep them: export them first.")
    op.drop_table("talent_objection")
    op.drop_column("talent_award", "notice_until")
    op.drop_column("talent_award", "published_on")
    op.add_column("goal", sa.Column("late_persons", sa.BigInteger(), nullable=True))
    op.drop_column("goal", "late_by_unit")
    op.drop_table("organisation_past")
