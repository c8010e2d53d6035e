"""Topics for students and teams by their ranked choices, exact: most participants, then most students, then least rank cost, then the lottery.

A team needs all its seats in one topic, so this is no flow: whole numbers, solved by HiGHS through scipy in three steps, each
within the optimum of the one before. Cohorts are small (hundreds of students, tens of topics).
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

UNRANKED = 15
"""What it costs a student to get a topic he did not rank; rank r costs r - 1 (as in the assignment of supervisors)."""


class Missed(StrEnum):
    """Why somebody got no topic in a round (`telling.missed`)."""

    NOTHING_CHOSEN = "nothing_chosen"
    NO_SEATS = "no_seats"
    SEATS_SHORT = "seats_short"
    GIVEN_TO_OTHERS = "given_to_others"
    CHOICES_GONE = "choices_gone"
    ENROLLED_LATER = "enrolled_later"


@dataclass(frozen=True, slots=True)
class Unit:
    """A student, or a team as a whole: `ranks` by topic (1 best); `others` are open topics that may be given without having been ranked."""

    id: int
    size: int
    ranks: Mapping[int, int]
    others: frozenset[int] = frozenset()

    @property
    def is_participant(self) -> bool:
        """Who ranked nothing never takes a seat that a participant chose."""
        return bool(self.ranks)


@dataclass(frozen=True, slots=True)
class Allocation:
    """`given`: topic by unit; `students` placed, `participants` among them, and the total rank cost."""

    given: Mapping[int, int]
    students: int
    participants: int
    rank_cost: int


def allocate(units: Sequence[Unit], seats: Mapping[int, int], *, seed: int = 1) -> Allocation:
    """The best allocation; equal ones are told apart by the seeded lottery, never by the order of the rows."""
    ordered = sorted(units, key=lambda unit: unit.id)
    pairs = [
        (at, topic, unit.ranks.get(topic, UNRANKED + 1) - 1)
        for at, unit in enumerate(ordered)
        for topic in sorted({*unit.ranks, *unit.others})
        if seats.get(topic, 0) >= unit.size
    ]
    if not pairs:
        return Allocation({}, 0, 0, 0)
    chosen = _solve(ordered, pairs, seats, seed)
    given = {ordered[at].id: topic for (at, topic, _cost), is_on in zip(pairs, chosen, strict=True) if is_on}
    sizes = {unit.id: unit for unit in ordered}
    return Allocation(
        given,
        students=sum(sizes[key].size for key in given),
        participants=sum(sizes[key].size for key in given if sizes[key].is_participant),
        rank_cost=sum(ordered[at].size * cost for (at, _topic, cost), is_on in zip(pairs, chosen, strict=True) if is_on),
    )


def cause(
    unit: Unit, units: Sequence[Unit], titles: Mapping[int, str], seats: Mapping[int, int], wanted: Mapping[int, int], chose: Collection[int]
) -> dict[str, Any]:
    """Why nobody of a unit got a topic, with its values (told in the language of the reader: `telling.missed`).

    `wanted`: how many chose each topic; `chose`: the units that saved choices, whatever has become of the topics since.
    """
    if not unit.ranks and unit.id in chose:
        return {"cause": Missed.CHOICES_GONE.value}
    if not unit.ranks and unit.others:  # the final round gives to everybody, as far as there are seats that are not reserved for somebody else
        rivals = sum(one.size for one in units if unit.others & {*one.ranks, *one.others})
        return {"cause": Missed.SEATS_SHORT.value, "seats": sum(seats[key] for key in unit.others), "students": rivals}
    if not unit.ranks:
        return {"cause": (Missed.NOTHING_CHOSEN if seats else Missed.NO_SEATS).value}
    order = sorted(unit.ranks, key=lambda key: unit.ranks[key])
    return {
        "cause": Missed.GIVEN_TO_OTHERS.value,
        "topics": [{"title": titles[key], "seats": seats[key], "wanted": wanted.get(key, 0)} for key in order],
    }


def _solve(units: Sequence[Unit], pairs: Sequence[tuple[int, int, int]], seats: Mapping[int, int], seed: int) -> list[bool]:
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix

    count = len(pairs)
    size = np.array([units[at].size for at, _topic, _cost in pairs], dtype=float)
    takes_part = np.array([units[at].is_participant for at, _topic, _cost in pairs], dtype=float)
    cost = np.array([cost for _at, _topic, cost in pairs], dtype=float)
    topics = {topic: row for row, topic in enumerate(sorted({topic for _at, topic, _cost in pairs}))}
    once = csr_matrix((np.ones(count), ([at for at, _topic, _cost in pairs], range(count))), shape=(len(units), count))
    fits = csr_matrix((size, ([topics[topic] for _at, topic, _cost in pairs], range(count))), shape=(len(topics), count))
    limits: list[Any] = [LinearConstraint(once, ub=1), LinearConstraint(fits, ub=[seats[topic] for topic in topics])]
    lottery = random.Random(f"{seed}/choices")
    tickets = np.array(lottery.sample(range(count), count), dtype=float)  # each its own: equal tickets would be decided by the order of the rows
    best = None
    goals = (-size * takes_part, -size, size * cost, tickets)
    for place, goal in enumerate(goals):
        if not goal.any() or any(np.array_equal(goal, before) for before in goals[:place]):
            continue  # everybody takes part, or gets what they ranked first: there is nothing more to ask for
        found = milp(goal, constraints=limits, integrality=np.ones(count), bounds=Bounds(0, 1), options={"mip_rel_gap": 0})
        if found.x is None:
            raise RuntimeError(found.message)
        best = np.round(found.x)
        value = float(goal @ best)
        limits.append(LinearConstraint(csr_matrix(goal), lb=value, ub=value))
    assert best is not None
    return [bool(x) for x in best]
