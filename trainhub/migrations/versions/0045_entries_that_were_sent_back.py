"""What a student had entered before a day was sent back; which enterprise signed a training plan itself

Revision ID: 0045
Revises: 0044
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. What was overwritten before is in the audit log only, and signatures so far were recorded by schools: nothing is invented."""
    op.add_column("day_entry", sa.Column("earlier", Json, nullable=True))
    with op.batch_alter_table("plan_signature") as batch:
        batch.add_column(sa.Column("organisation_id", BigKey, nullable=True))
        batch.create_foreign_key(
            op.f("fk_plan_signature_organisation_id_organisation"), "organisation", ["organisation_id"], ["id"], ondelete="RESTRICT"
        )


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("plan_signature") as batch:
        batch.drop_constraint(op.f("fk_plan_signature_organisation_id_organisation"), type_="foreignkey")
        batch.drop_column("organisation_id")
    op.drop_column("day_entry", "earlier")
