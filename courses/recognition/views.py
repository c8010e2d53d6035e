"""Pages of credit recognition: a student's record and applications, the decisions of a programme, mapping tables, the transcript."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, render_template, request

from courses.gradebook import queries as gradebook
from courses.gradebook.types import Scale
from courses.learning import labels as learning_labels
from courses.learning import queries as learners
from courses.learning import review_queries
from courses.learning.places import me, subject_of_learner
from courses.learning.types import EnrolmentState
from courses.permissions import Can
from courses.recognition import forms, labels, operations, queries
from courses.recognition.models import CreditClaim, CreditMapping
from courses.recognition.types import OPEN, ClaimState
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import Subject, guard, may, signed_in
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.fields import number_x10, tenths
from trainhub.kernel.forms import given, once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.sending import send
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme, ProgrammeVersion

blueprint = Blueprint("recognition", __name__)
COLUMNS = (
    Column("student_no", "学号"),
    Column("name", "姓名"),
    Column("course_code", "课程代码"),
    Column("course", "认定为课程"),
    Column("source", "证明材料"),
    Column("state", "状态"),
    Column("credits", "认定学分"),
    Column("asked_on", "申请日期"),
)


@dataclass(frozen=True, slots=True)
class Own:
    """A student's own record."""

    student: Student
    plan: ProgrammeVersion | None

    @property
    def subject(self) -> Subject:
        """The student's own."""
        return subject_of_learner(self.student.person_id)


def load_own() -> Own:
    """The reader as a student."""
    student = queries.student_of(me().person_id or 0)
    if student is None:
        raise NotFound(_("你的账户没有学籍信息，不能申请学分认定。请联系学校管理员。"))
    return Own(student, queries.plan_of(student))


def load_claim(claim_id: int) -> CreditClaim:
    """An application."""
    claim = queries.claim_by_id(claim_id)
    if claim is None:
        raise NotFound(_("没有这份学分认定申请。"))
    return claim


def subject_of(claim: CreditClaim) -> Subject:
    """What an application is judged on: its student, the programme, the university."""
    base = queries.subject_of_programme(claim.student.programme_id)
    return replace(base, persons=own_subject(claim).persons)


def own_subject(claim: CreditClaim) -> Subject:
    """The student alone."""
    return subject_of_learner(claim.student.person_id)


# -- a student's own ----------------------------------------------------------------------------------------------------


@blueprint.get("/recognition/mine")
@guard(Can.RECOGNITION_APPLY, load=load_own)
def mine(own: Own) -> Any:
    """What was recognised, what one applied for, and the forms to apply."""
    return _mine(own)


def _mine(own: Own, run_form: Any = None, certificate_form: Any = None) -> Any:
    courses = queries.plan_courses(own.plan.id) if own.plan else []
    worth = {row.id: _("%(credits)s 学分", credits=f"{row.credits_x10 / 10:g}") for row in courses}
    targets = [(row.id, f"{row.name}（{row.code}，{worth[row.id]}）") for row in courses]
    runs = [
        (enrolment.id, f"{run.title}（{run.code}）" + (f" · {enrolment.score_x10 / 10:g}" if enrolment.score_x10 is not None else ""))
        for enrolment, run in queries.usable_runs(own.student)
    ]
    credits = queries.recognised([own.student.id]).get(own.student.id, [])
    failed = run_form is not None or certificate_form is not None
    page = render_template(
        "courses/recognition/mine.html",
        student=own.student,
        plan=own.plan,
        claims=queries.claims_of(own.student.id),
        credits=credits,
        mappings=queries.mappings_of(own.plan.id) if own.plan else [],
        run_form=run_form or forms.RunClaimForm(None, runs=runs, targets=targets),
        certificate_form=(certificate_form or forms.CertificateClaimForm(None, targets=targets)).apart("certificate"),
        runs=runs,
        labels=labels,
        today=clock.today(),
    )
    return page, 422 if failed else 200


@blueprint.post("/recognition/mine")
@guard(Can.RECOGNITION_APPLY, load=load_own)
def ask(own: Own) -> Any:
    """Apply; `what` says with which evidence."""
    with_run = request.form.get("what") == "run"
    targets = [(row.id, row.name) for row in queries.plan_courses(own.plan.id)] if own.plan else []
    runs = [(enrolment.id, f"{run.title}（{run.code}）") for enrolment, run in queries.usable_runs(own.student)]
    form: Any = forms.RunClaimForm(runs=runs, targets=targets) if with_run else forms.CertificateClaimForm(targets=targets)
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    claim = _apply(own, form, with_run)
                    claim_id = claim.id
                    return done(_("申请已提交，由专业负责人审核，结果会通知你。"), "recognition.show", claim_id=claim_id)
            return done(_("申请已提交。"), "recognition.mine")
        except Refused as refused:
            form.refuse(refused)
            own = load_own()
    return _mine(own, run_form=form if with_run else None, certificate_form=None if with_run else form)


def _apply(own: Own, form: Any, with_run: bool) -> CreditClaim:
    target = queries.target(form.target_id.data)
    assert target is not None
    if with_run:
        enrolment = learners.enrolment_by_id(form.enrolment_id.data)
        assert enrolment is not None
        return operations.apply_with_run(
            student=own.student, target=target, enrolment=enrolment, statement=form.statement.data or "", by=me(), now=clock.now()
        )
    upload = form.file.data
    return operations.apply_with_certificate(
        student=own.student,
        target=target,
        title=form.title.data or "",
        provider=form.provider.data or "",
        number=form.number.data or "",
        completed_on=given(form.completed_on.data),
        asked_x10=tenths(form.credits.data),
        statement=form.statement.data or "",
        file=upload.stream,
        filename=upload.filename,
        by=me(),
        now=clock.now(),
    )


@blueprint.post("/recognition/<int:claim_id>/<any(withdraw, appeal):verb>")
@guard(Can.RECOGNITION_APPLY, load=lambda claim_id, verb: (load_claim(claim_id), verb), subject=lambda pair: own_subject(pair[0]))
def answer(pair: tuple[CreditClaim, str]) -> Any:
    """Take an application back, or ask for another look."""
    claim, verb = pair
    claim_id = claim.id
    with transaction():
        if verb == "withdraw":
            operations.withdraw(claim=claim, by=me(), now=clock.now())
            message = _("申请已撤回。")
        else:
            operations.appeal(claim=claim, text=request.form.get("appeal", ""), by=me(), now=clock.now())
            message = _("申诉已提交，由其他负责人复核。")
    return done(message, "recognition.show", claim_id=claim_id)


@blueprint.get("/learning/transcript")
@signed_in
def transcript() -> Any:
    """The transcript (成绩单) of a person: courses with marks and credits, and what was recognised. To print."""
    person_id = me().person_id
    if person_id is None:
        raise NotFound(_("你的账户没有关联个人信息，没有成绩单。"))
    student = queries.student_of(person_id)
    rows = queries.runs_of_person(person_id)
    learnt = [row.run_id for row in rows if row.state is EnrolmentState.ACTIVE]
    scales = {run_id: Scale.of(book.scale) for run_id, book in gradebook.books_of([row.run_id for row in rows]).items()}
    return render_template(
        "courses/recognition/transcript.html",
        name=me().name,
        student=student,
        programme=programmes.by_id(student.programme_id) if student is not None else None,
        rows=rows,
        hidden=review_queries.unshown(person_id, learnt, clock.now()),
        scales=scales,
        credits=queries.recognised([student.id]).get(student.id, []) if student is not None else [],
        labels=learning_labels,
        today=clock.today(),
    )


# -- deciding -----------------------------------------------------------------------------------------------------------


def _asked_state() -> ClaimState | None:
    text = request.args.get("state", "")
    return ClaimState(text) if text in set(ClaimState) else None


def _asked_text() -> str:
    return request.args.get("q", "").strip()[:60]


@blueprint.get("/recognition")
@guard(Can.RECOGNITION_LIST)
def index() -> Any:
    """The applications of the programmes one answers for, the open ones first."""
    number, size = paging.wanted()
    statement = queries.claims_visible_to(me(), state=_asked_state(), text=_asked_text())
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    return render_template(
        "courses/recognition/index.html", page=page, rows=[queries.as_row(row) for row in page.items], labels=labels, open=queries.open_count(me())
    )


@blueprint.get("/recognition/export.<form>")
@guard(Can.RECOGNITION_LIST)
def export(form: str) -> Any:
    """The list as it is narrowed, as a file."""

    def lines() -> Iterator[list[Any]]:
        for row in queries.export_rows(me(), _asked_state(), _asked_text()):
            credits = None if row.credits_x10 is None else Decimal(row.credits_x10) / 10
            asked_on = clock.local(row.asked_at).date()
            yield [row.student_no, row.student, row.course_code, row.course_name, row.source, str(labels.STATES[row.state]), credits, asked_on]

    return downloads.table(list(lines()), COLUMNS, name=str(_("学分认定")), form=form, codes=["student_no", "course_code"])


@blueprint.route("/recognition/<int:claim_id>", methods=["GET", "POST"])
@guard(Can.RECOGNITION_VIEW, load=load_claim, subject=subject_of)
def show(claim: CreditClaim) -> Any:
    """One application with its evidence; who may, decides here."""
    claim_id, refused = claim.id, None
    is_own = people.is_same_human(me().person_id, claim.student.person_id)
    may_decide = may(me(), Can.RECOGNITION_DECIDE, subject_of(claim))
    if request.method == "POST":
        if not may_decide:
            raise NotAllowed(_("只有专业负责人或高校管理员可以作出学分认定的决定。"))
        try:
            with transaction():
                text = request.form.get("credits", "").strip()
                values: Any = {"claim": claim, "version": request.form.get("version", type=whole), "reason": request.form.get("reason", "")}
                values |= {"by": me(), "now": clock.now()}
                if request.form.get("do") == "take_back":
                    operations.take_back(**values)
                else:
                    credits = number_x10(text) if text else None
                    operations.decide(is_approved=request.form.get("do") == "approve", credits_x10=credits, **values)
            return done(_("决定已记录，学生会收到通知。"), "recognition.show", claim_id=claim_id)
        except Refused as said:
            refused = said
            claim = load_claim(claim_id)
    page = render_template(
        "courses/recognition/show.html",
        claim=claim,
        may_decide=may_decide and not is_own and claim.state in OPEN,
        may_take_back=may_decide and not is_own and claim.state is ClaimState.APPROVED,
        is_own=is_own,
        same_number=queries.with_same_number(claim, me()) if may_decide and not is_own else ([], 0),
        refused=refused,
        typed=request.form,
        labels=labels,
        OPEN=OPEN,
    )
    return page, refused.status if refused is not None else 200


@blueprint.get("/recognition/<int:claim_id>/file")
@guard(Can.RECOGNITION_VIEW, load=load_claim, subject=subject_of)
def file(claim: CreditClaim) -> Response:
    """The scan of a certificate."""
    if claim.file is None:
        raise NotFound(_("这份申请没有上传文件。"))
    return send(claim.file)


# -- mapping tables -----------------------------------------------------------------------------------------------------


def load_plan(version_id: int) -> tuple[Programme, ProgrammeVersion]:
    """A plan with its programme."""
    plan = programmes.version_by_id(version_id)
    programme = programmes.by_id(plan.programme_id) if plan is not None else None
    if plan is None or programme is None:
        raise NotFound(_("没有这版培养方案。"))
    return programme, plan


def load_mapping(version_id: int, mapping_id: int) -> tuple[Programme, ProgrammeVersion, CreditMapping]:
    """A mapping of a plan."""
    programme, plan = load_plan(version_id)
    row = next((one for one in queries.mappings_of(plan.id) if one.id == mapping_id), None)
    if row is None:
        raise NotFound(_("没有这条对应关系。"))
    return programme, plan, row


def _subject_of_plan(thing: tuple[Any, ...]) -> Subject:
    return programmes.subject_of(thing[0])


@blueprint.route("/recognition/plans/<int:version_id>", methods=["GET", "POST"])
@guard(Can.RECOGNITION_DECIDE, load=load_plan, subject=_subject_of_plan)
def mappings(thing: tuple[Programme, ProgrammeVersion]) -> Any:
    """Which online courses count as which courses of a plan; the form adds one."""
    programme, plan = thing
    version_id = plan.id
    form = forms.MappingForm(targets=[(row.id, f"{row.name}（{row.code}）") for row in queries.plan_courses(version_id)])
    if form.validate_on_submit():
        try:
            with transaction():
                target = queries.target(form.target_id.data)
                assert target is not None
                operations.add_mapping(
                    course_code=form.course_code.data or "",
                    target=target,
                    credits_x10=tenths(form.credits.data),
                    least_score_x10=tenths(form.least_score.data),
                    since=given(form.since.data),
                    until=form.until.data,
                    document=form.document.data or "",
                    by=me(),
                    now=clock.now(),
                )
            return done(_("对应关系已添加。"), "recognition.mappings", version_id=version_id)
        except Refused as refused:
            form.refuse(refused)
            programme, plan = load_plan(version_id)
    page = render_template(
        "courses/recognition/mappings.html", programme=programme, plan=plan, rows=queries.mappings_of(version_id), form=form, today=clock.today()
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/recognition/plans/<int:version_id>/mappings/<int:mapping_id>/end")
@guard(Can.RECOGNITION_DECIDE, load=load_mapping, subject=_subject_of_plan)
def end_mapping(thing: tuple[Programme, ProgrammeVersion, CreditMapping]) -> Any:
    """End a mapping today; one that has not begun is cancelled, with the reason."""
    version_id = thing[1].id
    with transaction():
        if thing[2].since > clock.today():
            operations.cancel_mapping(mapping=thing[2], reason=request.form.get("reason", ""), by=me(), now=clock.now())
            return done(_("对应关系已取消，理由记入操作日志。"), "recognition.mappings", version_id=version_id)
        operations.end_mapping(mapping=thing[2], until=clock.today(), by=me(), now=clock.now())
    return done(_("对应关系今天终止；已作出的认定不受影响。"), "recognition.mappings", version_id=version_id)
