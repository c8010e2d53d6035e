"""Values of the planner. Weeks are whole tenths of a week; ids are texts and give every order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from enterprises.placements.types import Aim


class Reason(StrEnum):
    """Why a student stays below the target."""

    NO_ELIGIBLE_POSITION = "no_eligible_position"
    BLOCKED_TERMS = "blocked_terms"
    SEATS_SHORT = "seats_short"
    FIXED_CONFLICT = "fixed_conflict"


class Cause(StrEnum):
    """What exactly is told of the reason (`telling.told`)."""

    NO_ELIGIBLE_POSITION = "no_eligible_position"
    BLOCKED_TERMS = "blocked_terms"
    SEATS_SHORT = "seats_short"
    ROOM_SHORT = "room_short"
    SEATS_USED_UP = "seats_used_up"
    NO_ENTERPRISE_FOR_ALL_TERMS = "no_enterprise_for_all_terms"
    FIXED_CONFLICT = "fixed_conflict"


class Group(StrEnum):
    """Students of a major for whom some posts are unfit: a major of their own for the planner."""

    WOMAN = "woman"
    MINOR = "minor"


def narrowed(major: str, groups: Sequence[Group]) -> str:
    """A major as the planner calls it for these students; `telling.major_in_words` says it in the reader's language."""
    return "#".join([major, *groups])


NOT = "not-"


def without(major: str, posts: Sequence[str]) -> str:
    """A major for students to whom these positions are closed; readers see the major alone."""
    return "#".join([major, *(f"{NOT}{post}" for post in sorted(posts))])


@dataclass(frozen=True, slots=True)
class Slot:
    """A term."""

    id: str
    weeks_x10: int
    name: str = ""
    """How explanations call it; empty: its id."""


@dataclass(frozen=True, slots=True)
class Post:
    """A position; no majors: any."""

    id: str
    enterprise: str
    majors: frozenset[str] = frozenset()
    name: str = ""
    base: str = ""
    """Where it is, as far as that has a limit of its own (`Case.base_room`)."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """A student with the weeks before, the target, and the terms that are blocked."""

    id: str
    major: str
    prior_x10: int = 0
    target_x10: int = 320
    blocked: frozenset[str] = frozenset()
    priority: int = 0
    """The class of the published order: 1 goes first; 0, none, comes after all of them."""

    def as_data(self) -> list[Any]:
        """As JSON-able data; the class only where there is one, so that earlier plans keep their hash."""
        found = [self.id, self.major, self.prior_x10, self.target_x10, sorted(self.blocked)]
        return [*found, self.priority] if self.priority else found


@dataclass(frozen=True, slots=True)
class Options:
    """How a case is planned; the defaults are the contract. `bonus`: rank points that a further term at the same enterprise is
    worth; `is_one_enterprise`: hard continuity, every term of a student at one enterprise (fixed rows stay where they are);
    `is_wishes_first`: who handed in wishes is planned as if nobody else were there, the others share what is left (`turns`)."""

    aim: Aim = Aim.COMPLETE
    bonus: int = 0
    is_one_enterprise: bool = False
    is_wishes_first: bool = False


Triple = tuple[str, str, str]
"""student, term, position"""


@dataclass(frozen=True, slots=True)
class Case:
    """One planning problem. `seats` by (position, term); `wishes` by student: position to rank (1 is best).

    `fixed` stays; `current` is an earlier plan of which as little as possible changes (None: there is none); it may name
    positions that exist no more.
    """

    slots: tuple[Slot, ...]
    posts: tuple[Post, ...]
    seats: dict[tuple[str, str], int]
    pupils: tuple[Pupil, ...]
    wishes: dict[str, dict[str, int]] = field(default_factory=dict)
    fixed: tuple[Triple, ...] = ()
    current: tuple[Triple, ...] | None = None
    dropped: frozenset[str] = frozenset()
    """Students one of whose fixed rows was impossible and let go."""
    mentors: Mapping[str, int] | None = None
    """How many students the mentors of each enterprise can look after in a term; None: no such limit."""
    room: Mapping[tuple[str, str], int] | None = None
    """The same by (enterprise, term) where it is not the same in every term; it goes before `mentors`."""
    base_room: Mapping[tuple[str, str], int] | None = None
    """How many students a base takes in a term over all its positions, by (base, term); not named: no limit."""
    called: Mapping[str, str] = field(default_factory=dict)
    """How explanations call enterprises and bases; not named: the id. It is no part of what is computed from."""
    worth: Mapping[Triple, int] = field(default_factory=dict)
    """Of rows of `current` what it is worth to keep them, among plans with as few changes: as whole numbers, not named: nothing."""

    def as_data(self) -> list[Any]:
        """The case as JSON-able data in a canonical order."""
        return [
            sorted([one.id, one.weeks_x10] for one in self.slots),
            sorted([one.id, one.enterprise, sorted(one.majors)] for one in self.posts),
            sorted([post, slot, count] for (post, slot), count in self.seats.items()),
            sorted(one.as_data() for one in self.pupils),
            sorted([pupil, sorted(posts.items())] for pupil, posts in self.wishes.items()),
            sorted(map(list, self.fixed)),
            None if self.current is None else sorted(map(list, self.current)),
            *([["worth", sorted([*row, value] for row, value in self.worth.items())]] if self.worth else []),
            *([] if self.mentors is None else [sorted(map(list, self.mentors.items()))]),
            *([] if self.room is None else [sorted([firm, slot, count] for (firm, slot), count in self.room.items())]),
            *(
                []
                if self.base_room is None
                else [
                    ["bases", sorted([base, slot, count] for (base, slot), count in self.base_room.items())],
                    sorted([one.id, one.base] for one in self.posts if one.base),
                ]
            ),
        ]


class Assignment(NamedTuple):
    """A student at a position in a term; `rank` as wished, None: not ranked."""

    pupil: str
    slot: str
    post: str
    rank: int | None = None


class Unplaced(NamedTuple):
    """A student below the target, placed or not, and why."""

    pupil: str
    weeks_x10: int
    target_x10: int
    reason: Reason
    why: dict[str, Any]
    """The cause and its values, JSON-able; `telling.told` makes a sentence of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer: assignments and students below the target by id, the figures of the contract, and who computed it."""

    assignments: tuple[Assignment, ...]
    unplaced: tuple[Unplaced, ...]
    figures: dict[str, Any]
    solver: str
