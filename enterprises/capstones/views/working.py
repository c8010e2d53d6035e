"""Guidance and papers of a capstone: logged, confirmed, handed in, commented, returned, passed."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import request

from enterprises.capstones import forms, labels, operations, queries
from enterprises.capstones.models import Capstone, CapstonePaper, GuidanceEntry
from enterprises.capstones.types import Stage, SupervisorRole
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._page import guidance_form, page, refused_on, roles_of
from enterprises.capstones.views._support import demand_opened, load, on_page, stored, with_upload
from enterprises.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import Subject, guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import decimal_of, whole
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.people.models import Student


@blueprint.post("/<int:capstone_id>/guidance")
@guard(Can.CAPSTONE_GUIDE, load=load, subject=queries.subject_of)
def log_guidance(row: Capstone) -> Any:
    """Log a guidance."""
    student = session().get_one(Student, row.student_id)
    form = guidance_form(row, student.person_id == who().person_id, roles_of(row))
    if not form.validate_on_submit():
        return page(row, guidance=form, status=422)
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
        return page(load(key), guidance=form, status=refused.status)
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

    def act() -> Any:
        operations.confirm_guidance(entry=load_entry(key, entry_id), by=who(), now=clock.now())
        return partial(done, _("已确认。"), "capstones.show", capstone_id=key, _anchor="guidance")

    return on_page(act, refused_on(key))


@blueprint.post("/<int:capstone_id>/guidance/<int:entry_id>/confirm-for")
@guard(Can.CAPSTONE_FINISH, load=load_entry, subject=lambda entry: queries.subject_of(load(entry.capstone_id)))
def confirm_guidance_for(entry: GuidanceEntry) -> Any:
    """Confirm with a reason what names a supervisor who left."""
    key, entry_id = entry.capstone_id, entry.id

    def act() -> Any:
        operations.confirm_guidance_for(entry=load_entry(key, entry_id), reason=request.form.get("reason", ""), by=who(), now=clock.now())
        return partial(done, _("已代为确认，学生会收到通知。"), "capstones.show", capstone_id=key, _anchor="guidance")

    return on_page(act, refused_on(key))


@blueprint.post("/<int:capstone_id>/papers")
@guard(Can.CAPSTONE_GUIDE, load=load, subject=queries.subject_of)
def hand_in(row: Capstone) -> Any:
    """Hand in a paper; the thesis is a submission."""
    form, key = forms.PaperForm(), row.id
    if not form.validate_on_submit():
        return page(row, paper=form, status=422)

    def act(file_id: int | None) -> None:
        if file_id is None:
            raise Refused(_("请选择文件。"), field="file")
        call: dict[str, Any] = {"capstone": load(key), "file_id": file_id, "note": form.note.data or "", "by": who(), "now": clock.now()}
        if form.stage.data == Stage.THESIS:
            operations.submit_thesis(**call)
        else:
            operations.hand_in(stage=Stage(form.stage.data), similarity_x10=form.similarity_x10(), **call)

    try:
        with_upload(form.file.data, "capstone", act)
    except Refused as refused:
        form.refuse(refused)
        return page(load(key), paper=form, status=refused.status)
    return done(_("材料已提交。"), "capstones.show", capstone_id=key, _anchor="papers")


@blueprint.get("/<int:capstone_id>/papers/<int:paper_id>")
@guard(Can.CAPSTONE_VIEW, load=lambda capstone_id, paper_id: (load(capstone_id), paper_id), subject=lambda pair: queries.subject_of(pair[0]))
def paper(pair: tuple[Capstone, int]) -> Any:
    """A paper's file."""
    demand_opened(pair[0].topic_id)
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

    def act() -> Any:
        operations.pass_stage(capstone=load(key), stage=stage, by=who(), now=clock.now(), version=request.form.get("version", type=whole))
        return partial(done, _("已通过：%(stage)s。", stage=labels.STAGES[stage]), "capstones.show", capstone_id=key)

    return on_page(act, refused_on(key))


# -- grading ------------------------------------------------------------------------------------------------------------


def load_paper(capstone_id: int, paper_id: int) -> CapstonePaper:
    """A version of a paper of this capstone."""
    found = queries.paper_row(paper_id)
    if found is None or found.capstone_id != capstone_id:
        raise NotFound(_("没有这份材料。"))
    return found


@blueprint.post("/<int:capstone_id>/anonymous")
@guard(Can.CAPSTONE_VIEW, load=load, subject=queries.subject_of)
def hand_in_anonymous(row: Capstone) -> Any:
    """Hand in the thesis without names, which blind reviewers read."""
    operations.demand_anonymising(row, who())
    form, key = forms.AnonymousForm(), row.id
    if not form.validate_on_submit():
        return page(row, nameless=form, status=422)

    def act(file_id: int | None) -> None:
        if file_id is None:
            raise Refused(_("请选择文件。"), field="file")
        operations.hand_in_anonymous(capstone=load(key), file_id=file_id, is_other=bool(form.is_other.data), by=who(), now=clock.now())

    try:
        with_upload(form.file.data, "capstone", act)
    except Refused as refused:
        form.refuse(refused)
        return page(load(key), nameless=form, status=refused.status)
    return done(_("匿名稿已提交。"), "capstones.show", capstone_id=key, _anchor="papers")


@blueprint.get("/<int:capstone_id>/papers/<int:paper_id>/anonymous")
@guard(Can.CAPSTONE_VIEW, load=lambda capstone_id, paper_id: (load(capstone_id), paper_id), subject=lambda pair: queries.subject_of(pair[0]))
def anonymous(pair: tuple[Capstone, int]) -> Any:
    """The file of a thesis without names."""
    demand_opened(pair[0].topic_id)
    found = queries.paper_row(pair[1])
    if found is None or found.capstone_id != pair[0].id or found.anonymous_file_id is None:
        raise NotFound(_("没有这份材料。"))
    return send(stored(found.anonymous_file_id))


@blueprint.post("/<int:capstone_id>/papers/<int:paper_id>/comments")
@guard(Can.CAPSTONE_GUIDE, load=load_paper, subject=lambda row: queries.subject_of(load(row.capstone_id)))
def comment(row: CapstonePaper) -> Any:
    """Write on one version."""
    key, paper_id = row.capstone_id, row.id

    def act() -> Any:
        operations.comment(paper=load_paper(key, paper_id), text=request.form.get("text", ""), by=who(), now=clock.now())
        return partial(done, _("意见已提交。"), "capstones.show", capstone_id=key, _anchor="papers")

    return on_page(act, refused_on(key))


def school_subject(row: CapstonePaper) -> Subject:
    """Only the school's supervisor."""
    held = queries.live_supervision(row.capstone_id, SupervisorRole.SCHOOL)
    return Subject.of(persons=(held.person_id if held is not None else None,))


@blueprint.post("/<int:capstone_id>/papers/<int:paper_id>/similarity")
@guard(Can.CAPSTONE_SUPERVISE, load=load_paper, subject=school_subject)
def check_similarity(row: CapstonePaper) -> Any:
    """Confirm or correct the share that a similarity report found."""
    key, paper_id = row.capstone_id, row.id

    def act() -> Any:
        share = decimal_of(request.form.get("share", "").strip(), places=1)
        if share is None:
            raise Refused(_("请填写查重报告中的总相似比例。"), field="share")
        reason = request.form.get("reason", "")
        operations.check_similarity(paper=load_paper(key, paper_id), share_x10=int(share * 10), reason=reason, by=who(), now=clock.now())
        return partial(done, _("相似比例已核对。"), "capstones.show", capstone_id=key, _anchor="papers")

    return on_page(act, refused_on(key))


@blueprint.post("/<int:capstone_id>/papers/<int:paper_id>/return")
@guard(Can.CAPSTONE_SUPERVISE, load=load_paper, subject=lambda row: queries.supervisor_subject(load(row.capstone_id)))
def return_paper(row: CapstonePaper) -> Any:
    """Give a report back."""
    key, paper_id = row.capstone_id, row.id

    def act() -> Any:
        operations.return_paper(paper=load_paper(key, paper_id), reason=request.form.get("reason", ""), by=who(), now=clock.now())
        return partial(done, _("已退回修改，学生会收到通知。"), "capstones.show", capstone_id=key, _anchor="papers")

    return on_page(act, refused_on(key))
