"""Who made a one-time link; accounts are called what their persons are called by now

Revision ID: 0078
Revises: 0077
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: a name that was corrected before accounts followed is carried over."""
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("made_by_id", sa.BigInteger(), nullable=True))
    account = sa.table("account", sa.column("person_id", sa.BigInteger), sa.column("display_name", sa.String))
    person = sa.table("person", sa.column("id", sa.BigInteger), sa.column("name", sa.String), sa.column("merged_into_id", sa.BigInteger))
    named, stays = person.alias("named"), person.alias("stays")
    name = (
        sa.select(stays.c.name)
        .select_from(named.join(stays, stays.c.id == sa.func.coalesce(named.c.merged_into_id, named.c.id)))
        .where(named.c.id == account.c.person_id)
        .scalar_subquery()
    )
    op.execute(account.update().where(account.c.person_id.is_not(None), account.c.display_name != name).values(display_name=name))


def downgrade() -> None:
    """Back: names stay as they are."""
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.drop_column("made_by_id")
