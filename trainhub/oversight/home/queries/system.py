"""The state of the installation itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from trainhub.identity.models import Account, DataRequest, RoleGrant, SignInAttempt
from trainhub.identity.types import AccountState, RequestState
from trainhub.kernel import file_checks, job_control
from trainhub.kernel.access import Role
from trainhub.kernel.audit import AuditEvent, AuditHead
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.kernel.jobs import Job, JobState, WorkerHeartbeat
from trainhub.notifications import queries as notifications
from trainhub.notifications.types import MailState
from trainhub.programmes.models import Programme


@dataclass(frozen=True, slots=True)
class Health:
    """What an administrator looks at first."""

    jobs: dict[JobState, int]
    failed_jobs: int
    failed: list[tuple[int, str, str, datetime | None]]
    """Number, title, why, when."""
    worker_at: datetime | None
    audit_events: int
    audit_at: datetime | None
    locked: int
    accounts: int
    requests: int
    mail_failed: int
    mail_waiting: int
    lost_files: int
    lost: list[StoredFile]
    has_programmes: bool
    """Whether there is a programme that rosters can refer to."""
    has_others: bool
    """Whether anybody but administrators of the system holds a role."""


SHOWN = 10


def health(*, locked_after: int, locked_since: datetime, failed_since: datetime) -> Health:
    """Jobs, worker, audit chain, locked accounts (names with so many failures since), requests about personal data, mail, files that are lost.

    Failed jobs are those since an instant that whoever asked for them cannot mend: a mistake of ours, a worker that died, or one that nobody asked for.
    """
    current = session()
    ours = job_control.at_fault(failed_since)
    jobs = {state: count for state, count in current.execute(select(Job.state, func.count(Job.id)).group_by(Job.state))}
    failed = current.scalars(select(Job).where(ours).order_by(Job.id.desc()).limit(SHOWN))
    mail = notifications.mail_by_state()
    lost_files, lost = file_checks.lost(5)
    names = (
        select(SignInAttempt.name_hash)
        .where(SignInAttempt.at >= locked_since)
        .group_by(SignInAttempt.name_hash)
        .having(func.count(SignInAttempt.id) >= locked_after)
        .subquery()
    )
    return Health(
        jobs=jobs,
        failed_jobs=current.scalar(select(func.count(Job.id)).where(ours)) or 0,
        failed=[(row.id, row.shown_title or row.task, (row.result or {}).get("bug") or row.shown_message, row.finished_at) for row in failed],
        worker_at=current.scalar(select(func.max(WorkerHeartbeat.seen_at))),
        audit_events=current.scalar(select(func.max(AuditHead.events))) or 0,
        audit_at=current.scalar(select(AuditEvent.at).order_by(AuditEvent.id.desc()).limit(1)),
        locked=current.scalar(select(func.count()).select_from(names)) or 0,
        accounts=current.scalar(select(func.count(Account.id)).where(Account.state == AccountState.ACTIVE)) or 0,
        requests=current.scalar(select(func.count(DataRequest.id)).where(DataRequest.state == RequestState.OPEN)) or 0,
        mail_failed=mail.get(MailState.FAILED, 0),
        mail_waiting=mail.get(MailState.WAITING, 0),
        lost_files=lost_files,
        lost=lost,
        has_programmes=current.scalar(select(Programme.id).limit(1)) is not None,
        has_others=current.scalar(select(RoleGrant.id).where(RoleGrant.role != Role.SYSTEM_ADMIN).limit(1)) is not None,
    )


def audit_since(since: datetime) -> tuple[int, datetime | None]:
    """(events since an instant, the last event)."""
    count = session().scalar(select(func.count(AuditEvent.id)).where(AuditEvent.at >= since)) or 0
    return count, session().scalar(select(AuditEvent.at).order_by(AuditEvent.id.desc()).limit(1))
