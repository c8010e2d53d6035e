"""Corrections (更正): drawn up by one person, decided by another as a batch of one. Until then the certificate stands as it is.

Only a room whose records changed by a decision of its own (an appeal, a day withdrawn) corrects at once, as it issues: by rule, with
facts that are read from the records and typed by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from trainhub.certificates import queries
from trainhub.certificates.facts import asked_fields, impossible
from trainhub.certificates.layouts.fitting import characters_told, cuts, cuts_told, labels_of, lacking_by_field
from trainhub.certificates.layouts.model import Layout
from trainhub.certificates.models import Certificate, IssueBatch
from trainhub.certificates.numbers import parse, show_number
from trainhub.certificates.operations._support import (
    add_event,
    characters_in_the_way,
    clean_evidence,
    clean_facts,
    lacking_names,
    tell_holder,
)
from trainhub.certificates.operations.changing import CannotChange, change, checked_change, note_successor, suspend, take_place
from trainhub.certificates.operations.issuing import clock_stands
from trainhub.certificates.operations.numbering import hold_counter, new_number
from trainhub.certificates.operations.single import prepare_one
from trainhub.certificates.rules import asked_key, batch_keys, is_same_thing
from trainhub.certificates.types import BatchSource, Event, State
from trainhub.kernel import fonts
from trainhub.kernel.access import Identity
from trainhub.kernel.characters import clean_name
from trainhub.kernel.i18n import N_, _, listed
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation

FIXED = frozenset({"number", "code", "issuer", "issuer_en", "issued_on"})
"""Facts that a correction does not touch: they are set when it is issued."""


def prepare_correction(
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
) -> IssueBatch:
    """Draw up a correction for a second person to decide. Nothing is numbered, the certificate stands.

    `facts` holds only what changes (`name` too); `template` names a template in use whose newest version the new one is drawn from
    (default: the version as before). Raises CannotChange when nothing changes (unless its date or the year of its number is
    wrong), when one waits already, for unknown fields, for a template the issuer may not use or whose required facts are not given,
    or when no font can draw the new facts.
    """
    clock_stands(mending=certificate)
    drawn = _drawn(certificate, template, _issuer(certificate))
    layout = queries.layout_of(*drawn)
    changed = _changed(certificate, facts, layout)
    if changed == certificate.facts and drawn == (certificate.template, certificate.template_version) and is_dated_right(certificate, today):
        raise CannotChange(_("没有改动任何内容：如证书遗失或损坏，请改用“补发”。"))
    _must_be_possible(certificate, changed, today)
    _must_be_the_only_one(certificate, changed)
    changed |= issuer_now(certificate)  # whoever decides sees it, and it is asked whether it can be printed
    must_print(layout, changed, _before(certificate, drawn))
    _after, reason, document = checked_change(certificate, Event.CORRECT, reason, document, on, today)
    return prepare_one(
        certificate,
        BatchSource.CORRECTION,
        title=f"更正 {show_number(certificate.number)}",
        drawn=drawn,
        facts=changed,
        on=on,
        reason=reason,
        document=document,
        waits=_("这张证书已有一份更正等待审核：请先审核或撤回那一份，再提出新的更正。"),
        by=by,
        now=now,
    )


def carry_out(*, batch: IssueBatch, by: Identity, today: date, now: datetime) -> Certificate:
    """Do what an approved correction says; returns the certificate that takes the place.

    Called by `batches.decide`, which asks for the second person. The one that takes the place of a suspended one is suspended too, for the
    same reason, until somebody resumes it. Raises CannotChange when the certificate was changed meanwhile.
    """
    assert batch.replaces_id is not None
    assert batch.effective_on is not None
    assert batch.template_version is not None
    certificate = queries.by_id(batch.replaces_id)
    (item,) = queries.first_items(batch.id, 1)
    assert certificate is not None
    clock_stands(mending=certificate)
    if not certificate.is_current:
        raise CannotChange(_("这张证书在提出更正之后已有新版，不能再按这份更正处理。请退回，并对新版重新提出。"))
    drawn = (batch.template, batch.template_version)
    hold_counter(_issuer(certificate), certificate.kind, today.year)  # a list or a rule may be issuing the same at this moment
    _must_be_the_only_one(certificate, item.facts)  # one of the same may have been issued since this was drawn up
    if any(str(item.facts.get(name) or "") != value for name, value in issuer_now(certificate).items()):
        raise CannotChange(_("发证单位的名称在提出更正之后有变化，新证书会印现在的名称：请退回，再重新提出。"))
    must_print(queries.layout_of(*drawn), item.facts, _before(certificate, drawn))
    effective_on = max(batch.effective_on, min(certificate.state_on, today))  # it may have been suspended since this was drawn up
    given: dict[str, Any] = {"reason": batch.why, "document": batch.document, "on": effective_on, "by": by, "today": today, "now": now}
    rests = {"kind": "batch", "id": str(batch.id), "text": batch.title}
    made = _supersede(certificate, item.facts, drawn, evidence=[rests], **given)
    item.certificate_id = made.id
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
    evidence: Iterable[Any] = (),
) -> Certificate:
    """Correct by rule, for the room whose records say otherwise now: `facts` are read from them. Returns the certificate with the new number.

    `evidence` takes the place of the rows of its kinds that the facts contradict now. One that is suspended stays so, for the same reason: a rule lifts no suspension.
    An issuer that was renamed to what cannot be printed keeps its name of before on it: nobody is there to shorten it, and the records are right.

    What a person types is never corrected by this, see `prepare_correction`. Raises CannotChange as that does.
    """
    clock_stands(mending=certificate)
    drawn = (certificate.template, certificate.template_version)
    layout = queries.layout_of(*drawn)
    changed = _changed(certificate, facts, layout)
    if changed == certificate.facts:
        raise CannotChange(_("没有改动任何内容：如证书遗失或损坏，请改用“补发”。"))
    changed = _renamed(certificate, layout, changed)
    must_print(layout, changed, certificate.facts)
    hold_counter(
        _issuer(certificate), certificate.kind, today.year
    )  # before the row, as every path does: two that wait for each other end in neither
    given: dict[str, Any] = {"reason": reason, "document": document, "on": on, "by": by, "today": today, "now": now}
    return _supersede(certificate, changed, drawn, evidence=clean_evidence(evidence), **given)


def follow(
    *,
    certificate: Certificate,
    facts: Mapping[str, Any],
    reason: str,
    document: str,
    by: Identity,
    today: date,
    now: datetime,
    evidence: Iterable[Any] = (),
) -> Certificate:
    """Bring one that stands in line with the `facts` that a room's records say; returns the one that stands then, the same when nothing contradicts.

    A fact that it does not state contradicts nothing. What two persons corrected stays until the records say something else than they did, see
    `queries.recorded_facts`; what was typed into a list was never compared with a record, so the record counts.
    """
    if certificate.state not in (State.ISSUED, State.SUSPENDED):
        return certificate
    said = clean_facts(facts)
    wrong = {name: value for name, value in said.items() if certificate.facts.get(name) not in (None, value)}
    recorded = queries.recorded_facts(certificate) if wrong else {}
    wrong = {name: value for name, value in wrong.items() if recorded.get(name) != value}
    if not wrong:
        return certificate
    return correct(certificate=certificate, facts=wrong, reason=reason, document=document, on=today, by=by, today=today, now=now, evidence=evidence)


def _supersede(
    certificate: Certificate,
    facts: Mapping[str, Any],
    drawn: tuple[str, int],
    *,
    evidence: Sequence[Mapping[str, Any]],
    reason: str,
    document: str,
    on: date,
    by: Identity,
    today: date,
    now: datetime,
) -> Certificate:
    """End the certificate and issue the one with these facts, what the issuer is called among them, and the next number.

    One from a batch is known by its facts as they are from now on. A later list that asks for them finds it, and so does one that
    still asks for what it said before (see `queries.known_of`). What one was suspended for is not settled by other words on it: the one that takes
    its place is suspended too, for that reason and not for the one of the correction.
    """
    held = queries.last_event(certificate) if certificate.state is State.SUSPENDED else None
    issuer = _issuer(certificate)
    change(certificate, Event.CORRECT, "corrected", "", reason=reason, document=document, on=on, by=by, today=today, now=now)
    made = take_place(
        certificate,
        number=new_number(issuer, certificate.kind, today.year),
        edition=1,
        facts=clean_facts({**facts, "issued_on": today}),
        issued_on=today,
        template=drawn,
        by=by,
        today=today,
        now=now,
        evidence=evidence,
        asked_key=_asked_now(certificate, facts),
    )
    row = add_event(
        made, Event.ISSUE, State.ISSUED, on=today, by=by, now=now
    )  # why stands with the one that ended: whoever scans this asks about this
    note_successor(made, certificate, row, by=by)
    tell_holder(made, "corrected", N_("你的《%(title)s》已更正，新证书编号 %(number)s，原证书作废。"), now=now)
    if held is not None:
        # As of today, the day of its issue: the other's suspension lies before it, or (the clock was fast) on a day that is still to come.
        suspend(certificate=made, reason=held.reason, document=held.document, on=today, by=by, today=today, now=now)
    return made


def _asked_now(certificate: Certificate, facts: Mapping[str, Any]) -> str:
    """The name of what the corrected certificate certifies; a room's own name for it stays."""
    if not certificate.asked_key.startswith(batch_keys(certificate.kind, certificate.issuer_id)):
        return certificate.asked_key
    if is_same_thing(certificate.kind, certificate.facts, facts):
        return certificate.asked_key
    key = asked_key(certificate.kind, certificate.issuer_id, certificate.person_id, facts)
    other = queries.by_asked_key(key)
    if other is None:
        return key
    if other.state is State.REVOKED:  # that one keeps the name: who was revoked is not issued the same by the next list
        return certificate.asked_key
    raise CannotChange(_told_twice(other))


def is_dated_right(certificate: Certificate, today: date) -> bool:
    """Whether its date lies not in the future and its number bears the year of that date: otherwise the clock was wrong."""
    number = parse(certificate.number)
    return certificate.issued_on <= today and (number is None or number.year == certificate.issued_on.year)


def issuer_now(certificate: Certificate) -> dict[str, str]:
    """What its issuer is called today: what takes its place bears these names, whatever it bore itself."""
    issuer = _issuer(certificate)
    return {name: str(clean_facts({name: said}).get(name, "")) for name, said in (("issuer", issuer.name), ("issuer_en", issuer.name_en))}


def _renamed(certificate: Certificate, layout: Layout, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts with what the issuer is called today, where that can be printed; else as they are, with its name of before."""
    named = facts | issuer_now(certificate)
    try:
        must_print(layout, named, certificate.facts)
    except CannotChange:
        return facts
    return named


def _issuer(certificate: Certificate) -> Organisation:
    issuer = organisations.by_id(certificate.issuer_id)
    assert issuer is not None
    return issuer


def _drawn(certificate: Certificate, template: str, issuer: Organisation) -> tuple[str, int]:
    """The template and version the new one is drawn from."""
    if not template:
        return certificate.template, certificate.template_version
    if template not in queries.template_choices(certificate.kind, issuer):
        raise CannotChange(_("发证单位不能使用这个模板，没有更正。"), field="template")
    return template, queries.layout_of(template).version


def _changed(certificate: Certificate, facts: Mapping[str, Any], layout: Layout) -> dict[str, Any]:
    """All facts with what changes; CannotChange for what the layout does not know and for an empty name."""
    strange = sorted(set(facts) - ({"name", *(field.name for field in (*layout.fields, *asked_fields(certificate.kind, layout)))} - FIXED))
    if strange:
        raise CannotChange(_("这类证书没有“%(fields)s”这一项，没有更正。", fields=listed(strange)))
    given = dict(facts)
    if "name" in given:
        given["name"] = clean_name(str(given["name"]))
        if not given["name"]:
            raise CannotChange(_("姓名不能为空。"), field="name")
    return clean_facts({**{name: value for name, value in certificate.facts.items() if name not in given}, **given})


def _must_be_possible(certificate: Certificate, facts: Mapping[str, Any], today: date) -> None:
    """CannotChange for days that cannot be true, unless the certificate says so already and the correction is about something else."""
    before = impossible(certificate.facts, today)
    for name, wrong in impossible(facts, today):
        if (name, wrong) not in before:
            raise CannotChange(wrong)


def _must_be_the_only_one(certificate: Certificate, facts: Mapping[str, Any]) -> None:
    """CannotChange when the correction would say what another certificate of the holder says already (unless this one says so too).

    Whoever issued the two: what a person types may not make one of what two records, or a record and a list, tell apart.
    """
    if is_same_thing(certificate.kind, certificate.facts, facts):
        return
    states = (State.ISSUED, State.SUSPENDED)
    for other in queries.of_same_thing(certificate.kind, certificate.issuer_id, certificate.person_id, facts, states):
        if other.id != certificate.id:
            raise CannotChange(_told_twice(other))


def _told_twice(other: Certificate) -> str:
    number = show_number(other.number)
    return _("持证人已有一张内容相同的证书 %(number)s，更正后会重复，没有更正。多发的一张请改用“撤销”。", number=number)


def must_print(layout: Layout, facts: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> None:
    """CannotChange, naming what is in the way, when these facts would come out wrong.

    `before` is what a certificate from the same version says that stands: what it says wrong or not at all is no reason to keep a wrong day on it
    while a font is away or a fact lacks; it is drawn once that is mended, and until then told as valid with the right words.
    """
    stands = before or {}
    new = {name: value for name, value in facts.items() if name not in stands or str(stands[name]) != str(value)}
    if told := characters_told(layout, lacking_by_field(layout, new)) if before is not None else characters_in_the_way(layout, facts):
        raise CannotChange(_("更正后的内容中有不能打印的字，没有更正。%(told)s。", told=told))
    known = lacking_names(layout, before) if before is not None else {}
    if lacks := listed(labels_of(layout, [name for name in lacking_names(layout, facts) if name not in known])):
        raise CannotChange(_("所选模板必填的%(fields)s没有内容，没有更正。", fields=lacks), field="template")
    if fonts.available():
        short = dict(cuts(layout, _texts(stands)))
        cut = [(name, lost) for name, lost in cuts(layout, _texts(facts)) if lost > short.get(name, 0)]
        if cut:
            raise CannotChange(_("更正后的%(fields)s超出版面，会被截断，没有更正。请缩短。", fields=cuts_told(layout, cut)))


def _texts(facts: Mapping[str, Any]) -> dict[str, str]:
    """Facts as a page prints them."""
    return {name: str(value) for name, value in facts.items()}


def _before(certificate: Certificate, drawn: tuple[str, int]) -> Mapping[str, Any] | None:
    """What the certificate says, when the new one is drawn from the same version: only that can be compared."""
    return certificate.facts if drawn == (certificate.template, certificate.template_version) else None
