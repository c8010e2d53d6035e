"""Each enterprise at whose bases items of a training plan take place signs it; its side has signed when all have

Revision ID: 0049
Revises: 0048
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

TABLE, UNNAMED = "plan_host_signature", "uq_plan_host_signature_unnamed"
COPIED = ("version_id", "organisation_id", "signed_name", "signed_on", "recorded_by_id")
SIDES = sa.table("plan_signature", *(sa.column(name) for name in (*COPIED, "side")))
HOSTS = sa.table(TABLE, *(sa.column(name) for name in (*COPIED, "file_id")))
KEYS = (("version_id", "programme_version"), ("organisation_id", "organisation"), ("person_id", "person"), ("file_id", "stored_file"))


def upgrade() -> None:
    """Forward. What an enterprise signed on its page stays its own; where it had signed for others too and the plan is not published,
    these are asked. What a school recorded without naming an enterprise stays as it is, and so do published plans."""
    op.create_table(
        TABLE,
        sa.Column("id", BigKey, nullable=False),
        sa.Column("version_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=True),
        sa.Column("signed_name", sa.String(120), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("person_id", BigKey, nullable=True),
        sa.Column("file_id", BigKey, nullable=True),
        sa.Column("recorded_by_id", sa.BigInteger(), nullable=True),
        *(
            sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{TABLE}_{name}_{target}"), ondelete="RESTRICT")
            for name, target in KEYS
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("version_id", "organisation_id", name=op.f(f"uq_{TABLE}_version_id_organisation_id")),
    )
    alone = sa.text("organisation_id IS NULL")
    op.create_index(UNNAMED, TABLE, ["version_id"], unique=True, sqlite_where=alone, postgresql_where=alone)
    connection = op.get_bind()
    own = sa.select(*(SIDES.c[name] for name in COPIED)).where(SIDES.c.side == "enterprise", SIDES.c.organisation_id.is_not(None))
    connection.execute(sa.insert(HOSTS).from_select(list(COPIED), own.order_by(SIDES.c.version_id)))
    connection.execute(sa.delete(SIDES).where(SIDES.c.side == "enterprise", SIDES.c.organisation_id.is_not(None), _is_partly_signed()))


def _is_partly_signed() -> sa.ColumnElement[bool]:
    """Whether the plan is a draft with an item at an enterprise whose base the one that signed does not run."""
    item = sa.table("plan_item", *(sa.column(name) for name in ("version_id", "base_id", "is_at_enterprise")))
    host = sa.table("base_host", *(sa.column(name) for name in ("base_id", "organisation_id", "until")))
    version = sa.table("programme_version", sa.column("id"), sa.column("state"))
    runs = sa.exists().where(host.c.base_id == item.c.base_id, host.c.until.is_(None), host.c.organisation_id == SIDES.c.organisation_id)
    is_placed = sa.or_(item.c.is_at_enterprise == sa.true(), item.c.base_id.is_not(None))
    is_draft = sa.exists().where(version.c.id == SIDES.c.version_id, version.c.state == "draft").correlate(SIDES)
    return sa.and_(is_draft, sa.exists().where(item.c.version_id == SIDES.c.version_id, is_placed, ~runs.correlate(item, SIDES)).correlate(SIDES))


def downgrade() -> None:
    """Back, unless several enterprises signed a plan or a scan is kept: the earlier version knows one signature and no scan."""
    connection = op.get_bind()
    several = sa.select(HOSTS.c.version_id).group_by(HOSTS.c.version_id).having(sa.or_(sa.func.count() > 1, sa.func.count(HOSTS.c.file_id) > 0))
    found = connection.execute(several).all()
    if found:
        raise RuntimeError(f"{len(found)} training plans carry signatures of several enterprises or scans, which the earlier version cannot keep.")
    has_side = sa.exists().where(SIDES.c.version_id == HOSTS.c.version_id, SIDES.c.side == "enterprise").correlate(HOSTS)
    back = sa.select(*(HOSTS.c[name] for name in COPIED), sa.literal("enterprise")).where(~has_side)
    connection.execute(sa.insert(SIDES).from_select([*COPIED, "side"], back))
    op.drop_index(UNNAMED, table_name=TABLE)
    op.drop_table(TABLE)
