"""Whose telephone, e-mail and account somebody may not touch: who also has an account or a place out of their reach. Rooms above tell of both.

A link that makes a new password goes to the e-mail of a person, so who may write that address may become that person. Files are brought in
for a programme or a school, and name anybody by the number of their document: its rights end where another's begin. Of the places of somebody
those count that go on; where nothing goes on any more, those that were.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from flask import Flask, current_app

from trainhub.kernel.access import Identity, may
from trainhub.people import queries
from trainhub.people.models import Student
from trainhub.people.permissions import Can
from trainhub.people.queries.places import Place

_KEY = "trainhub.people.reach"
Beyond = Callable[[Collection[int], Identity, date], set[int]]
"""Of these rows of persons, those with something of a room that this account has no say over on a day."""


def register_beyond(app: Flask, name: str, beyond: Beyond) -> None:
    """Tell what of a room puts a person out of the reach of somebody."""
    known: dict[str, Beyond] = app.extensions.setdefault(_KEY, {})
    if name in known:
        raise RuntimeError(f"reach {name} is registered twice")
    known[name] = beyond


def beyond_reach(person_ids: Collection[int], by: Identity, today: date) -> set[int]:
    """Of these persons those who belong to others too, whichever row of the human is asked; also somebody's own. A command of the server may all."""
    if by.account_id is None:
        return set()
    rows = queries.rows_of_humans(person_ids)
    asked = {row for of_one in rows.values() for row in of_one}
    found = {row for beyond in current_app.extensions.get(_KEY, {}).values() for row in beyond(asked, by, today)}
    return {key for key, of_one in rows.items() if of_one & found}


def out_of_reach(person_ids: Collection[int], by: Identity, today: date) -> set[int]:
    """Of these persons those whose contacts `by` may not change: `beyond_reach` but oneself."""
    rows = queries.rows_of_humans(person_ids) if by.person_id is not None else {}
    return {key for key in beyond_reach(person_ids, by, today) if by.person_id not in rows.get(key, ())}


def with_places_elsewhere(person_ids: Collection[int], by: Identity, today: date) -> set[int]:
    """Who studies or teaches where `by` may not edit students or teachers. Asked once for a place: files name many of one."""
    found, judged = set[int](), dict[tuple[type, int, int | None], bool]()
    for row in queries.places_that_count(person_ids, today):
        place = (type(row), row.university_id, row.programme_id)
        if place not in judged:
            judged[place] = _may_edit(row, by)
        if not judged[place]:
            found.add(row.person_id)
    return found


def _may_edit(row: Place, by: Identity) -> bool:
    if isinstance(row, Student):
        return may(by, Can.STUDENT_EDIT, queries.subject_of_student(row))
    return may(by, Can.TEACHER_EDIT, queries.subject_of_teacher(row))
