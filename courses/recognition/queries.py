"""Every select on mappings and applications, and the scopes that narrow them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from courses.catalogue.models import RUN_TITLE, Course, Run
from courses.curriculum.models import CurriculumCourse
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from courses.permissions import RECOGNITION_READERS
from courses.recognition.models import CreditClaim, CreditMapping
from courses.recognition.types import HOLDING, ClaimRow, ClaimState, Evidence, RecognisedCredit
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.people.rules import school_number_spellings
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme, ProgrammeVersion


def student_of(person_id: int) -> Student | None:
    """The student a human is: of several the one entered last."""
    statement = select(Student).where(people.of_human(Student.person_id, person_id)).options(joinedload(Student.person))
    return session().scalar(statement.order_by(Student.enrolled_on.desc(), Student.id.desc()).limit(1))


def student_by_id(student_id: int) -> Student | None:
    """A student with the person."""
    return session().scalar(select(Student).where(Student.id == student_id).options(joinedload(Student.person)))


def plan_of(student: Student) -> ProgrammeVersion | None:
    """The training plan that a student's cohort follows."""
    cohort = session().get_one(Cohort, student.cohort_id)
    return programmes.version_by_id(programmes.followed_by(cohort) or 0)


def plan_courses(version_id: int) -> list[CurriculumCourse]:
    """The courses of a plan by term."""
    statement = select(CurriculumCourse).where(CurriculumCourse.version_id == version_id)
    return list(session().scalars(statement.order_by(CurriculumCourse.term, CurriculumCourse.code)))


def target(course_id: int) -> CurriculumCourse | None:
    """A course of a plan."""
    return session().get(CurriculumCourse, course_id)


def subject_of_programme(programme_id: int) -> Subject:
    """What permissions over a programme's recognitions are judged on."""
    programme = programmes.by_id(programme_id)
    return programmes.subject_of(programme) if programme is not None else Subject()


# -- mappings -----------------------------------------------------------------------------------------------------------


def mappings_of(version_id: int) -> list[CreditMapping]:
    """The mappings to the courses of a plan."""
    statement = (
        select(CreditMapping)
        .join(CurriculumCourse, CurriculumCourse.id == CreditMapping.target_id)
        .where(CurriculumCourse.version_id == version_id)
        .options(joinedload(CreditMapping.course), joinedload(CreditMapping.target))
        .order_by(CurriculumCourse.term, CurriculumCourse.code, CreditMapping.since, CreditMapping.id)
    )
    return list(session().scalars(statement))


def names_target(target_id: int) -> bool:
    """Whether a mapping or a claim names a course of a plan."""
    named = (select(one.id).where(one.target_id == target_id).limit(1) for one in (CreditMapping, CreditClaim))
    return any(session().scalar(one) is not None for one in named)


def mapping_for(course_id: int, target_id: int, on: date) -> CreditMapping | None:
    """The mapping that holds on a day: the latest that has begun and not ended."""
    statement = select(CreditMapping).where(
        CreditMapping.course_id == course_id,
        CreditMapping.target_id == target_id,
        CreditMapping.since <= on,
        or_(CreditMapping.until.is_(None), CreditMapping.until >= on),
    )
    return session().scalar(statement.order_by(CreditMapping.since.desc()).limit(1))


def mapping_within(course_id: int, target_id: int, since: date, until: date | None) -> CreditMapping | None:
    """A mapping of the same two courses that holds on any day of a span; an open end is for ever."""
    statement = select(CreditMapping).where(
        CreditMapping.course_id == course_id,
        CreditMapping.target_id == target_id,
        or_(CreditMapping.until.is_(None), CreditMapping.until >= since),
    )
    if until is not None:
        statement = statement.where(CreditMapping.since <= until)
    return session().scalar(statement.order_by(CreditMapping.since).limit(1))


def course_by_code(code: str) -> Course | None:
    """An online course."""
    return session().scalar(select(Course).where(Course.code == code.strip()))


# -- applications -------------------------------------------------------------------------------------------------------


def _whole() -> Any:
    return select(CreditClaim).options(
        joinedload(CreditClaim.student).joinedload(Student.person), joinedload(CreditClaim.target), joinedload(CreditClaim.file)
    )


def claim_by_id(claim_id: int) -> CreditClaim | None:
    """An application with the student, the course of the plan and the file."""
    found: CreditClaim | None = session().scalar(_whole().where(CreditClaim.id == claim_id).execution_options(populate_existing=True))
    return found


def claims_of(student_id: int) -> list[CreditClaim]:
    """The applications of the human that a student is, the latest first: also those of another programme or person row."""
    return list(session().scalars(_whole().where(_of_human(student_id)).order_by(CreditClaim.id.desc())))


def _of_human(student_id: int) -> Any:
    """SQL: the applications of the human that a student is, whichever programme or person row they were made in."""
    person_id = session().scalars(select(Student.person_id).where(Student.id == student_id)).one()
    return CreditClaim.student_id.in_(select(Student.id).where(people.of_human(Student.person_id, person_id)))


def hold_human(student_id: int) -> None:
    """Make applications of one human wait for one another, those in another programme too."""
    person_id = session().scalars(select(Student.person_id).where(Student.id == student_id)).one()
    statement = select(Person.id).where(Person.id.in_(people.human_ids(person_id))).order_by(Person.id)
    session().execute(statement.with_for_update(key_share=True))  # who only refers to the row does not wait


def in_use(student_id: int, target_id: int, key: str, *, states: Collection[ClaimState] = HOLDING, besides: int = 0) -> CreditClaim | None:
    """The application in which this human uses this evidence already, or asks for this course; `besides`: not this one.

    A certificate is recognised once (IPLUS-2.6.5b): studying in two programmes does not make two of it.
    """
    statement = _whole().where(
        _of_human(student_id),
        CreditClaim.id != besides,
        CreditClaim.state.in_(states),
        or_(CreditClaim.target_id == target_id, CreditClaim.evidence_key == key),
    )
    found: CreditClaim | None = session().scalar(statement.order_by(CreditClaim.id).limit(1))
    return found


def same_number(claim: CreditClaim) -> Any:
    """SQL: other applications that stand with a certificate of the same number, whoever made them and whatever they call its provider."""
    number = claim.evidence_key.rpartition(":")[2]
    return and_(
        CreditClaim.id != claim.id,
        CreditClaim.evidence == Evidence.CERTIFICATE,
        CreditClaim.evidence_key.endswith(":" + number, autoescape=True),
        CreditClaim.state.in_(HOLDING),
    )


def with_same_number(claim: CreditClaim, identity: Identity) -> tuple[list[ClaimRow], int]:
    """(those of `same_number` that the reader may see, how many there are): whether it is one certificate is for people to judge."""
    if claim.evidence is not Evidence.CERTIFICATE:
        return [], 0
    clause = same_number(claim)
    seen = [as_row(row) for row in session().execute(claims_visible_to(identity).where(clause))]
    return seen, session().scalar(select(func.count()).select_from(CreditClaim).where(clause)) or 0


def used_course(student_id: int, enrolment_id: int, *, states: Collection[ClaimState] = HOLDING, besides: int = 0) -> CreditClaim | None:
    """The application in which a human uses the course of an enrolment, whichever of its runs and of their programmes it was; `besides`: not this one."""
    course = select(Run.course_id).join(Enrolment, Enrolment.run_id == Run.id).where(Enrolment.id == enrolment_id).scalar_subquery()
    statement = (
        _whole()
        .join(Enrolment, Enrolment.id == CreditClaim.enrolment_id)
        .join(Run, Run.id == Enrolment.run_id)
        .where(_of_human(student_id), CreditClaim.id != besides, CreditClaim.state.in_(states), Run.course_id == course)
    )
    found: CreditClaim | None = session().scalar(statement.order_by(CreditClaim.id).limit(1))
    return found


def usable_runs(student: Student) -> list[Any]:
    """(enrolment, its run with the course) of the runs a student completed."""
    statement = (
        select(Enrolment, Run)
        .join(Run, Run.id == Enrolment.run_id)
        .join(Course, Course.id == Run.course_id)
        .where(people.of_human(Enrolment.person_id, student.person_id), Enrolment.state == EnrolmentState.COMPLETED)
        .options(contains_eager(Run.course))
        .order_by(Enrolment.completed_on.desc(), Enrolment.id)
    )
    return list(session().execute(statement))


def claims_visible_to(identity: Identity, *, state: ClaimState | None = None, text: str = "") -> Any:
    """The applications a programme's head and those above see, the open ones first; see `as_row`."""
    statement: Any = (
        select(
            CreditClaim.id,
            Person.name,
            Student.student_no,
            CurriculumCourse.code,
            CurriculumCourse.name.label("course_name"),
            CreditClaim.evidence,
            CreditClaim.title,
            CreditClaim.state,
            CreditClaim.credits_x10,
            CreditClaim.asked_at,
        )
        .join(Student, Student.id == CreditClaim.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(Organisation, Organisation.id == Student.university_id)
        .join(CurriculumCourse, CurriculumCourse.id == CreditClaim.target_id)
        .where(
            organisations.scope(
                identity,
                RECOGNITION_READERS,
                organisations=(Organisation.id, Organisation.parent_id),
                programmes=(Programme.id,),
                region=Organisation.region_code,
            )
        )
    )
    if state is not None:
        statement = statement.where(CreditClaim.state == state)
    if text:
        statement = statement.where(
            or_(
                organisations.matches(text, Person.name, Person.pinyin),
                Student.student_no.in_(school_number_spellings(text)),
                people.had_student_no(text),
            )
        )
    return statement.order_by(CreditClaim.state.not_in([ClaimState.SUBMITTED, ClaimState.APPEALED]), CreditClaim.asked_at.desc(), CreditClaim.id)


def as_row(row: Any) -> ClaimRow:
    """A row of `claims_visible_to`."""
    return ClaimRow(*row)


def export_rows(identity: Identity, state: ClaimState | None, text: str = "") -> list[ClaimRow]:
    """All rows of the list, for a file."""
    return [as_row(row) for row in session().execute(claims_visible_to(identity, state=state, text=text))]


def recognised(student_ids: Collection[int]) -> dict[int, list[RecognisedCredit]]:
    """The recognised courses of students: the effect of the decisions on their record."""
    found: dict[int, list[RecognisedCredit]] = {}
    statement = (
        select(
            CreditClaim.student_id,
            CreditClaim.id,
            CurriculumCourse.code,
            CurriculumCourse.name,
            CreditClaim.credits_x10,
            CreditClaim.title,
            CreditClaim.decided_on,
        )
        .join(CurriculumCourse, CurriculumCourse.id == CreditClaim.target_id)
        .where(CreditClaim.student_id.in_(list(student_ids)), CreditClaim.state == ClaimState.APPROVED)
        .order_by(CreditClaim.decided_at, CreditClaim.id)
    )
    for student_id, claim_id, code, name, credits, title, decided_on in session().execute(statement):
        found.setdefault(student_id, []).append(RecognisedCredit(claim_id, code, name, credits or 0, title, decided_on))
    return found


def runs_of_person(person_id: int) -> list[Any]:
    """The courses of a transcript: code, title, owner, state, score, credits, hours, completed day; the completed first."""
    statement = (
        select(
            Course.code,
            RUN_TITLE.label("title"),
            Organisation.name.label("owner"),
            Run.id.label("run_id"),
            Run.code.label("run_code"),
            Enrolment.state,
            Enrolment.score_x10,
            func.coalesce(Run.own_credits_x10, Course.credits_x10).label("credits_x10"),
            func.coalesce(Run.own_hours_x10, Course.hours_x10).label("hours_x10"),
            Enrolment.completed_on,
        )
        .join(Run, Run.id == Enrolment.run_id)
        .join(Course, Course.id == Run.course_id)
        .join(Organisation, Organisation.id == Course.owner_id)
        .where(people.of_human(Enrolment.person_id, person_id), Enrolment.state.in_((EnrolmentState.ACTIVE, EnrolmentState.COMPLETED)))
        .order_by(Enrolment.completed_on.is_(None), Enrolment.completed_on, Enrolment.id)
    )
    found: dict[int, Any] = {}
    for row in session().execute(statement):
        found.setdefault(row.run_id, row)  # who was merged may have completed one run twice: it is one course all the same
    return list(found.values())


def open_count(identity: Identity) -> int:
    """How many applications wait for a decision of somebody like this reader."""
    statement = claims_visible_to(identity).where(CreditClaim.state.in_([ClaimState.SUBMITTED, ClaimState.APPEALED]))
    return session().scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
