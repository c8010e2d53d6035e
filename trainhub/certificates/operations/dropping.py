"""Giving up (作废) a certificate that waits: what a list says wrong no source puts right, and what nothing asks for any more waits for nobody.

It attested nothing and nobody outside knows of it: the row stays with its number, which is not given again, and is not the current one for what it
was asked for. A corrected list issues that anew.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from trainhub.certificates.models import Certificate
from trainhub.certificates.operations._support import DROPPED
from trainhub.certificates.operations.issuing import CannotIssue
from trainhub.certificates.operations.present import asks_room, present
from trainhub.certificates.types import State
from trainhub.kernel import audit, clock
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import _
from trainhub.people import queries as people

MOST_REASON = 400


def drop(*, certificate: Certificate, reason: str, by: Identity, now: datetime) -> Certificate:
    """Give a waiting certificate up for good, with a reason for the audit log.

    Raises CannotIssue for what does not wait, for one's own, without a reason, and for what a record still asks for: that is put right in
    the record, or withdrawn there; else it would be drawn up again. Stale when somebody issued it meanwhile.
    """
    if certificate.state is not State.DRAFT or not certificate.is_current:
        raise CannotIssue(_("这张证书不在待处理状态，不能作废：已签发的请用“撤销”。"))
    if people.is_same_human(by.person_id, certificate.person_id):
        raise CannotIssue(_("这是你自己的证书，须由与此无关的另一位负责人处理，没有作废。"))
    reason = reason.strip()
    if not reason or len(reason) > MOST_REASON:
        raise CannotIssue(_("请写明作废的理由，不超过%(most)d个字。", most=MOST_REASON), field="reason")
    if asks_room(certificate) and present(certificate, clock.local(now).date()) is not None:
        raise CannotIssue(_("来源记录仍然要求签发这张证书，没有作废：请在来源中改正或撤回记录；作废后系统会再次建立。"))
    moved = session().execute(
        update(Certificate)
        .where(Certificate.id == certificate.id, Certificate.state == State.DRAFT, Certificate.is_current.is_(True))
        .values(is_current=False, note=DROPPED)
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        raise Stale(_("这张证书刚被其他人处理过，你的操作没有生效。请重新打开页面核对。"))
    session().refresh(certificate, ["is_current", "note"])
    audit.record(by=by, did="certificates.certificate.dropped", on=certificate, data={"number": certificate.number, "reason": reason})
    return certificate
