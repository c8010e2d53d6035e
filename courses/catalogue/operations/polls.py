"""One voice each in a poll."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError

from courses.catalogue import authoring_queries as authoring
from courses.catalogue.models import Block, PollVote
from courses.catalogue.operations.offerings import BadCourse
from courses.catalogue.types import BlockKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _


def vote(*, block: Block, person_id: int, choice: int | None, by: Identity, now: datetime) -> bool:
    """Vote once; answers whether this was the first time. A second vote changes nothing."""
    options = block.settings.get("options") or []
    if block.kind is not BlockKind.POLL:
        raise BadCourse(_("这个内容不是投票。"))
    if choice is None or not 0 <= choice < len(options):
        raise BadCourse(_("请先选择一个选项，再提交。"), field="choice")
    if authoring.my_votes([block.id], person_id):
        return False
    try:
        with session().begin_nested():
            session().add(PollVote(block_id=block.id, person_id=person_id, choice=choice, voted_at=now))
            session().flush()
    except IntegrityError:
        return False
    audit.record(by=by, did="courses.poll.voted", on=block)
    return True
