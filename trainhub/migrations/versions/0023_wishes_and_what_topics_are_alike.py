"""Wishes for supervisors, topics whose enterprise has left, marks by which topics that are alike are found

Revision ID: 0023
Revises: 0020
"""

from __future__ import annotations

import re
import unicodedata
import zlib

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0023"
down_revision = "0020"
branch_labels = None
depends_on = None

RUNS = re.compile(r"[㐀-鿿]+|[a-z]+")


def upgrade() -> None:
    """Forward. Topics that are there get their marks, as `enterprises.capstones.likeness` made them on the day of this revision."""
    with op.batch_alter_table("capstone_topic") as batch:
        batch.add_column(sa.Column("closed_at", UtcDateTime(), nullable=True))
    op.create_table(
        "capstone_wish",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("capstone_id", BigKey, nullable=False),
        sa.Column("role", sa.Enum("school", "enterprise", name="supervisorrole", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("person_id", BigKey, nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_capstone_wish_rank_from_1")),
        sa.ForeignKeyConstraint(["capstone_id"], ["capstone.id"], name=op.f("fk_capstone_wish_capstone_id_capstone"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_capstone_wish_person_id_person"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capstone_wish")),
        sa.UniqueConstraint("capstone_id", "role", "rank", name=op.f("uq_capstone_wish_capstone_id_role_rank")),
        sa.UniqueConstraint("capstone_id", "role", "person_id", name=op.f("uq_capstone_wish_capstone_id_role_person_id")),
    )
    op.create_index(op.f("ix_capstone_wish_capstone_id"), "capstone_wish", ["capstone_id"])
    op.create_index(op.f("ix_capstone_wish_person_id"), "capstone_wish", ["person_id"])
    mark = op.create_table(
        "capstone_topic_mark",
        sa.Column("mark", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic_id", BigKey, nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["capstone_topic.id"], name=op.f("fk_capstone_topic_mark_topic_id_capstone_topic"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("mark", "topic_id", name=op.f("pk_capstone_topic_mark")),
    )
    op.create_index(op.f("ix_capstone_topic_mark_topic_id"), "capstone_topic_mark", ["topic_id"])
    topics = sa.table("capstone_topic", sa.column("id"), sa.column("title"), sa.column("problem"))
    for key, title, problem in op.get_bind().execute(sa.select(topics.c.id, topics.c.title, topics.c.problem)).all():
        rows = [{"mark": one, "topic_id": key} for one in sorted(_marks(title, problem))]
        if rows:
            op.bulk_insert(mark, rows)


def _marks(title: str, problem: str) -> set[int]:
    sums = {_sum(gram) for gram in _grams(problem)}
    return {one for one in sums if one % 4 == 0} | {_sum(gram) for gram in _grams(title)}


def _sum(gram: str) -> int:
    return zlib.crc32(gram.encode()) & 0x7FFFFFFF


def _grams(text: str) -> set[str]:
    found: set[str] = set()
    for run in RUNS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if run.isascii() or len(run) == 1:
            found.add(run)
        else:
            found.update(run[at : at + 2] for at in range(len(run) - 1))
    return found


def downgrade() -> None:
    """Back."""
    op.drop_table("capstone_topic_mark")
    op.drop_table("capstone_wish")
    with op.batch_alter_table("capstone_topic") as batch:
        batch.drop_column("closed_at")
