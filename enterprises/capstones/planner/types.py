"""What the planner is given and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

UNRANKED = 15
"""The cost of a person who was not ranked; rank r costs r - 1."""


class Side(StrEnum):
    """The two supervisors of a capstone; the words of the files."""

    SCHOOL = "school"
    ENTERPRISE = "enterprise"

    __hash__ = str.__hash__
    """As equality goes by the word; the one of an Enum is a call of Python at each of the many look-ups by side."""


class Reason(StrEnum):
    """Why a capstone has no supervisor on one side."""

    NO_PERSON = "no_person"
    CAPACITY_SHORT = "capacity_short"
    FIXED_CONFLICT = "fixed_conflict"


class Cause(StrEnum):
    """What exactly is told of the reason (`telling.told`)."""

    NO_TEACHER = "no_teacher"
    NO_MENTOR = "no_mentor"
    TEACHERS_SHORT = "teachers_short"
    MENTORS_SHORT = "mentors_short"
    HELD_BY_FIXED = "held_by_fixed"
    FIXED_LET_GO = "fixed_let_go"


Slot = tuple[str, Side]


@dataclass(frozen=True, slots=True)
class CapstoneIn:
    """A capstone that needs both supervisors: a teacher of its discipline, a mentor of its enterprise."""

    id: str
    student: str
    discipline: str
    enterprise: str

    def group(self, side: Side) -> str:
        """What a supervisor of that side has to belong to."""
        return self.discipline if side is Side.SCHOOL else self.enterprise


@dataclass(frozen=True, slots=True)
class PersonIn:
    """A teacher with disciplines, or a mentor with the one enterprise; at most `capacity` capstones."""

    id: str
    groups: frozenset[str]
    capacity: int


@dataclass(frozen=True, slots=True)
class Problem:
    """The whole task. `ranks` by (capstone, side, person); `fixed` must stay, `current` should; all rows name known ids."""

    capstones: tuple[CapstoneIn, ...]
    people: Mapping[Side, tuple[PersonIn, ...]]
    ranks: Mapping[tuple[str, Side, str], int] = field(default_factory=dict)
    fixed: Mapping[Slot, str] = field(default_factory=dict)
    current: Mapping[Slot, str] = field(default_factory=dict)
    dropped: frozenset[Slot] = frozenset()
    """Slots whose fixed row could not be kept and was relaxed."""


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A missing supervisor and why."""

    capstone: str
    side: Side
    reason: Reason
    why: dict[str, Any]
    """The cause and its values, JSON-able; `telling.told` makes a sentence of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The assignment and its figures, all of them proven optimal in the contract's order."""

    assigned: Mapping[Slot, str]
    unassigned: tuple[Unassigned, ...]
    both: int
    given: int
    changed: int
    rank_cost: int
    max_load: int
    load_squares: int
