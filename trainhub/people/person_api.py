"""The HTTP API's resources of persons, for who may see them: numbers, telephones and e-mails are masked as on the pages."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from trainhub.kernel.access import guard
from trainhub.kernel.api import ApiModel, ByNumber, cursor_page
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.people import queries, rules
from trainhub.people.api import blueprint
from trainhub.people.models import Person
from trainhub.people.permissions import Can
from trainhub.people.types import Gender, IdType, NationalityKind


class PersonItem(ApiModel):
    """A person in a list."""

    id: int
    name: str
    id_type: IdType | None
    id_mask: str = Field(description="The number of the document with its middle hidden; empty where none is known. Whole numbers are never told")
    birth_on: date | None
    phone: str = Field(description="Masked")
    is_verified: bool
    county: str | None = Field(description="Name of the county the person belongs to")


class PersonPage(ApiModel):
    """A page of persons."""

    items: list[PersonItem]
    next_cursor: str | None


class WorkOut(ApiModel):
    """A span of work."""

    organisation: str
    post: str
    is_enterprise: bool
    is_full_time: bool
    since: date
    until: date | None
    is_verified: bool


class PersonOut(ApiModel):
    """A person, with the ids of what the person is as a student and as a teacher."""

    id: int
    name: str
    id_type: IdType | None
    id_mask: str = Field(description="The number of the document with its middle hidden; empty where none is known. Whole numbers are never told")
    birth_on: date | None
    gender: Gender
    nationality: str
    nationality_kind: NationalityKind
    phone: str = Field(description="Masked")
    email: str = Field(description="Masked")
    is_verified: bool
    county_code: str | None
    merged_into: int | None = Field(description="The person who stayed where two entries were found to be one human; such an entry is in no list")
    students: list[int] = Field(description="Ids of `/people/students/{student_id}`")
    teachers: list[int] = Field(description="Ids of `/people/teachers/{teacher_id}`")
    employment: list[WorkOut]


class PersonQuery(ByNumber):
    """What the list is narrowed by; a whole number of a document is never searched for in an address."""

    q: str | None = Field(None, max_length=100, description="Part of name, pinyin, telephone or e-mail")


def _item(row: Any) -> dict[str, Any]:
    one = queries.as_person_row(row)
    return {name: getattr(one, name) for name in PersonItem.model_fields}


@blueprint.get("/people/persons")
@guard(Can.PERSON_LIST)
@blueprint.input(PersonQuery, location="query", arg_name="query")
@blueprint.output(PersonPage)
def persons(query: PersonQuery) -> Any:
    """List the persons, each human once."""
    statement = queries.persons_listing(query.q or "").order_by(None)
    return cursor_page(statement, order=[Person.id], key=lambda row: [row[0]], query=query, render=_item)


def _load(person_id: int) -> Person:
    row = queries.person(person_id)
    if row is None:
        raise NotFound(_("没有这名人员。"))
    return row


@blueprint.get("/people/persons/<int:person_id>")
@guard(Can.PERSON_VIEW, load=_load, subject=queries.subject_of_person)
@blueprint.output(PersonOut)
def person(row: Person) -> Any:
    """One person."""
    told = ("id", "name", "id_type", "id_mask", "birth_on", "gender", "nationality", "nationality_kind", "is_verified", "county_code")
    return {name: getattr(row, name) for name in told} | {
        "phone": rules.mask_phone(row.phone),
        "email": rules.mask_email(row.email),
        "merged_into": row.merged_into_id,
        "students": [one.id for one in queries.students_of_person(row.id)],
        "teachers": [one.id for one in queries.teachers_of_person(row.id)],
        "employment": [
            {
                "organisation": span.organisation_name,
                "post": span.post,
                "is_enterprise": span.is_enterprise,
                "is_full_time": span.is_full_time,
                "since": span.since,
                "until": span.until,
                "is_verified": span.verified_at is not None,
            }
            for span in queries.employment_of(row.id)
        ],
    }
