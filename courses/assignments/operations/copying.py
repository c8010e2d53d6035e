"""What assignments ask for, given to copied blocks: rules, rubric and examples; nothing that anybody handed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from courses.assignments.models import Assignment, PeerExample
from courses.assignments.queries import peers, work
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session

OF_ITS_RUN = frozenset({"id", "block_id", "run_id", "version", "allocated_at", "peers_closed_at", "released_at"})
"""Columns that say where the assignment stands and how far its run is."""
DATES = ("due_at", "cutoff_at", "peer_due_at")


def copy_rules(*, blocks: Mapping[int, int], run_id: int, by_days: timedelta, by: Identity, now: datetime) -> int:
    """Rules for copied blocks (old block -> new block), their dates moved; returns how many."""
    rules = work.rules_of(list(blocks))
    for old in rules.values():
        kept = {column.key: getattr(old, column.key) for column in sa.inspect(Assignment).column_attrs if column.key not in OF_ITS_RUN}
        moved = {name: kept[name] and kept[name] + by_days for name in DATES}
        made = Assignment(block_id=blocks[old.block_id], run_id=run_id, **{**kept, **moved})
        session().add(made)
        session().flush()
        for example in peers.examples_of(old.id):
            same = {name: getattr(example, name) for name in ("title", "text", "points_x10", "points", "comment")}
            session().add(PeerExample(assignment_id=made.id, **same))
        audit.record(by=by, did="courses.assignment.copied", on=made, data={"from": old.id})
    session().flush()
    return len(rules)
