"""The HTTP API's resources of teachers."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from trainhub.kernel import clock
from trainhub.kernel.access import acting, guard
from trainhub.kernel.api import ApiModel, ByNumber, cursor_page
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.people import queries, rules
from trainhub.people.api import blueprint
from trainhub.people.models import Teacher
from trainhub.people.permissions import Can
from trainhub.people.types import TeacherFilter, TeacherKind
from trainhub.programmes import queries as programmes


class TeacherItem(ApiModel):
    """A teacher in a list: one post of a person at one university."""

    id: int
    staff_no: str
    name: str
    university: str
    programme: str | None
    kind: TeacherKind
    title: str
    discipline: str
    until: date | None = Field(description="The last day of the post; null while it goes on")


class TeacherPage(ApiModel):
    """A page of teachers."""

    items: list[TeacherItem]
    next_cursor: str | None


class TeacherOut(TeacherItem):
    """A teacher."""

    person_id: int = Field(description="Whom `/people/persons/{person_id}` tells about")
    university_code: str
    programme_code: str | None
    is_senior: bool
    phd_country: str
    overseas_months: int
    since: date
    capstone_capacity: int = Field(description="How many capstones the teacher guides at most at a time")
    enterprise_months: int = Field(description="Months of full-time work in enterprises that somebody verified, as the evaluation counts them")


class TeacherQuery(ByNumber):
    """What the list is narrowed by."""

    q: str | None = Field(None, max_length=100, description="Part of name, pinyin, number or discipline")
    university: str | None = Field(None, max_length=40, description="Code of a university")
    programme: str | None = Field(None, max_length=40, description="Code of a programme")
    kind: TeacherKind | None = None


def _item(row: Any) -> dict[str, Any]:
    one = queries.as_teacher_row(row)
    return {name: getattr(one, name) for name in TeacherItem.model_fields}


@blueprint.get("/people/teachers")
@guard(Can.TEACHER_LIST)
@blueprint.input(TeacherQuery, location="query", arg_name="query")
@blueprint.output(TeacherPage)
def teachers(query: TeacherQuery) -> Any:
    """List the teachers the token's holder may see."""
    identity = acting()
    assert identity is not None
    university = organisations.by_code(query.university) if query.university else None
    programme = programmes.by_code(query.programme) if query.programme else None
    wanted = TeacherFilter(
        text=query.q or "",
        university_id=(university.id if university else 0) if query.university else None,
        programme_id=(programme.id if programme else 0) if query.programme else None,
        kind=query.kind,
    )
    statement = queries.teachers_listing(identity, wanted).order_by(None)
    return cursor_page(statement, order=[Teacher.id], key=lambda row: [row[0]], query=query, render=_item)


def _load(teacher_id: int) -> Teacher:
    row = queries.teacher(teacher_id)
    if row is None:
        raise NotFound(_("没有这名教师。"))
    return row


@blueprint.get("/people/teachers/<int:teacher_id>")
@guard(Can.TEACHER_VIEW, load=_load, subject=queries.subject_of_teacher)
@blueprint.output(TeacherOut)
def teacher(row: Teacher) -> Any:
    """One teacher."""
    person, university = queries.person(row.person_id), organisations.by_id(row.university_id)
    programme = programmes.by_id(row.programme_id) if row.programme_id else None
    assert person is not None
    assert university is not None
    spans = queries.enterprise_spans_of([person.id])[person.id]
    told = ("id", "staff_no", "kind", "title", "discipline", "since", "until", "is_senior", "phd_country", "overseas_months", "capstone_capacity")
    return {name: getattr(row, name) for name in told} | {
        "name": person.name,
        "person_id": person.id,
        "university": university.name,
        "university_code": university.code,
        "programme": programme.name if programme else None,
        "programme_code": programme.code if programme else None,
        "enterprise_months": rules.months_worked(spans, clock.today()),
    }
