"""Marks are hidden until they are released: then the authors see them, progress learns of them, a notice goes out."""

from __future__ import annotations

from datetime import datetime

from courses.assignments.models import Assignment, Submission
from courses.assignments.operations import holding
from courses.assignments.queries import work
from courses.learning import operations as learning
from courses.learning import seat_queries
from trainhub.identity.queries import accounts
from trainhub.kernel import audit, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import N_, _, say
from trainhub.notifications import operations as notifications

RELEASE_TASK = "courses.release_marks"
AT_ONCE = 100
"""More marks than this are released by a job."""


def release(*, assignment: Assignment, by: Identity, now: datetime) -> int:
    """Show every mark that is there, and from now on each new one at once. Returns how many were shown; many go by a job (-1)."""
    holding.alone(assignment)  # a mark that is being given is there then, or sees that marks are released
    waiting = work.unreleased(assignment.id, AT_ONCE + 1)
    if assignment.released_at is None:
        if not waiting:
            raise Refused(_("还没有评好的作业，没有成绩可以发布。"), code="nothing_to_release")
        assignment.released_at = now
        session().flush()
        audit.record(by=by, did="courses.assignment.released", on=assignment, data={"marks": work.count_unreleased(assignment.id)})
    if len(waiting) > AT_ONCE:
        jobs.ask(
            RELEASE_TASK,
            by=by,
            title=say(N_("发布作业成绩")),
            unique_key=f"{RELEASE_TASK}:{assignment.id}:{now.timestamp()}",
            assignment_id=assignment.id,
        )
        return -1
    for submission in waiting:
        show(submission=submission, by=by, now=now)
    return len(waiting)


def stop(*, assignment: Assignment, by: Identity, now: datetime) -> None:
    """Release nothing more by itself: what its authors have seen stays shown, each mark that is given from now on waits. A repeat changes nothing."""
    holding.alone(assignment)
    if assignment.released_at is None:
        return
    assignment.released_at = None
    session().flush()
    audit.record(by=by, did="courses.assignment.release_stopped", on=assignment, data={})


def show_remarks(*, submission: Submission, now: datetime) -> None:
    """Let the authors read the remarks on their work."""
    for row in work.comments_of(submission.id):
        row.shown_at = row.shown_at or now
    session().flush()


def show(*, submission: Submission, by: Identity, now: datetime, tells: bool = True) -> None:
    """Release one mark: the log of each author's learning learns it, so that progress and completion follow. `tells` is False where another notice says
    what changed of a mark that was shown before."""
    submission.released_at = submission.released_at or now
    show_remarks(submission=submission, now=now)
    assignment = submission.assignment
    people = [row.person_id for row in submission.members]
    for enrolment in seat_queries.enrolments_among(assignment.run_id, people):
        learning.note_work(
            enrolment=enrolment,
            block=assignment.block,
            submission_id=submission.id,
            number=submission.number,
            score_x10=submission.score_x10,
            by=by,
            now=now,
        )
    if not tells:
        return
    notifications.notify(
        account_ids=accounts.accounts_of_persons(people).values(),
        kind="courses.assignment.graded",
        message=N_("作业《%(title)s》的成绩已发布。"),
        values={"title": assignment.block.title or str(_("作业"))},
        url=f"/assignments/{assignment.block_id}",
        unique_key=f"assignment-graded:{submission.id}:{submission.number}:{submission.score_x10}",
        now=now,
    )
