"""Over whom an account of a person is opened: where somebody studies, teaches or works with students, or who alone trained them. Rooms above tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from flask import current_app
from sqlalchemy import select

from trainhub.kernel.access import Subject
from trainhub.kernel.db import portions, session
from trainhub.organisations import queries as organisations
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.queries.merging import rows_of_humans
from trainhub.people.queries.persons import subject_of_person

Places = dict[int, frozenset[int]]
Tell = Callable[[Collection[int]], dict[int, set[int]]]
"""Of these rows of persons, by row: organisation ids. Rows of which nothing is known may be left out."""

HOSTS = "trainhub.people.hosts"
"""Rooms above put functions (`Tell`) here: for whom persons work with students (an enterprise's mentor)."""
ROSTERS = "trainhub.people.rosters"
"""The same: on whose rosters persons stand."""
KEPT = "trainhub.people.kept"
"""The same: who keeps something else of persons (a certificate, an entry among the talents, the passing of an examination); PROVINCE where no organisation
does. What is kept elsewhere would be read by whoever is shown the link of the account."""
PROVINCE = 0


def _told(name: str, person_ids: Iterable[int]) -> Places:
    """What the rooms of a registry say of these humans, of whichever of their rows."""
    rows = rows_of_humans(person_ids)
    every = sorted(frozenset().union(*rows.values()))
    found: dict[int, set[int]] = {}
    for tell in current_app.extensions.get(name, []):
        for key, places in tell(every).items():
            found.setdefault(key, set()).update(places)
    return {key: frozenset(one for row in of_one for one in found.get(row, ())) for key, of_one in rows.items()}


def organisations_of_person(row: Person) -> frozenset[int]:
    """Where a person studies, teaches or works with students, now or before."""
    return subject_of_person(row).organisations | _told(HOSTS, [row.id])[row.id]


def kept_by(person_ids: Iterable[int]) -> Places:
    """Who keeps something of these humans beside studies, posts and rosters."""
    return _told(KEPT, person_ids)


def trained_by(person_ids: Iterable[int]) -> Places:
    """On whose rosters these humans stand."""
    return _told(ROSTERS, person_ids)


def subject_to_invite(row: Person) -> Subject:
    """`subjects_to_invite` for one."""
    return subjects_to_invite([row])[row.id]


def subjects_to_invite(rows: Iterable[Person]) -> dict[int, Subject]:
    """Over whom an account of these persons is opened: like `subject_of_person`, and by the one organisation somebody works for who is nowhere else; by the
    one that trained who neither studies, teaches nor works for anybody, and of whom nobody else keeps anything.

    Who also studies or teaches, works for two or was trained by two, is not theirs alone to invite: the link lets its reader act as the person, and
    anybody may write a name and a number into a roster. As many queries for ten as for a hundred.
    """
    known = {row.id: row for row in rows}
    ids = sorted(known)
    places: dict[int, tuple[set[int], set[int]]] = {key: (set(), set()) for key in ids}
    for table in (Student, Teacher):
        for some in portions(ids, 900):
            statement = select(table.person_id, table.university_id, table.programme_id).where(table.person_id.in_(some))
            for key, university, programme in session().execute(statement):
                places[key][0].add(university)
                places[key][1].update([programme] if programme is not None else [])
    hosts = _told(HOSTS, (key for key in ids if not places[key][0]))
    trained = _told(ROSTERS, (key for key, at in hosts.items() if not at))
    kept = kept_by(key for key, at in trained.items() if len(at) == 1)
    for key, at in hosts.items():
        alone = at or (trained[key] if kept.get(key, frozenset()) <= trained[key] else frozenset())
        if len(alone) == 1:
            places[key][0].update(alone)
    regions = {code: organisations.region_path(code).codes for code in {row.county_code for row in known.values()}}
    return {
        key: Subject.of(organisations=at, programmes=programmes, regions=regions[known[key].county_code], persons=(key,))
        for key, (at, programmes) in places.items()
    }
