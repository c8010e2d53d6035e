"""Which discussions are open to whom: threads of a block are as open as the block. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from courses.catalogue import queries as catalogue
from courses.discussion import follow_queries, queries
from courses.discussion.models import Thread
from courses.discussion.types import Shut
from courses.learning import opening, seat_queries
from courses.learning import queries as learning
from courses.learning.models import Enrolment
from courses.learning.opening import Door
from courses.learning.types import SEATED
from trainhub.kernel.access import Identity
from trainhub.people import queries as people


def shut(enrolment: Enrolment, now: datetime) -> Shut:
    """The discussions with threads that a learner cannot open now: for other groups, not released, waiting for a condition, gone."""
    return shuts([enrolment], now)[enrolment.id]


def shuts(enrolments: Sequence[Enrolment], now: datetime) -> dict[int, Shut]:
    """The same of many learners, by enrolment: as many queries as for one."""
    runs = sorted({row.run_id for row in enrolments})
    asked, gone = queries.discussed_blocks(runs), queries.gone_blocks(runs, now)
    doors = opening.doors_of([row for row in enrolments if asked[row.run_id]], now)
    return {row.id: Shut(_closed(doors.get(row.id), asked[row.run_id]), gone) for row in enrolments}


def _closed(door: Door | None, asked: frozenset[int]) -> frozenset[int]:
    if door is None:
        return frozenset()
    unit_of = {block.id: unit.id for unit in door.outline.units for block in unit.blocks}
    return frozenset(key for key in asked if key not in unit_of or door.closed.block(key, unit_of[key]))


def outlives_for(thread: Thread, person_ids: Collection[int], now: datetime) -> set[int]:
    """For which of the persons a thread outlives its block: for all when the block was for everybody, else for who wrote in it."""
    if thread.block_id is None or thread.block_id not in queries.gone_blocks([thread.run_id], now):
        return set(person_ids)
    return queries.writers_among(thread.id, person_ids)


def who_may_open(thread: Thread, person_ids: Sequence[int], now: datetime) -> set[int]:
    """Which of the persons can open a thread: the staff of its run always, a learner with a seat when its block is open."""
    block = catalogue.block_by_id(thread.block_id) if thread.block_id is not None else None
    found = queries.staff_among(thread.run_id, person_ids)
    if block is None:
        return found | outlives_for(thread, queries.members_among(thread.run_id, person_ids), now)
    for person_id in person_ids:
        enrolment = learning.enrolment_of(thread.run_id, person_id) if person_id not in found else None
        if enrolment is not None and enrolment.state in SEATED and opening.door(enrolment, now).is_open(block.unit_id, block.id):
            found.add(person_id)
    return found


def followed(identity: Identity, now: datetime) -> sa.Select[Any]:
    """The threads somebody follows, without those that are no longer open to the reader: a title tells already."""
    reader = people.human_id(identity.person_id or 0)
    seats = seat_queries.seats_of(follow_queries.followed_runs(reader), [reader])
    each = shuts(list(seats.values()), now).values()
    shut = Shut(*(frozenset().union(*parts) for parts in zip(*((one.closed, one.gone) for one in each), strict=True))) if seats else Shut()
    return follow_queries.followed_threads(identity, seated=sorted(run_id for run_id, _person in seats), shut=shut)


def unnamed(rows: Sequence[Any], reader: int) -> set[int]:
    """Of rows of `followed` those whose title only its writer and the staff read until reports are decided."""
    mine, hidden = people.rows_of_humans([reader])[reader], queries.under_report([row.id for row in rows])
    return {row.id for row in rows if row.id in hidden and not row.may_moderate and row.person_id not in mine}


def news(now: datetime) -> dict[int, int]:
    """How much is new for each follower who was not told yet, in what is open to the follower now: as many queries for all as for one."""
    rows = follow_queries.news(now)
    asked = [row for row in rows if row.block_id is not None and not row.is_staff]  # the staff reads everything
    seats = seat_queries.seats_of({row.run_id for row in asked}, {row.person_id for row in asked})
    shut = shuts(list(seats.values()), now)
    wrote = queries.writers_of({row.thread_id for row in asked if row.thread_id is not None})
    found: dict[int, int] = {}
    for row in rows:
        seat = seats.get((row.run_id, row.person_id))
        if seat is not None and not row.is_staff and row.block_id is not None:
            if row.block_id in shut[seat.id].closed:
                continue
            if row.block_id in shut[seat.id].gone and row.thread_id and row.person_id not in wrote[row.thread_id]:
                continue
        found[row.person_id] = found.get(row.person_id, 0) + row.number
    return found
