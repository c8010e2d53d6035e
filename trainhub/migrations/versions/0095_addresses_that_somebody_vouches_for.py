"""A link that is sent to an address which only the enterprise vouches for asks for a code of the school

Revision ID: 0095
Revises: 0094

Nobody is known to have vouched for an address that stands in the file already. Links that were sent before stay as they were made until they expire
(seven days, those of capstones `own.capstone.link_days`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0095"
down_revision = "0094"
branch_labels = None
depends_on = None

LINKS = ("mentor_link", "capstone_link")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "mentor_address",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("how", sa.String(length=200), nullable=False),
        sa.Column("vouched_by_id", sa.BigInteger(), nullable=True),
        sa.Column("vouched_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mentor_address_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentor_address")),
        sa.UniqueConstraint("person_id", "digest", name=op.f("uq_mentor_address_person_id_digest")),
    )
    for table in LINKS:
        op.add_column(table, sa.Column("sent_to", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Back: what was sent asks for no code."""
    for table in LINKS:
        op.drop_column(table, "sent_to")
    op.drop_table("mentor_address")
