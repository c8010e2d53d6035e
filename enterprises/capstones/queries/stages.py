"""Selects on what accompanies the work: who somebody is to a capstone, windows, comments, rubrics, reviews, links."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select, union

from enterprises.capstones.machine import Actor
from enterprises.capstones.models import (
    Capstone,
    CapstoneGrade,
    CapstonePaper,
    Conflict,
    DefenceGroup,
    DefenceMember,
    DefenceSlot,
    MentorLink,
    PaperComment,
    Reconsideration,
    Review,
    Rubric,
    SpotOpinion,
    StageExtension,
    StageWindow,
    Supervision,
    ThirdGrade,
    Topic,
)
from enterprises.capstones.queries.capstones import subject_of
from enterprises.capstones.types import SupervisorRole, WindowStage
from enterprises.mentors.models import Mentor, MentorConflict
from trainhub.kernel.access import Identity, Role, Subject
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import IndicatorPoint

MANAGERS = (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.SYSTEM_ADMIN)


def actors_of(row: Capstone, by: Identity, *, among: Collection[Actor] = tuple(Actor)) -> frozenset[Actor]:
    """Who somebody is to a capstone, of those asked for."""
    found = set()
    if Actor.ADMIN in among and by.over(subject_of(row), *MANAGERS):
        found.add(Actor.ADMIN)
    if Actor.HOST in among and by.over(Subject.of(organisations=(row.enterprise_id,)), Role.ENTERPRISE_COORDINATOR):
        found.add(Actor.HOST)
    person_id = by.person_id
    if person_id is None:
        return frozenset(found)
    if Actor.STUDENT in among and session().get_one(Student, row.student_id).person_id == person_id:
        found.add(Actor.STUDENT)
    if {Actor.SCHOOL, Actor.ENTERPRISE} & set(among):
        held = select(Supervision.role).where(Supervision.capstone_id == row.id, Supervision.person_id == person_id, Supervision.until.is_(None))
        found |= {Actor(role.value) for role in session().scalars(held)} & set(among)
    if Actor.REVIEWER in among and review_of(row.id, person_id) is not None:
        found.add(Actor.REVIEWER)
    if Actor.THIRD in among:
        third = third_of(row.id)
        if third is not None and third.person_id == person_id:
            found.add(Actor.THIRD)
    if Actor.SECRETARY in among and _is_secretary(row.id, person_id):
        found.add(Actor.SECRETARY)
    return frozenset(found)


def _is_secretary(capstone_id: int, person_id: int) -> bool:
    statement = (
        select(DefenceSlot.id)
        .join(DefenceGroup, DefenceGroup.id == DefenceSlot.group_id)
        .where(DefenceSlot.capstone_id == capstone_id, DefenceGroup.secretary_id == person_id)
        .limit(1)
    )
    return session().scalar(statement) is not None


# -- windows ------------------------------------------------------------------------------------------------------------


def window_of(row: Capstone, stage: WindowStage) -> StageWindow | None:
    """The window of a stage for the student's cohort."""
    cohort = select(Student.cohort_id).where(Student.id == row.student_id).scalar_subquery()
    return session().scalar(select(StageWindow).where(StageWindow.cohort_id == cohort, StageWindow.stage == stage))


def windows_of(cohort_id: int) -> dict[WindowStage, StageWindow]:
    """The windows of a cohort by stage."""
    return {row.stage: row for row in session().scalars(select(StageWindow).where(StageWindow.cohort_id == cohort_id))}


def extended_until(capstone_id: int, stage: WindowStage) -> date | None:
    """The last day that an extension gives, if any."""
    return session().scalar(select(func.max(StageExtension.until)).where(StageExtension.capstone_id == capstone_id, StageExtension.stage == stage))


def extensions_in(cohort_id: int, stage: WindowStage) -> dict[int, date]:
    """{capstone: the last day that an extension gives} of a cohort at a stage."""
    statement = (
        select(StageExtension.capstone_id, func.max(StageExtension.until))
        .join(Capstone, Capstone.id == StageExtension.capstone_id)
        .join(Student, Student.id == Capstone.student_id)
        .where(Student.cohort_id == cohort_id, StageExtension.stage == stage)
        .group_by(StageExtension.capstone_id)
    )
    return {key: until for key, until in session().execute(statement)}


def extensions_of(capstone_id: int) -> list[StageExtension]:
    """Every extension ever granted, the latest first."""
    return list(session().scalars(select(StageExtension).where(StageExtension.capstone_id == capstone_id).order_by(StageExtension.id.desc())))


# -- papers -------------------------------------------------------------------------------------------------------------


def paper_row(paper_id: int) -> CapstonePaper | None:
    """A version of a paper."""
    return session().get(CapstonePaper, paper_id)


def comments_of(capstone_id: int) -> dict[int, list[tuple[PaperComment, str]]]:
    """Comments with their writer's name, by paper, in the order in which they were written."""
    found: dict[int, list[tuple[PaperComment, str]]] = {}
    statement = (
        select(PaperComment, Person.name)
        .join(Person, Person.id == PaperComment.person_id)
        .join(CapstonePaper, CapstonePaper.id == PaperComment.paper_id)
        .where(CapstonePaper.capstone_id == capstone_id)
        .order_by(PaperComment.id)
    )
    for row, name in session().execute(statement):
        found.setdefault(row.paper_id, []).append((row, name))
    return found


def latest_similarity(capstone_id: int) -> int | None:
    """Tenths of a per cent of the latest similarity report."""
    return session().scalar(
        select(CapstonePaper.similarity_x10)
        .where(CapstonePaper.capstone_id == capstone_id, CapstonePaper.similarity_x10.is_not(None))
        .order_by(CapstonePaper.id.desc())
        .limit(1)
    )


# -- rubrics ------------------------------------------------------------------------------------------------------------


def rubric_of_version(version_id: int | None) -> Rubric | None:
    """The rubric in force of a version of a programme: its latest edition."""
    return session().scalar(select(Rubric).where(Rubric.version_id == version_id).order_by(Rubric.edition.desc()).limit(1))


def rubric_of(row: Capstone) -> Rubric | None:
    """The rubric of the plan that the student's cohort follows; None: the default of the policy. Once a side has signed, the edition it signed by: both sides, the
    third grade and the weights go by one edition, whatever is adopted meanwhile."""
    signed = select(CapstoneGrade.rubric_id).where(CapstoneGrade.capstone_id == row.id)
    by = session().execute(signed.order_by(CapstoneGrade.id).limit(1)).one_or_none()
    if by is not None:
        return session().get(Rubric, by[0]) if by[0] is not None else None
    student = session().get_one(Student, row.student_id)
    cohort = programmes.cohort_by_id(student.cohort_id)
    return rubric_of_version(programmes.followed_by(cohort)) if cohort is not None else None


def editions_of(version_id: int) -> list[Rubric]:
    """Every edition, the latest first."""
    return list(session().scalars(select(Rubric).where(Rubric.version_id == version_id).order_by(Rubric.edition.desc())))


def points_of(version_id: int) -> list[tuple[int, int, IndicatorPoint]]:
    """The indicator points of a version of a programme, which the items of a rubric serve."""
    return programmes.points_of_versions([version_id])


# -- reviews, third grades, looking again -------------------------------------------------------------------------------


def review_of(capstone_id: int, person_id: int) -> Review | None:
    """What this person was asked to review."""
    return session().scalar(select(Review).where(Review.capstone_id == capstone_id, Review.person_id == person_id, Review.cancelled_at.is_(None)))


def review_by_id(review_id: int) -> Review | None:
    """A review by id."""
    return session().get(Review, review_id)


def reviews_of(capstone_id: int) -> list[tuple[Review, str]]:
    """The reviews with the reviewer's name, in the order in which they were asked for; those taken back unanswered are left out."""
    statement = (
        select(Review, Person.name)
        .join(Person, Person.id == Review.person_id)
        .where(Review.capstone_id == capstone_id, or_(Review.cancelled_at.is_(None), Review.signed_at.is_not(None)))
        .order_by(Review.id)
    )
    return [(row, name) for row, name in session().execute(statement)]


def third_of(capstone_id: int) -> ThirdGrade | None:
    """The third grade, asked for or signed."""
    return session().scalar(select(ThirdGrade).where(ThirdGrade.capstone_id == capstone_id))


def reconsiderations_of(capstone_id: int) -> list[Reconsideration]:
    """Every moderation and appeal, the latest first."""
    return list(session().scalars(select(Reconsideration).where(Reconsideration.capstone_id == capstone_id).order_by(Reconsideration.id.desc())))


def open_reconsideration(capstone_id: int) -> Reconsideration | None:
    """The one that is not decided."""
    return session().scalar(select(Reconsideration).where(Reconsideration.capstone_id == capstone_id, Reconsideration.decided_at.is_(None)))


def slots_of(capstone_id: int) -> list[tuple[DefenceSlot, DefenceGroup]]:
    """The places in timetables, the latest first."""
    statement = (
        select(DefenceSlot, DefenceGroup)
        .join(DefenceGroup, DefenceGroup.id == DefenceSlot.group_id)
        .where(DefenceSlot.capstone_id == capstone_id)
        .order_by(DefenceSlot.id.desc())
    )
    return [(slot, group) for slot, group in session().execute(statement)]


# -- conflicts and links ------------------------------------------------------------------------------------------------


def conflict_between(person_id: int, student_id: int) -> Conflict | MentorConflict | None:
    """The conflict of interest that stands between a person and a student: the programme's record, or what the register of mentors says."""
    recorded = session().scalar(
        select(Conflict).where(people.of_human(Conflict.person_id, person_id), Conflict.student_id == student_id, Conflict.lifted_at.is_(None))
    )
    declared = select(MentorConflict).join(Mentor, Mentor.id == MentorConflict.mentor_id)
    declared = declared.where(people.of_human(Mentor.person_id, person_id), MentorConflict.student_id == student_id)
    return recorded or session().scalar(declared.order_by(MentorConflict.mentor_id).limit(1))


def conflicts_with(student_ids: Collection[int]) -> list[tuple[int, int]]:
    """(student, person) of every conflict of interest of students, from both places; one query."""
    recorded = select(Conflict.student_id, Conflict.person_id).where(Conflict.student_id.in_(list(student_ids)), Conflict.lifted_at.is_(None))
    declared = select(MentorConflict.student_id, Mentor.person_id).join(Mentor, Mentor.id == MentorConflict.mentor_id)
    both = union(recorded, declared.where(MentorConflict.student_id.in_(list(student_ids))))
    return [(student_id, person_id) for student_id, person_id in session().execute(both)]


def conflicts_of_cohort(cohort_id: int) -> list[tuple[Conflict, str, str]]:
    """(conflict, person, student) of a cohort's students."""
    from sqlalchemy.orm import aliased

    other = aliased(Person)
    statement = (
        select(Conflict, other.name, Person.name)
        .join(other, other.id == Conflict.person_id)
        .join(Student, Student.id == Conflict.student_id)
        .join(Person, Person.id == Student.person_id)
        .where(Student.cohort_id == cohort_id, Conflict.lifted_at.is_(None))
        .order_by(Student.student_no, Conflict.id)
    )
    return [(row, one, two) for row, one, two in session().execute(statement)]


def conflict_by_id(conflict_id: int) -> Conflict | None:
    """A conflict by id."""
    return session().get(Conflict, conflict_id)


def links_of(capstone_id: int) -> list[tuple[MentorLink, str]]:
    """Every link ever made with the person's name, the latest first."""
    statement = (
        select(MentorLink, Person.name)
        .join(Person, Person.id == MentorLink.person_id)
        .where(MentorLink.capstone_id == capstone_id)
        .order_by(MentorLink.id.desc())
    )
    return [(row, name) for row, name in session().execute(statement)]


def link_by_hash(digest: str) -> MentorLink | None:
    """A link by the hash of its secret."""
    return session().scalar(select(MentorLink).where(MentorLink.secret_hash == digest))


# -- the desk of who judges ---------------------------------------------------------------------------------------------


def tasks_of(person_id: int) -> dict[str, list[Any]]:
    """What waits for a person: reviews and defences to record, each with the capstone and its topic (third grades: `judging.thirds_of`)."""
    reviews = (
        select(Review, Topic.title)
        .join(Capstone, Capstone.id == Review.capstone_id)
        .join(Topic, Topic.id == Capstone.topic_id)
        .where(Review.person_id == person_id, Review.cancelled_at.is_(None))
        .order_by(Review.signed_at.is_not(None), Review.due_on, Review.id)
    )
    defences = select(DefenceGroup).where(DefenceGroup.secretary_id == person_id).order_by(DefenceGroup.on.desc(), DefenceGroup.id)
    return {
        "reviews": [(row, title) for row, title in session().execute(reviews)],
        "defences": list(session().scalars(defences)),
    }


def is_asked_to_judge(person_id: int) -> bool:
    """Whether somebody was ever asked to review, to grade as a third, to sit in a panel or keep its record, or to read for a spot check. One query."""
    asked = [
        select(Review.id).where(Review.person_id == person_id, or_(Review.cancelled_at.is_(None), Review.signed_at.is_not(None))),
        select(ThirdGrade.id).where(ThirdGrade.person_id == person_id),
        select(DefenceGroup.id).where(DefenceGroup.secretary_id == person_id),
        select(DefenceMember.id).where(DefenceMember.person_id == person_id),
        select(SpotOpinion.id).where(SpotOpinion.person_id == person_id),
    ]
    return bool(session().scalar(select(or_(*(one.exists() for one in asked)))))


def side_of(capstone_id: int, person_id: int) -> SupervisorRole | None:
    """On which side somebody supervises now."""
    return session().scalar(
        select(Supervision.role).where(Supervision.capstone_id == capstone_id, Supervision.person_id == person_id, Supervision.until.is_(None))
    )


def enterprise_of(row: Capstone) -> Organisation:
    """The capstone's enterprise."""
    return session().get_one(Organisation, row.enterprise_id)


def person_of_student(row: Capstone) -> int:
    """The person whose capstone it is."""
    return session().get_one(Student, row.student_id).person_id
