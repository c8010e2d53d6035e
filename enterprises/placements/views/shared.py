"""What the pages of placements share: the blueprint, who acts, loading by address, form pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request

from enterprises.placements import queries
from enterprises.placements.models import Placement, Position, Round, Term
from trainhub.kernel.access import who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.people import queries as people
from trainhub.people.models import Student

blueprint = Blueprint("placements", __name__, url_prefix="/placements")


def load_placement(placement_id: int) -> Placement:
    """The placement of an address."""
    row = queries.placement(placement_id)
    if row is None:
        raise NotFound(_("没有这项实习安排。"))
    return row


def load_position(position_id: int) -> Position:
    """The position of an address."""
    row = queries.position(position_id)
    if row is None:
        raise NotFound(_("没有这个岗位，或已删除。"))
    return row


def load_term(term_id: int) -> Term:
    """The term of an address."""
    row = queries.term(term_id)
    if row is None:
        raise NotFound(_("没有这个实习学期。"))
    return row


def load_round(round_id: int) -> Round:
    """The round of an address."""
    row = queries.round_(round_id)
    if row is None:
        raise NotFound(_("没有这个轮次。"))
    return row


def load_student(student_id: int) -> Student:
    """The student of an address."""
    row = people.student(student_id)
    if row is None:
        raise NotFound(_("没有这名学生。"))
    return row


def my_student() -> Student:
    """The reader as a student."""
    person_id = who().person_id
    found = people.student_of_person(person_id) if person_id is not None else None
    if found is None:
        raise NotFound(_("这个页面是给学生的：你的账户没有关联学籍。"))
    return found


def day_of(name: str, default: date) -> date:
    """A day from the address, the default without one; a day that does not exist is refused, and one far away is the default."""
    text = request.args.get(name, "").strip()
    if not text:
        return default
    try:
        day = date.fromisoformat(text)
    except ValueError as wrong:
        raise Refused(_("日期“%(text)s”不存在：请按 2026-03-01 的格式输入。", text=text[:20]), field=name) from wrong
    return day if 2000 <= day.year <= 2200 else default


def save(form: Any, *, title: str, action: str, back: str, said: str, endpoint: str, work: Callable[[], dict[str, Any]], lead: str = "") -> Any:
    """Show a form, or do its one operation once and go on to `endpoint`; `work` returns the values of its address."""
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复保存。"), "placements.home")
                values = work()
            return done(said, endpoint, **values)
        except Refused as refused:
            form.refuse(refused)
    page = render_template("enterprises/placements/form.html", form=form, title=title, action=action, back=back, lead=lead)
    return page, 422 if form.is_submitted() else 200


def act(form: Any, said: str, endpoint: str, work: Callable[[], dict[str, Any]]) -> Any:
    """One small form or button: the operation in a transaction, then on to `endpoint`."""
    if not form.validate_on_submit():
        words = "；".join(f"{form[name].label.text}：{message}" for name, messages in form.errors.items() if name in form for message in messages)
        raise Refused(words or _("请重新打开页面后再提交。"))
    with transaction():
        values = work()
    return done(said, endpoint, **values)
