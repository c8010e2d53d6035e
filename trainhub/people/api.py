"""The HTTP API's resources of students. Those of teachers and persons stand in `teacher_api` and `person_api`, on the same blueprint."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from trainhub.kernel import clock
from trainhub.kernel.access import acting, guard
from trainhub.kernel.api import ApiModel, ByNumber, api_blueprint, cursor_page
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.people import queries
from trainhub.people.models import Student
from trainhub.people.permissions import Can
from trainhub.people.types import StudentFilter, StudentState
from trainhub.programmes import queries as programmes

blueprint = api_blueprint("people", "people")


class StudentItem(ApiModel):
    """A student in a list; numbers of documents and telephones are never whole in the API: see persons, who show them masked."""

    id: int
    student_no: str
    name: str
    programme: str
    university: str
    cohort_year: int
    class_name: str
    state: StudentState
    is_petoe: bool


class StudentPage(ApiModel):
    """A page of students."""

    items: list[StudentItem]
    next_cursor: str | None


class SpanOut(ApiModel):
    """When a student belongs to the 卓越计划; without `until` the span goes on."""

    since: date
    until: date | None


class StudentOut(StudentItem):
    """A student."""

    programme_code: str
    university_code: str
    person_id: int = Field(description="Whom `/people/persons/{person_id}` tells about")
    enrolled_on: date
    left_on: date | None
    petoe_spans: list[SpanOut]


class StudentQuery(ByNumber):
    """What the list is narrowed by."""

    q: str | None = Field(None, max_length=100, description="Part of name, pinyin, number or class")
    programme: str | None = Field(None, max_length=40, description="Code of a programme")
    cohort_year: int | None = Field(None, ge=1950, le=2200)
    state: StudentState | None = None
    is_petoe: bool | None = None


def _item(row: Any) -> dict[str, Any]:
    one = queries.as_student_row(row)
    return {name: getattr(one, name) for name in StudentItem.model_fields}


@blueprint.get("/people/students")
@guard(Can.STUDENT_LIST)
@blueprint.input(StudentQuery, location="query", arg_name="query")
@blueprint.output(StudentPage)
def students(query: StudentQuery) -> Any:
    """List the students the token's holder may see."""
    identity = acting()
    assert identity is not None
    programme = programmes.by_code(query.programme) if query.programme else None
    wanted = StudentFilter(
        text=query.q or "",
        programme_id=(programme.id if programme else 0) if query.programme else None,
        cohort_year=query.cohort_year,
        state=query.state,
        is_petoe=query.is_petoe,
    )
    statement = queries.students_listing(identity, wanted, on=clock.today()).order_by(None)
    return cursor_page(statement, order=[Student.id], key=lambda row: [row[0]], query=query, render=_item)


def _load(student_id: int) -> Student:
    row = queries.student(student_id)
    if row is None:
        raise NotFound(_("没有这名学生。"))
    return row


@blueprint.get("/people/students/<int:student_id>")
@guard(Can.STUDENT_VIEW, load=_load, subject=queries.subject_of_student)
@blueprint.output(StudentOut)
def student(row: Student) -> Any:
    """One student."""
    person, programme = queries.person(row.person_id), programmes.by_id(row.programme_id)
    university, cohort = organisations.by_id(row.university_id), programmes.cohort_by_id(row.cohort_id)
    assert person is not None
    assert programme is not None
    assert university is not None
    assert cohort is not None
    return {
        "id": row.id,
        "student_no": row.student_no,
        "name": person.name,
        "programme": programme.name,
        "programme_code": programme.code,
        "university": university.name,
        "university_code": university.code,
        "person_id": row.person_id,
        "cohort_year": cohort.year,
        "class_name": row.class_name,
        "state": row.state,
        "is_petoe": queries.is_petoe(row, clock.today()),
        "enrolled_on": row.enrolled_on,
        "left_on": row.left_on,
        "petoe_spans": [{"since": span.since, "until": span.until} for span in queries.spans_of([row.id])[row.id]],
    }
