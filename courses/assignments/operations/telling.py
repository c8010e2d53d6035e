"""What reviewers, authors and staff are told about peer reviews. Every notice has a key, so that repeating a step tells nobody twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from courses.assignments.models import Assignment, Submission
from courses.assignments.queries import peers
from courses.catalogue import queries as catalogue
from trainhub.identity.queries import accounts
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications

SOON = timedelta(hours=24)
"""How long before the end of the reviews those who still owe one are reminded."""


def title_of(assignment: Assignment) -> str:
    """What notices call an assignment."""
    return assignment.block.title or str(_("作业"))


def given_out(assignment: Assignment, person_ids: Collection[int], now: datetime) -> None:
    """Reviews were given to these persons."""
    due = assignment.peer_due_at
    notifications.notify(
        account_ids=accounts.accounts_of_persons(sorted(set(person_ids))).values(),
        kind="courses.peer.assigned",
        message=N_("作业《%(title)s》进入互评，请在 %(until)s 前完成分给你的评阅。"),
        values={"title": title_of(assignment), "until": f"{local(due):%Y-%m-%d %H:%M}" if due else "—"},
        url=f"/assignments/{assignment.block_id}",
        unique_key=f"peer-assigned:{assignment.id}:{now.isoformat()}",
        now=now,
    )


def revised(submission: Submission, person_ids: Collection[int], now: datetime) -> None:
    """The work that these persons have reviewed was handed in anew."""
    assignment = submission.assignment
    due = assignment.peer_due_at
    notifications.notify(
        account_ids=accounts.accounts_of_persons(sorted(person_ids)).values(),
        kind="courses.peer.assigned",
        message=N_("作业《%(title)s》中你评过的作品 %(alias)s 有了新版本，原来的评阅不再计入，请在 %(until)s 前重新评阅。"),
        values={"title": title_of(assignment), "alias": submission.alias, "until": f"{local(due):%Y-%m-%d %H:%M}" if due else "—"},
        url=f"/assignments/{assignment.block_id}",
        unique_key=f"peer-revised:{submission.id}:{submission.number}",
        now=now,
    )


def remind(assignment: Assignment, now: datetime) -> int:
    """Remind those who still owe reviews on the last day, once for each deadline. Answers how many were told."""
    due = assignment.peer_due_at
    if due is None or assignment.peers_closed_at is not None or not due - SOON <= now < due:
        return 0
    owing = peers.owing(assignment.id)
    told = 0
    for count in sorted(set(owing.values())):
        people = [person for person, n in owing.items() if n == count]
        told += notifications.notify(
            account_ids=accounts.accounts_of_persons(people).values(),
            kind="courses.peer.due",
            message=N_("作业《%(title)s》的互评将于 %(until)s 截止，你还有 %(n)d 份评阅没有完成。"),
            values={"title": title_of(assignment), "until": f"{local(due):%Y-%m-%d %H:%M}", "n": count},
            url=f"/assignments/{assignment.block_id}",
            unique_key=f"peer-due:{assignment.id}:{due.isoformat()}",
            now=now,
        )
    return told


def closed(assignment: Assignment, settled: Iterable[Submission], to_staff: Iterable[Submission], now: datetime) -> None:
    """The reviews are over: authors learn that peers have judged or that a teacher will, the staff what waits for them."""
    judged, left = list(settled), list(to_staff)
    received = N_("作业《%(title)s》的互评已经结束，你的作业收到了足够的评阅；成绩发布后可以查看评语。")
    _authors(assignment, judged, kind="courses.peer.received", message=received, now=now)
    by_staff = N_("作业《%(title)s》的互评已经结束，你的作业将由教师评阅，你不需要做什么。")
    _authors(assignment, left, kind="courses.peer.to_staff", message=by_staff, now=now)
    run = catalogue.run_by_id(assignment.run_id)
    notifications.notify(
        account_ids=accounts.accounts_of_persons([row.person_id for row in run.staff] if run is not None else []).values(),
        kind="courses.peer.closed",
        message=N_("作业《%(title)s》的互评已经结束：%(settled)d 份已有结果，%(left)d 份等待教师评阅。"),
        values={"title": title_of(assignment), "settled": len(judged), "left": len(left)},
        url=f"/teaching/assignments/{assignment.block_id}",
        unique_key=f"peer-closed:{assignment.id}",
        now=now,
    )


def _authors(assignment: Assignment, submissions: Collection[Submission], *, kind: str, message: str, now: datetime) -> None:
    session().flush()
    people = {row.person_id for submission in submissions for row in submission.members}
    notifications.notify(
        account_ids=accounts.accounts_of_persons(sorted(people)).values(),
        kind=kind,
        message=message,
        values={"title": title_of(assignment)},
        url=f"/assignments/{assignment.block_id}",
        unique_key=f"{kind}:{assignment.id}",
        now=now,
    )
