"""Pages of the workflow: the applications, one application with what can be done next, its documents, the yearly lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response, render_template, request, url_for

from trainhub.kernel import clock, files, paging, sending
from trainhub.kernel.access import demand, guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.downloads import named
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import given, once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.papers import docx, pdf
from trainhub.kernel.papers.blocks import DOCX, PDF
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import catalogue, deciding, labels, readiness, submitted
from trainhub.oversight.evaluation.documents import visit_form
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.permissions import READERS, Can, CaseSubject
from trainhub.oversight.evaluation.queries import judgements
from trainhub.oversight.evaluation.views import blueprint, load, on_programme
from trainhub.oversight.evaluation.workflow import forms, outcome_queries, queries, rules, words
from trainhub.oversight.evaluation.workflow.models import Application, CaseDocument
from trainhub.oversight.evaluation.workflow.operations import moving, outside, papers, reopening
from trainhub.oversight.evaluation.workflow.types import Actor, DocumentKind, Event, State, Transition
from trainhub.programmes import operations as programme_operations
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

ACTS: Mapping[Actor, Can] = {
    Actor.PROGRAMME: Can.ACT_PROGRAMME,
    Actor.ASSOCIATION: Can.ACT_ASSOCIATION,
    Actor.VISIT_GROUP: Can.SEND_VISIT,
    Actor.WORKING_GROUP: Can.ACT_GROUP,
}
WAY = (
    State.APPLIED,
    State.PREPARING,
    State.SUBMITTED,
    State.VISIT_SCHEDULED,
    State.VISITED,
    State.AT_ASSOCIATION,
    State.IN_WORKING_GROUP,
    State.CONCLUDED,
    State.PUBLISHED,
)
"""The states of the usual way, for the bar at the top."""
HERE = "evaluation.application"


def load_case(key: int) -> Application:
    """The application of an address."""
    row = queries.application(key)
    if row is None:
        raise NotFound(_("没有这项评价申请。"))
    return row


def on_case(row: Application) -> CaseSubject:
    """What an application is judged on, today; asked once for a page that only reads."""
    if request.method != "GET":
        return queries.subject_of(row, clock.today())
    known: dict[int, CaseSubject] = request.environ.setdefault("trainhub.application_subjects", {})
    if row.id not in known:
        known[row.id] = queries.subject_of(row, clock.today())
    return known[row.id]


def programme_of(row: Application) -> Programme:
    """The programme of an application."""
    programme = programmes.by_id(row.programme_id)
    assert programme is not None
    return programme


def case_page(template: str, row: Application, current: str, **more: Any) -> str:
    """A page of one application with its tabs."""
    programme, subject = programme_of(row), on_case(row)
    identity = who()
    tabs = [("show", _("进程"), url_for(HERE, key=row.id))]
    if may(identity, Can.VIEW, subject):
        tabs.append(("dossier", _("材料"), url_for("evaluation.dossier", key=row.id)))
        if queries.experts_of(row.id):
            tabs.append(("consensus", _("专家意见"), url_for("evaluation.consensus", key=row.id)))
    if may(identity, Can.ACT_VISIT, subject):
        tabs.append(("form", _("我的评价表"), url_for("evaluation.visit_form", key=row.id)))
    return render_template(
        f"trainhub/evaluation/cases/{template}.html",
        row=row,
        programme=programme,
        university=organisations.by_id(programme.university_id),
        tabs_of_page=[{"label": label, "url": url, "current": name == current} for name, label, url in tabs],
        words=words,
        labels=labels,
        can=Can,
        subject=subject,
        **more,
    )


@blueprint.get("/applications")
@guard(Can.LIST)
def applications() -> Any:
    """The applications the reader sees; an expert's are the visits one is assigned to."""
    number, size = paging.wanted()
    found = paging.paginate(queries.listing(who()), number=number, size=size, scalars=False)
    return render_template("trainhub/evaluation/cases/index.html", page=found, words=words, labels=labels, is_reader=who().has(*READERS))


@blueprint.post("/<code>/applications")
@guard(Can.ACT_PROGRAMME, load=load, subject=on_programme)
def open_application(programme: Programme) -> Any:
    """T0: the programme may apply from here on."""
    form = forms.OpenForm()
    if not form.validate_on_submit():
        raise Refused(_("请重新打开页面后再提交。"))
    known = queries.open_of(programme.id)
    if known is not None:
        return done(_("这个专业已有一项进行中的申请，一个专业同时只能有一项。"), HERE, key=known.id)
    with transaction():
        row = moving.open_application(
            programme=programme, has_prerequisite=bool(form.has_prerequisite.data), by=who(), today=clock.today(), now=clock.now()
        )
        key = row.id
    return done(_("已确认，可以提出评价申请。"), HERE, key=key)


@blueprint.get("/applications/<int:key>")
@guard(Can.CASE_VIEW, load=load_case, subject=on_case)
def application(row: Application) -> Any:
    """Where the application stands, what can be done next and by whom, what is missing, the documents, the visit, the history."""
    today, subject = clock.today(), on_case(row)
    office = reopening.WHO.get(row.state) if may(who(), Can.VIEW_WORK, subject) else None
    resting = deciding.resting(row, programme_of(row), today) if row.state is State.IN_WORKING_GROUP else None
    answer = readiness.assess(programme_of(row), today) if office is not None else None
    needed = deciding.undecided(resting) if resting is not None else ()
    facts = queries.facts_of(row, today, criteria=_open_codes(row), verdict=resting.verdict if resting is not None else None, undecided=needed)
    before = submitted.of_application(row, programme_of(row)) if office is not None else None
    following = [one for one in rules.following(facts) if one.transition.actor is not Actor.SYSTEM]
    acts = any(may(who(), ACTS[one], subject) for one in outside.OFFICES)
    barred = outside.kept_out(row, who(), today) if acts and row.state in rules.OPEN else ""
    mine = queries.assignment(row.id, who().account_id)
    declare = forms.DeclareForm() if mine is not None and mine.ended_at is None and mine.submitted_at is None else None
    return case_page(
        "show",
        row,
        "show",
        today=today,
        facts=facts,
        following=[(one, may(who(), ACTS[one.transition.actor], subject) and not (barred and _is_office(one.transition))) for one in following],
        barred=barred,
        steps_done=queries.steps_of(row.id),
        way=_way(row),
        documents=queries.documents_of(row.id) if may(who(), Can.VIEW_WORK, subject) else list(queries.current_documents(row.id).values()),
        held=queries.current_documents(row.id),
        validity=outcome_queries.validity_of(row) if row.verdict is not None else None,
        agenda=queries.agenda_of(row.id),
        experts=queries.experts_of(row.id),
        mine=mine,
        declare=declare,
        reading=queries.reading_days(row, today),
        handing=[kind for kind in _handing(row, subject) if not barred or papers.WHEN[kind][0] not in outside.OFFICES],
        form_document=forms.DocumentForm(),
        form_passage=forms.PassageForm(passage=row.petoe_passage, version=row.version),
        form_conclusion=forms.ConclusionForm(version=programme_of(row).version),
        remark=judgements.remark_on(row.programme_id, today),
        form_quality=forms.QualityForm(version=_remark(row))
        if row.state is State.IN_WORKING_GROUP and may(who(), Can.ACT_GROUP, subject) and not barred
        else None,
        previous=queries.application(row.previous_id) if row.previous_id else None,
        changes=submitted.changes(before.answer, answer) if before is not None and answer is not None else [],
        reopened=queries.reopenings_of(row.id),
        form_reopen=forms.ReopenForm() if office is not None and may(who(), ACTS[office], subject) and not barred else None,
        may_read=may(who(), Can.VIEW, subject),
        opens_work=may(who(), Can.VIEW_WORK, subject),
        kinds=DocumentKind,
    )


def _is_office(transition: Transition) -> bool:
    """Whether a step is refused to who is tied to the programme or its visit."""
    return transition.actor in outside.OFFICES and outside.is_asked(transition.actor, transition.event)


def _open_codes(row: Application) -> list[str]:
    return list(catalogue.criteria()) if row.state is State.VISIT_SCHEDULED else []


def _handing(row: Application, subject: CaseSubject) -> list[DocumentKind]:
    """The documents the reader can hand in now."""
    found = []
    for kind, (actor, states) in papers.WHEN.items():
        if actor is Actor.SYSTEM or row.state not in states.get(row.route, ()) or not papers.is_asked(row, kind, clock.today()):
            continue
        if may(who(), ACTS[actor], subject):
            found.append(kind)
    return found


def _way(row: Application) -> list[dict[str, Any]]:
    """The bar: what is behind, where the application stands, what lies ahead."""
    when: dict[State, date] = {}
    for step in reversed(queries.steps_of(row.id)):
        when[step.to_state] = when.pop(step.to_state, step.on) if step.event is Event.CALL_OFF else step.on
        if step.event is Event.CALL_OFF:  # back to where it was: what was called off is not behind
            when.pop(step.from_state, None)
    alone = (State.VISIT_SCHEDULED, State.VISITED, State.AT_ASSOCIATION)
    shown = [state for state in WAY if row.route.value == "joint" or state not in alone or state in when]
    end = {State.NOT_ACCEPTED: 1, State.FAILED: len(shown) - 1, State.WITHDRAWN: None}
    if row.state in end and end[row.state] is not None:
        shown[end[row.state] :] = [row.state]
    found = []
    for state in shown:
        current = state is row.state
        look = "current" if current else "done" if state in when else "todo"
        if current and row.state in (State.NOT_ACCEPTED, State.FAILED):
            look = "bad"
        found.append({"label": words.STATES[state], "text": when[state].isoformat() if state in when else "", "state": look})
    return found


@blueprint.post("/applications/<int:key>/step")
@guard(Can.CASE_VIEW, load=load_case, subject=on_case)
def step(row: Application) -> Any:
    """Move the application on; who may depends on the transition's actor."""
    form = forms.StepForm()
    if not form.validate_on_submit():
        raise Refused(_("请重新打开页面后再提交。"))
    event = form.event.data
    transition = rules.find(row.state, event, row.route)
    if transition is None:
        raise moving.BadStep(_("申请现处于“%(state)s”，不能进行“%(event)s”。", state=words.STATES[row.state], event=words.EVENTS[event]))
    if event is Event.PUBLISH or transition.actor is Actor.SYSTEM:
        raise moving.BadStep(_("名单由专家工作组按年度统一公布。"))
    demand(who(), ACTS[transition.actor], on_case(row))
    drawn = moving.prepare(application=row, event=event, today=clock.today(), reason=form.reason.data or "")
    with transaction():
        after = moving.step(
            application=row,
            event=event,
            drawn=drawn,
            reason=form.reason.data or "",
            version=form.version.data or None,
            by=who(),
            today=clock.today(),
            now=clock.now(),
        )
        key, state = after.id, after.state
    return done(_("已完成：%(what)s。现处于“%(state)s”。", what=words.EVENTS[event], state=words.STATES[state]), HERE, key=key)


@blueprint.post("/applications/<int:key>/documents")
@guard(Can.CASE_VIEW, load=load_case, subject=on_case)
def hand_in(row: Application) -> Any:
    """Hand in a document of the procedure."""
    form = forms.DocumentForm()
    if not form.validate_on_submit():
        raise Refused("".join(str(text) for errors in form.errors.values() for text in errors))
    kind = form.kind.data
    demand(who(), ACTS.get(papers.WHEN[kind][0], Can.CASE_VIEW), on_case(row))  # what the platform draws nobody uploads: refused in words
    with transaction():
        if once(form.submission_key.data or ""):
            papers.hand_in(application=row, kind=kind, file=form.file.data, name=form.file.data.filename or "", by=who(), now=clock.now())
    return done(_("已提交文件：%(what)s。", what=words.DOCUMENTS[kind]), HERE, key=row.id)


@blueprint.post("/applications/<int:key>/passage")
@guard(Can.ACT_PROGRAMME, load=load_case, subject=on_case)
def note_passage(row: Application) -> Any:
    """Where the self-report speaks of the plan."""
    form = forms.PassageForm(version=row.version)
    if not form.validate_on_submit():
        raise Refused(_("请填写位置。"), field="passage")
    with transaction():
        papers.note_passage(application=row, passage=form.passage.data or "", version=form.version.data, by=who(), now=clock.now())
    return done(_("已保存。"), HERE, key=row.id)


@blueprint.post("/applications/<int:key>/accreditation")
@guard(Can.ACT_ASSOCIATION, load=load_case, subject=on_case)
def enter_conclusion(row: Application) -> Any:
    """The association enters its conclusion with the document."""
    form = forms.ConclusionForm()
    if not form.validate_on_submit():
        raise Refused("".join(str(text) for errors in form.errors.values() for text in errors))
    with transaction():
        if once(form.submission_key.data or ""):
            papers.check_conclusion(row, given(form.concluded_on.data))
            programme_operations.enter_accreditation(
                programme=programme_of(row),
                result=form.result.data,
                concluded_on=given(form.concluded_on.data),
                valid_from=form.valid_from.data,
                valid_years=form.valid_years.data,
                opened_at=request.form.get("version", type=whole),
                is_from_association=True,
                by=who(),
                now=clock.now(),
            )
            kind = DocumentKind.ACCREDITATION_CONCLUSION
            papers.hand_in(application=row, kind=kind, file=form.file.data, name=form.file.data.filename or "", by=who(), now=clock.now())
    return done(_("已登记认证结论。"), HERE, key=row.id)


def _remark(row: Application) -> int:
    """Which qualitative remark a page shows: the latest one decides, so nobody writes over what they did not read."""
    latest = judgements.remark_on(row.programme_id, clock.today())
    return latest.id if latest is not None else 0


@blueprint.post("/applications/<int:key>/quality")
@guard(Can.ACT_GROUP, load=load_case, subject=on_case)
def note_quality(row: Application) -> Any:
    """The working group notes 特色 or 优秀 with its text; it shows only beside 达到 (PETOE-P16, 002:649)."""
    form = forms.QualityForm(version=_remark(row))
    if not form.validate_on_submit():
        raise Refused(_("请写明定性评价的内容。"), field="text")
    if row.state is not State.IN_WORKING_GROUP:
        raise moving.BadStep(_("专家工作组审议期间才能作定性评价。"))
    with transaction():
        if once(form.submission_key.data or ""):
            deciding.check_outside(programme_of(row), who(), clock.today())
            judging.note_quality(
                programme=programme_of(row),
                quality=form.quality.data,
                text=form.text.data or "",
                seen=form.version.data,
                by=who(),
                today=clock.today(),
                now=clock.now(),
            )
    return done(_("已保存。"), HERE, key=row.id)


def load_document(key: int, document_id: int) -> tuple[Application, CaseDocument]:
    """A document of an application; one of another is not found."""
    row, document = load_case(key), queries.document(document_id)
    if document is None or document.application_id != row.id:
        raise NotFound(_("没有这份文件。"))
    return row, document


def on_pair(pair: tuple[Application, Any]) -> CaseSubject:
    """What a thing of an application is judged on."""
    return on_case(pair[0])


@blueprint.get("/applications/<int:key>/documents/<int:document_id>")
@guard(Can.VIEW, load=load_document, subject=on_pair)
def document(pair: tuple[Application, CaseDocument]) -> Any:
    """The file of a document; the drafts before the edition that holds are not the experts'."""
    row, held = pair
    if held.id != queries.current_documents(row.id)[held.kind][0].id and not may(who(), Can.VIEW_WORK, on_case(row)):
        raise NotFound(_("没有这份文件。"))
    file = session().get(files.StoredFile, pair[1].file_id)
    assert file is not None
    return sending.send(file)


@blueprint.get("/applications/<int:key>/visit-form.<form>")
@guard(Can.VIEW, load=lambda key, form: (load_case(key), form), subject=on_pair)
def draw_visit_form(pair: tuple[Application, str]) -> Any:
    """The visit form as it stands now, as DOCX or PDF."""
    row, form = pair
    if form not in ("docx", "pdf"):
        raise NotFound(_("只能导出为 docx 或 pdf。"))
    programme = programme_of(row)
    content = visit_form.content(row, programme, clock.today(), queries.readable_by(row, who().account_id))
    data, media = (docx.draw(content), DOCX) if form == "docx" else (pdf.draw(content), PDF)
    return named(Response(data, mimetype=media), f"现场考查评价表-{programme.code}.{form}")
