"""Pages of batches: by import, by selection, the dry run, the decision of a second person."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from flask import current_app, redirect, render_template, request, send_file, url_for

from trainhub.certificates import batch_forms as forms
from trainhub.certificates import labels, list_tasks, queries, tasks, verifying
from trainhub.certificates.facts import asked_fields
from trainhub.certificates.forms import batches_wanted
from trainhub.certificates.layouts.fitting import labels_of
from trainhub.certificates.layouts.model import Layout
from trainhub.certificates.models import Certificate, IssueBatch
from trainhub.certificates.numbers import show_number
from trainhub.certificates.operations import batches
from trainhub.certificates.operations._support import clean_facts
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.operations.correcting import FIXED
from trainhub.certificates.permissions import Can
from trainhub.certificates.types import RECORDS_SAY, BatchSource, BatchState, Kind
from trainhub.certificates.views import blueprint
from trainhub.certificates.views._support import refreshing
from trainhub.identity.queries import is_same_holder
from trainhub.kernel import clock, jobs, paging
from trainhub.kernel.access import demand, guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _, language, listed
from trainhub.kernel.numbers import keys_of, whole
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

MOST_LISTED = 1000
"""People with a box of their own on the page of a selection; 全部人员 takes the others too."""
PREVIEWED = 3


def load_batch(batch_id: int) -> IssueBatch:
    """The batch of an address."""
    batch = queries.batch_by_id(batch_id)
    if batch is None:
        raise NotFound(_("没有这个签发批次。"))
    return batch


@blueprint.get("/batches")
@guard(Can.BATCH_LIST)
def batch_list() -> Any:
    """The batches of the reader's issuers."""
    wanted, (number, size) = batches_wanted(), paging.wanted()
    page = paging.paginate(queries.batches_listing(who(), wanted, request.args.get("sort", "")), number=number, size=size, scalars=False)
    return render_template(
        "trainhub/certificates/batches.html", page=page, labels=labels, is_filtered=any((wanted.text, wanted.kind, wanted.source, wanted.state))
    )


def issuer_of(issuer_id: int) -> Any:
    """The organisation in whose name the reader may issue; anything else is refused."""
    demand(who(), Can.BATCH_VIEW, queries.subject_of_issuer(issuer_id))
    return organisations.by_id(issuer_id)


def _studying() -> str:
    wanted = request.values.get("studying", "")
    return wanted if wanted in list_tasks.STUDYING else "enrolled"


def _template(kind: Kind, programme: Programme | None, offered: Mapping[str, str]) -> str:
    """The code of the template whose facts are asked for: the one chosen, else that of the programme's university."""
    wanted = request.values.get("template", "")
    if wanted in offered:
        return wanted
    university = organisations.by_id(programme.university_id) if programme is not None else None
    usual = queries.default_template(kind, university) if university is not None else kind.value
    return usual if usual in offered else kind.value


@blueprint.route("/batches/select", methods=["GET", "POST"])
@guard(Can.BATCH_CREATE)
def batch_select() -> Any:
    """Choose students of a programme, and the facts they share."""
    kinds = {one: label for one, label in labels.KINDS.items() if one is not Kind.PROGRAMME}  # that one is for the chain to ask for
    kind = next((one for one in kinds if one.value == request.values.get("kind")), Kind.TRAINING)
    offered = dict(programmes.choices(who()))
    chosen, cohort = request.values.get("programme", type=whole), request.values.get("cohort", type=whole)
    programme = programmes.by_id(chosen) if chosen is not None and chosen in offered else None
    templates = {code: label for code, _kind, label in forms.template_offers(who(), [kind])}
    template = _template(kind, programme, templates)
    layout = queries.layout_of(template)
    studying = _studying()
    states = list_tasks.STUDYING[studying]
    everyone = people.person_ids_of_programme(programme.id, cohort_id=cohort, states=states) if programme is not None else []
    listed = people.students_of_programme(programme.id, cohort_id=cohort, states=states, limit=MOST_LISTED) if programme is not None else []
    names = people.names_of(one.person_id for one in listed)
    persons = [(one.person_id, f"\u2068{names[one.person_id]}\u2069 {one.student_no} {one.class_name}") for one in listed]
    form = forms.selection_form(kind, layout)().prepare(who(), persons, everyone, templates[template])
    if request.method == "GET":
        owner = programme.university_id if programme is not None else None
        form = forms.selection_form(kind, layout)(formdata=None, issuer_id=owner).prepare(who(), persons, everyone, templates[template])
    elif form.validate():
        try:
            issuer = issuer_of(form.issuer_id.data)
            facts, chosen_now = form.facts(), form.chosen()
            if len(chosen_now) > list_tasks.SELECTED_AT_ONCE and programme is not None:
                batches.must_be_a_batch(len(chosen_now))
                return _select_by_job(form, kind, issuer.id, {"programme_id": programme.id, "cohort_id": cohort, "studying": studying})
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复建立批次。"), "certificates.batch_list")
                batch = batches.prepare(
                    title=form.title.data or "",
                    kind=kind,
                    template=layout.code,
                    source=BatchSource.SELECTION,
                    issuer=issuer,
                    rows=[Wanted(key, facts) for key in chosen_now],
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已建立批次，共 %(n)d 张，等待另一人审核。", n=batch.count), "certificates.batch", batch_id=batch.id)
        except Refused as refused:
            form.refuse(refused)
    page = render_template(
        "trainhub/certificates/batch_select.html",
        form=form,
        kind=kind,
        kinds=kinds,
        template=template,
        templates=templates,
        programme=programme,
        programmes=list(offered.items()),
        cohorts={one.id: one.year for one in programmes.cohorts_of(programme.id)} if programme is not None else {},
        cohort=cohort,
        studying=studying,
        total=len(everyone),
        listed=len(listed),
        facts=[name for name in form._fields if name.startswith("fact_")],
    )
    return page, 422 if request.method == "POST" else 200


def _select_by_job(form: forms.SelectionForm, kind: Kind, issuer_id: int, chosen: Mapping[str, Any]) -> Any:
    with transaction():
        if not once(form.submission_key.data or ""):
            return done(_("这个表单已经提交过，没有重复建立批次。"), "certificates.batch_list")
        job_id = list_tasks.ask_to_select(
            list_tasks.SELECT,
            by=who(),
            title=form.title.data or "",
            kind=kind,
            issuer_id=issuer_id,
            template=form.layout.code,
            facts=clean_facts(form.facts()),
            **chosen,
        )
    return redirect(url_for("certificates.list_job", job_id=job_id), 303)


def choose_again(args: Mapping[str, Any]) -> tuple[str, str]:
    """What the page of a selection is called, and its address with the choice that was made."""
    chosen = {"programme": args["programme_id"], "cohort": args["cohort_id"], "studying": args["studying"]}
    return _("选择人员"), url_for("certificates.batch_select", kind=args["kind"], template=args["template"], **chosen)


@blueprint.get("/batches/<int:batch_id>")
@guard(Can.BATCH_VIEW, load=load_batch, subject=queries.subject_of_batch)
def batch(row: IssueBatch) -> Any:
    """One batch: what will be issued, what waits, what was decided."""
    return _page(row)


def _contradicted(row: IssueBatch) -> Sequence[tuple[str, str]]:
    """What a room's records say otherwise, where a room keeps records of this kind."""
    ask: Callable[[IssueBatch], Sequence[tuple[str, str]]] | None = current_app.extensions.get(RECORDS_SAY, {}).get(row.kind)
    return ask(row) if ask is not None else ()


@blueprint.get("/batches/<int:batch_id>/state")
@guard(Can.BATCH_VIEW, load=load_batch, subject=queries.subject_of_batch)
def batch_state(row: IssueBatch) -> Any:
    """The bar alone, asked for again and again; the end or a failure loads the whole page."""
    job = queries.job_by_id(row.job_id)
    if job is None:
        raise NotFound(_("没有这个签发批次。"))
    page = render_template("trainhub/certificates/_batch_job.html", batch=row, job=job, left=queries.count_open_items(row.id))
    return refreshing(page, is_news=row.state is not BatchState.APPROVED or job.state is jobs.JobState.FAILED)


def _page(row: IssueBatch, form: forms.DecisionForm | None = None) -> Any:
    number, size = paging.wanted()
    page = paging.paginate(queries.items_listing(row.id), number=number, size=size, scalars=False)
    page.items[:] = [queries.as_item_row(one) for one in page.items]  # type: ignore[index]
    subject, layout = queries.subject_of_batch(row), queries.layout_of(row.template, row.template_version)
    corrected = queries.by_id(row.replaces_id) if row.replaces_id is not None else None
    issuer = organisations.by_id(row.issuer_id)
    assert issuer is not None
    text = render_template(
        "trainhub/certificates/batch.html",
        batch=row,
        issuer=issuer,
        why=lambda one: batches.why_waiting(one.item, layout, issuer, one.name),
        template=labels.of_layout(layout),
        told=partial(
            verifying.labelled, (*asked_fields(row.kind, layout), *(one for one in layout.fields if one.common)), english=language() == "en"
        ),
        page=page,
        job=queries.job_by_id(row.job_id),
        known=queries.known_in(row) if row.state is BatchState.PREPARED and corrected is None else 0,
        unlike=queries.unlike_in(row) if row.state is BatchState.PREPARED and corrected is None else (),
        drafts=queries.drafts_in(row) if row.state is BatchState.PREPARED and corrected is None else (),
        contradicted=_contradicted(row) if row.state is BatchState.PREPARED and corrected is None else (),
        fields_called=lambda names: listed(labels_of(layout, names)),
        revoked=queries.revoked_in(row) if corrected is None and row.state is not BatchState.REJECTED else 0,
        corrected=corrected,
        changes=_changes(corrected, page.items[0].item.facts, layout) if corrected is not None else (),
        left=queries.count_open_items(row.id),
        names=queries.names_of_accounts([row.asked_by_id, row.decided_by_id]),
        may_print=row.state is BatchState.ISSUED and may(who(), Can.PRINT_VIEW, queries.subject_of_issuer(row.issuer_id)),
        may_decide=row.state is BatchState.PREPARED and may(who(), Can.BATCH_DECIDE, subject),
        may_go_on=row.state is BatchState.APPROVED and may(who(), Can.BATCH_DECIDE, subject),
        is_mine=is_same_holder(row.asked_by_id, who().account_id),
        is_own=queries.is_named_in(row.id, who().person_id) and not is_same_holder(row.asked_by_id, who().account_id),
        form=form or forms.DecisionForm(formdata=None),
        labels=labels,
        show_number=show_number,
    )
    return text, 422 if form is not None else 200


def _changes(corrected: Certificate, facts: Mapping[str, Any], layout: Layout) -> list[tuple[str, str, str]]:
    """(label, as it stands, as it would be) of what a correction changes; the name first."""
    english = language() == "en"
    found = [(_("姓名"), corrected.holder, str(facts["name"]))]
    for one in asked_fields(corrected.kind, layout):
        if one.name in FIXED:  # set when it is issued
            continue
        label = labels.called_in(one.label, one.label_en, english=english)
        found.append((label, str(corrected.facts.get(one.name, "")), str(facts.get(one.name, ""))))
    for name, label in (("issuer", _("发证单位")), ("issuer_en", _("发证单位（英文）"))):  # renamed since: nobody typed it, it changes all the same
        if name in facts:
            found.append((label, str(corrected.facts.get(name, "")), str(facts[name])))
    changed = [row for row in found if row[1] != row[2]]
    if (corrected.template, corrected.template_version) != (layout.code, layout.version):
        before = queries.layout_of(corrected.template, corrected.template_version)
        changed.append((_("证书模板"), _version(before, corrected.template), _version(layout, layout.code)))
    return changed


def _version(layout: Layout, code: str) -> str:
    return _("%(title)s（%(code)s 第 %(n)d 版）", title=labels.of_layout(layout), code=code, n=layout.version)


@blueprint.get("/batches/<int:batch_id>/table.jsonl")
@guard(Can.BATCH_VIEW, load=load_batch, subject=queries.subject_of_batch)
def batch_table(row: IssueBatch) -> Any:
    """The rows of a batch, byte for byte what the checksum of a selection was taken of."""
    return send_file(io.BytesIO(queries.table_of(row.id)), mimetype="application/x-ndjson", as_attachment=True, download_name=f"batch-{row.id}.jsonl")


@blueprint.get("/batches/<int:batch_id>/preview.pdf")
@guard(Can.BATCH_VIEW, load=load_batch, subject=queries.subject_of_batch)
def batch_preview(row: IssueBatch) -> Any:
    """The first certificates as they will look, without number, code and QR code; a text that does not fit stands in a red frame."""
    from trainhub.certificates.layouts.drawing import Press, common_facts

    issuer = organisations.by_id(row.issuer_id)
    assert issuer is not None
    layout = queries.layout_of(row.template, row.template_version)
    shared = {"issuer": issuer.name, "issuer_en": issuer.name_en or "", "issued_on": clock.today().isoformat()}
    items = queries.open_items(row.id, PREVIEWED) or queries.first_items(row.id, PREVIEWED)
    first = items[0].facts if items else {}
    press = Press(layout, common_facts(layout, {**first, **shared}), base_url=tasks.maker().site, has_cut_marks=True)
    names = people.standing_names(item.person_id for item in items)
    for item in items:
        press.add({"name": names[item.person_id], **item.facts, **shared, "number": _("签发时编号"), "code": _("示例核验码")})
    return send_file(io.BytesIO(press.finish()), mimetype="application/pdf", download_name="preview.pdf")


@blueprint.post("/batches/<int:batch_id>/decide")
@guard(Can.BATCH_DECIDE, load=load_batch, subject=queries.subject_of_batch)
def batch_decide(row: IssueBatch) -> Any:
    """Approve, or send back with a reason."""
    form = forms.DecisionForm()
    is_approved = request.form.get("decision") == "approve"
    if not form.validate():
        return _page(row, form)
    try:
        with transaction():
            batches.decide(
                batch=load_batch(row.id), is_approved=is_approved, reason=form.reason.data or "", by=who(), today=clock.today(), now=clock.now()
            )
    except Refused as refused:
        if refused.status not in (422, 409):
            raise
        form.refuse(refused)
        return _page(load_batch(row.id), form)
    if is_approved:
        said = {
            BatchSource.CORRECTION: _("已更正：新证书已签发，原证书作废。"),
            BatchSource.RENEWAL: _("已重新签发：新证书有新的编号，原证书仍为已撤销。"),
        }.get(row.source, _("已通过审核，正在签发。"))
    else:
        said = _("已退回。")
    return done(said, "certificates.batch", batch_id=row.id)


@blueprint.post("/batches/<int:batch_id>/again")
@guard(Can.BATCH_DECIDE, load=load_batch, subject=queries.subject_of_batch)
def batch_again(row: IssueBatch) -> Any:
    """Go on issuing after a failure: only what is not issued yet."""
    with transaction():
        batches.go_on(batch=load_batch(row.id), by=who())
    return done(_("继续签发：已签发的证书不会重复签发。"), "certificates.batch", batch_id=row.id)


def evidence_pages(keys: Sequence[str], _is_own: bool) -> dict[str, str]:
    """The pages of the batches that certificates were issued in, for whoever may see them."""
    rows = [batch for key in keys_of(keys) if (batch := queries.batch_by_id(key)) is not None]
    return {str(row.id): url_for("certificates.batch", batch_id=row.id) for row in rows if may(who(), Can.BATCH_VIEW, queries.subject_of_batch(row))}
