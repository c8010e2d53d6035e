"""The library of topics: search, propose, approve."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import render_template, request

from enterprises.capstones import forms, labels, operations, queries
from enterprises.capstones.models import Topic
from enterprises.capstones.queries.topics import working_on
from enterprises.capstones.types import WITH_EVIDENCE, EvidenceKind, Side, TopicOrigin, TopicSource, TopicState
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import demand_opened, desk_of, evidence_subject, kept, load_topic, on_page, stored, topic_subject
from enterprises.permissions import Can
from trainhub.identity import queries as identity
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import Role, guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import key_of, whole
from trainhub.kernel.sending import send
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.programmes import queries as programmes

COLUMNS = (
    Column("title", "题目"),
    Column("enterprise", "企业"),
    Column("programme", "面向专业"),
    Column("university", "学校"),
    Column("source", "来源"),
    Column("seats", "名额"),
    Column("taken", "已选"),
    Column("evidence", "证明材料"),
    Column("state", "状态"),
)


SCHOOL_SIDE = (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.SCHOOL_SUPERVISOR)


def _statement() -> Any:
    return queries.topics_listing(who(), forms.wanted_topics(), clock.today(), request.args.get("sort", ""))


@blueprint.get("/topics/export.<form>")
@guard(Can.TOPIC_LIST)
def export_topics(form: str) -> Any:
    """The library as it is filtered and sorted, as a file."""
    rows = (
        (
            r.title, r.enterprise, r.programme, r.university, str(labels.TOPIC_SOURCES[r.source]), r.seats, r.taken,
            str(labels.EVIDENCE_STATES[r.evidence]), str(labels.TOPIC_STATES[r.state]),
        )
        for r in (queries.as_topic_row(row) for row in session().execute(_statement()))
    )  # fmt: skip
    return downloads.table(rows, COLUMNS, name=_("毕业设计选题库"), form=form)


@blueprint.get("/topics")
@guard(Can.TOPIC_LIST)
def topics() -> Any:
    """The library."""
    number, size = paging.wanted()
    page = paging.paginate(_statement(), number=number, size=size, scalars=False)
    page.items[:] = [queries.as_topic_row(row) for row in page.items]  # type: ignore[index]
    return render_template(
        "enterprises/capstones/topics.html",
        page=page,
        labels=labels,
        programmes=queries.programme_choices(who()),
        can_propose=may(who(), Can.TOPIC_PROPOSE),
        can_suggest=may(who(), Can.TOPIC_SUGGEST),
    )


def _form() -> forms.TopicForm:
    form = forms.TopicForm()
    form.enterprise_id.choices = queries.enterprise_choices(who(), clock.today())
    form.programme_id.choices = queries.programme_choices(who())
    return form


@blueprint.get("/topics/new")
@guard(Can.TOPIC_PROPOSE)
def new_topic() -> Any:
    """The form of a topic."""
    return render_template("enterprises/capstones/topic_form.html", form=_form())


@blueprint.post("/topics")
@guard(Can.TOPIC_PROPOSE)
def propose() -> Any:
    """Propose a topic; a coordinator's proposal is the enterprise's consent, a programme head's the school's."""
    form = _form()
    if not form.validate_on_submit():
        return render_template("enterprises/capstones/topic_form.html", form=form), 422
    try:
        with transaction():
            if not once(form.submission_key.data or ""):
                return done(_("这个选题已经提交过。"), "capstones.topics")
            enterprise = session().get(Organisation, form.enterprise_id.data)
            if enterprise is None:
                raise NotFound(_("没有这个企业。"))
            row = operations.propose_topic(
                enterprise=enterprise,
                programme_id=form.programme_id.data,
                title=form.title.data or "",
                problem=form.problem.data or "",
                source=TopicSource(form.source.data),
                seats=form.seats.data or 1,
                evidence=form.evidence.data or "",
                evidence_kind=form.kind(),
                evidence_file_id=kept(form.file.data, "evidence"),
                skills=forms.split_skills(form.skills.data),
                is_confidential=form.is_confidential.data,
                team_most=form.team_most.data or 1,
                origin=_origin(),
                by=who(),
                today=clock.today(),
                now=clock.now(),
            )
            subject = topic_subject(row)
            for side, can in SIDES.items():
                if may(who(), can, subject):
                    operations.approve_topic(topic=row, side=side, by=who(), today=clock.today(), now=clock.now())
                    break  # who stands over both (an administrator) proposes for one side; the other decides itself
            key, alike = row.id, len(queries.similar(row, who(), clock.today()))
    except Refused as refused:
        form.refuse(refused)
        return render_template("enterprises/capstones/topic_form.html", form=form), refused.status
    said = _("选题已提交；有 %(n)d 个相近的选题，请核对是否重复使用。", n=alike) if alike else _("选题已提交。")
    return done(said, "capstones.topic", topic_id=key)


def _origin() -> TopicOrigin:
    """A teacher or head who proposes does it with the enterprise; everybody else proposes for the enterprise."""
    is_of_enterprise = who().has(Role.ENTERPRISE_COORDINATOR, Role.MENTOR)
    return TopicOrigin.ENTERPRISE if is_of_enterprise or not who().has(*SCHOOL_SIDE) else TopicOrigin.TEACHER


@blueprint.route("/topics/suggest", methods=["GET", "POST"])
@guard(Can.TOPIC_SUGGEST)
def suggest() -> Any:
    """A student proposes a topic of the enterprise of his placement; both sides decide, and it is reserved for him."""
    student = people.student_of_person(who().person_id or 0)
    if student is None:
        raise NotFound(_("没有你的学籍记录。"))
    form, student_id, status = forms.SuggestForm(), student.id, 200
    form.enterprise_id.choices = queries.placement_enterprises(student.id)
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with transaction():
                    me = session().get_one(Student, student_id)
                    row = operations.propose_topic(
                        enterprise=session().get_one(Organisation, form.enterprise_id.data),
                        programme_id=me.programme_id,
                        title=form.title.data or "",
                        problem=form.problem.data or "",
                        source=TopicSource.ENGINEERING_PRACTICE,
                        evidence=form.evidence.data or "",
                        evidence_kind=form.kind(),
                        evidence_file_id=kept(form.file.data, "evidence"),
                        skills=forms.split_skills(form.skills.data),
                        seats=form.seats.data or 1,
                        team_most=form.seats.data or 1,
                        is_confidential=form.is_confidential.data,
                        origin=TopicOrigin.STUDENT,
                        reserved_for=me,
                        by=who(),
                        today=clock.today(),
                        now=clock.now(),
                    )
                    key = row.id
                return done(_("自拟选题已提交，企业和学校审批后会通知你。"), "capstones.topic", topic_id=key)
            except Refused as refused:
                form.refuse(refused)
                status = refused.status
    return render_template("enterprises/capstones/suggest.html", form=form), status


@blueprint.route("/topics/<int:topic_id>/revise", methods=["GET", "POST"])
@guard(Can.TOPIC_VIEW, load=load_topic, subject=topic_subject)
def revise(row: Topic) -> Any:
    """Whoever proposed it changes a topic that was sent back and proposes it again; nobody else reads what the form holds."""
    operations.demand_revisable(row, who())
    form, key, status = forms.ReviseForm(data=_as_typed(row)), row.id, 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with transaction():
                    operations.revise_topic(
                        topic=load_topic(key),
                        title=form.title.data or "",
                        problem=form.problem.data or "",
                        evidence=form.evidence.data or "",
                        evidence_kind=form.kind(),
                        evidence_file_id=kept(form.file.data, "evidence"),
                        seats=form.seats.data,
                        team_most=form.team_most.data,
                        skills=forms.split_skills(form.skills.data),
                        is_confidential=form.is_confidential.data,
                        by=who(),
                        now=clock.now(),
                        version=form.version.data,
                    )
                return done(_("选题已重新提交，由校企双方再次审批。"), "capstones.topic", topic_id=key)
            except Refused as refused:
                form.refuse(refused)
                status, row = refused.status, load_topic(key)
    return render_template("enterprises/capstones/revise.html", form=form, topic=row), status


def _as_typed(row: Topic) -> dict[str, Any]:
    """A topic as its form has it."""
    names = ("title", "problem", "evidence", "evidence_kind", "seats", "team_most", "is_confidential", "version")
    return {name: getattr(row, name) for name in names} | {"skills": "、".join(row.skills)}


WITHDRAW = {Can.TOPIC_APPROVE_ENTERPRISE: "capstones.withdraw_topic", Can.TOPIC_APPROVE_SCHOOL: "capstones.withdraw_topic_by_school"}
SIDES = {Side.SCHOOL: Can.TOPIC_APPROVE_SCHOOL, Side.ENTERPRISE: Can.TOPIC_APPROVE_ENTERPRISE}


@blueprint.get("/topics/<int:topic_id>")
@guard(Can.TOPIC_VIEW, load=load_topic, subject=topic_subject)
def topic(row: Topic) -> Any:
    """One topic with its approvals, its evidence and what is alike."""
    return _topic_page(row)


def _topic_page(row: Topic, form: forms.EvidenceForm | None = None, status: int = 200, problem: str = "") -> Any:
    subject = topic_subject(row)
    programme = programmes.by_id(row.programme_id)
    assert programme is not None
    is_opened = queries.is_opened_to(row.id, who(), clock.today())
    sees_evidence = is_opened and may(who(), Can.TOPIC_EVIDENCE, evidence_subject(row))
    sees_alike = is_opened and may(who(), Can.TOPIC_EVIDENCE, subject)
    enterprise = session().get_one(Organisation, row.enterprise_id)
    html = render_template(
        "enterprises/capstones/topic.html",
        topic=row,
        labels=labels,
        enterprise=enterprise,
        desk=desk_of(enterprise),
        programme=programme,
        university=session().get_one(Organisation, programme.university_id),
        file=stored(row.evidence_file_id) if row.evidence_file_id and sees_evidence else None,
        sees_evidence=sees_evidence,
        is_opened=is_opened,
        open_sides=[
            side for side, can in SIDES.items() if row.state is TopicState.PROPOSED and may(who(), can, subject) and not _has_decided(row, but=side)
        ],
        withdraw_at=next((at for can, at in WITHDRAW.items() if may(who(), can, subject)), "")
        if row.state in (TopicState.PROPOSED, TopicState.APPROVED)
        else "",
        may_revise=row.state is TopicState.REFUSED and identity.is_same_holder(who().account_id, row.proposed_by_id),
        working=working_on(row.id),
        problem=problem,
        judges_evidence=row.evidence_waits
        and row.state in WITH_EVIDENCE
        and may(who(), Can.TOPIC_APPROVE_SCHOOL, subject)
        and operations.against_judging(row, who()) is None,
        similar=queries.similar(row, who(), clock.today()) if sees_alike else [],
        lacks_evidence=form or forms.EvidenceForm()
        if row.evidence_file_id is None and row.state in WITH_EVIDENCE and may(who(), Can.TOPIC_APPROVE_ENTERPRISE, subject)
        else None,
    )
    return html, status


def _has_decided(row: Topic, but: Side) -> bool:
    """Whether the reader has approved for the other side: nobody decides for both."""
    other = row.approved_by_enterprise_id if but is Side.SCHOOL else row.approved_by_school_id
    return identity.is_same_holder(other, who().account_id)


@blueprint.get("/topics/<int:topic_id>/evidence")
@guard(Can.TOPIC_EVIDENCE, load=load_topic, subject=evidence_subject)
def evidence(row: Topic) -> Any:
    """The evidence of a topic."""
    demand_opened(row.id)
    if row.evidence_file_id is None:
        raise NotFound(_("这个选题没有证明材料。"))
    return send(stored(row.evidence_file_id))


@blueprint.post("/topics/<int:topic_id>/evidence")
@guard(Can.TOPIC_APPROVE_ENTERPRISE, load=load_topic, subject=topic_subject)
def add_evidence(row: Topic) -> Any:
    """The enterprise adds the evidence that a topic, a student's own for one, was proposed without."""
    form, key = forms.EvidenceForm(), row.id
    if not form.validate():
        return _topic_page(row, form, 422)
    try:
        with transaction():
            file_id = kept(form.file.data, "evidence")
            assert file_id is not None
            operations.add_evidence(
                topic=load_topic(key), kind=EvidenceKind(form.evidence_kind.data), file_id=file_id, evidence=form.evidence.data or "",
                by=who(), now=clock.now(),
            )  # fmt: skip
    except Refused as refused:
        form.refuse(refused)
        return _topic_page(load_topic(key), form, refused.status)
    return done(_("证明材料已补充。"), "capstones.topic", topic_id=key)


@blueprint.post("/topics/<int:topic_id>/evidence/judge")
@guard(Can.TOPIC_APPROVE_SCHOOL, load=load_topic, subject=topic_subject)
def judge_evidence(row: Topic) -> Any:
    """The school looks at evidence that came after its approval."""
    key, is_taken = row.id, not request.form.get("refuse")

    def act() -> Any:
        operations.judge_evidence(
            topic=load_topic(key),
            is_taken=is_taken,
            reason=request.form.get("reason", ""),
            seen=key_of(request.form.get("seen", "")),
            by=who(),
            now=clock.now(),
        )
        return partial(done, _("证明材料已认可。") if is_taken else _("证明材料已退回，企业收到通知。"), "capstones.topic", topic_id=key)

    return on_page(act, _refused(key))


def _refused(topic_id: int) -> Callable[[Refused], Any]:
    return lambda refused: _topic_page(load_topic(topic_id), status=refused.status, problem=refused.message)


def _decide(row: Topic, side: Side) -> Any:
    key = row.id

    def act() -> Any:
        topic = load_topic(key)
        if request.form.get("refuse"):
            operations.refuse_topic(topic=topic, side=side, reason=request.form.get("reason", ""), by=who(), now=clock.now())
            return partial(done, _("选题已退回。"), "capstones.topic", topic_id=key)
        version = request.form.get("version", type=whole)
        operations.approve_topic(topic=topic, side=side, by=who(), today=clock.today(), now=clock.now(), version=version)
        return partial(done, _("选题已审批。"), "capstones.topic", topic_id=key)

    return on_page(act, _refused(key))


@blueprint.post("/topics/<int:topic_id>/school")
@guard(Can.TOPIC_APPROVE_SCHOOL, load=load_topic, subject=topic_subject)
def decide_school(row: Topic) -> Any:
    """The school approves or refuses."""
    return _decide(row, Side.SCHOOL)


@blueprint.post("/topics/<int:topic_id>/enterprise")
@guard(Can.TOPIC_APPROVE_ENTERPRISE, load=load_topic, subject=topic_subject)
def decide_enterprise(row: Topic) -> Any:
    """The enterprise approves or refuses."""
    return _decide(row, Side.ENTERPRISE)


def _withdraw(row: Topic) -> Any:
    key = row.id

    def act() -> Any:
        operations.withdraw_topic(topic=load_topic(key), reason=request.form.get("reason", ""), by=who(), now=clock.now())
        return partial(done, _("选题已撤回。"), "capstones.topic", topic_id=key)

    return on_page(act, _refused(key))


@blueprint.post("/topics/<int:topic_id>/withdraw")
@guard(Can.TOPIC_APPROVE_ENTERPRISE, load=load_topic, subject=topic_subject)
def withdraw_topic(row: Topic) -> Any:
    """The enterprise withdraws a topic without students."""
    return _withdraw(row)


@blueprint.post("/topics/<int:topic_id>/withdraw-by-school")
@guard(Can.TOPIC_APPROVE_SCHOOL, load=load_topic, subject=topic_subject)
def withdraw_topic_by_school(row: Topic) -> Any:
    """The school withdraws a topic without students."""
    return _withdraw(row)
