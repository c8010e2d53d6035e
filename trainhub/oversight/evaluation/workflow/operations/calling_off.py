"""A visit is called off: as long as it is only planned on either route, and once it is fixed (T5) on the route of the evaluation alone, where none is
asked for (002:223)."""

from __future__ import annotations

from datetime import date, datetime

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation.workflow import queries, words
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.operations import outside, telling
from trainhub.oversight.evaluation.workflow.operations.visiting import BadVisit
from trainhub.oversight.evaluation.workflow.types import State


def call_off(*, application: Application, reason: str, by: Identity, today: date, now: datetime, version: int | None = None) -> Application:
    """Take the days of a visit back as long as T5 has not fixed it (afterwards: T5b, a step). Without days, agenda or experts nothing changes.
    `version`: of the application as it was shown. Raises BadVisit and Stale.
    """
    queries.hold(application)
    outside.check(application, by, today)
    check_version(application, version)
    if application.state is not State.SUBMITTED:
        state = words.STATES[application.state]
        raise BadVisit(_("申请现处于“%(state)s”，考查不能取消；确定考查之前才能取消。", state=state))
    if application.visit_starts_on is None and not queries.experts_of(application.id):
        return application
    if not reason.strip():
        raise BadVisit(_("请写明理由。"), field="reason")
    take_back(application, reason, by=by, today=today, now=now)
    return application


def take_back(application: Application, reason: str, *, by: Identity, today: date, now: datetime) -> None:
    """The days and the agenda go, the experts are not asked for any more, and whom it concerns is told why."""
    experts = queries.experts_of(application.id)
    days = {"from": application.visit_starts_on, "to": application.visit_ends_on}
    telling.tell_called_off(application, reason.strip()[:400], by=by, today=today, now=now)
    for item in queries.agenda_of(application.id):
        session().delete(item)
    for one in experts:
        one.ended_at, one.end_reason = now, reason.strip()[:400]
    application.visit_starts_on = application.visit_ends_on = None
    application.no_centre_reason = ""
    session().flush()
    audit.record(by=by, did="evaluation.visit.called_off", on=application, data={**days, "reason": reason.strip()[:400]})
