"""Where humans study and teach now, and where they did: whose say over them counts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from trainhub.people.models import Student, Teacher
from trainhub.people.queries.merging import humans_of
from trainhub.people.queries.students import ACTIVE, studies_of
from trainhub.people.queries.teachers import posts_of

Place = Student | Teacher


def goes_on(place: Place, on: date) -> bool:
    """Whether a study or a post is not over on a day; one that begins later counts too."""
    return place.state in ACTIVE if isinstance(place, Student) else place.until is None or place.until >= on


def _by_human(person_ids: Collection[int]) -> dict[int, list[Place]]:
    """The places of these rows of persons by who stands for the human."""
    places: list[Place] = [*studies_of(person_ids), *posts_of(person_ids)]
    humans, found = humans_of(place.person_id for place in places), dict[int, list[Place]]()
    for place in places:
        found.setdefault(humans[place.person_id], []).append(place)
    return found


def places_that_count(person_ids: Collection[int], on: date) -> list[Place]:
    """Studies and posts that go on; of a human with none of these every one that ever was. Who left a school is no longer that school's when they
    study or teach at another."""
    return [place for of_one in _by_human(person_ids).values() for place in [one for one in of_one if goes_on(one, on)] or of_one]


def settled(person_ids: Collection[int], on: date) -> set[int]:
    """The humans, by the person who stands for them, with a study or a post that goes on: a school answers for them."""
    return {human for human, of_one in _by_human(person_ids).items() if any(goes_on(one, on) for one in of_one)}
