"""Which discussions are open to whom: threads of a block are as open as the block. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from courses.catalogue import queries as catalogue
from courses.discussion import queries
from courses.discussion.models import Thread
from courses.learning import opening
from courses.learning import queries as learning
from courses.learning.models import Enrolment
from courses.learning.types import SEATED


def closed_blocks(enrolment: Enrolment, now: datetime) -> frozenset[int]:
    """The discussions with threads that a learner cannot open now: for other groups, not released, waiting for a condition."""
    asked = queries.discussed_blocks(enrolment.run_id)
    if not asked:
        return frozenset()
    door = opening.door(enrolment, now)
    unit_of = {block.id: unit.id for unit in door.outline.units for block in unit.blocks}
    return frozenset(key for key in asked if key not in unit_of or door.closed.block(key, unit_of[key]))


def who_may_open(thread: Thread, person_ids: Sequence[int], now: datetime) -> set[int]:
    """Which of the persons can open a thread: the staff of its run always, a learner with a seat when its block is open."""
    block = catalogue.block_by_id(thread.block_id) if thread.block_id is not None else None
    if block is None:
        return set(person_ids)
    found = queries.staff_among(thread.run_id, person_ids)
    for person_id in person_ids:
        enrolment = learning.enrolment_of(thread.run_id, person_id) if person_id not in found else None
        if enrolment is not None and enrolment.state in SEATED and opening.door(enrolment, now).is_open(block.unit_id, block.id):
            found.add(person_id)
    return found
