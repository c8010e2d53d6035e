"""Who joins a team after its work was handed in: the staff decides whether the work counts for them too."""

from __future__ import annotations

from datetime import datetime

from courses.assignments.models import Submission, SubmissionMember
from courses.assignments.operations import holding
from courses.assignments.operations.grading import NotGradable
from courses.assignments.queries import teams
from courses.learning import operations as learning
from courses.learning import seat_queries
from trainhub.identity.queries import accounts
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people


def take_in(*, submission: Submission, person_id: int, by: Identity, now: datetime) -> None:
    """Make somebody of the team an author of what it has handed in: a mark that is released is theirs at once, another when it is.

    Refused for whoever is no member of the team now, is an author already, or has other work for the assignment.
    """
    holding.beside(submission.assignment)
    session().refresh(submission)  # a release reads the authors that are there by then, or is seen here
    if people.is_among(by.person_id, [person_id]):
        raise NotGradable(_("不能把自己计入作业。"))
    if not submission.number or person_id not in {key for key, _name in teams.joined_since(submission)}:
        raise _not_of_team()
    add_once(SubmissionMember(submission_id=submission.id, assignment_id=submission.assignment_id, person_id=person_id), _not_of_team)
    session().expire(submission, ["members"])
    assignment = submission.assignment
    score = submission.score_x10 if submission.released_at is not None else None
    for enrolment in seat_queries.enrolments_among(assignment.run_id, [person_id]):
        learning.note_work(
            enrolment=enrolment, block=assignment.block, submission_id=submission.id, number=submission.number, score_x10=score, by=by, now=now
        )
    audit.record(by=by, did="courses.submission.author_added", on=submission, data={"person": person_id})
    notifications.notify(
        account_ids=accounts.accounts_of_persons([person_id]).values(),
        kind="courses.assignment.taken_in",
        message=N_("教师已把小组的作业《%(title)s》计入你的作业。"),
        values={"title": assignment.block.title or str(_("作业"))},
        url=f"/assignments/{assignment.block_id}",
        unique_key=f"assignment-taken-in:{submission.id}:{person_id}",
        now=now,
    )


def _not_of_team() -> NotGradable:
    return NotGradable(_("这名学员现在不在这个小组，或者已经是这项作业的作者。请刷新页面核对。"))
