"""Contributions to discussions: written, removed by their writer or by staff."""

from __future__ import annotations

from datetime import datetime

from courses.catalogue.models import Block
from courses.catalogue.types import BlockKind
from courses.learning import queries
from courses.learning.models import Enrolment, Post
from courses.learning.operations.progress import NotLearning, note_post
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _

MAX_POST = 5000


def post(
    *, block: Block, person_id: int, body: str, by: Identity, now: datetime, thread_id: int | None = None, enrolment: Enrolment | None = None
) -> Post:
    """Write a contribution or an answer. With an enrolment it counts as the learner's part; staff write without one."""
    body = body.replace("\x00", "").strip()
    if block.kind is not BlockKind.DISCUSSION:
        raise NotLearning(_("这个内容不是讨论区。"))
    if not body or len(body) > MAX_POST:
        raise NotLearning(_("发言不能为空，也不能超过 %(n)d 个字。", n=MAX_POST), field="body")
    if thread_id is not None:
        thread = queries.post_by_id(thread_id)
        if thread is None or thread.block_id != block.id:
            raise NotLearning(_("要回复的发言已不存在，请刷新页面。"))
        thread_id = thread.thread_id or thread.id
    row = Post(block_id=block.id, person_id=person_id, thread_id=thread_id, body=body, posted_at=now)
    session().add(row)
    session().flush()
    if enrolment is not None:
        note_post(enrolment=enrolment, block=block, post_id=row.id, by=by, now=now)
    audit.record(by=by, did="courses.post.written", on=row, data={"block": block.id})
    return row


def remove(*, row: Post, by: Identity, now: datetime) -> None:
    """Hide a contribution; its row stays."""
    if row.removed_at is None:
        row.removed_at = now
        session().flush()
        audit.record(by=by, did="courses.post.removed", on=row)
