"""A change of study that was taken back stays to be read, with why

Revision ID: 0112
Revises: 0111
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0112"
down_revision = "0111"
branch_labels = None
depends_on = None

TABLE = "student_move_undone"


def upgrade() -> None:
    """Forward: what was undone before is taken from the audit log, which held its reason; what was undone with this table, before a way back, has
    none there any more, and stays as a change that was undone."""
    made = op.create_table(
        TABLE,
        sa.Column("id", BigKey, nullable=False),
        sa.Column("student_id", BigKey, nullable=False),
        sa.Column("programme_id", BigKey, nullable=False),
        sa.Column("cohort_id", BigKey, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("moved_reason", sa.String(200), nullable=False),
        sa.Column("moved_by_id", sa.BigInteger(), nullable=True),
        sa.Column("moved_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("undone_by_id", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f(f"fk_{TABLE}_student_id_student"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f(f"fk_{TABLE}_programme_id_programme"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f(f"fk_{TABLE}_cohort_id_cohort"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_student_id"), TABLE, ["student_id"])
    op.create_index(op.f(f"ix_{TABLE}_programme_id"), TABLE, ["programme_id"])
    if rows := list(_told(op.get_bind())):
        op.bulk_insert(made, rows)


def _told(connection: sa.Connection) -> list[dict[str, object]]:
    event = sa.table(
        "audit_event",
        sa.column("id"),
        sa.column("at", UtcDateTime()),
        sa.column("account_id"),
        sa.column("did"),
        sa.column("on_id"),
        sa.column("data", sa.JSON()),
    )
    student = sa.table("student", sa.column("id"), sa.column("programme_id"), sa.column("cohort_id"))
    now = {key: (programme_id, cohort_id) for key, programme_id, cohort_id in connection.execute(sa.select(student))}
    known = {name: set(connection.scalars(sa.select(sa.table(name, sa.column("id")).c.id))) for name in ("programme", "cohort")}
    found: list[dict[str, object]] = []
    statement = sa.select(event).where(event.c.did == "people.student.move_undone").order_by(event.c.id)
    for row in connection.execute(statement):
        key, data = int(row.on_id), row.data
        if key not in now or not data.get("on"):
            continue
        programme_id = data["programme_id"][0] if "programme_id" in data else now[key][0]
        cohort_id = data["cohort_id"][0] if "cohort_id" in data else now[key][1]
        if programme_id not in known["programme"] or cohort_id not in known["cohort"]:
            continue
        found.append(
            {
                "student_id": key,
                "programme_id": programme_id,
                "cohort_id": cohort_id,
                "since": date.fromisoformat(data["on"]),
                "moved_reason": "",
                "moved_by_id": None,
                "moved_at": None,
                "reason": str(data.get("reason") or "")[:200],
                "undone_by_id": row.account_id,
                "undone_at": row.at,
            }
        )
    return found


def downgrade() -> None:
    """Back."""
    op.drop_table(TABLE)
