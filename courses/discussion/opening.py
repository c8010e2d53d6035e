"""Which discussions are open to whom: threads of a block are as open as the block. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from courses.catalogue import queries as catalogue
from courses.discussion import queries
from courses.discussion.models import Thread
from courses.discussion.types import OPEN, Shut
from courses.learning import opening
from courses.learning import queries as learning
from courses.learning.models import Enrolment
from courses.learning.types import SEATED


def shut(enrolment: Enrolment, now: datetime) -> Shut:
    """The discussions with threads that a learner cannot open now: for other groups, not released, waiting for a condition, gone."""
    asked, gone = queries.discussed_blocks(enrolment.run_id), queries.gone_blocks(enrolment.run_id, now)
    if not asked:
        return Shut(gone=gone)
    door = opening.door(enrolment, now)
    unit_of = {block.id: unit.id for unit in door.outline.units for block in unit.blocks}
    return Shut(frozenset(key for key in asked if key not in unit_of or door.closed.block(key, unit_of[key])), gone)


def outlives_for(thread: Thread, person_ids: Collection[int], now: datetime) -> set[int]:
    """For which of the persons a thread outlives its block: for all when the block was for everybody, else for who wrote in it."""
    if thread.block_id is None or thread.block_id not in queries.gone_blocks(thread.run_id, now):
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


def news(now: datetime) -> dict[int, int]:
    """How much is new for each follower who was not told yet, in what is open to the follower now."""
    rows = queries.news(now)
    members: dict[int, set[int]] = {}
    for run_id in {row.run_id for row in rows}:
        members[run_id] = queries.members_among(run_id, sorted({row.person_id for row in rows if row.run_id == run_id}))
    known: dict[tuple[int, int], Shut] = {}
    found: dict[int, int] = {}
    for row in rows:
        if row.person_id not in members[row.run_id]:
            continue
        if row.block_id is not None:
            place = (row.run_id, row.person_id)
            if place not in known:
                known[place] = _shut_to(*place, now)
            if row.block_id in known[place].closed:
                continue
            if row.block_id in known[place].gone and row.thread_id and not queries.writers_among(row.thread_id, [row.person_id]):
                continue
        found[row.person_id] = found.get(row.person_id, 0) + row.number
    return found


def _shut_to(run_id: int, person_id: int, now: datetime) -> Shut:
    """The discussions that are shut to somebody who takes part; the staff reads all of them."""
    enrolment = learning.enrolment_of(run_id, person_id) if not queries.staff_among(run_id, [person_id]) else None
    return shut(enrolment, now) if enrolment is not None else OPEN
