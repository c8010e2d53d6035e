"""Who may be nominated: the mentors and teachers of an organisation, or of the province."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, union

from enterprises.mentors.models import Mentor
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Teacher

MOST = 2_000


def persons(organisation_ids: Collection[int] | None) -> list[tuple[int, str]]:
    """(person, name and organisation) by pinyin; None: of the whole province. At most `MOST`."""
    mentors = select(Mentor.person_id, Mentor.enterprise_id.label("organisation_id")).where(Mentor.until.is_(None))
    teachers = select(Teacher.person_id, Teacher.university_id.label("organisation_id")).where(Teacher.until.is_(None))
    found = union(mentors, teachers).subquery()
    statement = (
        select(Person.id, Person.name, Organisation.name)
        .join(found, found.c.person_id == Person.id)
        .join(Organisation, Organisation.id == found.c.organisation_id)
        .where(Person.merged_into_id.is_(None))
        .order_by(Person.pinyin, Person.id)
        .limit(MOST)
    )
    if organisation_ids is not None:
        statement = statement.where(Organisation.id.in_(sorted(organisation_ids)))
    return [(key, f"{name}（{organisation}）") for key, name, organisation in session().execute(statement)]
