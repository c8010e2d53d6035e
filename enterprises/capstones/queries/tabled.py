"""Selects for the tables of places and of defence groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from sqlalchemy import select

from enterprises.capstones.models import Capstone, Topic
from enterprises.capstones.queries.standing import is_latest
from trainhub.kernel.db import session
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.rules import school_number_spellings
from trainhub.programmes.models import Programme


def by_student_no(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[Capstone, str]]:
    """(programme code, student number as it is typed) -> the capstone that speaks for the student, with the student's name; asked in portions."""
    wanted, found = set(keys), dict[tuple[str, str], tuple[Capstone, str]]()
    spellings = {key: school_number_spellings(key[1]) for key in wanted}
    numbers = sorted({one for of_key in spellings.values() for one in of_key})
    for start in range(0, len(numbers), 500):
        statement = (
            select(Programme.code, Student.student_no, Capstone, Person.name)
            .select_from(Capstone)
            .join(Student, Student.id == Capstone.student_id)
            .join(Person, Person.id == Student.person_id)
            .join(Programme, Programme.id == Student.programme_id)
            .where(Student.student_no.in_(numbers[start : start + 500]), Programme.code.in_({code for code, _number in wanted}), is_latest())
            .order_by(Capstone.id)
        )
        found.update({(code, number): (capstone, name) for code, number, capstone, name in session().execute(statement)})
    held = {key: next((found[key[0], one] for one in spellings[key] if (key[0], one) in found), None) for key in wanted}
    return {key: one for key, one in held.items() if one is not None}


def of_cohort(cohort_id: int) -> list[tuple[Capstone, str, str, str]]:
    """(capstone, student number, name, title) of a cohort's capstones that are not archived, in the order of the numbers."""
    statement = (
        select(Capstone, Student.student_no, Person.name, Topic.title)
        .join(Student, Student.id == Capstone.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Topic, Topic.id == Capstone.topic_id)
        .where(Student.cohort_id == cohort_id, Capstone.archived_at.is_(None), is_latest())
        .order_by(Student.student_no, Capstone.id)
    )
    return [(capstone, number, name, title) for capstone, number, name, title in session().execute(statement)]


def staff_numbers(university_id: int, people: Collection[int]) -> dict[str, int]:
    """By staff number the person, of a university's teachers among some people."""
    statement = select(Teacher.staff_no, Teacher.person_id).where(Teacher.university_id == university_id)
    return {number: key for number, key in session().execute(statement) if key in people}


def words_of(university_id: int, people: Collection[int]) -> dict[int, str]:
    """By person the name, or the staff number of who shares the name with another one of the university or of these people."""
    names = {key: name for key, name in session().execute(select(Person.id, Person.name).where(Person.id.in_(list(people))))}
    statement = select(Person.id, Person.name).join(Teacher, Teacher.person_id == Person.id).where(Teacher.university_id == university_id)
    everybody = names | {key: name for key, name in session().execute(statement.where(Person.name.in_(set(names.values()))))}
    often, numbers = Counter(everybody.values()), {key: number for number, key in staff_numbers(university_id, people).items()}
    return {key: numbers.get(key, name) if often[name] > 1 else name for key, name in names.items()}
