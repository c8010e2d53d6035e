"""Which parts of a run are open for one learner at one instant, and the words for what is not. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from courses.catalogue import authoring_queries as catalogue
from courses.catalogue import explaining, rules
from courses.catalogue import queries as content
from courses.catalogue.models import Block
from courses.catalogue.types import Closed, ConditionKind, Outline
from courses.learning import queries, settled_queries
from courses.learning.models import Enrolment
from courses.learning.rules import is_settled
from courses.learning.types import BlockState
from trainhub.kernel.errors import NotAllowed, NotFound
from trainhub.kernel.i18n import N_, _
from trainhub.people import queries as people

FULL = 1000
"""The whole score."""


class StillClosed(NotAllowed):
    """The part is not open for this learner now; the message says what opens it, and the page leads back to the course, where the rest is."""

    code = "still_closed"
    title = N_("还没有开放")

    def __init__(self, message: str, *, run_id: int) -> None:
        super().__init__(message)
        self.page, self.page_args = ("learning.progress", _("返回课程")), {"run_id": run_id}


@dataclass(frozen=True, slots=True)
class Door:
    """The outline as a learner has it, what of it is closed, and what it was judged by: progress, and what a person decided of single blocks."""

    outline: Outline
    closed: Closed
    states: dict[int, BlockState] = field(default_factory=dict)
    settled: Mapping[int, int | None] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    def is_done(self, block_id: int) -> bool:
        """Whether nothing is left to do for a block: it is done, or a person excused the learner or wrote a mark."""
        return self.is_settled(block_id) or (block_id in self.states and self.states[block_id].is_done)

    def is_settled(self, block_id: int) -> bool:
        """Whether a person excused the learner of a block, or wrote a mark that stands for it."""
        return is_settled(self.settled, block_id)

    def why_unit(self, unit_id: int) -> list[str]:
        """Why a unit is closed, one sentence each; nothing when it is open."""
        return explaining.reasons(self.closed.units.get(unit_id, ()), self.outline, self.groups)

    def why_block(self, block_id: int, unit_id: int) -> list[str]:
        """Why a block is closed."""
        return explaining.reasons(self.closed.block(block_id, unit_id), self.outline, self.groups)

    def is_open(self, unit_id: int, block_id: int) -> bool:
        """Whether a block is there for the learner and open."""
        return any(node.id == block_id for node in self.outline.blocks) and not self.closed.block(block_id, unit_id)

    def waits(self, unit_id: int, block_id: int = 0) -> list[str]:
        """What still has to be done before a part opens; the day alone, which a calendar shows anyway, is not among it."""
        found = self.closed.block(block_id, unit_id)
        return explaining.reasons([c for c in found if c.kind is not ConditionKind.DATE], self.outline, self.groups)

    def is_over(self, unit_id: int, block_id: int, now: datetime) -> bool:
        """Whether a part was open for a time that has passed, and nothing else is in the way."""
        found = self.closed.block(block_id, unit_id)
        return bool(found) and all(c.kind is ConditionKind.DATE and c.until is not None and c.until <= now for c in found)


def door(enrolment: Enrolment, now: datetime) -> Door:
    """What is open for a learner now: nothing before the first day of the run."""
    outline = _begun(catalogue.outline_for(enrolment.run_id, enrolment.person_id), catalogue.beginnings([enrolment.run_id]), now)
    states = queries.states_of(enrolment.id)
    groups = catalogue.group_keys(enrolment.run_id, enrolment.person_id)
    mark = queries.mark_of(enrolment)
    return _judged(outline, states, groups, now, settled=mark.settled if mark is not None else {})


def doors(person_id: int, run_ids: Iterable[int], now: datetime) -> dict[int, Door]:
    """What is open for a learner now, of those runs in which anything has conditions or that have not begun: the same number of queries for all."""
    wanted = list(run_ids)
    begins = catalogue.beginnings(wanted)
    ids = sorted({*catalogue.runs_with_conditions(wanted), *(key for key, at in begins.items() if now < at)})
    if not ids:
        return {}
    outlines = {key: _begun(one, begins, now) for key, one in content.outlines(ids, only_published=True).items()}
    groups, states, names = catalogue.group_keys_of(person_id, ids), queries.states_by_run(person_id, ids), catalogue.group_names(ids)
    settled = settled_queries.by_run(person_id, ids)
    found = {}
    for run_id, outline in outlines.items():
        mine = groups.get(run_id, frozenset())
        found[run_id] = _judged(rules.for_groups(outline, mine), states.get(run_id, {}), mine, now, names.get(run_id, {}), settled.get(run_id))
    return found


def doors_of(enrolments: Sequence[Enrolment], now: datetime) -> dict[int, Door]:
    """What is open for each of many learners now, by enrolment: as many queries as for one. Without conditions a run has one door for all."""
    runs = sorted({row.run_id for row in enrolments})
    if not runs:
        return {}
    begins, held = catalogue.beginnings(runs), set(catalogue.runs_with_conditions(runs))
    outlines = {key: _begun(one, begins, now) for key, one in content.outlines(runs, only_published=True).items()}
    judged = [row for row in enrolments if row.run_id in held]
    states, names = queries.states_of_many([row.id for row in judged]), catalogue.group_names(held)
    settled = settled_queries.of_many([row.id for row in judged])
    human = people.humans_of(row.person_id for row in judged)
    groups = catalogue.group_keys_by_human(held)
    same = {run_id: _judged(outline, {}, frozenset(), now, {}) for run_id, outline in outlines.items() if run_id not in held}
    found = {row.id: same[row.run_id] for row in enrolments if row.run_id in same}
    for row in judged:
        mine = frozenset(groups.get((row.run_id, human[row.person_id]), ()))
        outline = rules.for_groups(outlines[row.run_id], mine)
        found[row.id] = _judged(outline, states.get(row.id, {}), mine, now, names.get(row.run_id, {}), settled.get(row.id))
    return found


def preview_door(outline: Outline, groups: frozenset[str], now: datetime) -> Door:
    """What a learner of those groups who has done nothing yet would find open at that instant."""
    return _judged(rules.for_groups(outline, groups), {}, groups, now)


def _begun(outline: Outline, begins: Mapping[int, datetime], now: datetime) -> Outline:
    """The outline with its run's first day as the earliest instant at which anything opens, while that lies ahead."""
    at = begins.get(outline.run_id)
    return rules.not_before(outline, at) if at is not None and now < at else outline


def _judged(
    outline: Outline,
    states: dict[int, BlockState],
    groups: frozenset[str],
    now: datetime,
    names: Mapping[str, str] | None = None,
    settled: Mapping[int, int | None] | None = None,
) -> Door:
    settled = settled or {}
    done = {key for key, state in states.items() if state.is_done} | {key for key in settled if is_settled(settled, key)}
    scores = {key: state.score_x10 for key, state in states.items() if state.score_x10 is not None}
    scores |= {key: FULL if score is None else score for key, score in settled.items()}  # who is excused is held up by no mark of it
    closed = rules.closed(outline, rules.known(outline, now=now, done=done, scores=scores, groups=groups))
    if names is None:
        names = catalogue.group_names([outline.run_id]).get(outline.run_id, {}) if closed.units or closed.blocks else {}
    return Door(outline, closed, states, settled, names)


def demand_open(enrolment: Enrolment, block: Block, now: datetime) -> None:
    """Refuse, with the reason, a block that the learner's door keeps closed; a part for other groups is not there at all."""
    found = door(enrolment, now)
    if not any(node.id == block.id for node in found.outline.blocks):
        raise NotFound(_("这个内容已被移除或暂未发布。"))
    why = found.why_block(block.id, block.unit_id)
    if why:
        raise StillClosed(_("这项内容还没有开放：%(why)s。", why="；".join(why)), run_id=enrolment.run_id)
