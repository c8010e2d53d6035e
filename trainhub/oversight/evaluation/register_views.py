"""Pages of the registers: one list with one form each, all of the same shape."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import url_for

from courses.teaching import queries as teaching_queries
from enterprises.bases import queries as bases
from trainhub.kernel import clock
from trainhub.kernel.access import demand, guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.oversight.evaluation import forms
from trainhub.oversight.evaluation.operations import registers as operations
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries import field, plans
from trainhub.oversight.evaluation.queries import registers as queries
from trainhub.oversight.evaluation.queries.members import members_of
from trainhub.oversight.evaluation.registry import REGISTERS, Register
from trainhub.oversight.evaluation.views import blueprint, load, on_programme, page, subject_of
from trainhub.people.types import TeacherKind
from trainhub.programmes.models import Programme


def _choices(form: Any, programme: Programme, on: date) -> None:
    """Who and what can be chosen: people and courses of this programme only."""
    if "student_id" in form:
        form.student_id.choices = forms.options(queries.student_choices(programme.id, on))
    if "teacher_id" in form:
        kind = TeacherKind.FULL_TIME if isinstance(form, forms.SecondmentForm) else None
        form.teacher_id.choices = forms.options(teaching_queries.staff_choices(programme.id, on, kind))
    if "base_id" in form:
        form.base_id.choices = forms.options(field.base_choices(programme.id) or bases.choices())
    if "course_id" in form:
        form.course_id.choices = forms.options(queries.course_choices(plans.newest(programme.id, members_of(programme.id, on), on)))


def load_register(code: str, slug: str) -> tuple[Programme, Register]:
    """The programme and the register of an address."""
    if slug not in REGISTERS:
        raise NotFound(_("没有这个登记簿。"))
    return load(code), REGISTERS[slug]


def load_entry(code: str, slug: str, key: int) -> tuple[Programme, Register, Any]:
    """An entry of a register; one of another programme is not found."""
    programme, register = load_register(code, slug)
    row = queries.entry(register.model, key) if register.model is not None else None
    if row is None or queries.programme_of(row) != programme.id:
        raise NotFound(_("没有这条登记。"))
    return programme, register, row


@blueprint.get("/<code>/registers")
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def registers(programme: Programme) -> Any:
    """All registers with how many entries each has."""
    rows = [(one, len(one.rows(programme))) for one in REGISTERS.values()]
    return page("registers", programme, "registers", rows=rows)


@blueprint.route("/<code>/registers/<slug>", methods=["GET", "POST"])
@guard(Can.VIEW_WORK, load=load_register, subject=subject_of)
def register(thing: tuple[Programme, Register]) -> Any:
    """One register: its entries, and the form for those who may add."""
    programme, one = thing
    subject = on_programme(programme)
    form = one.form()
    _choices(form, programme, clock.today())
    if form.is_submitted():
        demand(who(), Can.EDIT_REGISTER, subject)
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    one.add(programme, form, {"by": who(), "now": clock.now()})
            return done(_("已登记。"), "evaluation.register", code=programme.code, slug=one.slug)
        except Refused as refused:
            form.refuse(refused)
    body = page(
        "register",
        programme,
        "registers",
        register=one,
        columns=[{**c, "label": str(c["label"])} if isinstance(c, dict) else str(c) for c in one.columns],
        rows=one.rows(programme),
        form=form if may(who(), Can.EDIT_REGISTER, subject) else None,
        back=url_for("evaluation.registers", code=programme.code),
    )
    return body, 422 if form.is_submitted() else 200


@blueprint.post("/<code>/registers/<slug>/<int:key>/remove")
@guard(Can.EDIT_REGISTER, load=load_entry, subject=subject_of)
def remove_entry(thing: tuple[Programme, Register, Any]) -> Any:
    """Take a wrong entry away, with the reason."""
    programme, one, row = thing
    form = forms.RemoveForm()
    if not form.validate_on_submit():
        raise Refused(_("请写明删除的理由。"), field="reason")
    with transaction():
        operations.remove_entry(row=row, programme_id=programme.id, reason=form.reason.data or "", by=who(), now=clock.now())
    return done(_("已删除，理由记入操作记录。"), "evaluation.register", code=programme.code, slug=one.slug)
