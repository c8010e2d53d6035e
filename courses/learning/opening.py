"""Which parts of a run are open for one learner at one instant, and the words for what is not. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from courses.catalogue import authoring_queries as catalogue
from courses.catalogue import explaining, rules
from courses.catalogue.models import Block
from courses.catalogue.types import Closed, Outline
from courses.learning import queries
from courses.learning.models import Enrolment
from courses.learning.types import BlockState
from trainhub.kernel.errors import NotAllowed, NotFound
from trainhub.kernel.i18n import _


class StillClosed(NotAllowed):
    """The part is not open for this learner now; the message says what opens it."""

    code = "still_closed"


@dataclass(frozen=True, slots=True)
class Door:
    """The outline as a learner has it, what of it is closed, and the progress it was judged by."""

    outline: Outline
    closed: Closed
    states: dict[int, BlockState] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)

    def why_unit(self, unit_id: int) -> list[str]:
        """Why a unit is closed, one sentence each; nothing when it is open."""
        return explaining.reasons(self.closed.units.get(unit_id, ()), self.outline, self.groups)

    def why_block(self, block_id: int, unit_id: int) -> list[str]:
        """Why a block is closed."""
        return explaining.reasons(self.closed.block(block_id, unit_id), self.outline, self.groups)


def door(enrolment: Enrolment, now: datetime) -> Door:
    """What is open for a learner now."""
    outline = catalogue.outline_for(enrolment.run_id, enrolment.person_id)
    states = queries.states_of(enrolment.id)
    groups = catalogue.group_keys(enrolment.run_id, enrolment.person_id)
    return _judged(outline, states, groups, now, enrolment.run_id)


def preview_door(run_id: int, outline: Outline, groups: frozenset[str], now: datetime) -> Door:
    """What a learner of those groups who has done nothing yet would find open at that instant."""
    return _judged(rules.for_groups(outline, groups), {}, groups, now, run_id)


def _judged(outline: Outline, states: dict[int, BlockState], groups: frozenset[str], now: datetime, run_id: int) -> Door:
    done = {key for key, state in states.items() if state.is_done}
    scores = {key: state.score_x10 for key, state in states.items() if state.score_x10 is not None}
    closed = rules.closed(outline, rules.known(outline, now=now, done=done, scores=scores, groups=groups))
    named = {group.key: group.name for group in catalogue.groups_of(run_id)} if closed.units or closed.blocks else {}
    return Door(outline, closed, states, named)


def demand_open(enrolment: Enrolment, block: Block, now: datetime) -> None:
    """Refuse, with the reason, a block that the learner's door keeps closed; a part for other groups is not there at all."""
    found = door(enrolment, now)
    if not any(node.id == block.id for node in found.outline.blocks):
        raise NotFound(_("这个内容已被移除或暂未发布。"))
    why = found.why_block(block.id, block.unit_id)
    if why:
        raise StillClosed(_("这项内容还没有开放：%(why)s。", why="；".join(why)))
