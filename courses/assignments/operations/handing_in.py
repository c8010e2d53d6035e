"""Handing in: the draft that saves itself, its files, and versions that are never changed."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import IO

from courses.assignments import rules
from courses.assignments.models import Assignment, PeerReview, Submission, SubmissionFile, SubmissionMember, SubmissionVersion
from courses.assignments.operations import holding, peers
from courses.assignments.operations.lateness import policy_of
from courses.assignments.queries import lateness as late
from courses.assignments.queries import teams, work
from courses.assignments.types import FileUse, Queue, SubmissionState, media_of
from courses.catalogue import queries as catalogue
from courses.catalogue.types import RunState
from courses.learning import operations as learning
from courses.learning import seat_queries
from courses.learning.models import Enrolment
from trainhub.kernel import audit, files
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
MOST_TEXT = 100_000
AGAIN_BEFORE = timedelta(days=1)
"""So long before the reviews are over their reviewers may be asked again."""


class NotPossible(Refused):
    """Nothing can be handed in now, or not this."""

    code = "not_possible"


def closed_because(assignment: Assignment, submission: Submission | None, person_id: int, now: datetime) -> str:
    """Why this person can hand in nothing now (see rules.why_closed); empty when they can."""
    if assignment.block.removed_at is not None:
        return "removed"
    has_joined = submission is None and assignment.is_group
    if has_joined:
        submission = _of_team(assignment, person_id)
    if submission is not None and submission.state is SubmissionState.GRADED:
        return "joined" if has_joined else "graded"
    until_at = late.untils_of(person_id, [assignment.id]).get(assignment.id)
    has_more_time = until_at is not None and now <= until_at and _may_be_reviewed_again(assignment, submission, now)
    is_in_review = submission is not None and submission.number and submission.state is not SubmissionState.RETURNED
    if assignment.allocated_at is not None and is_in_review and (has_joined or not has_more_time):
        return "joined" if has_joined else "in_review"
    is_returned = submission is not None and submission.state is SubmissionState.RETURNED
    has_time = until_at is not None and now <= until_at
    if not is_returned and not has_time and _is_over(assignment):
        return "ended"
    return rules.why_closed(
        policy_of(assignment),
        now,
        until_at=until_at,
        done=submission.number if submission is not None else 0,
        most=assignment.versions,
        is_returned=is_returned,
    )


def _is_over(assignment: Assignment) -> bool:
    """Whether the run was ended: what it asks is asked no more, but of who was sent back or was given more time in person."""
    run = catalogue.run_by_id(assignment.run_id)
    return run is not None and run.state is RunState.CLOSED


def _may_be_reviewed_again(assignment: Assignment, submission: Submission | None, now: datetime) -> bool:
    """Whether another version may go to the reviewers, who are asked again: once, and while a day is left to them; else an author with more time
    could take away one review after the other, and the last of them too late for anybody to come back."""
    if submission is None or assignment.allocated_at is None or assignment.peers_closed_at is not None:
        return True
    is_first = submission.submitted_at is None or submission.submitted_at <= assignment.allocated_at
    return is_first and (assignment.peer_due_at is None or now <= assignment.peer_due_at - AGAIN_BEFORE)


def _of_team(assignment: Assignment, person_id: int) -> Submission | None:
    """What the team of a person has for an assignment."""
    mine = teams.membership(assignment.run_id, person_id)
    return work.submission_of_group(assignment.id, mine.group_id) if mine is not None else None


def to_join(assignment: Assignment, person_id: int, now: datetime) -> Submission | None:
    """The work of their team that who came later would join by writing: they read what they go on with. None when they have work, or it is shut."""
    if not assignment.is_group or work.submission_of(assignment.id, person_id) is not None or closed_because(assignment, None, person_id, now):
        return None
    return _of_team(assignment, person_id)


def refuse_closed(why: str) -> None:
    """Say why nothing is taken."""
    words = {
        "removed": _("这项作业已被教师移除，不再接收提交；已有的成绩保留。"),
        "graded": _("这份作业已经评分，不能再提交。需要修改时请联系教师退回。"),
        "in_review": _("这份作业已进入互评，不能再修改。"),
        "joined": _("你加入小组之前，小组的这份作业已经评分或进入互评。是否计入你的成绩由教师决定，请联系教师。"),
        "ended": _("这期课程已结束，不再接收作业；已有的提交和成绩仍可查看。如有特殊情况，请联系课程教师。"),
        "cutoff": _("已过最后截止时间，不再接收提交。如有特殊情况，请向教师申请延期。"),
        "used_up": _("不能再次提交：提交次数已用完，或截止时间已过。"),
    }
    if why:
        raise NotPossible(words[why], code=why)


def open_draft(*, assignment: Assignment, person_id: int, by: Identity, now: datetime) -> Submission:
    """A person's work for an assignment, made when it is not there yet; of a group assignment it is the group's."""
    known = work.submission_of(assignment.id, person_id)
    if known is not None:
        return known
    group_id = None
    members = [person_id]
    if assignment.is_group:
        mine = teams.membership(assignment.run_id, person_id)
        if mine is None:
            raise NotPossible(_("这是小组作业，你还没有分组。请联系课程教师。"), code="no_group")
        group_id = mine.group_id
        of_group = work.submission_of_group(assignment.id, group_id)
        if of_group is not None:  # who joined the group later
            _add_members(of_group, [person_id])
            return _again(of_group)
        group = teams.by_id(group_id)
        assert group is not None
        members = [row.person_id for row in group.members if work.submission_of(assignment.id, row.person_id) is None]
    row = Submission(assignment_id=assignment.id, group_id=group_id, alias="".join(secrets.choice(ALPHABET) for _n in range(6)))
    session().add(row)
    session().flush()
    _add_members(row, members)
    return _again(row)


def _add_members(submission: Submission, people: list[int]) -> None:
    for person in people:
        session().add(SubmissionMember(submission_id=submission.id, assignment_id=submission.assignment_id, person_id=person))
    session().flush()


def _again(submission: Submission) -> Submission:
    found = work.submission_by_id(submission.id)
    assert found is not None
    return found


def save_draft(
    *, assignment: Assignment, submission: Submission, text: str, version: int | None, person_id: int, by: Identity, now: datetime
) -> Submission:
    """Keep the text of the draft; in a group the second to save is told, nothing is overwritten."""
    refuse_closed(closed_because(assignment, submission, person_id, now))
    check_version(submission, version)
    if len(text) > MOST_TEXT:
        raise NotPossible(_("正文超过 %(n)d 字的上限。请改为上传文件，或精简后再提交。", n=MOST_TEXT), field="text")
    if assignment.takes_text and text != submission.draft_text:
        submission.draft_text, submission.draft_saved_at = text, now
        session().flush()
    return submission


def add_file(
    *, assignment: Assignment, submission: Submission, file: IO[bytes], name: str, person_id: int, by: Identity, now: datetime
) -> SubmissionFile:
    """Put a file into the draft: of the kinds, size and number that the assignment takes, judged by content."""
    refuse_closed(closed_because(assignment, submission, person_id, now))
    if not assignment.file_kinds or not assignment.max_files:
        raise NotPossible(_("这项作业不收文件，请在线填写正文。"), field="files")
    holding.one_work(submission)
    if len(work.draft_files(submission.id)) >= assignment.max_files:
        raise NotPossible(_("最多上传 %(n)d 个文件。请先移除不需要的文件。", n=assignment.max_files), field="files")
    kept = files.keep(
        file, name=name, kind="submission", by=by, now=now, allowed=media_of(assignment.file_kinds), max_bytes=assignment.max_mb * 1024 * 1024
    )
    row = SubmissionFile(submission_id=submission.id, file_id=kept.id, use=FileUse.WORK)
    session().add(row)
    submission.draft_saved_at = now
    session().flush()
    return row


def remove_file(*, assignment: Assignment, submission: Submission, file_id: int, person_id: int, by: Identity, now: datetime) -> None:
    """Take a file out of the draft; versions handed in keep theirs."""
    refuse_closed(closed_because(assignment, submission, person_id, now))
    for row in work.draft_files(submission.id):
        if row.id == file_id:
            session().delete(row)
    session().flush()


def submit(*, assignment: Assignment, submission: Submission, enrolment: Enrolment, by: Identity, now: datetime) -> SubmissionVersion:
    """Hand the draft in as the next version. Lateness is counted by the instant, the grace and the extension that hold now.

    A revision that the staff asked for is as late as the version it revises: the day on which it was sent back is not the author's.
    """
    # Whoever changes the rules counts anew what was handed in by then: a version comes before that, or is counted by the new rules.
    holding.beside(assignment)
    refuse_closed(closed_because(assignment, submission, enrolment.person_id, now))
    drafts = work.draft_files(submission.id)
    text = submission.draft_text if assignment.takes_text else ""
    if not text.strip() and not drafts:
        raise NotPossible(_("还没有内容可以提交。请先填写正文或上传文件。"), field="text")
    if assignment.is_group:
        _renew_members(assignment, submission)
    days = rules.late_days(policy_of(assignment), now, late.until_of(assignment.id, [row.person_id for row in submission.members]))
    if submission.state is SubmissionState.RETURNED:
        days = min(days, submission.late_days)
    version = SubmissionVersion(
        submission_id=submission.id, number=submission.number + 1, text=text, submitted_at=now, submitted_by_id=by.person_id, late_days=days
    )
    session().add(version)
    session().flush()
    for row in drafts:
        session().add(SubmissionFile(submission_id=submission.id, version_id=version.id, file_id=row.file_id, use=FileUse.WORK))
    submission.number, submission.state, submission.submitted_at, submission.late_days = version.number, SubmissionState.SUBMITTED, now, days
    # With peer review the staff waits for the peers, unless their time is over.
    waits_for_peers = assignment.peers > 0 and assignment.peers_closed_at is None
    submission.queue = Queue.NONE if waits_for_peers else Queue.UNGRADED
    session().flush()
    if version.number > 1 and waits_for_peers:
        peers.ask_anew(submission=submission, by=by, now=now)
    if assignment.has_self_review and version.number == 1:
        for member in submission.members:
            session().add(
                PeerReview(
                    assignment_id=assignment.id, submission_id=submission.id, reviewer_id=member.person_id, is_self=True, points={}, assigned_at=now
                )
            )
    for one in seat_queries.enrolments_among(assignment.run_id, [row.person_id for row in submission.members]):
        learning.note_work(enrolment=one, block=assignment.block, submission_id=submission.id, number=version.number, score_x10=None, by=by, now=now)
    audit.record(by=by, did="courses.submission.handed_in", on=submission, data={"version": version.number, "late_days": days, "files": len(drafts)})
    return version


def _renew_members(assignment: Assignment, submission: Submission) -> None:
    """Who has joined the group since is an author too; who has left stays one, unless nothing was handed in before."""
    group = teams.by_id(submission.group_id or 0)
    inside = {row.person_id for row in group.members} if group is not None else set()
    known = {row.person_id for row in submission.members}
    if submission.number == 0:
        for row in submission.members:
            if row.person_id not in inside:
                session().delete(row)
    _add_members(submission, [person for person in sorted(inside - known) if work.submission_of(assignment.id, person) is None])
    _again(submission)
