"""What happened to a certificate is written once, like the audit log: its events are neither changed nor deleted

Revision ID: 0086
Revises: 0085
"""

from __future__ import annotations

from alembic import op

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

WHY = "the history of a certificate is append-only"


def upgrade() -> None:
    """Forward: the triggers."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION certificate_event_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{WHY}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER certificate_event_append_only BEFORE UPDATE OR DELETE ON certificate_event "
            "FOR EACH ROW EXECUTE FUNCTION certificate_event_refuse()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER certificate_event_no_{verb.lower()} BEFORE {verb} ON certificate_event BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
        )


def downgrade() -> None:
    """Back: events can be changed again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER certificate_event_append_only ON certificate_event")
        op.execute("DROP FUNCTION certificate_event_refuse()")
        return
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER certificate_event_no_{verb}")
