"""A learner's place in a run, loaded for a page; what belongs to a learner; who acts."""

from __future__ import annotations

from dataclasses import dataclass

from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block, Run
from courses.learning import queries
from courses.learning.models import Enrolment
from courses.learning.opening import demand_open
from courses.learning.types import SEATED
from trainhub.kernel import clock
from trainhub.kernel.access import Identity, Subject, acting
from trainhub.kernel.errors import NotAllowed, NotFound
from trainhub.kernel.i18n import _
from trainhub.people import queries as people


@dataclass(frozen=True, slots=True)
class Place:
    """A learner in a run, at a block when there is one."""

    run: Run
    enrolment: Enrolment
    block: Block | None = None
    unit_id: int | None = None

    @property
    def subject(self) -> Subject:
        """A learner's own place."""
        return subject_of_learner(self.enrolment.person_id)


def me() -> Identity:
    """Who acts; the guard has seen to it that somebody does."""
    identity = acting()
    assert identity is not None
    return identity


def subject_of_learner(*person_ids: int) -> Subject:
    """What belongs to a learner, or to several: of two persons merged into one, what is stored under either belongs to both."""
    if me().person_id in person_ids:
        return Subject.of(persons=person_ids)
    return Subject.of(persons=frozenset().union(*people.rows_of_humans(person_ids).values()))


def load_run(run_id: int) -> Run:
    """A run with everything a page needs."""
    run = catalogue.run_by_id(run_id)
    if run is None:
        raise NotFound(_("没有这期课程，可能已被移除。"))
    return run


def load_place(run_id: int, unit_id: int | None = None) -> Place:
    """The reader's own place in a run; refuses those who are not learning in it."""
    run = load_run(run_id)
    enrolment = queries.enrolment_of(run.id, me().person_id or 0)
    if enrolment is None:
        raise NotFound(_("你还没有报名这期课程。请先在课程页面报名。"))
    if enrolment.state not in SEATED:
        raise NotAllowed(_("你的报名尚未生效（待审核、候补中或已退出），暂时不能打开课程内容。"))
    return Place(run, enrolment, unit_id=unit_id)


def load_block_place(block_id: int) -> Place:
    """The reader's own place at a published block."""
    block = catalogue.block_by_id(block_id)
    if block is None or not block.is_published:
        raise NotFound(_("这个内容已被移除或暂未发布。"))
    place = load_place(block.run_id)
    demand_open(place.enrolment, block, clock.now())
    return Place(place.run, place.enrolment, block)
