"""What a restore does with e-mails: those that the archive had on their way are not sent again.

They were written before the archive was made, and most were sent after it: readers would get news of weeks ago once more, with links and codes that are dead.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update

from trainhub.kernel.access import Identity
from trainhub.kernel.audit import record
from trainhub.kernel.db import session
from trainhub.notifications.models import MailMessage, Notice
from trainhub.notifications.types import MailState

NEXT = (
    "归档中等待发送的邮件没有发送。只是迁移数据、归档之后没有再发过邮件的，可在“邮件队列”页点“重新发送失败的”（此前发送失败的也会一并重发）；其中的一次性链接和验证码已失效。 / "
    "e-mails that waited in the archive were not sent. If data were only moved and nothing was sent after the archive, send them on the page of e-mails "
    "(those that failed before go with them); their one-time links and codes are dead"
)
HELD = "恢复备份时停发，可能在备份之后已经发送 / held back by a restore, may have been sent after the backup"


def look() -> None:
    """Nothing of the database that is replaced is needed."""


def put(_seen: None, by: Identity, _now: datetime) -> Mapping[str, Any]:
    """Give up every e-mail of the archive that waits (`mails`; the page of e-mails sends them again on request), and leave notices that wait to be
    e-mailed (`notices`) to the app alone."""
    told = {
        "mails": _end(update(MailMessage).where(MailMessage.state == MailState.WAITING).values(state=MailState.FAILED, problem=HELD)),
        "notices": _end(update(Notice).where(Notice.mail_state == MailState.WAITING).values(mail_state=MailState.NONE)),
    }
    if any(told.values()):
        record(by=by, did="notifications.mail.stopped", on=("mail_queue", "all"), data=told)
        return {**told, "next": NEXT}
    return told


def _end(statement: Any) -> int:
    ended: int = session().execute(statement.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
    return ended
