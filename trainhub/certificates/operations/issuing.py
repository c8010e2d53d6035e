"""Issuing: one certificate for one thing, however often it is asked for."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from trainhub.certificates import queries
from trainhub.certificates.layouts.fitting import cuts, cuts_told
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import new_code, parse, show_number
from trainhub.certificates.operations._support import (
    CLOCK,
    ISSUED,
    LACKS_FACTS,
    NEEDS_GLYPH,
    OVERFLOWS,
    add_event,
    characters_in_the_way,
    clean_evidence,
    clean_facts,
    lacking_facts,
    move,
    printed_name,
    tell_holder,
    why_not_printable,
)
from trainhub.certificates.operations.numbering import hold_counter, new_number
from trainhub.certificates.operations.present import present
from trainhub.certificates.rules import is_of_a_list, is_twice
from trainhub.certificates.states import next_state
from trainhub.certificates.types import Event, Kind, State
from trainhub.identity.queries import is_same_holder
from trainhub.kernel import audit, clock
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people


class _Asked(Exception):
    """The same was asked for at the same moment."""


class CannotIssue(Refused):
    """The certificate cannot be issued as asked; nothing was written."""

    code = "cannot_issue"


def issue(
    *,
    kind: Kind,
    person_id: int,
    issuer_id: int,
    asked_key: str,
    facts: Mapping[str, Any],
    evidence: Iterable[Any],
    by: Identity,
    today: date,
    now: datetime,
    programme_id: int | None = None,
    template: str | None = None,
) -> Certificate:
    """Issue a certificate, or return the one that is known for the same `asked_key` (also when it was revoked since), or one that stands or waits
    for the same thing under another name: from a list, or of a person merged with this one (see `rules.is_twice`). One from a list is known by this
    `asked_key` from then on, so that what changes in the record later reaches it; whether it says what the record says is for the room to ask
    (`operations.follow`).

    `facts` are the fields of the template (default: the one the issuer chose, see layouts/*.json), dates as dates or ISO text; the
    holder's name, the issuer's names and the date of issue are added here and frozen with them. `evidence` lists what it
    rests on: {"kind", "id", "text"} or (kind, id, text). A certificate that would be printed wrong (a character in no
    font, a required fact that lacks, a text too long) becomes a draft that says why and waits for a person. Raises NotFound for an unknown person or issuer,
    CannotIssue for an unknown template, NumbersExhausted.
    """
    known = queries.by_asked_key(asked_key)
    if known is not None:
        return known
    person, issuer = people.person(people.human_id(person_id)), organisations.by_id(issuer_id)  # a row that was merged away is nobody's name any more
    if person is None or issuer is None:
        raise NotFound(_("持证人或发证单位不存在，没有签发证书。"))
    kind = Kind(kind)
    code = template_for(issuer, kind, template)
    layout = queries.layout_of(code)
    if not asked_key or len(asked_key) > 160:
        raise CannotIssue(_("签发请求缺少标识，或标识超过160个字符，没有签发证书。"))
    hold_counter(issuer, kind, today.year)  # a list may be issuing the same at this moment
    known = queries.by_asked_key(asked_key)  # whoever held it until now may have issued this
    if known is not None:
        return known
    doubled = same_thing(kind, issuer_id, person_id, asked_key, facts, STANDING)
    if doubled is not None:
        return _bound(doubled, asked_key, evidence, by=by)
    name = printed_name(person.name)
    issued = {"name": name, "issuer": issuer.name, "issuer_en": issuer.name_en, "issued_on": today}
    snapshot = clean_facts({**facts, **issued})
    note = CLOCK if clock_told() else why_not_printable(layout, snapshot)
    try:
        with session().begin_nested():  # with the row its serial goes back
            made = Certificate(
                number=new_number(issuer, kind, today.year),
                edition=1,
                code=new_code(secrets.choice),
                kind=kind,
                state=State.DRAFT if note else State.ISSUED,
                state_on=today,
                note=note,
                person_id=person.id,
                holder=name,
                issuer_id=issuer.id,
                programme_id=programme_id,
                asked_key=asked_key,
                is_current=True,
                template=code,
                template_version=layout.version,
                facts=snapshot,
                evidence=clean_evidence(evidence),
                issued_on=today,
                issued_at=now,
                issued_by_id=by.account_id,
            )
            add_once(made, _Asked)
    except _Asked:
        known = queries.by_asked_key(asked_key)
        if known is None:
            raise
        return known  # somebody asked for the same of another counter at the same time and was first
    if made.state is State.DRAFT:
        audit.record(by=by, did="certificates.certificate.drafted", on=made, data={"number": made.number, "note": note})
    else:
        _note_issued(made, by=by, today=today, now=now)
    return made


STANDING = (State.DRAFT, State.ISSUED, State.SUSPENDED)


def same_thing(
    kind: Kind, issuer_id: int, person_id: int, asked_key: str, facts: Mapping[str, Any], states: Collection[State], *, besides: int | None = None
) -> Certificate | None:
    """The first certificate of these states that the human has for what is asked for under this name, whoever issued it."""
    found = queries.of_same_thing(kind, issuer_id, person_id, clean_facts(facts), states)
    mine = (asked_key, clean_facts(facts))
    return next((one for one in found if one.id != besides and is_twice(kind, mine, (one.asked_key, one.facts))), None)


def _bound(certificate: Certificate, asked_key: str, evidence: Iterable[Any], *, by: Identity) -> Certificate:
    """Give a list's certificate the name of the record that asks for the same, and what it rests on; another record's keeps its own.

    Nothing of what it says changes: its holder has it in hand.
    """
    kind, before = certificate.kind, certificate.asked_key
    if not is_of_a_list(kind, before) or is_of_a_list(kind, asked_key):
        return certificate
    certificate.asked_key = asked_key
    certificate.evidence = [*certificate.evidence, *(row for row in clean_evidence(evidence) if row not in certificate.evidence)]
    session().flush()
    data = {"number": certificate.number, "before": before, "asked_key": asked_key}
    audit.record(by=by, did="certificates.certificate.bound", on=certificate, data=data)
    return certificate


def template_for(issuer: Organisation, kind: Kind, template: str | None) -> str:
    """The code of the template to issue from: the one that is named, else the issuer's. Raises CannotIssue for what it may not use."""
    if template is None:
        return queries.default_template(kind, issuer)
    if template not in queries.template_choices(kind, issuer):
        message = _("“%(issuer)s”的这种证书没有模板“%(code)s”，没有签发证书。", issuer=issuer.name, code=template)
        raise CannotIssue(message, field="template")
    return template


def _note_issued(made: Certificate, *, by: Identity, today: date, now: datetime) -> None:
    row = add_event(made, Event.ISSUE, State.ISSUED, on=today, by=by, now=now)
    data = {"number": made.number, "kind": made.kind.value, "person_id": made.person_id, "asked_key": made.asked_key, "event_hash": row.hash}
    audit.record(by=by, did="certificates.certificate.issued", on=made, data=data)
    tell_holder(made, "issued", ISSUED, now=now)


def release(*, certificate: Certificate, by: Identity, today: date, now: datetime, template: str | None = None) -> Certificate:
    """Issue a draft that can be drawn now (a font was installed, a name put right, a template widened); it keeps its number.

    One whose number bears another year than today's (it waited over New Year, or the clock was wrong) gets a number of this year, the year of
    issue: the audit log keeps the one given up, which no visitor has ever seen.

    Its facts are asked again of the room that asked for it (see `present`): a draft attests nothing yet. It is drawn from the newest
    version of its template, or of another template of its kind. Raises CannotIssue, naming what still stands in the way, for one's own
    certificate, and where whoever drew up the list would exchange the template that somebody else approved.
    """
    _waits(certificate)
    if people.is_same_human(by.person_id, certificate.person_id):
        raise CannotIssue(_("这是你自己的证书，须由与此无关的另一位负责人签发，没有签发。"))
    clock_stands()
    issuer = organisations.by_id(certificate.issuer_id)
    assert issuer is not None
    code = template_for(issuer, certificate.kind, template or certificate.template)
    if code != certificate.template and any(is_same_holder(by.account_id, one) for one in queries.preparers_of(certificate)):
        raise CannotIssue(_("签发名单是你提出、按原模板审核的：换用模板须由另一位负责人签发，没有签发。"), field="template")
    layout = queries.layout_of(code)
    found = present(certificate, today)
    if found is None:
        raise CannotIssue(_("来源记录已变更，现在不符合签发条件，没有签发。记录重新符合条件后可再次检查签发，编号保留（跨年的换为签发当年的编号）。"))
    facts = dict(found.facts)
    hold_counter(issuer, certificate.kind, today.year)  # a list or a rule may be issuing the same at this moment
    session().refresh(certificate, ["state", "is_current"], with_for_update={"of": Certificate})
    after = _waits(certificate)  # somebody may have issued it or given it up since it was read
    same = (certificate.kind, certificate.issuer_id, certificate.person_id, certificate.asked_key, facts)
    twin = same_thing(*same, (State.ISSUED, State.SUSPENDED), besides=certificate.id)
    if twin is not None:
        raise CannotIssue(_("持证人已有一张内容相同的证书 %(number)s，没有重复签发。", number=show_number(twin.number)))
    why = why_not_printable(layout, facts)
    if why == NEEDS_GLYPH:
        told = characters_in_the_way(layout, facts)
        raise CannotIssue(_("仍有不能打印的字，暂不能签发。%(told)s。在来源中改正或安装字体后再试。", told=told))
    if why == LACKS_FACTS:
        lacks = lacking_facts(layout, facts)
        message = _("模板必填的%(fields)s没有内容，没有签发。请在来源中补全后再签发，或换用不要求这些内容的模板。", fields=lacks)
        raise CannotIssue(message, field="template")
    if why == OVERFLOWS:
        cut = cuts_told(layout, cuts(layout, facts))
        raise CannotIssue(
            _("%(fields)s超出这个模板的版面，会被截断，没有签发。请换用方框更大的模板，或在来源中缩短内容。", fields=cut), field="template"
        )
    move(certificate, after, on=today)
    _renumber(certificate, issuer, by=by, today=today)
    certificate.note, certificate.holder, certificate.facts = "", facts["name"], facts
    lists = [
        one for one in certificate.evidence if one["kind"] == "batch" and one not in found.evidence
    ]  # two persons decided on it, whatever a room says now
    certificate.evidence = [*found.evidence, *lists]
    certificate.template, certificate.template_version = code, layout.version
    certificate.issued_on, certificate.issued_at, certificate.issued_by_id = today, now, by.account_id
    session().flush()
    _note_issued(certificate, by=by, today=today, now=now)
    return certificate


def _waits(certificate: Certificate) -> State:
    """The state into which issuing leads it. Raises CannotIssue for what does not wait, or was given up."""
    after = next_state(certificate.state, Event.ISSUE)
    if after is None:
        raise CannotIssue(_("这张证书不在待处理状态，无需再次签发。"))
    if not certificate.is_current:
        raise CannotIssue(_("这张待处理的证书已作废，不能签发：请用改正后的名单重新签发。"))
    return after


def _renumber(certificate: Certificate, issuer: Organisation, *, by: Identity, today: date) -> None:
    number = parse(certificate.number)
    if number is not None and number.year != today.year:
        given_up, certificate.number = certificate.number, new_number(issuer, certificate.kind, today.year)
        audit.record(by=by, did="certificates.certificate.renumbered", on=certificate, data={"before": given_up, "number": certificate.number})


def clock_told() -> str:
    """In words why the machine's clock cannot be right, and what to do; empty when nothing speaks against it.

    Two witnesses: the newest line of the audit log, and the latest date of issue among the certificates that stand. The first
    forgets as soon as something is written under the wrong clock, the second does not.
    """
    before = audit.clock_set_back()
    if before is not None:
        return _(
            "服务器时钟早于已有记录的时间（%(at)s），可能被调回：为避免印错发证日期，暂停签发。请校准时钟后再试。",
            at=f"{clock.local(before):%Y-%m-%d %H:%M}",
        )
    today = clock.today()
    ahead = queries.dated_after(today)
    if not ahead.count:
        return ""
    return _(
        "服务器今天是 %(today)s，却有 %(n)d 张有效证书的发证日期在此之后（最晚 %(day)s）：为避免印错发证日期，暂停签发。"
        "时钟不准时，请校准后再试；时钟无误时，那些证书是在时钟走快时签发的，请先在证书管理中逐张更正或撤销。",
        today=today.isoformat(),
        n=ahead.count,
        day=ahead.latest.isoformat() if ahead.latest else "",
    )


def clock_stands(*, mending: Certificate | None = None) -> None:
    """Raises CannotIssue while the machine's clock cannot be right: dates of issue would be wrong.

    `mending` is a certificate that is about to be corrected: one dated later than today is what has to be mended, not what forbids it.
    """
    if mending is not None and mending.issued_on > clock.today() and audit.clock_set_back() is None:
        return
    told = clock_told()
    if told:
        raise CannotIssue(told)
