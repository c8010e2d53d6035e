"""Plans of supervisors: asked for as a job, looked at, applied or thrown away."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from enterprises.capstones import planning, queries
from enterprises.capstones.models import Capstone, Supervision, SupervisorPlan
from enterprises.capstones.operations._support import CapstoneRefused, WrongState
from enterprises.capstones.operations.assigning import assign_supervisor, end_supervision
from enterprises.capstones.planner.solving import solve
from enterprises.capstones.queries.supervising import has_failed
from enterprises.capstones.types import PlanMode, PlanState, SupervisorRole
from trainhub.kernel import audit, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import N_, _, in_language, say
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Cohort, Programme


def ask_for_plan(*, cohort: Cohort, mode: PlanMode, by: Identity, now: datetime, seed: int = 1) -> SupervisorPlan:
    """Queue the computation; one that waits is that one, one that was only looked at, or came to nothing, is replaced. Raises CapstoneRefused without capstones."""
    session().refresh(cohort, with_for_update={"key_share": True})  # asked twice at once it is one plan: the older one would be looked at by nobody
    if not queries.to_supervise(cohort.id):
        raise CapstoneRefused(_("这个年级还没有可以安排导师的毕业设计。"))
    known = queries.waiting_plan(cohort.id)
    if known is not None and known.state is PlanState.WAITING and not has_failed(known):
        return known
    if known is not None:
        known.state = PlanState.DISCARDED
    row = SupervisorPlan(programme_id=cohort.programme_id, cohort_id=cohort.id, mode=mode, seed=seed, asked_by_id=by.account_id, asked_at=now)
    session().add(row)
    session().flush()
    job = jobs.ask("capstones.supervisors", by=by, title=say(N_("计算毕业设计导师安排")), plan_id=row.id)
    row.job_id = job.id
    session().flush()
    audit.record(by=by, did="capstones.plan.asked", on=row, data={"mode": mode, "cohort": cohort.id})
    return row


def compute_plan(*, plan: SupervisorPlan, by: Identity, today: date) -> dict[str, Any]:
    """Solve it and keep the answer; a plan that is no longer waiting is left as it is."""
    if plan.state is not PlanState.WAITING:
        return dict((plan.result or {}).get("summary", {}))
    programme = session().get_one(Programme, plan.programme_id)
    problem, names = planning.case_of(programme, plan.cohort_id, plan.mode, today)
    plan.result = planning.as_result(problem, solve(problem, seed=plan.seed), names)
    plan.state = PlanState.READY
    session().flush()
    audit.record(by=by, did="capstones.plan.computed", on=plan, data=plan.result["summary"])
    return dict(plan.result["summary"])


def apply_plan(*, plan: SupervisorPlan, by: Identity, today: date, now: datetime) -> int:
    """Make the plan real, all or nothing; how many supervisors are new. What has changed since is refused with the reason. Again: 0."""
    if plan.state is PlanState.APPLIED:
        return 0
    if plan.state is not PlanState.READY or plan.result is None:
        raise WrongState(_("方案还没有算好，或已作废。"))
    current, made = session(), 0
    left: dict[tuple[int, str], Supervision] = {}
    gone: list[Supervision] = []
    queries.hold(one[0] for one in plan.result["changes"])  # before any teacher or mentor is: who gives one by hand holds the capstone first too
    for capstone_id, side, before, after in plan.result["changes"]:
        held = queries.live_supervision(capstone_id, SupervisorRole(side))
        if (held.person_id if held is not None else None) != before:
            raise WrongState(_("导师安排在计算之后有变化，请重新计算。"), code="plan_outdated")
        if held is not None and after is None:
            gone.append(held)
        elif held is not None:  # all who leave leave first: the place of one may be meant for another
            held.until, left[capstone_id, side] = today, held
    current.flush()
    with in_language("zh"):
        why = _("导师安排方案")  # is kept with the supervisor, whichever language who applies it reads
    for held in gone:
        end_supervision(supervision=held, reason=why, by=by, today=today, now=now)
    for capstone_id, side, _before, person_id in plan.result["changes"]:
        if person_id is None:
            continue
        capstone, person, role = current.get_one(Capstone, capstone_id), current.get_one(Person, person_id), SupervisorRole(side)
        try:
            assign_supervisor(
                capstone=capstone, role=role, person=person, reason=why, replaces=left.get((capstone_id, side)), by=by, today=today, now=now
            )
        except Refused as refused:
            student = session().get_one(Student, capstone.student_id)
            name = session().get_one(Person, student.person_id).name
            raise WrongState(_("%(student)s：%(why)s 请重新计算。", student=name, why=refused.message), code="plan_outdated") from refused
        made += 1
    plan.state, plan.applied_at = PlanState.APPLIED, now
    session().flush()
    audit.record(by=by, did="capstones.plan.applied", on=plan, data={"new": made})
    return made


def discard_plan(*, plan: SupervisorPlan, by: Identity, now: datetime) -> SupervisorPlan:
    """Throw a plan away that was not applied."""
    if plan.state in (PlanState.WAITING, PlanState.READY):
        plan.state = PlanState.DISCARDED
        session().flush()
        audit.record(by=by, did="capstones.plan.discarded", on=plan)
    return plan
