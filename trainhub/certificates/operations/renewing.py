"""Issuing anew (重新签发) what was revoked by mistake: a new number that names the old one, drawn up by one person and decided by another.

The one that was revoked stays so, with its reason and its day. What the new one says is asked of the records anew: what they do not bear is
not issued again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from trainhub.certificates import queries
from trainhub.certificates.models import Certificate, IssueBatch
from trainhub.certificates.numbers import show_number
from trainhub.certificates.operations._support import add_event, tell_holder
from trainhub.certificates.operations.changing import CannotChange, must_be_anothers, note_successor, reasons_given, take_place
from trainhub.certificates.operations.correcting import FIXED, must_print
from trainhub.certificates.operations.issuing import STANDING, clock_stands, same_thing
from trainhub.certificates.operations.numbering import hold_counter, new_number
from trainhub.certificates.operations.present import present
from trainhub.certificates.operations.single import prepare_one
from trainhub.certificates.types import Attested, BatchSource, Event, State
from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import N_, _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation


def prepare_renewal(*, certificate: Certificate, reason: str, document: str, by: Identity, today: date, now: datetime) -> IssueBatch:
    """Draw up that a revoked certificate is issued anew, for a second person to decide. Nothing is numbered, the one before stays revoked.

    Raises CannotChange for what was not revoked or was issued anew already, for one's own, without reason and document, when the records do
    not bear it (any more), when the holder has another one of the same, or when no font can draw it.
    """
    clock_stands()
    reason, document = reasons_given(reason, document)
    must_be_anothers(certificate, by)
    found = _due(certificate, today)
    return prepare_one(
        certificate,
        BatchSource.RENEWAL,
        title=f"重新签发 {show_number(certificate.number)}",
        drawn=(certificate.template, certificate.template_version),
        facts={name: value for name, value in found.facts.items() if name != "issued_on"},
        on=today,
        reason=reason,
        document=document,
        waits=_("这张证书已有一份重新签发等待审核：请先审核或撤回那一份。"),
        by=by,
        now=now,
    )


def _due(certificate: Certificate, today: date) -> Attested:
    """What the new one would say and rest on; CannotChange when there is none to issue."""
    if certificate.state is not State.REVOKED or not certificate.is_current:
        raise CannotChange(_("只有已撤销、且没有重新签发过的证书才能重新签发。"))
    hold_counter(_issuer(certificate), certificate.kind, today.year)  # a list or a rule may be issuing the same at this moment
    asked = present(certificate, today)
    if asked is None:
        raise CannotChange(_("来源记录现在不符合签发条件，没有重新签发：请先在来源中更正记录。"))
    found = Attested({**asked.facts, **_decided_words(certificate, asked.facts)}, asked.evidence)
    same = (certificate.kind, certificate.issuer_id, certificate.person_id, certificate.asked_key, found.facts)
    twin = same_thing(*same, STANDING, besides=certificate.id)
    if twin is not None:
        raise CannotChange(_("持证人已有一张内容相同的证书 %(number)s，没有重新签发。", number=show_number(twin.number)))
    must_print(queries.layout_of(certificate.template, certificate.template_version), found.facts)
    return found


def _decided_words(certificate: Certificate, now: Mapping[str, Any]) -> dict[str, Any]:
    """What two persons corrected on the one before, as far as the records still say what stood there until then."""
    recorded = queries.recorded_facts(certificate)
    typed = {name: value for name, value in certificate.facts.items() if recorded.get(name) != value and name not in FIXED}
    return {name: value for name, value in typed.items() if str(recorded.get(name) or "") == str(now.get(name) or "")}


def renew(*, batch: IssueBatch, by: Identity, today: date, now: datetime) -> Certificate:
    """Issue what an approved renewal says; returns the new certificate. Called by `batches.decide`, which asks for the second person.

    Raises CannotChange when the records say something else than what was decided on.
    """
    assert batch.replaces_id is not None
    certificate = queries.by_id(batch.replaces_id)
    (item,) = queries.first_items(batch.id, 1)
    assert certificate is not None
    clock_stands()
    found = _due(certificate, today)
    if {**item.facts, "issued_on": today.isoformat()} != dict(found.facts):
        raise CannotChange(_("来源记录在提出之后有变化，与待审核的内容不同：请退回，再重新提出。"))
    rests: list[dict[str, Any]] = [
        {"kind": "batch", "id": str(batch.id), "text": batch.title},
        {
            "kind": "revoked_certificate",
            "id": certificate.number,
            "text": f"{show_number(certificate.number)}（{certificate.state_on.isoformat()} 撤销）",
        },
    ]
    made = take_place(
        certificate,
        number=new_number(_issuer(certificate), certificate.kind, today.year),
        edition=1,
        facts=found.facts,
        issued_on=today,
        template=(certificate.template, certificate.template_version),
        by=by,
        today=today,
        now=now,
        evidence=[*(one for one in found.evidence if one["kind"] != "batch"), *rests],
    )
    row = add_event(made, Event.ISSUE, State.ISSUED, on=today, by=by, now=now, reason=batch.why, document=batch.document)
    note_successor(made, certificate, row, by=by, reason=batch.why, document=batch.document)
    tell_holder(made, "issued", N_("你的《%(title)s》已重新签发，新证书编号 %(number)s；原来被撤销的编号不再使用。"), now=now)
    item.certificate_id = made.id
    return made


def _issuer(certificate: Certificate) -> Organisation:
    issuer = organisations.by_id(certificate.issuer_id)
    assert issuer is not None
    return issuer
