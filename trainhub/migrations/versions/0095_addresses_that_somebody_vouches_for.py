"""A link that is sent to an address which only the enterprise vouches for asks for a code of the school

Revision ID: 0095
Revises: 0094

An address that stands in the file already is vouched for where the audit log says that a school, an authority or the operator entered it: by an account
that holds such a role and none of an enterprise, as the last who did. Of who was merged, and of what commands entered, nothing is taken over; for all others a
school vouches on one list. Links that were sent before stay as they were made until they expire (seven days, those of capstones `own.capstone.link_days`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, UtcDateTime
from trainhub.kernel.keys import keyring

revision = "0095"
down_revision = "0094"
branch_labels = None
depends_on = None

LINKS = ("mentor_link", "capstone_link")
REGISTERED, CHANGED, MERGED, PARTED = (f"people.person.{did}" for did in ("registered", "changed", "merged", "parted"))
OFFICES = (
    "system_admin",
    "university_admin",
    "programme_admin",
    "prefecture_operator",
    "dept_edu",
    "dept_hr",
    "dept_st",
    "dept_fin",
)
HOSTS = ("enterprise_coordinator", "centre_leader")
FIELDS = ("email", "phone")


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
    _note_who_entered()


def _note_who_entered() -> None:
    connection = op.get_bind()
    person = sa.table("person", *(sa.column(name) for name in ("id", "merged_into_id", *FIELDS)))
    mentor = sa.table("mentor", sa.column("person_id"))
    mentors = _rows(connection, sa.select(person).where(person.c.id.in_(sa.select(mentor.c.person_id)), person.c.merged_into_id.is_(None)))
    known = {row["id"]: row for row in mentors}
    entered = _entered(connection)
    rows = [
        {"person_id": key, "digest": _digest(known[key][field]), "how": "", "vouched_by_id": by, "vouched_at": at}
        for (key, field), (by, at) in sorted(entered.items())
        if key in known and known[key][field]
    ]
    table = sa.table(
        "mentor_address", *(sa.column(name) for name in ("person_id", "digest", "how", "vouched_by_id")), sa.column("vouched_at", UtcDateTime())
    )
    if rows:
        connection.execute(sa.insert(table), rows)


def _rows(connection: Any, statement: Any) -> list[dict[str, Any]]:
    """The rows of a statement by the names of their columns."""
    return [dict(row) for row in connection.execute(statement).mappings()]


def _entered(connection: Any) -> dict[tuple[int, str], tuple[int, datetime]]:
    """{(person, field): the office's account that entered it last, and when}."""
    grant = sa.table("role_grant", sa.column("account_id"), sa.column("role"))
    roles = (OFFICES, HOSTS)
    offices, hosts = ({row["account_id"] for row in _rows(connection, sa.select(grant).where(grant.c.role.in_(some)))} for some in roles)
    names = ("id", "account_id", "did", "on_kind", "on_id")
    event = sa.table("audit_event", *(sa.column(name) for name in names), sa.column("data", sa.JSON()), sa.column("at", UtcDateTime()))
    mentor = sa.table("mentor", sa.column("person_id"))
    theirs = sa.select(sa.cast(mentor.c.person_id, sa.String))
    of_persons = sa.and_(event.c.on_kind == "person", event.c.did.in_((REGISTERED, CHANGED)), event.c.on_id.in_(theirs))
    merging = sa.and_(event.c.on_kind == "person", event.c.did.in_((MERGED, PARTED)))
    found: dict[tuple[int, str], tuple[int, datetime]] = {}
    for row in _rows(connection, sa.select(event).where(sa.or_(of_persons, merging)).order_by(event.c.id)):
        keys, data = {int(row["on_id"])}, row["data"] or {}
        if row["did"] in (MERGED, PARTED):
            keys |= {int(data[name]) for name in ("into", "from") if str(data.get(name) or "").isdigit()}
        fields = set(FIELDS) & set(data.get("fields", ())) if row["did"] == CHANGED else FIELDS
        for place in ((key, field) for key in keys for field in fields):
            found.pop(place, None)
            if row["did"] in (REGISTERED, CHANGED) and row["account_id"] in offices - hosts:
                found[place] = (row["account_id"], row["at"])
    return found


def _digest(address: str) -> str:
    """As `enterprises.mentors.address_queries.digest_of` on this day."""
    plain = address.strip().lower() if "@" in address else "".join(c for c in address if c.isdigit() or c == "+")
    return keyring().keyed_hash(f"address:{plain}")


def downgrade() -> None:
    """Back: what was sent asks for no code."""
    for table in LINKS:
        op.drop_column(table, "sent_to")
    op.drop_table("mentor_address")
