"""Teachers who completed a course of the family for those who teach: distinct persons, full-time and part-time (RESEARCH-5.2b, 002:167)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from courses.catalogue.models import Course, Run
from courses.catalogue.types import Family
from courses.learning.models import Enrolment
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people.models import Teacher
from trainhub.people.types import TeacherKind


@dataclass(frozen=True, slots=True)
class Trained:
    """How many teachers were trained up to a day. `by_university`: (name, full-time, part-time, all of its teachers)."""

    persons: int
    full_time: int
    part_time: int
    teachers: int
    by_year: tuple[tuple[int, int], ...]
    by_university: tuple[tuple[str, int, int, int], ...]
    courses: tuple[tuple[str, str, int], ...]


def trained_teachers(since: date, until: date) -> Trained:
    """Distinct persons who teach and completed a course for teachers in a span; a person counts once, in the year of the first. Three queries."""
    first: dict[int, date] = {}
    completions: dict[tuple[str, str], int] = defaultdict(int)
    statement = (
        select(Enrolment.person_id, Enrolment.completed_on, Course.code, Course.title)
        .join(Run, Run.id == Enrolment.run_id)
        .join(Course, Course.id == Run.course_id)
        .where(Course.family == Family.TEACHER_TRAINING, Enrolment.completed_on >= since, Enrolment.completed_on <= until)
        .order_by(Enrolment.completed_on, Enrolment.id)
    )
    for person_id, day, code, title in session().execute(statement):
        if day is not None:
            first.setdefault(person_id, day)
        completions[code, title] += 1
    kinds: dict[int, set[TeacherKind]] = defaultdict(set)
    at: dict[str, dict[TeacherKind, set[int]]] = defaultdict(lambda: defaultdict(set))
    sizes: dict[str, int] = {
        name: int(number)
        for name, number in session().execute(
            select(Organisation.name, func.count(Teacher.person_id.distinct()))
            .join(Teacher, Teacher.university_id == Organisation.id)
            .group_by(Organisation.name)
        )
    }
    posts = select(Teacher.person_id, Teacher.kind, Organisation.name).join(Organisation, Organisation.id == Teacher.university_id)
    for person_id, kind, name in session().execute(posts.where(Teacher.person_id.in_(list(first)))):
        kinds[person_id].add(kind)
        at[name][kind].add(person_id)
    years: dict[int, int] = defaultdict(int)
    for person_id in kinds:
        years[first[person_id].year] += 1
    full = sum(TeacherKind.FULL_TIME in found for found in kinds.values())
    return Trained(
        persons=len(kinds),
        full_time=full,
        part_time=len(kinds) - full,
        teachers=sum(sizes.values()),
        by_year=tuple(sorted(years.items())),
        by_university=tuple(
            (name, len(at[name][TeacherKind.FULL_TIME]), len(at[name][TeacherKind.PART_TIME]), sizes[name])
            for name in sorted(sizes, key=lambda name: (-sum(len(found) for found in at[name].values()), name))
        ),
        courses=tuple((code, title, number) for (code, title), number in sorted(completions.items())),
    )
