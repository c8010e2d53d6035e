"""Pages of certificates: the holder's own, the issuer's list, what is done with one."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, render_template, request, send_file, url_for

from trainhub.certificates import documents, forms, labels, operations, queries, tasks, verifying
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import show_code, show_number
from trainhub.certificates.operations import dropping
from trainhub.certificates.operations import keys as signing
from trainhub.certificates.operations.changing import NOT_ONES_OWN
from trainhub.certificates.operations.issuing import clock_told
from trainhub.certificates.pades import sealed
from trainhub.certificates.permissions import Can, knows_all
from trainhub.certificates.public import title_of
from trainhub.certificates.states import events_in
from trainhub.certificates.types import TO_LOOK_AT, Event, State
from trainhub.certificates.views import blueprint, evidence
from trainhub.certificates.views._support import EXPORTED, exported, load
from trainhub.certificates.views.keys import reminder, sealing
from trainhub.certificates.views.waiting import DropForm, ReleaseForm, obstacles_of
from trainhub.kernel import clock, downloads, paging, site
from trainhub.kernel.access import demand, guard, may, signed_in, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import offered
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _, language
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations import filter_queries as filters
from trainhub.people.queries import is_same_human

CAN_OF: dict[Event, Can] = {
    Event.REISSUE: Can.REISSUE,
    Event.CORRECT: Can.CORRECT,
    Event.SUSPEND: Can.SUSPEND,
    Event.RESUME: Can.RESUME,
    Event.REVOKE: Can.REVOKE,
}
HIDDEN_CODE, HIDDEN = "•" * 12, "•" * 3
"""What others see where the code stands: it is the holder's."""


@blueprint.get("/mine")
@signed_in
def mine() -> Any:
    """The reader's own certificates."""
    person_id = who().person_id
    rows = queries.of_person(person_id) if person_id is not None else []
    layouts = queries.layouts_of((row.template, row.template_version) for row in rows)
    drawn = [(row, layouts[row.template, row.template_version]) for row in rows]
    return render_template(
        "trainhub/certificates/mine.html",
        rows=[(row, labels.of_layout(layout), verifying.labelled(layout.fields, row.facts, english=language() == "en")) for row, layout in drawn],
        labels=labels,
        show_number=show_number,
    )


@blueprint.get("/")
@guard(Can.LIST)
def index() -> Any:
    """The certificates the reader may see."""
    wanted, (number, size) = forms.wanted(), paging.wanted()
    statement = queries.listing(who(), wanted, request.args.get("sort", "-issued"))
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    page.items[:] = [queries.as_row(row) for row in page.items]  # type: ignore[index]
    return render_template(
        "trainhub/certificates/index.html",
        page=page,
        labels=labels,
        counts=queries.counts_by_state(who()),
        doubles=len(queries.doubled(who())),
        clock=clock_told(),
        looked_at=[told for ask in current_app.extensions.get(TO_LOOK_AT, ()) if (told := ask(who())) is not None],
        undecided=queries.count_undecided(who()) if may(who(), Can.BATCH_LIST) else 0,
        reminder=reminder(clock.now()) if may(who(), Can.KEYS) else "",
        sealing=sealing(clock.now()) if may(who(), Can.KEYS) else None,
        issuers=offered(queries.issuer_choices(who()), "issuer", filters.called(who())),
        show_number=show_number,
        can=Can,
        asked={name: value for name, value in request.args.items() if name != "page"},
    )


@blueprint.get("/export.<form>")
@guard(Can.LIST)
def export(form: str) -> Any:
    """The same list as a file; verification codes are not in it."""
    rows = queries.every(who(), forms.wanted(), request.args.get("sort", "-issued"))
    return downloads.table(exported(rows), EXPORTED, name=_("证书"), form=form, codes=["number"])


@blueprint.get("/doubled")
@guard(Can.LIST)
def doubled() -> Any:
    """Who holds two certificates for one thing, since two persons turned out to be one: one of them is to be revoked."""
    return render_template("trainhub/certificates/doubled.html", groups=queries.doubled(who()), labels=labels, show_number=show_number)


@blueprint.get("/doubled.<form>")
@guard(Can.LIST)
def doubled_export(form: str) -> Any:
    """The same as a file."""
    rows = [row for rows in queries.doubled(who()) for row in rows]
    lines = ({**line, "subject": row.subject} for line, row in zip(exported(rows), rows, strict=True))
    return downloads.table(lines, (*EXPORTED, Column("subject", "内容")), name=_("重复的证书"), form=form, codes=["number"])


@blueprint.get("/<number>")
@guard(Can.VIEW, load=load, subject=queries.subject_of)
def show(certificate: Certificate) -> Any:
    """One certificate with its facts, evidence and history."""
    return _page(certificate)


def _page(certificate: Certificate, tried: ReleaseForm | None = None, drop: DropForm | None = None) -> Any:
    """The page of a certificate; `tried` is the form by which it could not be released, `drop` that by which it could not be given up, with the reason."""
    subject = queries.subject_of(certificate)
    is_own = certificate.person_id == who().person_id
    shown = verifying.shown_facts if knows_all(who(), subject) else verifying.linked_facts
    address, share = _address(certificate), _shared(certificate) if is_own else ""
    correction = queries.open_correction(certificate.id) if may(who(), Can.CORRECT, subject) else None
    open_to_reader = CAN_OF.keys() - (NOT_ONES_OWN if is_same_human(who().person_id, certificate.person_id) else frozenset())
    release = obstacle = None
    if certificate.state is State.DRAFT and certificate.is_current:
        obstacle = obstacles_of([certificate])[certificate.id]
        if may(who(), Can.ISSUE, subject) and not is_same_human(who().person_id, certificate.person_id):
            release = tried or ReleaseForm(formdata=None, template=certificate.template).prepare(certificate)
    page = render_template(
        "trainhub/certificates/show.html",
        certificate=certificate,
        title=title_of(certificate),
        facts=shown(certificate, english=language() == "en"),
        history=queries.events_of(queries.line_of(certificate)),
        is_whole=certificate.state is State.DRAFT or queries.is_whole(certificate),
        after=queries.successor_of(certificate),
        correction=correction,
        may_decide=correction is not None and may(who(), Can.BATCH_VIEW, queries.subject_of_batch(correction)),
        twins=queries.twins_of(certificate),
        may_renew=certificate.state is State.REVOKED
        and certificate.is_current
        and correction is None
        and may(who(), Can.CORRECT, subject)
        and not is_same_human(who().person_id, certificate.person_id),
        editions=queries.editions_of(certificate.number),
        actions=[event for event in events_in(certificate.state) if event in open_to_reader and may(who(), CAN_OF[event], subject)],
        may_have=may(who(), Can.DOWNLOAD, subject),
        may_print=may(who(), Can.PRINT_VIEW, queries.subject_of_issuer(certificate.issuer_id)),
        release=release,
        drop=(drop or DropForm(formdata=None)) if release is not None else None,
        refused=[*(tried.said() if tried is not None and release is None else []), *(drop.said() if drop is not None and release is None else [])],
        obstacle=obstacle,
        clock=clock_told() if obstacle is not None else "",
        is_own=is_own,
        evidence=evidence.shown(certificate, is_own=is_own),
        address=address,
        share=share,
        showcase=documents.showcase_of(certificate, site.link(share or address)) if site.is_reachable() else "",
        labels=labels,
        show_number=show_number,
        show_code=show_code,
    )
    return page, 422 if tried is not None or drop is not None else 200


@blueprint.post("/<number>/release")
@guard(Can.ISSUE, load=load, subject=queries.subject_of)
def release(certificate: Certificate) -> Any:
    """Issue a draft that can be drawn now, from the template chosen; without one from that of before."""
    form = ReleaseForm().prepare(certificate)
    if form.template.name in request.form and not form.validate():
        return _page(certificate, form)
    try:
        with transaction():
            made = operations.release(certificate=_again(certificate), by=who(), today=clock.today(), now=clock.now(), template=form.template.data)
    except operations.CannotIssue as refused:
        form.refuse(refused)
        return _page(_again(certificate), form)
    return done(_("证书 %(number)s 已签发。", number=made.number), "certificates.show", number=made.number)


@blueprint.post("/<number>/drop")
@guard(Can.ISSUE, load=load, subject=queries.subject_of)
def drop(certificate: Certificate) -> Any:
    """Give a draft up that can never be issued as it is."""
    form = DropForm()
    if not form.validate():
        return _page(certificate, drop=form)
    try:
        with transaction():
            dropping.drop(certificate=_again(certificate), reason=form.reason.data or "", by=who(), now=clock.now())
    except operations.CannotIssue as refused:
        form.refuse(refused)
        return _page(_again(certificate), drop=form)
    return done(_("待处理的证书 %(number)s 已作废，不会签发。", number=certificate.number), "certificates.show", number=certificate.number)


def _address(certificate: Certificate) -> str:
    """The path at which anybody verifies it: what the QR code holds behind the address of the installation."""
    return f"/V/{certificate.number}/{certificate.code}"


def _shared(certificate: Certificate) -> str:
    """The path of the holder's link when it is on; shown to nobody else."""
    rows = queries.open_shares(certificate)
    return f"/S/{rows[0].token}" if rows else ""


@blueprint.post("/<number>/share")
@guard(Can.SHARE, load=load, subject=queries.subject_of)
def share(certificate: Certificate) -> Any:
    """Switch the holder's link on."""
    with transaction():
        signing.share(certificate=_again(certificate), by=who(), now=clock.now())
    return done(_("分享链接已打开。"), "certificates.show", number=certificate.number)


@blueprint.post("/<number>/unshare")
@guard(Can.SHARE, load=load, subject=queries.subject_of)
def unshare(certificate: Certificate) -> Any:
    """Switch the holder's link off for good."""
    with transaction():
        signing.unshare(certificate=_again(certificate), by=who(), now=clock.now())
    return done(_("分享链接已关闭，原来的地址不再可用。"), "certificates.show", number=certificate.number)


@blueprint.get("/<number>/badge.json")
@guard(Can.DOWNLOAD, load=load, subject=queries.subject_of)
def badge(certificate: Certificate) -> Any:
    """The Open Badges credential with the whole name."""
    data = documents.badge_file_of(certificate, tasks.maker())
    body = json.dumps(data, ensure_ascii=False, indent=1).encode()
    return send_file(io.BytesIO(body), mimetype="application/vc", as_attachment=True, download_name=f"{certificate.number}.json")


@blueprint.get("/<number>/preview.svg")
@guard(Can.VIEW, load=load, subject=queries.subject_of)
def preview(certificate: Certificate) -> Any:
    """The page as a picture, drawn like the document."""
    from trainhub.certificates.layouts.svg import svg

    layout = queries.layout_of(certificate.template, certificate.template_version)
    shown = documents.page_facts(certificate)
    subject = queries.subject_of(certificate)
    if not knows_all(who(), subject):
        shown |= {name: HIDDEN for name in documents.private_facts(certificate) if shown.get(name)}
    if not may(who(), Can.DOWNLOAD, subject):
        shown["code"] = HIDDEN_CODE
    return Response(svg(layout, shown, base_url=tasks.maker().site), mimetype="image/svg+xml")


@blueprint.get("/<number>/preview.png")
@guard(Can.DOWNLOAD, load=load, subject=queries.subject_of)
def picture(certificate: Certificate) -> Any:
    """The page as PNG, to be saved or put into a résumé."""
    data = documents.picture_of(certificate, tasks.maker())
    name = documents.file_name(certificate).removesuffix("pdf") + "png"
    return send_file(io.BytesIO(data), mimetype="image/png", as_attachment=request.args.get("save") is not None, download_name=name)


@blueprint.get("/<number>/pdf")
@guard(Can.DOWNLOAD, load=load, subject=queries.subject_of)
def pdf(certificate: Certificate) -> Any:
    """The document, drawn now from the snapshot; signed (PAdES) when the installation has a certificate for that."""
    data = documents.pdf_of(certificate, tasks.maker())
    sealer = tasks.sealer()
    if sealer is not None:
        data = sealed(data, sealer, clock.now())
    return send_file(io.BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=documents.file_name(certificate))


def _again(certificate: Certificate) -> Certificate:
    """The same row inside the transaction that is going to change it."""
    row = queries.by_id(certificate.id)
    assert row is not None
    return row


def _load_change(number: str, event: str) -> tuple[Certificate, Event]:
    if event not in {one.value for one in CAN_OF}:
        raise NotFound(_("没有这项操作。"))
    return load(number), Event(event)


@blueprint.route("/<number>/change/<event>", methods=["GET", "POST"])
@guard(Can.VIEW, load=_load_change, subject=lambda pair: queries.subject_of(pair[0]))
def change(pair: tuple[Certificate, Event]) -> Any:
    """Suspend, resume, revoke, reissue or correct, with reason, document and date."""
    certificate, event = pair
    demand(who(), CAN_OF[event], queries.subject_of(certificate))
    is_correction = event is Event.CORRECT
    templates = forms.correction_templates(certificate) if is_correction else {}
    template = request.args.get("template", "")
    if template not in templates:
        template = ""
    layout = queries.layout_of(template) if template else queries.layout_of(certificate.template, certificate.template_version)
    make = forms.correction_form(certificate.kind, layout) if is_correction else forms.ReasonForm
    if request.method == "GET":
        values = forms.initial_facts(certificate.kind, certificate.facts, layout) if is_correction else {}
        form = make(formdata=None, on=clock.today(), **values)
    else:
        form = make()
        if form.validate():
            try:
                with transaction():
                    if not once(form.submission_key.data or ""):
                        return done(_("这个表单已经提交过，没有重复处理。"), "certificates.show", number=certificate.number)
                    after = _apply(_again(certificate), event, form, template)
                if is_correction:
                    told = (
                        _("更正已提交，须由另一人审核；这张证书已暂停，审核通过后的新证书同样暂停，须另行恢复。")
                        if after.state is State.SUSPENDED
                        else _("更正已提交，须由另一人审核；审核通过前，原证书仍然有效。")
                    )
                    return done(told, "certificates.show", number=after.number)
                message = _("证书 %(number)s：%(event)s已完成。", number=after.number, event=str(labels.EVENTS[event]))
                return done(message, "certificates.show", number=after.number)
            except Refused as refused:
                if refused.status not in (422, 409):
                    raise
                form.refuse(refused)
                certificate = _again(certificate)
    page = render_template(
        "trainhub/certificates/change.html",
        certificate=certificate,
        event=event,
        form=form,
        title=title_of(certificate),
        templates=templates,
        template=template,
        labels=labels,
        show_number=show_number,
    )
    return page, 422 if request.method == "POST" else 200


@blueprint.route("/<number>/renew", methods=["GET", "POST"])
@guard(Can.CORRECT, load=load, subject=queries.subject_of)
def renew(certificate: Certificate) -> Any:
    """Draw up that what was revoked by mistake is issued anew."""
    form = forms.RenewalForm() if request.method == "POST" else forms.RenewalForm(formdata=None)
    if request.method == "POST" and form.validate():
        given: dict[str, Any] = {"reason": form.reason.data or "", "document": form.document.data or ""}
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复处理。"), "certificates.show", number=certificate.number)
                operations.prepare_renewal(certificate=_again(certificate), by=who(), today=clock.today(), now=clock.now(), **given)
            return done(_("重新签发已提交，须由另一人审核；通过后以新编号签发。"), "certificates.show", number=certificate.number)
        except Refused as refused:
            if refused.status not in (422, 409):
                raise
            form.refuse(refused)
            certificate = _again(certificate)
    page = render_template(
        "trainhub/certificates/renew.html", certificate=certificate, form=form, title=title_of(certificate), show_number=show_number
    )
    return page, 422 if request.method == "POST" else 200


def _apply(certificate: Certificate, event: Event, form: forms.ReasonForm, template: str) -> Certificate:
    """Do it; a correction is only drawn up. Returns the certificate whose page shows what came of it."""
    given: dict[str, Any] = {
        "certificate": certificate,
        "reason": form.reason.data or "",
        "document": form.document.data or "",
        "on": form.on.data,
        "by": who(),
        "today": clock.today(),
        "now": clock.now(),
    }
    if event is Event.CORRECT:
        facts = {name: value for name, value in forms.facts_of(form).items() if (value or "") != "" or certificate.facts.get(name)}
        operations.prepare_correction(facts=facts, template=template, **given)
        return certificate
    verbs = {
        Event.REISSUE: operations.reissue,
        Event.SUSPEND: operations.suspend,
        Event.RESUME: operations.resume,
        Event.REVOKE: operations.revoke,
    }
    return verbs[event](**given)


def evidence_pages(keys: Sequence[str], _is_own: bool) -> dict[str, str]:
    """The pages of certificates that others took the place of, for whoever may see them."""
    rows = [row for key in keys if (row := queries.by_number(key)) is not None]
    return {row.number: url_for("certificates.show", number=row.number) for row in rows if may(who(), Can.VIEW, queries.subject_of(row))}
