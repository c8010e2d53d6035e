"""Is what is stored what follows from the log? Reading in portions, so that a province of learners can be checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from courses.catalogue import authoring_queries as authored
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.catalogue.types import BlockKind
from courses.learning import log_queries, queries, rules
from courses.learning.operations.progress import recompute
from courses.learning.types import BlockState, Counted, EnrolmentState, HandedDown, Missed
from trainhub.kernel.access import Identity
from trainhub.kernel.db import portions, session

PORTION = 500


@dataclass(slots=True)
class Checked:
    """What a check found: how much was looked at, and (enrolment, block) whose stored progress is not what the log gives.

    `totals` are active enrolments whose stored progress or score is not the standing of today's content, and completed ones whose mark is not
    what follows from its corrections; a total that the gradebook is still to compute is not compared.
    """

    enrolments: int = 0
    events: int = 0
    blocks: list[tuple[int, int]] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)

    @property
    def differ(self) -> list[int]:
        """The enrolments to compute again."""
        return sorted({enrolment for enrolment, _block in self.blocks} | set(self.totals))


def check(*, run_ids: Sequence[int] | None, now: datetime) -> Checked:
    """Compute the progress of all learners of the runs (None: of all runs) from the log and compare. Writes nothing."""
    found = Checked()
    rows = log_queries.run_enrolments(run_ids)
    shapes: dict[int, Shape] = {}
    for some in portions(rows, PORTION):
        ids = [row.id for row in some]
        logs, stored, marks = log_queries.logs_of(ids), log_queries.states_of_many(ids), queries.marks_of(ids)
        for row in some:
            if row.run_id not in shapes:
                shapes[row.run_id] = _shape(row.run_id, now)
            _compare(row, shapes[row.run_id], now, logs.get(row.id, {}), stored.get(row.id, {}), marks.get(row.id), found)
        session().expire_all()
    return found


@dataclass(frozen=True, slots=True)
class Shape:
    """What the learners of a run are measured by. `counted` is None where parts are for groups: then each has an outline of their own."""

    run: Run
    kinds: dict[int, BlockKind]
    counted: list[Counted] | None

    def of(self, person_id: int, now: datetime) -> list[Counted]:
        """The blocks that count for one learner."""
        return self.counted if self.counted is not None else queries.counted(authored.outline_for(self.run.id, person_id), now)


def _shape(run_id: int, now: datetime) -> Shape:
    run = catalogue.run_by_id(run_id)
    assert run is not None
    outline = catalogue.outline(run_id, only_published=True)
    is_shared = not any(part.access for part in outline.parts)
    kinds = {block.id: block.kind for block in catalogue.blocks_of_run(run_id)}
    return Shape(run, kinds, queries.counted(outline, now) if is_shared else None)


def _compare(row: Any, shape: Shape, now: datetime, log: Any, stored: dict[int, BlockState], mark: HandedDown | None, found: Checked) -> None:
    kinds = shape.kinds
    found.enrolments += 1
    for block_id, events in log.items():
        found.events += len(events)
        if block_id in kinds and stored.get(block_id) != rules.block_state(kinds[block_id], events):
            found.blocks.append((row.id, block_id))
    found.blocks += [(row.id, block_id) for block_id in stored if block_id in kinds and block_id not in log]
    is_completed = row.state is EnrolmentState.COMPLETED
    if (is_completed or row.state is EnrolmentState.ACTIVE) and log:  # who has done nothing was never computed
        counted = shape.of(row.person_id, now)
        missed = Missed.of(row.missed)
        settled = mark.settled if mark is not None else {}
        standing = rules.standing(counted, stored, shape.run.pass_mark_x10, shape.run.completion_share_x1000, missed, settled)
        standing = rules.with_mark(standing, mark, missed)
        if is_completed:  # the completed stay complete: only their mark follows
            progress, score = row.progress_x1000, rules.mark_of_completed(standing, row.score_x10)
        else:
            progress, score = standing.progress_x1000, row.score_x10 if standing.is_mark_due else standing.shown_x10
        if (row.progress_x1000, row.score_x10) != (progress, score):
            found.totals.append(row.id)


def repair(*, enrolment_id: int, by: Identity, now: datetime) -> list[int]:
    """Store anew what follows from one learner's log; returns the blocks that differed."""
    row = queries.enrolment_by_id(enrolment_id)
    return [] if row is None else recompute(enrolment=row, by=by, now=now)
