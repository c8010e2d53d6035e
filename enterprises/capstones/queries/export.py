"""Table T2 (毕业设计清单): the rows of M8.1 to M8.3 in one, students of the 卓越计划 first (002:319)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, case, select
from sqlalchemy.orm import aliased

from enterprises.capstones.models import Capstone, CapstoneGrade, Supervision, Topic
from enterprises.capstones.queries import frozen
from enterprises.capstones.queries.capstones import PUBLISHED_SCORE
from enterprises.capstones.queries.outputs import sealed
from enterprises.capstones.queries.standing import is_latest
from enterprises.capstones.queries.topics import opened_to
from enterprises.capstones.types import CONCLUDED, SupervisorRole, TopicSource
from enterprises.mentors.models import Mentor
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One student of T2; scores in tenths, empty until the result is published."""

    is_petoe: bool
    student_no: str
    name: str
    topic: str
    source: TopicSource
    enterprise: str
    school_supervisor: str
    enterprise_supervisor: str
    enterprise_supervisor_post: str
    enterprise_supervisor_title: str
    starts_on: date
    ends_on: date
    place: str
    school_score_x10: int | None
    enterprise_score_x10: int | None
    score_x10: int | None
    grade_text: str
    evidence: str
    evidence_file: str


def export_rows(programme_id: int, cohort_id: int, on: date, *, by: Identity | None = None) -> list[ExportRow]:
    """T2 of one cohort: students of the 卓越计划 apart from the others, in the order of their numbers; nobody who dropped out; one query.

    A reader gets no evidence of confidential topics that are not open to them; without a reader (the dossier of the school) everything.
    """
    readable = opened_to(by, on) if by is not None else sa.true()
    people_of = {role: (aliased(Supervision), aliased(Person), aliased(CapstoneGrade)) for role in SupervisorRole}
    (_school, teacher, school_grade), (field, mentor, field_grade) = people_of[SupervisorRole.SCHOOL], people_of[SupervisorRole.ENTERPRISE]
    petoe, is_published = people.petoe_of_cohort(on), Capstone.state.in_(CONCLUDED)
    statement = (
        select(
            Capstone,
            petoe,
            readable.label("readable"),
            Topic.evidence_waits,
            Student.student_no,
            Person.name,
            Topic.title,
            Topic.source,
            Organisation.name,
            teacher.name,
            mentor.name,
            Mentor.post,
            Mentor.title,
            Capstone.starts_on,
            Capstone.ends_on,
            Capstone.place,
            school_grade.score_x10,
            field_grade.score_x10,
            PUBLISHED_SCORE,
            case((Capstone.state.in_(CONCLUDED), Capstone.grade_text), else_=""),
            Topic.evidence,
            StoredFile.name,
        )
        .select_from(Capstone)
        .join(Student, Student.id == Capstone.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Topic, Topic.id == Capstone.topic_id)
        .join(Organisation, Organisation.id == Capstone.enterprise_id)
        .outerjoin(StoredFile, StoredFile.id == Topic.evidence_file_id)
        .where(people.in_cohort(cohort_id, on), is_latest(), people.counts_in_cohort(on))
    )
    for role, (supervision, person, grade) in people_of.items():
        statement = (
            statement.outerjoin(supervision, and_(supervision.capstone_id == Capstone.id, supervision.role == role, supervision.until.is_(None)))
            .outerjoin(person, person.id == supervision.person_id)
            .outerjoin(grade, and_(grade.capstone_id == Capstone.id, grade.role == role, grade.replaced_at.is_(None), is_published))
        )
    statement = statement.outerjoin(Mentor, and_(Mentor.person_id == field.person_id, Mentor.enterprise_id == Capstone.enterprise_id))
    rows = session().execute(statement.order_by(Student.student_no, Capstone.id)).all()
    return sorted((_row(row, on) for row in rows), key=lambda row: not row.is_petoe)


def _row(row: Any, on: date) -> ExportRow:
    """Texts that are missing are empty; the mentor's post and the evidence of an archived capstone are those of the archive."""
    capstone, petoe, is_readable, waits, *cells = row
    found = dict(zip(NAMES, cells, strict=True))
    found |= {name: found[name] or "" for name in TEXTS}
    mentor = frozen.mentor_of(capstone, on, {"post": found["enterprise_supervisor_post"], "title": found["enterprise_supervisor_title"]})
    proof = (
        frozen.evidence_of(capstone, on, {"evidence": frozen.as_told(found["evidence"], waits), "file": found["evidence_file"]})
        if is_readable
        else sealed()
    )
    found |= {"enterprise_supervisor_post": mentor["post"], "enterprise_supervisor_title": mentor["title"]}
    found |= {"evidence": proof["evidence"], "evidence_file": proof["file"]}
    return ExportRow(is_petoe=bool(petoe), **found)


NAMES = tuple(one.name for one in fields(ExportRow))[1:]
TEXTS = ("school_supervisor", "enterprise_supervisor", "enterprise_supervisor_post", "enterprise_supervisor_title", "evidence_file")
