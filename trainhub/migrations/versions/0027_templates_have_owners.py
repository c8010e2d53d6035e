"""Templates belong to an issuer or to all, and each issuer says which of them its certificates are drawn from

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

KINDS = ("completion", "placement", "capstone", "programme", "training", "mentor", "exam")


def upgrade() -> None:
    """Forward. Templates drawn up before belong to all."""
    with op.batch_alter_table("certificate_template", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_id", BigKey, nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_certificate_template_owner_id_organisation"), "organisation", ["owner_id"], ["id"], ondelete="RESTRICT"
        )
        batch_op.create_index(op.f("ix_certificate_template_owner_id"), ["owner_id"])
    op.create_table(
        "issuer_template",
        sa.Column("issuer_id", BigKey, nullable=False),
        sa.Column("kind", sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("template", sa.String(40), nullable=False),
        sa.Column("chosen_by_id", sa.BigInteger(), nullable=True),
        sa.Column("chosen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["organisation.id"], name=op.f("fk_issuer_template_issuer_id_organisation"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("issuer_id", "kind", name=op.f("pk_issuer_template")),
    )


def downgrade() -> None:
    """Back. The choices of issuers are lost, and every template belongs to all again."""
    op.drop_table("issuer_template")
    with op.batch_alter_table("certificate_template", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_certificate_template_owner_id"))
        batch_op.drop_constraint(op.f("fk_certificate_template_owner_id_organisation"), type_="foreignkey")
        batch_op.drop_column("owner_id")
