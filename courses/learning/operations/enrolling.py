"""Into a run and out of it: seats, approval, invitations, the waiting list. Quotas hold under any concurrency.

Whoever moves seats first locks the run's row (`lock_run`): so nobody is put on the waiting list in the moment in which
another one gives a seat back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from courses.catalogue import queries as catalogue
from courses.catalogue.models import Course, Run
from courses.catalogue.operations.offerings import lock_run, release_seat, take_seat
from courses.catalogue.types import RunMode, RunState
from courses.learning import queries, rules, seat_queries
from courses.learning.models import Enrolment
from courses.learning.operations.progress import evaluate
from courses.learning.types import SEATED, EnrolmentState
from trainhub.identity.queries import accounts
from trainhub.kernel import audit, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import N_, _, listed, say
from trainhub.notifications import operations as notifications

AT_ONCE = 200
"""So many get a free seat in one transaction; of more who wait the rest by a job, so many at a time."""
PROMOTE = "courses.promote"


class EnrolmentClosed(Refused):
    """The run does not take learners now."""

    code = "enrolment_closed"


class NotForYou(Refused):
    """The run takes others."""

    code = "not_invited"


class NotPossible(Refused):
    """The state of the enrolment does not allow it."""

    code = "not_possible"


def enrol(*, run: Run, person_id: int, by: Identity, now: datetime, is_approved: bool = False) -> Enrolment:
    """Put a person into a run: active, waiting for approval, or on the waiting list when no seat is free.

    A known enrolment is answered as it is; a withdrawn one asks again. `is_approved`: a member of staff puts the person
    in, so neither mode nor dates are asked, and who waits for approval is approved by it, as by an invitation. Refuses a closed run and a run that takes others.
    Needs a run with its course.
    """
    known = queries.enrolment_of(run.id, person_id)
    if known is not None and known.state is not EnrolmentState.WITHDRAWN:
        is_let_in = known.state is EnrolmentState.PENDING and (is_approved or queries.is_invited(run.id, person_id, local(now).date()))
        return approve(enrolment=known, by=by, now=now, is_by_invitation=not is_approved) if is_let_in else known
    if not is_approved:
        _check_open(run, person_id, now)
        _check_prerequisites(run, person_id)
    lock_run(run.id)
    session().refresh(run, ["state"])
    if not is_approved and run.state is not RunState.PUBLISHED:  # closed while this one waited for the lock
        raise EnrolmentClosed(why_closed(run, local(now).date()))
    known = queries.enrolment_of(run.id, person_id)
    if known is not None:
        session().refresh(known)
        if known.state is not EnrolmentState.WITHDRAWN:
            return known
    try:
        with session().begin_nested():
            state = _first_state(run, now, is_approved=is_approved or queries.is_invited(run.id, person_id, local(now).date()))
            enrolled_at = now if state is EnrolmentState.ACTIVE else None
            if known is None:
                known = Enrolment(run_id=run.id, person_id=person_id, state=state, asked_at=now, enrolled_at=enrolled_at)
                session().add(known)
            else:
                known.state, known.asked_at, known.enrolled_at, known.withdrawn_at, known.note = state, now, enrolled_at, None, ""
                known.decided_by_id = None  # asked anew: nobody has decided on it
            session().flush()
    except IntegrityError:
        found = queries.enrolment_of(run.id, person_id)
        if found is None:
            raise
        return found
    audit.record(by=by, did="courses.enrolment.asked", on=known, data={"run": run.id, "person": person_id, "state": known.state})
    _goes_on(known, by, now)
    return known


def _goes_on(enrolment: Enrolment, by: Identity, now: datetime) -> None:
    """Who comes back goes on where they were, by what the course asks today: meanwhile nobody judged them."""
    if enrolment.state is EnrolmentState.ACTIVE and enrolment.last_active_at is not None:
        evaluate(enrolment=enrolment, by=by, now=now)


def why_closed(run: Run, today: date) -> str:
    """Why a run takes no learners on that day, in words; empty when it does."""
    match rules.enrolment_open(run.state, run.enrol_from, run.enrol_until, run.ends_on, today):
        case "not_published":
            return _("这期课程没有开放报名。")
        case "too_early":
            return _("报名还没有开始，%(day)s 起可以报名。", day=run.enrol_from)
        case "too_late":
            return _("报名已于 %(day)s 截止。可以查看这门课程的其他期次。", day=run.enrol_until)
        case "over":
            return _("这期课程已于 %(day)s 结束，不再接受报名。可以查看这门课程的其他期次。", day=run.ends_on)
        case _:
            return ""


def _check_open(run: Run, person_id: int, now: datetime) -> None:
    today = local(now).date()
    why = why_closed(run, today)
    if why:
        raise EnrolmentClosed(why)
    why = why_not_for(run, person_id, today)
    if why:
        raise NotForYou(why)


def why_not_for(run: Run, person_id: int, today: date) -> str:
    """Why a run does not take this person by their own asking, in words; empty when it does. Prerequisites are asked apart."""
    if run.mode is RunMode.INVITATION and not queries.is_invited(run.id, person_id, today):
        if queries.is_invited(run.id, person_id):
            return _("你的邀请已经过期。请联系课程教师重新邀请。")
        return _("这期课程凭邀请加入。请联系课程教师邀请你。")
    if run.mode is RunMode.COHORT and not queries.is_in_cohort(person_id, run.cohort_id):
        return _("这期课程只面向指定年级的学生。如果你属于该年级，请联系课程教师。")
    return ""


def _check_prerequisites(run: Run, person_id: int) -> None:
    missing = queries.missing_prerequisites(run.course_id, person_id)
    if missing:
        raise NotForYou(first_these(missing), code="prerequisite")


def first_these(missing: Sequence[Course]) -> str:
    """What has to be learnt before, in words."""
    return _("报名前请先学完先修课程：%(titles)s。", titles=listed(f"《{course.title}》" for course in missing))


def _first_state(run: Run, now: datetime, *, is_approved: bool) -> EnrolmentState:
    if run.mode is RunMode.APPROVAL and not is_approved:
        return EnrolmentState.PENDING
    return EnrolmentState.ACTIVE if _take_seat(run, now) else EnrolmentState.WAITING


def _take_seat(run: Run | None, now: datetime) -> bool:
    """A seat for who comes now: nobody goes past those who wait, while a job still promotes them."""
    if run is None or (_promotes(run, now) and queries.next_waiting(run.id) is not None):
        return False
    return take_seat(run.id)


def _promotes(run: Run, now: datetime) -> bool:
    """Whether who waits may still get a seat."""
    return run.state is not RunState.CLOSED and not rules.is_over(run.ends_on, run.enrol_until, local(now).date())


def leave(*, enrolment: Enrolment, run: Run, by: Identity, now: datetime, note: str = "") -> Enrolment:
    """A learner leaves by himself: up to the run's last day for it, and from a seat only with a reason for the teachers."""
    if not rules.may_leave(enrolment.state, run.withdraw_until, local(now).date()) and rules.may_withdraw(enrolment.state):
        raise NotPossible(_("退课已于 %(day)s 截止。确有需要请联系课程教师。", day=run.withdraw_until))
    if enrolment.state is EnrolmentState.ACTIVE and not note.strip():
        raise NotPossible(_("请写明退出的理由，理由只给课程教师看。"), field="note")
    return withdraw(enrolment=enrolment, by=by, now=now, note=note)


def withdraw(*, enrolment: Enrolment, by: Identity, now: datetime, note: str = "") -> Enrolment:
    """Take a person out; a freed seat goes to the first of the waiting list in the same transaction. A completed one stays."""
    lock_run(enrolment.run_id)
    session().refresh(enrolment)
    if enrolment.state is EnrolmentState.WITHDRAWN:
        return enrolment
    if not rules.may_withdraw(enrolment.state):
        raise NotPossible(_("课程已经完成，不能退出；学习记录会保留。"))
    had_seat = enrolment.state in SEATED
    enrolment.state, enrolment.withdrawn_at, enrolment.note = EnrolmentState.WITHDRAWN, now, note.strip()[:400]
    session().flush()
    if had_seat:
        release_seat(enrolment.run_id)
        promote(run_id=enrolment.run_id, by=by, now=now)
    audit.record(by=by, did="courses.enrolment.withdrawn", on=enrolment, data={"note": note[:400]})
    return enrolment


def take_out(*, enrolment: Enrolment, by: Identity, now: datetime, note: str = "") -> Enrolment:
    """The staff takes a person out, who is told, with the reason where one is given. Twice is once."""
    before, note = enrolment.state, note.strip()
    row = withdraw(enrolment=enrolment, by=by, now=now, note=note)
    if row.state is not before:
        said = N_("你已被移出课程《%(title)s》，理由：%(note)s") if note else N_("你已被移出课程《%(title)s》，学习记录保留。有疑问请联系课程教师。")
        _tell([row.person_id], row.run_id, "courses.taken_out", said, now, url="/learning", **({"note": note[:400]} if note else {}))
    return row


def settle_merged(*, by: Identity, now: datetime) -> list[int]:
    """Take back the second enrolments of humans who were merged: one stands, the furthest, and the other seat is free again.

    Returns the ids taken back. Progress and attempts stay stored, so that parting the persons again loses nothing: who was
    taken back may enrol again and goes on where they were.
    """
    found = queries.second_enrolments()
    for key in found:
        row = session().get_one(Enrolment, key)
        withdraw(enrolment=row, by=by, now=now, note=_("与同一人的另一份报名重复，已并入进度更靠前的一份。"))
    return found


def promote(*, run_id: int, by: Identity, now: datetime, is_job: bool = False) -> list[int]:
    """Give every free seat to whoever waits longest, `AT_ONCE` of them at most and the rest by a job; returns the person ids of those who have one now.
    The caller has locked the run, or this does. `is_job`: it is that job, which goes on by itself.

    Nobody is put into a run that is closed or over: who still waits there is told by `close_waiting`.
    """
    lock_run(run_id)
    promoted: list[int] = []
    run = catalogue.run_by_id(run_id)
    if run is None or not _promotes(run, now):
        return promoted
    while len(promoted) < AT_ONCE and (waiting := queries.next_waiting(run_id)) is not None and take_seat(run_id):
        row = session().get(Enrolment, waiting, populate_existing=True)
        assert row is not None
        row.state, row.enrolled_at = EnrolmentState.ACTIVE, now
        session().flush()
        promoted.append(row.person_id)
        audit.record(by=by, did="courses.enrolment.promoted", on=row, data={"run": run_id})
        _goes_on(row, by, now)
    if len(promoted) == AT_ONCE and not is_job and seat_queries.to_be_promoted(run_id):
        jobs.ask_anew(PROMOTE, by=by, title=say(N_("候补学员依次转正")), unique_key=f"{PROMOTE}:{run_id}", run_id=run_id)
    if promoted:
        _tell(promoted, run_id, "courses.promoted", N_("你候补的课程《%(title)s》有了名额，现在可以开始学习。"), now)
    return promoted


def _tell(person_ids: Iterable[int], run_id: int, kind: str, message: str, now: datetime, *, url: str = "", **values: str) -> None:
    """A notice that names the course: who learns several would not know which one is meant."""
    run = catalogue.run_by_id(run_id)
    notifications.notify(
        account_ids=accounts.accounts_of_persons(person_ids).values(),
        kind=kind,
        message=message,
        values={"title": run.title if run is not None else "", **values},
        url=url or f"/learning/runs/{run_id}",
        now=now,
    )


def approve(*, enrolment: Enrolment, by: Identity, now: datetime, is_by_invitation: bool = False) -> Enrolment:
    """Let a pending learner in; without a free seat they wait. A second approval changes nothing. `is_by_invitation`: nobody decides, the learner
    takes up an invitation."""
    lock_run(enrolment.run_id)
    session().refresh(enrolment)
    if enrolment.state in (EnrolmentState.ACTIVE, EnrolmentState.WAITING, EnrolmentState.COMPLETED):
        return enrolment
    if enrolment.state is not EnrolmentState.PENDING:
        raise NotPossible(_("这份报名已经撤回，不能再审核。"))
    if _take_seat(catalogue.run_by_id(enrolment.run_id), now):
        enrolment.state, enrolment.enrolled_at = EnrolmentState.ACTIVE, now
        message = N_("你报名的课程《%(title)s》已通过审核，现在可以开始学习。")
    else:
        enrolment.state = EnrolmentState.WAITING
        is_in_turn = seat_queries.to_be_promoted(enrolment.run_id) > 0
        message = (
            N_("你报名的课程《%(title)s》已通过审核，正在依次安排名额，轮到你时会通知你。")
            if is_in_turn
            else N_("你报名的课程《%(title)s》已通过审核，目前名额已满，已进入候补。")
        )
    enrolment.decided_by_id = None if is_by_invitation else by.account_id
    session().flush()
    _tell([enrolment.person_id], enrolment.run_id, "courses.approved", message, now)
    audit.record(by=by, did="courses.enrolment.approved", on=enrolment, data={"state": enrolment.state, "by_invitation": is_by_invitation})
    _goes_on(enrolment, by, now)
    return enrolment


def reject(*, enrolment: Enrolment, note: str, by: Identity, now: datetime) -> Enrolment:
    """Turn a pending learner down, with the reason they are shown."""
    if not note.strip():
        raise NotPossible(_("请写明不通过的理由，理由会告知报名者。"), field="note")
    session().refresh(enrolment)
    if enrolment.state is EnrolmentState.WITHDRAWN:
        return enrolment
    if enrolment.state is not EnrolmentState.PENDING:
        raise NotPossible(_("这份报名已经通过，不能再退回；可以将学员移出课程。"))
    enrolment.state, enrolment.withdrawn_at, enrolment.note = EnrolmentState.WITHDRAWN, now, note.strip()[:400]
    enrolment.decided_by_id = by.account_id
    session().flush()
    said = N_("你报名的课程《%(title)s》没有通过审核：%(note)s")
    _tell([enrolment.person_id], enrolment.run_id, "courses.rejected", said, now, url="/learning", note=enrolment.note)
    audit.record(by=by, did="courses.enrolment.rejected", on=enrolment, data={"note": enrolment.note})
    return enrolment


def close_waiting(*, run_id: int, by: Identity, now: datetime) -> int:
    """Withdraw everybody who still waits, when a run ends, and tell them; returns how many."""
    lock_run(run_id)
    waiting = seat_queries.waiting_persons(run_id)
    done = session().execute(
        update(Enrolment)
        .where(Enrolment.run_id == run_id, Enrolment.state.in_((EnrolmentState.PENDING, EnrolmentState.WAITING)))
        .values(state=EnrolmentState.WITHDRAWN, withdrawn_at=now, note=_("课程已结束"))
        .execution_options(synchronize_session=False)
    )
    count: int = done.rowcount  # type: ignore[attr-defined]
    if count:
        _tell(waiting, run_id, "courses.waiting_closed", N_("你报名或候补的课程《%(title)s》已结束，报名随之取消。可以查看这门课程的其他期次。"), now)
        audit.record(by=by, did="courses.run.waiting_closed", on=("course_run", str(run_id)), data={"count": count})
    return count
