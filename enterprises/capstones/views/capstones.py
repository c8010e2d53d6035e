"""Pages of a capstone: the student's time line, the supervisors' desk, guidance, papers, grades."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.capstones import forms, labels, operations, queries
from enterprises.capstones.models import Capstone, GuidanceEntry, Topic
from enterprises.capstones.rules import rubric_weights
from enterprises.capstones.types import ALLOWED, Action, CapstoneState, RubricItem, Stage, SupervisorRole
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import kept, load, shown, who
from enterprises.permissions import Can
from trainhub.certificates import queries as certificates
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, may
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.sending import send
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student

STEPS = (CapstoneState.ASSIGNED, CapstoneState.OPENED, CapstoneState.MIDTERM, CapstoneState.SUBMITTED, CapstoneState.GRADED, CapstoneState.PASSED)


COLUMNS = (
    Column("student_no", "学号"),
    Column("name", "姓名"),
    Column("programme", "专业"),
    Column("topic", "题目"),
    Column("enterprise", "企业"),
    Column("school_supervisor", "校内导师"),
    Column("enterprise_supervisor", "企业指导教师"),
    Column("starts_on", "开始日期"),
    Column("ends_on", "结束日期"),
    Column("score", "总评"),
    Column("status", "状态"),
)


def _statement() -> Any:
    asked = request.args.get("state", "")
    return queries.listing(
        who(),
        text=request.args.get("q", "").strip()[:100],
        state=next((s for s in CapstoneState if s.value == asked), None),
        programme_id=request.args.get("programme", type=int),
        only_live=asked == "live",
        only_alone=asked == "alone",
        sort=request.args.get("sort", ""),
    )


@blueprint.get("/export.<form>")
@guard(Can.CAPSTONE_LIST)
def export_list(form: str) -> Any:
    """The list as it is filtered and sorted, as a file."""
    rows = (
        (
            r.student_no, r.student, r.programme, r.topic, r.enterprise, r.school_supervisor, r.enterprise_supervisor, r.starts_on, r.ends_on,
            None if r.score_x10 is None else r.score_x10 / 10, str(labels.CAPSTONE_STATES[r.state]),
        )
        for r in (queries.as_row(row) for row in session().execute(_statement()))
    )  # fmt: skip
    return downloads.table(rows, COLUMNS, name=_("毕业设计"), form=form, codes=["student_no"])


@blueprint.get("/")
@guard(Can.CAPSTONE_LIST)
def index() -> Any:
    """The list of capstones inside the reader's scope."""
    number, size = paging.wanted()
    page = paging.paginate(_statement(), number=number, size=size, scalars=False)
    page.items[:] = [queries.as_row(row) for row in page.items]  # type: ignore[index]
    return render_template("enterprises/capstones/index.html", page=page, labels=labels, cohorts=queries.cohort_links(who()))


@blueprint.get("/mine")
@guard(Can.CAPSTONE_OWN)
def mine() -> Any:
    """The student's own capstone, or how to get one."""
    student = people.student_of_person(who().person_id or 0)
    row = queries.capstone_of_student(student.id) if student else None
    if row is None:
        return render_template("enterprises/capstones/none.html")
    return _page(row)


@blueprint.get("/supervised")
@guard(Can.CAPSTONE_SUPERVISED)
def supervised() -> Any:
    """The capstones one supervises, with what waits."""
    person_id = who().person_id or 0
    to_grade, to_confirm = queries.open_work(person_id)
    rows = queries.supervised_by(person_id)
    graded = queries.graded_by(person_id)
    return render_template(
        "enterprises/capstones/supervised.html",
        rows=rows,
        labels=labels,
        to_grade=to_grade,
        to_confirm=to_confirm,
        graded=graded,
        submitted=CapstoneState.SUBMITTED,
    )


@blueprint.get("/<int:capstone_id>")
@guard(Can.CAPSTONE_VIEW, load=load, subject=queries.subject_of)
def show(row: Capstone) -> Any:
    """One capstone."""
    return _page(row)


def _roles(row: Capstone) -> list[SupervisorRole]:
    return [role for role in SupervisorRole if queries.is_supervisor(row.id, role, who().person_id)]


def _page(row: Capstone, guidance: forms.GuidanceForm | None = None, paper: forms.PaperForm | None = None, status: int = 200) -> Any:
    student = session().get_one(Student, row.student_id)
    roles, is_student = _roles(row), student.person_id == who().person_id
    subject = queries.subject_of(row)
    manages = may(who(), Can.CAPSTONE_FINISH, subject)
    is_public = row.state in (CapstoneState.PASSED, CapstoneState.FAILED)
    grades = queries.grade_history(row.id)
    # A side sees its own grade; everybody but the managers waits for the others until the result is published.
    seen = [(g, name) for g, name in grades if is_public or manages or g.role in roles]
    frozen = row.findings if is_public and row.findings else list(queries.findings_of([row.id], clock.today())[row.id])
    guidance, paper = guidance or _guidance_form(is_student, roles), paper or forms.PaperForm()
    paper.stage.choices = [(s.value, labels.STAGES[s]) for s in Stage if (s is not Stage.TASK_BOOK) == is_student]
    reached = STEPS.index(row.state) if row.state in STEPS else len(STEPS) - 1
    page = render_template(
        "enterprises/capstones/show.html",
        capstone=row,
        topic=session().get_one(Topic, row.topic_id),
        student=student,
        person=session().get_one(Person, student.person_id),
        enterprise=session().get_one(Organisation, row.enterprise_id),
        supervisors=queries.supervisions_of(row.id),
        entries=queries.entries_of(row.id),
        papers=queries.papers_of(row.id),
        grades=seen,
        waiting=[role for role in SupervisorRole if role not in {g.role for g, _n in grades if g.replaced_at is None}],
        findings=[shown(f) for f in frozen],
        steps=[
            {"label": labels.CAPSTONE_STATES[s], "state": "done" if at < reached or is_public else "current" if at == reached else "todo"}
            for at, s in enumerate(STEPS)
        ],
        labels=labels,
        guidance=guidance,
        paper=paper,
        roles=roles,
        is_student=is_student,
        manages=manages,
        may_assign=may(who(), Can.CAPSTONE_ASSIGN, subject) and row.state in ALLOWED[Action.SUPERVISE],
        may_finish=manages and row.state in ALLOWED[Action.FINISH],
        may_withdraw=manages and row.state in ALLOWED[Action.WITHDRAW],
        may_guide=bool(is_student or roles) and row.state in ALLOWED[Action.GUIDE],
        may_hand_in=bool(is_student or roles) and row.state in ALLOWED[Action.HAND_IN],
        may_grade=row.state in (*ALLOWED[Action.GRADE], CapstoneState.GRADED) and bool(roles),
        stages=[
            s
            for s, a in ((Stage.OPENING, Action.OPEN), (Stage.MIDTERM, Action.PASS_MIDTERM))
            if SupervisorRole.SCHOOL in roles and row.state in ALLOWED[a]
        ],
        rubric=labels.RUBRIC,
        certificate=certificates.by_asked_key(f"capstone:{row.id}") if is_public else None,
        certificate_waits=manages and row.state is CapstoneState.PASSED,
    )
    return page, status


def _guidance_form(is_student: bool, roles: list[SupervisorRole]) -> forms.GuidanceForm:
    form = forms.GuidanceForm()
    form.role.choices = [(r.value, labels.ROLES[r]) for r in (SupervisorRole if is_student else roles)]
    if form.on.data is None:
        form.on.data = clock.today()
    return form


@blueprint.post("/<int:capstone_id>/guidance")
@guard(Can.CAPSTONE_GUIDE, load=load, subject=queries.subject_of)
def log_guidance(row: Capstone) -> Any:
    """Log a guidance."""
    student = session().get_one(Student, row.student_id)
    form = _guidance_form(student.person_id == who().person_id, _roles(row))
    if not form.validate_on_submit():
        return _page(row, guidance=form, status=422)
    key = row.id
    try:
        with transaction():
            if once(form.submission_key.data or ""):
                operations.log_guidance(
                    capstone=load(key),
                    role=SupervisorRole(form.role.data),
                    on=form.on.data or clock.today(),
                    content=form.content.data or "",
                    by=who(),
                    today=clock.today(),
                    now=clock.now(),
                )
    except Refused as refused:
        form.refuse(refused)
        return _page(load(key), guidance=form, status=refused.status)
    return done(_("指导已登记，等待另一方确认。"), "capstones.show", capstone_id=key, _anchor="guidance")


def load_entry(capstone_id: int, entry_id: int) -> GuidanceEntry:
    """A guidance of this capstone."""
    found = queries.entry(entry_id)
    if found is None or found.capstone_id != capstone_id:
        raise NotFound(_("没有这条指导记录。"))
    return found


@blueprint.post("/<int:capstone_id>/guidance/<int:entry_id>/confirm")
@guard(Can.CAPSTONE_GUIDE, load=load_entry, subject=lambda entry: queries.subject_of(load(entry.capstone_id)))
def confirm_guidance(entry: GuidanceEntry) -> Any:
    """Confirm what the other party logged."""
    key, entry_id = entry.capstone_id, entry.id
    with transaction():
        operations.confirm_guidance(entry=load_entry(key, entry_id), by=who(), now=clock.now())
    return done(_("已确认。"), "capstones.show", capstone_id=key, _anchor="guidance")


@blueprint.post("/<int:capstone_id>/papers")
@guard(Can.CAPSTONE_GUIDE, load=load, subject=queries.subject_of)
def hand_in(row: Capstone) -> Any:
    """Hand in a paper; the thesis is a submission."""
    form, key = forms.PaperForm(), row.id
    if not form.validate_on_submit():
        return _page(row, paper=form, status=422)
    try:
        with transaction():
            file_id = kept(form.file.data, "capstone")
            if file_id is None:
                raise Refused(_("请选择文件。"), field="file")
            call: dict[str, Any] = {"capstone": load(key), "file_id": file_id, "note": form.note.data or "", "by": who(), "now": clock.now()}
            if form.stage.data == Stage.THESIS:
                operations.submit_thesis(**call)
            else:
                operations.hand_in(stage=Stage(form.stage.data), **call)
    except Refused as refused:
        form.refuse(refused)
        return _page(load(key), paper=form, status=refused.status)
    return done(_("材料已提交。"), "capstones.show", capstone_id=key, _anchor="papers")


@blueprint.get("/<int:capstone_id>/papers/<int:paper_id>")
@guard(Can.CAPSTONE_VIEW, load=lambda capstone_id, paper_id: (load(capstone_id), paper_id), subject=lambda pair: queries.subject_of(pair[0]))
def paper(pair: tuple[Capstone, int]) -> Any:
    """A paper's file."""
    file = queries.paper(pair[0].id, pair[1])
    if file is None:
        raise NotFound(_("没有这份材料。"))
    return send(file)


@blueprint.post("/<int:capstone_id>/stage")
@guard(Can.CAPSTONE_SUPERVISE, load=load, subject=queries.supervisor_subject)
def pass_stage(row: Capstone) -> Any:
    """Pass the opening or the midterm."""
    stage = next((s for s in Stage if s.value == request.form.get("stage")), Stage.OPENING)
    key = row.id
    with transaction():
        operations.pass_stage(capstone=load(key), stage=stage, by=who(), now=clock.now(), version=request.form.get("version", type=int))
    return done(_("已通过：%(stage)s。", stage=labels.STAGES[stage]), "capstones.show", capstone_id=key)


# -- grading ------------------------------------------------------------------------------------------------------------


@blueprint.get("/<int:capstone_id>/grade")
@guard(Can.CAPSTONE_SUPERVISE, load=load, subject=queries.supervisor_subject)
def grade(row: Capstone) -> Any:
    """The rubric of one side."""
    form = forms.GradeForm()
    mine = queries.grades_of(row.id).get(_roles(row)[0])
    if mine is not None:
        for item in RubricItem:
            getattr(form, item.value).data = mine.rubric[item.value]["points"]
        form.comment.data = mine.comment
    return _grade_page(row, form)


def _grade_page(row: Capstone, form: forms.GradeForm, status: int = 200) -> Any:
    role = _roles(row)[0]
    student = session().get_one(Student, row.student_id)
    page = render_template(
        "enterprises/capstones/grade.html",
        capstone=row,
        topic=session().get_one(Topic, row.topic_id),
        person=session().get_one(Person, student.person_id),
        form=form,
        role=role,
        weights=rubric_weights(queries.numbers(clock.today())),
        mine=queries.grades_of(row.id).get(role),
        papers=[(p, f) for p, f in queries.papers_of(row.id) if p.stage is Stage.THESIS][:1],
        is_open=row.state in ALLOWED[Action.GRADE],
        labels=labels,
    )
    return page, status


@blueprint.post("/<int:capstone_id>/grade")
@guard(Can.CAPSTONE_SUPERVISE, load=load, subject=queries.supervisor_subject)
def sign_grade(row: Capstone) -> Any:
    """Sign the grade, or correct the signed one with a reason."""
    form, key = forms.GradeForm(), row.id
    if not form.validate_on_submit():
        return _grade_page(row, form, 422)
    try:
        with transaction():
            row = load(key)
            role = _roles(row)[0]
            mine = queries.grades_of(key).get(role)
            call: dict[str, Any] = {
                "points": form.points(),
                "comment": form.comment.data or "",
                "by": who(),
                "today": clock.today(),
                "now": clock.now(),
            }
            if mine is None:
                operations.grade(capstone=row, role=role, **call)
            elif once(form.submission_key.data or ""):
                operations.correct_grade(grade=mine, reason=form.reason.data or "", **call)
    except Refused as refused:
        form.refuse(refused)
        return _grade_page(load(key), form, refused.status)
    return done(_("评分已签名。"), "capstones.show", capstone_id=key, _anchor="grades")


@blueprint.post("/<int:capstone_id>/finish")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def finish(row: Capstone) -> Any:
    """Publish the result."""
    key = row.id
    with transaction():
        operations.finish(
            capstone=load(key),
            note=request.form.get("note", ""),
            by=who(),
            today=clock.today(),
            now=clock.now(),
            version=request.form.get("version", type=int),
        )
    return done(_("成绩已公布。"), "capstones.show", capstone_id=key)


@blueprint.post("/<int:capstone_id>/certificate")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def certificate(row: Capstone) -> Any:
    """Ask for the certificate again when the placements are right."""
    key = row.id
    with transaction():
        made = operations.issue_certificate(capstone=load(key), by=who(), today=clock.today(), now=clock.now())
    message = _("证书已签发。") if made is not None else _("8.2 或企业指导教师尚不满足，证书没有签发。请先补全实习安排。")
    return done(message, "capstones.show", capstone_id=key)


@blueprint.post("/<int:capstone_id>/withdraw")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def withdraw(row: Capstone) -> Any:
    """End a capstone before its grade."""
    key = row.id
    with transaction():
        operations.withdraw(capstone=load(key), reason=request.form.get("reason", ""), by=who(), today=clock.today(), now=clock.now())
    return done(_("毕业设计已终止，选题名额已退回。"), "capstones.show", capstone_id=key)
