"""Whether the number of a person was said by the holder alone; for rows that are there: who registered alone, or added it to the own data, and neither is in an office's list
nor was registered, given the number or corrected by an office

Revision ID: 0082
Revises: 0081
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

person = sa.table("person", *(sa.column(name) for name in ("id", "id_number_hash", "merged_into_id")), sa.column("is_verified", sa.Boolean()), sa.column("number_by_holder", sa.Boolean()))  # fmt: skip
account = sa.table("account", sa.column("id", sa.BigInteger()), sa.column("person_id"))
event = sa.table("audit_event", *(sa.column(name) for name in ("account_id", "did", "on_kind", "on_id")))
LISTS = tuple(sa.table(name, sa.column("person_id")) for name in ("student", "teacher", "mentor"))
record = sa.table("training_record", sa.column("person_id"), sa.column("batch_id"))
AT_ONCE = 500


def upgrade() -> None:
    """Forward: whom an office named since keeps the number as proven."""
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number_by_holder", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.alter_column("number_by_holder", server_default=None)
    bind = op.get_bind()
    registered = sa.select(account.c.person_id).join(
        event, sa.and_(event.c.on_kind == "account", event.c.on_id == sa.cast(account.c.id, sa.String), event.c.did == "identity.account.registered")
    )
    added = sa.select(account.c.person_id).join(
        event,
        sa.and_(
            event.c.account_id == account.c.id,
            event.c.did == "people.number.given",
            event.c.on_kind == "person",
            event.c.on_id == sa.cast(account.c.person_id, sa.String),
        ),
    )
    said = sorted({key for statement in (registered, added) for key in bind.scalars(statement) if key is not None})
    for start in range(0, len(said), AT_ONCE):
        some = said[start : start + AT_ONCE]
        named = {key for table in LISTS for key in bind.scalars(sa.select(table.c.person_id).where(table.c.person_id.in_(some)))}
        named.update(bind.scalars(sa.select(record.c.person_id).where(record.c.person_id.in_(some), record.c.batch_id.is_not(None))))
        alone = sorted(set(some) - named - _said_by_offices(bind, some))
        mine = (person.c.id.in_(alone), person.c.id_number_hash.is_not(None), person.c.is_verified.is_(False))
        bind.execute(sa.update(person).where(*mine).values(number_by_holder=True))


def _said_by_offices(bind: sa.Connection, some: list[int]) -> set[int]:
    """Whose number somebody else gave or corrected, whether or not they registered alone: an account that is not theirs, or a command."""
    own = sa.select(account.c.id).where(account.c.id == event.c.account_id, sa.cast(account.c.person_id, sa.String) == event.c.on_id)
    by_offices = sa.or_(
        event.c.did == "people.number.corrected",
        sa.and_(event.c.did == "people.number.given", ~own.exists()),
        sa.and_(event.c.did == "people.person.registered", event.c.account_id.is_not(None)),
    )
    statement = sa.select(event.c.on_id).where(event.c.on_kind == "person", event.c.on_id.in_([str(key) for key in some]), by_offices)
    return {int(key) for key in bind.scalars(statement)}


def downgrade() -> None:
    """Back: every number counts alike."""
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("number_by_holder")
