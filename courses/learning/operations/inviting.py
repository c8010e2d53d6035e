"""Into a run by invitation: single persons, lists, a link; a whole cohort; many decisions at once."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime

from sqlalchemy import or_, update

from courses.catalogue.models import Run
from courses.catalogue.types import RunState
from courses.learning import invitation_queries, queries, rules
from courses.learning.models import Enrolment, InviteLink, RunInvitation
from courses.learning.operations import enrolling
from courses.learning.operations.enrolling import NotForYou, NotPossible
from courses.learning.types import EnrolmentState, LinkState
from trainhub.identity.queries import accounts
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import portions, session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications


def invite(*, run: Run, person_ids: Iterable[int], by: Identity, now: datetime, expires_on: date | None = None) -> int:
    """Invite persons into a run; returns how many are new. They still enrol themselves, within the quota.

    A known invitation is not sent again, only its last day is set anew.
    """
    if expires_on is not None and expires_on < local(now).date():
        raise NotPossible(_("邀请的截止日期已经过去，请选择今天或以后的日期。"), field="expires_on")
    wanted = sorted(set(person_ids))
    known = invitation_queries.invited_among(run.id, wanted)
    new = [person_id for person_id in wanted if person_id not in known]
    current = session()
    current.add_all([RunInvitation(run_id=run.id, person_id=p, invited_by_id=by.account_id, invited_at=now, expires_on=expires_on) for p in new])
    for some in portions(sorted(known)):
        current.execute(
            update(RunInvitation)
            .where(RunInvitation.run_id == run.id, RunInvitation.person_id.in_(some))
            .values(expires_on=expires_on)
            .execution_options(synchronize_session=False)
        )
    current.flush()
    if new:
        notifications.notify(
            account_ids=accounts.accounts_of_persons(new).values(),
            kind="courses.invited",
            message=N_("你被邀请参加课程《%(title)s》。"),
            values={"title": run.title},
            url=f"/courses/{run.course.code}",
            unique_key=f"course-invited:{run.id}",
            now=now,
        )
        audit.record(by=by, did="courses.run.invited", on=run, data={"count": len(new), "persons": new[:200]})
    if run.state is not RunState.CLOSED:
        for row in invitation_queries.pending_among(run.id, wanted):  # who has asked already is in by the invitation
            with suppress(NotPossible):  # withdrawn at this moment: the others are invited all the same
                enrolling.approve(enrolment=row, by=by, now=now)
    return len(new)


def make_link(*, run: Run, expires_on: date, max_uses: int | None, by: Identity, now: datetime) -> InviteLink:
    """An address to send to many at once. Refuses a last day that has passed."""
    if expires_on < local(now).date():
        raise NotPossible(_("链接的截止日期已经过去，请选择今天或以后的日期。"), field="expires_on")
    if max_uses is not None and max_uses < 1:
        raise NotPossible(_("可使用次数至少为 1；不限次数请留空。"), field="max_uses")
    row = InviteLink(run_id=run.id, token=secrets.token_urlsafe(24), expires_on=expires_on, max_uses=max_uses, made_by_id=by.account_id, made_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.run.link_made", on=run, data={"link": row.id, "expires_on": expires_on.isoformat(), "max_uses": max_uses})
    return row


def revoke_link(*, run: Run, link_id: int, by: Identity, now: datetime) -> None:
    """Withdraw a link; who joined by it stays."""
    row = invitation_queries.link_by_id(link_id)
    if row is None or row.run_id != run.id:
        raise NotFound(_("没有这个邀请链接。"))
    if row.revoked_at is None:
        row.revoked_at = now
        session().flush()
        audit.record(by=by, did="courses.run.link_revoked", on=run, data={"link": link_id})


def check_link(row: InviteLink, today: date) -> None:
    """Refuse a link that does not work any more, in words."""
    match rules.link_state(expires_on=row.expires_on, uses=row.uses, max_uses=row.max_uses, is_revoked=row.revoked_at is not None, today=today):
        case LinkState.EXPIRED:
            raise NotForYou(_("这个邀请链接已于 %(day)s 过期。请向课程教师要一个新的链接。", day=row.expires_on))
        case LinkState.USED_UP:
            raise NotForYou(_("这个邀请链接的使用次数已经用完。请向课程教师要一个新的链接。"))
        case LinkState.REVOKED:
            raise NotForYou(_("这个邀请链接已被停用。请向课程教师要一个新的链接。"))


def join(*, link: InviteLink, run: Run, person_id: int, by: Identity, now: datetime) -> Enrolment:
    """Enrol by a link. Who is invited already or in the run does not use it up; uses are counted by one conditional UPDATE."""
    today = local(now).date()
    known = queries.enrolment_of(run.id, person_id)
    if known is not None and known.state not in (EnrolmentState.WITHDRAWN, EnrolmentState.PENDING):
        return enrolling.enrol(run=run, person_id=person_id, by=by, now=now)
    if not queries.is_invited(run.id, person_id, today):
        check_link(link, today)
        counted = session().execute(
            update(InviteLink)
            .where(
                InviteLink.id == link.id, InviteLink.revoked_at.is_(None), or_(InviteLink.max_uses.is_(None), InviteLink.uses < InviteLink.max_uses)
            )
            .values(uses=InviteLink.uses + 1)
            .execution_options(synchronize_session=False)
        )
        if not counted.rowcount:  # type: ignore[attr-defined]
            raise NotForYou(_("这个邀请链接的使用次数已经用完。请向课程教师要一个新的链接。"))
        if queries.is_invited(run.id, person_id):
            session().execute(
                update(RunInvitation)
                .where(RunInvitation.run_id == run.id, RunInvitation.person_id == person_id)
                .values(expires_on=link.expires_on)
                .execution_options(synchronize_session=False)
            )
        else:
            invitation = RunInvitation(run_id=run.id, person_id=person_id, invited_by_id=link.made_by_id, invited_at=now, expires_on=link.expires_on)
            session().add(invitation)
            session().flush()
    return enrolling.enrol(run=run, person_id=person_id, by=by, now=now)


def enrol_cohort(*, run: Run, cohort_id: int, by: Identity, now: datetime) -> tuple[int, int, int]:
    """Put the students of a cohort into a run, in the order of their numbers; returns how many got a seat, how many wait, and how many have left or
    were taken out: those stay outside, for each of them somebody decides."""
    seated = waiting = left = 0
    gone = invitation_queries.withdrawn_ids(run.id)
    known = invitation_queries.seated_or_waiting_ids(run.id)
    for person_id in invitation_queries.persons_of_cohort(cohort_id):
        if person_id in known:
            continue
        if person_id in gone:
            left += 1
            continue
        row = enrolling.enrol(run=run, person_id=person_id, by=by, now=now, is_approved=True)
        if row.enrolled_at is None:
            waiting += 1
        else:
            seated += 1
    return seated, waiting, left


def decide(*, run: Run, enrolment_ids: Iterable[int], verb: str, note: str, by: Identity, now: datetime) -> int:
    """Approve, reject or take out many at once, all or nothing; those whose state does not fit are left as they are. Returns how many changed."""
    changed = 0
    for enrolment_id in sorted(set(enrolment_ids)):
        row = queries.enrolment_by_id(enrolment_id)
        if row is None or row.run_id != run.id:
            raise NotFound(_("选中的学员中有不属于这期课程的，没有做任何改动。请刷新页面后重选。"))
        before = row.state
        match verb:
            case "approve" if before.value == "pending":
                enrolling.approve(enrolment=row, by=by, now=now)
            case "reject" if before.value == "pending":
                enrolling.reject(enrolment=row, note=note, by=by, now=now)
            case "withdraw" if rules.may_withdraw(before):
                enrolling.take_out(enrolment=row, note=note, by=by, now=now)
            case _:
                continue
        changed += row.state is not before
    return changed
