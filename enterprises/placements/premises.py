"""What a repair rests on: of the students whom it moves and the seats that it gives, not of everybody else. On a busy day others accept, sign and log
days all the time; none of that makes it wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from enterprises.placements.planner.types import Case, Post, Pupil

Removable = Sequence[tuple[int, int, int, int]]
"""(student, term, position, placement) of what a repair may take back, in the database's numbers."""


def key(number: int) -> str:
    """A database id as the planner's id."""
    return f"{number:010d}"


def new_of(assignments: Sequence[Sequence[Any]]) -> list[tuple[int, int, int]]:
    """(student, term, position) of what a plan gives anew."""
    return [(row[0], row[1], row[2]) for row in assignments if not row[4]]


def premises_of(case: Case, removable: Removable, assignments: Sequence[Sequence[Any]], removed: Collection[int]) -> dict[str, Any]:
    """By student whom a repair touches what it was computed from, JSON-able: weeks before, target, blocked terms, class, and what the student holds;
    with each placement that it takes back how it was answered (0: not at all, 1: accepted, 2: somebody signed)."""
    gone = {placement: (student, term, post) for student, term, post, placement in removable if placement in set(removed)}
    touched = sorted({*(row[0] for row in new_of(assignments)), *(row[0] for row in gone.values())})
    pupils = {pupil.id: pupil for pupil in case.pupils}
    held: dict[str, list[list[str]]] = {}
    for student, term, post in {*case.fixed, *(case.current or ())}:
        held.setdefault(student, []).append([term, post])
    return {
        "students": {str(one): [_facts(pupils.get(key(one))), sorted(held.get(key(one), []))] for one in touched},
        "removed": {str(placement): _answered(case, place) for placement, place in sorted(gone.items())},
    }


def _facts(pupil: Pupil | None) -> list[Any] | None:
    """The major is left out: whether the position takes the student is asked of what stands now (`broken`)."""
    return None if pupil is None else [pupil.prior_x10, pupil.target_x10, sorted(pupil.blocked), pupil.priority]


def _answered(case: Case, place: tuple[int, int, int]) -> int:
    student, term, post = place
    return min(2, case.worth.get((key(student), key(term), key(post)), 0))


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[int]:
    """The students of whom something reads otherwise than when the repair was computed; a placement that is gone names its student that way."""
    return sorted(int(one) for one, facts in before["students"].items() if now["students"].get(one) != facts)


def answered_since(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[int]:
    """The placements to take back that are gone, or were answered otherwise since."""
    return sorted(int(one) for one, value in before["removed"].items() if now["removed"].get(one) != value)


def broken(case: Case, removable: Removable, assignments: Sequence[Sequence[Any]], removed: Collection[int]) -> list[tuple[int, int, int]]:
    """What of a repair cannot be any more, as things stand now: (student, term, position) for whom the term is blocked or taken, that do not take the
    student, or for which seats, room of the base or mentors do not suffice after what the repair takes back."""
    given = [(key(student), key(term), key(post)) for student, term, post in new_of(assignments)]
    gone = {(key(student), key(term), key(post)) for student, term, post, placement in removable if placement in set(removed)}
    stands = {*case.fixed, *(case.current or ())} - gone
    pupils, posts = {pupil.id: pupil for pupil in case.pupils}, {post.id: post for post in case.posts}
    taken = {(student, term) for student, term, _post in stands}
    full = _full(case, posts, [*stands, *given])
    found = []
    for student, term, post in given:
        pupil, place = pupils.get(student), posts.get(post)
        is_fit = pupil is not None and place is not None and term not in pupil.blocked and (not place.majors or pupil.major in place.majors)
        if not is_fit or (student, term) in taken or any(at in full for at in _places(place, term)):
            found.append((int(student), int(term), int(post)))
    return found


def _places(post: Post | None, term: str) -> list[tuple[str, str, str]]:
    """What a seat takes a part of: the position, its enterprise's mentors, the room of its base."""
    if post is None:
        return []
    return [("post", post.id, term), ("enterprise", post.enterprise, term), ("base", post.base, term)]


def _full(case: Case, posts: Mapping[str, Post], rows: Sequence[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Where there would be more students than fit."""
    count = Counter(at for _student, term, post in rows for at in _places(posts.get(post), term))
    most: dict[tuple[str, str, str], int] = {("post", *at): number for at, number in case.seats.items()}
    most |= {("enterprise", *at): number for at, number in (case.room or {}).items()}
    most |= {("base", *at): number for at, number in (case.base_room or {}).items()}
    seatless = {at for at in count if at[0] == "post" and at not in most}
    return {at for at, number in count.items() if at in most and number > most[at]} | seatless
