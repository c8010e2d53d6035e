"""What may happen after issuing: suspend, resume, revoke, reissue. Each keeps reason, document and date.

A reissue changes no word of the certificate, so one person does it; what changes words is a correction (see correcting.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from trainhub.certificates import queries
from trainhub.certificates.models import Certificate, CertificateEvent
from trainhub.certificates.numbers import new_code
from trainhub.certificates.operations._support import add_event, move, tell_holder
from trainhub.certificates.operations.issuing import clock_stands
from trainhub.certificates.states import next_state
from trainhub.certificates.types import Event, State
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import N_, _
from trainhub.people import queries as people

STATE_WORDS = {
    State.DRAFT: "待处理",
    State.ISSUED: "有效",
    State.REISSUED: "已补发新版",
    State.SUPERSEDED: "已更正",
    State.SUSPENDED: "已暂停",
    State.REVOKED: "已撤销",
}


AFTERWARDS = frozenset({Event.SUSPEND, Event.RESUME})
"""Changes that others follow: what follows is not dated before them."""


NOT_ONES_OWN = frozenset({Event.RESUME, Event.REVOKE, Event.REISSUE})
"""What nobody does to a certificate of their own, in whatever office: somebody else who may decide does."""


class CannotChange(Refused):
    """The certificate's state or the reasons given do not allow the change; nothing was changed."""

    code = "cannot_change"


def reasons_given(reason: str, document: str) -> tuple[str, str]:
    """Reason and document, both there and not too long; CannotChange otherwise."""
    reason, document = reason.strip(), document.strip()
    if not reason or len(reason) > 400:
        raise CannotChange(_("请写明理由（不超过400字）：理由会显示在公开查验页上。"), field="reason")
    if not document or len(document) > 200:
        raise CannotChange(_("请写明依据的文件名称或文号（不超过200字）。"), field="document")
    return reason, document


def checked_change(certificate: Certificate, event: Event, reason: str, document: str, on: date, today: date) -> tuple[State, str, str]:
    """(state after, reason, document) of a change that may happen; raises CannotChange.

    A certificate dated later than today (the clock was fast when it was issued) is revoked or corrected as of today.
    """
    after = next_state(certificate.state, event)
    if after is None:
        raise CannotChange(
            _("证书 %(number)s 的状态是“%(state)s”，不能这样操作。", number=certificate.number, state=_(STATE_WORDS[certificate.state]))
        )
    reason, document = reasons_given(reason, document)
    if on > today:
        raise CannotChange(_("生效日期不能晚于今天。"), field="on")
    if on < min(certificate.issued_on, today):
        raise CannotChange(_("生效日期不能早于发证日期 %(day)s。", day=certificate.issued_on.isoformat()), field="on")
    before = queries.last_event(certificate)
    if before is not None and before.event in AFTERWARDS and on < min(before.on, today):
        raise CannotChange(_("生效日期不能早于上一次变更的日期 %(day)s。", day=before.on.isoformat()), field="on")
    return after, reason, document


def must_be_anothers(certificate: Certificate, by: Identity) -> None:
    """CannotChange for one's own: another person who answers for the issuer does it."""
    if people.is_same_human(by.person_id, certificate.person_id):
        raise CannotChange(_("这是你自己的证书，恢复、撤销、补发和重新签发须由与此无关的另一位负责人办理，没有改动。"))


def change(
    certificate: Certificate, event: Event, did: str, message: str, *, reason: str, document: str, on: date, by: Identity, today: date, now: datetime
) -> Certificate:
    """Move a certificate on, with its event, its line in the audit log and the notice for its holder. Raises CannotChange."""
    after, reason, document = checked_change(certificate, event, reason, document, on, today)
    move(certificate, after, on=on)
    row = add_event(certificate, event, after, on=on, by=by, now=now, reason=reason, document=document)
    data = {"number": certificate.number, "edition": certificate.edition, "reason": reason, "document": document, "on": on, "event_hash": row.hash}
    audit.record(by=by, did=f"certificates.certificate.{did}", on=certificate, data=data)
    if message:
        tell_holder(certificate, did, message, now=now, reason=reason)
    return certificate


def revoke(*, certificate: Certificate, reason: str, document: str, on: date, by: Identity, today: date, now: datetime) -> Certificate:
    """Revoke for good (撤销): the public page shows it with reason and date. Raises CannotChange, also for one's own."""
    must_be_anothers(certificate, by)
    message = N_("你的《%(title)s》（%(number)s）已被撤销，理由：%(reason)s。如有异议，请联系发证单位。")
    return change(certificate, Event.REVOKE, "revoked", message, reason=reason, document=document, on=on, by=by, today=today, now=now)


def suspend(*, certificate: Certificate, reason: str, document: str, on: date, by: Identity, today: date, now: datetime) -> Certificate:
    """Suspend while something is looked into. Raises CannotChange."""
    message = N_("你的《%(title)s》（%(number)s）已暂停使用，理由：%(reason)s。")
    return change(certificate, Event.SUSPEND, "suspended", message, reason=reason, document=document, on=on, by=by, today=today, now=now)


def resume(*, certificate: Certificate, reason: str, document: str, on: date, by: Identity, today: date, now: datetime) -> Certificate:
    """Make a suspended certificate valid again. Raises CannotChange, also for one's own."""
    must_be_anothers(certificate, by)
    message = N_("你的《%(title)s》（%(number)s）已恢复有效。")
    return change(certificate, Event.RESUME, "resumed", message, reason=reason, document=document, on=on, by=by, today=today, now=now)


def take_place(
    certificate: Certificate,
    *,
    number: str,
    edition: int,
    facts: Mapping[str, Any],
    issued_on: date,
    template: tuple[str, int],
    by: Identity,
    today: date,
    now: datetime,
    evidence: Sequence[Mapping[str, Any]] = (),
    asked_key: str = "",
    code: str = "",
) -> Certificate:
    """The row that takes the certificate's place; the one before is no longer current. `issued_on` is the day that is printed.
    `code` is given only for one that had it before an older backup was restored.

    The holder's open link moves on to it: what the holder's page can close is what the link shows.
    `evidence` joins what it rested on before; of a kind other than a batch it takes the place of the rows of that kind. `asked_key`: what it certifies, when that is something else than before.
    """
    renewed = {one["kind"] for one in evidence} - {"batch"}
    certificate.is_current = False
    session().flush()
    made = Certificate(
        number=number,
        edition=edition,
        code=code or new_code(secrets.choice),
        kind=certificate.kind,
        state=State.ISSUED,
        state_on=today,
        person_id=certificate.person_id,
        holder=str(facts["name"]),
        issuer_id=certificate.issuer_id,
        programme_id=certificate.programme_id,
        asked_key=asked_key or certificate.asked_key,
        is_current=True,
        replaces_id=certificate.id,
        template=template[0],
        template_version=template[1],
        facts=dict(facts),
        evidence=[*(one for one in certificate.evidence if one["kind"] not in renewed), *evidence],
        issued_on=issued_on,
        issued_at=now,
        issued_by_id=by.account_id,
    )
    session().add(made)
    session().flush()
    for place, link in enumerate(queries.open_shares(certificate)):
        link.certificate_id, link.closed_at = (made.id, None) if place == 0 else (link.certificate_id, now)
    session().flush()
    return made


def note_successor(made: Certificate, before: Certificate, event: CertificateEvent, *, by: Identity, **said: Any) -> None:
    """The line in the audit log of what took a certificate's place."""
    data = {"number": made.number, "edition": made.edition, "before": before.number, "event_hash": event.hash, **said}
    audit.record(by=by, did="certificates.certificate.issued", on=made, data=data)


def reissue(*, certificate: Certificate, reason: str, document: str, on: date, by: Identity, today: date, now: datetime) -> Certificate:
    """Issue the next edition (补发): same number, facts and date of issue, a new code; the old code tells of it. Returns the new edition. Raises CannotChange, also for one's own."""
    must_be_anothers(certificate, by)
    clock_stands()
    change(certificate, Event.REISSUE, "reissued", "", reason=reason, document=document, on=on, by=by, today=today, now=now)
    same: dict[str, Any] = {"number": certificate.number, "facts": certificate.facts, "issued_on": certificate.issued_on}
    drawn = (certificate.template, certificate.template_version)
    made = take_place(certificate, **same, edition=certificate.edition + 1, template=drawn, by=by, today=today, now=now)
    row = add_event(made, Event.ISSUE, State.ISSUED, on=today, by=by, now=now, reason=reason.strip(), document=document.strip())
    note_successor(made, certificate, row, by=by)
    tell_holder(made, "reissued", N_("你的《%(title)s》（%(number)s）已补发，旧核验码作废，请下载新版。"), now=now)
    return made
