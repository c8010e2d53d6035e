"""What the pages of assignments share: the blueprint, loading, and who may read a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint

from courses.assignments.models import Assignment, Submission
from courses.assignments.queries import lateness as late
from courses.assignments.queries import work
from courses.assignments.types import Release, SubmissionState
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block, Run
from courses.catalogue.types import BlockKind
from courses.learning.models import Enrolment
from courses.learning.opening import demand_open
from courses.learning.places import load_place, load_run, me, subject_of_learner
from trainhub.kernel import clock
from trainhub.kernel.access import Subject
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _

blueprint = Blueprint("assignments", __name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """A learner at an assignment."""

    run: Run
    enrolment: Enrolment
    assignment: Assignment

    @property
    def subject(self) -> Subject:
        """A learner's own place."""
        return subject_of_learner(self.enrolment.person_id)


def load_desk(block_id: int) -> Desk:
    """The reader's own place at an assignment; a removed one stays readable for those who handed in."""
    assignment = work.assignment_of(block_id)
    if assignment is None:
        raise NotFound(_("没有这项作业，或教师还没有设置好。"))
    place = load_place(assignment.run_id)
    mine = work.submission_of(assignment.id, place.enrolment.person_id)
    if (not assignment.block.is_published or assignment.block.removed_at is not None) and mine is None:
        raise NotFound(_("这项作业已被移除或暂未发布。"))
    if mine is None:  # what was begun stays readable when a door closes again
        demand_open(place.enrolment, assignment.block, clock.now())
    return Desk(place.run, place.enrolment, assignment)


def demand_writable(desk: Desk, submission: Submission | None, now: datetime) -> None:
    """Refuse, with the reason, to write where the door is closed, or what was taken back; not who was sent back or given more time in person."""
    until_at = late.untils_of(desk.enrolment.person_id, [desk.assignment.id]).get(desk.assignment.id)
    has_more_time = until_at is not None and now <= until_at
    if not has_more_time and (submission is None or submission.state is not SubmissionState.RETURNED):
        demand_open(desk.enrolment, desk.assignment.block, now)


@dataclass(frozen=True, slots=True)
class Marked:
    """An assignment block of a run with its rules (None while they are not set), or one submission, seen by the staff."""

    run: Run
    block: Block
    rules: Assignment | None = None
    submission: Submission | None = None

    @property
    def assignment(self) -> Assignment:
        """The rules; refuses when they are not set."""
        if self.rules is None:
            raise NotFound(_("这项作业还没有设置。请先设置截止时间和提交方式。"))
        return self.rules

    @property
    def release(self) -> Release:
        """Who sees the marks."""
        if self.rules is None or self.rules.released_at is not None:
            return Release.HIDDEN if self.rules is None else Release.RELEASED
        return Release.STOPPED if work.counts_of([self.rules.id]).get(self.rules.id, {}).get("shown") else Release.HIDDEN

    @property
    def work(self) -> Submission:
        """The submission that was loaded."""
        assert self.submission is not None
        return self.submission

    @property
    def subject(self) -> Subject:
        """What permissions over it are judged on: its run."""
        return catalogue.subject_of_run(self.run)


def load_block(block_id: int) -> Marked:
    """An assignment block for its staff, also a removed one."""
    block = work.block(block_id)
    if block is None or block.kind is not BlockKind.ASSIGNMENT:
        raise NotFound(_("没有这项作业。"))
    return Marked(load_run(block.run_id), block, work.assignment_of(block_id))


def load_submission(submission_id: int) -> Marked:
    """A submission for its staff."""
    row = work.submission_by_id(submission_id)
    if row is None or not row.number:
        raise NotFound(_("没有这份作业，或它还没有提交。"))
    return Marked(load_run(row.assignment.run_id), row.assignment.block, row.assignment, row)


__all__ = ["Desk", "Marked", "blueprint", "demand_writable", "load_block", "load_desk", "load_run", "load_submission", "me"]
