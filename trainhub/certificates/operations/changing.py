"""What may happen after issuing: suspend, resume, revoke, reissue, correct. Each keeps reason, document and date."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from trainhub.certificates import queries
from trainhub.certificates.layouts.fitting import cuts, cuts_told
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import new_code
from trainhub.certificates.operations._support import NEEDS_GLYPH, add_event, clean_facts, move, tell_holder, why_not_printable
from trainhub.certificates.operations.issuing import clock_stands
from trainhub.certificates.operations.numbering import new_number
from trainhub.certificates.states import next_state
from trainhub.certificates.types import Event, State
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.characters import clean_name
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, listed
from trainhub.organisations import queries as organisations

FIXED = frozenset({"number", "code", "issuer", "issuer_en", "issued_on"})
"""Facts that a correction does not touch: they are set when it is issued."""
STATE_WORDS = {
    State.DRAFT: "待处理",
    State.ISSUED: "有效",
    State.REISSUED: "已补发新版",
    State.SUPERSEDED: "已更正",
    State.SUSPENDED: "已暂停",
    State.REVOKED: "已撤销",
}


class CannotChange(Refused):
    """The certificate's state or the reasons given do not allow the change; nothing was changed."""

    code = "cannot_change"


def _checked(certificate: Certificate, event: Event, reason: str, document: str, on: date, today: date) -> tuple[State, str, str]:
    after = next_state(certificate.state, event)
    if after is None:
        raise CannotChange(
            _("证书 %(number)s 的状态是“%(state)s”，不能这样操作。", number=certificate.number, state=_(STATE_WORDS[certificate.state]))
        )
    reason, document = reason.strip(), document.strip()
    if not reason or len(reason) > 400:
        raise CannotChange(_("请写明理由（不超过400字）：理由会显示在公开查验页上。"), field="reason")
    if not document or len(document) > 200:
        raise CannotChange(_("请写明依据的文件名称或文号（不超过200字）。"), field="document")
    if on > today:
        raise CannotChange(_("生效日期不能晚于今天。"), field="on")
    if on < certificate.issued_on:
        raise CannotChange(_("生效日期不能早于发证日期 %(day)s。", day=certificate.issued_on.isoformat()), field="on")
    return after, reason, document


def _change(
    certificate: Certificate, event: Event, did: str, message: str, *, reason: str, document: str, on: date, by: Identity, today: date, now: datetime
) -> Certificate:
    after, reason, document = _checked(certificate, event, reason, document, on, today)
    move(certificate, after, on=on)
    add_event(certificate, event, after, on=on, by=by, now=now, reason=reason, document=document)
    data = {"number": certificate.number, "edition": certificate.edition, "reason": reason, "document": document, "on": on}
    audit.record(by=by, did=f"certificates.certificate.{did}", on=certificate, data=data)
    if message:
        tell_holder(certificate, did, message, now=now, reason=reason)
    return certificate


def revoke(*, certificate: Certificate, reason: str, document: str, on: date, by: Identity, today: date, now: datetime) -> Certificate:
    """Revoke for good (撤销): the public page shows it with reason and date. Raises CannotChange."""
    message = "你的《%(title)s》（%(number)s）已被撤销，理由：%(reason)s。如有异议，请联系发证单位。"
    return _change(certificate, Event.REVOKE, "revoked", message, reason=reason, document=document, on=on, by=by, today=today, now=now)


def suspend(*, certificate: Certificate, reason: str, document: str, on: date, by: Identity, today: date, now: datetime) -> Certificate:
    """Suspend while something is looked into. Raises CannotChange."""
    message = "你的《%(title)s》（%(number)s）已暂停使用，理由：%(reason)s。"
    return _change(certificate, Event.SUSPEND, "suspended", message, reason=reason, document=document, on=on, by=by, today=today, now=now)


def resume(*, certificate: Certificate, reason: str, document: str, on: date, by: Identity, today: date, now: datetime) -> Certificate:
    """Make a suspended certificate valid again. Raises CannotChange."""
    message = "你的《%(title)s》（%(number)s）已恢复有效。"
    return _change(certificate, Event.RESUME, "resumed", message, reason=reason, document=document, on=on, by=by, today=today, now=now)


def _next(
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
) -> Certificate:
    """The row that takes the certificate's place; the one before is no longer current. `issued_on` is the day that is printed."""
    certificate.is_current = False
    session().flush()
    made = Certificate(
        number=number,
        edition=edition,
        code=new_code(secrets.choice),
        kind=certificate.kind,
        state=State.ISSUED,
        state_on=today,
        person_id=certificate.person_id,
        holder=str(facts["name"]),
        issuer_id=certificate.issuer_id,
        programme_id=certificate.programme_id,
        asked_key=certificate.asked_key,
        is_current=True,
        replaces_id=certificate.id,
        template=template[0],
        template_version=template[1],
        facts=dict(facts),
        evidence=list(certificate.evidence),
        issued_on=issued_on,
        issued_at=now,
        issued_by_id=by.account_id,
    )
    session().add(made)
    session().flush()
    return made


def reissue(*, certificate: Certificate, reason: str, document: str, on: date, by: Identity, today: date, now: datetime) -> Certificate:
    """Issue the next edition (补发): same number, facts and date of issue, a new code; the old code tells of it. Returns the new edition."""
    clock_stands()
    _change(certificate, Event.REISSUE, "reissued", "", reason=reason, document=document, on=on, by=by, today=today, now=now)
    same: dict[str, Any] = {"number": certificate.number, "facts": certificate.facts, "issued_on": certificate.issued_on}
    drawn = (certificate.template, certificate.template_version)
    made = _next(certificate, **same, edition=certificate.edition + 1, template=drawn, by=by, today=today, now=now)
    add_event(made, Event.ISSUE, State.ISSUED, on=today, by=by, now=now, reason=reason.strip(), document=document.strip())
    tell_holder(made, "reissued", "你的《%(title)s》（%(number)s）已补发，旧核验码作废，请下载新版。", now=now)
    return made


def correct(
    *,
    certificate: Certificate,
    facts: Mapping[str, Any],
    reason: str,
    document: str,
    on: date,
    by: Identity,
    today: date,
    now: datetime,
    template: str = "",
) -> Certificate:
    """Replace a certificate by one with corrected facts and a new number (更正). Returns the new one.

    `facts` holds only what changes (`name` too); `template` names a template in use whose newest version the new one is drawn from
    (default: the version as before), for texts that do not fit. Raises CannotChange when nothing changes, for unknown fields, for a
    template the issuer may not use or whose required facts are not known, or when no font can draw the new facts.
    """
    clock_stands()
    issuer = organisations.by_id(certificate.issuer_id)
    assert issuer is not None
    if template and template not in {code for code, _title in queries.template_choices(certificate.kind, issuer)}:
        raise CannotChange(_("发证单位不能使用这个模板，没有更正。"), field="template")
    drawn = (template, queries.layout_of(template).version) if template else (certificate.template, certificate.template_version)
    layout = queries.layout_of(*drawn)
    known = {"name", *(field.name for field in layout.fields)} - FIXED
    strange = sorted(set(facts) - known)
    if strange:
        raise CannotChange(_("这类证书没有“%(fields)s”这一项，没有更正。", fields=listed(strange)))
    given = dict(facts)
    if "name" in given:
        given["name"] = clean_name(str(given["name"]))
        if not given["name"]:
            raise CannotChange(_("姓名不能为空。"), field="name")
    kept = {name: value for name, value in certificate.facts.items() if name not in given}
    changed = clean_facts({**kept, **given})
    if changed == certificate.facts and drawn == (certificate.template, certificate.template_version):
        raise CannotChange(_("没有改动任何内容：如证书遗失或损坏，请改用“补发”。"))
    missing = [one.label for one in layout.own_fields if one.required and not one.default and not changed.get(one.name)] if template else []
    if missing:
        raise CannotChange(_("所选模板必填的%(fields)s没有内容，没有更正。", fields=listed(missing)), field="template")
    why = why_not_printable(layout, changed)
    if why == NEEDS_GLYPH:
        raise CannotChange(_("更正后的内容中有字体缺少的字，不能打印，没有更正。"))
    if why:
        cut = cuts_told(layout, cuts(layout, changed))
        raise CannotChange(_("更正后的%(fields)s超出版面，会被截断，没有更正。请缩短。", fields=cut))
    _change(certificate, Event.CORRECT, "corrected", "", reason=reason, document=document, on=on, by=by, today=today, now=now)
    snapshot = clean_facts({**changed, "issuer": issuer.name, "issuer_en": issuer.name_en, "issued_on": today})
    number = new_number(issuer, certificate.kind, today.year)
    made = _next(certificate, number=number, edition=1, facts=snapshot, issued_on=today, template=drawn, by=by, today=today, now=now)
    add_event(made, Event.ISSUE, State.ISSUED, on=today, by=by, now=now, reason=reason.strip(), document=document.strip())
    tell_holder(made, "corrected", "你的《%(title)s》已更正，新证书编号 %(number)s，原证书作废。", now=now)
    return made
