"""Pages of the three-party agreement: its data, texts with signers, corrections and amendments, a sheet to print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import render_template, request

from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, queries, rules
from enterprises.placements.checklist import checklist, parties
from enterprises.placements.models import AgreementSignature, AgreementText, Placement
from enterprises.placements.types import AgreementKind, AgreementParty, PlacementState, TextState
from enterprises.placements.views.shared import act, blueprint, load_placement
from trainhub.kernel import clock, files, sniff
from trainhub.kernel.access import Subject, demand, guard, may, who
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sending import send


def _kept(upload: Any) -> int | None:
    """The id of an uploaded file, or None."""
    if not upload:
        return None
    return files.keep(upload.stream, name=upload.filename, kind="agreement", by=who(), now=clock.now(), allowed=sniff.EVIDENCE).id


def _own_parties(placement: Placement) -> tuple[AgreementParty, ...]:
    """For whom the reader signs on the page: a student for themselves, the enterprise's coordinator for it, the school's people for it.

    Whoever acts for the school never signs for the enterprise, whatever else they may do; nor does who leads the base, whom a school may have
    named.
    """
    side = queries.subject_of_student_side(placement)
    arranges = may(who(), Can.PLACEMENT_ARRANGE, side)
    hosts = not arranges and may(who(), Can.PLACEMENT_ENTERPRISE, queries.subject_of_enterprise(placement))
    found = ((AgreementParty.SCHOOL, arranges), (AgreementParty.ENTERPRISE, hosts), (AgreementParty.STUDENT, _is_student(placement)))
    return tuple(party for party, is_own in found if is_own)


def _is_student(placement: Placement) -> bool:
    side = queries.subject_of_student_side(placement)
    return may(who(), Can.PLACEMENT_OWN, Subject.of(persons=side.persons))


def _parties(placement: Placement) -> tuple[AgreementParty, ...]:
    """Whose signature the reader may record: everybody their own, a school also the others' (from the paper, with its scan)."""
    if may(who(), Can.PLACEMENT_ARRANGE, queries.subject_of_student_side(placement)):
        return tuple(AgreementParty)
    return _own_parties(placement)


def _signed(texts: Sequence[TextState], signatures: Sequence[AgreementSignature]) -> dict[int, dict[str, Any]]:
    """By text that somebody signed: what was signed; empty where it was not kept."""
    found = {}
    for text in texts:
        under = [one for one in sorted(signatures, key=lambda one: one.id) if one.text_no == text.number]
        if under:
            found[text.number] = rules.signed_facts(one.facts for one in under) or {}
    return found


@blueprint.get("/<int:placement_id>/agreement")
@guard(Can.PLACEMENT_VIEW, load=load_placement, subject=queries.subject_of_placement)
def agreement(placement: Placement) -> Any:
    """What the parties agree on, every text with its signers, and the forms of those who may sign or change."""
    signatures = queries.signatures_of(placement.id)
    rows = {row.number: row for row in queries.text_rows(placement.id)}
    sign_form = forms.SignForm(formdata=None, signed_on=clock.today())
    sign_form.party.choices = [(party.value, labels.PARTIES[party]) for party in _parties(placement)]
    gate = placement.state in (PlacementState.PLANNED, PlacementState.ACCEPTED)
    texts, now = queries.texts_of(placement.id), queries.agreed_now(placement.id)
    signed = _signed(texts, signatures)
    latest = max((text.number for text in texts if text.number in signed and not text.is_replaced), default=0)
    changes = rules.changed_facts(signed[latest], now) if latest else []
    return render_template(
        "enterprises/placements/agreement.html",
        placement=placement,
        row=queries.placement_view(placement.id),
        texts=texts,
        signed=signed,
        now=now,
        edition=operations.edition_of(now),
        changes=changes,
        latest=latest,
        is_sent=any(text.number > latest and not text.is_replaced for text in texts),
        rows=rows,
        signatures=signatures,
        kept=files.kept([*(text.file_id for text in rows.values()), *(one.file_id for one in signatures)]),
        findings=checklist(placement, today=clock.today()) if gate else [],
        needed=parties(placement, [text.number for text in texts]),
        sign_form=sign_form,
        own_parties=_own_parties(placement),
        amend_form=forms.TextForm(formdata=None, changes="\n".join(labels.change_words(changes))).apart("amend"),
        correct_form=forms.TextForm(formdata=None).apart("correct"),
        arranges=may(who(), Can.PLACEMENT_ARRANGE, queries.subject_of_student_side(placement)),
        may_amend=operations.against_amendment(placement) is None,
        is_over=placement.state in (PlacementState.WITHDRAWN, PlacementState.FINISHED),
        labels=labels,
    )


@blueprint.get("/<int:placement_id>/agreement/print")
@guard(Can.PLACEMENT_VIEW, load=load_placement, subject=queries.subject_of_placement)
def agreement_sheet(placement: Placement) -> Any:
    """The agreement as a sheet for signing on paper."""
    texts, signatures = queries.texts_of(placement.id), queries.signatures_of(placement.id)
    standing = next((text.number for text in texts if text.kind is AgreementKind.AGREEMENT and not text.is_replaced), 0)
    agreed = _signed(texts, signatures).get(standing) or queries.agreed_now(placement.id)
    return render_template(
        "enterprises/placements/agreement_sheet.html",
        placement=placement,
        agreed={**agreed, **{name: date.fromisoformat(agreed[name]) for name in ("starts_on", "ends_on")}},
        changes=[row for row in queries.text_rows(placement.id) if not row.is_replaced],
        labels=labels,
    )


def _do(placement: Placement, form: Any, said: str, work: Any) -> Any:
    def run() -> dict[str, Any]:
        work()
        return {"placement_id": placement.id}

    return act(form, said, "placements.agreement", run)


def load_text(placement_id: int, number: int) -> tuple[Placement, int]:
    """A text of a placement."""
    placement = load_placement(placement_id)
    if all(text.number != number for text in queries.texts_of(placement.id)):
        raise NotFound(_("没有这份协议。"))
    return placement, number


@blueprint.post("/<int:placement_id>/agreement/<int:number>/sign")
@guard(Can.PLACEMENT_VIEW, load=load_text, subject=lambda pair: queries.subject_of_placement(pair[0]))
def sign(pair: tuple[Placement, int]) -> Any:
    """Record a signature: everybody their own, dated today; a school also another party's, from the paper with its scan."""
    placement, number = pair
    form = forms.SignForm()
    form.party.choices = [(party.value, label) for party, label in labels.PARTIES.items()]

    def work() -> None:
        party, is_paper = form.party.data, bool(form.file.data)
        if party not in _own_parties(placement):
            demand(who(), Can.PLACEMENT_ARRANGE, queries.subject_of_student_side(placement))
            if not is_paper:
                raise Refused(
                    _("代%(party)s登记签署的，须上传纸质签署件的扫描件；也可以请对方登录后自己签署。", party=str(labels.PARTIES[party])),
                    field="file",
                    code="scan_needed",
                )
        operations.sign_placement(
            placement=placement,
            party=party,
            signed_name=form.signed_name.data or "",
            signed_on=form.signed_on.data,  # type: ignore[arg-type]
            person_id=who().person_id if party is AgreementParty.STUDENT and _is_student(placement) else None,
            file_id=_kept(form.file.data),
            text_no=number,
            edition=request.form.get("edition", ""),  # none was sent: nothing was read
            by=who(),
            now=clock.now(),
        )

    return _do(placement, form, _("已登记签署。"), work)


@blueprint.post("/<int:placement_id>/agreement/amend")
@guard(Can.PLACEMENT_ARRANGE, load=load_placement, subject=queries.subject_of_student_side)
def amend(placement: Placement) -> Any:
    """Send an amendment."""
    form = forms.TextForm()
    return _do(
        placement,
        form,
        _("补充协议已发出，原签署各方须重新签署。"),
        lambda: operations.amend_agreement(
            placement=placement,
            changes=(form.changes.data or "").splitlines(),
            reason=form.reason.data or "",
            file_id=_kept(form.file.data),
            by=who(),
            now=clock.now(),
        ),
    )


@blueprint.post("/<int:placement_id>/agreement/<int:number>/correct")
@guard(Can.PLACEMENT_ARRANGE, load=load_text, subject=lambda pair: queries.subject_of_student_side(pair[0]))
def correct_text(pair: tuple[Placement, int]) -> Any:
    """Replace a text that was sent with a mistake."""
    placement, number = pair
    form = forms.TextForm()
    return _do(
        placement,
        form,
        _("更正后的文本已发出，各方须签署新的文本；原文本和签署记录保留。"),
        lambda: operations.correct_text(
            placement=placement,
            number=number,
            changes=(form.changes.data or "").splitlines(),
            reason=form.reason.data or "",
            file_id=_kept(form.file.data),
            by=who(),
            now=clock.now(),
        ),
    )


def _file(file_id: int | None) -> Any:
    kept = session().get(files.StoredFile, file_id) if file_id else None
    if kept is None:
        raise NotFound(_("没有上传文件。"))
    return send(kept)


def load_signature(placement_id: int, signature_id: int) -> tuple[Placement, Any]:
    """A signature of a placement."""
    found = next((row for row in queries.signatures_of(placement_id) if row.id == signature_id), None)
    if found is None:
        raise NotFound(_("没有这条签署记录。"))
    return load_placement(placement_id), found


@blueprint.get("/<int:placement_id>/agreement/signatures/<int:signature_id>")
@guard(Can.PLACEMENT_VIEW, load=load_signature, subject=lambda pair: queries.subject_of_placement(pair[0]))
def signature_file(pair: tuple[Placement, Any]) -> Any:
    """The scan of a paper signature."""
    return _file(pair[1].file_id)


@blueprint.get("/<int:placement_id>/agreement/<int:number>/file")
@guard(Can.PLACEMENT_VIEW, load=load_text, subject=lambda pair: queries.subject_of_placement(pair[0]))
def text_file(pair: tuple[Placement, int]) -> Any:
    """The file of a text."""
    placement, number = pair
    rows: dict[int, AgreementText] = {row.number: row for row in queries.text_rows(placement.id)}
    return _file(rows[number].file_id if number in rows else None)
