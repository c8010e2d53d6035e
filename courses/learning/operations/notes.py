"""Notes that a learner writes for himself: nobody else reads them."""

from __future__ import annotations

from datetime import datetime

from courses.catalogue import queries as catalogue
from courses.learning import log_queries
from courses.learning.models import Enrolment, Note
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _

MAX_NOTE = 5000


class BadNote(Refused):
    """A note that cannot be kept as written."""

    code = "bad_note"


def _checked(body: str) -> str:
    body = body.replace("\x00", "").strip()
    if not body or len(body) > MAX_NOTE:
        raise BadNote(_("笔记不能为空，也不能超过 %(n)d 个字。", n=MAX_NOTE), field="body")
    return body


def write_note(*, enrolment: Enrolment, unit_id: int, body: str, now: datetime, block_id: int | None = None, at_seconds: int | None = None) -> Note:
    """Keep a note about a unit of the learner's run, at a place of one of its videos when there is one."""
    unit = catalogue.unit_by_id(unit_id)
    block = catalogue.block_by_id(block_id) if block_id is not None else None
    if unit is None or unit.run_id != enrolment.run_id or (block is not None and block.unit_id != unit_id):
        raise NotFound(_("这个单元已被移除，笔记没有保存。请先复制你写的内容。"))
    at = max(0, min(at_seconds, 24 * 3600)) if at_seconds is not None and block is not None else None
    row = Note(enrolment_id=enrolment.id, unit_id=unit_id, block_id=block.id if block else None, at_seconds=at, body=_checked(body), written_at=now)
    session().add(row)
    session().flush()
    return row


def change_note(*, enrolment: Enrolment, note_id: int, body: str, now: datetime) -> Note:
    """Write a note anew."""
    row = _own(enrolment, note_id)
    row.body, row.changed_at = _checked(body), now
    session().flush()
    return row


def delete_note(*, enrolment: Enrolment, note_id: int) -> None:
    """Throw a note away; doing it twice is harmless."""
    row = log_queries.note_by_id(note_id)
    if row is not None and row.enrolment_id == enrolment.id:
        session().delete(row)
        session().flush()


def _own(enrolment: Enrolment, note_id: int) -> Note:
    row = log_queries.note_by_id(note_id)
    if row is None or row.enrolment_id != enrolment.id:
        raise NotFound(_("没有这条笔记，可能已被删除。"))
    return row
