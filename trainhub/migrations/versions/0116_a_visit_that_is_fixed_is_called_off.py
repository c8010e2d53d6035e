"""A step of an evaluation: a visit that was fixed is called off on the route of the evaluation alone

Revision ID: 0116
Revises: 0113
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0116"
down_revision = "0113"
branch_labels = None
depends_on = None

KNOWN = (
    "become_eligible",
    "apply",
    "apply_alone",
    "refuse",
    "apply_next_year",
    "accept",
    "submit",
    "schedule_visit",
    "end_visit",
    "send_to_association",
    "conclude_accreditation",
    "send_to_group",
    "send_alone",
    "conclude",
    "publish",
    "fail",
    "apply_again",
    "withdraw",
)
NEW = "call_off"


def _allow(names: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{name}'" for name in names)
    with op.batch_alter_table("evaluation_step", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_evaluation_step_event"), type_="check")
        batch_op.create_check_constraint(op.f("ck_evaluation_step_event"), f"event IN ({listed})")


def upgrade() -> None:
    """Forward."""
    _allow((*KNOWN, NEW))


def downgrade() -> None:
    """Back: a step that was made is not taken out of the history, and the earlier version cannot read it."""
    step = sa.table("evaluation_step", sa.column("event", sa.String))
    used = op.get_bind().scalar(sa.select(sa.func.count()).select_from(step).where(step.c.event == NEW))
    if used:
        raise RuntimeError(f"{used} visits were called off after they had been fixed: the earlier version does not know that step.")
    _allow(KNOWN)
