"""Judging: marks by rubric, two independent graders and a third, overriding with a reason, returning for revision, remarks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import IO

from courses.assignments import rules
from courses.assignments.models import Assignment, Submission, SubmissionComment, SubmissionFile, SubmissionMark
from courses.assignments.operations import holding, releasing
from courses.assignments.operations.checking import check_points
from courses.assignments.queries import work
from courses.assignments.types import FileUse, Marking, MarkRole, Queue, Rubric, SubmissionState
from trainhub.identity.queries import accounts
from trainhub.kernel import audit, files, sniff
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people

FEEDBACK_MB = 50
Standing = dict[MarkRole, SubmissionMark]
"""The marks of a version by their role."""


class NotGradable(Refused):
    """There is nothing to judge, or this person may not judge it."""

    code = "not_gradable"


def grade(*, submission: Submission, version: int | None, marking: Marking, by: Identity, now: datetime) -> Submission:
    """Give a mark. With double marking it is the first, the second or the deciding third one; otherwise it replaces the former.

    A mark that its author has seen, or that two graders settled, is only changed by `override`, with a reason.
    """
    assignment = submission.assignment
    holding.beside(assignment)
    check_version(submission, version)
    _check_gradable(assignment, submission, by)
    role = role_of(submission, own_rows(by), standing_marks(submission))
    rubric = Rubric.of(assignment.rubric)
    check_points(rubric, marking.points, assignment.max_x10)
    add_mark(submission, role, marking, rules.total_x10(rubric, marking.points, assignment.max_x10), by, now)
    settle(submission=submission, by=by, now=now)
    return submission


def _check_gradable(assignment: Assignment, submission: Submission, by: Identity) -> None:
    if not submission.number:
        raise NotGradable(_("这份作业还没有提交，不能评分。"))
    if people.is_among(by.person_id, [row.person_id for row in submission.members]):
        raise NotGradable(_("不能给自己的作业评分。"))


def role_of(submission: Submission, own: Collection[int | None], marks: Standing) -> MarkRole:
    """As what a mark of a person counts, whose rows are `own`; refuses where the mark stands and only an override, with a reason, changes it."""
    assignment = submission.assignment
    if submission.state is SubmissionState.RETURNED:
        raise NotGradable(_("这份作业已退回修改，请等作者提交新版本后评分。要现在定分，请使用“改定成绩”并写明理由。"))
    replaced = {MarkRole.OVERRIDE, MarkRole.SHEET} if assignment.is_double else {MarkRole.OVERRIDE}
    if submission.released_at is not None or replaced & marks.keys():
        raise NotGradable(_("成绩已经发布或改定。如需更改，请使用“改定成绩”并写明理由。"))
    if not assignment.is_double:
        return MarkRole.FIRST
    first, second = marks.get(MarkRole.FIRST), marks.get(MarkRole.SECOND)
    if first is None or (second is None and first.grader_id in own):
        return MarkRole.FIRST
    if second is None:
        return MarkRole.SECOND
    if submission.queue is not Queue.GRADERS_DIFFER:
        raise NotGradable(_("两位教师的评分已经确定。如需更改，请使用“改定成绩”并写明理由。"))
    if first.grader_id in own or second.grader_id in own:
        raise NotGradable(_("两位教师的评分相差较大，需要由第三位教师裁定。"))
    return MarkRole.THIRD


def own_rows(by: Identity) -> frozenset[int | None]:
    """Under which persons somebody's marks stand; of accounts without a person none counts as another one than the other."""
    return frozenset(people.human_ids(by.person_id)) if by.person_id is not None else frozenset({None})


def standing_marks(submission: Submission, given: Iterable[SubmissionMark] | None = None) -> Standing:
    """The marks of the version that stands: the latest of each role; of those `given`, in order, where they were read already."""
    marks = work.marks_of(submission.id) if given is None else given
    return {mark.role: mark for mark in marks if mark.number == submission.number}


def add_mark(
    submission: Submission, role: MarkRole, marking: Marking, points_x10: int, by: Identity, now: datetime, reason: str = ""
) -> SubmissionMark:
    """Write one judgement down, with the rubric as it is now."""
    row = SubmissionMark(
        submission_id=submission.id,
        number=submission.number,
        role=role,
        grader_id=by.person_id,
        grader=by.name[:120],
        points_x10=points_x10,
        points=dict(marking.points),
        rubric=submission.assignment.rubric,
        comment=marking.comment.strip(),
        reason=reason,
        given_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.submission.marked", on=submission, data={"role": role, "points_x10": points_x10, "reason": reason})
    return row


def settle(*, submission: Submission, by: Identity, now: datetime, standing: Standing | None = None) -> None:
    """What the marks (`standing`, where they were read already) amount to: the result with its penalty, or the queue that waits for another person."""
    assignment = submission.assignment
    marks = standing_marks(submission) if standing is None else standing
    points = {role: mark.points_x10 for role, mark in marks.items()}
    alone = (MarkRole.OVERRIDE, MarkRole.SHEET) if assignment.is_double else (MarkRole.OVERRIDE, MarkRole.SHEET, MarkRole.FIRST, MarkRole.PEERS)
    latest = max((marks[role] for role in alone if role in marks), key=lambda mark: mark.id, default=None)
    if assignment.is_double and latest is None:
        outcome = rules.double_marked(points.get(MarkRole.FIRST), points.get(MarkRole.SECOND), points.get(MarkRole.THIRD), assignment.limit_x10)
    else:  # whoever spoke last: a table after an override counts as a teacher's mark after a table does
        outcome = rules.double_marked(None, None, latest.points_x10 if latest is not None else None, 0)
    submission.queue = outcome.queue
    if outcome.points_x10 is None:
        submission.state, submission.points_x10, submission.score_x10, submission.penalty_x10 = SubmissionState.SUBMITTED, None, None, 0
        session().flush()
        return
    penalty = rules.penalty_x10(assignment.max_x10, assignment.percent_per_day, submission.late_days, outcome.points_x10)
    submission.points_x10, submission.state, submission.graded_at = outcome.points_x10, SubmissionState.GRADED, now
    deduct(submission=submission, penalty_x10=penalty, by=by, now=now)


def deduct(*, submission: Submission, penalty_x10: int, by: Identity, now: datetime, tells: bool = True) -> None:
    """Take this much (tenths of a point) for lateness from the points that stand, whoever gave them; a mark that was shown is shown anew (`tells`: see
    `releasing.show`)."""
    assignment = submission.assignment
    assert submission.points_x10 is not None
    submission.penalty_x10 = penalty_x10
    submission.score_x10 = rules.score_x10(submission.points_x10, penalty_x10, assignment.max_x10)
    session().flush()
    if assignment.released_at is not None or submission.released_at is not None:
        releasing.show(submission=submission, by=by, now=now, tells=tells)


def override(*, submission: Submission, version: int | None, points_x10: int, reason: str, by: Identity, now: datetime) -> Submission:
    """Replace whatever graders or peers gave, with a reason that stays on record and that the author reads."""
    holding.beside(submission.assignment)
    check_version(submission, version)
    _check_gradable(submission.assignment, submission, by)
    if not reason.strip():
        raise NotGradable(_("请写明改定成绩的理由；作者会看到。"), field="reason")
    if not 0 <= points_x10 <= submission.assignment.max_x10:
        raise NotGradable(_("得分应在 0 到满分 %(max)s 之间。", max=f"{submission.assignment.max_x10 / 10:g}"), field="points")
    marking = Marking({"points": points_x10}, reason)
    add_mark(submission, MarkRole.OVERRIDE, marking, points_x10, by, now, reason.strip()[:400])
    settle(submission=submission, by=by, now=now)
    return submission


def send_back(*, submission: Submission, version: int | None, reason: str, by: Identity, now: datetime) -> Submission:
    """Ask for another version, saying what to change. The draft is what was handed in; a mark that was shown stays in the history."""
    holding.beside(submission.assignment)
    check_version(submission, version)
    if not submission.number or submission.state is SubmissionState.RETURNED:
        raise NotGradable(_("这份作业还没有提交，或已经退回。"))
    if not reason.strip():
        raise NotGradable(_("请写明需要修改什么。"), field="reason")
    submission.state, submission.queue = SubmissionState.RETURNED, Queue.NONE
    submission.points_x10 = submission.score_x10 = submission.released_at = None
    submission.penalty_x10 = 0
    session().flush()
    add_comment(submission=submission, body=reason, by=by, now=now)
    releasing.show_remarks(submission=submission, now=now)
    audit.record(by=by, did="courses.submission.returned", on=submission, data={"version": submission.number})
    tell_authors(
        submission,
        "courses.assignment.returned",
        N_("作业《%(title)s》被退回修改，请查看教师的意见。"),
        f"returned:{submission.id}:{submission.number}",
        now,
    )
    return submission


def add_comment(
    *,
    submission: Submission,
    body: str,
    by: Identity,
    now: datetime,
    number: int | None = None,
    paragraph: int | None = None,
    file_id: int | None = None,
    page: int | None = None,
) -> SubmissionComment:
    """A remark at a paragraph, at a file and page, or on the whole; the place must exist in that version."""
    holding.beside(submission.assignment)
    session().refresh(submission)  # a release shows what is there by then, or is seen here
    if not body.strip():
        raise NotGradable(_("批注不能为空。"), field="body")
    number = number or submission.number
    version = next((row for row in work.versions_of(submission.id) if row.number == number), None)
    if version is None:
        raise NotGradable(_("没有这一版作业。"))
    if paragraph is not None and not 1 <= paragraph <= len(rules.paragraphs(version.text)):
        raise NotGradable(_("正文没有第 %(n)d 段。", n=paragraph), field="paragraph")
    if file_id is not None and file_id not in {row.id for row in version.files}:
        raise NotGradable(_("这一版作业没有这个文件。"), field="file_id")
    row = SubmissionComment(
        submission_id=submission.id,
        number=number,
        paragraph=paragraph,
        file_id=file_id,
        page=page if file_id is not None and page and page > 0 else None,
        body=body.strip()[:4000],
        author=by.name[:120],
        author_id=by.account_id,
        written_at=now,
        # what its authors may not read yet is shown with their mark, or when the work is sent back
        shown_at=now if submission.released_at is not None or submission.state is SubmissionState.RETURNED else None,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.submission.commented", on=submission, data={"version": number})
    return row


def remove_comment(*, comment: SubmissionComment, by: Identity, now: datetime) -> None:
    """Take a remark back; its row stays."""
    comment.removed_at = now
    session().flush()
    audit.record(by=by, did="courses.submission.comment_removed", on=comment, data={})


def add_feedback(*, submission: Submission, file: IO[bytes], name: str, by: Identity, now: datetime) -> SubmissionFile:
    """Give a file back to the authors (an annotated copy, a model solution)."""
    kept = files.keep(
        file, name=name, kind="feedback", by=by, now=now, allowed=sniff.EVIDENCE | {sniff.TEXT.mime, sniff.MARKDOWN.mime}, max_bytes=FEEDBACK_MB << 20
    )
    row = SubmissionFile(submission_id=submission.id, file_id=kept.id, use=FileUse.FEEDBACK)
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.submission.feedback_added", on=submission, data={"file": kept.id})
    return row


def tell_authors(submission: Submission, kind: str, message: str, unique_key: str, now: datetime, values: Mapping[str, int] | None = None) -> None:
    """A notice to everybody whose work it is; `values` are what its sentence names beside the title."""
    notifications.notify(
        account_ids=accounts.accounts_of_persons([row.person_id for row in submission.members]).values(),
        kind=kind,
        message=message,
        values={"title": submission.assignment.block.title or str(_("作业")), **(values or {})},
        url=f"/assignments/{submission.assignment.block_id}",
        unique_key=unique_key,
        now=now,
    )
