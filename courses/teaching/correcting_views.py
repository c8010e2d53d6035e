"""Wrong tasks and plans are taken back with the reason."""

from __future__ import annotations

from typing import Any

from courses.permissions import Can
from courses.teaching import correcting, forms, queries
from courses.teaching.models import Secondment, TeachingTask
from courses.teaching.views import blueprint as blueprint
from courses.teaching.views import load, load_secondment, of_pair, of_staff
from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.programmes.models import Programme


def load_task(code: str, key: int) -> tuple[Programme, TeachingTask]:
    """A teaching task of a teacher of a programme."""
    programme, row = load(code), queries.task_by_id(key)
    if row is None:
        raise NotFound(_("没有这项教学任务。"))
    of_staff(programme, row.teacher_id)
    return programme, row


def _reason() -> str:
    form = forms.ReasonForm()
    if not form.validate_on_submit():
        raise Refused(_("请写明删除的理由。"), field="reason")
    return form.reason.data or ""


@blueprint.post("/programmes/<code>/tasks/<int:key>/remove")
@guard(Can.TEACHING_EDIT, load=load_task, subject=of_pair)
def remove_task(pair: tuple[Programme, TeachingTask]) -> Any:
    """A task that was given by mistake."""
    programme, row = pair
    with transaction():
        correcting.take_back_task(task=row, reason=_reason(), by=who(), now=clock.now())
    return done(_("已删除，理由记入操作记录。"), "teaching.tasks", code=programme.code)


@blueprint.post("/programmes/<code>/secondments/<int:key>/remove")
@guard(Can.TEACHING_EDIT, load=load_secondment, subject=of_pair)
def remove_secondment(pair: tuple[Programme, Secondment]) -> Any:
    """A plan that nobody has begun."""
    programme, row = pair
    with transaction():
        correcting.take_back_secondment(secondment=row, reason=_reason(), by=who(), now=clock.now())
    return done(_("已删除，理由记入操作记录。"), "teaching.secondments", code=programme.code)
