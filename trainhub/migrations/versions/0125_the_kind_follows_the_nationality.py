"""Where no number decides it, the kind of nationality follows the nationality, also of who was registered by a list

Revision ID: 0125
Revises: 0119
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0125"
down_revision = "0119"
branch_labels = None
depends_on = None

HK_MO_TW = ("HK", "MO", "TW")


def upgrade() -> None:
    """Forward. Whoever came without a document was kept as a citizen whatever their nationality, and was not counted as a foreigner (PETOE-9.1, 9.8);
    a change to Hong Kong, Macao or Taiwan made a foreigner. Nobody could say either otherwise. What was decided before stays as it was frozen."""
    person = sa.table("person", *(sa.column(name) for name in ("id_number_hash", "nationality", "nationality_kind")))
    unknown, islands = person.c.id_number_hash.is_(None), person.c.nationality.in_(HK_MO_TW)
    foreign = sa.and_(unknown, person.c.nationality_kind == "china", person.c.nationality.not_in(("", "CN", *HK_MO_TW)))
    citizens = sa.and_(unknown, person.c.nationality_kind.in_(("china", "foreign")), islands)
    for found, kind in ((foreign, "foreign"), (citizens, "hk_mo_tw")):
        op.get_bind().execute(sa.update(person).where(found).values(nationality_kind=kind))


def downgrade() -> None:
    """Back: the kinds stay, the older program reads them alike."""
