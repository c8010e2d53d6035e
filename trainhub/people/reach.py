"""Whose telephone and e-mail somebody may not change: who also has an account or a place out of their reach. Rooms above tell of both.

A link that makes a new password goes to the e-mail of a person, so who may write that address may become that person. Files are brought in
for a programme or a school, and name anybody by the number of their document: its rights end where another's begin.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from flask import Flask, current_app

from trainhub.kernel.access import Identity, may
from trainhub.people import queries
from trainhub.people.models import Student, Teacher
from trainhub.people.permissions import Can

_KEY = "trainhub.people.reach"
Beyond = Callable[[Collection[int], Identity, date | None], set[int]]
"""Of these rows of persons, those with something of a room that this account has no say over; with a day what stands on it, else what ever was."""


def register_beyond(app: Flask, name: str, beyond: Beyond) -> None:
    """Tell what of a room puts a person out of the reach of somebody."""
    known: dict[str, Beyond] = app.extensions.setdefault(_KEY, {})
    if name in known:
        raise RuntimeError(f"reach {name} is registered twice")
    known[name] = beyond


def out_of_reach(person_ids: Collection[int], by: Identity, *, on: date | None = None) -> set[int]:
    """Of these persons those whose contacts `by` may not change, whichever row of the human is asked; with a day, what is over by then keeps nobody
    out. A command of the server may all."""
    if by.account_id is None:
        return set()
    rows = queries.rows_of_humans(person_ids)
    asked = {row for of_one in rows.values() for row in of_one}
    found = {row for beyond in current_app.extensions.get(_KEY, {}).values() for row in beyond(asked, by, on)}
    return {key for key, of_one in rows.items() if of_one & found and by.person_id not in of_one}


def with_places_elsewhere(person_ids: Collection[int], by: Identity, on: date | None) -> set[int]:
    """Who studies or teaches where `by` may not edit students or teachers. Asked once for a place: files name many of one."""
    found, judged = set[int](), dict[tuple[type, int, int | None], bool]()
    rows: list[Student | Teacher] = [*queries.studies_of(person_ids), *queries.posts_of(person_ids)]
    for row in rows:
        last = row.left_on if isinstance(row, Student) else row.until
        if on is not None and last is not None and last < on:
            continue
        place = (type(row), row.university_id, row.programme_id)
        if place not in judged:
            judged[place] = _may_edit(row, by)
        if not judged[place]:
            found.add(row.person_id)
    return found


def _may_edit(row: Student | Teacher, by: Identity) -> bool:
    if isinstance(row, Student):
        return may(by, Can.STUDENT_EDIT, queries.subject_of_student(row))
    return may(by, Can.TEACHER_EDIT, queries.subject_of_teacher(row))
