"""A reader's place in the forum of a run: loaded once, judged once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block, Run
from courses.catalogue.types import BlockKind
from courses.discussion import labels, opening, queries, rules
from courses.discussion.models import Post, Thread
from courses.discussion.types import OPEN, Author, Hidden, Shut
from courses.learning import queries as learning
from courses.learning.models import Enrolment
from courses.learning.opening import demand_open
from courses.learning.places import load_run, me, subject_of_learner
from courses.learning.types import SEATED
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import Subject, may
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.people import queries as people


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody in the forum of a run: a learner with a seat, one of its staff, or who answers for it. `base`: the run as a subject."""

    run: Run
    enrolment: Enrolment | None
    base: Subject
    may_moderate: bool
    thread: Thread | None = None
    post: Post | None = None
    block: Block | None = None

    @property
    def subject(self) -> Subject:
        """The run, and the learner's own seat in it."""
        own = subject_of_learner(self.enrolment.person_id).persons if self.enrolment is not None else frozenset()
        return replace(self.base, persons=self.base.persons | own)

    @property
    def reader(self) -> int:
        """The reader as a person; 0 is nobody."""
        return me().person_id or 0

    @property
    def author(self) -> Author:
        """The reader as a writer."""
        person_id = me().person_id
        if person_id is None:
            raise Refused(_("你的账户没有关联个人信息，不能发言。请联系管理员补全。"))
        return Author(person_id, self.may_moderate)


def load_place(run_id: int) -> Place:
    """The forum of a run."""
    run = load_run(run_id)
    enrolment = learning.enrolment_of(run.id, me().person_id or 0)
    base = catalogue.subject_of_run(run)
    seated = enrolment if enrolment is not None and enrolment.state in SEATED else None
    return Place(run, seated, base, may(me(), Can.DISCUSSION_MODERATE, base))


def load_thread(thread_id: int, **_more: Any) -> Place:
    """A thread with its forum."""
    thread = queries.thread_by_id(thread_id)
    if thread is None:
        raise NotFound(_("没有这个话题，可能已被移除。"))
    place = load_place(thread.run_id)
    block = catalogue.block_by_id(thread.block_id) if thread.block_id is not None else None
    demand_block(place, block)
    if block is None and place.enrolment is not None and not place.may_moderate and not opening.outlives_for(thread, [place.reader], clock.now()):
        raise NotFound(_("没有这个话题，可能已被移除。"))
    return replace(place, thread=thread, block=block)


def load_post(post_id: int, **_more: Any) -> Place:
    """A post with its thread. What its reader may not see is not there: neither its pictures nor what it said before."""
    post = queries.post_by_id(post_id)
    if post is None:
        raise NotFound(_("没有这条发言，可能已被移除。"))
    place = load_thread(post.thread_id)
    is_mine = people.is_same_human(place.reader, post.person_id)
    reports = queries.count_reports_of(post.id)
    match rules.hidden(
        is_removed=post.removed_at is not None,
        open_reports=reports,
        may_moderate=place.may_moderate,
        is_mine=is_mine,
        is_staff=post.is_staff,
    ):
        case Hidden.REMOVED:
            raise NotFound(_("没有这条发言，可能已被移除。"))
        case Hidden.REPORTED:
            raise NotFound(_("这条发言被多人举报，教师处理之前不显示。"))
    return replace(place, post=post)


def load_block(block_id: int) -> Place:
    """A discussion block with its forum."""
    block = catalogue.block_by_id(block_id)
    if block is None or block.kind is not BlockKind.DISCUSSION or not block.is_published:
        raise NotFound(_("这个讨论已被移除或暂未发布。"))
    place = load_place(block.run_id)
    demand_block(place, block)
    return replace(place, block=block)


def demand_block(place: Place, block: Block | None) -> None:
    """A discussion is open to a learner when its block is; the staff reads all of them."""
    if block is not None and place.enrolment is not None and not place.may_moderate:
        demand_open(place.enrolment, block, clock.now())


def shut(place: Place) -> Shut:
    """The discussions that are shut to the reader: their threads are not listed, for a title tells already."""
    if place.enrolment is None or place.may_moderate:
        return OPEN
    return opening.shut(place.enrolment, clock.now())


def shared(place: Place) -> dict[str, Any]:
    """What every forum page is given."""
    return {
        "run": place.run,
        "is_staff": place.may_moderate,
        "is_learner": place.enrolment is not None,
        "may_write": may(me(), Can.DISCUSSION_WRITE, place.subject) and place.reader != 0,
        "labels": labels,
        "words": words,
        "limit": rules.MAX_POST,
        "submission_key": secrets.token_urlsafe(24),
    }
