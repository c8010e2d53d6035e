"""Who needs help in a large run is stored by its summary; passwords of quizzes are sealed

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from flask import has_app_context

from trainhub.kernel.db import BigKey, Json
from trainhub.kernel.keys import keyring

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SEALED = "sealed:"


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "learner_risk",
        sa.Column("enrolment_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("run_id", BigKey, nullable=False),
        sa.Column("cohort_id", BigKey, nullable=True),
        sa.Column("risk", sa.Enum("high", "medium", "none", name="risk", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("progress_x1000", sa.BigInteger(), nullable=False),
        sa.Column("expected_x1000", sa.BigInteger(), nullable=True),
        sa.Column("score_x10", sa.BigInteger(), nullable=True),
        sa.Column("overdue", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_learner_risk_cohort_id_cohort"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_learner_risk_enrolment_id_enrolment"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["run_id"], ["course_run.id"], name=op.f("fk_learner_risk_run_id_course_run"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_learner_risk")),
    )
    op.create_index(op.f("ix_learner_risk_cohort_id"), "learner_risk", ["cohort_id"])
    op.create_index("ix_learner_risk_order", "learner_risk", ["run_id", "risk", "points", "progress_x1000", "enrolment_id"])
    _passwords(_seal)


def downgrade() -> None:
    """Back."""
    _passwords(_open)
    op.drop_index("ix_learner_risk_order", table_name="learner_risk")
    op.drop_index(op.f("ix_learner_risk_cohort_id"), table_name="learner_risk")
    op.drop_table("learner_risk")


def _passwords(change: Callable[[str], str]) -> None:
    """Passwords of quizzes, in their settings and in the versions of their settings. Without an app there is neither a key nor a password."""
    if not has_app_context():
        return
    blocks = sa.table("course_block", sa.column("id", BigKey), sa.column("kind", sa.String), sa.column("settings", Json))
    versions = sa.table("content_version", sa.column("id", BigKey), sa.column("part", sa.String), sa.column("data", Json))
    connection = op.get_bind()
    for row in connection.execute(sa.select(blocks.c.id, blocks.c.settings).where(blocks.c.kind == "quiz")).all():
        if _has_password(row.settings):
            changed = {**row.settings, "password": change(row.settings["password"])}
            connection.execute(sa.update(blocks).where(blocks.c.id == row.id).values(settings=changed))
    for row in connection.execute(sa.select(versions.c.id, versions.c.data).where(versions.c.part == "block")).all():
        settings = row.data.get("settings") if isinstance(row.data, dict) else None
        if _has_password(settings):
            changed = {**row.data, "settings": {**settings, "password": change(settings["password"])}}
            connection.execute(sa.update(versions).where(versions.c.id == row.id).values(data=changed))


def _has_password(settings: Any) -> bool:
    return isinstance(settings, dict) and isinstance(settings.get("password"), str) and bool(settings["password"])


def _seal(password: str) -> str:
    return password if password.startswith(SEALED) else SEALED + base64.b64encode(keyring().encrypt(password)).decode()


def _open(stored: str) -> str:
    return keyring().decrypt(base64.b64decode(stored.removeprefix(SEALED))) if stored.startswith(SEALED) else stored
