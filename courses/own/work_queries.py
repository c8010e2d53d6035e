"""Assignments and peer reviews of somebody, told for the page "my data": each is one select.

Marks, comments and reviews received are told from the moment the marks are released, and never who reviewed whom.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import case

from courses.assignments import labels
from courses.assignments.models import (
    Assignment,
    AssignmentExtension,
    PeerExample,
    PeerExampleMark,
    PeerReview,
    Submission,
    SubmissionComment,
    SubmissionFile,
    SubmissionMark,
    SubmissionMember,
    SubmissionVersion,
    WorkTeam,
    WorkTeamMember,
)
from courses.assignments.types import FileUse, ReviewState, SubmissionState
from courses.catalogue.models import Block
from courses.own.study_queries import COURSE, of_run
from trainhub.identity.queries.owned import Owned, pick, tenths
from trainhub.kernel.files import StoredFile
from trainhub.people.queries import same_human

Select = sa.Select[Any]
ITEM = (*COURSE, Block.title.label("item"))


def _of_assignment(statement: Select, assignment_id: Any) -> Select:
    joined = statement.join(Assignment, Assignment.id == assignment_id).join(Block, Block.id == Assignment.block_id)
    return of_run(joined, Assignment.run_id)


def _of_submission(statement: Select, submission_id: Any, person_id: int) -> Select:
    """Of the submissions in which one has a part."""
    joined = statement.join(Submission, Submission.id == submission_id).join(SubmissionMember, SubmissionMember.submission_id == Submission.id)
    return _of_assignment(joined, Submission.assignment_id).where(same_human(SubmissionMember.person_id, person_id))


def submissions(person_id: int) -> Owned:
    """What was handed in, alone or with a group, and its score once released."""
    row = Submission
    is_released = row.released_at.is_not(None)
    state = case((row.state.not_in([SubmissionState.GRADED]) | is_released, row.state), else_=sa.literal(SubmissionState.SUBMITTED, row.state.type))
    columns = (row.alias, state.label("state"), row.number, row.draft_text, row.draft_saved_at, row.submitted_at, row.late_days)
    score = case((is_released, row.score_x10)).label("score")
    statement = pick(row, *ITEM, *columns, score, row.released_at).join(SubmissionMember, SubmissionMember.submission_id == row.id)
    joined = _of_assignment(statement, row.assignment_id).where(same_human(SubmissionMember.person_id, person_id))
    return Owned(joined.order_by(row.id), {"state": labels.STATES, "score": tenths})


def versions(person_id: int) -> Owned:
    """Every version that was handed in, with its text."""
    row = SubmissionVersion
    statement = pick(row, *ITEM, row.number, row.text, row.submitted_at, row.late_days)
    return Owned(_of_submission(statement, row.submission_id, person_id).order_by(row.submission_id, row.number))


def files(person_id: int) -> Owned:
    """The files of the submissions: one's own, and those of the graders once released."""
    row = SubmissionFile
    statement = pick(row, *ITEM, StoredFile.name.label("file"), StoredFile.size, StoredFile.uploaded_at).join(
        StoredFile, StoredFile.id == row.file_id
    )
    joined = _of_submission(statement, row.submission_id, person_id)
    return Owned(joined.where(sa.or_(row.use == FileUse.WORK, Submission.released_at.is_not(None))).order_by(row.id))


def marks_received(person_id: int) -> Owned:
    """Marks of the submissions, once released."""
    row = SubmissionMark
    statement = pick(row, *ITEM, row.role, row.points_x10.label("score"), row.comment, row.reason, row.given_at)
    joined = _of_submission(statement, row.submission_id, person_id).where(Submission.released_at.is_not(None))
    return Owned(joined.order_by(row.id), {"role": labels.ROLES, "score": tenths})


def comments_received(person_id: int) -> Owned:
    """Comments beside the submissions, once their authors may read them."""
    row = SubmissionComment
    statement = pick(row, *ITEM, row.number, row.page, row.body.label("comment"), row.written_at)
    joined = _of_submission(statement, row.submission_id, person_id).where(row.shown_at.is_not(None), row.removed_at.is_(None))
    return Owned(joined.order_by(row.id))


def reviews_received(person_id: int) -> Owned:
    """What peers said of the submissions, without who they are."""
    row = PeerReview
    statement = pick(
        row, *ITEM, row.points_x10.label("score"), row.comment, row.done_at, row.rating.label("my_rating"), row.rating_note.label("my_note")
    )
    joined = _of_submission(statement, row.submission_id, person_id).where(
        Submission.released_at.is_not(None), row.state == ReviewState.DONE, row.is_self.is_(False)
    )
    return Owned(joined.order_by(row.id), {"score": tenths})


def reviews_written(person_id: int) -> Owned:
    """What one said of the work of others, without whose it is, and of one's own."""
    row = PeerReview
    columns = (Submission.alias, row.is_self, row.state, row.points_x10.label("score"), row.comment, row.assigned_at, row.done_at)
    statement = _of_assignment(pick(row, *ITEM, *columns).join(Submission, Submission.id == row.submission_id), row.assignment_id)
    return Owned(statement.where(same_human(row.reviewer_id, person_id)).order_by(row.id), {"state": labels.REVIEWS, "score": tenths})


def example_marks(person_id: int) -> Owned:
    """Marks given to the examples on which reviewing is practised."""
    row = PeerExampleMark
    statement = pick(row, *ITEM, PeerExample.title.label("example"), row.points_x10.label("score"), row.given_at).join(
        PeerExample, PeerExample.id == row.example_id
    )
    return Owned(
        _of_assignment(statement, PeerExample.assignment_id).where(same_human(row.reviewer_id, person_id)).order_by(row.id), {"score": tenths}
    )


def marks_given(person_id: int) -> Owned:
    """Marks one gave as a lecturer, without to whom."""
    row = SubmissionMark
    statement = pick(row, *ITEM, row.role, row.points_x10.label("score"), row.comment, row.reason, row.given_at)
    joined = _of_assignment(statement.join(Submission, Submission.id == row.submission_id), Submission.assignment_id)
    return Owned(joined.where(same_human(row.grader_id, person_id)).order_by(row.id), {"role": labels.ROLES, "score": tenths})


def extensions(person_id: int) -> Owned:
    """Later days that were granted, and why."""
    row = AssignmentExtension
    statement = _of_assignment(pick(row, *ITEM, row.until_at, row.reason, row.given_by, row.given_at), row.assignment_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id))


def teams(person_id: int) -> Owned:
    """Groups for work."""
    statement = pick(WorkTeam, *COURSE, WorkTeam.name.label("group"), WorkTeam.made_at).join(WorkTeamMember, WorkTeamMember.group_id == WorkTeam.id)
    return Owned(of_run(statement, WorkTeam.run_id).where(same_human(WorkTeamMember.person_id, person_id)).order_by(WorkTeamMember.id))
